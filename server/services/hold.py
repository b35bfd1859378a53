"""A form as it is now, held while it is written: what was read of it before may be another's work by now."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from server.domain.errors import NotFound, Outdated
from server.storage.forms import FormView, VersionView, find_form_by_id
from server.storage.versions import lock_form


@dataclass(frozen=True)
class HeldDraft:
    """A form and its draft."""

    form: FormView
    draft: VersionView


def hold(connection: Connection, form: FormView) -> FormView:
    """The form as it is; until the transaction ends nobody else writes it. Raises NotFound when it was deleted."""
    lock_form(connection, form.id)
    found = find_form_by_id(connection, form.id)
    if found is None:
        raise NotFound("form.unknown", form=form.xml_form_id)
    return found


def hold_draft(connection: Connection, form: FormView) -> HeldDraft:
    """The same with its draft. Raises NotFound when it has none by now."""
    found = hold(connection, form)
    if found.draft is None:
        raise NotFound("form.no_draft", form=form.xml_form_id)
    return HeldDraft(found, found.draft)


def hold_same_draft(connection: Connection, form: FormView) -> HeldDraft:
    """The same. Raises Outdated when another draft stands in the place of the one that was read before."""
    held = hold_draft(connection, form)
    if form.draft is None or held.draft.sha256 != form.draft.sha256:
        raise Outdated("form.draft_changed", form=form.xml_form_id)
    return held
