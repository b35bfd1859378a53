"""Expressions as they can be compared: written differently, yet saying the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from forms.errors import ExpressionError
from forms.xpath.parser import parse
from forms.xpath.references import GenericPath
from forms.xpath.syntax import ANY_NAME, ANY_NODE, Binary, Call, Expr, Negation, Path, Step

Places = Mapping[GenericPath, GenericPath]
"""Absolute paths with what they are called elsewhere; a path takes that of the nearest above it."""


def canonical(source: str, here: GenericPath, places: Places | None = None) -> str:
    """A text that two expressions share when they differ in nothing but spaces, quotes, brackets that change nothing,
    spelling of numbers, and relative against absolute paths (``../m_age`` at ``here``, ``/data/member/m_age``).

    ``places``: what was renamed or moved, so that who reads it by its new name says the same. Where an expression is
    too deep to be taken apart, only spaces are evened out.
    """
    try:
        return repr(_Reader(here, places or {}).read(parse(source), here))
    except (ExpressionError, RecursionError):
        return " ".join(source.split())


class _Reader:
    def __init__(self, current: GenericPath, places: Places) -> None:
        self.current = current
        self.places = places

    def read(self, node: Expr, here: GenericPath | None) -> Expr:
        """The same with every path absolute; ``here`` is None among the nodes of another instance."""
        if isinstance(node, Binary):
            return Binary(node.operator, self.read(node.left, here), self.read(node.right, here))
        if isinstance(node, Negation):
            return Negation(self.read(node.operand, here))
        if isinstance(node, Call):
            return Call(node.name, tuple(self.read(each, here) for each in node.arguments), 0)
        return self._path(node, here) if isinstance(node, Path) else node

    def _path(self, path: Path, here: GenericPath | None) -> Path:
        place = self._start(path, here)
        if place is None:
            start = path.start if isinstance(path.start, str) else self.read(path.start, here)
            kept = tuple(self.read(each, None) for each in path.predicates)
            return Path(start, tuple(self._foreign(step) for step in path.steps), kept)
        told: list[Step] = [Step("child", name) for name in place]
        rest = list(path.steps)
        while rest and _is_plain(rest[0]):
            step = rest.pop(0)
            if step.axis == "child":
                told.append(Step("child", step.test, self._kept(step, (*_names(told), step.test))))
            elif step.axis == "parent":
                del told[-1:]
        after = [replace(step, predicates=self._kept(step, None)) for step in rest]
        return Path("root", (*self._renamed(told), *after), tuple(self.read(each, place) for each in path.predicates))

    def _kept(self, step: Step, place: GenericPath | None) -> tuple[Expr, ...]:
        return tuple(self.read(each, place) for each in step.predicates)

    def _foreign(self, step: Step) -> Step:
        return replace(step, predicates=tuple(self.read(each, None) for each in step.predicates))

    def _start(self, path: Path, here: GenericPath | None) -> GenericPath | None:
        if path.start == "root":
            return ()
        if path.start == "here":
            return here
        if isinstance(path.start, Call) and path.start.name == "current" and not path.predicates:
            return self.current
        return None

    def _renamed(self, steps: list[Step]) -> list[Step]:
        names = _names(steps)
        for length in range(len(names), 0, -1):
            place = self.places.get(names[:length])
            if place is None:
                continue
            if len(place) == length:
                return [replace(step, test=name) for step, name in zip(steps, place, strict=False)] + steps[length:]
            if not any(step.predicates for step in steps[:length]):
                return [Step("child", name) for name in place] + steps[length:]
        return steps


def _names(steps: list[Step]) -> GenericPath:
    return tuple(step.test for step in steps)


def _is_plain(step: Step) -> bool:
    if step.axis == "child":
        return step.test not in (ANY_NAME, ANY_NODE)
    return step.axis in ("parent", "self") and step.test == ANY_NODE and not step.predicates
