"""How the server is, for who looks after it: background work, room, copies, what waits for a person; and a job that was
given up is run again."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from sqlalchemy.orm import Session

from server.domain.audit_scope import VERB
from server.domain.errors import NotFound
from server.services.authenticate import Caller
from server.services.doctor import Check, glance
from server.services.home import Home
from server.services.nightly import list_copies
from server.storage.audit_seals import count_unsealed
from server.storage.audits import write_audit
from server.storage.counts import count_kept_submissions, count_quarantined
from server.storage.database import writing
from server.storage.jobs import DeadJob, Waiting, find_last_done, list_dead, list_waiting, revive
from server.storage.rollups import count_marks
from server.storage.schema import find_engine_version, measure_database, revision_of
from server.storage.webhooks import FailingHook, list_failing

NIGHTLY = "home.nightly"


@dataclass(frozen=True)
class Copies:
    """The nightly copies: how many, when the newest was made, and its bytes."""

    count: int
    newest: datetime | None
    size: int


@dataclass(frozen=True)
class SystemHealth:
    """`checks`: what the doctor says of what is looked at quickly; `waiting`: background work by kind; `age`: how long
    the oldest of it has been due; `dead`: work that was given up; `marks`: areas whose sums are being added up; bytes
    of the database and of free room; `nightly`: when the night's work was done last."""

    checks: tuple[Check, ...]
    waiting: tuple[Waiting, ...]
    age: timedelta
    dead: tuple[DeadJob, ...]
    marks: int
    submissions: int
    database_bytes: int | None
    free_bytes: int
    copies: Copies
    nightly: datetime | None
    quarantined: int
    unsealed: int
    hooks: tuple[FailingHook, ...]
    versions: dict[str, str]

    @property
    def troubles(self) -> int:
        """How many things want somebody."""
        return sum(check.state != "ok" for check in self.checks) + len(self.hooks)


def look_over(session: Session, home: Home, caller: Caller, now: datetime) -> SystemHealth:
    """All of it as it is now. Raises Forbidden for anybody but who looks after the whole site."""
    caller.require_everywhere(VERB)
    waiting = tuple(list_waiting(session))
    oldest = min((each.due for each in waiting), default=now)
    return SystemHealth(
        checks=tuple(glance(session, home, now)),
        waiting=waiting,
        age=max(now - oldest, timedelta(0)),
        dead=tuple(list_dead(session)),
        marks=count_marks(session),
        submissions=count_kept_submissions(session),
        database_bytes=measure_database(session),
        free_bytes=home.free_bytes,
        copies=_copies(home),
        nightly=find_last_done(session, NIGHTLY),
        quarantined=count_quarantined(session),
        unsealed=count_unsealed(session),
        hooks=tuple(list_failing(session)),
        versions={
            "thonban": version("thonban"),
            "python": platform.python_version(),
            "database": find_engine_version(session),
            "tables": revision_of(session.connection()) or "–",
        },
    )


def run_again(session: Session, caller: Caller, job_id: int, now: datetime) -> None:
    """Lets a job that was given up run again. Raises Forbidden, NotFound when it is not given up (any more)."""
    caller.require_everywhere(VERB)
    dead = next((each for each in list_dead(session) if each.id == job_id), None)
    if dead is None:
        raise NotFound("job.not_dead", job=job_id)
    session.rollback()
    with writing(session) as connection:
        if not revive(connection, job_id, now):
            raise NotFound("job.not_dead", job=job_id)
        write_audit(connection, caller.entry("job.retry", f"job:{job_id}", now, kind=dead.kind))
        session.commit()


def _copies(home: Home) -> Copies:
    found = list_copies(home.config.backups_folder)
    if not found:
        return Copies(0, None, 0)
    kept = found[0].stat()
    return Copies(len(found), datetime.fromtimestamp(kept.st_mtime, UTC), kept.st_size)
