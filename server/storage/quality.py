"""What was found when sheets were held against each other, what a reviewer said of it, and which sheets wait for it.

A change of a submission adds one mark, an insert without a key that could be taken; a worker takes marks and writes the
findings (services/check_sheets.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, delete, false, func, insert, select, text, true, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.quality import QualityFinding
from server.domain.quality_places import Trace
from server.storage.database import Base
from server.storage.forms import Form
from server.storage.prepared import Prepared, always
from server.storage.submissions import BigId, SubmissionVersion


class QualityMark(Base):
    """A submission of which something changed since it was looked at. `alone`: only itself is looked at again, since
    whatever else it touches is marked as well."""

    __tablename__ = "quality_marks"
    __table_args__ = (
        Index("ix_quality_marks_submission", "submission_id"),
        Index("ix_quality_marks_order", "alone", "id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    alone: Mapped[bool]


class QualitySheet(Base):
    """A submission as it was when it was last looked at: what others have to be looked at again with it. `photos`: when
    each picture was taken, by file name. `began_at`, `ended_at`: what the sheet says of itself."""

    __tablename__ = "quality_sheets"
    __table_args__ = (
        Index("ix_quality_sheets_area", "area_id", "round_id"),
        Index("ix_quality_sheets_phone", "submitter_id", "began_at"),
    )
    submission_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("submissions.id"), primary_key=True, autoincrement=False
    )
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    round_id: Mapped[int | None] = mapped_column(ForeignKey("rounds.id"))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    submitter_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    device_id: Mapped[str | None] = mapped_column(String(255))
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    photos: Mapped[dict[str, Any]]


class QualityFindingRow(Base):
    """One finding as domain/quality.py has it; its id stays while its fingerprint does. `round_id`: of its sheet."""

    __tablename__ = "quality_findings"
    __table_args__ = (
        Index("uq_quality_findings_once", "submission_id", "fingerprint", unique=True),
        Index("ix_quality_findings_round", "round_id", "kind", "severity"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    round_id: Mapped[int | None] = mapped_column(ForeignKey("rounds.id"))
    kind: Mapped[str] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(String(32))
    fingerprint: Mapped[str] = mapped_column(String(64))
    own: Mapped[dict[str, Any]]
    beside: Mapped[dict[str, Any]]
    others: Mapped[list[Any]]
    found_at: Mapped[datetime]


class QualityLook(Base):
    """That somebody looked at a finding, and why it is well or what is done; it stays when it is undone."""

    __tablename__ = "quality_looks"
    __table_args__ = (Index("ix_quality_looks_finding", "submission_id", "fingerprint"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    created_at: Mapped[datetime]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    undone_at: Mapped[datetime | None]


_MARK = Prepared(always(insert(QualityMark)), ("submission_id", "alone"))


def mark_sheet(connection: Connection, submission_id: int) -> None:
    """Says that a submission changed: it, and what is held against it, is looked at again."""
    _MARK.many(connection, [{"submission_id": submission_id, "alone": False}])


def mark_version(connection: Connection, version_id: int) -> None:
    """The same of the submission that a version is of."""
    own = select(SubmissionVersion.submission_id, false()).where(
        SubmissionVersion.id == version_id, SubmissionVersion.is_draft.is_(False)
    )
    connection.execute(insert(QualityMark).from_select(["submission_id", "alone"], own))


def mark_all(connection: Connection) -> None:
    """Says that all were to be looked at again: the tree or its boundaries changed."""
    every = select(QualitySheet.submission_id, true())
    connection.execute(insert(QualityMark).from_select(["submission_id", "alone"], every))


def mark_sheets_of(connection: Connection, round_id: int) -> None:
    """The same of one round and of all that are held against it: its cut-off date changed."""
    own = select(QualitySheet.submission_id, false()).where(QualitySheet.round_id == round_id)
    connection.execute(insert(QualityMark).from_select(["submission_id", "alone"], own))


def lock_checks(connection: Connection) -> None:
    """Waits for whoever works marks off, and lets nobody else do so until the transaction ends. SQLite's gate does."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE quality_sheets IN SHARE ROW EXCLUSIVE MODE"))


