"""Works with their progress, supervision and upkeep; findings of boards and what is said of them; production models."""

from __future__ import annotations

from typing import Any

from server.domain.production import Model, ModelSums, sum_by_kind, sum_models
from server.domain.supervision import ANSWER, SETTLED, FindingState, SupervisionSums, Visit
from server.domain.works import Progress, Upkeep
from server.services.supervision import Reply, answer_finding, settle_finding, take_back_word
from server.services.works import (
    ModelsRead,
    Sums,
    WorkLine,
    WorksRead,
    find_work,
    list_models,
    list_works,
    sum_lines,
    sum_models_up,
    sum_up,
)
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.works import (
    BoardFindingBody,
    ModelsBody,
    NewFindingWordBody,
    SupervisionBody,
    WholeWorkBody,
    WorksBody,
)
from server.web.context import current_session, now
from server.web.wire import DATE, Parameter, Wire, told
from server.web.works_asked import READ, works_asked

nouns = Nouns("works", "Works, community supervision and production models")
PROJECT = "/projects/<int:project_id>"
FINDING = f"{PROJECT}/supervision/<finding_key>/words"
ON = Parameter(
    "on", "As of that day; left out: today, of a synthetic project the day of its newest sheet.", DATE, "2019-06-30"
)
AREA = Parameter("area", "An area by its own id, or by its code on that day, with all that lies below it.")


@nouns.view(f"GET {PROJECT}/works", READ, answer=WorksBody())
@told(Wire(reads=(ON, AREA)))
def list_all(here: Here) -> dict[str, Any]:
    """The works in sight by name, and their sums by area. A work is a `work_register` sheet that was not returned; one
    that is not approved is `provisional`."""
    read = list_works(current_session(), works_asked(here.caller, here.project))
    return {
        "on": read.on,
        "synthetic": here.project.synthetic,
        "sums": _sums(sum_lines(read.lines)),
        "byArea": [{"area": read.areas[area_id], "sums": _sums(each)} for area_id, each in sum_up(read).items()],
        "works": [_work(read, line) for line in read.lines],
    }


@nouns.view(f"GET {PROJECT}/works/<work_id>", READ, answer=WholeWorkBody())
@told(Wire(reads=(ON, AREA)))
def read_one(here: Here, work_id: str) -> dict[str, Any]:
    """A work with its progress, what boards saw and found, what was answered, and its upkeep."""
    read, line = find_work(current_session(), works_asked(here.caller, here.project), work_id)
    return {
        **_work(read, line),
        "on": read.on,
        "synthetic": here.project.synthetic,
        "progress": [_progress(each) for each in line.state.progress],
        "supervision": [_visit(each) for each in line.visits],
        "findings": [_finding(each) for each in line.findings],
        "upkeep": [_upkeep(each) for each in line.state.upkeep],
    }


@nouns.view(f"GET {PROJECT}/supervision", READ, answer=SupervisionBody())
@told(Wire(reads=(ON, AREA)))
def list_findings(here: Here) -> dict[str, Any]:
    """The findings of supervision boards, those that wait for the commune first, with the days to answer."""
    read = list_works(current_session(), works_asked(here.caller, here.project))
    by_area = ((read.areas[area_id], each.supervision) for area_id, each in sum_up(read).items())
    return {
        "on": read.on,
        "synthetic": here.project.synthetic,
        "sums": _supervision(sum_lines(read.lines).supervision),
        "byArea": [{"area": area, "sums": _supervision(each)} for area, each in by_area],
        "findings": [_finding(each) for _, each in read.findings],
    }


@nouns.view(f"POST {FINDING}", READ, body=NewFindingWordBody, answer=BoardFindingBody())
def say_of_finding(here: Here, body: dict[str, Any], finding_key: str) -> dict[str, Any]:
    """Answers a finding (`answer`: the commune, or an office above it), or says whether it is settled (`settled`,
    `not_settled`: who wrote the board's sheet, or an office above the commune)."""
    reply, session = Reply(here.project.id, finding_key, body["text"], body["on"]), current_session()
    if body["said"] == ANSWER:
        return _finding(answer_finding(session, here.caller, reply, now()))
    return _finding(settle_finding(session, here.caller, reply, body["said"] == SETTLED, now()))


@nouns.view(f"DELETE {FINDING}/<int:word_id>", READ, answer=BoardFindingBody())
def take_word_back(here: Here, finding_key: str, word_id: int) -> dict[str, Any]:
    """Takes back what the caller said of a finding; both stay in the history."""
    reply = Reply(here.project.id, finding_key, "")
    return _finding(take_back_word(current_session(), here.caller, reply, word_id, now()))


