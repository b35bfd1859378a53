"""Rules of lint on what nobody can reach and what nobody can answer."""

from __future__ import annotations

from collections.abc import Iterator

from forms.definition import Field
from forms.errors import Weight
from forms.lint.rules import Remark, at, rule, shortened
from forms.lint.subject import Formula, Subject, spoken
from forms.lint.truth import LARGEST_INT, Comparison, Truth, compared, truth_as_text
from forms.types import CHECKS
from forms.xpath.syntax import Number

ALWAYS = ("true()", "true", "yes")


@rule("lint.never_relevant", "warning")
def never_relevant(subject: Truth) -> Iterator[Remark]:
    """A relevance that is never true: what stands below is never asked."""
    for field in subject.fields.values():
        formula = subject.rules.get((field.path, "relevant"))
        if formula is not None and subject.never_relevant(field):
            yield at(formula, count=sum(1 for each in field.walk() if each.kind == "field"))


@rule("lint.never_valid", "warning")
def never_valid(subject: Truth) -> Iterator[Remark]:
    """A constraint that no answer fulfils. Where an answer is always asked for, the form can never be finished."""
    for field in subject.questions:
        formula = subject.rules.get((field.path, "constraint"))
        if formula is None or field.path in subject.hidden:
            continue
        if subject.never(formula.tree, formula.here, field.path):
            remark = at(formula)
            yield Remark(remark.path, remark.rule, remark.params, weight=_blocks(subject, field))


@rule("lint.required_readonly", "warning")
def required_readonly(subject: Subject) -> Iterator[Remark]:
    """An answer is required and cannot be given. Where it is always asked for, the form can never be finished."""
    filled = {each.path for each in subject.definition.set_values}
    for field in subject.questions:
        bind = field.bind
        if not bind.readonly or bind.required is None or bind.calculate or bind.preload or field.default:
            continue
        if field.path not in filled and field.control != "trigger":
            yield Remark(field.path, "required", weight=_blocks(subject, field))


def _blocks(subject: Subject, field: Field) -> Weight | None:
    """ "error" where everyone who fills the form meets this question and has to answer it."""
    required = field.bind.required
    if required is None or required.source.strip() not in ALWAYS or field.type == "rank":
        return None
    met = all(each.bind.relevant is None and each.kind != "repeat" for each in subject.above(field.path))
    return "error" if met else None


@rule("lint.calculated_question", "advice")
def calculated_question(subject: Subject) -> Iterator[Remark]:
    """A question that may be answered and is calculated too: what was typed in is written over."""
    for field in subject.questions:
        calculate = field.bind.calculate
        open_to_all = not field.bind.readonly and field.bind.readonly_rule is None
        if calculate is not None and open_to_all and "once" not in calculate.functions:
            yield Remark(field.path, "calculation", {"source": shortened(calculate.source)})


@rule("lint.rule_unasked", "warning")
def rule_unasked(subject: Subject) -> Iterator[Remark]:
    """A constraint or a requirement on what nobody is asked: no phone looks at it."""
    for field in subject.fields.values():
        if field.control is not None or field.kind != "field":
            continue
        for name, found in (("constraint", field.bind.constraint), ("required", field.bind.required)):
            if found is not None:
                yield Remark(field.path, name, {"rule": name, "source": shortened(found.source)})


def _comparisons(subject: Subject) -> Iterator[tuple[Formula, Comparison]]:
    for formula, node, here in subject.nodes:
        found = compared(subject, node, here)
        if found is not None:
            yield formula, found


@rule("lint.unknown_choice", "warning")
def unknown_choice(subject: Truth) -> Iterator[Remark]:
    """A comparison with an answer that the choice list does not hold."""
    for formula, found in _comparisons(subject):
        if subject.unknown_choice(found):
            names = sorted(subject.choices_of(found.field) or ())
            asked = spoken(subject.fields, found.field.path)
            yield at(formula, question=asked, choice=found.text, choices=shortened(", ".join(names), 80))


@rule("lint.truth_as_text", "warning")
def compares_truth_as_text(subject: Subject) -> Iterator[Remark]:
    """The result of a true-or-false calculation compared with the word "true" or "false": phones keep 1 or 0."""
    for formula, found in _comparisons(subject):
        if truth_as_text(found):
            yield at(formula, question=spoken(subject.fields, found.field.path), value=found.text)


@rule("lint.number_too_large", "warning")
def number_too_large(subject: Subject) -> Iterator[Remark]:
    """A whole-number question held against a number that it cannot hold: a phone keeps at most 2,147,483,647."""
    for formula, found in _comparisons(subject):
        if found.field.type == "int" and abs(found.number) > LARGEST_INT:
            yield at(formula, question=spoken(subject.fields, found.field.path), limit=LARGEST_INT)


@rule("lint.default_unfit", "warning")
def default_unfit(subject: Subject) -> Iterator[Remark]:
    """A default that is no answer of its question's type, or none of its choices: a phone begins without it."""
    for field in subject.questions:
        value = field.default.strip()
        if not value or field.binary:
            continue
        check, names = CHECKS.get(field.type), subject.choices_of(field)
        wrong = check is not None and not check(value)
        if names is not None:
            wrong = not set(value.split() if field.type != "select1" else [value]) <= names
        if wrong:
            yield Remark(field.path, "default", {"value": shortened(value, 60), "type": field.type})


@rule("lint.never_repeated", "warning")
def never_repeated(subject: Subject) -> Iterator[Remark]:
    """A repeat whose count is always 0."""
    for formula in subject.formulas:
        if formula.rule == "repeat_count":
            tree, _ = subject.count_of(formula)
            if isinstance(tree, Number) and tree.value < 1:
                yield at(formula)


@rule("lint.rule_without_field", "warning")
def rule_without_field(subject: Subject) -> Iterator[Remark]:
    """A bind for a node that is not there."""
    for path in subject.definition.orphans:
        yield Remark(path, "", {"path": path})