def mark_alone(connection: Connection, submission_ids: Collection[int]) -> None:
    """Says that these are to be looked at again, each by itself."""
    if submission_ids:
        rows = [{"submission_id": each, "alone": True} for each in sorted(submission_ids)]
        connection.execute(insert(QualityMark), rows)


def list_marks(session: Session | Connection, limit: int, *, alone: bool) -> list[tuple[int, int]]:
    """(number, submission) of the oldest marks of those that touch others, or of those that do not."""
    query = select(QualityMark.id, QualityMark.submission_id).where(QualityMark.alone.is_(alone))
    return [(row[0], row[1]) for row in session.execute(query.order_by(QualityMark.id).limit(limit))]


def list_marks_of(connection: Connection, submission_ids: Collection[int]) -> list[int]:
    """The numbers of all marks of these submissions that touch no other."""
    query = select(QualityMark.id).where(
        QualityMark.submission_id.in_(sorted(submission_ids)), QualityMark.alone.is_(True)
    )
    return list(connection.execute(query).scalars())


def forget_marks(connection: Connection, numbers: Collection[int]) -> None:
    """The marks are worked off."""
    connection.execute(delete(QualityMark).where(QualityMark.id.in_(sorted(numbers))))


def count_marks(session: Session | Connection, most: int = 1000) -> int:
    """How many submissions wait to be looked at, up to `most`."""
    some = select(QualityMark.id).limit(most).subquery()
    return int(session.execute(select(func.count()).select_from(some)).scalar_one())


@dataclass(frozen=True, slots=True)
class KeptSheet:
    """A row of `quality_sheets`: where a submission was when it was last looked at, and its phone."""

    submission_id: int
    form_id: int
    xml_form_id: str
    round_id: int | None
    area_id: str | None
    submitter_id: int
    device_id: str | None
    trace: Trace
    photos: Mapping[str, str]


_KEPT = select(
    QualitySheet.submission_id,
    QualitySheet.form_id,
    Form.xml_form_id,
    QualitySheet.round_id,
    QualitySheet.area_id,
    QualitySheet.submitter_id,
    QualitySheet.device_id,
    QualitySheet.began_at,
    QualitySheet.ended_at,
    QualitySheet.longitude,
    QualitySheet.latitude,
    QualitySheet.photos,
).join(Form, Form.id == QualitySheet.form_id)


def _kept(row: Sequence[Any]) -> KeptSheet:
    point = None if row[9] is None or row[10] is None else (row[9], row[10])
    trace = Trace(row[0], row[7], row[8], point)
    return KeptSheet(row[0], row[1], row[2], row[3], row[4], row[5], row[6], trace, row[11])


def list_kept(connection: Connection, submission_ids: Collection[int]) -> dict[int, KeptSheet]:
    """How these submissions were when they were last looked at; those that never were are left out."""
    rows = connection.execute(_KEPT.where(QualitySheet.submission_id.in_(sorted(submission_ids))))
    return {row[0]: _kept(row) for row in rows}


def put_kept(connection: Connection, sheet: KeptSheet) -> None:
    """Writes how a submission is now, in place of how it was."""
    connection.execute(delete(QualitySheet).where(QualitySheet.submission_id == sheet.submission_id))
    longitude, latitude = sheet.trace.point or (None, None)
    connection.execute(
        insert(QualitySheet).values(
            submission_id=sheet.submission_id,
            form_id=sheet.form_id,
            round_id=sheet.round_id,
            area_id=sheet.area_id,
            submitter_id=sheet.submitter_id,
            device_id=sheet.device_id,
            began_at=sheet.trace.began,
            ended_at=sheet.trace.ended,
            longitude=longitude,
            latitude=latitude,
            photos=dict(sheet.photos),
        )
    )


