"""What of a table somebody may ask for: by answers, in order, with repeats within, page by page, whole."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from server.web.table_rows import Mark, mark_as_token
from tests.kit.databases import KINDS, Databases
from tests.kit.services import Postgres
from tests.kit.world import Api, World, furnish_world, furnished_world

FORM = """
| survey |
| | type                 | name   | label     |
| | begin group          | ho     | Hộ        |
| | text                 | ten    | Chủ hộ    |
| | integer              | so     | Số người  |
| | decimal              | dat    | Đất       |
| | date                 | ngay   | Ngày thăm |
| | dateTime             | luc    | Lúc       |
| | select_multiple xu_ly | nuoc  | Xử lý     |
| | geopoint             | noi    | Ở đâu     |
| | begin repeat         | nguoi  | Người     |
| | text                 | ho_ten | Họ tên    |
| | integer              | tuoi   | Tuổi      |
| | begin repeat         | the    | Thẻ       |
| | text                 | ma     | Mã        |
| | end repeat           |        |           |
| | end repeat           |        |           |
| | end group            |        |           |
| choices |
| | list_name | name  | label |
| | xu_ly     | boil  | Đun   |
| | xu_ly     | loc   | Lọc   |
| settings |
| | form_id | form_title | version |
| | tham    | Thăm hộ    | 7       |
"""
SERVICE = "projects/1/forms/tham.svc"
TABLE = f"{SERVICE}/Submissions"
PEOPLE = f"{TABLE}.ho.nguoi"
SENT: list[dict[str, Any]] = [
    {
        "ten": "Lý A",
        "so": 5,
        "dat": 1.5,
        "ngay": "2026-02-28",
        "luc": "2026-03-01T06:30:00.000+07:00",
        "nuoc": "boil loc",
        "noi": "21.3 107.4 25 5",
        "nguoi": [{"ho_ten": "Lý A", "tuoi": 40, "the": [{"ma": "x1"}]}, {"ho_ten": "Lý B", "tuoi": 7}],
    },
    {"ten": "ĐẶNG C", "so": 2, "ngay": "2026-03-15", "nuoc": "loc", "nguoi": [{"ho_ten": "Đặng C", "tuoi": 63}]},
    {"ten": "O'Brien", "dat": 0.25},
    {"so": 9, "nguoi": [{"ho_ten": "Bàn E", "tuoi": 30}, {"ho_ten": "Bàn F"}, {"ho_ten": "Bàn G", "tuoi": 30}]},
]


@pytest.fixture(name="visits", scope="module", params=KINDS)
def visits_fixture(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world with four visits, the first one approved; for reading only."""
    home: Path = tmp_path_factory.mktemp("visits") / "home"

    def find_server() -> Postgres:
        server: Postgres = request.getfixturevalue("postgres")
        return server

    with (
        databases.furnished(request.param, find_server, furnish_world, home) as url,
        furnished_world(url, home) as world,
    ):
        world.publishes(FORM)
        for number, answers in enumerate(SENT, start=1):
            send(world, number, answers)
        path = "projects/1/forms/tham/submissions/uuid:1"
        assert world.person("Duyệt", "admin").patch(path, json={"reviewState": "approved"}).status_code == 200
        yield world


def send(world: World, number: int, answers: dict[str, Any]) -> None:
    xml = world.filled("tham", answers, f"uuid:{number}")
    path = "projects/1/forms/tham/submissions"
    assert world.api.post(f"{path}?deviceID=may:{number}", data=xml, content_type="text/xml").status_code == 200


def found(api: Api, table: str, **query: str) -> list[dict[str, Any]]:
    answer = api.get(table, query_string={f"${name}": value for name, value in query.items()})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    rows: list[dict[str, Any]] = answer.get_json()["value"]
    return rows


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["__id"].removeprefix("uuid:")) for row in rows]


