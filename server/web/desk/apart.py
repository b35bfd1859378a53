"""What came for a submission and did not become its text: a list, and how each differs from what stands."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.wrappers import Response

from forms.edits import compare_edits
from forms.errors import FormsError
from forms.instance import read_instance
from server.domain.errors import NotFound
from server.services.authenticate import Caller
from server.services.definitions import definition_of
from server.storage.forms import find_form_by_id
from server.storage.projects import ProjectView
from server.storage.readings import find_submission_by_id, find_submission_xml
from server.storage.variants import ApartView, count_apart, find_apart, find_apart_xml, list_apart
from server.web.context import current_session, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from sync.receipt_number import write_number

PAGE = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """One answer that differs: the question's label, what stands, and what was kept apart."""

    label: str
    standing: str | None
    apart: str | None


@blueprint.get("/projects/<int:project_id>/apart")
def all_apart(project_id: int) -> str:
    """The list, newest first."""
    caller, project = _allowed(project_id)
    page = max(whole("page", 1) or 1, 1)
    total = count_apart(current_session(), project_id)
    rows = list_apart(current_session(), project_id, (page - 1) * PAGE, PAGE)
    numbered = [(row, write_number(row.id, apart=True)) for row in rows]
    pages = max(1, -(-total // PAGE))
    return show_page("apart.html", caller=caller, project=project, rows=numbered, total=total, page=page, pages=pages)


@blueprint.get("/projects/<int:project_id>/apart/<int:variant_id>")
def one_apart(project_id: int, variant_id: int) -> str:
    """One of them, held against the submission beside it."""
    caller, project = _allowed(project_id)
    row = _find(project_id, variant_id)
    return show_page(
        "one_apart.html",
        caller=caller,
        project=project,
        row=row,
        receipt=write_number(row.id, apart=True),
        differences=_differences(row),
    )


@blueprint.get("/projects/<int:project_id>/apart/<int:variant_id>.xml")
def apart_xml(project_id: int, variant_id: int) -> Response:
    """What was sent, byte for byte, to be saved."""
    _allowed(project_id)
    content = find_apart_xml(current_session(), _find(project_id, variant_id).id)
    answer = Response(content, content_type="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=f"apart-{variant_id}.xml")
    return answer


def _allowed(project_id: int) -> tuple[Caller, ProjectView]:
    caller = desk_caller()
    project = project_of(caller, project_id)
    # it lies in no area of its own: only who sees all of the project sees it
    caller.require_everywhere("submission.list", project_id)
    return caller, project


def _find(project_id: int, variant_id: int) -> ApartView:
    found = find_apart(current_session(), project_id, variant_id)
    if found is None:
        raise NotFound("http.not_found")
    return found


def _differences(row: ApartView) -> list[Difference] | None:
    """None when there is nothing to hold it against, or it cannot be read any more."""
    session = current_session()
    submission = find_submission_by_id(session, row.beside) if row.beside is not None else None
    form = find_form_by_id(session, row.form_id)
    if submission is None or form is None:
        return None
    definition = definition_of(session, form.shown.sha256)
    try:
        standing = read_instance(find_submission_xml(session, submission.current.id) or b"")
        apart = read_instance(find_apart_xml(session, row.id))
    except FormsError:
        return None
    found = []
    for change in compare_edits(definition, standing, apart):
        path = change.new_path or change.old_path or ""
        field = definition.find_field(_generic(path))
        labels = field.labels if field is not None else {}
        label = labels.get(definition.default_language) or next(iter(labels.values()), path)
        found.append(Difference(label, change.old, change.new))
    return found


def _generic(path: str) -> str:
    return "/".join(step.partition("[")[0] for step in path.split("/"))
