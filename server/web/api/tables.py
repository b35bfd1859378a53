"""Answers as a table, in the part of OData that scripts use: `.svc/Submissions` as JSON.

$top, $skip, $count, $wkt, $expand=* and $select are understood; every other option is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request

from forms.definition import Field
from server.domain.errors import Invalid, NotFound
from server.domain.review import Standing, shown_state
from server.services.definitions import definition_of
from server.services.sight import sight
from server.storage.readings import Page, TableRow, count_submissions, list_table
from server.web.answers import answer_json, moment
from server.web.api.forms import FORM
from server.web.api.nouns import Here, Nouns
from server.web.context import current_session, flag, whole

nouns = Nouns("tables", "Answers as a table (OData)")

KNOWN_OPTIONS = {"$top", "$skip", "$count", "$wkt", "$expand", "$select"}
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]+")
_BAD_START = re.compile(r"^(?![A-Za-z_])")


@nouns.view(f"GET {FORM}.svc/<segment:table>", "submission.list")
def get_table(here: Here, table: str) -> Any:
    """The submissions of a form with their answers, newest first."""
    if table != "Submissions":
        raise NotFound("table.unknown", table=table)
    unknown = sorted(name for name in request.args if name.startswith("$") and name not in KNOWN_OPTIONS)
    if unknown:
        raise Invalid("table.option", option=unknown[0])
    session, form = current_session(), here.form
    seen = sight(session, here.caller, "submission.list", (form.project_id, form.id))
    skip, top = whole("$skip") or 0, whole("$top")
    root = definition_of(session, form.shown.sha256).root
    rows = list_table(session, form.id, Page(skip, top, seen))
    body: dict[str, Any] = {"value": [_row(row, root) for row in rows]}
    body["@odata.context"] = f"{request.base_url.rpartition('/')[0]}/$metadata#Submissions"
    total = count_submissions(session, form.id, seen)
    if flag("$count"):
        body["@odata.count"] = total
    if top is not None and skip + top < total:
        rest = {**request.args, "$skip": str(skip + top)}
        body["@odata.nextLink"] = f"{request.base_url}?{urlencode(rest)}"
    answer = answer_json(body)
    answer.headers["OData-Version"] = "4.0"
    return answer


def name_of(name: str) -> str:
    """A field's name as an OData identifier."""
    return _BAD_START.sub("_", _NOT_A_NAME.sub("_", name))


def _row(row: TableRow, root: Field) -> dict[str, Any]:
    submission = row.submission
    key = submission.instance_id
    answers: dict[str, Any] = {"__id": key, "__system": _system(row)}
    answers |= _group(row.answers, root, f"Submissions('{key}')")
    answers.setdefault("meta", {})
    answers["meta"] = {"instanceID": submission.current.instance_id} | (answers["meta"] or {})
    wanted = request.args.get("$select")
    if wanted is not None:
        names = {name.strip().partition("/")[0] for name in wanted.split(",")}
        answers = {name: value for name, value in answers.items() if name in names}
    return answers


def _system(row: TableRow) -> dict[str, Any]:
    submission = row.submission
    return {
        "submissionDate": moment(submission.created_at),
        "updatedAt": moment(submission.updated_at),
        "submitterId": str(submission.submitter_id),
        "submitterName": row.submitter,
        "attachmentsPresent": row.files_present,
        "attachmentsExpected": row.files_expected,
        "status": None,
        "reviewState": shown_state(Standing(submission.review_state, submission.review_level)),
        "deviceId": submission.device_id,
        "edits": row.edits,
        "formVersion": row.form_version,
        "deletedAt": moment(submission.deleted_at),
    }


def _group(answers: Mapping[str, Any], group: Field, link: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for field in group.children:
        name, value = name_of(field.name), answers.get(field.name)
        if field.kind == "repeat":
            here = f"{link}/{name}"
            shown[f"{name}@odata.navigationLink"] = here
            if request.args.get("$expand") == "*":
                rows = value if isinstance(value, list) else []
                shown[name] = [_group(each, field, f"{here}({at})") for at, each in enumerate(rows, start=1)]
        elif field.kind == "group":
            shown[name] = _group(value if isinstance(value, dict) else {}, field, f"{link}/{name}")
        else:
            shown[name] = _value(value)
    return shown


def _value(value: Any) -> Any:
    if isinstance(value, list):
        # choices as the form's own answer has them
        return " ".join(map(str, value))
    if isinstance(value, dict) and "coordinates" in value and flag("$wkt"):
        return _WKT[value["type"]](value["coordinates"])
    return value


def _position(position: list[float]) -> str:
    return " ".join(f"{number:g}" if number == int(number) else repr(number) for number in position)


_WKT: Mapping[str, Callable[[Any], str]] = {
    "Point": lambda at: f"POINT ({_position(at)})",
    "LineString": lambda line: f"LINESTRING ({', '.join(map(_position, line))})",
    "Polygon": lambda rings: f"POLYGON ({', '.join('(' + ', '.join(map(_position, ring)) + ')' for ring in rings)})",
}
