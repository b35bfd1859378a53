"""Forms, their versions and the media that belong to a version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, String, bindparam, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from server.storage.database import Base
from server.storage.prepared import Prepared, always
from server.storage.projects import Project

BLANK_VERSION = "___"
"""How a path names the version that is an empty text."""


class Form(Base):
    """A form of a project. state: open | closing (hidden from the list, still accepts) | closed."""

    __tablename__ = "forms"
    __table_args__ = (
        Index(
            "uq_forms_live",
            "project_id",
            "xml_form_id",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    xml_form_id: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(8), default="open")
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class FormVersion(Base):
    """One text of a form, never changed once published. `published_at` NULL is the draft (at most one a form);
    `is_current` is the version that phones get."""

    __tablename__ = "form_versions"
    __table_args__ = (
        Index(
            "uq_form_versions_published",
            "form_id",
            "version",
            unique=True,
            sqlite_where=text("published_at IS NOT NULL"),
            postgresql_where=text("published_at IS NOT NULL"),
        ),
        Index(
            "uq_form_versions_draft",
            "form_id",
            unique=True,
            sqlite_where=text("published_at IS NULL"),
            postgresql_where=text("published_at IS NULL"),
        ),
        Index(
            "uq_form_versions_current",
            "form_id",
            unique=True,
            sqlite_where=text("is_current = 1"),
            postgresql_where=text("is_current"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    version: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(255))
    xml: Mapped[bytes]
    md5: Mapped[str] = mapped_column(String(32))
    sha1: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    is_current: Mapped[bool] = mapped_column(default=False)
    draft_token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    draft_token_sealed: Mapped[bytes | None]
    source_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    source_type: Mapped[str | None] = mapped_column(String(100))
    warnings: Mapped[list[Any] | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    published_at: Mapped[datetime | None]


class FormAttachment(Base):
    """A file that a version of a form expects. `list_name` set: the server makes it (villages, communes, rounds)."""

    __tablename__ = "form_attachments"
    __table_args__ = (Index("uq_form_attachments_name", "version_id", "name", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("form_versions.id"))
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    list_name: Mapped[str | None] = mapped_column(String(32))
    sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    md5: Mapped[str | None] = mapped_column(String(32))
    content_type: Mapped[str | None] = mapped_column(String(255))
    size: Mapped[int | None]
    updated_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of a form without its XML."""

    id: int
    form_id: int
    version: str
    title: str
    md5: str
    sha1: str
    sha256: str
    is_current: bool
    source_sha256: str | None
    source_type: str | None
    created_at: datetime
    created_by: int | None
    published_at: datetime | None
    draft_token_sealed: bytes | None


@dataclass(frozen=True, slots=True)
class FormView:
    """A form as it is shown: with its published version, else its draft; `draft` also beside a published one."""

    id: int
    project_id: int
    xml_form_id: str
    state: str
    created_at: datetime
    created_by: int | None
    updated_at: datetime | None
    deleted_at: datetime | None
    current: VersionView | None = field(kw_only=True)
    draft: VersionView | None = field(kw_only=True)

    @property
    def shown(self) -> VersionView:
        """The published version, else the draft."""
        found = self.current or self.draft
        if found is None:
            raise LookupError(f"form {self.id} has no version")
        return found

    @property
    def is_open(self) -> bool:
        """Whether phones get it in their list."""
        return self.state == "open" and self.current is not None


@dataclass(frozen=True, slots=True)
class FormAttachmentView:
    """A file that a version expects; here when it was uploaded or when the server makes it (`list_name`)."""

    id: int
    name: str
    kind: str
    list_name: str | None
    sha256: str | None
    md5: str | None
    content_type: str | None
    size: int | None
    updated_at: datetime | None

    @property
    def exists(self) -> bool:
        """Whether a phone gets it."""
        return self.sha256 is not None or self.list_name is not None


_FORM = (
    Form.id,
    Form.project_id,
    Form.xml_form_id,
    Form.state,
    Form.created_at,
    Form.created_by,
    Form.updated_at,
    Form.deleted_at,
)
_VERSION_NAMES = tuple(field.name for field in fields(VersionView))
_VERSION = tuple(getattr(FormVersion, name) for name in _VERSION_NAMES)
_DRAFT = aliased(FormVersion)
_EVER: Select[*tuple[Any, ...]] = (
    select(*_FORM, *_VERSION, *(getattr(_DRAFT, name) for name in _VERSION_NAMES))
    .outerjoin(FormVersion, (FormVersion.form_id == Form.id) & FormVersion.is_current)
    .outerjoin(_DRAFT, (_DRAFT.form_id == Form.id) & _DRAFT.published_at.is_(None))
)
_SHOWN = _EVER.where(Form.deleted_at.is_(None))
_BY_NAME = Prepared(
    always(_SHOWN.where(Form.project_id == bindparam("in_project"), Form.xml_form_id == bindparam("named")))
)


