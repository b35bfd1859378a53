"""Rule sets over /v1: read by all who are signed in, confirmed by two, loaded by an administrator."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.kit.law import OFFICE, OTHER_NUMBER, RULE_SET, RULES, unread_clauses
from tests.kit.world import Api, World

CLAUSE = unread_clauses()[-1]
PATH = f"rule-sets/{RULE_SET}/clauses/{CLAUSE}/confirmations"
READING = {"source": "Công báo số 77", "quote": "nguyên văn"}


def load(api: Api, text: str | bytes) -> TestResponse:
    data = text.encode() if isinstance(text, str) else text
    return api.post("rule-sets", data=data, content_type="application/yaml")


def test_whoever_is_signed_in_reads_the_law(world: World) -> None:
    api = world.person("Người xem", "viewer")
    every = {each["id"]: each for each in api.get("rule-sets").get_json()}
    assert {"qd50_2016_thon", RULE_SET} <= every.keys()
    head = every[RULE_SET]
    assert (head["origin"], head["loadedBy"], head["loadedAt"], head["loaded"]) == ("shipped", None, None, True)
    assert head["unverified"] == len(unread_clauses())
    in_2017 = {each["id"] for each in api.get("rule-sets?on=2017-06-30&unitKind=village").get_json()}
    assert "qd50_2016_thon" in in_2017
    assert RULE_SET not in in_2017
    assert api.get("rule-sets?unitKind=household&on=1990-01-01").get_json() == []
    assert api.get("rule-sets?unitKind=ap").status_code == 400
    assert api.get("rule-sets?on=hôm nay").status_code == 400
    whole = api.get(f"rule-sets/{RULE_SET}").get_json()
    assert head.items() <= whole.items()
    assert whole["confirmations"] == []
    assert whole["facts"]["tong_ho"]["unit"] == "household"
    assert {each["id"] for each in whole["clauses"] if each["status"] != "verified"} == set(unread_clauses())
    missing = api.get("rule-sets/khong_co")
    assert (missing.status_code, missing.get_json()["message"]) == (404, "Không có bộ quy tắc khong_co.")
    assert world.nobody().get("rule-sets").status_code == 401


def test_two_persons_confirm_and_one_takes_it_back(world: World) -> None:
    lan, minh, viewer = world.api, world.person("Minh", "admin"), world.person("Người xem", "viewer")
    assert viewer.post(PATH, json=READING).status_code == 403
    assert lan.post(PATH, json={"source": "Công báo"}).get_json()["code"] == 400.8
    assert lan.post(PATH, json={"quote": "lời"}).get_json()["code"] == 400.3
    made = lan.post(PATH, json=READING).get_json()
    assert (made["clauseId"], made["source"], made["quote"], made["scan"]) == (CLAUSE, *READING.values(), None)
    assert (made["stands"], made["withdrawnAt"], made["statusBefore"]) == (True, None, "partly_read")
    again = lan.post(PATH, json=READING)
    assert (again.status_code, again.get_json()["code"], CLAUSE in again.get_json()["message"]) == (409, 409.3, True)
    second = minh.post(PATH, json={"source": "bản giấy"}).get_json()
    clause = next(each for each in viewer.get(f"rule-sets/{RULE_SET}").get_json()["clauses"] if each["id"] == CLAUSE)
    assert (clause["status"], clause["statusBefore"]) == ("verified", "partly_read")
    place = f"rule-sets/{RULE_SET}/confirmations"
    assert viewer.delete(f"{place}/{second['id']}").status_code == 403
    assert minh.delete(f"rule-sets/qd50_2016_thon/confirmations/{second['id']}").status_code == 404
    assert minh.delete(f"{place}/999").status_code == 404
    assert minh.delete(f"{place}/{second['id']}").get_json() == {"success": True}
    whole = viewer.get(f"rule-sets/{RULE_SET}").get_json()
    assert [(each["name"], each["stands"]) for each in whole["confirmations"]] == [
        (made["name"], True),
        ("Minh", False),
    ]
    assert whole["confirmations"][1]["withdrawnAt"]
    assert lan.post(PATH.replace(CLAUSE, "khong.co"), json=READING).status_code == 404
    assert lan.post(PATH.replace(RULE_SET, "khong_co"), json=READING).status_code == 404


def test_an_administrator_loads_a_rule_set(world: World) -> None:
    api = world.api
    assert load(world.person("Người xem", "viewer"), RULES).status_code == 403
    made = load(api, RULES)
    assert made.status_code == 200
    assert (made.get_json()["id"], made.get_json()["origin"], made.get_json()["unverified"]) == (OFFICE, "office", 1)
    assert made.get_json()["loadedAt"].endswith("Z")
    assert load(api, RULES).get_json() == made.get_json()
    changed = load(api, OTHER_NUMBER).get_json()
    assert changed["clauses"][0]["asks"]["value"] == 200
    lines = api.get("audits?action=rule_set.create").get_json()
    assert [each["action"] for each in lines] == ["rule_set.create"] * 2


@pytest.mark.parametrize("text", ["", "id: [", "a: 1\nb: 2", b"\xff\xfe", RULES.replace("source: form", "source: x")])
def test_every_complaint_is_told_with_place_and_remedy(world: World, text: str | bytes) -> None:
    for language in ("vi", "en"):
        answer = world.api.ask(
            "POST",
            "rule-sets",
            data=text.encode() if isinstance(text, str) else text,
            content_type="application/yaml",
            headers={"Accept-Language": language},
        )
        body = answer.get_json()
        assert (answer.status_code, body["code"]) == (400, 400.8)
        problems = body["details"]["problems"]
        assert body["details"]["count"] == len(problems) > 0
        for each in problems:
            assert each.keys() == {"key", "message", "remedy"}
            assert each["key"]
            assert each["message"]
            assert "%(" not in each["message"]
        assert problems[0]["message"] in body["message"]
    assert OFFICE not in {each["id"] for each in world.api.get("rule-sets").get_json()}


def test_many_complaints_at_once(world: World) -> None:
    problems = load(world.api, "a: 1\nb: 2").get_json()["details"]["problems"]
    assert {"a", "b", "law", "facts"} <= {each["key"] for each in problems}
