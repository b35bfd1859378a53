"""What phones ask for, each in one select: the published forms of a project, a form's text, its files."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from server.storage.forms import Form, FormAttachment, FormVersion
from server.storage.prepared import Prepared
from server.storage.projects import Project

LIVE = (Form.deleted_at.is_(None), Project.deleted_at.is_(None))
"""A form that phones may have: neither it nor its project was deleted."""


class PublishedForm(NamedTuple):
    """A form with its current version; `files`: how many files it expects."""

    form_id: int
    xml_form_id: str
    state: str
    version: str
    title: str
    md5: str
    files: int


class FileView(NamedTuple):
    """A file that a form expects. `list_name` set: the server makes it. `sha256` None: not uploaded."""

    name: str
    list_name: str | None
    sha256: str | None
    md5: str | None
    content_type: str | None


def _published(dialect: str) -> Select[Any]:
    files = (
        select(func.count())
        .select_from(FormAttachment)
        .where(FormAttachment.version_id == FormVersion.id)
        .correlate(FormVersion)
        .scalar_subquery()
    )
    return (
        select(Form.id, Form.xml_form_id, Form.state, FormVersion.version, FormVersion.title, FormVersion.md5, files)
        .join(FormVersion, FormVersion.form_id == Form.id)
        .join(Project, Project.id == Form.project_id)
        .where(Form.project_id == bindparam("project"), *LIVE, FormVersion.is_current)
        .order_by(Form.xml_form_id)
    )


_PUBLISHED = Prepared(_published)


def list_published(session: Session, project_id: int) -> list[PublishedForm]:
    """The published forms of a project with their current versions, by form id: one select, whatever their number."""
    return [PublishedForm._make(row) for row in _PUBLISHED.rows(session, {"project": project_id})]


def find_form_xml(session: Session, project_id: int, xml_form_id: str) -> tuple[int, bytes] | None:
    """(form id, XML of the current version) of a published form."""
    query = (
        select(Form.id, FormVersion.xml)
        .join(FormVersion, FormVersion.form_id == Form.id)
        .join(Project, Project.id == Form.project_id)
        .where(
            Form.project_id == project_id,
            Form.xml_form_id == xml_form_id,
            *LIVE,
            FormVersion.is_current,
        )
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row else None


def list_files(session: Session, project_id: int, xml_form_id: str) -> tuple[int | None, list[FileView]]:
    """(form id, files of the current version) of a published form; (None, []) when there is none."""
    query = (
        select(
            Form.id,
            FormAttachment.name,
            FormAttachment.list_name,
            FormAttachment.sha256,
            FormAttachment.md5,
            FormAttachment.content_type,
        )
        .join(FormVersion, FormVersion.form_id == Form.id)
        .join(Project, Project.id == Form.project_id)
        .outerjoin(FormAttachment, FormAttachment.version_id == FormVersion.id)
        .where(
            Form.project_id == project_id,
            Form.xml_form_id == xml_form_id,
            *LIVE,
            FormVersion.is_current,
        )
        .order_by(FormAttachment.name)
    )
    rows = session.execute(query).all()
    if not rows:
        return None, []
    return rows[0][0], [FileView(*row[1:]) for row in rows if row[1] is not None]
