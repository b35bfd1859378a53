"""Draws programmes and walks through them, one after the other; what shows a fault is looked for in a smaller one.

python -m tests.kit.scope_run --worlds 200 --seconds 3600 --seed 7 --database postgresql
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from server.storage import newest
from tests.kit.databases import KINDS, Databases
from tests.kit.fuzz_kept import keep
from tests.kit.scope_numbers import compare_from_afar, compare_numbers
from tests.kit.scope_plan import Size, draw
from tests.kit.scope_walk import Found, Walk
from tests.kit.scope_world import day_of_today, furnish_nothing, scope_world
from tests.kit.services import Missing, Postgres, memory_folder, running_postgres

USUAL = Size()


@dataclass
class Ground:
    """Where programmes are laid out: each on a database of its own, with a home in `folder`."""

    databases: Databases
    folder: Path
    find_server: Callable[[], Postgres]
    _homes: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def walking(self, kind: str, number: int, size: Size = USUAL) -> Iterator[Walk]:
        """A walk through the programme of that number, about to begin."""
        home = self.folder / f"home-{next(self._homes)}"
        with self.databases.furnished(kind, self.find_server, furnish_nothing, home) as url:
            plan = draw(number, day_of_today(), size)
            with (
                scope_world(url, home, plan) as there,
                closing(keep(url)) as kept,
                _as_if_much_were_seen(number % 2 == 0),
            ):
                yield Walk(there, kept, number)


@contextmanager
def _as_if_much_were_seen(much: bool) -> Iterator[None]:
    """Pages of submissions are read in one way for who sees few and in another for who sees many: here, where all are
    few, the second way is taken when it is asked for."""
    few = newest.FEW
    newest.FEW = 0 if much else few
    try:
        yield
    finally:
        newest.FEW = few


def walk_through(walk: Walk) -> Found:
    """All of it: every route as everybody, what is counted, and what happens elsewhere."""
    for person in walk.there.people:
        compare_numbers(walk, person)
        compare_from_afar(walk, person)
    found = walk.everybody()
    compare_numbers(walk, walk.there.admin)
    walk.alone(walk.there.admin, writing=False)
    return found


def walk_smallest(ground: Ground, kind: str, number: int) -> Found:
    """What the walk through a programme came to; of those that show a fault, of the smallest of that number."""
    size: Size | None = USUAL
    worst = None
    while size is not None:
        with ground.walking(kind, number, size) as walk:
            found = walk_through(walk)
        if found.is_clean:
            return worst or found
        worst, size = found, size.smaller()
    assert worst is not None
    return worst


def main() -> int:
    """The program; 1 when something was seen that is not theirs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=50, help="programmes that are drawn")
    parser.add_argument("--seconds", type=float, default=1800, help="when no further one is begun")
    parser.add_argument("--seed", type=int, default=1, help="the number of the first")
    parser.add_argument("--database", choices=KINDS, default=KINDS[0], help="postgresql: an instance of its own")
    given = parser.parse_args()
    end, dirty = time.monotonic() + given.seconds, 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory_folder())))
        servers: list[Postgres] = []
        if given.database == "postgresql":
            try:
                servers.append(stack.enter_context(running_postgres()))
            except Missing as reason:
                parser.error(str(reason))
        ground = Ground(Databases(folder), folder, lambda: servers[0])
        for number in range(given.seed, given.seed + given.worlds):
            if time.monotonic() > end:
                break
            found = walk_smallest(ground, given.database, number)
            dirty += not found.is_clean
            print(f"{number}: {found.say()}", flush=True)
    return 1 if dirty else 0


if __name__ == "__main__":
    sys.exit(main())
