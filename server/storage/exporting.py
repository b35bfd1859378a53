"""Submissions as exports read them: few columns, in batches, by one statement for each thing and batch; a whole form is
read through a cursor of the database, so that memory stays flat however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, Text, any_, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from server.storage.actors import Actor
from server.storage.forms import FormVersion
from server.storage.newest import Part, list_newest, older_than
from server.storage.reach import in_scope
from server.storage.reviews import ReviewMove
from server.storage.submissions import FindingRow, Submission, SubmissionAttachment, SubmissionVersion
from server.storage.table_sql import order_as_sql
from server.storage.tables import Wanted, dialect_of, part_of

AT_ONCE = 200


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


_COLUMNS = (
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
    SubmissionVersion.answers,
)
_ANSWERS = len(_COLUMNS) - 1
_CURRENT = (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current


def iterate_batches(session: Session, wanted: Wanted) -> Iterator[list[Sent]]:
    """All that is wanted, newest first, some hundred at a time, as of one moment (PostgreSQL: of one statement)."""
    part = part_of(session, wanted)
    query = _query(wanted, session).where(
        Submission.form_id == wanted.form_id, in_scope(wanted.scope, Submission.area_id), *part.conditions
    )
    names = _Names(session, wanted.bare)
    # past the session, which makes nothing of columns but work; whoever stops before the end leaves no cursor open
    with session.connection().execute(query.execution_options(yield_per=AT_ONCE)) as rows:
        for some in rows.partitions():
            yield names.complete(some)


def list_page(session: Session, wanted: Wanted, skip: int, top: int, after: str | None = None) -> list[Sent]:
    """A page, newest first, found by index; `after`: only those that follow the submission of that instance id. With an
    order of its own (`wanted.order`) all are looked at."""
    part = part_of(session, wanted)
    if after is not None:
        part = _after(session, wanted, part, after)
    query = _query(wanted, session)
    if wanted.order:
        seen = in_scope(wanted.scope, Submission.area_id)
        query = query.where(Submission.form_id == wanted.form_id, seen, *part.conditions).offset(skip).limit(top)
        return _Names(session, wanted.bare).complete(session.connection().execute(query).all())
    numbers = list_newest(session, part, skip, top)
    rows = session.connection().execute(query.where(_among(session, Submission.id, numbers))).all() if numbers else []
    return _Names(session, wanted.bare).complete(rows)


def _after(session: Session, wanted: Wanted, part: Part, after: str) -> Part:
    place = select(Submission.created_at, Submission.id).where(
        Submission.form_id == wanted.form_id,
        Submission.instance_id == after,
        in_scope(wanted.scope, Submission.area_id),
    )
    found = session.execute(place.limit(1)).first()
    return part if found is None else replace(part, conditions=(*part.conditions, older_than(found[0], found[1])))


def _query(wanted: Wanted, session: Session) -> Select[*tuple[Any, ...]]:
    order = order_as_sql(wanted.order, dialect_of(session))
    answers: Any = cast(SubmissionVersion.answers, Text) if wanted.raw else SubmissionVersion.answers
    return select(*_COLUMNS[:_ANSWERS], answers).join(SubmissionVersion, _CURRENT).order_by(*order)


@dataclass
class _Names:
    """What stands beside the rows: few people and few versions of a form sent them all, and they are kept."""

    session: Session
    bare: bool = False
    actors: dict[int, str] = field(default_factory=dict)
    versions: dict[int, str] = field(default_factory=dict)

    def complete(self, rows: Sequence[Sequence[Any]]) -> list[Sent]:
        """The rows with names and counts."""
        if not rows:
            return []
        if self.bare:
            return [Sent._make((*row[:_ANSWERS], row[_ANSWERS] or {}, "", "", 0, 0, 0)) for row in rows]
        self._learn(self.actors, Actor.id, Actor.display_name, (row[5] for row in rows))
        self._learn(self.versions, FormVersion.id, FormVersion.version, (row[12] for row in rows))
        edits, files = self._edits([row[0] for row in rows]), self._files([row[11] for row in rows])
        return [
            Sent._make(
                (
                    *row[:_ANSWERS],
                    row[_ANSWERS] or {},
                    self.actors.get(row[5], ""),
                    self.versions.get(row[12], ""),
                    edits.get(row[0], 1) - 1,
                    *files.get(row[11], (0, 0)),
                )
            )
            for row in rows
        ]

    def _learn(self, known: dict[int, str], key: Any, name: Any, asked: Iterable[int]) -> None:
        missing = sorted(set(asked) - known.keys())
        if missing:
            known.update((row[0], row[1]) for row in self.session.execute(select(key, name).where(key.in_(missing))))

    def _edits(self, submissions: list[int]) -> dict[int, int]:
        """How many texts each has; of most there is one, and nothing is said of them."""
        key = SubmissionVersion.submission_id
        query = select(key, func.count()).where(_among(self.session, key, submissions))
        rows = self.session.connection().execute(query.group_by(key).having(func.count() > 1))
        return {row[0]: row[1] for row in rows}

    def _files(self, versions: list[int]) -> dict[int, tuple[int, int]]:
        file = SubmissionAttachment
        query = (
            select(file.version_id, func.count(file.sha256), func.count())
            .where(_among(self.session, file.version_id, versions), file.expected)
            .group_by(file.version_id)
        )
        return {row[0]: (row[1], row[2]) for row in self.session.connection().execute(query)}


def _among(session: Session, key: Any, numbers: Sequence[int]) -> ColumnElement[bool]:
    """The condition that a key is one of these; for PostgreSQL one value and not hundreds, which are slow to write."""
    if dialect_of(session) == "postgresql":
        found: ColumnElement[bool] = key == any_(literal(list(numbers), ARRAY(BigInteger)))
        return found
    some: ColumnElement[bool] = key.in_(numbers)
    return some


def moment_text(instant: datetime) -> str:
    """`2026-01-01T00:00:00.000Z`, as ODK Central writes it: a moment as storage gives it, in UTC."""
    return instant.isoformat(timespec="milliseconds")[:23] + "Z"


class Decided(NamedTuple):
    """The last decision about a submission."""

    by: str
    at: datetime
    reason: str | None


def list_decisions(session: Session, submissions: Sequence[int]) -> dict[int, Decided]:
    """By submission what was decided last."""
    last = select(func.max(ReviewMove.id)).where(ReviewMove.submission_id.in_(submissions))
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
