"""Forms and projects put away, brought back, and counted."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event, func, select

from server.storage.database import db
from server.storage.submissions import Submission
from sync.openrosa import read_form_list
from tests.kit.world import WATER_POINT, World

FORMS = "projects/1/forms"
FORM = f"{FORMS}/water_point"
EXTENDED = {"X-Extended-Metadata": "true"}


def sent(world: World, instance_id: str, so_ho: int = 3) -> None:
    xml = world.filled("water_point", {"ten": "Giếng", "so_ho": so_ho}, instance_id)
    assert world.api.post(f"{FORM}/submissions", data=xml).status_code == 200


def other(name: str) -> str:
    return WATER_POINT.replace("| water_point |", f"| {name} |")


def test_a_deleted_form_is_listed_and_comes_back_with_all_it_had(world: World) -> None:
    api = world.api
    world.publishes()
    phone = world.phone("Khe Mực", "water_point")
    sent(world, "uuid:1")
    assert api.get(f"{FORMS}?deleted=true").get_json() == []
    assert api.delete(FORM).get_json() == {"success": True}
    assert api.get(FORMS).get_json() == []
    (gone,) = api.get(f"{FORMS}?deleted=true").get_json()
    assert (gone["xmlFormId"], gone["version"]) == ("water_point", "1")
    assert datetime.fromisoformat(gone["deletedAt"]) <= datetime.now(UTC)
    assert read_form_list(phone.get("formList").data) == ()
    assert api.post(f"{FORMS}/{gone['id']}/restore").get_json() == {"success": True}
    assert "deletedAt" not in api.get(FORM).get_json()
    assert "id" not in api.get(FORM).get_json()
    assert [each["instanceId"] for each in api.get(f"{FORM}/submissions").get_json()] == ["uuid:1"]
    (entry,) = read_form_list(phone.get("formList").data)
    assert entry.form_id == "water_point"
    assert api.post(f"{FORMS}/{gone['id']}/restore").get_json()["code"] == 404.1


def test_a_form_does_not_come_back_beside_one_that_took_its_id(world: World) -> None:
    api = world.api
    world.publishes()
    api.delete(FORM)
    world.publishes()
    (gone,) = api.get(f"{FORMS}?deleted=true").get_json()
    refused = api.post(f"{FORMS}/{gone['id']}/restore").get_json()
    assert (refused["code"], refused["details"]["fields"]) == (409.3, ["projectId", "xmlFormId"])
    api.delete(FORM)
    assert len(api.get(f"{FORMS}?deleted=true").get_json()) == 2
    assert api.post(f"{FORMS}/{gone['id']}/restore").status_code == 200


def test_a_deleted_form_of_the_same_id_is_worth_a_word(world: World) -> None:
    world.publishes()
    xml = world.api.get(f"{FORM}.xml").data
    world.api.delete(FORM)
    refused = world.api.post(FORMS, data=xml, content_type="application/xml").get_json()
    assert refused["code"] == 400.16
    (said,) = refused["details"]["warnings"]["workflowWarnings"]
    assert said == {"type": "deletedFormExists", "details": {"xmlFormId": "water_point"}}
    assert world.api.post(f"{FORMS}?ignoreWarnings=true", data=xml, content_type="text/xml").status_code == 200


def test_only_who_may_bring_forms_back_sees_the_deleted_ones(world: World) -> None:
    world.publishes()
    world.api.delete(FORM)
    (gone,) = world.api.get(f"{FORMS}?deleted=true").get_json()
    viewer = world.person("Người xem", "viewer")
    assert viewer.get(f"{FORMS}?deleted=true").get_json() == []
    assert viewer.post(f"{FORMS}/{gone['id']}/restore").get_json()["code"] == 403.1
    made = world.api.post("projects", json={"name": "Dự án khác"}).get_json()
    assert world.api.post(f"projects/{made['id']}/forms/{gone['id']}/restore").get_json()["code"] == 404.1


def test_a_form_says_how_much_was_sent(world: World) -> None:
    world.publishes()
    for number, so_ho in enumerate((3, 4, -1)):
        sent(world, f"uuid:{number}", so_ho)
    reviewer = world.person("Người duyệt", "admin")
    reviewer.patch(f"{FORM}/submissions/uuid%3A0", json={"reviewState": "approved"})
    sent(world, "uuid:deleted")
    world.api.delete(f"{FORM}/submissions/uuid%3Adeleted")
    assert "submissions" not in world.api.get(FORM).get_json()
    form = world.api.get(FORM, headers=EXTENDED).get_json()
    assert (form["submissions"], form["reviewStates"]) == (3, {"received": 1, "hasIssues": 1, "edited": 0})
    last = world.api.get(f"{FORM}/submissions/uuid%3A2").get_json()["createdAt"]
    assert form["lastSubmission"] == last
    assert (form["createdBy"]["type"], form["publicLinks"], form["entityRelated"]) == ("user", 0, False)
    assert "form.update" in form["verbs"]
    assert form.pop("publishNotes") is None
    assert world.api.get(FORMS, headers=EXTENDED).get_json() == [form]
    phone = world.person("Người điền", "formfill")
    assert phone.get(FORM, headers=EXTENDED).get_json()["submissions"] == 0


def test_a_project_says_what_is_in_it(world: World) -> None:
    world.publishes()
    world.phone("Khe Mực", "water_point")
    sent(world, "uuid:1")
    project = world.api.get("projects/1", headers=EXTENDED).get_json()
    assert (project["forms"], project["appUsers"], project["datasets"]) == (1, 1, 0)
    assert project["lastSubmission"] == world.api.get(f"{FORM}/submissions/uuid%3A1").get_json()["createdAt"]
    assert "project.update" in project["verbs"]
    (listed,) = world.api.get("projects?forms=True", headers=EXTENDED).get_json()
    assert listed.items() >= project.items()
    assert [(each["xmlFormId"], each["submissions"]) for each in listed["formList"]] == [("water_point", 1)]
    assert "formList" not in world.api.get("projects").get_json()[0]


def test_who_fills_forms_finds_the_open_ones_nested(world: World) -> None:
    world.publishes()
    world.publishes(other("closed"))
    world.api.patch(f"{FORMS}/closed", json={"state": "closed"})
    (project,) = world.person("Người điền", "formfill").get("projects?forms=true").get_json()
    assert [each["xmlFormId"] for each in project["formList"]] == ["water_point"]


@pytest.mark.parametrize("path", ["projects?forms=true", FORMS])
def test_a_list_costs_the_same_however_long_it_is(world: World, path: str) -> None:
    world.publishes()
    counted: list[str] = []
    with world.app.app_context():
        engine = db.engine

    def count(*arguments: object) -> None:
        counted.append(str(arguments[2]))

    def asked() -> int:
        counted.clear()
        assert world.api.get(path, headers=EXTENDED).status_code == 200
        return len(counted)

    event.listen(engine, "before_cursor_execute", count)
    asked()
    one = asked()
    for number in range(3):
        world.publishes(other(f"form_{number}"))
    assert asked() == one
    event.remove(engine, "before_cursor_execute", count)


def test_a_description_can_be_taken_away(world: World) -> None:
    world.api.patch("projects/1", json={"description": "Giếng"})
    assert world.api.patch("projects/1", json={"archived": True}).get_json()["description"] == "Giếng"
    assert world.api.patch("projects/1", json={"description": None}).get_json()["description"] is None


def test_a_deleted_project_is_nowhere(world: World) -> None:
    world.publishes()
    phone = world.phone("Khe Mực", "water_point")
    xml = world.filled("water_point", {"ten": "Giếng"}, "uuid:1")
    assert world.person("Người xem", "viewer").delete("projects/1").get_json()["code"] == 403.1
    assert world.api.delete("projects/1").get_json() == {"success": True}
    assert world.api.get("projects").get_json() == []
    for path in ("projects/1", FORMS, FORM):
        assert world.api.get(path).get_json()["code"] == 404.1
    assert read_form_list(phone.get("formList").data) == ()
    assert phone.get("forms/water_point.xml").status_code == 404
    answer = phone.sends(xml)
    assert answer.status_code == 404
    (kept,) = world.api.get("quarantine").get_json()
    assert world.api.get(f"quarantine/{kept['id']}").data == xml


def test_what_was_deleted_is_no_longer_counted(world: World) -> None:
    world.publishes()
    sent(world, "uuid:1")
    world.api.delete(FORM)
    project = world.api.get("projects/1", headers=EXTENDED).get_json()
    assert (project["forms"], project["lastSubmission"]) == (0, None)
    kept = world.session.execute(select(func.count()).select_from(Submission)).scalar_one()
    assert kept == 1
