"""Going through a syntax tree."""

from __future__ import annotations

from collections.abc import Iterator

from forms.xpath.syntax import Binary, Call, Expr, Negation, Path

SUMS, PRODUCTS = frozenset({"+", "-"}), frozenset({"*", "div", "mod"})


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


def terms(expression: Binary) -> tuple[Expr, list[tuple[str, Expr]]]:
    """The first operand of a run of operators of one strength, and the others with what stands before each."""
    alike = next(
        (signs for signs in (SUMS, PRODUCTS) if expression.operator in signs), frozenset({expression.operator})
    )
    found: list[tuple[str, Expr]] = []
    first: Expr = expression
    while isinstance(first, Binary) and first.operator in alike:
        found.append((first.operator, first.right))
        first = first.left
    return first, found[::-1]


def parts_of(expression: Expr) -> list[Expr]:
    """What stands directly in an expression; of a run of "and", "or", sums or products all operands."""
    if isinstance(expression, Binary):
        if expression.operator in ("and", "or") or expression.operator in SUMS or expression.operator in PRODUCTS:
            first, rest = terms(expression)
            return [first, *(term for _, term in rest)]
        return [expression.left, expression.right]
    if isinstance(expression, Negation):
        return [expression.operand]
    if isinstance(expression, Call):
        return list(expression.arguments)
    if isinstance(expression, Path):
        start = [] if isinstance(expression.start, str) else [expression.start]
        return [*start, *expression.predicates, *(each for step in expression.steps for each in step.predicates)]
    return []


def height(expression: Expr) -> int:
    """How many expressions stand in one another at most."""
    highest, level = 0, [expression]
    while level:
        highest += 1
        level = [part for each in level for part in parts_of(each)]
    return highest
