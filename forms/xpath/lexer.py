"""Expression text → tokens, by the rules of XPath 1.0 section 3.7."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from forms.errors import ExpressionError

Kind = Literal["text", "number", "name", "function", "axis", "operator", "mark", "end"]

_NAME = r"[^\W\d][\w.\-·]*"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<text>"[^"]*"|'[^']*')
    | (?P<number>\d+(?:\.\d*)?|\.\d+)
    | (?P<name>{_NAME}(?::(?:{_NAME}|\*))?(?!:{_NAME}))
    | (?P<mark>::|\.\.|//|!=|<=|>=|[()\[\].@,/|+\-=<>*])
    )""",
    re.VERBOSE,
)
_AXIS_OR_CALL = re.compile(r"\s*(::|\()")
_OPERATOR_NAMES = ("and", "or", "div", "mod")
_OPERATOR_MARKS = frozenset({"|", "+", "-", "=", "!=", "<", "<=", ">", ">="})
_NODE_TYPES = frozenset({"node", "text", "comment", "processing-instruction"})
# what stands before an operand: there a name is a name, and * is a name test (the disambiguation rule of XPath)
_OPENING = frozenset({"(", "[", ",", "@", "::", "/", "//"})


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` is what the token says: of a literal without its quotes. ``position`` counts from 0."""

    kind: Kind
    text: str
    position: int


def syntax_error(source: str, position: int, code: str = "expression.syntax") -> ExpressionError:
    """The error for a place where the text cannot be understood."""
    return ExpressionError(code, {"source": source, "position": position, "remedy": f"{code}.remedy"})


def tokenize(source: str) -> list[Token]:
    """All tokens of ``source``, closed by one of kind "end". Raises ExpressionError at the first odd character."""
    tokens: list[Token] = []
    place, length = 0, len(source.rstrip())
    while place < length:
        found = _TOKEN.match(source, place)
        if found is None or found.lastgroup is None:
            blank = len(source[place:]) - len(source[place:].lstrip())
            raise syntax_error(source, place + blank)
        token = _token(source, found, _expects_operator(tokens))
        tokens.append(token)
        place = token.position + len(token.text) + (2 if token.kind == "text" else 0)
    tokens.append(Token("end", "", length))
    return tokens


def _expects_operator(tokens: list[Token]) -> bool:
    if not tokens:
        return False
    last = tokens[-1]
    return last.kind != "operator" and not (last.kind == "mark" and last.text in _OPENING) and last.kind != "axis"


def _token(source: str, found: re.Match[str], operator_expected: bool) -> Token:
    group = found.lastgroup or ""
    text, start = found[group], found.start(group)
    if group == "text":
        return Token("text", text[1:-1], start)
    if group == "number":
        return Token("number", text, start)
    if group == "mark":
        operator = text in _OPERATOR_MARKS or (text == "*" and operator_expected)
        return Token("operator" if operator else "mark", text, start)
    if operator_expected:
        return _operator_name(source, text, start)
    following = _AXIS_OR_CALL.match(source, found.end())
    if following is None:
        return Token("name", text, start)
    return Token("axis" if following[1] == "::" else "function", text, start)


def _operator_name(source: str, text: str, start: int) -> Token:
    """An operator name. As on a phone the operand may follow without a blank: "1 div2", "a andtrue()"."""
    for name in _OPERATOR_NAMES:
        if text.startswith(name):
            return Token("operator", name, start)
    raise syntax_error(source, start)
