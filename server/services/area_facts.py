"""Facts of areas that decisions established, from a file: nothing is overwritten. A later decision ends what held
before; a correction of the same time leaves the earlier row, ended on the day it began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.area_plan import Effect, Known, Planner
from server.domain.area_records import Clash, FactRecord, RowProblem
from server.domain.area_times import LAST
from server.services.campaign import touch
from server.services.record import write_of_areas, write_own
from server.services.rejudge import unsettle
from server.storage.area_book import KeptFact, end_facts, read_changes, read_facts_of, read_times
from server.storage.areas import add_facts
from server.storage.database import writing


@dataclass
class FactPlan:
    """What would be written of facts: rows to add, and by the id of a row the day on which it ends."""

    rows: list[dict[str, object]] = field(default_factory=list)
    ends: dict[int, date] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether nothing may be loaded."""
        return bool(self.problems)

    def count(self) -> dict[str, int]:
        """How many rows are new, changed (they end another), unchanged."""
        found: dict[str, int] = defaultdict(int)
        for effect in self.effects:
            found[effect.what] += 1
        return dict(found)


def import_facts(
    session: Session, records: Sequence[FactRecord], on: date, now: datetime, *, dry: bool = False
) -> FactPlan:
    """Loads facts in one transaction, or nothing when one row cannot be. Codes are read as of the day from which a fact
    holds, else as of `on`."""
    if dry:
        return _plan(session, records, on)
    with writing(session) as connection:
        plan = _plan(connection, records, on)
        if not plan.refused:
            write_plan(connection, plan, now)
            if plan.rows:
                write_own(connection, "area.fact.import", now, **plan.count())
        session.commit()
    return plan


def plan_facts(connection: Connection, records: Sequence[FactRecord], on: date) -> FactPlan:
    """What would be written, within a transaction of somebody who then writes it."""
    return _plan(connection, records, on)


def write_plan(connection: Connection, plan: FactPlan, now: datetime) -> None:
    """Writes what a plan says, which must not be refused, and asks for what rests on it to be worked out again."""
    end_facts(connection, plan.ends)
    add_facts(connection, plan.rows)
    if plan.rows:
        touch(connection)
        unsettle(connection, now)
    lines = ((str(row["area_id"]), {"name": row["name"], "value": row["value"]}) for row in plan.rows)
    write_of_areas(connection, "area.fact.create", now, lines)


def _plan(session: Session | Connection, records: Sequence[FactRecord], on: date) -> FactPlan:
    planner = Planner(Known(read_times(session), read_changes(session), str), on)
    plan, kept = FactPlan(), defaultdict[tuple[str, str], list[KeptFact]](list)
    for fact in read_facts_of(session, {record.name for record in records}):
        kept[fact.area_id, fact.name].append(fact)
    for record in sorted(records, key=lambda each: each.valid_from or each.decision_date or on):
        begin = record.valid_from or record.decision_date
        try:
            if begin is None:
                raise Clash("area.fact_undated")
            if record.valid_to is not None and record.valid_to <= begin:
                raise Clash("area.period", since=begin, until=record.valid_to)
            area = planner.find(record.area, begin)
            if area.end <= begin:
                raise Clash("area.ended_already", day=area.end)
        except Clash as clash:
            told = {"row": record.row, "name": record.area, "successors": "–", **clash.params}
            plan.problems.append(RowProblem(record.row, clash.code, told))
            continue
        _put(plan, kept[area.id, record.name], record, (area.id, begin, area.last.name))
    return plan


def _put(plan: FactPlan, kept: list[KeptFact], record: FactRecord, where: tuple[str, date, str]) -> None:
    area_id, begin, name = where
    decision = (record.decision_number, record.decision_date, record.authority)
    made = KeptFact(0, area_id, record.name, record.value, *decision, begin, record.valid_to)
    if any(made.says_the_same_as(each) for each in kept):
        plan.effects.append(Effect(record.row, "unchanged", record.area, f"{name}: {record.name}"))
        return
    earlier = [
        each
        for each in kept
        if (each.valid_to or LAST) > begin and (each.valid_from or date.min) < (record.valid_to or LAST)
    ]
    for each in earlier:
        if each.id:
            plan.ends[each.id] = max(begin, each.valid_from or date.min)
        kept.remove(each)
    kept.append(made)
    plan.rows.append(
        {
            "area_id": area_id,
            "name": record.name,
            "value": {"value": record.value},
            "decision_number": record.decision_number,
            "decision_date": record.decision_date,
            "authority": record.authority,
            "valid_from": begin,
            "valid_to": record.valid_to,
            "status": record.status,
            "synthetic": record.status == "synthetic",
            "source": record.source,
        }
    )
    plan.effects.append(Effect(record.row, "changed" if earlier else "new", record.area, f"{name}: {record.name}"))
