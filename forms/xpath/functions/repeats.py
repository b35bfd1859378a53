"""Functions over repeats and over an answer's own past."""

from __future__ import annotations

from forms.xpath.code import Code, as_number, node_scalar
from forms.xpath.context import Context
from forms.xpath.functions.registry import Compiler, special
from forms.xpath.paths import keeper
from forms.xpath.phone_paths import Level, Route, expand, from_top, lineage, root_of, route_of
from forms.xpath.stops import stop
from forms.xpath.syntax import Call, Expr, Path
from forms.xpath.values import Node, Value, cut


@special("indexed-repeat", 3, 11, "(field, repeat, index, …) → nodes")
def _indexed_repeat(compiler: Compiler, call: Call) -> Code:
    """A field of the nth instance of a repeat: (field, repeat, n) and up to four further pairs for repeats inside.

    An n below 1 reads the first, as on a phone; repeats that are not given stay those the expression stands in.
    """
    pairs = call.arguments[1:]
    routes = [_route(compiler, part) for part in (call.arguments[0], *pairs[::2])]
    if len(pairs) % 2 or any(route is None for route in routes):
        raise compiler.error(call, "expression.needs_path")
    field, *repeats = [route for route in routes if route is not None]
    places = [as_number(compiler.compile(place)) for place in pairs[1::2]]

    def run(context: Context) -> list[Node]:
        above = lineage(context.node)
        levels = from_top(field, above)
        chosen = list(levels)
        for repeat, place in zip(repeats, places, strict=True):
            group = from_top(repeat, above)
            if not _stands_above(group, levels):
                stop("not-above")
            last, number = len(group) - 1, cut(place(context))
            chosen[last] = levels[last].at(max(number, 1) - 1)
        if not levels:
            stop("past-the-root")
        return expand(root_of(field, above, context), chosen[1:], context)

    return Code("nodes", run)


def _route(compiler: Compiler, part: Expr) -> Route | None:
    if not isinstance(part, Path):
        return None
    route = route_of(part, lambda predicate: keeper(compiler.compile(predicate)))
    return None if isinstance(route, str) else route


def _stands_above(group: list[Level], field: list[Level]) -> bool:
    return 0 < len(group) < len(field) and all(
        one.name == other.name and (one.place is None or one.place == other.place or place == 0)
        for place, (one, other) in enumerate(zip(group, field, strict=False))
    )


@special("once", 1, 1, "(value) → value")
def _once(compiler: Compiler, call: Call) -> Code:
    """The answer that stands there already, else the argument's value."""
    value = compiler.compile(call.arguments[0]).run

    def run(context: Context) -> Value:
        made: Value = value(context)
        own = node_scalar(context.node, context)
        return made if own == "" else own

    return Code("value", run)
