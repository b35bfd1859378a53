"""Paths of names alone, and those that only a wide world walks, compiled to closures over nodes.

An absolute path stays, as on a phone, within the repeats that the expression itself stands in as long as its steps
name the same elements: /data/member/age means the age of this member inside the repeat, and all ages outside.
Irrelevant nodes are never found. In a wide world numbers as predicates select by place (XPath 1.0 section 2.4).
:mod:`forms.xpath.phone_paths` has the others as a phone walks them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, cast

from forms.xpath.code import Code, Look, as_boolean, own_node
from forms.xpath.context import Context
from forms.xpath.phone_paths import Route, top_name, walked
from forms.xpath.stops import Reason, stop
from forms.xpath.syntax import ANY_NAME, ANY_NODE, Step
from forms.xpath.values import Node

Start = Literal["root", "here", "current"]
Nodes = Callable[[Context], list[Node]]
Walk = Callable[[Node], Iterable[Node]]
Move = Callable[[list[Node], Context], list[Node]]


def simple_path(start: Start, ups: int, names: tuple[str, ...]) -> Code:
    """A path of ".." steps followed by child names, without predicates."""
    if start == "root":
        look = _absolute(names)
    elif not ups and not names:
        look = own_node if start == "here" else _own_current
    elif start == "here" and ups == 1 and len(names) == 1:
        look = _sibling(names[0])
    else:
        look = _relative(start, ups, names)

    def run(context: Context) -> list[Node]:
        found = look(context)
        if isinstance(found, Node):
            return [found] if found.relevant else []
        return found

    return Code("nodes", run, look=look)


def _own_current(context: Context) -> Node:
    return context.current


def _sibling(name: str) -> Look:
    def look(context: Context) -> Node | list[Node]:
        parent = context.node.parent
        if parent is None or not parent.name:
            return _from_above(parent, context, (name,))
        found = parent.named(name)
        if len(found) == 1:
            return found[0]
        return [node for node in found if node.relevant]

    return look


def _relative(start: Start, ups: int, names: tuple[str, ...]) -> Look:
    here = start == "here"

    def look(context: Context) -> Node | list[Node]:
        node: Node | None = context.node if here else context.current
        for _ in range(ups):
            if node is None:
                stop("past-the-root")
            node = node.parent
        if node is None or not node.name:
            return _from_above(node, context, names)
        for place, name in enumerate(names):
            found = node.named(name)
            if len(found) != 1:
                return _spread(found, names[place + 1 :])
            node = found[0]
        return node

    return look


def _from_above(document: Node | None, context: Context, names: tuple[str, ...]) -> Node | list[Node]:
    """What names lead to from above the root element, whose own name a phone does not look at."""
    if not names:
        stop("past-the-root")
    root = document.children[0] if document is not None and document.children else context.world.root
    return _spread([root], names[1:]) if not context.world.wide or root.name == names[0] else []


def _absolute(names: tuple[str, ...]) -> Look:
    first, rest = names[0], names[1:]
    whole = sys.intern("/" + "/".join(names))

    def look(context: Context) -> Node | list[Node]:
        known = context.world.cells.get(whole)
        return walk_down(context) if known is None else known

    def walk_down(context: Context) -> Node | list[Node]:
        node = context.world.root
        if node.name != first:
            return [] if context.world.wide else _spread([node], rest)
        for place, name in enumerate(rest):
            found = node.named(name)
            if len(found) == 1:
                node = found[0]
                continue
            own = _enclosing(context, node, name) if found else None
            if own is None:
                return _spread(found, rest[place + 1 :])
            node = own
        return node

    return look


def _enclosing(context: Context, parent: Node, name: str) -> Node | None:
    """The child ``name`` of ``parent`` in which the expression stands, if it stands in one."""
    node: Node | None = context.node
    while node is not None:
        if node.parent is parent:
            return node if node.name == name else None
        node = node.parent
    return None


def _spread(nodes: list[Node], names: tuple[str, ...]) -> list[Node]:
    for name in names:
        nodes = [child for node in nodes for child in node.named(name)]
    return [node for node in nodes if node.relevant]


def from_root(context: Context) -> list[Node]:
    """Above the root element: where an absolute path starts. Its only child is the root."""
    root = context.world.root
    if root.parent is not None:
        return [root.parent]
    document = Node("")
    document.children = [root]
    return [document]


def instance_root(name: Callable[[Context], str]) -> Nodes:
    """The root element of the secondary instance called ``name``, whatever the element's own name."""

    def run(context: Context) -> list[Node]:
        root = context.world.instances.get(name(context))
        return [] if root is None else [root]

    return run


def general_path(start: Nodes, moves: list[Move]) -> Code:
    """Any steps, with predicates, from the nodes that ``start`` gives."""

    def run(context: Context) -> list[Node]:
        nodes = start(context)
        for go in moves:
            nodes = go(nodes, context)
        return [node for node in nodes if node.relevant]

    return Code("nodes", run)


