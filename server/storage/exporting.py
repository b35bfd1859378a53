"""Submissions as exports read them: few columns, in batches, by one statement for each thing and batch; a whole form is
read through a cursor of the database, so that memory stays flat however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    func,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from server.storage.actors import Actor
from server.storage.among import among
from server.storage.database import Moment
from server.storage.forms import FormVersion
from server.storage.newest import list_newest
from server.storage.prepared import Prepared, stream_rows
from server.storage.reach import in_scope
from server.storage.reviews import STANDS, ReviewMove
from server.storage.submissions import FindingRow, Submission, SubmissionAttachment, SubmissionVersion
from server.storage.table_sql import order_as_sql
from server.storage.tables import Wanted, answers_at, dialect_of, part_of

AT_ONCE = 100
PART = 40
"""Rows of a page that are taken as soon as they are there."""


class Sent(NamedTuple):
    """A submission in its current version. `current_id`: the instance id of that version; `files_present`: of the
    `files_expected` that its answers name."""

    id: int
    instance_id: str
    created_at: datetime
    updated_at: datetime | None
    deleted_at: datetime | None
    submitter_id: int
    review_state: str
    review_level: str | None
    device_id: str | None
    area_id: str | None
    round_id: int | None
    version_id: int
    form_version_id: int
    current_id: str
    answers: dict[str, Any]
    submitter: str = ""
    form_version: str = ""
    edits: int = 0
    files_present: int = 0
    files_expected: int = 0


_file, _other = aliased(SubmissionAttachment), aliased(SubmissionVersion)
_OWN = (
    Submission.id,
    Submission.instance_id,
    Submission.created_at,
    Submission.updated_at,
    Submission.deleted_at,
    Submission.submitter_id,
    Submission.review_state,
    Submission.review_level,
    Submission.device_id,
    Submission.area_id,
    Submission.round_id,
    SubmissionVersion.id,
    SubmissionVersion.form_version_id,
    SubmissionVersion.instance_id,
)
_ANSWERS = len(_OWN)
_BARE = _ANSWERS + 1
_FILES = select(func.count()).where(_file.version_id == SubmissionVersion.id, _file.expected)
_BESIDE: tuple[Any, ...] = (
    Actor.display_name,
    FormVersion.version,
    select(func.count() - 1).where(_other.submission_id == Submission.id).scalar_subquery(),
    _FILES.where(_file.sha256.is_not(None)).scalar_subquery(),
    _FILES.scalar_subquery(),
)
_CURRENT = (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current
_NEWEST_FIRST = (Submission.created_at.desc(), Submission.id.desc())


def iterate_batches(session: Session, wanted: Wanted) -> Iterator[list[Sent]]:
    """All that is wanted, newest first, some hundred at a time, as of one moment, on a connection of its own."""
    part = part_of(session, wanted)
    query = _query(wanted, dialect_of(session)).where(
        Submission.form_id == wanted.form_id, in_scope(wanted.scope, Submission.area_id), *part.conditions
    )
    with closing(stream_rows(session, query, AT_ONCE)) as batches:
        for rows in batches:
            yield _sent(rows, wanted.only)


def iterate_page(session: Session, wanted: Wanted, skip: int, top: int) -> Iterator[Sent]:
    """A page, newest first, found by index. With an order of its own (`wanted.order`) all are looked at."""
    if not _is_plain(wanted):
        yield from _list_page(session, wanted, skip, top)
        return
    values: dict[str, Any] = {"form_id": wanted.form_id, "draft": wanted.draft, "skip": skip, "top": top}
    if wanted.after is not None:
        values["sent_at"], values["number"] = wanted.after
    # the first are worked on while the database makes the others ready: to write out answers is most of its work
    statement = _plain(Wanted(0, raw=wanted.raw, only=wanted.only, bare=wanted.bare), wanted.after is not None)
    with closing(statement.parts(session, values, PART)) as parts:
        for rows in parts:
            yield from _sent(rows, wanted.only)


def _list_page(session: Session, wanted: Wanted, skip: int, top: int) -> list[Sent]:
    part = part_of(session, wanted)
    query = _query(wanted, dialect_of(session))
    if wanted.order:
        seen = in_scope(wanted.scope, Submission.area_id)
        query = query.where(Submission.form_id == wanted.form_id, seen, *part.conditions).offset(skip).limit(top)
        return _sent(_read(session, query), wanted.only)
    numbers = list_newest(session, part, skip, top)
    if not numbers:
        return []
    return _sent(_read(session, query.where(among(session, Submission.id, numbers))), wanted.only)


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    # past the session, which makes nothing of columns but work
    return [tuple(row) for row in session.connection().execute(query)]


def _is_plain(wanted: Wanted) -> bool:
    """Whether a page is of all that was sent, in the order of time, for who sees all of the form."""
    narrowed = (wanted.condition, wanted.instance_id, wanted.areas, *wanted.round_ids, *wanted.states)
    return wanted.scope.of_form(wanted.form_id).everywhere and not any(narrowed) and not wanted.order


@lru_cache(maxsize=64)
def _plain(columns: Wanted, after: bool) -> Prepared:
    """The statement of such a page with these columns; `after` a place or from the first on."""

    def build(dialect: str) -> Select[*tuple[Any, ...]]:
        query = _query(columns, dialect).where(
            Submission.form_id == bindparam("form_id", type_=Integer()),
            Submission.is_draft == bindparam("draft", type_=Boolean()),
            Submission.deleted_at.is_(None),
        )
        if after:
            mark = tuple_(bindparam("sent_at", type_=Moment()), bindparam("number", type_=BigInteger()))
            query = query.where(tuple_(Submission.created_at, Submission.id) < mark)
        return query.offset(bindparam("skip", type_=Integer())).limit(bindparam("top", type_=Integer()))

    return Prepared(build)


def _query(wanted: Wanted, dialect: str) -> Select[*tuple[Any, ...]]:
    answers: Any = SubmissionVersion.answers
    if wanted.raw or wanted.only:
        answers = cast(answers_at(wanted.only, dialect) if wanted.only else answers, Text)
    query = select(*_OWN, answers).join(SubmissionVersion, _CURRENT)
    if not wanted.bare:
        query = (
            query.add_columns(*_BESIDE)
            .join(Actor, Actor.id == Submission.submitter_id)
            .join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
        )
    return query.order_by(*order_as_sql(wanted.order, dialect)) if wanted.order else query.order_by(*_NEWEST_FIRST)


def _sent(rows: Sequence[tuple[Any, ...]], only: tuple[str, ...]) -> list[Sent]:
    if not rows:
        return []
    if only:
        rows = [(*row[:_ANSWERS], _leading_to(row[_ANSWERS], only), *row[_BARE:]) for row in rows]
    more: tuple[Any, ...] = () if len(rows[0]) > _BARE else ("", "", 0, 0, 0)
    made = Sent._make
    if more or any(row[_ANSWERS] is None for row in rows):
        return [made((*row[:_ANSWERS], row[_ANSWERS] or {}, *row[_BARE:], *more)) for row in rows]
    return [made(row) for row in rows]


def _leading_to(text: str | None, names: tuple[str, ...]) -> dict[str, Any]:
    """Answers in which these names lead to a list, and that have nothing else."""
    found: Any = orjson.loads(text) if text and text[0] == "[" else []
    for name in reversed(names):
        found = {name: found}
    answers: dict[str, Any] = found
    return answers


def moment_text(instant: datetime) -> str:
    """`2026-01-01T00:00:00.000Z`, as ODK Central writes it: a moment as storage gives it, in UTC."""
    return instant.isoformat(timespec="milliseconds")[:23] + "Z"


class Decided(NamedTuple):
    """The last decision about a submission."""

    by: str
    at: datetime
    reason: str | None


def list_decisions(session: Session, submissions: Sequence[int]) -> dict[int, Decided]:
    """By submission what was decided last, and not taken back."""
    last = select(func.max(ReviewMove.id)).where(ReviewMove.submission_id.in_(submissions), STANDS)
    query = (
        select(ReviewMove.submission_id, Actor.display_name, ReviewMove.created_at, ReviewMove.reason)
        .join(Actor, Actor.id == ReviewMove.actor_id)
        .where(ReviewMove.id.in_(last.group_by(ReviewMove.submission_id)))
    )
    return {row[0]: Decided(*row[1:]) for row in session.execute(query)}


def list_findings_of(session: Session, versions: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """By version the kinds and paths of what validation found, in order."""
    query = select(FindingRow.version_id, FindingRow.kind, FindingRow.path).where(FindingRow.version_id.in_(versions))
    found: dict[int, list[tuple[str, str]]] = {}
    for row in session.execute(query.order_by(FindingRow.id)):
        found.setdefault(row[0], []).append((row[1], row[2]))
    return found


def iterate_files(session: Session, wanted: Wanted) -> Iterator[tuple[str, str, str | None]]:
    """The files of all that is wanted: the submission's instance id, the file's name, its SHA-256; None: the answers
    name it, and it did not come."""
    part = part_of(session, wanted)
    file = SubmissionAttachment
    query = (
        select(Submission.instance_id, file.name, file.sha256)
        .join(SubmissionVersion, _CURRENT)
        .join(file, file.version_id == SubmissionVersion.id)
        .where(
            Submission.form_id == wanted.form_id,
            in_scope(wanted.scope, Submission.area_id),
            file.sha256.is_not(None) | file.expected,
            *part.conditions,
        )
        .order_by(Submission.created_at.desc(), Submission.id.desc(), file.name)
    )
    with session.execute(query.execution_options(yield_per=AT_ONCE)) as rows:
        yield from ((row[0], row[1], row[2]) for row in rows)
