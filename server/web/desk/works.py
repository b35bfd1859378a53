"""Works: a list with their money, progress and condition, a map of them, and one work with all its sheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from flask import request, url_for
from werkzeug.wrappers import Response

from server.domain.areas import COMMUNE_KINDS, match_key
from server.domain.supervision import CHECKS, WAITING, FindingState
from server.domain.supervision import STATES as FINDING_STATES
from server.domain.works import CONDITIONS, KINDS, SOURCES, STATES
from server.services.authenticate import Caller
from server.services.supervision import May, may_say
from server.services.work_tables import commune_of, make_findings_table, make_works_table
from server.services.works import ModelsRead, WorkLine, WorksAsked, WorksRead, find_work, list_works, sum_lines, sum_up
from server.storage.areas import AreaView
from server.storage.projects import ProjectView
from server.storage.works import list_boundaries, list_pictures
from server.web.context import current_session, now, whole
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.work_map import draw_works
from server.web.table_files import Book, answer_table
from server.web.works_asked import works_asked

One = TypeVar("One")
PROJECT = "/projects/<int:project_id>"
FILE = "<any('xlsx', 'csv.zip'):ending>"
PAGE = 100
MOST_BORDERS = 300
"""Communes whose boundaries are drawn; of more the marks alone stand on the map."""


@dataclass(frozen=True)
class Chosen:
    """What the reader narrows a list to; None is all."""

    area: str | None
    on: date | None
    kind: str | None = None
    state: str | None = None

    @property
    def active(self) -> bool:
        """Whether anything is narrowed."""
        return any((self.area, self.on, self.kind, self.state))

    @property
    def link(self) -> dict[str, str]:
        """The same as a query."""
        given = {"area": self.area, "on": self.on.isoformat() if self.on else None}
        return {name: value for name, value in (given | {"kind": self.kind, "state": self.state}).items() if value}


@dataclass(frozen=True)
class Part(Generic[One]):
    """A page of a list."""

    rows: Sequence[One]
    page: int
    pages: int


@blueprint.get(f"{PROJECT}/works")
def works(project_id: int) -> str:
    """The works as of a day (`on`), of an area (`area`), a kind, a state; their sums and their map."""
    caller, project = reader(project_id)
    asked = works_asked(caller, project)
    read = list_works(current_session(), asked)
    chosen = chosen_of(asked, {"kind": KINDS, "state": STATES})
    lines = _narrowed(read.lines, chosen)
    return show_page(
        "works.html",
        caller=caller,
        project=project,
        read=read,
        part=part_of(lines),
        sums=sum_lines(lines),
        by_area=[(read.areas[area_id], sums) for area_id, sums in sum_up(read).items()],
        chosen=chosen,
        communes=communes_of(areas_to_choose(asked, read)),
        commune_of=commune_of,
        picture=draw_works(lines, borders_of(read, [line.state.work.area_id for line in lines]), read.names),
        kinds=KINDS,
        states=STATES,
        conditions=CONDITIONS,
    )


@blueprint.get(f"{PROJECT}/works.{FILE}")
def works_file(project_id: int, ending: str) -> Response:
    """The works as a file, as of a day and of an area."""
    caller, project = reader(project_id)
    read = list_works(current_session(), works_asked(caller, project))
    sheets, about = make_works_table(read, project, now())
    return answer_table(Book(f"works-{read.on.isoformat()}", sheets, about), ending)


@blueprint.get(f"{PROJECT}/works/<work_id>")
def one_work(project_id: int, work_id: str) -> str:
    """A work: what was approved, its progress with photos, what boards found and what was answered, its upkeep."""
    caller, project = reader(project_id)
    session = current_session()
    read, line = find_work(session, works_asked(caller, project), work_id)
    sheets = _sheets_of(line)
    pictures = list_pictures(session, [read.versions[each] for each in sheets if each in read.versions])

    def photos(submission_id: int, names: Iterable[str]) -> list[str]:
        version = read.versions.get(submission_id, 0)
        here = pictures.get(version, frozenset())
        return [_file_url(submission_id, version, name) for name in names if name in here]

    return show_page(
        "work.html",
        caller=caller,
        project=project,
        read=read,
        line=line,
        commune=commune_of(read, line.state.work.area_id),
        photos=photos,
        may=_may(caller, project_id, line.findings),
        checks=CHECKS,
        sources=SOURCES,
    )


@blueprint.get(f"{PROJECT}/supervision")
def supervision(project_id: int) -> str:
    """The findings of boards as of a day, those that wait for the commune first, with the days to answer."""
    caller, project = reader(project_id)
    asked = works_asked(caller, project)
    read = list_works(current_session(), asked)
    chosen = chosen_of(asked, {"state": (*FINDING_STATES, "waiting", "overdue")})
    return show_page(
        "supervision.html",
        caller=caller,
        project=project,
        read=read,
        part=part_of([(line, told) for line, told in read.findings if _fits(told, chosen.state)]),
        sums=sum_lines(read.lines).supervision,
        by_area=[(read.areas[area_id], sums) for area_id, sums in sum_up(read).items()],
        chosen=chosen,
        communes=communes_of(areas_to_choose(asked, read)),
        commune_of=commune_of,
        states=("waiting", "overdue", *FINDING_STATES),
    )


@blueprint.get(f"{PROJECT}/supervision.{FILE}")
def supervision_file(project_id: int, ending: str) -> Response:
    """The findings as a file."""
    caller, project = reader(project_id)
    read = list_works(current_session(), works_asked(caller, project))
    sheets, about = make_findings_table(read, project, now())
    return answer_table(Book(f"supervision-{read.on.isoformat()}", sheets, about), ending)


def reader(project_id: int) -> tuple[Caller, ProjectView]:
    """Who reads the page, and the project."""
    caller = desk_caller()
    return caller, project_of(caller, project_id)


def chosen_of(asked: WorksAsked, known: Mapping[str, Sequence[str]]) -> Chosen:
    """What the query narrows a list to; a value that is not known counts as none."""
    given = {name: request.args.get(name) for name in known}
    kept = {name: value if value in known[name] else None for name, value in given.items()}
    return Chosen(asked.area, asked.on, kept.get("kind"), kept.get("state"))


def part_of(rows: Sequence[One]) -> Part[One]:
    """The page of a list that the query asks for; of one beyond its end the last. Raises Invalid."""
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(whole("page", 1) or 1, 1), pages)
    return Part(rows[(page - 1) * PAGE : page * PAGE], page, pages)


def areas_to_choose(asked: WorksAsked, read: WorksRead | ModelsRead) -> Iterable[AreaView]:
    """The areas that can be chosen: those in which something lies, and the one that was chosen."""
    lying = {each for path in read.above.values() for each in path} | ({asked.area} if asked.area else set())
    return [area for area_id, area in read.areas.items() if area_id in lying]


def borders_of(read: WorksRead | ModelsRead, area_ids: Iterable[str | None]) -> Mapping[str, Mapping[str, Any]]:
    """The boundaries of the communes that these areas lie in, by own id; none where there are too many to be drawn."""
    communes = {area.id for area_id in area_ids if (area := commune_of(read, area_id)) is not None}
    return list_boundaries(current_session(), communes, read.on) if len(communes) <= MOST_BORDERS else {}


def communes_of(areas: Iterable[AreaView]) -> list[AreaView]:
    """Communes by name, and before them what lies above them."""
    listed = list(areas)
    above = [area for area in listed if area.kind in ("province", "district")]
    communes = [area for area in listed if area.kind in COMMUNE_KINDS]
    return [*above, *sorted(communes, key=lambda area: match_key(area.name))]


def _narrowed(lines: Iterable[WorkLine], chosen: Chosen) -> list[WorkLine]:
    return [
        line
        for line in lines
        if chosen.kind in (None, line.state.work.kind) and chosen.state in (None, line.state.state)
    ]


def _fits(told: FindingState, state: str | None) -> bool:
    if state == "waiting":
        return told.status in WAITING
    if state == "overdue":
        return told.overdue
    return state in (None, told.status)


def _sheets_of(line: WorkLine) -> list[int]:
    state = line.state
    later = [each.submission_id for each in state.progress] + [each.submission_id for each in state.upkeep]
    return [state.work.submission_id, *later, *(each.submission_id for each in line.visits)]


def _file_url(submission_id: int, version_id: int, name: str) -> str:
    return url_for("desk.submission_file", submission_id=submission_id, version_id=version_id, name=name)


def _may(caller: Caller, project_id: int, findings: Iterable[FindingState]) -> dict[str, May]:
    return {told.finding.id: may_say(current_session(), caller, project_id, told) for told in findings}
