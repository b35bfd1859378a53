"""Paths as JavaRosa walks them: names from the root down, each with a place or none, and predicates beside them.

A phone reads a path as a list of levels. ``..`` counts upwards from the node the expression stands at, wherever in the
path it is written; a level that has the name of the same level of that node takes its place too, in absolute paths, as
long as all levels above have; a wildcard takes its name. The name of the root is not looked at. A predicate keeps what
it finds true, and nothing for a number, a text or nodes. What it cannot read at all it stops at.
Source: JavaRosa 5.1 as measured (XPathPathExpr, TreeReference, EvaluationContext).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from forms.xpath.context import Context
from forms.xpath.stops import Reason, stop
from forms.xpath.syntax import ANY_NAME, ANY_NODE, PARENT, SELF, Call, Expr, Path, Step, Text
from forms.xpath.values import Node

Keep = Callable[[list[Node], Context], list[Node]]
"""What passes one predicate."""


@dataclass(frozen=True, slots=True)
class Level:
    """One name of a path. ``place`` counts from 0, None is any; an attribute has none."""

    name: str
    place: int | None = None
    keeps: tuple[Keep, ...] = ()
    attribute: bool = False
    prefix: str = ""

    def at(self, place: int) -> Level:
        """The same level at a place, unless it has predicates."""
        return self if self.keeps else replace(self, place=place)


@dataclass(frozen=True, slots=True)
class Route:
    """A path taken apart. ``ups`` is None in absolute ones; ``instance`` names a secondary instance."""

    ups: int | None
    levels: tuple[Level, ...]
    instance: str | None = None
    current: bool = False


def route_of(path: Path, keeper: Callable[[Expr], Keep]) -> Route | Reason:
    """``path`` taken apart, or why a phone stops at it. ``keeper`` compiles a predicate."""
    head = _head(path)
    if isinstance(head, str):
        return head
    ups, levels = head.ups, []
    parents_allowed = ups is not None
    for place, step in enumerate(path.steps):
        if step == PARENT and parents_allowed:
            ups = ups + 1 if ups is not None else None
        elif step.axis in ("child", "attribute") and step.test not in (ANY_NODE, "") and not _odd(step):
            levels.append(Level(step.test, attribute=step.axis == "attribute", prefix=step.prefix))
            parents_allowed = step.axis == "child"
        elif step != SELF:
            return "unsupported"
        if step.predicates:
            beside = place - ups if ups else place
            if not 0 <= beside < len(levels):
                return "unsupported"
            levels[beside] = replace(levels[beside], keeps=tuple(keeper(one) for one in step.predicates))
    return replace(head, ups=ups, levels=tuple(levels))


def _odd(step: Step) -> bool:
    return step.test == ANY_NAME and (step.axis == "attribute" or step.prefix != "")


def _head(path: Path) -> Route | Reason:
    if path.start == "root":
        return Route(None, ())
    if path.start == "here":
        return Route(0, ())
    if isinstance(path.start, Call) and not path.predicates:
        call = path.start
        if call.name == "current":
            return Route(0, (), current=True)
        if call.name == "instance" and len(call.arguments) == 1 and isinstance(call.arguments[0], Text):
            return Route(None, (), instance=call.arguments[0].value)
    return "unsupported"


def lineage(node: Node) -> list[Node]:
    """A node and all above it, from the root element down."""
    above: list[Node] = []
    here: Node | None = node
    while here is not None and here.name:
        above.append(here)
        here = here.parent
    above.reverse()
    return above


def top_name(node: Node) -> str:
    """The name of the root element above a node."""
    while node.parent is not None and node.parent.name:
        node = node.parent
    return node.name


def place_of(node: Node) -> int:
    """The place of a node among those of its name, from 0; that of an attribute is -4."""
    return -4 if node.name.startswith("@") else node.position() - 1


def contextualised(route: Route, above: list[Node]) -> list[Level]:
    """The levels of a path for an expression that stands at the end of ``above``, with what they take from there."""
    levels = list(route.levels)
    beside = above if route.ups is None else above[len(above) - route.ups :]
    for place, (level, each) in enumerate(zip(levels, beside, strict=False)):
        if level.attribute or level.name not in (ANY_NAME, each.name):
            break
        bound = route.ups is None and not level.keeps
        levels[place] = replace(level, name=each.name, place=place_of(each) if bound else None)
    return levels


def from_top(route: Route, above: list[Node]) -> list[Level]:
    """All levels of a path from the root element down, for an expression that stands at the end of ``above``."""
    levels = contextualised(route, above)
    if route.ups is None:
        return levels
    if route.ups > len(above):
        stop("past-the-root")
    return [Level(each.name, place_of(each)) for each in above[: len(above) - route.ups]] + levels


def expand(start: Node, levels: list[Level], context: Context) -> list[Node]:
    """The nodes at the end of ``levels``, which begin below ``start``; irrelevant ones left out."""
    nodes, prefix_of = [start], context.world.prefix_of
    for level in levels:
        found: list[Node] = []
        for node in nodes:
            below = _below(node, level)
            if level.prefix and prefix_of is not None:
                below = [each for each in below if prefix_of(each) == level.prefix]
            for keep in level.keeps:
                below = keep(below, context)
            found += below
        nodes = found
    return [node for node in nodes if node.relevant]


def _below(node: Node, level: Level) -> list[Node]:
    name = level.name
    if level.attribute:
        return attributes_named(node, name)
    if name == ANY_NAME:
        children = node.children
        if children and len(node.named(children[0].name)) != len(children):
            stop("unsupported")
        return children
    children = node.named(name)
    if level.place is None:
        return children
    return children[level.place : level.place + 1] if level.place >= 0 else []


def attributes_named(node: Node, name: str) -> list[Node]:
    """The attribute called ``name`` of a node, as a node of its own."""
    for key, value in (node.attributes or {}).items():
        local = key.rpartition("}")[2].rpartition(":")[2]
        if name in (local, key):
            attribute = Node(f"@{local}", value, parent=node)
            attribute.relevant = node.relevant
            return [attribute]
    return []


def walked(route: Route) -> Callable[[Context], list[Node]]:
    """The nodes that a path leads to."""

    def run(context: Context) -> list[Node]:
        above = lineage(context.current if route.current else context.node)
        levels = contextualised(route, above)
        kept = len(above) - route.ups if route.ups is not None else 0
        if kept > 0:
            return expand(above[kept - 1], levels, context)
        if kept < 0 or not levels:
            stop("past-the-root")
        return expand(root_of(route, above, context), levels[1:], context)

    return run


def root_of(route: Route, above: list[Node], context: Context) -> Node:
    """The root element at which a path from the top begins."""
    if route.instance is not None:
        held = context.world.instances.get(route.instance)
        if held is None:
            stop("no-instance")
        return held
    return context.world.root if route.ups is None or not above else above[0]
