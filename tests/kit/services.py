"""Real PostgreSQL and Redis servers for the tests: started on demand on free ports of loopback, stopped at the end.

Debian's packages bring the programs (`make test` installs them as root); where one is missing, `Missing` says which.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

_START_SECONDS = 30.0
_OWNER = "postgres"
_FORGETFUL = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0"
"""Durability is not what these tests ask of PostgreSQL, and without it they take half the time."""
_MEMORY = Path("/dev/shm")
_ROOM = 3_000_000_000


class Missing(Exception):
    """A program that a test needs is not on this machine; the text says which and how to get it."""


@dataclass(frozen=True)
class Postgres:
    """A running server with trust authentication on loopback."""

    port: int

    def url(self, database: str) -> str:
        """The SQLAlchemy address of one of its databases."""
        return f"postgresql+psycopg://{_OWNER}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database, as a copy of `template`, and return its address."""
        # Copying the files takes a third of the time that writing every page to the log does.
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._run(statement.format(sql.Identifier(database), sql.Identifier(template)))
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=_OWNER, dbname="postgres", autocommit=True
        ) as session:
            session.execute(statement)


def free_port() -> int:
    """A TCP port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def memory_folder() -> Path | None:
    """The file system that lies in memory, where there is room for all that tests write: a database is copied there
    ten times as fast as on a disk. None where there is none."""
    try:
        found = os.statvfs(_MEMORY)
    except OSError:
        return None
    return _MEMORY if found.f_bavail * found.f_frsize > _ROOM and os.access(_MEMORY, os.W_OK | os.X_OK) else None


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of its own; as root its processes run as the user `postgres`. Raises Missing."""
    programs = _postgres_programs()
    # A temporary folder of root's own may be closed to the user postgres.
    parent = memory_folder() or ("/tmp" if os.geteuid() == 0 else None)
    folder = Path(tempfile.mkdtemp(prefix="thonban-pg-", dir=parent))
    data, port = folder / "data", free_port()
    if os.geteuid() == 0:
        shutil.chown(folder, _OWNER, _OWNER)
    try:
        initialise = [
            "initdb",
            "-D",
            str(data),
            "-U",
            _OWNER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        _as_owner(programs, folder, *initialise)
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} {_FORGETFUL}"
        _as_owner(programs, folder, "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield Postgres(port)
        finally:
            _as_owner(programs, folder, "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    if not found and on_path is None:
        raise Missing("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = found[-1].parent if found else Path(str(on_path)).resolve().parent
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        raise Missing("PostgreSQL refuses to run as root and runuser is not installed")
    return folder


def _as_owner(programs: Path, folder: Path, program: str, *arguments: str | Path) -> None:
    command = [str(programs / program), *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", _OWNER, "--", *command]
    # pg_ctl leaves the server behind with our pipes, so that its output must go to a file to be read to its end.
    with (folder / f"{program}.out").open("w+") as output:
        done = subprocess.run(command, cwd=folder, stdout=output, stderr=output, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            output.seek(0)
            log = folder / "log"
            raise RuntimeError(f"{program} failed: {output.read()}{log.read_text() if log.exists() else ''}")


@contextmanager
def running_redis() -> Iterator[str]:
    """The address (redis://…/0) of a Redis server of its own that keeps nothing on disk. Raises Missing."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise Missing("Redis is not installed (Debian: apt-get install redis-server)")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="thonban-redis-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            wait_for_port(port, server)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(timeout=_START_SECONDS)


def wait_for_port(port: int, server: subprocess.Popen[bytes]) -> None:
    """Return once the port accepts connections; raises RuntimeError when the server ends or takes too long."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port} after {_START_SECONDS:.0f} s")


def chromium_program() -> Path:
    """Where Chromium is. Raises Missing."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise Missing("Chromium is not installed (Debian: apt-get install chromium)")
