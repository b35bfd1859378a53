"""Dates and times as aware datetimes: reading texts, counting days.

Source: ODK XForms specification, data types date, time and dateTime (ISO 8601); what JavaRosa accepts of them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

EPOCH_ORDINAL = datetime(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"\+?(\d{1,9})-\+?(\d{1,9})-\+?(\d{1,9})\Z")
_CLOCK = re.compile(r"(\d{1,9}):(\d{1,9})(?::(?=\.?\d)(\d{0,9})(?:\.(\d{0,9}))?(?![\d.])[^:]*)?\Z")
_OFFSET = re.compile(r"([+-]?\d{1,6})(?::([+-]?\d{1,6})(?::.*)?)?\Z")


def days_of(moment: datetime) -> float:
    """Whole days from 1970-01-01 to the moment's local date."""
    return float(moment.toordinal() - EPOCH_ORDINAL)


def fractional_days_of(moment: datetime) -> float:
    """Days from 1970-01-01T00:00:00Z to the moment, with the time of day as a fraction (milliseconds are kept)."""
    return (moment - _EPOCH) // timedelta(milliseconds=1) / 86400000.0


def local_days_of(moment: datetime) -> float:
    """Days from the local midnight of 1970-01-01 to the moment, with the time of day as a fraction."""
    start = datetime(1970, 1, 1, tzinfo=moment.tzinfo).astimezone(UTC)
    return (moment - start) // timedelta(milliseconds=1) / 86400000.0


def moment_of_days(days: float, zone: tzinfo) -> datetime | None:
    """Local midnight of a day counted from 1970-01-01, or None when no calendar holds it."""
    ordinal = int(days) + EPOCH_ORDINAL
    if not 1 <= ordinal <= 3652059:
        return None
    return datetime.fromordinal(ordinal).replace(tzinfo=zone)


@lru_cache(maxsize=4096)
def find_moment(text: str, zone: tzinfo) -> datetime | None:
    """A date or a date with time as a moment in ``zone``; a text without offset is local. None when it is neither."""
    day, mark, clock = text.strip().partition("T")
    found = _DATE.match(day)
    if found is None:
        return None
    try:
        moment = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=zone)
    except (ValueError, OverflowError):
        return None
    return _at_clock(moment, clock, zone) if mark else moment


def find_time(text: str, today: datetime) -> datetime | None:
    """A time of day as a moment of the day of ``today``, or None when the text is no time."""
    return _at_clock(today.replace(hour=0, minute=0, second=0, microsecond=0), text.strip(), today.tzinfo or UTC)


def _at_clock(day: datetime, clock: str, zone: tzinfo) -> datetime | None:
    """A time of day as phones read it: no blanks; what follows the seconds is not looked at; +0700 is 700 hours."""
    text, shift = clock, None
    if clock.endswith("Z"):
        text, shift = clock[:-1], timedelta()
    elif "+" in clock or "-" in clock:
        text, offset, *_ = clock.split("+" if "+" in clock else "-")
        shift = _shift(offset, 1 if "+" in clock else -1)
        if shift is None:
            return None
    found = _CLOCK.match(text)
    if found is None:
        return None
    hour, minute, second, fraction = found.groups()
    millis = int((fraction or "")[:3].ljust(3, "0"))
    try:
        moment = day.replace(hour=int(hour), minute=int(minute), second=int(second or 0), microsecond=millis * 1000)
        return moment if shift is None else (moment.replace(tzinfo=UTC) - shift).astimezone(zone)
    except (ValueError, OverflowError):
        return None


def _shift(offset: str, sign: int) -> timedelta | None:
    found = _OFFSET.match(offset)
    return sign * timedelta(hours=int(found[1]), minutes=int(found[2] or 0)) if found is not None else None
