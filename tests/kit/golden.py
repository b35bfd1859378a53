"""Forms from the field, their submissions damaged on purpose: what the engines said of them, held against what we say.

A folder of that shape holds ``forms/*.xml``, ``cases.jsonl`` (both engines agree), perhaps ``divergent.jsonl`` (they
differ: the phone is right for us) and perhaps ``media/`` with the files that the forms read. Required and constraint
are compared as the phone sees them: an answer that cannot be read, or is on no list, counts as empty there.
"""

import argparse
import datetime as dt
import json
import re
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from forms.definition import FormDefinition
from forms.errors import Finding
from forms.evaluate import JudgeContext
from forms.instance import Instance, read_instance
from forms.parse import parse_form
from forms.plan import LAST_SAVED
from forms.tables import Table, table_from_file
from forms.validate import judge
from forms.xpath.values import Node

RULES = ("required", "constraint")
ASPECTS = ("violations", "types", "choices", "relevance")
MEASURED = dt.datetime(2026, 11, 7, 12, tzinfo=dt.UTC)
"""When the engines were asked: rules with today() depend on it."""
Case = dict[str, Any]
Said = dict[str, frozenset[str]]
_EQUALS = re.compile(r"([\w.-]+)\s*=\s*(/[\w./-]+)")


@dataclass
class Verdict:
    """One case: what differs, by aspect, as (ours alone, theirs alone). ``compared``: the aspects that could be."""

    case: Case
    compared: tuple[str, ...]
    differs: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    reason: str = ""


