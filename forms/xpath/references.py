"""Which answers an expression reads: what the dependency graph of a form is made of."""

from __future__ import annotations

from collections.abc import Iterator

from forms.xpath.syntax import ANY_NAME, ANY_NODE, Binary, Call, Expr, Negation, Path, Step
from forms.xpath.walking import walk

GenericPath = tuple[str, ...]


def references_of(expression: Expr, context_path: GenericPath) -> frozenset[GenericPath]:
    """The absolute paths that ``expression``, standing at ``context_path``, reads in the form's own instance."""
    return frozenset(path for path in _paths(expression, context_path) if path)


def functions_of(expression: Expr) -> frozenset[str]:
    """The names of all functions that ``expression`` calls."""
    return frozenset(node.name for node in walk(expression) if isinstance(node, Call))


def _paths(expression: Expr, context_path: GenericPath) -> Iterator[GenericPath]:
    # what "." stands for goes along; it is None inside predicates of another instance, whose nodes are no answers
    pending: list[tuple[Expr, GenericPath | None]] = [(expression, context_path)]
    while pending:
        node, here = pending.pop()
        if isinstance(node, Binary):
            pending += ((node.left, here), (node.right, here))
        elif isinstance(node, Negation):
            pending.append((node.operand, here))
        elif isinstance(node, Call):
            pending += ((argument, here) for argument in node.arguments)
        elif isinstance(node, Path):
            place = _start(node, here, context_path)
            if place is None and not isinstance(node.start, str):
                pending.append((node.start, here))
            pending += ((predicate, place) for predicate in node.predicates)
            told = True
            for step in node.steps:
                if place is not None and told:
                    place, told = _after(place, step)
                pending += ((predicate, place) for predicate in step.predicates)
            if place is not None:
                yield place


def _start(path: Path, here: GenericPath | None, current: GenericPath) -> GenericPath | None:
    if path.start == "root":
        return ()
    if path.start == "here":
        return here
    if isinstance(path.start, Call) and path.start.name == "current":
        return current
    return None


def _after(place: GenericPath, step: Step) -> tuple[GenericPath, bool]:
    """The path after a step, and whether it can still be told; else the path so far stands for all below it."""
    if step.axis == "child" and step.test not in (ANY_NAME, ANY_NODE):
        return (*place, step.test), True
    if step.axis == "parent":
        return place[:-1], True
    if step.axis == "self":
        return place, True
    if step.axis in ("following-sibling", "preceding-sibling", "ancestor", "ancestor-or-self"):
        return place[:-1] if "sibling" in step.axis else place[:1], False
    return place, False
