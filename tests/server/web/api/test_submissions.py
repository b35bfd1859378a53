"""Submissions over /v1: sent, read back, edited, judged by people."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView
from tests.kit.places import two_villages
from tests.kit.world import PASSWORD, VILLAGES, Api, World

FORM = "projects/1/forms/water_point"
SENT = f"{FORM}/submissions"
WELL = {"ten": "Giếng Khe Mực", "so_ho": 12, "anh": "gieng.jpg"}


@pytest.fixture
def officer(world: World) -> Api:
    """An administrator's script, with the form about wells published."""
    world.publishes()
    return world.api


def send(world: World, officer: Api, instance_id: str, **answers: object) -> dict[str, object]:
    """Sends one well."""
    xml = world.filled("water_point", WELL | answers, instance_id)
    answer = officer.post(f"{SENT}?deviceID=collect:1", data=xml, content_type="application/xml")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body: dict[str, object] = answer.get_json()
    return body


def test_a_submission_as_scripts_read_it(world: World, officer: Api) -> None:
    send(world, officer, "uuid:1")
    body = officer.get(f"{SENT}/uuid:1").get_json()
    assert body["synthetic"] is True
    assert (body["reviewState"], body["deviceId"], body["deletedAt"]) == (None, "collect:1", None)
    assert isinstance(body["submitterId"], int)
    assert body["currentVersion"]["current"] is True
    assert b"uuid:1" in officer.get(f"{SENT}/uuid:1.xml").data


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 400.1),
        (b"<data", 400.1),
        (b'<!DOCTYPE d [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><data id="water_point">&b;</data>', 400.1),
        (b"<data/>", 400.2),
        (b'<data id="other" version="1"><meta><instanceID>uuid:1</instanceID></meta></data>', 400.8),
        (b'<data id="water_point" version="1"><ten>x</ten></data>', 400.2),
        (b'<data id="water_point" version="7"><meta><instanceID>uuid:1</instanceID></meta></data>', 404.6),
    ],
)
def test_refuses_what_cannot_be_a_submission(officer: Api, body: bytes, code: float) -> None:
    answer = officer.post(SENT, data=body, content_type="application/xml").get_json()
    assert answer["code"] == code
    assert len(answer["message"]) > 10
    assert officer.get(SENT).get_json() == []
    assert officer.get("quarantine").get_json() == []


def test_a_closed_form_takes_nothing_from_scripts(world: World, officer: Api) -> None:
    xml = world.filled("water_point", WELL)
    officer.patch(FORM, json={"state": "closed"})
    assert officer.post(SENT, data=xml, content_type="application/xml").get_json()["code"] == 409.2


def test_an_id_of_a_later_version_leads_to_it(world: World, officer: Api) -> None:
    send(world, officer, "uuid:1")
    edited = world.filled("water_point", WELL | {"so_ho": 20}, "uuid:2").replace(
        b"</instanceID>", b"</instanceID><deprecatedID>uuid:1</deprecatedID>"
    )
    assert officer.put(f"{SENT}/uuid:1", data=edited, content_type="application/xml").status_code == 200
    moved = officer.get(f"{SENT}/uuid:2")
    assert (moved.status_code, moved.headers["Location"].rpartition("/v1/")[2]) == (
        301,
        f"{SENT}/{quote('uuid:1', safe='')}/versions/{quote('uuid:2', safe='')}",
    )
    assert officer.get(f"{SENT}/uuid:1/versions/uuid:2").get_json()["current"] is True
    assert officer.get(f"{SENT}/uuid:1/versions/uuid:1").get_json()["current"] is False


def test_nobody_is_told_that_a_refused_submission_is_kept(world: World, officer: Api) -> None:
    send(world, officer, "uuid:1")
    other = world.filled("water_point", WELL | {"so_ho": 99}, "uuid:1")
    held = world.filled("water_point", WELL, "uuid:3").replace(
        b"</instanceID>", b"</instanceID><deprecatedID>uuid:2</deprecatedID>"
    )
    for body, code in ((other, 409.3), (held, 404.5)):
        answer = officer.post(SENT, data=body, content_type="application/xml").get_json()
        assert answer["code"] == code
        assert not [word for word in ("giữ", "Đã nhận") if word in answer["message"]]
    officer.delete(f"{SENT}/uuid:1")
    assert officer.post(SENT, data=other, content_type="application/xml").get_json()["code"] == 409.18


def test_files_go_to_the_names_that_answers_have(world: World, officer: Api) -> None:
    send(world, officer, "uuid:1")
    files = f"{SENT}/uuid:1/attachments"
    assert officer.get(files).get_json() == [{"name": "gieng.jpg", "exists": False}]
    assert officer.get(f"{files}/gieng.jpg").get_json()["code"] == 404.1
    assert officer.post(f"{files}/..%2F..%2Fx", data=b"x").get_json()["code"] == 404.1
    headers = {"Content-Encoding": "gzip"}
    put = officer.post(f"{files}/gieng.jpg", data=b"\xff\xd8 raw", content_type="image/jpeg", headers=headers)
    assert put.get_json() == {"success": True}
    got = officer.get(f"{files}/gieng.jpg")
    assert (got.data, got.content_type) == (b"\xff\xd8 raw", "image/jpeg")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert officer.get(files).get_json() == [{"name": "gieng.jpg", "exists": True}]


