"""Training as recorded: what classes come to, as far as somebody sees them, and one class with all that is known of it.

Everything is worked out when it is asked for, from the sheets as they stand and from what was entered at the desk, so
that an edit, a deletion or a decision about a sheet needs nothing more. What is not approved counts as provisional.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import NotFound
from server.domain.roles import Scope
from server.domain.training import (
    ATTENDANCE_FORM,
    CLASS_FORM,
    LEVELS,
    NOT_A_PHOTO,
    TEST_FORM,
    ClassCount,
    Flag,
    Sheet,
    Tested,
    Trainee,
    TrainingClass,
    count_class,
    read_class,
    read_sheet,
    sum_tests,
)
from server.domain.training_people import Person, Sums, find_persons, sum_classes
from server.services.home import Home
from server.services.thumbnails import is_picture
from server.storage.training import StandingSheet, iterate_standing, list_added, list_merges, list_photos
from server.storage.verdicts import find_project_synthetic


@dataclass(frozen=True)
class TrainingFilter:
    """Which classes are asked for: of one level (province, district, commune), that began in a time; None: all."""

    level: str | None = None
    first: date | None = None
    last: date | None = None

    def takes(self, training: TrainingClass) -> bool:
        """Whether a class is one of those. One without a day is of no time."""
        if self.level is not None and training.level != self.level:
            return False
        if self.first is None and self.last is None:
            return True
        begins = training.first
        return begins is not None and (self.first or begins) <= begins <= (self.last or begins)


EVERYTHING = TrainingFilter()


@dataclass(frozen=True)
class TrainingRead:
    """Classes as counted, the latest first, with the persons in them. `strays`: sheets of attendance in sight whose
    class is not: it was returned or deleted, or lies elsewhere."""

    counts: Sequence[ClassCount]
    persons: Sequence[Person]
    strays: Sequence[Sheet]


@dataclass(frozen=True)
class TrainingSums:
    """What classes come to together and by level. `synthetic`: all in this project is made up."""

    total: Sums
    by_level: Mapping[str, Sums]
    synthetic: bool


@dataclass(frozen=True)
class ClassRead:
    """One class: what it comes to, its sheets, also those that do not count, and who was added at the desk."""

    count: ClassCount
    sheets: Sequence[Sheet]
    added: Sequence[Trainee]
    flags: Sequence[Flag] = field(default=())
    tested: Tested = field(default_factory=Tested)


def read_training(
    session: Session | Connection, project_id: int, scope: Scope, wanted: TrainingFilter = EVERYTHING
) -> TrainingRead:
    """The classes that somebody sees, as counted."""
    known = {each.id: each for each in _classes(session, project_id, scope)}
    sheets: dict[str, list[Sheet]] = {}
    for row in iterate_standing(session, project_id, ATTENDANCE_FORM, scope):
        sheet = read_sheet(row.submission_id, row.created_at, row.answers, row.approved)
        sheets.setdefault(sheet.class_id, []).append(sheet)
    chosen = [each for each in known.values() if wanted.takes(each)]
    added = list_added(session, project_id)
    counts = [count_class(each, sheets.get(each.id, ()), added.get(each.submission_id, ())) for each in chosen]
    counts.sort(key=lambda each: (each.training.first or date.min, each.training.submission_id), reverse=True)
    merged = [(each.one, each.other) for each in list_merges(session, project_id)]
    strays = [sheet for class_id, some in sheets.items() if class_id not in known for sheet in some]
    return TrainingRead(counts, find_persons(counts, merged), strays)


def sum_training(
    session: Session | Connection, project_id: int, scope: Scope, wanted: TrainingFilter = EVERYTHING
) -> TrainingSums:
    """What the classes that somebody sees come to, together and by level."""
    return add_up(session, project_id, read_training(session, project_id, scope, wanted))


def add_up(session: Session | Connection, project_id: int, read: TrainingRead) -> TrainingSums:
    """The same of classes that were read."""
    by_level = {
        level: sum_classes(some, read.persons)
        for level in LEVELS.values()
        if (some := [each for each in read.counts if each.training.level == level])
    }
    return TrainingSums(sum_classes(read.counts, read.persons), by_level, find_project_synthetic(session, project_id))


def find_class(session: Session | Connection, project_id: int, scope: Scope, class_id: str) -> TrainingClass:
    """A class in sight by its id. Raises NotFound."""
    for each in _classes(session, project_id, scope):
        if each.id == class_id:
            return each
    raise NotFound("training.class_unknown")


def class_of(session: Session | Connection, project_id: int, scope: Scope, submission_id: int) -> TrainingClass:
    """A class in sight by the number of the sheet that announced it. Raises NotFound."""
    for each in _classes(session, project_id, scope):
        if each.submission_id == submission_id:
            return each
    raise NotFound("training.class_unknown")


def read_one_class(
    session: Session | Connection, home: Home | None, project_id: int, scope: Scope, class_id: str
) -> ClassRead:
    """One class with its sheets, oldest first. With a home its photos are looked at too. Raises NotFound."""
    training = find_class(session, project_id, scope, class_id)
    rows = [
        row
        for row in iterate_standing(session, project_id, ATTENDANCE_FORM, scope)
        if row.answers.get("lop") == class_id
    ]
    sheets = [read_sheet(row.submission_id, row.created_at, row.answers, row.approved) for row in rows]
    added = list_added(session, project_id, (training.submission_id,)).get(training.submission_id, [])
    count = count_class(training, sheets, added)
    flags = [*count.flags, *(_no_pictures(session, home, rows, sheets) if home is not None else ())]
    tests = iterate_standing(session, project_id, TEST_FORM, scope)
    return ClassRead(
        count, sheets, added, flags, sum_tests(row.answers for row in tests if row.answers.get("lop") == class_id)
    )


def _classes(session: Session | Connection, project_id: int, scope: Scope) -> list[TrainingClass]:
    return [
        replace(read_class(row.submission_id, row.instance_id, row.area_id, row.answers), approved=row.approved)
        for row in iterate_standing(session, project_id, CLASS_FORM, scope)
    ]


def _no_pictures(
    session: Session | Connection, home: Home, rows: Sequence[StandingSheet], sheets: Sequence[Sheet]
) -> list[Flag]:
    """Files that were sent as photos of signed sheets and are no pictures."""
    files = list_photos(session, [row.version_id for row in rows])
    found = []
    for row, sheet in zip(rows, sheets, strict=True):
        for name in sheet.photos:
            sha256 = files.get(row.version_id, {}).get(name)
            if sha256 is None:
                continue
            with home.blobs.open(sha256) as stream:
                if not is_picture(stream):
                    found.append(Flag(NOT_A_PHOTO, sheet.id, {"name": name}))
    return found
