"""Answers as tables, in the part of OData that spreadsheets and scripts use: `.svc/Submissions`, the tables of repeats,
`$metadata`.

$top, $skip, $skiptoken, $count, $wkt, $expand, $select, $orderby, $format, and $filter on answers and what is known
besides, are understood; every other option is refused by name. docs/odata.md says it to their users.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from flask import request
from werkzeug.wrappers import Response

from forms.definition import Field
from server.domain.errors import Invalid, NotFound
from server.domain.table_filter import read_filter, read_order
from server.domain.table_terms import Column, Condition, Order, parted
from server.exports.odata import (
    ROOT,
    columns_of,
    expandable,
    filter_columns,
    impersonal,
    metadata_document,
    service_document,
    tables_of,
)
from server.exports.odata_rows import EVERY, Shape
from server.services.definitions import definition_of
from server.services.extract import other_key
from server.storage.audits import Where
from server.storage.forms import VersionView
from server.storage.tables import Wanted
from server.web.answers import answer_json
from server.web.api.forms import FORM, draft_of
from server.web.api.nouns import Here, Nouns
from server.web.context import current_home, current_session, flag, now, own_url, whole
from server.web.exports import tell_export
from server.web.streams import own_session
from server.web.table_rows import (
    Asked,
    Links,
    Page,
    answer_pieces,
    is_short,
    read_one,
    token_as_mark,
    write_table,
)
from server.web.wire import SWITCH, WHOLE, XML, Content, Parameter, Wire, told

nouns = Nouns("tables", "Answers as tables (OData)")

OPTIONS = {
    "$top",
    "$skip",
    "$skiptoken",
    "$count",
    "$wkt",
    "$expand",
    "$select",
    "$filter",
    "$orderby",
    "$format",
}
_ELSEWHERE = frozenset(
    ("$apply", "$compute", "$deltatoken", "$id", "$index", "$levels", "$root", "$schemaversion", "$search")
)
"""What OData has besides (OData 4.01, part 2, section 5.1): told as not made here (501), all else as unknown (400)."""
KIND = "application/json; charset=utf-8"
_JSON = frozenset({"json", "application/json", "application/*", "*/*"})
_ANY_XML = frozenset({"xml", "application/xml", "text/xml", "application/*", "text/*", "*/*"})
_ONE = re.compile(r"Submissions\('((?:[^']|'')*)'\)")
_STEPS = re.compile(r"/([A-Za-z_][A-Za-z0-9_]*)(?:\('([0-9a-f]{40})'\))?")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_/]*|\*")
_PAGE_SIZE = re.compile(r"(?:^|[,;\s])(?:odata\.)?maxpagesize=([1-9][0-9]{0,8})(?![0-9])")
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
_FORMAT = Parameter("$format", "`json`; it goes before the header Accept.", {"type": "string", "enum": ["json"]})
PERSONAL = Parameter(
    "personal",
    "`false`: without what the form marks as personal, under keys that lead to nobody; pages by `$skip`.",
    SWITCH,
    True,
)
TABLE = Wire(
    reads=(
        Parameter("$top", "At most so many rows.", WHOLE, 100),
        Parameter("$skip", "So many rows are left out first.", WHOLE, 0),
        Parameter("$skiptoken", "Where to go on, as `@odata.nextLink` says it."),
        Parameter("$count", "`true`: how many there are in all.", SWITCH, True),
        Parameter("$wkt", "`true`: places as WKT in place of GeoJSON.", SWITCH, False),
        Parameter("$expand", "The rows of these repeats within, by commas; `*`: of all, at any depth.", example="*"),
        Parameter("$select", "The columns wanted, by commas; not with `$expand`.", example="__id,__system"),
        Parameter(
            "$filter",
            "A condition on answers, `household/hh_size gt 5`, and on `__system/…`; in the table of a repeat on its "
            "own answers, and on what the submission has behind `$root/Submissions/`.",
            example="__system/submissionDate gt 2026-01-01T00:00:00Z",
        ),
        Parameter(
            "$orderby",
            "Columns by commas, each with `asc` or `desc`; not with `$skiptoken`.",
            example="__system/submissionDate asc",
        ),
        PERSONAL,
        _FORMAT,
        Parameter("Prefer", "`odata.maxpagesize=250`: so many rows at a time.", place="header"),
    ),
    gives=(Content("application/json", "A page of rows, or one row with its columns.", {"anyOf": [_PAGE, _ROW]}),),
    refuses=(406, 501),
    etag=True,
)


@nouns.view(f"GET {FORM}.svc", "submission.list")
@told(Wire(gives=(SERVICE,), refuses=(406,), etag=True))
def get_service(here: Here) -> Any:
    """The tables of a form."""
    return _service(here.form.shown)


@nouns.view(f"GET {FORM}/draft.svc", "submission.list")
@told(Wire(gives=(SERVICE,), refuses=(406,), etag=True))
def get_draft_service(here: Here) -> Any:
    """The tables of the draft, of what was sent to try it."""
    return _service(draft_of(here))


@nouns.view(f"GET {FORM}.svc/$metadata", "submission.list")
@told(Wire(reads=(PERSONAL,), gives=(XML,), refuses=(406,), etag=True))
def get_metadata(here: Here) -> Response:
    """The tables and their columns, as XML."""
    return _metadata(here, here.form.shown)


@nouns.view(f"GET {FORM}/draft.svc/$metadata", "submission.list")
@told(Wire(reads=(PERSONAL,), gives=(XML,), refuses=(406,), etag=True))
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
    return _answered(asked)


@nouns.view(f"GET {FORM}/draft.svc/<segment:table>", "submission.list")
@told(TABLE)
def get_draft_table(here: Here, table: str) -> Any:
    """The same of what was sent to try the draft."""
    return _answered(_asked(here, table, draft=draft_of(here)))


@nouns.view(f"GET {FORM}.svc/<segment:table>/<path:rest>", "submission.list")
@told(TABLE)
def get_table_below(here: Here, table: str, rest: str) -> Any:
    """The rows of a repeat in one submission: `Submissions('uuid:…')/group/repeat`."""
    return _answered(_asked(here, table, rest))


@nouns.view(f"GET {FORM}/draft.svc/<segment:table>/<path:rest>", "submission.list")
@told(TABLE)
def get_draft_table_below(here: Here, table: str, rest: str) -> Any:
    """The same of what was sent to try the draft."""
    return _answered(_asked(here, table, rest, draft_of(here)))


def _service(version: VersionView) -> Any:
    _require_format(_JSON)
    return _said(answer_json(service_document(own_url(), _root(version))))


def _metadata(here: Here, version: VersionView) -> Response:
    _require_format(_ANY_XML)
    document = metadata_document(here.form.xml_form_id, _shown(_root(version)))
    return _said(Response(document, content_type="application/xml"))


def _root(version: VersionView) -> Field:
    return definition_of(current_session(), version.sha256).root


def _personal() -> bool:
    said = request.args.get("personal", "true").lower()
    if said not in ("true", "false"):
        # nobody is given more than they asked for because of a slip
        raise Invalid("export.value", option="personal", value=said[:80])
    return said == "true"


def _shown(root: Field) -> Field:
    return root if _personal() else impersonal(root)


def _answered(asked: Asked) -> Response:
    one = asked.wanted.instance_id
    if one is not None and asked.table == ROOT:
        row = read_one(current_session(), asked)
        if row is None:
            raise NotFound("submission.unknown", instance=one)
        context = b'{"@odata.context":' + orjson.dumps(_context(asked.table))
        return _said(Response(context + b"," + row[1:], content_type=KIND))
    pieces = _pieces(asked, _links(asked.table))
    return _said(answer_pieces(pieces, KIND, streamed=not is_short(asked)))


def _pieces(asked: Asked, links: Links) -> Generator[bytes]:
    session = current_session()
    if is_short(asked):
        yield from write_table(session, asked, links)
        return
    # the session of the request is gone before the end is written
    with own_session(session) as reading:
        yield from write_table(reading, asked, links)


def _asked(here: Here, table: str, rest: str | None = None, draft: VersionView | None = None) -> Asked:
    _require_options()
    _require_format(_JSON)
    personal = _personal()
    root = _shown(_root(draft or here.form.shown))
    name, one, above = _table_named(root, table, rest)
    if not personal and (one is not None or "$skiptoken" in request.args):
        raise Invalid("table.personal")
    columns = filter_columns(root, name, personal=personal)
    condition, order = _narrowed(columns), _ordered(columns)
    of_root, own = (condition, None) if name == ROOT else parted(condition)
    by_own = any(each.column.own for each in order)
    wanted = Wanted(
        form_id=here.form.id,
        scope=here.caller.scope("submission.list", here.form.project_id, here.form.id),
        condition=of_root,
        draft=draft is not None,
        instance_id=one,
        order=() if by_own else order,
    )
    shape, page, by = _shape(tables_of(root)[name]), _page(), order if by_own else ()
    key = None if personal else partial(other_key, current_home(), here.form.id)
    return Asked(root, name, wanted, shape, page, own, by, above, key)


def _table_named(root: Field, table: str, rest: str | None) -> tuple[str, str | None, str | None]:
    """(the table, the instance id of the only submission, the key of the row above)."""
    one = _ONE.fullmatch(table)
    name = ROOT if one else table
    above, end = None, 0
    for step in _STEPS.finditer(f"/{rest}" if rest is not None else ""):
        name, end = f"{name}.{step[1]}", step.end()
        above = step[2] or above
    whole_way = rest is None or (one is not None and end == len(rest) + 1)
    if not whole_way or name not in tables_of(root):
        raise NotFound("table.unknown", table=table if rest is None else f"{table}/{rest}")
    if one is None:
        return name, None, None
    instance_id = one[1].replace("''", "'")
    if "\x00" in instance_id:
        raise NotFound("submission.unknown", instance=instance_id.replace("\x00", ""))
    return name, instance_id, above


def _require_options() -> None:
    unknown = sorted(name for name in request.args if name.startswith("$") and name not in OPTIONS)
    if unknown:
        if unknown[0] in _ELSEWHERE:
            raise Invalid("table.option", option=unknown[0])
        raise Invalid("export.option", option=unknown[0][:80], known=", ".join(sorted(OPTIONS)))
    if "$orderby" in request.args and "$skiptoken" in request.args:
        raise Invalid("table.order_and_token")


def _require_format(given: frozenset[str]) -> None:
    """`$format` goes before Accept (OData 4.01, part 1, section 8.1.1)."""
    said = request.args.get("$format")
    if said is not None:
        if said.partition(";")[0].strip().lower() not in given:
            raise Invalid("table.format", format=said[:80])
        return
    accepted = request.headers.get("Accept", "")
    kinds = {kind.partition(";")[0].strip().lower() for kind in accepted.split(",")}
    if accepted.strip() and not kinds & given:
        raise Invalid("table.format", format=accepted[:80])


def _narrowed(columns: dict[str, Column]) -> Condition | None:
    said = request.args.get("$filter")
    return read_filter(said, now(), columns) if said is not None else None


def _ordered(columns: dict[str, Column]) -> tuple[Order, ...]:
    said = request.args.get("$orderby")
    return read_order(said, columns) if said is not None else ()


def _page() -> Page:
    token = request.args.get("$skiptoken")
    mark = token_as_mark(token) if token is not None else None
    top = whole("$top")
    return Page(whole("$skip") or 0, top if top is not None else _preferred(), flag("$count"), mark)


def _preferred() -> int | None:
    """How many rows whoever says no `$top` takes at a time (OData 4.01, part 1, section 8.2.8.7)."""
    said = _PAGE_SIZE.search(request.headers.get("Prefer", ""))
    return int(said[1]) if said else None


def _shape(table: Field) -> Shape:
    expanded = _expanded(table)
    selected = _selected(table)
    if selected is not None and expanded:
        raise Invalid("table.select_and_expand")
    return Shape(flag("$wkt"), expanded, selected)


def _expanded(table: Field) -> frozenset[str]:
    said = request.args.get("$expand")
    names = frozenset(name.strip() for name in said.split(",")) if said is not None else frozenset[str]()
    odd = sorted(name for name in names if not _PLAIN.fullmatch(name))
    if odd:
        raise Invalid("table.expand", value=odd[0][:80])
    unknown = sorted(names - expandable(table) - {EVERY})
    if unknown:
        raise Invalid("table.column", column=unknown[0][:80])
    return names


def _selected(table: Field) -> frozenset[str] | None:
    said = request.args.get("$select")
    if said is None or said.strip() == "*":
        return None
    names = frozenset(name.strip() for name in said.split(","))
    unknown = sorted(name for name in names - columns_of(table) if not _is_parent_key(name))
    if unknown:
        raise Invalid("table.column", column=unknown[0][:80])
    return names


def _is_parent_key(name: str) -> bool:
    return name.startswith(f"__{ROOT}") and name.endswith("-id")


def _links(table: str) -> Links:
    kept = {name: value for name, value in request.args.items() if name not in ("$skip", "$skiptoken")}
    address = f"{own_url()}?{urlencode(kept)}&".replace("{", "%7B").replace("}", "%7D")
    return Links(_context(table), f"{address}{quote('$')}skiptoken={{mark}}", f"{address}{quote('$')}skip={{skip}}")


def _context(table: str) -> str:
    return f"{own_url().partition('.svc/')[0]}.svc/$metadata#{table}"


def _said(answer: Response) -> Response:
    answer.headers["OData-Version"] = "4.0"
    size = _preferred() if "$top" not in request.args else None
    if size is not None:
        answer.headers["Preference-Applied"] = f"odata.maxpagesize={size}"
    return answer