FILTERS = [
    ("ho/so gt 2", {1, 4}),
    ("ho/so ge 2 and ho/so lt 9", {1, 2}),
    ("ho/so eq 5.0", {1}),
    ("ho/so eq null", {3}),
    ("ho/so ne null", {1, 2, 4}),
    ("ho/so ne 5", {2, 3, 4}),
    ("not (ho/so gt 2)", {2, 3}),
    ("ho/dat eq 0.25", {3}),
    ("ho/ten eq 'O''Brien'", {3}),
    ("ho/ten in ('Lý A','ĐẶNG C')", {1, 2}),
    ("contains(ho/nuoc,'boil')", {1}),
    ("ho/nuoc eq 'boil loc'", {1}),
    ("not contains(ho/nuoc,'boil')", {2}),
    ("tolower(ho/ten) eq 'đặng c'", {2}),
    ("startswith(ho/ten,'Lý') or endswith(ho/ten,'en')", {1, 3}),
    ("length(ho/ten) eq 4", {1}),
    ("ho/ngay gt 2026-02-28", {2}),
    ("month(ho/ngay) eq 2 and day(ho/ngay) eq 28", {1}),
    ("ho/luc eq 2026-02-28T23:30:00Z", {1}),
    ("ho/luc lt now() and hour(ho/luc) eq 6", {1}),
    ("date(ho/luc) eq 2026-03-01", {1}),
    ("ho/noi ne null", {1}),
    ("ho/so gt 2 and __system/reviewState eq null", {4}),
    ("__system/formVersion eq '7' and __system/edits eq 0", {1, 2, 3, 4}),
    ("__system/deviceId eq 'may:2'", {2}),
    ("startswith(__system/submitterName,'admin')", {1, 2, 3, 4}),
    ("__system/submitterName eq 'Duyệt'", set()),
    ("__system/attachmentsExpected gt 0 or __system/attachmentsPresent gt 0", set()),
    ("__system/status eq null", {1, 2, 3, 4}),
    ("meta/instanceID eq 'uuid:3'", {3}),
]


@pytest.mark.parametrize(("condition", "expected"), FILTERS)
def test_narrows_by_answers(visits: World, condition: str, expected: set[int]) -> None:
    answer = visits.api.get(TABLE, query_string={"$filter": condition, "$count": "true"}).get_json()
    assert set(numbers(answer["value"])) == expected
    assert answer["@odata.count"] == len(expected)
    page = visits.api.get(TABLE, query_string={"$filter": condition, "$count": "true", "$top": "1"}).get_json()
    assert (len(page["value"]), page["@odata.count"]) == (min(1, len(expected)), len(expected))


OF_PEOPLE = [
    ("tuoi gt 30", ["Đặng C", "Lý A"]),
    ("tuoi eq null", ["Bàn F"]),
    ("startswith(ho_ten,'Lý') and tuoi lt 10", ["Lý B"]),
    ("$root/Submissions/ho/so gt 2 and tuoi ge 30", ["Bàn E", "Bàn G", "Lý A"]),
    ("$root/Submissions/ho/so eq 2 or tuoi eq 7", ["Đặng C", "Lý B"]),
    ("$root/Submissions/__system/reviewState eq 'approved' and tuoi ne null", ["Lý A", "Lý B"]),
    (
        "$root/Submissions/__system/submissionDate lt now() and $root/Submissions/ho/so eq 9",
        ["Bàn E", "Bàn F", "Bàn G"],
    ),
    ("__Submissions-id eq 'uuid:2'", ["Đặng C"]),
    ("tuoi eq $root/Submissions/ho/so", []),
]


@pytest.mark.parametrize(("condition", "expected"), OF_PEOPLE)
def test_narrows_a_repeat_by_its_own_answers_and_those_around_it(
    visits: World, condition: str, expected: list[str]
) -> None:
    answer = visits.api.get(PEOPLE, query_string={"$filter": condition, "$count": "true"}).get_json()
    assert [row["ho_ten"] for row in answer["value"]] == expected
    assert answer["@odata.count"] == len(expected)
    page = visits.api.get(PEOPLE, query_string={"$filter": condition, "$count": "true", "$top": "1"}).get_json()
    assert [row["ho_ten"] for row in page["value"]] == expected[:1]
    assert page["@odata.count"] == len(expected)


def test_a_row_of_a_repeat_is_found_by_its_key(visits: World) -> None:
    (row,) = found(visits.api, PEOPLE, filter="ho_ten eq 'Bàn F'")
    assert found(visits.api, PEOPLE, filter=f"__id eq '{row['__id']}'") == [row]
    (card,) = found(visits.api, f"{PEOPLE}.the", filter="ma eq 'x1'")
    assert card["__Submissions-ho-nguoi-id"] == found(visits.api, PEOPLE, filter="ho_ten eq 'Lý A'")[0]["__id"]


ORDERS = [
    ("ho/so", [3, 2, 1, 4]),
    ("ho/so desc", [4, 1, 2, 3]),
    ("ho/ten", [4, 1, 3, 2]),
    ("__system/reviewState desc,ho/so asc", [1, 3, 2, 4]),
    ("__system/submissionDate asc", [1, 2, 3, 4]),
    ("ho/ngay desc, __id desc", [2, 1, 4, 3]),
]


