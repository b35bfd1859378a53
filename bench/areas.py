"""How long all of Việt Nam takes to load, to load again, and to be asked.

    python -m bench.areas [--database URL]

Loads the package vietnamadminunits (14,138 units before and since 1 July 2025) into a new SQLite file, or the empty
PostgreSQL database of `--database`. Prints a table, and whether the first load took less than 60 s.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from server.domain.roles import ALL
from server.services.area_lookup import look_up, search_areas
from server.services.area_reach import compare_reach
from server.services.area_sources import read_source
from server.services.areas import Wish, import_areas
from server.storage.migrate import upgrade
from server.storage.schema import open_sessions

MOST_SECONDS = 60.0
REFORM = date(2025, 7, 1)


def measure(session: Session) -> list[tuple[str, float, str]]:
    """(what, seconds, what came of it)."""
    found: list[tuple[str, float, str]] = []

    def timed(what: str, act: Callable[[], object]) -> None:
        begun = time.perf_counter()
        made = act()
        found.append((what, time.perf_counter() - begun, str(made)))

    now = datetime.now(UTC)
    records = read_source("vietnam")
    timed("load", lambda: import_areas(session, Wish(records, now.date(), keep=True), now).count())
    timed("load again", lambda: import_areas(session, Wish(records, now.date(), keep=True), now).count())
    timed("rows of reach that differ from the versions", lambda: compare_reach(session))
    timed("show 06979 before the reform", lambda: look_up(session, "06979", date(2025, 6, 30)).now.name)
    timed("show province 22 since", lambda: len(look_up(session, "22", REFORM).below))
    timed("first search", lambda: search_areas(session, ALL, REFORM, "ky thuong")[0].name)
    timed("next search", lambda: search_areas(session, ALL, REFORM, "dien xa")[0].name)
    return found


def main() -> int:
    """The table; 0 when the load was within its time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="URL of an empty PostgreSQL database; SQLite without it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.database or f"sqlite:///{Path(folder) / 'areas.db'}"
        upgrade(url)
        sessions = open_sessions(url)
        with sessions() as session:
            rows = measure(session)
        sessions.kw["bind"].dispose()
    table = Table("what", "seconds", "came of it", title=url.partition(":")[0])
    for what, seconds, came in rows:
        table.add_row(what, f"{seconds:.3f}", came)
    Console().print(table)
    good = rows[0][1] < MOST_SECONDS
    Console().print(f"within {MOST_SECONDS:g} s: {'yes' if good else 'NO'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
