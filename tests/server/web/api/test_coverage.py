"""The coverage board over /v1: the numbers of the page, of what the caller sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from server.domain.coverage import STATES
from server.domain.data_files import list_demo_villages
from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView
from server.storage.calls import CallRow
from server.storage.coverage import put_heard
from server.storage.database import writing
from tests.kit.field import WELL_OFF, library_form, place_of
from tests.kit.passwords import give_password
from tests.kit.places import two_villages
from tests.kit.world import COMMUNES, EMAIL, PASSWORD, VILLAGES, Api, Phone, World

BOARD = "projects/1/rounds/2019/coverage"
MINE, OTHER = "Thôn Ngàn Chi", "Thôn Nà Hắc"
EVERY = len(list_demo_villages())


@pytest.fixture
def phone(world: World) -> Phone:
    """A key for the form of the criteria, which is there then."""
    path = "projects/1/forms?publish=true&ignoreWarnings=true"
    answer = world.api.post(path, data=library_form("village_criteria"), content_type="application/xml")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return world.phone("Người gửi", "village_criteria")


def reports(world: World, phone: Phone, village: str, **answers: object) -> None:
    """A village's sheet for the round."""
    place = place_of(village, "2019")
    where = {"xa": place.xa, "thon": place.thon, "ky": place.ky}
    sheet = world.filled("village_criteria", where | dict(WELL_OFF) | answers)
    assert phone.sends(sheet).status_code == 201


def board(api: Api, area: str | None = None) -> dict[str, Any]:
    """What the board says."""
    answer = api.get(BOARD + (f"?area={area}" if area else ""))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    made: dict[str, Any] = answer.get_json()
    return made


def test_it_counts_the_villages_by_state_down_to_a_commune(world: World, phone: Phone) -> None:
    before = board(world.api)
    assert (before["villages"], before["sent"], before["states"]["silent"]) == (EVERY, 0, EVERY)
    reports(world, phone, MINE, duong_truc_cung_hoa="co", anh_duong="a.jpg")
    reports(world, phone, OTHER)
    session = world.session
    with writing(session) as connection:
        put_heard(connection, 1, {VILLAGES["Thôn Khe Tiền"].uuid: datetime.now(UTC)})
        session.commit()
    found = board(world.api)
    assert set(found["states"]) == set(STATES)
    silent = EVERY - 3
    assert {state: number for state, number in found["states"].items() if number} == {
        "silent": silent,
        "alive": 1,
        "partly": 1,
        "review_commune": 1,
    }
    assert (found["sent"], found["late"], found["area"]["name"]) == (2, silent + 2, "Tỉnh Quảng Ninh")
    assert sum(each["villages"] for each in found["areas"]) == found["villages"]
    commune = COMMUNES[VILLAGES[MINE].parent_key or ""]
    below = board(world.api, commune.uuid)
    mine = next(each for each in below["each"] if each["area"]["name"] == MINE)
    assert (mine["state"], mine["late"], mine["filesExpected"], mine["filesMissing"]) == ("partly", True, 1, 1)
    assert len(below["each"]) == below["villages"]


def test_whoever_looks_after_a_commune_is_told_of_it_alone(world: World, phone: Phone) -> None:
    (village, own), (its, other) = two_villages(world.session, [area.uuid for area in VILLAGES.values()])
    for area_id in (village, its):
        reports(world, phone, next(name for name, area in VILLAGES.items() if area.uuid == area_id))
    now, server = datetime.now(UTC), world.server_itself
    made = create_user(world.session, server, NewUser("xa@example.vn", PASSWORD, "Xã"), now)
    grant = GrantView("commune_supervisor", "project", 1, None, own, None, None)
    grant_role(world.session, server, made.id, grant, now)
    give_password(world.session, "xa@example.vn", PASSWORD)
    api = world.signed_in("xa@example.vn", PASSWORD)
    found = board(api)
    assert found["sent"] == 1
    assert found["villages"] < EVERY
    assert api.get(f"{BOARD}?area={other}").status_code == 404
    assert api.get(f"{BOARD}?area={village}").status_code == 404
    assert world.nobody().get(BOARD).status_code == 401


