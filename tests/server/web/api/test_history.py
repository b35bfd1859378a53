"""What became of a submission: edits and what they changed, taken away and brought back, and who did it."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from sqlalchemy import func, select

from server.services.remove import purge
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion
from tests.kit.field import WELL_OFF, place_of
from tests.kit.world import VILLAGES, Api, World

PEOPLE = """
| survey |
| | type         | name   | label     |
| | text         | ten    | Tên       |
| | image        | anh    | Ảnh       |
| | begin repeat | nguoi  | Người     |
| | text         | ho_ten | Họ tên    |
| | integer      | tuoi   | Tuổi      |
| | end repeat   |        |           |
| settings |
| | form_id | form_title | version |
| | nha     | Nhà        | 1       |
"""
POOR = {"ho_ngheo": 40, "ho_can_ngheo": 30, "ho_ngheo_dtts": 40, "nha_van_hoa_khu_the_thao": "khong"}
VILLAGE = next(iter(VILLAGES))
SENT = "projects/1/forms/nha/submissions"
SERVICE = "projects/1/forms/nha.svc"
EXTENDED = {"X-Extended-Metadata": "True"}
FIRST = {"ten": "Lý A", "anh": "nha.jpg", "nguoi": [{"ho_ten": "An", "tuoi": 5}, {"ho_ten": "Bình", "tuoi": 40}]}


@pytest.fixture(name="officer")
def officer_fixture(world: World) -> Api:
    """An administrator's script with one house sent."""
    world.publishes(PEOPLE)
    sent = world.api.post(SENT, data=world.filled("nha", FIRST, "uuid:1"), content_type="application/xml")
    assert sent.status_code == 200
    return world.api


def edits(world: World, answers: dict[str, object], old: str, new: str) -> None:
    """Sends an edit of the version `old`."""
    xml = world.filled("nha", FIRST | answers, new)
    mark = f"<deprecatedID>{old}</deprecatedID></meta>".encode()
    answer = world.api.put(f"{SENT}/uuid:1", data=xml.replace(b"</meta>", mark), content_type="application/xml")
    assert answer.status_code == 200, answer.get_data(as_text=True)


def test_each_edit_says_what_it_changed(world: World, officer: Api) -> None:
    edits(world, {"nguoi": [{"ho_ten": "An", "tuoi": 5}, {"ho_ten": "Bình", "tuoi": 41}]}, "uuid:1", "uuid:2")
    edits(world, {"ten": "Lý B", "nguoi": [{"ho_ten": "An", "tuoi": 5}]}, "uuid:2", "uuid:3")
    diffs = officer.get(f"{SENT}/uuid:1/diffs").get_json()
    assert diffs["uuid:2"] == [{"path": [["nguoi", 1], "tuoi"], "old": "40", "new": "41"}]
    assert {"path": ["ten"], "old": "Lý A", "new": "Lý B"} in diffs["uuid:3"]
    assert {"path": [["nguoi", 1], "ho_ten"], "old": "Bình", "new": None} in diffs["uuid:3"]
    assert diffs.keys() == {"uuid:2", "uuid:3"}


def test_each_text_is_kept_with_its_files(world: World, officer: Api) -> None:
    photo = b"\xff\xd8 a house"
    assert officer.post(f"{SENT}/uuid:1/attachments/nha.jpg", data=photo, content_type="image/jpeg").status_code == 200
    edits(world, {"ten": "Lý B", "anh": ""}, "uuid:1", "uuid:2")
    texts = officer.get(f"{SENT}/uuid:1/versions").get_json()
    assert [(each["instanceId"], each["current"]) for each in texts] == [("uuid:2", True), ("uuid:1", False)]
    assert "Lý A" in officer.get(f"{SENT}/uuid:1/versions/uuid:1.xml").get_data(as_text=True)
    assert "Lý B" in officer.get(f"{SENT}/uuid:1/versions/uuid:2.xml").get_data(as_text=True)
    named = officer.get(f"{SENT}/uuid:1/versions/uuid:1/attachments").get_json()
    assert named == [{"name": "nha.jpg", "exists": True}]
    assert officer.get(f"{SENT}/uuid:1/versions/uuid:1/attachments/nha.jpg").data == photo
    assert officer.get(f"{SENT}/uuid:1/versions/uuid:9").status_code == 404
    assert officer.get(f"{SENT}/uuid:1/versions/uuid:9.xml").status_code == 404