@pytest.mark.parametrize(("order", "expected"), ORDERS)
def test_puts_in_order_by_answers(visits: World, order: str, expected: list[int]) -> None:
    assert numbers(found(visits.api, TABLE, orderby=order)) == expected
    assert numbers(found(visits.api, TABLE, orderby=order, top="2", skip="1")) == expected[1:3]
    assert numbers(walk(visits.api, TABLE, f"$orderby={order}&$top=3")) == expected


def test_puts_a_repeat_in_order(visits: World) -> None:
    rows = found(visits.api, PEOPLE, orderby="tuoi desc,ho_ten desc", top="10")
    assert [row["ho_ten"] for row in rows] == ["Đặng C", "Lý A", "Bàn G", "Bàn E", "Lý B", "Bàn F"]
    assert walk(visits.api, PEOPLE, "$orderby=tuoi desc,ho_ten desc&$top=4") == rows
    by_home = found(visits.api, PEOPLE, orderby="$root/Submissions/ho/so")
    assert [row["ho_ten"] for row in by_home] == ["Đặng C", "Lý A", "Lý B", "Bàn E", "Bàn F", "Bàn G"]
    assert visits.api.get(f"{PEOPLE}?$orderby=tuoi").get_json()["code"] == 400.8
    assert visits.api.get(f"{PEOPLE}?$orderby=tuoi&$top=9000&$skip=9000").get_json()["code"] == 400.8


def walk(api: Api, table: str, query: str) -> list[dict[str, Any]]:
    """All rows, by the links to what follows."""
    rows: list[dict[str, Any]] = []
    following = f"{table}?{query}"
    for _ in range(20):
        page = api.get(following).get_json()
        rows += page["value"]
        if "@odata.nextLink" not in page:
            return rows
        following = page["@odata.nextLink"].partition("/v1/")[2]
    raise AssertionError("there is no end")


@pytest.mark.parametrize("table", [TABLE, PEOPLE, f"{PEOPLE}.the", f"{TABLE}('uuid:4')/ho/nguoi"])
@pytest.mark.parametrize("query", ["$top=1", "$top=2", "$top=2&$count=true", "$top=1&$skip=1", "$top=5&$filter=true"])
def test_pages_are_the_table_in_parts(visits: World, table: str, query: str) -> None:
    whole = found(visits.api, table, skip="1" if "$skip" in query else "0")
    assert walk(visits.api, table, query) == whole


def test_whoever_prefers_pages_is_given_pages(visits: World) -> None:
    whole = found(visits.api, TABLE)
    answer = visits.api.get(TABLE, headers={"Prefer": 'odata.include-annotations="*", odata.maxpagesize=3'})
    assert answer.headers["Preference-Applied"] == "odata.maxpagesize=3"
    rest = answer.get_json()["@odata.nextLink"].partition("/v1/")[2]
    assert [*answer.get_json()["value"], *visits.api.get(rest).get_json()["value"]] == whole
    stated = visits.api.get(f"{TABLE}?$top=1", headers={"Prefer": "maxpagesize=3"})
    assert "Preference-Applied" not in stated.headers
    assert stated.get_json()["value"] == whole[:1]


def test_says_what_is_wrong_as_odata_does_too(visits: World) -> None:
    answer = visits.api.get(f"{TABLE}?$filter=ho/so eq 'x'").get_json()
    assert answer["error"] == {"code": "400.18", "message": answer["message"]}
    assert "ho/so" in answer["message"]


def test_old_marks_go_on_working(visits: World) -> None:
    people = found(visits.api, PEOPLE)
    for place, row in enumerate(people):
        for mark in (Mark(None, row["__id"]), Mark(row["__Submissions-id"], row["__id"])):
            assert found(visits.api, PEOPLE, skiptoken=mark_as_token(mark), top="9") == people[place + 1 :]
    assert numbers(found(visits.api, TABLE, skiptoken=mark_as_token(Mark("uuid:3")))) == [2, 1]
    after = found(visits.api, PEOPLE, skiptoken=mark_as_token(Mark("uuid:4")))
    assert [row["ho_ten"] for row in after] == ["Đặng C", "Lý A", "Lý B"]


