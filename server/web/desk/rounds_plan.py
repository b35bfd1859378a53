"""The plan of a round: until when each level reports, and of which villages the evidence is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.deadlines import LEVELS, STATUSES, STEP_LEVELS, Due
from server.domain.errors import DomainError, Forbidden, NotFound
from server.domain.evidence import FIELDS, KINDS, MISSING, POSTING, STEPS
from server.domain.roles import ALL
from server.services.authenticate import Caller
from server.services.evidence import EvidenceCounts, VillageEvidence, count_evidence, list_evidence
from server.services.holidays import VERB
from server.services.overview import overview
from server.services.plan import Plan, Track, change_plan, read_plan
from server.storage.area_views import list_these
from server.storage.areas import AreaView
from server.storage.rounds import RoundView
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.plan_form import PlanForm, change_of, form_of, typed_form
from server.web.desk.rounds import LIVE_MOST, find_round_of
from server.web.errors import refusal_of

Answer = Response | str | tuple[str, int]
ANY = "any"
WIDE = 1000
"""Units across the picture of a step."""


@dataclass(frozen=True)
class Span:
    """A step on the line of its procedure, in units from the left: where its count begins and ends, and today."""

    due: Due
    begins: int
    ends: int
    today: int | None


@dataclass(frozen=True)
class CommuneRow:
    """The evidence of a commune: how many of its villages in sight have what."""

    area: AreaView
    counts: EvidenceCounts


@dataclass(frozen=True)
class Gathered:
    """The evidence that a page shows: of all villages chosen, by commune; `shown`: villages of the list; of too many
    nothing is gathered, and `below` are the areas to look into."""

    counts: EvidenceCounts | None
    communes: Sequence[CommuneRow] = ()
    shown: Sequence[VillageEvidence] = ()
    below: Sequence[AreaView] = ()


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/plan")
def round_plan(project_id: int, slug: str) -> str:
    """The page."""
    return _page(desk_caller(), (project_id, slug))


@blueprint.post("/projects/<int:project_id>/rounds/<slug>/plan")
def set_round_plan(project_id: int, slug: str) -> Answer:
    """Sets the instruction's day, the steps and what is asked."""
    caller = desk_caller()
    project_of(caller, project_id)
    form = typed_form(request.form)
    try:
        change_plan(current_session(), caller, find_round_of(project_id, slug).id, change_of(form), now())
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        current_session().rollback()
        return _page(caller, (project_id, slug), form, error), refusal_of(error).status
    return redirect(url_for("desk.round_plan", project_id=project_id, slug=slug, done="saved"))


def _page(
    caller: Caller, which: tuple[int, str], typed: PlanForm | None = None, error: DomainError | None = None
) -> str:
    project = project_of(caller, which[0])
    round_view = find_round_of(*which)
    plan = read_plan(current_session(), round_view, caller.on)
    lacking = request.args.get("lacks") if request.args.get("lacks") in (ANY, *KINDS) else None
    area = request.args.get("area") or None
    gathered = _gather(caller, round_view, (area, lacking))
    return show_page(
        "round_plan.html",
        caller=caller,
        project=project,
        round=round_view,
        plan=plan,
        tracks=[(track, spans(track, plan.today)) for track in plan.tracks],
        next_due=next_due(plan),
        gathered=gathered,
        chosen=_named(gathered, area),
        area_id=area,
        lacking=lacking,
        kinds=KINDS,
        wide=WIDE,
        form=typed or form_of(plan, round_view),
        error=refusal_of(error).message if error else None,
        done=request.args.get("done") == "saved",
        may_change=caller.reach(VERB, project.id).everywhere and not round_view.is_locked,
        choices={"level": STEP_LEVELS, "to": LEVELS, "status": STATUSES, "step": STEPS, "fields": FIELDS},
        posting=POSTING,
    )


def next_due(plan: Plan) -> Due | None:
    """The step whose day comes next, today included."""
    waiting = [
        due
        for track in plan.tracks
        for due in track.dues
        if due.due is not None and not due.overdue and due.handed is None
    ]
    return min(waiting, key=lambda due: due.due or date.max, default=None)


def spans(track: Track, today: date) -> list[Span]:
    """The steps of a procedure on one line of time, from the first day that is counted from to the last day."""
    days = [day for due in track.dues for day in (due.starts, due.due) if day is not None]
    first, last = min(days, default=today), max(days, default=today)
    whole = max((last - first).days, 1)

    def place(day: date) -> int:
        return round(WIDE * (day - first).days / whole)

    here = place(today) if first <= today <= last else None
    return [
        Span(due, place(due.starts or due.due or first), place(due.due or due.starts or first), here)
        for due in track.dues
    ]


def _gather(caller: Caller, round_view: RoundView, asked: tuple[str | None, str | None]) -> Gathered:
    area, lacking = asked
    session, project_id = current_session(), round_view.project_id
    scope = caller.scope("submission.list", project_id)
    seen = overview(session, project_id, round_view, scope, area)
    if seen is not None and seen.whole.villages > LIVE_MOST:
        return Gathered(None, below=[line.area for line in seen.lines])
    villages = list_evidence(session, project_id, round_view, scope, area)
    return Gathered(
        count_evidence(villages),
        _communes(villages, round_view),
        [each for each in villages if _lacks(each, lacking)] if lacking or area else (),
    )


def _lacks(village: VillageEvidence, lacking: str | None) -> bool:
    if lacking is None:
        return True
    return any(item.state == MISSING and lacking in (ANY, item.kind) for item in village.items)


def _communes(villages: Iterable[VillageEvidence], round_view: RoundView) -> list[CommuneRow]:
    found: dict[str, list[VillageEvidence]] = {}
    for each in villages:
        found.setdefault(each.area.parent_id or "", []).append(each)
    # whoever sees a village may know the name of the commune that it lies in
    areas = list_these(current_session(), ALL, round_view.cutoff, [key for key in found if key])
    rows = [CommuneRow(areas[key], count_evidence(found[key])) for key in found if key in areas]
    return sorted(rows, key=lambda row: (-row.counts.incomplete, row.area.name))


def _named(gathered: Gathered, area: str | None) -> str | None:
    """What the chosen area is called, where something of it is in sight."""
    if area is None:
        return None
    known = [*(row.area for row in gathered.communes), *(each.area for each in gathered.shown)]
    return next((each.name for each in known if each.id == area), None)
