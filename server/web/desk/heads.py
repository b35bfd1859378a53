"""Village heads by the hundred: a table is looked at first, then written, then their cards are printed."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace

from flask import request
from werkzeug.wrappers import Response

from server.domain.errors import DomainError, RowsRefused
from server.services.authenticate import Caller
from server.services.heads import HeadFile, Heads, name_heads
from server.storage.forms import FormView, list_forms
from server.storage.projects import ProjectView
from server.web.context import current_home, current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.errors import refusal_of, say
from server.web.problems import problem_body

Answer = Response | str | tuple[str, int]
MOST_SHOWN = 200
"""Rows and faults that a page shows; what is more is counted."""


@dataclass(frozen=True)
class Result:
    """What came of a table; `table`: itself, to be sent again when it was only looked at."""

    heads: Heads | None = None
    error: str | None = None
    problems: tuple[dict[str, object], ...] = ()
    count: int = 0
    table: str = ""
    dry: bool = True


@blueprint.get("/projects/<int:project_id>/phones/heads")
def heads_page(project_id: int) -> str:
    """What the table must look like, and where to put it."""
    caller, project = _allowed(project_id)
    return _page(caller, project, Result(), ())


@blueprint.post("/projects/<int:project_id>/phones/heads")
def add_heads(project_id: int) -> Answer:
    """Looks at a table, or writes it when that was asked for."""
    caller, project = _allowed(project_id)
    upload = request.files.get("file")
    content = upload.read() if upload is not None and upload.filename else _kept(request.form.get("table", ""))
    forms = tuple(request.form.getlist("form"))
    file = HeadFile(content, forms, dry_run=request.form.get("act") != "write")
    table = base64.b64encode(content).decode()
    try:
        heads = name_heads(current_session(), current_home(), caller, (project_id, file), now())
    except DomainError as error:
        refusal = refusal_of(error)
        found = error.params.get("problems", ()) if isinstance(error, RowsRefused) else ()
        problems = tuple(problem_body(each, say) for each in found[:MOST_SHOWN])  # type: ignore[index]
        result = Result(error=refusal.message, problems=problems, count=len(found))  # type: ignore[arg-type]
        return _page(caller, project, result, forms), refusal.status
    return _page(caller, project, Result(heads, table=table, dry=file.dry_run), forms)


def _allowed(project_id: int) -> tuple[Caller, ProjectView]:
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require("field_key.create", project_id)
    return caller, project


def _page(caller: Caller, project: ProjectView, result: Result, chosen: tuple[str, ...]) -> str:
    forms: list[FormView] = [form for form in list_forms(current_session(), project.id) if form.current is not None]
    rows = result.heads.rows if result.heads else ()
    short = replace(result.heads, rows=rows[:MOST_SHOWN]) if result.heads else None
    return show_page(
        "heads.html", caller=caller, project=project, result=result, heads=short, forms=forms, chosen=chosen
    )


def _kept(table: str) -> bytes:
    try:
        return base64.b64decode(table, validate=True)
    except (binascii.Error, ValueError):
        return b""
