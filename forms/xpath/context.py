"""What an expression may look at while it is evaluated: nothing else is read, no clock and no chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from forms.errors import EvaluationError
from forms.xpath.values import Node

MOST_TESTED = 1_000_000
"""How many nodes the predicates of one path may ask about, those inside others included: a second or two."""


@dataclass(frozen=True, slots=True)
class World:
    """What stays the same for all expressions of one filled form.

    ``now`` is aware, its zone the one in which dates are read; ``today`` is its local midnight. ``instances`` are the
    secondary instances by id (the node is the root element, children are items). ``tables`` are those for ``pulldata``
    by file stem. ``choice_label(question, name)`` and ``itext(id)`` give labels in the language of the form in use.
    ``cells`` may hold what absolute paths outside repeats lead to, "/data/group/age": the node, or no nodes as ``[]``;
    what it does not hold is looked for in the tree. ``wide``: XPath 1.0 also where a phone stops or finds nothing
    (axes, unions, numbers as predicates, several nodes where one is wanted), for previews and for lint.
    ``prefix_of``: the prefix an element was written with; without it a prefix in a path matches any, as forms lose
    theirs on the way.
    """

    root: Node
    now: datetime
    instances: Mapping[str, Node] = field(default_factory=dict)
    random: Callable[[], float] | None = None
    choice_label: Callable[[Node, str], str] | None = None
    itext: Callable[[str], str] | None = None
    tables: Mapping[str, Node] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, Node | list[Node]] = field(default_factory=dict)
    wide: bool = False
    prefix_of: Callable[[Node], str] | None = None
    today: datetime = field(init=False)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("now must be aware of its time zone")
        object.__setattr__(self, "today", self.now.replace(hour=0, minute=0, second=0, microsecond=0))


class Context:
    """A place in a :class:`World`: the node an expression stands at, and its place in a list during predicates.

    ``current`` is the node of the whole expression, also inside predicates; ``position`` and ``size`` are 1-based and
    0 outside predicates. ``tested``: how many nodes predicates were asked about so far, None outside of them.
    """

    __slots__ = ("current", "node", "now", "position", "size", "tested", "world")

    def __init__(self, node: Node, world: World) -> None:
        self.world = world
        self.node = node
        self.current = node
        self.now = world.now
        self.position = 0
        self.size = 0
        self.tested: list[int] | None = None

    def at(self, node: Node) -> Context:
        """The same world seen from another node."""
        context = Context.__new__(Context)
        context.world = self.world
        context.now = self.now
        context.node = context.current = node
        context.position = context.size = 0
        context.tested = None
        return context

    def within(self, size: int) -> Context:
        """A context for the predicates of ``size`` nodes; its ``node`` and ``position`` are set one after the other.

        Raises EvaluationError when predicates inside predicates ask about more than ``MOST_TESTED`` nodes.
        """
        tested = self.tested if self.tested is not None else [0]
        tested[0] += size
        if tested[0] > MOST_TESTED:
            raise EvaluationError("expression.stopped", {"reason": "too-large"})
        context = Context.__new__(Context)
        context.world = self.world
        context.now = self.now
        context.node = self.node
        context.current = self.current
        context.position = 0
        context.size = size
        context.tested = tested
        return context
