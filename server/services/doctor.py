"""Looks a home over and says what is wrong with it, each thing with its remedy; changes nothing."""

from __future__ import annotations

import hashlib
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.services.backup import chunks_of
from server.services.home import Home
from server.services.nightly import list_copies
from server.services.sweep import list_orphans
from server.storage.blobs import list_named
from server.storage.counts import find_newest_arrival
from server.storage.jobs import find_oldest_waiting, list_dead
from server.storage.schema import find_damage, head_revision, revision_of
from server.storage.settings import find_setting
from server.storage.tallies import list_wrong

OK, WARNING, ERROR = "ok", "warning", "error"
SAMPLE = 100
"""How many files are read through and hashed; that they are there is asked of all."""
STUCK = timedelta(minutes=10)
STALE = timedelta(hours=36)
_BUILT = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Check:
    """One thing looked at. `name` and `state` (ok | warning | error) choose the sentence, `params` fill it."""

    name: str
    state: str = OK
    params: dict[str, object] = field(default_factory=dict)


def examine(session: Session, home: Home, now: datetime) -> Iterator[Check]:
    """The checks one by one, cheap ones first; those that need tables only when the database answers at head."""
    yield _writable(home)
    yield _space(home)
    database = _database(session)
    yield database
    if database.state != OK:
        return
    checks: tuple[Callable[[Session, Home, datetime], Check], ...] = (
        _clock,
        _secret,
        _integrity,
        _files,
        _orphans,
        _tallies,
        _dead_jobs,
        _worker,
        _copies,
    )
    for check in checks:
        yield check(session, home, now)


def glance(session: Session, home: Home, now: datetime) -> Iterator[Check]:
    """Those of the checks that are quick however much there is: what a page shows."""
    yield _writable(home)
    yield _space(home)
    database = _database(session)
    yield database
    if database.state == OK:
        for check in (_clock, _secret, _dead_jobs, _worker, _copies):
            yield check(session, home, now)


def _writable(home: Home) -> Check:
    folder = home.config.home
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Check("home", ERROR, {"home": str(folder), "error": error.strerror or str(error)})
    return Check("home", OK, {"home": str(folder)})


def _space(home: Home) -> Check:
    params: dict[str, object] = {
        "free": home.free_bytes // 1_000_000,
        "needed": home.config.min_free_bytes // 1_000_000,
    }
    if home.is_full:
        return Check("space", ERROR, params)
    return Check("space", WARNING if home.free_bytes < 5 * home.config.min_free_bytes else OK, params)


def _database(session: Session) -> Check:
    try:
        found, head = revision_of(session.connection()), head_revision()
    except DBAPIError as error:
        session.rollback()
        return Check("database", ERROR, {"error": str(error.orig)})
    if found != head:
        return Check("migrations", ERROR, {"found": found or "–", "head": head})
    return Check("database", OK, {"head": head})


def _clock(session: Session, home: Home, now: datetime) -> Check:
    del home
    newest = find_newest_arrival(session)
    wrong = now < _BUILT or (newest is not None and newest > now + timedelta(minutes=1))
    return Check("clock", ERROR if wrong else OK, {"now": now.isoformat(timespec="seconds")})


def _secret(session: Session, home: Home, now: datetime) -> Check:
    del now
    kept = (find_setting(session, "fingerprint") or {}).get("value")
    return Check("secret", OK if kept in (None, home.fingerprint) else ERROR)


def _integrity(session: Session, home: Home, now: datetime) -> Check:
    del home, now
    damage = find_damage(session)
    return Check("integrity") if damage is None else Check("integrity", ERROR, {"error": damage})


def _files(session: Session, home: Home, now: datetime) -> Check:
    del now
    named = sorted(list_named(session.connection()))
    missing = [sha256 for sha256 in named if not home.blobs.has(sha256)]
    here = sorted(set(named) - set(missing))
    damaged = [sha256 for sha256 in random.sample(here, min(SAMPLE, len(here))) if not _is_whole(home, sha256)]
    params: dict[str, object] = {"count": len(named), "missing": len(missing), "damaged": len(damaged)}
    if missing or damaged:
        return Check("files", ERROR, params | {"first": (missing + damaged)[0]})
    return Check("files", OK, params)


def _is_whole(home: Home, sha256: str) -> bool:
    made = hashlib.sha256()
    with home.blobs.open(sha256) as file:
        for chunk in chunks_of(file):
            made.update(chunk)
    return made.hexdigest() == sha256


def _tallies(session: Session, home: Home, now: datetime) -> Check:
    del home, now
    wrong = list_wrong(session)
    return Check("tallies", WARNING if wrong else OK, {"count": len(wrong)})


def _orphans(session: Session, home: Home, now: datetime) -> Check:
    found = len(list_orphans(session, home, now))
    return Check("orphans", WARNING if found else OK, {"count": found})


def _dead_jobs(session: Session, home: Home, now: datetime) -> Check:
    del home, now
    dead = list_dead(session)
    if not dead:
        return Check("jobs")
    last = dead[0].error.strip().splitlines()
    params = {"count": len(dead), "kind": dead[0].kind, "error": last[-1] if last else ""}
    return Check("jobs", WARNING, params)


def _worker(session: Session, home: Home, now: datetime) -> Check:
    del home
    oldest = find_oldest_waiting(session)
    waits = now - oldest if oldest is not None else timedelta(0)
    return Check("worker", WARNING if waits > STUCK else OK, {"minutes": max(0, int(waits.total_seconds() // 60))})


def _copies(session: Session, home: Home, now: datetime) -> Check:
    made = (find_setting(session, "home") or {}).get("made_at")
    copies = list_copies(home.config.backups_folder)
    newest = datetime.fromtimestamp(copies[0].stat().st_mtime, UTC) if copies else None
    since = newest or (datetime.fromisoformat(made) if made else now)
    return Check("copies", WARNING if now - since > STALE else OK, {"count": len(copies)})
