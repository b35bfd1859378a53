"""What people do with the law: load a rule set, confirm a clause whose text they read, take that back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.criteria.load import read_rule_set
from server.criteria.report import rule_set_json
from server.criteria.ruleset import RuleSet, RuleSetError
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.services.authenticate import Caller
from server.services.campaign import touch
from server.services.home import Home, require_space
from server.services.rejudge import ask_to_rejudge
from server.services.rule_book import fingerprints, rule_book
from server.storage.audits import write_audit
from server.storage.blobs import name_blob
from server.storage.database import writing
from server.storage.rule_sets import (
    add_confirmation,
    find_confirmation,
    list_confirmations,
    put_loaded,
    withdraw_confirmation,
)

LONGEST_TEXT = 1_000_000
LONGEST_ID, LONGEST_CLAUSE_ID = 50, 64
LONGEST_QUOTE = 20_000
LONGEST_SCAN = 20_000_000
SCANS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
"""What a scan may be, by how its bytes begin."""


@dataclass(frozen=True)
class Scan:
    """A file with the text of the law."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Reading:
    """What a person read of a clause: `source` says where (a publication, a page), `quote` the words, `scan` a picture
    of them."""

    rule_set: str
    clause_id: str
    source: str
    quote: str | None = None
    scan: Scan | None = None


def load_rules(session: Session, caller: Caller, text: str, now: datetime) -> RuleSet:
    """Takes a rule set in, in place of the one of its id. Loading the same text again changes nothing. Raises
    Forbidden; RuleSetError, with every complaint about the text."""
    caller.require_everywhere("rule_set.create")
    rule_set = read_office_rules(text)
    before = rule_book(session).rule_sets.get(rule_set.id)
    if before is not None and before.sha256 == rule_set.sha256:
        return rule_set
    with writing(session) as connection:
        put_loaded(connection, rule_set.id, text, rule_set.sha256, (caller.actor_id, now))
        touch(connection)
        told = {"sha256": rule_set.sha256, "before": before.sha256 if before else None}
        write_audit(connection, caller.entry("rule_set.create", f"rule_set:{rule_set.id}", now, **told))
        ask_to_rejudge(connection, rule_set.id, now)
        session.commit()
    return rule_set


