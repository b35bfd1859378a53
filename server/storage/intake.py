"""What intake asks and writes: the form an upload names, what is known of its instance, and the rows that keep it.

Core statements throughout: an upload costs a handful of them, and they are prepared once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.review import APPROVED
from server.storage.coverage import find_place, refresh_sheet, refresh_version
from server.storage.forms import Form, FormAttachment, FormVersion
from server.storage.prepared import Prepared, always
from server.storage.projects import Project
from server.storage.quality import mark_sheet, mark_version
from server.storage.submissions import (
    FindingRow,
    Submission,
    SubmissionAttachment,
    SubmissionVersion,
    Variant,
    VariantAttachment,
)
from server.storage.tallies import Counted, count_changed, count_moved, count_new, find_counted
from server.storage.waiting import wait_again, wait_version_again


@dataclass(frozen=True, slots=True)
class FormTarget:
    """The form and version an upload is judged by. `exact`: it is the version that the upload names. `current`: no
    newer one is published."""

    form_id: int
    project_id: int
    xml_form_id: str
    state: str
    version_id: int
    version: str
    sha256: str
    exact: bool
    current: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """A version of a submission that is already here."""

    version_id: int
    submission_id: int
    instance_id: str
    sha256: str
    is_current: bool
    deleted: bool
    review_state: str
    area_id: str | None
    round_id: int | None
    arrival: str
    submitter_id: int


_TARGETS = Prepared(
    always(
        select(
            Form.id,
            Form.project_id,
            Form.xml_form_id,
            Form.state,
            FormVersion.id,
            FormVersion.version,
            FormVersion.sha256,
            FormVersion.is_current,
        )
        .join(FormVersion, FormVersion.form_id == Form.id)
        .join(Project, Project.id == Form.project_id)
        .where(
            Form.project_id == bindparam("project"),
            Form.xml_form_id == bindparam("xml_form_id"),
            Form.deleted_at.is_(None),
            Project.deleted_at.is_(None),
            FormVersion.published_at.is_not(None),
            or_(FormVersion.version == bindparam("version"), FormVersion.is_current),
        )
    )
)


def find_target(session: Session | Connection, project_id: int, xml_form_id: str, version: str) -> FormTarget | None:
    """The published form with the version named, else its current version; None when the form is unknown."""
    rows = _TARGETS.rows(session, {"project": project_id, "xml_form_id": xml_form_id, "version": version})
    if not rows:
        return None
    row = next((row for row in rows if row[5] == version), rows[0])
    return FormTarget(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[5] == version, bool(row[7]))


_DRAFT = (
    select(Form.id, Form.project_id, Form.xml_form_id, FormVersion.id, FormVersion.version, FormVersion.sha256)
    .join(FormVersion, FormVersion.form_id == Form.id)
    .join(Project, Project.id == Form.project_id)
    .where(
        Form.project_id == bindparam("project"),
        Form.xml_form_id == bindparam("xml_form_id"),
        Form.deleted_at.is_(None),
        Project.deleted_at.is_(None),
        FormVersion.published_at.is_(None),
    )
)


def find_draft_target(session: Session | Connection, project_id: int, xml_form_id: str) -> FormTarget | None:
    """The draft of a form, which takes any version string and is never closed."""
    row = session.execute(_DRAFT, {"project": project_id, "xml_form_id": xml_form_id}).first()
    if row is None:
        return None
    return FormTarget(row[0], row[1], row[2], "open", row[3], row[4], row[5], exact=True)


_KNOWN = Prepared(
    always(
        select(
            SubmissionVersion.id,
            SubmissionVersion.submission_id,
            SubmissionVersion.instance_id,
            SubmissionVersion.sha256,
            SubmissionVersion.is_current,
            Submission.deleted_at,
            Submission.review_state,
            Submission.area_id,
            Submission.round_id,
            Submission.arrival,
            Submission.submitter_id,
        )
        .join(Submission, Submission.id == SubmissionVersion.submission_id)
        .where(
            SubmissionVersion.form_id == bindparam("form"),
            SubmissionVersion.is_draft == bindparam("draft"),
            or_(
                SubmissionVersion.instance_id == bindparam("own"),
                SubmissionVersion.instance_id == bindparam("original"),
            ),
        )
    )
)


def find_known(
    connection: Connection, form_id: int, draft: bool, instance_id: str, original_id: str | None
) -> dict[str, Known]:
    """What is here under an instance id, and under the id of what it replaces, by instance id."""
    # two plain parameters: a list would be written into the statement anew for every upload
    ids = {"form": form_id, "draft": draft, "own": instance_id, "original": original_id or instance_id}
    rows = _KNOWN.rows(connection, ids)
    return {
        row[2]: Known(
            row[0], row[1], row[2], row[3], row[4], row[5] is not None, row[6], row[7], row[8], row[9], row[10]
        )
        for row in rows
    }


def add_submission(connection: Connection, row: dict[str, Any]) -> int:
    """Writes the row of a new submission; returns its id."""
    made = _key_of(_NEW_SUBMISSION.rows(connection, row))
    if not row["is_draft"]:
        count_new(connection, made, Counted(row["form_id"], row["area_id"], row["review_state"]))
        mark_sheet(connection, made)
    return made


def add_version(connection: Connection, row: dict[str, Any]) -> int:
    """Writes a version; returns its id."""
    return _key_of(_NEW_VERSION.rows(connection, row))


_NEW_SUBMISSION = Prepared(
    always(insert(Submission).returning(Submission.id)),
    (
        "form_id",
        "instance_id",
        "is_draft",
        "submitter_id",
        "device_id",
        "user_agent",
        "review_state",
        "arrival",
        "area_id",
        "round_id",
        "created_at",
    ),
)
_NEW_VERSION = Prepared(
    always(insert(SubmissionVersion).returning(SubmissionVersion.id)),
    (
        "submission_id",
        "form_id",
        "form_version_id",
        "is_draft",
        "instance_id",
        "instance_name",
        "is_current",
        "xml",
        "sha256",
        "answers",
        "stated_version",
        "submitter_id",
        "device_id",
        "user_agent",
        "created_at",
        "after_lock_id",
    ),
)


def _key_of(rows: list[tuple[Any, ...]]) -> int:
    return int(rows[0][0])


def add_findings(connection: Connection, version_id: int, findings: Iterable[dict[str, Any]]) -> None:
    """Writes the findings of a version; none is written for a clean one."""
    rows = [{"version_id": version_id} | finding for finding in findings]
    if rows:
        connection.execute(insert(FindingRow), rows)


def supersede(connection: Connection, submission_id: int) -> None:
    """Takes the mark of the current version away, before the next is written."""
    connection.execute(
        update(SubmissionVersion)
        .where(SubmissionVersion.submission_id == submission_id, SubmissionVersion.is_current)
        .values(is_current=False)
    )


def change_submission(connection: Connection, submission_id: int, **values: Any) -> None:
    """Changes columns of a submission."""
    before, place = find_counted(connection, submission_id), find_place(connection, submission_id)
    connection.execute(update(Submission).where(Submission.id == submission_id).values(**values))
    after = find_counted(connection, submission_id)
    count_moved(connection, submission_id, before, after)
    refresh_sheet(connection, submission_id, place)
    if before or after:
        mark_sheet(connection, submission_id)
        wait_again(connection, submission_id)


def add_slots(connection: Connection, version_id: int, slots: Iterable[dict[str, Any]]) -> None:
    """Writes the attachment rows of a new version: name, expected, sha256 or None, content_type, updated_at."""
    rows = [{"version_id": version_id} | slot for slot in slots]
    if rows:
        connection.execute(insert(SubmissionAttachment), rows)


def list_slots(connection: Connection | Session, version_id: int) -> list[SlotView]:
    """The attachment rows of a version, by name."""
    query = select(
        SubmissionAttachment.name,
        SubmissionAttachment.expected,
        SubmissionAttachment.sha256,
        SubmissionAttachment.content_type,
        SubmissionAttachment.updated_at,
    ).where(SubmissionAttachment.version_id == version_id)
    return [SlotView(*row) for row in connection.execute(query.order_by(SubmissionAttachment.name))]


@dataclass(frozen=True, slots=True)
class SlotView:
    """One attachment of a version; `sha256` None when it is named but not here."""

    name: str
    expected: bool
    sha256: str | None
    content_type: str | None
    updated_at: datetime | None


def fill_slot(connection: Connection, version_id: int, slot: dict[str, Any]) -> None:
    """Puts a file into the slot of its name, which is made when it is not there; that it was missing is then no longer
    found. Keys: name, sha256, content_type, updated_at."""
    mark_version(connection, version_id)
    count_changed(connection, version_id)
    changed = connection.execute(
        update(SubmissionAttachment)
        .where(SubmissionAttachment.version_id == version_id, SubmissionAttachment.name == slot["name"])
        .values(sha256=slot["sha256"], content_type=slot["content_type"], updated_at=slot["updated_at"])
    )
    if not changed.rowcount:
        add_slots(connection, version_id, [{"expected": False} | slot])
        params = {"problem": "unnamed"}
        row = {"kind": "attachment", "path": "/", "severity": "info", "value": slot["name"]}
        add_findings(connection, version_id, [row | {"message": {}, "params": params}])
    connection.execute(
        delete(FindingRow).where(
            FindingRow.version_id == version_id,
            FindingRow.kind == "attachment",
            FindingRow.severity == "warning",
            FindingRow.value == slot["name"],
        )
    )
    wait_version_again(connection, version_id)
    refresh_version(connection, version_id)


def add_variant(connection: Connection, row: dict[str, Any]) -> int:
    """Keeps a variant once per (form, instance, SHA-256); returns its id, new or not."""
    found = connection.execute(
        select(Variant.id).where(
            Variant.form_id == row["form_id"],
            Variant.instance_id == row["instance_id"],
            Variant.sha256 == row["sha256"],
        )
    ).scalar_one_or_none()
    if found is not None:
        return found
    return int(connection.execute(insert(Variant).values(**row).returning(Variant.id)).scalar_one())


def put_variant_file(connection: Connection, variant_id: int, slot: dict[str, Any]) -> None:
    """Keeps a file of a variant, the newest under its name. Keys: name, sha256, content_type."""
    connection.execute(
        delete(VariantAttachment).where(
            VariantAttachment.variant_id == variant_id, VariantAttachment.name == slot["name"]
        )
    )
    connection.execute(
        insert(VariantAttachment).values(
            variant_id=variant_id, name=slot["name"], sha256=slot["sha256"], content_type=slot["content_type"]
        )
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """A variant that has to do with an instance: kept under its id, or an edit of it that is held (`waits`)."""

    id: int
    sha256: str
    reason: str
    waits: bool


_BESIDE = Prepared(
    always(
        select(Variant.id, Variant.sha256, Variant.reason, Variant.instance_id).where(
            Variant.form_id == bindparam("form"),
            or_(
                Variant.instance_id == bindparam("instance"),
                and_(Variant.deprecated_id == bindparam("instance"), Variant.reason == "held"),
            ),
            Variant.applied_at.is_(None),
        )
    )
)


def list_beside(connection: Connection, form_id: int, instance_id: str) -> list[Beside]:
    """What is kept beside an instance and was not applied: variants under its id, and held edits that wait for it."""
    rows = _BESIDE.rows(connection, {"form": form_id, "instance": instance_id})
    return [Beside(row[0], row[1], row[2], row[3] != instance_id) for row in rows]


def variant_files(connection: Connection, variant_id: int) -> frozenset[tuple[str, str]]:
    """(name, sha256) of the files of a variant."""
    query = select(VariantAttachment.name, VariantAttachment.sha256).where(VariantAttachment.variant_id == variant_id)
    return frozenset((row[0], row[1]) for row in connection.execute(query))


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant with its files: (name, sha256, content type)."""

    id: int
    project_id: int
    xml: bytes
    submitter_id: int
    device_id: str | None
    user_agent: str | None
    applied_at: datetime | None
    files: tuple[tuple[str, str, str | None], ...]


