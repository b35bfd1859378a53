"""The official table of training: by year, level and topic the classes, days, turns and distinct persons, with women,
ethnic minorities, audiences and money; and the classes one by one. Of classes held up to the day of the round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from server.domain.training import (
    AUDIENCES,
    CLASS_FORM,
    ETHNICITIES,
    LEVELS,
    MAJORITY,
    MINORITY,
    UNKNOWN,
    WOMEN,
    ClassCount,
    Trainee,
)
from server.domain.training_people import Person, sum_classes
from server.exports.results import labels_in
from server.exports.sheets import COUNT, DAY, YES_NO, Column, Said, Value, Word
from server.services.definitions import definition_of
from server.services.table_units import Asked, Listed, Row
from server.services.training import TrainingFilter, read_training
from server.storage.desk import name_areas
from server.storage.forms import find_form
from server.storage.reach import list_below

MONEY = "kinh_phi"
_Group = tuple[int | None, str | None, str | None]
"""Year, level and topic; None where the class does not say."""
_COUNTS = ("classes", "days", "turns", "persons", "women", "minority", "minority_women")
_HEAD = (
    Column("period", Word("period", "table.training.period")),
    Column("level", Word("level", "desk.training.level")),
    Column("topic", Word("topic", "table.training.topic")),
)
_NUMBERS = (
    *(Column(name, Word(name, f"table.training.{name}"), COUNT) for name in _COUNTS),
    *(Column(f"audience.{each}", Word(each, f"desk.audience.{each}"), COUNT) for each in AUDIENCES),
    Column(f"audience.{UNKNOWN}", Word(UNKNOWN, "table.training.audience_unknown"), COUNT),
    *(
        Column(f"ethnic.{each}", Word(each, f"table.training.ethnic.{each}"), COUNT)
        for each in (MAJORITY, MINORITY, UNKNOWN)
    ),
    *(Column(f"people.{each}", Word(each, f"table.training.people.{each}"), COUNT) for each in ETHNICITIES),
    Column("money", Word("money", "table.training.money"), COUNT),
    Column("unnamed", Word("unnamed", "table.training.unnamed"), COUNT),
    Column("provisional", Word("provisional", "table.training.provisional"), COUNT),
)
_CLASS = (
    Column("name", Word("name", "table.training.name")),
    Column("level", Word("level", "desk.training.level")),
    Column("topic", Word("topic", "table.training.topic")),
    Column("organiser", Word("organiser", "table.training.organiser")),
    Column("area", Word("area", "table.result.area")),
    Column("first", Word("first", "table.training.first"), DAY),
    Column("last", Word("last", "table.training.last"), DAY),
    *_NUMBERS[1:-2],
    Column("named", Word("named", "table.training.named"), YES_NO),
    Column("approved", Word("approved", "table.training.approved"), YES_NO),
)


def training_table(session: Session, asked: Asked) -> list[Listed]:
    """Classes in sight that began up to the day of the round, summed up and one by one."""
    wanted = TrainingFilter(first=date.min, last=asked.round.cutoff)
    read = read_training(session, asked.project.id, asked.scope, wanted)
    counts = _within(session, asked, read.counts)
    topics = _topics(session, asked)
    groups: dict[_Group, list[ClassCount]] = {}
    for each in counts:
        training = each.training
        year = training.first.year if training.first else None
        groups.setdefault((year, training.level, _topic(each, topics)), []).append(each)
    ordered = sorted(groups, key=lambda key: tuple(str(part or "~") for part in key))

    def of_groups(some: Sequence[Any]) -> Iterator[Row]:
        for key in some:
            year, level, topic = key
            period = None if year is None else str(year)
            yield [period, _level(level), topics.get(topic or "", topic), *_sums(groups[key], read.persons)]

    def of_classes(some: Sequence[Any]) -> Iterator[Row]:
        names = name_areas(session, {each.training.area_id for each in some if each.training.area_id})
        for each in some:
            yield _class_row(each, read.persons, (topics, names))

    def of_all(some: Sequence[Any]) -> Iterator[Row]:
        for level in some:
            chosen = [each for each in counts if level in (None, each.training.level)]
            yield [_level(level) if level else Word("all", "table.training.all"), *_sums(chosen, read.persons)]

    levels = [each for each in LEVELS.values() if any(one.training.level == each for one in counts)]
    whole = [*levels, None] if counts else []
    return [
        Listed("training", Word("training", "table.title.training"), (*_HEAD, *_NUMBERS), ordered, of_groups),
        Listed("levels", Word("levels", "table.training.levels"), (_HEAD[1], *_NUMBERS), whole, of_all),
        Listed("classes", Word("classes", "table.training.list"), _CLASS, counts, of_classes),
    ]


def _within(session: Session, asked: Asked, counts: Sequence[ClassCount]) -> list[ClassCount]:
    """Those that lie in the area that is asked for."""
    if asked.area is None:
        return list(counts)
    inside = set(session.scalars(list_below((asked.area.id,), asked.round.cutoff)))
    return [each for each in counts if each.training.area_id in inside]


def _topics(session: Session, asked: Asked) -> Mapping[str, Said]:
    """The topics as the form calls them now."""
    form = find_form(session, asked.project.id, CLASS_FORM)
    if form is None or form.current is None:
        return {}
    definition = definition_of(session, form.current.sha256)
    field = definition.find_field("chu_de")
    choices = field.choices if field else ()
    return {each.name: labels_in(each.labels, definition.default_language, each.name) for each in choices}


def _topic(count: ClassCount, topics: Mapping[str, Said]) -> str | None:
    """The topic of a class; of another one what was written."""
    other = count.training.answers.get("chu_de_khac")
    return other if count.training.topic == "khac" and isinstance(other, str) and other else count.training.topic


def _level(level: str | None) -> Value:
    return Word(level, f"desk.training.level.{level}") if level else None


def _sums(counts: Sequence[ClassCount], persons: Sequence[Person]) -> list[Value]:
    sums = sum_classes(counts, persons)
    cells: list[Value] = [sums.classes, _all(counts, lambda each: each.training.days), sums.turns, sums.persons]
    cells += [_women(counts), _minority(counts), _all(counts, _minority_women)]
    cells += [share.turns if (share := sums.by_audience.get(each)) else 0 for each in (*AUDIENCES, UNKNOWN)]
    cells += [share.turns if (share := sums.by_ethnicity.get(each)) else 0 for each in (MAJORITY, MINORITY, UNKNOWN)]
    cells += _people(counts)
    cells += [_all(counts, _money), sums.unnamed_classes, sums.provisional]
    return cells


def _class_row(count: ClassCount, persons: Sequence[Person], told: tuple[Mapping[str, Said], Mapping[str, str]]) -> Row:
    topics, names = told
    training, topic = count.training, _topic(count, told[0])
    head: list[Value] = [training.name, _level(training.level), topics.get(topic or "", topic), training.organiser]
    head += [names.get(training.area_id or ""), training.first, training.last]
    return [*head, *_sums([count], persons)[1:-2], count.complete, not count.provisional]


def _all(counts: Iterable[ClassCount], of: Callable[[ClassCount], int | None]) -> int | None:
    """A sum that is known where each part is."""
    parts = [of(each) for each in counts]
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _women(counts: Sequence[ClassCount]) -> int | None:
    return _all(counts, lambda each: None if each.by_sex.get(UNKNOWN) else each.by_sex.get(WOMEN, 0))


def _minority(counts: Sequence[ClassCount]) -> int | None:
    return _all(counts, lambda each: None if each.by_ethnicity.get(UNKNOWN) else each.by_ethnicity.get(MINORITY, 0))


def _minority_women(count: ClassCount) -> int | None:
    """Of who is named, else of the totals of the one day that there are sheets of; None where that is not known."""
    if count.complete:
        people = count.people.values()
        unclear = any(each.sex in (None, UNKNOWN) or each.ethnic == UNKNOWN for each in people)
        return None if unclear else sum(each.sex == WOMEN and each.ethnic == MINORITY for each in people)
    days = {sheet.day for sheet in count.counted}
    parts = [group.minority_women for sheet in count.counted for group in sheet.groups]
    if len(days) != 1 or any(part is None for part in parts):
        return None
    return sum(part or 0 for part in parts)


def _people(counts: Sequence[ClassCount]) -> list[Value]:
    """Turns by ethnic group, which only names tell; nothing where some are not named."""
    if not all(each.complete for each in counts):
        return [None] * len(ETHNICITIES)
    people: list[Trainee] = [trainee for each in counts for trainee in each.people.values()]
    found = Counter(each.ethnicity or UNKNOWN for each in people)
    return [found[each] for each in ETHNICITIES]


def _money(count: ClassCount) -> int | None:
    said = count.training.answers.get(MONEY)
    return said if isinstance(said, int) and not isinstance(said, bool) else None
