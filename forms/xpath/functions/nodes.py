"""Functions over nodes, instances and tables."""

from __future__ import annotations

import hashlib

from forms.xpath.code import Code, as_scalar, as_string
from forms.xpath.context import Context
from forms.xpath.functions.registry import Compiler, function, special
from forms.xpath.phone_paths import place_of
from forms.xpath.stops import stop
from forms.xpath.syntax import Call
from forms.xpath.values import Node, Scalar, Value, scalar_to_number, value_of


@function("count", "nodes", returns="number")
def count(nodes: list[Node]) -> float:
    """How many nodes there are."""
    return float(len(nodes))


@function("count-non-empty", "nodes", returns="number", context=True)
def count_non_empty(context: Context, nodes: list[Node]) -> float:
    """How many nodes have a value or hold other elements."""
    return float(sum(1 for node in nodes if node.children or value_of(node, context.now) != ""))


@special("current", 0, 0, "() → nodes")
def _current(_: Compiler, __: Call) -> Code:
    """The node at which the whole expression stands, also inside predicates. Phones know it in paths alone."""

    def run(context: Context) -> list[Node]:
        # current()/.. is a path; current() alone is a function that phones do not know
        if not context.world.wide:
            stop("unsupported")
        return [context.current] if context.current.relevant else []

    return Code("nodes", run)


@special("instance", 1, 1, "(id) → nodes")
def _instance(compiler: Compiler, call: Call) -> Code:
    """Where paths into a secondary instance begin, instance('villages')/root/item. Phones know it in paths alone."""
    name = as_string(compiler.compile(call.arguments[0]))

    def run(context: Context) -> list[Node]:
        if not context.world.wide:
            stop("unsupported")
        root = context.world.instances.get(name(context))
        if root is None:
            return []
        document = Node("")
        document.children = [root]
        return [document]

    return Code("nodes", run)


@special("position", 0, 1, "(node?) → number")
def _position(compiler: Compiler, call: Call) -> Code:
    """The 1-based place in the list that a predicate looks at, or of a node among its siblings of the same name."""
    if not call.arguments:
        return Code("number", lambda context: float(context.position or context.node.position()))
    part = compiler.compile(call.arguments[0])
    if part.kind not in ("nodes", "value"):
        raise compiler.error(call, "expression.needs_nodes")
    nodes = part.run

    def run(context: Context) -> float:
        found = nodes(context)
        if not isinstance(found, list):
            stop("not-nodes")
        return float(1 + place_of(found[0])) if found else 0.0

    return Code("number", run)


@function("pulldata", "string string string string", returns="string", context=True)
def pulldata(context: Context, table: str, column: str, key_column: str, key: str) -> str:
    """The value in ``column`` of the first row of a table whose ``key_column`` says ``key``; '' when there is none."""
    root = context.world.tables.get(table) or context.world.tables.get(table.removesuffix(".csv"))
    if root is None:
        return ""
    for row in root.keyed(None, key_column).get(key, ()):
        cell = row.child(column)
        return cell.text if cell is not None else ""
    return ""


@special("randomize", 1, 2, "(nodes, seed?) → nodes")
def _randomize(compiler: Compiler, call: Call) -> Code:
    """The nodes in another order: always the same one for the same seed, as on a phone."""
    part = compiler.compile(call.arguments[0])
    if part.kind not in ("nodes", "value"):
        raise compiler.error(call, "expression.needs_nodes")
    nodes = part.run
    seed = as_scalar(compiler.compile(call.arguments[1])) if len(call.arguments) == 2 else None

    def run(context: Context) -> list[Node]:
        found: Value = nodes(context)
        if not isinstance(found, list):
            stop("not-nodes")
        draw = context.world.random
        if seed is not None:
            return shuffled(found, _seed(seed(context)))
        return shuffled(found, int(draw() * 2147483646) if draw is not None else 1)

    return Code("nodes", run)


def _seed(value: Scalar) -> int:
    """A number cut to 64 bits; of any other text the first eight bytes of its SHA-256."""
    number = scalar_to_number(value)
    if number == number:
        return int(max(-9223372036854775808.0, min(9223372036854775807.0, number)))
    if not isinstance(value, str):
        stop("not-a-text")
    made = hashlib.sha256(value.encode("utf-8", "replace"), usedforsecurity=False).digest()
    return int.from_bytes(made[:8], signed=True) if value else 0


def shuffled(nodes: list[Node], seed: int) -> list[Node]:
    """Fisher and Yates, built up from the front, with the generator of Park and Miller (16807, 2^31 - 1)."""
    state = seed % 2147483647 if seed >= 0 else -(-seed % 2147483647)
    if state <= 0:
        state += 2147483646
    result: list[Node] = []
    for place, node in enumerate(nodes):
        state = state * 16807 % 2147483647
        chosen = int((state - 1) / 2147483646 * (place + 1))
        result.append(node)
        result[place], result[chosen] = result[chosen], node
    return result


@function("depend", "value value*", returns="value")
def depend(value: Value, *_: Value) -> Value:
    """The first argument; the others only make the expression depend on them."""
    return value


@function("property", "string", returns="string", context=True, volatile=True)
def device_property(context: Context, name: str) -> str:
    """A property of the device or of who uses it ("deviceid", "username"), '' when it is not known."""
    return context.world.properties.get(name, "")


@function("version", returns="string", context=True)
def version(context: Context) -> str:
    """The version of the form (the property "version" of the context)."""
    return context.world.properties.get("version", "")
