"""Who is in a programme on a day: entries, exits, mergers, villages and their communes, and that the sum holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.domain.areas import AreaChange
from server.domain.programme import (
    COMMUNE,
    EXITS,
    INHERITED,
    LEVELS,
    MERGED,
    RECOGNISED,
    STRUCK,
    VILLAGE,
    Listing,
    Membership,
    count_movement,
    list_memberships,
    list_steps,
    remaining,
)

START, END = date(2016, 1, 1), date(2021, 12, 31)
IN, OUT, MERGER = date(2017, 4, 28), date(2018, 12, 31), date(2020, 1, 1)


def nowhere(_area: str, _day: date) -> str | None:
    return None


def inside(parents: Mapping[str, str]) -> object:
    return lambda area, _day: parents.get(area)


def whole(one: str, other: str, day: date = MERGER) -> AreaChange:
    return AreaChange(one, other, day, "whole", None, "verified")


def left(memberships: list[Membership], on: date, level: str = COMMUNE) -> list[str]:
    return [each.area_id for each in remaining(memberships, level, on)]


def test_a_unit_is_in_from_its_entry_until_its_exit_takes_effect() -> None:
    found = list_memberships([Listing("a", COMMUNE, IN, RECOGNISED, OUT)], [], nowhere)
    assert left(found, IN - timedelta(1)) == []
    assert left(found, IN) == ["a"]
    assert left(found, OUT - timedelta(1)) == ["a"]
    assert left(found, OUT) == []


def test_a_unit_that_was_merged_is_no_exit_and_what_it_went_into_remains() -> None:
    found = list_memberships([Listing("a", COMMUNE, IN)], [whole("a", "b")], nowhere)
    assert left(found, MERGER - timedelta(1)) == ["a"]
    assert left(found, MERGER) == ["b"]
    movement = count_movement(found, COMMUNE, MERGER)
    assert (movement.entered, movement.exited, movement.merged, movement.inherited) == (1, 0, 1, 1)


def test_two_that_are_merged_into_one_are_one_place() -> None:
    found = list_memberships(
        [Listing("a", COMMUNE, IN), Listing("b", COMMUNE, IN)], [whole("a", "c"), whole("b", "c")], nowhere
    )
    assert left(found, MERGER) == ["c"]
    (heir,) = [each for each in found if each.area_id == "c"]
    assert heir.sources == ("a", "b")
    assert count_movement(found, COMMUNE, MERGER).remaining == 1


def test_merged_into_a_unit_that_is_in_already_gives_no_second_place() -> None:
    found = list_memberships([Listing("a", COMMUNE, IN), Listing("b", COMMUNE, IN)], [whole("a", "b")], nowhere)
    assert left(found, MERGER) == ["b"]
    assert count_movement(found, COMMUNE, MERGER).inherited == 0


def test_what_left_before_it_was_merged_passes_nothing_on() -> None:
    found = list_memberships([Listing("a", COMMUNE, IN, STRUCK, OUT)], [whole("a", "b")], nowhere)
    assert left(found, MERGER) == []


def test_an_heir_leaves_by_its_own_row() -> None:
    rows = [Listing("a", COMMUNE, IN), Listing("b", COMMUNE, None, RECOGNISED, date(2021, 1, 1))]
    found = list_memberships(rows, [whole("a", "b")], nowhere)
    assert left(found, date(2020, 12, 31)) == ["b"]
    assert left(found, date(2021, 1, 1)) == []


def test_the_register_may_say_what_the_tree_does_not() -> None:
    found = list_memberships([Listing("a", COMMUNE, IN, MERGED, OUT, ("b",))], [], nowhere)
    assert left(found, OUT) == ["b"]
    assert next(each for each in found if each.area_id == "b").came == INHERITED


def test_of_a_unit_that_was_parted_the_greater_part_has_its_place() -> None:
    parts = [
        AreaChange("a", "b", MERGER, "part_main", None, "verified", "split"),
        AreaChange("a", "c", MERGER, "part", None, "verified", "split"),
    ]
    assert left(list_memberships([Listing("a", COMMUNE, IN)], parts, nowhere), MERGER) == ["b"]


def test_a_unit_that_was_renamed_or_gave_a_part_away_stays() -> None:
    changes = [
        AreaChange("a", "a", MERGER, "whole", None, "verified", "renamed"),
        AreaChange("a", "b", MERGER, "part", None, "verified"),
    ]
    assert left(list_memberships([Listing("a", COMMUNE, IN)], changes, nowhere), MERGER) == ["a"]


def test_a_village_is_in_by_itself_only_while_its_commune_is_not() -> None:
    rows = [Listing("v", VILLAGE, IN), Listing("a", COMMUNE, OUT)]
    found = list_memberships(rows, [], inside({"v": "a"}))  # type: ignore[arg-type]
    assert left(found, OUT - timedelta(1), VILLAGE) == ["v"]
    assert left(found, OUT, VILLAGE) == []
    assert left(found, OUT) == ["a"]
    assert count_movement(found, VILLAGE, OUT).merged == 1


def test_the_curve_has_a_point_for_each_day_of_a_change() -> None:
    found = list_memberships([Listing("a", COMMUNE, IN, RECOGNISED, OUT), Listing("v", VILLAGE, OUT)], [], nowhere)
    assert list_steps(found) == [(IN, {COMMUNE: 1, VILLAGE: 0}), (OUT, {COMMUNE: 0, VILLAGE: 1})]


DAYS = st.dates(START, END)
COMMUNES, VILLAGES = tuple("abcdef"), tuple("uvwxyz")


@st.composite
def registers(draw: st.DrawFn) -> tuple[list[Listing], list[AreaChange], dict[str, str]]:
    """A register without two rows of one area, what became of the areas, and the commune of each village."""
    rows = []
    for area in draw(st.lists(st.sampled_from(COMMUNES + VILLAGES), unique=True)):
        level = COMMUNE if area in COMMUNES else VILLAGE
        entered = draw(DAYS)
        exited = draw(st.none() | st.dates(entered + timedelta(1), END + timedelta(400)))
        kind = draw(st.sampled_from(EXITS)) if exited else None
        others = [each for each in (COMMUNES if level == COMMUNE else VILLAGES) if each != area]
        into = (draw(st.sampled_from(others)),) if kind == MERGED else ()
        rows.append(Listing(area, level, draw(st.sampled_from((entered, None))), kind, exited, into))
    changes = []
    for one in draw(st.lists(st.sampled_from(COMMUNES), unique=True, max_size=3)):
        other = draw(st.sampled_from([each for each in COMMUNES if each != one]))
        kind, extent = draw(st.sampled_from((("merged", "whole"), ("merged", "part"), ("split", "part_main"))))
        changes.append(AreaChange(one, other, draw(DAYS), extent, None, "verified", kind))
    parents = {village: draw(st.sampled_from(COMMUNES)) for village in VILLAGES}
    return rows, changes, parents


@given(registers(), st.randoms(use_true_random=False))
def test_on_every_day_the_sum_holds_and_nobody_is_in_twice(
    made: tuple[list[Listing], list[AreaChange], dict[str, str]], chance: object
) -> None:
    rows, changes, parents = made
    found = list_memberships(rows, changes, inside(parents))  # type: ignore[arg-type]
    chance.shuffle(rows)  # type: ignore[attr-defined]
    assert list_memberships(rows, changes, inside(parents)) == found  # type: ignore[arg-type]
    edges = {day for each in found for day in (each.since, each.until) if day is not None}
    for day in sorted({START - timedelta(1), END, *edges, *(edge - timedelta(1) for edge in edges)}):
        for level in LEVELS:
            areas = left(found, day, level)
            movement = count_movement(found, level, day)
            assert movement.entered - movement.exited - movement.merged + movement.inherited == len(areas)
            assert len(areas) == len(set(areas))
        communes = set(left(found, day))
        assert not [village for village in left(found, day, VILLAGE) if parents[village] in communes]