def test_a_file_that_could_be_a_page_is_never_shown_as_one(world: World, officer: Api) -> None:
    send(world, officer, "uuid:1", anh="trang.html")
    files = f"{SENT}/uuid:1/attachments/trang.html"
    officer.post(files, data=b"<script>alert(1)</script>", content_type="text/html")
    got = officer.get(files)
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in got.headers["Content-Security-Policy"]


def test_lists_newest_first_and_in_parts(world: World, officer: Api) -> None:
    for number in range(3):
        send(world, officer, f"uuid:{number}")
    assert [each["instanceId"] for each in officer.get(SENT).get_json()] == ["uuid:2", "uuid:1", "uuid:0"]
    part = officer.get(f"{SENT}?limit=1&offset=1").get_json()
    assert [each["instanceId"] for each in part] == ["uuid:1"]
    assert officer.get(f"{SENT}?limit=x").get_json()["code"] == 400.11


def test_decides_and_takes_back(world: World, officer: Api) -> None:
    send(world, officer, "uuid:1")
    reviewer = world.person("Người duyệt", "admin")
    for said, kept in (("approved", "approved"), ("rejected", "rejected"), (None, None), ("hasIssues", "hasIssues")):
        body = reviewer.patch(f"{SENT}/uuid:1", json={"reviewState": said}).get_json()
        assert body["reviewState"] == kept
    assert officer.patch(f"{SENT}/uuid:1", json={"reviewState": "fine"}).get_json()["code"] == 400.8
    assert officer.patch(f"{SENT}/uuid:1", json={}).get_json()["code"] == 400.3


def test_nobody_approves_over_the_api_what_they_sent_themselves(world: World, officer: Api) -> None:
    send(world, officer, "uuid:1")
    answer = officer.patch(f"{SENT}/uuid:1", json={"reviewState": "approved"})
    assert (answer.status_code, "người khác phải duyệt" in answer.get_json()["message"]) == (403, True)
    assert officer.get(f"{SENT}/uuid:1").get_json()["reviewState"] is None
    assert officer.patch(f"{SENT}/uuid:1", json={"reviewState": "rejected"}).status_code == 200


def test_who_only_looks_decides_nothing(world: World, officer: Api) -> None:
    send(world, officer, "uuid:1")
    viewer = world.person("Người xem", "viewer")
    assert viewer.get(f"{SENT}/uuid:1").status_code == 200
    assert viewer.patch(f"{SENT}/uuid:1", json={"reviewState": "approved"}).get_json()["code"] == 403.1
    assert viewer.post(f"{SENT}/uuid:1/comments", json={"body": "Số hộ có đúng không?"}).status_code == 200
    said = officer.get(f"{SENT}/uuid:1/comments").get_json()
    assert [(each["body"], each.keys()) for each in said] == [
        ("Số hộ có đúng không?", {"body", "actorId", "createdAt"})
    ]


def reviewer(world: World, commune_id: str) -> Api:
    """A reviewer of one commune, signed in."""
    now = datetime.now(UTC)
    made = create_user(world.session, world.server_itself, NewUser("xa@example.vn", PASSWORD, "Cán bộ xã"), now)
    grant = GrantView("commune_supervisor", "project", 1, None, commune_id, None, None)
    grant_role(world.session, world.server_itself, made.id, grant, now)
    return world.signed_in("xa@example.vn", PASSWORD)


def test_a_commune_sees_and_decides_its_own_villages(world: World) -> None:
    (mine, here), (other, _) = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    form = (
        "| survey |\n| | type | name | label |\n"
        "| | select_one_from_file villages.csv | thon | Thôn |\n"
        "| settings |\n| | form_id | form_title | version |\n| | visit | Thăm thôn | 1 |\n"
    )
    world.publishes(form)
    path = "projects/1/forms/visit/submissions"
    for number, village in enumerate((mine, other)):
        xml = world.filled("visit", {"thon": village}, f"uuid:{number}")
        assert world.api.post(path, data=xml, content_type="text/xml").status_code == 200
    commune = reviewer(world, here)
    assert [each["instanceId"] for each in commune.get(path).get_json()] == ["uuid:0"]
    assert len(commune.get("projects/1/forms/visit.svc/Submissions?$count=true").get_json()["value"]) == 1
    assert commune.get(f"{path}/uuid:1").get_json()["code"] == 404.1
    decided = commune.patch(f"{path}/uuid:0", json={"reviewState": "approved"}).get_json()
    assert (decided.get("reviewState"), decided.get("reviewLevel")) == ("approved", "commune"), decided
    assert commune.patch(f"{path}/uuid:1", json={"reviewState": "approved"}).get_json()["code"] == 404.1
    assert world.api.patch(f"{path}/uuid:0", json={"reviewState": "rejected"}).get_json()["reviewLevel"] == "province"
    assert commune.patch(f"{path}/uuid:0", json={"reviewState": "approved"}).get_json()["code"] == 403.1


def test_what_nobody_could_read_is_kept_where_an_administrator_sees_it(world: World, officer: Api) -> None:
    phone = world.phone("Khe Mực")
    for _ in range(2):
        assert phone.sends(b"<data id='water_point'").status_code == 400
    kept = officer.get("quarantine").get_json()
    assert [(each["sender"], each["times"]) for each in kept] == [("Khe Mực", 2)]
    assert "XML" in kept[0]["problem"]
    got = officer.get(f"quarantine/{kept[0]['id']}")
    assert (got.data, got.headers["Content-Disposition"][:10]) == (b"<data id='water_point'", "attachment")
    assert world.person("Người xem", "viewer").get("quarantine").status_code == 403
