"""Training: the classes of a project, one class with who was there, names added from paper, and the sign-in sheet."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from flask import redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.domain.area_records import RowProblem
from server.domain.errors import DomainError, Forbidden
from server.domain.roles import Scope
from server.domain.training import AUDIENCES, LEVELS, TEST_QUESTIONS, Flag, TrainingClass
from server.domain.training_people import sum_classes
from server.services.authenticate import Caller
from server.services.enroll import LONGEST_TABLE, Enrolling, PeopleTable, enroll, may_enroll, take_back, try_people
from server.services.qr import draw_svg
from server.services.training import TrainingFilter, add_up, class_of, read_one_class, read_training
from server.storage.desk import name_areas
from server.storage.projects import ProjectView
from server.web.context import choose_locale, current_home, current_session, date_asked, now, reachable, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.errors import refusal_of, say
from server.web.training_words import define, sentence_of

READ = "submission.list"
ENDINGS = (".csv", ".xlsx", ".xls", ".ods")
MOST_SHOWN = 200
"""Rows in need of mending that the page shows; what is more is counted."""
REFUSED = 400
ROWS_A_PAGE, MOST_ROWS, SPARE_ROWS = 25, 600, 5
Answer = Response | str | tuple[str, int]


@dataclass(frozen=True)
class Looked:
    """A table that was looked at: what taking it in would do, and the table, to be sent again."""

    made: Enrolling
    table: PeopleTable = field(default_factory=PeopleTable)

    @property
    def packed(self) -> str:
        """The bytes of a file in a hidden field."""
        return base64.b64encode(self.table.file[0]).decode() if self.table.file else ""


@blueprint.get("/projects/<int:project_id>/training")
def training(project_id: int) -> str:
    """The classes in sight and what they come to, by level and time."""
    caller, project, scope = _reader(project_id)
    wanted = TrainingFilter(request.args.get("level") or None, date_asked("from"), date_asked("to"))
    session = current_session()
    read = read_training(session, project_id, scope, wanted)
    return show_page(
        "training.html",
        caller=caller,
        project=project,
        wanted=wanted,
        levels=[*LEVELS.values()],
        read=read,
        rows=[(each, sum_classes([each], read.persons)) for each in read.counts],
        sums=add_up(session, project_id, read),
        areas=name_areas(session, {each.training.area_id for each in read.counts if each.training.area_id}),
        define=define(choose_locale()),
        flags=_flags,
    )


@blueprint.get("/projects/<int:project_id>/training/<int:class_id>")
def training_class(project_id: int, class_id: int) -> str:
    """One class: its sheets, what is wrong with them, and who was there."""
    return _page(*_class(project_id, class_id))


@blueprint.post("/projects/<int:project_id>/training/<int:class_id>/people")
def training_people(project_id: int, class_id: int) -> Answer:
    """Looks at a table of people, takes it in, or takes people back who were added."""
    caller, project, chosen = _class(project_id, class_id)
    session, which = current_session(), (project_id, chosen.id)
    act = request.form.get("act")
    if act == "take_back":
        picked = request.form.getlist("row", type=int)
        take_back(session, caller, which, picked or None, now())
        return _again(project_id, class_id, "taken_back")
    table = _handed_in()
    try:
        made = (
            enroll(session, caller, which, table, now())
            if act == "write"
            else try_people(session, caller, which, table)
        )
    except Forbidden:
        raise
    except DomainError as error:
        return _page(caller, project, chosen, error=refusal_of(error).message), refusal_of(error).status
    if made.problems:
        return _page(caller, project, chosen, Looked(made, table)), REFUSED
    if act == "write":
        return _again(project_id, class_id, "added")
    return _page(caller, project, chosen, Looked(made, table))


@blueprint.get("/projects/<int:project_id>/training/<int:class_id>/sign-in")
def sign_in_sheet(project_id: int, class_id: int) -> str:
    """The sheet to be signed, in pages of A4 with numbered rows and the code that leads back to the class."""
    caller, project, chosen = _class(project_id, class_id)
    rows = min(whole("rows") or chosen.planned + SPARE_ROWS or ROWS_A_PAGE, MOST_ROWS)
    pages = max(1, -(-rows // ROWS_A_PAGE))
    base = (current_home().config.base_url or "").rstrip("/")
    path = url_for("desk.training_class", project_id=project_id, class_id=class_id)
    return show_page(
        "training_sheet.html",
        caller=caller,
        project=project,
        training=chosen,
        area=_area(chosen),
        # drawn by ourselves from text of ours
        code=Markup(draw_svg(reachable(base + path))),  # noqa: S704
        pages=[range(page * ROWS_A_PAGE + 1, (page + 1) * ROWS_A_PAGE + 1) for page in range(pages)],
        rows=rows,
        most=MOST_ROWS,
    )


def _reader(project_id: int) -> tuple[Caller, ProjectView, Scope]:
    caller = desk_caller()
    project = project_of(caller, project_id)
    scope = caller.scope(READ, project_id)
    if not scope:
        raise Forbidden("auth.forbidden")
    return caller, project, scope


def _class(project_id: int, class_id: int) -> tuple[Caller, ProjectView, TrainingClass]:
    caller, project, scope = _reader(project_id)
    return caller, project, class_of(current_session(), project_id, scope, class_id)


def _page(
    caller: Caller,
    project: ProjectView,
    chosen: TrainingClass,
    looked: Looked | None = None,
    error: str | None = None,
) -> str:
    session = current_session()
    read = read_one_class(session, current_home(), project.id, caller.scope(READ, project.id), chosen.id)
    counted = {sheet.id for sheet in read.count.counted}
    people = sorted(read.count.people.values(), key=lambda each: (each.row is not None, each.row or 0))
    places = {each.area_id for each in (*people, *(looked.made.new if looked else ())) if each.area_id}
    problems: Sequence[RowProblem] = looked.made.problems if looked else ()
    return show_page(
        "training_class.html",
        caller=caller,
        project=project,
        training=chosen,
        read=read,
        count=read.count,
        counted=counted,
        persons=len(read.count.people) if read.count.complete else None,
        people=people,
        areas=name_areas(session, places | ({chosen.area_id} if chosen.area_id else set())),
        flags=[(flag.sheet_id, _sentence()(flag)) for flag in read.flags],
        may=may_enroll(session, caller, project.id, chosen),
        looked=looked,
        problems=[(each.row, say(each.code, each.params)) for each in problems[:MOST_SHOWN]],
        more=len(problems) - MOST_SHOWN,
        error=error,
        audiences=AUDIENCES,
        questions=TEST_QUESTIONS,
        define=define(choose_locale()),
        done=request.args.get("done"),
    )


def _sentence() -> Callable[[Flag], str]:
    locale = choose_locale()
    return lambda flag: sentence_of(flag, locale)


def _flags(flags: Sequence[Flag]) -> list[str]:
    return [_sentence()(flag) for flag in flags]


def _area(chosen: TrainingClass) -> str | None:
    return name_areas(current_session(), {chosen.area_id}).get(chosen.area_id) if chosen.area_id else None


def _again(project_id: int, class_id: int, done: str) -> Response:
    address = url_for("desk.training_class", project_id=project_id, class_id=class_id, done=done)
    return redirect(f"{address}#people", 303)


def _handed_in() -> PeopleTable:
    """What was pasted or handed in as a file, or the file that was looked at."""
    audience = request.form.get("audience") or None
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        ending = PurePath(upload.filename.replace("\0", "")).suffix.lower()
        content = upload.read(LONGEST_TABLE + 1)
        return PeopleTable(file=(content, ending if ending in ENDINGS else ".csv"), audience=audience)
    packed = request.form.get("packed", "")
    if packed:
        ending = request.form.get("ending", "")
        try:
            content = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            content = b""
        return PeopleTable(file=(content, ending if ending in ENDINGS else ".csv"), audience=audience)
    return PeopleTable(request.form.get("text", ""), audience=audience)
