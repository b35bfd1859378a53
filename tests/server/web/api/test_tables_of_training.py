"""The official tables of training and of supervision: the same numbers as their own pages, as of the day of a round."""

from typing import Any

from tests.kit.world import World
from tests.server.web.api.test_training_api import opened
from tests.server.web.desk.test_work_pages import Works

TABLES_OF = "projects/1/rounds/2019/tables"


def sheets(world: World, name: str, query: str = "") -> dict[str, list[dict[str, Any]]]:
    answer = world.api.get(f"{TABLES_OF}/{name}?limit=1000{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {
        sheet["name"]: [
            dict(zip([column["name"] for column in sheet["columns"]], row, strict=True)) for row in sheet["rows"]
        ]
        for sheet in answer.get_json()["sheets"]
    }


def test_training_is_told_by_year_level_and_topic_with_turns_and_persons_apart(world: World) -> None:
    opened(world)
    found = sheets(world, "training")
    told = [(row["period"], row["level"], row["classes"], row["turns"], row["persons"]) for row in found["training"]]
    assert told == [("2017", "commune", 1, 5, 5), ("2018", "district", 1, 20, 20), ("2019", "province", 1, 110, None)]
    district = found["training"][1]
    assert (district["days"], district["women"], district["minority"], district["minority_women"]) == (1, 20, 20, 20)
    assert (district["audience.truong_thon"], district["ethnic.dtts"], district["unnamed"]) == (20, 20, 0)
    assert sum(district[name] for name in district if name.startswith("people.")) == 20
    # of a class known by totals nobody can say which groups its people are of
    province = found["training"][2]
    assert (province["people.tay"], province["unnamed"], province["provisional"]) == (None, 1, 1)
    whole = found["levels"][-1]
    asked = world.api.get("projects/1/training?to=2019-06-30").get_json()
    assert (whole["level"], whole["classes"], whole["turns"], whole["persons"]) == ("all", 3, asked["turns"], None)
    assert [row["named"] for row in found["classes"]] == [False, True, True]
    assert "Học viên mẫu" not in world.api.get(f"{TABLES_OF}/training").get_data(as_text=True)


def test_supervision_is_told_as_of_the_day_of_the_round(world: World) -> None:
    Works(world).furnish()
    found = sheets(world, "supervision")
    (finding,) = found["findings"]
    assert (finding["work"], finding["finding"]) == ("Đường mẫu", "Bê tông mỏng")
    asked = world.api.get("projects/1/supervision?on=2019-06-30").get_json()
    assert [each["finding"] for each in found["findings"]] == [each["text"] for each in asked["findings"]]
    areas = {row["area"]: row for row in found["sums"]}
    assert (areas["Xã Vô Ngại"]["visits"], areas["Xã Vô Ngại"]["findings"]) == (1, 1)
    assert areas["Tỉnh Quảng Ninh"]["findings"] == 1
    made = world.api.get(f"{TABLES_OF}/supervision").get_json()
    assert (made["provisional"], made["about"][5]["says"]["vi"]) == (
        True,
        "Tạm tính: số liệu này không nằm trong khóa kỳ",
    )
