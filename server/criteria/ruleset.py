"""A rule set as data: one law for one kind of unit, as trees of clauses over facts.

Frozen values only; `load.py` makes them from YAML, `judge.py` and `evaluate.py` judge by them, `explain.py` says what
would change. A rule set gives a test (one tree: met, not met, unknown) or a class (trees in the order of the law; the
first that is met). A village is judged by each rule set for its own purpose: entry and completion are different tests,
and one village can pass both or neither.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Literal

Verdict = Literal["met", "not_met", "unknown"]
MET: Verdict = "met"
NOT_MET: Verdict = "not_met"
UNKNOWN: Verdict = "unknown"
VERDICTS: tuple[Verdict, ...] = (MET, NOT_MET, UNKNOWN)

CLASSIFIED = "classified"
"""The verdict of a rule set that gives a class, where the class is known; else UNKNOWN and the classes possible."""
NO_RULE_IN_FORCE = "no_rule_in_force"
"""What is shown for a unit and a date for which no rule set stands here."""
RULE_NOT_LOADED = "rule_not_loaded"
"""What is shown when a law is known to be in force, and its conditions have not been entered."""

Text = Mapping[str, str]
"""A text of the law in Vietnamese and English: keys `vi`, `en`."""
Fact = int | bool | None
"""A count (households, rooms: int ≥ 0), a yes or no (bool), or not known (None)."""

STATUSES = ("verified", "partly_read", "recalled", "not_found")
PURPOSES = ("entry", "completion", "scope", "poverty")
"""entry: is it in difficulty; completion: has it finished; scope: does the law speak of it; poverty: is it poor."""
UNIT_KINDS = ("village", "commune", "household")
RESULTS = ("test", "class")
FACT_TYPES = ("count", "yesno")
FACT_SOURCES = ("form", "area", "villages")
COMPARISONS = ("at_least", "more_than", "at_most", "less_than")
SIGNS: Mapping[str, str] = {"at_least": "≥", "more_than": ">", "at_most": "≤", "less_than": "<"}


class RuleSetError(Exception):
    """A rule set that cannot be used. `code` is a message id, `file` and `key` the place ("test.any[0].id"), and
    `remedy` what may stand there, in the words of the file itself ("all | any | at_least")."""

    def __init__(self, code: str, file: str, key: str, remedy: str) -> None:
        super().__init__(code, file, key, remedy)
        self.code = code
        self.file = file
        self.key = key
        self.remedy = remedy
        self.more: tuple[RuleSetError, ...] = ()

    @property
    def all(self) -> "tuple[RuleSetError, ...]":
        """This complaint and those found in the same file beside it."""
        return (self, *self.more)

    @property
    def params(self) -> dict[str, object]:
        """What the text of `code` needs."""
        return {"file": self.file, "key": self.key, "remedy": self.remedy}

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.code}: {self.remedy}"


@dataclass(frozen=True)
class FromVillages:
    """How a fact of a commune follows from its villages: the sum of their fact `sum`; else the number of those that
    meet the rule set `met`; else, where both are None, the number of all."""

    sum: str | None
    met: str | None


@dataclass(frozen=True)
class FactDeclaration:
    """A fact the rule set reads: its unit (household, room, …), its type (count | yesno), and where it comes from:
    the field of a form, a fact of the area, or the villages below (`form` and `field` are None for both). `answers`:
    what the choices of the field mean, where it is no question of yes or no. `by_poverty_standard`: the count means
    something only under the poverty standard it was taken by. `or_area`: where the sheet leaves it empty, the fact of
    the area of that name speaks."""

    name: str
    unit: str | None
    type: str
    source: str
    form: str | None
    field: str | None
    labels: Text
    by_poverty_standard: bool
    answers: Mapping[str, bool] | None = None
    villages: FromVillages | None = None
    or_area: bool = False


@dataclass(frozen=True)
class Bound:
    """`comparison` is one of COMPARISONS; `value` a whole number: of `per` equal parts of the whole for a share (65 of
    100, 2 of 3), as it stands for a count."""

    comparison: str
    value: int
    per: int = 100

    def holds(self, amount: int, whole: int | None = None) -> bool:
        """Whether amount·per compares so with value·whole; a count (no `whole`) with the value itself."""
        left, right = (amount, self.value) if whole is None else (amount * self.per, self.value * whole)
        if self.comparison == "at_least":
            return left >= right
        if self.comparison == "more_than":
            return left > right
        if self.comparison == "at_most":
            return left <= right
        return left < right

    @property
    def is_lower(self) -> bool:
        """Whether more of the counted thing helps to meet it."""
        return self.comparison in ("at_least", "more_than")


@dataclass(frozen=True)
class ZeroSwitch:
    """What a ratio means when the fact it is taken over is zero: the option of a named switch decides."""

    switch: str
    verdicts: Mapping[str, Verdict]


@dataclass(frozen=True)
class Amount:
    """Test of a number: the sum of the facts `of` less the facts `minus`; over the fact `over` in percent (a ratio), or
    as it stands (`over` is None: a count)."""

    of: tuple[str, ...]
    minus: tuple[str, ...]
    over: str | None
    bound: Bound
    zero: ZeroSwitch | None = None

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Every fact it reads, in order, each once."""
        return tuple(dict.fromkeys((*self.of, *self.minus, *((self.over,) if self.over else ()))))


