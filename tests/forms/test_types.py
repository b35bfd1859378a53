"""What a text says in each type of the XForm bind."""

from __future__ import annotations

import pytest

from forms.types import CHECKS, same_value

READABLE = {
    "int": ["0", "-3", "120", "2147483647", "007", "+5", "٣"],
    "decimal": ["0", "-1.5", ".5", "1e3", "+2", "1E-2"],
    "date": ["2026-03-10", "2024-02-29", "2026-3-1"],
    "dateTime": [
        "2026-03-10T08:00:00.000+07:00",
        "2026-03-10T08:00:00.1+07",
        "2026-03-10T08:00:00Z",
        "2026-03-10T08:00",
    ],
    "time": ["08:00", "08:00:00.000+07:00", "23:59:59.123456Z"],
    "geopoint": ["21 107", "21.1 107.3 12.5 4.8", "-21 107 0", "+10 1e1"],
    "geotrace": ["21 107 0 0;21.5 107 0 0", "21 107;21 108;"],
    "geoshape": ["21 107 0 0;21.5 107 0 0;21 107 0 0"],
    "boolean": ["true", "0"],
}
UNREADABLE = {
    "int": ["abc", "1.5", "99999999999", "2147483648", "1 2"],
    "decimal": ["abc", "1,000.5", "inf", "NaN", "1_0", "٣", "1e400"],
    "date": ["2026-02-30", "2026-13-01", "10/03/2026", "hôm qua", "20260310", "2026-03-10T08:00:00.000+07:00"],
    "dateTime": ["08:00", "2026-03-10T25:00", "2026-03-10Tx", "2026-03-10 08:00:00", "2026-03-10T08", "20260310"],
    "time": ["25:00", "8 giờ", "2026-03-10", "T10:00", "10"],
    "geopoint": ["21", "21 107 1 2 3", "a b", "21 107;22 108", "21 107;", "NaN 20"],
    "geotrace": ["21", "a b;c d"],
    "geoshape": ["x"],
    "boolean": ["yes", "2"],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in READABLE.items() for text in texts])
def test_readable(kind, text):
    assert CHECKS[kind](text)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in UNREADABLE.items() for text in texts])
def test_unreadable(kind, text):
    assert not CHECKS[kind](text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("3", "3.0", True),
        ("0.1", "0.10000000000000001", True),
        ("0.1", "0.11", False),
        ("9.293334819999363E-6", "9.293334819999361E-6", True),
        ("9.25E10", "92500000000", True),
        ("9.25E10", "9.26E10", False),
        ("NaN", "0", False),
        ("2026-03-10", "2026-03-10T00:00:00.000+07:00", True),
        ("2026-03-10T08:00:00.000+07:00", "2026-03-10T01:00:00Z", True),
        ("2026-03-10T08:00:00.000+07:00", "2026-03-10T08:00:00Z", False),
        ("true", "1", True),
        ("a", "A", False),
        ("", "0", False),
        ("10.5 106.5", "10.5 106.5 0.0 0.0", True),
    ],
)
def test_values_are_compared_not_spellings(one, other, same):
    assert same_value(one, other) is same
