"""The printed page of a village: what it says, that it is kept word for word, that its code tells what is so now."""

import io
import re
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime

from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from server.criteria.ruleset import MET
from server.domain.review import APPROVED, REJECTED
from server.services.authenticate import system_caller
from server.services.review import Decision, review
from server.services.statements import check_statement
from server.services.throttle import WIDER
from server.services.thumbnails import MOST, make_thumbnail
from server.storage.database import db
from server.storage.statements import find_statement
from server.storage.throttles import Throttle
from tests.server.web.desk.conftest import VILLAGES
from tests.server.web.desk.seeding import Seeded, send_xml, sheet_of
from tests.server.web.desk.test_pages import csrf_of, read, village_page

Enter = Callable[..., FlaskClient]


def ask(seeded: Seeded, path: str, address: str = "127.0.0.1") -> TestResponse:
    """A page as somebody gets it whom nobody has signed in."""
    # in a context of its own: the browser that is signed in holds on to that of its last request
    browser = seeded.app.test_client()
    return Context().run(lambda: browser.get(path, environ_base={"REMOTE_ADDR": address}))


def printed(client: FlaskClient, seeded: Seeded, number: int, language: str = "vi") -> int:
    """Makes the statement of a village; returns its number."""
    path = f"{village_page(seeded, number)}/print?lang={language}"
    read(client, path)
    answer = client.post(path, data={"__csrf": csrf_of(client)})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:500]
    return int(answer.location.rpartition("/")[2])


def address_of(page: str) -> str:
    found = re.search(r"/verify/([a-z2-9]{28})", page)
    assert found
    return found[0]


def decide(seeded: Seeded, submission_id: int, state: str) -> None:
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        review(session, system_caller(session, now), Decision(submission_id, state, "Đã xem"), now)


def test_the_page_tells_verdict_clauses_source_and_what_is_missing(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, f"{village_page(seeded, 0)}/print?lang=vi")
    for said in (
        "50/2016/QĐ-TTg",
        "Tạm tính",
        "Chưa có ai duyệt",
        "1. Kết quả tính toán",
        "2. Thẩm định",
        "3. Công nhận",
    ):
        assert said in page
    assert "/verify/" not in page
    assert "Provisional" in read(admin, f"{village_page(seeded, 0)}/print?lang=en")


def test_photos_stand_beside_the_clause_they_support(admin: FlaskClient, seeded: Seeded) -> None:
    pages = [read(admin, f"{village_page(seeded, number)}/print?lang=vi") for number in range(VILLAGES)]
    with_photos = [page for page in pages if "data:image/jpeg;base64," in page]
    assert with_photos
    assert all(", ảnh 1" in " ".join(page.split()) for page in with_photos)


def test_a_statement_is_kept_word_for_word_and_the_same_again_is_the_same(admin: FlaskClient, seeded: Seeded) -> None:
    first = printed(admin, seeded, 1)
    page = read(admin, f"/statements/{first}")
    assert printed(admin, seeded, 1) == first
    assert printed(admin, seeded, 1, "en") != first
    decide(seeded, seeded.sent[seeded.heads[1].village.uuid], APPROVED)
    again = printed(admin, seeded, 1)
    assert again != first
    assert "Duyệt:" in read(admin, f"/statements/{again}")
    assert read(admin, f"/statements/{first}").count("Chưa có ai duyệt") == page.count("Chưa có ai duyệt") == 1
    with seeded.app.app_context():
        kept = find_statement(db.session(), first)
        assert kept is not None
        token = address_of(page).rpartition("/")[2]
        assert token.encode() not in kept.token_sealed
        assert token not in kept.content
        assert kept.sha256[:16] in page


