"""What waits for a decision follows submissions, whatever happens to them, and is what the review chain says."""

import uuid
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import delete, select

from server.domain.inbox import reached_before
from server.domain.review import REJECTED, Standing, awaited_level, levels_on
from server.domain.rounds import Round
from server.services.authenticate import Caller, caller_of
from server.services.inbox import InboxWish, read_inbox
from server.services.people import NewUser, create_user, grant_role
from server.services.publish import delete_form, get_form
from server.services.recount import recount
from server.services.remove import delete_submission, restore_submission
from server.services.review import Decision, review, sight_of, undo
from server.services.roll_up import work_off
from server.services.rounds import open_round
from server.storage.actors import GrantView
from server.storage.database import writing
from server.storage.inbox import find_waiting
from server.storage.readings import SubmissionView, find_submission_by_id
from server.storage.reviews import find_newest_move
from server.storage.submissions import Submission
from server.storage.waiting import CLEAN, WARNED, WRONG, WaitingRow, list_wrong_waiting
from sync.envelope import part_of
from tests.kit.field import ROUND, VILLAGES, WELL_OFF, Field
from tests.server.services.test_receive import edited

MINE, OTHER = "Thôn Ngàn Chi", "Thôn Nà Hắc"
PHOTO = {"anh_duong": "duong.jpg"}


def office(field: Field, role: str, area_id: str | None = None, name: str = "") -> Callable[[], Caller]:
    """Somebody who reviews at a level, in an area or everywhere."""
    new = NewUser(f"{uuid.uuid4().hex[:8]}@example.vn", None, name or role)
    made = create_user(field.session, field.administrator, new, field.now)
    grant = GrantView(role, "project", 1, None, area_id, None, None)
    grant_role(field.session, field.administrator, made.id, grant, field.now)
    return lambda: caller_of(field.session, made.id, field.now)


def waiting(field: Field) -> list[tuple[int, int, int, str, bool]]:
    """(number, reached, weight, state, returned) of all that waits; it is what it would be if it were made now."""
    assert list_wrong_waiting(field.session) == set()
    row = WaitingRow
    query = select(row.submission_id, row.reached, row.weight, row.state, row.returned).order_by(row.submission_id)
    return [tuple(found) for found in field.session.execute(query)]  # type: ignore[misc]


def test_a_sheet_waits_for_one_office_after_the_other_and_not_while_it_is_with_its_sender(field: Field) -> None:
    phone = field.phone(MINE)
    xml = phone.fills(WELL_OFF, instance_id="uuid:1")
    one = phone.sends_xml(xml).submission_id or 0
    commune, province = office(field, "commune_supervisor"), office(field, "province_reviewer")
    assert waiting(field) == [(one, 0, CLEAN, "received", False)]
    review(field.session, commune(), Decision(one, REJECTED, "sai số hộ"), field.now)
    assert waiting(field) == []
    undo(field.session, commune(), one, find_newest_move(field.session, one), field.now)
    assert waiting(field) == [(one, 0, CLEAN, "received", False)]
    review(field.session, commune(), Decision(one, REJECTED, "sai số hộ"), field.now)
    phone.sends_xml(edited(xml, "uuid:2", ho_ngheo="11"))
    assert [(row[0], row[1], *row[3:]) for row in waiting(field)] == [(one, 0, "edited", True)]
    review(field.session, commune(), Decision(one, "approved"), field.now)
    assert [(row[0], row[1], *row[3:]) for row in waiting(field)] == [(one, 1, "approved", True)]
    review(field.session, province(), Decision(one, "approved"), field.now)
    assert waiting(field) == []


def test_findings_and_missing_photos_give_it_weight(field: Field) -> None:
    phone = field.phone(MINE)
    wrong = phone.sends(WELL_OFF | {"ho_dtts": 120}).submission_id
    xml = field.phone(OTHER).fills(WELL_OFF | PHOTO)
    without = field.phone(OTHER).sends_xml(xml).submission_id
    weights = {row[0]: row[2] for row in waiting(field)}
    assert weights == {wrong: WRONG, without: WARNED}
    found = find_waiting(field.session, without or 0)
    assert found is not None
    assert (found.errors, found.missing) == (0, 1)
    field.phone(OTHER).sends_xml(xml, part_of("duong.jpg", b"\xff\xd8 \xff\xd9", "image/jpeg"))
    assert {row[0]: row[2] for row in waiting(field)} == {wrong: WRONG, without: CLEAN}


def test_what_is_deleted_waits_no_more_and_comes_back(field: Field) -> None:
    phone, form = field.phone(MINE), get_form(field.session, field.forms["village_criteria"])
    one = phone.sends(WELL_OFF, instance_id="uuid:1").submission_id
    delete_submission(field.session, field.administrator, form, "uuid:1", field.now)
    assert waiting(field) == []
    restore_submission(field.session, field.administrator, form, "uuid:1", field.now)
    assert [row[0] for row in waiting(field)] == [one]
    delete_form(field.session, field.administrator, form, field.now)
    assert read_inbox(field.session, field.administrator, 1, InboxWish(), None).total == 0


