"""Functions over texts. Lengths and places count UTF-16 units, as on a phone."""

from __future__ import annotations

from typing import Any

from forms.xpath.code import Code, as_string, constant, constant_value
from forms.xpath.context import Context
from forms.xpath.functions.registry import Compiler, function, special
from forms.xpath.patterns import find_pattern
from forms.xpath.stops import single, stop
from forms.xpath.syntax import Call
from forms.xpath.values import Value, cut, scalar_to_string, value_of

LONGEST = 1_000_000
"""How many characters a text that is put together may have."""


@special("string", 1, 1, "(value) → string")
def _string(compiler: Compiler, call: Call) -> Code:
    """A value as text: 3, 0.3333333333333333, 1.0E11, true, 2024-05-06 (dates lose their time)."""
    return _converted(compiler.compile(call.arguments[0]))


def _converted(part: Code) -> Code:
    if part.constant:
        return constant(as_string(part)(None))  # type: ignore[arg-type]
    return Code("string", as_string(part))


def _spread(values: tuple[Value, ...], context: Context) -> list[str]:
    """The texts of arguments: of a lone list of nodes all of them, else one each."""
    if len(values) == 1 and isinstance(values[0], list):
        return [scalar_to_string(value_of(node, context.now)) for node in values[0]]
    return [scalar_to_string(single(value, context)) for value in values]


def _joined(separator: str, texts: list[str]) -> str:
    if sum(map(len, texts)) + len(separator) * len(texts) > LONGEST:
        stop("too-large")
    return separator.join(texts)


@function("concat", "value*", returns="string", context=True)
def concat(context: Context, *values: Value) -> str:
    """All arguments one after the other; a single path gives all its nodes."""
    return _joined("", _spread(values, context))


@function("join", "string value*", returns="string", context=True)
def join(context: Context, separator: str, *values: Value) -> str:
    """The further arguments with ``separator`` between them; a single path gives all its nodes."""
    return _joined(separator, _spread(values, context))


@function("contains", "string string", returns="boolean")
def contains(text: str, part: str) -> bool:
    """Whether ``part`` stands somewhere in ``text``; '' stands in every text."""
    return part in text


@function("starts-with", "string string", returns="boolean")
def starts_with(text: str, part: str) -> bool:
    """Whether ``text`` begins with ``part``."""
    return text.startswith(part)


@function("ends-with", "string string", returns="boolean")
def ends_with(text: str, part: str) -> bool:
    """Whether ``text`` ends with ``part``."""
    return text.endswith(part)


@function("substring-before", "string string", returns="string")
def substring_before(text: str, part: str) -> str:
    """What stands before the first ``part``, '' when it is not there."""
    before, found, _ = text.partition(part) if part else ("", "", "")
    return before if found else ""


@function("substring-after", "string string", returns="string")
def substring_after(text: str, part: str) -> str:
    """What stands after the first ``part``, '' when it is not there; the whole text after ''."""
    return text.partition(part)[2] if part else text


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


@function("substr", "string number number?", returns="string")
def substr(text: str, start: float, end: float | None = None) -> str:
    """From ``start`` (from 0) up to before ``end``; negative places count from the end."""
    units = text if text.isascii() else _units(text)
    width = 1 if isinstance(units, str) else 2
    length = len(units) // width
    first = cut(start)
    last = length if end is None else cut(end)
    first = min(max(0, first + length if first < 0 else first), length)
    last = min(max(0, last + length if last < 0 else last), length)
    part = units[first * width : last * width]
    return part if isinstance(part, str) else part.decode("utf-16-le", "replace")


def _own_text(compiler: Compiler, call: Call) -> Any:
    if call.arguments:
        return as_string(compiler.compile(call.arguments[0]))
    return as_string(compiler.compile_text("."))


def text_length(text: str) -> float:
    """Number of UTF-16 units."""
    return float(len(text) if text.isascii() else len(_units(text)) // 2)


@special("string-length", 0, 1, "(text?) → number")
def _string_length(compiler: Compiler, call: Call) -> Code:
    """How many UTF-16 units a text has; without an argument that of the own node."""
    text = _own_text(compiler, call)
    return Code("number", lambda context: text_length(text(context)))


@special("normalize-space", 0, 1, "(text?) → string")
def _normalize_space(compiler: Compiler, call: Call) -> Code:
    """The text without blanks around it, one blank between words."""
    text = _own_text(compiler, call)
    return Code("string", lambda context: " ".join(text(context).split()))


@function("translate", "string string string", returns="string")
def translate(text: str, sources: str, targets: str) -> str:
    """Each character of ``sources`` replaced by the one at the same place of ``targets``, or left out."""
    table: dict[int, str | None] = {}
    for place, character in enumerate(sources):
        table.setdefault(ord(character), targets[place] if place < len(targets) else None)
    return text.translate(table)


@special("regex", 2, 2, "(text, pattern) → boolean")
def _regex(compiler: Compiler, call: Call) -> Code:
    """Whether the whole text matches the pattern, which is Java's. A literal that is no pattern is refused."""
    text, pattern = (compiler.compile(argument) for argument in call.arguments)
    read = as_string(text)
    if pattern.constant:
        compiled = find_pattern(scalar_to_string(constant_value(pattern)))
        if compiled is None:
            raise compiler.error(call, "expression.bad_pattern")
        return Code("boolean", lambda context: compiled(read(context)))
    read_pattern = as_string(pattern)

    def run(context: Context) -> bool:
        said, found = read(context), find_pattern(read_pattern(context))
        return stop("bad-pattern") if found is None else found(said)

    return Code("boolean", run)
