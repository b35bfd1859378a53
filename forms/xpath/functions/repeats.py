"""Functions over repeats and over an answer's own past."""

from __future__ import annotations

from forms.xpath.code import Code, as_number, as_scalar, node_scalar
from forms.xpath.context import Context
from forms.xpath.functions.registry import Compiler, special
from forms.xpath.syntax import ANY_NAME, ANY_NODE, PARENT, SELF, Call, Expr, Path
from forms.xpath.values import Node, Value

Route = tuple[int | None, tuple[str, ...]]
"""How many steps up from the expression's node, None for an absolute path; then names down."""


@special("indexed-repeat", 3, 11)
def _indexed_repeat(compiler: Compiler, call: Call) -> Code:
    """A field of the nth instance of a repeat: (field, repeat, n) and up to four further pairs for repeats inside.

    An n below 1 reads the first, as on a phone; repeats that are not given stay those the expression stands in.
    """
    pairs = call.arguments[1:]
    routes = [_route(part) for part in (call.arguments[0], *pairs[::2])]
    if len(pairs) % 2 or any(route is None for route in routes):
        raise compiler.error(call, "expression.needs_path")
    field, *repeats = [route for route in routes if route is not None]
    places = [as_number(compiler.compile(place)) for place in pairs[1::2]]

    def run(context: Context) -> list[Node]:
        above = _from_root(context.node)
        chosen = {}
        for repeat, place in zip(repeats, places, strict=True):
            number = place(context)
            chosen[len(_names(repeat, above)) - 1] = int(number) if 1 <= number < 1e9 else 1
        return _walk(context.world.root, _names(field, above), chosen, above)

    return Code("nodes", run)


def _route(part: Expr) -> Route | None:
    if not isinstance(part, Path) or part.start not in ("root", "here") or part.predicates:
        return None
    ups: int | None = None if part.start == "root" else 0
    names: list[str] = []
    for step in part.steps:
        if step.axis == "child" and step.test not in (ANY_NAME, ANY_NODE) and not step.predicates:
            names.append(step.test)
        elif step == PARENT and ups is not None and not names:
            ups += 1
        elif step != SELF:
            return None
    return ups, tuple(names)


def _from_root(node: Node) -> list[Node]:
    chain: list[Node] = []
    above: Node | None = node
    while above is not None and above.name:
        chain.append(above)
        above = above.parent
    return chain[::-1]


def _names(route: Route, above: list[Node]) -> tuple[str, ...]:
    ups, names = route
    if ups is None:
        return names
    return (*(node.name for node in above[: max(0, len(above) - ups)]), *names)


def _walk(root: Node, names: tuple[str, ...], chosen: dict[int, int], above: list[Node]) -> list[Node]:
    nodes = [root] if names[:1] == (root.name,) else []
    for level, name in enumerate(names[1:], 1):
        own = above[level] if level < len(above) else None
        found: list[Node] = []
        for node in nodes:
            children = node.named(name)
            if level in chosen:
                found += children[chosen[level] - 1 : chosen[level]]
            else:
                found += [own] if own in children and own is not None else children
        nodes = found
    return [node for node in nodes if node.relevant]


@special("once", 1, 1)
def _once(compiler: Compiler, call: Call) -> Code:
    """The answer that stands there already, else the argument's value."""
    value = as_scalar(compiler.compile(call.arguments[0]))

    def run(context: Context) -> Value:
        own = node_scalar(context.node, context)
        return value(context) if own == "" else own

    return Code("scalar", run)
