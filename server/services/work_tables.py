"""Works, findings of boards and production models as tables that people take away, with what their figures are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime

from server.domain.areas import COMMUNE_KINDS
from server.domain.production import HOUSEHOLDS, UNITS, Model, ModelSums
from server.domain.works import SOURCES
from server.exports.sheets import COUNT, DAY, TEXT, YES_NO, About, Column, Said, Sheet, Value, Word
from server.services.authenticate import VIETNAM
from server.services.works import ModelsRead, Sums, WorkLine, WorksRead, sum_models_up, sum_up
from server.storage.areas import AreaView
from server.storage.projects import ProjectView

Made = tuple[tuple[Sheet, ...], About]
_MONEY = tuple((source, f"source.{source}", COUNT) for source in SOURCES)
WORK_COLUMNS = (
    *(("id", "id", TEXT), ("name", "work", TEXT), ("kind", "kind", TEXT), ("area", "area", TEXT)),
    *(("area_code", "code", TEXT), ("commune", "commune", TEXT), ("provisional", "provisional", YES_NO)),
    *(("state", "state", TEXT), ("late_days", "late_days", COUNT), ("volume_percent", "percent", COUNT)),
    *(("planned", "planned", COUNT), *_MONEY, ("paid", "paid", COUNT), ("approved_on", "approved_on", DAY)),
    *(("begun_on", "begun_on", DAY), ("due", "due", DAY), ("finished_on", "finished_on", DAY)),
    *(("condition", "condition", COUNT), ("open_faults", "faults", TEXT), ("upkeep_cost", "upkeep_cost", COUNT)),
    *(("visits", "visits", COUNT), ("open_findings", "open", COUNT), ("owner", "owner", TEXT)),
    *(("contractor", "contractor", TEXT), ("community_built", "community", TEXT), ("longitude", "longitude", TEXT)),
    ("latitude", "latitude", TEXT),
)
FINDING_COLUMNS = (
    *(("id", "id", TEXT), ("work", "work", TEXT), ("area", "area", TEXT), ("area_code", "code", TEXT)),
    *(("commune", "commune", TEXT), ("finding", "finding", TEXT), ("advice", "advice", TEXT)),
    *(("told_on", "told_on", DAY), ("asked_by", "asked_by", DAY), ("state", "state", TEXT)),
    *(("days_open", "days_open", COUNT), ("answered_on", "answered_on", DAY)),
    *(("days_to_answer", "days_to_answer", COUNT), ("overdue", "overdue", YES_NO), ("answer", "answer_text", TEXT)),
)
MODEL_COLUMNS = (
    *(("id", "id", TEXT), ("name", "model", TEXT), ("kind", "model_kind", TEXT), ("area", "area", TEXT)),
    *(("area_code", "code", TEXT), ("commune", "commune", TEXT), ("provisional", "provisional", YES_NO)),
    *(("begun_on", "begun_on", DAY), ("phase", "phase", TEXT), ("as_of", "told", DAY)),
    *((name, f"households.{name}", COUNT) for name in HOUSEHOLDS),
    *(("support", "support", COUNT), ("own_share", "own_share", COUNT), ("given", "given", COUNT)),
    *(("unit", "unit", TEXT), ("alive", "alive", COUNT), ("income", "income", TEXT)),
    *(("income_by", "income_by", COUNT), ("repeat", "repeat", TEXT), ("taken_up", "taken_up", COUNT)),
)
"""Name, message id below `desk.works.`, kind."""


def make_works_table(read: WorksRead, project: ProjectView, now: datetime) -> Made:
    """A sheet of the works and one of their sums by area."""
    rows = (_work_row(read, line) for line in read.lines)
    sheets = (Sheet("works", _word("sheet.works"), _columns(WORK_COLUMNS), rows), _sums_sheet(read))
    return sheets, _about("sheet.works", project, read.on, now)


def make_findings_table(read: WorksRead, project: ProjectView, now: datetime) -> Made:
    """A sheet of the findings of boards and one of their sums by area."""
    rows = (_finding_row(read, line, number) for line in read.lines for number in range(len(line.findings)))
    sheets = (Sheet("findings", _word("sheet.findings"), _columns(FINDING_COLUMNS), rows), _supervision_sheet(read))
    return sheets, _about("sheet.findings", project, read.on, now)


def make_models_table(read: ModelsRead, project: ProjectView, now: datetime) -> Made:
    """A sheet of the production models and one of their sums by area."""
    rows = (_model_row(read, model) for model in read.models)
    sheets = (Sheet("models", _word("sheet.models"), _columns(MODEL_COLUMNS), rows), _models_sheet(read))
    return sheets, _about("sheet.models", project, read.on, now)


def commune_of(read: WorksRead | ModelsRead, area_id: str | None) -> AreaView | None:
    """The commune in which something lies, as the reader sees it."""
    above = (read.areas.get(each) for each in read.above.get(area_id or "", ()))
    return next((area for area in above if area is not None and area.kind in COMMUNE_KINDS), None)


def _place(read: WorksRead | ModelsRead, area_id: str | None) -> tuple[Value, Value, Value]:
    area, commune = read.areas.get(area_id or ""), commune_of(read, area_id)
    return read.names.get(area_id or ""), area.code if area else None, commune.name if commune else None


def _work_row(read: WorksRead, line: WorkLine) -> Sequence[Value]:
    state, work = line.state, line.state.work
    built = _word(f"community.{work.community_built}") if work.community_built in ("co", "khong") else None
    faults = ", ".join(state.open_faults)
    return (
        *(work.id, work.name, _word(f"kind.{work.kind}"), *_place(read, work.area_id), work.provisional),
        *(_word(f"state.{state.state}"), state.late_days, state.percent, work.planned),
        *(work.budget.get(source) for source in SOURCES),
        *(state.paid, work.approved_on, work.begun_on, work.due, state.finished_on, state.condition, faults or None),
        *(state.upkeep_cost, len(line.visits), line.open_findings, work.owner, work.contractor, built),
        *((f"{each:.6f}" for each in work.place) if work.place else (None, None)),
    )


def _finding_row(read: WorksRead, line: WorkLine, number: int) -> Sequence[Value]:
    told = line.findings[number]
    finding = told.finding
    answer = next((each.text for each in reversed(told.words) if each.said == "answer"), None)
    return (
        *(finding.id, line.state.work.name, *_place(read, line.state.work.area_id), finding.text, finding.advice),
        *(finding.told_on, finding.asked_by, _word(f"finding.{told.status}"), told.days_open, told.answered_on),
        *(told.days_to_answer, told.overdue, answer),
    )


def _model_row(read: ModelsRead, model: Model) -> Sequence[Value]:
    income, end = model.income, model.end
    return (
        *(model.id, model.name, _word(f"model.{model.kind}"), *_place(read, model.area_id), model.provisional),
        *(model.start.on, _word(f"phase.{model.newest.phase}"), model.newest.on),
        *(model.start.households.get(name) for name in HOUSEHOLDS),
        *(model.support, model.own_share, model.given),
        *(_word(f"unit.{model.unit}") if model.unit in UNITS else None, model.alive),
        *(_word(f"income.{income.income}") if income else None, income.income_by if income else None),
        *(_word(f"repeat.{model.repeat}") if model.repeat else None, end.taken_up if end else None),
    )


def _sums_sheet(read: WorksRead) -> Sheet:
    counts = ("works", "not_begun", "under_way", "late", "finished")
    money = ("planned", "planned_unknown", "paid", "paid_unknown", "broken", "upkeep_cost")
    columns = [*_area_columns(), *(Column(name, _word(f"sum.{name}"), COUNT) for name in (*counts, *money))]

    def row(area: AreaView, sums: Sums) -> Sequence[Value]:
        works = sums.works
        return (
            *(area.name, area.code, works.works, *(works.states[name] for name in counts[1:])),
            *(works.planned, works.planned_unknown, works.paid, works.paid_unknown, works.broken, works.upkeep_cost),
        )

    return Sheet("sums", _word("sheet.sums"), columns, _by_area(read, sum_up(read), row))


def _supervision_sheet(read: WorksRead) -> Sheet:
    names = ("visits", "supervised", "findings", "open", "overdue", "answered", "days", "longest")
    columns = [*_area_columns(), *(Column(name, _word(f"sum.{name}"), COUNT) for name in names)]

    def row(area: AreaView, sums: Sums) -> Sequence[Value]:
        found = sums.supervision
        return (
            *(area.name, area.code, found.visits, found.works, found.findings, found.open, found.overdue),
            *(found.answered, found.days, found.longest),
        )

    return Sheet("sums", _word("sheet.sums"), columns, _by_area(read, sum_up(read), row))


def _models_sheet(read: ModelsRead) -> Sheet:
    names = ("models", "ended", *HOUSEHOLDS, "support", "own_share", "repeat", "taken_up")
    columns = [*_area_columns(), *(Column(name, _word(f"sum.{name}"), COUNT) for name in names)]

    def rows() -> Iterator[Sequence[Value]]:
        for area_id, sums in sum_models_up(read).items():
            area = read.areas[area_id]
            yield (area.name, area.code, *_model_sums(sums))

    return Sheet("sums", _word("sheet.sums"), columns, rows())


def _model_sums(sums: ModelSums) -> tuple[int, ...]:
    return (
        *(sums.models, sums.ended, *(sums.households[name] for name in HOUSEHOLDS), sums.support, sums.own_share),
        *(sums.decisions["co"], sums.taken_up),
    )


def _by_area(
    read: WorksRead, sums: Mapping[str, Sums], row: Callable[[AreaView, Sums], Sequence[Value]]
) -> Iterator[Sequence[Value]]:
    for area_id, each in sums.items():
        yield row(read.areas[area_id], each)


def _area_columns() -> list[Column]:
    return [Column("area", _word("area")), Column("area_code", _word("code"))]


def _columns(columns: Sequence[tuple[str, str, str]]) -> list[Column]:
    return [Column(name, _word(word), kind) for name, word, kind in columns]


def _about(title: str, project: ProjectView, on: date, now: datetime) -> About:
    lines: list[tuple[Said, Value]] = [
        (_word("about.project"), project.name),
        (_word("on"), on),
        (_word("about.works"), _word("about.works_text")),
        (_word("about.money"), _word("about.money_text")),
        (_word("about.days"), _word("about.days_text")),
        (_word("about.synthetic"), _word(f"about.synthetic_{'yes' if project.synthetic else 'no'}")),
        (_word("about.made"), now.astimezone(VIETNAM).date()),
    ]
    return About(_word(title), lines, [_word("about.synthetic_yes")] if project.synthetic else ())


def _word(name: str) -> Word:
    return Word(name.rpartition(".")[2], f"desk.works.{name}")
