"""Answers as a zip of CSV files, as clients of ODK Central read it."""

import csv
import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import QueuePool, select

from server.storage.audits import Audit
from server.storage.database import db
from tests.kit.world import World

HOUSE = """
| survey |
| | type                    | name    | label::Tiếng Việt (vi) | label::English (en) | bind::thonban:personal |
| | begin group             | chung   | Chung                  | Common              |       |
| | text                    | chu_ho  | Chủ hộ                 | Head                | name  |
| | integer                 | so_nguoi | Số người              | Members             |       |
| | geopoint                | vi_tri  | Vị trí                 | Place               |       |
| | end group               |         |                        |                     |       |
| | select_one nguon        | nguon   | Nguồn nước             | Water               |       |
| | select_multiple xu_ly   | xu_ly   | Xử lý                  | Treatment           |       |
| | begin repeat            | nguoi   | Người                  | Person              |       |
| | text                    | ho_ten  | Họ tên                 | Name                | name  |
| | begin group             | them    | Thêm                   | More                |       |
| | begin repeat            | con     | Con                    | Child               |       |
| | text                    | ten_con | Tên con                | Child's name        |       |
| | end repeat              |         |                        |                     |       |
| | end group               |         |                        |                     |       |
| | end repeat              |         |                        |                     |       |
| choices |
| | list_name | name  | label::Tiếng Việt (vi) | label::English (en) |
| | nguon     | gieng | Giếng                  | Well                |
| | nguon     | suoi  | Suối                   | Stream              |
| | xu_ly     | dun   | Đun sôi                | Boil                |
| | xu_ly     | loc   | Lọc                    | Filter              |
| settings |
| | form_id | form_title | version | namespaces |
| | ho      | Hộ         | 1       | thonban="urn:thonban:xforms" |
"""
FILES = "projects/1/forms/ho/submissions"
ONE = {
    "chu_ho": "=Lý Thị A",
    "so_nguoi": 4,
    "vi_tri": (21.5, 107.25, 12.0, 4.5),
    "nguon": "gieng",
    "xu_ly": ["dun", "loc"],
    "nguoi": [{"ho_ten": "Lý B", "con": [{"ten_con": "Lý C"}, {"ten_con": "Lý D"}]}, {"ho_ten": "Bàn E"}],
}


@pytest.fixture(scope="module")
def houses(shared_world: World) -> World:
    """A world with two households; the second is approved by another person. For reading only."""
    shared_world.publishes(HOUSE)
    for key, answers in (("uuid:1", ONE), ("uuid:2", {"chu_ho": "Bàn\nVăn F", "so_nguoi": 2})):
        xml = shared_world.filled("ho", answers, key)
        assert shared_world.api.post(FILES, data=xml, content_type="text/xml").status_code == 200
    reviewer = shared_world.person("Người duyệt", "admin")
    assert reviewer.patch(f"{FILES}/uuid:2", json={"reviewState": "approved"}).status_code == 200
    return shared_world


def tables(world: World, query: str = "") -> dict[str, list[dict[str, str]]]:
    """The files of the zip, each as rows by column."""
    answer = world.api.get(f"{FILES}.csv.zip{query}")
    assert answer.status_code == 200, answer.get_json()
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return {name: read(archive.read(name)) for name in archive.namelist()}


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def refused(world: World, query: str) -> Any:
    answer = world.api.get(f"{FILES}.csv.zip{query}")
    return answer.status_code, answer.get_json()["code"]


def test_the_form_s_table_has_the_columns_of_central(houses: World) -> None:
    first = tables(houses)["ho.csv"][0]
    place = [f"chung-vi_tri-{part}" for part in ("Latitude", "Longitude", "Altitude", "Accuracy")]
    answers = ["chung-chu_ho", "chung-so_nguoi", *place, "nguon", "xu_ly", "meta-instanceID"]
    told = ["SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status", "ReviewState"]
    assert list(first) == ["SubmissionDate", *answers, "KEY", *told, "DeviceID", "Edits", "FormVersion"]


def test_the_newest_comes_first_and_says_how_it_stands(houses: World) -> None:
    newest, oldest = tables(houses)["ho.csv"]
    assert (newest["KEY"], newest["ReviewState"], newest["chung-chu_ho"]) == ("uuid:2", "approved", "Bàn\nVăn F")
    assert (oldest["KEY"], oldest["ReviewState"], oldest["Edits"]) == ("uuid:1", "", "0")
    assert (oldest["chung-vi_tri-Latitude"], oldest["chung-vi_tri-Longitude"]) == ("21.5", "107.25")
    assert oldest["xu_ly"] == "dun loc"
    assert oldest["meta-instanceID"] == "uuid:1"
    assert oldest["SubmissionDate"].endswith("Z")


def test_repeats_are_files_that_join_by_their_keys(houses: World) -> None:
    found = tables(houses)
    people, children = found["ho-nguoi.csv"], found["ho-con.csv"]
    assert [(row["ho_ten"], row["PARENT_KEY"], row["KEY"]) for row in people] == [
        ("Lý B", "uuid:1", "uuid:1/nguoi[1]"),
        ("Bàn E", "uuid:1", "uuid:1/nguoi[2]"),
    ]
    assert [row["ten_con"] for row in children] == ["Lý C", "Lý D"]
    assert [(row["PARENT_KEY"], row["KEY"]) for row in children] == [
        ("uuid:1/nguoi[1]", "uuid:1/nguoi[1]/them/con[1]"),
        ("uuid:1/nguoi[1]", "uuid:1/nguoi[1]/them/con[2]"),
    ]


