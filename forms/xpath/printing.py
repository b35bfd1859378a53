"""Syntax tree → text: the inverse of :mod:`forms.xpath.parser`."""

from __future__ import annotations

from decimal import Decimal

from forms.xpath.parser import STRENGTH
from forms.xpath.syntax import PARENT, SELF, Binary, Call, Expr, Negation, Number, Path, Step, Text

_NEGATION = STRENGTH["*"] + 1
_ATOM = 100


def printed(expression: Expr) -> str:
    """The text of an expression, with no more brackets than needed.

    Raises ValueError for what no text says: a literal with both kinds of quotes, a number that is none.
    """
    return _text(expression, 0)


def _text(expression: Expr, weakest: int) -> str:
    text, strength = _written(expression)
    return f"({text})" if strength < weakest else text


def _written(expression: Expr) -> tuple[str, int]:
    if isinstance(expression, Text):
        return _literal(expression.value), _ATOM
    if isinstance(expression, Number):
        return _number(expression.value), _ATOM
    if isinstance(expression, Call):
        arguments = ", ".join(_text(argument, 0) for argument in expression.arguments)
        return f"{expression.name}({arguments})", _ATOM
    if isinstance(expression, Negation):
        weakest = _ATOM if isinstance(expression.operand, Negation) else _NEGATION
        return f"-{_text(expression.operand, weakest)}", _NEGATION
    if isinstance(expression, Binary):
        strength = STRENGTH[expression.operator]
        # operators of one strength are read from the left
        left, right = _text(expression.left, strength), _text(expression.right, strength + 1)
        return f"{left} {expression.operator} {right}", strength
    # a lone "/" takes what follows for its step
    return _path(expression), _ATOM if expression.steps or expression.start != "root" else 0


def _literal(value: str) -> str:
    quote = '"' if "'" in value else "'"
    if quote in value:
        raise ValueError("a literal cannot hold both kinds of quotes")
    return f"{quote}{value}{quote}"


def _number(value: float) -> str:
    if not 0 <= value < float("inf"):
        raise ValueError("a literal number is finite and has no sign")
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def _path(path: Path) -> str:
    if path.start == "root":
        start = "/"
    elif path.start == "here":
        start = ""
    else:
        inner = f"({printed(path.start)})" if isinstance(path.start, Path) else _text(path.start, _ATOM)
        start = inner + _predicates(path.predicates) + ("/" if path.steps else "")
    return start + "/".join(map(_step, path.steps))


def _step(step: Step) -> str:
    if step == SELF:
        return "."
    if step == PARENT:
        return ".."
    test = f"{step.prefix}:{step.test}" if step.prefix else step.test
    axis = {"child": "", "attribute": "@"}.get(step.axis, f"{step.axis}::")
    return f"{axis}{test}{_predicates(step.predicates)}"


def _predicates(predicates: tuple[Expr, ...]) -> str:
    return "".join(f"[{_text(predicate, 0)}]" for predicate in predicates)
