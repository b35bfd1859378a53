"""A line of the audit is hashed by what it means, the same on both databases, and every part of it counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from server.domain.seals import GENESIS, SealedLine, digest_of, packed, seal_of, unpacked, written

LINE = SealedLine(
    id=7,
    actor_id=3,
    action="submission.update",
    acted_on="submission:12",
    details={"reviewState": "approved", "level": None},
    note="đúng",
    at=datetime(2026, 11, 24, 1, 0, 0, 123456, tzinfo=UTC),
    project_id=1,
    area_id="a-1",
    address="2001:db8::1",
)
WRITTEN = (
    '{"acted_on":"submission:12","action":"submission.update","actor_id":3,"address":"2001:db8::1","area_id":"a-1",'
    '"at":1795482000123456,"details":{"level":null,"reviewState":"approved"},"id":7,"note":"đúng","project_id":1}'
)


def test_a_line_is_written_as_the_documentation_says() -> None:
    assert written(LINE).decode() == WRITTEN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", 8),
        ("actor_id", None),
        ("action", "submission.delete"),
        ("acted_on", "submission:13"),
        ("details", {"reviewState": "rejected", "level": None}),
        ("note", None),
        ("at", LINE.at + timedelta(microseconds=1)),
        ("project_id", 2),
        ("area_id", "a-2"),
        ("address", "2001:db8::2"),
    ],
)
def test_every_part_counts(name: str, value: Any) -> None:
    assert digest_of(replace(LINE, **{name: value})) != digest_of(LINE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"n": 1.0}, {"n": 1}),
        ({"n": -0.0}, {"n": 0}),
        ({"n": 1e22}, {"n": 10**22}),
        ({"a": 1, "b": [2.0]}, {"b": [2], "a": 1}),
    ],
)
def test_what_the_databases_write_differently_is_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert digest_of(replace(LINE, details=one)) == digest_of(replace(LINE, details=other))


def test_an_instant_is_the_same_in_every_zone() -> None:
    hanoi = LINE.at.astimezone(timezone(timedelta(hours=7)))
    assert digest_of(replace(LINE, at=hanoi)) == digest_of(LINE)


def test_what_is_packed_comes_out_again_and_a_torn_end_does_not() -> None:
    pairs = [(1, digest_of(LINE)), (2**40, digest_of(replace(LINE, id=2)))]
    assert list(unpacked(packed(pairs))) == pairs
    assert list(unpacked(packed(pairs)[:-1])) == pairs[:1]


def test_a_seal_hangs_on_all_that_it_is_made_of() -> None:
    digests = packed([(7, digest_of(LINE))])
    made = {
        seal_of(GENESIS, LINE.at, 1, digests),
        seal_of("1" * 64, LINE.at, 1, digests),
        seal_of(GENESIS, LINE.at + timedelta(microseconds=1), 1, digests),
        seal_of(GENESIS, LINE.at, 2, digests),
        seal_of(GENESIS, LINE.at, 1, b"\0" + digests[1:-1] + b"\1"),
    }
    assert len(made) == 5
