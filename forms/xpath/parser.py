"""Tokens → syntax tree: a precedence climber over the grammar of XPath 1.0 section 3."""

from __future__ import annotations

from typing import cast

from forms.errors import ExpressionError
from forms.xpath.lexer import Token, syntax_error, tokenize
from forms.xpath.syntax import (
    ANY_NAME,
    ANY_NODE,
    AXES,
    EVERYWHERE,
    PARENT,
    SELF,
    Axis,
    Binary,
    Call,
    Expr,
    Negation,
    Number,
    Path,
    Step,
    Text,
)
from forms.xpath.walking import height

_LEVELS = (("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"), (), ("|",))
STRENGTH = {operator: strength for strength, operators in enumerate(_LEVELS, 1) for operator in operators}
_NEGATION_STRENGTH = 7
DEEPEST = 80
"""How deep brackets may nest; pyxform and people stay far below it, and the interpreter's stack is not at risk."""
HIGHEST = 100
"""How many expressions may stand in one another: 1 < 2 < 3 is as deep as ((1)). Sums and alternatives count once."""
LONGEST = 100_000
"""How many characters an expression may have."""


def parse(source: str) -> Expr:
    """The syntax tree of ``source``.

    Raises ExpressionError, with ``position`` where the text stops making sense, "expression.syntax" or
    "expression.too_deep", "expression.empty".
    """
    if not source.strip():
        raise syntax_error(source, 0, "expression.empty")
    if len(source) > LONGEST:
        raise syntax_error(source[:80], LONGEST, "expression.too_deep")
    reader = _Reader(source)
    expression = reader.expression(0)
    if reader.token.kind != "end":
        raise reader.error()
    if height(expression) > HIGHEST:
        raise syntax_error(source, 0, "expression.too_deep")
    return expression


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokenize(source)
        self.place = 0
        self.depth = 0
        self.token = self.tokens[0]

    def error(self, code: str = "expression.syntax") -> ExpressionError:
        return syntax_error(self.source, self.token.position, code)

    def advance(self) -> Token:
        token = self.token
        self.place += 1
        self.token = self.tokens[min(self.place, len(self.tokens) - 1)]
        return token

    def takes(self, text: str) -> bool:
        if self.token.kind in ("mark", "operator") and self.token.text == text:
            self.advance()
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.takes(text):
            raise self.error()

    def expression(self, weakest: int) -> Expr:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error("expression.too_deep")
        left = self.operand()
        while self.token.kind == "operator":
            strength = STRENGTH[self.token.text]
            if strength <= weakest:
                break
            operator = self.advance().text
            left = Binary(operator, left, self.expression(strength))
        self.depth -= 1
        return left

    def operand(self) -> Expr:
        minuses = 0
        while self.token.kind == "operator" and self.token.text == "-":
            self.advance()
            minuses += 1
        if minuses:
            operand = self.expression(_NEGATION_STRENGTH)
            return Negation(operand) if minuses % 2 else Negation(Negation(operand))
        return self.path()

    def path(self) -> Expr:
        token = self.token
        if token.kind == "mark" and token.text in ("/", "//"):
            return self.absolute()
        start = self.primary()
        if start is None:
            return Path("here", self.steps())
        predicates = self.predicates()
        steps: tuple[Step, ...] = ()
        if self.takes("//"):
            steps = (EVERYWHERE, *self.steps())
        elif self.takes("/"):
            steps = self.steps()
        return Path(start, steps, predicates) if steps or predicates else start

    def absolute(self) -> Path:
        if self.advance().text == "//":
            return Path("root", (EVERYWHERE, *self.steps()))
        if self.starts_step():
            return Path("root", self.steps())
        return Path("root", ())

    def starts_step(self) -> bool:
        kind, text = self.token.kind, self.token.text
        return (
            kind in ("name", "axis")
            or (kind == "mark" and text in (".", "..", "@", "*"))
            or (kind == "function" and text == "node")
        )

    def primary(self) -> Expr | None:
        token = self.token
        if token.kind == "text":
            return Text(self.advance().text)
        if token.kind == "number":
            return Number(float(self.advance().text))
        if token.kind == "function" and token.text != "node":
            return self.call()
        if self.takes("("):
            inner = self.expression(0)
            self.expect(")")
            return inner
        return None

    def call(self) -> Call:
        name = self.advance()
        self.expect("(")
        arguments: list[Expr] = []
        if not self.takes(")"):
            arguments.append(self.expression(0))
            while self.takes(","):
                arguments.append(self.expression(0))
            self.expect(")")
        return Call(name.text, tuple(arguments), name.position)

    def steps(self) -> tuple[Step, ...]:
        steps = [self.step()]
        while self.token.kind == "mark" and self.token.text in ("/", "//"):
            if self.advance().text == "//":
                steps.append(EVERYWHERE)
            steps.append(self.step())
        return tuple(steps)

    def step(self) -> Step:
        if self.takes("."):
            return Step("self", ANY_NODE, self.predicates()) if self.at_predicate() else SELF
        if self.takes(".."):
            return Step("parent", ANY_NODE, self.predicates()) if self.at_predicate() else PARENT
        axis: Axis = "child"
        if self.takes("@"):
            axis = "attribute"
        elif self.token.kind == "axis":
            if self.token.text not in AXES:
                raise self.error("expression.axis")
            axis = cast(Axis, self.advance().text)
            self.expect("::")
        prefix = self.token.text.rpartition(":")[0] if self.token.kind == "name" else ""
        return Step(axis, self.test(), self.predicates(), prefix)

    def test(self) -> str:
        if self.takes("*"):
            return ANY_NAME
        token = self.token
        if token.kind == "function" and token.text == "node":
            self.advance()
            self.expect("(")
            self.expect(")")
            return ANY_NODE
        if token.kind != "name":
            raise self.error()
        self.advance()
        return token.text.rpartition(":")[2]

    def at_predicate(self) -> bool:
        return self.token.kind == "mark" and self.token.text == "["

    def predicates(self) -> tuple[Expr, ...]:
        found: list[Expr] = []
        while self.takes("["):
            found.append(self.expression(0))
            self.expect("]")
        return tuple(found)
