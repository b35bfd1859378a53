"""Relevance and calculations of one filled form, in order.

What JavaRosa does on a phone is done again here: each relevance hides its node and all below it; each calculation is
made anew. Nodes that were not sent stand beside the tree as ghosts: invisible to expressions, yet their relevance can
be asked. The definition is never written to; the instance is, so one instance belongs to one thread.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from forms.definition import FormDefinition, Itemset, Message
from forms.plan import NodePlan, Trigger
from forms.tables import Table
from forms.types import same_value
from forms.xpath.compile import Expression
from forms.xpath.context import Context, World
from forms.xpath.moments import find_moment, find_time, moment_of_days
from forms.xpath.values import (
    Node,
    Scalar,
    java_double,
    normalise_points,
    scalar_to_boolean,
    scalar_to_number,
    scalar_to_string,
    unpack,
)


@dataclass(frozen=True)
class JudgeContext:
    """What judging may know besides the form and the answers.

    ``now``: aware; when the submission tells its own time, the earlier of the two is taken, unless ``own_time`` is
    False. ``tables``: the files that came with the form, by file name. ``random``: numbers from 0 to 1, asked only when
    a form is filled in.
    """

    now: dt.datetime
    tables: Mapping[str, Node] = field(default_factory=dict)
    device_id: str = ""
    username: str = ""
    phone_number: str = ""
    email: str = ""
    random: Callable[[], float] | None = None
    own_time: bool = True

    @property
    def properties(self) -> dict[str, str]:
        """The device's properties under the names that forms use for them."""
        return {
            "deviceid": self.device_id,
            "username": self.username,
            "phonenumber": self.phone_number,
            "email": self.email,
        }


class Evaluation:
    """One filled form being worked out."""

    __slots__ = (
        "at",
        "changed",
        "definition",
        "gathered",
        "ghosts",
        "ignored",
        "instances",
        "now",
        "root",
        "tables",
        "unknown",
    )

    def __init__(self, definition: FormDefinition, root: Node, context: JudgeContext) -> None:
        plan = definition.plan
        self.definition = definition
        self.root = root
        self.now = own_time(plan.clocks, root, context.now) if context.own_time else context.now
        self.gathered: list[list[Node]] = [[] for _ in range(plan.slots)]
        self.ghosts: list[tuple[Node, NodePlan]] = []
        self.ignored: set[int] = set()
        self.unknown: list[Node] = []
        self.changed: list[tuple[Node, str, str]] = []
        self.tables = context.tables
        self.instances: Mapping[str, Node] = plan.instances
        if plan.external and context.tables:
            held = {key: context.tables[name] for key, name in plan.external.items() if name in context.tables}
            self.instances = {**plan.instances, **held}
        stems = {name.rpartition(".")[0]: table for name, table in context.tables.items()} if context.tables else {}
        world = World(
            root,
            self.now,
            self.instances,
            random=context.random,
            choice_label=self._choice_label,
            itext=self._itext,
            tables=stems,
            properties=context.properties,
        )
        self.at = Context(root, world).at

    # -- walking ----------------------------------------------------------------------------------------------------

    def gather(self, node: Node, plan: NodePlan) -> None:
        """Give every node below its data type, find those that are missing, unknown or written twice."""
        seen = set()
        plans = plan.children
        for child in node.children:
            name = child.name
            below = plans.get(name)
            if below is None:
                self.unknown.append(child)
                continue
            if below.is_repeat:
                child.is_repeat = True
            elif name in seen:
                child.relevant = False
                self.ignored.add(id(child))
                continue
            seen.add(name)
            child.data_type = below.type
            if below.slot >= 0:
                self.gathered[below.slot].append(child)
            if below.children:
                self.gather(child, below)
        if not plan.lone <= seen:
            for name, below in plans.items():
                if name not in seen and not below.is_repeat:
                    ghost = Node(name, "", below.type, node)
                    self.ghosts.append((ghost, below))
                    if below.slot >= 0:
                        self.gathered[below.slot].append(ghost)

    def settle(self) -> None:
        """Work out every relevance and calculation once; ``changed`` holds what is then said otherwise than sent."""
        plan = self.definition.plan
        lacking = plan.files - self.tables.keys() if plan.files else plan.files
        for trigger in plan.triggers:
            if lacking and not lacking.isdisjoint(trigger.files):
                continue
            nodes = self.gathered[trigger.slot]
            if trigger.calculates:
                for node in nodes:
                    if node.relevant:
                        self.calculate(node, trigger)
            else:
                holds = trigger.expression.boolean
                for node in nodes:
                    if node.relevant and not (node.parent is None or node.parent.relevant):
                        node.relevant = False
                    elif node.relevant and not holds(self.at(node)):
                        hide(node)

    def calculate(self, node: Node, trigger: Trigger) -> None:
        """Make a calculation anew; what changes with time or chance stays as sent."""
        expression = trigger.expression
        if expression.volatile:
            return
        made = calculated_text(expression, self.at(node), trigger.type)
        sent = node.text
        if made != sent and not same_value(made, sent):
            self.changed.append((node, sent, made))
            node.text = made

    def restore(self) -> None:
        """Put back what was sent."""
        for node, sent, _ in self.changed:
            node.text = sent

    # -- choices and texts ------------------------------------------------------------------------------------------

    def allows(self, node: Node, plan: NodePlan, names: list[str]) -> bool:
        """Whether all names are in the choice list of a question as it stands now; True when a table is not at hand."""
        itemset = plan.itemset
        if itemset is None:
            return True
        context = self.at(node)
        if itemset.instance_id is not None:
            table = self.instances.get(itemset.instance_id)
            if table is None:
                return True
            if plan.narrow and isinstance(table, Table) and "/" not in itemset.value_ref:
                items = [item for name in names for item in table.items_with(itemset.value_ref, name)]
                if not items:
                    return False
                context = self._seeing(node, itemset.instance_id, table.only(items))
        listed = {choice_name(item, itemset) for item in itemset_items(itemset, context)}
        return listed.issuperset(names)

    def _seeing(self, node: Node, instance_id: str, view: Node) -> Context:
        instances = {**self.instances, instance_id: view}
        world = self.at(node).world
        return Context(node, replace(world, instances=instances, choice_label=None, itext=None))

    def render(self, message: Message | None, node: Node) -> dict[str, str]:
        """A message by language, its outputs said as they stand at a node."""
        if message is None:
            return {}
        context = self.at(node)
        return {
            language: "".join(part if isinstance(part, str) else part.string(context) for part in parts).strip()
            for language, parts in message.parts.items()
        }

    def _itext(self, text_id: str) -> str:
        texts = self.definition.translations.get(self.definition.default_language, {})
        context = self.at(self.root)
        return "".join(part if isinstance(part, str) else part.string(context) for part in texts.get(text_id, ()))

    def _choice_label(self, question: Node, name: str) -> str:
        asked = self.definition.fields.get(generic_path(question))
        if asked is None:
            return name
        language = self.definition.default_language
        for choice in asked.choices:
            if choice.name == name:
                return choice.labels.get(language, name)
        itemset = asked.itemset
        table = self.instances.get(itemset.instance_id or "") if itemset is not None else None
        if itemset is not None and isinstance(table, Table):
            for item in table.items_with(itemset.value_ref, name):
                label = item.child(itemset.label_ref)
                return label.text if label is not None else name
        return name


