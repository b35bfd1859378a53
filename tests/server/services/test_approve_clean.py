"""What is clean is approved in one move, told apart from what is not, and taken back as one."""

from datetime import timedelta

import pytest

from server.domain.errors import Conflict, Missing, NotFound
from server.domain.review import REJECTED
from server.services.approve_clean import (
    NOT_CLEAN,
    find_clean,
    get_bulk,
    goes_on,
    may_undo,
    order_approval,
    undo_on,
    work_on,
)
from server.services.inbox import InboxWish, read_inbox
from server.services.review import Decision, review, undo
from server.storage.audits import list_audits
from server.storage.bulk_approvals import BulkView, put_outcomes
from server.storage.database import writing
from server.storage.readings import find_submission_by_id
from server.storage.reviews import find_newest_move
from server.storage.submissions import FindingRow, SubmissionVersion
from server.storage.waiting import list_wrong_waiting, wait_again
from tests.kit.field import VILLAGES, WELL_OFF, Field
from tests.server.services.test_receive import edited
from tests.server.services.test_waiting import MINE, OTHER, office

ROLE = "commune_supervisor"


def sent(field: Field, number: int, **more: object) -> list[int]:
    """Clean sheets of one village."""
    return [field.phone(OTHER).sends(WELL_OFF | more).submission_id or 0 for _ in range(number)]


def states(field: Field, ids: list[int]) -> list[tuple[str, str | None]]:
    """Where these stand."""
    assert list_wrong_waiting(field.session) == set()
    found = (find_submission_by_id(field.session, each) for each in ids)
    return [(each.review_state, each.review_level) for each in found if each is not None]


def test_all_that_is_clean_and_nothing_else_is_approved_and_taken_back(field: Field) -> None:
    clean, wrong = sent(field, 3), sent(field, 1, ho_dtts=120)
    who = office(field, ROLE)
    found = find_clean(field.session, who(), 1, InboxWish(), None)
    assert (list(found.ids), found.more) == (clean, 0)
    bulk = order_approval(field.session, who(), 1, [*found.ids, *wrong], field.now)
    assert (bulk.total, bulk.left) == (3, 3)
    bulk = work_on(field.session, who(), bulk, field.now, at_once=2)
    assert (bulk.approved, bulk.left, goes_on(bulk)) == (2, 1, True)
    bulk = work_on(field.session, who(), bulk, field.now, at_once=2)
    assert (bulk.approved, bulk.left, bulk.refused, goes_on(bulk)) == (3, 0, {}, False)
    assert states(field, clean) == [("approved", "commune")] * 3
    assert states(field, wrong) == [("hasIssues", None)]
    assert may_undo(bulk, field.now)

    bulk = undo_on(field.session, who(), bulk, field.now, at_once=2)
    assert goes_on(bulk)
    bulk = undo_on(field.session, who(), bulk, field.now, at_once=2)
    assert (bulk.undone, bulk.approved, goes_on(bulk), may_undo(bulk, field.now)) == (3, 0, False, False)
    assert states(field, clean) == [("received", None)] * 3
    lines = [each.action for each in list_audits(field.session) if each.action.startswith("submission.bulk")]
    assert sorted(lines) == ["submission.bulk.approve", "submission.bulk.undo"]


def test_it_tells_how_many_were_not_approved_and_why(field: Field) -> None:
    own = field.phone(MINE).sends(WELL_OFF).submission_id or 0
    xml = field.phone(OTHER).fills(WELL_OFF, instance_id="uuid:1")
    changed = field.phone(OTHER).sends_xml(xml).submission_id or 0
    good, decided, soiled = sent(field, 3)
    who, other = office(field, ROLE, name=MINE), office(field, ROLE)
    bulk = order_approval(field.session, who(), 1, [own, changed, good, decided, soiled], field.now)
    review(field.session, other(), Decision(decided, REJECTED, "thiếu số hộ"), field.now)
    field.phone(OTHER).sends_xml(edited(xml, "uuid:2", ho_ngheo="11"))
    find_something(field, soiled)
    bulk = work_on(field.session, who(), bulk, field.now)
    assert (bulk.approved, bulk.left) == (1, 0)
    assert bulk.refused == {
        "review.own_entry": 1,
        "review.edited_meanwhile": 1,
        "review.decided_meanwhile": 1,
        NOT_CLEAN: 1,
    }
    assert states(field, [own, changed, good, decided, soiled]) == [
        ("received", None),
        ("edited", None),
        ("approved", "commune"),
        ("rejected", "commune"),
        ("received", None),
    ]


