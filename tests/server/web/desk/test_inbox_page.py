"""The inbox: its answer, its lines, decisions on them and on many at once, what is stale or forged, and whose it is."""

import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from server.app import create_app
from server.config import Config
from server.services.authenticate import system_caller
from server.services.home import open_home
from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView
from server.storage.areas import find_root, list_subtree
from server.storage.audits import list_audits
from server.storage.database import db, writing
from server.storage.projects import Project
from server.storage.readings import find_submission_by_id, find_submission_xml
from server.storage.reviews import list_moves
from server.storage.waiting import list_wrong_waiting
from server.web.context import CSRF_COOKIE
from server.web.desk.built import FOLDER
from tests.kit.passwords import give_password
from tests.server.services.test_receive import edited
from tests.server.web.desk.seeding import EMAIL, PASSWORD, PROJECT, Seeded, seed, send_xml

INBOX = f"/projects/{PROJECT}/inbox"
SCRIPT = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """A home with three reports, which every test copies."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("inbox") / "home", 3)
    with made.app.app_context():
        db.engine.dispose()
    return made


@pytest.fixture
def seeded(furnished: Seeded, tmp_path: Path) -> Iterator[Seeded]:
    """A home of its own: these tests decide."""
    shutil.copytree(furnished.home.config.home, tmp_path / "home")
    environ = {"THONBAN_HOME": str(tmp_path / "home"), "THONBAN_ADMIN_EMAIL": EMAIL, "THONBAN_ADMIN_PASSWORD": PASSWORD}
    config = Config.from_env(environ)
    home = open_home(config)
    made = replace(furnished, app=create_app(config, home), home=home, sent=dict(furnished.sent))
    yield made
    with made.app.app_context():
        assert list_wrong_waiting(db.session()) == set()
        db.engine.dispose()


def enter(seeded: Seeded, email: str = EMAIL) -> FlaskClient:
    """A browser signed in."""
    client = seeded.app.test_client()
    token = re.search(r'name="form_token" value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    assert token
    form = {"form_token": token[1], "email": email, "password": PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 302
    return client


def person(seeded: Seeded, role: str, area_id: str | None = None, name: str = "Bà Lan") -> FlaskClient:
    """Somebody with a role, signed in."""
    email = f"{uuid.uuid4().hex[:8]}@example.vn"
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        made = create_user(session, system_caller(session, now), NewUser(email, None, name), now)
        give_password(session, email, PASSWORD)
        grant = GrantView(role, "project", PROJECT, None, area_id, None, None)
        grant_role(session, system_caller(session, now), made.id, grant, now)
    return enter(seeded, email)


def text_of(client: FlaskClient, path: str = INBOX) -> str:
    """A page that is there."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return unescape(answer.get_data(as_text=True))


def heading(page: str) -> str:
    """What its title says."""
    found = re.search(r"<h1[^>]*>(.*?)<", page, re.S)
    assert found
    return found[1].strip()


def seen_of(page: str, number: int) -> str:
    """What the line of a submission shows of it."""
    line = page[page.index(f'id="sheet-{number}"') :]
    found = re.search(r'name="seen" value="([^"]+)"', line)
    assert found
    return found[1]


def post(client: FlaskClient, path: str, data: dict[str, object], *, script: bool = True, csrf: bool = True):  # type: ignore[no-untyped-def]
    """A form of the page sent, as the script sends it or as a browser without one does."""
    cookie = client.get_cookie(CSRF_COOKIE)
    assert cookie
    form = data | ({"__csrf": cookie.value} if csrf else {})
    return client.post(path, data=form, headers=SCRIPT if script else {})


def stands(seeded: Seeded, number: int) -> tuple[str, str | None]:
    """State and level of a submission."""
    with seeded.app.app_context():
        found = find_submission_by_id(db.session(), number)
        assert found
        return found.review_state, found.review_level


@pytest.fixture
def sent(seeded: Seeded) -> list[int]:
    """The sheets there are, by number."""
    return sorted(seeded.sent.values())


