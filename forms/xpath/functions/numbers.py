"""Functions over numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

from forms.xpath.code import Code, as_number, constant, fold
from forms.xpath.context import Context
from forms.xpath.functions.registry import Compiler, function, special
from forms.xpath.stops import single
from forms.xpath.syntax import Call
from forms.xpath.values import NAN, Value, cut, scalar_to_number, value_of


@special("number", 1, 1, "(value) → number")
def _number(compiler: Compiler, call: Call) -> Code:
    """The number a text spells (a comma may be the point, no exponent), 1 or 0 of a truth value, the days of a date."""
    part = compiler.compile(call.arguments[0])
    if part.constant:
        return constant(as_number(part)(None))  # type: ignore[arg-type]
    return Code("number", as_number(part))


@function("int", "number", returns="number")
def integer(number: float) -> float:
    """The number without its fraction, towards zero."""
    return math.copysign(float(math.trunc(number)), number) if math.isfinite(number) else number


@function("round", "number number?", returns="number")
def round_to(number: float, places: float = 0.0) -> float:
    """Rounded to decimal places, halves towards positive infinity; negative places round to tens, hundreds, …"""
    if not math.isfinite(number):
        return number
    if places == 0:
        whole = math.floor(number)
        return float(whole + 1 if number - whole >= 0.5 else whole)
    kept = cut(places)
    if abs(kept) > 30:
        return NAN
    if kept >= 0:
        method = ROUND_HALF_DOWN if number < 0 else ROUND_HALF_UP
        exact = Decimal(repr(number))
        exponent = exact.as_tuple().exponent
        if isinstance(exponent, int) and -exponent <= kept:
            return number
        return float(exact.quantize(Decimal(1).scaleb(-kept), rounding=method))
    scaled = Decimal(repr(number)).scaleb(kept)
    return float(Decimal(int(float(scaled) + 0.5)).scaleb(-kept))


def _numbers(values: tuple[Value, ...], context: Context) -> list[float]:
    if len(values) == 1 and isinstance(values[0], list):
        found = [scalar_to_number(value_of(node, context.now)) for node in values[0]]
    else:
        found = [scalar_to_number(single(value, context)) for value in values]
    return [number for number in found if number == number]


@function("sum", "nodes", returns="number", context=True)
def total(context: Context, nodes: Value) -> float:
    """The sum of the nodes' numbers; what is none is left out."""
    result = 0.0
    for number in _numbers((nodes,), context):
        result += number
    return result


@special("max", 0, None, "(number …) → number")
def _max(compiler: Compiler, call: Call) -> Code:
    """The largest number among the arguments or the nodes of one path; NaN when there is none.

    JavaRosa gives 4.9E-324 when all are negative, which is a defect of its own; the true maximum is given here.
    """
    parts = [compiler.compile(argument) for argument in call.arguments]
    numbers = [as_number(part) for part in parts]

    def largest(context: Context) -> float:
        best = NAN
        for number_of in numbers:
            number = number_of(context)
            if number > best or best != best:
                best = number
        return best

    return _over_nodes(parts, max) or fold(Code("number", largest), *parts)


@special("min", 0, None, "(number …) → number")
def _min(compiler: Compiler, call: Call) -> Code:
    """The smallest number among the arguments or the nodes of one path; NaN when there is none."""
    parts = [compiler.compile(argument) for argument in call.arguments]
    numbers = [as_number(part) for part in parts]

    def smallest(context: Context) -> float:
        best = NAN
        for number_of in numbers:
            number = number_of(context)
            if number < best or best != best:
                best = number
        return best

    return _over_nodes(parts, min) or fold(Code("number", smallest), *parts)


def _over_nodes(parts: list[Code], choose: Callable[..., float]) -> Code | None:
    """The only argument, where it may be many nodes."""
    if len(parts) != 1 or parts[0].kind not in ("nodes", "value"):
        return None
    run = parts[0].run
    return Code("number", lambda context: choose(_numbers((run(context),), context), default=NAN))


def guarded(body: Callable[..., float], says: str) -> Callable[..., float]:
    """A function of the C library that gives NaN outside its domain and infinity where it overflows."""

    def call(*numbers: float) -> float:
        try:
            return body(*numbers)
        except ValueError:
            return NAN
        except OverflowError:
            return math.inf

    call.__doc__ = says
    return call


def natural_logarithm(number: float, log: Callable[[float], float] = math.log) -> float:
    """The logarithm, of 0 minus infinity."""
    return -math.inf if number == 0 else log(number)


_pow = guarded(math.pow, "math.pow")


def power(base: float, exponent: float) -> float:
    """``base`` raised to ``exponent`` as in IEEE 754, but NaN for 1 to the infinite, as in Java."""
    if abs(base) == 1 and not math.isfinite(exponent):
        return NAN
    if base == 1 or exponent == 0:
        return 1.0
    if exponent != exponent:
        return NAN
    if base == 0 and exponent < 0:
        odd = exponent == int(exponent) and int(exponent) % 2 == 1 if math.isfinite(exponent) else False
        return math.copysign(math.inf, base) if odd else math.inf
    if base < 0 and exponent % 2 == 1:
        return -_pow(-base, exponent)
    return _pow(base, exponent)


_PLAIN: dict[str, tuple[Callable[..., float], str]] = {
    "acos": (math.acos, "The arc cosine in radians; NaN outside of -1 … 1."),
    "asin": (math.asin, "The arc sine in radians; NaN outside of -1 … 1."),
    "atan": (math.atan, "The arc tangent in radians."),
    "cos": (math.cos, "The cosine of radians."),
    "sin": (math.sin, "The sine of radians."),
    "tan": (math.tan, "The tangent of radians."),
    "sqrt": (math.sqrt, "The square root, NaN of negative numbers."),
    "exp": (math.exp, "e raised to a number."),
    "abs": (abs, "The number without its sign."),
    "log": (natural_logarithm, "The natural logarithm: NaN of negative numbers, minus infinity of 0."),
    "log10": (lambda number: natural_logarithm(number, math.log10), "The logarithm to base 10."),
    "exp10": (lambda number: power(10.0, number), "10 raised to a number."),
}
for _name, (_body, _says) in _PLAIN.items():
    function(_name, "exact", returns="number")(guarded(_body, _says))

_ANGLE = "The angle in radians of the point with y first and x second."
function("atan2", "exact exact", returns="number")(guarded(math.atan2, _ANGLE))
function("pow", "exact exact", returns="number")(power)


@function("pi", returns="number")
def pi() -> float:
    """The ratio of a circle's circumference to its diameter."""
    return math.pi


@function("random", returns="number", context=True, volatile=True)
def random(context: Context) -> float:
    """A number from 0 up to before 1, drawn from the context; 0 when the context has no source of chance."""
    source = context.world.random
    return source() if source is not None else 0.0
