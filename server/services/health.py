"""How the server is: ready, still loading, or unable to take anything in; and what pages must tell everybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.services.home import Home
from server.storage.counts import count_kept_submissions
from server.storage.jobs import count_jobs
from server.storage.schema import head_revision, revision_of
from server.storage.settings import find_setting

LOADING = "loading"
"""The settings row that says how far the demo is: {done, total, finished}."""


@dataclass(frozen=True)
class Notice:
    """A sentence for the top of every page: a message id of the catalogue `errors`, with what its text needs."""

    code: str
    params: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    """`reason` is None when all is well, else loading | migrations | storage.disk_full | storage.database_away."""

    reason: str | None
    done: int = 0
    total: int = 0


def check_health(session: Session, home: Home) -> Health:
    """Whether the tables are at the newest revision, the demo is loaded, the database answers and the disk has room."""
    if home.is_full:
        return Health("storage.disk_full")
    try:
        if revision_of(session.connection()) != _head():
            return Health("migrations")
        loading = find_setting(session, LOADING)
    except DBAPIError:
        session.rollback()
        return Health("storage.database_away")
    if loading and not loading.get("finished"):
        return Health("loading", loading["done"], loading["total"])
    return Health(None)


def count_everything(session: Session, home: Home) -> dict[str, int]:
    """Numbers for a graph: submissions kept, jobs waiting and dead, free bytes of the data folder."""
    jobs = count_jobs(session)
    return {
        "submissions": count_kept_submissions(session),
        "jobs_waiting": jobs["waiting"],
        "jobs_dead": jobs["dead"],
        "free_bytes": home.free_bytes,
    }


def home_notices(home: Home) -> tuple[Notice, ...]:
    """What every page must say now: that the disk is full and phones are being turned away."""
    return (Notice("storage.disk_full"),) if home.is_full else ()


def home_kind(session: Session) -> str | None:
    """demo (invented household numbers), real, or None before the first start."""
    kind: str | None = (find_setting(session, "home") or {}).get("kind")
    return kind


def is_demo(session: Session) -> bool:
    """Whether this home holds invented household numbers."""
    return home_kind(session) == "demo"


@cache
def _head() -> str:
    return head_revision()
