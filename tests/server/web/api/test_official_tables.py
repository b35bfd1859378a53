"""The official tables over /v1: what they say of villages and communes, whose they are, and what each file carries."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from server.domain.rounds import Round
from server.services.official_tables import LAWLESS, TABLES
from server.services.people import NewUser, create_user, grant_role
from server.services.roll_up import work_off
from server.services.rounds import open_round
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from tests.kit.field import WELL_OFF, library_form, place_of, work_through
from tests.kit.passwords import give_password
from tests.kit.places import two_villages
from tests.kit.world import COMMUNES, PASSWORD, VILLAGES, Api, Phone, World

TABLES_OF = "projects/1/rounds/2019/tables"
VILLAGE = "Thôn Ngàn Chi"


@pytest.fixture
def phone(world: World) -> Phone:
    """A key for the form of the criteria, which is there then."""
    path = "projects/1/forms?publish=true&ignoreWarnings=true"
    answer = world.api.post(path, data=library_form("village_criteria"), content_type="application/xml")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return world.phone("Người gửi", "village_criteria")


def reports(world: World, phone: Phone, village: str = VILLAGE, **answers: object) -> None:
    """A village's sheet for the round."""
    place = place_of(village, "2019")
    where = {"xa": place.xa, "thon": place.thon, "ky": place.ky}
    answer = phone.sends(world.filled("village_criteria", where | dict(WELL_OFF) | answers))
    assert answer.status_code == 201, answer.get_data(as_text=True)


