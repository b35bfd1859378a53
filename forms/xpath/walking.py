"""Going through a syntax tree."""

from __future__ import annotations

from collections.abc import Iterator

from forms.xpath.syntax import Binary, Call, Expr, Negation, Path


def walk(expression: Expr) -> Iterator[Expr]:
    """Every expression in ``expression``, itself first."""
    pending: list[Expr] = [expression]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Binary):
            pending += (node.left, node.right)
        elif isinstance(node, Negation):
            pending.append(node.operand)
        elif isinstance(node, Call):
            pending += node.arguments
        elif isinstance(node, Path):
            if not isinstance(node.start, str):
                pending.append(node.start)
            pending += node.predicates
            pending += (predicate for step in node.steps for predicate in step.predicates)
