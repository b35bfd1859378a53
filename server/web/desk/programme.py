"""The programme: how many communes and villages remain on a day, which, how the number came about, and its register."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.area_records import RowProblem
from server.domain.errors import DomainError, Forbidden, Invalid, NotFound
from server.domain.programme import BASES, EXITS, LEVELS, SOURCED
from server.domain.programme_rows import COLUMNS, read_units
from server.services.authenticate import Caller
from server.services.enlist import (
    CREATE,
    LONGEST_FILE,
    UPDATE,
    Enlisting,
    NewProgramme,
    create_programme,
    enlist,
    find_programme,
    load_units,
    take_back,
    try_units,
    units_template,
)
from server.services.programme_table import make_programme_table
from server.services.remain import READINESS, ProgrammeState, UnitStanding, place_names, read_programme
from server.storage.programmes import ProgrammeView, list_programmes
from server.storage.projects import ProjectView
from server.web.context import choose_locale, current_session, date_asked, date_of, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.errors import refusal_of, say
from server.web.programme_words import sentence_of
from server.web.table_files import Book, answer_table

Answer = Response | str | tuple[str, int]
PROGRAMME = "/projects/<int:project_id>/programme"
REFUSED = 400
MOST_SHOWN = 200
"""Rows in need of mending that the page shows; what is more is counted."""
ENDINGS = (".csv", ".xlsx", ".xls", ".ods")
WIDE, HIGH = 720, 180
"""The picture of the curve, in its own units."""
LONGEST_REASON = 2000


@dataclass(frozen=True)
class Curve:
    """Steps of how many were in, as the path of a line in the picture; `years` and `marks`: where labels stand."""

    paths: Mapping[str, str]
    years: Sequence[tuple[float, int]]
    most: int
    today: float | None


@dataclass(frozen=True)
class Looked:
    """A table that was looked at: what taking it in would do; its bytes and the end of its name, to be sent again."""

    made: Enlisting | None = None
    packed: tuple[str, str] | None = None
    error: str | None = None


@blueprint.get(PROGRAMME)
def programme(project_id: int) -> str:
    """Who remains on a day (`on`), and every unit with its entry, plan, exit and readiness."""
    caller, project = _reader(project_id)
    session = current_session()
    listed = list_programmes(session, project_id)
    if not listed:
        return _new_page(caller, project)
    found = find_programme(session, project_id, request.args.get("programme") or None)
    scope = caller.scope("round.list", project_id)
    state = read_programme(session, found, date_asked("on") or caller.on, scope)
    place, above = place_names(session, state, scope)
    level, kept = request.args.get("level"), request.args.get("show")
    units = [each for each in state.units if _fits(each, level, kept)]
    return show_page(
        "programme.html",
        caller=caller,
        project=project,
        programmes=listed,
        state=state,
        place=place,
        above=above,
        units=units,
        level=level if level in LEVELS else None,
        show=kept if kept in ("remaining", "left") else None,
        curve=draw(state),
        ready=_count_ready(state),
        levels=LEVELS,
        sentence=sentence_of(state, place, above, choose_locale()),
        may_write=_may(caller, UPDATE, project_id),
        may_create=_may(caller, CREATE, project_id),
    )


def _new_page(caller: Caller, project: ProjectView, error: str | None = None) -> str:
    return show_page(
        "programme_none.html",
        caller=caller,
        project=project,
        listed=bool(list_programmes(current_session(), project.id)),
        may_write=_may(caller, CREATE, project.id),
        error=error,
        statuses=SOURCED,
    )


def _fits(each: UnitStanding, level: str | None, kept: str | None) -> bool:
    if level in LEVELS and each.membership.level != level:
        return False
    return kept not in ("remaining", "left") or each.inside == (kept == "remaining")


def _count_ready(state: ProgrammeState) -> list[tuple[str, int]]:
    inside = [each for each in state.units if each.inside]
    return [(word, sum(each.readiness == word for each in inside)) for word in READINESS]


def draw(state: ProgrammeState) -> Curve | None:
    """The curve of a programme from its first day to the last that is known, or None where nothing happened."""
    if not state.curve:
        return None
    first, last = state.curve[0][0], max(state.curve[-1][0], state.on)
    span = max((last - first).days, 1)
    most = max(max(counts.values()) for _, counts in state.curve)

    def across(day: date) -> float:
        return round((day - first).days / span * WIDE, 1)

    def up(count: int) -> float:
        return round(HIGH - count / max(most, 1) * HIGH, 1)

    paths = {}
    for level in LEVELS:
        steps = "".join(f"H{across(day)}V{up(counts[level])}" for day, counts in state.curve)
        paths[level] = f"M0 {HIGH}{steps}H{WIDE}"
    years = [(across(date(year, 1, 1)), year) for year in range(first.year + 1, last.year + 1)]
    return Curve(paths, years, most, across(state.on) if first <= state.on <= last else None)


@blueprint.get(f"{PROGRAMME}/units.<any('xlsx','csv.zip'):ending>")
def programme_file(project_id: int, ending: str) -> Response:
    """The units as of a day, as a workbook or as CSV files, with what the figures are."""
    caller, project = _reader(project_id)
    session, found = current_session(), _chosen(project_id)
    scope = caller.scope("round.list", project_id)
    state = read_programme(session, found, date_asked("on") or caller.on, scope)
    place, above = place_names(session, state, scope)
    sheets, about = make_programme_table(state, (project.name, place), above, now())
    return answer_table(Book(f"programme-{found.slug}-{state.on.isoformat()}", sheets, about), ending)


@blueprint.get(f"{PROGRAMME}/new")
def programme_new(project_id: int) -> str:
    """A programme is registered here."""
    caller, project = _reader(project_id)
    caller.require_everywhere(CREATE, project_id)
    return _new_page(caller, project)


@blueprint.post(f"{PROGRAMME}/new")
def new_programme(project_id: int) -> Answer:
    """Registers a programme."""
    caller, project = _reader(project_id)
    caller.require_everywhere(CREATE, project_id)
    form = {name: text.strip() for name, text in request.form.items()}
    try:
        begins = date_of("valid_from", form.get("valid_from", ""))
        if begins is None or form.get("status") not in SOURCED:
            raise Invalid("programme.names")
        names = (form.get("slug", ""), form.get("name_vi", ""), form.get("name_en", ""), form.get("law", ""))
        ends = date_of("valid_to", form.get("valid_to", "")) if form.get("valid_to") else None
        asked = NewProgramme(*names, begins, ends, form["status"], form.get("source", ""))
        made = create_programme(current_session(), caller, project_id, asked, now())
    except Forbidden:
        raise
    except DomainError as refused:
        error = refusal_of(refused)
        return _new_page(caller, project, error.message), error.status
    return redirect(url_for("desk.programme", project_id=project_id, programme=made.slug))


@blueprint.get(f"{PROGRAMME}/load")
def programme_load(project_id: int) -> str:
    """A table of units is chosen here."""
    caller, project = _writer(project_id)
    return _load_page(caller, project, _chosen(project_id))


@blueprint.post(f"{PROGRAMME}/load")
def load_programme_table(project_id: int) -> Answer:
    """Looks at a table, or takes it in when that was asked for."""
    caller, project = _writer(project_id)
    found, session = _chosen(project_id), current_session()
    content, ending = _handed_in()
    dry = request.form.get("act") != "write"
    try:
        if dry:
            made = try_units(session, caller, found, (content, ending), caller.on)
        else:
            made = load_units(session, caller, found, (content, ending), now())
    except Forbidden:
        raise
    except DomainError as refused:
        error = refusal_of(refused)
        return _load_page(caller, project, found, Looked(error=error.message)), error.status
    if made.problems:
        return _load_page(caller, project, found, Looked(made)), REFUSED
    if dry:
        packed = base64.b64encode(content).decode()
        return _load_page(caller, project, found, Looked(made, (packed, ending)))
    return redirect(url_for("desk.programme", project_id=project_id, programme=found.slug, done="loaded"))


@blueprint.post(f"{PROGRAMME}/units")
def add_programme_unit(project_id: int) -> Answer:
    """Writes the entry of one unit, as a row of a table says it."""
    caller, project = _writer(project_id)
    found = _chosen(project_id)
    problems = _add(caller, found, request.form.get("area", ""))
    if problems:
        told = [say(each.code, each.params) for each in problems]
        return _load_page(caller, project, found, Looked(error=" ".join(told))), REFUSED
    return redirect(url_for("desk.programme", project_id=project_id, programme=found.slug, done="loaded"))


@blueprint.get(f"{PROGRAMME}/template")
def programme_template(project_id: int) -> Response:
    """A file with the columns to fill in."""
    _reader(project_id)
    answer = Response(units_template(), content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename="programme_units.csv")
    return answer


@blueprint.get(f"{PROGRAMME}/units/<area_id>")
def programme_unit(project_id: int, area_id: str) -> str:
    """One unit: how it came in, what was planned, how it left, what the criteria say."""
    return _unit_page(project_id, area_id)


@blueprint.post(f"{PROGRAMME}/units/<area_id>")
def change_programme_unit(project_id: int, area_id: str) -> Answer:
    """Adds a plan or the exit of a unit, or takes back what was written by mistake."""
    caller, _ = _writer(project_id)
    found, session = _chosen(project_id), current_session()
    what = request.form.get("what", "")
    try:
        if request.form.get("act") == "take_back":
            reason = request.form.get("reason", "")[:LONGEST_REASON]
            take_back(session, caller, found, (area_id, what, reason), now())
        else:
            problems = _add(caller, found, area_id)
            if problems:
                return _unit_page(project_id, area_id, [say(each.code, each.params) for each in problems]), REFUSED
    except (Invalid, NotFound) as refused:
        error = refusal_of(refused)
        return _unit_page(project_id, area_id, [error.message]), error.status
    if what == "unit":
        return redirect(url_for("desk.programme", project_id=project_id, programme=found.slug))
    return redirect(url_for("desk.programme_unit", project_id=project_id, area_id=area_id, programme=found.slug))


def _add(caller: Caller, found: ProgrammeView, area_id: str) -> Sequence[RowProblem]:
    row = {name: request.form.get(name, "") for name in COLUMNS} | {"area": area_id}
    records, problems = read_units([(1, row)])
    return problems or enlist(current_session(), caller, found, records, now()).problems


def _unit_page(project_id: int, area_id: str, errors: Sequence[str] = ()) -> str:
    caller, project = _reader(project_id)
    session, found = current_session(), _chosen(project_id)
    scope = caller.scope("round.list", project_id)
    state = read_programme(session, found, date_asked("on") or caller.on, scope)
    standing = next((each for each in state.units if each.membership.area_id == area_id), None)
    if standing is None:
        raise NotFound("http.not_found")
    return show_page(
        "programme_unit.html",
        caller=caller,
        project=project,
        state=state,
        each=standing,
        names={one.membership.area_id: one.name for one in state.units},
        errors=errors,
        may_write=_may(caller, UPDATE, project_id),
        exits=EXITS,
        statuses=SOURCED,
    )


def _load_page(caller: Caller, project: ProjectView, found: ProgrammeView, looked: Looked = Looked()) -> str:
    made = looked.made
    problems: Sequence[RowProblem] = made.problems if made else ()
    return show_page(
        "programme_load.html",
        caller=caller,
        project=project,
        programme=found,
        made=made,
        counts=made.count() if made else {},
        packed=looked.packed,
        error=looked.error,
        problems=[(each.row, say(each.code, each.params)) for each in problems[:MOST_SHOWN]],
        more=len(problems) - MOST_SHOWN,
        bases=BASES,
        statuses=SOURCED,
    )


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


def _reader(project_id: int) -> tuple[Caller, ProjectView]:
    caller = desk_caller()
    project = project_of(caller, project_id)
    if not caller.scope("round.list", project_id):
        raise Forbidden("auth.forbidden")
    return caller, project


def _writer(project_id: int) -> tuple[Caller, ProjectView]:
    caller, project = _reader(project_id)
    caller.require_everywhere(UPDATE, project_id)
    return caller, project


def _chosen(project_id: int) -> ProgrammeView:
    return find_programme(current_session(), project_id, request.values.get("programme") or None)


def _may(caller: Caller, verb: str, project_id: int) -> bool:
    return caller.reach(verb, project_id).everywhere
