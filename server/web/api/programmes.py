"""The programme register: who came in, who is to leave when, who left, and who remains on a day."""

from __future__ import annotations

from typing import Any

from flask import request

from forms.errors import Problem
from server.domain.errors import RowsRefused
from server.domain.programme import COMMUNE, INHERITED, LEVELS, VILLAGE, Movement
from server.domain.programme_rows import Decision
from server.services.enlist import (
    LONGEST_FILE,
    Enlisting,
    NewProgramme,
    create_programme,
    find_programme,
    load_units,
    take_back,
    try_units,
)
from server.services.remain import ProgrammeState, UnitStanding, place_names, read_programme
from server.storage.programmes import PlanView, ProgrammeView, list_programmes
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.programmes import (
    EnlistedBody,
    NewProgrammeBody,
    ProgrammeBody,
    ProgrammeStateBody,
    TakeBackBody,
)
from server.web.context import LOCALES, current_session, date_asked, flag, now
from server.web.programme_words import sentence_of
from server.web.wire import DATE, SWITCH, Content, Parameter, Wire, told

nouns = Nouns("programmes", "Programmes: who is in, who left, who remains")
PROJECT = "/projects/<int:project_id>"
ON = Parameter("on", "The day that is asked about; left out: today.", DATE, "2019-06-30")
WHICH = Parameter("programme", "A programme by its slug; left out: the one that began last.", example="ct135-2016")
DRY_RUN = Parameter("dryRun", "`true`: says what would come of it, writes nothing.", SWITCH, True)
TABLE = Content(
    "text/csv",
    "One unit in each row below the header: `area` (code or own id), for an entry `basis` and `entered_on`, for a plan "
    "`plan_year`, for an exit `exit` and `exited_on`, each with number, date and authority of its decision, then "
    "`status` and `source`. A later row of the same unit adds another plan, or its exit.",
    {"type": "string"},
    "area,basis,entered_on,status,source\n06865,kv_iii,2017-04-28,synthetic,sample\n",
)


@nouns.view(f"GET {PROJECT}/programmes", "round.list", answer=ProgrammeBody(many=True))
def list_all(here: Here) -> list[dict[str, Any]]:
    """The programmes of a project, the one that began last first."""
    return [_programme(each) for each in list_programmes(current_session(), here.project.id)]


