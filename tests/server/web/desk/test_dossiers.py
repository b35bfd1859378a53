"""The dossier of a commune on the desk and in /v1: what is missing by name, sent with a letter, appraised, printed."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.domain.review import APPROVED
from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user, grant_role
from server.services.plan import PlanChange, change_plan
from server.services.review import Decision, review
from server.storage.actors import GrantView
from server.storage.database import db
from server.storage.rounds import list_rounds
from server.web.desk.built import FOLDER
from tests.kit.passwords import give_password
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded, seed, send_sheet
from tests.server.web.desk.test_pages import read

HERE = f"/projects/{PROJECT}/rounds/2019/dossiers"
COMMUNE, PROVINCE = "can.bo.xa@example.org", "can.bo.tinh@example.org"


@pytest.fixture(name="seeded", scope="module")
def seeded_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A home with two offices."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = home_of_offices(tmp_path_factory.mktemp("dossiers") / "home")
    yield made
    with made.app.app_context():
        db.engine.dispose()


def home_of_offices(folder: Path) -> Seeded:
    """A home where all villages of one commune but the last have an approved sheet, with somebody of the commune and
    somebody of the province."""
    made = seed(folder, 0)
    with made.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        administrator = system_caller(session, now)
        for number in numbers(made):
            send_sheet(made, number)
        for sent in list(made.sent.values())[:-1]:
            review(session, administrator, Decision(sent, APPROVED), now)
        for email, role in ((COMMUNE, "commune_supervisor"), (PROVINCE, "province_reviewer")):
            who = create_user(session, administrator, NewUser(email, None, email), now).id
            give_password(session, email, PASSWORD)
            grant_role(session, administrator, who, GrantView(role, "project", PROJECT, None, None, None, None), now)
        (round_view,) = [each for each in list_rounds(session, PROJECT) if each.slug == "2019"]
        change_plan(session, administrator, round_view.id, PlanChange(None, None, ()), now)
    return made


def browser_of(made: Seeded, email: str) -> FlaskClient:
    """Somebody signed in."""
    client = made.app.test_client()
    token = re.search(r'name="form_token" value="([^"]+)"', client.get("/sign-in").text)
    assert token
    form = {"form_token": token[1], "email": email, "password": PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 302
    return client


def numbers(made: Seeded) -> list[int]:
    """The heads of the smallest commune that has more than one village."""
    by_commune: dict[str, list[int]] = {}
    for number, head in enumerate(made.heads):
        by_commune.setdefault(head.village.parent_key or "", []).append(number)
    return min((each for each in by_commune.values() if len(each) > 1), key=len)


def commune_id(client: FlaskClient) -> str:
    lines = client.get(f"/v1{HERE}").get_json()
    (found,) = [line["area"]["id"] for line in lines if line["sent"]]
    return str(found)


def posted(client: FlaskClient, address: str, **said: object) -> str:
    csrf = re.search(r'name="__csrf" value="([^"]+)"', read(client, address))
    assert csrf
    answer = client.post(address, data={"__csrf": csrf[1], **said})
    assert answer.status_code in (302, 409, 400), answer.text[:400]
    return answer.text if answer.status_code != 302 else ""


def test_a_dossier_is_completed_sent_appraised_and_printed(seeded: Seeded) -> None:
    commune, province = browser_of(seeded, COMMUNE), browser_of(seeded, PROVINCE)
    area = commune_id(commune)
    address, last = f"{HERE}/{area}", seeded.heads[numbers(seeded)[-1]].village.name
    page = read(commune, address)
    assert f"{last}: phiếu chưa duyệt" in page
    assert "Hồ sơ còn thiếu nên chưa gửi được" in page
    body = commune.get(f"/v1{address}").get_json()
    assert (body["complete"], body["possible"]) == (False, ["send"])
    assert [(each["code"], each["area"]) for each in body["lacks"]] == [("not_approved", last)]
    assert f"{last}: phiếu chưa duyệt" in posted(commune, address, move="send", number="7/UBND", day="2026-01-05")
    with seeded.app.app_context():
        now = datetime.now(UTC)
        sent = seeded.sent[seeded.heads[numbers(seeded)[-1]].village.uuid]
        review(db.session(), system_caller(db.session(), now), Decision(sent, APPROVED), now)
    page = read(commune, address)
    assert "đã đủ" in page
    assert 'name="number"' in page
    assert posted(commune, address, move="send", number="7/UBND", day="2026-01-05") == ""
    assert "7/UBND" in read(commune, HERE)
    assert "Chờ thẩm định" in read(commune, f"{HERE}?state=sent")
    assert area not in read(commune, f"{HERE}?state=open")
    body = province.get(f"/v1{address}").get_json()
    assert (body["state"], body["level"], body["number"]) == ("sent", "province", "7/UBND")
    units = [area, *(unit["area"]["id"] for unit in body["units"])]
    assert "Hãy ghi lý do" in posted(province, address, result="failed", area=units)
    assert posted(province, address, result="passed", area=units) == ""
    assert posted(province, address, move="take") == ""
    paper = read(province, f"{address}/print")
    for words in ("Hồ sơ rà soát của xã", "7/UBND", last, "Bảng đánh giá các thôn", "Đã nhận"):
        assert words in paper
    english = read(province, f"{address}/print?lang=en")
    assert "Dossier of a commune" in english
    assert "The villages, judged" in english
    assert "Letter no. 7/UBND" in english


def test_scripts_move_it_by_the_same_rules(seeded: Seeded) -> None:
    commune, province = browser_of(seeded, COMMUNE), browser_of(seeded, PROVINCE)
    lines = commune.get(f"/v1{HERE}").get_json()
    area = next(line["area"]["id"] for line in lines if not line["sent"])
    moves = f"/v1{HERE}/{area}/moves"
    letter = {"move": "send", "number": "8/UBND", "letterOn": "2026-01-05"}
    refused = send_json(commune, moves, letter)
    assert refused.status_code == 409
    told = refused.get_json()
    assert ": chưa có phiếu" in told["message"]
    assert ": not_sent" in told["details"]["lacks"]
    assert send_json(province, moves, letter).status_code == 400
    made = send_json(province, moves, letter | {"reason": "Thôn mất liên lạc"}).get_json()
    assert (made["state"], made["level"]) == ("sent", "province")
    assert {each["code"] for each in made["moves"][0]["lacks"]} == {"not_sent"}
    for path in (f"{HERE}/{area}", f"{HERE}/{area}/print"):
        shown = read(province, path)
        assert "Tỉnh gửi hồ sơ này dù còn thiếu (công văn 8/UBND ngày 05/01/2026" in shown
        assert "Thôn mất liên lạc" in shown
    own = send_json(province, f"/v1{HERE}/{area}/appraisals", {"areas": [area], "result": "passed"})
    assert own.status_code == 403
    assert send_json(commune, f"/v1{HERE}/khong-co/moves", letter).status_code == 404


def send_json(client: FlaskClient, address: str, body: dict[str, object]) -> TestResponse:
    cookie = client.get_cookie("__csrf")
    assert cookie
    return client.post(address, json=body, headers={"X-CSRF-Token": cookie.value})