def find_variant(session: Session, variant_id: int) -> VariantView | None:
    """A variant by its id."""
    row = session.execute(
        select(
            Variant.id,
            Form.project_id,
            Variant.xml,
            Variant.submitter_id,
            Variant.device_id,
            Variant.user_agent,
            Variant.applied_at,
        )
        .join(Form, Form.id == Variant.form_id)
        .where(Variant.id == variant_id)
    ).first()
    if row is None:
        return None
    files = session.execute(
        select(VariantAttachment.name, VariantAttachment.sha256, VariantAttachment.content_type).where(
            VariantAttachment.variant_id == variant_id
        )
    )
    return VariantView(*row, tuple((file[0], file[1], file[2]) for file in files))


@dataclass(frozen=True, slots=True)
class Counting:
    """A submission that speaks for an area in a round."""

    submission_id: int
    xml_form_id: str
    answers: dict[str, Any]
    review_state: str


def list_counting(
    connection: Session | Connection, round_id: int, area_id: str, xml_form_id: str, not_counting: Sequence[str]
) -> list[Counting]:
    """The submissions of that form for (round, area) whose review state is not among `not_counting`, newest first."""
    return list_counting_of(connection, round_id, (area_id,), xml_form_id, not_counting).get(area_id, [])


def list_counting_of(
    connection: Session | Connection,
    round_id: int,
    area_ids: Sequence[str],
    xml_form_id: str,
    not_counting: Sequence[str],
) -> dict[str, list[Counting]]:
    """The same of several areas, by area."""
    found: dict[str, list[Counting]] = {}
    for start in range(0, len(area_ids), 500):
        rows = connection.execute(
            select(
                Submission.area_id, Submission.id, Form.xml_form_id, SubmissionVersion.answers, Submission.review_state
            )
            .join(Form, Form.id == Submission.form_id)
            .join(SubmissionVersion, SubmissionVersion.submission_id == Submission.id)
            .where(
                Submission.round_id == round_id,
                Submission.area_id.in_(area_ids[start : start + 500]),
                Form.xml_form_id == xml_form_id,
                Submission.deleted_at.is_(None),
                Submission.is_draft.is_(False),
                Submission.review_state.not_in(not_counting),
                # what came for a closed form is kept apart until somebody approves it
                or_(Submission.arrival == "normal", Submission.review_state == APPROVED),
                SubmissionVersion.is_current,
            )
            .order_by(Submission.created_at.desc(), Submission.id.desc())
        )
        for area_id, *rest in rows:
            found.setdefault(str(area_id), []).append(Counting(rest[0], rest[1], rest[2] or {}, rest[3]))
    return found


