"""Answers as a table."""

import pytest

from tests.kit.world import World

VISIT = """
| survey |
| | type         | name   | label     |
| | begin group  | chung  | Chung     |
| | text         | ten    | Tên       |
| | integer      | trong  | Để trống  |
| | end group    |        |           |
| | begin repeat | nguoi  | Người     |
| | text         | ho_ten | Họ tên    |
| | end repeat   |        |           |
| settings |
| | form_id | form_title | version |
| | visit   | Thăm thôn  | 1       |
"""
TABLE = "projects/1/forms/visit.svc/Submissions"


@pytest.fixture
def visited(world: World) -> World:
    """A world with one visit of two people."""
    world.publishes(VISIT)
    answers = {"ten": "Khe Mực", "nguoi": [{"ho_ten": "Lý A"}, {"ho_ten": "Bàn B"}]}
    xml = world.filled("visit", answers, "uuid:1")
    world.api.post("projects/1/forms/visit/submissions", data=xml, content_type="text/xml")
    return world


def test_groups_nest_and_repeats_are_links(visited: World) -> None:
    answer = visited.api.get(TABLE)
    assert answer.headers["OData-Version"] == "4.0"
    row = answer.get_json()["value"][0]
    assert row["chung"] == {"ten": "Khe Mực", "trong": None}
    assert row["nguoi@odata.navigationLink"] == "Submissions('uuid:1')/nguoi"
    assert "nguoi" not in row
    assert row["meta"]["instanceID"] == "uuid:1"
    system = row["__system"]
    assert (system["submitterName"], system["edits"], system["reviewState"]) == ("admin@example.vn", 0, None)
    assert len(system) == 12


def test_repeats_come_along_when_asked_for(visited: World) -> None:
    row = visited.api.get(f"{TABLE}?$expand=*").get_json()["value"][0]
    assert [each["ho_ten"] for each in row["nguoi"]] == ["Lý A", "Bàn B"]


def test_narrows_to_columns(visited: World) -> None:
    row = visited.api.get(f"{TABLE}?$select=__id,chung").get_json()["value"][0]
    assert row.keys() == {"__id", "chung"}


@pytest.mark.parametrize(("query", "code"), [("$filter=x", 501.1), ("$orderby=x", 501.1), ("$top=x", 400.11)])
def test_says_what_it_does_not_understand(visited: World, query: str, code: float) -> None:
    assert visited.api.get(f"{TABLE}?{query}").get_json()["code"] == code


def test_knows_no_other_table(visited: World) -> None:
    assert visited.api.get(f"{TABLE}.nguoi").get_json()["code"] == 404.1
