"""The test link of a draft: shown again to who may change the form, and made anew."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.errors import NotFound
from server.services.authenticate import Caller, digest, new_token
from server.services.home import Home, SecretChanged
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.forms import FormView, VersionView
from server.storage.versions import change_draft


def link_of(home: Home, draft: VersionView) -> str | None:
    """The token of a draft's test link; None when it was sealed with another secret key than this home has now: it
    opens the draft still (its hash is kept), but cannot be shown."""
    sealed = draft.draft_token_sealed
    try:
        return home.unseal(sealed) if sealed else None
    except SecretChanged:
        return None


def renew_link(session: Session, home: Home, caller: Caller, form: FormView, now: datetime) -> None:
    """Gives the draft another test link; the one before ends at once, on whatever phone it is. Raises NotFound (no
    draft), Forbidden."""
    caller.require("form.update", form.project_id, form.id)
    token = new_token()
    values = {"draft_token_hash": digest(token), "draft_token_sealed": home.seal(token)}
    with writing(session) as connection:
        if not change_draft(connection, form.id, values):
            raise NotFound("form.no_draft", form=form.xml_form_id)
        write_audit(connection, caller.entry("form.update.draft.link", f"form:{form.id}", now, Where(form.project_id)))
        session.commit()