@dataclass(frozen=True)
class YesNo:
    """Test of a fact against the answer the clause asks for."""

    fact: str
    expected: bool

    @property
    def facts(self) -> tuple[str, ...]:
        """The one fact it reads."""
        return (self.fact,)


@dataclass(frozen=True)
class Located:
    """Whether the unit lies in one of these regions; a unit without a region lies in none."""

    regions: tuple[str, ...]

    @property
    def facts(self) -> tuple[str, ...]:
        """None: where a unit lies is no fact that anybody reports."""
        return ()


@dataclass(frozen=True)
class Chosen:
    """A reading of the law: the option of a named switch decides."""

    switch: str
    verdicts: Mapping[str, Verdict]

    @property
    def facts(self) -> tuple[str, ...]:
        """None: it is a decision of the office."""
        return ()


@dataclass(frozen=True)
class Group:
    """`needed` of the children must be met: all of them, any one, or at least n. Where `condition` is met, `needed_if`
    of them are enough. A `case` has two children: the first counts where the condition is met, else the second."""

    kind: Literal["all", "any", "at_least", "case"]
    children: tuple["Clause", ...]
    needed: int
    condition: "Clause | None" = None
    needed_if: int | None = None


@dataclass(frozen=True)
class Clause:
    """A place in the law: `article` cites it, `status` (STATUSES) says how well its text is known, `source` where it
    was read. Status, article and source are those of the clause above unless the file says otherwise. `status_before`:
    what the file says, where two persons of this office have read the text since and confirmed it."""

    id: str
    title: Text
    article: str
    status: str
    source: str
    note: Text | None
    test: "Test"
    status_before: str | None = None


Leaf = Amount | YesNo | Located | Chosen
Test = Leaf | Group


@dataclass(frozen=True)
class ClassRule:
    """One class that a unit can have, where no class before it has it. `test` None: whatever is left. `status`: how
    well the text is known that makes this a class (of what is left, nothing else says so)."""

    id: str
    title: Text
    test: Clause | None
    status: str = "verified"


@dataclass(frozen=True)
class Switch:
    """A question the law leaves open, with the answers an office may choose from, the default, and why it is."""

    name: str
    title: Text
    options: Mapping[str, Text]
    default: str
    reason: Text


@dataclass(frozen=True)
class Region:
    """A region of the country for which the law writes other numbers: clause id → value of its bound."""

    name: str
    title: Text
    bounds: Mapping[str, int]


@dataclass(frozen=True)
class Note:
    """What a reader of the results must know of the rule set as a whole, and how well it is known."""

    text: Text
    status: str


