"""Rules of lint on what ODK Collect reads otherwise than XPath says, or stops at. Source: JavaRosa 5.1 as measured."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forms.lint.rules import Remark, at, rule
from forms.lint.subject import Formula, Here, Subject, spoken, target_of, visit
from forms.lint.truth import RELATIONS, literal
from forms.xpath.phone_paths import route_of
from forms.xpath.syntax import EVERYWHERE, Binary, Call, Expr, Negation, Number, Path, Step, Text
from forms.xpath.values import string_to_number

_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(T.*)?\Z")
_ARITHMETIC = ("+", "-", "*", "div", "mod")
_NUMBERS = frozenset(
    {"count", "sum", "number", "int", "round", "count-selected", "string-length", "min", "max", "position", "abs"}
)
_TAKE_MANY = frozenset(
    {"sum", "count", "count-non-empty", "min", "max", "join", "concat", "randomize", "indexed-repeat", "position"}
    | {"area", "distance", "enclosed-area", "checklist", "weighted-checklist", "depend", "geofence", "boolean", "not"}
)
_PLAIN_AXES = ("child", "parent", "self", "attribute")
_REPEATED = 1000
_CHANGING = frozenset({"random", "uuid", "now", "today"})


@rule("lint.number_predicate", "warning")
def number_predicate(subject: Subject) -> Iterator[Remark]:
    """``[1]``: a phone finds nothing; ``[position() = 1]`` works."""
    for formula, node, _ in subject.nodes:
        if not isinstance(node, Path):
            continue
        for predicate in (*node.predicates, *(each for step in node.steps for each in step.predicates)):
            if _is_number(predicate):
                yield at(formula)
                break


def _is_number(expression: Expr) -> bool:
    if isinstance(expression, Number | Negation):
        return True
    if isinstance(expression, Binary):
        return expression.operator in _ARITHMETIC
    return isinstance(expression, Call) and expression.name in _NUMBERS


@rule("lint.union", "warning")
def union(subject: Subject) -> Iterator[Remark]:
    """The union of two paths: a phone stops."""
    for formula, node, _ in subject.nodes:
        if isinstance(node, Binary) and node.operator == "|":
            yield at(formula)


@rule("lint.anywhere", "warning")
def anywhere(subject: Subject) -> Iterator[Remark]:
    """``//``: a phone stops."""
    for formula, node, _ in subject.nodes:
        if isinstance(node, Path) and EVERYWHERE in [Step(each.axis, each.test) for each in node.steps]:
            yield at(formula)


@rule("lint.axis", "warning")
def axis(subject: Subject) -> Iterator[Remark]:
    """An axis that phones do not have."""
    for formula, node, _ in subject.nodes:
        if isinstance(node, Path):
            odd = [each.axis for each in node.steps if each.axis not in _PLAIN_AXES]
            odd = [name for name in odd if name != EVERYWHERE.axis]
            if odd:
                yield at(formula, axis=odd[0])


@rule("lint.odd_path", "warning")
def odd_path(subject: Subject) -> Iterator[Remark]:
    """A path that begins or turns where phones cannot follow: behind brackets, or up again after going down."""
    for formula, node, _ in subject.nodes:
        if not isinstance(node, Path) or any(each.axis not in _PLAIN_AXES for each in node.steps):
            continue
        if _turns_back(node) or route_of(node, lambda _: lambda nodes, _context: nodes) == "unsupported":
            yield at(formula)


def _turns_back(path: Path) -> bool:
    """Whether ``..`` stands after a name: a phone counts it from where the expression stands."""
    axes = [step.axis for step in path.steps]
    return "parent" in axes[axes.index("child") :] if "child" in axes else False


@rule("lint.date_as_text", "warning")
def date_as_text(subject: Subject) -> Iterator[Remark]:
    """A date in quotes held by < or > against anything: always false."""
    for formula, node, _ in subject.nodes:
        if isinstance(node, Binary) and node.operator in RELATIONS:
            sides = [literal(node.left), literal(node.right)]
            if any(isinstance(side, str) and _DATE.match(side) for side in sides):
                yield at(formula)


@rule("lint.text_order", "warning")
def text_order(subject: Subject) -> Iterator[Remark]:
    """A text held by < or > against anything: always false."""
    for formula, node, _ in subject.nodes:
        if not isinstance(node, Binary) or node.operator not in RELATIONS:
            continue
        for side in (literal(node.left), literal(node.right)):
            if isinstance(side, str) and not _DATE.match(side) and string_to_number(side) != string_to_number(side):
                yield at(formula, value=side)
                break


