"""The programme register over /v1: taken in from a table, read on a day, as each person sees it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from server.storage.areas import find_area
from server.storage.audits import list_audits
from server.storage.programmes import ProgrammeUnitRow
from tests.kit.world import COMMUNES, VILLAGES, Api, World
from tests.server.web.api.test_rounds import supervisor

PROGRAMME = {
    "slug": "ct135-2016",
    "names": {"vi": "Chương trình 135 giai đoạn 2016–2020", "en": "Programme 135, 2016–2020"},
    "law": "Quyết định 1722/QĐ-TTg",
    "validFrom": "2016-01-01",
    "validTo": "2020-12-31",
    "status": "recalled",
    "source": "thử",
}
THANH_LAM, HA_LAU, VO_NGAI = (
    COMMUNES[key].code for key in ("qn-ba-che-thanh-lam", "qn-tien-yen-ha-lau", "qn-binh-lieu-vo-ngai")
)
HEAD = "area,basis,entered_on,plan_year,plan_date,exit,exited_on,into,status,source"
TABLE = f"""{HEAD}
{THANH_LAM},kv_iii,2017-04-28,2019,2017-06-01,,,,recalled,thử
{THANH_LAM},,,,,recognised,2018-12-31,,verified,thử
{HA_LAU},kv_iii,28/04/2017,2020,,,,,recalled,thử
{HA_LAU},,,2019,2018-12-01,,,,recalled,thử
QN-06853-01,dbkk_village,2017-04-28,,,,,,synthetic,thử
"""


def put(api: Api, table: str, query: str = "") -> Any:
    return api.post(f"projects/1/programme/units{query}", data=table.encode(), content_type="text/csv")


def state(api: Api, on: str) -> dict[str, Any]:
    answer = api.get(f"projects/1/programme?on={on}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


@pytest.fixture(name="api")
def api_fixture(world: World) -> Api:
    answer = world.api.post("projects/1/programmes", json=PROGRAMME)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return world.api


def problems(answer: Any) -> list[tuple[int, str]]:
    assert answer.status_code == 400, answer.get_data(as_text=True)
    found = answer.get_json()
    assert found["code"] == 400.8
    return [(each["row"], each["code"]) for each in found["details"]["problems"]]


def test_a_dry_run_says_what_would_come_of_it_and_writes_nothing(world: World, api: Api) -> None:
    assert put(api, TABLE, "?dryRun=true").get_json() == {"dryRun": True, "new": 3, "changed": 0, "unchanged": 0}
    assert world.session.scalars(select(ProgrammeUnitRow)).all() == []


def test_what_remains_is_counted_on_each_day(api: Api) -> None:
    assert put(api, TABLE).get_json() == {"dryRun": False, "new": 3, "changed": 0, "unchanged": 0}
    assert state(api, "2017-04-27")["remaining"] == {"communes": 0, "villages": 0}
    assert state(api, "2017-04-28")["remaining"] == {"communes": 2, "villages": 1}
    assert state(api, "2018-12-30")["remaining"] == {"communes": 2, "villages": 1}
    found = state(api, "2018-12-31")
    assert found["remaining"] == {"communes": 1, "villages": 1}
    assert found["movement"]["communes"] == {"entered": 2, "exited": 1, "merged": 0, "inherited": 0, "remaining": 1}
    assert found["synthetic"] is True
    units = {each["area"]["name"]: each for each in found["units"]}
    assert units["Xã Thanh Lâm"]["exit"]["kind"] == "recognised"
    assert units["Xã Thanh Lâm"]["readiness"] is None
    assert units["Xã Hà Lâu"]["plan"]["year"] == 2019
    assert units["Xã Hà Lâu"]["readiness"] == "not_enough_evidence"
    assert "1 xã, 1 thôn" in found["sentence"]["vi"]
    assert "Xã Hà Lâu; Thôn Ngàn Chi (Xã Vô Ngại)." in found["sentence"]["vi"]


def test_the_plan_is_the_one_that_held_on_the_day(api: Api) -> None:
    put(api, TABLE)
    plans = [each["plan"]["year"] for each in state(api, "2018-06-30")["units"] if each["area"]["code"] == HA_LAU]
    assert plans == [2020]


def test_the_same_table_again_changes_nothing(world: World, api: Api) -> None:
    put(api, TABLE)
    before = len(list_audits(world.session))
    assert put(api, TABLE).get_json() == {"dryRun": False, "new": 0, "changed": 0, "unchanged": 3}
    assert len(list_audits(world.session)) == before


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (f"{HA_LAU},kv_iii,2018-04-28,,,,,,recalled,thử", [(2, "programme.entered_twice")]),
        (f"{HA_LAU},,,,,recognised,2017-04-28,,recalled,thử", [(2, "programme.exit_before_entry")]),
        (f"{VO_NGAI},kv_iii,2017-04-28,,,recognised,2016-01-01,,recalled,thử", [(2, "programme.exit_before_entry")]),
        (f"{VO_NGAI},,,,,recognised,2018-01-01,,recalled,thử", [(2, "programme.never_entered")]),
        (f"{VO_NGAI},dbkk_village,2017-04-28,,,,,,recalled,thử", [(2, "programme.other_basis")]),
        (f"{THANH_LAM},,,,,struck,2019-01-01,,recalled,thử", [(2, "programme.left_twice")]),
        (f"{HA_LAU},,,,,merged,2018-01-01,{HA_LAU},recalled,thử", [(2, "programme.into_itself")]),
        (f"{HA_LAU},,,,,merged,2018-01-01,,recalled,thử", [(2, "programme.merged_into_whom")]),
        (f"{HA_LAU},,,,,,,,recalled,thử", [(2, "programme.says_nothing")]),
        (f"{HA_LAU},,,19,,,,,recalled,thử", [(2, "programme.not_a_year")]),
        (f"{HA_LAU},,,2019,,,,,guessed,thử", [(2, "programme.not_one_of")]),
        ("99999,kv_iii,2017-04-28,,,,,,recalled,thử", [(2, "programme.unknown_code")]),
        ("22,kv_iii,2017-04-28,,,,,,recalled,thử", [(2, "programme.no_unit")]),
    ],
)
def test_what_cannot_be_is_refused_by_its_row_and_nothing_is_written(
    world: World, api: Api, rows: str, expected: list[tuple[int, str]]
) -> None:
    put(api, TABLE)
    assert problems(put(api, f"{HEAD}\n{rows}\n")) == expected
    assert len(world.session.scalars(select(ProgrammeUnitRow)).all()) == 3


def test_a_village_is_not_listed_inside_a_listed_commune(api: Api) -> None:
    table = f"{HEAD}\n{VO_NGAI},kv_iii,2017-01-01,,,,,,recalled,thử\n"
    assert put(api, table).status_code == 200
    assert problems(put(api, f"{HEAD}\nQN-06853-01,dbkk_village,2017-04-28,,,,,,recalled,thử\n")) == [
        (2, "programme.inside_commune")
    ]


def test_a_merged_commune_passes_its_place_on_as_the_tree_says(api: Api) -> None:
    # Đạp Thanh and Thanh Lâm, with a part of a third, became Kỳ Thượng on 1 July 2025
    dap_thanh = COMMUNES["qn-ba-che-dap-thanh"].code
    table = f"{HEAD}\n{dap_thanh},kv_iii,2017-04-28,,,,,,recalled,thử\n{THANH_LAM},kv_iii,2017-04-28,,,,,,recalled,x\n"
    assert put(api, table).status_code == 200
    before, after = state(api, "2025-06-30"), state(api, "2025-07-01")
    assert before["remaining"]["communes"] == 2
    heirs = [each for each in after["units"] if each["remaining"]]
    assert after["movement"]["communes"]["exited"] == 0
    assert after["movement"]["communes"]["merged"] == 2
    assert after["remaining"]["communes"] == len(heirs) == after["movement"]["communes"]["inherited"]
    assert {each["entry"]["how"] for each in heirs} == {"inherited"}


def test_an_exit_is_taken_back_with_a_reason_and_stays_in_the_audit(world: World, api: Api) -> None:
    put(api, TABLE)
    area = COMMUNES["qn-ba-che-thanh-lam"].uuid
    path = f"projects/1/programme/units/{area}"
    assert api.delete(path, json={"what": "exit", "reason": " "}).status_code == 400
    assert api.delete(path, json={"what": "exit", "reason": "Nhập nhầm"}).status_code == 200
    assert state(api, "2018-12-31")["remaining"]["communes"] == 2
    line = next(each for each in list_audits(world.session) if each.action == "programme.unit.delete")
    assert line.details["reason"] == "Nhập nhầm"
    assert line.details["before"]["exited_on"] == "2018-12-31"
    assert api.delete(path, json={"what": "exit", "reason": "Nhập nhầm"}).status_code == 404


def test_each_person_counts_what_lies_in_their_part(world: World, api: Api) -> None:
    put(api, TABLE)
    # what was of Hà Lâu is since 2025 with the commune that it went into
    heir = find_area(world.session, "06874", date(2026, 1, 1))
    assert heir is not None
    own = supervisor(world, heir.id)
    found = state(own, "2018-12-31")
    assert [each["area"]["name"] for each in found["units"]] == ["Xã Hà Lâu"]
    assert found["remaining"] == {"communes": 1, "villages": 0}
    assert found["sentence"]["vi"].startswith("Tính đến ngày 31/12/2018, Xã Điền Xá còn 1 xã, 0 thôn")
    assert put(own, TABLE).status_code == 403


def test_the_village_of_a_name_is_the_one_in_its_commune(api: Api) -> None:
    put(api, TABLE)
    villages = [each["area"]["id"] for each in state(api, "2018-01-01")["units"] if each["level"] == "village"]
    assert villages == [VILLAGES["Thôn Ngàn Chi"].uuid]
