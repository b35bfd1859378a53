"""A queue on disk of what is to be sent, for whoever has a link only now and then. It survives a crash at any point.

::

    waiting ──claim──► sending ──sent──► sent ──new files──► waiting
       ▲                  │  └──refused──► refused ──retry (a person)──► waiting
       └──── postponed ◄──┘  unreachable, or the server is ill

An entry is known by the SHA-256 of its XML, so that putting the same instance twice is putting it once, and another
version of it stands beside it. Sending the same thing twice is harmless (the server takes repeats), losing it is not:
what was being sent when the power went is sent again, once its claim has run out or at once after ``recover``.
Nothing that was not taken is ever removed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from sync.envelope import Envelope, Part
from sync.errors import Refused, SyncError, Unreachable
from sync.openrosa import Receipt

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
CLAIM = timedelta(hours=1)
"""How long an entry counts as being sent before another sender may take it up."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
  sha256 TEXT PRIMARY KEY, instance_id TEXT NOT NULL, xml BLOB NOT NULL, device_id TEXT, user_agent TEXT,
  state TEXT NOT NULL, revision INTEGER NOT NULL, attempts INTEGER NOT NULL,
  queued_at REAL NOT NULL, due_at REAL NOT NULL, said TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS files (
  entry TEXT NOT NULL REFERENCES entries (sha256) ON DELETE CASCADE, name TEXT NOT NULL, content_type TEXT NOT NULL,
  sha256 TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (entry, name)) STRICT;
CREATE INDEX IF NOT EXISTS entries_due ON entries (state, due_at);
"""
_COLUMNS = "sha256, instance_id, state, revision, attempts, queued_at, due_at, said"


class State(StrEnum):
    """Where an entry stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True)
class Entry:
    """One instance in the queue, without its bytes. ``said``: the last answer, a server's sentence or an error's code.

    ``revision`` grows when files are added, ``attempts`` counts the failures since it was last put or sent.
    """

    sha256: str
    instance_id: str
    state: State
    revision: int
    attempts: int
    queued_at: datetime
    due_at: datetime
    said: str


@dataclass(frozen=True)
class Delivery:
    """What one round of sending came to: entries by what became of them."""

    sent: int = 0
    postponed: int = 0
    refused: int = 0


def pause(attempts: int, spread: float) -> timedelta:
    """How long to wait after so many failures in a row (at least 1): 30 s, 1 min, 2 min … 6 h.

    ``spread`` (0 ≤ spread < 1, from a random source) takes off up to a quarter, so that phones that lost the same link
    do not all come back in the same second.
    """
    whole = min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), LONGEST_PAUSE)
    return whole * (1 - spread / 4)


def state_after(error: SyncError) -> State:
    """Where an entry stands after this failure: refused only when the server knows the thing and will not have it."""
    return State.REFUSED if isinstance(error, Refused) and not error.passing else State.WAITING