def test_no_text_is_a_formula_unless_it_is_wanted_raw(houses: World) -> None:
    assert tables(houses)["ho.csv"][1]["chung-chu_ho"] == "'=Lý Thị A"
    assert tables(houses, "?raw=true")["ho.csv"][1]["chung-chu_ho"] == "=Lý Thị A"


def test_several_choices_become_columns(houses: World) -> None:
    newest, oldest = tables(houses, "?splitSelectMultiples=true")["ho.csv"]
    assert (oldest["xu_ly"], oldest["xu_ly/dun"], oldest["xu_ly/loc"]) == ("dun loc", "1", "1")
    assert (newest["xu_ly/dun"], newest["xu_ly/loc"]) == ("", "")


def test_groups_may_go_from_the_names(houses: World) -> None:
    first = tables(houses, "?groupPaths=false")["ho.csv"][0]
    assert {"chu_ho", "so_nguoi", "vi_tri-Latitude", "instanceID"} <= first.keys()


@pytest.mark.parametrize(("language", "water", "well"), [("vi", "Nguồn nước", "Giếng"), ("en", "Water", "Well")])
def test_labels_stand_in_place_of_names(houses: World, language: str, water: str, well: str) -> None:
    found = tables(houses, f"?labels=instead&language={language}")
    assert found["ho.csv"][1][water] == well
    told = [list(row.values()) for row in found["codebook.csv"]]
    assert ["ho", "nguon", "select1", water, "", "gieng", well] in told


def test_labels_stand_beside_names(houses: World) -> None:
    oldest = tables(houses, "?labels=beside&language=English (en)")["ho.csv"][1]
    assert (oldest["nguon"], oldest["nguon.label"], oldest["xu_ly.label"]) == ("gieng", "Well", "Boil; Filter")


def test_who_reviewed_and_what_was_found_stand_beside(houses: World) -> None:
    newest, oldest = tables(houses, "?details=true")["ho.csv"]
    assert newest["ReviewedBy"] == "Người duyệt"
    assert oldest["ReviewedBy"] == ""
    assert newest["Findings"] == "0"


def test_only_what_is_wanted_comes(houses: World) -> None:
    assert [row["KEY"] for row in tables(houses, "?states=approved")["ho.csv"]] == ["uuid:2"]
    assert [row["KEY"] for row in tables(houses, "?$filter=__system/reviewState eq null")["ho.csv"]] == ["uuid:1"]
    assert [row["KEY"] for row in tables(houses, "?$filter=chung/so_nguoi gt 3")["ho.csv"]] == ["uuid:1"]
    assert tables(houses, "?states=rejected")["ho.csv"] == []


def test_what_is_personal_can_stay_behind(houses: World) -> None:
    answer = houses.api.get(f"{FILES}.csv.zip?personal=false&details=true")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist()).decode()
        rows = read(archive.read("ho.csv"))
        people = read(archive.read("ho-nguoi.csv"))
    told = ("Lý Thị A", "Lý B", '"uuid:1"', "uuid:1/", '"uuid:2"', "Người duyệt", "admin@")
    assert not [each for each in told if each in whole]
    assert {row["PARENT_KEY"] for row in people} <= {row["KEY"] for row in rows}
    assert rows[1]["chung-so_nguoi"] == "4"


def test_the_form_s_table_comes_alone(houses: World) -> None:
    answer = houses.api.get(f"{FILES}.csv?bom=true")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert [row["KEY"] for row in read(answer.data)] == ["uuid:2", "uuid:1"]


def test_what_it_is_stands_beside_it(houses: World) -> None:
    with zipfile.ZipFile(io.BytesIO(houses.api.get(f"{FILES}.csv.zip").data)) as archive:
        about = archive.read("about.csv").decode("utf-8-sig")
    assert "Hộ (ho)" in about
    assert any(word in about for word in ("dữ liệu mẫu", "synthetic", "Dữ liệu mẫu", "Synthetic"))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?nothing=1", 400),
        ("?states=lost", 400),
        ("?labels=maybe", 400),
        ("?personal=perhaps", 400),
        ("?rounds=khongco", 404),
        ("?areas=khongco", 404),
        ("?$filter=chung/khong_co eq 1", 400),
        ("?$filter=chung/so_nguoi eq 'x'", 400),
        ("?$filter=eq eq", 400),
    ],
)
def test_what_is_not_understood_is_said(houses: World, query: str, status: int) -> None:
    found, code = refused(houses, query)
    assert found in (status, 501), code
    assert int(code) == found


def test_the_audit_is_told(houses: World) -> None:
    before = lines(houses)
    houses.api.get(f"{FILES}.csv.zip").close()
    assert len(lines(houses)) == len(before) + 1
    assert lines(houses)[-1]["format"] == "csv.zip"


def lines(world: World) -> list[dict[str, Any]]:
    with world.app.app_context():
        query = select(Audit.details).where(Audit.action == "form.submission.export").order_by(Audit.id)
        return list(world.session.execute(query).scalars())


@pytest.mark.parametrize("path", [f"{FILES}.csv.zip", f"{FILES}.csv", "projects/1/forms/ho.svc/Submissions"])
def test_a_stream_gives_its_connection_back(houses: World, path: str) -> None:
    """Read whole, not read at all, and cut off."""
    houses.session.close()
    with houses.app.app_context():
        pool = db.engine.pool
    assert isinstance(pool, QueuePool)
    before = pool.checkedout()
    for pieces in (None, 0, 1):
        answer = houses.api.get(path)
        stream = answer.iter_encoded()
        for _ in stream if pieces is None else range(pieces):
            next(stream, None)
        answer.close()
        assert pool.checkedout() <= before
