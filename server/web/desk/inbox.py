"""The inbox: what waits for the reader's own decision, decided line by line or many at once, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from flask import make_response, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, Forbidden, Invalid, NotFound
from server.domain.inbox import KEY_FIGURES, read_place
from server.domain.review import APPROVED, REJECTED
from server.services.authenticate import Caller
from server.services.inbox import (
    FINDINGS,
    LONGEST_TEXT,
    SHOWN_STATES,
    Change,
    InboxWish,
    Line,
    find_line,
    list_places,
    read_inbox,
)
from server.services.review import Decision, get_reviewed, review, undo
from server.storage.inbox import name_places
from server.storage.projects import ProjectView
from server.storage.reviews import find_newest_move, list_moves
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.words import label, say
from server.web.errors import refusal_of
from server.web.tags import tagged

PARTS = ("rows",)
DECISIONS = (APPROVED, REJECTED)


@dataclass(frozen=True)
class Done:
    """What was just decided: of which submission, what, and the decision by which it is taken back."""

    submission_id: int
    name: str
    state: str
    move_id: int


@blueprint.get("/projects/<int:project_id>/inbox")
def inbox(project_id: int) -> Response:
    """What waits for the reader, by what needs a decision. `part=rows`: the lines alone, to stand below those there."""
    caller, project = reader_of(project_id)
    wish = wish_of(request.args)
    after = read_place(request.args["after"]) if request.args.get("after") else None
    found = read_inbox(current_session(), caller, project_id, wish, after)
    part = request.args.get("part") if request.args.get("part") in PARTS else None
    narrows = part is None and found.ground.offices
    places = list_places(current_session(), caller, project_id, wish.area) if narrows else None
    page = show_page(
        "inbox_rows.html" if part else "inbox.html",
        caller=caller,
        project=project,
        inbox=found,
        after=after,
        link=_linker(project_id, wish),
        places=places,
        done=_done(caller, request.args.get("done", "")),
        findings=tuple(FINDINGS),
        states=SHOWN_STATES,
        unheard_url=lambda each: url_for("desk.coverage", project_id=project_id, slug=each.round.slug),
        **_words(project_id, wish),
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "private, no-cache"
    return tagged(answer)


@blueprint.post("/projects/<int:project_id>/inbox/decide")
def decide_in_inbox(project_id: int) -> Response | str:
    """A decision on one line. With a script only that line comes back; else the inbox, with a way to take it back."""
    caller, project = reader_of(project_id)
    submission_id = _number("submission")
    state = request.form.get("state", "")
    if state not in DECISIONS:
        raise Invalid("review.unknown_state", value=state[:40], allowed=", ".join(DECISIONS))
    reason = request.form.get("reason", "") or None
    decision = Decision(submission_id, state, reason, ask_reason=True, seen=request.form.get("seen") or None)
    _require_here(caller, project_id, submission_id)
    try:
        review(current_session(), caller, decision, now())
    except DomainError as error:
        if not by_script():
            raise
        current_session().rollback()
        return _line(caller, project, submission_id, error)
    done = f"{submission_id}.{find_newest_move(current_session(), submission_id)}"
    if by_script():
        return _line(caller, project, submission_id, done=_done(caller, done))
    return redirect(_linker(project_id, wish_of(request.args))(done=done))


@blueprint.post("/projects/<int:project_id>/inbox/undo")
def undo_in_inbox(project_id: int) -> Response | str:
    """Takes the reader's own last decision on a submission back."""
    caller, project = reader_of(project_id)
    submission_id = _number("submission")
    _require_here(caller, project_id, submission_id)
    try:
        undo(current_session(), caller, submission_id, _number("move"), now())
    except DomainError as error:
        if not by_script():
            raise
        current_session().rollback()
        return _line(caller, project, submission_id, error)
    if by_script():
        return _line(caller, project, submission_id)
    return redirect(_linker(project_id, wish_of(request.args))())


