"""Rules of lint on choices: lists that are empty, too long, or filtered down to nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from forms.definition import Field
from forms.lint.rules import Remark, at, rule
from forms.lint.subject import NOWHERE, Here, Subject
from forms.lint.truth import Truth, literal, operands
from forms.xpath.parser import parse
from forms.xpath.syntax import Binary, Call, Expr, Path
from forms.xpath.values import Node

LONG_LIST = 50
"""Choices that a person scrolls through on a phone, about eight screens."""
_SHORTENED = ("minimal", "autocomplete", "search", "map", "quick", "image-map")
_SELECTS = ("select1", "select", "rank")


@rule("lint.no_choices", "error")
def no_choices(subject: Subject) -> Iterator[Remark]:
    """A question whose choice list is empty: phones do not open the form."""
    for field in subject.questions:
        if field.control not in _SELECTS or field.choices or field.search is not None:
            continue
        itemset = field.itemset
        known = itemset is None or itemset.instance_id in subject.definition.instances
        if known:
            yield Remark(field.path, "type", {"list": (itemset.instance_id if itemset else None) or field.name})


@rule("lint.long_list", "warning")
def long_list(subject: Subject) -> Iterator[Remark]:
    """A choice list that is too long to be scrolled through on a phone."""
    for field in subject.questions:
        filtered = field.itemset is not None and field.itemset.filtered
        if field.control not in _SELECTS or filtered or len(field.choices) <= LONG_LIST:
            continue
        if not any(word in field.appearance for word in _SHORTENED):
            yield Remark(field.path, "appearance", {"count": len(field.choices), "limit": LONG_LIST})


@rule("lint.unknown_column", "error")
def unknown_column(subject: Subject) -> Iterator[Remark]:
    """A filter by a column that no choice of the list has: nothing passes."""
    for field, condition in _conditions(subject):
        for column in _columns(condition):
            items = _items(subject, field)
            if items and not any(_cell(item, column) is not None for item in items):
                list_name = field.itemset.instance_id if field.itemset else ""
                yield at(subject.rules[(field.path, "choice_filter")], column=column, list=list_name)


@rule("lint.filter_lets_nothing", "warning")
def filter_lets_nothing(subject: Truth) -> Iterator[Remark]:
    """A filter that no choice can pass, whatever is answered."""
    for field, condition in _conditions(subject):
        items = _items(subject, field)
        if items and (subject.never(condition, NOWHERE) or _passes_nothing(subject, items, condition)):
            yield at(subject.rules[(field.path, "choice_filter")])


@rule("lint.choice_twice", "warning")
def choice_twice(subject: Subject) -> Iterator[Remark]:
    """A name that stands twice in a choice list that is shown whole: answers cannot be told apart."""
    whole = {_list_of(each) for each in subject.questions if each.itemset is None or not each.itemset.filtered}
    for list_name, names in _lists(subject):
        if list_name not in whole:
            continue
        for name, count in Counter(names).items():
            if count > 1 and name:
                yield Remark(choice=(list_name, name), params={"list": list_name, "choice": name})


@rule("lint.choice_case", "warning")
def choice_case(subject: Subject) -> Iterator[Remark]:
    """Two choices of a list whose names differ only in case."""
    for list_name, names in _lists(subject):
        seen: dict[str, str] = {}
        for name in names:
            other = seen.setdefault(name.casefold(), name)
            if other != name:
                yield Remark(choice=(list_name, name), params={"list": list_name, "choice": name, "other": other})


@rule("lint.choice_with_blank", "warning")
def choice_with_blank(subject: Subject) -> Iterator[Remark]:
    """A choice name with a blank in a list of a question with several answers: they are kept apart by blanks."""
    told = set()
    for field in subject.questions:
        if field.control not in ("select", "rank"):
            continue
        list_name = _list_of(field)
        for choice in field.choices:
            if len(choice.name.split()) > 1 and (list_name, choice.name) not in told:
                told.add((list_name, choice.name))
                params = {"list": list_name, "choice": choice.name, "field": field.path}
                yield Remark(choice=(list_name, choice.name), params=params)


def _list_of(field: Field) -> str:
    return (field.itemset.instance_id if field.itemset else None) or field.name


def _lists(subject: Subject) -> Iterator[tuple[str, list[str]]]:
    """Each choice list once: its name, and the names that stand in it."""
    told = set()
    for field in subject.questions:
        list_name = _list_of(field)
        if field.control in _SELECTS and field.choices and field.search is None and list_name not in told:
            told.add(list_name)
            yield list_name, [choice.name for choice in field.choices]


def _conditions(subject: Subject) -> Iterator[tuple[Field, Expr]]:
    """The fields whose choices come from a list of the form, with what each item must fulfil."""
    for field in subject.questions:
        itemset = field.itemset
        if itemset is None or itemset.instance_id not in subject.definition.instances:
            continue
        tree = parse(itemset.source)
        while isinstance(tree, Call) and tree.name == "randomize":
            tree = tree.arguments[0]
        if isinstance(tree, Path):
            for step in tree.steps:
                for predicate in step.predicates:
                    yield field, predicate


def _items(subject: Subject, field: Field) -> list[Node]:
    table = subject.definition.instances.get((field.itemset.instance_id if field.itemset else None) or "")
    return table.children if table is not None else []


def _cell(item: Node, column: str) -> str | None:
    return next((cell.text for cell in item.children if cell.name == column), None)


def _column(expression: Expr) -> str:
    """The name of the column that a path within the list reads; "" for anything else."""
    if isinstance(expression, Path) and expression.start == "here" and len(expression.steps) == 1:
        step = expression.steps[0]
        return step.test if step.axis == "child" and not step.predicates and step.test not in ("*", "node()") else ""
    return ""


def _columns(condition: Expr) -> set[str]:
    """The columns that the condition compares for equality in all of its parts that must be true."""
    found = set()
    for part in operands(condition, "and"):
        if isinstance(part, Binary) and part.operator == "=":
            found |= {_column(part.left), _column(part.right)}
    return found - {""}


def _passes_nothing(subject: Subject, items: list[Node], condition: Expr) -> bool:
    for part in operands(condition, "and"):
        if not isinstance(part, Binary) or part.operator != "=":
            continue
        for one, other in ((part.left, part.right), (part.right, part.left)):
            cells = {_cell(item, _column(one)) for item in items} - {None}
            possible = _possible(subject, other, NOWHERE)
            if _column(one) and cells and possible is not None and not cells & possible:
                return True
    return False


def _possible(subject: Subject, expression: Expr, here: Here) -> frozenset[str] | None:
    """All values that an expression may have; None when they cannot be told."""
    value = literal(expression)
    if isinstance(value, str):
        return frozenset({value})
    if value is not None:
        return frozenset({str(int(value)) if value.is_integer() else str(value)})
    field = subject.field_at(expression, here)
    if field is None or field.type != "select1" or field.bind.calculate is not None:
        return None
    return subject.choices_of(field)
