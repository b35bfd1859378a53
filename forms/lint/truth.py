"""What of an expression can be told before there is any answer: that it can never be true.

Only what holds on phones for every answer is told: nothing here guesses. Source: XPath 1.0 section 3.4, and JavaRosa
where it differs (a text that is no number compares false with everything by < and >).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from forms.definition import Field, FormDefinition
from forms.lint.subject import Here, Subject
from forms.xpath.parser import parse
from forms.xpath.syntax import Binary, Call, Expr, Negation, Number, Text
from forms.xpath.values import string_to_number

RELATIONS = ("<", "<=", ">", ">=")
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
LARGEST_INT = 2**31 - 1
"""The largest number that the whole-number question of a phone holds."""


@dataclass(frozen=True)
class Comparison:
    """``field operator value``, whichever way round it is written. ``here``: where it stands."""

    field: Field
    operator: str
    value: str | float
    here: Here

    @property
    def number(self) -> float:
        """The value as a number."""
        return self.value if isinstance(self.value, float) else string_to_number(self.value)

    @property
    def text(self) -> str:
        """The value as text."""
        if isinstance(self.value, str):
            return self.value
        return str(int(self.value)) if self.value.is_integer() else str(self.value)


def literal(expression: Expr) -> str | float | None:
    """The value of a literal, a minus before it included."""
    if isinstance(expression, Text | Number):
        return expression.value
    if isinstance(expression, Negation) and isinstance(expression.operand, Number):
        return -expression.operand.value
    return None


def compared(subject: Subject, expression: Expr, here: Here) -> Comparison | None:
    """A comparison of a field with a literal, ``selected(field, 'x')`` among them as the operator "selected"."""
    if isinstance(expression, Call) and expression.name in ("selected", "is-selected"):
        found = subject.field_at(expression.arguments[0], here)
        value = literal(expression.arguments[1])
        return Comparison(found, "selected", value, here) if found is not None and value is not None else None
    if not isinstance(expression, Binary) or expression.operator not in _FLIPPED:
        return None
    for one, other, operator in (
        (expression.left, expression.right, expression.operator),
        (expression.right, expression.left, _FLIPPED[expression.operator]),
    ):
        found, value = subject.field_at(one, here), literal(other)
        if found is not None and value is not None:
            return Comparison(found, operator, value, here)
    return None


def operands(expression: Expr, operator: str) -> Iterator[Expr]:
    """What "and" or "or" joins, however many there are."""
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, Binary) and node.operator == operator:
            pending += (node.right, node.left)
        else:
            yield node


class Truth(Subject):
    """A form under examination, with what can never be true in it. ``hidden``: the paths of what is never relevant."""

    def __init__(self, definition: FormDefinition) -> None:
        super().__init__(definition)
        self.hidden: set[str] = set()
        known = -1
        while known != len(self.hidden):  # what is hidden hides what waits for it
            known = len(self.hidden)
            self.hidden |= {each.path for each in self.fields.values() if self._hidden(each)}

    def _hidden(self, field: Field) -> bool:
        if field.path.rpartition("/")[0] in self.hidden:
            return True
        return self.never_relevant(field)

    def never_relevant(self, field: Field) -> bool:
        """Whether the field's own relevance can never be true."""
        formula = self.rules.get((field.path, "relevant"))
        return formula is not None and self.never(formula.tree, formula.here)

    def never(self, expression: Expr, here: Here, own: str = "") -> bool:
        """Whether the expression can never be true. ``own``: the path of a field that is known to be answered."""
        return all(self._never_together(each, here, own) for each in operands(expression, "or"))

    def _never_together(self, expression: Expr, here: Here, own: str) -> bool:
        parts = list(operands(expression, "and"))
        if any(self._never(part, here, own) for part in parts):
            return True
        return any(each.impossible for each in self._ranges(parts, here))

    def _never(self, part: Expr, here: Here, own: str) -> bool:
        value = literal(part)
        if value is not None:
            return not value
        if isinstance(part, Call) and part.name in ("false", "true", "not"):
            return part.name == "false" or (part.name == "not" and self.always(part.arguments[0]))
        if isinstance(part, Binary) and part.operator in ("or", "and"):
            return self.never(part, here, own)
        if isinstance(part, Binary) and part.operator in (*RELATIONS, "=", "!="):
            left, right = literal(part.left), literal(part.right)
            if left is not None and right is not None:
                return not _holds(left, part.operator, right)
            if part.operator in RELATIONS and any(_no_number(side) for side in (left, right)):
                return True
        found = compared(self, part, here)
        return found is not None and self._impossible(found, own)

    def always(self, expression: Expr) -> bool:
        """Whether the expression is true whatever is answered."""
        value = literal(expression)
        if value is not None:
            return bool(value)
        if isinstance(expression, Call) and expression.name in ("true", "false", "not"):
            return expression.name == "true" or (expression.name == "not" and self.never(expression.arguments[0], ()))
        left, right = (literal(side) for side in _sides(expression))
        if left is None or right is None or not isinstance(expression, Binary):
            return False
        return expression.operator in _FLIPPED and _holds(left, expression.operator, right)

    def _impossible(self, found: Comparison, own: str) -> bool:
        if found.field.path in self.hidden and found.operator != "!=":
            return found.operator != "=" or found.text != ""
        if found.operator == "=" and found.text == "" and found.field.path == own:
            return True
        return self.unknown_choice(found) or truth_as_text(found)

    def unknown_choice(self, found: Comparison) -> bool:
        """Whether an answer is looked for that no choice list holds."""
        if found.operator not in ("=", "selected") or found.text == "":
            return False
        names = self.choices_of(found.field)
        if names is None or found.field.bind.calculate is not None:
            return False
        single = found.field.type == "select1" or found.operator == "selected"
        return not ({found.text} if single else set(found.text.split())) <= names

    def _ranges(self, parts: Iterable[Expr], here: Here) -> Iterable[_Range]:
        ranges: dict[str, _Range] = {}
        for part in parts:
            found = compared(self, part, here)
            if found is None or not self.one_value(found.field, here):
                continue
            ranges.setdefault(found.field.path, _Range(found.field)).narrow(found)
        return ranges.values()


