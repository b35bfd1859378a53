"""Lists for phones: each person's own part, what was approved of it before, and hashes that change with it alone."""

import csv
from datetime import date, timedelta
from io import StringIO

import pytest

from forms.convert import convert
from server.domain.rounds import Round
from server.services.lists import make_list
from server.services.review import Decision, review
from server.services.rounds import open_round
from server.services.sight import everything, fill_sight
from tests.kit.field import VILLAGES, WELL_OFF, Field, FieldPhone

MINE, NEIGHBOUR = "Thôn Ngàn Chi", "Thôn Nà Hắc"
NEXT = Round("2020", "Rà soát năm 2020", "Review of 2020", date(2020, 6, 30), date(2020, 6, 1), date(2020, 7, 31))

REGISTER = """
| survey |
| | type | name | label |
| | select_one_from_file villages.csv | thon | Thôn |
| | text | ten | Tên công trình |
| | integer | von | Vốn (triệu đồng) |
| | image | anh | Ảnh |
| settings |
| | form_id | form_title | version | instance_name |
| | work_register | Hồ sơ công trình | 1 | ${ten} |
"""
ATTENDANCE = """
| survey |
| | type | name | label |
| | select_one_from_file villages.csv | thon | Thôn |
| | begin_repeat | hoc_vien | Học viên |
| | text | ho_ten | Họ tên |
| | integer | nam_sinh | Năm sinh |
| | end_repeat | | |
| settings |
| | form_id | form_title | version |
| | training_attendance | Điểm danh | 1 |
"""


def rows(field: Field, phone: FieldPhone, name: str, form: str = "village_criteria") -> list[dict[str, str]]:
    """A list as the phone of a village gets it."""
    sight = fill_sight(phone.caller, 1, field.forms[form])
    return list(csv.DictReader(StringIO(make_list(field.session, 1, name, sight).content.decode())))


def tag(field: Field, phone: FieldPhone, name: str) -> str:
    """Its hash."""
    return make_list(field.session, 1, name, fill_sight(phone.caller, 1, field.forms["village_criteria"])).md5


def decide(field: Field, submission_id: int | None, state: str, reason: str | None = None) -> None:
    """The office decides on a sheet."""
    assert submission_id is not None
    review(field.session, field.administrator, Decision(submission_id, state, reason), field.now)


def test_a_village_head_gets_the_own_village_with_what_was_approved_in_the_round_before(field: Field) -> None:
    mine, neighbour = field.phone(MINE), field.phone(NEIGHBOUR)
    first, other = mine.sends(WELL_OFF), neighbour.sends(WELL_OFF | {"tong_ho": 77})
    open_round(field.session, 1, NEXT, field.now)
    (before,) = rows(field, mine, "villages")
    assert before["truoc_tong_ho"] == ""
    tags = tag(field, mine, "villages"), tag(field, neighbour, "villages")

    decide(field, first.submission_id, "approved")
    (village,) = rows(field, mine, "villages")
    assert (village["name"], village["truoc_ky"], village["truoc_tong_ho"]) == (VILLAGES[MINE].uuid, "2019-06", "100")
    assert village["truoc_chuan_ngheo"] == "qd59_2015"
    assert not {"truoc_thon", "truoc_toa_do", "truoc_anh_duong", "truoc_t_50", "truoc_start"} & village.keys()
    assert not {"truoc_nhu_truoc_dan_so", "truoc_nhap_thay", "truoc_nguoi_bao", "truoc_co_ky_truoc"} & village.keys()
    assert tag(field, mine, "villages") != tags[0]
    assert tag(field, neighbour, "villages") == tags[1]

    decide(field, other.submission_id, "approved")
    assert [row["truoc_tong_ho"] for row in rows(field, neighbour, "villages")] == ["77"]
    decide(field, first.submission_id, "rejected", "Số hộ chưa đúng")
    assert rows(field, mine, "villages")[0]["truoc_tong_ho"] == ""