def test_a_file_can_be_taken_away(world: World, officer: Api) -> None:
    officer.post(f"{SENT}/uuid:1/attachments/nha.jpg", data=b"a", content_type="image/jpeg")
    assert officer.delete(f"{SENT}/uuid:1/attachments/nha.jpg").get_json() == {"success": True}
    assert officer.get(f"{SENT}/uuid:1/attachments").get_json() == [{"name": "nha.jpg", "exists": False}]
    assert officer.delete(f"{SENT}/uuid:1/attachments/khac.jpg").status_code == 404
    assert world.person("Người xem", "viewer").delete(f"{SENT}/uuid:1/attachments/nha.jpg").status_code == 403


def test_what_is_deleted_is_gone_until_it_is_brought_back(world: World, officer: Api) -> None:
    assert officer.delete(f"{SENT}/uuid:1").get_json() == {"success": True}
    assert officer.get(SENT).get_json() == []
    for path in ("", ".xml", "/versions", "/diffs", "/comments", "/audits", "/attachments"):
        assert officer.get(f"{SENT}/uuid:1{path}").status_code == 404
    assert officer.get("projects/1/forms/nha.svc/Submissions").get_json()["value"] == []
    (gone,) = officer.get(f"{SENT}?deleted=true").get_json()
    assert (gone["instanceId"], gone["deletedAt"] is not None) == ("uuid:1", True)
    again = officer.post(SENT, data=world.filled("nha", FIRST, "uuid:1"), content_type="application/xml")
    assert again.get_json()["code"] == 409.18
    assert officer.delete(f"{SENT}/uuid:1").status_code == 404

    assert officer.post(f"{SENT}/uuid:1/restore").get_json() == {"success": True}
    assert officer.get(f"{SENT}/uuid:1").get_json()["deletedAt"] is None
    assert officer.get(f"{SENT}?deleted=true").get_json() == []
    assert officer.post(f"{SENT}/uuid:1/restore").status_code == 404


def test_who_may_only_look_deletes_nothing(world: World, officer: Api) -> None:
    viewer = world.person("Người xem", "viewer")
    assert viewer.delete(f"{SENT}/uuid:1").status_code == 403
    assert viewer.get(f"{SENT}?deleted=true").status_code == 403
    assert viewer.post(f"{SENT}/uuid:1/restore").status_code == 403
    assert len(officer.get(SENT).get_json()) == 1


def test_a_deleted_sheet_no_longer_speaks_for_its_village(world: World) -> None:
    world.publishes(files("forms").joinpath("library", "village_criteria.md").read_text(encoding="utf-8"))
    phone = world.phone(VILLAGE, "village_criteria")
    path = "projects/1/forms/village_criteria/submissions"
    for number, answers in ((1, WELL_OFF), (2, WELL_OFF | POOR)):
        place = asdict(place_of(VILLAGE, "2019"))
        sheet = world.filled("village_criteria", place | answers, f"uuid:{number}")
        assert phone.sends(sheet).status_code == 201

    def verdicts() -> list[object]:
        found = world.api.get("projects/1/verdicts").get_json()
        return [(each["ruleSet"], each["verdict"]) for each in found if each["area"]["name"] == VILLAGE]

    after_both = verdicts()
    world.api.delete(f"{path}/uuid:2")
    after_first = verdicts()
    assert after_first != after_both
    world.api.post(f"{path}/uuid:2/restore")
    assert verdicts() == after_both


def test_after_thirty_days_it_is_forgotten(world: World, officer: Api) -> None:
    officer.post(f"{SENT}/uuid:1/comments", json={"body": "xem lại"})
    officer.delete(f"{SENT}/uuid:1")
    now = datetime.now(UTC)
    assert purge(world.session, now + timedelta(days=29)) == 0
    assert purge(world.session, now + timedelta(days=31)) == 1
    for table in (Submission, SubmissionVersion, SubmissionAttachment):
        assert world.session.execute(select(func.count()).select_from(table)).scalar_one() == 0
    world.session.rollback()
    assert officer.post(f"{SENT}/uuid:1/restore").status_code == 404
    assert "submission.delete" in {each["action"] for each in officer.get("audits?action=submission").get_json()}


