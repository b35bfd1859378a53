"""Training as recorded: from sheets that phones sent and names that the office entered, to turns and persons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from server.domain.demo_photo import draw_photo
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.roles import ALL, Grant
from server.domain.training import NOT_A_PHOTO, TWICE
from server.services.authenticate import Caller
from server.services.enroll import PeopleTable, enroll, take_back, try_people
from server.services.merge import list_merged, merge, merge_exact, persons_of, undo_merge
from server.services.remove import delete_submission
from server.services.review import Decision, review
from server.services.training import TrainingFilter, read_one_class, read_training, sum_training
from server.storage.audits import Audit
from server.storage.forms import find_form
from server.storage.training import TraineeRow
from sync.envelope import Part
from tests.forms.test_training_forms import TOTALS
from tests.kit.field import VILLAGES, Field, FieldPhone, photo
from tests.server.services.test_training_places import COMMUNE, DISTRICT, PROVINCE, announces, organiser

NA_HAC = VILLAGES["Thôn Nà Hắc"]


def signed() -> Part:
    return photo("to_1.jpg", draw_photo(1))


def names(count: int, start: int = 1) -> str:
    rows = (f"Học viên mẫu {number:03}\t{1970 + number % 30}\tNữ\tDao" for number in range(start, start + count))
    return "\n".join(("Họ tên\tNăm sinh\tGiới tính\tDân tộc", *rows))


def rows(count: int, start: int = 1) -> list[dict[str, object]]:
    return [
        {
            "ho_ten": f"Học viên mẫu {number:03}",
            "nam_sinh": str(1970 + number % 30),
            "gioi": "nu",
            "dan_toc": "dao",
            "nhom": "truong_thon",
            "xa_o": COMMUNE,
            "thon_o": VILLAGES["Thôn Ngàn Chi"].uuid,
        }
        for number in range(start, start + count)
    ]


def totals(class_id: str, heads: int, page: int = 1, **more: object) -> dict[str, object]:
    """A sheet with totals of one audience alone."""
    count = str(heads)
    sheet = {key: value for key, value in TOTALS.items() if not key.endswith("_ho_ngheo")}
    sheet |= {"lop": class_id, "cach_ghi": "ca_lop", "ngay": None, "to_so": str(page), "doi_tuong": ["truong_thon"]}
    sheet |= {"n_truong_thon": count, "nu_truong_thon": count, "dt_truong_thon": count, "nudt_truong_thon": count}
    return {key: value for key, value in (sheet | more).items() if value is not None}


def named(class_id: str, people: Sequence[dict[str, object]], page: int = 1) -> dict[str, object]:
    asked = {"ghi_ten": "co", "dong_y": "co", "so_ten": str(len(people)), "hoc_vien": list(people), "anh_1": None}
    return totals(class_id, len(people), page, **asked)


def sends(phone: FieldPhone, answers: dict[str, object], **more: Any) -> int:
    xml = phone.fills(answers, form="training_attendance", **more)
    sent = phone.sends_xml(xml, *((signed(),) if "anh_1" in answers else ()))
    assert sent.submission_id is not None
    return sent.submission_id


def reviewer(field: Field, area_id: str | None, role: str = "district_reviewer") -> Caller:
    """Somebody of the office with a role in an area."""
    grant = Grant(role, "project", 1, area_id=area_id)
    return Caller(1, "user", "Cán bộ", "vi", None, (grant,), on=date(2019, 6, 20))


def test_a_class_counts_turns_at_once_and_persons_when_it_is_named(field: Field) -> None:
    phone, office = organiser(field, None), field.administrator
    announces(phone, "tinh", PROVINCE, "p")
    sheet = sends(phone, totals("p", 110))
    sums = sum_training(field.session, 1, ALL).total
    assert (sums.classes, sums.turns, sums.persons, sums.person_days, sums.provisional) == (1, 110, None, 330, 1)
    review(field.session, office, Decision(sheet, "approved"), field.now)
    assert sum_training(field.session, 1, ALL).total.provisional == 0

    table = PeopleTable(names(110), audience="truong_thon")
    tried = try_people(field.session, office, (1, "p"), table)
    assert (len(tried.new), tried.same, tried.heads, tried.surplus, tried.problems) == (110, 0, 110, 0, ())
    assert field.count(TraineeRow) == 0
    assert len(enroll(field.session, office, (1, "p"), table, field.now).new) == 110
    again = enroll(field.session, office, (1, "p"), table, field.now)
    assert (len(again.new), again.same) == (0, 110)
    sums = sum_training(field.session, 1, ALL).total
    assert (sums.turns, sums.persons, sums.by_sex["nu"].persons) == (110, 110, 110)
    assert try_people(field.session, office, (1, "p"), PeopleTable(names(3, 200))).surplus == 3

    assert take_back(field.session, office, (1, "p"), None, field.now) == 110
    assert sum_training(field.session, 1, ALL).total.persons is None
    with pytest.raises(Conflict, match="nobody_to_take_back"):
        take_back(field.session, office, (1, "p"), None, field.now)
    assert field.count(Audit, Audit.action == "training.people.create") == 1
    assert field.count(Audit, Audit.action == "training.people.delete") == 1


def test_edits_returns_and_deletions_of_sheets_change_the_count_and_nothing_counts_twice(field: Field) -> None:
    phone, office = organiser(field, None), field.administrator
    announces(phone, "tinh", PROVINCE, "p")
    first = sends(phone, named("p", rows(30)), instance_id="uuid:s1")
    second = sends(phone, named("p", rows(10, 31), 2), instance_id="uuid:s3")
    assert sum_training(field.session, 1, ALL).total.persons == 40
    edit = phone.fills(named("p", rows(29)), form="training_attendance", instance_id="uuid:s2")
    edit = edit.replace(b"<instanceID>", b"<deprecatedID>uuid:s1</deprecatedID><instanceID>", 1)
    assert phone.sends_xml(edit).submission_id == first
    assert sum_training(field.session, 1, ALL).total.persons == 39
    review(field.session, office, Decision(second, "rejected", "Thiếu chữ ký"), field.now)
    assert sum_training(field.session, 1, ALL).total.persons == 29
    review(field.session, office, Decision(second, "received"), field.now)
    assert sum_training(field.session, 1, ALL).total.turns == 39
    form = find_form(field.session, 1, "training_attendance")
    assert form is not None
    delete_submission(field.session, office, form, "uuid:s3", field.now)
    assert sum_training(field.session, 1, ALL).total.turns == 29


def test_a_sheet_sent_twice_and_a_photo_that_is_none_are_flagged(field: Field) -> None:
    phone = organiser(field, None)
    announces(phone, "tinh", PROVINCE, "p")
    sends(phone, totals("p", 50))
    again = sends(phone, totals("p", 50))
    fake = phone.fills(totals("p", 20, 2), form="training_attendance")
    faked = phone.sends_xml(fake, photo("to_1.jpg", b"%PDF-1.4 no picture")).submission_id
    read = read_one_class(field.session, field.home, 1, ALL, "p")
    assert [(flag.kind, flag.sheet_id) for flag in read.flags] == [(TWICE, again), (NOT_A_PHOTO, faked)]
    assert read.count.turns == 70
    assert len(read.sheets) == 3


def test_rows_that_cannot_be_used_are_told_and_nothing_is_written(field: Field) -> None:
    phone, office = organiser(field, None), field.administrator
    announces(phone, "tinh", PROVINCE, "p")
    wrong = "Họ tên\tNăm sinh\tXã\nHọc viên mẫu 001\t1980\tVô Ngại\nHọc viên mẫu 002\t80\tHà Nội\n"
    made = enroll(field.session, office, (1, "p"), PeopleTable(wrong), field.now)
    assert [(each.row, each.code) for each in made.problems] == [
        (3, "training.row_birth_year"),
        (3, "training.row_place"),
    ]
    assert field.count(TraineeRow) == 0
    good = enroll(field.session, office, (1, "p"), PeopleTable(wrong.replace("80\tHà Nội", "1981\tVô Ngại")), field.now)
    assert [each.area_id for each in good.new] == [COMMUNE, COMMUNE]
    assert enroll(field.session, office, (1, "p"), PeopleTable(" "), field.now).problems[0].code == "training.empty"
    with pytest.raises(Invalid, match="audience_unknown"):
        enroll(field.session, office, (1, "p"), PeopleTable("A", audience="x"), field.now)
    with pytest.raises(NotFound, match="class_unknown"):
        enroll(field.session, office, (1, "nothing"), PeopleTable("A"), field.now)


def test_persons_of_two_classes_are_merged_by_a_person_and_undone(field: Field) -> None:
    phone, office = organiser(field, None), field.administrator
    announces(phone, "tinh", PROVINCE, "p")
    announces(phone, "huyen", DISTRICT, "d")
    sends(phone, named("p", rows(3)))
    sends(phone, named("d", rows(2)))
    total = sum_training(field.session, 1, ALL).total
    assert (total.turns, total.persons, total.possible) == (5, 5, 2)
    assert merge_exact(field.session, office, 1, field.now) == 2
    with pytest.raises(Conflict, match="none_to_merge"):
        merge_exact(field.session, office, 1, field.now)
    assert sum_training(field.session, 1, ALL).total.persons == 3
    newest, _ = list_merged(field.session, office, 1)
    with pytest.raises(Invalid, match="merged_into_self"):
        merge(field.session, office, 1, (newest.merge.one, newest.merge.other), field.now)
    undo_merge(field.session, office, 1, newest.merge.id, field.now)
    assert sum_training(field.session, 1, ALL).total.persons == 4
    with pytest.raises(NotFound, match="merge_unknown"):
        undo_merge(field.session, office, 1, newest.merge.id, field.now)
    merge(field.session, office, 1, (newest.merge.one, newest.merge.other), field.now)
    by_level = sum_training(field.session, 1, ALL).by_level
    assert (by_level["province"].persons, by_level["district"].persons) == (3, 2)
    assert sum_training(field.session, 1, ALL).total.persons == 3
    assert field.count(Audit, Audit.action.in_(("training.person.merge", "training.person.undo"))) == 3


def test_each_sees_the_classes_of_the_own_part_and_changes_those_alone(field: Field) -> None:
    phone = organiser(field, None)
    announces(phone, "tinh", PROVINCE, "p")
    announces(phone, "xa", COMMUNE, "c")
    sends(phone, named("p", rows(3)))
    sends(phone, named("c", rows(2)))
    district = reviewer(field, DISTRICT)
    scope = district.scope("submission.list", 1)
    read = read_training(field.session, 1, scope)
    assert [each.training.id for each in read.counts] == ["c"]
    assert (len(read.persons), read.strays) == (2, [])
    assert len(persons_of(field.session, district, 1)) == 2
    assert try_people(field.session, district, (1, "c"), PeopleTable("A")).named == 3
    with pytest.raises(NotFound, match="class_unknown"):
        try_people(field.session, district, (1, "p"), PeopleTable("A"))
    reader = reviewer(field, DISTRICT, "analyst")
    with pytest.raises(Forbidden):
        enroll(field.session, reader, (1, "c"), PeopleTable("A"), field.now)
    wanted = TrainingFilter("commune", date(2019, 1, 1), date(2019, 5, 13))
    assert sum_training(field.session, 1, ALL, wanted).total.classes == 1
    assert sum_training(field.session, 1, ALL, TrainingFilter(last=date(2019, 5, 12))).total.classes == 0