def either(wide: Code, route: Route | Reason, quick: bool = False) -> Code:
    """A path walked as XPath 1.0 has it in a wide world, else as a phone does.

    ``quick``: the first gives the same on a phone as well, unless the expression stands in a tree whose names are those
    of the path.
    """
    widely = wide.run
    if isinstance(route, str):
        reason = route
        return Code("nodes", lambda context: widely(context) if context.world.wide else stop(reason))
    narrowly = walked(route)
    first = route.levels[0].name if route.levels else ""
    quick = quick and bool(first) and all(level.name not in (ANY_NAME, ANY_NODE) for level in route.levels)

    def run(context: Context) -> list[Node]:
        world = context.world
        if world.wide or (quick and route.instance in world.instances and top_name(context.node) != first):
            return cast(list[Node], widely(context))
        return narrowly(context)

    return Code("nodes", run)


def filtered(start: Nodes, predicates: list[Code]) -> Nodes:
    """The nodes of an expression that pass predicates over all of them together."""
    filters = [keeper(predicate) for predicate in predicates]

    def run(context: Context) -> list[Node]:
        nodes = start(context)
        for keep in filters:
            nodes = keep(nodes, context)
        return nodes

    return run


def move(step: Step, predicates: list[Code]) -> Move:
    """One step with its predicates, from many nodes at once."""
    walk = _walker(step)
    filters = [keeper(predicate) for predicate in predicates]
    overlapping = step.axis not in ("child", "self", "attribute")

    def run(nodes: list[Node], context: Context) -> list[Node]:
        if len(nodes) == 1 and not filters:
            return list(walk(nodes[0]))
        result: list[Node] = []
        for node in nodes:
            found = [other for other in walk(node) if other.relevant] if filters else list(walk(node))
            for keep in filters:
                found = keep(found, context)
            result += found
        return list({id(node): node for node in result}.values()) if overlapping else result

    return run


def then_keep(first: Move, predicates: list[Code]) -> Move:
    """What passes ``predicates`` among the nodes that ``first`` leads to."""
    filters = [keeper(predicate) for predicate in predicates]

    def run(nodes: list[Node], context: Context) -> list[Node]:
        found = first(nodes, context)
        for keep in filters:
            found = keep(found, context)
        return found

    return run


def keeper(predicate: Code) -> Move:
    """The nodes among given ones for which ``predicate`` is true.

    What is no truth value keeps nothing; in a wide world a number keeps the one at that place.
    """
    run, test, sure = predicate.run, as_boolean(predicate), predicate.kind == "boolean"

    def keep(nodes: list[Node], context: Context) -> list[Node]:
        if not nodes:
            return nodes
        inner = context.within(len(nodes))
        kept: list[Node] = []
        for place, node in enumerate(nodes, 1):
            inner.node = node
            inner.position = place
            if sure:
                passes = test(inner)
            elif context.world.wide:
                value = run(inner)
                passes = value == place if isinstance(value, float) else test(inner)
            else:
                passes = run(inner) is True
            if passes:
                kept.append(node)
        return kept

    return keep


def _walker(step: Step) -> Walk:
    axis, test = step.axis, step.test
    if axis == "child":
        if test in (ANY_NAME, ANY_NODE):
            return lambda node: node.children
        return lambda node: node.named(test)
    if axis == "attribute":
        return lambda node: _attributes(node, test)
    walk = _AXES[axis]
    if test in (ANY_NAME, ANY_NODE):
        return walk
    return lambda node: (other for other in walk(node) if other.name == test)


def _attributes(node: Node, test: str) -> Iterator[Node]:
    for name, value in (node.attributes or {}).items():
        local = name.rpartition("}")[2].rpartition(":")[2]
        if test in (ANY_NAME, ANY_NODE, local, name):
            attribute = Node(f"@{local}", value, parent=node)
            attribute.relevant = node.relevant
            yield attribute


def _descendants(node: Node) -> Iterator[Node]:
    for child in node.children:
        yield child
        yield from _descendants(child)


def _ancestors(node: Node) -> Iterator[Node]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _siblings(node: Node, after: bool) -> list[Node]:
    if node.parent is None:
        return []
    siblings = node.parent.children
    place = next((number for number, other in enumerate(siblings) if other is node), 0)
    return siblings[place + 1 :] if after else siblings[:place][::-1]


_AXES: dict[str, Walk] = {
    "self": lambda node: (node,),
    "parent": lambda node: () if node.parent is None else (node.parent,),
    "descendant": _descendants,
    "descendant-or-self": lambda node: (node, *_descendants(node)),
    "ancestor": _ancestors,
    "ancestor-or-self": lambda node: (node, *_ancestors(node)),
    "following-sibling": lambda node: _siblings(node, True),
    "preceding-sibling": lambda node: _siblings(node, False),
}
