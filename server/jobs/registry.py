"""The kinds of background work, found by presence: one file of this package each.

A file that is a job has `KIND` (the name that stands in the outbox) and `run(session, home, payload, now)`, which must
bear being run twice. A duty that comes again by the clock has `next_run(now)` as well: when it is due after `now`.
What takes minutes has `run_long(session, home, payload, pulse)` in place of `run`, and calls `pulse()` again and again
(long_work.py).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

import server.jobs
from server.services.home import Home

Run = Callable[[Session, Home, Mapping[str, Any], datetime], None]
RunLong = Callable[[Session, Home, Mapping[str, Any], Callable[[], None]], None]
_NO_JOBS = frozenset({"registry", "worker", "long_work", "celery_app", "webhooks"})


@dataclass(frozen=True)
class Kind:
    """One kind of work; `next_run` None: it is done when something asks for it. Of `run` and `run_long` it has one."""

    name: str
    run: Run | None
    next_run: Callable[[datetime], datetime] | None
    run_long: RunLong | None = None


@cache
def list_kinds() -> Mapping[str, Kind]:
    """All kinds by name."""
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(server.jobs.__path__):
        if module.name in _NO_JOBS:
            continue
        loaded = importlib.import_module(f"server.jobs.{module.name}")
        run, next_run, run_long = (getattr(loaded, name, None) for name in ("run", "next_run", "run_long"))
        found[loaded.KIND] = Kind(loaded.KIND, run, next_run, run_long)
    return found
