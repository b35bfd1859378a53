"""The official tables of a round: as JSON by parts, as workbooks and as CSV whole."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.exports.sheets import Said, Value, Word, plain, say_one, shown
from server.services.official_tables import LAWLESS, TABLES, make_table, title_of
from server.services.table_units import Asked, Listed
from server.storage.locks import find_lock
from server.storage.rounds import find_round, find_round_id
from server.table_words import translator
from server.web.api.nouns import Here, Nouns
from server.web.api.rounds import ROUND
from server.web.api.schemas.official_tables import OfficialTableBody, TableNameBody
from server.web.context import LOCALES, current_session, now, own_url, whole
from server.web.official_tables import asked_of, download
from server.web.table_files import CSV, KINDS, XLSX
from server.web.wire import LIMIT, OFFSET, Content, Parameter, Wire, told

nouns = Nouns("official_tables", "The official tables of a round")
MOST = 1000
AREA = Parameter("area", "An area by its own id, or by its code as of the round's date, with all that lies below it.")
SHEET = Parameter("sheet", "Only the sheet of this name.", example="summary")
LANGUAGE = Parameter("lang", "The language of the file.", {"type": "string", "enum": list(LOCALES)}, "vi")
WORKBOOK = Content(KINDS[XLSX], "A workbook: the sheets of the table, and one that says what its figures are.")
ZIP = Content(KINDS[CSV], "A zip: a CSV (UTF-8 with a byte order mark) for each sheet, and `about.csv`.")
TABLE = f"{ROUND}/tables/<segment:table_name>"


@nouns.view(f"GET {ROUND}/tables", "submission.list", answer=TableNameBody(many=True))
def list_tables(here: Here, slug: str) -> list[dict[str, Any]]:
    """The tables that there are."""
    _asked(here, slug)
    return [
        {
            "table": name,
            "titles": _titles(title_of(name)),
            "files": {ending: f"{own_url()}/{name}.{ending}" for ending in (XLSX, CSV)},
        }
        for name in TABLES
    ]


@nouns.view(f"GET {TABLE}", "submission.list", answer=OfficialTableBody())
@told(Wire(reads=(AREA, SHEET, LIMIT, OFFSET)))
def get_one(here: Here, slug: str, table_name: str) -> dict[str, Any]:
    """A table as far as the caller sees: of each sheet the rows of a thousand villages, communes or other units at
    most, a hundred where nothing is asked."""
    asked = _asked(here, slug)
    made = make_table(current_session(), asked, table_name, now())
    frozen = asked.round.lock_id if table_name not in LAWLESS else None
    lock = find_lock(current_session(), frozen) if frozen is not None else None
    marks = {mark.code for mark in made.about.marks if isinstance(mark, Word)}
    return {
        "table": table_name,
        "titles": _titles(made.about.title),
        "round": asked.round.slug,
        "asOf": asked.round.cutoff,
        "locked": lock.sha256 if lock else None,
        "provisional": "provisional" in marks,
        "synthetic": "synthetic" in marks,
        "about": [{"labels": _titles(label), "says": _says(value)} for label, value in made.about.lines],
        "sheets": [_sheet(each) for each in made.sheets if request.args.get("sheet") in (None, each.name)],
    }


@nouns.view(f"GET {TABLE}.xlsx", "submission.list")
@told(Wire(reads=(AREA, LANGUAGE), gives=(WORKBOOK,)))
def get_workbook(here: Here, slug: str, table_name: str) -> Response:
    """The same whole, as a workbook."""
    return download(here.caller, _asked(here, slug), table_name, XLSX)


@nouns.view(f"GET {TABLE}.csv.zip", "submission.list")
@told(Wire(reads=(AREA, LANGUAGE), gives=(ZIP,)))
def get_csv(here: Here, slug: str, table_name: str) -> Response:
    """The same whole, as CSV files in a zip."""
    return download(here.caller, _asked(here, slug), table_name, CSV)


def _asked(here: Here, slug: str) -> Asked:
    number = find_round_id(current_session(), here.project.id, slug)
    found = find_round(current_session(), number) if number is not None else None
    if found is None:
        raise NotFound("round.unknown", slug=slug)
    return asked_of(here.caller, here.project, found)


def _titles(said: Said) -> dict[str, str]:
    return {locale: say_one(translator(locale), said) for locale in LOCALES}


def _says(value: Value) -> dict[str, str]:
    found = {locale: shown(translator(locale), value) for locale in LOCALES}
    return {locale: "" if each is None else str(plain(each)) for locale, each in found.items()}


def _sheet(listed: Listed) -> dict[str, Any]:
    limit, offset = whole("limit"), whole("offset") or 0
    stop = offset + min(100 if limit is None else limit, MOST)
    return {
        "name": listed.name,
        "titles": _titles(listed.title),
        "units": len(listed.units),
        "columns": [{"name": each.name, "titles": _titles(each.title), "kind": each.kind} for each in listed.columns],
        "rows": [[plain(cell) for cell in row] for row in listed.part(offset, stop)],
    }