@rule("lint.several_values", "warning")
def several_values(subject: Subject) -> Iterator[Remark]:
    """A question of a repeat read from outside of it as if there were one: a phone stops at the second row."""
    for formula in subject.formulas:
        for node, here in _single(formula.tree, formula.here, formula.rule in ("choice_filter", "repeat_count")):
            field = subject.field_at(node, here)
            if field is not None and field.kind == "field" and not subject.one_value(field, here):
                yield at(formula, question=spoken(subject.fields, field.path))
                break


def _single(tree: Expr, here: Here, among_many: bool = False) -> Iterator[tuple[Expr, Here]]:
    """The paths that are read as one value. A list of choices is no value itself."""
    pending = [] if among_many and isinstance(tree, Path) else [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, Path):
            yield node, here
        elif isinstance(node, Binary):
            pending += (node.left, node.right)
        elif isinstance(node, Negation):
            pending.append(node.operand)
        elif isinstance(node, Call) and node.name not in _TAKE_MANY:
            pending += node.arguments


@rule("lint.negative_max", "advice")
def negative_max(subject: Subject) -> Iterator[Remark]:
    """max() of numbers that may all be negative: phones then answer 4.9E-324."""
    for formula, node, here in subject.nodes:
        if not isinstance(node, Call) or node.name != "max":
            continue
        if all(_may_be_negative(subject, each, here) for each in node.arguments):
            yield at(formula)


def _may_be_negative(subject: Subject, expression: Expr, here: Here) -> bool:
    value = literal(expression)
    if value is not None:
        return isinstance(value, float) and value < 0
    field = subject.field_at(expression, here)
    if field is None or field.type not in ("int", "decimal") or field.control is None:
        return False
    constraint = subject.rules.get((field.path, "constraint"))
    return constraint is None or not _bounded(subject, constraint, (">", ">="))


def _bounded(subject: Subject, constraint: Formula, operators: tuple[str, ...]) -> bool:
    """Whether a constraint holds its own field against something from one side."""
    flipped = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
    for node, here in visit(constraint.tree, constraint.here):
        if isinstance(node, Binary) and node.operator in (*RELATIONS, "="):
            for side, operator in ((node.left, node.operator), (node.right, flipped.get(node.operator, "="))):
                if target_of(side, here) == constraint.here and operator in (*operators, "="):
                    return True
    return False


@rule("lint.many_repeats", "warning")
def many_repeats(subject: Subject) -> Iterator[Remark]:
    """A repeat count that is huge, or typed in without a limit: 100,000 by mistake makes phones and browsers hang."""
    for formula in subject.formulas:
        if formula.rule != "repeat_count":
            continue
        tree, here = subject.count_of(formula)
        value = literal(tree)
        if isinstance(value, float) and value > _REPEATED:
            yield at(formula, question="", limit=_REPEATED)
        field = subject.field_at(tree, here)
        if field is None or field.type != "int" or field.control is None:
            continue
        constraint = subject.rules.get((field.path, "constraint"))
        if constraint is None or not _bounded(subject, constraint, ("<", "<=")):
            yield at(formula, question=spoken(subject.fields, field.path), limit=_REPEATED)


@rule("lint.changing_calculation", "advice")
def changing_calculation(subject: Subject) -> Iterator[Remark]:
    """A calculation that gives another value whenever the sheet is opened again."""
    for formula in subject.formulas:
        if formula.rule != "calculation" or "once" in formula.expression.functions:
            continue
        changing = sorted(_CHANGING & formula.expression.functions)
        if changing and "/meta/" not in formula.path:
            yield at(formula, function=changing[0])


@rule("lint.multiple_equals", "advice")
def multiple_equals(subject: Subject) -> Iterator[Remark]:
    """A question with several answers compared by = with one of them: true only when it is the only one."""
    for formula, node, here in subject.nodes:
        if not isinstance(node, Binary) or node.operator not in ("=", "!="):
            continue
        for one, other in ((node.left, node.right), (node.right, node.left)):
            field = subject.field_at(one, here)
            if field is not None and field.type == "select" and isinstance(other, Text) and other.value.strip():
                yield at(formula, question=spoken(subject.fields, field.path), choice=other.value)
