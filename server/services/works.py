"""Works with their progress, upkeep and supervision, and production models, as of a day; their sums up the tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from server.domain.errors import NotFound
from server.domain.production import FORM as MODEL
from server.domain.production import Model, ModelSums, read_models
from server.domain.registers import flat
from server.domain.roles import Scope
from server.domain.supervision import FORM as SUPERVISION
from server.domain.supervision import WAITING, FindingState, SupervisionSums, Visit, read_visits, stand
from server.domain.works import PROGRESS, REGISTER, UPKEEP, Sheet, WorkState, WorkSums, day_of, name_order, read_works
from server.services.authenticate import VIETNAM
from server.storage.areas import AreaView
from server.storage.projects import ProjectView
from server.storage.sights import list_seen_areas
from server.storage.supervision import list_words
from server.storage.works import SheetFilter, iterate_sheets, list_above, list_last_names

WORK_FORMS = (REGISTER, PROGRESS, UPKEEP, SUPERVISION)


@dataclass(frozen=True, slots=True)
class WorksAsked:
    """What somebody asks: of a project, what they see (`scope`), as of a day. `on` None: today (`today`), of a project
    with invented data the day of the newest sheet. `area`: an own id, with all that lies below it; None: all."""

    project: ProjectView
    scope: Scope
    today: date
    on: date | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A work with what boards saw at it and what they found."""

    state: WorkState
    visits: tuple[Visit, ...] = ()
    findings: tuple[FindingState, ...] = ()

    @property
    def open_findings(self) -> int:
        """How many findings wait for the commune."""
        return sum(each.status in WAITING for each in self.findings)


@dataclass(slots=True)
class Sums:
    """Works and what boards found, added up."""

    works: WorkSums = field(default_factory=WorkSums)
    supervision: SupervisionSums = field(default_factory=SupervisionSums)

    def add(self, line: WorkLine) -> None:
        """Counts a work with its visits and findings."""
        self.works.add(line.state)
        self.supervision.add_visits(line.visits)
        for finding in line.findings:
            self.supervision.add_finding(finding)


@dataclass(frozen=True, slots=True)
class WorksRead:
    """The works of a project as of a day, by name, with the areas that the reader sees. `names`: of all areas spoken
    of, also of those that have ended; `above`: by area what it lies in; `versions`: by sheet its newest text."""

    on: date
    lines: tuple[WorkLine, ...]
    areas: Mapping[str, AreaView]
    names: Mapping[str, str]
    above: Mapping[str, tuple[str, ...]]
    versions: Mapping[int, int]

    @property
    def findings(self) -> list[tuple[WorkLine, FindingState]]:
        """All findings with their works, those that wait for the commune first, and among these the oldest."""
        found = [(line, each) for line in self.lines for each in line.findings]
        return sorted(
            found, key=lambda pair: (pair[1].status not in WAITING, pair[1].finding.told_on, pair[1].finding.id)
        )


@dataclass(frozen=True, slots=True)
class ModelsRead:
    """The production models of a project as of a day; the rest as with works."""

    on: date
    models: tuple[Model, ...]
    areas: Mapping[str, AreaView]
    names: Mapping[str, str]
    above: Mapping[str, tuple[str, ...]]
    versions: Mapping[int, int]


def list_works(session: Session, asked: WorksAsked) -> WorksRead:
    """The works in sight. A finding or visit of a work whose register sheet is not in sight is left out."""
    sheets, on, lines = _lines(session, asked)
    spoken = {line.state.work.area_id for line in lines} | {each for line in lines for each in line.state.work.villages}
    areas, names, above = _places(session, asked, on, {each for each in spoken if each})
    return WorksRead(on, lines, areas, names, above, {sheet.submission_id: sheet.version_id for sheet in sheets})


def sum_works(session: Session, asked: WorksAsked) -> Sums:
    """The same added up, without where each lies."""
    return sum_lines(_lines(session, asked)[2])