def test_its_title_is_the_answer_and_each_line_tells_what_is_needed(seeded: Seeded, sent: list[int]) -> None:
    page = text_of(person(seeded, "commune_supervisor"))
    assert re.fullmatch(r"3 phiếu chờ duyệt, (3 quá hạn|không phiếu nào quá hạn)", heading(page))
    for village, number in seeded.sent.items():
        name = next(head.village.name for head in seeded.heads if head.village.uuid == village)
        line = page[page.index(f'id="sheet-{number}"') :].split("</li>")[0]
        assert name in line
        assert "chưa có phiếu kỳ trước" in line
        assert "Duyệt</button>" in line
    assert "thôn chưa gửi phiếu" in page
    assert f"/projects/{PROJECT}/rounds/" in page


def test_a_line_is_approved_and_taken_back_in_its_place(seeded: Seeded, sent: list[int]) -> None:
    client, number = person(seeded, "commune_supervisor"), sent[0]
    seen = seen_of(text_of(client), number)
    answer = post(client, f"{INBOX}/decide", {"submission": number, "state": "approved", "seen": seen})
    line = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 200
    assert "Đã duyệt phiếu của" in line
    assert "<html" not in line
    assert stands(seeded, number) == ("approved", "commune")
    assert heading(text_of(client)).startswith("2 phiếu chờ duyệt")
    assert heading(text_of(person(seeded, "province_reviewer"))).startswith("1 phiếu chờ duyệt")
    move = re.search(r'name="move" value="(\d+)"', line)
    assert move
    answer = post(client, f"{INBOX}/undo", {"submission": number, "move": move[1]})
    assert f'id="sheet-{number}"' in answer.get_data(as_text=True)
    assert "data-approve" in answer.get_data(as_text=True)
    assert stands(seeded, number)[0] != "approved"
    with seeded.app.app_context():
        lines = [each.action for each in list_audits(db.session())]
    assert {"submission.update", "submission.review.undo"} <= set(lines)


def test_without_a_script_it_comes_back_to_the_same_filters_with_a_way_to_undo(seeded: Seeded, sent: list[int]) -> None:
    client, number = person(seeded, "commune_supervisor"), sent[0]
    seen = seen_of(text_of(client), number)
    form = {"submission": number, "state": "rejected", "seen": seen, "reason": "Thiếu số hộ"}
    answer = post(client, f"{INBOX}/decide?q=thon", form, script=False)
    assert answer.status_code == 302
    page = text_of(client, answer.location)
    assert "Đã trả lại phiếu của" in page
    assert 'value="thon"' in page
    move = re.search(r'name="move" value="(\d+)"', page)
    assert move
    answer = post(client, f"{INBOX}/undo", {"submission": number, "move": move[1]}, script=False)
    assert answer.status_code == 302
    assert stands(seeded, number)[0] != "rejected"


def test_the_second_of_two_is_shown_what_the_first_decided(seeded: Seeded, sent: list[int]) -> None:
    one, two, number = (
        person(seeded, "commune_supervisor"),
        person(seeded, "commune_supervisor", name="Ông Páo"),
        sent[0],
    )
    seen = seen_of(text_of(two), number)
    form: dict[str, object] = {"submission": number, "state": "rejected", "reason": "Thiếu", "seen": seen}
    post(one, f"{INBOX}/decide", form)
    stale = {"submission": number, "state": "approved", "seen": seen}
    answer = post(two, f"{INBOX}/decide", stale)
    assert answer.status_code == 200
    assert "Bà Lan đã quyết định phiếu này: Trả lại" in unescape(answer.get_data(as_text=True))
    answer = post(two, f"{INBOX}/decide", stale, script=False)
    assert answer.status_code == 409
    assert "Bà Lan đã quyết định phiếu này" in unescape(answer.get_data(as_text=True))
    assert stands(seeded, number) == ("rejected", "commune")


def test_forged_foreign_and_huge_forms_change_nothing(seeded: Seeded, sent: list[int]) -> None:
    client, number = person(seeded, "commune_supervisor"), sent[0]
    good = {"submission": number, "state": "approved"}
    assert post(client, f"{INBOX}/decide", good, csrf=False).status_code in (401, 403)
    assert post(client, f"{INBOX}/approve", {"id": [number], "count": 1}, csrf=False).status_code in (401, 403)
    assert post(client, f"{INBOX}/decide", good | {"submission": "1e9"}, script=False).status_code == 404
    assert post(client, f"{INBOX}/decide", good | {"submission": 10**17}, script=False).status_code == 404
    assert post(client, f"{INBOX}/decide", good | {"state": "vui"}, script=False).status_code == 400
    huge = {"submission": number, "state": "rejected", "reason": "ồ" * 200_000}
    assert post(client, f"{INBOX}/decide", huge, script=False).status_code == 400
    answer = post(client, f"{INBOX}/decide", huge)
    assert "dài quá" in unescape(answer.get_data(as_text=True))
    assert len(answer.get_data()) < 20_000
    empty = {"submission": number, "state": "rejected", "reason": "  "}
    assert post(client, f"{INBOX}/decide", empty, script=False).status_code == 400
    for query in ("after=1-2-3", "after=1-9-999999999999999999-1", "round=khong-co", "form=khong", "area=khong"):
        assert client.get(f"{INBOX}?{query}").status_code in (400, 404), query
    assert client.get(f"{INBOX}?q={'x' * 5000}&state=vui&findings=vui&returned=vui").status_code == 200
    with seeded.app.app_context():
        assert list_moves(db.session(), number) == []


