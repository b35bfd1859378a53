"""The order of an inbox, walked from either end: before each place lies the one after which it comes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from server.domain.inbox import Place
from server.domain.roles import ALL, Scope
from server.domain.rounds import Round
from server.services.rounds import open_round
from server.storage.areas import find_root
from server.storage.database import writing
from server.storage.inbox import WEIGHTS, InboxFilter, Office, WaitingView, find_before, list_inbox
from server.storage.submissions import Submission
from server.storage.waiting import WaitingRow
from tests.kit.field import WELL_OFF, Field

MANY = 260
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
YEAR_END = Round("2019-12", "Cuối năm", "Year's end", date(2019, 12, 31), date(2019, 12, 1), date(2027, 1, 31))


def fill(field: Field) -> InboxFilter:
    """Many sheets that wait, of every weight, of two rounds and of none; the filter that asks for them all."""
    one = field.phone("Thôn Ngàn Chi").sends(WELL_OFF).submission_id or 0
    first = field.session.execute(select(Submission.round_id).where(Submission.id == one)).scalar_one()
    rounds = (open_round(field.session, 1, YEAR_END, field.now), first, None)
    with writing(field.session) as connection:
        sheet, row = Submission.__table__, WaitingRow.__table__
        given = connection.execute(select(sheet).where(sheet.c.id == one)).mappings().one()
        waits = connection.execute(select(row).where(row.c.submission_id == one)).mappings().one()
        for number in range(MANY):
            copy = {name: value for name, value in given.items() if name != "id"} | {
                "instance_id": f"uuid:{uuid.uuid4()}"
            }
            made = connection.execute(insert(Submission).values(copy).returning(Submission.id)).scalar_one()
            # several begin to wait at one and the same moment
            since = SINCE + timedelta(minutes=number * 7 % 40)
            where = {"weight": WEIGHTS[number % 3], "round_id": rounds[number % 7 % 3], "since": since}
            connection.execute(insert(WaitingRow).values({**waits, "submission_id": made, **where}))
        field.session.commit()
    forms = (field.forms["village_criteria"],)
    return InboxFilter(1, (Office((0,), ALL),), forms, rounds)


@pytest.mark.parametrize("sees", ["everything", "little"])
def test_before_each_place_lies_the_one_after_which_it_comes(field: Field, sees: str) -> None:
    wanted = fill(field)
    if sees == "little":
        root = find_root(field.session, 1)
        assert root is not None
        wanted = replace(wanted, offices=(Office((0,), Scope(False, frozenset({root}), field.now.date())),))
    every = list_inbox(field.session, wanted, None, MANY * 2)
    assert len(every) == MANY + 1
    assert _walked(field.session, wanted, every[-1]) == [each.submission_id for each in reversed(every[:-1])]
    # a round that is asked for no more: what is of it lies behind all of its weight
    place = Place(WEIGHTS[0], 983, SINCE, 1)
    last = [each for each in every if each.weight == WEIGHTS[0]][-1]
    before = find_before(field.session, wanted, place)
    assert before is not None
    assert before.submission_id == last.submission_id


def test_it_is_narrowed_as_the_inbox_is(field: Field) -> None:
    wanted = fill(field)
    for narrowed in (
        replace(wanted, weights=(WEIGHTS[1],)),
        replace(wanted, round_ids=wanted.round_ids[1:]),
        replace(wanted, state="received", returned=False),
    ):
        every = list_inbox(field.session, narrowed, None, MANY * 2)
        assert 80 < len(every) <= MANY + 1
        for at in (1, len(every) // 2, len(every) - 1):
            found = find_before(field.session, narrowed, every[at].place)
            assert found is not None
            assert found.submission_id == every[at - 1].submission_id
        assert find_before(field.session, narrowed, every[0].place) is None


def test_however_far_down_one_statement_of_one_row_is_enough(field: Field) -> None:
    wanted = fill(field)
    every = list_inbox(field.session, wanted, None, MANY * 2)
    with_ten, far = every[10], every[-2]
    counts = []
    for each in (with_ten, far):
        heard: list[str] = []
        engine = field.session.get_bind()
        listen = lambda *told, heard=heard: heard.append(told[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", listen)
        assert find_before(field.session, wanted, each.place) is not None
        event.remove(engine, "before_cursor_execute", listen)
        assert all("LIMIT" in said for said in heard if "waiting_submissions" in said)
        counts.append(len([said for said in heard if "waiting_submissions" in said]))
    assert counts == [1, 1]


def _walked(session: Session, wanted: InboxFilter, last: WaitingView) -> list[int]:
    """The numbers of all that lies before a place, the nearest first."""

    def go() -> Iterator[int]:
        place = last.place
        while (found := find_before(session, wanted, place)) is not None:
            yield found.submission_id
            place = found.place

    return list(go())
