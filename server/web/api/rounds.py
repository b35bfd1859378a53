"""Rounds: opened, changed, locked with every figure, worked out once more, opened again; late and unplaced sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson
from werkzeug.wrappers import Response

from server.criteria.freeze import figure_of
from server.domain.errors import Invalid, NotFound
from server.domain.rounds import Round
from server.services.freeze import Which, find_which, lock_round, reopen_round
from server.services.placing import assign_round
from server.services.rounds import as_round, create_round, own_ids, update_round
from server.services.verify_lock import verify_lock
from server.storage.area_views import list_these
from server.storage.locks import LockView, find_lock, iterate_locked_seen, list_late, list_locks
from server.storage.rounds import RoundView, find_round, list_rounds
from server.storage.unplaced import list_unplaced
from server.web.api.forms import FORM
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.rounds import (
    LateBody,
    LockBody,
    LockReasonBody,
    NewRoundBody,
    PlaceBody,
    PlacedBody,
    ReopenReasonBody,
    RoundBody,
    RoundChangeBody,
    UnplacedBody,
    VerificationBody,
)
from server.web.api.submissions import get_submission
from server.web.context import current_session, now, whole
from server.web.streams import streamed
from server.web.wire import LIMIT, Content, Wire, told

nouns = Nouns("rounds", "Rounds, and the locks that freeze their figures")
ROUNDS = "/projects/<int:project_id>/rounds"
ROUND = f"{ROUNDS}/<slug>"
LOCK = f"{ROUND}/locks/<int:lock_number>"
MOST = 1000
LONGEST_PROGRAMME = 255
LINES = Content(
    "application/x-ndjson",
    "One JSON object in each line: `area`, `ruleSet` with `ruleSetSha256`, `basis`, `verdict`, `class`, `region`, "
    "`clauses`, `facts`, `spans`, `synthetic`, `submission` (an instance id) with `versionSha256`.",
)


@nouns.view(f"GET {ROUNDS}", "round.list", answer=RoundBody(many=True))
def list_all(here: Here) -> list[dict[str, Any]]:
    """The rounds of a project, the latest cut-off date first."""
    return [_round(here, each) for each in list_rounds(current_session(), here.project.id)]


@nouns.view(f"GET {ROUND}", "round.list", answer=RoundBody())
def get_one(here: Here, slug: str) -> dict[str, Any]:
    """A round by its slug."""
    return _round(here, _found(here, slug))


@nouns.view(f"POST {ROUNDS}", "round.create", body=NewRoundBody, answer=RoundBody())
def open_one(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    """Opens a round, for who may do so in all of the project."""
    names = body["names"]
    days = (body["cutoff"], body["starts_on"], body["ends_on"])
    plain = Round(body["slug"], names["vi"], names["en"], *days)
    return _round(here, create_round(current_session(), here.caller, here.project.id, _changed(plain, body), now()))


@nouns.view(f"PATCH {ROUND}", "round.update", body=RoundChangeBody, answer=RoundBody())
def change_one(here: Here, body: dict[str, Any], slug: str) -> dict[str, Any]:
    """Changes a round that is not locked; what is left out stays. Where that changes how it is judged, all that was
    sent is judged again in the background."""
    before = _found(here, slug)
    here.caller.require_everywhere("round.update", here.project.id)
    asked = _changed(as_round(before), body)
    return _round(here, update_round(current_session(), here.caller, before, asked, now()))


@nouns.view(f"GET {ROUND}/locks", "round.list", answer=LockBody(many=True))
def list_its_locks(here: Here, slug: str) -> list[dict[str, Any]]:
    """The locks of a round, the newest first."""
    return [_lock(here, each) for each in list_locks(current_session(), _found(here, slug).id)]


@nouns.view(f"POST {ROUND}/locks", "round.update", body=LockReasonBody, answer=LockBody())
def lock_one(here: Here, body: dict[str, Any], slug: str) -> dict[str, Any]:
    """Freezes every figure of a round with a hash and the versions behind it. While the figures are provisional it
    takes a `reason`; while some are still being computed it is refused."""
    which = Which(here.project.id, slug)
    return _lock(here, lock_round(current_session(), here.caller, which, body["reason"], now()))


@nouns.view(f"POST {ROUND}/reopen", "round.update", body=ReopenReasonBody, answer=LockBody())
def reopen_one(here: Here, body: dict[str, Any], slug: str) -> dict[str, Any]:
    """Opens a locked round again. The lock is kept; what came after it counts from now on."""
    which = Which(here.project.id, slug)
    return _lock(here, reopen_round(current_session(), here.caller, which, body["reason"], now()))


@nouns.view(f"GET {LOCK}/verification", "submission.read", answer=VerificationBody())
def verify_one(here: Here, slug: str, lock_number: int) -> dict[str, Any]:
    """Works a lock out once more from the texts and the law it rests on; for who reads all that was sent."""
    round_view = _found(here, slug)
    here.caller.require_everywhere("submission.read", here.project.id)
    verified = verify_lock(current_session(), round_view, _lock_of(round_view, lock_number).id)
    return {
        "number": verified.lock.number,
        "stands": verified.stands,
        "sha256": verified.lock.sha256,
        "computed": verified.sha256,
        "figures": verified.figures,
        "versions": verified.versions,
        "totals": verified.totals,
        "differing": len(verified.differences),
        "differences": [
            {"kind": each.kind, "area": each.area_id, "of": each.what, "said": each.said, "found": each.found}
            for each in verified.differences[:MOST]
        ],
    }


@nouns.view(f"GET {LOCK}/figures", "submission.list")
@told(Wire(gives=(LINES,)))
def list_figures(here: Here, slug: str, lock_number: int) -> Response:
    """The frozen verdicts of the areas that the caller sees, as the hash is over them."""
    lock = _lock_of(_found(here, slug), lock_number)
    scope = here.caller.scope("submission.list", here.project.id)
    rows = iterate_locked_seen(current_session(), lock.id, scope)
    return streamed(_lines(rows), LINES.kind)


@nouns.view(f"GET {ROUND}/late", "submission.list", answer=LateBody(many=True))
@told(Wire(reads=(LIMIT,)))
def list_its_late(here: Here, slug: str) -> list[dict[str, Any]]:
    """What came for a round while a lock of it stood, newest first, a thousand at most."""
    scope = here.caller.scope("submission.list", here.project.id)
    return [
        {
            "formId": each.xml_form_id,
            "instanceId": each.instance_id,
            "areaId": each.area_id,
            "areaName": each.area_name,
            "sender": each.sender,
            "createdAt": each.created_at,
            "edit": each.edit,
            "lock": each.lock_number,
        }
        for each in list_late(current_session(), _found(here, slug), scope, _most())
    ]


@nouns.view("GET /projects/<int:project_id>/without-round", "submission.list", answer=UnplacedBody(many=True))
@told(Wire(reads=(LIMIT,)))
def list_without(here: Here) -> list[dict[str, Any]]:
    """Submissions that do not say plainly to which round they belong, the oldest first, a thousand at most."""
    scope = here.caller.scope("submission.list", here.project.id)
    return [
        {
            "formId": each.xml_form_id,
            "instanceId": each.instance_id,
            "instanceName": each.instance_name,
            "areaId": each.area_id,
            "sender": each.sender,
            "createdAt": each.created_at,
            "problem": each.problem,
            "named": each.named,
            "day": each.day,
            "rounds": each.rounds,
        }
        for each in list_unplaced(current_session(), here.project.id, scope, _most())
    ]


@nouns.view(
    f"PUT {FORM}/submissions/<segment:instance_id>/round", "submission.update", body=PlaceBody, answer=PlacedBody()
)
def place_one(here: Here, body: dict[str, Any], instance_id: str) -> dict[str, Any]:
    """Puts a submission that does not say plainly where it belongs into a round; null takes it out again."""
    sent = get_submission(here, instance_id)
    placed = assign_round(current_session(), here.caller, sent.id, body["round"], now())
    found = find_round(current_session(), placed.round_id) if placed.round_id is not None else None
    return {"instanceId": placed.instance_id, "round": found.slug if found else None}


def _found(here: Here, slug: str) -> RoundView:
    return find_which(current_session(), Which(here.project.id, slug))


def _lock_of(round_view: RoundView, number: int) -> LockView:
    found = next((each for each in list_locks(current_session(), round_view.id) if each.number == number), None)
    if found is None:
        raise NotFound("http.not_found")
    return found


def _most() -> int:
    asked = whole("limit")
    return MOST if asked is None else min(asked, MOST)


def _lines(rows: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        yield orjson.dumps(figure_of(row), option=orjson.OPT_APPEND_NEWLINE)


def _changed(before: Round, body: Mapping[str, Any]) -> Round:
    """The round with what a body says. Raises Invalid."""
    given = {name: value for name, value in body.items() if name not in ("names", "areas")}
    for name in ("forms", "rule_sets"):
        if given.get(name) is not None:
            given[name] = tuple(dict.fromkeys(given[name]))
    if "readings" in given:
        given["readings"] = given["readings"] or {}
    for name in ("programme", "purpose"):
        if name in given:
            given[name] = (given[name] or "").strip() or None
    if len(given.get("programme") or "") > LONGEST_PROGRAMME:
        raise Invalid("request.wrong_type", fields=["programme"])
    if "names" in body:
        given |= {"name_vi": body["names"]["vi"], "name_en": body["names"]["en"]}
    asked = replace(before, **given)
    if "areas" not in body:
        return asked
    keys = body["areas"]
    return replace(asked, areas=None if keys is None else own_ids(current_session(), keys, asked.cutoff))


def _round(here: Here, found: RoundView) -> dict[str, Any]:
    lock = find_lock(current_session(), found.lock_id) if found.lock_id is not None else None
    return {
        "slug": found.slug,
        "names": {"vi": found.name_vi, "en": found.name_en},
        "cutoff": found.cutoff,
        "startsOn": found.starts_on,
        "endsOn": found.ends_on,
        "programme": found.programme,
        "purpose": found.purpose,
        "forms": found.forms,
        "ruleSets": found.rule_sets,
        "areas": _seen_areas(here, found),
        "readings": found.readings,
        "locked": lock and {"number": lock.number, "sha256": lock.sha256, "provisional": bool(lock.provisional)},
    }


def _seen_areas(here: Here, found: RoundView) -> list[str] | None:
    if found.areas is None:
        return None
    scope = here.caller.scope("round.list", here.project.id)
    seen = list_these(current_session(), scope, found.cutoff, found.areas)
    return [each for each in found.areas if each in seen]


def _lock(here: Here, lock: LockView) -> dict[str, Any]:
    # how many there are elsewhere is for who sees elsewhere
    counted = here.caller.scope("submission.list", here.project.id).everywhere
    return {
        "number": lock.number,
        "sha256": lock.sha256,
        "lockedAt": lock.locked_at,
        "lockedBy": lock.locked_by,
        "reason": lock.reason,
        "provisional": [
            {
                "code": each["code"],
                "count": each["count"] if counted else None,
                "ruleSet": each.get("ruleSet"),
                "clauses": each.get("clauses", []),
            }
            for each in lock.provisional
        ],
        "reopenedAt": lock.reopened_at,
        "reopenedBy": lock.reopened_by,
        "reopenReason": lock.reopen_reason,
    }
