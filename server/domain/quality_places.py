"""Checks of where and when: places outside the commune, phones that were too fast, times that do not fit, pictures
that are in two places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from server.domain.quality import QualityFinding
from server.domain.quality_rules import (
    CLOCK_HOURS,
    CUTOFF_DAYS,
    FAR_OUTSIDE_METRES,
    OUTSIDE_METRES,
    PHOTO_DAYS_AFTER,
    PHOTO_DAYS_BEFORE,
    SAME_PHOTO_MOST,
    SPEED_HOURS,
    SPEED_KMH,
    SPEED_LEAST_METRES,
)

EARTH_METRES = 6_371_000
CUTOFF = "ngay_chot"


@dataclass(frozen=True)
class Trace:
    """Where and when a sheet says that it was filled in: `began` and `ended` are its own, `point` is (longitude,
    latitude); None is not known."""

    submission_id: int
    began: datetime | None = None
    ended: datetime | None = None
    point: tuple[float, float] | None = None


def find_points(answers: Mapping[str, Any] | None) -> Iterator[tuple[str, tuple[float, float]]]:
    """Every place that was answered, with the name of its question, those in repeats too."""
    for name, value in (answers or {}).items():
        if isinstance(value, Mapping) and value.get("type") == "Point":
            longitude, latitude = value["coordinates"][:2]
            yield name, (float(longitude), float(latitude))
        elif isinstance(value, Mapping):
            yield from find_points(value)
        elif isinstance(value, list):
            for row in value:
                yield from find_points(row if isinstance(row, Mapping) else None)


def moment_of(value: Any) -> datetime | None:
    """A time as phones write it, with its zone; None for anything else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def day_of_answer(value: Any) -> date | None:
    """A date as phones write it."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> int:
    """On the sphere."""
    (west, south), (east, north) = ([math.radians(each) for each in point] for point in (one, other))
    half = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin((east - west) / 2) ** 2
    return round(2 * EARTH_METRES * math.asin(min(1.0, math.sqrt(half))))


def check_outside(field: str, metres: int, boundary: str) -> Iterator[QualityFinding]:
    """A place that lies so far outside the boundary of the commune (`boundary`: its name)."""
    if metres > OUTSIDE_METRES:
        severity = "warning" if metres > FAR_OUTSIDE_METRES else "info"
        own = {"field": field, "metres": metres, "commune": boundary}
        yield QualityFinding("outside", severity, "outside", own, about=(field, metres))


def check_speed(own: Trace, others: Sequence[Trace]) -> Iterator[QualityFinding]:
    """Two sheets of one phone. Only the sheets' own times count: phones send what waited all at once, so that arrival
    says nothing. The longest time is reckoned with in which both can have been filled in."""
    if own.began is None or own.ended is None or own.point is None:
        return
    for other in others:
        if other.began is None or other.ended is None or other.point is None:
            continue
        metres = metres_between(own.point, other.point)
        took = max(own.ended, other.ended) - min(own.began, other.began)
        seconds = max(1, round(took.total_seconds()))
        if metres < SPEED_LEAST_METRES or seconds > SPEED_HOURS * 3600:
            continue
        # metres * 3.6 / seconds > km/h, in whole numbers
        if metres * 36 > SPEED_KMH * 10 * seconds:
            beside = {"metres": metres, "minutes": -(-seconds // 60), "kmh": metres * 36 // (10 * seconds)}
            beside["other"] = other.submission_id
            about = (*sorted((own.submission_id, other.submission_id)), metres, seconds)
            yield QualityFinding("speed", "warning", "speed", {}, beside, (other.submission_id,), about)


@dataclass(frozen=True)
class Dates:
    """The days and times of a sheet: of its figures, of its round, of its filling in, of its arrival, of its pictures
    (by file name)."""

    said: date | None
    cutoff: date | None
    ended: datetime | None
    arrived: datetime
    photos: Mapping[str, datetime]


def check_dates(dates: Dates) -> Iterator[QualityFinding]:
    """The day of the figures against the round's; the sheet and its pictures against the day of the figures."""
    said, cutoff = dates.said, dates.cutoff
    if said is not None and cutoff is not None and said != cutoff:
        days = abs((said - cutoff).days)
        own = {"said": said.isoformat(), "cutoff": cutoff.isoformat(), "days": days}
        yield QualityFinding("date", "warning" if days > CUTOFF_DAYS else "info", "cutoff", own, about=(said, cutoff))
    if dates.ended is not None and dates.ended > dates.arrived + timedelta(hours=CLOCK_HOURS):
        own = {"ended": dates.ended.isoformat(), "arrived": dates.arrived.isoformat()}
        yield QualityFinding("date", "info", "clock_ahead", own, about=(dates.ended,))
    day = said or cutoff
    if day is None:
        return
    if dates.ended is not None and dates.ended.date() < day:
        own = {"ended": dates.ended.date().isoformat(), "said": day.isoformat()}
        yield QualityFinding("date", "warning", "before_cutoff", own, about=(dates.ended.date(), day))
    for name, taken in sorted(dates.photos.items()):
        days = (taken.date() - day).days
        if -PHOTO_DAYS_BEFORE <= days <= PHOTO_DAYS_AFTER:
            continue
        own = {"name": name, "taken": taken.date().isoformat(), "said": day.isoformat(), "days": abs(days)}
        yield QualityFinding("date", "info", "photo_old" if days < 0 else "photo_late", own, about=(name, taken, day))


def check_photos(
    photos: Mapping[str, str], elsewhere: Mapping[str, Sequence[int]], areas: Mapping[int, str | None]
) -> Iterator[QualityFinding]:
    """The same bytes under two questions of a sheet, or in other sheets. `photos`: SHA-256 by file name; `elsewhere`:
    by SHA-256 the numbers of the other sheets, one more than are named where there are more; `areas`: where these
    lie."""
    by_content: dict[str, list[str]] = {}
    for name, sha256 in sorted(photos.items()):
        by_content.setdefault(sha256, []).append(name)
    for sha256, names in sorted(by_content.items()):
        if len(names) > 1:
            own = {"names": names}
            yield QualityFinding("photo", "warning", "photo_twice", own, about=(sha256, *names))
        found = sorted(elsewhere.get(sha256, ()))
        if not found:
            continue
        named, many = tuple(found[:SAME_PHOTO_MOST]), len(found) > SAME_PHOTO_MOST
        beside = {"sheets": len(named), "areas": sorted({area for each in named if (area := areas.get(each))})}
        reason = "photo_in_many" if many else "photo_elsewhere"
        about = (sha256, *(() if many else named))
        yield QualityFinding("photo", "warning", reason, {"name": names[0]}, beside, named, about)
