"""Files of answers that are made in the background: ordered, looked at, fetched, cancelled, and thrown away in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Forbidden, NotFound
from server.domain.roles import Scope
from server.domain.wishes import Wish
from server.exports.sheets import Translate
from server.services.authenticate import Caller
from server.services.data_tag import data_tag
from server.services.extract import Asked, count_extract, look_up, source_of
from server.services.home import Home, require_space
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.exports import (
    EXPIRED,
    FAILED,
    READY,
    UNDONE,
    WAITING,
    ExportView,
    add_export,
    count_undone,
    expire_exports,
    find_export,
    find_made,
    find_undone,
    list_exports,
    list_named_files,
    remove_export,
)
from server.storage.jobs import Work, enqueue
from server.storage.reach import find_above

KIND = "export"
MOST_UNDONE = 5
"""Orders of one person that are not done yet."""
FORGOTTEN, LOST, SETTLED = timedelta(days=60), timedelta(days=2), timedelta(hours=24)
_SHARED = ("scope", "total", "done", "size", "sha256", "file", "started_at", "finished_at")


@dataclass(frozen=True)
class Order:
    """What is ordered: of which form, as wished, in which language, under which name."""

    asked: Asked
    wish: Wish
    locale: str
    name: str
    translate: Translate = field(repr=False)


def order_export(session: Session, home: Home, caller: Caller, order: Order, now: datetime) -> ExportView:
    """Orders a file. What was made of just the same before, by whomever with the same sight, is there at once; what the
    same person ordered already is not ordered twice. Raises what `look_up` and `source_of` raise, Conflict when too
    many of this person's are not done yet, Unavailable when the disk is nearly full."""
    require_space(home)
    extract = look_up(session, caller, order.asked, order.wish, now)
    source_of(session, home, extract, order.translate)
    total, tag = count_extract(session, extract), data_tag(session, extract, order.locale)
    form, uuid = order.asked.form, str(uuid4())
    with writing(session) as connection:
        mine = find_undone(connection, caller.actor_id, form.id, tag)
        if mine is not None:
            return mine
        values: dict[str, Any] = {
            "uuid": uuid,
            "project_id": order.asked.project.id,
            "form_id": form.id,
            "actor_id": caller.actor_id,
            "wish": order.wish.as_json(),
            "locale": order.locale,
            "tag": tag,
            "name": order.name,
            "created_at": now,
        }
        made = find_made(connection, form.id, tag, now)
        if made is not None and made.file and (home.config.exports_folder / made.file).exists():
            values |= {each: getattr(made, each) for each in _SHARED}
            values |= {"state": READY, "expires_at": now + timedelta(days=home.config.export_days)}
        else:
            if count_undone(connection, caller.actor_id) >= MOST_UNDONE:
                raise Conflict("export.too_many", most=MOST_UNDONE)
            values |= {"state": WAITING, "scope": scope_as_json(extract.wanted.scope)}
            values |= {"total": total, "done": 0, "size": 0}
            enqueue(connection, Work(KIND, {"uuid": uuid}, key=uuid), now)
        add_export(connection, **values)
        told = {"format": order.wish.ending, "export": uuid, "made": made is not None}
        where = Where(order.asked.project.id)
        write_audit(connection, caller.entry("form.export.create", f"form:{form.id}", now, where, **told))
        session.commit()
    return _found(session, uuid)


def list_orders(session: Session, caller: Caller, asked: Asked) -> list[ExportView]:
    """One's own orders of a form, the newest first; all of them for who runs the whole project."""
    return list_exports(session, asked.form.id, None if _runs(caller, asked) else caller.actor_id)


def find_order(session: Session, caller: Caller, asked: Asked, uuid: str) -> ExportView:
    """One of them. Raises NotFound, also for somebody else's."""
    found = find_export(session, uuid)
    mine = found is not None and (found.actor_id == caller.actor_id or _runs(caller, asked))
    if found is None or found.form_id != asked.form.id or not mine:
        raise NotFound("export.unknown")
    return found


def file_of(session: Session, home: Home, caller: Caller, order: ExportView, now: datetime) -> Path:
    """Where the file lies. Raises Conflict while it is not there yet, NotFound when it is gone, Forbidden for who sees
    less today than what it holds."""
    if order.state in (*UNDONE, FAILED):
        raise Conflict("export.not_ready")
    path = home.config.exports_folder / (order.file or "-")
    if shown_state(order, now) == EXPIRED or not path.exists():
        raise NotFound("export.expired")
    if not _covers(session, caller.scope("submission.list", order.project_id, order.form_id), order.scope):
        raise Forbidden("export.sees_less")
    return path


def cancel_order(session: Session, home: Home, caller: Caller, order: ExportView, now: datetime) -> None:
    """Takes an order away: what is being made stops soon, and a file goes when it is nobody else's too."""
    with writing(session) as connection:
        file = remove_export(connection, order.uuid)
        told = {"export": order.uuid, "state": order.state}
        where = Where(order.project_id)
        write_audit(connection, caller.entry("form.export.delete", f"form:{order.form_id}", now, where, **told))
        session.commit()
    _unlink(home, [file] if file else [])


def expire(session: Session, home: Home, now: datetime) -> None:
    """Throws away files whose time has passed, and those that no order names."""
    with writing(session) as connection:
        files = expire_exports(connection, now, forgotten=now - FORGOTTEN, lost=now - LOST)
        session.commit()
    _unlink(home, files)
    folder = home.config.exports_folder
    if folder.exists():
        old = [path for path in folder.iterdir() if path.stat().st_mtime < (now - SETTLED).timestamp()]
        # asked after the listing: what was named in between is not taken
        named = list_named_files(session) if old else set()
        _unlink(home, [path.name for path in old if path.name not in named])
    session.rollback()


def shown_state(order: ExportView, now: datetime) -> str:
    """How it stands now: what is past its time is so before a night has come."""
    over = order.state == READY and order.expires_at is not None and order.expires_at <= now
    return EXPIRED if over else order.state


def scope_as_json(scope: Scope) -> dict[str, Any]:
    """What somebody saw, to be kept beside what was made for them."""
    return {"everywhere": scope.everywhere, "areas": sorted(scope.areas)}


def _covers(session: Session | Connection, scope: Scope, kept: dict[str, Any]) -> bool:
    if scope.everywhere or kept["everywhere"]:
        return scope.everywhere
    return all(scope.areas.intersection((area, *find_above(session, area, scope.on))) for area in kept["areas"])


def _runs(caller: Caller, asked: Asked) -> bool:
    where = (asked.project.id, asked.form.id)
    return all(caller.reach(verb, *where).everywhere for verb in ("assignment.list", "submission.list"))


def _found(session: Session, uuid: str) -> ExportView:
    found = find_export(session, uuid)
    if found is None:
        raise NotFound("export.unknown")
    return found


def _unlink(home: Home, files: Iterable[str]) -> None:
    for file in files:
        (home.config.exports_folder / file).unlink(missing_ok=True)