def test_whoever_holds_the_paper_sees_that_it_stands_and_nothing_more(admin: FlaskClient, seeded: Seeded) -> None:
    address = address_of(read(admin, f"/statements/{printed(admin, seeded, 2)}"))
    answer = ask(seeded, f"{address}?lang=vi")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "kết luận vẫn còn nguyên đến hôm nay" in page
    village = seeded.heads[2].village
    assert village.name in page
    main = page[page.index("<main") :]
    assert "data:image" not in main
    assert not re.search(r"\d+/\d+ \(", main)
    assert not re.search(r"uuid:|ho_ngheo|Trưởng thôn", main)
    assert "still stand today" in ask(seeded, f"{address}?lang=en").get_data(as_text=True)


def test_a_new_approved_sheet_turns_it_and_the_code_says_so(admin: FlaskClient, seeded: Seeded) -> None:
    address = address_of(read(admin, f"/statements/{printed(admin, seeded, 3)}"))
    with seeded.app.app_context():
        checked = check_statement(db.session(), address.rpartition("/")[2])
        assert checked is not None
        before = {each.printed["ruleSet"]: each.printed["verdict"] for each in checked.compared or () if each.printed}
        poor = 0 if before["qd50_2016_thon"] == MET else 60
        changed = sheet_of(seeded, 3, ho_ngheo=poor, ho_can_ngheo=0, tong_ho=80, ho_ngheo_dtts=0)
        sent = send_xml(seeded, 3, changed)
        assert sent is not None
    decide(seeded, sent, APPROVED)
    page = ask(seeded, f"{address}?lang=vi").get_data(as_text=True)
    assert "Kết luận hiện nay khác với bản in." in page
    read(admin, f"{village_page(seeded, 3)}")
    decide(seeded, sent, REJECTED)
    assert "kết luận vẫn còn nguyên" in ask(seeded, f"{address}?lang=vi").get_data(as_text=True)


def test_two_sheets_that_disagree_stand_on_the_page(admin: FlaskClient, seeded: Seeded) -> None:
    with seeded.app.app_context():
        send_xml(seeded, 4, sheet_of(seeded, 4, ho_ngheo=1, ho_ngheo_dtts=0))
    assert "Các phiếu nói khác nhau về" in read(admin, f"{village_page(seeded, 4)}?lang=vi")
    assert "Các phiếu nói khác nhau về" in read(admin, f"{village_page(seeded, 4)}/print?lang=vi")


def test_a_code_that_no_paper_has_is_told_and_guessing_is_held_back(seeded: Seeded) -> None:
    statuses = []
    for number in range(seeded.home.config.sign_in_attempts * WIDER + 1):
        answer = ask(seeded, f"/verify/khong{number}?lang=vi", "198.51.100.7")
        statuses.append(answer.status_code)
        if number == 0:
            assert "Không có bản in nào mang mã này." in answer.get_data(as_text=True)
    assert statuses[0] == 404
    assert statuses[-1] == 429
    with seeded.app.app_context():
        assert db.session().query(Throttle).count() > 0


def test_it_is_told_in_the_audit_who_printed(admin: FlaskClient, seeded: Seeded) -> None:
    made = printed(admin, seeded, 5)
    assert f"statement:{made}" in read(admin, "/audit?group=statement") or "Lập bản in" in read(
        admin, "/audit?group=statement&lang=vi"
    )


def test_a_statement_of_elsewhere_is_not_found(sign_in: Enter, admin: FlaskClient, seeded: Seeded) -> None:
    read(admin, "/statements/999999", 404)
    assert ask(seeded, f"/statements/{printed(admin, seeded, 6)}").status_code == 302


def test_a_thumbnail_is_small_upright_and_without_what_the_camera_wrote() -> None:
    large = io.BytesIO()
    picture = Image.new("RGB", (1200, 800), "#446644")
    marks = Image.Exif()
    marks[0x0112] = 6
    marks[0x010F] = "Máy ảnh"
    picture.save(large, "JPEG", exif=marks)
    large.seek(0)
    small = make_thumbnail(large)
    assert small is not None
    with Image.open(io.BytesIO(small)) as made:
        assert made.size == (round(MOST * 2 / 3), MOST)
        assert not made.getexif()
    assert make_thumbnail(io.BytesIO(b"no picture")) is None
