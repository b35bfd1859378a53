"""The dossiers of communes in a round: which lie where, and one with all it holds, moved and appraised, and printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.criteria.ruleset import RuleSet
from server.domain.dossiers import RESULTS, STATES, Letter
from server.domain.errors import DomainError, Forbidden, NotFound
from server.domain.evidence import KINDS
from server.services.authenticate import Caller
from server.services.dossier import SENDINGS, Dossier, Line, Unit, effective, list_lines, read_dossier
from server.services.move_dossier import (
    Asked,
    Said,
    appraise_dossier,
    may_appraise,
    may_override,
    move_dossier,
    moves_of,
)
from server.services.plan import read_plan
from server.services.round_law import law_of
from server.services.verdicts import VerdictView
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.comparisons import standing_word
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.rounds import find_round_of
from server.web.errors import refusal_of

Answer = Response | str | tuple[str, int]
HARD = "met"
"""What an entry rule set says of a village in special difficulty."""
LAWS_OF_HARD = "entry"


@dataclass(frozen=True)
class Typed:
    """What somebody typed into a form that was refused."""

    number: str = ""
    day: str = ""
    reason: str = ""


NOTHING = Typed()


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/dossiers")
def round_dossiers(project_id: int, slug: str) -> str:
    """The communes in sight, each with where its dossier lies; `state` narrows them."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    lines = list_lines(current_session(), caller, round_view)
    chosen = request.args.get("state") if request.args.get("state") in STATES else None
    return show_page(
        "dossiers.html",
        caller=caller,
        project=project,
        round=round_view,
        lines=[line for line in lines if chosen in (None, line.standing.state)],
        total=len(lines),
        counts=_counts(lines),
        chosen=chosen,
    )


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/dossiers/<area_id>")
def one_dossier(project_id: int, slug: str, area_id: str) -> str:
    """One dossier."""
    return _page(desk_caller(), (project_id, slug, area_id))


@blueprint.post("/projects/<int:project_id>/rounds/<slug>/dossiers/<area_id>")
def act_on_dossier(project_id: int, slug: str, area_id: str) -> Answer:
    """Moves it (`move`), or says what comes of units (`result`, `area`)."""
    caller = desk_caller()
    project_of(caller, project_id)
    round_view, session = find_round_of(project_id, slug), current_session()
    typed = Typed(request.form.get("number", ""), request.form.get("day", ""), request.form.get("reason", ""))
    areas = request.form.getlist("area")
    try:
        if request.form.get("result"):
            said = Said(areas, request.form["result"], typed.reason)
            appraise_dossier(session, caller, (round_view, area_id), said, now())
        else:
            letter = Letter(typed.number, _day(typed.day))
            asked = Asked(request.form.get("move", ""), letter, typed.reason, areas)
            move_dossier(session, caller, (round_view, area_id), asked, now())
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        session.rollback()
        return _page(caller, (project_id, slug, area_id), typed, error), refusal_of(error).status
    done = "result" if request.form.get("result") else "move"
    return redirect(url_for("desk.one_dossier", project_id=project_id, slug=slug, area_id=area_id, done=done))


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/dossiers/<area_id>/print")
def print_dossier(project_id: int, slug: str, area_id: str) -> str:
    """The same as it is printed on A4."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    made = read_dossier(current_session(), caller, round_view, area_id)
    return show_page("dossier_print.html", caller=caller, project=project, round=round_view, **_shown(made))


def _page(caller: Caller, which: tuple[int, str, str], typed: Typed = NOTHING, error: DomainError | None = None) -> str:
    project_id, slug, area_id = which
    project, round_view, session = project_of(caller, project_id), find_round_of(project_id, slug), current_session()
    made = read_dossier(session, caller, round_view, area_id)
    return show_page(
        "dossier.html",
        caller=caller,
        project=project,
        round=round_view,
        moves=moves_of(session, caller, made),
        may_appraise=may_appraise(session, caller, made),
        may_override=may_override(session, caller, made),
        results=RESULTS,
        typed=typed,
        error=refusal_of(error).message if error else None,
        done=request.args.get("done") in ("move", "result"),
        tracks=read_plan(session, round_view, caller.on, _handed(made)).tracks,
        **_shown(made),
    )


def _shown(made: Dossier) -> dict[str, Any]:
    """What page and paper have in common."""
    laws = list(law_of(current_session(), made.round, "village"))
    return {
        "made": made,
        "laws": laws,
        "hard": [unit for unit in made.units if _is_hard(unit)],
        "standing_of": _standing_of,
        "standing_word": standing_word,
        "kinds": KINDS,
        "sendings": SENDINGS,
        "synthetic_here": made.synthetic or any(unit.synthetic for unit in made.units),
        "items": {unit.area.id: {item.kind: item for item in unit.evidence.items} for unit in made.units},
        "stands": effective(made.moves),
    }


def _standing_of(views: tuple[VerdictView, ...], law: RuleSet) -> VerdictView | None:
    return next((view for view in views if view.rule_set is not None and view.rule_set.id == law.id), None)


def _is_hard(unit: Unit) -> bool:
    """Whether a law of entry puts the village among those in special difficulty, as computed."""
    laws = [(view.rule_set.purpose, view.standing) for view in unit.views if view.rule_set is not None]
    return (LAWS_OF_HARD, HARD) in laws


def _handed(made: Dossier) -> dict[str, date]:
    return {each.past.before.level: each.done_on for each in made.effective if each.past.name in SENDINGS}


def _counts(lines: list[Line]) -> dict[str, int]:
    found = dict.fromkeys(STATES, 0)
    for line in lines:
        found[line.standing.state] += 1
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