@dataclass(frozen=True)
class Example:
    """A worked unit (its numbers are made up) and what is expected: the verdict or the class of the whole (or unknown,
    with the classes `possible`), and the verdicts of named clauses."""

    name: str
    facts: Mapping[str, Fact]
    region: str | None
    switches: Mapping[str, str]
    verdict: str
    clauses: Mapping[str, Verdict]
    possible: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleSet:
    """A law for one kind of unit. In force from `in_force_from` up to and including `in_force_to` (None: open).
    `result` says whether it gives a test (`tree`) or a class (`classes`); without both, the conditions of the law have
    not been entered. `outcomes`: what met, not met and unknown mean. `standard`: the poverty standard it is itself
    (purpose poverty); `poverty_standards`: those whose counts it accepts. `sha256` is that of the file's text."""

    id: str
    law: str
    article: str
    title: Text
    in_force_from: date
    in_force_to: date | None
    purpose: str
    unit_kind: str
    outcomes: Mapping[str, Text]
    poverty_standards: tuple[str, ...]
    facts: Mapping[str, FactDeclaration]
    tree: Clause | None
    switches: Mapping[str, Switch]
    regions: Mapping[str, Region]
    notes: tuple[Note, ...]
    examples: tuple[Example, ...]
    sha256: str
    result: str = "test"
    classes: tuple[ClassRule, ...] = ()
    standard: str | None = None

    @cached_property
    def roots(self) -> tuple[Clause, ...]:
        """The trees: that of the test, or those of the classes in order; empty while nothing was entered."""
        if self.tree is not None:
            return (self.tree,)
        return tuple(one.test for one in self.classes if one.test is not None)

    @cached_property
    def clauses(self) -> Mapping[str, Clause]:
        """Every clause by its id, in the order of the law."""
        return {clause.id: clause for root in self.roots for clause in list_clauses(root)}

    @cached_property
    def read_leaves(self) -> frozenset[str]:
        """The ids of the tests whose text was read: clauses without clauses below them, of status verified."""
        return frozenset(
            clause.id
            for clause in self.clauses.values()
            if clause.status == "verified" and not isinstance(clause.test, Group)
        )


def list_clauses(clause: Clause) -> Iterator[Clause]:
    """The clause and everything below it, in the order of the law; a condition stands before what it governs."""
    yield clause
    if isinstance(clause.test, Group):
        if clause.test.condition is not None:
            yield from list_clauses(clause.test.condition)
        for child in clause.test.children:
            yield from list_clauses(child)


def in_force(rule_sets: Mapping[str, RuleSet] | Iterable[RuleSet], unit_kind: str, on: date) -> list[RuleSet]:
    """The rule sets for that kind of unit on that day, entry before completion, then by id. Empty: NO_RULE_IN_FORCE."""
    candidates = rule_sets.values() if isinstance(rule_sets, Mapping) else rule_sets
    found = [
        rule_set
        for rule_set in candidates
        if rule_set.unit_kind == unit_kind
        and rule_set.in_force_from <= on
        and (rule_set.in_force_to is None or on <= rule_set.in_force_to)
    ]
    return sorted(found, key=lambda rule_set: (PURPOSES.index(rule_set.purpose), rule_set.id))


def contested(rule_sets: Iterable[RuleSet]) -> list[tuple[RuleSet, ...]]:
    """Of rule sets in force together, those that answer the same question for the same kind of unit (an old law not yet
    ended, a new one begun): which of them counts is for people to decide. What one law asks, it asks side by side."""
    found: dict[tuple[str, str, str], list[RuleSet]] = {}
    for rule_set in rule_sets:
        found.setdefault((rule_set.unit_kind, rule_set.purpose, rule_set.result), []).append(rule_set)
    return [tuple(group) for group in found.values() if len({rule_set.law for rule_set in group}) > 1]


def confirm_clauses(rule_set: RuleSet, confirmed: Collection[str]) -> RuleSet:
    """The rule set with these clauses verified, the status that the file gives them kept beside; ids that it does not
    have are left aside. A group that is confirmed says nothing of the clauses below it."""
    if not any(clause_id in rule_set.clauses for clause_id in confirmed):
        return rule_set
    tree = rule_set.tree and _confirm(rule_set.tree, confirmed)
    classes = tuple(replace(one, test=one.test and _confirm(one.test, confirmed)) for one in rule_set.classes)
    return replace(rule_set, tree=tree, classes=classes)


def _confirm(clause: Clause, confirmed: Collection[str]) -> Clause:
    test = clause.test
    if isinstance(test, Group):
        test = replace(
            test,
            children=tuple(_confirm(child, confirmed) for child in test.children),
            condition=test.condition and _confirm(test.condition, confirmed),
        )
    if clause.id not in confirmed or clause.status == "verified":
        return replace(clause, test=test)
    return replace(clause, test=test, status="verified", status_before=clause.status)


def facts_under(rule_set: RuleSet, facts: Mapping[str, Fact], standard: str | None) -> dict[str, Fact]:
    """The facts with every count that was taken by a poverty standard the rule set does not accept made unknown.
    A standard that nobody stated is not accepted."""
    if standard in rule_set.poverty_standards:
        return dict(facts)
    bound = {name for name, fact in rule_set.facts.items() if fact.by_poverty_standard}
    return {name: None if name in bound else value for name, value in facts.items()}
