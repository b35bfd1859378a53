"""Which area lies in which, and when: the papers of an area that ended are still somebody's."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.areas import AreaChange, AreaVersion
from server.domain.reach import FIRST, LAST, Tree, paths_on

REFORM = date(2025, 7, 1)
BEFORE, AFTER = date(2025, 6, 30), REFORM


def version(area_id: str, parent: str | None, since: date | None = None, until: date | None = None) -> AreaVersion:
    return AreaVersion(area_id, area_id, None, "commune", parent, since, until, "made up", "synthetic")


def merged(one: str, into: str, extent: str = "whole", on: date = REFORM) -> AreaChange:
    return AreaChange(one, into, on, extent, None, "synthetic")


def paths(day: date, versions: list[AreaVersion], *changes: AreaChange) -> dict[str, set[str]]:
    return {area: set(path) for area, path in paths_on(Tree(versions, changes).rows(), day).items()}


VERSIONS = [
    version("tinh", None),
    version("huyen", "tinh", None, REFORM),
    version("thanh_lam", "huyen", None, REFORM),
    version("dap_thanh", "huyen", None, REFORM),
    version("ky_thuong", "tinh", REFORM),
    version("thon", "thanh_lam", None, REFORM),
    version("thon", "ky_thuong", REFORM),
    version("thon_quen", "dap_thanh"),
]


def test_a_village_lies_in_its_commune_district_and_province_nearest_first() -> None:
    rows = Tree(VERSIONS, []).rows()
    assert paths_on(rows, BEFORE)["thon"] == ("thon", "thanh_lam", "huyen", "tinh")
    assert paths_on(rows, AFTER)["thon"] == ("thon", "ky_thuong", "tinh")


def test_a_commune_that_went_over_whole_lies_in_its_successor_and_in_what_it_lay_in() -> None:
    after = paths(AFTER, VERSIONS, merged("thanh_lam", "ky_thuong"))
    assert after["thanh_lam"] == {"ky_thuong", "tinh"}
    assert paths(BEFORE, VERSIONS, merged("thanh_lam", "ky_thuong"))["thanh_lam"] == {"thanh_lam", "huyen", "tinh"}


def test_a_commune_that_went_over_in_parts_is_nobodys_but_the_provinces() -> None:
    after = paths(AFTER, VERSIONS, merged("thanh_lam", "ky_thuong", "part"), merged("thanh_lam", "ba_che", "part"))
    assert after["thanh_lam"] == {"tinh"}


def test_a_village_that_nobody_moved_goes_with_its_commune() -> None:
    assert paths(AFTER, VERSIONS, merged("dap_thanh", "ky_thuong"))["thon_quen"] == {"thon_quen", "ky_thuong", "tinh"}
    assert paths(AFTER, VERSIONS)["thon_quen"] == {"thon_quen", "tinh"}


def test_an_ended_area_holds_nothing_any_more() -> None:
    after = paths(AFTER, VERSIONS, merged("thanh_lam", "ky_thuong"))
    assert not any({"thanh_lam", "huyen"} & path for path in after.values())


def test_a_merger_of_a_merger_is_followed_to_its_end() -> None:
    later = date(2026, 1, 1)
    versions = [
        version("tinh", None),
        version("a", "tinh", None, REFORM),
        version("b", "tinh", None, later),
        version("c", "tinh"),
    ]
    changes = [merged("a", "b"), merged("b", "c", on=later)]
    assert paths(AFTER, versions, *changes)["a"] == {"b", "tinh"}
    assert paths(later, versions, *changes)["a"] == {"c", "tinh"}


def test_a_time_without_a_version_is_bridged_by_what_there_was_last() -> None:
    versions = [
        version("tinh", None),
        version("xa", "tinh", date(2010, 1, 1), date(2012, 1, 1)),
        version("xa", "tinh", date(2014, 1, 1)),
    ]
    rows = [row for row in Tree(versions, []).rows() if row.descendant_id == "xa"]
    assert {(row.ancestor_id, row.valid_from, row.valid_to) for row in rows} == {
        ("xa", date(2010, 1, 1), date(2012, 1, 1)),
        ("xa", date(2014, 1, 1), LAST),
        ("tinh", date(2010, 1, 1), LAST),
    }


def test_a_circle_ends_and_an_unknown_parent_is_nothing() -> None:
    circle = [version("a", "b"), version("b", "a"), version("c", "nobody")]
    found = paths(AFTER, circle)
    assert found == {"a": {"a", "b"}, "b": {"a", "b"}, "c": {"c"}}


def test_what_hangs_on_an_area_is_what_lies_below_it_and_what_went_into_it() -> None:
    tree = Tree(VERSIONS, [merged("thanh_lam", "ky_thuong")])
    assert tree.touched_by(["ky_thuong"]) == {"ky_thuong", "thon", "thanh_lam"}
    assert {row.descendant_id for row in tree.rows(["thon"])} == {"thon"}


_days = st.integers(1, 12).map(lambda month: date(2025, month, 1))


@st.composite
def _trees(draw: st.DrawFn) -> tuple[list[AreaVersion], list[AreaChange]]:
    """Trees of up to four storeys in which areas end, move and go over into others."""
    names = [f"a{number}" for number in range(draw(st.integers(1, 9)))]
    versions, changes = [], []
    for number, name in enumerate(names):
        cuts = sorted(set(draw(st.lists(_days, max_size=2))))
        edges = [None, *cuts, draw(st.none() | _days)]
        for since, until in itertools.pairwise(edges):
            if until is None or (since or FIRST) < until:
                parent = draw(st.sampled_from(names[:number])) if number else None
                versions.append(version(name, parent, since, until))
                if until is None:
                    break
        if number:
            other = draw(st.sampled_from(names))
            if other != name and draw(st.booleans()):
                changes.append(merged(name, other, draw(st.sampled_from(["whole", "part"])), draw(_days)))
    return versions, changes


@given(_trees(), _days)
def test_each_area_in_being_lies_in_itself_in_its_parent_and_where_its_parent_lies(
    drawn: tuple[list[AreaVersion], list[AreaChange]], day: date
) -> None:
    versions, changes = drawn
    found = paths(day, versions, *changes)
    holding: dict[str, AreaVersion] = {}
    for each in versions:
        if each.holds_on(day) and each.area_id not in holding:
            holding[each.area_id] = each
    for area_id, each in holding.items():
        assert area_id in found[area_id]
        parent = each.parent_id
        if parent in holding:
            assert found[parent] <= found[area_id]
    for area_id, path in found.items():
        # nothing lies in what is not in being that day
        assert path <= set(holding), area_id


@pytest.mark.parametrize("day", [FIRST, BEFORE, AFTER, LAST.replace(year=9998)])
def test_rows_of_one_pair_do_not_overlap(day: date) -> None:
    rows = Tree(VERSIONS, [merged("thanh_lam", "ky_thuong"), merged("dap_thanh", "ky_thuong")]).rows()
    pairs = [(row.ancestor_id, row.descendant_id) for row in rows if row.valid_from <= day < row.valid_to]
    assert len(pairs) == len(set(pairs))
