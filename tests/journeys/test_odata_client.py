"""A client library for OData, made for any service, reads ours as spreadsheets do: python-odata, unmodified."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from odata import ODataService
from odata.exceptions import ODataError
from odata.property import DatetimeProperty, IntegerProperty, StringProperty

from tests.kit.world import World

FORM = """
| survey |
| | type         | name   | label      |
| | text         | ten    | Tên        |
| | integer      | so     | Số người   |
| | decimal      | dat    | Đất        |
| | begin group  | ho     | Hộ         |
| | text         | chu    | Chủ hộ     |
| | dateTime     | luc    | Lúc        |
| | end group    |        |            |
| | begin repeat | nguoi  | Người      |
| | text         | ho_ten | Họ tên     |
| | integer      | tuoi   | Tuổi       |
| | end repeat   |        |            |
| settings |
| | form_id | form_title | version |
| | tham    | Thăm hộ    | 1       |
"""
SENT: list[dict[str, Any]] = [
    {
        "ten": f"Hộ '{number}'",
        "so": number,
        "dat": number / 4,
        "ho": {"chu": "Lý A" if number % 2 else "Bàn B", "luc": f"2026-03-0{number + 1}T08:00:00.000+07:00"},
        "nguoi": [{"ho_ten": f"Người {number}.{each}", "tuoi": 10 * each} for each in range(number)],
    }
    for number in range(5)
]


@pytest.fixture(name="service")
def service_fixture(world: World) -> Iterator[ODataService]:
    """The tables of a form with five submissions, which the client has read the description of."""
    world.publishes(FORM)
    for number, answers in enumerate(SENT):
        flat = {name: value for name, value in answers.items() if name != "ho"} | answers["ho"]
        xml = world.filled("tham", flat, f"uuid:{number}")
        sent = world.api.post("projects/1/forms/tham/submissions", data=xml, content_type="text/xml")
        assert sent.status_code == 200
    with world.server() as address, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {world.api.token}"
        # by pages, as spreadsheets read
        yield ODataService(
            url=f"{address}/v1/projects/1/forms/tham.svc/",
            session=session,
            reflect_entities=True,
            quiet_progress=True,
            extra_headers={"Prefer": "odata.maxpagesize=2"},
        )


def test_finds_tables_columns_and_what_lies_in_what(service: ODataService) -> None:
    assert set(service.entities) == {"Submissions", "Submissions.nguoi"}
    submissions = service.entities["Submissions"]
    assert submissions.__odata_schema__["navigation_properties"] == [
        {"name": "nguoi", "type": "Collection(org.opendatakit.user.tham.Submissions.nguoi)", "foreign_key": None}
    ]
    kinds = {each["name"]: each["type"] for each in submissions.__odata_schema__["properties"]}
    assert (kinds["so"], kinds["dat"], kinds["ten"]) == ("Edm.Int64", "Edm.Decimal", "Edm.String")
    assert kinds["ho"] == "org.opendatakit.user.tham.Submissions.ho"
    assert [each["name"] for each in submissions.__odata_schema__["properties"] if each["is_primary_key"]] == ["__id"]


def test_reads_whole_tables_page_by_page(service: ODataService) -> None:
    rows = service.query(service.entities["Submissions"]).all()
    assert [row.so for row in rows] == [4, 3, 2, 1, 0]
    assert [float(row.dat) for row in rows] == [1, 0.75, 0.5, 0.25, 0]
    assert rows[0].ho["chu"] == "Bàn B"
    people = service.query(service.entities["Submissions.nguoi"]).all()
    assert len(people) == len({person.__odata__["__id"] for person in people}) == 10


def test_filters_and_orders_by_answers(service: ODataService) -> None:
    submissions = service.entities["Submissions"]
    chief, when = StringProperty("ho/chu"), DatetimeProperty("ho/luc")
    found = service.query(submissions).filter((submissions.so > 1) & (submissions.dat < 1)).all()
    assert [row.so for row in found] == [3, 2]
    found = service.query(submissions).filter(submissions.ten == "Hộ '3'").all()
    assert [row.so for row in found] == [3]
    found = service.query(submissions).filter(chief.startswith("Lý")).order_by(submissions.so.asc()).all()
    assert [row.so for row in found] == [1, 3]
    found = service.query(submissions).filter(when >= datetime(2026, 3, 4, 1, tzinfo=UTC)).all()
    assert [row.so for row in found] == [4, 3]
    found = service.query(submissions).filter(chief.lacks("Lý")).order_by(submissions.so.desc()).limit(2).all()
    assert [row.so for row in found] == [4, 2]
    people = service.entities["Submissions.nguoi"]
    of_homes = IntegerProperty("$root/Submissions/so")
    found = service.query(people).filter((of_homes == 4) & (people.tuoi >= 20)).all()
    assert [person.ho_ten for person in found] == ["Người 4.2", "Người 4.3"]


def test_takes_columns_and_the_rows_within(service: ODataService) -> None:
    submissions = service.entities["Submissions"]
    assert service.query(submissions).select(submissions.so).limit(2).all() == [{"so": 4}, {"so": 3}]
    (row,) = service.query(submissions).filter(submissions.so == 2).expand(submissions.nguoi).all()
    assert [person.ho_ten for person in row.nguoi] == ["Người 2.0", "Người 2.1"]


def test_is_told_what_is_wrong(service: ODataService) -> None:
    submissions = service.entities["Submissions"]
    with pytest.raises(ODataError, match=r"Edm\.Decimal với Edm\.String"):
        service.query(submissions).filter(StringProperty("so") == "nhiều").all()
    with pytest.raises(ODataError, match="khong_co"):
        service.query(submissions).filter(StringProperty("khong_co") == "x").all()
