"""Relevance and calculations of one filled form, in order.

What JavaRosa does on a phone is done again here: each relevance hides its node and all below it; each calculation is
made anew. Nodes that were not sent stand beside the tree as ghosts: invisible to expressions, yet their relevance can
be asked. The definition is never written to; the instance is, so one instance belongs to one thread.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from forms.body import SEPARATOR
from forms.definition import FormDefinition, Itemset, Message, Search
from forms.errors import FAULTS, EvaluationError
from forms.plan import NodePlan, Trigger
from forms.tables import Table
from forms.types import same_value
from forms.wrap import calculated
from forms.xpath.compile import Expression
from forms.xpath.context import Context, World
from forms.xpath.values import (
    Node,
)


@dataclass(frozen=True)
class JudgeContext:
    """What judging may know besides the form and the answers.

    ``now``: aware; when the submission tells its own time, the earlier of the two is taken, unless ``own_time`` is
    False. ``tables``: the files that came with the form, by file name. ``random``: numbers from 0 to 1, asked only when
    a form is filled in. ``position``: where the device is, as a geopoint, for forms that set it by themselves.
    """

    now: dt.datetime
    tables: Mapping[str, Node] = field(default_factory=dict)
    device_id: str = ""
    username: str = ""
    phone_number: str = ""
    email: str = ""
    random: Callable[[], float] | None = None
    own_time: bool = True
    position: str = ""

    @property
    def properties(self) -> dict[str, str]:
        """The device's properties under the names that forms use for them."""
        return {
            "deviceid": self.device_id,
            "username": self.username,
            "phonenumber": self.phone_number,
            "email": self.email,
        }


@dataclass(frozen=True, slots=True)
class Unmade:
    """A rule that could not be evaluated: at which node first, which rule, and why (a file, or the kind of fault)."""

    node: Node
    rule: str
    source: str
    reason: str


BLANKS = " \t\r\n"
_WAYS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda said, text: text in said,
    "matches": lambda said, text: said == text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


