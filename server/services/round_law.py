"""The law by which a round judges: the rule sets it names, of those in force on its cut-off date; of a locked round the
texts that were locked with it, whatever was loaded or confirmed since."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.load import read_rule_set, shipped_text
from server.criteria.ruleset import RuleSet, confirm_clauses
from server.services.rule_book import RuleBook, rule_book
from server.storage.locks import find_lock, find_text, put_text
from server.storage.memory import Memory
from server.storage.rounds import RoundView
from server.storage.rule_sets import list_loaded

_locked: Memory[tuple[int, str], tuple[RuleSet, ...]] = Memory(32)
_read_before: Memory[tuple[str, tuple[str, ...]], RuleSet] = Memory(64)
"""By the hash of a text and what was confirmed of it: rounds that are locked one after the other share their law."""


def law_of(session: Session | Connection, round_view: RoundView, unit_kind: str | None = None) -> tuple[RuleSet, ...]:
    """The rule sets of a round for units of a kind, entry before completion; without a kind those of villages first."""
    if round_view.lock_id is None:
        book = rule_book(session)
        return both_kinds(book, round_view) if unit_kind is None else book.of_round(round_view, unit_kind)
    return locked_law(session, round_view.lock_id, unit_kind)


def locked_law(session: Session | Connection, lock_id: int, unit_kind: str | None = None) -> tuple[RuleSet, ...]:
    """The same as a lock has it, also one that was reopened since."""
    lock = find_lock(session, lock_id)
    if lock is None:
        return ()
    # a number that a lock had before its database was restored from a copy may be another's now
    key = (lock_id, lock.sha256)
    found = _locked.find(key)
    if found is None:
        found = tuple(_read(session, said) for said in lock.head["ruleSets"])
        _locked.put(key, found)
    return tuple(rule_set for rule_set in found if unit_kind in (None, rule_set.unit_kind))


def _read(session: Session | Connection, said: Mapping[str, Any]) -> RuleSet:
    text = find_text(session, said["sha256"])
    if text is None:
        raise LookupError(f"the text of {said['id']} is gone from the lock")
    key = (hashlib.sha256(text.encode()).hexdigest(), tuple(said["confirmed"]))
    found = _read_before.find(key)
    if found is None:
        found = confirm_clauses(read_rule_set(text, f"{said['id']}.yaml"), said["confirmed"])
        _read_before.put(key, found)
    return found


def keep_texts(connection: Connection, rule_sets: Iterable[RuleSet]) -> list[dict[str, Any]]:
    """Keeps the texts of rule sets for good; returns what a lock says of each: its id, the SHA-256 of its text, and
    which of its clauses people here had confirmed."""
    loaded = {row.sha256: row.content for row in list_loaded(connection)}
    told = []
    for rule_set in rule_sets:
        text = loaded.get(rule_set.sha256) or shipped_text(rule_set.id)
        put_text(connection, rule_set.sha256, text)
        confirmed = [clause.id for clause in rule_set.clauses.values() if clause.status_before is not None]
        told.append({"id": rule_set.id, "sha256": rule_set.sha256, "confirmed": confirmed})
    return told


def both_kinds(book: RuleBook, round_view: RoundView) -> tuple[RuleSet, ...]:
    """The rule sets of an open round, for villages and for communes."""
    return (*book.of_round(round_view, "village"), *book.of_round(round_view, "commune"))
