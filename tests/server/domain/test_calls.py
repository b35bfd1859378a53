"""What may be written down of a call, and whose turn follows from it, as tables."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from server.domain.calls import LONGEST_TEXT, OUTCOMES, TURNS, Call, NewCall, bar_taking_back, turn_of, weigh_call
from server.domain.coverage import NEED, Called, call_order
from server.domain.errors import DomainError

TODAY = date(2026, 11, 28)
MIDNIGHT = datetime(2026, 11, 28, tzinfo=timezone(timedelta(hours=7)))
YESTERDAY = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)


def call(outcome: str, sends_on: date | None = None, at: datetime = YESTERDAY, number: int = 1) -> Call:
    """A call of one and the same person."""
    return Call(number, "v", 7, "Bà Lan", outcome, sends_on, None, at)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (NewCall("will_send", TODAY), NewCall("will_send", TODAY)),
        (NewCall("will_send", TODAY + timedelta(days=366)), NewCall("will_send", TODAY + timedelta(days=366))),
        (NewCall("needs_help", None, "  Máy  hỏng\x00\n loa "), NewCall("needs_help", None, "Máy hỏng loa")),
        (NewCall("no_answer", None, "  "), NewCall("no_answer")),
        *((NewCall(outcome), NewCall(outcome)) for outcome in OUTCOMES if outcome not in ("will_send", "needs_help")),
    ],
)
def test_what_came_of_a_call_is_written_in_one_line(said: NewCall, written: NewCall) -> None:
    assert weigh_call(said, TODAY) == written


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (NewCall("hen"), "call.outcome"),
        (NewCall("will_send"), "call.day_missing"),
        (NewCall("no_answer", TODAY), "call.day_alone"),
        (NewCall("needs_help", TODAY, "máy hỏng"), "call.day_alone"),
        (NewCall("needs_help", None, " \n"), "call.text_missing"),
        (NewCall("wrong_number", None, "của ông A"), "call.text_alone"),
        (NewCall("needs_help", None, "a" * (LONGEST_TEXT + 1)), "request.too_long"),
        (NewCall("will_send", TODAY - timedelta(days=1)), "call.day"),
        (NewCall("will_send", TODAY + timedelta(days=367)), "call.day"),
    ],
)
def test_what_cannot_be_meant_is_refused(said: NewCall, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        weigh_call(said, TODAY)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("last", "state", "came_at", "turn"),
    [
        (None, "silent", None, "open"),
        (call("will_send", TODAY), "silent", None, "waits"),
        (call("will_send", TODAY - timedelta(days=1)), "alive", None, "broken"),
        (call("sent_otherwise"), "silent", None, "waits"),
        (call("no_answer"), "silent", None, "open"),
        # 23:59 and 00:00 in Vietnam
        (call("no_answer", at=datetime(2026, 11, 27, 16, 59, tzinfo=UTC)), "silent", None, "open"),
        (call("no_answer", at=datetime(2026, 11, 27, 17, 0, tzinfo=UTC)), "silent", None, "tried"),
        (call("needs_help", at=MIDNIGHT), "returned", YESTERDAY - timedelta(days=3), "tried"),
        # a sheet came since: the promise was kept, and what is still owed is another matter
        (call("will_send", TODAY - timedelta(days=1)), "partly", YESTERDAY + timedelta(hours=1), "open"),
        (call("will_send", TODAY + timedelta(days=2)), "returned", YESTERDAY, "open"),
        (call("will_send", TODAY - timedelta(days=1)), "partly", YESTERDAY - timedelta(days=1), "broken"),
        (call("will_send", TODAY - timedelta(days=1)), "review_commune", None, "done"),
        (None, "approved", None, "done"),
    ],
)
def test_whose_turn_it_is(last: Call | None, state: str, came_at: datetime | None, turn: str) -> None:
    assert turn_of(last, state, came_at, MIDNIGHT) == turn


def test_a_broken_promise_comes_first_and_one_whose_day_has_not_come_last() -> None:
    def owing(turn: str, name: str, promised: date | None = None, state: str = "silent") -> Called:
        return Called(state, True, None, name, TURNS.index(turn), promised)

    order = [
        owing("broken", "Co Liễng", TODAY - timedelta(days=9), "partly"),
        owing("broken", "An", TODAY - timedelta(days=1)),
        owing("open", "An"),
        owing("open", "An", state="returned"),
        owing("tried", "An"),
        owing("waits", "Nói đã gửi"),
        owing("waits", "Z", TODAY),
        owing("waits", "An", TODAY + timedelta(days=1)),
        owing("done", "An", state="approved"),
    ]
    backwards = list(reversed(order))
    assert sorted(backwards, key=call_order) == order
    assert set(TURNS) == {TURNS[each.turn] for each in order}
    assert NEED[0] == "silent"


def test_only_ones_own_last_call_is_taken_back_and_only_for_ten_minutes() -> None:
    own = call("no_answer")
    soon, late = YESTERDAY + timedelta(minutes=10), YESTERDAY + timedelta(minutes=10, seconds=1)
    assert bar_taking_back(own, 1, 7, soon) is None
    for newest, actor, now, code in (
        (1, 8, soon, "call.not_own"),
        (2, 7, soon, "call.not_last"),
        (1, 7, late, "call.too_late"),
    ):
        barred = bar_taking_back(own, newest, actor, now)
        assert barred is not None
        assert barred.code == code
