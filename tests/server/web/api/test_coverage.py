"""The coverage board over /v1: the numbers of the page, of what the caller sees."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from server.domain.coverage import STATES
from server.domain.data_files import list_demo_villages
from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView
from server.storage.coverage import put_heard
from server.storage.database import writing
from tests.kit.field import WELL_OFF, library_form, place_of
from tests.kit.passwords import give_password
from tests.kit.places import two_villages
from tests.kit.world import COMMUNES, PASSWORD, VILLAGES, Api, Phone, World

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


def test_a_round_or_an_area_that_is_not_there_is_not_found(world: World, phone: Phone) -> None:
    assert world.api.get("projects/1/rounds/khong-co/coverage").status_code == 404
    assert world.api.get(f"{BOARD}?area=khong-co").status_code == 404
