"""What was sent for a form as tables of results: who, where, for which round, in which state, and every answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice

from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from forms.parse import table_from_csv
from server.exports.results import Lookup, ResultTable, result_tables
from server.exports.sheets import MOMENT, About, Column, Said, Sheet, Value, Word
from server.services.authenticate import VIETNAM
from server.services.definitions import definition_of
from server.services.home import Home
from server.services.lists import LISTS
from server.services.table_units import Places, Row
from server.storage.desk import name_areas
from server.storage.forms import FormView, VersionView, list_form_attachments
from server.storage.projects import ProjectView
from server.storage.rounds import RoundView, list_rounds
from server.storage.tables import TableRow, Wanted, iterate_rows

AT_ONCE = 200
AREAS = frozenset(("villages.csv", "communes.csv", "units.csv"))
"""The lists whose rows are areas."""
_SENT = (
    Column("instance_id", Word("instance_id", "table.result.instance")),
    Column("commune_code", Word("commune_code", "table.place.commune_code")),
    Column("commune", Word("commune", "table.place.commune")),
    Column("area_code", Word("area_code", "table.result.area_code")),
    Column("area", Word("area", "table.result.area")),
    Column("round", Word("round", "table.round")),
    Column("state", Word("state", "table.result.state")),
    Column("sent", Word("sent", "table.result.sent"), MOMENT),
    Column("sender", Word("sender", "table.result.sender")),
)
_WITHIN = Column("number", Word("number", "table.result.number"))


@dataclass(frozen=True)
class Results:
    """A form's results: of its tables the first is the form itself. `wanted`: which submissions; a round and an area
    may narrow them; `on`: the day as of which areas of sheets without a round are named."""

    project: ProjectView
    form: FormView
    version: VersionView
    wanted: Wanted
    on: date


@dataclass(frozen=True)
class ResultPage:
    """A part of a table. `after`: what follows is asked for with it; None at the end."""

    table: ResultTable
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    after: str | None


def list_result_tables(session: Session, results: Results) -> tuple[ResultTable, ...]:
    """The tables of the form as it is now."""
    return result_tables(definition_of(session, results.version.sha256), results.form.xml_form_id)


def page_of_results(
    session: Session, home: Home, results: Results, name: str, place: tuple[str | None, int]
) -> ResultPage:
    """So many submissions of a table after one (an instance id; None: from the newest on), by the index and not by
    counting those before. A name that no table has is the first."""
    after, most = place
    tables = list_result_tables(session, results)
    table = next((each for each in tables if each.name == name), tables[0])
    found = list(iterate_rows(session, results.wanted, 0, most + 1, after))
    shown = found[:most]
    told = _Told(session, home, results)
    last = shown[-1].submission.instance_id if len(found) > most else None
    return ResultPage(table, _columns(table), tuple(told.rows(table, shown)), last)


def sheets_of_results(session: Session, home: Home, results: Results) -> Iterator[Sheet]:
    """All tables whole, each read while it is written."""
    for table in list_result_tables(session, results):
        yield Sheet(table.name, table.title, _columns(table), _stream(_Told(session, home, results), table))


def about_results(session: Session, results: Results, area: str | None, now: date) -> About:
    """What stands beside the results in a file."""
    round_view = next((each for each in _rounds(session, results) if each.id in results.wanted.round_ids), None)
    at: Value = Word("all", "table.result.every_round")
    if round_view is not None:
        at = Word(round_view.slug, {"vi": round_view.name_vi, "en": round_view.name_en})
    state = next(iter(results.wanted.states), None)
    synthetic = results.project.synthetic
    lines: list[tuple[Said, Value]] = [
        (Word("what", "table.label.what"), Word("results", "table.result.about")),
        (Word("project", "table.label.project"), results.project.name),
        (Word("form", "table.result.form"), f"{results.version.title} ({results.form.xml_form_id})"),
        (Word("version", "table.result.version"), results.version.version or None),
        (Word("round", "table.label.round"), at),
        (Word("as_of", "table.label.as_of"), round_view.cutoff if round_view else None),
        (Word("area", "table.label.area"), area or Word("all", "table.area_all")),
        (Word("state", "table.result.state"), _state(state) if state else Word("all", "table.result.every_state")),
        (Word("standing", "table.label.standing"), Word("sheets", "table.result.standing")),
        (Word("empty", "table.label.empty"), Word("empty", "table.definition.empty")),
        (Word("synthetic", "table.label.synthetic"), Word("s", f"table.synthetic_{'yes' if synthetic else 'no'}")),
        (Word("made", "table.label.made"), now),
    ]
    marks = (Word("synthetic", "table.mark.synthetic"),) if synthetic else ()
    return About(Word("results", "table.result.title", {"form": results.version.title}), lines, marks)


def _columns(table: ResultTable) -> tuple[Column, ...]:
    return (*_SENT, *((_WITHIN,) if table.way else ()), *table.columns)


def _state(state: str) -> Word:
    return Word(state, f"desk.state.{state}")


def _rounds(session: Session, results: Results) -> list[RoundView]:
    return list_rounds(session, results.project.id)


def _stream(told: _Told, table: ResultTable) -> Iterator[Row]:
    rows = iterate_rows(told.session, told.results.wanted)
    while some := list(islice(rows, AT_ONCE)):
        yield from told.rows(table, some)


@dataclass
class _Told:
    """Tells rows in words: areas and rounds by name, rows of lists that were put up by their labels."""

    session: Session
    home: Home
    results: Results
    rounds: Mapping[int, RoundView] = field(init=False)
    definition: FormDefinition = field(init=False)
    _uploaded: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rounds = {each.id: each for each in _rounds(self.session, self.results)}
        self.definition = definition_of(self.session, self.results.version.sha256)

    def rows(self, table: ResultTable, some: Sequence[TableRow]) -> Iterator[Row]:
        """The rows that these submissions have in a table."""
        places, look_up = self._places(some), self._look_up(table, some)
        for row in some:
            head = self._head(row, places)
            for number, answers in table.rows(row.answers):
                within = (number,) if table.way else ()
                yield [*head, *within, *table.cells(answers, self.definition, look_up)]

    def _head(self, row: TableRow, places: Mapping[int, Row]) -> list[Value]:
        sent, at = row.submission, self.rounds.get(row.submission.round_id or 0)
        named: Value = Word(at.slug, {"vi": at.name_vi, "en": at.name_en}) if at else None
        place = places.get(sent.id, (None,) * 4)
        return [
            sent.instance_id,
            *place,
            named,
            _state(sent.review_state),
            sent.created_at.astimezone(VIETNAM),
            row.submitter,
        ]

    def _places(self, some: Sequence[TableRow]) -> dict[int, Row]:
        """By submission the commune and the area itself, as they were on the day of its round."""
        days: dict[date, list[TableRow]] = {}
        for row in some:
            at = self.rounds.get(row.submission.round_id or 0)
            days.setdefault(at.cutoff if at else self.results.on, []).append(row)
        found: dict[int, Row] = {}
        for day, rows in days.items():
            places = Places(self.session, day)
            ids = list(dict.fromkeys(row.submission.area_id for row in rows if row.submission.area_id))
            cells: dict[str, Row] = {}
            for area in places.list(ids):
                commune = places.above(area).get("commune")
                code, name = (commune.code, commune.name) if commune else (None, None)
                cells[area.id] = (code, name, area.code, area.name)
            found |= {row.submission.id: cells[key] for row in rows if (key := row.submission.area_id) in cells}
        return found

    def _look_up(self, table: ResultTable, some: Sequence[TableRow]) -> Lookup:
        files = {
            each.field.itemset.file_name
            for each in table.questions
            if each.field.itemset is not None and each.field.itemset.file_name
        }
        known: dict[str, Mapping[str, Said]] = {}
        if files & AREAS:
            chosen = set(_texts(answers for row in some for _, answers in table.rows(row.answers)))
            known |= dict.fromkeys(AREAS, name_areas(self.session, chosen))
        if "rounds.csv" in files:
            by_slug = {
                each.slug: Word(each.slug, {"vi": each.name_vi, "en": each.name_en}) for each in self.rounds.values()
            }
            known["rounds.csv"] = by_slug
        for name in files - LISTS.keys():
            if name is not None:
                known[name] = self._file(name)
        return lambda file_name, name: known.get(file_name, {}).get(name)

    def _file(self, name: str) -> Mapping[str, str]:
        """The labels of a list that was put up with the form."""
        if name not in self._uploaded:
            self._uploaded[name] = labels_of_file(self.session, self.home, self.results.version.id, name)
        return self._uploaded[name]


def _texts(rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Every text that could be the id of an area."""
    for row in rows:
        for value in row.values():
            if isinstance(value, str) and len(value) == 36:
                yield value
            elif isinstance(value, Mapping):
                yield from _texts((value,))


def labels_of_file(session: Session, home: Home, version_id: int, name: str) -> dict[str, str]:
    """What the rows of a CSV list that was put up with a form are called, by name; empty when it is no such list."""
    file = next((each for each in list_form_attachments(session, version_id) if each.name == name), None)
    if file is None or file.sha256 is None or not name.endswith(".csv"):
        return {}
    with home.blobs.open(file.sha256) as stream:
        table = table_from_csv(stream.read())
    rows = ({child.name: child.text for child in item.children} for item in table.children)
    return {row["name"]: row.get("label", row["name"]) for row in rows if "name" in row}


def narrowed(results: Results, *, round_id: int | None, state: str | None, area: tuple[str, date] | None) -> Results:
    """The same of one round, one state, one area with all below it; None: all."""
    wanted = replace(
        results.wanted,
        round_ids=() if round_id is None else (round_id,),
        states=() if state is None else (state,),
        areas=None if area is None else ((area[0],), area[1]),
    )
    return replace(results, wanted=wanted)
