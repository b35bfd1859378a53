"""Adds who was in a class, named on paper and entered at the desk: a table that is looked at first and then taken in,
all of it or nothing; and takes that back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.area_records import RowProblem
from server.domain.errors import Conflict, Forbidden, Invalid
from server.domain.roles import ALL, Place
from server.domain.trainee_rows import PlaceNames, Row, header_problems, lines_of, place_key, read_trainees
from server.domain.training import AUDIENCES, CLASS_FORM, Trainee, TrainingClass, participant_id
from server.services.area_tables import read_table
from server.services.authenticate import Caller
from server.services.lists import COMMUNE_KINDS, VILLAGE_KINDS
from server.services.training import find_class, read_one_class
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.forms import find_form
from server.storage.reach import find_above
from server.storage.sights import list_seen_areas
from server.storage.training import add_trainees, remove_trainees

VERB, READ = "submission.update", "submission.list"
LONGEST_TABLE = 1_000_000
"""Bytes of a table."""
Lines = tuple[Sequence[str], Sequence[tuple[int, Row]]]


@dataclass(frozen=True)
class PeopleTable:
    """What was handed in: `text` that was pasted, or the bytes of a file and how its name ends. `audience`: of whose
    rows say none."""

    text: str = ""
    file: tuple[bytes, str] | None = None
    audience: str | None = None


@dataclass(frozen=True)
class Enrolling:
    """What taking a table in does or would do. `same`: rows that are there already. `heads`: who came by the sheets,
    `named`: how many are named then. With `problems` nothing is written."""

    new: Sequence[Trainee] = ()
    same: int = 0
    heads: int = 0
    named: int = 0
    problems: Sequence[RowProblem] = ()

    @property
    def surplus(self) -> int:
        """How many more are named than came."""
        return max(0, self.named - self.heads) if self.heads else 0


def try_people(session: Session, caller: Caller, which: tuple[int, str], table: PeopleTable) -> Enrolling:
    """What taking a table in would do; nothing is written. Raises as `enroll` does."""
    training = require_class(session, caller, *which)
    people, problems = _read(session, caller, (which[0], training), table)
    return Enrolling(problems=problems) if problems else _compare(session, caller, (which[0], training), people)


def enroll(session: Session, caller: Caller, which: tuple[int, str], table: PeopleTable, now: datetime) -> Enrolling:
    """Adds the people of a table to a class (`which`: the project and the id of the class). Who is there already is
    passed over, so that the same table may be taken in again. Raises NotFound, Forbidden, Invalid, Unreadable."""
    project_id, class_id = which
    training = require_class(session, caller, project_id, class_id)
    people, problems = _read(session, caller, (project_id, training), table)
    if problems:
        return Enrolling(problems=problems)
    session.rollback()
    with writing(session) as connection:
        made = _compare(connection, caller, (project_id, training), people)
        if made.new:
            add_trainees(connection, [_row(project_id, training, each, caller, now) for each in made.new])
            told = {"new": len(made.new), "same": made.same, "class": class_id}
            where = Where(project_id, training.area_id)
            entry = caller.entry("training.people.create", f"submission:{training.submission_id}", now, where, **told)
            write_audit(connection, entry)
        session.commit()
    return made


def take_back(
    session: Session, caller: Caller, which: tuple[int, str], ids: Iterable[int] | None, now: datetime
) -> int:
    """Takes people back who were added to a class at the desk: these (ids of rows), or all (None). Returns how many.
    Raises NotFound, Forbidden, Conflict (there is nobody to take back)."""
    project_id, class_id = which
    training = require_class(session, caller, project_id, class_id)
    session.rollback()
    with writing(session) as connection:
        taken = remove_trainees(connection, training.submission_id, ids, (caller.actor_id, now))
        if not taken:
            raise Conflict("training.nobody_to_take_back")
        where, told = Where(project_id, training.area_id), {"removed": taken, "class": class_id}
        entry = caller.entry("training.people.delete", f"submission:{training.submission_id}", now, where, **told)
        write_audit(connection, entry)
        session.commit()
    return taken


def require_class(session: Session, caller: Caller, project_id: int, class_id: str) -> TrainingClass:
    """A class whose people the caller may change. Raises NotFound, Forbidden."""
    training = find_class(session, project_id, caller.scope(READ, project_id), class_id)
    if not may_enroll(session, caller, project_id, training):
        raise Forbidden("auth.forbidden")
    return training


def may_enroll(session: Session, caller: Caller, project_id: int, training: TrainingClass) -> bool:
    """Whether the caller may change who was in a class: who decides on its sheet."""
    form = find_form(session, project_id, CLASS_FORM)
    path = find_above(session, training.area_id, caller.on) if training.area_id else ()
    return form is not None and caller.may_in(VERB, Place(project_id, form.id, path))


def _read(
    session: Session, caller: Caller, where: tuple[int, TrainingClass], table: PeopleTable
) -> tuple[Sequence[Trainee], Sequence[RowProblem]]:
    if table.audience is not None and table.audience not in AUDIENCES:
        raise Invalid("training.audience_unknown")
    columns, rows = _lines(table)
    problems = header_problems(columns) if rows else [RowProblem(0, "training.empty")]
    if problems:
        return (), problems
    return read_trainees(rows, _places(session, *where, caller), table.audience)


def _lines(table: PeopleTable) -> Lines:
    if table.file is None:
        return lines_of(table.text[:LONGEST_TABLE].replace("\0", ""))
    content, ending = table.file
    if not content.strip():
        return (), []
    if len(content) > LONGEST_TABLE:
        raise Invalid("training.too_large", most=LONGEST_TABLE)
    read = read_table(content, ending)
    return read.columns, read.rows


def _places(session: Session, project_id: int, training: TrainingClass, caller: Caller) -> PlaceNames:
    """The communes and villages as they were called when the class began; a name tells nobody anything."""
    areas = list_seen_areas(session, project_id, training.first or caller.on, ALL)
    communes = {place_key(each.name): each.id for each in areas.values() if each.kind in COMMUNE_KINDS}
    villages = {
        (each.parent_id or "", place_key(each.name)): each.id for each in areas.values() if each.kind in VILLAGE_KINDS
    }
    return PlaceNames(communes, villages)


def _compare(
    session: Session | Connection, caller: Caller, where: tuple[int, TrainingClass], people: Sequence[Trainee]
) -> Enrolling:
    project_id, training = where
    known = read_one_class(session, None, project_id, caller.scope(READ, project_id), training.id).count
    new = [each for each in people if participant_id(training.id, each) not in known.people]
    heads = len(known.people) if known.complete else known.turns
    return Enrolling(
        [replace(each, row=None) for each in new], len(people) - len(new), heads, len(known.people) + len(new)
    )


def _row(project_id: int, training: TrainingClass, each: Trainee, caller: Caller, now: datetime) -> dict[str, object]:
    return {
        "project_id": project_id,
        "submission_id": training.submission_id,
        "name": each.name,
        "birth_year": each.birth_year,
        "sex": each.sex,
        "ethnicity": each.ethnicity,
        "audience": each.audience,
        "area_id": each.area_id,
        "represents": each.represents,
        "household": each.household,
        "days": each.days,
        "added_by": caller.actor_id,
        "added_at": now,
    }
