"""A filled form node by node, as a phone holds it once it has opened the submission and worked everything out again.

:mod:`forms.validate` judges what was sent; this tells what JavaRosa makes of it, so that the two can be compared. A
phone reads the answers into the blank form: nodes stand in the form's order, the first of two wins, what it cannot read
as its type is empty, what was not sent keeps its default and stays hidden unless a rule of its own shows it. Repeats
with a count grow to it. Source: JavaRosa 5.1 as measured (TreeElement, TriggerableDag).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from forms.definition import FormDefinition
from forms.errors import EvaluationError, Finding, InstanceError, expected_of
from forms.evaluate import Evaluation, JudgeContext, own_time
from forms.instance import Instance
from forms.plan import NodePlan, Trigger
from forms.reading import read_again
from forms.wrap import calculated
from forms.xpath.compile import Expression
from forms.xpath.values import Node, cut, string_to_number

_KEPT = frozenset({"random", "uuid", "property"})
_ROUNDS = 12
_MOST_ROWS = 10_000
_POINTS = ("geopoint", "geotrace", "geoshape")
_LISTS = ("select1", "select", "rank")


@dataclass(frozen=True, slots=True)
class NodeReport:
    """One node. ``ref``: its path, every step below the root with its place: "/data/member[2]/m_age[1]".

    ``kind``: leaf, group or repeat. Groups and repeats say no more than ``relevant``. ``raw``: the text as sent, None
    when the node was not sent. ``type_ok``: whether that text can be read as the type. ``constraint``: whether it
    holds, None when there is none. ``control``: of the body, None for what nobody is asked. ``choice_ok``: whether the
    answer is on the list as it stands; of relevant selects alone. ``constraint_error``, ``choice_error``: why a phone
    stops at the constraint or the list.
    """

    ref: str
    kind: str
    relevant: bool
    type: str = ""
    required: bool = False
    readonly: bool = False
    value: str = ""
    raw: str | None = None
    type_ok: bool | None = None
    constraint: bool | None = None
    control: str | None = None
    choice_ok: bool | None = None
    constraint_error: str | None = None
    choice_error: str | None = None

    def as_json(self) -> dict[str, object]:
        """The node under the names that the oracle prints; what does not apply is left out."""
        said: dict[str, object] = {"ref": self.ref, "kind": self.kind, "relevant": self.relevant}
        if self.kind != "leaf":
            return said
        said.update(type=self.type, required=self.required, readonly=self.readonly, value=self.value)
        if self.raw is None:
            said["absent"] = True
        rest = {
            "raw": self.raw,
            "typeOk": self.type_ok,
            "constraint": self.constraint,
            "control": self.control,
            "choiceOk": self.choice_ok,
            "constraintError": self.constraint_error,
            "choiceError": self.choice_error,
        }
        return said | {name: value for name, value in rest.items() if value is not None}


def report(definition: FormDefinition, instance: Instance, context: JudgeContext) -> tuple[NodeReport, ...]:
    """Every node of a submission, in the order of the form. The instance is left as it is.

    :raises InstanceError: ``instance.other_root`` (``root``, ``expected``) or ``instance.encrypted``.
    :raises EvaluationError: a phone cannot open it, as it stops at a calculation, a relevance, a count, a required or a
        readonly; params name ``field``.
    """
    plan = definition.plan.root
    if instance.encrypted:
        raise InstanceError("instance.encrypted")
    if instance.root.name != plan.name:
        raise InstanceError("instance.other_root", {"root": instance.root.name, "expected": plan.name})
    return tuple(_Phone(definition, instance.root, context).nodes())


def finding_as_json(finding: Finding) -> dict[str, object]:
    """A finding under the names of the contract, its ``ref`` as nodes have it; ``expected`` is None when there is no
    single thing to name."""
    return {
        "rule": finding.kind,
        "severity": finding.severity,
        "ref": placed(finding.path),
        "value": finding.value,
        "expected": expected_of(finding.params),
        "message": dict(finding.message),
    }


def placed(path: str) -> str:
    """A path with the place of every step below the root: "/data/a" → "/data/a[1]" (attributes keep theirs)."""
    root, *steps = path.removeprefix("/").split("/")
    return "/".join(["", root, *(step if step.endswith("]") or step[:1] == "@" else f"{step}[1]" for step in steps)])


class _Opened:
    """The blank form with the answers of a submission read into it.

    By id of a node, ``sent``: what was sent for it, and ``types``: under which type it is read, where that is not its
    field's. ``hidden``: ids of the nodes whose own relevance is false. ``nowhere``: ids of those with a point at 0, 0,
    which says nothing and yet is an answer.
    """

    def __init__(self, root: Node, plan: NodePlan, now: dt.datetime) -> None:
        self.now = now
        self.sent: dict[int, Node] = {}
        self.types: dict[int, str] = {}
        self.hidden: set[int] = set()
        self.nowhere: set[int] = set()
        self.root = self.read(root, plan)

    def read(self, sent: Node, plan: NodePlan, bare: bool = False, row: bool = False) -> Node:
        """A node that was sent, and all below it. ``bare``: within a repeat without template, whose new instances a
        phone empties. ``row``: within a repeat."""
        made = Node(plan.name, "", plan.type)
        made.is_repeat = plan.is_repeat
        made.attributes = sent.attributes
        self.sent[id(made)] = sent
        if not plan.children:
            self._fill(made, sent.text, plan)
            return made
        bare, row = _within(plan, bare, row)
        for name, below in plan.children.items():
            given = sent.named(name)
            if below.is_repeat:
                for each in given:
                    made.add(self.read(each, below, bare, row))
            elif given:
                made.add(self.read(given[0], below, bare, row))
            else:
                self.hidden.add(id(made.add(self.blank(below, bare, row))))
        return made

    def blank(self, plan: NodePlan, bare: bool = False, row: bool = False) -> Node:
        """A node as the blank form has it, or a new row."""
        made = Node(plan.name, "", plan.type)
        self._fill(made, "" if bare else plan.default, plan)
        made.is_repeat = plan.is_repeat
        made.attributes = dict(plan.field.attributes)
        for below in plan.children.values():
            count = below.field.rows[not row] if below.is_repeat else 1
            for _ in range(count):
                made.add(self.blank(below, bare, row))
        return made

    def _fill(self, node: Node, text: str, plan: NodePlan) -> None:
        node.text, kind, readable = read_again(text.strip(), plan, self.now)
        if readable and not node.text and text.strip() and plan.type in _POINTS:
            self.nowhere.add(id(node))
        if kind != plan.type:
            self.types[id(node)] = kind


def _within(plan: NodePlan, bare: bool, row: bool) -> tuple[bool, bool]:
    """``bare`` and ``row`` (see :meth:`_Opened.read`) for what stands below a node."""
    if not plan.is_repeat:
        return bare, row
    return bare or "template" not in plan.field.attributes, True


class _Phone(Evaluation):
    """What the rules make of it. ``asked``: by id of a leaf, whether it is required and whether it is locked, before
    any answer is dropped from a list. ``grown``: ids of the rows that a count added."""

    __slots__ = ("asked", "grown", "hidden", "opened")

    def __init__(self, definition: FormDefinition, sent: Node, context: JudgeContext) -> None:
        plan = definition.plan
        now = own_time(plan.clocks, sent, context.now) if context.own_time else context.now
        self.opened = _Opened(sent, plan.root, now)
        self.hidden = self.opened.hidden
        self.grown: set[int] = set()
        super().__init__(definition, self.opened.root, replace(context, now=now, own_time=False))
        for _ in range(_ROUNDS):
            for slot in self.gathered:
                slot.clear()
            self.gather(self.root, plan.root)
            self._retype(self.root)
            self.show(self.root, True)
            self.settle()
            if not self.grow(self.root, plan.root):
                break

    def _retype(self, node: Node) -> None:
        node.data_type = self.opened.types.get(id(node), node.data_type)
        for child in node.children:
            self._retype(child)

    def show(self, node: Node, above: bool) -> None:
        """Carry relevance down from a node: its own and that of all above."""
        node.relevant = above and id(node) not in self.hidden
        for child in node.children:
            self.show(child, node.relevant)

    def settle(self) -> None:
        """Every relevance and calculation in order, of hidden nodes too."""
        plan = self.definition.plan
        lacking = plan.files - self.tables.keys() if plan.files else plan.files
        for trigger in plan.triggers:
            if not lacking.isdisjoint(trigger.files):
                continue
            try:
                self._settle_each(trigger)
            except EvaluationError as stopped:
                stopped.params.setdefault("field", trigger.path)
                raise

    def _settle_each(self, trigger: Trigger) -> None:
        for node in self.gathered[trigger.slot]:
            if trigger.calculates:
                self.calculate(node, trigger)
                continue
            if trigger.expression.boolean(self.at(node)):
                self.hidden.discard(id(node))
            else:
                self.hidden.add(id(node))
            self.show(node, node.parent is None or node.parent.relevant)

    def calculate(self, node: Node, trigger: Trigger) -> None:
        """Write a calculation; what rests on chance or on the device stays as it was sent."""
        if not _KEPT & trigger.expression.functions:
            node.text, node.data_type = calculated(trigger.expression, self.at(node), trigger.type)

    def grow(self, node: Node, plan: NodePlan) -> bool:
        """Add the rows that counts ask for, below what is relevant; whether there were any."""
        grown = False
        for name, below in plan.children.items():
            rows = node.named(name)
            count = below.field.count
            place = rows[0] if rows else Node(name, parent=node)
            shown = below.field.bind.relevant
            if count is not None and node.relevant and (shown is None or shown.boolean(self.at(place))):
                for _ in range(len(rows), min(self._wanted(count, place), _MOST_ROWS - len(self.grown))):
                    self._add_row(node, below, plan)
                    grown = True
            for child in node.named(name) if below.children else ():
                grown |= self.grow(child, below)
        return grown

    def _wanted(self, count: Expression, place: Node) -> int:
        """How many rows a count asks for: a phone reads its node even where that is hidden."""
        if len(count.references) != 1:
            return cut(count.number(self.at(place)))
        lineage = []
        here: Node | None = place
        while here is not None:
            lineage.append(here)
            here = here.parent
        node: Node | None = self.root
        for name in next(iter(count.references))[1:]:
            found = node.named(name) if node is not None else []
            node = next((each for each in found if each in lineage), found[0] if found else None)
        return cut(string_to_number(node.text)) if node is not None else 0

    def _add_row(self, parent: Node, row: NodePlan, plan: NodePlan) -> None:
        made = self.opened.blank(row, *_within(row, False, True))
        made.parent = parent
        order = list(plan.children)
        before = set(order[: order.index(row.name) + 1])
        last = len(parent.children)
        if self._is_new(parent) and not parent.named(row.name):
            place = last  # a row that grew has lost the places of repeats within it
        else:
            place = 1 + max((index for index, each in enumerate(parent.children) if each.name in before), default=-1)
        parent.children.insert(place, made)
        parent.reindex()
        self.grown.add(id(made))

    def _is_new(self, node: Node | None) -> bool:
        while node is not None and id(node) not in self.grown:
            node = node.parent
        return node is not None

    # -- what is said of each node ----------------------------------------------------------------------------------

    def nodes(self) -> Iterator[NodeReport]:
        """All nodes, in order."""
        plan = self.definition.plan.root
        self.asked: dict[int, tuple[bool, bool]] = {}
        self._ask(self.root, plan, False)
        yield from self._of(self.root, plan, f"/{self.root.name}")

    def _ask(self, node: Node, plan: NodePlan, locked: bool) -> None:
        bind = plan.field.bind
        context = self.at(node)
        locked = locked or bind.readonly or (bind.readonly_rule is not None and bind.readonly_rule.boolean(context))
        self.asked[id(node)] = (bind.required is not None and bind.required.boolean(context), locked)
        for child in node.children:
            self._ask(child, plan.children[child.name], locked)

    def _of(self, node: Node, plan: NodePlan, ref: str) -> Iterator[NodeReport]:
        if not plan.children:
            yield self._leaf(node, plan, ref)
            return
        yield NodeReport(ref, "repeat" if plan.is_repeat else "group", node.relevant)
        places: dict[str, int] = {}
        for child in node.children:
            place = places[child.name] = places.get(child.name, 0) + 1
            yield from self._of(child, plan.children[child.name], f"{ref}/{child.name}[{place}]")

    def _leaf(self, node: Node, plan: NodePlan, ref: str) -> NodeReport:
        sent = self.opened.sent.get(id(node))
        raw = sent.text.strip() if sent is not None else None
        required, locked = self.asked[id(node)]
        value = node.text
        holds, stopped = _tried(lambda: self._holds(node, plan.field.bind.constraint))
        listed, lost = _tried(lambda: self._listed(node, plan, raw))
        return NodeReport(
            ref=ref,
            kind="leaf",
            relevant=node.relevant,
            type=_type_of(plan),
            required=required,
            readonly=locked,
            value=value,
            raw=raw,
            type_ok=None if raw is None else read_again(raw, plan, self.now)[2],
            constraint=holds,
            control=plan.field.control,
            choice_ok=listed,
            constraint_error=stopped,
            choice_error=lost,
        )

    def _holds(self, node: Node, constraint: Expression | None) -> bool | None:
        if constraint is None:
            return None
        empty = not node.text and id(node) not in self.opened.nowhere
        return empty or constraint.boolean(self.at(node))

    def _listed(self, node: Node, plan: NodePlan, raw: str | None) -> bool | None:
        """Whether the answer is on the list; to look at the list makes a phone drop what is not."""
        if plan.field.control not in _LISTS or not node.relevant:
            return None
        self._drop(node, plan)
        text = node.text if raw is None else raw
        return not text or self._offers(node, plan, [text] if plan.type == "select1" else text.split())

    def _offers(self, node: Node, plan: NodePlan, names: list[str]) -> bool:
        return plan.names.issuperset(names) if plan.names is not None else self.allows(node, plan, names)

    def _drop(self, node: Node, plan: NodePlan) -> None:
        if plan.field.itemset is None:
            return
        names = [node.text] if plan.type == "select1" else node.text.split()
        node.text = " ".join(name for name in names if name and self._offers(node, plan, [name]))

    def _choice_label(self, question: Node, name: str) -> str:
        label = super()._choice_label(question, name)
        plan = self.plan_of(question)
        if plan is not None:
            self._drop(question, plan)
        return label


def _tried(rule: Callable[[], bool | None]) -> tuple[bool | None, str | None]:
    """What a rule says, and why a phone stops at it."""
    try:
        return rule(), None
    except EvaluationError as stopped:
        return None, str(stopped.params.get("reason", stopped.code))


def _type_of(plan: NodePlan) -> str:
    field = plan.field
    if field.control in _LISTS:
        return "select1" if field.control == "select1" else "select"
    return field.type if field.bind.typed or field.control == "upload" else "none"