@nouns.view(f"GET {PROJECT}/models", READ, answer=ModelsBody())
@told(Wire(reads=(ON, AREA)))
def list_all_models(here: Here) -> dict[str, Any]:
    """The production models in sight: start, middle and end sheets joined, and their sums by kind and by area."""
    read = list_models(current_session(), works_asked(here.caller, here.project))
    by_area = ((read.areas[area_id], each) for area_id, each in sum_models_up(read).items())
    return {
        "on": read.on,
        "synthetic": here.project.synthetic,
        "sums": _model_sums(sum_models(read.models)),
        "byKind": {kind: _model_sums(each) for kind, each in sum_by_kind(read.models).items()},
        "byArea": [{"area": area, "sums": _model_sums(each)} for area, each in by_area],
        "models": [_model(read, model) for model in read.models],
    }


def _sums(sums: Sums) -> dict[str, Any]:
    works = sums.works
    return {
        "works": works.works,
        "provisional": works.provisional,
        "states": works.states,
        "planned": works.planned,
        "plannedUnknown": works.planned_unknown,
        "paid": works.paid,
        "paidUnknown": works.paid_unknown,
        "conditions": {str(condition): n for condition, n in works.conditions.items()},
        "broken": works.broken,
        "upkeepCost": works.upkeep_cost,
        "openFindings": sums.supervision.open,
    }


def _supervision(sums: SupervisionSums) -> dict[str, Any]:
    return {
        "visits": sums.visits,
        "works": sums.works,
        "findings": sums.findings,
        "states": sums.states,
        "open": sums.open,
        "overdue": sums.overdue,
        "answered": sums.answered,
        "days": sums.days,
        "longest": sums.longest,
    }


def _model_sums(sums: ModelSums) -> dict[str, Any]:
    return {
        "models": sums.models,
        "ended": sums.ended,
        "households": sums.households,
        "support": sums.support,
        "ownShare": sums.own_share,
        "counted": sums.counted,
        "given": sums.given,
        "alive": sums.alive,
        "incomes": sums.incomes,
        "decisions": sums.decisions,
        "takenUp": sums.taken_up,
    }


def _work(read: WorksRead, line: WorkLine) -> dict[str, Any]:
    state, work = line.state, line.state.work
    return {
        "id": work.id,
        "submissionId": work.submission_id,
        "name": work.name,
        "kind": work.kind,
        "area": read.areas.get(work.area_id or ""),
        "provisional": work.provisional,
        "state": state.state,
        "lateDays": state.late_days,
        "volumePercent": state.percent,
        "planned": work.planned,
        "budget": work.budget,
        "paid": state.paid,
        "approvedOn": work.approved_on,
        "begunOn": work.begun_on,
        "due": work.due,
        "finishedOn": state.finished_on,
        "condition": state.condition,
        "openFaults": state.open_faults,
        "visits": len(line.visits),
        "openFindings": line.open_findings,
        "place": work.place,
    }


def _progress(each: Progress) -> dict[str, Any]:
    return {
        "submissionId": each.submission_id,
        "on": each.on,
        "volumePercent": each.percent,
        "paid": each.paid,
        "finished": each.finished,
        "troubles": each.troubles,
        "provisional": each.provisional,
    }


def _visit(each: Visit) -> dict[str, Any]:
    return {
        "submissionId": each.submission_id,
        "on": each.on,
        "members": each.members,
        "checks": each.checks,
        "workers": each.workers,
        "confirmed": each.confirmed,
        "provisional": each.provisional,
    }


def _upkeep(each: Upkeep) -> dict[str, Any]:
    return {
        "submissionId": each.submission_id,
        "on": each.on,
        "condition": each.condition,
        "faults": each.faults,
        "mended": each.mended,
        "cost": each.cost,
        "labourDays": each.labour_days,
        "provisional": each.provisional,
    }


def _finding(told_of: FindingState) -> dict[str, Any]:
    finding = told_of.finding
    return {
        "id": finding.id,
        "workId": finding.work_id,
        "submissionId": finding.submission_id,
        "text": finding.text,
        "advice": finding.advice,
        "toldOn": finding.told_on,
        "askedBy": finding.asked_by,
        "state": told_of.status,
        "daysOpen": told_of.days_open,
        "daysToAnswer": told_of.days_to_answer,
        "overdue": told_of.overdue,
        "provisional": finding.provisional,
        "words": [
            {"id": word.id, "said": word.said, "on": word.on, "text": word.text, "by": word.actor}
            for word in told_of.words
        ],
    }


def _model(read: ModelsRead, model: Model) -> dict[str, Any]:
    income, end = model.income, model.end
    return {
        "id": model.id,
        "submissionId": model.start.submission_id,
        "name": model.name,
        "kind": model.kind,
        "area": read.areas.get(model.area_id or ""),
        "provisional": model.provisional,
        "begunOn": model.start.on,
        "phase": model.newest.phase,
        "asOf": model.newest.on,
        "households": model.start.households,
        "support": model.support,
        "ownShare": model.own_share,
        "given": model.given,
        "alive": model.alive,
        "income": income.income if income else None,
        "incomeBy": income.income_by if income else None,
        "repeat": model.repeat,
        "takenUp": end.taken_up if end else None,
    }
