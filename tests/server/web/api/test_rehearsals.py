"""A draft is tried over /v1 on what was sent, before anybody publishes it."""

from __future__ import annotations

from tests.kit.world import WATER_POINT, World

FORM = "projects/1/forms/water_point"
WELLS = {"Giếng làng": 12, "Giếng chùa": 30}


def sent(world: World) -> None:
    """Two wells, sent by a phone."""
    world.publishes()
    phone = world.phone("Tổ nước")
    for name, households in WELLS.items():
        xml = world.filled("water_point", {"ten": name, "so_ho": households}, f"uuid:{name}")
        assert phone.sends(xml).status_code == 201


def drafts(world: World, *swaps: tuple[str, str]) -> None:
    """A draft of a second version, with these texts of the workbook replaced."""
    text = WATER_POINT.replace("| 1       |", "| 2 |")
    for before, after in swaps:
        assert before in text
        text = text.replace(before, after)
    path = f"{FORM}/draft?ignoreWarnings=true"
    assert world.api.post(path, data=text.encode(), content_type="text/markdown").status_code == 200


def test_a_draft_says_what_it_would_do(world: World) -> None:
    sent(world)
    drafts(world, ("| ten    |", "| ten_gieng |"), (". >= 0", ". >= 20"))
    told = world.api.get(f"{FORM}/draft/rehearsal").get_json()
    assert (told["oldVersion"], told["newVersion"], told["total"], told["looked"]) == ("1", "2", 2, 2)
    changes = [(each["kind"], each["old"], each["new"], each["weight"]) for each in told["changes"]]
    assert changes == [
        ("renamed", "/data/ten", "/data/ten_gieng", "loses answers"),
        ("constraint", "/data/so_ho", "/data/so_ho", "changes meaning"),
    ]
    assert (told["answersLost"], told["unreadable"], told["noChoice"], told["keepsEverything"]) == (2, 0, 0, False)
    (lost,) = told["lost"]
    assert {each["value"] for each in lost["examples"]} == set(WELLS)
    found = {(each["kind"], each["path"]): each["submissions"] for each in told["findings"]}
    assert found[("constraint", "/data/so_ho")] == 1
    # 'ten' was required: the new name is, too, and no sheet has it
    assert found[("required", "/data/ten_gieng")] == 2


def test_it_looks_at_so_many_as_are_wanted_and_changes_nothing(world: World) -> None:
    sent(world)
    drafts(world)
    before = world.api.get(f"{FORM}/draft").get_json()
    told = world.api.get(f"{FORM}/draft/rehearsal?limit=1").get_json()
    assert (told["total"], told["looked"], told["changes"], told["keepsEverything"]) == (2, 1, [], True)
    assert world.api.get(f"{FORM}/draft/rehearsal?limit=x").status_code == 400
    assert world.api.get(f"{FORM}/draft").get_json() == before
    assert world.api.get(FORM).get_json()["version"] == "1"
    assert world.api.post(f"{FORM}/draft/publish").status_code == 200


def test_without_a_draft_there_is_nothing_to_try(world: World) -> None:
    sent(world)
    answer = world.api.get(f"{FORM}/draft/rehearsal")
    assert (answer.status_code, answer.get_json()["code"]) == (404, 404.1)


def test_a_form_that_was_never_published_loses_nothing(world: World) -> None:
    path = "projects/1/forms?ignoreWarnings=true"
    world.api.post(path, data=WATER_POINT.encode(), content_type="text/markdown")
    told = world.api.get(f"{FORM}/draft/rehearsal").get_json()
    assert (told["oldVersion"], told["newVersion"], told["total"], told["keepsEverything"]) == (None, "1", 0, True)


def test_only_those_who_may_read_the_form_may_ask(world: World) -> None:
    sent(world)
    drafts(world)
    asked = [api.get(f"{FORM}/draft/rehearsal").status_code for api in (world.nobody(), world.person("Khách"))]
    assert asked == [401, 404]
    told = world.person("Người xem", "viewer").get(f"{FORM}/draft/rehearsal")
    assert (told.status_code, told.get_json()["looked"]) == (200, 2)


def test_it_stands_in_the_document(world: World) -> None:
    paths = world.nobody().get("openapi.json").get_json()["paths"]
    told = paths["/v1/projects/{project_id}/forms/{form_id}/draft/rehearsal"]["get"]
    assert told["x-permission"] == "form.read"
    assert "200" in told["responses"]
