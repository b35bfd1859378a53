"""What is laid beside one submission that is read: the sheet of the last round, photos with their time, its places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from server.domain.photo_time import HEAD_BYTES, taken_at, taken_where
from server.domain.quality_compare import came_from
from server.domain.quality_places import find_points, metres_between
from server.domain.registers import REGISTERS
from server.domain.review import APPROVED
from server.domain.roles import Scope
from server.services.aggregate import NOT_COUNTING, find_field, who_speaks
from server.services.borders import metres_outside
from server.services.campaign import campaign_of
from server.services.compare_sheets import Ground
from server.services.home import Home
from server.services.lists import COMMUNE_KINDS
from server.storage.area_views import find_kind
from server.storage.areas import find_path
from server.storage.desk import FileRow
from server.storage.forms import FormView
from server.storage.intake import Counting, list_counting
from server.storage.quality_facts import find_boundary, find_point
from server.storage.readings import SubmissionView, find_submission_by_id
from server.storage.rounds import RoundView

MOST_ROUNDS = 12
"""How many rounds are looked back through."""
THINGS = frozenset(f"{name}.csv" for name in REGISTERS)
"""Lists whose rows are things that were reported before: a sheet speaks of one of them."""
MOST_PHOTOS = 60
"""Photos of one sheet whose beginnings are read."""


@dataclass(frozen=True)
class Earlier:
    """The sheet of the same form and village in the last round in which there was one. `area_id`: the village then,
    where it was another one."""

    submission_id: int
    version_id: int
    form_version_id: int
    answers: Mapping[str, Any]
    round: RoundView
    approved: bool
    area_id: str


@dataclass(frozen=True)
class Spot:
    """A place that a sheet answers: the name of its question, (longitude, latitude), metres to the point of its
    village and metres outside the boundary of its commune; None where neither is known."""

    question: str
    point: tuple[float, float]
    from_village: int | None
    outside: int | None


@dataclass(frozen=True)
class Places:
    """The places of a sheet, the point of its village, and the name and boundary of its commune."""

    spots: tuple[Spot, ...]
    village: tuple[float, float] | None
    commune: tuple[str, Mapping[str, Any]] | None


@dataclass(frozen=True)
class PhotoFacts:
    """What a camera wrote into a photo: its local time, and (longitude, latitude)."""

    taken: datetime | None
    point: tuple[float, float] | None


def find_earlier(
    session: Session, form: FormView, submission: SubmissionView, what: tuple[FormDefinition, Mapping[str, Any], Scope]
) -> Earlier | None:
    """What stands beside a submission: of the nearest round before in which its village sent that form, the newest
    approved sheet, else the newest. `what`: its form, its answers, and what the reader sees. Of a form that speaks of
    one thing among several (a work, a class) the sheet of that thing. None also where the village is no longer the
    same ground."""
    definition, answers, scope = what
    if submission.area_id is None or submission.round_id is None:
        return None
    rounds = campaign_of(session, form.project_id).rounds
    own = next((each for each in rounds if each.id == submission.round_id), None)
    if own is None:
        return None
    things = things_of(definition, answers)
    before = [each for each in rounds if each.cutoff < own.cutoff][:MOST_ROUNDS]
    for each, area_id in _areas_before(session, submission.area_id, own.cutoff, before):
        counting = list_counting(session, each.id, area_id, form.xml_form_id, NOT_COUNTING)
        same = [sheet for sheet in counting if things_of(definition, sheet.answers) == things]
        # the approved one comes first
        speaking = next(iter(who_speaks(same).values()), None)
        found = find_submission_by_id(session, speaking.submission_id, scope) if speaking else None
        if speaking is not None and found is not None:
            return _earlier(found, speaking, each, area_id)
    return None


def _earlier(found: SubmissionView, speaking: Counting, round_view: RoundView, area_id: str) -> Earlier:
    approved = speaking.review_state == APPROVED
    current = found.current
    return Earlier(found.id, current.id, current.form_version_id, speaking.answers, round_view, approved, area_id)


def _areas_before(
    session: Session, area_id: str, on: date, rounds: Sequence[RoundView]
) -> Iterator[tuple[RoundView, str]]:
    """Each round with the area that was then, whole and alone, what this one is."""
    changes, began = Ground(session.connection()).lineage(area_id)
    for each in rounds:
        sources = came_from(changes, area_id, each.cutoff, on, began)
        if sources is None or len(sources) != 1:
            return
        yield each, sources[0]


def things_of(definition: FormDefinition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen from lists of things that are reported on (works, classes), by question."""
    asked = (each for each in definition.fields.values() if each.itemset and each.itemset.file_name in THINGS)
    return {each.name: find_field(answers, each.name) for each in asked}


def find_places(session: Session, submission: SubmissionView, answers: Mapping[str, Any], on: date) -> Places:
    """The places of a sheet against its village and its commune as they were on a day."""
    village, commune = None, None
    if submission.area_id is not None:
        connection = session.connection()
        path = find_path(session, submission.area_id, on)
        within = next((area.id for area in path if area.kind in COMMUNE_KINDS), None)
        commune = find_boundary(connection, within, on) if within else None
        if find_kind(session, submission.area_id) not in COMMUNE_KINDS:
            village = find_point(connection, submission.area_id, on)
    spots = tuple(
        Spot(
            question,
            point,
            metres_between(point, village) if village else None,
            metres_outside(commune[1], point) if commune else None,
        )
        for question, point in find_points(answers)
    )
    return Places(spots, village, commune)


def read_photos(home: Home, files: Sequence[FileRow]) -> dict[str, PhotoFacts]:
    """What the cameras wrote into the photos that are here, by file name; nothing of those that say nothing."""
    found: dict[str, PhotoFacts] = {}
    pictures = [file for file in files if file.sha256 and (file.content_type or "").startswith("image/")]
    for file in pictures[:MOST_PHOTOS]:
        try:
            with home.blobs.open(file.sha256 or "") as stream:
                head = stream.read(HEAD_BYTES)
        except FileNotFoundError:
            continue
        facts = PhotoFacts(taken_at(head), taken_where(head))
        if facts.taken or facts.point:
            found[file.name] = facts
    return found
