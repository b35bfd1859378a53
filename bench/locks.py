"""What it costs to lock the round of a country: 20,176 villages and 5,266 communes under four rule sets.

    python -m bench.locks [--villages 20176] [--communes 5266] [--database URL]

The verdicts of all villages are there, with invented facts (no submissions behind them); communes have none and are
judged by what decisions say. Measures the whole of `lock_round`, how long of it others wait for the database (its write
transaction), the hash worked out once more, and reopening. No goal is set: prints what was measured.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from bench.criteria import VILLAGE_LAWS, furnish, invent, judge_country
from server.criteria.evaluate import explain_setting
from server.criteria.judge import Setting
from server.criteria.report import clause_json
from server.criteria.ruleset import Fact
from server.services import freeze
from server.services.authenticate import system_caller
from server.services.rule_book import shipped_rules
from server.storage.database import db, writing
from server.storage.rounds import RoundView, list_rounds
from server.storage.verdicts import APPROVED, put_verdicts

AT_ONCE = 500


def keep_all(session: Session, round_view: RoundView, ids: dict[str, str], facts: Sequence[dict[str, Fact]]) -> int:
    """Keeps the verdicts of every village; returns how many."""
    now, kept = datetime.now(UTC), 0
    settings = [Setting(shipped_rules()[name]) for name in VILLAGE_LAWS]
    for start in range(0, len(facts), AT_ONCE):
        rows: list[dict[str, Any]] = []
        for number in range(start, min(start + AT_ONCE, len(facts))):
            for setting in settings:
                outcome = explain_setting(setting, facts[number])
                rows.append(
                    {
                        "round_id": round_view.id,
                        "area_id": ids[f"Thôn {number}"],
                        "rule_set": setting.rule_set.id,
                        "rule_set_sha256": setting.rule_set.sha256,
                        "basis": APPROVED,
                        "verdict": outcome.verdict,
                        "klass": outcome.klass,
                        "region": None,
                        "spans": None,
                        "clauses": [clause_json(clause) for clause in outcome.clauses],
                        "facts": dict(outcome.facts),
                        "submission_id": None,
                        "synthetic": True,
                        "computed_at": now,
                    }
                )
        with writing(session) as connection:
            put_verdicts(connection, rows)
            session.commit()
        kept += len(rows)
    return kept


@contextmanager
def timed_gate(held: list[float]) -> Iterator[None]:
    """Notes how long the write transaction of the lock takes."""

    @contextmanager
    def watched(session: Session) -> Iterator[Connection]:
        with writing(session) as connection:
            began = time.perf_counter()
            yield connection
            held.append(time.perf_counter() - began)

    with mock.patch.object(freeze, "writing", watched):
        yield


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--villages", type=int, default=20_176)
    parser.add_argument("--communes", type=int, default=5_266)
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite when absent")
    given: Any = parser.parse_args()
    given.rounds = 1
    country = invent(random.Random(135), given.villages, given.communes)
    table = Table("what", "measured", title=f"{given.villages:,} villages, {given.communes:,} communes")
    with tempfile.TemporaryDirectory(prefix="thonban-bench-") as folder:
        app, ids = furnish(given, Path(folder) / "home", judge_country(country)[1])
        with app.app_context():
            session, now = db.session(), datetime.now(UTC)
            round_view = list_rounds(session, 1)[0]
            facts = [each for villages in country.villages for each in villages]
            table.add_row("verdicts kept before", f"{keep_all(session, round_view, ids, facts):,}")
            caller, which, held = system_caller(session, now), freeze.Which(1, round_view.slug), list[float]()
            began = time.perf_counter()
            with timed_gate(held):
                lock = freeze.lock_round(session, caller, which, "bench", now)
            table.add_row("lock_round", f"{time.perf_counter() - began:.1f} s")
            table.add_row("of it the write transaction", f"{max(held):.1f} s")
            began = time.perf_counter()
            again = freeze.hash_lock(session, lock.id, lock.head, [dict(each) for each in lock.provisional])
            table.add_row("the hash once more", f"{time.perf_counter() - began:.1f} s")
            if again != lock.sha256:
                raise SystemExit("the hash is another one")
            began = time.perf_counter()
            freeze.reopen_round(session, caller, which, "bench", now)
            table.add_row("reopen_round", f"{time.perf_counter() - began:.1f} s")
            session.rollback()
            db.engine.dispose()
    Console(width=90).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
