"""The moves of a dossier as a table: every state is reached, every move leads on, an ended office leaves its step."""

from datetime import date

import pytest

from server.domain.dossiers import (
    MOVES,
    NAMES,
    STATES,
    VERBS,
    Lack,
    Past,
    Standing,
    after,
    find_move,
    list_moves,
    require_appraised,
    require_complete,
    standing_on,
)
from server.domain.errors import Conflict, Missing
from server.domain.told import Told

DISTRICTS, NONE = date(2025, 6, 30), date(2025, 7, 1)


def steps(day: date) -> dict[Standing, set[str]]:
    """Every standing that is reached from the beginning on a day, with the moves that can be made there."""
    found: dict[Standing, set[str]] = {}
    waiting: list[tuple[Standing, Past | None]] = [(Standing(), None)]
    seen = set()
    while waiting:
        here, last = waiting.pop()
        key = (here, last.name if last else None, last.before if last else None)
        if key in seen:
            continue
        seen.add(key)
        for name in NAMES:
            row = find_move(name, here, last)
            if row is None:
                continue
            found.setdefault(here, set()).add(name)
            then = after(row, here, last, day)
            waiting.append((then, None if name.startswith(("undo", "take_back")) else Past(name, here, then, 1, "a")))
    return found


def test_every_state_is_reached_and_none_is_a_dead_end() -> None:
    for day, levels in ((DISTRICTS, {"commune", "district", "province"}), (NONE, {"commune", "province"})):
        found = steps(day)
        assert {each.state for each in found} == set(STATES)
        assert {each.level for each in found} == levels
        assert all(found.values())
    assert {move.name for move in MOVES} == set().union(*steps(DISTRICTS).values())


def test_what_an_ended_office_held_is_decided_above() -> None:
    assert standing_on(Standing("sent", "district"), DISTRICTS) == Standing("sent", "district")
    for state in ("sent", "taken"):
        assert standing_on(Standing(state, "district"), NONE) == Standing("sent", "province")
    assert standing_on(Standing("returned", "commune"), NONE) == Standing("returned", "commune")
    send = find_move("send", Standing(), None)
    assert send is not None
    assert after(send, Standing(), None, DISTRICTS).level == "district"
    assert after(send, Standing(), None, NONE).level == "province"
    assert find_move("send_on", Standing("taken", "province"), None) is None


def test_buttons_follow_the_level_and_nobody_decides_on_an_own_sending() -> None:
    sent = Standing("sent", "province")
    last = Past("send", Standing(), sent, 1, "a")
    assert list_moves(sent, last, {VERBS["province"]}, (2, False), False) == ("take", "give_back")
    assert list_moves(sent, last, {VERBS["province"]}, (1, True), False) == ()
    assert list_moves(sent, last, {VERBS["commune"]}, (1, True), False) == ("take_back",)
    assert list_moves(sent, last, {VERBS["commune"]}, (1, True), True) == ()


def test_what_is_missing_stops_all_but_the_province_with_a_reason() -> None:
    lacks = [Lack("not_sent", "Thôn A")]
    named = (Told("desk.dossierlack.not_sent", "Thôn A"),)
    assert not require_complete([], set(), None, ())
    with pytest.raises(Conflict):
        require_complete(lacks, {VERBS["district"]}, "vì sao", named)
    with pytest.raises(Missing):
        require_complete(lacks, {VERBS["province"]}, "", named)
    assert require_complete(lacks, {VERBS["province"]}, "vì sao", named)
    for results in ({"A": None}, {"A": "supplement", "B": "passed"}):
        with pytest.raises(Conflict):
            require_appraised(results)
    require_appraised({"A": "failed", "B": "passed"})
