"""The movement of poverty over a period: from the round before to this one, by village and by commune. Start and end
are what the villages counted; who left, fell back or is newly poor is known where households were reviewed one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy.orm import Session

from server.domain.areas import COMMUNE_KINDS
from server.domain.lineage import FOLLOWED, follow
from server.domain.poverty_movement import CLASSES, FORM, POOR, Household, Movement, add_up, moved, read_household
from server.exports.sheets import COUNT, Column, Value, Word
from server.services.aggregate import CRITERIA_FORM, NOT_COUNTING, STANDARD_FIELD, find_field
from server.services.rule_book import rule_book
from server.services.table_clauses import BASES
from server.services.table_units import AT_ONCE, PLACE_COLUMNS, VILLAGE_COLUMNS, Asked, Key, Listed, Places, Row
from server.services.table_units import units_of as list_units
from server.services.tables_of_villages import BASIS, SYNTHETIC
from server.services.verdicts import VerdictView, verdicts_of
from server.storage.area_book import read_changes
from server.storage.areas import AreaView
from server.storage.intake import list_counting_of
from server.storage.rounds import RoundView, list_rounds

FACTS = {POOR: "ho_ngheo", "near_poor": "ho_can_ngheo"}
MINORITY = "ho_ngheo_dtts"
NO_ROUND, NOT_THERE, SILENT, OTHER_STANDARD = "no_round", "not_there", "silent", "other_standard"
REASONS = (NO_ROUND, NOT_THERE, SILENT, OTHER_STANDARD)
"""Why the start is not known: no earlier round, no one village that it was, it did not count, another standard."""
_NUMBERS = ("start", "left", "back", "new", "risen", "unclear", "end")
_MOVEMENT = (
    *(Column(name, Word(name, f"table.poverty.{name}"), COUNT) for name in _NUMBERS),
    Column("difference", Word("difference", "table.poverty.difference"), COUNT),
    Column("check", Word("check", "table.poverty.check")),
)
_CLASS = Column("class", Word("class", "table.poverty.class"))


@dataclass(frozen=True, slots=True)
class Counted:
    """What a village counted in a round, by fact, under which standard, resting on what."""

    facts: Mapping[str, int]
    standard: str | None
    basis: str | None
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A village in the period: by class its movement and, where the start is not known, why."""

    area: AreaView
    now: Counted
    movements: Mapping[str, Movement]
    reason: str | None


def poverty_movement(session: Session, asked: Asked) -> list[Listed]:
    """Poor and near-poor households by village and by commune: start, left, fell back, new, end, and whether start −
    left + fell back + new is the end."""
    period = _Period(session, asked)
    units = list_units(session, asked, "village")
    by_commune = period.communes([area_id for _, area_id in units])

    def of_villages(some: Sequence[Key]) -> Iterator[Row]:
        for line in period.lines([area_id for _, area_id in some]):
            yield from period.village_rows(line)

    def of_communes(some: Sequence[Key]) -> Iterator[Row]:
        for _, commune in some:
            yield from period.commune_rows(by_commune[commune])

    villages = [*VILLAGE_COLUMNS, _CLASS, *_FRAME, *_MOVEMENT, _REASON, BASIS, SYNTHETIC]
    communes = [*PLACE_COLUMNS, _CLASS, *_COVERED, *_MOVEMENT]
    at = [(asked.round, commune) for commune in by_commune]
    return [
        Listed("communes", Word("communes", "table.list.communes"), communes, at, of_communes, 25),
        Listed("villages", Word("villages", "table.list.villages"), villages, units, of_villages),
    ]


_FRAME = (
    Column("standard", Word("standard", "table.poverty.standard")),
    Column("households", Word("households", "table.poverty.households"), COUNT),
    Column("minority", Word("minority", "table.poverty.minority"), COUNT),
)
_COVERED = (
    Column("villages", Word("villages", "table.poverty.villages"), COUNT),
    Column("known_start", Word("known_start", "table.poverty.known_start"), COUNT),
    Column("known_end", Word("known_end", "table.poverty.known_end"), COUNT),
    Column("reviewed", Word("reviewed", "table.poverty.reviewed"), COUNT),
)
_REASON = Column("reason", Word("reason", "table.poverty.reason"))