class Golden:
    """A folder of cases, its forms read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.form = cache(self._form)
        self.tables = cache(self._tables)
        self.stand_ins: set[tuple[str, str]] = set()

    def cases(self, name: str = "cases.jsonl") -> Iterator[Case]:
        """The lines of a file; none when it is not there."""
        path = self.folder / name
        if path.is_file():
            with path.open(encoding="utf-8") as lines:
                yield from (json.loads(line) for line in lines if line.strip())

    def _form(self, name: str) -> FormDefinition:
        return parse_form((self.folder / "forms" / name).read_bytes(), strict=False)

    def _tables(self, name: str) -> Mapping[str, Table]:
        """The files that a form reads: those of ``media/``, else a list of what undamaged submissions chose."""
        found: dict[str, Table] = {}
        looked_up = {each.search.file_name for each in self.form(name).fields.values() if each.search is not None}
        for file_name in set(self.form(name).external_instances.values()) - looked_up - {LAST_SAVED}:
            path = self.folder / "media" / file_name
            table = table_from_file(file_name, path.read_bytes()) if path.is_file() else None
            if table is None:
                self.stand_ins.add((name, file_name))
                table = self._chosen().get((name, file_name), Table())
            found[file_name] = table
        return found

    @cache  # noqa: B019 - one folder, one run
    def _chosen(self) -> dict[tuple[str, str], Table]:
        made: dict[tuple[str, str], Table] = {}
        for name in ("cases.jsonl", "divergent.jsonl"):
            for case in self.cases(name):
                if case["mutation"] == "none" and self.form(case["form"]).external_instances:
                    for file_name, item in _choices(self.form(case["form"]), read_instance(case["instance"].encode())):
                        made.setdefault((case["form"], file_name), Table()).add(item)
        return made

    def judge(self, case: Case) -> Verdict:
        """What of a case we say otherwise."""
        definition = self.form(case["form"])
        context = JudgeContext(now=MEASURED, tables=self.tables(case["form"]))
        instance = read_instance(case["instance"].encode())
        found = judge(definition, instance, context)
        theirs = _theirs(case, instance, found)
        ours = _ours(found, instance, theirs["violations"])
        compared = ASPECTS if case["relevance_agreed"] else ASPECTS[:-1]
        verdict = Verdict(case, compared)
        for aspect in compared:
            if ours[aspect] != theirs[aspect]:
                verdict.differs[aspect] = (ours[aspect] - theirs[aspect], theirs[aspect] - ours[aspect])
        verdict.reason = _reason(verdict, definition, found)
        return verdict


def plain(path: str) -> str:
    """A path without the places that go without saying."""
    return path.replace("[1]", "")


def _leaves(node: Node) -> Iterator[Node]:
    for child in node.children:
        yield child
        yield from _leaves(child)


def _choices(definition: FormDefinition, instance: Instance) -> Iterator[tuple[str, Node]]:
    """(file, item) for each answer that stands on the list of a file, with the columns that its filter asks about."""
    said = {re.sub(r"\[\d+\]", "", node.path()): node.text for node in _leaves(instance.root)}
    for path, text in said.items():
        asked = definition.fields.get(path)
        itemset = asked.itemset if asked is not None else None
        if itemset is None or itemset.file_name is None:
            continue
        for name in text.split() if asked is not None and asked.type != "select1" else [text]:
            item = Node("item")
            for column, place in (*_EQUALS.findall(itemset.source), (itemset.value_ref, "")):
                item.add(Node(column, said.get(place, "") if place else name))
            if name:
                yield itemset.file_name, item


def _ours(found: Iterable[Finding], instance: Instance, wanted: frozenset[str]) -> Said:
    """Ours, under their names. Required of what was not sent is a warning of ours, on which the engines differ."""
    broken = {(each.severity, f"{plain(each.path)} {each.kind}") for each in found if each.kind in RULES}
    return {
        "violations": frozenset(each for severity, each in broken if severity == "error" or each in wanted),
        "types": _at(found, "type"),
        "choices": _at(found, "choice"),
        "relevance": frozenset(plain(node.path()) for node in _leaves(instance.root) if not node.relevant),
    }


def _theirs(case: Case, instance: Instance, found: Iterable[Finding]) -> Said:
    """Theirs: without required of what they lost as they read it, where we say type or choice; without what hangs on
    rows and groups that were not sent, where we say missing-node or repeat-count; types of what was asked for alone."""
    violations = case["violations"] if "violations" in case else case["violations_javarosa"]
    lost = _at(found, "type") | _at(found, "choice")
    gone = tuple(f"{path}{mark}" for path in _at(found, "missing-node") | _at(found, "repeat-count") for mark in "/[")
    said = _at(found, "required")
    hidden = frozenset(plain(path) for path in case["irrelevant"])
    broken = {(plain(path), kind) for path, kind in violations}
    return {
        "violations": frozenset(
            f"{path} {kind}"
            for path, kind in broken
            if path not in lost and (path in said or not path.startswith(gone or ("-",)))
        ),
        "types": frozenset(map(plain, case["javarosa_type_errors"])) - hidden,
        "choices": frozenset(map(plain, case["javarosa_choice_errors"])),
        "relevance": hidden & {plain(node.path()) for node in _leaves(instance.root)},
    }


def _at(found: Iterable[Finding], kind: str) -> frozenset[str]:
    return frozenset(plain(each.path) for each in found if each.kind == kind)


def _reason(verdict: Verdict, definition: FormDefinition, found: Iterable[Finding]) -> str:
    """Why we differ, as far as it is known."""
    if not verdict.differs:
        return ""
    asked = [
        definition.fields.get(re.sub(r"\[\d+\]| .*", "", path))
        for pair in verdict.differs.values()
        for path in pair[0] | pair[1]
    ]
    if any(each is not None and each.search is not None for each in asked):
        return (
            "a list that Collect looks up with search(): JavaRosa alone takes the names of its columns for the choices"
        )
    left = {str(each.params["reason"]) for each in found if each.kind == "not-evaluated"}
    if LAST_SAVED in left:
        return "rests on the last saved submission, which stays on the phone: not-evaluated for us, empty for JavaRosa"
    if left:
        return f"rests on {', '.join(sorted(left))}, which is not here: we say not-evaluated"
    return "not explained"


def compare(golden: Golden, name: str) -> tuple[list[Verdict], Counter[tuple[str, bool]]]:
    """The verdicts of a file, and how many agree by aspect; ("all", …) counts the cases."""
    verdicts = [golden.judge(case) for case in golden.cases(name)]
    counts: Counter[tuple[str, bool]] = Counter()
    for each in verdicts:
        counts["all", not each.differs] += 1
        for aspect in each.compared:
            counts[aspect, aspect not in each.differs] += 1
    return verdicts, counts


def _print(title: str, verdicts: list[Verdict], counts: Counter[tuple[str, bool]]) -> None:
    print(f"\n{title}: {len(verdicts)} cases of {len({each.case['form'] for each in verdicts})} forms")
    for aspect in ASPECTS:
        matched, total = counts[aspect, True], counts[aspect, True] + counts[aspect, False]
        print(f"  {aspect:<12}{matched:>6} of {total:<6}{matched / total:>8.2%}" if total else f"  {aspect:<12} none")
    for each in verdicts:
        for aspect, (ours, theirs) in each.differs.items():
            case = each.case
            damage = f"{case['mutation']} {case['ref'] or ''} {str(case['value'] or '')[:24]!r}"
            print(f"  ! {case['id']} {case['form']} {damage}: {aspect}, ours {sorted(ours)}, theirs {sorted(theirs)}")
            print(f"    {each.reason}")


def open_archive(archive: Path, folder: Path) -> Path:
    """The cases of an archive, unpacked into a folder."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return next(folder.rglob("cases.jsonl")).parent


def main() -> int:
    """`make golden`: the last line is `matched M of N`, N being the cases on which the engines agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="a folder of cases, or an archive of one")
    source = parser.parse_args().source
    if not source.exists():
        print(
            f"{source} is not there: make golden GOLDEN=FOLDER takes a folder with forms/ and cases.jsonl",
            file=sys.stderr,
        )
        return 2
    with tempfile.TemporaryDirectory() as unpacked:
        golden = Golden(source if source.is_dir() else open_archive(source, Path(unpacked)))
        if not (golden.folder / "cases.jsonl").is_file():
            print(f"{golden.folder} holds no cases.jsonl", file=sys.stderr)
            return 2
        verdicts, counts = compare(golden, "cases.jsonl")
        _print("Both engines agree", verdicts, counts)
        divergent, differing = compare(golden, "divergent.jsonl")
        if divergent:
            _print("The engines differ, and the phone is right", divergent, differing)
        print(
            f"\n{len(golden.stand_ins)} files that forms read are not here: what undamaged submissions chose stands in"
        )
        print(f"matched {counts['all', True]} of {len(verdicts)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
