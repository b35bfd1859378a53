"""Rows of a secondary instance found by a key instead of by trying each one.

``instance('villages')/root/item[commune = current()/../commune]`` asks the same question of thousands of rows; where
one side of an equality is a child of the row and the other does not look at the row, an index kept with the instance
answers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from forms.xpath.code import Code
from forms.xpath.context import Context
from forms.xpath.stops import allow
from forms.xpath.syntax import ANY_NAME, ANY_NODE, Binary, Call, Expr, Path, Step
from forms.xpath.values import Node, scalar_to_string, unpack
from forms.xpath.walking import walk

_LOOKS_AT_THE_ROW = frozenset({"position", "once", "random", "uuid", "string-length", "normalize-space"})
Filter = Callable[[list[Node], Context], list[Node]]


class Key(NamedTuple):
    """A predicate taken apart: rows whose child ``name`` equals ``other`` and that pass ``rest``."""

    name: str
    other: Expr
    rest: tuple[Expr, ...]


def find_key(predicate: Expr) -> Key | None:
    """How ``predicate`` can be answered by an index, or None."""
    if any(isinstance(node, Call) and node.name == "position" for node in walk(predicate)):
        return None
    operands = list(chain(predicate, "and"))
    for place, operand in enumerate(operands):
        if isinstance(operand, Binary) and operand.operator == "=":
            for side, other in ((operand.left, operand.right), (operand.right, operand.left)):
                name = _child_name(side)
                if name is not None and _is_independent(other):
                    return Key(name, other, (*operands[:place], *operands[place + 1 :]))
    return None


def chain(expression: Expr, operator: str) -> list[Expr]:
    """The operands of a run of the same operator: hundreds of alternatives are no deep tree."""
    operands: list[Expr] = []
    rest = expression
    while isinstance(rest, Binary) and rest.operator == operator:
        operands.append(rest.right)
        rest = rest.left
    operands.append(rest)
    return operands[::-1]


def _child_name(side: Expr) -> str | None:
    if not isinstance(side, Path) or side.start != "here":
        return None
    steps = [step for step in side.steps if step != Step("self", ANY_NODE)]
    if len(steps) != 1 or steps[0].axis != "child" or steps[0].predicates or steps[0].test in (ANY_NAME, ANY_NODE):
        return None
    return steps[0].test


def _is_independent(expression: Expr) -> bool:
    for node in walk(expression):
        if isinstance(node, Path) and node.start == "here":
            return False
        if isinstance(node, Call) and node.name in _LOOKS_AT_THE_ROW:
            return False
    return True


def keyed_step(name: str, key: str, other: Code, scan: Filter) -> Filter:
    """The children ``name`` whose child ``key`` equals ``other``.

    ``scan`` keeps the equal ones among given rows the slow way: for trees that may change and for values that no index
    holds (truth values, fractions, several nodes).
    """

    def run(parents: list[Node], context: Context) -> list[Node]:
        value = other.run(context)
        several = isinstance(value, list) and len(value) > 1
        if several and any(parent.named(name) for parent in parents):
            allow(value, context)
        plain = "" if several else unpack(value, context.now)
        if isinstance(plain, datetime):
            plain = scalar_to_string(plain)
        indexed = isinstance(plain, str) or (isinstance(plain, float) and plain.is_integer())
        found: list[Node] = []
        for parent in parents:
            if several or not indexed or isinstance(plain, bool) or _is_own(parent, context):
                found += scan(parent.named(name), context)
            elif isinstance(plain, str):
                found += parent.keyed(name, key).get(plain, ())
            else:
                found += parent.keyed_by_number(name, key).get(plain, ())
        return found

    return run


def _is_own(node: Node, context: Context) -> bool:
    """Whether a node belongs to the filled form itself, whose answers change."""
    above: Node | None = node
    while above is not None:
        if above is context.world.root:
            return True
        above = above.parent
    return False
