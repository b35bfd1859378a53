"""Answers as tables, in the part of OData that scripts use: `.svc/Submissions`, the tables of repeats, `$metadata`.

$top, $skip, $skiptoken, $count, $wkt, $expand=*, $select, and $filter on what is known besides the answers, are
understood; every other option is refused by name.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request

from forms.definition import Field
from server.domain.errors import Invalid, NotFound
from server.domain.review import Standing, shown_state
from server.domain.table_filter import read_filter
from server.exports.odata import (
    ROOT,
    Shape,
    columns_of,
    metadata_document,
    repeat_rows,
    service_document,
    submission_row,
    tables_of,
)
from server.services.definitions import definition_of
from server.storage.audits import Where
from server.storage.forms import VersionView
from server.storage.tables import TableRow, Wanted, count_rows, iterate_rows
from server.web.answers import answer_json, moment
from server.web.api.forms import FORM, draft_of
from server.web.api.nouns import Here, Nouns
from server.web.context import current_session, flag, now, own_url, whole
from server.web.exports import tell_export
from server.web.wire import SWITCH, WHOLE, XML, Content, Parameter, Wire, told

nouns = Nouns("tables", "Answers as tables (OData)")

OPTIONS = {"$top", "$skip", "$skiptoken", "$count", "$wkt", "$expand", "$select", "$filter"}
_ONE = re.compile(r"Submissions\('((?:[^']|'')*)'\)")
_STEPS = re.compile(r"/([A-Za-z_][A-Za-z0-9_]*)(?:\('([0-9a-f]{40})'\))?")
_CONTEXT = {"@odata.context": {"type": "string"}}
SERVICE = Content(
    "application/json",
    "The tables by name and address.",
    {"type": "object", "required": ["@odata.context", "value"], "properties": _CONTEXT | {"value": {"type": "array"}}},
)
_PAGE = {
    "type": "object",
    "required": ["@odata.context", "value"],
    "properties": _CONTEXT
    | {
        "value": {"type": "array", "items": {"type": "object", "required": ["__id"]}},
        "@odata.count": {"type": "integer"},
        "@odata.nextLink": {"type": "string"},
    },
}
_ROW = {"type": "object", "required": ["@odata.context", "__id"], "properties": _CONTEXT}
TABLE = Wire(
    reads=(
        Parameter("$top", "At most so many rows.", WHOLE, 100),
        Parameter("$skip", "So many rows are left out first.", WHOLE, 0),
        Parameter("$skiptoken", "Where to go on, as `@odata.nextLink` says it."),
        Parameter("$count", "`true`: how many there are in all.", SWITCH, True),
        Parameter("$wkt", "`true`: places as WKT in place of GeoJSON.", SWITCH, False),
        Parameter("$expand", "`*`: the rows of repeats within.", {"type": "string", "enum": ["*"]}),
        Parameter("$select", "The columns wanted, by commas; not with `$expand`.", example="__id,__system"),
        Parameter("$filter", "A condition on `__system/…`.", example="__system/submissionDate gt 2026-01-01T00:00:00Z"),
    ),
    gives=(Content("application/json", "A page of rows, or one row with its columns.", {"anyOf": [_PAGE, _ROW]}),),
    refuses=(501,),
    etag=True,
)


@dataclass(frozen=True)
class Asked:
    """One table of a form as somebody asks for it. `above`: of a repeat, only the rows below the row with this key."""

    root: Field
    table: str
    wanted: Wanted
    shape: Shape
    above: str | None = None


@nouns.view(f"GET {FORM}.svc", "submission.list")
@told(Wire(gives=(SERVICE,), etag=True))
def get_service(here: Here) -> Any:
    """The tables of a form."""
    return _answer(service_document(own_url(), _root(here.form.shown)))


@nouns.view(f"GET {FORM}/draft.svc", "submission.list")
@told(Wire(gives=(SERVICE,), etag=True))
def get_draft_service(here: Here) -> Any:
    """The tables of the draft, of what was sent to try it."""
    return _answer(service_document(own_url(), _root(draft_of(here))))


@nouns.view(f"GET {FORM}.svc/$metadata", "submission.list")
@told(Wire(gives=(XML,), etag=True))
def get_metadata(here: Here) -> Response:
    """The tables and their columns, as XML."""
    return _metadata(here, here.form.shown)


@nouns.view(f"GET {FORM}/draft.svc/$metadata", "submission.list")
@told(Wire(gives=(XML,), etag=True))
def get_draft_metadata(here: Here) -> Response:
    """The same of the draft."""
    return _metadata(here, draft_of(here))


@nouns.view(f"GET {FORM}.svc/<segment:table>", "submission.list")
@told(TABLE)
def get_table(here: Here, table: str) -> Any:
    """The rows of a table, those of the newest submission first; or one submission, `Submissions('uuid:…')`."""
    asked = _asked(here, table)
    if asked.wanted.instance_id is None:
        told = {"format": "odata", "table": asked.table, "query": request.query_string.decode(errors="replace")[:1000]}
        where = Where(here.form.project_id)
        tell_export(here.caller, "form.submission.export", f"form:{here.form.id}", where, **told)
    return _table(asked)


@nouns.view(f"GET {FORM}/draft.svc/<segment:table>", "submission.list")
@told(TABLE)
def get_draft_table(here: Here, table: str) -> Any:
    """The same of what was sent to try the draft."""
    return _table(_asked(here, table, draft_of(here)))


@nouns.view(f"GET {FORM}.svc/<segment:table>/<path:rest>", "submission.list")
@told(TABLE)
def get_table_below(here: Here, table: str, rest: str) -> Any:
    """The rows of a repeat in one submission: `Submissions('uuid:…')/group/repeat`."""
    return _table_below(_asked(here, table), table, rest)


@nouns.view(f"GET {FORM}/draft.svc/<segment:table>/<path:rest>", "submission.list")
@told(TABLE)
def get_draft_table_below(here: Here, table: str, rest: str) -> Any:
    """The same of what was sent to try the draft."""
    return _table_below(_asked(here, table, draft_of(here)), table, rest)


def _metadata(here: Here, version: VersionView) -> Response:
    answer = Response(metadata_document(here.form.xml_form_id, _root(version)), content_type="application/xml")
    answer.headers["OData-Version"] = "4.0"
    return answer


def _table(asked: Asked) -> Any:
    if asked.wanted.instance_id is not None:
        rows = list(_rows(asked))
        if not rows:
            raise NotFound("submission.unknown", instance=asked.wanted.instance_id)
        return _answer({"@odata.context": _context(asked.table), **rows[0]})
    return _page(asked)


def _table_below(asked: Asked, table: str, rest: str) -> Any:
    path, above, end = ROOT, None, 0
    for step in _STEPS.finditer(f"/{rest}"):
        path, end = f"{path}.{step[1]}", step.end()
        above = step[2] or above
    if asked.wanted.instance_id is None or end != len(rest) + 1 or path not in tables_of(asked.root):
        raise NotFound("table.unknown", table=f"{table}/{rest}")
    shape = replace(asked.shape, selected=_selected(tables_of(asked.root)[path]))
    return _page(replace(asked, table=path, above=above, shape=shape))


def _root(version: VersionView) -> Field:
    return definition_of(current_session(), version.sha256).root


def _asked(here: Here, table: str, draft: VersionView | None = None) -> Asked:
    unknown = sorted(name for name in request.args if name.startswith("$") and name not in OPTIONS)
    if unknown:
        raise Invalid("table.option", option=unknown[0])
    expand = request.args.get("$expand")
    if expand not in (None, "*"):
        raise Invalid("table.expand", value=expand)
    form, root = here.form, _root(draft or here.form.shown)
    one = _ONE.fullmatch(table)
    name = ROOT if one else table
    if name not in tables_of(root):
        raise NotFound("table.unknown", table=table)
    said = request.args.get("$filter")
    wanted = Wanted(
        form_id=form.id,
        scope=here.caller.scope("submission.list", form.project_id, form.id),
        condition=read_filter(said, now()) if said is not None else None,
        draft=draft is not None,
        instance_id=one[1].replace("''", "'") if one else None,
    )
    shape = Shape(flag("$wkt"), expand == "*", None if one else _selected(tables_of(root)[name]))
    return Asked(root, name, wanted, shape)


def _selected(table: Field) -> frozenset[str] | None:
    said = request.args.get("$select")
    if said is None or said.strip() == "*":
        return None
    if "$expand" in request.args:
        raise Invalid("table.select_and_expand")
    names = frozenset(name.strip() for name in said.split(","))
    unknown = sorted(name for name in names - columns_of(table) if not _is_parent_key(name))
    if unknown:
        raise Invalid("table.column", column=unknown[0])
    return names


def _is_parent_key(name: str) -> bool:
    return name.startswith(f"__{ROOT}") and name.endswith("-id")


def _page(asked: Asked) -> Any:
    skip, top = whole("$skip") or 0, whole("$top")
    after = _token()
    body: dict[str, Any] = {"@odata.context": _context(asked.table)}
    if asked.table == ROOT:
        found = iterate_rows(current_session(), asked.wanted, skip, None if top is None else top + 1, after)
        rows = [(row.submission.instance_id, _submission(row, asked)) for row in found]
        total = count_rows(current_session(), asked.wanted) if flag("$count") else None
    else:
        every = ((row["__id"], row) for row in _rows(replace(asked, shape=replace(asked.shape, selected=None))))
        rows, total = _cut(every, skip, top, after)
        rows = [(key, _narrowed(row, asked.shape.selected)) for key, row in rows]
    if total is not None and flag("$count"):
        body["@odata.count"] = total
    body["value"] = [row for _, row in rows[:top]]
    if top and len(rows) > top:
        key = "instanceId" if asked.table == ROOT else "repeatId"
        token = "01" + base64.urlsafe_b64encode(orjson.dumps({key: rows[top - 1][0]})).decode()
        rest = {name: value for name, value in request.args.items() if name != "$skip"} | {"$skiptoken": token}
        body["@odata.nextLink"] = f"{own_url()}?{urlencode(rest)}"
    return _answer(body)


def _cut(
    every: Iterator[tuple[str, Any]], skip: int, top: int | None, after: str | None
) -> tuple[list[Any], int | None]:
    """One more row than asked for, and how many there are in all when that is asked for too."""
    counted = flag("$count")
    kept: list[Any] = []
    total, waiting = 0, after is not None
    for row in every:
        total += 1
        if waiting:
            waiting = row[0] != after
        elif skip:
            skip -= 1
        elif top is None or len(kept) <= top:
            kept.append(row)
        elif not counted:
            break
    return kept, total if counted else None


def _narrowed(row: dict[str, Any], selected: frozenset[str] | None) -> dict[str, Any]:
    if selected is None:
        return row
    return {name: value for name, value in row.items() if name.partition("@")[0] in selected}


def _rows(asked: Asked) -> Iterator[dict[str, Any]]:
    for row in iterate_rows(current_session(), asked.wanted):
        if asked.table == ROOT:
            yield _submission(row, asked)
            continue
        key = row.submission.instance_id
        for found in repeat_rows(key, row.answers, asked.root, asked.table, asked.shape):
            parents = {value for name, value in found.items() if _is_parent_key(name)}
            if asked.above is None or asked.above in parents:
                yield found


def _submission(row: TableRow, asked: Asked) -> dict[str, Any]:
    submission = row.submission
    meta = row.answers.get("meta")
    answers = row.answers | {"meta": {"instanceID": submission.current.instance_id} | (meta or {})}
    shown: dict[str, Any] = submission_row(submission.instance_id, answers, _system(row), asked.root, asked.shape)
    return shown


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


def _token() -> str | None:
    said = request.args.get("$skiptoken")
    if said is None:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(said.removeprefix("01")))
        key = found.get("instanceId") or found.get("repeatId")
    except (ValueError, binascii.Error, AttributeError):
        key = None
    if not said.startswith("01") or not isinstance(key, str):
        raise Invalid("table.skiptoken", value=said[:80])
    return key


def _context(table: str) -> str:
    return f"{own_url().partition('.svc/')[0]}.svc/$metadata#{table}"


def _answer(body: dict[str, Any]) -> Any:
    answer = answer_json(body)
    answer.headers["OData-Version"] = "4.0"
    return answer
