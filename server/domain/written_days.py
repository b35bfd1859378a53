"""A day as people write it in tables: 2026-02-17, or 17/02/2026."""

import re
from datetime import date

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_VIETNAMESE = re.compile(r"(\d{1,2})(.)(\d{1,2})\2(\d{4})")


def read_day(text: str, years: range, marks: str = "/") -> date | None:
    """The day, its year among `years`; None for anything else. `marks`: what may stand between day, month and year;
    1/2-2026 is no day."""
    iso, vietnamese = _ISO.fullmatch(text), _VIETNAMESE.fullmatch(text)
    try:
        if iso:
            day = date(int(iso[1]), int(iso[2]), int(iso[3]))
        elif vietnamese and vietnamese[2] in marks:
            day = date(int(vietnamese[4]), int(vietnamese[3]), int(vietnamese[1]))
        else:
            return None
    except ValueError:
        return None
    return day if day.year in years else None
