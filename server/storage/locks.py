"""Locks of rounds: every figure as it stood, with the exact versions of submissions behind it, kept for good.

A lock that was reopened stays as it was; locking again makes another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, func, insert, literal, select, true, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from server.criteria.rollup import Rollup
from server.domain.roles import Scope
from server.storage.actors import Actor
from server.storage.areas import AreaVersionRow, valid_on
from server.storage.database import Base
from server.storage.forms import Form, FormVersion
from server.storage.reach import in_scope
from server.storage.rollups import RollupRow
from server.storage.rounds import RoundView
from server.storage.submissions import BigId, Submission, SubmissionVersion
from server.storage.verdicts import VerdictKept, VerdictRow

SILENT = "silent"
"""The basis of what decisions alone say of an area from which nothing that counts had come."""


class RoundLock(Base):
    """`sha256` is over all that it froze (services/freeze.py). `head`: the round and the rule sets as they were, with
    the counts; `provisional`: why it is not final, empty when it is."""

    __tablename__ = "round_locks"
    __table_args__ = (Index("uq_round_locks_number", "round_id", "number", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    head: Mapped[dict[str, Any]]
    provisional: Mapped[list[Any]]
    reason: Mapped[str | None] = mapped_column(Text)
    locked_at: Mapped[datetime]
    locked_by: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    reopened_at: Mapped[datetime | None]
    reopened_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    reopen_reason: Mapped[str | None] = mapped_column(Text)


class LockedText(Base):
    """The text of a rule set by its SHA-256: what was locked by it is judged by it again."""

    __tablename__ = "locked_texts"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[str] = mapped_column(Text)


class LockedVerdict(Base):
    """A row of `verdicts` as it stood, with the version of the submission behind it. `basis` may be SILENT."""

    __tablename__ = "locked_verdicts"
    __table_args__ = (
        Index("uq_locked_verdicts_once", "lock_id", "area_id", "rule_set", "basis", unique=True),
        Index("ix_locked_verdicts_submission", "submission_id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lock_id: Mapped[int] = mapped_column(ForeignKey("round_locks.id"))
    area_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"))
    rule_set: Mapped[str] = mapped_column(String(64))
    rule_set_sha256: Mapped[str] = mapped_column(String(64))
    basis: Mapped[str] = mapped_column(String(12))
    verdict: Mapped[str] = mapped_column(String(24))
    klass: Mapped[str | None] = mapped_column(String(64))
    region: Mapped[str | None] = mapped_column(String(64))
    spans: Mapped[dict[str, Any] | None]
    clauses: Mapped[list[Any]]
    facts: Mapped[dict[str, Any]]
    synthetic: Mapped[bool]
    computed_at: Mapped[datetime | None]
    submission_id: Mapped[int | None] = mapped_column(BigId)
    version_id: Mapped[int | None] = mapped_column(BigId)
    version_sha256: Mapped[str | None] = mapped_column(String(64))


class LockedRollup(Base):
    """A row of `rollups` as it stood."""

    __tablename__ = "locked_rollups"
    lock_id: Mapped[int] = mapped_column(ForeignKey("round_locks.id"), primary_key=True)
    area_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"), primary_key=True)
    basis: Mapped[str] = mapped_column(String(12), primary_key=True)
    villages: Mapped[int]
    reported: Mapped[int]
    approved: Mapped[int]
    sums: Mapped[dict[str, Any]]
    verdicts: Mapped[dict[str, Any]]
    synthetic: Mapped[bool]


_FIGURES = (
    "area_id",
    "rule_set",
    "rule_set_sha256",
    "basis",
    "verdict",
    "klass",
    "region",
    "spans",
    "clauses",
    "facts",
    "synthetic",
    "computed_at",
)
_TOTALS = ("area_id", "basis", "villages", "reported", "approved", "sums", "verdicts", "synthetic")


@dataclass(frozen=True, slots=True)
class LockView:
    """A lock as read, with the names of who locked and reopened it."""

    id: int
    round_id: int
    number: int
    sha256: str
    head: Mapping[str, Any]
    provisional: Sequence[Mapping[str, Any]]
    reason: str | None
    locked_at: datetime
    locked_by: str
    reopened_at: datetime | None
    reopened_by: str | None
    reopen_reason: str | None


_by, _again = aliased(Actor), aliased(Actor)
_LOCKS = (
    select(
        RoundLock.id,
        RoundLock.round_id,
        RoundLock.number,
        RoundLock.sha256,
        RoundLock.head,
        RoundLock.provisional,
        RoundLock.reason,
        RoundLock.locked_at,
        _by.display_name,
        RoundLock.reopened_at,
        _again.display_name,
        RoundLock.reopen_reason,
    )
    .join(_by, _by.id == RoundLock.locked_by)
    .outerjoin(_again, _again.id == RoundLock.reopened_by)
)


def list_locks(session: Session | Connection, round_id: int) -> list[LockView]:
    """The locks of a round, the newest first."""
    query = _LOCKS.where(RoundLock.round_id == round_id).order_by(RoundLock.number.desc())
    return [LockView(*row) for row in session.execute(query)]


def find_lock(session: Session | Connection, lock_id: int) -> LockView | None:
    """A lock by its id."""
    row = session.execute(_LOCKS.where(RoundLock.id == lock_id)).first()
    return LockView(*row) if row else None


def add_lock(connection: Connection, **row: Any) -> int:
    """Writes a lock, numbered after those of its round; returns its id."""
    highest = select(func.max(RoundLock.number)).where(RoundLock.round_id == row["round_id"])
    number = (connection.execute(highest).scalar_one() or 0) + 1
    made = connection.execute(insert(RoundLock).values(number=number, **row).returning(RoundLock.id)).scalar_one()
    return int(made)


def change_lock(connection: Connection, lock_id: int, **row: Any) -> None:
    """Writes what is known of a lock later: who reopened it."""
    connection.execute(update(RoundLock).where(RoundLock.id == lock_id).values(**row))


def put_text(connection: Connection, sha256: str, content: str) -> None:
    """Keeps the text of a rule set, once."""
    known = connection.execute(select(LockedText.sha256).where(LockedText.sha256 == sha256)).first()
    if known is None:
        connection.execute(insert(LockedText).values(sha256=sha256, content=content))


def find_text(session: Session | Connection, sha256: str) -> str | None:
    """The text of a rule set by its SHA-256."""
    return session.execute(select(LockedText.content).where(LockedText.sha256 == sha256)).scalar_one_or_none()


def freeze_rows(connection: Connection, lock_id: int, round_id: int) -> None:
    """Copies the verdicts and rollups of a round into its lock, in the database itself."""
    current = (SubmissionVersion.submission_id == VerdictRow.submission_id) & SubmissionVersion.is_current
    rows = (
        select(
            literal(lock_id),
            *(getattr(VerdictRow, name) for name in _FIGURES),
            VerdictRow.submission_id,
            SubmissionVersion.id,
            SubmissionVersion.sha256,
        )
        .outerjoin(SubmissionVersion, current)
        .where(VerdictRow.round_id == round_id)
        .order_by(VerdictRow.area_id, VerdictRow.rule_set, VerdictRow.basis)
    )
    names = ["lock_id", *_FIGURES, "submission_id", "version_id", "version_sha256"]
    connection.execute(insert(LockedVerdict).from_select(names, rows))
    totals = select(literal(lock_id), *(getattr(RollupRow, name) for name in _TOTALS))
    connection.execute(
        insert(LockedRollup).from_select(["lock_id", *_TOTALS], totals.where(RollupRow.round_id == round_id))
    )


def add_silent(connection: Connection, lock_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes what decisions say of areas from which nothing had come: rows as _FIGURES has them, without basis. An area
    that has spoken meanwhile is left out."""
    query = select(LockedVerdict.area_id, LockedVerdict.rule_set).where(LockedVerdict.lock_id == lock_id).distinct()
    spoken = {(row[0], row[1]) for row in connection.execute(query)}
    spoken_not = [row for row in rows if (row["area_id"], row["rule_set"]) not in spoken]
    for start in range(0, len(spoken_not), 500):
        some = [{**row, "lock_id": lock_id, "basis": SILENT} for row in spoken_not[start : start + 500]]
        connection.execute(insert(LockedVerdict), some)


