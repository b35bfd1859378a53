"""Rules of lint on what ODK Web Forms, the engine in browsers, lacks or does otherwise. Source: version 0.22."""

from __future__ import annotations

from collections.abc import Iterator

from forms.definition import Field
from forms.lint.rules import Remark, at, rule
from forms.lint.subject import Subject, spoken, visit
from forms.xpath.syntax import Call

LACKING = frozenset({"depend", "enclosed-area", "extract-signed", "intersects", "is-selected", "property", "version"})
"""Functions that Web Forms does not have: a form that calls one does not open there."""
_APPEARANCES = frozenset({"signature", "draw", "annotate", "bearing", "printer", "counter", "selfie", "ex:"})
_PHONE_ALONE = frozenset({"audit", "background-audio"})


@rule("lint.browser_function", "warning")
def browser_function(subject: Subject) -> Iterator[Remark]:
    """A function that Web Forms lacks."""
    for formula in subject.formulas:
        for name in sorted(LACKING & formula.expression.functions):
            yield at(formula, function=name)


@rule("lint.distance_of_nothing", "warning")
def distance_of_nothing(subject: Subject) -> Iterator[Remark]:
    """distance() of what may be empty, not guarded by if(): Web Forms cannot open the form."""
    for formula in subject.formulas:
        guarded: set[int] = set()
        for node, _ in visit(formula.tree, formula.here):
            if not isinstance(node, Call):
                continue
            if node.name == "if" or id(node) in guarded:
                guarded |= {id(each) for argument in node.arguments[1:] for each, _ in visit(argument, formula.here)}
            if node.name == "distance" and id(node) not in guarded:
                yield at(formula)


@rule("lint.hidden_repeat_counted", "advice")
def hidden_repeat_counted(subject: Subject) -> Iterator[Remark]:
    """count() of a repeat that is not always relevant: Web Forms counts 1 where phones count 0."""
    for formula in subject.formulas:
        for node, here in visit(formula.tree, formula.here):
            if not isinstance(node, Call) or node.name != "count":
                continue
            field = subject.field_at(node.arguments[0], here)
            if field is None or field.kind != "repeat":
                continue
            if any(each.bind.relevant is not None for each in subject.above(field.path)):
                yield at(formula, repeat=spoken(subject.fields, field.path))


@rule("lint.phone_alone", "advice")
def phone_alone(subject: Subject) -> Iterator[Remark]:
    """A question that only phones can ask: a barcode, a signature, an external app, choices from search()."""
    for field in subject.fields.values():
        found = _only_on_phones(field)
        if found:
            yield Remark(field.path, "type" if found in _TYPES else "appearance", {"what": found})


_TYPES = ("barcode", "audit", "background-audio", "last-saved")


def _only_on_phones(field: Field) -> str:
    if field.bind.type == "barcode":
        return "barcode"
    if "/meta/" in field.path and field.name in _PHONE_ALONE:
        return field.name
    if field.search is not None:
        return "search()"
    for word in field.appearance.replace("(", ": ").split():
        if word in _APPEARANCES or word.startswith("ex:"):
            return word.rstrip(":")
    return ""


@rule("lint.last_saved", "advice")
def last_saved(subject: Subject) -> Iterator[Remark]:
    """A value from the sheet that was saved before: browsers have none."""
    for formula in subject.formulas:
        if "__last-saved" in formula.expression.source:
            yield at(formula)
