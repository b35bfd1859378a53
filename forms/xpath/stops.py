"""Where a phone stops: the reasons for which JavaRosa throws while it evaluates, and the error we raise there."""

from __future__ import annotations

from collections.abc import Sized
from typing import Literal, NoReturn

from forms.errors import EvaluationError
from forms.xpath.context import Context
from forms.xpath.values import Node, Scalar, Value, value_of

Reason = Literal[
    "several-nodes", "not-a-date", "not-a-text", "not-a-shape", "not-nodes", "bad-pattern", "bad-format",
    "too-slow", "too-large", "past-the-root", "no-instance", "unsupported", "unknown-algorithm", "unknown-function",
    "bad-call", "not-above",
]  # fmt: skip


def stop(reason: Reason) -> NoReturn:
    """Raise the EvaluationError for ``reason``."""
    raise EvaluationError("expression.stopped", {"reason": reason})


def first_of(nodes: list[Node], context: Context) -> Node:
    """The node where one value is wanted of some: several are too many, unless the world is wide."""
    allow(nodes, context)
    return nodes[0]


def single(value: Value, context: Context) -> Scalar:
    """The one value behind a value: of nodes the only one's, '' of none."""
    if isinstance(value, list):
        return value_of(first_of(value, context), context.now) if value else ""
    return value


def allow(found: Sized, context: Context) -> None:
    """Stop where several are compared as if they were one, unless the world is wide."""
    if len(found) > 1 and not context.world.wide:
        stop("several-nodes")