def _form_view(row: Sequence[Any]) -> FormView:
    width, each = len(_FORM), len(_VERSION)
    current, draft = row[width : width + each], row[width + each :]
    return FormView(
        *row[:width],
        current=VersionView(*current) if current[0] is not None else None,
        draft=VersionView(*draft) if draft[0] is not None else None,
    )


def find_form(session: Session | Connection, project_id: int, xml_form_id: str) -> FormView | None:
    """A form of a project by the id its XML gives it."""
    row = _BY_NAME.first(session, {"in_project": project_id, "named": xml_form_id})
    return _form_view(row) if row else None


def find_form_by_id(session: Session | Connection, form_id: int) -> FormView | None:
    """A form by our number."""
    row = session.execute(_SHOWN.where(Form.id == form_id)).first()
    return _form_view(row) if row else None


def list_forms(session: Session | Connection, project_id: int) -> list[FormView]:
    """The forms of a project, drafts too, by id."""
    return [_form_view(row) for row in session.execute(_SHOWN.where(Form.project_id == project_id).order_by(Form.id))]


def list_forms_of(session: Session | Connection, project_ids: Sequence[int]) -> list[FormView]:
    """The forms of several projects, drafts too, by id."""
    return [
        _form_view(row) for row in session.execute(_SHOWN.where(Form.project_id.in_(project_ids)).order_by(Form.id))
    ]


def list_deleted_forms(session: Session | Connection, project_id: int) -> list[FormView]:
    """The forms of a project that were deleted and are not forgotten yet, by id."""
    gone = _EVER.where(Form.project_id == project_id, Form.deleted_at.is_not(None))
    return [_form_view(row) for row in session.execute(gone.order_by(Form.id))]


def find_deleted_form(session: Session | Connection, project_id: int, form_id: int) -> FormView | None:
    """A form that was deleted, by our number."""
    gone = _EVER.where(Form.id == form_id, Form.project_id == project_id, Form.deleted_at.is_not(None))
    row = session.execute(gone).first()
    return _form_view(row) if row else None


def find_form_project(session: Session | Connection, form_id: int) -> int | None:
    """The project of a form, of one that was deleted too."""
    return session.execute(select(Form.project_id).where(Form.id == form_id)).scalar_one_or_none()


def find_form_by_draft_token(session: Session | Connection, token_hash: str) -> FormView | None:
    """The form whose draft has the test token with this SHA-256; not one that was deleted, or its project."""
    query = _SHOWN.join(Project, Project.id == Form.project_id).where(
        _DRAFT.draft_token_hash == token_hash, Project.deleted_at.is_(None)
    )
    row = session.execute(query).first()
    return _form_view(row) if row else None


def list_versions(session: Session | Connection, form_id: int) -> list[VersionView]:
    """The published versions of a form, newest first."""
    query: Select[*tuple[Any, ...]] = select(*_VERSION).where(
        FormVersion.form_id == form_id, FormVersion.published_at.is_not(None)
    )
    ordered = query.order_by(FormVersion.published_at.desc(), FormVersion.id.desc())
    return [VersionView(*row) for row in session.execute(ordered)]


def find_version(session: Session | Connection, form_id: int, version: str) -> VersionView | None:
    """A published version of a form by its text."""
    query: Select[*tuple[Any, ...]] = select(*_VERSION).where(
        FormVersion.form_id == form_id, FormVersion.version == version, FormVersion.published_at.is_not(None)
    )
    row = session.execute(query).first()
    return VersionView(*row) if row else None


def find_form_xml(session: Session | Connection, version_id: int) -> bytes | None:
    """The XML of a version, byte for byte."""
    return session.execute(select(FormVersion.xml).where(FormVersion.id == version_id)).scalar_one_or_none()


def find_form_problems(session: Session | Connection, version_id: int) -> list[Any]:
    """What was said of a version when it came: `forms.errors.problem_as_json` each; of old, pyxform's sentences."""
    query = select(FormVersion.warnings).where(FormVersion.id == version_id)
    return session.execute(query).scalar_one_or_none() or []


def list_form_attachments(session: Session | Connection, version_id: int) -> list[FormAttachmentView]:
    """The files a version expects, by name."""
    columns = (getattr(FormAttachment, each.name) for each in fields(FormAttachmentView))
    query: Select[*tuple[Any, ...]] = select(*columns).where(FormAttachment.version_id == version_id)
    return [FormAttachmentView(*row) for row in session.execute(query.order_by(FormAttachment.name))]


def find_form_attachment(session: Session | Connection, version_id: int, name: str) -> FormAttachmentView | None:
    """One file a version expects."""
    return next((each for each in list_form_attachments(session, version_id) if each.name == name), None)
