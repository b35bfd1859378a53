"""All of Việt Nam, before and after 1 July 2025, and the tree that ships with the product, as one and the same
areas."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.domain.area_plan import Plan
from server.domain.areas import AreaChange, same_name
from server.domain.data_files import list_areas, list_changes, list_demo_commune_facts, list_demo_villages
from server.services import area_source_vietnam
from server.services.area_sources import ExtraMissing, read_source
from server.services.areas import Wish, import_areas, load_areas
from server.storage.area_book import read_changes
from server.storage.areas import AreaRow, AreaShapeRow, AreaView, find_area, list_subtree
from server.storage.audits import list_audits
from server.storage.reach import find_above
from server.storage.schema import open_sessions
from tests.kit.databases import CopyHome
from tests.kit.source import ROOT

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
BEFORE, REFORM = date(2025, 6, 30), date(2025, 7, 1)
COMMUNES = {"commune", "ward", "town", "special_zone"}
CROSSWALK = ROOT.parent / "shared" / "domain" / "qn_crosswalk.csv"
EXTENTS = {"toàn bộ": "whole", "một phần": "part", "một phần (chính)": "part_main"}


@contextmanager
def session_at(url: str) -> Iterator[Session]:
    sessions = open_sessions(url)
    with sessions() as session:
        yield session
    sessions.kw["bind"].dispose()


def load_vietnam(session: Session) -> Plan:
    return import_areas(session, Wish(read_source("vietnam"), NOW.date(), keep=True), NOW)


def furnish_country(url: str, home: Path) -> None:
    """Việt Nam alone."""
    home.mkdir(parents=True, exist_ok=True)
    with session_at(url) as session:
        assert not load_vietnam(session).problems


def furnish_both(url: str, home: Path) -> None:
    """The tree that ships with the product and its villages, then Việt Nam."""
    home.mkdir(parents=True, exist_ok=True)
    with session_at(url) as session:
        areas = [*list_areas(), *list_demo_villages()]
        load_areas(session, areas, list_changes(), list_demo_commune_facts(), NOW)
        assert not load_vietnam(session).refused


@pytest.fixture(name="country")
def _country(copy_home: CopyHome, tmp_path: Path) -> Iterator[Session]:
    with session_at(copy_home(furnish_country, tmp_path / "home")) as session:
        yield session


@pytest.fixture(name="both")
def _both(copy_home: CopyHome, tmp_path: Path) -> Iterator[Session]:
    with session_at(copy_home(furnish_both, tmp_path / "home")) as session:
        yield session


@pytest.fixture(name="either", params=[furnish_country, furnish_both], ids=["country", "both"])
def _either(request: pytest.FixtureRequest, copy_home: CopyHome, tmp_path: Path) -> Iterator[Session]:
    with session_at(copy_home(request.param, tmp_path / "home")) as session:
        yield session


def area(session: Session, code: str, on: date) -> AreaView:
    found = find_area(session, code, on)
    assert found is not None
    return found


def communes(session: Session, on: date) -> list[AreaView]:
    everything = list_subtree(session, [area(session, "22", on).id], on)
    return [each for each in everything if each.kind in COMMUNES]


def steps(session: Session) -> dict[str, list[AreaChange]]:
    found = defaultdict(list)
    for change in read_changes(session):
        if change.date == REFORM:
            found[change.from_area].append(change)
    return found


def shipped_crosswalk() -> set[tuple[str, str, str]]:
    """(old code, new code, extent) of the shipped changes of 1 July 2025."""
    codes = {each.key: each.code for each in list_areas()}
    codes |= {each.to_key: each.to_code for each in list_changes() if each.to_key not in codes}
    return {(codes[each.from_key], each.to_code, each.extent) for each in list_changes() if each.date == REFORM}


def crosswalk_of(session: Session) -> set[tuple[str, str, str]]:
    before = {each.id: each for each in communes(session, BEFORE)}
    after = {each.id: each for each in communes(session, REFORM)}
    gone = steps(session)
    return {
        (str(before[key].code), str(after[change.to_area].code), change.extent)
        for key in before
        for change in gone[key]
    }


def test_the_country_before_and_after_the_reform(country: Session) -> None:
    for day, provinces, lowest, districts in ((BEFORE, 63, 10_035, 696), (REFORM, 34, 3_321, 0)):
        tops = [each.id for each in list_tops(country, day)]
        kinds = Counter(each.kind for each in list_subtree(country, tops, day))
        assert kinds["province"] == provinces
        assert kinds["district"] == districts
        assert sum(kinds[kind] for kind in COMMUNES) == lowest
    assert country.scalar(select(func.count()).select_from(AreaShapeRow)) == 14_138


def list_tops(session: Session, on: date) -> list[AreaView]:
    found = [find_area(session, f"{number:02}", on) for number in range(100)]
    return [each for each in found if each is not None]


def test_quang_ninh_answers_as_its_resolution_says(either: Session) -> None:
    assert len(communes(either, BEFORE)) == 171
    assert len(communes(either, REFORM)) == 54
    assert crosswalk_of(either) == shipped_crosswalk()


def test_quang_ninh_answers_as_the_crosswalk_that_others_made(either: Session) -> None:
    if not CROSSWALK.is_file():
        pytest.skip(f"needs {CROSSWALK.name}, which does not come with the product")
    with CROSSWALK.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert crosswalk_of(either) == {(row["old_code"], row["new_code"], EXTENTS[row["extent"]]) for row in rows}
    for row in rows:
        old, new = area(either, row["old_code"], BEFORE), area(either, row["new_code"], REFORM)
        assert same_name(old.name, row["old_name"])
        assert same_name(new.name, row["new_name"])
        district = area(either, old.parent_id or "", BEFORE)
        assert same_name(district.name, row["old_district"])


@pytest.mark.parametrize(("old", "new"), [("Xã Thanh Lâm", "Xã Kỳ Thượng"), ("Xã Hà Lâu", "Xã Điền Xá")])
def test_the_communes_of_the_newspaper_lead_to_theirs(both: Session, old: str, new: str) -> None:
    [before] = [each for each in communes(both, BEFORE) if each.name == old]
    [change] = steps(both)[before.id]
    assert change.extent == "whole"
    assert area(both, change.to_area, REFORM).name == new
    assert change.to_area in find_above(both, before.id, REFORM)


def test_06979_means_dap_thanh_before_and_ky_thuong_after(both: Session) -> None:
    before, after = area(both, "06979", BEFORE), area(both, "06979", REFORM)
    assert (before.name, after.name) == ("Xã Đạp Thanh", "Xã Kỳ Thượng")
    assert before.id != after.id


def test_the_shipped_tree_keeps_its_ids_and_nothing_is_there_twice(both: Session) -> None:
    shipped = {each.uuid for each in list_areas()}
    assert shipped <= set(both.scalars(select(AreaRow.id)))
    for day in (BEFORE, REFORM):
        codes = Counter((each.kind == "village", each.code) for each in communes(both, day))
        assert max(codes.values()) == 1
    assert {each.id for each in communes(both, BEFORE)} & shipped
    assert load_vietnam(both).count() == {"unchanged": 14_138}


def test_demo_villages_go_with_communes_that_went_over_whole(both: Session) -> None:
    [khe_tien] = [each for each in list_demo_villages() if each.name == "Thôn Khe Tiền"]
    before, after = (find_above(both, khe_tien.uuid, day) for day in (BEFORE, REFORM))
    assert area(both, before[1], BEFORE).name == "Xã Đồng Văn"
    assert area(both, after[1], REFORM).name == "Xã Hoành Mô"
    village = area(both, khe_tien.uuid, REFORM)
    assert village.status == "derived"


def test_a_commune_that_nothing_happened_to_is_the_same_one(country: Session) -> None:
    before, after = area(country, "06967", BEFORE), area(country, "06967", REFORM)
    assert before.id == after.id
    assert before.name == "Xã Cái Chiên"
    assert (area(country, before.parent_id or "", BEFORE).kind, area(country, after.parent_id or "", REFORM).code) == (
        "district",
        "22",
    )


def test_a_load_is_told_once_and_a_repeated_one_is_not(country: Session) -> None:
    assert load_vietnam(country).touched == []
    [line] = list_audits(country, action="area.import")
    assert (line.details["new"], line.details["changed"]) == (14_017, 121)


def test_a_dry_run_writes_nothing(database_url: str) -> None:
    with session_at(database_url) as session:
        plan = import_areas(session, Wish(read_source("vietnam"), NOW.date(), dry=True), NOW)
        assert plan.count()["new"] == 14_017
        assert session.scalar(select(func.count()).select_from(AreaRow)) == 0


def test_without_the_package_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_source_vietnam, "PACKAGE", "no-such-package-of-areas")
    with pytest.raises(ExtraMissing) as told:
        read_source("vietnam")
    assert told.value.params == {"package": "vietnamadminunits", "extra": "vietnam"}