def list_of_phone(connection: Connection, sheet: KeptSheet, hours: int, most: int) -> list[Trace]:
    """Of other sheets of the same phone and sender those that were filled in within so many hours of it, by its own
    times, oldest first; nothing where it has none, or no place."""
    began, ended = sheet.trace.began, sheet.trace.ended
    if began is None or ended is None or sheet.trace.point is None:
        return []
    same = QualitySheet.device_id.is_(None) if sheet.device_id is None else QualitySheet.device_id == sheet.device_id
    query = _KEPT.where(
        QualitySheet.submitter_id == sheet.submitter_id,
        same,
        QualitySheet.submission_id != sheet.submission_id,
        QualitySheet.began_at <= ended + timedelta(hours=hours),
        QualitySheet.began_at >= began - timedelta(hours=hours),
    )
    rows = connection.execute(query.order_by(QualitySheet.began_at, QualitySheet.submission_id).limit(most))
    return [_kept(row).trace for row in rows]


def list_in_areas(
    connection: Connection,
    area_ids: Collection[str],
    xml_form_ids: Collection[str] | None = None,
    round_id: int | None = None,
) -> set[int]:
    """The submissions of these areas that were looked at: of these forms or of all, in a round or in any."""
    query = select(QualitySheet.submission_id).where(QualitySheet.area_id.in_(sorted(area_ids)))
    if xml_form_ids is not None:
        query = query.join(Form, Form.id == QualitySheet.form_id).where(Form.xml_form_id.in_(sorted(xml_form_ids)))
    if round_id is not None:
        query = query.where(QualitySheet.round_id == round_id)
    return set(connection.execute(query).scalars())


def list_others(connection: Connection, submission_ids: Collection[int]) -> set[int]:
    """The submissions that findings of these name."""
    query = select(QualityFindingRow.others).where(QualityFindingRow.submission_id.in_(sorted(submission_ids)))
    return {int(each) for others in connection.execute(query).scalars() for each in others}


def put_findings(
    connection: Connection, submission_id: int, round_id: int | None, findings: Iterable[QualityFinding], now: datetime
) -> None:
    """Writes what is found of a submission in place of what was; what is found again keeps its row, and one that says
    the very same is not written."""
    table = QualityFindingRow
    columns = (table.fingerprint, table.id, table.round_id, table.severity, table.own, table.beside, table.others)
    kept = {row[0]: row for row in connection.execute(select(*columns).where(table.submission_id == submission_id))}
    wanted = {each.fingerprint: each for each in findings}
    gone = [row[1] for fingerprint, row in kept.items() if fingerprint not in wanted]
    if gone:
        connection.execute(delete(table).where(table.id.in_(gone)))
    for fingerprint, each in wanted.items():
        values = {
            "round_id": round_id,
            "severity": each.severity,
            "own": dict(each.own),
            "beside": dict(each.beside),
            "others": list(each.others),
        }
        before = kept.get(fingerprint)
        if before is None:
            fixed = {"submission_id": submission_id, "fingerprint": fingerprint, "found_at": now}
            connection.execute(insert(table).values(kind=each.kind, reason=each.reason, **fixed, **values))
        elif tuple(before[2:]) != tuple(values.values()):
            connection.execute(update(table).where(table.id == before[1]).values(**values))


def forget_checks(connection: Connection, submission_ids: Collection[int], *, also_looks: bool) -> None:
    """Takes away what was found of submissions that count no more; `also_looks`: and all that hangs on them, since they
    are forgotten."""
    tables: tuple[Any, ...] = (QualityFindingRow, QualitySheet)
    for table in (*tables, QualityLook, QualityMark) if also_looks else tables:
        connection.execute(delete(table).where(table.submission_id.in_(sorted(submission_ids))))
