"""Who did what, where, when and from which address: for those whose area it concerns; by pages, and as CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from server.domain.audit_actions import GROUPS
from server.domain.audit_scope import AuditScope, audit_scope
from server.domain.errors import Forbidden, Invalid
from server.exports.csv_rows import csv_rows
from server.services.authenticate import VIETNAM, Caller
from server.storage.actors import find_user_by_email
from server.storage.audit_names import find_area_by_code, name_areas, name_things
from server.storage.audits import AuditLine, Looked, list_lines, stream_lines
from server.web.context import current_session, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page
from server.web.desk.words import say
from server.web.exports import tell_export
from server.web.streams import streamed

ON_A_PAGE = 50
NOBODY, NOWHERE = -1, "-"
"""What no line has: what was asked for is not here."""
COLUMNS = ("when", "who", "what", "thing", "where", "address", "note", "details", "number", "action")
ASKED = ("group", "who", "actor", "code", "area", "since", "until")
DID = "desk.audit.did."
SPOKEN = {"role": "desk.role.", "reviewState": "desk.state.", "level": "desk.level."}
"""Details whose values have words of their own, which need no name before them."""


@dataclass(frozen=True)
class Line:
    """A line in words. `thing`: what it was done to; `more`: what else is known of it, name and value; `sheet`: the
    number of a submission."""

    line: AuditLine
    what: str
    who: str
    thing: str
    area: str
    more: tuple[tuple[str, str], ...]
    sheet: int | None


@blueprint.get("/audit")
def audit() -> str:
    """The newest lines of those that the reader may see, fifty at a time."""
    caller, scope = _reader()
    looked = replace(_looked(), before=whole("before"))
    found = list_lines(current_session(), scope, looked, ON_A_PAGE + 1)
    kept = _asked()
    shown = found[:ON_A_PAGE]
    older = url_for("desk.audit", **kept, before=shown[-1].id) if len(found) > ON_A_PAGE else None
    # a name is told with lines only: who sees none of somebody, or of an area, learns no name from its number either
    names = name_things(current_session(), [f"actor:{looked.actor_id}"] if looked.actor_id and found else [])
    area_names = name_areas(current_session(), [looked.area_id] if found else [])
    return show_page(
        "audit.html",
        caller=caller,
        lines=list(_in_words(shown)),
        asked=kept,
        groups=GROUPS,
        older=older,
        first=looked.before is None,
        only_actor=names.get(f"actor:{looked.actor_id}"),
        only_area=area_names.get(looked.area_id or ""),
    )


@blueprint.get("/audit.csv")
def audit_csv() -> Response:
    """The same lines, all of them, for a spreadsheet."""
    caller, scope = _reader()
    looked = _looked()
    tell_export(caller, "audit.export", None, format="csv", asked=_asked())
    head = [say(f"desk.audit.{name}") for name in COLUMNS]
    answer = streamed(csv_rows(head, _rows(scope, looked)), "text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename="audit.csv")
    return answer


def _reader() -> tuple[Caller, AuditScope]:
    caller = desk_caller()
    scope = audit_scope(caller.grants, caller.on)
    if not scope:
        raise Forbidden("auth.forbidden")
    return caller, scope


def _asked() -> dict[str, Any]:
    return {name: value for name in ASKED if (value := request.args.get(name, "").strip())}


def _looked() -> Looked:
    session, asked = current_session(), request.args
    actor_id, area_id = whole("actor"), asked.get("area", "").strip() or None
    if email := asked.get("who", "").strip():
        user = find_user_by_email(session, email)
        actor_id = user.id if user else NOBODY
    if code := asked.get("code", "").strip():
        area_id = find_area_by_code(session, code) or NOWHERE
    return Looked(
        action=asked.get("group", "").strip() or None,
        actor_id=actor_id,
        area_id=area_id,
        start=_midnight("since"),
        end=_midnight("until", timedelta(days=1)),
    )


def _midnight(name: str, later: timedelta = timedelta(0)) -> datetime | None:
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
        return datetime.combine(day, time(), VIETNAM) + later
    except (ValueError, OverflowError):
        raise Invalid("request.not_a_moment", field=name, value=text[:80]) from None


def _rows(scope: AuditScope, looked: Looked) -> Iterator[tuple[object, ...]]:
    waiting: list[AuditLine] = []
    for line in stream_lines(current_session(), scope, looked):
        waiting.append(line)
        if len(waiting) == ON_A_PAGE * 10:
            yield from _cells(waiting)
            waiting = []
    yield from _cells(waiting)


def _cells(lines: list[AuditLine]) -> Iterator[tuple[object, ...]]:
    for each in _in_words(lines):
        line = each.line
        yield (
            line.at.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M:%S"),
            each.who,
            each.what,
            each.thing,
            each.area,
            line.address,
            line.note,
            json.dumps(line.details, ensure_ascii=False) if line.details else None,
            line.id,
            line.action,
        )


def _in_words(lines: list[AuditLine]) -> Iterator[Line]:
    session = current_session()
    things = name_things(session, {line.acted_on for line in lines})
    areas = name_areas(session, {line.area_id for line in lines})
    for line in lines:
        kind, _, number = (line.acted_on or "").partition(":")
        yield Line(
            line,
            what_was_done(line.action),
            line.actor_name or say("desk.audit.unknown"),
            things.get(line.acted_on or "", str(line.details.get("instanceId") or line.acted_on or "")),
            areas.get(line.area_id or "", ""),
            tuple(_more(line.details)),
            int(number) if kind == "submission" else None,
        )


def what_was_done(action: str) -> str:
    """An action in words; one that has none as it is called."""
    text = say(DID + action)
    return action if text == DID + action else text


def _more(details: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in details.items():
        if value is None or name == "instanceId":
            continue
        spoken = f"{SPOKEN.get(name, '')}{value}"
        if name in SPOKEN and say(spoken) != spoken:
            yield "", say(spoken)
        else:
            yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