def test_what_is_approved_in_the_round_that_goes_on_is_not_carried_yet(field: Field) -> None:
    mine = field.phone(MINE)
    decide(field, mine.sends(WELL_OFF).submission_id, "approved")
    assert not any(column.startswith("truoc_") for column in rows(field, mine, "villages")[0])


def test_who_may_fill_in_everywhere_and_reads_nothing_chooses_among_all_and_sees_no_values(field: Field) -> None:
    mine, collector = field.phone(MINE), field.phone(None)
    decide(field, mine.sends(WELL_OFF).submission_id, "approved")
    open_round(field.session, 1, NEXT, field.now)
    seen = rows(field, collector, "villages")
    assert len(seen) > 100
    assert {row["truoc_tong_ho"] for row in seen} == {""}
    whole = make_list(field.session, 1, "villages", everything(field.now.date()))
    assert b"2019-06," in whole.content


def test_a_returned_sheet_is_told_to_its_village_until_it_is_corrected(field: Field) -> None:
    mine, neighbour = field.phone(MINE), field.phone(NEIGHBOUR)
    xml = mine.fills(WELL_OFF, instance_id="uuid:1")
    sent = mine.sends_xml(xml)
    assert rows(field, mine, "corrections") == []
    nothing = tag(field, neighbour, "corrections")
    decide(field, sent.submission_id, "rejected", "Tổng số hộ khác sổ hộ khẩu")
    (told,) = rows(field, mine, "corrections")
    assert (told["name"], told["form"], told["area"]) == ("1", "village_criteria", VILLAGES[MINE].uuid)
    assert (told["reason"], told["level"]) == ("Tổng số hộ khác sổ hộ khẩu", "province")
    assert told["returned_on"] == (field.now + timedelta(hours=7)).date().isoformat()
    assert rows(field, neighbour, "corrections") == []
    assert tag(field, neighbour, "corrections") == nothing
    decide(field, sent.submission_id, "received")
    assert rows(field, mine, "corrections") == []


def test_registers_are_made_of_approved_sheets_of_their_forms(field: Field) -> None:
    mine, neighbour = field.phone(MINE), field.phone(NEIGHBOUR)
    assert rows(field, mine, "works") == []
    field.publishes(convert(REGISTER.encode(), "md").xml)
    mine, neighbour = field.phone(MINE), field.phone(NEIGHBOUR)
    work = {"thon": VILLAGES[MINE].uuid, "ten": "Kênh mương", "von": 350}
    sent = mine.sends_xml(mine.fills(work, form="work_register", instance_id="uuid:abc"))
    assert rows(field, mine, "works", "work_register") == []
    decide(field, sent.submission_id, "approved")
    (row,) = rows(field, mine, "works", "work_register")
    assert row == {
        "name": "abc",
        "label": "Kênh mương",
        "area": VILLAGES[MINE].uuid,
        "ten": "Kênh mương",
        "von": "350",
    }
    assert rows(field, neighbour, "works", "work_register") == []


@pytest.mark.parametrize("everywhere", [False, True])
def test_trainees_are_named_to_who_reads_their_village_only(field: Field, everywhere: bool) -> None:
    field.publishes(convert(ATTENDANCE.encode(), "md").xml)
    mine = field.phone(MINE)
    people = {"thon": VILLAGES[MINE].uuid, "hoc_vien": [{"ho_ten": "Chìu A Sám", "nam_sinh": 1980}, {"ho_ten": "Lan"}]}
    sent = mine.sends_xml(mine.fills(people, form="training_attendance", instance_id="uuid:t"))
    decide(field, sent.submission_id, "approved")
    reader = field.phone(None) if everywhere else mine
    found = [
        (row["name"], row["label"], row["nam_sinh"]) for row in rows(field, reader, "trainees", "training_attendance")
    ]
    assert found == ([] if everywhere else [("t-1", "Chìu A Sám", "1980"), ("t-2", "Lan", "")])