def wish_of(asked: MultiDict[str, str]) -> InboxWish:
    """What the address narrows the inbox to; what it cannot be narrowed by is left aside."""
    state, findings = asked.get("state"), asked.get("findings")
    return InboxWish(
        asked.get("round") or None,
        asked.get("form") or None,
        asked.get("area") or None,
        findings if findings in FINDINGS else None,
        state if state in SHOWN_STATES else None,
        asked.get("returned") == "1",
        asked.get("q", "").strip()[:LONGEST_TEXT],
    )


def written(wish: InboxWish) -> dict[str, str]:
    """A wish as it stands in an address."""
    said = {"q" if name == "text" else name: value for name, value in asdict(wish).items() if value}
    return {name: "1" if value is True else value for name, value in said.items()}


def _linker(project_id: int, wish: InboxWish) -> Callable[..., str]:
    """Makes addresses of the inbox as it is narrowed now, but for what is given; None takes a narrowing away."""

    said = written(wish)
    made: dict[tuple[str, frozenset[tuple[str, str | int | None]]], str] = {}

    def link(page: str = "inbox", **changed: str | int | None) -> str:
        key = (page, frozenset(changed.items()))
        if key not in made:
            asked = said | {name: str(value) if value else "" for name, value in changed.items()}
            query = urlencode({name: value for name, value in asked.items() if value})
            made[key] = f"{url_for(f'desk.{page}', project_id=project_id)}{'?' if query else ''}{query}"
        return made[key]

    return link


def _words(project_id: int, wish: InboxWish) -> dict[str, object]:
    return {"wish": wish, "asked": written(wish), "figure": figure, "refused": _refused, "vary": replace}


def figure(change: Change) -> str:
    """What a figure is called in a line."""
    return say(f"desk.inbox.figure.{change.name}") if change.name in KEY_FIGURES else label(change.labels)


def _refused(error: DomainError) -> str:
    return refusal_of(error).message


def reader_of(project_id: int) -> tuple[Caller, ProjectView]:
    caller = desk_caller()
    project = project_of(caller, project_id)
    if not caller.scope("submission.list", project_id):
        raise Forbidden("auth.forbidden")
    return caller, project


def _require_here(caller: Caller, project_id: int, submission_id: int) -> None:
    _, form = get_reviewed(current_session(), caller, submission_id)
    if form.project_id != project_id:
        raise NotFound("submission.unknown", instance=submission_id)


def _number(name: str) -> int:
    text = request.form.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise NotFound("http.not_found")
    return int(text)


def by_script() -> bool:
    return request.headers.get("HX-Request") == "true"


def _done(caller: Caller, text: str) -> Done | None:
    """What `done=SUBMISSION.DECISION` names, where it is the reader's own newest and still stands."""
    number, _, move = text.partition(".")
    if not all(part.isascii() and part.isdecimal() and len(part) <= 18 for part in (number, move)):
        return None
    session = current_session()
    try:
        submission, _ = get_reviewed(session, caller, int(number))
    except NotFound:
        return None
    newest = next(iter(list_moves(session, submission.id)), None)
    if newest is None or newest.id != int(move) or newest.actor_id != caller.actor_id or not newest.stands:
        return None
    places = name_places(session, {submission.area_id}) if submission.area_id else {}
    name = places[submission.area_id].name if submission.area_id in places else submission.current.instance_name
    return Done(submission.id, name or submission.instance_id, newest.to_state, newest.id)


def _line(
    caller: Caller, project: ProjectView, submission_id: int, error: DomainError | None = None, done: Done | None = None
) -> str:
    """One line as it is now: what waits still, or what was decided."""
    line: Line | None = None if done else find_line(current_session(), caller, project.id, submission_id)
    return show_page(
        "inbox_line.html",
        caller=caller,
        project=project,
        line=line,
        submission_id=submission_id,
        done=done,
        problem=refusal_of(error).message if error else "",
        link=_linker(project.id, wish_of(request.args)),
        **_words(project.id, wish_of(request.args)),
    )
