"""Whose inbox holds what: of each office what lies in its areas and no more, whichever way a database is asked."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text

from forms.convert import convert
from server.domain.roles import Reach, Scope
from server.storage.areas import AreaRow
from server.storage.database import writing
from server.storage.inbox import (
    WEIGHTS,
    InboxFilter,
    Office,
    WaitingView,
    count_inbox,
    list_inbox,
    list_these_waiting,
)
from server.storage.reach import FEW_OUTSIDE, find_above, led_by_area
from server.storage.settings import put_revision
from server.storage.submissions import Submission
from server.storage.tallies import count_again
from server.storage.waiting import WaitingRow
from tests.kit.field import COMMUNES, VILLAGES, WELL_OFF, Field

MANY = 240
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
WELL = """
| survey |
|        | type | name | label |
|        | text | ten  | Tên giếng |
| settings |
|        | form_id | form_title | version |
|        | well    | Giếng      | 1       |
"""


@dataclass(frozen=True)
class Waits:
    """A row as it was written."""

    submission_id: int
    form_id: int
    reached: int
    above: frozenset[str]


def fill(field: Field) -> list[Waits]:
    """Sheets of two forms that wait for three offices in every village, in a commune and nowhere; the country is so
    big that nobody with areas of their own sees nearly all of it."""
    one = field.phone("Thôn Ngàn Chi").sends(WELL_OFF).submission_id or 0
    well = field.publishes(convert(WELL.encode(), "md").xml)
    forms = (field.forms["village_criteria"], field.forms[well.form_id])
    places = [*(area.uuid for area in VILLAGES.values()), COMMUNES["qn"].uuid, None]
    draw, on = random.Random(135), field.now.date()
    made: list[tuple[int, int, int, str | None]] = []
    with writing(field.session) as connection:
        elsewhere = [{"id": str(uuid.uuid4()), "synthetic": True, "created_at": SINCE} for _ in range(FEW_OUTSIDE + 1)]
        connection.execute(insert(AreaRow), elsewhere)
        sheet, row = Submission.__table__, WaitingRow.__table__
        given = connection.execute(select(sheet).where(sheet.c.id == one)).mappings().one()
        waits = connection.execute(select(row).where(row.c.submission_id == one)).mappings().one()
        connection.execute(delete(WaitingRow))
        for number in range(MANY):
            form_id, area_id, reached = draw.choice(forms), places[number % len(places)], draw.randrange(3)
            where: dict[str, Any] = {"form_id": form_id, "area_id": area_id}
            copy = {name: value for name, value in given.items() if name != "id"} | where
            copy |= {"instance_id": f"uuid:{uuid.uuid4()}"}
            new = connection.execute(insert(Submission).values(copy).returning(Submission.id)).scalar_one()
            own: dict[str, Any] = {"submission_id": new, "reached": reached, "weight": draw.choice(WEIGHTS)}
            own |= {"since": SINCE + timedelta(minutes=number * 7 % 40)}
            connection.execute(insert(WaitingRow).values({**waits, **where, **own}))
            made.append((new, form_id, reached, area_id))
        count_again(connection)
        put_revision(connection)
        field.session.commit()
    above = {place: frozenset(find_above(field.session, place, on)) for place in places if place}
    return [Waits(*each[:3], above.get(each[3] or "", frozenset())) for each in made]


def offices(field: Field, on: date) -> Iterator[tuple[Office, ...]]:
    """Who has one office, several in the same areas, several in different ones, and another one for one form."""
    first, second, *_ = (frozenset({area.uuid}) for area in VILLAGES.values())
    commune, whole = frozenset({COMMUNES["qn"].uuid}), Scope(True, frozenset(), on)
    here, there, around = Scope(False, first, on), Scope(False, second, on), Scope(False, commune, on)
    well = Scope(False, first, on, ((field.forms["well"], Reach(False, second)),))
    every = Scope(False, frozenset(), on, ((field.forms["well"], Reach(True, frozenset())),))
    yield (Office((0,), here),)
    yield (Office((0, 1), around),)
    yield (Office((0,), here), Office((1, 2), here))
    yield (Office((0,), here), Office((1,), there))
    yield (Office((0,), here), Office((1, 2), around))
    yield (Office((0,), here), Office((1,), whole))
    yield (Office((0, 2), well),)
    yield (Office((0,), every), Office((2,), there))
    yield (Office((0, 1, 2), whole),)


def lies_in_sight(row: Waits, wanted: InboxFilter) -> bool:
    """Whether a row is in an inbox, told without a database."""
    if wanted.below is not None and not row.above & wanted.below[0]:
        return False
    seen = [office.scope.of_form(row.form_id) for office in wanted.offices if row.reached in office.reached]
    return any(each.everywhere or row.above & each.areas for each in seen)


@pytest.mark.parametrize("few", [5_000, 20, 1])
def test_of_each_office_what_lies_in_its_areas_and_no_more(
    field: Field, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("server.storage.inbox.FEW", few)
    rows, on = fill(field), field.now.date()
    rounds = tuple(field.session.execute(select(WaitingRow.round_id).distinct()).scalars())
    village, commune = next(iter(VILLAGES.values())).uuid, COMMUNES["qn"].uuid
    narrowed = (None, (frozenset({village}), on), (frozenset({commune, village}), on), (frozenset({""}), on))
    found_of = []
    for own, below in product(offices(field, on), narrowed):
        wanted = InboxFilter(1, own, tuple(field.forms.values()), rounds, below=below)
        fitting = {row.submission_id for row in rows if lies_in_sight(row, wanted)}
        every = list_inbox(field.session, wanted, None, MANY * 2)
        assert [each.submission_id for each in every] == [each.submission_id for each in sorted(every, key=_order)]
        assert {each.submission_id for each in every} == fitting
        assert len(every) == len(fitting)
        assert sum(group.number for group in count_inbox(field.session, wanted)) == len(fitting)
        told = list_these_waiting(field.session, wanted, [row.submission_id for row in rows])
        assert {each.submission_id for each in told} == fitting
        found_of.append(len(fitting))
    # nobody's inbox is everybody's, and there is something to tell apart
    assert max(found_of) == MANY
    assert len({number for number in found_of if number}) > 8


def _order(each: WaitingView) -> tuple[int, datetime, int]:
    return -each.weight, each.since, each.submission_id


def test_few_areas_lead_to_what_waits_in_them_by_their_index(field: Field) -> None:
    fill(field)
    led = led_by_area(WaitingRow.area_id, {COMMUNES["qn"].uuid}, field.now.date())
    query = select(WaitingRow.submission_id).where(WaitingRow.project_id + 0 == 1, led, WaitingRow.reached.in_([0, 1]))
    engine = field.session.get_bind()
    sql = query.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True})
    if engine.dialect.name == "sqlite":
        plan = [row[3] for row in field.session.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
    else:
        field.session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = [row[0] for row in field.session.execute(text(f"EXPLAIN {sql}"))]
        # the areas are told once, before a row is read; no row is held against them after
        assert any("InitPlan" in line for line in plan), plan
        assert not any("Join" in line for line in plan), plan
    assert any("ix_waiting_submissions_area" in line for line in plan), plan