def test_each_sees_what_waits_for_their_own_office_in_their_own_area(field: Field) -> None:
    mine = field.phone(MINE).sends(WELL_OFF).submission_id or 0
    other = field.phone(OTHER).sends(WELL_OFF).submission_id or 0
    commune = office(field, "commune_supervisor", VILLAGES[MINE].uuid)
    province = office(field, "province_reviewer")
    analyst = office(field, "analyst")

    def sees(who: Callable[[], Caller]) -> list[int]:
        return [line.waiting.submission_id for line in read_inbox(field.session, who(), 1, InboxWish(), None).lines]

    assert (sees(commune), sees(province), sees(analyst)) == ([mine], [], [])
    review(field.session, commune(), Decision(mine, "approved"), field.now)
    assert (sees(commune), sees(province)) == ([], [mine])
    # who holds every office decides on all of it; what was approved meanwhile waits from then on
    assert sorted(sees(lambda: field.administrator)) == [mine, other]


def test_it_says_the_same_as_the_review_chain(field: Field) -> None:
    """Every standing there is, on days with and without districts."""
    one = field.phone(MINE).sends(WELL_OFF).submission_id or 0
    for state in ("received", "hasIssues", "edited", "approved", "rejected"):
        for level in (None, "commune", "district", "province") if state == "approved" else (None,):
            with writing(field.session) as connection:
                from_here = {"review_state": state, "review_level": level}
                connection.execute(Submission.__table__.update().where(Submission.id == one).values(**from_here))
                field.session.commit()
            recount(field.session)
            row = field.session.get(WaitingRow, one)
            field.session.expire_all()
            for day in (date(2025, 6, 30), date(2026, 1, 1)):
                wanted = awaited_level(Standing(state, level), day)
                reached = row.reached if row else None
                told = [
                    each.name
                    for place, each in enumerate(levels_on(day))
                    if reached is not None and reached in _before(place, day)
                ]
                assert told == ([wanted] if wanted else []), (state, level, day)


def _before(place: int, day: date) -> tuple[int, ...]:
    return reached_before(levels_on(day)[place].name, day)


def test_a_row_that_went_astray_is_found_and_put_right_at_night(field: Field) -> None:
    one = field.phone(MINE).sends(WELL_OFF).submission_id or 0
    with writing(field.session) as connection:
        connection.execute(delete(WaitingRow))
        field.session.commit()
    assert list_wrong_waiting(field.session) == {one}
    assert recount(field.session) == 1
    assert [row[0] for row in waiting(field)] == [one]
    assert recount(field.session) == 0


@pytest.mark.parametrize("verb", ["find", "clean", "text"])
def test_the_inbox_is_narrowed_and_paged(field: Field, verb: str) -> None:
    wrong = field.phone(MINE).sends(WELL_OFF | {"ho_dtts": 120}).submission_id or 0
    good = [field.phone(OTHER).sends(WELL_OFF).submission_id or 0 for _ in range(3)]
    who = office(field, "commune_supervisor")
    wish = {
        "find": InboxWish(findings="found"),
        "clean": InboxWish(findings="clean"),
        "text": InboxWish(text="na hac"),
    }[verb]
    inbox = read_inbox(field.session, who(), 1, wish, None)
    assert [line.waiting.submission_id for line in inbox.lines] == ([wrong] if verb == "find" else good)
    assert inbox.total == len(inbox.lines)
    everything = read_inbox(field.session, who(), 1, InboxWish(), None)
    assert [line.waiting.submission_id for line in everything.lines] == [wrong, *good]
    rest = read_inbox(field.session, who(), 1, InboxWish(), everything.lines[1].waiting.place)
    assert [line.waiting.submission_id for line in rest.lines] == good[1:]


def test_a_line_tells_what_changed_since_the_last_round_and_the_days_that_are_left(field: Field) -> None:
    first = field.phone(MINE).sends(WELL_OFF).submission_id
    year_end = Round("2019-12", "Cuối năm", "Year's end", date(2019, 12, 31), date(2019, 12, 1), date(2027, 1, 31))
    open_round(field.session, 1, year_end, field.now)
    later = {"ky": "2019-12", "ngay_chot": "2019-12-31", "ho_ngheo": 4, "tong_ho": 102}
    second = field.phone(MINE).sends(WELL_OFF | later).submission_id or 0
    work_off(field.session, field.now)
    inbox = read_inbox(field.session, office(field, "commune_supervisor")(), 1, InboxWish(), None)
    overdue, new = sorted(inbox.lines, key=lambda line: line.waiting.submission_id)
    assert (overdue.waiting.submission_id, new.waiting.submission_id) == (first, second)
    assert overdue.changes is None
    assert [(each.name, each.before, each.now) for each in new.changes or ()] == [
        ("ho_ngheo", 10, 4),
        ("tong_ho", 100, 102),
    ]
    assert [(line.deadline.overdue, line.deadline.days) for line in (overdue, new) if line.deadline] == [
        (True, (ROUND.ends_on - field.now.date()).days),
        (False, (year_end.ends_on - field.now.date()).days),
    ]
    assert (inbox.total, inbox.overdue) == (2, 1)
    assert [(each.round.slug, each.villages - each.missing) for each in inbox.unheard] == [
        (ROUND.slug, 1),
        ("2019-12", 1),
    ]
    assert new.sight == sight_of(field.session, _submission(field, second))


def _submission(field: Field, number: int) -> SubmissionView:
    found = find_submission_by_id(field.session, number)
    assert found is not None
    return found


def test_who_entered_a_sheet_may_not_approve_it(field: Field) -> None:
    field.phone(MINE).sends(WELL_OFF)
    twin = office(field, "commune_supervisor", name=MINE)
    line = read_inbox(field.session, twin(), 1, InboxWish(), None).lines[0]
    assert line.barred is not None
    assert line.barred.code == "review.own_entry"
