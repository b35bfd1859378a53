"""The test link of a draft: whoever has it may fetch the draft and send what was filled in, to see how it works.

Nobody signs in for that; what comes is kept in the name of the server, apart from the reports, until the draft is
published, replaced or thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.errors import DraftLinkEnded
from server.domain.roles import Grant
from server.services.authenticate import Caller, digest, is_token, system_caller
from server.storage.forms import FormView, find_form_by_draft_token


@dataclass(frozen=True)
class DraftLink:
    """A draft and who tries it: somebody who may fill in that form and nothing else."""

    form: FormView
    caller: Caller


def try_draft(session: Session, token: str, now: datetime) -> DraftLink:
    """What a test link leads to. Raises DraftLinkEnded when its draft was published or deleted, or there never was
    one."""
    form = find_form_by_draft_token(session, digest(token)) if is_token(token) else None
    if form is None:
        raise DraftLinkEnded("form.draft_link_ended")
    grant = Grant("app-user", "form", form.project_id, form.id)
    caller = replace(system_caller(session, now), project_id=form.project_id, grants=(grant,))
    return DraftLink(form, caller)
