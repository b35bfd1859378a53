"""Truth values and choices between values."""

from __future__ import annotations

from forms.xpath.code import Code, as_boolean, as_scalar, constant_value, fold
from forms.xpath.context import Context
from forms.xpath.functions.registry import Compiler, function, special
from forms.xpath.stops import single, stop
from forms.xpath.syntax import Call
from forms.xpath.values import Scalar, Value, cut, scalar_to_boolean, scalar_to_number, value_of


@function("true", returns="boolean")
def true() -> bool:
    """True."""
    return True


@function("false", returns="boolean")
def false() -> bool:
    """False."""
    return False


@special("boolean", 1, 1, "(value) → boolean")
def _boolean(compiler: Compiler, call: Call) -> Code:
    """True for numbers but 0 and NaN, for texts but the empty one (also for "false"), for every date."""
    part = compiler.compile(call.arguments[0])
    return fold(Code("boolean", as_boolean(part)), part)


@function("not", "boolean", returns="boolean")
def negated(truth: bool) -> bool:
    """The opposite."""
    return not truth


@function("boolean-from-string", "string", returns="boolean")
def boolean_from_string(text: str) -> bool:
    """True for "1" and for "true" in any case, else false."""
    return text == "1" or text.lower() == "true"


@special("if", 3, 3, "(condition, yes, no) → value")
def _if(compiler: Compiler, call: Call) -> Code:
    """The second argument when the first holds, else the third; the other one is not evaluated."""
    condition, yes, no = (compiler.compile(argument) for argument in call.arguments)
    holds = as_boolean(condition)
    if condition.constant:
        return yes if constant_value(Code("boolean", holds)) else no
    kind = yes.kind if yes.kind == no.kind and yes.kind != "nodes" else "value"
    first, second = yes.run, no.run
    if yes.constant and no.constant:
        one, other = constant_value(yes), constant_value(no)
        return Code(kind, lambda context: one if holds(context) else other)
    return Code(kind, lambda context: first(context) if holds(context) else second(context))


@special("coalesce", 2, 2, "(first, second) → value")
def _coalesce(compiler: Compiler, call: Call) -> Code:
    """The first argument unless it is empty ('' or NaN), else the second."""
    first, second = (compiler.compile(argument) for argument in call.arguments)
    if first.constant:
        return second if _is_empty(as_scalar(first)(None)) else first  # type: ignore[arg-type]
    value_of_first, value_of_second = first.run, second.run

    def run(context: Context) -> Value:
        value: Value = value_of_first(context)
        return value_of_second(context) if _is_empty(single(value, context)) else value

    return Code("value", run)


def _is_empty(value: Scalar) -> bool:
    return value == "" or value != value


def _unfolded(values: tuple[Value, ...], context: Context) -> list[bool]:
    if len(values) == 1 and isinstance(values[0], list):
        return [scalar_to_boolean(value_of(node, context.now)) for node in values[0]]
    return [scalar_to_boolean(single(value, context)) for value in values]


@function("checklist", "number number value*", returns="boolean", context=True)
def checklist(context: Context, fewest: float, most: float, *factors: Value) -> bool:
    """Whether the number of true factors lies within both bounds; a negative bound is none."""
    count = sum(_unfolded(factors, context))
    least, limit = cut(fewest), cut(most)
    return (least < 0 or count >= least) and (limit < 0 or count <= limit)


@function("weighted-checklist", "number number value value value*", returns="boolean", context=True)
def weighted_checklist(context: Context, lowest: float, highest: float, *pairs: Value) -> bool:
    """Whether the weights (each after its factor) of the true factors sum up to a number within both bounds."""
    if len(pairs) % 2:
        stop("bad-call")
    if len(pairs) == 2 and isinstance(pairs[0], list) and isinstance(pairs[1], list):
        flags: list[Value] = [value_of(node, context.now) for node in pairs[0]]
        weights: list[Value] = [value_of(node, context.now) for node in pairs[1]]
    else:
        flags, weights = list(pairs[::2]), list(pairs[1::2])
    if len(flags) != len(weights):
        stop("bad-call")
    total = 0.0
    for flag, weight in zip(flags, weights, strict=True):
        holds, number = scalar_to_boolean(single(flag, context)), scalar_to_number(single(weight, context))
        total += number if holds else 0.0
    return lowest <= total <= highest
