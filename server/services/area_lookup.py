"""Looks an area up as of a day: the unit, what is above and below it, what it came from and what became of it; and
looks for areas by name, Vietnamese marks or none."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from server.domain.areas import match_key
from server.domain.errors import Invalid, NotFound
from server.domain.roles import ALL, Scope
from server.storage.area_views import (
    DecidedView,
    ShapeView,
    StepView,
    VersionView,
    count_children,
    find_seen,
    list_bearers,
    list_decided,
    list_names,
    list_seen,
    list_shapes,
    list_steps,
    list_these,
    list_versions,
)
from server.storage.areas import AreaView, find_path
from server.storage.settings import find_revision

MOST = 500
AT_ONCE = 400


@dataclass(frozen=True)
class Step:
    """A change of an area. `other`: the area on the other side as it was then; None when it is the area itself, renamed
    or moved. `came`: the other came first."""

    view: StepView
    other: VersionView | None
    came: bool


@dataclass(frozen=True)
class AreaReport:
    """An area as of a day. `now` is the version that holds then, or, when none does (`in_being` False), the nearest
    one. `above`: nearest first. `elsewhere`: other areas that bear or bore its code, at other times."""

    id: str
    on: date
    now: VersionView
    in_being: bool
    above: tuple[AreaView, ...]
    below: tuple[AreaView, ...]
    versions: tuple[VersionView, ...]
    steps: tuple[Step, ...]
    facts: tuple[DecidedView, ...]
    shapes: tuple[ShapeView, ...]
    elsewhere: tuple[VersionView, ...]


def look_up(session: Session, key: str, on: date, scope: Scope = ALL) -> AreaReport:
    """An area by own id, or by its code as of a day. Raises NotFound for what is not there, and for what lies outside
    the areas of who asks."""
    area_id = find_seen(session, scope, key, on)
    if area_id is None:
        bearers = list_bearers(session, scope, key)
        if bearers:
            told = "; ".join(f"{each.name} ({_time(each)})" for each in bearers)
            raise NotFound("area.not_then", value=key, on=on.isoformat(), times=told)
        raise NotFound("area.unknown", value=key, on=on.isoformat())
    versions = list_versions(session, {area_id})
    now = next((each for each in versions if _holds(each, on)), None)
    nearest = now or _nearest(versions, on)
    return AreaReport(
        area_id,
        on,
        nearest,
        now is not None,
        find_path(session, area_id, on)[1:] if now else (),
        tuple(list_seen(session, scope, on, area_id, (0, 10_000))),
        tuple(versions),
        tuple(_steps(session, scope, area_id)),
        tuple(list_decided(session, area_id)),
        tuple(list_shapes(session, area_id, on)),
        tuple(each for each in list_bearers(session, scope, nearest.code or "") if each.area_id != area_id),
    )


def require_in_being(session: Session, area_id: str, on: date) -> None:
    """Raises Invalid, naming what it went into, for an area that ended on a day or before. One that is yet to begin is
    let be."""
    versions = list_versions(session, {area_id})
    last = versions[-1] if versions else None
    if last is None or last.valid_to is None or last.valid_to > on:
        return
    steps = [step for step in _steps(session, ALL, area_id) if step.other and not step.came and step.view.on]
    heirs = [f"{step.other.name} ({step.other.code})" for step in steps if step.other]
    raise Invalid(
        "people.area_ended", name=last.name, day=last.valid_to.isoformat(), successors=", ".join(heirs) or "–"
    )


def list_areas_of(
    session: Session, scope: Scope, on: date, parent: str | None, page: tuple[int, int] = (0, MOST)
) -> tuple[list[AreaView], Mapping[str, int]]:
    """The areas right below another (own id, or code as of the day), else the topmost that somebody sees; and how many
    lie below each. Raises NotFound for an unknown parent."""
    parent_id = None
    if parent is not None:
        parent_id = find_seen(session, scope, parent, on)
        if parent_id is None:
            raise NotFound("area.unknown", value=parent, on=on.isoformat())
    found = list_seen(session, scope, on, parent_id, page)
    return found, count_children(session, scope, on, {area.id for area in found})


def search_areas(
    session: Session, scope: Scope, on: date, text: str, page: tuple[int, int] = (0, 50)
) -> list[AreaView]:
    """Areas whose name holds the words typed so far, or whose code begins with them; those whose marks agree come
    first, then those that begin with them."""
    wanted, exact = fold(text), match_key(text)
    if not wanted:
        return []
    ranked = sorted(
        (not _agrees(entry, exact), not entry.folded.startswith(wanted), len(entry.folded), entry.folded, entry.area_id)
        for entry in _names_of(session)
        if (wanted in entry.folded or entry.code.startswith(wanted)) and entry.since <= on < entry.until
    )
    ids = [each[-1] for each in ranked]
    found: list[AreaView] = []
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        seen = list_these(session, scope, on, some)
        found += [seen[area_id] for area_id in some if area_id in seen]
        if len(found) >= sum(page):
            break
    return found[page[0] : sum(page)]


def fold(name: str) -> str:
    """A name without marks, in lower case, blanks single: what is typed on a keyboard without Vietnamese."""
    letters = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return " ".join("".join(each for each in letters if not unicodedata.combining(each)).split())


@dataclass(frozen=True, slots=True)
class _Name:
    folded: str
    exact: str
    code: str
    since: date
    until: date
    area_id: str


_kept: dict[str, tuple[_Name, ...]] = {}
_lock = threading.Lock()


def _names_of(session: Session) -> tuple[_Name, ...]:
    """Every name there was, kept until areas change."""
    revision = find_revision(session)
    with _lock:
        known = _kept.get(revision) if revision else None
    if known is None:
        known = tuple(
            _Name(fold(name), match_key(name), (code or "").casefold(), since or date.min, until or date.max, area_id)
            for area_id, name, code, since, until in list_names(session)
        )
        with _lock:
            _kept.clear()
            _kept[revision] = known
    return known


def _agrees(entry: _Name, exact: str) -> bool:
    return exact in entry.exact


def _steps(session: Session, scope: Scope, area_id: str) -> list[Step]:
    views = list_steps(session, scope, area_id)
    others = list_versions(session, {each.from_area for each in views} | {each.to_area for each in views})
    found = []
    for view in views:
        came = view.to_area == area_id
        other_id = view.from_area if came else view.to_area
        day = (view.on - timedelta(days=1) if came else view.on) if view.on else date.max
        own = [each for each in others if each.area_id == other_id]
        other = next((each for each in own if _holds(each, day)), None) or _nearest(own, day)
        found.append(Step(view, None if other_id == area_id else other, came))
    return found


def _holds(version: VersionView, on: date) -> bool:
    return (version.valid_from or date.min) <= on < (version.valid_to or date.max)


def _nearest(versions: list[VersionView], on: date) -> VersionView:
    before = [each for each in versions if (each.valid_from or date.min) <= on]
    return before[-1] if before else versions[0]


def _time(version: VersionView) -> str:
    last = version.valid_to - timedelta(days=1) if version.valid_to else None
    return f"{version.valid_from or '…'} – {last or '…'}"
