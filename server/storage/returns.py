"""Returned sheets and what became of each return: a row for each move that returned one. Whoever ends a return, by an
edit, by a new sheet or by another decision, says so here in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from server.domain.returned import DECIDED, EDITED, NEW_SHEET, UNDONE, Track
from server.domain.review import REJECTED, QuestionReason
from server.domain.roles import Scope
from server.storage.actors import Actor
from server.storage.database import Base
from server.storage.forms import Form, FormVersion
from server.storage.prepared import Prepared, always
from server.storage.reach import in_scope
from server.storage.reviews import ReviewMove, hold_submission, reasons_of
from server.storage.rounds import RoundRow
from server.storage.submissions import BigId, Submission, SubmissionVersion

_OPEN = text("ended_at IS NULL")
_AT_ONCE = 500


class ReturnRow(Base):
    """One return. `sender_id`: who sent the sheet first. `ended` as domain/returned.py names it; `by_submission_id`:
    the sheet that came in its place."""

    __tablename__ = "returns"
    __table_args__ = (
        Index("ix_returns_open", "project_id", "area_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_returns_open_sender", "project_id", "sender_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_returns_project", "project_id", "returned_at"),
        Index("ix_returns_submission", "submission_id"),
        Index("ix_returns_by_submission", "by_submission_id"),
    )
    move_id: Mapped[int] = mapped_column(BigId, ForeignKey("review_moves.id"), primary_key=True, autoincrement=False)
    submission_id: Mapped[int] = mapped_column(BigId, ForeignKey("submissions.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    sender_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    returned_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    told_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    seen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended: Mapped[str | None] = mapped_column(String(16))
    by_submission_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("submissions.id"))


@dataclass(frozen=True, slots=True)
class ReturnedSheet:
    """A return: of which sheet (`instance_id`: of its current text, `form_sha256`: of the form that it fills), from
    whom, why, at which level and when. `track`: what became of it."""

    move_id: int
    submission_id: int
    instance_id: str
    instance_name: str | None
    xml_form_id: str
    title: str
    form_sha256: str
    project_id: int
    area_id: str | None
    round_id: int | None
    round_slug: str | None
    sender_id: int
    sender: str
    actor: str
    reason: str | None
    questions: tuple[QuestionReason, ...]
    level: str | None
    returned_at: datetime
    track: Track


@dataclass(frozen=True)
class Wanted:
    """Which returns of a project: in sight of `scope`, or sent by `sender` to where `names` reaches. `round_id`: of
    that round alone. `ended`: also those that were corrected."""

    project_id: int
    scope: Scope
    sender: tuple[int, Scope] | None = None
    round_id: int | None = None
    ended: bool = False


_teller = aliased(Actor)
_sender = aliased(Actor)
_SHEETS: Select[*tuple[Any, ...]] = (
    select(
        ReturnRow.move_id,
        ReturnRow.submission_id,
        SubmissionVersion.instance_id,
        SubmissionVersion.instance_name,
        Form.xml_form_id,
        FormVersion.title,
        FormVersion.sha256,
        ReturnRow.project_id,
        Submission.area_id,
        Submission.round_id,
        RoundRow.slug,
        ReturnRow.sender_id,
        _sender.display_name,
        Actor.display_name,
        ReviewMove.reason,
        ReviewMove.questions,
        ReviewMove.level,
        ReturnRow.returned_at,
        ReturnRow.told_at,
        _teller.display_name,
        ReturnRow.seen_at,
        ReturnRow.ended_at,
        ReturnRow.ended,
        ReturnRow.by_submission_id,
    )
    .join(Submission, Submission.id == ReturnRow.submission_id)
    .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
    .join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
    .join(Form, Form.id == ReturnRow.form_id)
    .join(ReviewMove, ReviewMove.id == ReturnRow.move_id)
    .join(Actor, Actor.id == ReviewMove.actor_id)
    .join(_sender, _sender.id == ReturnRow.sender_id)
    .outerjoin(_teller, _teller.id == ReturnRow.told_by)
    .outerjoin(RoundRow, RoundRow.id == Submission.round_id)
    .where(Form.deleted_at.is_(None), Submission.deleted_at.is_(None), Submission.is_draft.is_(False))
)


def _view(row: Any) -> ReturnedSheet:
    values: list[Any] = [*row[:15], reasons_of(row[15]), *row[16:18], Track(*row[18:])]
    return ReturnedSheet(*values)


def _seen(scope: Scope) -> ColumnElement[bool]:
    """Where it was returned and where the sheet lies now: the edit that ended it may have taken it elsewhere."""
    return and_(*(in_scope(scope, row.area_id, row.form_id) for row in (ReturnRow, Submission)))


def list_returned(session: Session | Connection, wanted: Wanted) -> list[ReturnedSheet]:
    """The returns that are wanted, the last first: those that wait for a correction, and, if asked, the corrected."""
    asked = [_seen(wanted.scope) if wanted.ended else in_scope(wanted.scope, ReturnRow.area_id, ReturnRow.form_id)]
    if wanted.sender is not None and not wanted.scope.everywhere:
        sender, names = wanted.sender
        # what somebody else made of it since is not the sender's to read
        own = and_(ReturnRow.sender_id == sender, SubmissionVersion.submitter_id == sender)
        asked.append(and_(own, in_scope(names, ReturnRow.area_id, ReturnRow.form_id)))
    stands = ReturnRow.ended_at.is_(None)
    found: dict[int, ReturnedSheet] = {}
    # one after the other, and put in order here, so that each finds its own index of those that stand
    for seen in asked:
        query = _SHEETS.where(ReturnRow.project_id == wanted.project_id, seen)
        query = query.where(or_(stands, ReturnRow.ended.in_((EDITED, NEW_SHEET))) if wanted.ended else stands)
        if wanted.round_id is not None:
            query = query.where(Submission.round_id == wanted.round_id)
        found |= {row[0]: _view(row) for row in session.execute(query)}
    return sorted(found.values(), key=lambda each: (each.returned_at, each.move_id), reverse=True)


def find_return(session: Session | Connection, project_id: int, move_id: int, scope: Scope) -> ReturnedSheet | None:
    """One return of a project, if it is in sight; one that was taken back or decided otherwise is none any more."""
    query = _SHEETS.where(
        ReturnRow.project_id == project_id,
        ReturnRow.move_id == move_id,
        or_(ReturnRow.ended.is_(None), ReturnRow.ended.in_((EDITED, NEW_SHEET))),
        _seen(scope),
    )
    row = session.execute(query).first()
    return _view(row) if row else None


def find_track(session: Session | Connection, submission_id: int) -> tuple[int, Track] | None:
    """What became of the newest return of a submission that was not taken back, with the number of its move."""
    query = (
        select(
            ReturnRow.move_id,
            ReturnRow.told_at,
            _teller.display_name,
            ReturnRow.seen_at,
            ReturnRow.ended_at,
            ReturnRow.ended,
            ReturnRow.by_submission_id,
        )
        .outerjoin(_teller, _teller.id == ReturnRow.told_by)
        .where(ReturnRow.submission_id == submission_id, or_(ReturnRow.ended.is_(None), ReturnRow.ended != UNDONE))
        .order_by(ReturnRow.move_id.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return (row[0], Track(*row[1:])) if row else None


def list_replaced_by(session: Session | Connection, submission_id: int) -> list[int]:
    """The returned submissions in whose place a submission came."""
    query = select(ReturnRow.submission_id).where(
        ReturnRow.by_submission_id == submission_id, ReturnRow.ended == NEW_SHEET
    )
    return list(session.execute(query.order_by(ReturnRow.submission_id)).scalars())


def add_return(connection: Connection, row: Mapping[str, Any]) -> None:
    """Writes that a move returned a sheet; an earlier return of it that stood is ended by that."""
    end_returns(connection, row["submission_id"], row["returned_at"], DECIDED)
    connection.execute(insert(ReturnRow).values(**row))


def end_returns(connection: Connection, submission_id: int, now: datetime, how: str) -> None:
    """Ends the return of a submission that stands; nothing where there is none."""
    connection.execute(
        update(ReturnRow)
        .where(ReturnRow.submission_id == submission_id, ReturnRow.ended_at.is_(None))
        .values(ended_at=now, ended=how)
    )


def replace_return(connection: Connection, move_id: int, submission_id: int, now: datetime) -> None:
    """Says that a new sheet came in place of a returned one."""
    connection.execute(
        update(ReturnRow)
        .where(ReturnRow.move_id == move_id, ReturnRow.ended_at.is_(None))
        .values(ended_at=now, ended=NEW_SHEET, by_submission_id=submission_id)
    )


def take_back_return(connection: Connection, submission_id: int, move_id: int, now: datetime) -> None:
    """Says that a decision was taken back: a return ends by it; one that the decision had ended stands again."""
    connection.execute(update(ReturnRow).where(ReturnRow.move_id == move_id).values(ended_at=now, ended=UNDONE))
    _wait_again(connection, submission_id)


def let_go(connection: Connection, submission_id: int, now: datetime | None) -> None:
    """A sheet that had come in place of returned ones was deleted: those that are still returned wait again. `now`: it
    was brought back, and they wait no more."""
    came = ReturnRow.by_submission_id == submission_id
    if now is not None:
        ended = {"ended_at": now, "ended": NEW_SHEET}
        connection.execute(update(ReturnRow).where(came, ReturnRow.ended_at.is_(None)).values(**ended))
        return
    query = select(ReturnRow.submission_id).where(came, ReturnRow.ended == NEW_SHEET).distinct()
    for returned in sorted(connection.execute(query).scalars()):
        hold_submission(connection, returned)
        _wait_again(connection, returned)


def _wait_again(connection: Connection, submission_id: int) -> None:
    """The newest return of a submission that was not taken back waits again, where that is still returned and what
    ended it is no more: a decision that was taken back, a new sheet that was deleted."""
    of = aliased(ReturnRow)
    newest = select(func.max(of.move_id)).where(
        of.submission_id == submission_id, or_(of.ended.is_(None), of.ended != UNDONE)
    )
    returned = exists().where(Submission.id == submission_id, Submission.review_state == REJECTED)
    came = aliased(Submission)
    gone = exists().where(came.id == ReturnRow.by_submission_id, came.deleted_at.is_not(None))
    connection.execute(
        update(ReturnRow)
        .where(
            ReturnRow.move_id == newest.scalar_subquery(),
            returned,
            or_(ReturnRow.ended == DECIDED, and_(ReturnRow.ended == NEW_SHEET, gone)),
        )
        .values(ended_at=None, ended=None)
    )


def mark_told(connection: Connection, move_id: int, told: tuple[int, datetime] | None) -> None:
    """Writes who told the sender of a return, and when; None takes that back."""
    by, at = told if told is not None else (None, None)
    connection.execute(update(ReturnRow).where(ReturnRow.move_id == move_id).values(told_by=by, told_at=at))


@dataclass(frozen=True, slots=True)
class Fetched:
    """That a key holder's phone had the list of corrections. `areas`: those that the holder is there for."""

    project_id: int
    actor_id: int
    areas: Collection[str]
    at: datetime


