"""The way on from one submission of an inbox to those beside it, as the inbox was narrowed (`inbox`: its query)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from server.domain.errors import NotFound
from server.services.authenticate import Caller
from server.services.inbox import filter_of, ground_of
from server.storage.inbox import find_before, list_inbox, list_these_waiting
from server.web.context import current_session
from server.web.desk.inbox import wish_of, written

LONGEST_QUERY = 1000


@dataclass(frozen=True)
class Neighbours:
    """The addresses of the inbox and of the submissions before and after this one; None: there is none. `query`: how
    the inbox was narrowed. `waits`: this one still waits for the reader."""

    query: str
    inbox: str
    before: str | None
    after: str | None
    waits: bool


def neighbours_of(caller: Caller, project_id: int, submission_id: int) -> Neighbours | None:
    """Those beside a submission that was opened from an inbox; None where it was not. Of one that waits no longer the
    next is the first that does."""
    asked = request.args.get("inbox")
    if asked is None or not caller.scope("submission.list", project_id):
        return None
    wish = wish_of(MultiDict(parse_qsl(asked[:LONGEST_QUERY])))
    query = urlencode(written(wish))
    home = url_for("desk.inbox", project_id=project_id) + (f"?{query}" if query else "")
    session = current_session()
    ground = ground_of(session, caller, project_id)
    try:
        wanted = filter_of(session, caller, project_id, wish, ground) if ground.offices else None
    except NotFound:
        wanted = None
    if wanted is None:
        return Neighbours(query, home, None, None, waits=False)
    own = next(iter(list_these_waiting(session, wanted, [submission_id])), None)
    following = list_inbox(session, wanted, own.place if own else None, 1)
    before = find_before(session, wanted, own.place) if own else None

    def link(number: int) -> str:
        return url_for("desk.one_submission", submission_id=number, inbox=query)

    after = link(following[0].submission_id) if following else None
    return Neighbours(query, home, link(before.submission_id) if before else None, after, waits=own is not None)
