"""The moves of review: what is reachable, who may, and what a higher office has settled."""

from datetime import date

import pytest

from server.domain.errors import Forbidden, Invalid
from server.domain.review import (
    APPROVED,
    LEVELS,
    MOVES,
    REJECTED,
    STATES,
    Standing,
    after_edit,
    approved_level,
    awaited_level,
    ended_level,
    first_standing,
    level_of,
    levels_on,
    list_moves,
    move,
    shown_state,
    state_from_shown,
    tell_ended,
)

TODAY = date(2026, 9, 15)
LAST_OF_DISTRICTS, FIRST_WITHOUT = date(2025, 6, 30), date(2025, 7, 1)
COMMUNE, DISTRICT, PROVINCE = {"review.commune"}, {"review.district"}, {"review.province"}


def test_every_state_is_reachable_and_can_be_left() -> None:
    reached, waiting = set(), ["received"]
    while waiting:
        state = waiting.pop()
        reached.add(state)
        waiting.extend({row.to for row in MOVES if state in row.sources} - reached)
    assert reached == set(STATES)
    assert all(any(row.to != state for row in MOVES if state in row.sources) for state in STATES)


def test_every_move_names_its_permission_and_known_states() -> None:
    for row in MOVES:
        assert row.verb
        assert {*row.sources, row.to} <= set(STATES)
        assert row.level is None or row.verb == f"review.{row.level}"
    assert len({row.name for row in MOVES}) == len(MOVES)


def test_findings_put_a_submission_to_has_issues_and_an_edit_starts_over() -> None:
    assert first_standing(has_errors=False) == Standing("received")
    assert first_standing(has_errors=True) == Standing("hasIssues")
    assert after_edit() == Standing("edited")


def test_approval_climbs_from_commune_to_province() -> None:
    row, standing = move(Standing(), APPROVED, COMMUNE, TODAY)
    assert (row.name, standing) == ("approve_commune", Standing(APPROVED, "commune"))
    assert approved_level(standing) == "commune"
    row, standing = move(standing, APPROVED, PROVINCE, TODAY)
    assert (row.name, standing) == ("approve_province", Standing(APPROVED, "province"))


@pytest.mark.parametrize("to", STATES)
def test_a_commune_does_not_undo_what_the_province_decided(to: str) -> None:
    for settled in (Standing(APPROVED, "province"), Standing(REJECTED, "province")):
        with pytest.raises(Forbidden, match="decided_above"):
            move(settled, to, COMMUNE, TODAY)
        assert list_moves(settled, COMMUNE, TODAY) == ()


def test_the_province_may_return_what_a_commune_approved() -> None:
    row, standing = move(Standing(APPROVED, "commune"), REJECTED, PROVINCE, TODAY)
    assert row.asks_reason
    assert standing == Standing(REJECTED, "province")
    assert approved_level(standing) is None


def test_who_reviews_nothing_moves_nothing() -> None:
    with pytest.raises(Forbidden, match="not_a_reviewer"):
        move(Standing(), APPROVED, {"submission.update"}, TODAY)
    assert list_moves(Standing(), set(), TODAY) == ()


def test_districts_review_until_they_ended() -> None:
    assert [level.name for level in levels_on(date(2025, 6, 30))] == ["commune", "district", "province"]
    assert [level.name for level in levels_on(date(2025, 7, 1))] == ["commune", "province"]
    with pytest.raises(Forbidden):
        move(Standing(), APPROVED, {"review.district"}, date(2025, 7, 1))
    assert move(Standing(), APPROVED, {"review.district"}, date(2025, 6, 30))[1].level == "district"


@pytest.mark.parametrize(
    ("standing", "before", "since"),
    [
        (Standing(), "commune", "commune"),
        (Standing("hasIssues"), "commune", "commune"),
        (Standing("edited"), "commune", "commune"),
        (Standing(APPROVED, "commune"), "district", "province"),
        (Standing(APPROVED, "district"), "province", "province"),
        (Standing(APPROVED, "province"), None, None),
        (Standing(REJECTED, "commune"), None, None),
        (Standing(REJECTED, "district"), None, None),
    ],
)
def test_the_district_leaves_its_step_to_the_province(
    standing: Standing, before: str | None, since: str | None
) -> None:
    assert awaited_level(standing, LAST_OF_DISTRICTS) == before
    assert awaited_level(standing, FIRST_WITHOUT) == since


def test_who_decided_for_a_district_is_told_that_it_ended_and_who_decides_now() -> None:
    assert tell_ended(Standing(), DISTRICT, LAST_OF_DISTRICTS) is None
    for standing, code in (
        (Standing(), "review.district_ended_commune"),
        (Standing(APPROVED, "commune"), "review.district_ended_province"),
        (Standing(APPROVED, "province"), "review.district_ended_settled"),
    ):
        with pytest.raises(Forbidden) as refused:
            move(standing, APPROVED, DISTRICT, FIRST_WITHOUT)
        assert (refused.value.code, refused.value.params["last"]) == (code, "2025-06-30")
        assert list_moves(standing, DISTRICT, FIRST_WITHOUT) == ()
    assert ended_level(DISTRICT | PROVINCE, FIRST_WITHOUT) is None, "who has another office acts there"
    assert ended_level({"submission.update"}, FIRST_WITHOUT) is None


def test_the_province_goes_on_where_the_district_stopped() -> None:
    _, standing = move(Standing(APPROVED, "commune"), APPROVED, DISTRICT, LAST_OF_DISTRICTS)
    with pytest.raises(Forbidden, match="decided_above_district"):
        move(standing, REJECTED, COMMUNE, FIRST_WITHOUT)
    assert move(standing, APPROVED, PROVINCE, FIRST_WITHOUT)[1] == Standing(APPROVED, "province")


def test_people_act_at_the_highest_level_they_hold() -> None:
    assert level_of({level.verb for level in LEVELS}, TODAY) == "province"
    assert level_of(COMMUNE, TODAY) == "commune"


def test_a_manager_of_central_may_go_from_any_state_to_any() -> None:
    for before in STATES:
        for after in STATES:
            assert move(Standing(before), after, PROVINCE, TODAY)[1].state == after


def test_an_approval_is_not_offered_twice_at_one_level() -> None:
    offered = {row.to for row in list_moves(Standing(APPROVED, "commune"), COMMUNE, TODAY)}
    assert APPROVED not in offered
    assert REJECTED in offered


def test_central_sees_received_as_null() -> None:
    assert shown_state(Standing()) is None
    assert [shown_state(Standing(state)) for state in STATES[1:]] == list(STATES[1:])
    assert state_from_shown(None) == "received"
    assert state_from_shown("approved") == "approved"
    for wrong in ("received", "done", ""):
        with pytest.raises(Invalid, match="unknown_state"):
            state_from_shown(wrong)
    with pytest.raises(Invalid):
        move(Standing(), "done", PROVINCE, TODAY)


def test_what_a_commune_says_of_itself_waits_for_the_office_above() -> None:
    assert awaited_level(Standing(), date(2019, 6, 30), of_commune=True) == "district"
    assert awaited_level(Standing(), date(2026, 1, 1), of_commune=True) == "province"
    assert awaited_level(Standing(), date(2026, 1, 1)) == "commune"
