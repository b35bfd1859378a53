"""GET /v1/projects/{id}/training: turns and persons of classes, by level and time, for each their own part."""

from __future__ import annotations

from importlib.resources import files

from server.domain.demo_photo import draw_photo
from tests.kit.world import World
from tests.server.services.test_training import named, rows, totals
from tests.server.services.test_training_places import CLASS, COMMUNE, DISTRICT, PROVINCE


def opened(world: World) -> None:
    """A province class known by totals, a district class with names, and a commune class of another year."""
    for name in ("training_class", "training_attendance"):
        world.publishes(files("forms").joinpath("library", f"{name}.md").read_text("utf-8"))
    phone = world.phone("Ban tổ chức")
    for name, level, area, begins in (
        ("p", "tinh", PROVINCE, "2019-05-13"),
        ("d", "huyen", DISTRICT, "2018-09-10"),
        ("c", "xa", COMMUNE, "2017-03-01"),
    ):
        place = {"xa": area} if level == "xa" else {"don_vi": area}
        days = {"tu_ngay": begins, "den_ngay": begins, "so_ngay": "1"}
        answers = {key: value for key, value in CLASS.items() if key != "don_vi"} | {"cap": level} | place | days
        assert phone.sends(world.filled("training_class", answers, f"uuid:{name}")).status_code == 201
        decided = {"reviewState": "approved"}
        path = f"projects/1/forms/training_class/submissions/uuid:{name}"
        assert world.api.patch(path, json=decided).status_code == 200
    for answers in (totals("p", 110), named("d", rows(20)), named("c", rows(5))):
        xml = world.filled("training_attendance", answers)
        photos = {"to_1.jpg": draw_photo(1)} if "anh_1" in answers else {}
        assert phone.sends(xml, photos).status_code == 201


def test_turns_and_persons_are_told_apart_by_level_and_time(world: World) -> None:
    opened(world)
    whole = world.api.get("projects/1/training").get_json()
    assert (whole["classes"], whole["turns"], whole["persons"], whole["personsNamed"]) == (3, 135, None, 25)
    assert (whole["personDays"], whole["classesWithoutNames"], whole["possibleDuplicates"]) == (135, 1, 5)
    assert whole["synthetic"] is True
    assert {"turns", "persons", "person_days"} == whole["definitions"]["vi"].keys() == whole["definitions"]["en"].keys()
    assert whole["byAudience"] == {"truong_thon": {"turns": 135, "persons": None}}
    assert {level: each["persons"] for level, each in whole["byLevel"].items()} == {
        "province": None,
        "district": 20,
        "commune": 5,
    }
    asked = world.api.get("projects/1/training?level=district&from=2018-01-01&to=2019-05-31").get_json()
    assert (asked["classes"], asked["turns"], asked["persons"], asked["from"]) == (1, 20, 20, "2018-01-01")
    assert asked["bySex"] == {"nu": {"turns": 20, "persons": 20}}
    assert asked["byEthnicity"] == {"dtts": {"turns": 20, "persons": 20}}
    assert world.api.get("projects/1/training?to=2016-12-31").get_json()["turns"] == 0
    refused = world.api.get("projects/1/training?from=yesterday")
    assert refused.status_code == 400


def test_classes_are_listed_without_names(world: World) -> None:
    opened(world)
    answer = world.api.get("projects/1/training/classes")
    assert "Học viên mẫu" not in answer.get_data(as_text=True)
    listed = answer.get_json()
    assert [(each["id"], each["turns"], each["persons"]) for each in listed] == [
        ("p", 110, None),
        ("d", 20, 20),
        ("c", 5, 5),
    ]
    assert listed[0]["synthetic"] is True
    assert listed[0]["provisional"] is True


def test_somebody_without_a_grant_is_told_nothing(world: World) -> None:
    opened(world)
    assert world.nobody().get("projects/1/training").status_code == 401
