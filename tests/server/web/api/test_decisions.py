"""Decisions over /v1: with reasons at questions, on what was seen, taken back."""

import pytest

from tests.kit.world import Api, World

PEOPLE = """
| survey |
| | type         | name   | label     |
| | text         | ten    | Tên       |
| | begin repeat | nguoi  | Người     |
| | text         | ho_ten | Họ tên    |
| | end repeat   |        |           |
| settings |
| | form_id | form_title | version |
| | nha     | Nhà        | 1       |
"""
PATH = "/data/nguoi[2]/ho_ten"


@pytest.fixture(name="path")
def path_fixture(world: World) -> str:
    """Where the decisions on one sheet are."""
    world.publishes(PEOPLE)
    answers = {"ten": "Lý A", "nguoi": [{"ho_ten": "An"}, {"ho_ten": "Bình"}]}
    assert world.phone("phone", "nha").sends(world.filled("nha", answers, "uuid:q1")).status_code == 201
    return "projects/1/forms/nha/submissions/uuid%3Aq1/decisions"


def test_a_decision_names_questions_and_is_taken_back(world: World, path: str) -> None:
    seen = world.api.get(path).get_json()
    assert seen["decisions"] == []
    body = {"reviewState": "rejected", "questions": [{"path": PATH, "reason": "Không khớp biên bản"}]}
    told = world.api.post(path, json=body | {"seen": seen["seen"]})
    assert told.status_code == 200, told.get_data(as_text=True)
    (decided,) = told.get_json()["decisions"]
    assert decided["questions"] == [{"path": PATH, "reason": "Không khớp biên bản"}]
    assert (decided["reviewState"], decided["level"], decided["takenBack"]) == ("rejected", "province", False)
    stale = world.api.post(path, json={"reviewState": "approved", "seen": seen["seen"]})
    assert stale.status_code == 409
    assert "đã quyết định phiếu này: Trả lại, lúc" in stale.get_json()["message"]
    back = world.api.post(f"{path}/{decided['id']}/undo").get_json()["decisions"]
    assert [(each["takenBack"], each["takesBack"]) for each in back] == [(False, decided["id"]), (True, None)]
    assert world.api.get(path.removesuffix("/decisions")).get_json()["reviewState"] is None
    assert world.api.post(f"{path}/{decided['id']}/undo").status_code == 409
    assert world.api.post(f"{path}/999999/undo").status_code == 404


def test_a_forged_question_and_a_return_without_words_are_refused(world: World, path: str) -> None:
    forged = {"reviewState": "rejected", "questions": [{"path": "/data/khong_co", "reason": "x"}]}
    for body in (forged, {"reviewState": "rejected"}, {"reviewState": "rejected", "questions": [{"path": PATH}]}):
        assert world.api.post(path, json=body).status_code == 400
    assert world.api.get(path).get_json()["decisions"] == []


def test_who_only_reads_decides_nothing(world: World, path: str) -> None:
    viewer: Api = world.person("Người xem", "viewer")
    assert viewer.get(path).status_code == 200
    assert viewer.post(path, json={"reviewState": "approved"}).status_code == 403
    assert world.nobody().get(path).status_code in (401, 403)
