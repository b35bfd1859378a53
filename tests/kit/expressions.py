"""Expressions made at random over the documents of tests/vectors/xpath, always the same for the same seed."""

import random


def _words(text: str, between: str | None = None) -> list[str]:
    return text.strip().split(between)


PATHS = _words("""
. .. ../i /data/i /data/neg /data/dec /data/s /data/m /data/d /data/dt /data/b /data/g /data/sel /data/rep/x
../rep/x /data/rep[x=2]/y /data/rep[position()=1]/x /data/rep /data/grp/q /data/grp/n /data/grp /data/nothing
/data/hid current()/../i ../../rep/x /data/rep[1]/x /data/rep/sub/z /data/rep[sub/z=21]/x /data/@id /data/trace
/data/shape /data/rep[x>1]/x /data/total
""")
TEXTS = _words(
    """
''|'a'|'a b c'|'1'|'1.5'|' 2 '|'abc'|'2024-05-06'|'2024-05-06T10:20:30.000+07:00'|'10:20'|'thôn bản'|'true'|'-3'|
'10 106 0 0;11 107 0 0'|'x,y'|'%Y-%m'|'[a-z]+'|'aGk='|'MD5'|'hex'|'b'|'1,5'
""".replace("\n", ""),
    "|",
)
NUMBERS = _words("0 1 2 3 -1 0.5 1.5 100 0.1 3.14159 12345.9 0.001 99999999999 7 -0.25 10")
OPERATORS = _words("+ - * div mod = != < <= > >= and or")
CALLS = _words("""
date:s date-time:s decimal-date-time:a decimal-time:a format-date:ss format-date-time:ss boolean:a not:a
boolean-from-string:a number:a int:a round:a round:an abs:a pow:nn log:n log10:n exp:n sqrt:n sin:n cos:n tan:n
asin:n acos:n atan:n atan2:nn min:aa min:p sum:p count:p count-non-empty:p concat:aaa concat:p join:saa join:sp
substr:an substr:ann substring-before:aa substring-after:aa translate:sss contains:aa starts-with:aa
ends-with:aa string-length:a normalize-space:a string:a selected:ss selected:as count-selected:a selected-at:sn
if:baa coalesce:aa depend:aa checklist:nnbb checklist:nnp weighted-checklist:nnbnbn regex:as digest:sss
base64-decode:s area:p distance:p distance:s distance:ss geofence:sp randomize:pn position:p once:a true: false:
pi: position:
""")
PLACES = ("/data/total", "/data/rep[2]/y", "/data/rep[1]/sub[2]/z", "/data/grp/q", "/data/rep[3]", "/data/i")


def expressions(seed: int, count: int) -> list[tuple[str, str]]:
    """(place, expression), ``count`` of them."""
    chance = random.Random(seed)
    return [(chance.choice(PLACES), _made("a", 3, chance)) for _ in range(count)]


def _made(kind: str, depth: int, chance: random.Random) -> str:
    """An expression, mostly of the kind: a path (p), a text (s), a number (n), a truth value (b) or anything (a)."""
    if kind == "p":
        return chance.choice(PATHS)
    drawn = chance.random()
    if depth <= 0 or drawn < 0.35:
        own = {"s": TEXTS, "n": NUMBERS}.get(kind, [*NUMBERS, *TEXTS, *PATHS])
        return chance.choice(own) if chance.random() < 0.7 else chance.choice(PATHS)
    if drawn < 0.75:
        name, _, arguments = chance.choice(CALLS).partition(":")
        return f"{name}({', '.join(_made(argument, depth - 1, chance) for argument in arguments)})"
    if drawn < 0.95:
        return f"{_made('a', depth - 1, chance)} {chance.choice(OPERATORS)} {_made('a', depth - 1, chance)}"
    return f"({_made('a', depth - 1, chance)})" if drawn < 0.98 else f"-{_made('n', depth - 1, chance)}"
