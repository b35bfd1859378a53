"""Dates and times. A moment is an instant with the zone of the context; a date is its local midnight."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from forms.xpath.context import Context
from forms.xpath.functions.registry import function
from forms.xpath.moments import find_moment, find_time, fractional_days_of, moment_of_days
from forms.xpath.stops import single, stop
from forms.xpath.values import Scalar, Value, scalar_to_string

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


@function("today", returns="scalar", context=True, volatile=True)
def today(context: Context) -> datetime:
    """The date of the context's ``now``."""
    return context.world.today


@function("now", returns="scalar", context=True, volatile=True)
def now(context: Context) -> datetime:
    """The context's ``now``."""
    return context.now


@function("date", "scalar", returns="scalar", context=True)
def date(context: Context, value: Scalar) -> Scalar:
    """A date from ISO text or from days since 1970-01-01; a text with a time keeps it. '' and NaN stay as they are."""
    if isinstance(value, datetime):
        return _midnight(value)
    if isinstance(value, float) and value == value:
        return _made(moment_of_days(value, _zone(context)) if abs(value) < 1e7 else None)
    return _read(context, value)


@function("date-time", "scalar", returns="scalar", context=True)
def date_time(context: Context, value: Scalar) -> Scalar:
    """A moment from ISO text or from days (with fraction) since 1970-01-01T00:00:00Z. '' and NaN stay as they are."""
    if isinstance(value, float) and value == value:
        return _made(_moment_of(value, _zone(context)))
    return _read(context, value)


def _moment_of(days: float, zone: tzinfo) -> datetime | None:
    try:
        return (_EPOCH + timedelta(milliseconds=int(days * 86400000))).astimezone(zone)
    except (OverflowError, ValueError):
        return None


def _zone(context: Context) -> tzinfo:
    return context.now.tzinfo or UTC


def _read(context: Context, value: Scalar) -> Scalar:
    if isinstance(value, str) and value:
        return _made(find_moment(value, _zone(context)) if value == value.strip() else None)
    if isinstance(value, bool):
        stop("not-a-date")
    return value


def _made(moment: datetime | None) -> datetime:
    return stop("not-a-date") if moment is None else moment


def _in_range(number: float) -> float:
    return number if number != number or abs(number) <= 2147483648 else stop("not-a-date")


@function("decimal-date-time", "scalar", returns="scalar", context=True)
def decimal_date_time(context: Context, value: Scalar) -> Scalar:
    """Days since 1970-01-01T00:00:00Z with the time as a fraction; '' of ''."""
    moment = _in_range(value) if isinstance(value, float) else _read(context, value)
    return fractional_days_of(moment) if isinstance(moment, datetime) else moment


@function("decimal-time", "scalar", returns="scalar", context=True)
def decimal_time(context: Context, value: Scalar) -> Scalar:
    """The part of the local day that has passed, 0.5 at noon; '' of ''.

    A text that is a time alone ("06:00:00.000+07:00") stops a phone; in a wide world it is read.
    """
    if isinstance(value, float):
        return _in_range(value) - math.floor(value) if value == value else value
    clock = find_time(value, context.now) if isinstance(value, str) and context.world.wide else None
    moment = clock or _read(context, value)
    if not isinstance(moment, datetime):
        return moment
    shift = context.now.utcoffset() or timedelta()
    days = ((moment - _EPOCH + shift) // timedelta(milliseconds=1)) / 86400000.0
    return days - math.floor(days)


def _format(context: Context, value: Scalar, given: Value) -> str:
    moment = date_time(context, value)
    if not isinstance(moment, datetime):
        return ""
    pattern = scalar_to_string(single(given, context))
    pieces, place = [], 0
    while place < len(pattern):
        character = pattern[place]
        if character == "%":
            place += 1
            pieces.append(_field(moment, pattern[place : place + 1]))
        else:
            pieces.append(character)
        place += 1
    return "".join(pieces)


def _field(moment: datetime, letter: str) -> str:
    write = _FIELDS.get(letter)
    return write(moment) if write is not None else stop("bad-format")


def _week(moment: datetime) -> int:
    """The week of the year: weeks begin on Sunday, and the one with January 1 is the first, as in an American Java."""
    sunday = moment.date() - timedelta(days=(moment.weekday() + 1) % 7)
    if (sunday + timedelta(days=6)).year > moment.year:
        return 1
    first = moment.date().replace(month=1, day=1)
    return (moment.date() - first).days // 7 + 1 + (moment.isoweekday() % 7 < first.isoweekday() % 7)


_FIELDS: dict[str, Callable[[datetime], str]] = {
    "%": lambda moment: "%",
    "Y": lambda moment: f"{moment.year:04d}",
    "y": lambda moment: f"{moment.year:04d}"[2:],
    "m": lambda moment: f"{moment.month:02d}",
    "n": lambda moment: str(moment.month),
    "b": lambda moment: _MONTHS[moment.month - 1],
    "d": lambda moment: f"{moment.day:02d}",
    "e": lambda moment: str(moment.day),
    "H": lambda moment: f"{moment.hour:02d}",
    "h": lambda moment: str(moment.hour),
    "M": lambda moment: f"{moment.minute:02d}",
    "S": lambda moment: f"{moment.second:02d}",
    "3": lambda moment: f"{moment.microsecond // 1000:03d}",
    "a": lambda moment: _WEEKDAYS[moment.weekday()],
    "W": lambda moment: str(_week(moment)),
}


@function("format-date", "scalar value", returns="string", context=True)
def format_date(context: Context, value: Scalar, pattern: Value) -> str:
    """A date written by a pattern: %Y %y year, %m %n %b month, %d %e day, %a weekday, %W week; '' of ''.

    Names of months and weekdays are English, shortened: a phone takes those of its own language. Other letters stop.
    """
    return _format(context, value, pattern)


@function("format-date-time", "scalar value", returns="string", context=True)
def format_date_time(context: Context, value: Scalar, pattern: Value) -> str:
    """As ``format-date``, with %H %h hour, %M minute, %S second and %3 milliseconds."""
    return _format(context, value, pattern)