class Evaluation:
    """One filled form being worked out.

    ``beneath``: by id of a node, the ghosts that hang on it. ``lacking``: the files that rules read and that are not at
    hand. ``lost``: by id of the node, an answer that a phone loses as it reads it. ``unmade``: the rules that could not
    be evaluated.
    """

    __slots__ = (
        "altered",
        "at",
        "beneath",
        "cells",
        "changed",
        "definition",
        "gathered",
        "ghosts",
        "ignored",
        "instances",
        "lacking",
        "lists",
        "lost",
        "now",
        "root",
        "tables",
        "unknown",
        "unmade",
    )

    def __init__(self, definition: FormDefinition, root: Node, context: JudgeContext) -> None:
        plan = definition.plan
        self.definition = definition
        self.root = root
        self.now = own_time(plan.clocks, root, context.now) if context.own_time else context.now
        self.gathered: list[list[Node]] = [[] for _ in range(plan.slots)]
        self.ghosts: list[tuple[Node, NodePlan, bool]] = []
        self.beneath: dict[int, list[Node]] = {}
        self.ignored: set[int] = set()
        self.unknown: list[Node] = []
        self.changed: list[tuple[Node, str, str]] = []
        self.altered: list[tuple[Node, str]] = []
        self.cells: dict[str, Node | list[Node]] = {}
        self.lost: dict[int, str] = {}
        self.unmade: list[Unmade] = []
        self.tables = context.tables
        self.lacking = plan.files - context.tables.keys() if plan.files else plan.files
        self.instances: Mapping[str, Node] = plan.instances
        if plan.external and context.tables:
            held = {key: context.tables[name] for key, name in plan.external.items() if name in context.tables}
            self.instances = {**plan.instances, **held}
        stems = {name.rpartition(".")[0]: table for name, table in context.tables.items()} if context.tables else {}
        self.lists = dict(self.instances)
        world = World(
            root,
            self.now,
            self.lists,
            random=context.random,
            choice_label=self._choice_label,
            itext=self._itext,
            tables=stems,
            properties=context.properties,
            cells=self.cells,
        )
        self.at = Context(root, world).at

    # -- walking ----------------------------------------------------------------------------------------------------

    def gather(self, node: Node, plan: NodePlan) -> None:
        """Give every node below its data type, find those that are missing, unknown or written twice."""
        seen = set()
        cells = self.cells
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
            if below.place:
                cells[below.place] = child
            child.data_type = below.type
            text = child.text
            offered = below.offered
            if text and (text[0] <= " " or text[-1] <= " " or (offered is not None and text not in offered)):
                self._read(child, below)
            if below.slot >= 0:
                self.gathered[below.slot].append(child)
            if below.children:
                self.gather(child, below)
        if not plan.lone <= seen:
            for name, below in plans.items():
                if name not in seen and not below.is_repeat:
                    self._ghost(below, node, False)

    def _ghost(self, plan: NodePlan, parent: Node, below: bool) -> None:
        """A node that was not sent, and all below it but repeats. ``below``: it hangs on one that was not sent."""
        ghost = Node(plan.name, "", plan.type, parent)
        self.ghosts.append((ghost, plan, below))
        self.beneath.setdefault(id(parent), []).append(ghost)
        if plan.place:
            self.cells[plan.place] = []
        if plan.slot >= 0:
            self.gathered[plan.slot].append(ghost)
        for child in plan.children.values():
            if not child.is_repeat:
                self._ghost(child, ghost, True)

    def _read(self, node: Node, plan: NodePlan) -> None:
        """Make of a text what a phone does as it reads it: blanks around it fall away, and choices that are not among
        those of the body. ``lost`` keeps, by id of the node, what was said with them."""
        sent = node.text
        node.text = read = sent.strip(BLANKS)
        offered = plan.offered
        if read and offered is not None and read not in offered:
            kept = " ".join(name for name in read.split() if name in offered) if plan.many else ""
            if not plan.many or kept != " ".join(read.split()):
                self.lost[id(node)] = read
                node.text = kept
        if node.text != sent:
            self.altered.append((node, sent))

    def settle(self) -> None:
        """Work out every relevance and calculation once; ``changed`` holds what is then said otherwise than sent."""
        lacking = self.lacking
        for trigger in self.definition.plan.triggers:
            nodes = self.gathered[trigger.slot]
            if lacking and not lacking.isdisjoint(trigger.files):
                self._leave(trigger, nodes, sorted(lacking & trigger.files)[0])
                continue
            for node in nodes:
                try:
                    self._settle(trigger, node)
                except FAULTS as fault:
                    self._leave(trigger, [node], reason_of(fault))

    def _settle(self, trigger: Trigger, node: Node) -> None:
        if not node.relevant:
            return
        if trigger.calculates:
            self.calculate(node, trigger)
        elif not (node.parent is None or node.parent.relevant):
            node.relevant = False
        elif not trigger.expression.boolean(self.at(node)):
            self.hide(node)

    def hide(self, node: Node) -> None:
        """Make a node and all below it irrelevant, what was not sent as well."""
        node.relevant = False
        for child in node.children:
            self.hide(child)
        for ghost in self.beneath.get(id(node), ()):
            self.hide(ghost)

    def _leave(self, trigger: Trigger, nodes: list[Node], reason: str) -> None:
        node = next((each for each in nodes if each.relevant), None)
        if node is not None and not (trigger.calculates and trigger.expression.volatile):
            rule = "calculation" if trigger.calculates else "relevance"
            self.unmade.append(Unmade(node, rule, trigger.expression.source, reason))

    def calculate(self, node: Node, trigger: Trigger) -> None:
        """Make a calculation anew; what changes with time or chance stays as sent."""
        expression = trigger.expression
        made, node.data_type = calculated(expression, self.at(node), trigger.type)
        sent = node.text
        if made != sent and not expression.volatile and not same_value(made, sent):
            self.changed.append((node, sent, made))
            node.text = made

    def release(self) -> None:
        """Evaluate nothing more: without this only the garbage collector frees what refers to itself here."""
        del self.at

    def restore(self) -> None:
        """Put back what was sent."""
        for node, sent, _ in self.changed:
            node.text = sent
        for node, sent in reversed(self.altered):
            node.text = sent

    def clear(self, node: Node, kept: str) -> None:
        """Take away from an answer what its list does not offer, as a phone does once it shows the question."""
        self.altered.append((node, node.text))
        node.text = kept

    # -- choices and texts ------------------------------------------------------------------------------------------

    def allows(self, node: Node, plan: NodePlan, names: list[str]) -> bool:
        """Whether all names are in the choice list of a question as it stands now; True when a table is not at hand."""
        itemset, search = plan.itemset, plan.field.search
        if search is not None:
            table = self.tables.get(search.file_name)
            return not isinstance(table, Table) or self._found(search, table, node).issuperset(names)
        if itemset is None:
            return True
        if itemset.instance_id is not None:
            listing = self.instances.get(itemset.instance_id)
            if listing is None:
                return True
            if plan.narrow and isinstance(listing, Table) and "/" not in itemset.value_ref:
                return self._among(listing, node, plan, names)
        return self._offered(itemset, node).issuperset(names)

    def _among(self, listing: Table, node: Node, plan: NodePlan, names: list[str]) -> bool:
        """Whether all names are among the items of a list that pass its filter, looking at those items alone."""
        itemset = plan.itemset
        if itemset is None or itemset.instance_id is None:
            return True
        items = [item for name in names for item in listing.items_with(itemset.value_ref, name)]
        if plan.whole:
            return {choice_name(item, itemset) for item in items if item.name == plan.whole}.issuperset(names)
        self.lists[itemset.instance_id] = listing.only(items)
        try:
            return bool(items) and self._offered(itemset, node).issuperset(names)
        finally:
            self.lists[itemset.instance_id] = listing

    def _found(self, search: Search, table: Table, node: Node) -> set[str]:
        if not search.list_name:
            return set(searched(search, table, self.at(node)))
        self.lists[search.list_name] = table.only(table.items_with("list_name", search.list_name))
        rows = search.arguments.evaluate(self.at(node))
        return {cell.text for row in (rows if isinstance(rows, list) else ()) for cell in row.named("name")}

    def _offered(self, itemset: Itemset, node: Node) -> set[str]:
        return {choice_name(item, itemset) for item in itemset_items(itemset, self.at(node))}

    def render(self, message: Message | None, node: Node) -> dict[str, str]:
        """A message by language, its outputs said as they stand at a node."""
        if message is None:
            return {}
        context = self.at(node)
        return {
            language: "".join(part if isinstance(part, str) else _said(part, context) for part in parts).strip()
            for language, parts in message.parts.items()
        }

    def _itext(self, text_id: str) -> str:
        """A text by its id; a phone leaves its outputs open, as "${0}", "${1}", and says which it does not find."""
        parts = self.definition.translations.get(self.definition.default_language, {}).get(text_id)
        if parts is None:
            return f"[itext:{text_id}]"
        said: list[str] = []
        outputs = 0
        for part in parts:
            said.append(part if isinstance(part, str) else f"${{{outputs}}}")
            outputs += not isinstance(part, str)
        return "".join(said)

    def plan_of(self, node: Node) -> NodePlan | None:
        """The plan of a node's field; None when it is of none."""
        plan: NodePlan | None = self.definition.plan.root
        for name in generic_path(node).split("/")[2:]:
            plan = plan.children.get(name) if plan is not None else None
        return plan

    def _choice_label(self, question: Node, name: str) -> str:
        """The label of a choice that is on the list as it stands; '' when it is not."""
        plan = self.plan_of(question)
        if plan is None or plan.field.control not in ("select1", "select", "rank"):
            return ""
        asked = plan.field
        if not self.allows(question, plan, [name]):
            return ""
        language = self.definition.default_language
        for choice in asked.choices:
            if choice.name == name:
                return choice.labels.get(language, name)
        itemset = asked.itemset
        if itemset is None:
            return ""
        table = self.instances.get(itemset.instance_id or "")
        if isinstance(table, Table):
            items = table.items_with(itemset.value_ref, name)
        else:  # the rows of a repeat
            items = [item for item in itemset_items(itemset, self.at(question)) if choice_name(item, itemset) == name]
        for item in items:
            label = item.child(itemset.label_ref)
            return label.text if label is not None else name
        return ""


