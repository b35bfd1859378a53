"""Spot checks and disaster reports on their pages and over the API: sent by phones, held against the village's sheet,
each person's own part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from forms.calculate import fill
from forms.parse import parse_form
from forms.validate import JudgeContext
from server.services.authenticate import caller_by_key, system_caller
from server.services.judge import Target, Upload
from server.services.lists import make_list
from server.services.people import NewAppUser, NewUser, create_app_user, create_user, grant_role
from server.services.publish import NewForm, Source, create_form
from server.services.receive import receive
from server.services.review import Decision, review
from server.services.sight import everything
from server.storage.actors import GrantView
from server.storage.database import db
from server.storage.forms import find_form
from server.storage.readings import find_answers, find_submission_by_id
from server.web.desk.built import FOLDER
from sync.envelope import Envelope
from tests.kit.field import VILLAGES, library_form, photo
from tests.kit.places import commune_of
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded, seed, send_xml, sheet_of
from tests.server.web.desk.test_pages import read, title_of

Enter = Callable[..., FlaskClient]
CHECKS, DISASTERS = f"/projects/{PROJECT}/rounds/2019/spot-checks", f"/projects/{PROJECT}/disasters"
FAR = "xa.khac@example.vn"
HOUSE = {"ten_chu_ho": "Hộ mẫu", "co_that": "co", "hang_ghi": "ho_ngheo", "hang_thay": "ho_ngheo"}


@pytest.fixture(name="seeded", scope="module")
def seeded_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A home with the sheets of two villages; the first was checked and told of a landslide."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("reports") / "home", 2)
    with made.app.app_context():
        sheet = find_submission_by_id(db.session(), made.sent[made.heads[0].village.uuid])
        assert sheet is not None
        said = find_answers(db.session(), sheet.current.id)
        counts = {"tong_ho": said["tong_ho"] + 3, "chuan_ngheo": said["chuan_ngheo"], "ho_ngheo": said["ho_ngheo"]}
        answers = {
            "ky": "2019",
            "ngay_kiem_tra": "2019-07-02",
            "thon_dem": counts,
            "cong_trinh": {"duong_truc_cung_hoa": "co" if said["duong_truc_cung_hoa"] != "co" else "khong"},
            "ho_mau": [{"ho": HOUSE}, {"ho": HOUSE}, {"ho": HOUSE | {"hang_thay": "khong_ngheo"}}, {"ho": HOUSE}],
        }
        _sends(made, "spot_check", answers)
        _report(made)
        _person(FAR, "commune_supervisor", commune_of(db.session(), VILLAGES["Thôn Khe Tiền"].uuid) or "")
    yield made
    with made.app.app_context():
        db.engine.dispose()


def _report(seeded: Seeded, **changed: object) -> int:
    happened = {"loai_thien_tai": "sat_lo", "thoi_diem": "2026-11-02T21:30:00.000+07:00", "duong_bi_cat": "bi_cat"}
    told = happened | {"nha_hu_hong": "3", "can_gi": "thong_duong cho_o", "anh": "sat_lo.jpg"} | changed
    return _sends(seeded, "disaster_quick", told)


def _sends(seeded: Seeded, name: str, answers: Mapping[str, object]) -> int:
    """From the first village, by a phone made for that form."""
    session, now = db.session(), datetime.now(UTC)
    caller, xml, head = system_caller(session, now), library_form(name), seeded.heads[0]
    form = find_form(session, PROJECT, name)
    if form is None:
        new = NewForm(PROJECT, Source(xml, ignore_warnings=True), publish=True)
        form = create_form(session, seeded.home, caller, new, now)
    user = NewAppUser(PROJECT, "Cán bộ kiểm tra", head.village.uuid, form_ids=(form.id,))
    key = create_app_user(session, seeded.home, caller, user, now).token or ""
    definition = parse_form(xml)
    tables = {
        file: make_list(session, PROJECT, file.removesuffix(".csv"), everything(now.date())).table
        for file in definition.external_instances.values()
    }
    place = {"xa": head.commune.uuid, "thon": head.village.uuid}
    sheet = fill(definition, place | dict(answers), JudgeContext(now=now, tables=tables), instance_id=f"uuid:{uuid4()}")
    files = (photo(str(answers["anh"])),) if "anh" in answers else ()
    upload = Upload(
        Envelope(sheet, files, "collect:test", "test"), Target(PROJECT), caller_by_key(session, key, now), now
    )
    receipt = receive(session, seeded.home, upload)
    assert receipt.submission_id is not None
    return receipt.submission_id


def _person(email: str, role: str, area_id: str) -> None:
    session, now = db.session(), datetime.now(UTC)
    caller = system_caller(session, now)
    made = create_user(session, caller, NewUser(email, PASSWORD, email), now)
    grant_role(session, caller, made.id, GrantView(role, "project", PROJECT, None, area_id, None, None), now)


def village_page(seeded: Seeded, number: int = 0) -> str:
    return f"/projects/{PROJECT}/rounds/2019/villages/{seeded.heads[number].village.uuid}"


def test_a_check_is_held_against_the_sheet_of_the_village(seeded: Seeded, admin: FlaskClient) -> None:
    page = read(admin, CHECKS)
    village = seeded.heads[0].village
    assert "3 trong 7 điều" in title_of(page) or "3 trong 7 điều" in page
    assert village.name in page
    assert "kiểm tra thấy 143" in page
    assert "1/4" in page
    assert "42,8 %" in page
    assert "differ from the village" in read(admin, f"{CHECKS}?lang=en")
    (row,) = admin.get(f"/v1{CHECKS}").get_json()
    assert (row["errors"], row["checked"], row["permille"], row["wrong"]) == (3, 7, 428, 1)
    assert {each["field"] for each in row["differences"]} == {"tong_ho", "duong_truc_cung_hoa"}
    assert row["area"]["id"] == village.uuid
    assert row["checkedBy"] == "Cán bộ kiểm tra"


def test_a_disaster_stands_in_the_list_by_its_time_and_marks_the_village(seeded: Seeded, admin: FlaskClient) -> None:
    page = read(admin, DISASTERS)
    assert "02/11/2026 21:30" in page
    assert all(word in page for word in ("Sạt lở đất", "Bị cắt đứt", "Thông đường", "1 ảnh"))
    with seeded.app.app_context():
        later = _report(seeded, thoi_diem="2026-11-03T05:00:00.000+07:00", loai_thien_tai="lu_quet", nha_hu_hong=None)
        earlier = _report(seeded, thoi_diem="2026-10-01T05:00:00.000+07:00", loai_thien_tai="han")
    body = admin.get(f"/v1{DISASTERS}").get_json()
    assert [each["kind"] for each in body] == ["lu_quet", "sat_lo", "han"]
    assert [each["houses"] for each in body] == [None, 3, 3]
    assert body[1]["needs"] == ["thong_duong", "cho_o"]
    assert "Cần rà soát lại" in read(admin, village_page(seeded))
    assert "Cần rà soát lại" not in read(admin, village_page(seeded, 1))
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        for number in (later, earlier):
            review(session, system_caller(session, now), Decision(number, "rejected", "Báo nhầm"), now)
    assert [each["kind"] for each in admin.get(f"/v1{DISASTERS}").get_json()] == ["sat_lo"]


def test_a_criteria_sheet_that_comes_after_takes_the_mark_away(seeded: Seeded, admin: FlaskClient) -> None:
    with seeded.app.app_context():
        _report(seeded)
    assert "Cần rà soát lại" in read(admin, village_page(seeded))
    with seeded.app.app_context():
        send_xml(seeded, 0, sheet_of(seeded, 0, ho_can_ngheo=1))
    assert "Cần rà soát lại" not in read(admin, village_page(seeded))


def test_who_sees_another_commune_learns_of_neither(seeded: Seeded, sign_in: Enter) -> None:
    client = sign_in(FAR, PASSWORD)
    village = seeded.heads[0].village
    for path in (CHECKS, DISASTERS):
        assert village.name not in read(client, path)
        assert client.get(f"/v1{path}").get_json() == []
    assert "Chưa có thôn nào" in read(client, CHECKS)