CALLED = f"projects/1/rounds/2019/villages/{VILLAGES[MINE].uuid}/calls"
COMMUNE = COMMUNES[VILLAGES[MINE].parent_key or ""].uuid


def calls(api: Api, village: str = MINE, **said: object) -> Any:
    """Writes a call down."""
    return api.post(f"projects/1/rounds/2019/villages/{VILLAGES[village].uuid}/calls", json=said)


def village_of(api: Api, village: str = MINE) -> dict[str, Any]:
    """A village on the board of its commune."""
    found: dict[str, Any] = next(each for each in board(api, COMMUNE)["each"] if each["area"]["name"] == village)
    return found


def test_what_came_of_a_call_stands_at_the_village_until_it_is_taken_back(world: World, phone: Phone) -> None:
    assert (village_of(world.api)["lastCall"], village_of(world.api)["callTurn"]) == (None, "open")
    first = calls(world.api, outcome="no_answer")
    assert first.status_code == 200
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    made = calls(world.api, outcome="will_send", sendsOn=day).get_json()
    found = village_of(world.api)
    assert (found["lastCall"], found["callTurn"]) == (made, "waits")
    assert (made["sendsOn"], made["actor"], made["areaId"]) == (day, EMAIL, VILLAGES[MINE].uuid)
    assert [each["id"] for each in world.api.get(CALLED).get_json()] == [made["id"], first.get_json()["id"]]
    assert world.api.post(f"{CALLED}/{first.get_json()['id']}/undo").status_code == 409
    assert world.api.post(f"{CALLED}/{made['id']}/undo").get_json() == made
    assert world.api.post(f"{CALLED}/{made['id']}/undo").status_code == 404
    assert village_of(world.api)["lastCall"] == first.get_json()
    assert village_of(world.api)["callTurn"] == "tried"
    lines = world.api.get("audits?action=round").get_json()
    told = [each for each in lines if each["action"].startswith("round.call.")]
    assert [each["action"] for each in told] == ["round.call.undo", "round.call.create", "round.call.create"]
    assert told[1]["details"]["outcome"] == "will_send"


def test_a_promise_is_kept_by_what_comes_and_broken_by_its_day(world: World, phone: Phone) -> None:
    day = datetime.now(UTC).date() + timedelta(days=1)
    made = calls(world.api, outcome="will_send", sendsOn=day.isoformat()).get_json()
    session = world.session
    with writing(session) as connection:
        past = {"sends_on": day - timedelta(days=9), "called_at": datetime.now(UTC) - timedelta(days=10)}
        connection.execute(update(CallRow).where(CallRow.id == made["id"]).values(**past))
        session.commit()
    assert village_of(world.api)["callTurn"] == "broken"
    # long after the call, and later than ten minutes
    assert world.api.post(f"{CALLED}/{made['id']}/undo").status_code == 409
    reports(world, phone, MINE, duong_truc_cung_hoa="co", anh_duong="a.jpg")
    assert (village_of(world.api)["state"], village_of(world.api)["callTurn"]) == ("partly", "open")


@pytest.mark.parametrize(
    "said",
    [
        {"outcome": "will_send"},
        {"outcome": "will_send", "sendsOn": "2019-01-01"},
        {"outcome": "will_send", "sendsOn": "mai"},
        {"outcome": "needs_help", "text": " "},
        {"outcome": "needs_help", "text": "a" * 201},
        {"outcome": "no_answer", "text": "của ông A"},
        {"outcome": "hen"},
        {},
    ],
)
def test_what_no_call_can_come_to_is_refused_and_nothing_is_written(world: World, said: dict[str, str]) -> None:
    assert calls(world.api, **said).status_code == 400
    assert world.api.get(CALLED).get_json() == []