def iterate_locked(session: Session | Connection, lock_id: int, wanted: str | None = None) -> Iterator[dict[str, Any]]:
    """Every frozen verdict with all its members, by area, rule set and basis; of one area or of all."""
    return _iterate(session, lock_id, true() if wanted is None else LockedVerdict.area_id == wanted)


def iterate_locked_seen(session: Session | Connection, lock_id: int, scope: Scope) -> Iterator[dict[str, Any]]:
    """The same of the areas that are in sight."""
    return _iterate(session, lock_id, in_scope(scope, LockedVerdict.area_id))


def _iterate(session: Session | Connection, lock_id: int, wanted: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    names = (*_FIGURES, "submission_id", "version_id", "version_sha256")
    query = select(*(getattr(LockedVerdict, name) for name in names), Submission.instance_id)
    query = query.outerjoin(Submission, Submission.id == LockedVerdict.submission_id)
    query = query.where(LockedVerdict.lock_id == lock_id, wanted)
    # by the bytes of the ids, whatever the database's language sorts by
    query = query.order_by(LockedVerdict.id)
    # whoever stops before the end leaves no cursor open
    with session.execute(query.execution_options(yield_per=1000)) as rows:
        for row in rows:
            yield dict(zip((*names, "instance_id"), row, strict=True))


def list_totals(session: Session | Connection, lock_id: int) -> dict[tuple[str, str], Rollup]:
    """The frozen rollups by (area, basis)."""
    query = select(*(getattr(LockedRollup, name) for name in _TOTALS)).where(LockedRollup.lock_id == lock_id)
    return {
        (row[0], row[1]): Rollup(
            row[2], row[3], row[4], {name: (found[0], found[1]) for name, found in row[5].items()}, row[6]
        )
        for row in session.execute(query)
    }


def list_locked_kept(
    session: Session | Connection, lock_id: int, scope: Scope, area_ids: Collection[str] | None = None
) -> list[VerdictKept]:
    """The frozen verdicts that are in sight, as `list_kept` has those of an open round."""
    query = (
        select(
            LockedVerdict.area_id,
            LockedVerdict.rule_set,
            LockedVerdict.verdict,
            LockedVerdict.clauses,
            LockedVerdict.facts,
            LockedVerdict.submission_id,
            LockedVerdict.computed_at,
            LockedVerdict.basis,
            LockedVerdict.klass,
            LockedVerdict.region,
            LockedVerdict.spans,
            LockedVerdict.synthetic,
            Submission.instance_id,
        )
        .outerjoin(Submission, Submission.id == LockedVerdict.submission_id)
        .where(LockedVerdict.lock_id == lock_id, in_scope(scope, LockedVerdict.area_id))
    )
    if area_ids is not None:
        query = query.where(LockedVerdict.area_id.in_(sorted(area_ids)))
    return [VerdictKept(*row) for row in session.execute(query)]


@dataclass(frozen=True, slots=True)
class LateView:
    """What came for a round after it was locked. `edit`: it replaces what was there before."""

    submission_id: int
    instance_id: str
    area_id: str | None
    area_name: str | None
    sender: str
    created_at: datetime
    edit: bool
    lock_number: int
    xml_form_id: str


def list_late(session: Session | Connection, round_view: RoundView, scope: Scope, limit: int = 500) -> list[LateView]:
    """What came for a round while a lock of it stood, newest first, as far as it is in sight."""
    first = aliased(SubmissionVersion)
    earlier = (
        select(first.id)
        .where(first.submission_id == SubmissionVersion.submission_id, first.id < SubmissionVersion.id)
        .exists()
    )
    query = (
        select(
            Submission.id,
            Submission.instance_id,
            Submission.area_id,
            AreaVersionRow.name,
            Actor.display_name,
            SubmissionVersion.created_at,
            earlier,
            RoundLock.number,
            Form.xml_form_id,
        )
        .join(Submission, Submission.id == SubmissionVersion.submission_id)
        .join(Form, Form.id == Submission.form_id)
        .join(RoundLock, RoundLock.id == SubmissionVersion.after_lock_id)
        .join(Actor, Actor.id == SubmissionVersion.submitter_id)
        .outerjoin(
            AreaVersionRow, (AreaVersionRow.area_id == Submission.area_id) & valid_on(AreaVersionRow, round_view.cutoff)
        )
        .where(
            RoundLock.round_id == round_view.id,
            SubmissionVersion.after_lock_id.is_not(None),
            Submission.deleted_at.is_(None),
            in_scope(scope, Submission.area_id, Submission.form_id),
        )
        .order_by(SubmissionVersion.created_at.desc(), SubmissionVersion.id.desc())
        .limit(limit)
    )
    return [LateView(*row) for row in session.execute(query)]


@dataclass(frozen=True, slots=True)
class LockedVersion:
    """The text of a submission as it is kept, and the form version that it is read by (SHA-256)."""

    xml: bytes
    form_sha256: str


def list_locked_versions(session: Session | Connection, version_ids: Iterable[int]) -> dict[int, LockedVersion]:
    """By version its text; what is not here any more is left out."""
    wanted = sorted(set(version_ids))
    found: dict[int, LockedVersion] = {}
    for start in range(0, len(wanted), 500):
        rows = session.execute(
            select(SubmissionVersion.id, SubmissionVersion.xml, FormVersion.sha256)
            .join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
            .where(SubmissionVersion.id.in_(wanted[start : start + 500]))
        )
        found |= {row[0]: LockedVersion(row[1], row[2]) for row in rows}
    return found


def is_frozen(session: Session | Connection, submission_id: int) -> bool:
    """Whether a figure of some lock rests on a submission: then it is evidence, and stays."""
    query = select(LockedVerdict.id).where(LockedVerdict.submission_id == submission_id).limit(1)
    return session.execute(query).first() is not None


def is_form_frozen(session: Session | Connection, form_id: int) -> bool:
    """Whether a figure of some lock rests on something that was sent for a form."""
    query = select(LockedVerdict.id).join(Submission, Submission.id == LockedVerdict.submission_id)
    return session.execute(query.where(Submission.form_id == form_id).limit(1)).first() is not None
