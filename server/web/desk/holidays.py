"""Holidays: which are loaded, by year, and a table of them that is looked at first and then taken in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.area_records import RowProblem
from server.domain.errors import DomainError, Forbidden
from server.domain.fixed_holidays import list_fixed
from server.domain.working_days import Holiday
from server.services.holidays import LONGEST_FILE, VERB, Loading, holidays_template, load_holidays
from server.storage.holidays import list_holidays
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page
from server.web.errors import refusal_of, say

Answer = Response | str | tuple[str, int]
MOST_SHOWN = 200
"""Rows in need of mending that the page shows; what is more is counted."""
REFUSED = 400
ENDINGS = (".csv", ".xlsx", ".xls", ".ods")
TEMPLATE = "holidays.csv"


@dataclass(frozen=True)
class Looked:
    """A table that was looked at: what loading it would do; its bytes and the end of its name, to be sent again."""

    made: Loading
    content: bytes
    ending: str

    @property
    def packed(self) -> str:
        """The bytes in a hidden field."""
        return base64.b64encode(self.content).decode()


@dataclass(frozen=True)
class Year:
    """The days of a year that were loaded."""

    year: int
    days: Sequence[Holiday]


@blueprint.get("/holidays")
def holidays() -> str:
    """The days of each year."""
    return _page()


@blueprint.post("/holidays")
def load_holiday_table() -> Answer:
    """Looks at a table, or takes it in when that was asked for."""
    caller = desk_caller()
    caller.require_everywhere(VERB)
    content, ending = _handed_in()
    dry = request.form.get("act") != "write"
    try:
        made = load_holidays(current_session(), caller, (content, ending), now(), dry=dry)
    except Forbidden:
        raise
    except DomainError as error:
        return _page(error=refusal_of(error).message), refusal_of(error).status
    if made.problems:
        return _page(Looked(made, b"", ending)), REFUSED
    if dry:
        return _page(Looked(made, content, ending))
    return redirect(url_for("desk.holidays", done="loaded"))


@blueprint.get("/holidays/template")
def holiday_template() -> Response:
    """A file with the columns to fill in."""
    desk_caller()
    answer = Response(holidays_template(), content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=TEMPLATE)
    return answer


def _handed_in() -> tuple[bytes, str]:
    """The bytes of the file, or of the one that was looked at, and the end of its name."""
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        ending = PurePath(upload.filename.replace("\0", "")).suffix.lower()
        return upload.read(LONGEST_FILE + 1), ending if ending in ENDINGS else ".csv"
    ending = request.form.get("ending", "")
    try:
        content = base64.b64decode(request.form.get("packed", ""), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    return content, ending if ending in ENDINGS else ".csv"


def _page(looked: Looked | None = None, error: str | None = None) -> str:
    caller = desk_caller()
    problems: Sequence[RowProblem] = looked.made.problems if looked else ()
    return show_page(
        "holidays.html",
        caller=caller,
        looked=looked,
        error=error,
        problems=[(each.row, say(each.code, each.params)) for each in problems[:MOST_SHOWN]],
        more=len(problems) - MOST_SHOWN,
        years=_years(),
        fixed=[each for each in list_fixed() if each.last is None],
        earlier=[each for each in list_fixed() if each.last is not None],
        may_load=caller.reach(VERB).everywhere,
        done=request.args.get("done") == "loaded",
    )


def _years() -> list[Year]:
    found: dict[int, list[Holiday]] = {}
    for each in list_holidays(current_session()):
        found.setdefault(each.day.year, []).append(each)
    return [Year(year, found[year]) for year in sorted(found, reverse=True)]
