"""Two versions of a form → what changes for answers that were already collected.

===================  =============================================================  ==================================
change               when                                                           weight
===================  =============================================================  ==================================
removed              a field has no place any more                                  loses answers, if it holds any
renamed, moved       guessed (forms/likeness.py): it stands under another path      loses answers, if it holds any
added                nobody was asked before                                        harmless; required: changes meaning
order                what is in a group stands in another order                     harmless
type                 ``params["readable"]``: every old value can still be read      changes meaning, else loses answers
control              asked in another way, or no longer asked                       changes meaning
repeat-to-group      all rows but the first lose their place                        loses answers
group-to-repeat      what was said once becomes the first row                       changes meaning
choice-removed       answers that name it are no longer choices                     loses answers
choice-renamed       guessed: another name under the same label                     loses answers
choice-added         …                                                              harmless
choice-label         a choice says something else                                   changes meaning, or harmless
choice-columns       what filters and calculations read of a choice                 changes meaning
choice-file          the choices come from another file                             changes meaning
choice-filter        another rule says which choices there are                      changes meaning
required             …                                                              changes meaning; dropped: harmless
constraint           …                                                              changes meaning; dropped: harmless
relevance            answers may become hidden, or shown                            changes meaning
calculation          values are worked out in another way                           changes meaning
set-value            the same, on an event                                          changes meaning
repeat-count, range  …                                                              changes meaning
entity               what becomes of entities                                       changes meaning
label                ``params["languages"]``                                        changes meaning, or harmless
others               hint, message, appearance, readonly, default, title,           harmless
                     language-added, language-removed
===================  =============================================================  ==================================

Rules are compared as expressions: who reads a field under its new name has not changed. A label that differs in
capitals, spaces and punctuation alone is harmless. "Holds answers" excludes notes, and what stands in ``meta`` but for
files: nobody was asked for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from forms.changes import HARMLESS, LOSES, MEANING, Change, Weight
from forms.choice_changes import changes_of_choices, text_change
from forms.definition import Field, FormDefinition, Labels, Message
from forms.likeness import Pair, match_fields, said_in_both
from forms.types import CHECKS
from forms.xpath.canonical import Places, canonical
from forms.xpath.compile import Expression

_CHOOSING = ("select1", "select", "rank")
_WIDER = {
    ("int", "decimal"),
    ("date", "dateTime"),
    ("geopoint", "geotrace"),
    ("geopoint", "geoshape"),
    ("geotrace", "geoshape"),
    ("geoshape", "geotrace"),
    ("select1", "select"),
    ("select1", "rank"),
    ("select", "rank"),
    ("rank", "select"),
}
_ABSOLUTE = re.compile(r"(?:/[\w.-]+)+")
Ruled = tuple[Field, Expression | None]
"""A rule and the field that it stands at."""
_NAMED = re.compile(r"\$\{([^}]*)\}")


def compare_forms(old: FormDefinition, new: FormDefinition) -> tuple[Change, ...]:
    """What a new version of a form makes different, in the order of the old one; what is new comes last."""
    return tuple(_Comparison(old, new).changes())


def holds_answers(form: FormDefinition, field: Field) -> bool:
    """Whether a submission says something in this field that somebody may miss."""
    if field.kind != "field" or ("/meta/" in field.path[len(form.root.path) :] and field.type != "binary"):
        return False
    silent = field.control == "input" and field.bind.readonly and not field.bind.calculate and not field.default
    return not silent or bool(field.bind.preload) or any(each.path == field.path for each in form.set_values)


class _Comparison:
    def __init__(self, old: FormDefinition, new: FormDefinition) -> None:
        self.old, self.new = old, new
        self.defaults = (old.default_language, new.default_language)
        self.matching = match_fields(old, new)
        pairs = self.matching.pairs.values()
        self.places = {_steps(pair.old.path): _steps(pair.new.path) for pair in pairs if pair.old.path != pair.new.path}
        self.names = {pair.old.name: pair.new.name for pair in pairs if pair.old.name != pair.new.name}

    def changes(self) -> Iterator[Change]:
        yield from self._whole()
        removed = {each.path for each in self.matching.removed}
        for path, field in self.old.fields.items():
            if path in removed:
                weight = LOSES if holds_answers(self.old, field) else HARMLESS
                yield Change("removed", path, None, weight, self._label(field, 0))
            else:
                yield from self._pair(self.matching.pairs[path])
        for field in self.matching.added:
            asks = field.kind == "field" and field.control is not None and field.bind.required is not None
            weight = MEANING if asks else HARMLESS
            yield Change("added", None, field.path, weight, None, self._label(field, 1))

    # -- the form as a whole ----------------------------------------------------------------------------------------

    def _whole(self) -> Iterator[Change]:
        paths = (self.old.root.path, self.new.root.path)
        if self.old.title != self.new.title:
            yield Change("title", *paths, HARMLESS, self.old.title, self.new.title)
        if paths[0] != paths[1]:
            yield Change("renamed", *paths, LOSES)
        for kind, one, other in (("language-removed", self.old, self.new), ("language-added", self.new, self.old)):
            for language in one.languages:
                if language not in other.languages:
                    yield Change(kind, *paths, HARMLESS, params={"language": language})
        before, after = self._entities(self.old, self.places), self._entities(self.new, {})
        for scope in dict.fromkeys((*before, *after)):
            said = before.get(scope), after.get(scope)
            if said[0] != said[1]:
                yield Change("entity", scope if said[0] else None, scope if said[1] else None, MEANING, *said)

    @staticmethod
    def _entities(form: FormDefinition, places: Places) -> dict[str, str]:
        """What each declaration says, by where it stands; as the new version names its fields."""
        found = {}
        for each in form.entities:
            saved = (f"{name}={_placed(path, places)}" for name, path in sorted(each.properties.items()))
            acts = [act for act, done in (("create", each.create), ("update", each.update)) if done]
            found[_placed(each.path, places)] = " ".join((each.dataset, *acts, *saved))
        return found

    # -- fields -----------------------------------------------------------------------------------------------------

    def _pair(self, pair: Pair) -> Iterator[Change]:
        old, new = pair.old, pair.new
        if pair.how != "kept":
            held = sum(holds_answers(self.old, each) for each in old.walk())
            weight = LOSES if held else HARMLESS
            said = self._label(old, 0), self._label(new, 1)
            params = {"fields": held} if old.kind != "field" else {}
            yield Change(pair.how, old.path, new.path, weight, *said, pair.likeness, params)
        yield from self._natures(old, new)
        yield from self._texts(old, new)
        yield from self._rules(old, new)
        if old.control in _CHOOSING and new.control in _CHOOSING:
            yield from changes_of_choices(old, new, self.defaults)
            yield from self._filter(old, new)
        if self._reordered(old, new):
            yield Change("order", old.path, new.path, HARMLESS)

    def _natures(self, old: Field, new: Field) -> Iterator[Change]:
        if old.kind != new.kind:
            if "field" in (old.kind, new.kind):
                params = {"readable": False}
                yield Change("type", old.path, new.path, LOSES, _kind(old), _kind(new), None, params)
            elif old.kind == "repeat":
                yield Change("repeat-to-group", old.path, new.path, LOSES)
            else:
                yield Change("group-to-repeat", old.path, new.path, MEANING)
        elif old.kind == "field" and _kind(old) != _kind(new):
            readable = still_readable(old, new)
            weight = MEANING if readable else LOSES
            yield Change("type", old.path, new.path, weight, _kind(old), _kind(new), None, {"readable": readable})
        elif old.control != new.control:
            yield Change("control", old.path, new.path, MEANING, old.control, new.control)

    def _reordered(self, old: Field, new: Field) -> bool:
        halves = (self.matching.pairs.get(each.path) for each in old.children)
        order = [half.new.path for half in halves if half is not None]
        here = {each.path: place for place, each in enumerate(new.children)}
        ranks = [here[path] for path in order if path in here]
        return ranks != sorted(ranks)

    def _texts(self, old: Field, new: Field) -> Iterator[Change]:
        label = text_change(Change("label", old.path, new.path, HARMLESS), self._said(old.labels, new.labels))
        if label is not None:
            yield label
        hint = text_change(Change("hint", old.path, new.path, HARMLESS), self._said(old.hints, new.hints))
        if hint is not None:
            yield replace(hint, weight=HARMLESS)
        for before, after in (
            (old.bind.required_message, new.bind.required_message),
            (old.bind.constraint_message, new.bind.constraint_message),
        ):
            said = self._said(_plain(before), _plain(after))
            message = text_change(Change("message", old.path, new.path, HARMLESS), said)
            if message is not None:
                yield replace(message, weight=HARMLESS)
        if old.appearance.split() != new.appearance.split() and not (old.search or new.search):
            yield Change("appearance", old.path, new.path, HARMLESS, old.appearance, new.appearance)

    def _said(self, old: Labels, new: Labels) -> list[tuple[str, str, str]]:
        """Both texts by language, the old one with fields under their new names."""
        return [
            (language, _NAMED.sub(self._renamed, before), after)
            for language, before, after in said_in_both(old, new, self.defaults)
        ]

    def _renamed(self, found: re.Match[str]) -> str:
        return "${" + self.names.get(found[1], found[1]) + "}"

    # -- rules ------------------------------------------------------------------------------------------------------

    def _rules(self, old: Field, new: Field) -> Iterator[Change]:
        one, other = old.bind, new.bind
        rules: tuple[tuple[str, Weight, Expression | None, Expression | None], ...] = (
            ("required", MEANING if other.required else HARMLESS, one.required, other.required),
            ("constraint", MEANING if other.constraint else HARMLESS, one.constraint, other.constraint),
            ("relevance", MEANING, one.relevant, other.relevant),
            ("calculation", MEANING, one.calculate, other.calculate),
            ("repeat-count", MEANING, old.count, new.count),
            ("readonly", HARMLESS, one.readonly_rule, other.readonly_rule),
        )
        for kind, weight, before, after in rules:
            if self._differ((old, before), (new, after)):
                said = self._shown(before, self.old), self._shown(after, self.new)
                yield Change(kind, old.path, new.path, weight, *said)
        if one.readonly != other.readonly:
            yield Change("readonly", old.path, new.path, HARMLESS, _yes(one.readonly), _yes(other.readonly))
        values: tuple[tuple[str, Weight, str, str], ...] = (
            ("range", MEANING, _range(old), _range(new)),
            ("default", HARMLESS, old.default, new.default),
            ("calculation", MEANING, _preload(old), _preload(new)),
        )
        for kind, weight, text, other_text in values:
            if text != other_text:
                yield Change(kind, old.path, new.path, weight, text or None, other_text or None)
        events, others = self._events(self.old, old), self._events(self.new, new)
        if events.keys() != others.keys():
            said = "; ".join(events.values()) or None, "; ".join(others.values()) or None
            yield Change("set-value", old.path, new.path, MEANING, *said)

    def _differ(self, before: Ruled, after: Ruled) -> bool:
        sources = [rule.source if rule is not None else None for _, rule in (before, after)]
        if None in sources:
            return sources[0] != sources[1]
        return self._canonical(before[0], sources[0], self.old) != self._canonical(after[0], sources[1], self.new)

    def _canonical(self, field: Field, source: str | None, form: FormDefinition) -> str:
        return canonical(source or "", _steps(field.path), self.places if form is self.old else None)

    def _shown(self, rule: Expression | None, form: FormDefinition) -> str | None:
        """An expression as people write it in a workbook."""
        if rule is None:
            return None

        def named(found: re.Match[str]) -> str:
            return "${" + found[0].rpartition("/")[2] + "}" if found[0] in form.fields else found[0]

        return " ".join(_ABSOLUTE.sub(named, rule.source).split())

    def _events(self, form: FormDefinition, field: Field) -> dict[tuple[str, ...], str]:
        """What sets a field: as it can be compared, and as it is shown."""
        found = {}
        for each in form.set_values:
            if each.path == field.path:
                value = self._canonical(field, each.value.source, form) if each.value else repr(each.literal)
                trigger = _placed(each.trigger or "", self.places if form is self.old else {})
                shown = self._shown(each.value, form) or repr(each.literal)
                found[(*each.events, trigger, value)] = f"{' '.join(each.events)}: {shown}"
        return found

    def _filter(self, old: Field, new: Field) -> Iterator[Change]:
        offered = self._offered(old, self.old), self._offered(new, self.new)
        if offered[0] != offered[1]:
            said = self._filter_shown(old, self.old), self._filter_shown(new, self.new)
            yield Change("choice-filter", old.path, new.path, MEANING, *said)

    def _offered(self, field: Field, form: FormDefinition) -> str:
        """Which choices are offered, whatever their list is called."""
        if field.search is not None:
            return self._canonical(field, field.search.arguments.source, form)
        itemset = field.itemset
        if itemset is None or not (itemset.filtered or itemset.instance_id is None):
            return ""
        listed = f"instance('{itemset.instance_id}')"
        return self._canonical(field, itemset.source.replace(listed, "instance('')", 1), form)

    def _filter_shown(self, field: Field, form: FormDefinition) -> str | None:
        if field.search is not None:
            return field.search.source
        return self._shown(field.itemset.nodeset, form) if field.itemset is not None else None

    def _label(self, field: Field, which: int) -> str | None:
        language = self.defaults[which]
        return field.labels.get(language) or next((text for text in field.labels.values() if text), None)


def still_readable(old: Field, new: Field) -> bool:
    """Whether every answer to a question can be read as what it is under another type."""
    if new.control in _CHOOSING:
        return (old.type, new.type) in _WIDER
    check = CHECKS.get(new.type)
    if check is None:
        return new.type != "binary" or old.type == "binary"
    if (old.type, new.type) in _WIDER:
        return True
    return _whole_list(old) and all(check(choice.name) for choice in old.choices)


def _whole_list(field: Field) -> bool:
    """Whether the choices that are known are all there can be."""
    return field.type == "select1" and bool(field.choices) and field.search is None


def _kind(field: Field) -> str:
    """What a field holds, in one word; files by what may be taken."""
    if field.kind != "field":
        return field.kind
    return field.media_type or field.type if field.type == "binary" else field.type


def _plain(message: Message | None) -> Labels:
    return message.plain if message is not None else {}


def _range(field: Field) -> str:
    ends = field.range
    return f"{ends.start:g} … {ends.end:g}, {ends.step:g}" if ends is not None else ""


def _preload(field: Field) -> str:
    return " ".join(filter(None, (field.bind.preload, field.bind.preload_params)))


def _yes(said: bool) -> str:
    return "yes" if said else "no"


def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[1:])


def _placed(path: str, places: Places) -> str:
    steps = _steps(path)
    return "/" + "/".join(places.get(steps, steps)) if path else ""
