"""The syntax tree of an expression (XPath 1.0 section 3, as far as XForms use it)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Axis = Literal[
    "child", "self", "parent", "attribute", "descendant", "descendant-or-self", "ancestor", "ancestor-or-self",
    "following-sibling", "preceding-sibling",
]  # fmt: skip
AXES: frozenset[str] = frozenset(Axis.__args__)  # type: ignore[attr-defined]
ANY_NAME = "*"
ANY_NODE = "node()"


@dataclass(frozen=True, slots=True)
class Text:
    """A literal in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number."""

    value: float


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments. ``position`` is where its name starts."""

    name: str
    arguments: tuple[Expr, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. ``test``: a local name, ``ANY_NAME`` or ``ANY_NODE``; ``prefix``: what stood before it."""

    axis: Axis
    test: str
    predicates: tuple[Expr, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from a start: "root", "here", or the nodes of another expression, which may carry its own predicates."""

    start: Literal["root", "here"] | Expr
    steps: tuple[Step, ...]
    predicates: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and one of: or and = != < <= > >= + - * div mod |."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Negation:
    """The unary minus."""

    operand: Expr


Expr: TypeAlias = Text | Number | Call | Path | Binary | Negation
PARENT = Step("parent", ANY_NODE)
SELF = Step("self", ANY_NODE)
EVERYWHERE = Step("descendant-or-self", ANY_NODE)
