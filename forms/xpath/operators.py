"""The operators of XPath 1.0 section 3.3–3.5, compiled for the kinds of their operands.

As on a phone: = and != compare as booleans when either side is one, else as numbers (equal within 1e-12) when either
is one, else as texts; < and the like always compare numbers, dates as whole days. A path that finds nothing is ''.
Where a path finds several nodes, a phone stops with an error; here the comparison holds if it holds for any of them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from forms.xpath.code import (
    Code,
    Look,
    as_boolean,
    as_nodes,
    as_number,
    as_scalar,
    constant_value,
    fold,
    node_number,
    node_scalar,
    own_node,
)
from forms.xpath.context import Context
from forms.xpath.values import (
    NAN,
    READERS,
    Node,
    Scalar,
    scalar_to_boolean,
    scalar_to_number,
    scalar_to_string,
    string_to_number,
)

Truth = Callable[[Context], bool]
_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def divide(left: float, right: float) -> float:
    """Division with signed zero and infinity as in IEEE 754."""
    if right:
        return left / right
    if left != left or left == 0 or right != right:
        return NAN
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def remainder(left: float, right: float) -> float:
    """The remainder with the sign of the left operand."""
    if right == 0 or math.isinf(left) or left != left or right != right:
        return NAN
    return math.fmod(left, right)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "div": divide, "mod": remainder,
}  # fmt: skip


def equal(left: Scalar, right: Scalar) -> bool:
    """Whether two values are equal to a phone."""
    if isinstance(left, bool) or isinstance(right, bool):
        return scalar_to_boolean(left) == scalar_to_boolean(right)
    if isinstance(left, float) or isinstance(right, float):
        difference = scalar_to_number(left) - scalar_to_number(right)
        return -1e-12 < difference < 1e-12
    return scalar_to_string(left) == scalar_to_string(right)


def unequal(left: Scalar, right: Scalar) -> bool:
    """The opposite of :func:`equal`."""
    return not equal(left, right)


def arithmetic(name: str, left: Code, right: Code) -> Code:
    """+ - * div mod."""
    apply, first, second = _ARITHMETIC[name], as_number(left), as_number(right)
    if right.constant and not left.constant:
        number: float = second(None)  # type: ignore[arg-type]
        return Code("number", lambda context: apply(first(context), number))
    return fold(Code("number", lambda context: apply(first(context), second(context))), left, right)


def negation(operand: Code) -> Code:
    """The unary minus."""
    number = as_number(operand)
    return fold(Code("number", lambda context: -number(context)), operand)


def conjunction(name: str, operands: list[Code]) -> Code:
    """``and`` or ``or`` over two or more operands, from the left, no further than needed."""
    truths = [as_boolean(operand) for operand in operands]
    return fold(Code("boolean", _all(truths) if name == "and" else _any(truths)), *operands)


def _all(truths: list[Truth]) -> Truth:
    if len(truths) == 2:
        first, second = truths
        return lambda context: first(context) and second(context)

    def run(context: Context) -> bool:
        for truth in truths:  # noqa: SIM110 - a generator costs three times as much
            if not truth(context):
                return False
        return True

    return run


def _any(truths: list[Truth]) -> Truth:
    if len(truths) == 2:
        first, second = truths
        return lambda context: first(context) or second(context)

    def run(context: Context) -> bool:
        for truth in truths:  # noqa: SIM110 - a generator costs three times as much
            if truth(context):
                return True
        return False

    return run


def relation(name: str, left: Code, right: Code) -> Code:
    """< <= > >=."""
    if left.constant and not right.constant:
        return relation(_MIRRORED[name], right, left)
    holds = _RELATIONS[name]
    if right.constant and left.look is not None:
        limit: float = as_number(right)(None)  # type: ignore[arg-type]
        return Code("boolean", _node_relation(left.look, holds, limit))
    if left.kind == "nodes" or right.kind == "nodes":
        return Code("boolean", _existential(left, right, holds, as_number, node_number))
    first, second = as_number(left), as_number(right)
    return fold(Code("boolean", lambda context: holds(first(context), second(context))), left, right)


def _node_relation(look: Look, holds: Callable[[float, float], bool], limit: float) -> Truth:
    if look is own_node:
        # constraints look at their own node: one call less
        def own(context: Context) -> bool:
            node = context.node
            text = node.text
            if not text or not node.relevant:
                return False
            read = READERS.get(node.data_type)
            number = string_to_number(text) if read is None else read(text, context.now)
            return holds(number if number.__class__ is float else scalar_to_number(number), limit)

        return own

    def run(context: Context) -> bool:
        found = look(context)
        if isinstance(found, list):
            return any(holds(node_number(node, context), limit) for node in found)
        return holds(node_number(found, context), limit)

    return run


def equality(name: str, left: Code, right: Code) -> Code:
    """= and !=."""
    if left.constant and not right.constant:
        left, right = right, left
    compare = equal if name == "=" else unequal
    if right.constant and left.look is not None:
        value = constant_value(right)
        if isinstance(value, str):
            return Code("boolean", _node_text_equality(left.look, value, compare))
        return Code("boolean", _node_equality(left.look, value, compare))
    if left.kind == "nodes" or right.kind == "nodes":
        return Code("boolean", _existential(left, right, compare, as_scalar, node_scalar))
    first, second = as_scalar(left), as_scalar(right)
    return fold(Code("boolean", lambda context: compare(first(context), second(context))), left, right)


def _node_text_equality(look: Look, value: str, compare: Callable[[Scalar, Scalar], bool]) -> Truth:
    expected = compare is equal

    def run(context: Context) -> bool:
        found = look(context)
        if not isinstance(found, list):
            if found.data_type not in READERS:
                return ((found.text if found.relevant else "") == value) is expected
            return compare(node_scalar(found, context), value)
        if not found:
            return (value == "") is expected
        return any(compare(node_scalar(node, context), value) for node in found)

    return run


def _node_equality(look: Look, value: Scalar, compare: Callable[[Scalar, Scalar], bool]) -> Truth:
    def run(context: Context) -> bool:
        found = look(context)
        if not isinstance(found, list):
            return compare(node_scalar(found, context), value)
        if not found:
            return compare("", value)
        return any(compare(node_scalar(node, context), value) for node in found)

    return run


def _existential(
    left: Code,
    right: Code,
    holds: Callable[[Any, Any], bool],
    single: Callable[[Code], Callable[[Context], Any]],
    read: Callable[[Node, Context], Any],
) -> Truth:
    first, second = _candidates(left, single, read), _candidates(right, single, read)
    quick = _one_or_none(left, single, read), _one_or_none(right, single, read)

    def run(context: Context) -> bool:
        one, other = quick[0](context), quick[1](context)
        if one is not None and other is not None:
            return holds(one, other)
        return slowly(context)

    def slowly(context: Context) -> bool:
        ours, theirs = first(context), second(context)
        if len(ours) == 1 and len(theirs) == 1:
            return holds(ours[0], theirs[0])
        return any(holds(one, other) for one in ours for other in theirs)

    return run


def _one_or_none(
    code: Code, single: Callable[[Code], Callable[[Context], Any]], read: Callable[[Node, Context], Any]
) -> Callable[[Context], Any]:
    """The value where there is exactly one; None where there may be none or several."""
    look = code.look
    if look is None:
        return single(code) if code.kind != "nodes" else _unknown

    def run(context: Context) -> Any:
        found = look(context)
        return None if isinstance(found, list) else read(found, context)

    return run


def _unknown(_: Context) -> None:
    return None


def _candidates(
    code: Code, single: Callable[[Code], Callable[[Context], Any]], read: Callable[[Node, Context], Any]
) -> Callable[[Context], list[Any]]:
    value = single(code)
    if code.kind != "nodes":
        return lambda context: [value(context)]
    nodes, empty = code.look or code.run, NAN if single is as_number else ""

    def run(context: Context) -> list[Any]:
        found = nodes(context)
        if not isinstance(found, list):
            return [read(found, context)]
        return [read(node, context) for node in found] or [empty]

    return run


def union(left: Code, right: Code) -> Code:
    """| of two node lists, in document order, each node once."""
    first, second = as_nodes(left), as_nodes(right)

    def run(context: Context) -> list[Node]:
        found = {id(node): node for node in (*first(context), *second(context))}
        return sorted(found.values(), key=document_order)

    return Code("nodes", run)


def document_order(node: Node) -> tuple[int, ...]:
    """A key that sorts nodes of one document as they stand in it."""
    places: list[int] = []
    while node.parent is not None:
        places.append(next((place for place, child in enumerate(node.parent.children) if child is node), -1))
        node = node.parent
    return tuple(reversed(places))
