"""The area tree over HTTP: as of a day, and no further than the one who asks may see."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from server.services.people import grant_role
from server.storage.actors import GrantView, find_user_by_email
from server.storage.areas import find_area
from tests.kit.world import COMMUNES, EMAIL, VILLAGES, Api, World

REFORM = "2025-07-01"
KHE_TIEN = VILLAGES["Thôn Khe Tiền"]


def got(api: Api, path: str) -> Any:
    answer = api.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def person(world: World, role: str, area_id: str | None, project_id: int | None = 1) -> Api:
    """Somebody new with one role."""
    made = world.person(role)
    me = got(made, "users/current")
    grant = GrantView(role, "project" if project_id else "site", project_id, None, area_id, None, None)
    grant_role(world.session, world.server_itself, me["id"], grant, datetime.now(UTC))
    return made


def commune_of_today(world: World, code: str) -> str:
    found = find_area(world.session, code, date(2026, 1, 1))
    assert found is not None
    return found.id


def test_a_code_means_another_unit_on_another_day(world: World) -> None:
    before, after = got(world.api, "areas/06979?on=2025-06-30"), got(world.api, f"areas/06979?on={REFORM}")
    assert (before["name"], after["name"]) == ("Xã Đạp Thanh", "Xã Kỳ Thượng")
    assert names(before["parents"]) == ["Huyện Ba Chẽ", "Tỉnh Quảng Ninh"]
    assert names(before["wentInto"]) == ["Xã Kỳ Thượng"]
    assert names(after["cameFrom"]) == ["Xã Thanh Lâm", "Xã Đạp Thanh", "Xã Kỳ Thượng"]
    assert names(after["otherBearersOfCode"]) == ["Xã Đạp Thanh"]
    assert [fact["name"] for fact in before["classifications"]] == ["xa_dat_ntm"]


def test_the_tree_is_browsed_from_the_top(world: World) -> None:
    [top] = got(world.api, "areas?on=2019-06-30")
    assert (top["name"], top["children"]) == ("Tỉnh Quảng Ninh", 14)
    assert len(got(world.api, "areas?on=2019-06-30&parent=22")) == 14
    assert len(got(world.api, "areas?on=2019-06-30&parent=22&limit=5&offset=12")) == 2
    assert len(got(world.api, f"areas?on={REFORM}&parent=22")) == 54


@pytest.mark.parametrize("words", ["khe tiền", "KHE TIEN", "Thôn Khe Tiê", "khe  tien"])
def test_names_are_found_with_marks_or_without(world: World, words: str) -> None:
    assert names(got(world.api, f"areas?q={words}")) == ["Thôn Khe Tiền"]


def test_those_whose_marks_agree_come_first(world: World) -> None:
    found = names(got(world.api, "areas?on=2019-06-30&q=hồng"))
    assert found[0].casefold().find("hồng") >= 0
    assert got(world.api, "areas?on=2019-06-30&q=0697")[0]["code"].startswith("0697")


def test_a_supervisor_sees_the_commune_and_the_way_up_and_nothing_beside_it(world: World) -> None:
    mine = commune_of_today(world, "06841")
    api = person(world, "commune_supervisor", mine)
    assert names(got(api, "areas")) == ["Xã Hoành Mô"]
    body = got(api, "areas/06841")
    assert names(body["parents"]) == ["Tỉnh Quảng Ninh"]
    assert "Thôn Khe Tiền" in names(body["children"])
    assert KHE_TIEN.name in names(got(api, "areas?q=khe"))
    for path in ("areas/06979", "areas/22", f"areas/{VILLAGES['Thôn Ngàn Chi'].uuid}", "areas?parent=22"):
        assert api.get(path).status_code == 404, path
    assert got(api, "areas?q=ky thuong") == []
    answer = api.get("areas/06979?on=2025-06-30")
    assert answer.status_code == 404
    assert "Đạp" not in answer.get_data(as_text=True)


def test_the_past_of_ones_own_commune_is_shown_and_what_others_came_of_it_is_not(world: World) -> None:
    api = person(world, "commune_supervisor", commune_of_today(world, "06838"))
    body = got(api, f"areas/{COMMUNES['qn-binh-lieu-huc-dong'].uuid}?on=2019-06-30")
    assert names(body["wentInto"]) == ["Xã Bình Liêu"]
    # Vô Ngại was split between this commune and another
    assert api.get(f"areas/{COMMUNES['qn-binh-lieu-vo-ngai'].uuid}").status_code == 404


def test_a_role_for_a_project_shows_what_the_project_works_in(world: World) -> None:
    assert names(got(person(world, "analyst", None), "areas")) == ["Tỉnh Quảng Ninh"]
    assert got(world.person("Không có quyền"), "areas") == []
    assert world.nobody().get("areas").status_code == 401


@pytest.mark.parametrize(("path", "status"), [("areas?on=hôm nay", 400), ("areas/none", 404), ("areas?parent=x", 404)])
def test_what_cannot_be_answered(world: World, path: str, status: int) -> None:
    assert world.api.get(path).status_code == status


def test_a_code_of_another_day_says_when_it_was(world: World) -> None:
    said = world.api.get("areas/06976").get_json()["message"]
    assert "Xã Thanh Lâm (… – 2025-06-30)" in said


def test_no_role_is_granted_in_an_area_that_ended(world: World) -> None:
    user = find_user_by_email(world.session, EMAIL)
    assert user is not None
    ended = COMMUNES["qn-ba-che-thanh-lam"].uuid
    path = f"projects/1/assignments/commune_supervisor/{user.id}"
    answer = world.api.post(f"{path}?areaId={ended}", json={"areaId": ended, "area": ended})
    assert answer.status_code == 400, answer.get_data(as_text=True)
    assert "Xã Kỳ Thượng (06979)" in answer.get_json()["message"]
