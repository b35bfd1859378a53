"""The operators of XPath 1.0 section 3.3–3.5, compiled for the kinds of their operands.

As on a phone: = and != compare as booleans when either side is one, else as numbers (equal within 1e-12) when either
is one, else as texts; < and the like always compare numbers, dates as whole days. A path that finds nothing is ''.
Where a path finds several nodes, a phone stops with an error, and so do we; in a wide world the comparison holds if it
holds for any of them.
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
from forms.xpath.stops import allow, stop
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


Number = Callable[[Context], float]
_ARITHMETIC: dict[str, Callable[[Number, Number], Number]] = {
    "+": lambda left, right: lambda context: left(context) + right(context),
    "-": lambda left, right: lambda context: left(context) - right(context),
    "*": lambda left, right: lambda context: left(context) * right(context),
    "div": lambda left, right: lambda context: divide(left(context), right(context)),
    "mod": lambda left, right: lambda context: remainder(left(context), right(context)),
}


_APPLY: dict[str, Callable[[float, float], float]] = {
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
    return fold(Code("number", _ARITHMETIC[name](as_number(left), as_number(right))), left, right)


def sum_of(first: Code, rest: list[tuple[str, Code]]) -> Code:
    """A run of + and -, or of * div mod, from the left: hundreds of terms are no deep pile of calls."""
    start = as_number(first)
    terms = [(_APPLY[name], as_number(code)) for name, code in rest]

    def run(context: Context) -> float:
        result = start(context)
        for apply, number in terms:
            result = apply(result, number(context))
        return result

    return fold(Code("number", run), first, *(code for _, code in rest))


def negation(operand: Code) -> Code:
    """The unary minus."""
    number = as_number(operand)
    return fold(Code("number", lambda context: -number(context)), operand)


def conjunction(name: str, operands: list[Code]) -> Code:
    """``and`` or ``or`` over two or more operands, from the left, no further than needed."""
    truths = [as_boolean(operand) for operand in operands]
    return fold(Code("boolean", _all(truths) if name == "and" else _any(truths)), *operands)


def _all(truths: list[Truth]) -> Truth:
    first, second, *rest = truths
    if not rest:
        return lambda context: first(context) and second(context)
    if len(rest) == 1:
        third = rest[0]
        return lambda context: first(context) and second(context) and third(context)

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
            return holds(number if isinstance(number, float) else scalar_to_number(number), limit)

        return own

    def run(context: Context) -> bool:
        found = look(context)
        if isinstance(found, Node):
            return holds(node_number(found, context), limit)
        allow(found, context)
        return any(holds(node_number(node, context), limit) for node in found)

    return run


def equality(name: str, left: Code, right: Code) -> Code:
    """= and !=."""
    if left.constant and not right.constant:
        left, right = right, left
    compare = equal if name == "=" else unequal
    if right.constant and left.look is not None:
        return Code("boolean", _node_equality(left.look, constant_value(right), compare))
    if left.kind == "nodes" or right.kind == "nodes":
        return Code("boolean", _existential(left, right, compare, as_scalar, node_scalar))
    first, second = as_scalar(left), as_scalar(right)
    return fold(Code("boolean", lambda context: compare(first(context), second(context))), left, right)


def _node_equality(look: Look, value: Scalar, compare: Callable[[Scalar, Scalar], bool]) -> Truth:
    expected, text = compare is equal, isinstance(value, str)
    number = None if isinstance(value, bool) else scalar_to_number(value)

    def run(context: Context) -> bool:
        found = look(context)
        if not isinstance(found, Node):
            allow(found, context)
            return any(compare(node_scalar(node, context), value) for node in found) if found else compare("", value)
        if text and found.data_type not in READERS:
            return ((found.text if found.relevant else "") == value) is expected
        said = node_scalar(found, context)
        if number is not None and isinstance(said, float):
            return (-1e-12 < said - number < 1e-12) is expected
        return compare(said, value)

    return run


def _existential(
    left: Code,
    right: Code,
    holds: Callable[[Any, Any], bool],
    single: Callable[[Code], Callable[[Context], Any]],
    read: Callable[[Node, Context], Any],
) -> Truth:
    first, second = _candidates(left, single, read), _candidates(right, single, read)
    one_or_none, other_or_none = _one_or_none(left, single, read), _one_or_none(right, single, read)

    def run(context: Context) -> bool:
        one, other = one_or_none(context), other_or_none(context)
        if one is not None and other is not None:
            return holds(one, other)
        # what is known is not asked again: in "a < b < c < …" each would be asked twice as often as the one before
        ours = first(context) if one is None else [one]
        return slowly(ours, second(context) if other is None else [other], context)

    def slowly(ours: list[Any], theirs: list[Any], context: Context) -> bool:
        if len(ours) == 1 and len(theirs) == 1:
            return holds(ours[0], theirs[0])
        allow(ours, context)
        allow(theirs, context)
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
        return read(found, context) if isinstance(found, Node) else None

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
        if isinstance(found, Node):
            return [read(found, context)]
        return [read(node, context) for node in found] or [empty]

    return run


def union(left: Code, right: Code) -> Code:
    """| of two node lists, in document order, each node once."""
    first, second = as_nodes(left), as_nodes(right)

    def run(context: Context) -> list[Node]:
        if not context.world.wide:
            stop("unsupported")
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