@dataclass
class _Range:
    """What some comparisons together leave of the answers of one field."""

    asked: Field
    least: float = -math.inf
    most: float = math.inf
    open: set[float] = field(default_factory=set)
    equal: set[str | float] = field(default_factory=set)
    different: set[str | float] = field(default_factory=set)

    def narrow(self, found: Comparison) -> None:
        """Take one more comparison into account."""
        if found.operator == "=" or (found.operator == "selected" and self.asked.type == "select1"):
            self.equal.add(found.value)
        elif found.operator == "!=":
            self.different.add(found.value)
        elif found.operator in RELATIONS and not math.isnan(found.number):
            if found.operator in ("<", "<="):
                self.most = min(self.most, found.number)
            else:
                self.least = max(self.least, found.number)
            if found.operator in ("<", ">"):
                self.open.add(found.number)

    @property
    def impossible(self) -> bool:
        """Whether nothing is left."""
        texts = [value for value in self.equal if isinstance(value, str)]
        if self.asked.type in ("string", "select1") and len(texts) > 1:
            return True
        spelt = {value if isinstance(value, float) else string_to_number(value) for value in self.equal}
        numbers = {number for number in spelt if not math.isnan(number)}
        if len(numbers) > 1 or self.equal & self.different:
            return True
        if self.least > self.most or (self.least == self.most and self.least in self.open):
            return True
        if self.asked.type == "int" and self._no_whole_number():
            return True
        return any(self._outside(number) for number in numbers)

    def _outside(self, number: float) -> bool:
        return not self.least <= number <= self.most or (number in self.open and number in (self.least, self.most))

    def _no_whole_number(self) -> bool:
        least = math.ceil(self.least) if math.isfinite(self.least) else -LARGEST_INT - 1
        most = math.floor(self.most) if math.isfinite(self.most) else LARGEST_INT
        least += least in self.open
        most -= most in self.open
        return least > most or least > LARGEST_INT or most < -LARGEST_INT - 1


def truth_as_text(found: Comparison) -> bool:
    """Whether the result of a true-or-false calculation is compared with "true" or "false": phones keep 1 or 0."""
    calculate = found.field.bind.calculate
    if calculate is None or found.operator != "=" or found.field.type not in ("string", "boolean"):
        return False
    return found.text in ("true", "false") and yields_truth(calculate.source)


def yields_truth(source: str) -> bool:
    """Whether an expression is a comparison, or a function that answers true or false."""
    return _yields_truth(parse(source))


def _yields_truth(tree: Expr) -> bool:
    if isinstance(tree, Binary):
        return tree.operator in (*_FLIPPED, "and", "or")
    return isinstance(tree, Call) and tree.name in _TRUTHS


_TRUTHS = frozenset(
    {"true", "false", "not", "boolean", "boolean-from-string", "selected", "is-selected", "contains", "starts-with"}
    | {"ends-with", "regex", "checklist", "weighted-checklist", "geofence", "intersects"}
)


def _sides(expression: Expr) -> tuple[Expr, Expr]:
    return (expression.left, expression.right) if isinstance(expression, Binary) else (expression, expression)


def _no_number(value: str | float | None) -> bool:
    return isinstance(value, str) and math.isnan(string_to_number(value))


def _holds(left: str | float, operator: str, right: str | float) -> bool:
    if operator in ("=", "!=") and isinstance(left, str) and isinstance(right, str):
        return (left == right) == (operator == "=")
    one, other = (each if isinstance(each, float) else string_to_number(each) for each in (left, right))
    if operator in ("=", "!="):
        return (one == other) == (operator == "=")
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[operator]