class Outbox:
    """The queue in one SQLite file. One object belongs to one thread; several may open the same file.

    Every call is one transaction, on disk when it returns. Times are aware; naive ones raise ValueError.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("PRAGMA foreign_keys = ON")
        self._database.executescript(_SCHEMA)

    def __enter__(self) -> Outbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        self._database.close()

    def put(self, envelope: Envelope, instance_id: str, now: datetime) -> Entry:
        """Queues an instance with copies of its files; adds the files that are new when it is known already.

        An entry that was sent waits again when files came to it; one that is being sent stays its sender's until the
        claim has run out. Raises OSError when a file cannot be read.
        """
        sha256, moment = envelope.sha256, _seconds(now)
        files = [(part, part.read()) for part in envelope.attachments]
        with self._writing() as database:
            database.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?, ?, 'waiting', 0, 0, ?, ?, '') ON CONFLICT DO NOTHING",
                (sha256, instance_id, envelope.xml, envelope.device_id, envelope.user_agent, moment, moment),
            )
            before = database.total_changes
            for part, content in files:
                database.execute(
                    "INSERT INTO files VALUES (?, ?, ?, ?, ?) ON CONFLICT (entry, name) DO UPDATE SET "
                    "content_type = excluded.content_type, sha256 = excluded.sha256, content = excluded.content "
                    "WHERE files.sha256 <> excluded.sha256",
                    (sha256, part.name, part.content_type, part.sha256, content),
                )
            if database.total_changes > before:
                database.execute(
                    "UPDATE entries SET revision = revision + 1, attempts = 0, "
                    "due_at = CASE state WHEN 'sending' THEN due_at ELSE min(due_at, ?) END, "
                    "state = CASE state WHEN 'sending' THEN 'sending' ELSE 'waiting' END WHERE sha256 = ?",
                    (moment, sha256),
                )
        return self.get_entry(sha256)

    def claim(self, now: datetime) -> Entry | None:
        """Takes the entry that has waited longest among those due, for sending; None when there is none.

        What would be due later than any pause lasts was written under a wrong clock, and is due.
        """
        moment = _seconds(now)
        with self._writing() as database:
            row = database.execute(
                "SELECT sha256 FROM entries WHERE state IN ('waiting', 'sending') AND (due_at <= ? OR due_at > ?) "
                "ORDER BY queued_at, rowid LIMIT 1",
                (moment, moment + LONGEST_PAUSE.total_seconds()),
            ).fetchone()
            if row is None:
                return None
            database.execute(
                "UPDATE entries SET state = 'sending', due_at = ? WHERE sha256 = ?",
                (moment + CLAIM.total_seconds(), row[0]),
            )
        return self.get_entry(row[0])

    def get_envelope(self, entry: Entry) -> Envelope:
        """What to send. Raises KeyError when the entry is gone."""
        row = self._database.execute(
            "SELECT xml, device_id, user_agent FROM entries WHERE sha256 = ?", (entry.sha256,)
        ).fetchone()
        if row is None:
            raise KeyError(entry.sha256)
        files = self._database.execute(
            "SELECT name, content_type, content, sha256 FROM files WHERE entry = ? ORDER BY rowid", (entry.sha256,)
        )
        return Envelope(row[0], tuple(Part(*file) for file in files), row[1], row[2])

    def sent(self, entry: Entry, said: str, now: datetime) -> None:
        """The server has it. When files came to the entry meanwhile, it waits again."""
        with self._writing() as database:
            database.execute(
                "UPDATE entries SET state = CASE revision WHEN ? THEN 'sent' ELSE 'waiting' END, attempts = 0, "
                "due_at = ?, said = ? WHERE sha256 = ?",
                (entry.revision, _seconds(now), said, entry.sha256),
            )

    def failed(self, entry: Entry, error: SyncError, now: datetime, spread: float) -> State:
        """The server has not got it, or nobody knows: waits for its next turn, or for a person when it was refused.

        Raises KeyError when the entry is gone.
        """
        state = state_after(error)
        said = (error.message if isinstance(error, Refused) else "") or error.code
        with self._writing() as database:
            attempts = self.get_entry(entry.sha256).attempts + 1
            database.execute(
                "UPDATE entries SET state = ?, attempts = ?, due_at = ?, said = ? WHERE sha256 = ?",
                (state, attempts, _seconds(now + pause(attempts, spread)), said, entry.sha256),
            )
        return state

    def retry(self, entry: Entry, now: datetime) -> None:
        """Puts an entry at the head of its turn, also a refused one: somebody has mended what was wrong."""
        with self._writing() as database:
            database.execute(
                "UPDATE entries SET state = 'waiting', attempts = 0, due_at = ? WHERE sha256 = ? AND state <> 'sent'",
                (_seconds(now), entry.sha256),
            )

    def recover(self, now: datetime) -> int:
        """Lets what was being sent be sent again at once; for the only sender, when it starts. Gives their number."""
        with self._writing() as database:
            return database.execute(
                "UPDATE entries SET state = 'waiting', due_at = ? WHERE state = 'sending'", (_seconds(now),)
            ).rowcount

    def forget_sent(self, before: datetime) -> int:
        """Removes what was sent before that time, and gives how many; what was not sent stays."""
        with self._writing() as database:
            return database.execute(
                "DELETE FROM entries WHERE state = 'sent' AND due_at < ?", (_seconds(before),)
            ).rowcount

    def get_entry(self, sha256: str) -> Entry:
        """The entry of these bytes. Raises KeyError."""
        row = self._database.execute(f"SELECT {_COLUMNS} FROM entries WHERE sha256 = ?", (sha256,)).fetchone()  # noqa: S608
        if row is None:
            raise KeyError(sha256)
        return _entry(row)

    def list_entries(self, state: State | None = None) -> list[Entry]:
        """Entries in the order of sending, all of them or those that stand there."""
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE ? IS NULL OR state = ? ORDER BY queued_at, rowid",  # noqa: S608
            (state, state),
        )
        return [_entry(row) for row in rows]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def deliver(
    outbox: Outbox, send: Callable[[Envelope], Receipt], now: datetime, spread: Callable[[], float]
) -> Delivery:
    """Sends what is due, one after the other. One refusal does not hold up the rest; a dead link ends the round.

    ``send`` raises SyncError; ``now`` is the time of the round, ``spread`` a random source of [0, 1).
    """
    tally = {State.SENT: 0, State.WAITING: 0, State.REFUSED: 0}
    while (entry := outbox.claim(now)) is not None:
        try:
            receipt = send(outbox.get_envelope(entry))
        except SyncError as error:
            tally[outbox.failed(entry, error, now, spread())] += 1
            if isinstance(error, Unreachable):
                break
        else:
            outbox.sent(entry, receipt.message, now)
            tally[State.SENT] += 1
    return Delivery(tally[State.SENT], tally[State.WAITING], tally[State.REFUSED])


def _entry(row: tuple[str, str, str, int, int, float, float, str]) -> Entry:
    sha256, instance_id, state, revision, attempts, queued_at, due_at, said = row
    return Entry(sha256, instance_id, State(state), revision, attempts, _moment(queued_at), _moment(due_at), said)


def _seconds(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise ValueError(moment)
    return moment.timestamp()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