def reason_of(fault: Exception) -> str:
    """Why an expression could not be evaluated: a short English key."""
    return str(fault.params.get("reason", fault.code)) if isinstance(fault, EvaluationError) else type(fault).__name__


def _said(part: Expression, context: Context) -> str:
    """A value inside a text; "…" when it cannot be evaluated."""
    try:
        return part.string(context)
    except FAULTS:
        return "…"


def searched(search: Search, table: Table, context: Context) -> Iterator[str]:
    """The names that ``search()`` offers now (Collect: ExternalDataHandlerSearch; letters match whatever their case).

    The arguments after the file: a way to compare, columns and a text; then perhaps a column and what it must say.
    """
    yield from (column for column in search.columns if column.lstrip("-").isdecimal())
    _, way, columns, text, key, wanted = (*search.arguments.string(context).split(SEPARATOR), *[""] * 5)[:6]
    compare = _WAYS.get(way.strip().lower()) if way else None
    for row in table.children:
        cells = {cell.name: cell.text for cell in row.children}
        if key and cells.get(key.strip(), "") != wanted:
            continue
        said = (cells.get(column, "").lower() for column in re.split(r"[\s,]+", columns) if column)
        if compare is None or any(compare(each, text.lower()) for each in said):
            yield from (cells[column] for column in search.columns if column in cells)


def own_time(clocks: tuple[tuple[str, ...], ...], root: Node, now: dt.datetime) -> dt.datetime:
    """The moment at which a submission is judged: its own, when it tells one with an offset that is not to come.

    Its zone is that of ``now`` where this has the same offset then, else the bare offset.
    """
    for steps in clocks:
        node: Node | None = root
        for step in steps:
            node = next((child for child in node.children if child.name == step), None) if node is not None else None
        if node is None or not node.text:
            continue
        try:
            moment = dt.datetime.fromisoformat(node.text)
            if moment.tzinfo is not None:
                same = moment.astimezone(now.tzinfo).utcoffset() == moment.utcoffset()
                return min(moment, now).astimezone(now.tzinfo if same else moment.tzinfo)
        except (ValueError, OverflowError):
            continue
    return now


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
