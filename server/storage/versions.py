"""What is written of forms: the form, its versions, the files they expect. What is asked of them is in forms.py."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from server.storage.forms import Form, FormAttachment, FormVersion


def add_form(connection: Connection, **values: Any) -> int:
    """Writes a form; returns its number."""
    return connection.execute(insert(Form).values(**values).returning(Form.id)).scalar_one()


def lock_form(connection: Connection, form_id: int) -> None:
    """Makes whoever else locks this form wait until the transaction ends; what is read of it afterwards stays so."""
    connection.execute(select(Form.id).where(Form.id == form_id).with_for_update())


def change_form(connection: Connection, form_id: int, **values: Any) -> None:
    """Changes columns of a form."""
    connection.execute(update(Form).where(Form.id == form_id).values(**values))


def put_draft(connection: Connection, form_id: int, values: dict[str, Any]) -> int:
    """Writes the draft of a form, in place of the one there is; returns its number."""
    known = connection.execute(
        select(FormVersion.id).where(FormVersion.form_id == form_id, FormVersion.published_at.is_(None))
    ).scalar_one_or_none()
    if known is None:
        made = connection.execute(insert(FormVersion).values(form_id=form_id, **values).returning(FormVersion.id))
        return made.scalar_one()
    connection.execute(update(FormVersion).where(FormVersion.id == known).values(**values))
    return known


def change_draft(connection: Connection, form_id: int, values: dict[str, Any]) -> bool:
    """Changes columns of the draft of a form. False when it has none by now."""
    drafts = update(FormVersion).where(FormVersion.form_id == form_id, FormVersion.published_at.is_(None))
    return connection.execute(drafts.values(**values)).rowcount == 1


def make_current(connection: Connection, form_id: int, version_id: int, values: dict[str, Any]) -> None:
    """Makes a version the one that phones get, and changes other columns of it."""
    connection.execute(
        update(FormVersion).where(FormVersion.form_id == form_id, FormVersion.is_current).values(is_current=False)
    )
    connection.execute(update(FormVersion).where(FormVersion.id == version_id).values(is_current=True, **values))


def remove_version(connection: Connection, version_id: int) -> None:
    """Removes a version that nobody answered, with the files it expects."""
    connection.execute(delete(FormAttachment).where(FormAttachment.version_id == version_id))
    connection.execute(delete(FormVersion).where(FormVersion.id == version_id))


def put_form_attachments(connection: Connection, version_id: int, rows: Iterable[dict[str, Any]]) -> None:
    """Writes the files that a version expects, in place of those there are."""
    connection.execute(delete(FormAttachment).where(FormAttachment.version_id == version_id))
    values = [{"version_id": version_id} | row for row in rows]
    if values:
        connection.execute(insert(FormAttachment), values)


def change_form_attachment(connection: Connection, attachment_id: int, now: datetime, **values: Any) -> None:
    """Changes columns of an expected file."""
    connection.execute(
        update(FormAttachment).where(FormAttachment.id == attachment_id).values(**values, updated_at=now)
    )