def change_reason(connection: Connection, variant_id: int, reason: str) -> None:
    """Says why a variant is kept apart, where that is another reason than it was."""
    connection.execute(update(Variant).where(Variant.id == variant_id).values(reason=reason))


def mark_applied(connection: Connection, variant_id: int, now: datetime) -> None:
    """Says that a held edit has become what it was meant to be."""
    connection.execute(update(Variant).where(Variant.id == variant_id).values(applied_at=now))


_TEXT = select(FormVersion.xml).where(FormVersion.sha256 == bindparam("wanted")).limit(1)


def find_form_text(session: Connection | Session, sha256: str) -> bytes | None:
    """The XML of a form version by its SHA-256."""
    found: bytes | None = session.execute(_TEXT, {"wanted": sha256}).scalar_one_or_none()
    return found


_FORM_FILES = (
    select(FormAttachment.name, FormAttachment.sha256)
    .join(FormVersion, FormVersion.id == FormAttachment.version_id)
    .where(FormVersion.sha256 == bindparam("form"), FormAttachment.name.in_(bindparam("names", expanding=True)))
)


def list_form_files(connection: Connection | Session, form_sha256: str, names: Sequence[str]) -> dict[str, str]:
    """SHA-256 by name of those files of a form version that were uploaded."""
    rows = connection.execute(_FORM_FILES, {"form": form_sha256, "names": names})
    return {name: sha256 for name, sha256 in rows if sha256}
