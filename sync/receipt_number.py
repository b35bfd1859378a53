"""The number on a receipt: short enough to read out over a telephone, with a digit that shows a slip.

`1234-4` is submission 1234, `G56-2` a copy that is kept apart (giữ riêng). The last digit is Luhn's (ISO/IEC 7812-1
annex B): one wrong digit, and nearly every two that changed places, are noticed.
"""

from __future__ import annotations

import re

KEPT_APART = "G"
_WRITTEN = re.compile(r"\s*(G?)\s*(\d{1,18})\s*[-–.]?\s*(\d)\s*", re.IGNORECASE | re.ASCII)


def write_number(key: int, *, apart: bool = False) -> str:
    """The number of a submission, or of a copy kept apart. Raises ValueError below 1."""
    if key < 1:
        raise ValueError(key)
    return f"{KEPT_APART if apart else ''}{key}-{_check_digit(str(key))}"


def read_number(text: str) -> tuple[int, bool] | None:
    """(key, kept apart) of a number as somebody wrote it down; None when it is none, or its last digit is not right."""
    found = _WRITTEN.fullmatch(text)
    if found is None or _check_digit(found[2]) != int(found[3]) or not int(found[2]):
        return None
    return int(found[2]), bool(found[1])


def _check_digit(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10
