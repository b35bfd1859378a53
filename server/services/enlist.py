"""Takes the programme register in: a table of units, all of it or nothing, or one unit at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.domain.area_plan import Known, Planner
from server.domain.area_records import Clash, RowProblem
from server.domain.area_times import Times
from server.domain.areas import COMMUNE_KINDS, AreaChange
from server.domain.errors import Exists, Invalid, NotFound
from server.domain.programme import COMMUNE, MERGED, VILLAGE, Parent, heirs_of, list_memberships
from server.domain.programme_rows import (
    COLUMNS,
    Decision,
    Entry,
    Exit,
    ExitPlan,
    UnitRecord,
    header_problems,
    read_units,
)
from server.services.area_tables import read_table
from server.services.authenticate import Caller
from server.storage.area_book import read_changes, read_times
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.programmes import (
    PlanView,
    ProgrammeView,
    UnitView,
    add_plan,
    add_programme,
    add_unit,
    change_unit,
    hold_programme,
    list_programmes,
    list_units,
    remove_plan,
    remove_unit,
)

CREATE, UPDATE = "round.create", "round.update"
LONGEST_FILE = 8_000_000
"""Bytes of a table of units."""
VILLAGE_KINDS = ("village",)
_EXAMPLES = (
    {"area": "06979", "basis": "kv_iii", "entered_on": "2017-04-28", "entry_number": "Số quyết định"}
    | {"entry_date": "2017-04-28", "entry_authority": "Thủ tướng Chính phủ", "plan_year": "2019"}
    | {"status": "verified", "source": "Văn bản đã đọc; hãy xóa dòng mẫu này"},
    {"area": "06979", "exit": "recognised", "exited_on": "2018-12-31", "exit_number": "Số quyết định"}
    | {"exit_authority": "UBND tỉnh", "status": "verified", "source": "Văn bản đã đọc; hãy xóa dòng mẫu này"},
)


@dataclass(frozen=True)
class NewProgramme:
    """A programme as somebody asks for it; `valid_to` is the last day."""

    slug: str
    name_vi: str
    name_en: str
    law: str
    valid_from: date
    valid_to: date | None
    status: str
    source: str


@dataclass
class UnitWrite:
    """What becomes of one area of the register. `before` None: it is new. `values`: columns; `plans`: to be added."""

    area_id: str
    name: str
    rows: list[int]
    before: UnitView | None
    after: UnitView
    values: dict[str, Any] = field(default_factory=dict)
    plans: list[dict[str, Any]] = field(default_factory=list)

    @property
    def what(self) -> str:
        """new, changed or unchanged."""
        if self.before is None:
            return "new"
        return "changed" if self.values or self.plans else "unchanged"


@dataclass(frozen=True)
class Enlisting:
    """What loading a table does or would do; with `problems` nothing is written."""

    writes: Sequence[UnitWrite] = ()
    problems: Sequence[RowProblem] = ()

    def count(self) -> dict[str, int]:
        """How many units are new, changed, unchanged."""
        return {what: sum(each.what == what for each in self.writes) for what in ("new", "changed", "unchanged")}


def create_programme(
    session: Session, caller: Caller, project_id: int, asked: NewProgramme, now: datetime
) -> ProgrammeView:
    """Writes a programme. Raises Forbidden, Exists (there is one of that slug), Invalid (it ends before it begins, or
    lacks a name)."""
    caller.require_everywhere(CREATE, project_id)
    _require_sound(asked)
    session.rollback()
    with writing(session) as connection:
        if any(each.slug == asked.slug for each in list_programmes(connection, project_id)):
            raise Exists("request.exists", fields=["slug"], values=[asked.slug])
        try:
            made = add_programme(connection, project_id=project_id, created_at=now, **vars(asked))
        except IntegrityError as error:
            # somebody else registered it in this very moment
            raise Exists("request.exists", fields=["slug"], values=[asked.slug]) from error
        told = {"slug": asked.slug, "law": asked.law}
        write_audit(connection, caller.entry("programme.create", f"programme:{made}", now, Where(project_id), **told))
        session.commit()
    return find_programme(session, project_id, asked.slug)


def _require_sound(asked: NewProgramme) -> None:
    if not asked.slug or not asked.slug.replace("-", "").replace("_", "").isalnum() or len(asked.slug) > 64:
        raise Invalid("round.slug")
    texts = (asked.name_vi, asked.name_en, asked.law)
    if not all(0 < len(text.strip()) <= 255 for text in texts) or not asked.source.strip():
        raise Invalid("programme.names")
    if asked.valid_to is not None and asked.valid_to < asked.valid_from:
        raise Invalid("round.window")


def find_programme(session: Session | Connection, project_id: int, slug: str | None) -> ProgrammeView:
    """A programme by its slug; None: the one that began last. Raises NotFound."""
    listed = list_programmes(session, project_id)
    found = next((each for each in listed if slug is None or each.slug == slug), None)
    if found is None:
        raise NotFound("http.not_found")
    return found


def load_units(
    session: Session, caller: Caller, programme: ProgrammeView, table: tuple[bytes, str], now: datetime
) -> Enlisting:
    """Takes a table in (`table`: its bytes, and how its name ends): all of it or nothing. The same again changes
    nothing. Raises Forbidden, Unreadable."""
    records, problems = _read(caller, programme, table)
    return Enlisting(problems=problems) if problems else enlist(session, caller, programme, records, now)


def try_units(
    session: Session, caller: Caller, programme: ProgrammeView, table: tuple[bytes, str], on: date
) -> Enlisting:
    """What taking a table in would do; nothing is written."""
    records, problems = _read(caller, programme, table)
    return Enlisting(problems=problems) if problems else _plan(session, programme, records, on)


def enlist(
    session: Session, caller: Caller, programme: ProgrammeView, records: Sequence[UnitRecord], now: datetime
) -> Enlisting:
    """Writes what records say of units, all or nothing; `problems` say why nothing was. Raises Forbidden."""
    caller.require_everywhere(UPDATE, programme.project_id)
    session.rollback()
    with writing(session) as connection:
        hold_programme(connection, programme.id)
        made = _plan(connection, programme, records, caller.on)
        if not made.problems:
            for each in made.writes:
                _write(connection, caller, programme, each, now)
        session.commit()
    return made


def _read(
    caller: Caller, programme: ProgrammeView, table: tuple[bytes, str]
) -> tuple[list[UnitRecord], list[RowProblem]]:
    caller.require_everywhere(UPDATE, programme.project_id)
    content, ending = table
    if len(content) > LONGEST_FILE:
        return [], [RowProblem(0, "programme.too_large", {"most": LONGEST_FILE // 1_000_000})]
    read = read_table(content, ending)
    problems = header_problems(read.columns)
    records, wrong = ([], problems) if problems else read_units(read.rows)
    return records, wrong


@dataclass
class _Planning:
    """What is known while rows are gone through."""

    programme: ProgrammeView
    planner: Planner
    changes: list[AreaChange]
    units: dict[str, UnitView]
    writes: dict[str, UnitWrite] = field(default_factory=dict)


def _plan(
    session: Session | Connection, programme: ProgrammeView, records: Sequence[UnitRecord], on: date
) -> Enlisting:
    changes = read_changes(session)
    planner = Planner(Known(read_times(session), changes, str), on)
    work = _Planning(programme, planner, changes, list_units(session, programme.id))
    problems: list[RowProblem] = []
    for record in records:
        try:
            _put(work, record)
        except Clash as clash:
            told = {"row": record.row, "name": record.area, "successors": "–", **clash.params}
            # what the planner of areas says of a code is said here of a unit
            code = f"programme.{clash.code.partition('.')[2]}"
            problems.append(RowProblem(record.row, code, told))
    problems += [] if problems else _inside(work)
    return Enlisting(list(work.writes.values()), problems)


def _put(work: _Planning, record: UnitRecord) -> None:
    told = record.entry or record.exit
    day = told.on if told else work.programme.valid_from
    area = work.planner.find(record.area, day, also_ended=record.entry is None)
    level = _level_of(area, day)
    if record.level not in (None, level):
        raise Clash("programme.other_level", level=level, said=record.level)
    held = work.writes.get(area.id)
    before = held.before if held else work.units.get(area.id)
    if held is None:
        after = before or _empty(area.id, level, record)
        held = work.writes[area.id] = UnitWrite(area.id, area.last.name, [], before, after)
    held.rows.append(record.row)
    if record.entry is not None:
        _enter(held, record.entry, record)
    if record.plan is not None:
        _intend(held, record.plan, record)
    if record.exit is not None:
        _leave(work, held, record.exit, record)


def _level_of(area: Times, day: date) -> str:
    span = area.on(day) or area.last
    if span.kind in COMMUNE_KINDS:
        return COMMUNE
    if span.kind in VILLAGE_KINDS:
        return VILLAGE
    raise Clash("programme.no_unit", kind=span.kind, unit=span.name)


def _empty(area_id: str, level: str, record: UnitRecord) -> UnitView:
    nothing = Decision()
    return UnitView(
        *(0, area_id, level, None, None, nothing, None, None, None, nothing, None, None, ()),
        record.status,
        record.source,
    )


def _enter(held: UnitWrite, entry: Entry, record: UnitRecord) -> None:
    if (entry.basis == "dbkk_village") != (held.after.level == VILLAGE):
        raise Clash("programme.other_basis", basis=entry.basis, level=held.after.level)
    after = held.after
    if after.entered_on is not None and (after.entered_on, after.basis) != (entry.on, entry.basis):
        raise Clash("programme.entered_twice", entered=after.entered_on, again=entry.on)
    if after.exited_on is not None and after.exited_on <= entry.on:
        raise Clash("programme.exit_before_entry", entered=entry.on, exited=after.exited_on)
    made = replace(
        after,
        basis=entry.basis,
        entered_on=entry.on,
        entry=entry.decision,
        funding=entry.funding,
        status=record.status,
        source=record.source,
    )
    if made != after:
        held.after = made
        held.values |= {
            **{"basis": entry.basis, "entered_on": entry.on, "funding": entry.funding},
            **_columns("entry", entry.decision),
            **{"status": record.status, "source": record.source},
        }


def _intend(held: UnitWrite, plan: ExitPlan, record: UnitRecord) -> None:
    known = {(each.year, each.decision) for each in held.after.plans}
    if (plan.year, plan.decision) in known:
        return
    made = PlanView(0, plan.year, plan.decision, record.status, record.source)
    held.after = replace(held.after, plans=(*held.after.plans, made))
    decided = plan.decision
    held.plans.append(
        {"year": plan.year, "number": decided.number, "decided_on": decided.day, "authority": decided.authority}
        | {"status": record.status, "source": record.source}
    )


def _leave(work: _Planning, held: UnitWrite, left: Exit, record: UnitRecord) -> None:
    after = held.after
    if after.exited_on is not None and (after.exited_on, after.exit_kind) != (left.on, left.kind):
        raise Clash("programme.left_twice", exited=after.exited_on, again=left.on)
    if after.entered_on is not None and left.on <= after.entered_on:
        raise Clash("programme.exit_before_entry", entered=after.entered_on, exited=left.on)
    into = tuple(work.planner.find(ref, left.on).id for ref in left.into)
    if held.area_id in into:
        raise Clash("programme.into_itself")
    if left.kind == MERGED and not into:
        into = heirs_of(
            held.area_id, [one for one in work.changes if (one.from_area, one.date) == (held.area_id, left.on)]
        )
        if not into:
            raise Clash("programme.merged_into_whom", day=left.on)
    made = replace(
        after,
        exit_kind=left.kind,
        exited_on=left.on,
        exit=left.decision,
        exit_status=record.status,
        exit_source=record.source,
        into=into,
    )
    if made != after:
        held.after = made
        held.values |= {
            **{"exit_kind": left.kind, "exited_on": left.on, "into": list(into) or None},
            **_columns("exit", left.decision),
            **{"exit_status": record.status, "exit_source": record.source},
        }


def _columns(prefix: str, decision: Decision) -> dict[str, Any]:
    return {
        f"{prefix}_number": decision.number,
        f"{prefix}_date": decision.day,
        f"{prefix}_authority": decision.authority,
    }


def _inside(work: _Planning) -> list[RowProblem]:
    """Villages that would be listed by themselves while their commune is in, and units that leave without having been
    in: by what the whole register would say then."""
    areas = work.planner.plan.areas
    listings = [each.listing() for each in work.units.values() if each.area_id not in work.writes]
    listings += [each.after.listing() for each in work.writes.values()]
    parent = parent_by(areas)
    found = list_memberships(listings, work.changes, parent)
    known = {(each.level, each.area_id) for each in found}
    problems = []
    for each in work.writes.values():
        own, told = each.after, {"row": each.rows[0], "name": each.name}
        if own.entered_on is None:
            if (own.level, each.area_id) not in known:
                problems.append(RowProblem(each.rows[0], "programme.never_entered", told))
            continue
        above = parent(each.area_id, own.entered_on) if own.level == VILLAGE else None
        over = [one for one in found if one.level == COMMUNE and one.area_id == above and one.holds_on(own.entered_on)]
        if over and above is not None:
            more = {"commune": areas[above].last.name, "since": over[0].since}
            problems.append(RowProblem(each.rows[0], "programme.inside_commune", told | more))
    return problems


def parent_by(areas: Mapping[str, Times]) -> Parent:
    """What an area lies right below on a day, from its times."""

    def parent(area_id: str, day: date) -> str | None:
        area = areas.get(area_id)
        span = area.on(day) if area is not None else None
        return span.parent_id if span is not None else None

    return parent


def _write(connection: Connection, caller: Caller, programme: ProgrammeView, each: UnitWrite, now: datetime) -> None:
    if each.what == "unchanged":
        return
    if each.before is None:
        whole = {"status": each.after.status, "source": each.after.source} | each.values
        own = {"programme_id": programme.id, "area_id": each.area_id, "level": each.after.level, "created_at": now}
        unit_id = add_unit(connection, own | whole)
    else:
        unit_id = each.before.id
        if each.values:
            change_unit(connection, unit_id, each.values | {"updated_at": now})
    for plan in each.plans:
        add_plan(connection, plan | {"unit_id": unit_id, "created_at": now})
    place = Where(programme.project_id, each.area_id)
    told = {"programme": programme.slug, "changed": _told(each.values), "plans": [one["year"] for one in each.plans]}
    write_audit(connection, caller.entry("programme.unit.update", f"programme_unit:{unit_id}", now, place, **told))


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def take_back(
    session: Session, caller: Caller, programme: ProgrammeView, asked: tuple[str, str, str], now: datetime
) -> None:
    """Takes back what was written of an area by mistake, with the reason: its exit, its last plan, or all of it.
    `asked`: the area, one of "exit", "plan", "unit", the reason. What stood there is kept in the audit. Raises
    Forbidden, NotFound, Invalid (no reason)."""
    area_id, what, reason = asked
    caller.require_everywhere(UPDATE, programme.project_id)
    if not reason.strip():
        raise Invalid("programme.reason")
    session.rollback()
    with writing(session) as connection:
        hold_programme(connection, programme.id)
        unit = list_units(connection, programme.id).get(area_id)
        if unit is None or (what == "exit" and unit.exit_kind is None) or (what == "plan" and not unit.plans):
            raise NotFound("http.not_found")
        if what == "exit":
            nothing = dict.fromkeys(("exit_kind", "exited_on", "into", "exit_status", "exit_source"))
            change_unit(connection, unit.id, nothing | _columns("exit", Decision()) | {"updated_at": now})
        elif what == "plan":
            remove_plan(connection, unit.plans[-1].id)
        else:
            remove_unit(connection, unit.id)
        told = {"programme": programme.slug, "what": what, "reason": reason.strip(), "before": _whole(unit)}
        place = Where(programme.project_id, area_id)
        write_audit(connection, caller.entry("programme.unit.delete", f"programme_unit:{unit.id}", now, place, **told))
        session.commit()


def _whole(unit: UnitView) -> dict[str, Any]:
    return {
        **_told({"entered_on": unit.entered_on, "basis": unit.basis, "funding": unit.funding}),
        **_told({"exited_on": unit.exited_on, "exit": unit.exit_kind, "into": list(unit.into)}),
        "plans": [each.year for each in unit.plans],
        "status": unit.status,
        "source": unit.source,
    }


def units_template() -> bytes:
    """A CSV file with the columns and two rows to follow, with the mark by which Excel knows UTF-8."""
    text = io.StringIO()
    rows = [[each.get(column, "") for column in COLUMNS] for each in _EXAMPLES]
    csv.writer(text, lineterminator="\r\n").writerows([COLUMNS, *rows])
    return b"\xef\xbb\xbf" + text.getvalue().encode()
