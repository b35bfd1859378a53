"""Where sheets about works and models lie, and what the lists for phones carry along of those that were approved."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import pytest

from server.services.lists import make_list
from server.services.sight import everything, fill_sight
from server.storage.readings import find_submission_by_id
from tests.kit.field import VILLAGES, Field, place_of
from tests.kit.works import GOATS, NEIGHBOUR, PROGRESS, ROAD, VILLAGE, Site, phone_in, site_in


@pytest.fixture
def site(field: Field) -> Site:
    return site_in(field)


def rows(site: Site, name: str) -> list[dict[str, str]]:
    made = make_list(site.field.session, 1, name, everything(site.field.now.date()))
    return list(csv.DictReader(io.StringIO(made.content.decode())))


def area_of(site: Site, form: str, answers: Mapping[str, object]) -> str | None:
    receipt = site.phone.sends(answers, form=form)
    assert receipt.submission_id is not None
    submission = find_submission_by_id(site.field.session, receipt.submission_id)
    assert submission is not None
    return submission.area_id


def test_a_work_lies_in_its_village_or_in_the_commune_it_is_for(site: Site) -> None:
    place = place_of(VILLAGE)
    assert area_of(site, "work_register", ROAD | {"xa": place.xa, "thon": place.thon}) == place.thon
    assert area_of(site, "work_register", ROAD | {"xa": place.xa, "pham_vi": "xa"}) == place.xa
    several = ROAD | {"xa": place.xa, "pham_vi": "nhieu_thon", "cac_thon": place.thon}
    assert area_of(site, "work_register", several) == place.xa


def test_what_is_told_of_a_work_lies_where_the_work_does(site: Site) -> None:
    work, model = site.work(), site.model()
    told = PROGRESS | {"cong_trinh": work, "ngay": "2019-01-31"}
    assert area_of(site, "work_progress", told) == VILLAGES[VILLAGE].uuid
    assert area_of(site, "work_progress", told | {"cong_trinh": "no-such"}) is None
    later = {"giai_doan": "giua", "mo_hinh": model, "ngay": "2018-10-01", "thu_nhap": "tang"}
    assert area_of(site, "production_model", later) == VILLAGES[VILLAGE].uuid


def test_a_sheet_of_another_commune_s_work_lies_nowhere(site: Site) -> None:
    work = site.work()
    elsewhere = phone_in(site.field, "Xã khác", place_of(NEIGHBOUR).xa)
    sight = fill_sight(elsewhere.caller, 1, site.field.forms["work_progress"])
    assert make_list(site.field.session, 1, "works", sight).names == frozenset()
    receipt = elsewhere.sends(PROGRESS | {"cong_trinh": work, "ngay": "2019-01-31"}, form="work_progress")
    assert receipt.submission_id is not None
    submission = find_submission_by_id(site.field.session, receipt.submission_id)
    assert submission is not None
    assert submission.area_id is None


def test_the_list_of_works_carries_the_budget_and_the_planned_end(site: Site) -> None:
    site.work(approved=False)
    assert rows(site, "works") == []
    work = site.work()
    (row,) = rows(site, "works")
    assert (row["name"], row["von_trung_uong"], row["von_khac"]) == (work, "2500000000", "")
    assert (row["ngay_xong_ke_hoach"], row["area"]) == ("2019-03-31", VILLAGES[VILLAGE].uuid)


def test_the_list_of_models_has_their_start_sheets_alone(site: Site) -> None:
    model = site.model()
    later = {"giai_doan": "cuoi", "mo_hinh": model, "ngay": "2019-05-01", "thu_nhap": "tang", "nhan_rong": "co"}
    site.sends("production_model", later)
    (row,) = rows(site, "models")
    assert (row["name"], row["so_luong"], row["ten_mo_hinh"]) == (model, "40", GOATS["ten_mo_hinh"])


def test_the_list_of_findings_has_a_row_for_each_and_says_of_which_work(site: Site) -> None:
    work = site.work()
    thin = {"noi_dung": "Bê tông mỏng", "kien_nghi": "Đổ lại"}
    bare = {"noi_dung": "Thiếu rào", "kien_nghi": "Rào lại"}
    measured = {"do_dac": [{"hang_muc": "Chiều dày", "don_vi": "cm", "do_duoc": 15}]}
    visit = site.visit(work, "2019-02-20", thin, bare, **measured)
    found = [(row["name"], row["label"], row["cong_trinh"], row["ngay"]) for row in rows(site, "findings")]
    assert found == [
        (f"{visit}-1", "Bê tông mỏng", work, "2019-02-20"),
        (f"{visit}-2", "Thiếu rào", work, "2019-02-20"),
    ]
