"""Holds what was sent against what else was sent, after it arrived: takes the marks that intake left, marks all that a
change touches, and works out what is to be told of each of these. A crash on the way loses nothing, marks stay; done
twice, or in another order, the same comes out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from server.domain.errors import Unavailable
from server.domain.photo_time import HEAD_BYTES, taken_at
from server.domain.quality_rules import COMMUNE, SPEED_HOURS, VILLAGE
from server.services.compare_sheets import PHONE_MOST, Ground, compare_sheet, trace_of
from server.services.home import Home
from server.storage.database import writing
from server.storage.quality import (
    KeptSheet,
    forget_checks,
    forget_marks,
    list_in_areas,
    list_kept,
    list_marks,
    list_marks_of,
    list_of_phone,
    list_others,
    lock_checks,
    mark_alone,
    put_findings,
    put_kept,
)
from server.storage.quality_facts import Subject, list_pictures, list_sharing_pictures, list_subjects
from server.storage.rounds import find_round
from server.storage.waiting import wait_again

log = structlog.get_logger(__name__)

AT_ONCE = 5
"""Submissions worked off in one transaction: whoever sends meanwhile waits for these."""
SHARING_MOST = 200
"""Sheets with one of its pictures that are looked at again with a submission."""
_COMPARED = (VILLAGE, COMMUNE)


def check_off(session: Session, home: Home, now: datetime, stopped: Callable[[], bool] = lambda: False) -> int:
    """Works off what is marked; returns how many marks that were. Stops between two transactions when `stopped`."""
    done = 0
    while not stopped():
        worked = _spread(session, home) or _look(session, now)
        if not worked:
            break
        done += worked
    return done


def _spread(session: Session, home: Home) -> int:
    """Takes marks of what changed, and marks in their place all of which something else may be told now."""
    marks = list_marks(session, AT_ONCE, alone=False)
    changed = {submission_id for _, submission_id in marks}
    taken = _when_taken(session, home, changed)
    session.rollback()
    if marks:
        with writing(session) as connection:
            lock_checks(connection)
            ground = Ground(connection)
            before, subjects = list_kept(connection, changed), list_subjects(connection, changed)
            touched = set(changed)
            for submission_id in sorted(changed):
                was, subject = before.get(submission_id), subjects.get(submission_id)
                kept = _kept_of(subject, taken.get(submission_id, {})) if subject else None
                if kept is not None and kept != was:
                    put_kept(connection, kept)
                touched |= _touched(ground, submission_id, was, kept)
            mark_alone(connection, touched)
            forget_marks(connection, [number for number, _ in marks])
            session.commit()
    return len(marks)


def _look(session: Session, now: datetime) -> int:
    """Looks at some submissions, each once however often it is marked, and writes what is told of them."""
    marked = {submission_id for _, submission_id in list_marks(session, AT_ONCE, alone=True)}
    session.rollback()
    if not marked:
        return 0
    with writing(session) as connection:
        lock_checks(connection)
        numbers = list_marks_of(connection, marked)
        ground, subjects, kept = Ground(connection), list_subjects(connection, marked), list_kept(connection, marked)
        forget_checks(connection, marked - subjects.keys(), also_looks=False)
        for submission_id in sorted(subjects.keys() & kept.keys()):
            subject = subjects[submission_id]
            found = compare_sheet(ground, subject, kept[submission_id])
            put_findings(connection, submission_id, subject.round_id, found, now)
            wait_again(connection, submission_id)
        forget_marks(connection, numbers)
        session.commit()
    return len(numbers)


def _when_taken(session: Session, home: Home, submission_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """When the pictures of submissions were taken, by submission and file name; read before anybody waits for it."""
    found: dict[int, dict[str, str]] = {}
    for subject in list_subjects(session, submission_ids).values():
        found[subject.id] = {}
        for name, sha256 in list_pictures(session, subject.version_id).items():
            try:
                with home.blobs.open(sha256) as file:
                    taken = taken_at(file.read(HEAD_BYTES))
            except (OSError, Unavailable) as error:
                log.warning("quality.picture_away", sha256=sha256, error=repr(error))
                continue
            if taken is not None:
                found[subject.id][name] = taken.isoformat()
    return found


def _kept_of(subject: Subject, photos: dict[str, str]) -> KeptSheet:
    return KeptSheet(
        subject.id,
        subject.form_id,
        subject.xml_form_id,
        subject.round_id,
        subject.area_id,
        subject.submitter_id,
        subject.device_id,
        trace_of(subject),
        photos,
    )


def _touched(ground: Ground, submission_id: int, *sheets: KeptSheet | None) -> set[int]:
    """The submissions of which something else may be told once this one changed: as it was, and as it is."""
    connection = ground.connection
    found = list_others(connection, {submission_id}) | list_sharing_pictures(connection, submission_id, SHARING_MOST)
    places = set()
    for sheet in sheets:
        if sheet is None or (place := (sheet.area_id, sheet.round_id, sheet.submitter_id, sheet.trace)) in places:
            continue
        places.add(place)
        found |= {each.submission_id for each in list_of_phone(connection, sheet, SPEED_HOURS, PHONE_MOST)}
        if sheet.area_id is not None:
            found |= _in_its_village(ground, sheet, sheet.area_id) | _in_its_commune(ground, sheet, sheet.area_id)
    return found


def _in_its_village(ground: Ground, sheet: KeptSheet, area_id: str) -> set[int]:
    """What was sent of this village, and of what it is tied to, in any round."""
    changes, _ = ground.lineage(area_id)
    tied = {area_id} | {area for each in changes for area in (each.from_area, each.to_area)}
    return list_in_areas(ground.connection, tied, None if sheet.xml_form_id == VILLAGE else (VILLAGE,))


def _in_its_commune(ground: Ground, sheet: KeptSheet, area_id: str) -> set[int]:
    """The villages' sheets and the commune's own, of the same round."""
    if sheet.xml_form_id not in _COMPARED or sheet.round_id is None:
        return set()
    round_view = find_round(ground.connection, sheet.round_id)
    commune = ground.commune_of(area_id, round_view.cutoff) if round_view else None
    if round_view is None or commune is None:
        return set()
    villages = ground.list_villages(commune, round_view.cutoff)
    return list_in_areas(ground.connection, {commune, *villages}, _COMPARED, round_view.id)