def reader(world: World, email: str, role: str, area_id: str | None) -> Api:
    """Somebody with a role in an area; signed in."""
    now, server = datetime.now(UTC), world.server_itself
    made = create_user(world.session, server, NewUser(email, PASSWORD, f"Người {role}"), now)
    grant_role(world.session, server, made.id, GrantView(role, "project", 1, None, area_id, None, None), now)
    give_password(world.session, email, PASSWORD)
    return world.signed_in(email, PASSWORD)


def test_calls_are_known_to_who_sees_the_village_and_whom_to_call_there(world: World) -> None:
    (village, own), (its, other) = two_villages(world.session, [area.uuid for area in VILLAGES.values()])
    names = {area.uuid: name for name, area in VILLAGES.items()}
    supervisor = reader(world, "xa@example.vn", "commune_supervisor", own)
    analyst = reader(world, "pt@example.vn", "analyst", None)
    stranger = reader(world, "khac@example.vn", "commune_supervisor", other)
    mine = calls(supervisor, names[village], outcome="needs_help", text="Cần người đến chỉ")
    assert mine.status_code == 200
    theirs = calls(world.api, names[its], outcome="wrong_number").get_json()
    path = f"projects/1/rounds/2019/villages/{village}/calls"
    assert [each["id"] for each in supervisor.get(path).get_json()] == [mine.get_json()["id"]]
    assert supervisor.get("projects/1/rounds/2019/calls").get_json() == [mine.get_json()]
    assert stranger.get("projects/1/rounds/2019/calls").get_json() == [theirs]
    assert [each["id"] for each in world.api.get("projects/1/rounds/2019/calls").get_json()] == [
        theirs["id"],
        mine.get_json()["id"],
    ]
    assert world.api.get("projects/1/rounds/2019/calls?calls=mine").get_json() == [theirs]
    assert world.api.get("projects/1/rounds/2019/calls?limit=1&offset=1").get_json() == [mine.get_json()]
    assert world.api.get(f"projects/1/rounds/2019/calls?area={village}").get_json() == [mine.get_json()]
    # a village that is not theirs is as one that is not there
    for answer in (stranger.get(path), calls(stranger, names[village], outcome="no_answer")):
        assert answer.status_code == 404
    assert stranger.post(f"{path}/{mine.get_json()['id']}/undo").status_code == 404
    # who sees the village and not whom to call
    for answer in (analyst.get(path), calls(analyst, names[village], outcome="no_answer")):
        assert answer.status_code == 403
    assert analyst.get("projects/1/rounds/2019/calls").status_code == 403
    # who sees it takes back what is his or her own alone
    assert world.api.post(f"{path}/{mine.get_json()['id']}/undo").status_code == 403
    assert supervisor.post(f"{path}/{mine.get_json()['id']}/undo").status_code == 200


def test_who_sees_no_numbers_sees_no_calls_on_the_board(world: World) -> None:
    calls(world.api, outcome="needs_help", text="Cần người đến chỉ")
    analyst = reader(world, "pt@example.vn", "analyst", None)
    found = village_of(analyst)
    assert (found["lastCall"], found["callTurn"]) == (None, "open")
    assert village_of(world.api)["lastCall"]["text"] == "Cần người đến chỉ"


def test_a_call_is_of_a_village_of_the_round(world: World) -> None:
    for area in (COMMUNE, "khong-co", COMMUNES["qn"].uuid):
        answer = world.api.post(f"projects/1/rounds/2019/villages/{area}/calls", json={"outcome": "no_answer"})
        assert answer.status_code == 404
    assert world.api.get("projects/1/rounds/khong-co/calls").status_code == 404
    assert world.api.get("projects/1/rounds/2019/calls?area=khong-co").status_code == 404
    assert world.nobody().post(CALLED, json={"outcome": "no_answer"}).status_code == 401


def test_a_round_or_an_area_that_is_not_there_is_not_found(world: World, phone: Phone) -> None:
    assert world.api.get("projects/1/rounds/khong-co/coverage").status_code == 404
    assert world.api.get(f"{BOARD}?area=khong-co").status_code == 404
