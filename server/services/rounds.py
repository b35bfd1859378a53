"""Opens a review round of a project, and changes what it asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Exists, Invalid, NotFound
from server.domain.rounds import Round, faults_of
from server.services.authenticate import Caller, system_caller
from server.services.campaign import touch
from server.services.rejudge import ask_to_rejudge_round
from server.services.round_law import both_kinds
from server.services.rule_book import rule_book
from server.storage.areas import find_area
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.forms import find_form
from server.storage.quality import mark_sheets_of
from server.storage.rollups import mark_round
from server.storage.rounds import RoundView, add_round, change_round, find_round, find_round_id, hold_round
from server.storage.verdicts import drop_verdicts

CREATE, UPDATE = "round.create", "round.update"
LONGEST_DECISION = 500


def open_round(session: Session, project_id: int, opened: Round, now: datetime) -> int:
    """Writes a round in the name of the server, unless the project has one of that slug; returns its id."""
    server = system_caller(session, now)
    session.rollback()
    with writing(session) as connection:
        known = find_round_id(connection, project_id, opened.slug)
        if known is not None:
            return known
        made = _write(connection, server, (project_id, opened), now)
        session.commit()
    return made


def create_round(session: Session, caller: Caller, project_id: int, opened: Round, now: datetime) -> RoundView:
    """The same in the name of a person. Raises Forbidden, Invalid (what is wrong with it), Exists."""
    caller.require_everywhere(CREATE, project_id)
    require_sound(session, project_id, opened)
    session.rollback()
    with writing(session) as connection:
        if find_round_id(connection, project_id, opened.slug) is not None:
            raise Exists("request.exists", fields=["slug"], values=[opened.slug])
        try:
            made = _write(connection, caller, (project_id, opened), now)
        except IntegrityError as error:
            # somebody else opened it in this very moment
            raise Exists("request.exists", fields=["slug"], values=[opened.slug]) from error
        session.commit()
    return _found(session, made)


def _write(connection: Connection, caller: Caller, what: tuple[int, Round], now: datetime) -> int:
    project_id, opened = what
    made = add_round(connection, project_id=project_id, slug=opened.slug, created_at=now, **_columns(opened))
    touch(connection)
    told = {"slug": opened.slug, "cutoff": opened.cutoff.isoformat()}
    write_audit(connection, caller.entry("round.create", f"round:{made}", now, Where(project_id), **told))
    return made


def update_round(session: Session, caller: Caller, before: RoundView, asked: Round, now: datetime) -> RoundView:
    """Changes what a round says; its slug stays, sheets name it. All that was sent is judged again where that changes
    how, in the background. Raises Forbidden, Invalid, Conflict (it is locked), NotFound."""
    caller.require_everywhere(UPDATE, before.project_id)
    if asked.slug != before.slug:
        raise Invalid("round.slug_stays", slug=before.slug)
    require_sound(session, before.project_id, asked)
    session.rollback()
    with writing(session) as connection:
        hold_round(connection, before.id)
        fresh = find_round(connection, before.id)
        if fresh is None:
            raise NotFound("http.not_found")
        if fresh.is_locked:
            raise Conflict("round.locked", slug=fresh.slug)
        columns = _columns(asked)
        changed = {name: value for name, value in columns.items() if value != _columns(as_round(fresh))[name]}
        if changed:
            change_round(connection, fresh.id, updated_at=now, **changed)
            touch(connection)
            _judge_anew(connection, fresh.id, changed, now)
            told = {"slug": fresh.slug, "changed": {name: _told(value) for name, value in changed.items()}}
            place = Where(fresh.project_id)
            write_audit(connection, caller.entry("round.update", f"round:{fresh.id}", now, place, **told))
        session.commit()
    return _found(session, before.id)


def _judge_anew(connection: Connection, round_id: int, changed: Mapping[str, Any], now: datetime) -> None:
    if "cutoff" in changed:
        mark_sheets_of(connection, round_id)
    if not changed.keys() & {"cutoff", "rule_sets", "readings"}:
        return
    fresh = find_round(connection, round_id)
    assert fresh is not None
    drop_verdicts(connection, round_id, {one.id for one in both_kinds(rule_book(connection), fresh)})
    ask_to_rejudge_round(connection, round_id, now)
    mark_round(connection, round_id)


def require_sound(session: Session, project_id: int, asked: Round) -> None:
    """Raises Invalid with the first thing that is wrong: what faults_of names, a rule set that is not in force on its
    day, a reading that the rule set does not offer or without the decision that chose it, an area or form that is not
    here."""
    for code in faults_of(asked):
        raise Invalid(code)
    book = rule_book(session)
    in_force = {one.id: one for one in book.on_any(asked.cutoff)}
    for name in asked.rule_sets or ():
        if name not in in_force:
            raise Invalid("round.rule_set_not_in_force", rule_set=name, day=asked.cutoff.isoformat())
    for name, chosen in asked.readings.items():
        for switch, said in chosen.items():
            known = in_force[name].switches.get(switch) if name in in_force else None
            if known is None or said.get("option") not in known.options:
                raise Invalid("round.no_such_reading", rule_set=name, switch=switch)
            if not 0 < len(said.get("decision", "").strip()) <= LONGEST_DECISION:
                raise Invalid("round.reading_without_decision", rule_set=name, switch=switch)
    own_ids(session, asked.areas or (), asked.cutoff)
    for form in asked.forms or ():
        if find_form(session, project_id, form) is None:
            raise Invalid("round.no_such_form", form=form)


def own_ids(session: Session, keys: Iterable[str], on: date) -> tuple[str, ...]:
    """The own ids of areas that are named by codes as of a day, or by own ids; each once. Raises Invalid."""
    found = []
    for key in keys:
        area = find_area(session, key, on)
        if area is None:
            raise Invalid("round.no_such_area", area=key, day=on.isoformat())
        found.append(area.id)
    return tuple(dict.fromkeys(found))


def _columns(asked: Round) -> dict[str, Any]:
    listed = {"forms": asked.forms, "rule_sets": asked.rule_sets, "areas": asked.areas}
    return {
        "name_vi": asked.name_vi.strip(),
        "name_en": asked.name_en.strip(),
        "cutoff": asked.cutoff,
        "starts_on": asked.starts_on,
        "ends_on": asked.ends_on,
        "programme": asked.programme,
        "purpose": asked.purpose,
        "readings": {name: {key: dict(said) for key, said in each.items()} for name, each in asked.readings.items()}
        or None,
        **{name: None if some is None else list(some) for name, some in listed.items()},
    }


def as_round(view: RoundView) -> Round:
    """What a round says, to be changed."""
    return Round(
        view.slug,
        view.name_vi,
        view.name_en,
        view.cutoff,
        view.starts_on,
        view.ends_on,
        view.programme,
        view.purpose,
        view.forms,
        view.rule_sets,
        view.areas,
        view.readings,
    )


def _told(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _found(session: Session, round_id: int) -> RoundView:
    found = find_round(session, round_id)
    assert found is not None
    return found
