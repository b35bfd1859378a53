"""A form on paper: its questions in order as HTML, boxes for choices, lines for text, ruled tables for rows.

The same body stands on a page of the desk and in a file by itself. Words that are ours come through `say`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from forms.definition import Choice, Field, FormDefinition
from forms.xml import escape
from server.domain.registers import AGAIN
from server.domain.returned import CORRECTS

Say = Callable[..., str]
"""(message id, parameters) → our words in the language of the sheet."""

ROWS = 8
"""Blank rows of a ruled table."""
MOST_CHOICES = 40
"""Of a longer list the answer is written on a line."""
LINE = "." * 60
BOX = "☐"
PICTURES = ("upload",)
PLACES = ("geopoint", "geotrace", "geoshape")
_PLACEHOLDER = re.compile(r"\$\{\s*([^}]+?)\s*\}")
_EQUALS = re.compile(r"^(?P<ref>\S+)\s*(?P<sign>!?=)\s*'(?P<value>[^']*)'$")
_SELECTED = re.compile(r"^selected\(\s*(?P<ref>\S+)\s*,\s*'(?P<value>[^']*)'\s*\)$")
_NUMBER = re.compile(r"^(?P<ref>\S+)\s*(?P<sign>>=|<=|=|>|<)\s*(?P<value>\d+)$")
_NOT_ZERO = re.compile(r"^not\(\s*(?P<ref>\S+)\s*=\s*0\s*\)$")
STYLE = """
@page { size: A4; margin: 14mm }
body { font: 11pt/1.35 "Be Vietnam Pro", "Noto Sans", sans-serif; color: #000; background: #fff }
body { max-width: 182mm; margin: auto }
h1 { font-size: 16pt; margin: 0 } h2 { font-size: 12pt; margin: 4mm 0 1mm } ol, ul { padding-left: 7mm; margin: 0 }
li { break-inside: avoid; margin: 0 0 3mm } p { margin: 0 0 1mm } .small { font-size: 9pt; color: #333 }
.paper-head { display: flex; justify-content: space-between; gap: 6mm; border-bottom: 1pt solid #000 }
.paper-code { width: 30mm; flex: none } .paper-code svg { width: 30mm; height: 30mm }
table { border-collapse: collapse; width: 100% }
th, td { border: .5pt solid #000; padding: 1mm; font-size: 9pt; text-align: left }
td { height: 8mm } .notice { border: 1pt solid #000; padding: 1mm 2mm }
"""


@dataclass(frozen=True)
class Paper:
    """What is printed: of which form, for which place and round (None: to be written by hand), what is known already by
    the names of questions (`known`: of place and round; `last`: as answered the last time, `last_round` its name), and
    the code as an `<svg>`. `language` as the form calls it."""

    definition: FormDefinition
    language: str
    project: str
    place: str | None
    round: str | None
    code: str
    synthetic: bool = False
    known: Mapping[str, str] = field(default_factory=dict)
    last: Mapping[str, str] = field(default_factory=dict)
    last_round: str | None = None


def code_text(form_id: str, version: str, area_id: str | None, round_slug: str | None) -> str:
    """What the code on a sheet says: form, version, area and round, each empty where it is left open."""
    return "|".join(("thonban-paper", form_id, version, area_id or "", round_slug or ""))


def write_paper(paper: Paper, say: Say, html_language: str) -> Iterator[str]:
    """A whole file that a browser prints on A4."""
    title = escape(paper.definition.title)
    yield f'<!doctype html>\n<html lang="{html_language}">\n<head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style>{STYLE}</style></head>\n<body>\n"
    yield from write_body(paper, say)
    yield "</body>\n</html>\n"


def write_body(paper: Paper, say: Say) -> Iterator[str]:
    """The sheet itself, piece by piece."""
    yield from _Writer(paper, say, _numbers(paper)).sheet()


def is_printed(each: Field, paper: Paper) -> bool:
    """Whether a question has a place on paper: not what the phone computes, not which returned sheet is meant, of which
    only a phone has the list, and nothing about a round before where there was none."""
    if each.control is None or (each.bind.readonly and each.bind.calculate is not None) or each.name == CORRECTS:
        return False
    return not each.name.startswith(AGAIN) or bool(paper.last)


def _numbers(paper: Paper) -> dict[str, int]:
    asked = (each for each in paper.definition.root.walk() if each.kind == "field" and is_printed(each, paper))
    counted = (each for each in asked if each.control != "trigger" and not each.bind.readonly)
    return {each.path: number for number, each in enumerate(counted, start=1)}


@dataclass(frozen=True)
class _Writer:
    paper: Paper
    say: Say
    numbers: Mapping[str, int]

    def sheet(self) -> Iterator[str]:
        paper, say = self.paper, self.say
        yield '<div class="paper">\n<div class="paper-head"><div>'
        yield f"<h1>{escape(paper.definition.title)}</h1>"
        yield f"<p>{escape(paper.project)}</p>"
        yield f"<p>{escape(say('paper.place'))}: <strong>{escape(paper.place or LINE)}</strong></p>"
        yield f"<p>{escape(say('paper.round'))}: <strong>{escape(paper.round or LINE)}</strong></p>"
        yield f'<p class="small">{escape(paper.definition.form_id)}, {escape(paper.definition.version)}</p></div>'
        label = escape(say("paper.code"))
        yield f'<div class="paper-code qr" role="img" aria-label="{label}">{paper.code}</div></div>\n'
        if paper.synthetic:
            yield f'<p class="notice is-synthetic">{escape(say("paper.synthetic"))}</p>'
        yield f'<p class="small">{escape(say("paper.how"))}</p>\n<ul class="paper-questions">\n'
        for each in paper.definition.root.children:
            yield from self.node(each)
        yield "</ul>\n"
        for line in ("paper.reported", "paper.typed", "paper.day"):
            yield f"<p>{escape(say(line))}: {LINE}</p>"
        yield "</div>\n"

    def node(self, each: Field) -> Iterator[str]:
        if each.kind == "repeat":
            yield from self.table(each)
        elif each.kind == "group":
            inner = [piece for child in each.children for piece in self.node(child)]
            if inner:
                heading = self.label(each)
                yield f"<li><h2>{escape(heading)}</h2></li>\n" if heading else ""
                yield from self.skip(each)
                yield from inner
        elif is_printed(each, self.paper):
            yield from self.question(each)

    def question(self, each: Field) -> Iterator[str]:
        number = self.numbers.get(each.path)
        if number is None:
            # a note that rests on what the phone computes says nothing on paper
            if not _PLACEHOLDER.search(self.label(each, filled=False)) and each.bind.relevant is None:
                yield f'<li class="small">{escape(self.label(each))}</li>\n'
            return
        yield f"<li><p><strong>{number}. {escape(self.label(each))}</strong></p>"
        hint = _pick(each.hints, self.paper.language, self.paper.definition.default_language)
        if hint and not _PLACEHOLDER.search(hint):
            yield f'<p class="small">{escape(hint)}</p>'
        yield "".join(self.skip(each))
        yield f"<p>{self.blank(each)}</p>"
        before = self.last(each)
        if before is not None:
            told = self.say("paper.last", round=self.paper.last_round or "", value=before)
            yield f'<p class="small">{escape(told)}</p>'
        yield "</li>\n"

    def blank(self, each: Field) -> str:
        known = self.paper.known.get(each.name)
        if known is not None:
            return f"<strong>{escape(known)}</strong>"
        if each.control in PICTURES:
            return f"{BOX} {escape(self.say('paper.photo'))}"
        if each.type in PLACES:
            return f"{escape(self.say('paper.position'))} {LINE}"
        if each.choices and len(each.choices) <= MOST_CHOICES:
            return " &emsp; ".join(f"{BOX} {escape(self.choice(one))}" for one in each.choices)
        return LINE

    def table(self, repeat: Field) -> Iterator[str]:
        """A repeat: what a column may say stands in its head."""
        asked = [each for each in repeat.walk() if each.kind == "field" and each.path in self.numbers]
        yield f"<li><h2>{escape(self.label(repeat))}</h2>"
        yield from self.skip(repeat)
        yield '<div class="table-wrap"><table class="table is-plain"><thead><tr><th></th>'
        for each in asked:
            may = " / ".join(self.choice(one) for one in each.choices[:MOST_CHOICES])
            words = escape(f"{self.numbers[each.path]}. {self.label(each)}")
            list_of = f'<br><span class="small">{escape(may)}</span>' if may else ""
            yield f"<th>{words}{list_of}{''.join(self.skip(each))}</th>"
        yield "</tr></thead><tbody>"
        for row in range(1, ROWS + 1):
            yield f"<tr><td>{row}</td>{'<td></td>' * len(asked)}</tr>"
        yield "</tbody></table></div></li>\n"

    def skip(self, each: Field) -> Iterator[str]:
        """When a question is asked, in plain words where its rule is simple; where not, that there is a rule."""
        if each.bind.relevant is None:
            return
        said = self.when(each.bind.relevant.source)
        if said:
            yield f'<p class="small">→ {escape(said)}</p>'

    def when(self, rule: str) -> str:
        """The rule in words: several that all must hold, one after another."""
        parts = [self.part(piece.strip()) for piece in re.split(r"\s+and\s+", rule.strip())]
        if any(part is None for part in parts):
            return self.say("paper.sometimes")
        return self.say("paper.only_if", when=f" {self.say('paper.and')} ".join(filter(None, parts)))

    def part(self, piece: str) -> str | None:
        """One condition in words; "" for what always holds on paper, None where it is not simple."""
        zero = _NOT_ZERO.match(piece)
        found = _EQUALS.match(piece) or _SELECTED.match(piece) or _NUMBER.match(piece)
        named = (zero or found).group("ref") if zero or found else None  # type: ignore[union-attr]
        asked = self.paper.definition.fields.get(named or "")
        number = self.numbers.get(named or "")
        if asked is None or number is None:
            return None
        if zero:
            return self.say("paper.is_not", number=number, value="0")
        assert found is not None
        value, sign = found["value"], found.groupdict().get("sign") or "="
        shown = next((self.choice(one) for one in asked.choices if one.name == value), value)
        if value == "":
            return self.say("paper.is_empty" if sign == "=" else "paper.is_answered", number=number)
        if sign in ("=", "!="):
            return self.say("paper.is" if sign == "=" else "paper.is_not", number=number, value=shown)
        return self.say("paper.is", number=number, value=f"{sign} {shown}")

    def last(self, each: Field) -> str | None:
        value = self.paper.last.get(each.name)
        # a place or a round is settled already; what was chosen from another list is an id that tells nobody anything
        if not value or each.name in self.paper.known or (each.itemset is not None and each.itemset.file_name):
            return None
        names = {one.name: self.choice(one) for one in each.choices}
        return ", ".join(names.get(part, part) for part in value.split(" ")) if names else value

    def label(self, each: Field, *, filled: bool = True) -> str:
        text = _pick(each.labels, self.paper.language, self.paper.definition.default_language)
        return _PLACEHOLDER.sub(self.value, text) if filled else text

    def value(self, found: re.Match[str]) -> str:
        name = found[1].rpartition("/")[2]
        return self.paper.known.get(name) or "…"

    def choice(self, one: Choice) -> str:
        return _pick(one.labels, self.paper.language, self.paper.definition.default_language) or one.name


def _pick(labels: Mapping[str, str], language: str, default: str) -> str:
    return labels.get(language) or labels.get(default) or next((text for text in labels.values() if text), "")


def language_of(definition: FormDefinition, locale: str) -> str:
    """What the form calls a language: "English (en)" for en; the form's default where it has none."""
    found: Sequence[str] = [each for each in definition.languages if each == locale or each.endswith(f"({locale})")]
    return found[0] if found else definition.default_language
