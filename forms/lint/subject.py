"""What the rules of lint look at: the fields of a form, and each of its expressions as a tree with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from forms.definition import Field, FormDefinition
from forms.xpath.compile import Expression
from forms.xpath.parser import parse
from forms.xpath.syntax import ANY_NAME, ANY_NODE, Binary, Call, Expr, Negation, Path, Step

Here = tuple[str, ...]
"""The path at which an expression stands, ("data", "group", "field")."""
NOWHERE: Here = ()
"""Where an expression stands among the items of a list: its paths are no answers."""
_TEXTS = {
    "label": "label",
    "hint": "hint",
    "jr:constraintMsg": "constraint_message",
    "jr:requiredMsg": "required_message",
}


@dataclass(frozen=True, eq=False)
class Formula:
    """One expression of a form. ``rule``: what of its field it says ("relevant", "calculation", "choice_filter", …).
    ``language``: of an expression within a text."""

    path: str
    rule: str
    expression: Expression
    tree: Expr
    language: str = ""

    @property
    def here(self) -> Here:
        """Where it stands."""
        return tuple(self.path.split("/")[1:])


class Subject:
    """A form under examination."""

    def __init__(self, definition: FormDefinition) -> None:
        self.definition = definition
        self.fields = definition.fields
        self.formulas = tuple(_formulas(definition))
        self.rules = {(each.path, each.rule): each for each in self.formulas if not each.language}

    def above(self, path: str) -> Iterator[Field]:
        """The field at a path and all above it, innermost first."""
        while path:
            found = self.fields.get(path)
            if found is not None:
                yield found
            path = path.rpartition("/")[0]

    def repeats_of(self, path: str) -> list[str]:
        """The repeats at and above a path, innermost first."""
        return [each.path for each in self.above(path) if each.kind == "repeat"]

    def field_at(self, expression: Expr, here: Here) -> Field | None:
        """The field that a path without predicates names; None for what is no such path."""
        target = target_of(expression, here)
        return self.fields.get("/" + "/".join(target)) if target else None

    def one_value(self, field: Field, here: Here) -> bool:
        """Whether an expression at ``here`` reads one node of this field at most."""
        return set(self.repeats_of(field.path)) <= set(self.repeats_of("/" + "/".join(here)))

    def count_of(self, formula: Formula) -> tuple[Expr, Here]:
        """What a repeat count says, and where: pyxform keeps it as the calculation of a field of its own."""
        field = self.field_at(formula.tree, formula.here)
        made = self.rules.get((field.path, "calculation")) if field is not None and field.control is None else None
        return (made.tree, made.here) if made is not None else (formula.tree, formula.here)

    def choices_of(self, field: Field) -> frozenset[str] | None:
        """The names that a select offers, whatever its filter; None when they are not known here."""
        listed = field.itemset is None or field.itemset.instance_id in self.definition.instances
        if field.control not in ("select1", "select", "rank") or field.search or not listed or not field.choices:
            return None
        return frozenset(choice.name for choice in field.choices)

    @cached_property
    def nodes(self) -> tuple[tuple[Formula, Expr, Here], ...]:
        """Every part of every expression, with the expression and the place at which it stands."""
        return tuple((each, node, here) for each in self.formulas for node, here in visit(each.tree, each.here))

    @cached_property
    def questions(self) -> tuple[Field, ...]:
        """The fields that somebody is asked."""
        return tuple(each for each in self.fields.values() if each.kind == "field" and each.control is not None)


def _formulas(definition: FormDefinition) -> Iterator[Formula]:
    for path, rule, expression in _expressions(definition):
        if expression is not None:
            yield Formula(path, rule, expression, parse(expression.source))
    for language, texts in definition.translations.items():
        for text_id, parts in texts.items():
            path, _, kind = text_id.partition(":")
            named = _TEXTS.get(kind)
            for part in parts if named else ():
                if isinstance(part, Expression):
                    yield Formula(path, named or "", part, parse(part.source), language)


def _expressions(definition: FormDefinition) -> Iterator[tuple[str, str, Expression | None]]:
    for each in definition.fields.values():
        bind = each.bind
        yield each.path, "relevant", bind.relevant
        yield each.path, "required", bind.required
        yield each.path, "constraint", bind.constraint
        yield each.path, "calculation", bind.calculate
        yield each.path, "readonly", bind.readonly_rule
        yield each.path, "repeat_count", each.count
        if each.itemset is not None:
            yield each.path, "choice_filter", each.itemset.nodeset
    for setter in definition.set_values:
        yield setter.path, "trigger" if setter.trigger else "default", setter.value
    for path, bind in definition.attribute_binds.items():
        yield path.partition("/@")[0], "calculation", bind.calculate


def target_of(expression: Expr, here: Here) -> Here | None:
    """The generic path that a path without predicates leads to from ``here``."""
    if not isinstance(expression, Path) or expression.predicates:
        return None
    place: Here
    if expression.start == "root":
        place = ()
    elif expression.start == "here" or (isinstance(expression.start, Call) and expression.start.name == "current"):
        if not here:
            return None
        place = here
    else:
        return None
    for step in expression.steps:
        if step.predicates:
            return None
        moved = _moved(place, step)
        if moved is None:
            return None
        place = moved
    return place


def _moved(place: Here, step: Step) -> Here | None:
    if step.axis == "child" and step.test not in (ANY_NAME, ANY_NODE):
        return (*place, step.test)
    if step.axis == "parent" and step.test == ANY_NODE:
        return place[:-1]
    return place if step.axis == "self" and step.test == ANY_NODE else None


def visit(tree: Expr, here: Here) -> Iterator[tuple[Expr, Here]]:
    """Every expression in ``tree`` with the place at which it stands; within predicates of lists, nowhere."""
    pending: list[tuple[Expr, Here]] = [(tree, here)]
    while pending:
        node, place = pending.pop()
        yield node, place
        pending += reversed(list(_inside(node, place)))


def _inside(node: Expr, here: Here) -> Iterator[tuple[Expr, Here]]:
    if isinstance(node, Binary):
        yield from ((node.left, here), (node.right, here))
    elif isinstance(node, Negation):
        yield node.operand, here
    elif isinstance(node, Call):
        yield from ((argument, here) for argument in node.arguments)
    elif isinstance(node, Path):
        if not isinstance(node.start, str):
            yield node.start, here
        yield from ((predicate, NOWHERE) for predicate in node.predicates)
        for number, step in enumerate(node.steps, 1):
            if step.predicates:
                plain = Path(node.start, tuple(Step(each.axis, each.test) for each in node.steps[:number]))
                within = target_of(plain, here) or NOWHERE
                yield from ((predicate, within) for predicate in step.predicates)


def spoken(fields: Mapping[str, Field], path: str) -> str:
    """A field as people know it: "${name}"."""
    return "${" + (fields[path].name if path in fields else path.rpartition("/")[2]) + "}"
