"""Data quality: what was found of sheets beside others, as a list that can be shared, and a reviewer's word on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.areas import match_key
from server.domain.errors import Forbidden
from server.domain.quality import KINDS, SEVERITIES
from server.services.authenticate import Caller
from server.services.lists import COMMUNE_KINDS
from server.services.quality import Told, list_told, look_at, may_look, of_submission, undo
from server.storage.areas import AreaView
from server.storage.quality_views import QualityFilter, count_found, count_waiting
from server.storage.rounds import RoundView, list_rounds
from server.storage.sights import list_seen_areas
from server.web.context import choose_locale, current_session, now, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.quality_words import reason_of

PAGE = 50
LOOKED = {"no": False, "yes": True}


@dataclass(frozen=True)
class Chosen:
    """What the reader narrows the list to; None is all. `commune`: an own id."""

    round: str | None
    kind: str | None
    severity: str | None
    commune: str | None
    looked: str | None

    @property
    def active(self) -> bool:
        """Whether anything but the round is narrowed."""
        return any((self.kind, self.severity, self.commune, self.looked))


@blueprint.get("/projects/<int:project_id>/quality")
def quality(project_id: int) -> str:
    """The findings of a project, by round, kind, level, commune, and whether somebody has looked at them."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    scope = caller.scope("submission.list", project_id)
    if not scope:
        raise Forbidden("auth.forbidden")
    session, rounds = current_session(), list_rounds(current_session(), project_id)
    chosen = _chosen(rounds)
    round_view = next((each for each in rounds if each.slug == chosen.round), None)
    on = round_view.cutoff if round_view else caller.on
    areas = list_seen_areas(session, project_id, on, scope)
    wanted = _wanted(QualityFilter(project_id, scope, round_id=round_view.id if round_view else None), chosen, on)
    counts, page = count_found(session, wanted), whole("page", 1) or 1
    total = sum(counts.values())
    return show_page(
        "quality.html",
        caller=caller,
        project=project,
        rounds=rounds,
        chosen=chosen,
        communes=_communes(areas),
        names={area_id: area.name for area_id, area in areas.items()},
        kinds=KINDS,
        severities=SEVERITIES,
        counts={kind: sum(n for key, n in counts.items() if key[0] == kind) for kind in KINDS},
        total=total,
        open=sum(n for key, n in counts.items() if not key[2]),
        waiting=count_waiting(session, project_id, scope),
        rows=list_told(session, wanted, (page - 1) * PAGE, PAGE),
        reason=reason,
        page=page,
        pages=max(1, -(-total // PAGE)),
    )


@blueprint.post("/quality/<int:finding_id>/look")
def look_at_finding(finding_id: int) -> Response:
    """A reviewer looked at a finding, and says why it is well or what is done."""
    found = look_at(current_session(), desk_caller(), finding_id, request.form.get("reason", ""), now())
    return _back(found.submission_id)


@blueprint.post("/quality/<int:finding_id>/undo")
def undo_look_at_finding(finding_id: int) -> Response:
    """It stands again as one that nobody looked at."""
    found = undo(current_session(), desk_caller(), finding_id, now())
    return _back(found.submission_id)


def _back(submission_id: int) -> Response:
    return redirect(url_for("desk.one_submission", submission_id=submission_id) + "#quality")


def told_of(caller: Caller, project_id: int, submission_id: int) -> dict[str, object]:
    """What the page of one submission shows of it."""
    session = current_session()
    told = of_submission(session, submission_id, caller.scope("submission.list", project_id))
    may = bool(told) and may_look(session, caller, submission_id)
    return {"quality": told, "quality_reason": reason, "may_look": may}


def count_open(caller: Caller, project_id: int, round_view: RoundView, area_id: str | None = None) -> int:
    """How many findings of a round, of an area or of all, nobody has looked at yet, of those that the reader sees."""
    scope = caller.scope("submission.list", project_id)
    area = (area_id, round_view.cutoff) if area_id else None
    wanted = QualityFilter(project_id, scope, round_id=round_view.id, area=area, looked=False)
    return sum(count_found(current_session(), wanted).values())


def reason(told: Told) -> str:
    """The sentence in the language of the page."""
    return reason_of(told, choose_locale())


def _chosen(rounds: list[RoundView]) -> Chosen:
    asked = request.args

    def known(name: str, values: tuple[str, ...]) -> str | None:
        value = asked.get(name)
        return value if value in values else None

    return Chosen(
        round=known("round", tuple(each.slug for each in rounds)),
        kind=known("kind", KINDS),
        severity=known("severity", SEVERITIES),
        commune=asked.get("commune") or None,
        looked=known("looked", tuple(LOOKED)),
    )


def _wanted(whole_round: QualityFilter, chosen: Chosen, on: date) -> QualityFilter:
    return replace(
        whole_round,
        area=(chosen.commune, on) if chosen.commune else None,
        kind=chosen.kind,
        severity=chosen.severity,
        looked=LOOKED.get(chosen.looked or ""),
    )


def _communes(areas: dict[str, AreaView]) -> list[AreaView]:
    found = [area for area in areas.values() if area.kind in COMMUNE_KINDS]
    return sorted(found, key=lambda area: match_key(area.name))
