"""Regular expressions as Java has them (java.util.regex.Pattern), matched against whole texts in bounded time.

A pattern is rewritten for re2, which is linear. What re2 lacks (looking around, references back, possessive and atomic
groups, intersected classes) goes to ``regex``, which tries all ways but is given a fraction of a second: a match that
takes longer stops the expression. Source: the class comment of java.util.regex.Pattern, Java 17.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import re2
import regex

from forms.xpath.stops import stop

Match = Callable[[str], bool]
LONGEST = 5_000
"""How many characters a pattern may have."""
SECONDS = 0.1
"""How long one match may try."""

_QUIET = re2.Options()
_QUIET.log_errors = False
_ENDS = r"\n\r\x{85}\x{2028}\x{2029}"
_POSIX = {
    "Lower": "a-z", "Upper": "A-Z", "ASCII": r"\x00-\x7F", "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "0-9a-zA-Z",
    "Punct": r"!-/:-@\[-`{-~", "Graph": "!-~", "Print": " -~", "Blank": r" \t", "Cntrl": r"\x00-\x1F\x7F",
    "XDigit": "0-9a-fA-F", "Space": r" \t\n\x0B\f\r",
}  # fmt: skip
_CLASSES = {"d": "0-9", "w": "a-zA-Z_0-9", "s": r" \t\n\x0B\f\r", "v": rf"\x0B\f{_ENDS}",
            "h": r" \t\xA0\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}"}  # fmt: skip
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_JAVA_NAMES = {"javaLowerCase": r"\p{Ll}", "javaUpperCase": r"\p{Lu}", "javaWhitespace": r"\s", "javaLetter": r"\p{L}"}
_CATEGORY = re.compile(
    r"(?:Is|general_category=|gc=)?(C[cfosn]?|L[ultmo1C]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[lps]?)\Z"
)
_SCRIPT = re.compile(r"(?:Is|script=|sc=)([A-Z]\w+)\Z")
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_GROUP = re.compile(r"\?(?:<([A-Za-z][A-Za-z0-9]*)>|([:=!>]|<[=!])|([idmsuxU]*(?:-[idmsuxU]+)?)([:)]))")


class _BadPattern(ValueError):
    """The text is no pattern."""


@functools.lru_cache(maxsize=512)
def find_pattern(pattern: str) -> Match | None:
    """The test for a whole text, or None when ``pattern`` is no regular expression (or a far too long one)."""
    if len(pattern) > LONGEST:
        return None
    try:
        reader = _Reader(pattern)
        written = reader.all()
    except (_BadPattern, IndexError):
        return None
    if not reader.tries:
        try:
            return _linear(re2.compile(written, _QUIET))
        except (re2.error, UnicodeEncodeError):
            pass
    try:
        return _limited(regex.compile(_for_regex(written), regex.VERSION1))
    except (regex.error, OverflowError, RecursionError):
        return None


def _linear(compiled: Any) -> Match:
    def matches(text: str) -> bool:
        try:
            return compiled.fullmatch(text) is not None
        except UnicodeEncodeError:  # half a surrogate pair, which no XML holds
            return False

    return matches


def _limited(compiled: Any) -> Match:
    def matches(text: str) -> bool:
        try:
            return compiled.fullmatch(text, timeout=SECONDS) is not None
        except (TimeoutError, MemoryError):
            stop("too-slow")

    return matches


def _for_regex(written: str) -> str:
    """Code points as the other engine writes them."""
    return re.sub(r"(\\\\)|\\x\{([0-9a-fA-F]+)\}", lambda found: found[1] or f"\\U{int(found[2], 16):08x}", written)


def _literal(character: str) -> str:
    if character.isalnum() or character == "_":
        return character
    return f"\\x{{{ord(character):x}}}" if ord(character) > 126 or character < " " else f"\\{character}"


class _Reader:
    """Reads a Java pattern once from the left. ``tries``: it needs an engine that goes back."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.place = 0
        self.tries = False
        self.every = False
        self.groups = 0

    def peek(self, text: str) -> bool:
        return self.source.startswith(text, self.place)

    def take(self) -> str:
        character = self.source[self.place]
        self.place += 1
        return character

    def all(self) -> str:
        written = self.alternatives()
        if self.place < len(self.source):
            raise _BadPattern
        return written

    def alternatives(self) -> str:
        pieces: list[str] = []
        while self.place < len(self.source) and not self.peek(")"):
            if self.peek("|"):
                pieces.append(self.take())
                continue
            atom, repeats = self.atom()
            pieces.append(atom + (self.quantifier() if repeats else ""))
        return "".join(pieces)

    def atom(self) -> tuple[str, bool]:
        """One atom, and whether it may be repeated."""
        character = self.take()
        if character == "\\":
            return self.escape()
        if character == "[":
            return self.character_class(), True
        if character == "(":
            return self.group()
        if character == ".":
            return ("(?s:.)" if self.every else f"[^{_ENDS}]"), True
        if character in "*+?{":
            raise _BadPattern
        return (character, True) if character in "^$" else (_literal(character), True)

    def quantifier(self) -> str:
        written = ""
        count = _COUNT.match(self.source, self.place)
        if count is not None:
            if count[2] and int(count[2]) < int(count[1]):
                raise _BadPattern
            written = count[0]
            self.place = count.end()
        elif self.place < len(self.source) and self.source[self.place] in "*+?":
            written = self.take()
        elif self.peek("{"):
            raise _BadPattern
        if written and self.peek("?"):
            written += self.take()
        elif written and self.peek("+"):
            self.tries = True
            written += self.take()
        return written

    def group(self) -> tuple[str, bool]:
        found = _GROUP.match(self.source, self.place)
        if found is None:
            if self.peek("?"):
                raise _BadPattern
            self.groups += 1
            return f"({self.closed()})", True
        self.place = found.end()
        name, kind, flags, end = found.groups()
        if name is not None:
            self.groups += 1
            return f"(?P<{name}>{self.closed()})", True
        if kind is not None:
            self.tries |= kind != ":"
            return f"(?{kind}{self.closed()})", True
        return self.flagged(flags, end)

    def flagged(self, flags: str, end: str) -> tuple[str, bool]:
        on, _, off = flags.partition("-")
        self.tries |= "x" in flags
        kept, before = "".join(sorted(set(on) & set("imsx"))), self.every
        lost = "".join(sorted(set(off) & set("imsx")))
        self.every = ("s" in on) or (self.every and "s" not in off)
        mark = f"{kept}-{lost}" if lost else kept
        if end == ")":
            rest = self.alternatives()
            self.every = before if self.place < len(self.source) else self.every
            return (f"(?{mark}:{rest})" if mark else rest), False
        inner = self.closed()
        self.every = before
        return f"(?{mark}:{inner})", True

    def closed(self) -> str:
        inner = self.alternatives()
        if not self.peek(")"):
            raise _BadPattern
        self.place += 1
        return inner

    def escape(self) -> tuple[str, bool]:
        """What follows a backslash outside a class."""
        character = self.take()
        if character == "Q":
            return self.quoted(), True
        if character in "bBGZ":
            self.tries = True
            ends = rf"(?=(?:\r\n|[{_ENDS}])?\Z)"
            return {"b": r"\b", "B": r"\B", "G": r"\G", "Z": ends}[character], True
        if character in "Az":
            return (r"\A" if character == "A" else r"(?:$)"), True
        if character == "R":
            return rf"(?:\r\n|[\x0B\f{_ENDS}])", True
        if character == "k":
            return self.named_reference(), True
        if character in "123456789":
            self.tries = True
            if int(character) > self.groups:
                return r"(?!)", True
            return f"(?:\\{character})", True
        self.place -= 1
        written, complete = self.shared_escape()
        return (written if complete else f"[{written}]"), True

    def quoted(self) -> str:
        end = self.source.find("\\E", self.place)
        text = self.source[self.place : end if end >= 0 else None]
        self.place = end + 2 if end >= 0 else len(self.source)
        return "".join(map(_literal, text))

    def named_reference(self) -> str:
        found = re.compile(r"<(\w+)>").match(self.source, self.place)
        if found is None:
            raise _BadPattern
        self.place, self.tries = found.end(), True
        return f"(?P={found[1]})"

    def shared_escape(self) -> tuple[str, bool]:
        """An escape that may stand inside a class; False says that it is the inside of one."""
        character = self.take()
        if character in _CLASSES:
            return _CLASSES[character], False
        if character.lower() in _CLASSES:
            return f"[^{_CLASSES[character.lower()]}]", True
        if character in "pP":
            return self.property(character)
        if character in _CONTROLS:
            return _literal(_CONTROLS[character]), True
        if character == "c":
            return _literal(chr(ord(self.take()) ^ 64)), True
        if character in "xu0":
            return _literal(self.code_point(character)), True
        if character.isalnum() and character.isascii():
            raise _BadPattern
        return _literal(character), True

    def code_point(self, kind: str) -> str:
        shapes = {"x": r"\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2})", "u": r"([0-9a-fA-F]{4})", "0": r"([0-3]?[0-7]{1,2})"}
        found = re.compile(shapes[kind]).match(self.source, self.place)
        if found is None:
            raise _BadPattern
        self.place = found.end()
        number = int(next(group for group in found.groups() if group), 8 if kind == "0" else 16)
        if number > 0x10FFFF:
            raise _BadPattern
        return chr(number)

    def property(self, kind: str) -> tuple[str, bool]:
        name = self.take()
        if name == "{":
            end = self.source.index("}", self.place) if "}" in self.source[self.place :] else -1
            if end < 0:
                raise _BadPattern
            name, self.place = self.source[self.place : end], end + 1
        if name in _POSIX:
            return (_POSIX[name], False) if kind == "p" else (f"[^{_POSIX[name]}]", True)
        if name in _JAVA_NAMES:
            written = _JAVA_NAMES[name]
            return (written if kind == "p" else f"[^{written}]"), True
        category, script = _CATEGORY.match(name), _SCRIPT.match(name)
        if category is not None:
            return f"\\{kind}{{{category[1]}}}", True
        if script is None and not name.startswith(("In", "block=", "blk=")):
            raise _BadPattern
        self.tries |= script is None or script[1] in ("Alphabetic", "Lowercase", "Uppercase", "Digit", "Punctuation")
        return f"\\{kind}{{{script[1] if script is not None else name}}}", True

    def character_class(self) -> str:
        """[…], with unions and intersections inside."""
        negated = self.peek("^")
        self.place += negated
        pieces: list[str] = []
        first = True
        while first or not self.peek("]"):
            if self.place >= len(self.source):
                raise _BadPattern
            pieces.append(self.class_item(first))
            first = False
        self.place += 1
        return f"[{'^' if negated else ''}{''.join(pieces)}]"

    def class_item(self, first: bool) -> str:
        if self.peek("&&") and not first:
            self.place += 2
            self.tries = True
            return "&&"
        character = self.take()
        if character == "[":
            self.tries = True
            return self.character_class()
        if character == "-":
            return "-" if self._is_range(first) else r"\-"
        if character != "\\":
            return _literal(character)
        if self.peek("Q"):
            self.place += 1
            return self.quoted()
        written, complete = self.shared_escape()
        self.tries |= complete and written.startswith("[")
        return written

    def _is_range(self, first: bool) -> bool:
        following = self.source[self.place] if self.place < len(self.source) else "]"
        return not first and following not in "]["
