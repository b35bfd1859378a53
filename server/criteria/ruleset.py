"""A rule set as data: one law for one kind of unit, as a tree of clauses over facts.

Frozen values only; `load.py` makes them from YAML, `evaluate.py` judges by them, `explain.py` says what would change.
A village is judged by each rule set for its own purpose: entry and completion are different tests, and one village can
pass both or neither.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

Verdict = Literal["met", "not_met", "unknown"]
MET: Verdict = "met"
NOT_MET: Verdict = "not_met"
UNKNOWN: Verdict = "unknown"
VERDICTS: tuple[Verdict, ...] = (MET, NOT_MET, UNKNOWN)

NO_RULE_IN_FORCE = "no_rule_in_force"
"""What is shown for a unit and a date for which no rule set stands here."""
RULE_NOT_LOADED = "rule_not_loaded"
"""What is shown when a law is known to be in force, and its conditions have not been entered."""

Text = Mapping[str, str]
"""A text of the law in Vietnamese and English: keys `vi`, `en`."""
Fact = int | bool | None
"""A count (households, rooms: int ≥ 0), a yes or no (bool), or not known (None)."""

STATUSES = ("verified", "partly_read", "recalled", "not_found")
PURPOSES = ("entry", "completion")
UNIT_KINDS = ("village", "commune")
FACT_TYPES = ("count", "yesno")
FACT_SOURCES = ("form", "area")
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

    @property
    def params(self) -> dict[str, object]:
        """What the text of `code` needs."""
        return {"file": self.file, "key": self.key, "remedy": self.remedy}

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.code}: {self.remedy}"


@dataclass(frozen=True)
class FactDeclaration:
    """A fact the rule set reads: its unit (household, room, …), its type (count | yesno), and where it comes from:
    the field of a form, or a fact of the area (then `form` and `field` are None). `by_poverty_standard`: the count
    means something only under the poverty standard it was taken by."""

    name: str
    unit: str | None
    type: str
    source: str
    form: str | None
    field: str | None
    labels: Text
    by_poverty_standard: bool


@dataclass(frozen=True)
class Bound:
    """`comparison` is one of COMPARISONS; `value` a whole number (percent for a ratio)."""

    comparison: str
    value: int

    def holds(self, amount: int, whole: int = 100) -> bool:
        """Whether amount·100 compares so with value·whole. For a plain count leave `whole` at 100."""
        left, right = amount * 100, self.value * whole
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
class Group:
    """`needed` of the children must be met: all of them, any one, or at least n. Where `condition` is met, `needed_if`
    of them are enough."""

    kind: Literal["all", "any", "at_least"]
    children: tuple["Clause", ...]
    needed: int
    condition: "Clause | None" = None
    needed_if: int | None = None


@dataclass(frozen=True)
class Clause:
    """A place in the law: `article` cites it, `status` (STATUSES) says how well its text is known, `source` where it
    was read. Status, article and source are those of the clause above unless the file says otherwise."""

    id: str
    title: Text
    article: str
    status: str
    source: str
    note: Text | None
    test: Amount | YesNo | Group


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
    """A worked village (its numbers are made up) and the verdicts expected, of the whole and of named clauses."""

    name: str
    facts: Mapping[str, Fact]
    region: str | None
    switches: Mapping[str, str]
    verdict: Verdict
    clauses: Mapping[str, Verdict]


@dataclass(frozen=True)
class RuleSet:
    """A law for one kind of unit. In force from `in_force_from` up to and including `in_force_to` (None: open).
    `tree` is None while the conditions of the law have not been entered. `sha256` is that of the file's text."""

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

    @cached_property
    def read_leaves(self) -> frozenset[str]:
        """The ids of the tests whose text was read: clauses without clauses below them, of status verified."""
        clauses = list_clauses(self.tree) if self.tree is not None else ()
        return frozenset(
            clause.id for clause in clauses if clause.status == "verified" and not isinstance(clause.test, Group)
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


def facts_under(rule_set: RuleSet, facts: Mapping[str, Fact], standard: str | None) -> dict[str, Fact]:
    """The facts with every count that was taken by a poverty standard the rule set does not accept made unknown.
    A standard that nobody stated is not accepted."""
    if standard in rule_set.poverty_standards:
        return dict(facts)
    bound = {name for name, fact in rule_set.facts.items() if fact.by_poverty_standard}
    return {name: None if name in bound else value for name, value in facts.items()}
