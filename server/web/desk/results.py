"""The table of results of a form: what was sent, with every answer under its question; by pages, and as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from server.domain.areas import COMMUNE_KINDS
from server.domain.errors import Forbidden, NotFound
from server.domain.review import STATES
from server.exports.sheets import say_one
from server.services.authenticate import Caller
from server.services.results import (
    Results,
    about_results,
    list_result_tables,
    narrowed,
    page_of_results,
    sheets_of_results,
)
from server.storage.area_views import find_seen, list_these
from server.storage.areas import AreaView
from server.storage.audits import Where
from server.storage.forms import find_form
from server.storage.projects import ProjectView
from server.storage.rounds import RoundView, list_rounds
from server.storage.sights import list_seen_areas
from server.storage.tables import Wanted
from server.table_words import translator
from server.web.context import choose_locale, current_home, current_session, today
from server.web.desk.blueprint import blueprint
from server.web.desk.official_tables import lines_of
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.exports import tell_export
from server.web.table_files import ENDINGS, Book, answer_table

PAGE = 50
FORM = "/projects/<int:project_id>/forms/<segment:form_id>"


@dataclass(frozen=True)
class Asked:
    """A form's results as somebody asks for them, in sight."""

    caller: Caller
    project: ProjectView
    results: Results
    round: RoundView | None
    area: AreaView | None
    state: str | None

    @property
    def query(self) -> dict[str, Any]:
        """The same as a query."""
        slug, area = self.round.slug if self.round else None, self.area.id if self.area else None
        return {"round": slug, "state": self.state, "area": area}


@blueprint.get(f"{FORM}/table")
def form_table(project_id: int, form_id: str) -> str:
    """A form's results, newest first, of a round, a state, an area; a repeat (`sheet`) as a table of its own."""
    asked = _asked(project_id, form_id)
    session, after = current_session(), request.args.get("after") or None
    place = (after, PAGE)
    page = page_of_results(session, current_home(), asked.results, request.args.get("sheet", ""), place)
    translate = translator(choose_locale())
    spot: dict[str, Any] = {"project_id": project_id, "form_id": form_id, **asked.query}
    older = url_for("desk.form_table", **spot, sheet=page.table.name, after=page.after)
    return show_page(
        "results.html",
        caller=asked.caller,
        project=asked.project,
        form=asked.results.version,
        spot=spot,
        asked=asked,
        tables=[(each.name, say_one(translate, each.title)) for each in list_result_tables(session, asked.results)],
        table=page.table,
        caption=say_one(translate, page.table.title),
        shown=lines_of(page.columns, page.rows, translate),
        older=older if page.after else None,
        first=after is None,
        rounds=list_rounds(session, project_id),
        areas=_areas(asked),
        states=STATES,
        endings=ENDINGS,
    )


@blueprint.get(f"{FORM}/table.<any(xlsx, 'csv.zip'):ending>")
def form_table_file(project_id: int, form_id: str, ending: str) -> Response:
    """All results that the page would show, its repeats as sheets of their own."""
    asked = _asked(project_id, form_id)
    session, form = current_session(), asked.results.form
    where = Where(project_id, asked.area.id if asked.area else None)
    told = {"format": ending, "query": request.query_string.decode(errors="replace")[:1000]}
    tell_export(asked.caller, "form.submission.export", f"form:{form.id}", where, **told)
    about = about_results(session, asked.results, asked.area.name if asked.area else None, today())
    sheets = sheets_of_results(session, current_home(), asked.results)
    return answer_table(Book(f"{form.xml_form_id}-{today().isoformat()}", sheets, about), ending)


def _asked(project_id: int, form_id: str) -> Asked:
    caller = desk_caller()
    project, session = project_of(caller, project_id), current_session()
    if not caller.scope("submission.list", project_id):
        raise Forbidden("auth.forbidden")
    form = find_form(session, project_id, form_id)
    scope = caller.scope("submission.list", project_id, form.id) if form else None
    # that a form is there is not told to who sees nothing of it
    if form is None or form.current is None or not scope:
        raise NotFound("form.unknown", form=form_id)
    round_view, state = _round(project_id), request.args.get("state") or None
    if state is not None and state not in STATES:
        state = None
    on = round_view.cutoff if round_view else caller.on
    area = _area(caller, project_id, on)
    plain = Results(project, form, form.current, Wanted(form.id, scope), caller.on)
    number = round_view.id if round_view else None
    results = narrowed(plain, round_id=number, state=state, area=(area.id, on) if area else None)
    return Asked(caller, project, results, round_view, area, state)


def _round(project_id: int) -> RoundView | None:
    slug = request.args.get("round") or None
    if slug is None:
        return None
    found = next((each for each in list_rounds(current_session(), project_id) if each.slug == slug), None)
    if found is None:
        raise NotFound("round.unknown", slug=slug[:80])
    return found


def _area(caller: Caller, project_id: int, on: date) -> AreaView | None:
    key = request.args.get("area", "").strip()
    if not key:
        return None
    session, scope = current_session(), caller.scope("submission.list", project_id)
    area_id = find_seen(session, scope, key, on)
    found = list_these(session, scope, on, [area_id]).get(area_id) if area_id else None
    if found is None:
        raise NotFound("area.unknown", value=key[:80], on=on.isoformat())
    return found


def _areas(asked: Asked) -> list[AreaView]:
    """The areas that one can choose: communes and what lies above them."""
    scope = asked.caller.scope("submission.list", asked.project.id)
    on = asked.round.cutoff if asked.round else asked.caller.on
    seen = list_seen_areas(current_session(), asked.project.id, on, scope)
    return [each for each in seen.values() if each.kind in (*COMMUNE_KINDS, "district", "province")]