@dataclass
class _Period:
    """From the round before to the one that is asked for. Villages are followed to what they are in the later round."""

    session: Session
    asked: Asked
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.places = Places(self.session, self.asked.round.cutoff)

    @cached_property
    def earlier(self) -> list[RoundView]:
        """The rounds before, the latest first."""
        rounds = list_rounds(self.session, self.asked.project.id)
        return [each for each in rounds if each.cutoff < self.asked.round.cutoff]

    @cached_property
    def was(self) -> list[dict[str, list[str]]]:
        """For each earlier round, by village of this one those that went over into it whole."""
        later = [area_id for _, area_id in list_units(self.session, self.asked, "village")]
        changes, found = read_changes(self.session), []
        for each in self.earlier:
            asked = Asked(self.asked.project, each, self.asked.scope)
            before = [area_id for _, area_id in list_units(self.session, asked, "village")]
            became = follow(changes, before, later, (each.cutoff, self.asked.round.cutoff))
            into: dict[str, list[str]] = {}
            for area_id, one in became.items():
                if one.area_id is not None and one.how in FOLLOWED:
                    into.setdefault(one.area_id, []).append(area_id)
            found.append(into)
        return found

    def communes(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """The villages of each commune, in their order."""
        found: dict[str, list[str]] = {}
        for start in range(0, len(ids), AT_ONCE):
            for area in self.places.list(ids[start : start + AT_ONCE]):
                commune = self.places.above(area).get("commune")
                if commune is not None and commune.kind in COMMUNE_KINDS:
                    found.setdefault(commune.id, []).append(area.id)
        return found

    def lines(self, ids: Sequence[str]) -> Iterator[Line]:
        """What is known of these villages."""
        areas = self.places.list(ids)
        now = _counted(self.session, self.asked, areas)
        households = self._households(self.asked.round, [area.id for area in areas])
        before = [
            (each, into, _then(self.session, self.asked, each, _flat(into, areas)))
            for each, into in zip(self.earlier, self.was, strict=True)
        ]
        past = [self._households(each, _flat(into, areas)) for each, into, _ in before]
        for area in areas:
            counted = now.get(area.id, Counted({}, None, None, False))
            start, reason = _start(area.id, counted, before[0] if before else None)
            then = [one for (_, into, _), kept in zip(before, past, strict=True) for one in _of(into, area.id, kept)]
            movements = {
                klass: moved(
                    klass,
                    households.get(area.id, ()),
                    then,
                    (start.get(FACTS[klass]) if start else None, counted.facts.get(FACTS[klass])),
                )
                for klass in CLASSES
            }
            yield Line(area, counted, movements, reason)

    def _households(self, round_view: RoundView, ids: Sequence[str]) -> dict[str, list[Household]]:
        found = list_counting_of(self.session, round_view.id, ids, FORM, NOT_COUNTING)
        return {area_id: [read_household(each.answers) for each in sheets] for area_id, sheets in found.items()}

    def village_rows(self, line: Line) -> Iterator[Row]:
        """A line for each class."""
        title = rule_book(self.session).standard_title(line.now.standard) if line.now.standard else None
        standard = Word(line.now.standard, title or {"vi": line.now.standard}) if line.now.standard else None
        for klass, movement in line.movements.items():
            minority = line.now.facts.get(MINORITY) if klass == POOR else None
            yield [
                *self.places.cells(line.area),
                Word(klass, f"table.poverty.{klass}"),
                standard,
                line.now.facts.get("tong_ho"),
                minority,
                *_cells(movement),
                Word(line.reason, f"table.poverty.reason.{line.reason}") if line.reason else None,
                BASES[line.now.basis],
                line.now.synthetic or self.asked.project.synthetic,
            ]

    def commune_rows(self, villages: Sequence[str]) -> Iterator[Row]:
        """The sum over the villages of a commune, a line for each class."""
        lines = list(self.lines(villages))
        if not lines:
            return
        place = self.places.cells(lines[0].area)[: len(PLACE_COLUMNS)]
        for klass in CLASSES:
            every = [line.movements[klass] for line in lines]
            starts, ends, reviewed = (
                sum(getattr(each, name) is not None for each in every) for name in ("start", "end", "left")
            )
            word = Word(klass, f"table.poverty.{klass}")
            yield [*place, word, len(lines), starts, ends, reviewed, *_cells(add_up(every))]


def _cells(movement: Movement) -> list[Value]:
    numbers: list[Value] = [getattr(movement, name) for name in _NUMBERS]
    return [*numbers, movement.difference, Word(movement.check, f"table.poverty.check.{movement.check}")]


def _flat(into: Mapping[str, Sequence[str]], areas: Sequence[AreaView]) -> list[str]:
    return [each for area in areas for each in into.get(area.id, ())]


def _of(into: Mapping[str, Sequence[str]], area_id: str, kept: Mapping[str, list[Household]]) -> Iterator[Household]:
    for each in into.get(area_id, ()):
        yield from kept.get(each, ())


_Before = tuple[RoundView, Mapping[str, Sequence[str]], Mapping[str, Counted]]


def _start(area_id: str, now: Counted, before: _Before | None) -> tuple[dict[str, int] | None, str | None]:
    """What the villages that went into this one counted in the round before, or why that is not known."""
    if before is None:
        return None, NO_ROUND
    _, into, counted = before
    parts = [counted.get(each) for each in into.get(area_id, ())]
    if not parts:
        return None, NOT_THERE
    known = [part for part in parts if part is not None and part.facts]
    if len(known) != len(parts):
        return None, SILENT
    if now.standard is not None and any(part.standard != now.standard for part in known):
        return None, OTHER_STANDARD
    names = set.intersection(*(set(part.facts) for part in known))
    return {name: sum(part.facts[name] for part in known) for name in names}, None


def _then(session: Session, asked: Asked, round_view: RoundView, ids: Sequence[str]) -> dict[str, Counted]:
    here = Asked(asked.project, round_view, asked.scope)
    return _counted(session, here, Places(session, round_view.cutoff).list(ids)) if ids else {}


def _counted(session: Session, asked: Asked, areas: Sequence[AreaView]) -> dict[str, Counted]:
    """By village what it counted, as its verdicts have it: what was approved before what is newest."""
    ids = [area.id for area in areas]
    sheets = list_counting_of(session, asked.round.id, ids, CRITERIA_FORM, NOT_COUNTING)
    answers = {each.submission_id: each.answers for some in sheets.values() for each in some}
    found: dict[str, Counted] = {}
    for view in verdicts_of(session, asked.round, areas, asked.scope):
        facts = {name: value for name, value in view.facts.items() if _is_count(view, name, value)}
        known, said = found.get(view.area.id), answers.get(view.submission_id or 0, {})
        standard, minority = find_field(said, STANDARD_FIELD), find_field(said, MINORITY)
        if isinstance(minority, int) and not asked.round.is_locked:
            # no rule set need read it; what a lock froze is what rule sets read
            facts.setdefault(MINORITY, minority)
        more = {**facts, **(known.facts if known else {})}
        found[view.area.id] = Counted(
            more,
            standard if isinstance(standard, str) else None,
            view.basis,
            view.synthetic or bool(known and known.synthetic),
        )
    return found


def _is_count(view: VerdictView, name: str, value: object) -> bool:
    declared = view.rule_set.facts.get(name) if view.rule_set else None
    return declared is not None and declared.source == "form" and isinstance(value, int) and not isinstance(value, bool)
