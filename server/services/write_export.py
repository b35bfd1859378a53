"""Makes a file of answers that was ordered: as who ordered it may see now, all of one moment, a little at a time."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from server.domain.errors import DomainError, Forbidden, NotFound, Unavailable
from server.domain.wishes import wish_from
from server.exports.answers import MediaFile
from server.exports.answers_csv import write_one
from server.exports.formats import list_formats
from server.exports.sheets import Translate
from server.services.authenticate import caller_of
from server.services.data_tag import data_tag
from server.services.extract import Asked, count_extract, look_up, source_of
from server.services.extract_beside import Extract
from server.services.home import Home, require_space
from server.services.order_export import scope_as_json
from server.services.outbox import Stopped
from server.storage.actors import find_user
from server.storage.database import begin_snapshot, writing
from server.storage.exports import FAILED, READY, RUNNING, UNDONE, WAITING, ExportView, change_export, find_export
from server.storage.forms import find_form_by_id
from server.storage.projects import find_project

NOTE_SECONDS = 1.0
UNFINISHED = ".unfinished-"
CSV = "csv"


class Cancelled(Exception):
    """Nobody wants the file any more."""


@dataclass(frozen=True)
class Tools:
    """What the work needs besides: `pulse` is called again and again, and raises Stopped when it is to end; `speak`
    gives the words of a language; `clock` the time."""

    pulse: Callable[[], None]
    speak: Callable[[str], Translate]
    clock: Callable[[], datetime]


def write_export(session: Session, home: Home, uuid: str, tools: Tools) -> None:
    """Makes the file, from its beginning whatever was there. What cannot be made is marked so, and why; raises Stopped
    when it is left to another worker, Unavailable when the database is away."""
    order = find_export(session, uuid)
    if order is None or order.state not in UNDONE:
        return
    notes = _Notes(session, home, uuid, tools)
    try:
        notes.write(state=RUNNING, started_at=tools.clock(), done=0, size=0)
        begin_snapshot(session)
        _make(session, home, order, notes)
    except Cancelled:
        return
    except Stopped:
        with suppress(Cancelled):
            notes.write(state=WAITING, done=0, size=0)
        raise
    except DomainError as error:
        if error.code == "storage.database_away":
            raise
        notes.fail(_code_of(error))
    except OSError as error:
        notes.fail("storage.disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "export.failed")
        raise
    except Exception:
        notes.fail("export.failed")
        raise
    finally:
        session.rollback()


class _Notes:
    """What is written beside an order while it is being made, each in a short transaction past the reading one."""

    def __init__(self, session: Session, home: Home, uuid: str, tools: Tools) -> None:
        self._bind = session.get_bind()
        self._home = home
        self._uuid = uuid
        self._again = 0.0
        self.tools = tools
        self.done = 0
        self.size = 0

    def write(self, **values: object) -> None:
        """Raises Cancelled when the order is gone."""
        with Session(self._bind) as session, writing(session) as connection:
            there = change_export(connection, self._uuid, values)
            session.commit()
        if not there:
            raise Cancelled(self._uuid)

    def fail(self, code: str) -> None:
        """It cannot be made."""
        with suppress(Cancelled):
            self.write(state=FAILED, error=code, finished_at=self.tools.clock())

    def read(self, count: int) -> None:
        """So many submissions were read; of what is read twice the first time counts."""
        self.done = max(self.done, count)
        self.beat()

    def files(self, media: Callable[[], Iterable[MediaFile]]) -> Iterator[MediaFile]:
        """The files of answers, counted by the submissions that they are of."""
        count, last = 0, None
        for file in media():
            if file.key != last:
                count, last = count + 1, file.key
                self.read(count)
            yield file

    def beat(self) -> None:
        """Tells how far it is, about once a second."""
        moment = time.monotonic()
        if moment < self._again:
            return
        self._again = moment + NOTE_SECONDS
        self.tools.pulse()
        require_space(self._home)
        self.write(done=self.done, size=self.size)


def _make(session: Session, home: Home, order: ExportView, notes: _Notes) -> None:
    now = notes.tools.clock()
    extract = _extract(session, order, now)
    total, tag = count_extract(session, extract), data_tag(session, extract, order.locale)
    notes.write(total=total, tag=tag, scope=scope_as_json(extract.wanted.scope))
    source = source_of(session, home, extract, notes.tools.speak(order.locale), notes.read)
    if source.media is not None:
        source = replace(source, media=partial(notes.files, source.media))
    ending = extract.wish.ending
    pieces = write_one(source) if ending == CSV else list_formats()[ending].write(source)
    folder = home.config.exports_folder
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=UNFINISHED, dir=folder)
    draft, digest = Path(name), hashlib.sha256()
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                notes.size += len(piece)
                notes.beat()
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / order.uuid)
    finally:
        draft.unlink(missing_ok=True)
    _sync(folder)
    ended = notes.tools.clock()
    told = {"state": READY, "done": total, "size": notes.size, "sha256": digest.hexdigest(), "file": order.uuid}
    expires = ended + timedelta(days=home.config.export_days)
    try:
        notes.write(**told, finished_at=ended, expires_at=expires)
    except Cancelled:
        (folder / order.uuid).unlink(missing_ok=True)
        raise


def _extract(session: Session, order: ExportView, now: datetime) -> Extract:
    caller = caller_of(session, order.actor_id, now)
    if caller.kind == "user" and find_user(session, order.actor_id) is None:
        raise Forbidden("auth.forbidden")
    project, form = find_project(session, order.project_id), find_form_by_id(session, order.form_id)
    if project is None or form is None or form.current is None:
        raise NotFound("form.unknown", form="")
    return look_up(session, caller, Asked(project, form, form.current), wish_from(order.wish), now)


def _code_of(error: DomainError) -> str:
    """A message id that needs no values."""
    if isinstance(error, Forbidden):
        return "auth.forbidden"
    if isinstance(error, Unavailable):
        return "storage.disk_full" if error.code == "storage.disk_full" else "export.failed"
    return "export.gone"


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
