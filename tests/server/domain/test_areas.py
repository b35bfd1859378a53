"""Areas on a day: a made-up district whose commune was split when districts ended on 1 July 2025."""

from datetime import date

import pytest

from server.domain.areas import (
    AreaChange,
    AreaVersion,
    ancestors_on,
    children_on,
    hierarchy_on,
    list_successors,
    match_key,
    same_name,
    subtree_on,
    version_on,
)

REFORM = date(2025, 7, 1)
BEFORE, AFTER = date(2025, 6, 30), REFORM


def version(
    area_id: str, kind: str, parent: str | None, since: date | None = None, until: date | None = None
) -> AreaVersion:
    return AreaVersion(area_id, f"Tên {area_id}", None, kind, parent, since, until, "made up", "verified")


VERSIONS = [
    version("tinh", "province", None),
    version("huyen", "district", "tinh", None, REFORM),
    version("xa_cu", "commune", "huyen", None, REFORM),
    version("xa_moi", "commune", "tinh", REFORM),
    version("phuong_moi", "ward", "tinh", REFORM),
    version("thon_1", "village", "xa_cu", None, REFORM),
    version("thon_1", "village", "xa_moi", REFORM),
    version("thon_2", "village", "xa_cu", None, REFORM),
    version("thon_2", "village", "phuong_moi", REFORM),
]
CHANGES = [
    AreaChange("xa_cu", "xa_moi", REFORM, "part", "nghị quyết", "verified"),
    AreaChange("xa_cu", "phuong_moi", REFORM, "part", "nghị quyết", "verified"),
    AreaChange("xom", "xa_cu", date(2020, 1, 1), "whole", None, "recalled"),
]


def test_a_village_changes_its_parent_on_the_day_of_the_reform() -> None:
    assert [above.area_id for above in ancestors_on(VERSIONS, "thon_1", BEFORE)] == ["xa_cu", "huyen", "tinh"]
    assert [above.area_id for above in ancestors_on(VERSIONS, "thon_1", AFTER)] == ["xa_moi", "tinh"]
    assert hierarchy_on(VERSIONS, AFTER).path("thon_2") == ("thon_2", "phuong_moi", "tinh")


def test_what_lies_below_depends_on_the_day() -> None:
    assert subtree_on(VERSIONS, "tinh", BEFORE) == {"tinh", "huyen", "xa_cu", "thon_1", "thon_2"}
    assert subtree_on(VERSIONS, "tinh", AFTER) == {"tinh", "xa_moi", "phuong_moi", "thon_1", "thon_2"}
    assert [child.area_id for child in children_on(VERSIONS, "xa_cu", BEFORE)] == ["thon_1", "thon_2"]
    assert children_on(VERSIONS, "xa_cu", AFTER) == ()


def test_a_version_holds_up_to_and_without_its_last_day() -> None:
    own = [one for one in VERSIONS if one.area_id == "thon_1"]
    found = [version_on(own, day) for day in (BEFORE, AFTER)]
    assert [one.parent_id for one in found if one] == ["xa_cu", "xa_moi"]
    assert version_on([one for one in VERSIONS if one.area_id == "xa_moi"], BEFORE) is None


def test_a_circle_of_parents_does_not_hang() -> None:
    circle = [version("a", "commune", "b"), version("b", "commune", "a")]
    assert hierarchy_on(circle, AFTER).ancestors("a") == ("b",)
    assert subtree_on(circle, "a", AFTER) == {"a", "b"}


def test_a_split_commune_lives_on_in_parts() -> None:
    assert list_successors(CHANGES, "xa_cu", BEFORE, AFTER) == {"xa_moi": "part", "phuong_moi": "part"}
    assert list_successors(CHANGES, "xom", date(2019, 1, 1), BEFORE) == {"xa_cu": "whole"}
    assert list_successors(CHANGES, "xom", date(2019, 1, 1), AFTER) == {"xa_moi": "part", "phuong_moi": "part"}
    assert list_successors(CHANGES, "xa_moi", AFTER, date(2026, 1, 1)) == {"xa_moi": "whole"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Hòa Bình", "Hoà Bình", True),
        ("Thụy Khuê", "Thuỵ Khuê", True),
        ("Kỳ Thượng", "kỳ  thượng ", True),
        ("Ngàn Chi", "Nga\u0300n Chi", True),
        ("Bắc Mê", "Bắc Me", False),
        ("Đông Ngũ", "Đồng Ngũ", False),
        ("Đầm Hà", "Dầm Hà", False),
        ("Hòa", "Hỏa", False),
    ],
)
def test_spellings_of_one_name_meet_and_other_names_do_not(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same
    assert (match_key(one) == match_key(other)) is same
