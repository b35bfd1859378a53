"""Filling a form in without a screen: what a phone does between "start" and "finalise"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from forms.definition import Field, FormDefinition, SetValue
from forms.errors import InstanceError
from forms.evaluate import Evaluation, JudgeContext, generic_path
from forms.plan import NodePlan, Trigger
from forms.wrap import calculated, text_of_value
from forms.xml import serialise
from forms.xpath.values import Node, normalise_points

__all__ = ["JudgeContext", "fill"]

_PASSES = 12
_LOADED = {"odk-instance-first-load", "odk-instance-load", "xforms-ready"}
_ROW = {"odk-new-repeat"}
_CHANGED = {"xforms-value-changed"}


def fill(
    definition: FormDefinition, answers: Mapping[str, object], context: JudgeContext, *, instance_id: str
) -> bytes:
    """A finished submission, as JavaRosa writes it.

    :param answers: by field name or path. A repeat is a list of such mappings; a group may be a mapping or be left
        out, its fields standing beside it. Values: text, int, float, bool, date, datetime, time, a list of choice
        names, a tuple (latitude, longitude, altitude, accuracy); None is empty. Instances of a repeat with a count of
        its own are made and dropped as it says.
    :param instance_id: "uuid:…".
    :raises InstanceError: ``answers.unknown_field`` (``field``), ``answers.not_a_list``.
    """
    return serialise(_Filling(definition, context, instance_id).fill(answers), dict(definition.namespaces))


class _Filling:
    def __init__(self, definition: FormDefinition, context: JudgeContext, instance_id: str) -> None:
        self.definition = definition
        self.context = context
        self.instance_id = instance_id
        self.answered: set[int] = set()
        self.settled: set[int] = set()
        self.plans: dict[str, NodePlan] = dict(_plans(definition.plan.root))

    def fill(self, answers: Mapping[str, object]) -> Node:
        """The finished tree."""
        root = self._made(self.definition.root)
        attributes = {"id": self.definition.form_id}
        if self.definition.version:
            attributes["version"] = self.definition.version
        root.attributes = attributes
        self._answer(root, self.definition.root, answers)
        evaluation = self._evaluate(root)
        for _ in range(_PASSES):
            moved = self._set_on(root, evaluation, _CHANGED | _ROW) | self._count_repeats(root, evaluation)
            before = [node.text for node in _all(root)]
            evaluation = self._evaluate(root)
            if not moved and before == [node.text for node in _all(root)]:
                break
        self._attribute_rules(root, evaluation)
        return root

    # -- the tree ---------------------------------------------------------------------------------------------------

    def _made(self, field: Field) -> Node:
        node = Node(field.name, field.default, field.type)
        node.is_repeat = field.kind == "repeat"
        kept = {name: value for name, value in field.attributes.items() if name != "template"}
        node.attributes = kept or None
        if field.kind == "field":
            node.text = self._preload(field) or field.default
        for child in field.children:
            if child.kind != "repeat":
                node.add(self._made(child))
        return node

    def _preload(self, field: Field) -> str:
        bind = field.bind
        now = self.context.now
        if field.name == "instanceID" or bind.preload == "uid":
            return self.instance_id if field.path.endswith("/meta/instanceID") or bind.preload == "uid" else ""
        if bind.preload == "timestamp":
            return text_of_value(now, "dateTime", now)
        if bind.preload == "date":
            return text_of_value(now, "date", now)
        if bind.preload == "property":
            return self.context.properties.get((bind.preload_params or "").replace("uri:", "").lower(), "")
        return ""

    def _answer(self, node: Node, field: Field, answers: Mapping[str, object]) -> None:
        known = set()
        for child in field.children:
            if child.kind == "repeat":
                known |= self._answer_repeat(node, child, answers)
                continue
            at = node.child(child.name)
            if at is None:
                continue
            for key in (child.path, child.name):
                if key in answers:
                    known.add(key)
                    self._answer_one(at, child, answers[key])
                    break
            if child.children:
                inside = {each.path for each in child.walk()} | {each.name for each in child.walk()}
                beside = {key: value for key, value in answers.items() if key in inside and key not in known}
                self._answer(at, child, beside)
                known |= beside.keys()
        for key in answers:
            if key not in known:
                raise InstanceError("answers.unknown_field", {"field": key})

    def _answer_one(self, node: Node, field: Field, value: object) -> None:
        if field.children:
            if not isinstance(value, Mapping):
                raise InstanceError("answers.not_a_group", {"field": field.path})
            self._answer(node, field, value)
            return
        node.text = text_of_answer(value, field.type, self.context.now)
        self.answered.add(id(node))

    def _answer_repeat(self, node: Node, field: Field, answers: Mapping[str, object]) -> set[str]:
        key = next((each for each in (field.path, field.name) if each in answers), None)
        rows: object = answers[key] if key is not None else []
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise InstanceError("answers.not_a_list", {"field": field.path})
        for row in rows:
            self._answer(self._add_row(node, field), field, row)
        return {key} if key is not None else set()

    def _add_row(self, parent: Node, field: Field) -> Node:
        row = self._made(field)
        row.parent = parent
        siblings = [place for place, child in enumerate(parent.children) if child.name == field.name]
        if siblings:
            place = siblings[-1] + 1
        else:
            plan = self.plans[field.path.rpartition("/")[0]]
            order = list(plan.children)
            after = set(order[: order.index(field.name)])
            place = 1 + max((index for index, child in enumerate(parent.children) if child.name in after), default=-1)
        parent.children.insert(place, row)
        parent.reindex()
        return row

    # -- events, counts, calculations -------------------------------------------------------------------------------

    def _evaluate(self, root: Node) -> Evaluation:
        for node in _all(root):
            node.relevant = True
        evaluation = _Making(self.definition, root, self.context)
        evaluation.gather(root, self.definition.plan.root)
        evaluation.settle()
        return evaluation

    def _events(self, wanted: set[str]) -> Iterator[SetValue]:
        return (each for each in self.definition.set_values if wanted.intersection(each.events))

    def _set_on(self, root: Node, evaluation: Evaluation, wanted: set[str]) -> bool:
        moved = False
        places = _by_path(root)
        for event in self._events(wanted | _LOADED):
            path, _, attribute = event.path.partition("/@")
            for node in places.get(path, ()):
                if attribute:
                    moved |= self._set_attribute(node, attribute, event, evaluation)
                    continue
                mark = hash((id(node), event.path, event.trigger))
                due = event.trigger is None or any(each.text for each in _nearest(places.get(event.trigger, ()), node))
                if id(node) in self.answered or mark in self.settled or not due:
                    continue
                self.settled.add(mark)
                node.text = self._value(event, node, evaluation)
                moved = True
        return moved

    def _set_attribute(self, node: Node, name: str, event: SetValue, evaluation: Evaluation) -> bool:
        attributes = node.attributes if node.attributes is not None else {}
        if attributes.get(name):
            return False
        node.attributes = {**attributes, name: self._value(event, node, evaluation)}
        return True

    def _value(self, event: SetValue, node: Node, evaluation: Evaluation) -> str:
        if event.position:
            return normalise_points(self.context.position)
        if event.value is None:
            return event.literal
        return calculated(event.value, evaluation.at(node), node.data_type)[0]

    def _count_repeats(self, root: Node, evaluation: Evaluation) -> bool:
        moved = False
        for field in self.definition.fields.values():
            if field.count is None:
                continue
            above = field.path.rpartition("/")[0]
            for parent in [each for each in _all(root) if generic_path(each) == above]:
                rows = list(parent.named(field.name))
                place = evaluation.at(rows[0] if rows else Node(field.name, parent=parent))
                number = field.count.number(place)
                wanted = max(0, int(number)) if number == number else 0
                for _ in range(len(rows), min(wanted, 10_000)):
                    self._add_row(parent, field)
                    moved = True
                for row in rows[wanted:]:
                    parent.children.remove(row)
                    parent.reindex()
                    moved = True
        return moved

    def _attribute_rules(self, root: Node, evaluation: Evaluation) -> None:
        places = _by_path(root)
        for path, bind in self.definition.attribute_binds.items():
            owner, _, name = path.partition("/@")
            for node in places.get(owner, ()):
                if bind.calculate is not None:
                    said, _ = calculated(bind.calculate, evaluation.at(node), "string")
                    node.attributes = {**(node.attributes or {}), name: said}


class _Making(Evaluation):
    """An evaluation that keeps what it calculates, what changes with time included."""

    __slots__ = ()

    def calculate(self, node: Node, trigger: Trigger) -> None:
        """Write a calculation; one of chance is made once."""
        expression = trigger.expression
        if expression.volatile and node.text and "random" in expression.source:
            return
        node.text, node.data_type = calculated(expression, self.at(node), trigger.type)


def text_of_answer(value: object, kind: str, now: dt.datetime) -> str:
    """An answer given as a Python value, as the text of its node."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return ("true" if value else "false") if kind == "boolean" else ("1" if value else "0")
    if isinstance(value, dt.datetime):
        return text_of_value(value if value.tzinfo else value.replace(tzinfo=now.tzinfo), kind, now)
    if isinstance(value, dt.time):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Iterable):
        return " ".join(str(float(each)) if kind == "geopoint" else str(each) for each in value)
    return str(value)


def _plans(plan: NodePlan) -> Iterator[tuple[str, NodePlan]]:
    yield plan.field.path, plan
    for child in plan.children.values():
        yield from _plans(child)


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)


def _by_path(root: Node) -> dict[str, list[Node]]:
    """The nodes of a tree by their paths without places."""
    found: dict[str, list[Node]] = {}
    for node in _all(root):
        found.setdefault(generic_path(node), []).append(node)
    return found


def _nearest(found: Sequence[Node], node: Node) -> list[Node]:
    """Those of some nodes that share the most instances of repeats with a node."""
    lineage = set()
    here: Node | None = node
    while here is not None:
        lineage.add(id(here))
        here = here.parent

    def shared(each: Node | None) -> int:
        count = 0
        while each is not None:
            count += id(each) in lineage
            each = each.parent
        return count

    best = max((shared(each) for each in found), default=0)
    return [each for each in found if shared(each) == best]
