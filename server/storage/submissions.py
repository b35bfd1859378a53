"""What was sent: submissions, their versions (the raw XML is the record), findings, attachments, variants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.storage.database import Base

_ASKED = ("review_state", "is_draft", "deleted_at")
BigId = BigInteger().with_variant(Integer, "sqlite")


class Submission(Base):
    """One filled form through all its edits. `instance_id` is that of its first version. `review_state` and
    `review_level` are those of domain/review.py. arrival: normal | late (the form was closed)."""

    __tablename__ = "submissions"
    __table_args__ = (
        Index("uq_submissions_instance", "form_id", "is_draft", "instance_id", unique=True),
        # by time and by area, each with all that a page and its counts ask for: storage/newest.py
        Index("ix_submissions_newest", "form_id", "created_at", "id", "area_id", *_ASKED),
        Index("ix_submissions_area", "area_id", "form_id", "created_at", "id", *_ASKED),
        # what one person sent: storage/own_sheets.py
        Index("ix_submissions_sender", "submitter_id", "created_at", "id"),
        # those that a person has to put into a round
        Index(
            "ix_submissions_unplaced",
            "form_id",
            "created_at",
            sqlite_where=text("round_id IS NULL"),
            postgresql_where=text("round_id IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    instance_id: Mapped[str] = mapped_column(String(255))
    is_draft: Mapped[bool] = mapped_column(default=False)
    submitter_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    device_id: Mapped[str | None] = mapped_column(String(255))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    review_state: Mapped[str] = mapped_column(String(16))
    review_level: Mapped[str | None] = mapped_column(String(16))
    arrival: Mapped[str] = mapped_column(String(8), default="normal")
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    round_id: Mapped[int | None] = mapped_column(ForeignKey("rounds.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class SubmissionVersion(Base):
    """One text of a submission as it was sent. `answers` are the typed answers judged from it, repeats nested.
    `after_lock_id`: its round was locked when it came, by that lock (storage/locks.py)."""

    __tablename__ = "submission_versions"
    __table_args__ = (
        Index("uq_submission_versions_instance", "form_id", "is_draft", "instance_id", unique=True),
        Index("ix_submission_versions_submission", "submission_id"),
        Index(
            "uq_submission_versions_current",
            "submission_id",
            unique=True,
            sqlite_where=text("is_current = 1"),
            postgresql_where=text("is_current"),
        ),
        Index(
            "ix_submission_versions_after_lock",
            "after_lock_id",
            sqlite_where=text("after_lock_id IS NOT NULL"),
            postgresql_where=text("after_lock_id IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_versions.id"))
    is_draft: Mapped[bool] = mapped_column(default=False)
    instance_id: Mapped[str] = mapped_column(String(255))
    instance_name: Mapped[str | None] = mapped_column(Text)
    is_current: Mapped[bool] = mapped_column(default=True)
    xml: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(String(64))
    answers: Mapped[dict[str, Any] | None]
    stated_version: Mapped[str | None] = mapped_column(String(255))
    submitter_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    device_id: Mapped[str | None] = mapped_column(String(255))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]
    after_lock_id: Mapped[int | None]


class SubmissionAttachment(Base):
    """A file that an answer names, or that came along. `sha256` NULL: named, not here yet."""

    __tablename__ = "submission_attachments"
    __table_args__ = (
        Index("uq_submission_attachments_name", "version_id", "name", unique=True),
        Index("ix_submission_attachments_blob", "sha256"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("submission_versions.id"))
    name: Mapped[str] = mapped_column(String(255))
    expected: Mapped[bool]
    sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    content_type: Mapped[str | None] = mapped_column(String(255))
    updated_at: Mapped[datetime | None]


class FindingRow(Base):
    """What validation said of one version; a clean submission has none."""

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_version", "version_id"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("submission_versions.id"))
    kind: Mapped[str] = mapped_column(String(32))
    path: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(String(8))
    value: Mapped[str | None] = mapped_column(Text)
    message: Mapped[dict[str, Any]]
    params: Mapped[dict[str, Any]]


class Variant(Base):
    """What came for an instance and did not become its version. reason: other_xml | outdated | deleted | held (an edit
    waiting for its original) | foreign (an edit by who has no say there). Listed for review; never thrown away."""

    __tablename__ = "variants"
    __table_args__ = (
        Index("uq_variants_once", "form_id", "instance_id", "sha256", unique=True),
        Index("ix_variants_deprecated", "form_id", "deprecated_id"),
        Index("ix_variants_sender", "submitter_id", "created_at", "id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    instance_id: Mapped[str] = mapped_column(String(255))
    deprecated_id: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(String(16))
    xml: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(String(64))
    stated_version: Mapped[str | None] = mapped_column(String(255))
    submitter_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    device_id: Mapped[str | None] = mapped_column(String(255))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]


class VariantAttachment(Base):
    """A file that came with a variant."""

    __tablename__ = "variant_attachments"
    __table_args__ = (Index("uq_variant_attachments_name", "variant_id", "name", unique=True),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id"))
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    content_type: Mapped[str | None] = mapped_column(String(255))
