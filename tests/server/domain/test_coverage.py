"""The state of a village, as a table."""

from datetime import UTC, date, datetime

import pytest

from server.domain.coverage import (
    KEPT,
    OWING,
    STATES,
    Called,
    Counts,
    Kept,
    Sheet,
    call_order,
    count_states,
    furthest_back,
    is_late,
    state_of,
    symbol_of,
    weigh,
)

THEN, NOW = date(2025, 6, 30), date(2026, 11, 27)
"""The last day on which there were districts, and a day without."""
AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)

TABLE = [
    (None, False, THEN, "silent"),
    (None, True, THEN, "alive"),
    (("partly", None), False, THEN, "partly"),
    (("partly", None), True, NOW, "partly"),
    (("returned", "province"), True, NOW, "returned"),
    (("waiting", None), True, THEN, "review_commune"),
    (("waiting", None), False, NOW, "review_commune"),
    (("approved", "commune"), True, THEN, "review_district"),
    (("approved", "commune"), True, NOW, "review_province"),
    (("approved", "district"), True, THEN, "review_province"),
    (("approved", "district"), True, NOW, "review_province"),
    (("approved", "province"), True, THEN, "approved"),
    (("approved", "province"), True, NOW, "approved"),
    # a decision of no office, as clients of Central may bring it, waits for the lowest
    (("approved", None), True, NOW, "review_commune"),
]


@pytest.mark.parametrize(("kept", "heard", "day", "state"), TABLE)
def test_a_village_is_in_exactly_one_state(
    kept: tuple[str, str | None] | None, heard: bool, day: date, state: str
) -> None:
    assert state_of(kept, heard, day) == state


def test_every_state_is_reached_and_has_a_sign() -> None:
    assert {row[3] for row in TABLE} == set(STATES)
    assert {symbol_of(state) for state in STATES} == {"unknown", "wait", "bad", "good"}


def sheet(number: int, state: str, level: str | None = None, *, expected: int = 0, here: int = 0) -> Sheet:
    """A sheet of a village."""
    return Sheet(number, state, level, expected, here, AT)


def kept(state: str, level: str | None, number: int, *, expected: int = 0, here: int = 0) -> Kept:
    """What is kept of it."""
    return Kept(state, level, expected, here, number, AT)


@pytest.mark.parametrize("state", ["received", "hasIssues", "edited"])
def test_what_nobody_decided_waits_once_all_its_files_are_here(state: str) -> None:
    partly, whole = sheet(1, state, expected=5, here=2), sheet(1, state, expected=5, here=5)
    assert weigh([partly], "village_criteria") == kept("partly", None, 1, expected=5, here=2)
    assert weigh([whole], "village_criteria") == kept("waiting", None, 1, expected=5, here=5)


def test_a_decision_stands_though_a_file_lacks() -> None:
    approved = [sheet(1, "approved", "commune", expected=2, here=1)]
    assert weigh(approved, "village_criteria") == kept("approved", "commune", 1, expected=2, here=1)
    returned = [sheet(1, "rejected", "commune", expected=2, here=1)]
    assert weigh(returned, "village_criteria") == kept("returned", "commune", 1, expected=2, here=1)


def test_of_the_sheet_of_a_village_the_newest_speaks() -> None:
    assert weigh([], "village_criteria") is None
    newest_first = [sheet(2, "received"), sheet(1, "rejected", "commune")]
    assert weigh(newest_first, "village_criteria") == kept("waiting", None, 2)


def test_of_many_sheets_the_one_that_is_furthest_back_speaks() -> None:
    many = [
        sheet(5, "approved", "province"),
        sheet(4, "received"),
        sheet(3, "approved", "commune"),
        sheet(2, "received", expected=1),
        sheet(1, "rejected", "commune"),
    ]
    spoken = []
    while many:
        found = weigh(many, "household")
        assert found is not None
        spoken.append(found.submission_id)
        many = [each for each in many if each.id != found.submission_id]
    assert spoken == [1, 2, 4, 3, 5]


def test_of_several_forms_the_one_that_is_furthest_back_speaks() -> None:
    assert furthest_back([]) is None
    forms = [kept("approved", "province", 1), kept("approved", "commune", 2), kept("waiting", None, 3)]
    assert furthest_back(forms) == forms[2]
    assert furthest_back(forms[:2]) == forms[1]
    assert [each for each in KEPT if each in OWING] == ["returned", "partly"]


def test_late_is_who_still_has_to_act_after_the_last_day() -> None:
    last = date(2026, 11, 20)
    assert [state for state in STATES if is_late(state, last, date(2026, 11, 21))] == [
        state for state in STATES if state in OWING
    ]
    assert not any(is_late(state, last, last) for state in STATES)


def test_counts_tell_who_sent_who_waits_and_who_is_late() -> None:
    states = {"silent": 3, "alive": 2, "partly": 1, "review_commune": 4, "review_province": 1, "returned": 1}
    before = count_states(states, NOW, NOW)
    assert (before.villages, before.sent, before.in_review, before.late) == (12, 7, 5, 0)
    assert before.of("approved") == 0
    assert count_states(states, THEN, NOW).late == 7
    assert count_states({}, THEN, NOW) == Counts(0, {}, 0)


def test_who_was_never_heard_of_is_called_first_then_by_need_and_silence() -> None:
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
    calls = [
        Called("silent", True, None, "Khe Tiền"),
        Called("silent", True, early, "An"),
        Called("silent", True, late, "An"),
        Called("returned", True, late, "Bản Lạn"),
        Called("alive", True, early, "Co Liễng"),
        Called("partly", True, early, "Đồng Cầm"),
        Called("silent", False, None, "An"),
        Called("partly", False, None, "An"),
    ]
    backwards = list(reversed(calls))
    assert sorted(backwards, key=call_order) == calls