def test_everything_done_is_written_down(world: World, officer: Api) -> None:
    reviewer = world.person("Người duyệt", "admin")
    reviewer.patch(f"{SENT}/uuid:1", json={"reviewState": "approved"}, headers={"X-Action-Notes": "xem%20xong"})
    line, _sent = officer.get(f"{SENT}/uuid:1/audits").get_json()
    assert (line["action"], line["notes"], line["details"]["reviewState"]) == (
        "submission.update",
        "xem xong",
        "approved",
    )
    every = officer.get("audits").get_json()
    assert {key: every[0][key] for key in line} == line
    assert {each["action"].partition(".")[0] for each in officer.get("audits?action=form").get_json()} == {"form"}
    assert officer.get("audits?limit=1&offset=1").get_json() == every[1:2]
    stamp = line["loggedAt"]
    assert officer.get(f"audits?end={stamp}").get_json() == [each for each in every if each["loggedAt"] < stamp]
    assert officer.get("audits?start=2999-01-01").get_json() == []
    assert officer.get("audits?start=hôm qua").get_json()["code"] == 400.11
    assert world.person("Người xem", "viewer").get("audits").status_code == 403


def test_the_lines_of_a_submission_tell_its_whole_life(world: World, officer: Api) -> None:
    edits(world, {"ten": "Lý B"}, "uuid:1", "uuid:2")
    world.person("Người duyệt", "admin").patch(f"{SENT}/uuid:1", json={"reviewState": "approved"})
    told = officer.get(f"{SENT}/uuid:1/audits", headers=EXTENDED).get_json()
    assert [(each["action"], each["details"]["instanceId"]) for each in told] == [
        ("submission.update", "uuid:1"),
        ("submission.update.version", "uuid:2"),
        ("submission.create", "uuid:1"),
    ]
    assert [each["actor"]["displayName"] for each in told] == ["Người duyệt", *["admin@example.vn"] * 2]


def test_who_it_was_is_told_to_whoever_asks_for_more(world: World, officer: Api) -> None:
    officer.post(f"{SENT}/uuid:1/comments", json={"body": "đúng"})
    for path, key in (("", "submitter"), ("/uuid:1/versions", "submitter"), ("/uuid:1/comments", "actor")):
        (plain,) = officer.get(SENT + path).get_json()
        (more,) = officer.get(SENT + path, headers=EXTENDED).get_json()
        assert key not in plain
        assert (more[key]["type"], more[key]["displayName"]) == ("user", "admin@example.vn")
        assert more[key]["id"] == plain["submitterId" if key == "submitter" else "actorId"]
    for path in ("/uuid:1", "/uuid:1/versions/uuid:1"):
        assert officer.get(SENT + path, headers=EXTENDED).get_json()["submitter"]["displayName"] == "admin@example.vn"
    one = officer.get(f"{SENT}/uuid:1", headers=EXTENDED).get_json()
    assert one["currentVersion"]["submitter"] == one["submitter"]


@pytest.mark.parametrize(
    "path", [SENT, f"{SERVICE}/Submissions", f"{SERVICE}/Submissions.nguoi", f"{SERVICE}/$metadata"]
)
def test_what_has_not_changed_is_not_sent_again(world: World, officer: Api, path: str) -> None:
    first = officer.get(path)
    tag = {"If-None-Match": first.headers["ETag"]}
    again = officer.get(path, headers=tag)
    assert (first.headers["ETag"][:2], again.status_code, again.data) == ("W/", 304, b"")
    assert world.nobody().get(path, headers=tag).status_code == 401
    edits(world, {"ten": "Lý B", "nguoi": [{"ho_ten": "Bình", "tuoi": 41}]}, "uuid:1", "uuid:2")
    assert officer.get(path, headers=tag).status_code == (304 if path.endswith("$metadata") else 200)


def test_who_sent_something(world: World, officer: Api) -> None:
    phone = world.phone("Khe Mực", "nha")
    phone.sends(world.filled("nha", FIRST, "uuid:2"))
    senders = officer.get(f"{SENT}/submitters").get_json()
    assert [each["displayName"] for each in senders] == sorted(["Khe Mực", "admin@example.vn"])
    assert {each["type"] for each in senders} == {"user", "field_key"}
    assert officer.get(f"{SENT}/keys").get_json() == []
