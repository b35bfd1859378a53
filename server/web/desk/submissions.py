"""The submissions of a project as a list, and one of them: answers, findings, files, review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import Forbidden, Invalid, NotFound
from server.domain.review import (
    APPROVED,
    HAS_ISSUES,
    RECEIVED,
    REJECTED,
    STATES,
    Standing,
    awaited_level,
    list_moves,
    tell_barred,
    tell_ended,
)
from server.services.aggregate import COMMUNE_FORM
from server.services.authenticate import Caller
from server.services.review import comment, find_undoable, get_reviewed, place_of, sight_of, tie_of
from server.storage.areas import find_path
from server.storage.desk import (
    SheetFilter,
    SheetForm,
    count_states,
    find_sheet_form,
    list_sheets,
    name_actors,
)
from server.storage.forms import FormView, list_forms
from server.storage.projects import find_project
from server.storage.readings import (
    SubmissionVersionView,
    SubmissionView,
    find_submission_number,
    find_submission_xml,
    list_findings,
    list_submission_versions,
)
from server.storage.reviews import list_comments
from server.storage.reviews import list_moves as list_decisions
from server.storage.rounds import find_round
from server.storage.variants import count_apart, find_apart
from server.web.context import current_session, now, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.neighbours import neighbours_of
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.quality import told_of
from server.web.desk.rounds import WAITING
from server.web.desk.submission_parts import Looked, read_text, shown_parts
from server.web.desk.words import say
from server.web.errors import refusal_of
from sync.receipt_number import read_number

PAGE = 50
OFFERED = (APPROVED, REJECTED, HAS_ISSUES, RECEIVED)
"""The moves that stand as buttons, in this order."""


@dataclass(frozen=True)
class Opened:
    """A submission that the caller may read, the version shown, and its form."""

    submission: SubmissionView
    version: SubmissionVersionView
    versions: list[SubmissionVersionView]
    form: FormView
    filled: SheetForm


@blueprint.get("/projects/<int:project_id>/submissions")
def all_submissions(project_id: int) -> str | Response:
    """The submissions of a project, newest first, by review state and form. `receipt`: the number that somebody wrote
    down leads to what it names."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    scope = caller.scope("submission.list", project_id)
    if not scope:
        raise Forbidden("auth.forbidden")
    session = current_session()
    receipt = request.args.get("receipt", "").strip()
    named = _named(caller, project_id, receipt) if receipt else None
    if named is not None:
        return redirect(named)
    state = request.args.get("state") if request.args.get("state") in STATES else None
    form = request.args.get("form") or None
    page = whole("page", 1) or 1
    everything = count_states(session, SheetFilter(project_id, scope, xml_form_id=form))
    wanted = SheetFilter(project_id, scope, state=state, xml_form_id=form)
    total = everything.get(state, 0) if state else sum(everything.values())
    return show_page(
        "submissions.html",
        caller=caller,
        project=project,
        sheets=list_sheets(session, wanted, (page - 1) * PAGE, PAGE),
        forms=list_forms(session, project_id),
        counts=everything,
        waiting=sum(everything.get(each, 0) for each in WAITING),
        state=state,
        form=form,
        states=STATES,
        page=page,
        pages=max(1, -(-total // PAGE)),
        total=total,
        receipt=receipt,
        apart=count_apart(session, project_id) if scope.everywhere else 0,
    )


def _named(caller: Caller, project_id: int, receipt: str) -> str | None:
    """Where the thing is that a receipt number or an instance id names, if it is in sight. A receipt may be of another
    project: then it is what is seen there that counts."""
    session, scope = current_session(), caller.scope("submission.list", project_id)
    number = read_number(receipt)
    if number is not None and number[1]:
        found = find_apart(session, project_id, number[0]) if scope.everywhere else None
        return url_for("desk.one_apart", project_id=project_id, variant_id=found.id) if found else None
    submission_id = number[0] if number else find_submission_number(session, project_id, receipt, scope)
    try:
        get_reviewed(session, caller, submission_id or 0)
    except NotFound:
        return None
    return url_for("desk.one_submission", submission_id=submission_id)


@blueprint.get("/submissions/<int:submission_id>")
def one_submission(submission_id: int) -> str:
    """The page of one submission, in its current version or an earlier one (`?version=`)."""
    return show_submission(submission_id)


def show_submission(submission_id: int, refused: str | None = None) -> str:
    """The same; `refused`: why the decision that this request brings was not recorded. What was typed stands there."""
    caller = desk_caller()
    opened = open_submission(caller, submission_id)
    session, submission = current_session(), opened.submission
    text = read_text(submission.id, opened.version.id, opened.filled)
    sheet = text.sheet(list_findings(session, opened.version.id))
    round_view = find_round(session, submission.round_id) if submission.round_id else None
    decisions = list_decisions(session, submission.id)
    reviewed = _review(caller, opened)
    looked = Looked(caller, opened.form, submission, round_view)
    senders = {each.submitter_id for each in opened.versions} | {submission.submitter_id}
    return show_page(
        "submission.html",
        caller=caller,
        project=find_project(session, opened.form.project_id),
        submission=submission,
        version=opened.version,
        versions=opened.versions,
        form=opened.filled,
        round=round_view,
        path=find_path(session, submission.area_id, round_view.cutoff) if submission.area_id and round_view else (),
        computed=sheet.computed(),
        findings=sheet.findings(),
        files=list(text.files.values()),
        names=name_actors(session, senders),
        decisions=decisions,
        comments=list_comments(session, submission.id),
        seen=sight_of(session, submission),
        beside=neighbours_of(caller, opened.form.project_id, submission.id),
        undoable=find_undoable(session, caller, submission, decisions, now()),
        refused=refused,
        typed_reason=request.form.get("reason", ""),
        **shown_parts(looked, text, (sheet, opened.versions, decisions), reviewed["moves"]),
        **reviewed,
        **told_of(caller, opened.form.project_id, submission_id),
    )


def _review(caller: Caller, opened: Opened) -> dict[str, Any]:
    """Who decides next (`awaited`), the moves that the reader can make, and what is said to whose office is no
    more or whose own sheet it is."""
    submission = opened.submission
    standing = Standing(submission.review_state, submission.review_level)
    verbs = caller.verbs_in(place_of(current_session(), opened.form, submission, caller.on))
    tie = tie_of(current_session(), caller, submission)
    moves = (move for move in list_moves(standing, verbs, caller.on, tie) if move.to in OFFERED)
    ended = tell_ended(standing, verbs, caller.on)
    barred = tell_barred(standing, verbs, caller.on, tie)
    return {
        "moves": sorted(moves, key=lambda move: OFFERED.index(move.to)),
        "awaited": awaited_level(standing, caller.on, of_commune=opened.form.xml_form_id == COMMUNE_FORM),
        "ended": refusal_of(ended).message if ended else None,
        "barred": refusal_of(barred).message if barred else None,
    }


@blueprint.post("/submissions/<int:submission_id>/comments")
def add_comment(submission_id: int) -> Response:
    """A comment on a submission."""
    caller = desk_caller()
    open_submission(caller, submission_id)
    body = request.form.get("body", "").strip()
    if len(body) > 5000:
        raise Invalid("request.too_long", field=say("desk.comment.label"), most=5000)
    comment(current_session(), caller, submission_id, body, now())
    return redirect(url_for("desk.one_submission", submission_id=submission_id) + "#comments")


@blueprint.get("/submissions/<int:submission_id>/versions/<int:version_id>.xml")
def submission_xml(submission_id: int, version_id: int) -> Response:
    """The text as it was sent, byte for byte, to be saved."""
    opened = open_submission(desk_caller(), submission_id, version_id)
    xml = find_submission_xml(current_session(), opened.version.id) or b""
    answer = Response(xml, content_type="application/xml")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{submission_id}-{version_id}.xml")
    return answer


def open_submission(caller: Caller, submission_id: int, version_id: int | None = None) -> Opened:
    """Raises NotFound, also for what the caller may not read: that it is there is not told either."""
    session = current_session()
    submission, form = get_reviewed(session, caller, submission_id)
    versions = list_submission_versions(session, submission_id)
    asked = version_id or whole("version") or submission.current.id
    version = next((each for each in versions if each.id == asked), None)
    filled = find_sheet_form(session, version.form_version_id) if version else None
    if version is None or filled is None:
        raise NotFound("submission.unknown", instance=submission_id)
    return Opened(submission, version, versions, form, filled)
