"""Village heads by the hundred: a table of people becomes key holders with keys and grants, all of it or nothing.

The same person for the same area again changes nothing and is given back as he or she stands, so that a table may be
sent twice, or sent again with new lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from forms.errors import Problem
from server.domain.areas import match_key
from server.domain.errors import NotFound, RowsRefused, TooLarge, Unreadable
from server.domain.head_rows import MOST_BYTES, HeadRow, HeadTable, find_doubles, read_csv, read_heads
from server.domain.roles import Reach, find_role
from server.services.area_tables import read_workbook
from server.services.authenticate import Caller, digest, new_token
from server.services.head_areas import Village, Villages
from server.services.home import Home
from server.services.people import opened
from server.storage.actors import AppUserView, GrantView
from server.storage.areas import find_root
from server.storage.audits import Where, write_audits
from server.storage.database import writing
from server.storage.forms import list_forms
from server.storage.heads import (
    ROLE,
    KnownHead,
    add_grants,
    add_key_holders,
    add_tokens,
    list_candidates,
    list_known_heads,
    lock_project,
)
from server.storage.key_holders import list_app_users

CREATED, KEPT = "created", "kept"
WORKBOOK = b"PK\x03\x04"
"""How a workbook (.xlsx) begins."""


@dataclass(frozen=True)
class HeadFile:
    """A table as it was sent, CSV or a workbook (.xlsx). `form_ids`: the forms that the people may fill, by their
    own ids; none named: every form of the project, also those to come."""

    content: bytes = field(repr=False)
    form_ids: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """What a row came to: `created`, or `kept` as it stood before. `app_user` is None in a dry run, for who is new.
    `differs`: what the table says otherwise than it stands (phone, language, dates), which was left as it is."""

    row: HeadRow
    village: Village
    outcome: str
    app_user: AppUserView | None = None
    differs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heads:
    """What a table came to, in its order; `passed_over`: columns that say nothing here."""

    rows: tuple[Head, ...]
    passed_over: tuple[str, ...]

    @property
    def created(self) -> int:
        """How many are new."""
        return sum(each.outcome == CREATED for each in self.rows)

    @property
    def kept(self) -> int:
        """How many were there already."""
        return len(self.rows) - self.created


@dataclass(frozen=True, slots=True)
class _New:
    """Somebody to be written, with the key made and sealed before the transaction begins."""

    row: HeadRow
    village: Village
    token: str
    sealed: bytes


def name_heads(session: Session, home: Home, caller: Caller, where: tuple[int, HeadFile], now: datetime) -> Heads:
    """Makes the people of a table village heads of a project: (project id, table). Raises RowsRefused with every row
    that cannot be used, Unreadable and TooLarge for a table that cannot be read, NotFound for a form, Forbidden."""
    project_id, file = where
    reaches = _reaches(caller, project_id)
    forms = _forms(session, project_id, file.form_ids)
    table = read_heads(_cells(file.content), caller.on)
    placed = _placed(session, caller, project_id, table, reaches)
    if file.dry_run:
        known = _known(session, project_id)
        return Heads(tuple(_seen(row, village, known) for row, village in placed), table.passed_over)
    prepared = {row.row: _new(home, row, village) for row, village in placed}
    with writing(session) as connection:
        lock_project(connection, project_id)
        known = _known(connection, project_id)
        fresh = [prepared[row.row] for row, village in placed if (village.id, row.name_key) not in known]
        made = _write(connection, caller, (project_id, forms), fresh, now)
        there = [known[village.id, row.name_key].actor_id for row, village in placed if row.row not in made]
        holders = _holders(connection, home, project_id, there)
        session.commit()
    return Heads(
        tuple(
            Head(row, village, CREATED, made[row.row]) if row.row in made else _kept(row, village, known, holders)
            for row, village in placed
        ),
        table.passed_over,
    )


def _cells(content: bytes) -> Sequence[Sequence[str]]:
    if not content.startswith(WORKBOOK):
        return read_csv(content)
    if len(content) > MOST_BYTES:
        raise TooLarge("heads.too_large", most=MOST_BYTES // 1_000_000)
    try:
        return list(read_workbook(content))
    except Unreadable as error:
        raise Unreadable("heads.workbook") from error


def _reaches(caller: Caller, project_id: int) -> set[Reach]:
    """How far this caller may add key holders and grant all that a village head may. Raises Forbidden."""
    role = find_role(ROLE)
    verbs = {"field_key.create", "assignment.create", *(role.verbs if role else ())}
    for verb in sorted(verbs):
        caller.require(verb, project_id)
    return {caller.reach(verb, project_id) for verb in verbs}


def _forms(session: Session, project_id: int, wanted: Iterable[str]) -> tuple[int | None, ...]:
    numbers = {form.xml_form_id: form.id for form in list_forms(session, project_id)}
    for each in wanted:
        if each not in numbers:
            raise NotFound("form.unknown", form=each)
    return tuple(numbers[each] for each in dict.fromkeys(wanted)) or (None,)


def _placed(
    session: Session, caller: Caller, project_id: int, table: HeadTable, reaches: set[Reach]
) -> list[tuple[HeadRow, Village]]:
    """Each row with its village. Raises RowsRefused."""
    problems: list[Problem] = list(table.problems)
    candidates = list_candidates(session, find_root(session, project_id), reaches, caller.on)
    villages = Villages(session, candidates, caller.on)
    villages.look_above(row.area for row in table.rows)
    placed = []
    for row in table.rows:
        found = villages.find(row)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            placed.append((row, found))
    problems += find_doubles((row, village.id) for row, village in placed)
    if problems:
        problems.sort(key=lambda each: each.row or 0)
        raise RowsRefused("heads.refused", count=len(problems), problems=tuple(problems))
    return placed


def _known(session: Session | Connection, project_id: int) -> dict[tuple[str, str], KnownHead]:
    """Who is head of which area, by area and name."""
    found: dict[tuple[str, str], KnownHead] = {}
    for each in list_known_heads(session, project_id):
        found.setdefault((each.area_id, match_key(each.name)), each)
    return found


def _new(home: Home, row: HeadRow, village: Village) -> _New:
    token = new_token()
    return _New(row, village, token, home.seal(token))


def _write(
    connection: Connection,
    caller: Caller,
    where: tuple[int, tuple[int | None, ...]],
    fresh: Sequence[_New],
    now: datetime,
) -> dict[int, AppUserView]:
    """Writes who is new, by row."""
    project_id, forms = where
    if not fresh:
        return {}
    ids = add_key_holders(connection, [_actor(caller, project_id, each.row, now) for each in fresh])
    pairs = list(zip(ids, fresh, strict=True))
    tokens = [
        {
            "actor_id": actor_id,
            "kind": "field_key",
            "token_hash": digest(each.token),
            "sealed": each.sealed,
            "created_at": now,
        }
        for actor_id, each in pairs
    ]
    add_tokens(connection, tokens)
    granted = [
        (actor_id, _grant(each.row, each.village, project_id, form)) for actor_id, each in pairs for form in forms
    ]
    add_grants(connection, granted, caller.actor_id, now)
    _audit(connection, caller, (project_id, pairs, granted), now)
    return {each.row.row: _view(actor_id, project_id, each, now) for actor_id, each in pairs}


def _actor(caller: Caller, project_id: int, row: HeadRow, now: datetime) -> dict[str, Any]:
    return {
        "kind": "field_key",
        "display_name": row.name,
        "locale": row.language,
        "project_id": project_id,
        "properties": {"phone": row.phone} if row.phone else None,
        "created_at": now,
        "created_by": caller.actor_id,
    }


def _grant(row: HeadRow, village: Village, project_id: int, form_id: int | None) -> GrantView:
    scope = "project" if form_id is None else "form"
    return GrantView(ROLE, scope, project_id, form_id, village.id, row.valid_from, row.valid_to)


def _audit(
    connection: Connection,
    caller: Caller,
    rows: tuple[int, Iterable[tuple[int, _New]], Iterable[tuple[int, GrantView]]],
    now: datetime,
) -> None:
    project_id, pairs, granted = rows
    role = find_role(ROLE)
    lines = []
    for actor_id, grant in granted:
        told: dict[str, object] = {"role": ROLE, "roleId": role.id if role else None, "scope": grant.scope}
        told |= {"project": grant.project_id, "form": grant.form_id, "area": grant.area_id}
        where = Where(grant.project_id, grant.area_id)
        lines.append(caller.entry("field_key.assignment.create", f"actor:{actor_id}", now, where, **told))
    for actor_id, each in pairs:
        where = Where(project_id, each.village.id)
        lines.append(caller.entry("field_key.create", f"actor:{actor_id}", now, where, name=each.row.name))
    write_audits(connection, lines)


def _view(actor_id: int, project_id: int, new: _New, now: datetime) -> AppUserView:
    phone = new.row.phone
    return AppUserView(
        actor_id, project_id, new.row.name, now, None, new.sealed, new.token, locale=new.row.language, phone=phone
    )


def _holders(connection: Connection, home: Home, project_id: int, ids: Sequence[int]) -> dict[int, AppUserView]:
    everywhere = Reach(True, frozenset())
    return {each.id: opened(home, each) for each in list_app_users(connection, project_id, everywhere, date.min, ids)}


def _seen(row: HeadRow, village: Village, known: Mapping[tuple[str, str], KnownHead]) -> Head:
    there = known.get((village.id, row.name_key))
    return Head(row, village, CREATED) if there is None else Head(row, village, KEPT, None, _differs(row, there))


def _kept(
    row: HeadRow,
    village: Village,
    known: Mapping[tuple[str, str], KnownHead],
    holders: Mapping[int, AppUserView],
) -> Head:
    seen = _seen(row, village, known)
    return replace(seen, app_user=holders.get(known[village.id, row.name_key].actor_id))


def _differs(row: HeadRow, known: KnownHead) -> tuple[str, ...]:
    found = []
    if row.phone is not None and row.phone != known.properties.get("phone"):
        found.append("phone")
    if row.language != known.locale:
        found.append("language")
    if (row.valid_from, row.valid_to) != (known.valid_from, known.valid_to):
        found.append("dates")
    return tuple(found)
