"""The training condition of communes in a round: what recorded classes give beside what each commune attests."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.areas import match_key
from server.domain.errors import Forbidden, Invalid, NotFound
from server.domain.training_condition import HOUSEHOLDS_PERCENT, OFFICIALS_PERCENT, YEARS, Bounds
from server.domain.training_people import OFFICIALS
from server.services.attest import LONGEST_SOURCE, Attesting, attest, may_attest
from server.services.training_condition import list_conditions
from server.storage.rounds import list_rounds
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.words import number


@blueprint.get("/projects/<int:project_id>/training/communes")
def training_communes(project_id: int) -> str:
    """The communes in sight in a round of which something is known, those with contradictions first."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    session, scope = current_session(), caller.scope("submission.list", project_id)
    if not scope:
        raise Forbidden("auth.forbidden")
    rounds, slug = list_rounds(session, project_id), request.args.get("round")
    chosen = next((each for each in rounds if slug in (None, "", each.slug)), None)
    if chosen is None and slug:
        raise NotFound("round.unknown", slug=slug)
    conditions = list_conditions(session, chosen, scope) if chosen else []
    told = sorted(
        (each for each in conditions if each.tells),
        key=lambda each: (not each.contradictions, match_key(each.area.name)),
    )
    return show_page(
        "training_communes.html",
        caller=caller,
        project=project,
        rounds=rounds,
        chosen=chosen,
        conditions=told,
        silent=len(conditions) - len(told),
        met=sum(each.condition.verdict == "met" for each in told),
        contradicting=sum(bool(each.contradictions) for each in told),
        between=between,
        years=YEARS,
        percents=(HOUSEHOLDS_PERCENT, OFFICIALS_PERCENT),
        officials=OFFICIALS,
        attestable={each.area.id for each in told if chosen and may_attest(session, caller, chosen, each.area.id)},
        done=request.args.get("done") == "attested",
    )


@blueprint.post("/projects/<int:project_id>/training/communes")
def attest_training(project_id: int) -> Response | tuple[str, int]:
    """Attests what recorded classes give of a commune, with what other programmes gave; or takes that back."""
    caller = desk_caller()
    project_of(caller, project_id)
    session, slug = current_session(), request.form.get("round", "")
    chosen = next((each for each in list_rounds(session, project_id) if each.slug == slug), None)
    if chosen is None:
        raise NotFound("round.unknown", slug=slug)
    asked = Attesting(
        request.form.get("area", ""),
        _count("households"),
        _count("officials"),
        request.form.get("source", "")[: LONGEST_SOURCE + 1],
        request.form.get("act") == "withdraw",
    )
    attest(session, caller, chosen, asked, now())
    return redirect(url_for("desk.training_communes", project_id=project_id, round=slug, done="attested"))


def _count(name: str) -> int:
    text = request.form.get(name, "").strip() or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 8):
        raise Invalid("training.count")
    return int(text)


def between(count: Bounds) -> str:
    """12, 10–12, or ≥ 12 where nobody knows how many more."""
    least, most = count
    if most is None:
        return f"≥ {number(least)}"
    return number(least) if least == most else f"{number(least)}–{number(most)}"