def test_each_sees_and_decides_their_own_part_alone(seeded: Seeded, sent: list[int]) -> None:
    village = next(iter(seeded.sent))
    mine = seeded.sent[village]
    client = person(seeded, "commune_supervisor", village)
    page = text_of(client)
    assert [int(each) for each in re.findall(r'id="sheet-(\d+)"', page)] == [mine]
    other = next(number for number in sent if number != mine)
    assert post(client, f"{INBOX}/decide", {"submission": other, "state": "approved"}).status_code == 404
    assert post(client, f"{INBOX}/undo", {"submission": other, "move": 1}).status_code == 404
    found = text_of(client, f"{INBOX}/approve?id={mine}&id={other}")
    assert "1 phiếu đã chọn không còn chờ" in found or "1 phiếu đã chọn có phát hiện" in found
    analyst = person(seeded, "analyst")
    assert heading(text_of(analyst)) == "Bạn không duyệt phiếu ở đây"
    assert post(analyst, f"{INBOX}/decide", {"submission": mine, "state": "approved"}, script=False).status_code == 403
    district = text_of(person(seeded, "district_reviewer"))
    assert "Cấp huyện không còn duyệt phiếu" in district


def test_what_lies_outside_the_project_is_not_shown_to_who_sees_all_of_it(seeded: Seeded) -> None:
    with seeded.app.app_context():
        root = find_root(db.session(), PROJECT)
        below = list_subtree(db.session(), [root] if root else [], datetime.now(UTC).date())
    (own, _), (other, name) = [(each.id, each.name) for each in below if each.kind == "commune"][:2]
    reviewer, analyst = person(seeded, "commune_supervisor"), person(seeded, "analyst")
    assert name in text_of(reviewer, f"{INBOX}?area={other}")
    with seeded.app.app_context(), writing(db.session()) as connection:
        connection.execute(update(Project).where(Project.id == PROJECT).values(root_area_id=own))
        db.session().commit()
    text_of(reviewer, f"{INBOX}?area={own}")
    assert reviewer.get(f"{INBOX}?area={other}").status_code == 404
    assert name not in text_of(analyst, f"{INBOX}?area={other}")
    local = person(seeded, "commune_supervisor", other)
    assert name in text_of(local, f"{INBOX}?area={other}")


def test_what_is_clean_is_approved_at_once_with_the_count_said_before(seeded: Seeded) -> None:
    clean = approve_ready(seeded)
    client = person(seeded, "commune_supervisor")
    page = text_of(client, f"{INBOX}?findings=clean")
    assert f"Duyệt cả {len(clean)} phiếu sạch" in page
    before = text_of(client, f"{INBOX}/approve?which=all&findings=clean")
    assert heading(before) == f"Duyệt {len(clean)} phiếu sạch?"
    form = {"which": "all", "count": len(clean)}
    answer = post(client, f"{INBOX}/approve?findings=clean", form, script=False)
    assert answer.status_code == 302
    page = text_of(client, answer.location)
    assert heading(page) == f"Đã duyệt {len(clean)} phiếu"
    assert {stands(seeded, each) for each in clean} == {("approved", "commune")}
    assert person(seeded, "commune_supervisor").get(answer.location).status_code == 404
    answer = post(client, f"{answer.location}/undo", {}, script=False)
    assert heading(text_of(client, answer.location)) == f"Đã hoàn tác {len(clean)} phiếu"
    assert all(stands(seeded, each)[0] != "approved" for each in clean)
    assert post(client, f"{INBOX}/approve", {"which": "all", "count": 0}, script=False).status_code == 400
    assert client.get(f"{INBOX}/approve").status_code == 400
    assert client.get(f"{INBOX}/approve?id=x").status_code == 404


