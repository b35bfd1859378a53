"""Of each form of which a place sends many: a sheet is returned, the next one names it, and that corrects it."""

from collections.abc import Callable, Mapping

import pytest

from server.domain.returned import CORRECTED, NEW_SHEET, OPEN
from server.services.review import Decision, review
from server.storage.returns import find_track
from tests.forms.test_training_forms import CLASS, TEST, TOTALS
from tests.kit.field import Field, library_form, photo, place_of
from tests.kit.works import FORMS, GOATS, PROGRESS, ROAD, VILLAGE, VISIT, Site, site_in
from tests.server.services.test_returned import told
from tests.server.services.test_training_places import PROVINCE

PLACE = {"xa": place_of(VILLAGE).xa, "thon": place_of(VILLAGE).thon}
ROUND = PLACE | {"ky": place_of(VILLAGE).ky}
# all names and numbers are invented
UPKEEP = {"ngay": "2019-06-01", "ly_do": "dinh_ky", "tinh_trang": "4", "hu_hong": "khong"}
MIDWAY = {"giai_doan": "giua", "ngay": "2018-10-01", "thu_nhap": "tang"}
VILLAGE_RECORD: dict[str, object] = PLACE | {
    "loai_phieu": "sua",
    "ten": "Ngàn Chi",
    "loai_thon": "thon",
    "ly_do_khong_gps": "khong_o_thon",
    "dan_toc": "dao",
    "bien_gioi": "khong",
    "atk": "khong",
    "song_di_dong": "tot",
    "sap_nhap": "khong",
}
DISASTER = {"loai_thien_tai": "lu_quet", "thoi_diem": "2026-11-01T21:30:00.000+07:00", "duong_bi_cat": "bi_cat"}


def a_class(site: Site) -> str:
    return site.sends("training_class", CLASS | {"don_vi": PROVINCE})


SHEETS: Mapping[str, Callable[[Site], Mapping[str, object]]] = {
    "household_review": lambda _: ROUND | {"dong_y": "khong"},
    "spot_check": lambda _: ROUND | {"ngay_kiem_tra": "2019-07-02"},
    "disaster_quick": lambda _: PLACE | DISASTER,
    "work_register": lambda _: ROAD | PLACE,
    "work_progress": lambda site: PROGRESS | {"cong_trinh": site.work(), "ngay": "2019-01-31"},
    "maintenance": lambda site: UPKEEP | {"cong_trinh": site.work()},
    "community_supervision": lambda site: VISIT | {"cong_trinh": site.work(), "ngay": "2019-02-20"},
    "production_model": lambda _: GOATS | PLACE,
    "production_model, midway": lambda site: MIDWAY | {"mo_hinh": site.model()},
    "training_class": lambda _: CLASS | {"don_vi": PROVINCE},
    "training_attendance": lambda site: TOTALS | {"lop": a_class(site)},
    "training_test": lambda site: TEST | {"lop": a_class(site)},
    "village_register": lambda _: VILLAGE_RECORD,
}


@pytest.mark.parametrize("case", SHEETS)
def test_the_sheet_that_names_a_returned_one_corrects_it(field: Field, case: str) -> None:
    form = case.partition(",")[0]
    for name in {form, "training_class"} - set(FORMS):
        field.publishes(library_form(name), agreed=True)
    site = site_in(field)
    answers, files = SHEETS[case](site), [photo("to_1.jpg")] if form == "training_attendance" else []
    old = site.phone.sends(answers, *files, form=form).submission_id
    assert old is not None
    review(field.session, site.reviewer, Decision(old, "rejected", "đếm lại"), field.now)
    (line,) = told(field, site.phone)
    assert (line["form"], line["told"], bool(line["area"])) == (form, "vì đếm lại", True)

    silent = site.phone.sends(answers, *files, form=form)
    assert silent.message == "submission.fresh", "it was asked, and nobody has to answer"
    track = find_track(field.session, old)
    assert track is not None
    assert track[1].stage == OPEN

    xml = site.phone.fills(dict(answers) | {"corrects": line["name"]}, form=form)
    assert "<tra_lai>vì đếm lại</tra_lai>" in xml.decode()
    new = site.phone.sends_xml(xml, *files)
    assert new.message == "submission.fresh"
    track = find_track(field.session, old)
    assert track is not None
    assert (track[1].stage, track[1].ended, track[1].by_submission) == (CORRECTED, NEW_SHEET, new.submission_id)
    assert told(field, site.phone) == []