def _lines(session: Session, asked: WorksAsked) -> tuple[list[Sheet], date, tuple[WorkLine, ...]]:
    sheets = _sheets(session, asked, WORK_FORMS)
    on = _day(asked, sheets)
    states, visits = read_works(sheets, on), read_visits(sheets, on)
    seen: dict[str, list[Visit]] = defaultdict(list)
    found: dict[str, list[FindingState]] = defaultdict(list)
    for visit in visits:
        seen[visit.work_id].append(visit)
    words = list_words(session, [visit.submission_id for visit in visits if visit.findings])
    for told in stand(visits, words, on):
        found[told.finding.work_id].append(told)
    lines = tuple(
        WorkLine(state, tuple(seen.get(state.work.id, ())), tuple(found.get(state.work.id, ()))) for state in states
    )
    return sheets, on, lines


def find_work(session: Session, asked: WorksAsked, work_id: str) -> tuple[WorksRead, WorkLine]:
    """One work, with all that was read beside it. Raises NotFound, also for one that is not in sight."""
    read = list_works(session, asked)
    line = next((each for each in read.lines if each.state.work.id == work_id), None)
    if line is None:
        raise NotFound("work.unknown", value=work_id)
    return read, line


def list_models(session: Session, asked: WorksAsked) -> ModelsRead:
    """The production models in sight."""
    sheets = _sheets(session, asked, (MODEL,))
    on = _day(asked, sheets)
    models = tuple(read_models(sheets, on))
    areas, names, above = _places(session, asked, on, {model.area_id for model in models if model.area_id})
    return ModelsRead(on, models, areas, names, above, {sheet.submission_id: sheet.version_id for sheet in sheets})


def sum_lines(lines: Iterable[WorkLine]) -> Sums:
    """The sums of some works."""
    sums = Sums()
    for line in lines:
        sums.add(line)
    return sums


def sum_up(read: WorksRead) -> dict[str, Sums]:
    """The sums of each area that the reader sees in which a work lies, of all that lies below it too; in the
    order of the tree."""
    found: dict[str, Sums] = {}
    for line in read.lines:
        for area_id in read.above.get(line.state.work.area_id or "", ()):
            if area_id in read.areas:
                found.setdefault(area_id, Sums()).add(line)
    return {area_id: found[area_id] for area_id in _in_tree(read.areas, found)}


def sum_models_up(read: ModelsRead) -> dict[str, ModelSums]:
    """The same of production models."""
    found: dict[str, ModelSums] = {}
    for model in read.models:
        for area_id in read.above.get(model.area_id or "", ()):
            if area_id in read.areas:
                found.setdefault(area_id, ModelSums()).add(model)
    return {area_id: found[area_id] for area_id in _in_tree(read.areas, found)}


def _in_tree(areas: Mapping[str, AreaView], some: Iterable[str]) -> list[str]:
    """Areas as a tree is read: each after what it lies in, and beside each other by name."""

    def path(area_id: str) -> tuple[str, ...]:
        area, names = areas.get(area_id), list[str]()
        while area is not None and len(names) <= len(areas):
            names.append(name_order(area.name))
            area = areas.get(area.parent_id or "")
        return tuple(reversed(names))

    return sorted(some, key=path)


def _sheets(session: Session, asked: WorksAsked, forms: tuple[str, ...]) -> list[Sheet]:
    area = (asked.area, asked.on or asked.today) if asked.area else None
    return list(iterate_sheets(session, SheetFilter(asked.project.id, forms, VIETNAM, asked.scope, area)))


def _day(asked: WorksAsked, sheets: Iterable[Sheet]) -> date:
    """Today; a demo tells of a time that is over, and would have nothing but works that are years late."""
    if asked.on is not None:
        return asked.on
    if not asked.project.synthetic:
        return asked.today
    told = (day_of(flat(sheet.answers).get("ngay")) for sheet in sheets)
    return min(max((day for day in told if day is not None), default=asked.today), asked.today)


def _places(
    session: Session, asked: WorksAsked, on: date, spoken: set[str]
) -> tuple[dict[str, AreaView], dict[str, str], dict[str, tuple[str, ...]]]:
    areas = list_seen_areas(session, asked.project.id, on, asked.scope)
    gone = list_last_names(session, spoken - areas.keys())
    names = {area_id: area.name for area_id, area in areas.items()} | gone
    return areas, names, list_above(session, spoken, on)
