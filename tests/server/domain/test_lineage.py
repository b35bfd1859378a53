"""Villages followed from one day to another."""

from datetime import date

from server.domain.areas import AreaChange
from server.domain.lineage import FOLLOWED, LOST, Followed, follow

THEN, DAY, NOW = date(2019, 6, 30), date(2020, 3, 1), date(2021, 6, 30)


def change(frm: str, to: str, kind: str, extent: str = "whole", day: date = DAY) -> AreaChange:
    return AreaChange(frm, to, day, extent, None, "synthetic", kind)


def became(*changes: AreaChange, there: str = "abcde") -> dict[str, tuple[str | None, str]]:
    found = follow(changes, "abc", there, (THEN, NOW))
    return {area_id: (each.area_id, each.how) for area_id, each in found.items()}


def test_what_stayed_was_renamed_moved_or_merged_whole_is_followed() -> None:
    found = became(change("b", "b", "renamed"), change("c", "c", "moved"))
    assert found == {"a": ("a", "stayed"), "b": ("b", "renamed"), "c": ("c", "moved")}
    found = became(change("a", "d", "merged"), change("b", "d", "merged"))
    assert found == {"a": ("d", "merged"), "b": ("d", "merged"), "c": ("c", "stayed")}


def test_who_takes_others_in_is_merged_too() -> None:
    assert became(change("a", "b", "merged"))["b"] == ("b", "merged")
    assert became(change("a", "b", "merged", "part"))["b"] == ("b", "merged")


def test_parts_are_not_followed() -> None:
    found = became(
        change("a", "d", "split", "part_main"), change("a", "e", "split", "part"), change("b", "e", "merged", "part")
    )
    assert found["a"] == (None, "split")
    assert found["b"] == (None, "in_part")


def test_one_change_after_another_and_what_lies_outside_the_time() -> None:
    later = date(2021, 1, 1)
    assert became(change("a", "d", "merged"), change("d", "e", "merged", day=later))["a"] == ("e", "merged")
    assert became(change("a", "d", "merged"), change("d", "e", "merged", "part", later))["a"] == (None, "in_part")
    assert became(change("a", "d", "merged", day=THEN))["a"] == ("a", "stayed")
    assert became(change("a", "d", "merged", day=NOW))["a"] == ("d", "merged")


def test_who_is_not_there_later_is_gone() -> None:
    assert became(there="bc")["a"] == (None, "gone")
    assert not set(FOLLOWED) & set(LOST)
    assert follow([], [], [], (THEN, NOW)) == {}
    assert follow([], ["a"], ["a"], (THEN, NOW)) == {"a": Followed("a", "stayed")}
