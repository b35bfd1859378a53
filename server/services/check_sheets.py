"""Holds what was sent against what else was sent, after it arrived: takes the marks that intake left, works out what is
to be told of each submission that a change touches, and writes it. A crash on the way loses nothing, the marks stay;
done twice, or in another order, the same comes out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import structlog
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Unavailable
from server.domain.photo_time import HEAD_BYTES, taken_at
from server.domain.quality_rules import COMMUNE, SPEED_HOURS, VILLAGE
from server.services.compare_sheets import PHONE_MOST, Ground, compare_sheet, lineage_of, trace_of
from server.services.home import Home
from server.services.lists import VILLAGE_KINDS
from server.storage.database import writing
from server.storage.quality import (
    KeptSheet,
    forget_checks,
    forget_marks,
    list_in_areas,
    list_kept,
    list_marks,
    list_of_phone,
    list_others,
    lock_checks,
    put_findings,
    put_kept,
)
from server.storage.quality_facts import Subject, list_pictures, list_sharing_pictures, list_subjects
from server.storage.rollups import list_children
from server.storage.rounds import find_round

log = structlog.get_logger(__name__)

AT_ONCE = 10
"""Marks worked off in one transaction: whoever sends meanwhile waits for these, each perhaps of another commune."""
SHARING_MOST = 200
"""Sheets with one of its pictures that are looked at again with a submission."""
_COMPARED = (VILLAGE, COMMUNE)


def check_off(session: Session, home: Home, now: datetime, stopped: Callable[[], bool] = lambda: False) -> int:
    """Works off what is marked; returns how many marks that were. Stops between two transactions when `stopped`."""
    done = 0
    while not stopped():
        marks = list_marks(session, AT_ONCE)
        taken = _when_taken(session, home, {submission_id for _, submission_id, _ in marks})
        session.rollback()
        if not marks:
            break
        with writing(session) as connection:
            lock_checks(connection)
            alone = {submission_id for _, submission_id, is_alone in marks if is_alone}
            _check(connection, ({each for _, each, _ in marks}, alone), taken, now)
            forget_marks(connection, [number for number, _, _ in marks])
            session.commit()
        done += len(marks)
    return done


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


def _check(
    connection: Connection, marked: tuple[set[int], set[int]], taken: Mapping[int, dict[str, str]], now: datetime
) -> None:
    """`marked`: the submissions, and those of them that touch no other."""
    every, alone = marked
    before = list_kept(connection, every)
    subjects = list_subjects(connection, every)
    ground = Ground(connection)
    touched = set(every)
    for submission_id in sorted(every):
        was, subject = before.get(submission_id), subjects.get(submission_id)
        if subject is None:
            touched |= _touched(ground, submission_id, was)
            forget_checks(connection, {submission_id}, also_looks=False)
            continue
        kept = _kept_of(subject, taken.get(submission_id, {}))
        if kept != was:
            put_kept(connection, kept)
        if submission_id not in alone or kept != was:
            touched |= _touched(ground, submission_id, was, kept)
    fresh = list_subjects(connection, touched)
    kept_now = list_kept(connection, touched)
    for submission_id in sorted(fresh.keys() & kept_now.keys()):
        subject = fresh[submission_id]
        found = compare_sheet(ground, subject, kept_now[submission_id])
        put_findings(connection, submission_id, subject.round_id, found, now)


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
    for sheet in sheets:
        if sheet is None:
            continue
        found |= {each.submission_id for each in list_of_phone(connection, sheet, SPEED_HOURS, PHONE_MOST)}
        if sheet.area_id is not None:
            found |= _in_its_village(ground, sheet, sheet.area_id) | _in_its_commune(ground, sheet, sheet.area_id)
    return found


def _in_its_village(ground: Ground, sheet: KeptSheet, area_id: str) -> set[int]:
    """What was sent of this village, and of what it is tied to, in any round."""
    changes, _ = lineage_of(ground.connection, {area_id})
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
    villages = list_children(ground.connection, (commune,), round_view.cutoff, VILLAGE_KINDS)[commune]
    return list_in_areas(ground.connection, {commune, *villages}, _COMPARED, round_view.id)
