"""The pages of the desk as a browser without scripts gets them."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from server.domain.rounds import Round
from server.services.authenticate import system_caller
from server.services.health import LOADING
from server.services.people import NewUser, create_user, grant_role
from server.services.rounds import open_round
from server.storage.actors import GrantView, find_user_by_email
from server.storage.database import db, writing
from server.storage.rounds import RoundRow
from server.storage.settings import put_setting
from tests.server.web.desk.conftest import VILLAGES
from tests.server.web.desk.seeding import EMAIL, PASSWORD, PROJECT, Seeded, send_xml

Enter = Callable[..., FlaskClient]
ROUND = f"/projects/{PROJECT}/rounds/2019"
SHEETS = f"/projects/{PROJECT}/submissions"


def read(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return answer.get_data(as_text=True)


def title_of(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page, re.S)
    assert found
    return " ".join(re.sub(r"<[^>]+>", "", found[1]).split())


def csrf_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("__csrf")
    assert cookie
    return str(cookie.value)


def village_page(seeded: Seeded, number: int) -> str:
    return f"{ROUND}/villages/{seeded.heads[number].village.uuid}"


def send_of(seeded: Seeded, number: int) -> int:
    return seeded.sent[seeded.heads[number].village.uuid]


def test_who_is_not_signed_in_is_asked_to_and_comes_back(client: FlaskClient) -> None:
    answer = client.get(f"{ROUND}?q=khe")
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in?next=")
    page = read(client, answer.location)
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token
    form = {"form_token": token[1], "email": EMAIL, "password": PASSWORD, "next": f"{ROUND}?q=khe"}
    assert client.post("/sign-in", data=form).location == f"{ROUND}?q=khe"


@pytest.mark.parametrize("elsewhere", ["//example.org/", "https://example.org/", "/\\example.org", "javascript:x"])
def test_signing_in_leads_nowhere_else(client: FlaskClient, elsewhere: str) -> None:
    page = client.get("/sign-in", query_string={"next": elsewhere}).get_data(as_text=True)
    assert 'name="next" value="/"' in page


def test_a_wrong_password_is_said_in_a_sentence_and_the_email_stays(client: FlaskClient) -> None:
    token = re.search(r'name="form_token" value="([^"]+)"', read(client, "/sign-in"))
    assert token
    answer = client.post("/sign-in", data={"form_token": token[1], "email": EMAIL, "password": "not this one"})
    assert answer.status_code == 401
    page = answer.get_data(as_text=True)
    assert 'role="alert"' in page
    assert f'value="{EMAIL}"' in page
    assert "not this one" not in page


def test_a_page_of_somebody_else_cannot_sign_in(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 403
    assert client.get_cookie("session") is None


def test_signing_out_ends_the_session(admin: FlaskClient) -> None:
    token = admin.get_cookie("session")
    assert token
    assert admin.post("/sign-out", data={"__csrf": csrf_of(admin)}).status_code == 302
    admin.set_cookie("session", token.value)
    assert admin.get("/").status_code == 302


def test_the_first_page_answers_who_remains(admin: FlaskClient) -> None:
    page = read(admin, "/")
    assert title_of(page) == "Còn 12 xã, 8 thôn · 30/06/2019"
    assert re.search(r"\d+ hoàn thành · \d+ chưa", page)
    assert "số liệu mẫu (synthetic)" in page


def test_a_round_shows_every_village_with_both_verdicts(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, ROUND)
    numbers = [int(number) for number in re.findall(r"\d+", title_of(page))]
    assert numbers[0] == len(seeded.heads) == sum(numbers[1:])
    assert page.count("<tr data-href=") == len(seeded.heads)
    assert page.count("chưa gửi phiếu") >= len(seeded.heads) - VILLAGES
    assert "Ba xã có trong ký ức" in page


def test_filters_narrow_by_verdict_commune_and_words_without_tones(admin: FlaskClient, seeded: Seeded) -> None:
    head = seeded.heads[0]
    by_name = read(admin, f"{ROUND}?q=ngan+chi")
    assert by_name.count("<tr data-href=") == 1
    assert head.village.name in by_name
    assert read(admin, f"{ROUND}?q=mau+02").count("<tr data-href=") > 1
    assert "Xã Đạp Thanh" in read(admin, f"{ROUND}?q=dap+thanh")
    by_commune = read(admin, f"{ROUND}?commune={head.commune.uuid}")
    shown = by_commune.count("<tr data-href=")
    assert shown == sum(each.commune.uuid == head.commune.uuid for each in seeded.heads)
    each = [read(admin, f"{ROUND}?rule=qd03_2019_thon&verdict={value}") for value in ("met", "not_met", "unknown")]
    assert sum(page.count("<tr data-href=") for page in each) == len(seeded.heads)
    assert "Không có thôn nào khớp" in read(admin, f"{ROUND}?q=không+có+đâu")


def test_a_village_says_why_clause_by_clause(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, village_page(seeded, 0))
    assert "Quyết định 50/2016/QĐ-TTg" in page
    assert "Quyết định 03/2019/QĐ-TTg" in page
    assert re.search(r"\d+/\d+ \(\d+,\d+%\)", page)
    assert "≥ 65%" in page
    assert "chưa đối chiếu" in page or "đọc được một phần" in page
    assert f'href="/submissions/{send_of(seeded, 0)}"' in page
    assert "Xã đạt chuẩn nông thôn mới" in page


def test_a_village_that_sent_nothing_says_what_to_do(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, village_page(seeded, len(seeded.heads) - 1))
    assert "Thôn chưa gửi phiếu nào" in page
    assert "Để có kết luận" in page or "Kết quả đổi thành" in page


def test_a_sheet_shows_labels_choices_photos_and_who_sent_it(admin: FlaskClient, seeded: Seeded) -> None:
    pages = [read(admin, f"/submissions/{number}") for number in seeded.sent.values()]
    page = next(page for page in pages if 'class="photo"' in page)
    assert "Thôn có tất cả bao nhiêu hộ?" in page
    assert "Chuẩn 2016–2020" in page or "2022" in page
    assert "Không bắt được tín hiệu" in page
    assert "thonban-device/1" in page
    photo = re.search(r'<img src="([^"]+)"', page)
    assert photo
    answer = admin.get(photo[1], buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["Content-Disposition"].startswith("inline")
    xml = re.search(r'href="(/submissions/\d+/versions/\d+\.xml)"', page)
    assert xml
    assert b"instanceID" in admin.get(xml[1]).data


def test_a_broken_sheet_shows_the_forms_own_message_at_its_question(admin: FlaskClient, seeded: Seeded) -> None:
    listed = read(admin, f"{SHEETS}?state=hasIssues")
    number = re.search(r'data-href="/submissions/(\d+)"', listed)
    assert number, "the demo has sheets that break a rule"
    page = read(admin, f"/submissions/{number[1]}")
    assert "trái quy tắc" in title_of(page)
    assert page.count("không được nhiều hơn") >= 2
    assert "answer has-finding" in page
    english = read(admin, f"/submissions/{number[1]}?lang=en")
    assert "cannot be more than" in english


def test_the_language_is_kept(admin: FlaskClient) -> None:
    assert '<html lang="en">' in read(admin, "/?lang=en")
    assert '<html lang="en">' in read(admin, ROUND)
    assert '<html lang="vi">' in read(admin, "/?lang=vi")


def test_a_reviewer_approves_and_returns_with_a_reason(admin: FlaskClient, seeded: Seeded) -> None:
    number = send_of(seeded, 1)
    path, csrf = f"/submissions/{number}", csrf_of(admin)
    without = admin.post(f"{path}/review", data={"state": "approved"})
    assert without.status_code == 403
    assert admin.post(f"{path}/review", data={"state": "approved", "__csrf": csrf}).status_code == 302
    assert "Đã duyệt" in read(admin, path)
    assert admin.post(f"{path}/review", data={"state": "rejected", "__csrf": csrf}).status_code == 400
    reason = "Thiếu <b>ảnh</b> đường"
    form = {"state": "rejected", "reason": reason, "__csrf": csrf}
    assert admin.post(f"{path}/review", data=form).status_code == 302
    page = read(admin, path)
    assert "Thiếu &lt;b&gt;ảnh&lt;/b&gt; đường" in page
    assert reason not in page
    village = read(admin, village_page(seeded, 1))
    assert "Thôn chưa gửi phiếu nào cho kỳ này" in village
    admin.post(f"{path}/review", data={"state": "received", "__csrf": csrf})
    assert "Thôn chưa gửi phiếu nào cho kỳ này" not in read(admin, village_page(seeded, 1))


def test_comments_are_shown_as_text(admin: FlaskClient, seeded: Seeded) -> None:
    path = f"/submissions/{send_of(seeded, 2)}"
    form = {"body": "<script>alert(1)</script>", "__csrf": csrf_of(admin)}
    assert admin.post(f"{path}/comments", data=form).status_code == 302
    page = read(admin, path)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_pages_carry_nothing_inline_and_nothing_from_elsewhere(admin: FlaskClient, seeded: Seeded) -> None:
    for path in ("/", ROUND, village_page(seeded, 0), f"/submissions/{send_of(seeded, 0)}", SHEETS, "/quarantine"):
        answer = admin.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        page = answer.get_data(as_text=True)
        assert not re.search(r"<script(?![^>]*src=)", page)
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", page)
        assert not re.search(r"(?:src|href|action)=[\"'](?:https?:)?//", page)
        assert "desk." not in re.sub(r"<[^>]+>", "", page)


def test_a_reviewer_sees_the_own_area_alone(seeded: Seeded, sign_in: Enter, client: FlaskClient) -> None:
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        mine, other, *_ = seeded.sent
        caller = system_caller(session, now)
        if find_user_by_email(session, "xa@example.org") is None:
            made = create_user(session, caller, NewUser("xa@example.org", PASSWORD, "Cán bộ xã"), now)
            grant = GrantView("commune_supervisor", "project", PROJECT, None, mine, None, None)
            grant_role(session, caller, made.id, grant, now)
    sign_in("xa@example.org")
    page = read(client, ROUND)
    assert mine in page
    assert other not in page
    read(client, f"{ROUND}/villages/{mine}")
    read(client, f"{ROUND}/villages/{other}", 404)
    assert "Duyệt phiếu này" in read(client, f"/submissions/{seeded.sent[mine]}")
    read(client, f"/submissions/{seeded.sent[other]}", 404)
    read(client, "/quarantine", 403)


def test_quarantine_lists_what_nobody_could_read(admin: FlaskClient, seeded: Seeded) -> None:
    with seeded.app.app_context(), pytest.raises(Exception, match="instance"):
        send_xml(seeded, 3, b"this is <no instance")
    page = read(admin, "/quarantine")
    assert "1 lần gửi không đọc được" in title_of(page)
    body = re.search(r'href="(/quarantine/\d+/body)"', page)
    assert body
    answer = admin.get(body[1])
    assert answer.data == b"this is <no instance"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_phone_has_its_address_and_picture(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, f"/projects/{PROJECT}/phones")
    assert title_of(page).startswith("126")
    assert seeded.heads[0].token not in page
    link = re.search(r'data-href="(/projects/1/phones/\d+)"', page)
    assert link
    one = read(admin, link[1])
    assert "/v1/key/" in one
    assert "<svg" in one


@pytest.mark.parametrize("finished", [False, True])
def test_while_the_demo_loads_pages_say_how_far_it_is(sign_in: Enter, seeded: Seeded, finished: bool) -> None:
    with seeded.app.app_context(), writing(db.session()) as connection:
        put_setting(connection, LOADING, {"done": 40, "total": 126, "finished": finished})
        db.session().commit()
    assert ("40 trên 126 phiếu" in read(sign_in(), "/")) is not finished


def test_a_round_without_a_rule_in_force_says_so(sign_in: Enter, seeded: Seeded) -> None:
    later = Round("2010", "Rà soát năm 2010", "Review of 2010", date(2010, 6, 30), date(2010, 1, 1), date(2010, 12, 31))
    with seeded.app.app_context():
        open_round(db.session(), PROJECT, later, datetime.now(UTC))
    page = read(sign_in(), f"/projects/{PROJECT}/rounds/2010")
    # as if it had never been: the other tests look at the round of 2019
    with seeded.app.app_context(), writing(db.session()) as connection:
        connection.execute(delete(RoundRow).where(RoundRow.slug == "2010"))
        db.session().commit()
    assert "Không có bộ tiêu chí nào còn hiệu lực" in page


def test_what_is_not_there_is_a_page_that_leads_home(admin: FlaskClient) -> None:
    page = read(admin, "/submissions/999999", 404)
    assert 'href="/"' in page
    read(admin, f"{ROUND}x", 404)
    read(admin, f"{SHEETS}?page=nonsense", 400)
