"""Two rounds of a programme held against each other, over what became of the villages; and another number tried."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, insert, select, update

from server.criteria.compare import BOTH, FACTS, KINDS, LAW, NO_REPORT, NOT_COMPARABLE, SAME
from server.domain.area_records import FactRecord
from server.domain.errors import Invalid, NotFound
from server.domain.review import APPROVED
from server.domain.roles import ALL, Scope
from server.domain.rounds import Round
from server.services.area_facts import import_facts
from server.services.compare import (
    Compared,
    Pair,
    Question,
    Row,
    compare_rounds,
    find_round_by_slug,
    list_beside,
    try_number,
)
from server.services.freeze import Which, lock_round
from server.services.review import Decision, review
from server.services.roll_up import work_off
from server.services.rounds import open_round
from server.storage.areas import AreaChangeRow, AreaVersionRow
from server.storage.database import Base, writing
from server.storage.rounds import RoundView
from tests.kit.field import COMMUNES, ROUND, VILLAGES, WELL_OFF, Field

NEXT = Round("2020-06", "Giữa năm 2020", "Mid-2020", date(2020, 6, 30), date(2020, 6, 1), date(2020, 7, 31))
OTHER_LAW = Round("2021-06", "Giữa năm 2021", "Mid-2021", date(2021, 6, 30), date(2021, 6, 1), date(2021, 7, 31))
COMMUNE = "qn-dam-ha-quang-an"
NAMES = [name for name, area in VILLAGES.items() if area.parent_key == COMMUNE]
HARD: dict[str, object] = {**WELL_OFF, "ho_ngheo": 40, "ho_can_ngheo": 30, "ho_dien_luoi": 95}
WELL: dict[str, object] = {**WELL_OFF, "ho_dien_luoi": 95}
ENTRY, COMPLETION, LATER = "qd50_2016_thon", "qd03_2019_thon", "qd33_2020_thon"
ENTRY_OF_COMMUNES, COMPLETION_OF_COMMUNES, LATER_OF_COMMUNES = "qd50_2016_xa", "qd03_2019_xa", "qd33_2020_xa"


def reports(field: Field, name: str, answers: dict[str, object], asked: Round = ROUND) -> int:
    sent = field.phone(name).sends({**answers, "ky": asked.slug, "ngay_chot": asked.cutoff.isoformat()})
    assert sent.submission_id is not None
    return sent.submission_id


def compared(field: Field, later: Round, scope: Scope = ALL) -> Compared:
    return compare_rounds(field.session, 1, (later.slug, ROUND.slug), scope)


def pair_of(found: Compared, law: str) -> Pair:
    return next(pair for pair in found.pairs if pair.after.id == law)


def row_of(pair: Pair, name: str) -> Row:
    return next(row for row in pair.rows if row.area.id == VILLAGES[name].uuid)


def rows_in_all(field: Field) -> dict[str, int]:
    """How many rows each table has."""
    tables = Base.metadata.tables.values()
    return {table.name: field.session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def test_what_changed_in_a_village_is_told_apart_from_what_another_law_did(field: Field) -> None:
    open_round(field.session, 1, NEXT, field.now)
    open_round(field.session, 1, OTHER_LAW, field.now)
    for asked in (ROUND, NEXT, OTHER_LAW):
        reports(field, NAMES[0], HARD, asked)
        reports(field, NAMES[1], HARD if asked is ROUND else WELL, asked)
        reports(field, NAMES[2], {**WELL, "ho_ngheo": 22, "ho_can_ngheo": 2}, asked)
    found = compared(field, NEXT)
    assert (found.before.slug, found.after.slug) == (ROUND.slug, NEXT.slug)
    assert [(pair.unit, pair.before.id, pair.after.id) for pair in found.pairs] == [
        *(("village", law, law) for law in (ENTRY, COMPLETION)),
        *(("commune", law, law) for law in (ENTRY_OF_COMMUNES, COMPLETION_OF_COMMUNES)),
    ]
    entry = pair_of(found, ENTRY)
    assert [row_of(entry, name).kind for name in NAMES[:4]] == [SAME, FACTS, SAME, NOT_COMPARABLE]
    told = row_of(entry, NAMES[1]).told
    assert told is not None
    assert {change.name: (change.before, change.after) for change in told.facts} == {
        "ho_ngheo": (40, 10),
        "ho_can_ngheo": (30, 10),
    }
    assert row_of(entry, NAMES[3]).reason == NO_REPORT
    assert entry.count() == {SAME: 2, LAW: 0, FACTS: 1, BOTH: 0, NOT_COMPARABLE: len(entry.rows) - 3}
    later = pair_of(compared(field, OTHER_LAW), LATER)
    assert later.before.id == ENTRY
    third = row_of(later, NAMES[2]).told
    # the earlier law does not ask how many households use the grid; 22 poor of 100 are enough for the later one
    assert third is not None
    assert (third.kind, third.before, third.between, third.after) == (LAW, "not_met", "met", "met")
    assert third.by_law
    assert "k1.ngheo" in third.by_law


def test_a_round_beside_itself_changes_nothing_and_an_unknown_one_is_not_found(field: Field) -> None:
    for name in NAMES[:3]:
        reports(field, name, HARD)
    for pair in compared(field, ROUND).pairs:
        assert {row.kind for row in pair.rows} <= {SAME, NOT_COMPARABLE}
        assert tuple(pair.count()) == KINDS
    with pytest.raises(NotFound):
        compare_rounds(field.session, 1, (ROUND.slug, "khong-co"), ALL)


def test_villages_are_followed_where_they_went_over_whole(field: Field) -> None:
    open_round(field.session, 1, NEXT, field.now)
    ids, day = {name: VILLAGES[name].uuid for name in NAMES}, date(2020, 1, 1)
    with writing(field.session) as connection:
        for name, to, extent, kind in (
            (NAMES[0], NAMES[1], "whole", "merged"),
            (NAMES[2], NAMES[2], "part_main", "split"),
            (NAMES[2], NAMES[4], "part", "split"),
            (NAMES[5], NAMES[5], "whole", "renamed"),
        ):
            row = {"from_area_id": ids[name], "to_area_id": ids[to], "changed_on": day, "extent": extent}
            connection.execute(insert(AreaChangeRow.__table__).values(**row, status="synthetic", kind=kind))  # type: ignore[arg-type]
        ended = {AreaVersionRow.valid_to: day}
        connection.execute(
            update(AreaVersionRow)
            .where(AreaVersionRow.area_id == ids[NAMES[0]], AreaVersionRow.valid_to == date(2025, 7, 1))
            .values(ended)
        )
        field.session.commit()
    for name in NAMES[:4]:
        reports(field, name, HARD)
    entry = pair_of(compared(field, NEXT), ENTRY)
    by_earlier = {row.earlier.area.id: row for row in entry.rows if row.earlier is not None}
    merged, split = by_earlier[ids[NAMES[0]]], by_earlier[ids[NAMES[2]]]
    assert (merged.how, merged.area.id) == ("merged", ids[NAMES[1]])
    assert (by_earlier[ids[NAMES[1]]].how, by_earlier[ids[NAMES[4]]].how) == ("merged", "merged")
    assert (split.kind, split.reason, split.later) == (NOT_COMPARABLE, "split", None)
    assert (by_earlier[ids[NAMES[3]]].how, by_earlier[ids[NAMES[5]]].how) == ("stayed", "renamed")
    new = {row.area.id: row.reason for row in entry.rows if row.earlier is None}
    assert new == {ids[NAMES[2]]: "new"}


def test_each_sees_only_the_own_part_on_both_sides(field: Field) -> None:
    open_round(field.session, 1, NEXT, field.now)
    other = next(name for name, area in VILLAGES.items() if area.parent_key != COMMUNE)
    for name in (NAMES[0], other):
        reports(field, name, HARD)
        reports(field, name, WELL, NEXT)
    # the commune is gone since: who looks after villages today sees these in the rounds of its time
    own = {VILLAGES[name].uuid for name in NAMES[:2]}
    scope = Scope(False, frozenset(own), field.now.date())
    entry = pair_of(compared(field, NEXT, scope), ENTRY)
    assert {row.area.id for row in entry.rows} == own
    tried = try_number(field.session, the_round(field), Question(ENTRY, "k1.tong", 71), scope)
    assert set(tried.views) == own
    assert compared(field, NEXT, Scope(False, frozenset(), field.now.date())).pairs[0].rows == ()


def the_round(field: Field) -> RoundView:
    return find_round_by_slug(field.session, 1, ROUND.slug)


def test_computed_appraised_and_recognised_stand_apart(field: Field) -> None:
    open_round(field.session, 1, NEXT, field.now)
    number = reports(field, NAMES[0], HARD)
    reports(field, NAMES[0], HARD, NEXT)
    review(field.session, field.administrator, Decision(number, APPROVED), field.now)
    decided = [
        FactRecord(1, VILLAGES[NAMES[0]].uuid, "dac_biet_kho_khan", True, "582/QĐ-TTg", date(2017, 4, 28), "Thủ tướng"),
        FactRecord(2, COMMUNES[COMMUNE].uuid, "khu_vuc", 3, "582/QĐ-TTg", date(2017, 4, 28), "Thủ tướng"),
        FactRecord(3, VILLAGES[NAMES[0]].uuid, "dac_biet_kho_khan", False, "1/QĐ-UBDT", date(2020, 1, 1), "UBDT"),
    ]
    assert not import_facts(field.session, decided, field.now.date(), field.now).refused
    field.works()
    found = compared(field, NEXT)
    row = row_of(pair_of(found, ENTRY), NAMES[0])
    assert row.earlier is not None
    assert row.later is not None
    before, after = (
        list_beside(field.session, each, [view], ALL)
        for each, view in ((found.before, row.earlier), (found.after, row.later))
    )
    report = before.report(row.earlier)
    assert report is not None
    assert (report.state, row.earlier.basis, row.earlier.standing) == (APPROVED, "approved", "met")
    told = {each.name: (each.value, each.decision_number, each.authority) for each in before.of(row.earlier)}
    assert told["dac_biet_kho_khan"] == (True, "582/QĐ-TTg", "Thủ tướng")
    assert told["khu_vuc"][0] == 3
    told = {each.name: (each.value, each.decision_number, each.authority) for each in after.of(row.later)}
    # recognised as no longer in difficulty, computed as in difficulty: neither writes over the other
    assert told["dac_biet_kho_khan"] == (False, "1/QĐ-UBDT", "UBDT")
    assert row.later.standing == "met"
    assert (after.report(row.later) or report).state != APPROVED


def test_another_number_says_who_would_turn_and_writes_nothing(field: Field) -> None:
    for name, answers in zip(NAMES, (HARD, {**WELL, "ho_ngheo": 40, "ho_can_ngheo": 26}, WELL), strict=False):
        reports(field, name, answers)
    field.works()
    before = rows_in_all(field)
    assert before
    tried = try_number(field.session, the_round(field), Question(ENTRY, "k1.tong", 70), ALL)
    assert [tried.views[area_id].area.name for area_id in tried.found.turned] == [NAMES[1]]
    assert tried.bound.value == 65
    same = try_number(field.session, the_round(field), Question(ENTRY, "k1.tong", 65), ALL)
    assert same.found.turned == ()
    assert rows_in_all(field) == before
    assert field.verdicts(NAMES[1])[ENTRY] == "met"
    for question, error in (
        (Question(ENTRY, "k2.duong", 1), Invalid),
        (Question(ENTRY, "khong.co", 1), Invalid),
        (Question(ENTRY, "k1.tong", 101), Invalid),
        (Question("khong_co", "k1.tong", 1), NotFound),
    ):
        with pytest.raises(error):
            try_number(field.session, the_round(field), question, ALL)


def test_a_locked_round_is_compared_by_what_was_locked(field: Field) -> None:
    open_round(field.session, 1, NEXT, field.now)
    reports(field, NAMES[0], HARD)
    lock_round(field.session, field.administrator, Which(1, ROUND.slug), "Chốt thử", field.now)
    reports(field, NAMES[0], WELL)
    reports(field, NAMES[0], WELL, NEXT)
    row = row_of(pair_of(compared(field, NEXT), ENTRY), NAMES[0])
    assert row.told is not None
    assert (row.told.kind, row.told.before, row.told.after) == (FACTS, "met", "not_met")
    tried = try_number(field.session, the_round(field), Question(ENTRY, "k1.tong", 71), ALL)
    assert tried.law.sha256 == pair_of(compared(field, NEXT), ENTRY).before.sha256


def seen_part(areas: set[str]) -> Scope:
    return Scope(False, frozenset(areas), date(2024, 11, 24))


def commune_of(pair: Pair) -> Row:
    return next(row for row in pair.rows if row.area.id == COMMUNES[COMMUNE].uuid)


def test_communes_are_compared_by_what_their_villages_add_up_to(field: Field) -> None:
    open_round(field.session, 1, NEXT, field.now)
    open_round(field.session, 1, OTHER_LAW, field.now)
    for asked, answers in ((ROUND, HARD), (NEXT, WELL), (OTHER_LAW, HARD)):
        for name in NAMES:
            reports(field, name, {**answers, "ho_ngheo_dtts": 30} if answers is HARD else answers, asked)
    field.works()
    work_off(field.session, field.now)
    pair = pair_of(compared(field, NEXT), ENTRY_OF_COMMUNES)
    row = commune_of(pair)
    assert row.told is not None
    assert (pair.unit, row.kind, row.told.before, row.told.between, row.told.after) == (
        "commune",
        FACTS,
        "kv3",
        "kv3",
        "kv2",
    )
    changed = {change.name: (change.before, change.after) for change in row.told.facts}
    assert changed["ho_ngheo"] == (40 * len(NAMES), 10 * len(NAMES))
    assert pair.count()[NOT_COMPARABLE] == len(pair.rows) - 1
    later = commune_of(pair_of(compared(field, OTHER_LAW), LATER_OF_COMMUNES))
    assert later.told is not None
    assert (later.told.before, later.told.between, later.told.after) == ("kv3", "kv3", "kv3")
    assert [(change.name, change.before) for change in later.told.facts] == [("ho_ngheo_dtts", None)]
    own = {COMMUNES[COMMUNE].uuid}
    assert {row.area.id for row in pair_of(compared(field, NEXT, seen_part(own)), ENTRY_OF_COMMUNES).rows} == own
    one = seen_part({VILLAGES[NAMES[0]].uuid})
    assert not [row for each in compared(field, NEXT, one).pairs if each.unit == "commune" for row in each.rows]


def test_another_number_in_a_law_of_communes_says_which_communes_would_turn(field: Field) -> None:
    for name in NAMES:
        reports(field, name, {**WELL, "ho_ngheo": 36, "ho_can_ngheo": 30})
    field.works()
    work_off(field.session, field.now)
    before = rows_in_all(field)
    commune_id = COMMUNES[COMMUNE].uuid
    tried = try_number(field.session, the_round(field), Question(ENTRY_OF_COMMUNES, "b.tong", 67), ALL)
    assert tried.found.turned == (commune_id,)
    assert (tried.found.before[commune_id], tried.found.after[commune_id]) == ("kv3", "unknown")
    assert (
        try_number(field.session, the_round(field), Question(ENTRY_OF_COMMUNES, "b.tong", 66), ALL).found.turned == ()
    )
    one = seen_part({VILLAGES[NAMES[0]].uuid})
    assert not try_number(field.session, the_round(field), Question(ENTRY_OF_COMMUNES, "b.tong", 67), one).views
    assert rows_in_all(field) == before
    lock_round(field.session, field.administrator, Which(1, ROUND.slug), "Chốt thử", field.now)
    for name in NAMES:
        reports(field, name, WELL)
    tried = try_number(field.session, the_round(field), Question(ENTRY_OF_COMMUNES, "b.tong", 67), ALL)
    assert tried.found.turned == (commune_id,)