def approve_ready(seeded: Seeded) -> list[int]:
    """The sheets that are clean."""
    page = text_of(enter(seeded), f"{INBOX}?findings=clean")
    found = [int(each) for each in re.findall(r'id="sheet-(\d+)"', page)]
    assert found
    return found


def test_one_approves_all_but_what_one_entered(seeded: Seeded) -> None:
    clean = approve_ready(seeded)
    own = clean[0]
    twin = person(seeded, "commune_supervisor", name=head_name(seeded, own))
    line = text_of(twin)[text_of(twin).index(f'id="sheet-{own}"') :].split("</li>")[0]
    assert "do chính bạn nhập" in line
    assert "data-approve" not in line
    form: dict[str, object] = {"id": clean, "count": len(clean)}
    answer = post(twin, f"{INBOX}/approve", form, script=False)
    page = text_of(twin, answer.location)
    assert "do chính bạn nhập hoặc báo số liệu" in page
    assert stands(seeded, own)[0] != "approved"


def head_name(seeded: Seeded, number: int) -> str:
    """Who sent a submission."""
    page = text_of(enter(seeded))
    line = page[page.index(f'id="sheet-{number}"') :].split("</li>")[0]
    found = re.search(r"· ([^·<]+?) gửi ", line)
    assert found
    return found[1]


def test_a_corrected_sheet_is_found_by_its_chip_and_narrowings_stay_in_the_address(seeded: Seeded) -> None:
    client, number = person(seeded, "commune_supervisor"), next(iter(seeded.sent.values()))
    assert "Không có phiếu nào khớp" in text_of(client, f"{INBOX}?returned=1")
    post(client, f"{INBOX}/decide", {"submission": number, "state": "rejected", "reason": "Sai số hộ nghèo"})
    with seeded.app.app_context():
        found = find_submission_by_id(db.session(), number)
        assert found
        xml = find_submission_xml(db.session(), found.current.id) or b""
        send_xml(seeded, 0, edited(xml, f"uuid:{uuid.uuid4()}", ho_ngheo="1"))
    page = text_of(client, f"{INBOX}?returned=1&q=th%C3%B4n")
    assert re.findall(r'id="sheet-(\d+)"', page) == [str(number)]
    line = page[page.index(f'id="sheet-{number}"') :].split("</li>")[0]
    assert "trả lại, đã sửa" in line
    assert f"{INBOX}/decide?returned=1&q=th%C3%B4n" in line
    assert "Bỏ lọc" in page


def test_nothing_is_sent_twice_to_whoever_has_it(seeded: Seeded) -> None:
    client = person(seeded, "commune_supervisor")
    first = client.get(INBOX)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(INBOX, headers={"If-None-Match": tag})
    assert (again.status_code, again.get_data()) == (304, b"")
    number = seeded.sent[next(iter(seeded.sent))]
    post(client, f"{INBOX}/decide", {"submission": number, "state": "approved"})
    assert client.get(INBOX, headers={"If-None-Match": tag}).status_code == 200
    part = client.get(f"{INBOX}?part=rows").get_data(as_text=True)
    assert "<html" not in part
    assert "data-row" in part


def test_pages_go_on_after_the_last_line_whatever_is_decided_meanwhile(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.services.inbox.PAGE", 2)
    client = person(seeded, "commune_supervisor")
    page = text_of(client)
    shown = re.findall(r'id="sheet-(\d+)"', page)
    following = re.search(r'hx-get="([^"]+)"', page)
    assert len(shown) == 2
    assert following
    post(client, f"{INBOX}/decide", {"submission": shown[0], "state": "approved"})
    rest = re.findall(r'id="sheet-(\d+)"', text_of(client, following[1]))
    assert len(rest) == 1
    assert not set(rest) & set(shown)


def test_it_is_for_who_may_read_the_sheets_of_the_project(seeded: Seeded, sent: list[int]) -> None:
    stranger: Callable[[], FlaskClient] = lambda: person(seeded, "trainer")  # noqa: E731
    assert stranger().get(INBOX).status_code == 403
    assert seeded.app.test_client().get(INBOX).status_code == 302
    assert enter(seeded).get("/projects/77/inbox").status_code == 404
