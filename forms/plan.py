"""What is worked out once per form, so that a submission is judged by walking it.

A :class:`NodePlan` mirrors each field; :class:`Trigger` lists relevance and calculations in an order in which each
reads only what is settled (JavaRosa: "triggerable DAG").
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from forms.definition import Bind, Field, Itemset
from forms.errors import DefinitionError
from forms.tables import Table
from forms.types import CHECKS
from forms.xpath.compile import Expression

_INSTANCE = re.compile(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)")
_PULLDATA = re.compile(r"pulldata\(\s*['\"]([^'\"]+)['\"]")
_WHOLE_LIST = re.compile(r"\s*(?:randomize\(\s*)?instance\(\s*['\"][^'\"]+['\"]\s*\)/\w+/(\w+)\s*(?:,[^\[]*)?\)?\s*\Z")
LAST_SAVED = "jr://instance/last-saved"
"""What a phone fills a new form in with: never sent, so that nothing here can read it."""
_COUNTING = frozenset({"position", "last", "count"})


class NodePlan:
    """How one field is judged.

    ``required``: True, None or an expression. ``names``: the static set of allowed choices, None when there is none.
    ``slot``: where instances of this field are gathered for triggers, -1 when none reads them.
    ``narrow``: whether the choice list may be tried with only the items that the answer names. ``whole``: the name of
    the items of an external list when all of them are choices. ``offered``: the choices that stand in the body itself:
    a phone loses any other as it reads the answer. ``counted``: the repeats right below that have a count. ``reads``:
    the files that its rules cannot do without. ``place``: the path of what occurs once, '' inside repeats. ``idle``:
    nothing is asked of an answer; ``chooses``, ``bounded``: it is held against a list, against ends or a rule.
    ``naming``: the children that name attachments, themselves or somewhere below.
    """

    __slots__ = (
        "bounded",
        "calculated",
        "check",
        "children",
        "chooses",
        "constraint",
        "counted",
        "default",
        "field",
        "idle",
        "is_leaf",
        "is_repeat",
        "itemset",
        "lone",
        "many",
        "name",
        "names",
        "naming",
        "narrow",
        "offered",
        "place",
        "reads",
        "required",
        "slot",
        "type",
        "whole",
        "within_meta",
    )

    def __init__(self, field: Field, within_meta: bool) -> None:
        bind = field.bind
        asks = field.control is not None
        self.field = field
        self.name = field.name
        self.type = field.type
        self.default = field.default
        self.is_leaf = field.kind == "field"
        self.is_repeat = field.kind == "repeat"
        self.within_meta = within_meta
        self.calculated = bind.calculate is not None
        self.required = _required(bind) if asks and self.is_leaf else None
        self.constraint = bind.constraint if asks and self.is_leaf else None
        self.check: Callable[[str], bool] | None = CHECKS.get(field.type) if self.is_leaf else None
        self.names: frozenset[str] | None = None
        self.itemset: Itemset | None = None
        self.narrow = False
        self.whole = ""
        self.many = field.type in ("select", "rank")
        self.slot = -1
        self.children: dict[str, NodePlan] = {}
        self.lone: frozenset[str] = frozenset()
        self.offered: frozenset[str] | None = None
        self.counted: tuple[NodePlan, ...] = ()
        self.reads: frozenset[str] = frozenset()
        self.place = ""
        self.idle = False
        self.naming: frozenset[str] = frozenset()
        self.chooses = False
        self.bounded = False


def _required(bind: Bind) -> Expression | bool | None:
    if bind.required is None:
        return None
    return True if bind.required.source.strip() in ("true()", "true", "yes") else bind.required


@dataclass(frozen=True, slots=True)
class Trigger:
    """A relevance or a calculation in its place in the order. ``files``: the tables it cannot do without."""

    slot: int
    path: str
    expression: Expression
    calculates: bool
    type: str
    files: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """All that :mod:`forms.validate` walks by.

    ``slots``: how many lists of nodes to gather. ``choosing``: the names of the questions that choose one row of an
    external file, by the file's name.
    """

    root: NodePlan
    triggers: tuple[Trigger, ...]
    slots: int
    instances: Mapping[str, Table]
    external: Mapping[str, str]
    files: frozenset[str]
    clocks: tuple[tuple[str, ...], ...]
    choosing: Mapping[str, tuple[str, ...]]


def files_of(expression: Expression, external: Mapping[str, str]) -> frozenset[str]:
    """The names of the files that an expression reads."""
    named = {external[each] for each in _INSTANCE.findall(expression.source) if each in external}
    named.update(f"{each.removesuffix('.csv')}.csv" for each in _PULLDATA.findall(expression.source))
    return frozenset(named)


def make_plan(
    root: Field, instances: Mapping[str, Table], external: Mapping[str, str], errors: list[DefinitionError]
) -> Plan:
    """The plan of a form. Cycles are added to ``errors`` as ``definition.cycle``, with their ``fields`` in order."""
    plans: dict[str, NodePlan] = {}
    root_plan = _node_plan(root, (instances, external), False, plans)
    _name_places(root_plan)
    rules = list(_rules(root))
    ordered = _in_order(rules, plans, errors)
    slots: dict[str, int] = {}
    triggers = []
    for path, expression, calculates in ordered:
        plans[path].slot = slots.setdefault(path, len(slots))
        files = files_of(expression, external)
        triggers.append(Trigger(slots[path], path, expression, calculates, plans[path].type, files))
    return Plan(
        root=root_plan,
        triggers=tuple(triggers),
        slots=len(slots),
        instances=instances,
        external=external,
        files=frozenset().union(*(each.files for each in triggers), *(each.reads for each in plans.values())),
        clocks=tuple(_clocks(root)),
        choosing=_choosing(root),
    )


Lists = tuple[Mapping[str, Table], Mapping[str, str]]
"""The inline instances by id, and the files of the external ones."""


def _node_plan(field: Field, lists: Lists, within_meta: bool, plans: dict[str, NodePlan]) -> NodePlan:
    plan = NodePlan(field, within_meta)
    plans[field.path] = plan
    if field.control in ("select1", "select", "rank"):
        _plan_choices(plan, field, lists[0])
    below = within_meta or field.name == "meta"
    for child in field.children:
        plan.children[child.name] = _node_plan(child, lists, below, plans)
    plan.counted = tuple(child for child in plan.children.values() if child.field.count is not None)
    plan.reads = _reads_of(plan, lists[1])
    plan.lone = frozenset(name for name, child in plan.children.items() if not child.is_repeat)
    rules = plan.required or plan.constraint or plan.check or plan.itemset or field.search or field.range
    plan.idle = plan.is_leaf and plan.names is None and not rules
    plan.chooses = bool(plan.names is not None or plan.itemset or field.search)
    plan.bounded = bool(plan.constraint or field.range)
    plan.naming = frozenset(name for name, child in plan.children.items() if child.type == "binary" or child.naming)
    return plan


def _name_places(plan: NodePlan) -> None:
    plan.place = sys.intern(plan.field.path)
    for child in plan.children.values():
        if not child.is_repeat:
            _name_places(child)


def _reads_of(plan: NodePlan, external: Mapping[str, str]) -> frozenset[str]:
    field = plan.field
    found = {field.search.file_name} if field.search is not None else set()
    for rule in (plan.required, plan.constraint, plan.itemset.nodeset if plan.itemset else None, field.count):
        if isinstance(rule, Expression):
            found |= files_of(rule, external)
    return frozenset(found)


def _plan_choices(plan: NodePlan, field: Field, instances: Mapping[str, Table]) -> None:
    itemset = field.itemset
    if "search(" in field.appearance:
        return
    if itemset is None:
        plan.names = plan.offered = frozenset(choice.name for choice in field.choices) if field.choices else None
    elif itemset.instance_id in instances and _WHOLE_LIST.match(itemset.source):
        plan.names = frozenset(choice.name for choice in field.choices)
    else:
        plan.itemset = itemset
        once = len(_INSTANCE.findall(itemset.source)) == 1
        numbered = re.search(r"\[\s*\d+\s*\]", itemset.source)
        plan.narrow = once and not numbered and not (_COUNTING & itemset.nodeset.functions)
        whole = _WHOLE_LIST.match(itemset.source)
        plan.whole = whole[1] if whole else ""


def _rules(root: Field) -> Iterator[tuple[str, Expression, bool]]:
    for each in root.walk():
        if each.bind.relevant is not None:
            yield each.path, each.bind.relevant, False
        if each.bind.calculate is not None and each.kind == "field":
            yield each.path, each.bind.calculate, True


def _clocks(root: Field) -> Iterator[tuple[str, ...]]:
    """Where the submission says when it was filled in: its end, then its start."""
    for wanted in ("end", "start"):
        for each in root.walk():
            if each.bind.preload == "timestamp" and each.bind.preload_params == wanted:
                yield tuple(each.path.split("/")[2:])


def _choosing(root: Field) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    rows = frozenset(below.path for each in root.walk() if each.kind == "repeat" for below in each.walk())
    for each in root.walk():
        if each.path in rows:
            continue
        if each.control == "select1" and each.itemset is not None and each.itemset.file_name:
            found[each.itemset.file_name] = (*found.get(each.itemset.file_name, ()), each.name)
    return found


Rule = tuple[str, Expression, bool]


def _in_order(rules: list[Rule], plans: Mapping[str, NodePlan], errors: list[DefinitionError]) -> list[Rule]:
    by_path: dict[str, list[int]] = {}
    for index, (path, _, _) in enumerate(rules):
        by_path.setdefault(path, []).append(index)
    needs = [_needs(index, rules, by_path, plans) for index in range(len(rules))]
    ordered: list[Rule] = []
    state = [0] * len(rules)
    for first in range(len(rules)):
        if state[first]:
            continue
        stack = [(first, iter(sorted(needs[first])))]
        state[first] = 1
        while stack:
            index, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[index] = 2
                ordered.append(rules[index])
                stack.pop()
            elif state[following] == 0:
                state[following] = 1
                stack.append((following, iter(sorted(needs[following]))))
            elif state[following] == 1:
                trail = [each for each, _ in stack]
                cycle = [rules[each][0] for each in trail[trail.index(following) :]]
                errors.append(_cycle([*cycle, rules[following][0]]))
    return ordered


def _cycle(paths: list[str]) -> DefinitionError:
    return DefinitionError("definition.cycle", {"field": paths[0], "fields": " → ".join(paths)})


def _needs(index: int, rules: list[Rule], by_path: dict[str, list[int]], plans: Mapping[str, NodePlan]) -> set[int]:
    """The rules that must be settled before this one: those of all it reads, and the relevance of all above that."""
    path, expression, calculates = rules[index]
    needed: set[int] = set()
    for steps in expression.references:
        reference = "/" + "/".join(steps)
        for above in _upwards(reference):
            for other in by_path.get(above, ()):
                if other == index and (_may_read_itself(path, expression, plans) if calculates else False):
                    continue
                if above == reference or not rules[other][2]:
                    needed.add(other)
    own = [other for above in _upwards(path) for other in by_path.get(above, ()) if other != index]
    for other in own:
        related = rules[other][0] != path or calculates
        if not rules[other][2] and related and not _reads(rules[other][1], path):
            needed.add(other)
    return needed


def _may_read_itself(path: str, expression: Expression, plans: Mapping[str, NodePlan]) -> bool:
    """``once(…)`` does, and a running total in a repeat reads the row before."""
    return "once" in expression.functions or any(plans[above].is_repeat for above in _upwards(path) if above in plans)


def _reads(expression: Expression, path: str) -> bool:
    return tuple(path.split("/")[1:]) in expression.references


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
