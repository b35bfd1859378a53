"""The plan of a round on its page and over the API, and the page of holidays: in a home of its own."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from forms.calculate import fill
from forms.parse import parse_form
from forms.validate import JudgeContext
from server.services.authenticate import caller_by_key, system_caller
from server.services.judge import Target, Upload
from server.services.lists import make_list
from server.services.people import NewAppUser, NewUser, create_app_user, create_user, grant_role
from server.services.plan import PlanChange, change_plan
from server.services.publish import NewForm, Source, create_form
from server.services.receive import receive
from server.services.sight import everything
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.database import db, writing
from server.storage.holidays import HolidayRow
from server.storage.rounds import change_round, find_round_id
from server.web.desk.built import FOLDER
from sync.envelope import Envelope
from tests.kit.field import VILLAGES, library_form, photo
from tests.kit.places import commune_of
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded, seed
from tests.server.web.desk.test_pages import read, title_of

Enter = Callable[..., FlaskClient]
ROUND = f"/projects/{PROJECT}/rounds/2019"
PAGE, API = f"{ROUND}/plan", f"/v1{ROUND}/plan"
FAR = "xa.khac@example.vn"
# the days of this table are invented
TABLE = b"day,name,works,source\n2019-06-10,Ngh\xe1\xbb\x89 m\xe1\xba\xabu,0,Th\xc3\xb4ng b\xc3\xa1o m\xe1\xba\xabu\n"


@pytest.fixture(name="seeded", scope="module")
def seeded_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A home with a sheet about one meeting, in the village of the first head; a photo has not come."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("plan") / "home", 1)
    with made.app.app_context():
        _hold_meeting(made)
        _person(FAR, "commune_supervisor", commune_of(db.session(), VILLAGES["Thôn Khe Tiền"].uuid) or "")
    yield made
    with made.app.app_context():
        db.engine.dispose()


def _hold_meeting(seeded: Seeded) -> None:
    session, now = db.session(), datetime.now(UTC)
    caller, xml, head = system_caller(session, now), library_form("village_meeting"), seeded.heads[0]
    new = NewForm(PROJECT, Source(xml, ignore_warnings=True), publish=True)
    form = create_form(session, seeded.home, caller, new, now)
    user = NewAppUser(PROJECT, "Thư ký", head.village.uuid, form_ids=(form.id,))
    key = create_app_user(session, seeded.home, caller, user, now).token or ""
    definition = parse_form(xml)
    tables = {
        name: make_list(session, PROJECT, name.removesuffix(".csv"), everything(now.date())).table
        for name in definition.external_instances.values()
    }
    answers = {
        **{"xa": head.commune.uuid, "thon": head.village.uuid, "ky": "2019", "ngay_hop": "2019-06-20"},
        **{"anh_bien_ban": "minutes.jpg", "niem_yet": "co", "niem_yet_tu": "2019-06-21", "niem_yet_den": "2019-06-25"},
        **{"anh_niem_yet": "board.jpg", "kien_nghi_nhan": "3", "kien_nghi_tra_loi": "1"},
    }
    sheet = fill(definition, answers, JudgeContext(now=now, tables=tables), instance_id="uuid:meeting")
    envelope = Envelope(sheet, (photo("minutes.jpg"),), "collect:test", "test")
    receive(session, seeded.home, Upload(envelope, Target(PROJECT), caller_by_key(session, key, now), now))


def _person(email: str, role: str, area_id: str) -> None:
    session, now = db.session(), datetime.now(UTC)
    caller = system_caller(session, now)
    made = create_user(session, caller, NewUser(email, PASSWORD, email), now)
    grant_role(session, caller, made.id, GrantView(role, "project", PROJECT, None, area_id, None, None), now)


@pytest.fixture(autouse=True)
def _as_before(seeded: Seeded) -> Iterator[None]:
    """Each test finds the round as it was opened and no holidays."""
    yield
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        which = find_round_id(session, PROJECT, "2019")
        assert which is not None
        with writing(session) as connection:
            change_round(connection, which, lock_id=None)
            connection.execute(HolidayRow.__table__.delete())  # type: ignore[attr-defined]
            session.commit()
        change_plan(session, system_caller(session, now), which, PlanChange(None, None, None), now)


def sends(client: FlaskClient, where: str, status: int = 302, **form: object) -> str:
    token = client.get_cookie("__csrf")
    assert token is not None
    answer = client.post(where, data={"__csrf": token.decoded_value, **form}, content_type="multipart/form-data")
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_without_an_instruction_the_law_is_there_and_no_day(admin: FlaskClient) -> None:
    page = read(admin, PAGE)
    assert "Chưa có ngày văn bản chỉ đạo" in title_of(page)
    for words in ("QĐ 50/2016/QĐ-TTg", "QĐ 03/2019/QĐ-TTg", "chưa tìm thấy văn bản", "Toàn bộ thủ tục", "đã đối chiếu"):
        assert words in page, words


def test_the_instruction_s_day_makes_deadlines_with_their_holidays(admin: FlaskClient, seeded: Seeded) -> None:
    sends(admin, PAGE, instructed_on="2019-04-22", steps="law", evidence="usual")
    told = plain(read(admin, f"{PAGE}?done=saved"))
    for words in ("22/05/2019", "quá hạn", "Ngày Chiến thắng", "chưa nạp lịch nghỉ 2019", "Đã lưu lịch"):
        assert words in told, words
    assert "<svg" in read(admin, PAGE)
    with seeded.app.app_context():
        assert list_audits(db.session(), most=1)[0].action == "round.update"


def test_an_office_sets_steps_and_evidence_of_its_own(admin: FlaskClient) -> None:
    step = {"level": "commune", "to": "province", "days": "10", "article": "Văn bản 12/UBND", "status": "unverified"}
    asked = {"asked": "1", "step": "commune", "form": "village_meeting", "least": "7"}
    fields = {"from": "niem_yet_tu", "to": "niem_yet_den", "photo": "anh_niem_yet"}
    form = {f"step-0-{name}": value for name, value in step.items()}
    form |= {f"posting-{name}": value for name, value in (asked | fields).items()}
    sends(admin, PAGE, instructed_on="2099-01-05", steps="own", evidence="own", **form)
    page = read(admin, PAGE)
    assert "Hạn gần nhất 19/01/2099 (xã)" in title_of(page)
    told = plain(page)
    assert "Văn bản 12/UBND" in told
    assert "QĐ 50/2016" not in told
    assert "Niêm yết ít nhất 7 ngày" in told
    assert "mới niêm yết 5 ngày, cần 7 ngày" in plain(read(admin, f"{PAGE}?lacks=posting"))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"instructed_on": "hôm qua"}, "hôm qua"),
        ({"steps": "own", "step-0-level": "commune", "step-0-to": "province"}, "không phải cả hai"),
        ({"steps": "own", "step-0-level": "commune", "step-0-days": "mười"}, "từ 1 đến 2000"),
        ({"evidence": "own", "minutes-asked": "1", "minutes-step": "commune"}, "mã biểu mẫu"),
    ],
)
def test_what_cannot_be_kept_is_told_beside_what_was_typed(
    admin: FlaskClient, form: dict[str, str], words: str
) -> None:
    page = sends(admin, PAGE, 400, **form)
    assert words in page
    assert all(f'value="{value}"' in page for name, value in form.items() if name in ("instructed_on", "step-0-days"))


def test_a_locked_round_is_shown_and_not_changed(admin: FlaskClient, seeded: Seeded) -> None:
    with seeded.app.app_context(), writing(db.session()) as connection:
        which = find_round_id(connection, PROJECT, "2019")
        assert which is not None
        change_round(connection, which, lock_id=1)
        db.session().commit()
    assert '<form class="stack" method="post" action="/projects' not in read(admin, PAGE)
    assert "đã khóa" in sends(admin, PAGE, 409, instructed_on="2019-04-22")


def test_communes_and_villages_that_lack_something_are_listed(admin: FlaskClient, seeded: Seeded) -> None:
    village, commune = seeded.heads[0].village, seeded.heads[0].commune
    page = read(admin, PAGE)
    assert commune.name in page
    assert f"area={commune.uuid}" in page
    told = plain(read(admin, f"{PAGE}?area={commune.uuid}&lacks=posting"))
    assert village.name in told
    assert "ảnh chưa gửi tới" in told
    assert "còn 2 trong 3 kiến nghị chưa trả lời" in told
    without = read(admin, f"{PAGE}?area={commune.uuid}&lacks=minutes")
    assert f"/villages/{village.uuid}" not in without
    assert read(admin, f"{PAGE}?area=nowhere")


def test_the_village_page_tells_of_its_own_evidence(admin: FlaskClient, seeded: Seeded) -> None:
    told = plain(read(admin, f"{ROUND}/villages/{seeded.heads[0].village.uuid}"))
    assert "Biên bản họp thôn có" in told
    assert "Niêm yết công khai thiếu ảnh chưa gửi tới" in told


def test_who_reviews_another_commune_sees_nothing_of_it_and_changes_nothing(seeded: Seeded, sign_in: Enter) -> None:
    client, commune = sign_in(FAR), seeded.heads[0].commune
    page = read(client, PAGE)
    assert commune.name not in page
    assert 'name="instructed_on"' not in page
    assert seeded.heads[0].village.name not in read(client, f"{PAGE}?area={commune.uuid}&lacks=any")
    sends(client, PAGE, 403, instructed_on="2019-04-22")
    sends(client, "/holidays", 403, file=(io.BytesIO(TABLE), "2019.csv"))
    assert client.get(API, query_string={"area": commune.uuid}).get_json()["villages"] == []


def test_the_api_tells_the_same(admin: FlaskClient, seeded: Seeded) -> None:
    sends(admin, PAGE, instructed_on="2019-04-22", steps="law", evidence="usual")
    told = admin.get(API).get_json()
    assert told["lawNotFound"] == ["QĐ 03/2019/QĐ-TTg"]
    step = told["steps"][0]
    assert (step["due"], step["workingDays"], step["status"], step["overdue"]) == ("2019-05-22", 20, "verified", True)
    assert [each["day"] for each in step["holidays"]] == ["2019-04-30", "2019-05-01"]
    assert step["unsureYears"] == [2019]
    assert told["counts"]["there"] == {"minutes": 1}
    assert told["asked"][0]["fields"] == {"held": "ngay_hop", "photo": "anh_bien_ban"}
    village = seeded.heads[0].village.uuid
    (one,) = admin.get(API, query_string={"area": village}).get_json()["villages"]
    assert [(each["state"], [lack["code"] for lack in each["lacks"]]) for each in one["items"]] == [
        ("there", []),
        ("missing", ["photo_not_here"]),
        ("missing", ["unanswered"]),
    ]
    assert admin.get(f"/v1{ROUND}x/plan").status_code == 404


def test_holidays_are_looked_at_then_loaded_and_change_the_deadline(admin: FlaskClient, seeded: Seeded) -> None:
    sends(admin, PAGE, instructed_on="2019-06-03", steps="law", evidence="usual")
    assert "01/07/2019" in plain(read(admin, PAGE))
    assert "Chưa nạp lịch nghỉ" in title_of(read(admin, "/holidays"))
    page = sends(admin, "/holidays", 200, act="look", file=(io.BytesIO(TABLE), "2019.csv"))
    assert "1 ngày mới" in title_of(page)
    packed = re.search(r'name="packed" value="([^"]+)"', page)
    assert packed
    sends(admin, "/holidays", act="write", packed=packed[1], ending=".csv")
    page = read(admin, "/holidays?done=loaded")
    assert "Nghỉ mẫu" in page
    assert "2019" in title_of(page)
    told = plain(read(admin, PAGE))
    assert "02/07/2019" in told
    assert "chưa nạp lịch nghỉ 2019" not in told


def test_a_table_that_cannot_be_used_is_told_row_by_row(admin: FlaskClient, seeded: Seeded) -> None:
    page = sends(admin, "/holidays", 400, file=(io.BytesIO(TABLE + b"2019-02-30,x,0,y\n"), "2019.csv"))
    assert "Dòng 3: “2019-02-30” không phải ngày" in page
    assert "sổ tính" in sends(admin, "/holidays", 400, file=(io.BytesIO(b"no"), "2019.xlsx"))
    assert "Tệp trống" in sends(admin, "/holidays", 400, act="write", packed="%%%")
    answer = admin.get("/holidays/template")
    assert answer.data.startswith(b"\xef\xbb\xbfday,name,works,source")