def decode_rules(content: bytes) -> str:
    """The text of a file that somebody hands in. Raises RuleSetError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleSetError("ruleset.not_readable", "–", "(file)", "UTF-8") from error


def read_office_rules(text: str) -> RuleSet:
    """A rule set from a text that somebody hands in: one that can also be kept. Raises RuleSetError."""
    if len(text) > LONGEST_TEXT:
        raise RuleSetError("ruleset.too_long", "–", "(file)", f"{LONGEST_TEXT}")
    rule_set = read_rule_set(text, "–")
    letters = all(letter.isascii() and (letter.isalnum() or letter == "_") for letter in rule_set.id)
    if len(rule_set.id) > LONGEST_ID or not letters:
        raise RuleSetError("ruleset.bad_id", "–", "id", "a-z 0-9 _")
    for clause_id in rule_set.clauses:
        if len(clause_id) > LONGEST_CLAUSE_ID:
            raise RuleSetError("ruleset.id_too_long", "–", clause_id, f"{LONGEST_CLAUSE_ID}")
    if not _can_be_kept(rule_set):
        raise RuleSetError("ruleset.not_readable", "–", "(file)", "UTF-8")
    return rule_set


def _can_be_kept(rule_set: RuleSet) -> bool:
    """Whether no text in it has a zero character or half of a character, which YAML can write and no database keeps."""
    told = json.dumps(rule_set_json(rule_set, whole=True), ensure_ascii=False)
    return "\\u0000" not in told and not any("\ud800" <= letter <= "\udfff" for letter in told)


def confirm(session: Session, home: Home, caller: Caller, reading: Reading, now: datetime) -> int:
    """Notes that the caller read the text of a clause and that the rule set says the same; returns the number of the
    confirmation. The words or a scan must be attached by one of those who confirm it. Raises Forbidden, NotFound,
    Conflict, Invalid."""
    caller.require_everywhere("rule_set.update")
    rule_set, clause_id = _found(session, reading)
    earlier = [one for one in list_confirmations(session, rule_set.id) if one.clause_id == clause_id]
    status = rule_set.clauses[clause_id].status_before or rule_set.clauses[clause_id].status
    asked = fingerprints(rule_set)[clause_id]
    earlier = [one for one in earlier if one.fingerprint == asked]
    if status == "verified":
        raise Conflict("rule_set.verified_already", clause=clause_id)
    if any(one.actor_id == caller.actor_id for one in earlier):
        raise Conflict("rule_set.confirmed_already", clause=clause_id)
    _check_reading(reading, attached=any(one.quote or one.sha256 for one in earlier))
    if reading.scan:
        require_space(home)
    sha256 = home.blobs.put(reading.scan.content) if reading.scan else None
    with writing(session) as connection:
        if reading.scan and sha256:
            name_blob(connection, sha256, len(reading.scan.content), now)
        made = add_confirmation(
            connection,
            rule_set=rule_set.id,
            clause_id=clause_id,
            fingerprint=asked,
            status_before=status,
            actor_id=caller.actor_id,
            source=reading.source.strip(),
            quote=(reading.quote or "").strip() or None,
            sha256=sha256,
            file_name=reading.scan.name[:255] if reading.scan else None,
            content_type=_kind_of(reading.scan) if reading.scan else None,
            confirmed_at=now,
        )
        if made is None:
            raise Conflict("rule_set.confirmed_already", clause=clause_id)
        touch(connection)
        told = {"clause": clause_id, "source": reading.source.strip(), "statusBefore": status, "sha256": sha256}
        write_audit(connection, caller.entry("rule_set.confirm", f"rule_set:{rule_set.id}", now, **told))
        ask_to_rejudge(connection, rule_set.id, now)
        session.commit()
    return made


def withdraw(session: Session, caller: Caller, confirmation_id: int, now: datetime) -> None:
    """Takes a confirmation back; it stays to be seen. People take back their own, an administrator any. Raises
    NotFound, Forbidden."""
    caller.require_everywhere("rule_set.update")
    found = find_confirmation(session, confirmation_id)
    if found is None:
        raise NotFound("rule_set.no_confirmation")
    if found.actor_id != caller.actor_id and not caller.may("rule_set.create"):
        raise Forbidden("auth.forbidden")
    with writing(session) as connection:
        if withdraw_confirmation(connection, confirmation_id, caller.actor_id, now):
            touch(connection)
            told = {"clause": found.clause_id, "of": found.actor_id}
            write_audit(connection, caller.entry("rule_set.withdraw", f"rule_set:{found.rule_set}", now, **told))
            ask_to_rejudge(connection, found.rule_set, now)
        session.commit()


def get_rule_set(session: Session, rule_set_id: str) -> RuleSet:
    """A rule set by its id, as it stands now. Raises NotFound."""
    rule_set = rule_book(session).rule_sets.get(rule_set_id)
    if rule_set is None:
        raise NotFound("rule_set.unknown", rule_set=rule_set_id)
    return rule_set


def _found(session: Session, reading: Reading) -> tuple[RuleSet, str]:
    rule_set = get_rule_set(session, reading.rule_set)
    if reading.clause_id not in rule_set.clauses:
        raise NotFound("rule_set.unknown_clause", clause=reading.clause_id, rule_set=rule_set.id)
    return rule_set, reading.clause_id


def _check_reading(reading: Reading, *, attached: bool) -> None:
    if not reading.source.strip():
        raise Invalid("rule_set.no_source")
    if len(reading.source) > 500 or len(reading.quote or "") > LONGEST_QUOTE:
        raise Invalid("rule_set.too_long", most=LONGEST_QUOTE)
    if reading.scan is not None and (len(reading.scan.content) > LONGEST_SCAN or _kind_of(reading.scan) is None):
        raise Invalid("rule_set.scan_unusable", megabytes=LONGEST_SCAN // 1_000_000)
    if not attached and reading.scan is None and not (reading.quote or "").strip():
        raise Invalid("rule_set.no_text")


def _kind_of(scan: Scan) -> str | None:
    return next((kind for begin, kind in SCANS.items() if scan.content.startswith(begin)), None)
