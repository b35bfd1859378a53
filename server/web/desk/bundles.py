"""Sheets from a file: what a phone could not send, brought by cable or card, is looked at first and then taken in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from flask import request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, Invalid, NotFound
from server.domain.head_rows import bare
from server.services.authenticate import Caller
from server.services.bundle_files import keep_bundle, kept_bundle
from server.services.review import get_reviewed
from server.services.unbundle import (
    TAKEN,
    VERB,
    Carrying,
    Fate,
    count_fates,
    look_through,
    require_project,
    sender_of,
    unbundle,
)
from server.storage.forms import list_forms
from server.storage.key_holders import HomeArea, list_app_users, list_home_areas
from server.storage.projects import ProjectView
from server.web.context import current_home, current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.errors import refusal_of
from sync.bundle import About, Bundle

Answer = Response | str | tuple[str, int]
MOST_SENDERS = 300
"""People offered in the choice; of more, those are whose name or place has the words that are looked for."""
LONGEST_SEARCH = 100
TONES = {
    **dict.fromkeys(("new", "edit", "completed", "whole"), "good"),
    **dict.fromkeys(("apart", "unreadable"), "warning"),
    **dict.fromkeys(("refused", "damaged"), "error"),
}


@dataclass(frozen=True)
class Holder:
    """Somebody whose sheets these may be."""

    id: int
    name: str
    homes: Sequence[HomeArea]


@dataclass(frozen=True)
class Line:
    """A sheet in the list. `url`: its page, where the reader may open it; `why`: what is wrong, in words."""

    fate: Fate
    title: str
    tone: str
    why: str | None
    url: str | None

    @property
    def size(self) -> int:
        """Bytes of the sheet with its files."""
        return sum(piece.size for piece in (self.fate.sheet.xml, *self.fate.sheet.files))


@dataclass(frozen=True)
class Result:
    """What the page shows of a bundle. `word`: opens it again; `sender`: whose sheets they are said to be, by number
    (None: nobody has said it); `foreign`: the bundle names somebody else than the reader looks after."""

    about: About | None = None
    sha256: str = ""
    word: str = ""
    lines: Sequence[Line] = ()
    sender: Holder | None = None
    foreign: bool = False
    other_server: bool = False
    done: bool = False
    error: str | None = None
    search: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """How many sheets came to what."""
        return count_fates([line.fate for line in self.lines])

    @property
    def taken(self) -> int:
        """How many are here now, or would be."""
        return sum(line.fate.result in TAKEN for line in self.lines)


@blueprint.get("/projects/<int:project_id>/bundles")
def bundles(project_id: int) -> str:
    """Where a file is handed in."""
    caller, project = _allowed(project_id)
    return _page(caller, project, Result())


@blueprint.post("/projects/<int:project_id>/bundles")
def bring_bundle(project_id: int) -> Answer:
    """Looks at a file, or takes it in when that was asked for."""
    caller, project = _allowed(project_id)
    word = request.form.get("kept", "")
    try:
        upload = request.files.get("file")
        if upload is not None and upload.filename:
            with upload.stream as stream:
                word = keep_bundle(current_home(), caller, project_id, stream)
        elif not word:
            raise Invalid("bundle.no_file")
        with kept_bundle(current_home(), caller, project_id, word) as bundle:
            result = replace(_brought(caller, project_id, bundle), word=word)
    except DomainError as error:
        refusal = refusal_of(error)
        return _page(caller, project, Result(error=refusal.message)), refusal.status
    return _page(caller, project, result)


def _allowed(project_id: int) -> tuple[Caller, ProjectView]:
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require(VERB, project_id)
    return caller, project


def _brought(caller: Caller, project_id: int, bundle: Bundle) -> Result:
    require_project(bundle, project_id)
    session, home, about = current_session(), current_home(), bundle.manifest.about
    act, typed = request.form.get("act"), request.form.get("sender", "")
    chosen = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None
    try:
        wanted = chosen if chosen is not None else about.sender
        sender = sender_of(session, caller, project_id, wanted, now()) if wanted is not None else None
    except NotFound:
        if chosen is not None:
            raise
        sender = None
    carrying = Carrying(bundle, project_id, caller, sender, now())
    done = act == "write"
    if done and chosen is None:
        # a person says whose sheets these are, never the file alone
        raise Invalid("bundle.no_sender")
    fates = (unbundle if done else look_through)(session, home, carrying)
    return Result(
        about=about,
        sha256=bundle.sha256,
        lines=_lines(caller, project_id, fates),
        sender=_holder(caller, project_id, sender.actor_id) if sender is not None else None,
        foreign=about.sender is not None and sender is None,
        other_server=_is_other(about.server),
        done=done,
        search=request.form.get("q", "").strip()[:LONGEST_SEARCH],
    )


def _is_other(server: str) -> bool:
    """Whether a bundle was made for a server of another name than this one's, where both are known."""
    own = current_home().config.base_url
    return bool(own and server) and urlsplit(server).netloc.lower() != urlsplit(own or "").netloc.lower()


def _lines(caller: Caller, project_id: int, fates: Sequence[Fate]) -> list[Line]:
    titles = {form.xml_form_id: form.shown.title for form in list_forms(current_session(), project_id)}
    return [
        Line(
            fate,
            titles.get(fate.sheet.form_id, fate.sheet.form_id),
            TONES.get(fate.result, "plain"),
            refusal_of(fate.error).message if fate.error is not None else None,
            _address(caller, fate),
        )
        for fate in fates
    ]


def _address(caller: Caller, fate: Fate) -> str | None:
    submission_id = fate.receipt.submission_id if fate.receipt is not None else None
    if submission_id is None:
        return None
    try:
        get_reviewed(current_session(), caller, submission_id)
    except DomainError:
        return None
    return url_for("desk.one_submission", submission_id=submission_id)


def _holder(caller: Caller, project_id: int, actor_id: int) -> Holder | None:
    found = _holders(caller, project_id, [actor_id])
    return found[0] if found else None


def _holders(caller: Caller, project_id: int, ids: Sequence[int] | None = None) -> list[Holder]:
    """The people in whose name the reader may take sheets in, by name."""
    session = current_session()
    users = list_app_users(session, project_id, caller.reach(VERB, project_id), caller.on, ids)
    homes = list_home_areas(session, project_id, caller.on, [user.id for user in users])
    found = [Holder(user.id, user.name, homes.get(user.id, ())) for user in users]
    return sorted(found, key=lambda each: bare(each.name))


def _offered(caller: Caller, project_id: int, search: str) -> tuple[list[Holder], bool]:
    """Those to choose from, and whether there are more than that."""
    every = _holders(caller, project_id)
    if len(every) <= MOST_SENDERS:
        return every, False
    words = bare(search)
    found = [
        each
        for each in every
        if words in bare(" ".join((each.name, *(f"{home.name} {home.commune or ''}" for home in each.homes))))
    ]
    return found[:MOST_SENDERS], True


def _page(caller: Caller, project: ProjectView, result: Result) -> str:
    offered: list[Holder] = []
    searched = False
    if result.about is not None and not result.done:
        offered, searched = _offered(caller, project.id, result.search)
    return show_page(
        "bundles.html",
        caller=caller,
        project=project,
        result=result,
        offered=offered,
        searched=searched,
        most=current_home().config.max_upload // 1_000_000,
    )
