"""The official tables of a round: which there are, one of them by pages, and as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import request
from werkzeug.wrappers import Response

from server.domain.areas import COMMUNE_KINDS
from server.domain.errors import NotFound
from server.exports.sheets import COUNT, DECIMAL, Column, Translate, Value, say_one, shown
from server.services.official_tables import TABLES, make_table, title_of
from server.services.table_units import Asked, Listed
from server.storage.areas import AreaView
from server.storage.sights import list_seen_areas
from server.table_words import translator
from server.web.context import choose_locale, current_session, now, whole
from server.web.desk import words
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.rounds import find_round_of
from server.web.official_tables import asked_of, download
from server.web.table_files import ENDINGS

LEADS = ("village", "area", "name", "commune", "work")
"""The columns that name what a line is about, the nearest first: one of them stands first on a page."""


@dataclass(frozen=True)
class Shown:
    """Lines of a table as texts, the name of what each is about first; `numeric`: which columns hold numbers."""

    heads: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Paged:
    """A page of a sheet."""

    listed: Listed
    lines: Shown
    page: int
    pages: int


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/tables")
def round_tables(project_id: int, slug: str) -> str:
    """The tables of a round; one (`table`) of an area (`area`), a sheet (`sheet`) of it by pages."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    asked = asked_of(caller, project, round_view)
    name = request.args.get("table") or next(iter(TABLES))
    made = make_table(current_session(), asked, name, now())
    translate = translator(choose_locale())
    listed = next((each for each in made.sheets if each.name == request.args.get("sheet")), None)
    listed = listed or next(iter(made.sheets), None)
    return show_page(
        "official_tables.html",
        caller=caller,
        project=project,
        round=round_view,
        asked=asked,
        tables=tuple(TABLES),
        made=made,
        shown=page_of(listed, translate) if listed else None,
        marks=[say_one(translate, mark) for mark in made.about.marks],
        about=[(say_one(translate, label), cell_text(translate, value)) for label, value in made.about.lines],
        areas=_areas(asked),
        title=lambda said: say_one(translate, said),
        table_title=lambda each: translate(title_of(each)),
        endings=ENDINGS,
    )


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/tables/<table_name>.<any(xlsx, 'csv.zip'):ending>")
def round_table_file(project_id: int, slug: str, table_name: str, ending: str) -> Response:
    """A table whole, as a file."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    if table_name not in TABLES:
        raise NotFound("table.unknown", table=table_name)
    return download(caller, asked_of(caller, project, round_view), table_name, ending)


def page_of(listed: Listed, translate: Translate) -> Paged:
    """The page of a sheet that the query asks for."""
    size = listed.at_once
    pages = max(1, -(-len(listed.units) // size))
    page = min(max(whole("page", 1) or 1, 1), pages)
    rows = listed.part((page - 1) * size, page * size)
    return Paged(listed, lines_of(listed.columns, rows, translate), page, pages)


def lines_of(columns: Sequence[Column], rows: Sequence[Sequence[Value]], translate: Translate) -> Shown:
    """Rows as a page shows them."""
    names = [column.name for column in columns]
    lead = next((names.index(each) for each in LEADS if each in names), 0)
    order = [lead, *(number for number in range(len(columns)) if number != lead)]
    return Shown(
        heads=tuple(say_one(translate, columns[number].title) for number in order),
        numeric=tuple(columns[number].kind in (COUNT, DECIMAL) for number in order),
        rows=tuple(tuple(cell_text(translate, row[number]) for number in order) for row in rows),
    )


def cell_text(translate: Translate, value: Value) -> str:
    """A cell as a page shows it; a dash where nothing is known."""
    cell = shown(translate, value)
    if cell is None:
        return "—"
    if isinstance(cell, datetime):
        return words.moment(cell)
    if isinstance(cell, date):
        return words.day(cell)
    return words.number(cell) if isinstance(cell, int | float) else str(cell)


def _areas(asked: Asked) -> list[AreaView]:
    """The areas that one can choose: communes and what lies above them."""
    seen = list_seen_areas(current_session(), asked.project.id, asked.round.cutoff, asked.scope)
    return [each for each in seen.values() if each.kind in (*COMMUNE_KINDS, "district", "province")]