def locks(world: World) -> str:
    """Locks the round when the work in the background is done; the hash."""
    work_through(world.session, world.home, datetime.now(UTC))
    answer = world.api.post("projects/1/rounds/2019/locks", json={"reason": "Tỉnh cần số liệu"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_json()["sha256"])


def table(api: Api, name: str, query: str = "") -> dict[str, Any]:
    answer = api.get(f"{TABLES_OF}/{name}?limit=1000{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    made: dict[str, Any] = answer.get_json()
    return made


def rows(sheet: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a sheet by the names of the columns."""
    names = [column["name"] for column in sheet["columns"]]
    assert len(set(names)) == len(names)
    return [dict(zip(names, row, strict=True)) for row in sheet["rows"]]


def without_minority(sheet: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "minority"} for row in rows(sheet)]


def of_village(made: dict[str, Any], number: int = 0, village: str = VILLAGE) -> dict[str, Any]:
    return next(row for row in rows(made["sheets"][number]) if row["village"] == village)


def workbook(api: Api, name: str, query: str = "") -> dict[str, list[list[Any]]]:
    answer = api.get(f"{TABLES_OF}/{name}.xlsx?lang=vi{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data()))
    return {each: book.get_sheet_by_name(each).to_python(skip_empty_area=False) for each in book.sheet_names}


def files(api: Api, name: str) -> dict[str, list[list[str]]]:
    answer = api.get(f"{TABLES_OF}/{name}.csv.zip?lang=vi")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        assert archive.testzip() is None
        return {
            each: list(csv.reader(io.StringIO(archive.read(each).decode("utf-8-sig"), newline="")))
            for each in archive.namelist()
        }


def supervisor(world: World, area_id: str) -> Api:
    """A commune's supervisor."""
    email, session, server, now = f"{area_id[:8]}@example.vn", world.session, world.server_itself, datetime.now(UTC)
    user = create_user(session, server, NewUser(email, None, "Cán bộ xã"), now)
    grant = GrantView("commune_supervisor", "project", 1, None, area_id, None, None)
    grant_role(session, server, user.id, grant, now)
    give_password(session, email, PASSWORD)
    return world.signed_in(email, PASSWORD)


def test_form_number_one_says_of_each_village_what_each_criterion_comes_to(world: World, phone: Phone) -> None:
    reports(world, phone, ho_ngheo=40, ho_can_ngheo=30)
    made = table(world.api, "villages")
    assert (made["round"], made["asOf"], made["locked"], made["provisional"]) == ("2019", "2019-06-30", None, True)
    assert [sheet["name"] for sheet in made["sheets"]] == ["qd50_2016_thon", "qd03_2019_thon"]
    assert {sheet["units"] for sheet in made["sheets"]} == {len(rows(made["sheets"][0]))}
    row = of_village(made)
    assert (row["verdict"], row["basis"], row["later"]) == ("met", "newest", None)
    assert (row["k1.tong.value"], row["k1.tong.threshold"], row["k1.tong.verdict"]) == (
        "70/100 (70,00%)",
        "≥ 65%",
        "met",
    )
    assert row["submission"].startswith("uuid:")
    # of whom nobody reported nothing is known, and that is said
    other = next(each for each in rows(made["sheets"][0]) if each["village"] != VILLAGE)
    assert (other["verdict"], other["basis"], other["k1.tong.value"]) == ("unknown", "silent", None)


def test_what_was_approved_speaks_and_what_came_since_stands_beside_it(world: World, phone: Phone) -> None:
    reports(world, phone, ho_ngheo=40, ho_can_ngheo=30)
    listed = world.api.get("projects/1/forms/village_criteria/submissions").get_json()
    path = f"projects/1/forms/village_criteria/submissions/{listed[0]['instanceId']}"
    assert world.api.patch(path, json={"reviewState": "approved"}).status_code == 200
    reports(world, phone)
    row = of_village(table(world.api, "villages"))
    assert (row["verdict"], row["basis"], row["later"]) == ("met", "approved", "not_met")
    (flat,) = [
        each
        for each in rows(table(world.api, "criteria")["sheets"][0])
        if each["village"] == VILLAGE and each["criterion"] == "k1.tong" and each["rule_set"] == "qd50_2016_thon"
    ]
    assert (flat["numerator"], flat["denominator"], flat["percent"], flat["basis"]) == (70, 100, 70.0, "approved")
    assert (flat["round"], flat["locked"], flat["source"]) == ("2019", False, listed[0]["instanceId"])


def test_codes_are_text_and_counts_are_numbers_in_each_file(world: World, phone: Phone) -> None:
    reports(world, phone)
    commune = COMMUNES["qn-binh-lieu-vo-ngai"]
    code = next(each["code"] for each in world.api.get(f"areas?on=2019-06-30&q={commune.name}").get_json())
    assert code.startswith("0")
    sheets = workbook(world.api, "criteria")
    head, *lines = next(iter(sheets.values()))
    line = dict(zip(head, next(each for each in lines if each[head.index("Thôn")] == VILLAGE), strict=True))
    assert (line["Mã xã"], line["Ngày chốt"], line["Mẫu số"]) == (code, date(2019, 6, 30), 100.0)
    head_csv, *lines_csv = files(world.api, "criteria")["criteria.csv"]
    assert head_csv == head
    assert len(lines_csv) == len(lines)
    assert next(each for each in lines_csv if each[head.index("Thôn")] == VILLAGE)[head.index("Mã xã")] == code


def test_each_file_carries_what_its_figures_are(world: World, phone: Phone) -> None:
    reports(world, phone)
    for name in TABLES:
        about = workbook(world.api, name)["Thông tin"]
        said = {str(row[0]): row[1] for row in about if row[1] != ""}
        assert said["Số liệu đến ngày"] == date(2019, 6, 30)
        assert "mỗi cặp (lớp, người)" in said["Lượt"]
        assert "không trùng" in said["Người"]
        assert any(str(row[0]).startswith("TẠM TÍNH") for row in about)
        assert [row[0] for row in files(world.api, name)["about.csv"] if "TẠM TÍNH" in row[1]] == [""]
    laws = {str(row[0]): row[1] for row in workbook(world.api, "villages")["Thông tin"]}
    assert "đã đối chiếu" in laws["Quy định qd50_2016_thon"]
    assert "chưa đối chiếu 3 trên 11 điều kiện" in laws["Quy định qd03_2019_thon"]


def test_a_locked_round_shows_the_figures_of_its_lock(world: World, phone: Phone) -> None:
    reports(world, phone, ho_ngheo=40, ho_can_ngheo=30)
    work_off(world.session, datetime.now(UTC))
    before = {name: table(world.api, name)["sheets"] for name in TABLES}
    sha256 = locks(world)
    reports(world, phone)
    work_through(world.session, world.home, datetime.now(UTC))
    for name in TABLES:
        made = table(world.api, name)
        # locked with a reason while it is provisional: it still says so
        assert (made["locked"], made["provisional"]) == (None if name in LAWLESS else sha256, name != "criteria")
        told = {row[0]: row[1] for row in workbook(world.api, name)["Thông tin"]}
        assert (sha256 in told.values()) is (name not in LAWLESS)
        if name != "criteria":
            for now, then in zip(made["sheets"], before[name], strict=True):
                # what no rule set reads of a sheet is in no lock, and is left out
                assert without_minority(now) == without_minority(then)
            assert ("Vì sao còn tạm tính" in told) is (name not in LAWLESS)
    assert of_village(table(world.api, "villages"))["verdict"] == "met"
    flat = rows(table(world.api, "criteria")["sheets"][0])
    assert {row["locked"] for row in flat} == {True}
    assert [row["locked"] for row in rows(before["criteria"][0])] == [False] * len(flat)


def test_lists_by_class_put_what_is_computed_beside_what_was_recognised(world: World, phone: Phone) -> None:
    reports(world, phone, ho_ngheo=40, ho_can_ngheo=30)
    villages = table(world.api, "villages-by-class")
    row = of_village(villages)
    assert (row["qd50_2016_thon"], row["qd50_2016_thon.basis"]) == ("met", "newest")
    assert row["recognised.dac_biet_kho_khan"] is None
    for name, unit in (("villages-by-class", "village"), ("communes-by-class", "commune")):
        listed, summary = table(world.api, name)["sheets"]
        every = rows(listed)
        assert len(every) == listed["units"] > 0
        counted = [each for each in rows(summary) if each["who"] == "computed"]
        assert sum(each["count"] for each in counted) == 2 * len(every)
        for each in counted:
            assert each["count"] == sum(row[each["question"]] == each["class"] for row in every), unit
    communes = rows(table(world.api, "communes-by-class")["sheets"][0])
    assert {"I", "II", "III"} >= {row["recognised.khu_vuc"] for row in communes if row["recognised.khu_vuc"]}


def test_everybody_sees_only_what_is_theirs(world: World, phone: Phone) -> None:
    by_id = {village.uuid: name for name, village in VILLAGES.items()}
    (mine, commune), (foreign, elsewhere) = two_villages(world.session, by_id)
    for village in (mine, foreign):
        reports(world, phone, by_id[village])
    own = supervisor(world, commune)
    for name in ("villages", "villages-by-class", "criteria"):
        every = [rows(table(api, name)["sheets"][0]) for api in (own, world.api)]
        seen, whole = ({row["village_code"] for row in each} for each in every)
        assert seen < whole
        text = str(workbook(own, name))
        assert VILLAGES[by_id[mine]].code in text
        assert VILLAGES[by_id[foreign]].code not in text
        assert VILLAGES[by_id[foreign]].code not in str(files(own, name))
    for name in TABLES:
        for path in (name, f"{name}.xlsx", f"{name}.csv.zip"):
            assert own.get(f"{TABLES_OF}/{path}?area={foreign}").status_code == 404
            assert own.get(f"{TABLES_OF}/{path}?area={elsewhere}").status_code == 404
            assert world.nobody().get(f"{TABLES_OF}/{path}").status_code == 401
    one = rows(table(world.api, "villages", f"&area={mine}")["sheets"][0])
    assert [row["village_code"] for row in one] == [VILLAGES[by_id[mine]].code]


def test_a_download_is_told_to_the_audit(world: World, phone: Phone) -> None:
    reports(world, phone)
    for path in ("villages.xlsx", "criteria.csv.zip"):
        # the line is written when the answer has gone out
        with world.api.get(f"{TABLES_OF}/{path}") as answer:
            answer.get_data()
    told = [each.details for each in list_audits(world.session, action="round.table.export")]
    said = [(each["table"], each["format"]) for each in reversed(told)]
    assert said == [("villages", "xlsx"), ("criteria", "csv.zip")]


def test_what_is_not_there_is_not_found(world: World) -> None:
    assert world.api.get(f"{TABLES_OF}/khong-co").status_code == 404
    assert world.api.get(f"{TABLES_OF}/khong-co.xlsx").status_code == 404
    assert world.api.get("projects/1/rounds/2077/tables/villages").status_code == 404
    assert world.api.get(f"{TABLES_OF}/villages?limit=x").status_code == 400
    assert [each["name"] for each in table(world.api, "villages-by-class", "&sheet=summary")["sheets"]] == ["summary"]
    assert table(world.api, "villages", "&sheet=khong-co")["sheets"] == []
    names = world.api.get(TABLES_OF).get_json()
    assert [each["table"] for each in names] == list(TABLES)
    assert all(world.api.get(each["files"]["xlsx"].partition("/v1/")[2]).status_code == 200 for each in names)


def test_pages_of_a_table_go_through_its_villages(world: World) -> None:
    whole = [row["village"] for row in rows(table(world.api, "villages")["sheets"][0])]
    parts = []
    for offset in range(0, len(whole), 50):
        answer = world.api.get(f"{TABLES_OF}/villages?limit=50&offset={offset}").get_json()
        parts += [row["village"] for row in rows(answer["sheets"][0])]
    assert parts == whole


def test_the_flat_table_has_every_round_the_latest_first(world: World, phone: Phone) -> None:
    later = Round("2020", "Năm 2020", "2020", date(2020, 6, 30), date(2020, 1, 1), date(2020, 12, 20))
    open_round(world.session, 1, later, datetime.now(UTC))
    reports(world, phone)
    found = [row for row in rows(table(world.api, "criteria")["sheets"][0]) if row["village"] == VILLAGE]
    assert list(dict.fromkeys((row["round"], row["cutoff"]) for row in found)) == [
        ("2020", "2020-06-30"),
        ("2019", "2019-06-30"),
    ]
    by_round = {slug: {row["basis"] for row in found if row["round"] == slug} for slug in ("2019", "2020")}
    assert by_round == {"2019": {"newest"}, "2020": {"silent"}}
    told = {row[0]: row[1] for row in workbook(world.api, "criteria")["Thông tin"]}
    assert {"Mã khóa của kỳ 2019", "Mã khóa của kỳ 2020"} <= told.keys()
