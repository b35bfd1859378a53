"""Compiled pieces of an expression, and how each is read as a text, a number, a truth value or nodes.

The kind of a piece is known when it is compiled, so that no type is looked up while it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from forms.errors import EvaluationError
from forms.xpath.context import Context
from forms.xpath.moments import local_days_of
from forms.xpath.stops import first_of, stop
from forms.xpath.values import (
    NAN,
    READERS,
    Node,
    Scalar,
    Value,
    scalar_to_boolean,
    scalar_to_number,
    scalar_to_string,
    string_to_number,
    value_of,
)

Kind = Literal["string", "number", "boolean", "scalar", "nodes", "value"]
"""What a piece yields: "scalar" is one value of a type known only when it runs, "value" may also be nodes."""
Look: TypeAlias = Callable[[Context], "Node | list[Node]"]


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled piece: ``run(context)`` yields what ``kind`` says.

    ``constant`` pieces read no context (they may be run with any). Paths have ``look``, which gives the node itself
    when there is exactly one, relevant or not, and else the list of relevant ones: one node is the common case.
    """

    kind: Kind
    run: Callable[[Context], Any]
    constant: bool = False
    look: Look | None = None


_NOWHERE: Any = None


def own_node(context: Context) -> Node:
    """The look of the path "."."""
    return context.node


def constant(value: Scalar) -> Code:
    """A piece that always yields ``value``."""
    kind: Kind = "scalar"
    if isinstance(value, bool):
        kind = "boolean"
    elif isinstance(value, str):
        kind = "string"
    elif isinstance(value, float):
        kind = "number"
    return Code(kind, lambda _: value, constant=True)


def fold(code: Code, *parts: Code) -> Code:
    """``code`` run now, once and for all, when every part of it is constant."""
    if all(part.constant for part in parts):
        try:
            return constant(code.run(_NOWHERE))
        except EvaluationError:
            return code
    return code


def constant_value(code: Code) -> Any:
    """The value of a constant piece."""
    return code.run(_NOWHERE)


def node_string(node: Node, context: Context) -> str:
    """A node's value as text."""
    text = node.text
    if not text or not node.relevant:
        return ""
    read = READERS.get(node.data_type)
    return text if read is None else scalar_to_string(read(text, context.now))


def node_number(node: Node, context: Context) -> float:
    """A node's value as a number."""
    text = node.text
    if not text or not node.relevant:
        return NAN
    read = READERS.get(node.data_type)
    if read is None:
        return string_to_number(text)
    value = read(text, context.now)
    return value if isinstance(value, float) else scalar_to_number(value)


def node_boolean(node: Node, context: Context) -> bool:
    """A node's value as true or false."""
    return scalar_to_boolean(value_of(node, context.now))


def node_scalar(node: Node, context: Context) -> Scalar:
    """A node's value in its own type."""
    return value_of(node, context.now)


def _first(look: Look, read: Callable[[Node, Context], Any], empty: Any) -> Callable[[Context], Any]:
    def run(context: Context) -> Any:
        found = look(context)
        if isinstance(found, Node):
            return read(found, context)
        return read(first_of(found, context), context) if found else empty

    return run


def _number_at(look: Look) -> Callable[[Context], float]:
    """As :func:`node_number` of what is found, which most rules ask for: one call less."""

    def run(context: Context) -> float:
        found = look(context)
        if not isinstance(found, Node):
            return node_number(first_of(found, context), context) if found else NAN
        text = found.text
        if not text or not found.relevant:
            return NAN
        read = READERS.get(found.data_type)
        if read is None:
            return string_to_number(text)
        value = read(text, context.now)
        return value if isinstance(value, float) else scalar_to_number(value)

    return run


def _reader(
    code: Code, kind: Kind, convert: Callable[[Scalar], Any], read: Callable[[Node, Context], Any], empty: Any
) -> Callable[[Context], Any]:
    run = code.run
    if code.kind == kind:
        return run
    if code.constant:
        value = convert(run(_NOWHERE))
        return lambda _: value
    if code.look is not None:
        return _first(code.look, read, empty)
    if code.kind in ("nodes", "value"):

        def unpacked(context: Context) -> Any:
            value = run(context)
            if isinstance(value, list):
                return read(first_of(value, context), context) if value else empty
            return convert(value)

        return unpacked
    return lambda context: convert(run(context))


def as_string(code: Code) -> Callable[[Context], str]:
    """Read a piece as text."""
    return _reader(code, "string", scalar_to_string, node_string, "")


def as_number(code: Code) -> Callable[[Context], float]:
    """Read a piece as a number."""
    if code.look is not None:
        return _number_at(code.look)
    return _reader(code, "number", scalar_to_number, node_number, NAN)


def as_exact_number(code: Code) -> Callable[[Context], float]:
    """Read a piece as a number, a moment that is no node's with its time of day: so a phone does for mathematics."""
    if code.kind not in ("scalar", "value"):
        return as_number(code)
    run, number = code.run, as_number(code)

    def exactly(context: Context) -> float:
        value = run(context)
        return local_days_of(value) if isinstance(value, datetime) else number(context)

    return exactly


def as_boolean(code: Code) -> Callable[[Context], bool]:
    """Read a piece as true or false."""
    return _reader(code, "boolean", scalar_to_boolean, node_boolean, False)


def as_truth(code: Code) -> Code:
    """A piece whose kind is "boolean"."""
    return Code("boolean", as_boolean(code), code.constant)


def _same(value: Scalar) -> Scalar:
    return value


def as_scalar(code: Code) -> Callable[[Context], Scalar]:
    """Read a piece as one value of whatever type."""
    if code.kind in ("string", "number", "boolean"):
        return code.run
    return _reader(code, "scalar", _same, node_scalar, "")


def as_value(code: Code) -> Callable[[Context], Value]:
    """Read a piece as it is."""
    return code.run


def as_nodes(code: Code) -> Callable[[Context], list[Node]]:
    """Read a piece as nodes; what are no nodes reads as none."""
    run = code.run
    if code.kind == "nodes":
        return run

    def nodes(context: Context) -> list[Node]:
        value = run(context)
        return value if isinstance(value, list) else []

    return nodes


def as_sure_nodes(code: Code) -> Callable[[Context], list[Node]]:
    """Read a piece as nodes, and stop where it gives none but a value."""
    run = code.run
    if code.kind == "nodes":
        return run

    def nodes(context: Context) -> list[Node]:
        value = run(context)
        return value if isinstance(value, list) else stop("not-nodes")

    return nodes