def find_something(field: Field, number: int) -> None:
    """The machine finds something of a sheet after it came."""
    version = field.session.query(SubmissionVersion).filter_by(submission_id=number, is_current=True).one()
    row = FindingRow(
        version_id=version.id, kind="constraint", path="/", severity="error", value=None, message={}, params={}
    )
    with writing(field.session) as connection:
        field.session.add(row)
        field.session.flush()
        wait_again(connection, number)
        field.session.commit()


def test_what_was_interrupted_goes_on_where_it_stood(field: Field) -> None:
    """The decision was taken, and what became of it was not written."""
    one, two = sent(field, 2)
    who = office(field, ROLE)
    bulk = order_approval(field.session, who(), 1, [one, two], field.now)
    bulk = work_on(field.session, who(), bulk, field.now, at_once=1)
    with writing(field.session) as connection:
        put_outcomes(connection, bulk.id, [(one, None, 0)])  # type: ignore[list-item]
        field.session.commit()
    bulk = work_on(field.session, who(), get_bulk(field.session, who(), 1, bulk.id), field.now)
    assert (bulk.approved, bulk.refused) == (2, {})
    assert undo_on(field.session, who(), bulk, field.now).undone == 2
    assert states(field, [one, two]) == [("received", None)] * 2


def test_what_was_taken_back_already_counts_as_taken_back(field: Field) -> None:
    """By another request for the same order, or line by line."""
    one, two = sent(field, 2)
    who = office(field, ROLE)
    bulk = work_on(field.session, who(), order_approval(field.session, who(), 1, [one, two], field.now), field.now)
    undo(field.session, who(), one, find_newest_move(field.session, one), field.now)
    bulk = undo_on(field.session, who(), bulk, field.now)
    assert (bulk.undone, bulk.kept) == (2, 0)
    assert states(field, [one, two]) == [("received", None)] * 2


def test_what_was_being_approved_while_the_whole_was_taken_back_is_taken_back_too(field: Field) -> None:
    one, two = sent(field, 2)
    who = office(field, ROLE)
    begun = order_approval(field.session, who(), 1, [one, two], field.now)
    begun = work_on(field.session, who(), begun, field.now, at_once=1)
    assert undo_on(field.session, who(), begun, field.now).undone == 1
    # the next part had been asked for before: what it knows of the order is what stood then
    bulk = work_on(field.session, who(), begun, field.now)
    assert (bulk.undone, bulk.approved, goes_on(bulk)) == (2, 0, False)
    assert states(field, [one, two]) == [("received", None)] * 2


def test_what_somebody_decided_after_it_is_not_taken_back(field: Field) -> None:
    one, two = sent(field, 2)
    who, province = office(field, ROLE), office(field, "province_reviewer")
    bulk = work_on(field.session, who(), order_approval(field.session, who(), 1, [one, two], field.now), field.now)
    review(field.session, province(), Decision(one, "approved"), field.now)
    bulk = undo_on(field.session, who(), bulk, field.now)
    assert (bulk.undone, bulk.kept, goes_on(bulk)) == (1, 1, False)
    assert states(field, [one, two]) == [("approved", "province"), ("received", None)]


def test_an_order_is_its_owners_and_has_its_time(field: Field) -> None:
    (one,) = sent(field, 1)
    who, other = office(field, ROLE), office(field, ROLE)
    bulk: BulkView = order_approval(field.session, who(), 1, [one], field.now)
    with pytest.raises(NotFound):
        get_bulk(field.session, other(), 1, bulk.id)
    with pytest.raises(NotFound):
        get_bulk(field.session, who(), 2, bulk.id)
    work_on(field.session, who(), bulk, field.now)
    late = field.now + timedelta(minutes=11)
    with pytest.raises(Conflict) as refused:
        undo_on(field.session, who(), get_bulk(field.session, who(), 1, bulk.id), late)
    assert refused.value.code == "review.undo_too_late"


def test_who_may_not_decide_there_orders_nothing(field: Field) -> None:
    (one,) = sent(field, 1)
    elsewhere, analyst = office(field, ROLE, VILLAGES[MINE].uuid), office(field, "analyst")
    for who in (elsewhere, analyst):
        assert find_clean(field.session, who(), 1, InboxWish(), [one]).ids == ()
        with pytest.raises(Missing) as refused:
            order_approval(field.session, who(), 1, [one], field.now)
        assert refused.value.code == "inbox.none_clean"
    with pytest.raises(Missing):
        find_clean(field.session, office(field, ROLE)(), 1, InboxWish(), [])
    assert read_inbox(field.session, office(field, ROLE)(), 1, InboxWish(), None).total == 1
