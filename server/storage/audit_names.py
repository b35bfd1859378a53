"""What the things are called that lines of the audit speak of: one select for each kind on a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Select, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.actors import Actor
from server.storage.areas import AreaVersionRow
from server.storage.forms import Form
from server.storage.projects import Project
from server.storage.rounds import RoundRow

LONGEST_NUMBER = 9


def name_things(session: Session | Connection, acted_on: Iterable[str | None]) -> dict[str, str]:
    """The names of things such as "actor:5", "form:3", by just this; of those that have one and are known still."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for each in acted_on:
        kind, _, number = (each or "").partition(":")
        if number.isdecimal() and len(number) <= LONGEST_NUMBER:
            wanted[kind].add(int(number))
    queries: dict[str, Select[int, str]] = {
        "actor": select(Actor.id, Actor.display_name).where(Actor.id.in_(wanted["actor"])),
        "form": select(Form.id, Form.xml_form_id).where(Form.id.in_(wanted["form"])),
        "project": select(Project.id, Project.name).where(Project.id.in_(wanted["project"])),
        "round": select(RoundRow.id, RoundRow.slug).where(RoundRow.id.in_(wanted["round"])),
    }
    return {
        f"{kind}:{number}": name
        for kind, query in queries.items()
        if wanted[kind]
        for number, name in session.execute(query)
    }


def name_areas(session: Session | Connection, area_ids: Iterable[str | None]) -> dict[str, str]:
    """The last known names of areas, by id."""
    wanted = {each for each in area_ids if each is not None}
    if not wanted:
        return {}
    query = select(AreaVersionRow.area_id, AreaVersionRow.name).where(AreaVersionRow.area_id.in_(wanted))
    ordered = query.order_by(AreaVersionRow.valid_from.asc().nulls_first(), AreaVersionRow.id)
    return {row.area_id: row.name for row in session.execute(ordered)}


def find_area_by_code(session: Session | Connection, code: str) -> str | None:
    """The area that has this official code, or had it last."""
    query = select(AreaVersionRow.area_id).where(AreaVersionRow.code == code)
    found = query.order_by(AreaVersionRow.valid_to.is_not(None), AreaVersionRow.valid_from.desc().nulls_last()).limit(1)
    return session.execute(found).scalar_one_or_none()