_SEEN = (
    update(ReturnRow)
    .where(ReturnRow.move_id == bindparam("move"), ReturnRow.ended_at.is_(None), ReturnRow.seen_at.is_(None))
    .values(seen_at=bindparam("at"))
)


def mark_seen(connection: Connection, fetched: Iterable[Fetched], told: Mapping[int, datetime]) -> None:
    """Says of the returns that stood then, of the holders' own sheets and of those of their areas, that they were
    seen: when they were first. `told`: when phones were told of single returns, by their moves."""
    seen = dict(told)
    for each in fetched:
        mine = ReturnRow.sender_id == each.actor_id
        if each.areas:
            mine = or_(mine, ReturnRow.area_id.in_(sorted(each.areas)[:_AT_ONCE]))
        query = select(ReturnRow.move_id).where(
            ReturnRow.project_id == each.project_id,
            ReturnRow.ended_at.is_(None),
            ReturnRow.seen_at.is_(None),
            ReturnRow.returned_at <= each.at,
            mine,
        )
        for move_id in connection.execute(query).scalars():
            seen[move_id] = min(each.at, seen.get(move_id, each.at))
    # always in this order: two processes that write at once wait for each other, and never crosswise
    if seen:
        connection.execute(_SEEN, [{"move": move_id, "at": at} for move_id, at in sorted(seen.items())])


