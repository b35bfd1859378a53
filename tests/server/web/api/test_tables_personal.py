"""OData without what is personal, and the place of one submission."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.kit.world import World
from tests.server.web.api.test_csv_files import HOUSE, ONE, read

FORM = "projects/1/forms/ho"
HIDDEN = ("Lý Thị A", "Lý B", "Bàn E", '"uuid:1"', '"uuid:2"', "'uuid:1'", "'uuid:2'", "admin@", "collect:")


@pytest.fixture(scope="module")
def houses(shared_world: World) -> World:
    """A world with two households. For reading only."""
    shared_world.publishes(HOUSE)
    for key, answers in (("uuid:1", ONE), ("uuid:2", {"chu_ho": "Bàn Văn F", "so_nguoi": 2})):
        xml = shared_world.filled("ho", answers, key)
        path = f"{FORM}/submissions?deviceID=collect:1"
        assert shared_world.api.post(path, data=xml, content_type="text/xml").status_code == 200
    return shared_world


def whole(world: World, table: str, query: str) -> tuple[str, dict[str, Any]]:
    answer = world.api.get(f"{FORM}.svc/{table}?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True), answer.get_json()


@pytest.mark.parametrize("query", ["", "&$expand=*", "&$wkt=true&$expand=*", "&$select=__id,__system,chung", "&$top=1"])
def test_rows_lead_to_nobody(houses: World, query: str) -> None:
    said, found = whole(houses, "Submissions", f"personal=false{query}")
    assert not [each for each in HIDDEN if each in said]
    own = {row["KEY"] for row in read(houses.api.get(f"{FORM}/submissions.csv?personal=false").data)}
    assert {row["__id"] for row in found["value"]} <= own
    assert [row["chung"]["so_nguoi"] for row in found["value"]] == [2, 4][: len(found["value"])]
    assert {row["__system"]["submitterId"] for row in found["value"]} == {None}
    # and they are there when they are asked for, so that this looks where they would be
    shown = whole(houses, "Submissions", query.removeprefix("&"))[0]
    assert '"uuid:2"' in shown
    assert "admin@" in shown


def test_rows_of_repeats_join_them(houses: World) -> None:
    said, found = whole(houses, "Submissions.nguoi", "personal=false")
    assert not [each for each in HIDDEN if each in said]
    keys = {row["__id"] for row in whole(houses, "Submissions", "personal=false")[1]["value"]}
    assert len(found["value"]) == 2
    assert {row["__Submissions-id"] for row in found["value"]} <= keys


def test_every_page_is_reached_without_a_mark(houses: World) -> None:
    link, numbers = f"/v1/{FORM}.svc/Submissions?personal=false&$top=1", []
    while link:
        assert "personal=false" in link
        assert "skiptoken" not in link
        page = houses.api.get(link.partition("/v1/")[2]).get_json()
        numbers += [row["chung"]["so_nguoi"] for row in page["value"]]
        link = page.get("@odata.nextLink", "")
    assert numbers == [2, 4]


def test_the_document_leaves_the_columns_out(houses: World) -> None:
    def columns(query: str) -> set[str]:
        document = ElementTree.fromstring(houses.api.get(f"{FORM}.svc/$metadata{query}").data)
        return {each.attrib["Name"] for each in document.iter() if each.tag.endswith("}Property")}

    assert columns("") - columns("?personal=false") >= {"chu_ho", "ho_ten"}
    assert "so_nguoi" in columns("?personal=false")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("Submissions?personal=false&$filter=chung/chu_ho eq 'Bàn Văn F'", 400.23),
        ("Submissions?personal=false&$filter=__id eq 'uuid:1'", 400.23),
        ("Submissions?personal=false&$filter=__system/submitterId eq 1", 400.23),
        ("Submissions?personal=false&$orderby=__system/submitterName", 400.23),
        ("Submissions.nguoi?personal=false&$filter=$root/Submissions/__id eq 'uuid:1'", 400.23),
        ("Submissions.nguoi?personal=false&$filter=__Submissions-id eq 'uuid:1'", 400.23),
        ("Submissions?personal=false&$select=chung/chu_ho", 400.23),
        ("Submissions('uuid:1')?personal=false", 400.8),
        ("Submissions?personal=false&$skiptoken=01eyJpbnN0YW5jZUlkIjoidXVpZDoxIn0=", 400.8),
        ("Submissions?personal=perhaps", 400.8),
    ],
)
def test_nobody_is_found_by_asking(houses: World, asked: str, code: float) -> None:
    answer = houses.api.get(f"{FORM}.svc/{asked}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)


def test_one_submission_has_a_map_of_its_own(houses: World) -> None:
    places = {key: houses.api.get(f"{FORM}/submissions/{key}.geojson") for key in ("uuid:1", "uuid:2", "uuid:9")}
    one = json.loads(places["uuid:1"].data)
    assert [each["geometry"]["coordinates"][:2] for each in one["features"]] == [[107.25, 21.5]]
    assert json.loads(places["uuid:2"].data)["features"] == []
    assert (places["uuid:9"].status_code, places["uuid:9"].get_json()["code"]) == (404, 404.1)
