"""The typed Base, the one database handle, and the one write gate."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Engine, MetaData, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.types import TypeDecorator

from server.domain.errors import Unavailable


class Moment(TypeDecorator[datetime]):
    """An instant, always aware and in UTC, to the microsecond, on either database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must know its time zone")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What every table stands on; names of constraints are fixed so that migrations can speak of them."""

    # a registry of our own: Flask-SQLAlchemy copies this class, and SQLAlchemy refuses a second type_annotation_map
    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={datetime: Moment, dict[str, Any]: Json, list[Any]: Json},
    )


MOST_SECONDS_LAID = 60
"""A connection that was not used for longer is asked whether it is still there."""
_SINCE = "thonban_since"

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def engine_options(url: str) -> dict[str, Any]:
    """How SQLAlchemy opens a database at `url`: SQLite in a file or PostgreSQL 15 or newer."""
    options: dict[str, Any] = {
        # an error that is logged tells the statement, not the people in it
        "hide_parameters": True,
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    if url.startswith("sqlite"):
        options["connect_args"] = {"timeout": 30, "check_same_thread": False, "cached_statements": 256}
        options |= {"pool_size": 16, "max_overflow": 16}
    else:
        # who sees a whole province and who sees one village need other plans: none is kept for both. To compile a plan
        # takes a third of a second before its first row, and what we ask is bound by rows that are read, not by sums
        own = make_url(url).query.get("options", "")
        settings = f"{own if isinstance(own, str) else ' '.join(own)} -c plan_cache_mode=force_custom_plan -c jit=off"
        options["connect_args"] = {"options": settings.strip()}
        options |= {"pool_size": 8, "max_overflow": 8}
    return options


@event.listens_for(Engine, "checkin")
def _laid_down(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_SINCE] = time.monotonic()


@event.listens_for(Engine, "checkout")
def _taken_up(connection: DBAPIConnection, record: ConnectionPoolEntry, _lent: PoolProxiedConnection) -> None:
    """Hands out no connection that PostgreSQL has closed meanwhile. What a server says as it goes lies in the socket
    already: to look there costs nothing, where asking takes a journey each time. Only what lay long is asked, since
    what stands between may have dropped it without a word. Raises DisconnectionError, upon which another is made."""
    since: float | None = record.info.pop(_SINCE, None)
    driver: Any = connection
    if since is None or _is_sqlite(connection):
        return
    if time.monotonic() - since < MOST_SECONDS_LAID and not _has_news(driver):
        return
    try:
        driver.autocommit = True
        driver.execute("").close()
        driver.autocommit = False
    except driver.Error as cause:
        raise DisconnectionError from cause


def _has_news(driver: Any) -> bool:
    if driver.closed:
        return True
    look = select.poll()
    look.register(driver.fileno(), select.POLLIN)
    return bool(look.poll(0))


def _is_sqlite(connection: DBAPIConnection) -> bool:
    return type(connection).__module__.startswith("sqlite3")


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    if not _is_sqlite(connection):
        return
    # SQLAlchemy says BEGIN itself (below), so that a write can begin IMMEDIATE
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        # 16 MiB of log before it is written back: four times SQLite's own, which holds an upload up every second or so
        "wal_autocheckpoint=4000",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-16000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        immediate = connection.get_execution_options().get("thonban_immediate")
        # past SQLAlchemy's cursors, which cost more than the statement
        driver: Any = connection.connection.dbapi_connection
        driver.execute("BEGIN IMMEDIATE" if immediate else "BEGIN")


class Gate:
    """One writer at a time, across threads and processes: SQLite has one writer anyway, and waiting in a queue of ours
    is cheaper and fairer than polling its lock."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file: int | None = None
        self._owner = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the gate; a gate without a path (PostgreSQL) lets everybody through."""
        if self._path is None:
            yield
            return
        with self._threads:
            if self._file is None or self._owner != os.getpid():
                # a descriptor shared over fork would share its lock
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
                self._owner = os.getpid()
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


_gates: weakref.WeakKeyDictionary[Engine, Gate] = weakref.WeakKeyDictionary()
_gates_lock = threading.Lock()


def gate_of(engine: Engine) -> Gate:
    """The gate that belongs to a database: a lock file beside an SQLite file, none for PostgreSQL."""
    gate = _gates.get(engine)
    if gate is None:
        with _gates_lock:
            file = engine.url.database
            on_disk = engine.dialect.name == "sqlite" and file and file != ":memory:"
            gate = _gates.setdefault(engine, Gate(Path(f"{file}.lock") if on_disk and file else None))
    return gate


@contextmanager
def writing(session: Session) -> Iterator[Connection]:
    """One write transaction behind the gate. The caller commits (in a service, once); what was not committed when the
    block ends is rolled back.

    What the session read before is forgotten: SQLite cannot turn a read snapshot into a write.
    Raises Unavailable when the disk is full or the database is away.
    """
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changes were made outside writing()")
    if session.in_transaction():
        session.rollback()
    engine = session.get_bind()
    if not isinstance(engine, Engine):
        raise TypeError("a session of an engine is needed")
    with gate_of(engine).held(), _named_errors():
        try:
            yield session.connection(execution_options={"thonban_immediate": True})
        finally:
            if session.in_transaction():
                session.rollback()


@contextmanager
def transaction(session: Session) -> Iterator[Connection]:
    """The same as `writing` on a connection of its own, past the session, which costs as much as the statements of an
    upload. The caller commits the connection; the session, which must have written nothing, is left as it is."""
    engine = session.get_bind()
    if not isinstance(engine, Engine):
        raise TypeError("a session of an engine is needed")
    if session.in_transaction():
        session.rollback()
    with gate_of(engine).held(), _named_errors(), engine.connect() as plain:
        connection = plain.execution_options(thonban_immediate=True)
        connection.begin()
        # what is not committed when the connection goes back is rolled back
        yield connection


def begin_snapshot(session: Session) -> None:
    """From now on the session reads all of one moment, until its transaction ends. SQLite does so by itself."""
    if session.in_transaction():
        session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise Unavailable(reason_of(error)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("storage.disk_full") from error
        raise


def reason_of(error: OperationalError) -> str:
    """The message id for a database that does not answer."""
    said = str(error.orig)
    if "full" in said or "No space" in said:
        return "storage.disk_full"
    return "storage.database_away"


def lock_instances(connection: Connection, form_id: int, *instance_ids: str | None) -> None:
    """Makes uploads that have an instance in common wait for each other until the transaction ends: the same one twice,
    and an edit and what it edits. SQLite's gate does so already; PostgreSQL gets advisory locks on (form, instance),
    always in the same order. None is no instance."""
    if connection.dialect.name == "postgresql":
        for key in sorted({each for each in instance_ids if each is not None}):
            connection.execute(_LOCK, {"key": key, "form": form_id})


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, :form))")
