"""Answers as a table."""

import base64
import json
from urllib.parse import quote
from xml.etree import ElementTree

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
| | begin repeat | con    | Con       |
| | text         | ten_con | Tên con  |
| | end repeat   |        |           |
| | end repeat   |        |           |
| settings |
| | form_id | form_title | version |
| | visit   | Thăm thôn  | 1       |
"""
SERVICE = "projects/1/forms/visit.svc"
TABLE = f"{SERVICE}/Submissions"
PEOPLE = [{"ho_ten": "Lý A", "con": [{"ten_con": "Lý C"}, {"ten_con": "Lý D"}]}, {"ho_ten": "Bàn B"}]


@pytest.fixture
def visited(world: World) -> World:
    """A world with one visit of two people."""
    world.publishes(VISIT)
    send_visit(world, "uuid:1")
    return world


@pytest.fixture(scope="module")
def visited_twice(shared_world: World) -> World:
    """A world with two visits, the second one approved; for reading only."""
    shared_world.publishes(VISIT)
    for instance_id in ("uuid:1", "uuid:2"):
        send_visit(shared_world, instance_id)
    decision = {"reviewState": "approved"}
    reviewer = shared_world.person("Người duyệt", "admin")
    answer = reviewer.patch("projects/1/forms/visit/submissions/uuid:2", json=decision)
    assert answer.status_code == 200
    return shared_world


def send_visit(world: World, instance_id: str) -> None:
    xml = world.filled("visit", {"ten": "Khe Mực", "nguoi": PEOPLE}, instance_id)
    sent = world.api.post("projects/1/forms/visit/submissions", data=xml, content_type="text/xml")
    assert sent.status_code == 200


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


def _placed(place: object) -> str:
    said = json.dumps({"instanceId": "uuid:1", "place": place}).encode()
    return "01" + base64.urlsafe_b64encode(said).decode()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$filter=x", 400.23),
        ("$filter=x eq 1", 400.23),
        ("$filter=chung eq null", 400.23),
        ("$filter=chung/ten", 400.18),
        ("$filter=chung/ten eq", 400.18),
        ("$filter=chung/ten eq 5", 400.18),
        ("$filter=chung/ten eq 2026-01-01", 400.18),
        ("$filter=chung/trong eq '5'", 400.18),
        ("$filter=chung/trong lt true", 400.18),
        ("$filter=contains(chung/trong,'5')", 400.18),
        ("$filter=year(chung/ten) eq 2026", 400.18),
        ("$filter=year() eq 2026", 400.18),
        ("$filter=contains(chung/ten) eq true", 400.18),
        ("$filter=exec(chung/ten) eq 'x'", 400.18),
        ("$filter=chung/ten in ()", 400.18),
        ("$filter=chung/trong eq " + "9" * 40, 400.18),
        ("$filter=chung/trong eq 1e999", 400.18),
        ("$filter=chung/ten eq '%00'", 400.1),
        ("$filter=__system/submissionDate gt 2026-02-30", 400.18),
        ("$filter=chung/ten eq 'x' or '1'='1'", 400.18),
        ("$filter=chung/ten eq 'x'; drop table submissions", 400.18),
        ("$filter=" + "not " * 60 + "chung/ten eq 'x'", 400.18),
        ("$filter=" + "tolower(" * 60 + "chung/ten", 400.18),
        ("$filter=" + "x" * 5000, 400.18),
        ("$filter=nguoi/ho_ten eq 'x'", 400.23),
        ("$filter=__id eq", 400.18),
        ("$filter=__id eq 5", 400.18),
        ("$filter=" + "(" * 60 + "__id eq 'x'", 400.18),
        ("$orderby=x", 400.23),
        ("$orderby=chung/ten up", 400.18),
        ("$orderby=", 400.18),
        ("$orderby=chung/ten;select", 400.18),
        ("$orderby=__system/status", 501.5),
        ("$orderby=__id&$skiptoken=01eyJpbnN0YW5jZUlkIjoidXVpZDoxIn0=", 501.1),
        ("$search=x", 501.1),
        ("$apply=aggregate(x)", 501.1),
        ("$ten=x", 400.8),
        ("$Top=1", 400.8),
        ("$" + "x" * 5000 + "=1", 400.8),
        ("$format=xml", 406.1),
        ("$top=x", 400.11),
        ("$top=-1", 400.11),
        ("$expand=nguoi($levels=2)", 501.6),
        ("$expand=khong_co", 400.23),
        ("$expand=chung", 400.23),
        ("$select=__id&$expand=*", 501.11),
        ("$select=khong_co", 400.23),
        ("$skiptoken=01!", 400.34),
        ("$skiptoken=abc", 400.34),
        ("$skiptoken=01" + "A" * 5000, 400.34),
        ("$skiptoken=01W10=", 400.34),
        ("$skiptoken=01eyJpbnN0YW5jZUlkIjp7fX0=", 400.34),
        ("$skiptoken=" + _placed(5), 400.34),
        ("$skiptoken=" + _placed([]), 400.34),
        ("$skiptoken=" + _placed(["2026-01-01T00:00:00", 1]), 400.34),
        ("$skiptoken=" + _placed(["2026-01-01T00:00:00Z", -1]), 400.34),
        ("$skiptoken=" + _placed(["2026-01-01T00:00:00Z", 1 << 63]), 400.34),
        ("$skiptoken=" + _placed(["2026-01-01T00:00:00Z", True]), 400.34),
        ("$skiptoken=" + _placed(["2026-01-01T00:00:00Z", "1; drop table submissions"]), 400.34),
        ("$skiptoken=" + _placed(["0001-01-01T00:00:00+14:00", 1]), 400.34),
        ("$skiptoken=01eyJpbnN0YW5jZUlkIjoiXHUwMDAwIn0=", 400.34),
        ("$skiptoken=01eyJpbnN0YW5jZUlkIjoidXVpZDo5In0=", 400.35),
        ("$skiptoken=01eyJyZXBlYXRJZCI6IngifQ==", 400.35),
    ],
)
def test_says_what_it_does_not_understand(visited_twice: World, query: str, code: float) -> None:
    answer = visited_twice.api.get(f"{TABLE}?{query}").get_json()
    assert answer["code"] == code
    assert "%(" not in answer["message"]
    assert not answer["message"].startswith("table.")


def test_knows_no_other_table(visited: World) -> None:
    for table in ("Submissions.chung", "Submissions.la", "Submissions('uuid:1')/chung", "Submissions/nguoi", "x"):
        assert visited.api.get(f"{SERVICE}/{table}").get_json()["code"] == 404.1


def test_a_repeat_is_a_table_of_its_own(visited: World) -> None:
    rows = visited.api.get(f"{TABLE}.nguoi").get_json()
    assert [row["ho_ten"] for row in rows["value"]] == ["Lý A", "Bàn B"]
    assert {row["__Submissions-id"] for row in rows["value"]} == {"uuid:1"}
    assert rows["@odata.context"].endswith("visit.svc/$metadata#Submissions.nguoi")
    links = {row["con@odata.navigationLink"] for row in rows["value"]}
    assert len(links) == 2
    inner = visited.api.get(f"{TABLE}.nguoi.con").get_json()["value"]
    assert [row["ten_con"] for row in inner] == ["Lý C", "Lý D"]
    assert {row["__Submissions-nguoi-id"] for row in inner} == {rows["value"][0]["__id"]}
    through = visited.api.get(f"{SERVICE}/{rows['value'][0]['con@odata.navigationLink']}").get_json()["value"]
    assert [row["ten_con"] for row in through] == ["Lý C", "Lý D"]
    other = visited.api.get(f"{SERVICE}/{rows['value'][1]['con@odata.navigationLink']}").get_json()["value"]
    assert other == []


def test_the_rest_of_a_table_is_found_whatever_the_form_is_called(world: World) -> None:
    form = "'=+/*-451%/%✅"
    world.publishes(VISIT.replace("| visit   |", f"| {form} |"))
    path = f"projects/1/forms/{quote(form, safe='')}"
    for number in range(3):
        xml = world.filled(form, {"ten": "Khe Mực"}, f"uuid:{number}/%")
        assert world.api.post(f"{path}/submissions", data=xml, content_type="text/xml").status_code == 200
    seen, following = [], f"{path}.svc/Submissions?$top=1"
    while following:
        page = world.api.get(following).get_json()
        seen += [row["__id"] for row in page["value"]]
        assert page["@odata.context"].isascii()
        assert world.api.get(page["@odata.context"].partition("/v1/")[2].partition("#")[0]).status_code == 200
        following = page.get("@odata.nextLink", "").partition("/v1/")[2]
    assert seen == ["uuid:2/%", "uuid:1/%", "uuid:0/%"]


def test_one_submission_by_its_key(visited: World) -> None:
    row = visited.api.get(f"{TABLE}('uuid:1')").get_json()
    assert (row["__id"], row["chung"]["ten"]) == ("uuid:1", "Khe Mực")
    assert visited.api.get(f"{TABLE}('uuid:2')").status_code == 404
    below = visited.api.get(f"{TABLE}('uuid:1')/nguoi").get_json()["value"]
    assert [each["ho_ten"] for each in below] == ["Lý A", "Bàn B"]


def test_pages_by_number_and_by_mark(visited: World) -> None:
    for number in range(2, 6):
        send_visit(visited, f"uuid:{number}")
    every = [row["__id"] for row in visited.api.get(TABLE).get_json()["value"]]
    assert len(every) == 5
    page = visited.api.get(f"{TABLE}?$top=2&$count=true").get_json()
    assert (page["@odata.count"], [row["__id"] for row in page["value"]]) == (5, every[:2])
    seen = [row["__id"] for row in page["value"]]
    while "@odata.nextLink" in page:
        page = visited.api.get(page["@odata.nextLink"].partition("/v1/")[2]).get_json()
        seen += [row["__id"] for row in page["value"]]
    assert seen == every
    assert [row["__id"] for row in visited.api.get(f"{TABLE}?$skip=3&$top=1").get_json()["value"]] == every[3:4]

    people = visited.api.get(f"{TABLE}.nguoi?$top=3&$count=True").get_json()
    assert (people["@odata.count"], len(people["value"])) == (10, 3)
    rest = visited.api.get(people["@odata.nextLink"].partition("/v1/")[2]).get_json()
    assert not {row["__id"] for row in people["value"]} & {row["__id"] for row in rest["value"]}


FILTERS = [
    ("__id eq 'uuid:1'", 1),
    ("__id ne 'uuid:1'", 1),
    ("__system/reviewState eq null", 1),
    ("__system/reviewState eq 'approved'", 1),
    ("not (__system/reviewState eq 'approved')", 1),
    ("__system/submissionDate lt now()", 2),
    ("__system/submissionDate lt 2020-01-01", 0),
    ("__system/submissionDate ge 2020-01-01T00:00:00.000Z and __id eq 'uuid:1'", 1),
    ("year(__system/submissionDate) ge 2026 and month(__system/submissionDate) le 12", 2),
    ("second(__system/submissionDate) lt 60", 2),
    ("__system/updatedAt eq null or __system/updatedAt ne null", 2),
    ("__system/submitterId gt 0", 2),
    ("__system/submitterId eq -1", 0),
    ("__system/deletedAt eq null", 2),
    ("__id eq 'O''Brien'", 0),
]


@pytest.mark.parametrize(("condition", "rows"), FILTERS)
def test_narrows_by_what_is_known_besides_the_answers(visited_twice: World, condition: str, rows: int) -> None:
    answer = visited_twice.api.get(TABLE, query_string={"$filter": condition, "$count": "true"}).get_json()
    assert (len(answer["value"]), answer["@odata.count"]) == (rows, rows)
    root = condition.replace("__id", "$root/Submissions/__id").replace("__system", "$root/Submissions/__system")
    people = visited_twice.api.get(f"{TABLE}.nguoi", query_string={"$filter": root}).get_json()
    assert len(people["value"]) == 2 * rows


def test_describes_its_tables(visited: World) -> None:
    service = visited.api.get(SERVICE).get_json()
    tables = [table["name"] for table in service["value"]]
    assert tables == ["Submissions", "Submissions.nguoi", "Submissions.nguoi.con"]
    described = visited.api.get(f"{SERVICE}/$metadata")
    assert described.content_type.startswith("application/xml")
    root = ElementTree.fromstring(described.data)
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    assert [each.get("Name") for each in root.iter(f"{edm}EntitySet")] == tables
    types = {each.get("Name") for each in root.iter() if each.tag in (f"{edm}EntityType", f"{edm}ComplexType")}
    space = "org.opendatakit.user.visit."
    named = {each.get("Type", "").removeprefix("Collection(").rstrip(")") for each in root.iter()}
    assert {name.removeprefix(space) for name in named if name.startswith(space)} <= types
    (submissions,) = [each for each in root.iter(f"{edm}EntityType") if each.get("Name") == "Submissions"]
    row = visited.api.get(f"{TABLE}?$select=*").get_json()["value"][0]
    assert {name.partition("@")[0] for name in row} == {
        each.get("Name") for each in submissions if each.tag != f"{edm}Key"
    }