@dataclass(frozen=True, slots=True)
class Waiting:
    """A return that a new sheet of the same form and area may be meant for."""

    move_id: int
    instance_id: str
    sender_id: int
    round_id: int | None


_WAITING = (
    select(ReturnRow.move_id, SubmissionVersion.instance_id, ReturnRow.sender_id, Submission.round_id)
    .join(Submission, Submission.id == ReturnRow.submission_id)
    .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
    .where(
        ReturnRow.project_id == bindparam("project"),
        ReturnRow.form_id == bindparam("form"),
        ReturnRow.ended_at.is_(None),
        Submission.deleted_at.is_(None),
    )
    .order_by(ReturnRow.move_id.desc())
)
_OF_AREA = Prepared(always(_WAITING.where(ReturnRow.area_id == bindparam("area"))))
_OF_NO_AREA = Prepared(
    always(_WAITING.where(ReturnRow.area_id.is_(None), ReturnRow.sender_id == bindparam("sender"))),
)


def list_waiting(connection: Connection, project_id: int, form_id: int, area_id: str) -> list[Waiting]:
    """The returned sheets of a form for an area that wait for their correction, the last first."""
    rows = _OF_AREA.rows(connection, {"project": project_id, "form": form_id, "area": area_id})
    return [Waiting(*row) for row in rows]


def list_waiting_nowhere(connection: Connection, project_id: int, form_id: int, sender_id: int) -> list[Waiting]:
    """Those that somebody sent of a form and that are of no place."""
    rows = _OF_NO_AREA.rows(connection, {"project": project_id, "form": form_id, "sender": sender_id})
    return [Waiting(*row) for row in rows]


def forget_returns(connection: Connection, submission_ids: Any) -> None:
    """Takes away all returns of submissions; where they had come in place of others, that is forgotten."""
    connection.execute(
        update(ReturnRow).where(ReturnRow.by_submission_id.in_(submission_ids)).values(by_submission_id=None)
    )
    connection.execute(delete(ReturnRow).where(ReturnRow.submission_id.in_(submission_ids)))
