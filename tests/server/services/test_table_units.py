"""A table is made some units at a time, whole or in part."""

from collections.abc import Iterator, Sequence
from itertools import islice

from server.exports.sheets import COUNT, Column
from server.services.table_units import AT_ONCE, Listed, Row


def numbers(asked: list[int]) -> Listed:
    def rows_of(some: Sequence[int]) -> Iterator[Row]:
        asked.append(len(some))
        for number in some:
            yield from ([number], [-number])

    return Listed("t", "T", [Column("n", "N", COUNT)], range(AT_ONCE * 3 + 1), rows_of)


def test_only_what_is_read_is_made() -> None:
    asked: list[int] = []
    rows = iter(numbers(asked).sheet().rows)
    assert list(islice(rows, 3)) == [[0], [0], [1]]
    assert asked == [AT_ONCE]
    assert len(list(rows)) == 2 * (AT_ONCE * 3 + 1) - 3
    assert asked == [AT_ONCE, AT_ONCE, AT_ONCE, 1]


def test_a_part_is_of_these_units_alone() -> None:
    asked: list[int] = []
    assert numbers(asked).part(AT_ONCE, AT_ONCE + 1) == [[AT_ONCE], [-AT_ONCE]]
    assert asked == [1]
    assert numbers(asked).part(AT_ONCE * 9, AT_ONCE * 9 + 5) == []
