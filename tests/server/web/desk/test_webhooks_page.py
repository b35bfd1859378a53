"""The page of webhooks: made with a secret that is shown once, tried, paused, sent again, deleted."""

import re
from datetime import UTC, datetime

from flask.testing import FlaskClient

from server.jobs.webhooks import deliver_all, utc_now
from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user
from server.storage.database import db, writing
from server.storage.schema import open_sessions
from server.storage.webhooks import change_hook
from tests.kit.passwords import give_password
from tests.kit.receiver import receiver, with_loopback
from tests.server.web.desk.seeding import PASSWORD, Seeded

HOOKS = "/projects/1/webhooks"
EVENTS = ["submission.created", "verdict.changed"]


def post(desk: FlaskClient, path: str, **fields: object) -> str:
    cookie = desk.get_cookie("__csrf")
    assert cookie is not None
    answer = desk.post(path, data={"__csrf": cookie.value, **fields}, follow_redirects=True)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def test_a_webhook_on_the_page(admin: FlaskClient, seeded: Seeded) -> None:
    assert "Chưa có nơi nhận nào được báo" in admin.get(HOOKS).get_data(as_text=True)
    asked = {"name": "Sở Dân tộc", "url": "https://example.org/thonban", "event": EVENTS}
    page = post(admin, HOOKS, **asked)
    secret = re.search(r'<code class="address">([\w-]{40,})</code>', page)
    assert secret
    number = re.search(r"/webhooks/(\d+)/test", page)
    assert number
    one = f"{HOOKS}/{number[1]}"
    assert secret[1] not in admin.get(one).get_data(as_text=True)
    assert "Chưa gửi gì" in admin.get(HOOKS).get_data(as_text=True)
    sessions, home = open_sessions(seeded.home.config.database_url), with_loopback(seeded.home)
    with receiver(500) as there:
        with sessions() as session, writing(session) as connection:
            change_hook(connection, int(number[1]), url=there.url)
            session.commit()
        assert "Tin thử sẽ đi trong vài giây" in post(admin, f"{one}/test")
        deliver_all(sessions, home, utc_now)
        page = admin.get(one).get_data(as_text=True)
        assert "Hỏng 1 lần liền" in page
        assert "500" in page
        there.answers = 200
        again = re.search(r'action="(/projects/1/webhooks/\d+/deliveries/\d+/again)"', page)
        assert again
        assert "Tin sẽ được gửi lại" in post(admin, again[1])
        assert deliver_all(sessions, home, utc_now) == 1
        assert there.taken[1].signed_by(secret[1])
    sessions.kw["bind"].dispose()
    page = admin.get(f"{one}?lang=en").get_data(as_text=True)
    assert "Working" in page
    assert "sent again by" in page
    admin.get(f"{one}?lang=vi")
    assert "Tạm dừng" in post(admin, f"{one}/pause")
    assert "Đã cho gửi tiếp" in post(admin, f"{one}/resume")
    assert "Trong 24 giờ tin được ký bằng cả khóa cũ" in post(admin, f"{one}/secret")
    assert "Đã xóa webhook" in post(admin, f"{one}/delete")
    assert admin.get(one).status_code == 404


def test_what_cannot_be_used_stays_in_the_form(admin: FlaskClient) -> None:
    cookie = admin.get_cookie("__csrf")
    assert cookie is not None
    asked = {"__csrf": cookie.value, "name": "Nơi nhận", "url": "http://10.0.0.1/x", "event": EVENTS[:1]}
    answer = admin.post(HOOKS, data=asked)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "mạng nội bộ" in page
    assert 'value="http://10.0.0.1/x"' in page
    assert page.count("checked") == 1


def test_who_may_not_have_webhooks_sees_no_page(sign_in, seeded: Seeded) -> None:  # type: ignore[no-untyped-def]
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        create_user(session, system_caller(session, now), NewUser("xem@example.vn", None, "Xem", role="viewer"), now)
        give_password(session, "xem@example.vn", PASSWORD)
    desk = sign_in("xem@example.vn", PASSWORD)
    assert desk.get(HOOKS).status_code == 403
    assert "Webhook" not in desk.get("/projects/1/forms").get_data(as_text=True)
