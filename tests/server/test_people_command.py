"""`thonban people …` as an administrator meets it who gives roles and asks what they let somebody do."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.cli import main
from server.domain.data_files import list_areas
from server.services.authenticate import day_of
from server.services.people import grant_role
from server.storage.actors import GrantView, find_user_by_email, list_grants
from server.storage.areas import find_path
from tests.kit.places import two_villages
from tests.kit.world import EMAIL, VILLAGES, World, world_fixture

__all__ = ["world_fixture"]
LAN = "lan@example.vn"
People = Callable[..., tuple[int, str]]


@pytest.fixture(name="people")
def people_fixture(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> People:
    monkeypatch.setenv("THONBAN_HOME", str(world.home.config.home))
    monkeypatch.setenv("THONBAN_DATABASE_URL", world.home.config.database_url)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> tuple[int, str]:
        code = main(["people", *map(str, arguments)])
        return code, capsys.readouterr().out

    world.api.post("users", json={"email": LAN, "displayName": "Hoàng Thị Lan"})
    return run


def lan_id(world: World) -> int:
    user = find_user_by_email(world.session, LAN)
    assert user is not None
    return user.id


def explained(people: People, *arguments: object) -> dict[str, Any]:
    code, printed = people("explain", *arguments, "--json")
    assert code == 0, printed
    found: dict[str, Any] = json.loads(printed)
    return found


def test_who_adds_and_who_resets_is_given_the_password_once(people: People) -> None:
    assert people("add", "minh@example.vn", "--password", "một mật khẩu dài") == (
        0,
        "Đã thêm minh@example.vn.\nAdded minh@example.vn.\n",
    )
    code, printed = people("reset", "minh@example.vn")
    assert code == 0
    assert "Mật khẩu (chỉ hiện một lần này): " in printed
    code, printed = people("add", "minh@example.vn")
    assert code == 1
    assert "minh@example.vn" in printed


def test_a_role_is_given_explained_and_taken(world: World, people: People) -> None:
    (_, commune), _ = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    today = day_of(datetime.now(UTC))
    here, *above = find_path(world.session, commune, today)
    assert people("explain", LAN)[1].splitlines()[-1].strip(" └─") == "Không được làm gì."
    place = (LAN, "commune_supervisor", "--project", "1", "--area", here.code)
    assert people("grant", *place, "--from", today, "--to", today + timedelta(days=30))[0] == 0
    code, printed = people("explain", LAN)
    assert code == 0
    for said in (f"Hoàng Thị Lan <{LAN}>", here.name, above[-1].name, "Đang có hiệu lực", "duyệt phiếu: cấp xã"):
        assert said in printed
    assert "review: for the commune" in people("explain", LAN, "--lang", "en")[1]
    told = explained(people, LAN)
    assert told["actor"] == {"id": lan_id(world), "kind": "user", "name": "Hoàng Thị Lan", "email": LAN}
    (grant,) = told["grants"]
    assert (grant["role"], grant["scope"], grant["state"]) == ("commune_supervisor", "project", "in_force")
    assert grant["area"]["above"] == [each.name for each in above]
    (project,) = told["may"]
    here_only = next(each for each in project["powers"] if "review.commune" in each["verbs"])
    ((area,), everywhere) = here_only["areas"], here_only["everywhere"]
    assert (area["id"], area["communes"], everywhere, here_only["form"]) == (commune, 1, False, None)
    assert area["villages"] > 0
    later = explained(people, LAN, "--on", today + timedelta(days=30))
    assert ([each["state"] for each in later["grants"]], later["may"]) == (["ended"], [])
    before = explained(people, LAN, "--on", today - timedelta(days=1))
    assert [each["state"] for each in before["grants"]] == ["not_begun"]
    assert people("revoke", *place)[0] == 0
    assert people("revoke", *place)[0] == 1
    assert list_grants(world.session, lan_id(world)) == ()


def test_an_area_that_ended_says_what_it_went_into(world: World, people: People) -> None:
    june = datetime(2025, 6, 15, tzinfo=UTC)
    old = next(each for each in list_areas() if each.name.endswith("Thanh Lâm"))
    caller = world.server_itself
    grant = GrantView("commune_supervisor", "project", 1, None, old.uuid, None, None)
    from_june = type(caller)(**(vars(caller) | {"on": day_of(june)}))
    grant_role(world.session, from_june, lan_id(world), grant, june)
    assert explained(people, LAN, "--on", "2025-06-15")["grants"][0]["state"] == "in_force"
    (told,) = explained(people, LAN)["grants"]
    assert (told["state"], told["areaEnded"]) == ("area_ended", "2025-07-01")
    assert [(each["name"], each["extent"]) for each in told["wentInto"]][:1] == [("Xã Kỳ Thượng", "whole")]
    _, printed = people("explain", LAN)
    assert "Địa bàn đã chấm dứt từ 01/07/2025, nay thuộc Xã Kỳ Thượng" in printed
    code, printed = people("grant", LAN, "analyst", "--project", "1", "--area", old.uuid)
    assert code == 1
    assert "Kỳ Thượng" in printed


def test_app_users_are_explained_by_number_or_name(world: World, people: People) -> None:
    form_id = world.publishes()
    phone = world.phone("Khe Mực", form_id)
    by_name, by_id = explained(people, "Khe Mực"), explained(people, phone.id)
    assert by_name == by_id
    assert (by_name["actor"]["kind"], by_name["grants"][0]["form"]) == ("field_key", form_id)
    (power,) = [each for each in by_name["may"][0]["powers"] if "submission.create" in each["verbs"]]
    assert (power["form"], power["everywhere"]) == (form_id, True)
    other = world.phone("Khe Mực", form_id)
    code, printed = people("explain", "Khe Mực")
    assert code == 1
    assert f"{phone.id}, {other.id}" in printed


def test_what_is_not_there_is_said(people: People) -> None:
    for arguments in (
        ("explain", "khong-co"),
        ("explain", "9" * 30),
        ("grant", LAN, "viewer", "--project", "77"),
        ("grant", LAN, "viewer", "--form", "water_point"),
        ("grant", LAN, "viewer", "--project", "1", "--form", "khong-co"),
        ("grant", LAN, "viewer", "--area", "không có nơi nào"),
        ("grant", LAN, "viewer", "--from", "2026-02-01", "--to", "2026-01-01"),
        ("revoke", LAN, "viewer"),
        ("revoke", EMAIL, "admin"),
    ):
        code, printed = people(*arguments)
        assert code == 1, arguments
        assert "%(" not in printed
        assert len(printed.splitlines()) == 2
