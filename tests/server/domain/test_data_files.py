"""The shipped area data is a tree without holes, and says of each row how sure it is."""

from collections import Counter
from datetime import date
from uuid import UUID

import pytest

from server.domain.areas import COMMUNE_KINDS, KINDS
from server.domain.data_files import (
    AreaRow,
    list_areas,
    list_changes,
    list_demo_commune_facts,
    list_demo_villages,
    list_gaps,
)

STATUSES = {"verified", "partly_read", "recalled", "not_found", "synthetic"}
PARENT_KIND = {
    "district": "province",
    "commune": "district",
    "ward": "district",
    "town": "district",
    "village": "commune",
}


def everything() -> tuple[AreaRow, ...]:
    return list_areas() + list_demo_villages()


def test_every_unit_has_a_parent_one_level_above_that_comes_before_it() -> None:
    seen: dict[str, AreaRow] = {}
    for row in everything():
        if row.kind == "province":
            assert row.parent_key is None
        else:
            assert row.parent_key is not None
            assert seen[row.parent_key].kind == PARENT_KIND[row.kind], row
        seen[row.key] = row


def test_keys_and_uuids_are_used_once_and_uuids_are_random_ones() -> None:
    rows = everything()
    assert len({row.key for row in rows}) == len(rows)
    assert len({row.uuid for row in rows}) == len(rows)
    assert all(UUID(row.uuid).version == 4 and str(UUID(row.uuid)) == row.uuid for row in rows)


def test_on_one_day_a_code_names_one_unit_of_its_level() -> None:
    day = date(2019, 6, 30)
    alive = [r for r in everything() if (r.valid_from or day) <= day <= (r.valid_to or day)]
    twice = [pair for pair, times in Counter((r.kind, r.code) for r in alive).items() if times > 1]
    assert twice == []


def test_the_tree_of_2019_has_the_published_number_of_communes() -> None:
    rows = list_areas()
    assert Counter(r.kind for r in rows) == {"province": 1, "district": 14, "commune": 111, "ward": 67, "town": 8}
    prefix = {"commune": "Xã ", "ward": "Phường ", "town": "Thị trấn "}
    assert all(r.name.startswith(prefix[r.kind]) for r in rows if r.kind in COMMUNE_KINDS)


@pytest.mark.parametrize(
    ("commune", "district", "code"),
    [
        ("Xã Lương Mông", "Huyện Ba Chẽ", "06985"),
        ("Xã Minh Cầm", "Huyện Ba Chẽ", "06991"),
        ("Xã Cộng Hòa", "Thành phố Cẩm Phả", "06799"),
        ("Xã Kỳ Thượng", "Huyện Hoành Bồ", "07033"),
        ("Xã Tình Húc", "Huyện Bình Liêu", "06850"),
        ("Xã Thanh Lâm", "Huyện Ba Chẽ", "06976"),
        ("Xã Hà Lâu", "Huyện Tiên Yên", "06865"),
    ],
)
def test_later_changes_are_undone(commune: str, district: str, code: str) -> None:
    by_key = {r.key: r for r in list_areas()}
    row = next(r for r in by_key.values() if (r.name, r.code) == (commune, code))
    assert by_key[row.parent_key or ""].name == district


def test_what_is_not_sure_says_so() -> None:
    assert {r.status for r in everything()} <= STATUSES
    assert {r.kind for r in everything()} <= set(KINDS)
    for row in list_areas():
        assert row.source
        assert (row.status == "verified") == (not row.code.startswith("QN-")), row


def test_there_are_enough_villages_in_enough_communes_and_invented_names_show_it() -> None:
    villages = list_demo_villages()
    assert len(villages) >= 120
    assert len({v.parent_key for v in villages}) >= 12
    for v in villages:
        assert v.name.startswith("Thôn mẫu ") == (v.status == "synthetic"), v
    communes = {r.key: r for r in list_areas()}
    assert all(v.code.startswith(f"QN-{communes[v.parent_key or ''].code}-") for v in villages)
    named = {(v.name, communes[v.parent_key or ""].name) for v in villages if v.status != "synthetic"}
    assert named == {
        ("Thôn Ngàn Chi", "Xã Vô Ngại"),
        ("Thôn Nà Hắc", "Xã Hà Lâu"),
        ("Thôn Khe Tiền", "Xã Đồng Văn"),
        ("Thôn Sú Cáu", "Xã Húc Động"),
        ("Thôn Đài Van", "Xã Đài Xuyên"),
    }


def test_changes_begin_at_known_units_and_every_commune_of_2019_leads_somewhere_or_says_it_is_not_found() -> None:
    changes = list_changes()
    reached = {r.key for r in list_areas()} | {c.to_key for c in changes}
    assert all(c.from_key in reached for c in changes)
    assert {c.extent for c in changes} == {"whole", "part", "part_main"}
    left = {c.from_key for c in changes}
    assert {r.key for r in list_areas() if r.kind in COMMUNE_KINDS} <= left
    assert all(c.to_name or c.status == "not_found" for c in changes)


def test_fifty_four_units_since_july_2025_and_twelve_communes_were_split() -> None:
    reform = [c for c in list_changes() if c.date == date(2025, 7, 1)]
    assert len({c.to_code for c in reform}) == 54
    assert len({c.from_key for c in reform}) == 171
    assert len({c.from_key for c in reform if c.extent != "whole"}) == 12
    assert all(times == 1 for times in Counter(c.from_key for c in reform if c.extent != "part").values())


def test_commune_facts_cover_the_demo_communes_and_are_marked_synthetic() -> None:
    facts = list_demo_commune_facts()
    assert {f.commune_key for f in facts} == {v.parent_key for v in list_demo_villages()}
    assert {f.value for f in facts} == {True, False, None}
    assert {f.status for f in facts} == {"synthetic"}


def test_gaps_are_told_in_both_languages_and_name_known_areas() -> None:
    keys = {r.key for r in list_areas()}
    gaps = list_gaps()
    assert len({g.id for g in gaps}) == len(gaps)
    for gap in gaps:
        assert gap.vi
        assert gap.en
        assert gap.vi != gap.en
        assert set(gap.areas) <= keys
