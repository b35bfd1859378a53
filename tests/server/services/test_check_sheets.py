"""What is told of a sheet beside others: phones send, the worker looks, and whatever the order, the same is told."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from forms.convert import convert
from server.domain.area_records import AreaRecord, Other
from server.domain.demo_photo import draw_photo
from server.domain.review import APPROVED, REJECTED
from server.domain.rounds import Round
from server.jobs.worker import drain
from server.services.area_shapes import Drawing, import_shapes
from server.services.areas import Wish, import_areas
from server.services.check_sheets import check_off
from server.services.receive import Receipt
from server.services.remove import delete_submission, restore_submission
from server.services.review import Decision, review
from server.services.rounds import open_round, update_round
from server.storage.forms import find_form
from server.storage.quality import QualityFindingRow, QualitySheet, count_marks
from server.storage.rounds import list_rounds
from sync.envelope import part_of
from tests.kit.field import COMMUNES, ROUND, VILLAGES, WELL_OFF, Field, FieldPhone, library_form, photo
from tests.kit.places import commune_of
from tests.server.domain.test_quality import exif

COMMUNE = "qn-dam-ha-quang-an"
NAMES = [name for name, area in VILLAGES.items() if area.parent_key == COMMUNE]
MINE, NEIGHBOUR, *OTHERS = NAMES
BEFORE = Round("2018", "Rà soát năm 2018", "Review of 2018", date(2018, 6, 30), date(2018, 6, 1), date(2018, 7, 31))
LATER = Round("2026", "Rà soát năm 2026", "Review of 2026", date(2026, 6, 30), date(2026, 6, 1), date(2026, 7, 31))
IN_2018 = {"ky": "2018", "ngay_chot": "2018-06-30"}
IN_2026 = {"ky": "2026", "ngay_chot": "2026-06-30"}
MOVEMENT = """
| survey |
|        | type                              | name             | label    |
|        | select_one_from_file villages.csv | thon             | Thôn     |
|        | select_one_from_file rounds.csv   | ky               | Kỳ       |
|        | integer                           | ho_ngheo_dau_ky  | Đầu kỳ   |
|        | integer                           | ho_ngheo_thoat   | Thoát    |
|        | integer                           | ho_ngheo_tai     | Tái      |
|        | integer                           | ho_ngheo_moi     | Mới      |
|        | integer                           | ho_ngheo_cuoi_ky | Cuối kỳ  |
| settings |
|        | form_id          | form_title | version |
|        | poverty_movement | Biến động  | 1       |
"""


def looked(field: Field) -> dict[int, list[str]]:
    """What is told of each sheet, once the worker has looked."""
    check_off(field.session, field.home, field.now)
    assert count_marks(field.session) == 0
    found: dict[int, list[str]] = {}
    rows = field.session.execute(select(QualityFindingRow.submission_id, QualityFindingRow.reason))
    for submission_id, reason in rows:
        found.setdefault(submission_id, []).append(reason)
    field.session.rollback()
    return {submission_id: sorted(reasons) for submission_id, reasons in sorted(found.items())}


def number(receipt: Receipt) -> int:
    assert receipt.submission_id is not None
    return receipt.submission_id


def told(field: Field, receipt: Receipt) -> list[str]:
    return looked(field).get(number(receipt), [])


def found(field: Field, receipt: Receipt, reason: str) -> QualityFindingRow:
    query = select(QualityFindingRow).where(
        QualityFindingRow.submission_id == number(receipt), QualityFindingRow.reason == reason
    )
    row = field.session.execute(query).scalar_one()
    field.session.expunge(row)
    field.session.rollback()
    return row


def decide(field: Field, receipt: Receipt, state: str) -> None:
    review(field.session, field.administrator, Decision(number(receipt), state, "lý do"), field.now)


def edited(phone: FieldPhone, receipt: Receipt, answers: Mapping[str, object]) -> Receipt:
    xml = phone.fills(answers)
    name = f"<deprecatedID>{receipt.instance_id}</deprecatedID>".encode()
    prefix = xml[xml.index(b"instanceID>") - 10 : xml.index(b"instanceID>")].rpartition(b"<")[2]
    old = name.replace(b"<deprecatedID", b"<" + prefix + b"deprecatedID").replace(
        b"</deprecatedID", b"</" + prefix + b"deprecatedID"
    )
    mark = b"</" + prefix + b"instanceID>"
    return phone.sends_xml(xml.replace(mark, mark + old))


def test_intake_leaves_one_mark_and_the_worker_takes_it(field: Field) -> None:
    field.phone(MINE).sends(WELL_OFF)
    assert count_marks(field.session) == 1
    assert field.count(QualitySheet) == 0
    field.session.rollback()
    assert drain(sessionmaker(field.session.get_bind()), field.home) >= 0
    assert count_marks(field.session) == 0
    assert field.count(QualitySheet) == 1
    assert field.count(QualityFindingRow) == 0


def test_a_jump_since_the_round_before_is_told_of_the_later_sheet(field: Field) -> None:
    open_round(field.session, 1, BEFORE, field.now)
    phone = field.phone(MINE)
    now = phone.sends(WELL_OFF | {"tong_ho": 160})
    then = phone.sends(WELL_OFF | IN_2018)
    assert looked(field) == {number(now): ["jump_up"]}
    row = found(field, now, "jump_up")
    assert (row.own["now"], row.beside, row.others, row.severity) == (
        160,
        {"then": 100, "round": "2018"},
        [number(then)],
        "warning",
    )
    # returned, the earlier one speaks no more; approved again, it does
    decide(field, then, REJECTED)
    assert looked(field) == {}
    decide(field, then, APPROVED)
    assert told(field, now) == ["jump_up"]
    assert edited(phone, now, WELL_OFF).status == 201
    assert looked(field) == {}


def test_a_sheet_that_is_deleted_is_told_of_no_more_until_it_is_back(field: Field) -> None:
    open_round(field.session, 1, BEFORE, field.now)
    phone = field.phone(MINE)
    then, now = phone.sends(WELL_OFF | IN_2018), phone.sends(WELL_OFF | {"tong_ho": 160})
    assert told(field, now) == ["jump_up"]
    form = find_form(field.session, 1, "village_criteria")
    assert form is not None
    for gone in (then, now):
        delete_submission(field.session, field.administrator, form, gone.instance_id, field.now)
        assert looked(field) == {}
        restore_submission(field.session, field.administrator, form, gone.instance_id, field.now)
        assert told(field, now) == ["jump_up"]


def test_another_standard_is_no_jump(field: Field) -> None:
    open_round(field.session, 1, BEFORE, field.now)
    phone = field.phone(MINE)
    phone.sends(WELL_OFF | IN_2018 | {"ho_ngheo": 40})
    assert told(field, phone.sends(WELL_OFF | {"chuan_ngheo": "nd07_2021"})) == []
    assert told(field, phone.sends(WELL_OFF)) == ["jump_down"]


def neighbours_of_today(field: Field) -> tuple[str, str, str]:
    """Two villages of one commune of today, and that commune."""
    found: dict[str, str] = {}
    for name, area in VILLAGES.items():
        commune = commune_of(field.session, area.uuid)
        if commune in found:
            return found[commune], name, commune
        if commune is not None:
            found[commune] = name
    raise LookupError("no two villages in one commune")


def merged(field: Field, names: tuple[str, str, str], *extents: str) -> str:
    """A village made of two on a day of 2026; its own id."""
    made, day = str(uuid.uuid4()), date(2026, 1, 1)
    origins = tuple(Other(VILLAGES[name].uuid, extent) for name, extent in zip(names[:2], extents, strict=True))
    record = AreaRecord(1, "Thôn Mới", "village", "QN-MOI", names[2], day, id=made, origins=origins, source="made up")
    plan = import_areas(field.session, Wish([record], day), field.now)
    assert not plan.refused, [problem for problem in plan.problems if problem.grave]
    return made


def send_of_new(field: Field, area_id: str, commune: str, answers: Mapping[str, object]) -> Receipt:
    return field.phone().sends(WELL_OFF | IN_2026 | {"xa": commune, "thon": area_id} | answers)


def test_villages_that_became_one_are_compared_with_it_together(field: Field) -> None:
    open_round(field.session, 1, LATER, field.now)
    names = neighbours_of_today(field)
    for name in names[:2]:
        field.phone(name).sends(WELL_OFF)
    made = merged(field, names, "whole", "whole")
    doubled = {name: 2 * number for name, number in WELL_OFF.items() if type(number) is int}
    assert told(field, send_of_new(field, made, names[2], doubled)) == []
    many = doubled | {"tong_ho": 400, "nhan_khau": 1500}
    assert told(field, send_of_new(field, made, names[2], many)) == ["jump_up"] * 2


def test_a_village_of_parts_is_compared_with_nothing(field: Field) -> None:
    open_round(field.session, 1, LATER, field.now)
    names = neighbours_of_today(field)
    for name in names[:2]:
        field.phone(name).sends(WELL_OFF)
    made = merged(field, names, "whole", "part")
    assert told(field, send_of_new(field, made, names[2], {"tong_ho": 900, "nhan_khau": 4000})) == []


def test_one_village_stands_out_of_its_commune_in_whatever_order(field: Field) -> None:
    odd = WELL_OFF | {"ho_ngheo": 80}
    seen: list[list[str]] = []
    sent: list[Receipt] = []
    for name in (MINE, *OTHERS[:5]):
        sent.append(field.phone(name).sends(odd if name == MINE else WELL_OFF))
        seen.append(told(field, sent[0]))
    assert seen == [[]] * 6
    sent.append(field.phone(OTHERS[5]).sends(WELL_OFF))
    assert looked(field) == {number(sent[0]): ["outlier_high"]}
    row = found(field, sent[0], "outlier_high")
    assert (row.own["share"], row.beside) == (800, {"median": 100, "villages": 7})
    assert sorted(row.others) == sorted(number(each) for each in sent[1:])
    # working off again changes nothing, and writes no other row
    assert check_off(field.session, field.home, field.now) == 0
    decide(field, sent[1], APPROVED)
    assert looked(field) == {number(sent[0]): ["outlier_high"]}
    assert found(field, sent[0], "outlier_high").id == row.id
    decide(field, sent[1], REJECTED)
    assert looked(field) == {}


def test_a_communes_own_sheet_is_held_against_its_villages(field: Field) -> None:
    field.publishes(library_form("commune_criteria"))
    answers = {"xa": COMMUNES[COMMUNE].uuid, "ky": ROUND.slug, "ngay_chot": "2019-06-30", "ntm_6_3": "co"}
    commune = field.phone().sends(answers | {"dai_dien_ho": 30, "dai_dien_ho_tap_huan": 1}, form="commune_criteria")
    phones = [field.phone(name) for name in NAMES]
    sent = [phone.sends(WELL_OFF) for phone in phones[:2]]
    # 20 poor and near-poor in each: two villages are too many already
    assert told(field, commune) == ["sum_already"]
    sent += [phone.sends(WELL_OFF) for phone in phones[2:]]
    assert told(field, commune) == ["sum"]
    row = found(field, commune, "sum")
    assert (row.own["said"], row.beside["total"], row.beside["of"]) == (30, 180, 9)
    edited(phones[0], sent[0], WELL_OFF | {"nha_van_hoa_khu_the_thao": "khong"})
    assert told(field, commune) == ["all_have", "sum"]


def test_more_household_sheets_than_households(field: Field) -> None:
    field.publishes(library_form("household_review"))
    phone = field.phone(MINE)
    own = phone.sends(WELL_OFF | dict.fromkeys(("tong_ho", "ho_dtts"), 1) | {"ho_ngheo": 0, "ho_can_ngheo": 0})
    house = {"thon": VILLAGES[MINE].uuid, "ky": ROUND.slug, "dong_y": "co", "ho": {"chu_ho": "A"}}
    houses = [phone.sends(house, form="household_review")]
    assert "count" not in told(field, own)
    houses.append(phone.sends(house | {"ho": {"chu_ho": "B"}}, form="household_review"))
    assert "count" in told(field, own)
    decide(field, houses[0], REJECTED)
    assert "count" not in told(field, own)


def test_who_became_poor_adds_up_over_forms_and_rounds(field: Field) -> None:
    field.publishes(convert(MOVEMENT.encode(), "md").xml)
    open_round(field.session, 1, BEFORE, field.now)
    phone = field.phone(MINE)
    place = {"thon": VILLAGES[MINE].uuid, "ky": ROUND.slug}
    numbers = {"ho_ngheo_dau_ky": 12, "ho_ngheo_thoat": 3, "ho_ngheo_tai": 0, "ho_ngheo_moi": 1, "ho_ngheo_cuoi_ky": 9}
    moved = phone.sends(place | numbers, form="poverty_movement")
    assert told(field, moved) == ["movement"]
    phone.sends(WELL_OFF)
    assert told(field, moved) == ["movement", "movement_end"]
    phone.sends(WELL_OFF | IN_2018 | {"ho_ngheo": 14})
    assert told(field, moved) == ["movement", "movement_end", "movement_start"]


def test_what_the_forms_own_rule_says_is_not_said_again(field: Field) -> None:
    broken = field.phone(MINE).sends(WELL_OFF | {"ho_ngheo": 95})
    assert broken.findings > 0
    assert "at_most" not in told(field, broken)


def test_a_photo_that_is_elsewhere_is_told_of_both(field: Field) -> None:
    with_photo = WELL_OFF | {"duong_truc_cung_hoa": "co", "anh_duong": "a.jpg"}
    mine = field.phone(MINE)
    first = mine.sends(with_photo, photo("a.jpg", draw_photo(1)))
    assert looked(field) == {}
    second = field.phone(NEIGHBOUR).sends(with_photo, photo("a.jpg", draw_photo(1)))
    assert looked(field) == {number(first): ["photo_elsewhere"], number(second): ["photo_elsewhere"]}
    assert found(field, second, "photo_elsewhere").others == [number(first)]
    # an edit of its own that keeps the photo is no second use
    third = field.phone(OTHERS[0]).sends(with_photo, photo("a.jpg", draw_photo(2)))
    edited(field.phone(OTHERS[0]), third, with_photo)
    assert told(field, third) == []


def test_a_photo_of_a_returned_sheet_may_come_again(field: Field) -> None:
    with_photo = WELL_OFF | {"duong_truc_cung_hoa": "co", "anh_duong": "a.jpg"}
    mine = field.phone(MINE)
    first = mine.sends(with_photo, photo("a.jpg", draw_photo(1)))
    decide(field, first, REJECTED)
    again = mine.sends(with_photo, photo("a.jpg", draw_photo(1)))
    assert looked(field) == {}
    decide(field, first, APPROVED)
    assert looked(field) == {number(first): ["photo_elsewhere"], number(again): ["photo_elsewhere"]}


def test_one_photo_for_two_questions(field: Field) -> None:
    twice = WELL_OFF | {"duong_truc_cung_hoa": "co", "anh_duong": "a.jpg", "anh_nha_van_hoa": "b.jpg"}
    sent = field.phone(MINE).sends(twice, photo("a.jpg", draw_photo(1)), photo("b.jpg", draw_photo(1)))
    assert told(field, sent) == ["photo_twice"]


def test_when_a_photo_was_taken_is_read_from_the_file(field: Field) -> None:
    one = WELL_OFF | {"duong_truc_cung_hoa": "co", "anh_duong": "a.jpg"}
    old = part_of("a.jpg", exif(b"2015:01:15 09:30:00", "<"), "image/jpeg")
    phone = field.phone(MINE)
    sent = phone.sends(one)
    assert told(field, sent) == []
    # the photo of a sheet comes after, as it does over a bad line
    xml = phone.fills(one)
    phone.sends_xml(xml)
    late = phone.sends_xml(xml, old)
    assert late.submission_id is not None
    assert told(field, late) == ["photo_old"]


def drawn(field: Field, valid: bool = True) -> None:
    box = [[107.0, 21.0], [107.4, 21.0], [107.4, 21.4], [107.0, 21.4], [107.0, 21.0]]
    area = COMMUNES[COMMUNE]
    feature = {
        "type": "Feature",
        "properties": {"code": area.code, "name": area.name},
        "geometry": {"type": "Polygon", "coordinates": [box]},
    }
    content = orjson.dumps({"type": "FeatureCollection", "features": [feature]})
    plan = import_shapes(field.session, Drawing(content, "made up", ROUND.cutoff, 0.0), field.now)
    assert plan.refused is not valid, plan.problems


def at(longitude: float, latitude: float, **more: Any) -> dict[str, object]:
    return WELL_OFF | {"toa_do": f"{latitude} {longitude} 0 5", "ly_do_khong_gps": ""} | more


def test_a_place_is_told_outside_of_a_boundary_that_is_there(field: Field) -> None:
    sent = field.phone(MINE).sends(at(107.5, 21.2))
    inside = field.phone(NEIGHBOUR).sends(at(107.2, 21.2))
    assert looked(field) == {}
    drawn(field)
    assert told(field, sent) == ["outside"]
    row = found(field, sent, "outside")
    assert 10_000 < row.own["metres"] < 10_700
    assert told(field, inside) == []


def times(began: str, ended: str) -> dict[str, str]:
    return {"start": f"2019-07-01T{began}:00.000+07:00", "end": f"2019-07-01T{ended}:00.000+07:00"}


def with_times(phone: FieldPhone, answers: Mapping[str, object], began: str, ended: str) -> Receipt:
    """A sheet whose own times are these, whenever it is sent."""
    xml = phone.fills(answers)
    for name, text in times(began, ended).items():
        before, _, rest = xml.partition(f"<{name}>".encode())
        xml = before + f"<{name}>{text}".encode() + b"</" + rest.partition(b"</")[2]
    return phone.sends_xml(xml)


def test_one_phone_is_not_in_two_places_and_queued_sheets_accuse_nobody(field: Field) -> None:
    phone = field.phone(MINE)
    first = with_times(phone, at(107.2, 21.2), "08:00", "08:04")
    # sent a minute later, filled in hours later: it waited on the phone
    with_times(phone, at(107.6, 21.2), "14:00", "14:05")
    assert looked(field) == {}
    fast = with_times(phone, at(107.6, 21.2), "08:05", "08:09")
    assert looked(field) == {number(first): ["speed"], number(fast): ["speed"]}
    row = found(field, fast, "speed")
    assert (row.beside["minutes"], row.others) == (9, [number(first)])


def test_a_sheet_of_another_day_than_its_rounds(field: Field) -> None:
    sent = field.phone(MINE).sends(WELL_OFF | {"ngay_chot": "2019-06-20"})
    assert told(field, sent) == ["cutoff"]


def test_a_round_whose_day_was_moved_is_looked_at_again(field: Field) -> None:
    sent = field.phone(MINE).sends(WELL_OFF)
    assert told(field, sent) == []
    (before,) = list_rounds(field.session, 1)
    moved = replace(ROUND, cutoff=date(2019, 6, 20))
    update_round(field.session, field.administrator, before, moved, field.now)
    assert told(field, sent) == ["cutoff"]


def test_whatever_the_order_the_same_is_told(field: Field) -> None:
    open_round(field.session, 1, BEFORE, field.now)
    sheets = [(MINE, WELL_OFF | IN_2018), (MINE, WELL_OFF | {"tong_ho": 160}), (NEIGHBOUR, WELL_OFF | {"tong_ho": 300})]
    seen = set()
    form = find_form(field.session, 1, "village_criteria")
    assert form is not None
    phones = {name: field.phone(name) for name in (MINE, NEIGHBOUR)}
    for each_alone, order in itertools.product((True, False), itertools.permutations(sheets)):
        sent = []
        for name, answers in order:
            sent.append(phones[name].sends(answers))
            if each_alone:
                looked(field)
        looked(field)
        rows = field.session.execute(select(QualityFindingRow.reason, QualityFindingRow.own, QualityFindingRow.beside))
        seen.add(orjson.dumps(sorted([list(row) for row in rows], key=orjson.dumps), option=orjson.OPT_SORT_KEYS))
        field.session.rollback()
        for receipt in sent:
            delete_submission(field.session, field.administrator, form, receipt.instance_id, field.now)
        assert looked(field) == {}
    assert len(seen) == 1
    assert b"jump_up" in seen.pop()


def test_a_crash_on_the_way_leaves_the_marks(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    open_round(field.session, 1, BEFORE, field.now)
    phone = field.phone(MINE)
    phone.sends(WELL_OFF | IN_2018)
    now = phone.sends(WELL_OFF | {"tong_ho": 160})

    def dies() -> None:
        raise KeyboardInterrupt

    commit = field.session.commit
    # before anything is kept, and after what is touched was marked
    for goes_well in range(2):
        left = [commit] * goes_well + [dies]
        with monkeypatch.context() as power:
            power.setattr(field.session, "commit", lambda left=left: left.pop(0)())
            with pytest.raises(KeyboardInterrupt):
                check_off(field.session, field.home, field.now)
        assert count_marks(field.session) == 2
        assert field.count(QualityFindingRow) == 0
    assert told(field, now) == ["jump_up"]
