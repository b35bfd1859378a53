"""Clauses of a rule set's file: the trees of tests, with what each takes from the clause above it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from server.criteria.entry import Entry, gather
from server.criteria.ruleset import (
    COMPARISONS,
    STATUSES,
    Amount,
    Bound,
    Chosen,
    ClassRule,
    Clause,
    FactDeclaration,
    Group,
    Located,
    Switch,
    Test,
    Verdict,
    YesNo,
    ZeroSwitch,
    list_clauses,
)

_TESTS = ("all", "any", "at_least", "case", "ratio", "count", "yesno", "region", "choice")


@dataclass(frozen=True)
class _Inherited:
    """What a clause takes from the clause above it, and the names that may be used in it."""

    article: str
    status: str
    source: str
    facts: Mapping[str, FactDeclaration]
    switches: Mapping[str, Switch]


def read_tree(entry: Entry, facts: Mapping[str, FactDeclaration], switches: Mapping[str, Switch]) -> Clause:
    """The tree of a test. Raises RuleSetError with the place of what does not fit."""
    tree = _root(entry, facts, switches)
    _no_id_twice(entry, [tree])
    return tree


def read_classes(
    entry: Entry, facts: Mapping[str, FactDeclaration], switches: Mapping[str, Switch]
) -> tuple[ClassRule, ...]:
    """The classes in order; the last one, and only it, may be `rest`: whatever no class before it takes."""
    listed = entry.list()
    found = gather(
        partial(_class, one, (place == len(listed) - 1, facts, switches)) for place, one in enumerate(listed)
    )
    ids = [one.id for one in found]
    for class_id in ids:
        if ids.count(class_id) > 1:
            raise entry.error("clause_stands_twice", class_id)
    _no_id_twice(entry, [one.test for one in found if one.test])
    return tuple(found)


def _class(entry: Entry, rest: tuple[bool, Mapping[str, FactDeclaration], Mapping[str, Switch]]) -> ClassRule:
    is_last, facts, switches = rest
    parts = entry.mapping("id title test", "status")
    if (parts["test"].value == "rest") != is_last:
        raise parts["test"].error("rest_stands_last", "test: rest")
    test = None if is_last else _root(parts["test"], facts, switches)
    status = parts["status"].one_of(STATUSES) if "status" in parts else "verified"
    return ClassRule(parts["id"].string(), parts["title"].text(), test, status)


def _root(entry: Entry, facts: Mapping[str, FactDeclaration], switches: Mapping[str, Switch]) -> Clause:
    parts = entry.items()
    for key in ("article", "status", "source"):
        if key not in parts:
            raise entry.below(key, None).error("missing_key", f"{key}: …")
    return _clause(entry, _Inherited("", "", "", facts, switches))


def _no_id_twice(entry: Entry, roots: Iterable[Clause]) -> None:
    seen: set[str] = set()
    for clause in (clause for root in roots for clause in list_clauses(root)):
        if clause.id in seen:
            raise entry.error("clause_stands_twice", clause.id)
        seen.add(clause.id)


def _clause(entry: Entry, above: _Inherited) -> Clause:
    parts = entry.mapping("id title", f"article status source note {' '.join(_TESTS)}")
    tests = [name for name in _TESTS if name in parts]
    if len(tests) != 1:
        raise entry.error("one_test", " | ".join(_TESTS))
    own = _Inherited(
        article=parts["article"].string() if "article" in parts else above.article,
        status=parts["status"].one_of(STATUSES) if "status" in parts else above.status,
        source=parts["source"].string() if "source" in parts else above.source,
        facts=above.facts,
        switches=above.switches,
    )
    return Clause(
        id=parts["id"].string(),
        title=parts["title"].text(),
        article=own.article,
        status=own.status,
        source=own.source,
        note=parts["note"].text() if "note" in parts else None,
        test=_test(tests[0], parts[tests[0]], own),
    )


def _test(kind: str, entry: Entry, own: _Inherited) -> Test:
    if kind == "yesno":
        parts = entry.mapping("fact is")
        return YesNo(_fact_name(parts["fact"], "yesno", own), parts["is"].boolean())
    if kind in ("ratio", "count"):
        return _amount(kind, entry, own)
    if kind == "region":
        return Located(tuple(name.string() for name in entry.list()))
    if kind == "choice":
        return Chosen(*_chosen(entry, own))
    return _group(kind, entry, own)


def _clauses(entry: Entry, own: _Inherited) -> tuple[Clause, ...]:
    return tuple(gather(partial(_clause, child, own) for child in entry.list()))


def _group(kind: str, entry: Entry, own: _Inherited) -> Group:
    if kind == "at_least":
        return _at_least(entry, own)
    if kind == "case":
        parts = entry.mapping("when then else")
        sides = (_clause(parts["then"], own), _clause(parts["else"], own))
        return Group("case", sides, 1, _clause(parts["when"], own))
    children = _clauses(entry, own)
    return Group("all", children, len(children)) if kind == "all" else Group("any", children, 1)


def _at_least(entry: Entry, own: _Inherited) -> Group:
    parts = entry.mapping("n of", "n_if")
    children = _clauses(parts["of"], own)
    needed = _number_of(parts["n"], len(children))
    if "n_if" not in parts:
        return Group("at_least", children, needed)
    exception = parts["n_if"].mapping("when then")
    needed_if = _number_of(exception["then"], len(children))
    return Group("at_least", children, needed, _clause(exception["when"], own), needed_if)


def _number_of(entry: Entry, most: int) -> int:
    if not 1 <= entry.integer() <= most:
        raise entry.error("not_allowed", f"1 … {most}")
    return entry.integer()


def _amount(kind: str, entry: Entry, own: _Inherited) -> Amount:
    optional = f"minus {' '.join(COMPARISONS)}"
    parts = entry.mapping("of over", f"{optional} zero") if kind == "ratio" else entry.mapping("of", optional)
    comparisons = [name for name in COMPARISONS if name in parts]
    if len(comparisons) != 1:
        raise entry.error("one_comparison", " | ".join(COMPARISONS))
    return Amount(
        of=tuple(_fact_name(fact, "count", own) for fact in parts["of"].list()),
        minus=tuple(_fact_name(fact, "count", own) for fact in parts["minus"].list()) if "minus" in parts else (),
        over=_fact_name(parts["over"], "count", own) if kind == "ratio" else None,
        bound=_bound(comparisons[0], parts[comparisons[0]], kind),
        zero=_zero(parts["zero"], own) if "zero" in parts else None,
    )


def _bound(comparison: str, entry: Entry, kind: str) -> Bound:
    """A whole number (of a share, percent); for a share also a fraction, "2/3"."""
    if kind == "ratio" and isinstance(entry.value, str):
        value, _, per = entry.value.partition("/")
        if not (value.isdecimal() and per.isdecimal() and 0 < int(per) <= 1000 and int(value) <= int(per)):
            raise entry.error("wrong_type", "65 | 2/3")
        return Bound(comparison, int(value), int(per))
    return Bound(comparison, entry.integer())


def _zero(entry: Entry, own: _Inherited) -> ZeroSwitch:
    return ZeroSwitch(*_chosen(entry, own))


def _chosen(entry: Entry, own: _Inherited) -> tuple[str, Mapping[str, Verdict]]:
    """The switch, and what each of its options comes to."""
    parts = entry.mapping("switch then")
    switch = parts["switch"].one_of(own.switches)
    verdicts = parts["then"].mapping(" ".join(own.switches[switch].options))
    return switch, {option: verdict.verdict() for option, verdict in verdicts.items()}


def _fact_name(entry: Entry, kind: str, own: _Inherited) -> str:
    return entry.one_of(name for name, fact in own.facts.items() if fact.type == kind)
