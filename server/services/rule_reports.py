"""What people and scripts are told of the law: where each rule set comes from, who confirmed which clause, and what a
text that somebody hands in would change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from server.criteria.ruleset import PURPOSES, UNIT_KINDS, Clause, RuleSet, in_force
from server.domain.errors import NotFound
from server.services.authenticate import Caller
from server.services.rule_book import RuleBook, fingerprints, rule_book
from server.services.rules import read_office_rules
from server.storage.rule_sets import ConfirmationView, LoadedView, find_confirmation, list_confirmations, list_loaded


@dataclass(frozen=True)
class Confirmation:
    """A person's confirmation of a clause. `stands`: it was not taken back, and the clause still asks what was read."""

    view: ConfirmationView
    stands: bool


@dataclass(frozen=True)
class RuleSetReport:
    """A rule set as it stands now. `loaded`: by whom of this office and when; None: it comes with the product.
    `confirmations`: every one there ever was, the earliest first."""

    rule_set: RuleSet
    loaded: LoadedView | None
    confirmations: tuple[Confirmation, ...] = ()

    @property
    def verified(self) -> int:
        """How many of its clauses were read."""
        return sum(clause.status == "verified" for clause in self.rule_set.clauses.values())

    @property
    def unverified(self) -> int:
        """How many were not."""
        return len(self.rule_set.clauses) - self.verified


@dataclass(frozen=True)
class Law:
    """All rule sets that were asked for, those that answer the same question on the day `on`, and the ids of loaded
    texts that this version of the program cannot read any more."""

    reports: tuple[RuleSetReport, ...]
    contested: tuple[tuple[RuleSet, ...], ...]
    unreadable: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """What loading a text would do: in place of `before` (None: of nothing), with these clauses new, gone or asking
    something else, or said by the file to be known otherwise than before (`restated`), and these confirmations standing
    no more."""

    rule_set: RuleSet
    before: RuleSet | None
    added: tuple[Clause, ...] = ()
    removed: tuple[Clause, ...] = ()
    changed: tuple[Clause, ...] = ()
    restated: tuple[Clause, ...] = ()
    lapsing: tuple[ConfirmationView, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether the same text is in use already."""
        return self.before is not None and self.before.sha256 == self.rule_set.sha256


def read_law(session: Session, on: date, *, only_on: bool = False, unit_kind: str | None = None) -> Law:
    """Every rule set by kind of unit, question and day from which it is in force; with `only_on` those in force on the
    day `on`, with `unit_kind` those for one kind."""
    book, loaded = rule_book(session), {each.rule_set: each for each in list_loaded(session)}
    unreadable = loaded.keys() - book.loaded
    kinds = [kind for kind in UNIT_KINDS if unit_kind in (None, kind)]
    wanted = [each for kind in kinds for each in _of_kind(book, kind, on if only_on else None)]
    return Law(
        reports=tuple(RuleSetReport(each, loaded[each.id] if each.id in book.loaded else None) for each in wanted),
        contested=tuple(group for kind in kinds for group in book.contested_on(kind, on)),
        unreadable=tuple(sorted(unreadable)),
    )


def _of_kind(book: RuleBook, unit_kind: str, on: date | None) -> list[RuleSet]:
    found = [each for each in book.rule_sets.values() if each.unit_kind == unit_kind]
    if on is not None:
        found = in_force(found, unit_kind, on)
    return sorted(found, key=lambda each: (PURPOSES.index(each.purpose), each.in_force_from, each.id))


def report_rule_set(session: Session, rule_set_id: str) -> RuleSetReport:
    """One rule set with who confirmed what. Raises NotFound."""
    book = rule_book(session)
    rule_set = book.rule_sets.get(rule_set_id)
    if rule_set is None:
        raise NotFound("rule_set.unknown", rule_set=rule_set_id)
    loaded = next((each for each in list_loaded(session) if each.rule_set in book.loaded & {rule_set_id}), None)
    prints = fingerprints(rule_set)
    confirmations = tuple(
        Confirmation(each, each.withdrawn_at is None and prints.get(each.clause_id) == each.fingerprint)
        for each in list_confirmations(session, rule_set_id, withdrawn=True)
    )
    return RuleSetReport(rule_set, loaded, confirmations)


def preview_rules(session: Session, caller: Caller, text: str) -> Preview:
    """What would come of loading a text; nothing is written. Raises Forbidden; RuleSetError, with every complaint."""
    caller.require_everywhere("rule_set.create")
    rule_set = read_office_rules(text)
    before = rule_book(session).rule_sets.get(rule_set.id)
    if before is None:
        return Preview(rule_set, None, added=tuple(rule_set.clauses.values()))
    old, new = fingerprints(before), fingerprints(rule_set)
    return Preview(
        rule_set,
        before,
        added=tuple(clause for key, clause in rule_set.clauses.items() if key not in old),
        removed=tuple(clause for key, clause in before.clauses.items() if key not in new),
        changed=tuple(clause for key, clause in rule_set.clauses.items() if key in old and old[key] != new[key]),
        restated=tuple(
            clause
            for key, clause in rule_set.clauses.items()
            if key in old and clause.status != _of_file(before.clauses[key])
        ),
        lapsing=tuple(
            each
            for each in list_confirmations(session, rule_set.id)
            if old.get(each.clause_id) == each.fingerprint != new.get(each.clause_id)
        ),
    )


def _of_file(clause: Clause) -> str:
    return clause.status_before or clause.status


def get_scan(session: Session, confirmation_id: int) -> tuple[ConfirmationView, str]:
    """A confirmation with a scan, and the SHA-256 of the scan. Raises NotFound."""
    found = find_confirmation(session, confirmation_id)
    if found is None or found.sha256 is None:
        raise NotFound("rule_set.no_confirmation")
    return found, found.sha256
