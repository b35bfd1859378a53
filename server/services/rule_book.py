"""The law as this office has it: the rule sets that come with the product, those it loaded itself, and clauses that two
of its people confirmed. Kept in memory under the revision of areas, facts and rounds, which changes with these too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.load import load_rule_sets, read_rule_set
from server.criteria.report import list_clause_heads
from server.criteria.ruleset import UNIT_KINDS, RuleSet, RuleSetError, confirm_clauses, contested, in_force
from server.storage.memory import Memory
from server.storage.rounds import RoundView
from server.storage.rule_sets import ConfirmationView, list_confirmations, list_loaded
from server.storage.settings import find_revision

KEPT = 8
PERSONS_NEEDED = 2
"""So many different persons read a clause before it counts as verified."""


@dataclass(frozen=True)
class RuleBook:
    """Every rule set by id, clauses that were confirmed being verified in it. `loaded`: the ids that this office loaded
    (a loaded one stands in place of a shipped one of its id)."""

    rule_sets: Mapping[str, RuleSet]
    loaded: frozenset[str] = frozenset()
    _in_force: dict[tuple[str, date], tuple[RuleSet, ...]] = field(default_factory=dict, repr=False, compare=False)

    def on(self, unit_kind: str, day: date) -> tuple[RuleSet, ...]:
        """The rule sets for a kind of unit on a day, entry before completion."""
        found = self._in_force.get((unit_kind, day))
        if found is None:
            found = self._in_force[unit_kind, day] = tuple(in_force(self.rule_sets, unit_kind, day))
        return found

    def of_round(self, round_view: RoundView, unit_kind: str) -> tuple[RuleSet, ...]:
        """Those of a round for units of a kind: in force on its day, and named by it where it names any."""
        named, found = round_view.rule_sets, self.on(unit_kind, round_view.cutoff)
        return found if named is None else tuple(rule_set for rule_set in found if rule_set.id in named)

    def on_any(self, day: date) -> tuple[RuleSet, ...]:
        """The same for units of every kind."""
        return tuple(rule_set for kind in UNIT_KINDS for rule_set in self.on(kind, day))

    def contested_on(self, unit_kind: str, day: date) -> list[tuple[RuleSet, ...]]:
        """Those of them that answer the same question: which counts is for people to decide."""
        return contested(self.on(unit_kind, day))

    @cached_property
    def area_facts(self) -> tuple[str, ...]:
        """The names of all facts that rule sets read of an area."""
        named = {
            name
            for rule_set in self.rule_sets.values()
            for name, fact in rule_set.facts.items()
            if fact.source == "area" or fact.or_area
        }
        return tuple(sorted(named))

    def standard_title(self, standard: str) -> Mapping[str, str] | None:
        """What a poverty standard is called, where a rule set defines it."""
        return next((one.title for one in self.rule_sets.values() if one.standard == standard), None)


@lru_cache(maxsize=1)
def shipped_rules() -> Mapping[str, RuleSet]:
    """The rule sets that come with the product, read once in a process."""
    return load_rule_sets()


@lru_cache(maxsize=1)
def shipped_book() -> RuleBook:
    """The law as it comes with the product, nothing loaded and nothing confirmed."""
    return RuleBook(shipped_rules())


_kept: Memory[str, RuleBook] = Memory(KEPT)


def rule_book(session: Session | Connection) -> RuleBook:
    """The law as it stands now: one small select when nothing has changed."""
    return book_at(session, find_revision(session))


def book_at(session: Session | Connection, revision: str) -> RuleBook:
    """The same for who knows the revision already."""
    kept = _kept.find(revision) if revision else None
    if kept is None:
        kept = _read(session)
        if revision:
            _kept.put(revision, kept)
    return kept


def _read(session: Session | Connection) -> RuleBook:
    rule_sets, loaded = dict(shipped_rules()), set()
    for row in list_loaded(session):
        rule_set = _of_text(row.content, row.rule_set)
        if rule_set is not None:
            rule_sets[row.rule_set] = rule_set
            loaded.add(row.rule_set)
    confirmed: dict[str, set[str]] = {}
    by_rule_set: dict[str, list[ConfirmationView]] = {}
    for each in list_confirmations(session):
        by_rule_set.setdefault(each.rule_set, []).append(each)
    for rule_set_id, confirmations in by_rule_set.items():
        if rule_set_id in rule_sets:
            confirmed[rule_set_id] = confirmed_clauses(rule_sets[rule_set_id], confirmations)
    for rule_set_id, clauses in confirmed.items():
        rule_sets[rule_set_id] = confirm_clauses(rule_sets[rule_set_id], clauses)
    return RuleBook(rule_sets, frozenset(loaded)) if loaded or confirmed else shipped_book()


@lru_cache(maxsize=64)
def _of_text(content: str, rule_set_id: str) -> RuleSet | None:
    try:
        return read_rule_set(content, f"{rule_set_id}.yaml")
    except RuleSetError:
        # it was read when it was loaded; a later version of this program may be stricter, and then the office is told
        return None


def confirmed_clauses(rule_set: RuleSet, confirmations: Iterable[ConfirmationView]) -> set[str]:
    """The clauses that enough different persons confirmed as they stand now."""
    persons: dict[str, set[int]] = {}
    prints = fingerprints(rule_set)
    for each in confirmations:
        if each.withdrawn_at is None and prints.get(each.clause_id) == each.fingerprint:
            persons.setdefault(each.clause_id, set()).add(each.actor_id)
    return {clause_id for clause_id, who in persons.items() if len(who) >= PERSONS_NEEDED}


def fingerprints(rule_set: RuleSet) -> dict[str, str]:
    """For each clause the SHA-256 of what it asks and where in the law that stands: with another number, another
    article or another exception of a region it is another clause, and whoever confirmed the old one did not read it."""
    found = {}
    for head in list_clause_heads(rule_set):
        regions = {name: region.bounds.get(head["id"]) for name, region in rule_set.regions.items()}
        asked = [
            rule_set.id,
            head["id"],
            head["parent"],
            head["role"],
            head["kind"],
            head["article"],
            head["asks"],
            regions,
        ]
        told = json.dumps(asked, ensure_ascii=False, sort_keys=True)
        found[head["id"]] = hashlib.sha256(told.encode()).hexdigest()
    return found