@nouns.view(f"POST {PROJECT}/programmes", "round.create", body=NewProgrammeBody, answer=ProgrammeBody())
def register_one(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    """Registers a programme, for who may do so in all of the project."""
    names = body.pop("names")
    asked = NewProgramme(name_vi=names["vi"], name_en=names["en"], **body)
    return _programme(create_programme(current_session(), here.caller, here.project.id, asked, now()))


@nouns.view(f"GET {PROJECT}/programme", "round.list", answer=ProgrammeStateBody())
@told(Wire(reads=(ON, WHICH)))
def read_one(here: Here) -> dict[str, Any]:
    """A programme on a day: how many communes and villages remain, how that number comes about, and every unit that
    had come in by then. A village is listed by itself only while its commune is not in; a unit that was merged has
    passed its place on and is no exit."""
    session, caller = current_session(), here.caller
    programme = find_programme(session, here.project.id, request.args.get("programme") or None)
    scope = caller.scope("round.list", here.project.id)
    state = read_programme(session, programme, date_asked("on") or caller.on, scope)
    place, above = place_names(session, state, scope)
    return {
        "programme": _programme(programme),
        "on": state.on,
        "synthetic": state.synthetic,
        "remaining": {"communes": state.count(COMMUNE), "villages": state.count(VILLAGE)},
        "movement": {f"{level}s": _movement(state.movements[level]) for level in LEVELS},
        "sentence": {locale: sentence_of(state, place, above, locale) for locale in LOCALES},
        "units": [_unit(state, each) for each in state.units],
    }


@nouns.view(f"POST {PROJECT}/programme/units", "round.update", answer=EnlistedBody())
@told(Wire(reads=(DRY_RUN, WHICH), takes=(TABLE,), refuses=(413,)))
def enlist_units(here: Here) -> dict[str, Any]:
    """Takes a table of units in, all of it or nothing: when a row cannot be used, `details.problems` names every such
    row and the remedy. The same again changes nothing."""
    session = current_session()
    here.caller.require_everywhere("round.update", here.project.id)
    programme = find_programme(session, here.project.id, request.args.get("programme") or None)
    table = (request.get_data(cache=False)[: LONGEST_FILE + 1], ".csv")
    dry = flag("dryRun")
    if dry:
        made = try_units(session, here.caller, programme, table, here.caller.on)
    else:
        made = load_units(session, here.caller, programme, table, now())
    _require_good(made)
    return {"dryRun": dry, **made.count()}


@nouns.view(f"DELETE {PROJECT}/programme/units/<area_id>", "round.update", body=TakeBackBody, answer=Success())
@told(Wire(reads=(WHICH,)))
def take_unit_back(here: Here, body: dict[str, Any], area_id: str) -> dict[str, bool]:
    """Takes back what was written of a unit by mistake, with the reason; what stood there is kept in the audit."""
    session = current_session()
    here.caller.require_everywhere("round.update", here.project.id)
    programme = find_programme(session, here.project.id, request.args.get("programme") or None)
    take_back(session, here.caller, programme, (area_id, body["what"], body["reason"]), now())
    return SUCCESS


def _require_good(made: Enlisting) -> None:
    if made.problems:
        problems = tuple(
            Problem(None, each.row or None, each.code, "programme.remedy", each.params) for each in made.problems
        )
        raise RowsRefused("programme.refused", count=len(problems), problems=problems)


def _programme(each: ProgrammeView) -> dict[str, Any]:
    return {
        "slug": each.slug,
        "names": {"vi": each.name_vi, "en": each.name_en},
        "law": each.law,
        "validFrom": each.valid_from,
        "validTo": each.valid_to,
        "status": each.status,
        "source": each.source,
    }


def _movement(movement: Movement) -> dict[str, int]:
    return {
        "entered": movement.entered,
        "exited": movement.exited,
        "merged": movement.merged,
        "inherited": movement.inherited,
        "remaining": movement.remaining,
    }


def _unit(state: ProgrammeState, each: UnitStanding) -> dict[str, Any]:
    held, unit = each.membership, each.unit
    came = unit if held.came != INHERITED else None
    return {
        "area": {"id": held.area_id, "code": each.code, "name": each.name, "kind": each.kind},
        "level": held.level,
        "remaining": each.inside,
        "entry": {
            "how": held.came,
            "on": held.since,
            "basis": came.basis if came else None,
            "decision": _paper(came.entry if came else None),
            "funding": unit.funding if unit else None,
            "sources": list(held.sources),
        },
        "plan": _plan(each.plan) if each.plan else None,
        "exit": None if each.inside else _exit(each),
        "readiness": each.readiness,
        "round": each.round,
        "status": unit.status if unit else None,
        "source": unit.source if unit else None,
        "synthetic": state.project_synthetic or (unit is not None and unit.synthetic),
    }


def _exit(each: UnitStanding) -> dict[str, Any]:
    held, unit = each.membership, each.unit
    own = unit if unit is not None and unit.exited_on == held.until else None
    return {
        "kind": held.ended,
        "on": held.until,
        "decision": _paper(own.exit if own else None),
        "into": list(held.into),
        "status": own.exit_status if own else None,
        "source": own.exit_source if own else None,
    }


def _plan(plan: PlanView) -> dict[str, Any]:
    return {"year": plan.year, "decision": _paper(plan.decision), "status": plan.status, "source": plan.source}


def _paper(decision: Decision | None) -> dict[str, Any]:
    found = decision or Decision()
    return {"number": found.number, "date": found.day, "authority": found.authority}