def test_puts_chosen_repeats_into_rows(visits: World) -> None:
    row = found(visits.api, TABLE, expand="ho/nguoi", filter="__id eq 'uuid:1'")[0]
    assert [each["ho_ten"] for each in row["ho"]["nguoi"]] == ["Lý A", "Lý B"]
    assert row["ho"]["nguoi"] == [
        {name: value for name, value in each.items() if name != "the"}
        for each in found(visits.api, TABLE, expand="*", filter="__id eq 'uuid:1'")[0]["ho"]["nguoi"]
    ]
    assert found(visits.api, PEOPLE, filter="__Submissions-id eq 'uuid:1'") == row["ho"]["nguoi"]
    cards = found(visits.api, PEOPLE, expand="the", filter="ho_ten eq 'Lý A'")[0]["the"]
    assert [card["ma"] for card in cards] == ["x1"]


def test_narrows_to_columns_within_groups(visits: World) -> None:
    (row,) = found(visits.api, TABLE, select="ho/so,__system/edits", filter="__id eq 'uuid:1'")
    assert row == {"__system": {"edits": 0}, "ho": {"so": 5}}
    (row,) = found(visits.api, TABLE, select="__id,ho/noi", filter="__id eq 'uuid:1'", wkt="true")
    assert row == {"__id": "uuid:1", "ho": {"noi": "POINT (107.4 21.3 25)"}}
    assert visits.api.get(f"{TABLE}('uuid:1')?$select=ho/so").get_json()["ho"] == {"so": 5}


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        (TABLE, "application/json;odata.metadata=minimal;q=1.0,application/xml;q=0.5", 200),
        (TABLE, "*/*", 200),
        (TABLE, "application/atom+xml", 406),
        (f"{TABLE}?$format=json", "application/atom+xml", 200),
        (f"{TABLE}?$format=application/json;odata.metadata=full", "", 200),
        (f"{TABLE}?$format=atom", "application/json", 406),
        (SERVICE, "application/xml", 406),
        (f"{SERVICE}/$metadata", "application/xml", 200),
        (f"{SERVICE}/$metadata", "application/json", 406),
        (f"{SERVICE}/$metadata?$format=xml", "application/json", 200),
    ],
)
def test_answers_in_the_format_it_has(visits: World, path: str, accept: str, status: int) -> None:
    answer = visits.api.get(path, headers={"Accept": accept} if accept else {})
    assert answer.status_code == status
    if status == 406:
        assert answer.get_json()["code"] == 406.1


def test_a_whole_table_streams(world: World) -> None:
    world.publishes(FORM)
    long = {"ten": "Ấp 🌾 \"'\\" * 1000, "nguoi": [{"ho_ten": f"Người {number}"} for number in range(40)]}
    for number in range(25):
        send(world, number, long)
    with world.api.get(f"{TABLE}?$expand=*&$count=true", buffered=False) as plain:
        assert (plain.status_code, plain.is_streamed, plain.headers["OData-Version"]) == (200, True, "4.0")
        body = plain.get_json()
    assert (len(body["value"]), body["@odata.count"]) == (25, 25)
    assert walk(world.api, TABLE, "$expand=*&$top=7") == body["value"]
    with world.api.get(f"{TABLE}?$expand=*&$count=true", headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert orjson.loads(gzip.decompress(packed.data)) == body
    lines = world.api.get("audits?action=form.submission.export").get_json()
    assert [line["details"]["query"] for line in lines] == ["$expand=*&$count=true"] * 2


def test_whoever_goes_away_leaves_nothing_open(world: World) -> None:
    world.publishes(FORM)
    for number in range(20):
        send(world, number, {"ten": "Ấp" * 5000})
    for _ in range(40):
        answer = world.api.get(TABLE, buffered=False)
        assert answer.is_streamed
        next(iter(answer.response))
        answer.close()
    with world.app.app_context():
        pool: Any = world.session.get_bind().pool
        assert pool.checkedout() <= 1


def test_a_draft_is_asked_the_same(world: World) -> None:
    world.publishes(FORM)
    assert world.api.post("projects/1/forms/tham/draft").status_code == 200
    for number in (1, 2):
        xml = world.filled("tham", SENT[number - 1], f"uuid:{number}")
        sent = world.api.post("projects/1/forms/tham/draft/submissions", data=xml, content_type="text/xml")
        assert sent.status_code == 200, sent.get_data(as_text=True)
    draft = "projects/1/forms/tham/draft.svc/Submissions"
    assert numbers(found(world.api, draft, filter="ho/so gt 2")) == [1]
    assert numbers(found(world.api, draft, orderby="ho/so")) == [2, 1]
    assert numbers(walk(world.api, draft, "$top=1")) == [2, 1]
    assert len(walk(world.api, f"{draft}.ho.nguoi", "$top=1")) == 3
    assert found(world.api, TABLE) == []