def own_time(clocks: tuple[tuple[str, ...], ...], root: Node, now: dt.datetime) -> dt.datetime:
    """The moment at which a submission is judged: its own, when it tells one with an offset that is not to come."""
    for steps in clocks:
        node: Node | None = root
        for step in steps:
            node = next((child for child in node.children if child.name == step), None) if node is not None else None
        if node is None or not node.text:
            continue
        try:
            moment = dt.datetime.fromisoformat(node.text)
        except ValueError:
            continue
        if moment.tzinfo is not None:
            return moment if moment <= now else now.astimezone(moment.tzinfo)
    return now


def hide(node: Node) -> None:
    """Make a node and all below it irrelevant."""
    node.relevant = False
    for child in node.children:
        hide(child)


def generic_path(node: Node) -> str:
    """The path of a node without positions."""
    steps = []
    here: Node | None = node
    while here is not None:
        steps.append(here.name)
        here = here.parent
    return "/" + "/".join(reversed(steps))


def itemset_items(itemset: Itemset, context: Context) -> list[Node]:
    """The items that a question offers now."""
    found = itemset.nodeset.evaluate(context)
    return found if isinstance(found, list) else []


def choice_name(item: Node, itemset: Itemset) -> str:
    """The name of an item's choice."""
    node: Node | None = item
    for step in itemset.value_ref.split("/"):
        if node is not None and step != ".":
            node = node.child(step)
    return node.text if node is not None else ""


def calculated_text(expression: Expression, context: Context, kind: str) -> str:
    """What a calculation writes into a node of a type (JavaRosa: Recalculate)."""
    return text_of_value(unpack(expression.evaluate(context), context.now), kind, context.now)


def text_of_value(value: Scalar, kind: str, now: dt.datetime) -> str:
    """A value as the text of a node: a boolean in a text is 1 or 0, a decimal keeps its point, moments are ISO 8601.

    What is no number leaves the node empty, whatever its type.
    """
    if value == "" or value != value:
        return ""
    if kind in ("int", "decimal"):
        number = scalar_to_number(value)
        if number != number or number in (float("inf"), float("-inf")):
            return ""
        return str(int(number)) if kind == "int" else _decimal(number)
    if kind == "boolean":
        return "true" if scalar_to_boolean(value) else "false"
    if kind in ("date", "dateTime", "time"):
        return _moment_text(value, kind, now)
    if kind == "geopoint" and isinstance(value, str):
        return normalise_points(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return scalar_to_string(value)


def _decimal(number: float) -> str:
    return java_double(number) if number else "0.0"


def _moment_text(value: Scalar, kind: str, now: dt.datetime) -> str:
    zone = now.tzinfo or dt.UTC
    moment: dt.datetime | None
    if isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, str):
        moment = find_time(value, now) if kind == "time" else find_moment(value, zone)
    else:
        moment = moment_of_days(scalar_to_number(value), zone) if value == value else None
    if moment is None:
        return ""
    if kind == "date":
        return scalar_to_string(moment)
    text = moment.isoformat(timespec="milliseconds")
    return text.partition("T")[2] if kind == "time" else text
