"""One submission held against the others: reads what the checks of domain/quality*.py ask for, and runs them all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from server.domain.areas import AreaChange
from server.domain.quality import QualityFinding, Sheet, values_of
from server.domain.quality_compare import came_from, check_jump, check_outlier
from server.domain.quality_counts import check_count, check_identities, check_movement, check_sums
from server.domain.quality_places import (
    CUTOFF,
    Dates,
    Trace,
    check_dates,
    check_outside,
    check_photos,
    check_speed,
    day_of_answer,
    find_points,
    moment_of,
)
from server.domain.quality_rules import COMMUNE, COUNTED, SAME_PHOTO_MOST, SPEED_HOURS, VILLAGE
from server.domain.review import APPROVED, REJECTED
from server.services.aggregate import NOT_COUNTING
from server.services.authenticate import VIETNAM
from server.services.borders import metres_outside
from server.services.campaign import campaign_of
from server.services.lists import COMMUNE_KINDS, VILLAGE_KINDS
from server.storage.intake import Counting, list_counting_of
from server.storage.quality import KeptSheet, list_of_phone
from server.storage.quality_facts import (
    Subject,
    find_boundary,
    list_changes_of,
    list_complained,
    list_first_days,
    list_pictures,
    list_sheets_of_form,
    list_with_picture,
)
from server.storage.rollups import list_children
from server.storage.rounds import RoundView
from server.storage.standings import read_paths

PHONE_MOST = 200
"""Sheets of one phone that are looked at around one."""
LINEAGE_MOST = 16
"""How often it is asked what an area came from, in a row."""

Speaking = dict[str, Sheet | None]
"""What speaks for each village: the newest approved sheet, else the newest; None where there is none."""


@dataclass
class Ground:
    """What is read once for all submissions of a batch."""

    connection: Connection
    _lineages: dict[str, tuple[list[AreaChange], dict[str, date]]] = field(default_factory=dict)
    _villages: dict[tuple[str, date], list[str]] = field(default_factory=dict)
    _communes: dict[tuple[str, date], str | None] = field(default_factory=dict)
    _speaking: dict[tuple[int, str], Speaking] = field(default_factory=dict)
    _boundaries: dict[tuple[str, date], tuple[str, Mapping[str, Any]] | None] = field(default_factory=dict)

    def rounds(self, project_id: int) -> Sequence[RoundView]:
        """The rounds of a project, the latest cut-off first."""
        return campaign_of(self.connection, project_id).rounds

    def find_round(self, subject: Subject) -> RoundView | None:
        """The round of a submission."""
        return next((each for each in self.rounds(subject.project_id) if each.id == subject.round_id), None)

    def commune_of(self, area_id: str, on: date) -> str | None:
        """The commune that an area lay in, or was, on a day."""
        key = (area_id, on)
        if key not in self._communes:
            path = read_paths(self.connection, (area_id,), on).get(area_id, ())
            self._communes[key] = next((link.area_id for link in path if link.kind in COMMUNE_KINDS), None)
        return self._communes[key]

    def villages_of(self, commune: str, round_view: RoundView) -> Speaking:
        """What speaks for the villages of a commune in a round."""
        key = (round_view.id, commune)
        if key not in self._speaking:
            self._speaking[key] = self.speaking(round_view.id, self.list_villages(commune, round_view.cutoff))
        return self._speaking[key]

    def list_villages(self, commune: str, on: date) -> list[str]:
        """The villages of a commune on a day."""
        key = (commune, on)
        if key not in self._villages:
            self._villages[key] = list_children(self.connection, (commune,), on, VILLAGE_KINDS)[commune]
        return self._villages[key]

    def lineage(self, area_id: str) -> tuple[list[AreaChange], dict[str, date]]:
        """Every change that an area is tied to, and the first day of each area in them."""
        if area_id not in self._lineages:
            self._lineages[area_id] = _lineage_of(self.connection, {area_id})
        return self._lineages[area_id]

    def speaking(self, round_id: int, villages: Sequence[str]) -> Speaking:
        """What speaks for these villages in a round."""
        counting = list_counting_of(self.connection, round_id, list(villages), VILLAGE, NOT_COUNTING)
        return {village: _speaks(village, counting.get(village, ())) for village in villages}

    def boundary_of(self, area_id: str, on: date) -> tuple[str, Mapping[str, Any]] | None:
        """The name and the boundary of an area as they were on a day."""
        key = (area_id, on)
        if key not in self._boundaries:
            self._boundaries[key] = find_boundary(self.connection, area_id, on)
        return self._boundaries[key]


def _speaks(village: str, counting: Sequence[Counting]) -> Sheet | None:
    approved = next((each for each in counting if each.review_state == APPROVED), None)
    speaking = approved or next(iter(counting), None)
    return Sheet(speaking.submission_id, VILLAGE, village, values_of(speaking.answers)) if speaking else None


def compare_sheet(ground: Ground, subject: Subject, kept: KeptSheet) -> list[QualityFinding]:
    """All that is found of a submission. One that was returned is held against nothing that it counts in no more."""
    sheet = Sheet(subject.id, subject.xml_form_id, subject.area_id, values_of(subject.answers))
    found = [*check_identities(sheet, list_complained(ground.connection, subject.version_id))]
    found += check_speed(kept.trace, list_of_phone(ground.connection, kept, SPEED_HOURS, PHONE_MOST))
    found += _photos(ground, subject)
    round_view = ground.find_round(subject)
    found += check_dates(_dates(sheet, (subject, kept), round_view))
    if round_view is None or subject.area_id is None:
        return found
    commune = ground.commune_of(subject.area_id, round_view.cutoff)
    if commune is not None:
        found += _outside(ground, subject, commune, round_view.cutoff)
    if subject.review_state != REJECTED:
        found += _beside(ground, sheet, (subject, subject.area_id, commune), round_view)
    return found


def trace_of(subject: Subject) -> Trace:
    """Where and when a sheet says that it was filled in; the first place that it answers."""
    values = values_of(subject.answers)
    point = next((place for _, place in find_points(subject.answers)), None)
    return Trace(subject.id, moment_of(values.get("start")), moment_of(values.get("end")), point)


def _dates(sheet: Sheet, what: tuple[Subject, KeptSheet], round_view: RoundView | None) -> Dates:
    subject, kept = what
    return Dates(
        said=day_of_answer(sheet.values.get(CUTOFF)),
        cutoff=round_view.cutoff if round_view else None,
        # days are days of Việt Nam
        ended=kept.trace.ended.astimezone(VIETNAM) if kept.trace.ended else None,
        arrived=subject.created_at,
        photos={name: datetime.fromisoformat(taken) for name, taken in kept.photos.items()},
    )


def _photos(ground: Ground, subject: Subject) -> Iterable[QualityFinding]:
    pictures = list_pictures(ground.connection, subject.version_id)
    elsewhere: dict[str, list[int]] = {}
    areas: dict[int, str | None] = {}
    for sha256 in sorted(set(pictures.values())):
        others = list_with_picture(ground.connection, subject, sha256, SAME_PHOTO_MOST + 1)
        elsewhere[sha256] = list(others)
        areas |= others
    return check_photos(pictures, elsewhere, areas)


def _outside(ground: Ground, subject: Subject, commune: str, on: date) -> Iterator[QualityFinding]:
    boundary = ground.boundary_of(commune, on)
    if boundary is not None:
        name, geometry = boundary
        for question, point in find_points(subject.answers):
            yield from check_outside(question, metres_outside(geometry, point), name)


def _beside(
    ground: Ground, sheet: Sheet, place: tuple[Subject, str, str | None], round_view: RoundView
) -> Iterator[QualityFinding]:
    """Held against other sheets that count: of the commune, of the round before, of other forms."""
    subject, area_id, commune = place
    before, earlier = _before(ground, subject, area_id, round_view)
    if sheet.form == VILLAGE:
        if earlier is not None:
            yield from check_jump(sheet, before, earlier.slug)
        if commune is not None:
            villages = ground.villages_of(commune, round_view)
            yield from check_outlier(sheet, [each for area, each in villages.items() if each and area != area_id])
        counted = {
            rule.form: list_sheets_of_form(ground.connection, rule.form, area_id, round_view.id) for rule in COUNTED
        }
        yield from check_count(sheet, counted)
        return
    if sheet.form == COMMUNE:
        yield from check_sums(sheet, ground.villages_of(area_id, round_view))
    now = ground.speaking(round_view.id, (area_id,))[area_id]
    yield from check_movement(sheet, before[0] if len(before) == 1 else None, now)


def _before(
    ground: Ground, subject: Subject, area_id: str, round_view: RoundView
) -> tuple[list[Sheet], RoundView | None]:
    """What speaks, in the nearest round before in which anything does, for the villages that are now this one; nothing
    where they are not the same ground, or where one of them said nothing."""
    earlier = [each for each in ground.rounds(subject.project_id) if each.cutoff < round_view.cutoff]
    if not earlier:
        return [], None
    changes, began = ground.lineage(area_id)
    for each in earlier:
        sources = came_from(changes, area_id, each.cutoff, round_view.cutoff, began)
        if sources is None:
            break
        speaking = list(ground.speaking(each.id, sources).values())
        said = [sheet for sheet in speaking if sheet is not None]
        if said:
            return (said, each) if len(said) == len(speaking) else ([], None)
    return [], None


def _lineage_of(connection: Connection, area_ids: Collection[str]) -> tuple[list[AreaChange], dict[str, date]]:
    """However far back and on."""
    known, fresh = set(area_ids), set(area_ids)
    found: dict[tuple[object, ...], AreaChange] = {}
    for _ in range(LINEAGE_MOST):
        steps = list_changes_of(connection, fresh)
        found |= {(each.from_area, each.to_area, each.date, each.extent): each for each in steps}
        fresh = {area for each in steps for area in (each.from_area, each.to_area)} - known
        if not fresh:
            break
        known |= fresh
    return sorted(found.values(), key=lambda each: (each.date, each.from_area, each.to_area)), list_first_days(
        connection, known
    )
