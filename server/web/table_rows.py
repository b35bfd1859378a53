"""The rows of an OData table as pieces of JSON, read while they are written: a page by index, a whole table through a
cursor, in a session of its own, so that memory stays flat and the first piece goes out at once."""

from __future__ import annotations

import base64
import binascii
import heapq
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any, NamedTuple

import orjson
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from forms.definition import Field
from server.domain.errors import Invalid
from server.domain.review import RECEIVED
from server.domain.table_terms import Column, Condition, Order, Read, columns_in, judge, value_of
from server.exports.odata import ROOT, steps_to
from server.exports.odata_raw import raw_rows
from server.exports.odata_rows import RepeatRow, Shape, repeat_rows, submission_rows
from server.exports.zips import PressedBeside
from server.storage.exporting import Sent, iterate_batches, iterate_page, moment_text
from server.storage.tables import Wanted, count_rows, count_rows_within, find_place
from server.web.compress import LEVEL, takes_gzip

MOST_BY_INDEX = 2_000
"""Rows of a page up to which it is found by index; what is longer is read through a cursor."""
MOST_ORDERED = 10_000
"""Rows of a repeat that are put in order by their own columns, with those skipped: they are held in memory."""
AT_ONCE = 100
FIRST = 1 << 16
"""Bytes that are made before an answer begins: what is whole by then goes out with its length and its tag."""
_MARKED = "01"
LONGEST_MARK = 2_000
_NUMBERS = 1 << 63
_GZIP = 31


class Mark(NamedTuple):
    """Where a page ended: with this submission; in a repeat's table with this row of it. One of both may be unknown.
    `place`: where the submission stands in the order of time, so that nobody has to look for it; it is not believed to
    be in sight, and leads to nothing that is not."""

    instance_id: str | None
    repeat: str | None = None
    place: tuple[datetime, int] | None = None


@dataclass(frozen=True)
class Page:
    """Which part of a table; `mark`: what follows it."""

    skip: int = 0
    top: int | None = None
    counted: bool = False
    mark: Mark | None = None


@dataclass(frozen=True)
class Asked:
    """One table of a form as somebody asks for it. Of a repeat: `own` and `order` are what its own rows are narrowed to
    and put in order by; `above`: only the rows below the row with this key. `other_key`: rows are to lead to nobody,
    and have the key that this makes of a submission's."""

    root: Field
    table: str
    wanted: Wanted
    shape: Shape
    page: Page = Page()
    own: Condition | None = None
    order: tuple[Order, ...] = ()
    above: str | None = None
    other_key: Callable[[str], str] | None = None

    def key_of(self, sent: Sent) -> str:
        """The key that a submission is shown under."""
        return sent.instance_id if self.other_key is None else self.other_key(sent.instance_id)


class Links(NamedTuple):
    """The address of what describes the table, and how the next page is asked for."""

    context: str
    after_mark: str
    after_count: str


def read_one(session: Session, asked: Asked) -> bytes | None:
    """The row of the submission that is asked for, as JSON."""
    found = list(iterate_page(session, replace(asked.wanted, raw=True), 0, 1))
    return _Submissions(asked).shown(found[0]) if found else None


def is_short(asked: Asked) -> bool:
    """Whether it is a page that is found by index."""
    return asked.page.top is not None and asked.page.top <= MOST_BY_INDEX


def write_table(session: Session, asked: Asked, links: Links) -> Generator[bytes]:
    """The table as JSON. Raises Invalid (`table.skiptoken_gone`, `table.order_needs_top`) before the first piece."""
    page = asked.page
    rows = _Submissions(asked) if asked.table == ROOT else _Repeats(asked)
    found = rows.read(session)
    if page.top is not None:
        found = islice(found, page.top + 1)
    yield b'{"@odata.context":' + orjson.dumps(links.context) + b',"value":['
    written, last, more = 0, None, False
    while some := list(islice(found, AT_ONCE)):
        if page.top is not None and written + len(some) > page.top:
            some, more = some[: page.top - written], True
        if some:
            lead = b"," if written else b""
            yield lead + b",".join([row for _, row in some])
            written, last = written + len(some), some[-1][0]
    tail: dict[str, Any] = {}
    if page.counted:
        whole = page.top is None and page.mark is None and not page.skip
        tail["@odata.count"] = written if whole else rows.count(session)
    if more and last is not None:
        tail["@odata.nextLink"] = _next_link(links, page, asked, _mark(last))
    yield b"]" + (b"," + orjson.dumps(tail)[1:-1] if tail else b"") + b"}"


def _next_link(links: Links, page: Page, asked: Asked, last: Mark) -> str:
    # a mark says what was sent, which nobody may learn who reads without what is personal
    if asked.order or asked.wanted.order or asked.other_key is not None:
        return links.after_count.format(skip=page.skip + (page.top or 0))
    return links.after_mark.format(mark=mark_as_token(last))


def mark_as_token(mark: Mark) -> str:
    """A mark as it stands in an address: `01` and base64 of JSON, as ODK Central has it."""
    place = None if mark.place is None else [mark.place[0].isoformat(), mark.place[1]]
    named = {"repeatId": mark.repeat, "instanceId": mark.instance_id, "place": place}
    said = orjson.dumps({name: value for name, value in named.items() if value is not None})
    return _MARKED + base64.urlsafe_b64encode(said).decode()


def token_as_mark(token: str) -> Mark:
    """The mark that an address says. Raises Invalid (`table.skiptoken`) when it says none."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(token.removeprefix(_MARKED)))
        keys, place = [found.get("instanceId"), found.get("repeatId")], _place_said(found.get("place"))
    except (ValueError, TypeError, OverflowError, binascii.Error, AttributeError):
        keys, place = [], None
    known = [key for key in keys if key is not None]
    good = known and all(isinstance(key, str) and key and "\x00" not in key for key in known)
    if not token.startswith(_MARKED) or len(token) > LONGEST_MARK or not good:
        raise Invalid("table.skiptoken", value=token[:80])
    return Mark(keys[0], keys[1], place)


def _place_said(said: Any) -> tuple[datetime, int] | None:
    """Raises ValueError or TypeError for what is no place."""
    if said is None:
        return None
    instant, number = said
    sent_at = datetime.fromisoformat(instant)
    if type(number) is not int or not 0 <= number < _NUMBERS or sent_at.tzinfo is None:
        raise ValueError(said)
    return sent_at.astimezone(UTC), number


_Ended = tuple[Sent, str | None]
"""What a mark is made of; of most rows none is made."""


def _mark(ended: _Ended) -> Mark:
    sent, repeat = ended
    return Mark(sent.instance_id, repeat, (sent.created_at, sent.id))


class _Submissions:
    """The table of submissions."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._rows = submission_rows(asked.root, asked.shape)
        self._raw = raw_rows(asked.root, asked.shape)

    def shown(self, sent: Sent) -> bytes:
        """One of them as it is shown; its answers are the text of their JSON."""
        text: Any = sent.answers or "{}"
        key, system = self._asked.key_of(sent), _system(sent)
        if self._asked.other_key is not None:
            system |= NOBODY
        row = None if self._raw is None else self._raw.row(key, sent.current_id, text, system)
        return row if row is not None else orjson.dumps(self._slowly(sent, orjson.loads(text), (key, system)))

    def _slowly(self, sent: Sent, answers: dict[str, Any], known_as: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        meta = answers.get("meta")
        known = {name: value for name, value in meta.items() if value is not None} if isinstance(meta, dict) else {}
        answers["meta"] = {"instanceID": sent.current_id} | known
        return self._rows.row(known_as[0], answers, known_as[1])

    def read(self, session: Session) -> Iterator[tuple[_Ended, bytes]]:
        """The rows, each with its mark."""
        page, wanted = self._asked.page, replace(self._asked.wanted, raw=True)
        if page.mark is not None:
            wanted = replace(wanted, after=_place(session, wanted, page.mark))
        if is_short(self._asked):
            found = iterate_page(session, wanted, page.skip, (page.top or 0) + 1)
        else:
            found = islice(_each(iterate_batches(session, wanted)), page.skip, None)
        shown = self.shown
        for sent in found:
            yield (sent, None), shown(sent)

    def count(self, session: Session) -> int:
        """How many there are in all."""
        return count_rows(session, self._asked.wanted)


class _Repeats:
    """The table of a repeat."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._rows = repeat_rows(asked.root, asked.table, asked.shape)
        asked_for = [*(columns_in(asked.own) if asked.own else ()), *(each.column for each in asked.order)]
        beside = any(not column.own and not column.steps for column in asked_for)
        whole = any(not column.own and column.steps for column in asked_for)
        outermost = () if whole else self._rows.outermost
        self._wanted = replace(asked.wanted, bare=not beside, only=outermost)

    def read(self, session: Session) -> Iterator[tuple[_Ended, bytes]]:
        """The rows, each with its mark."""
        page = self._asked.page
        found = self._ordered(session) if self._asked.order else self._after(session)
        for sent, row in islice(found, page.skip, None):
            yield (sent, row.key), orjson.dumps(self._rows.row(row))

    def count(self, session: Session) -> int:
        """How many there are in all."""
        asked = self._asked
        steps = steps_to(asked.root, asked.table)
        if asked.own is None and asked.above is None and steps is not None:
            return count_rows_within(session, asked.wanted, steps)
        return sum(1 for _ in self._fitting(_each(iterate_batches(session, self._wanted))))

    def _fitting(self, submissions: Iterable[Sent]) -> Iterator[tuple[Sent, RepeatRow]]:
        own, above = self._asked.own, self._asked.above
        for sent in submissions:
            for row in self._rows.found(self._asked.key_of(sent), sent.answers):
                if above is not None and row.parent != above:
                    continue
                if own is None or judge(own, _reading(sent, row)) is True:
                    yield sent, row

    def _after(self, session: Session) -> Iterator[tuple[Sent, RepeatRow]]:
        mark, wanted = self._asked.page.mark, self._wanted
        if mark is None:
            yield from self._fitting(self._submissions(session, wanted))
        elif mark.instance_id is None:
            yield from self._looked_for(session, mark.repeat or "")
        else:
            sent_at, number = _place(session, wanted, mark)
            # with the submission itself where only some of its rows were read
            after = (sent_at, number if mark.repeat is None else number + 1)
            found = self._submissions(session, replace(wanted, after=after))
            yield from self._fitting(found) if mark.repeat is None else self._behind(found, mark)

    def _behind(self, submissions: Iterator[Sent], mark: Mark) -> Iterator[tuple[Sent, RepeatRow]]:
        """What follows a row of the first submission: all of the next ones when an edit took that row away."""
        first = next(submissions, None)
        if first is None:
            return
        rows = list(self._fitting((first,)))
        if first.instance_id == mark.instance_id:
            keys = [row.key for _, row in rows]
            rows = rows[keys.index(mark.repeat) + 1 :] if mark.repeat in keys else []
        yield from rows
        yield from self._fitting(submissions)

    def _looked_for(self, session: Session, key: str) -> Iterator[tuple[Sent, RepeatRow]]:
        """What follows a row of which nothing is known but its key: all before it are walked."""
        found = self._fitting(_each(iterate_batches(session, self._wanted)))
        if not any(row.key == key for _, row in found):
            raise Invalid("table.skiptoken_gone")
        yield from found

    def _submissions(self, session: Session, wanted: Wanted) -> Iterator[Sent]:
        if not is_short(self._asked) or wanted.order:
            yield from _each(iterate_batches(session, wanted))
            return
        # most submissions have some rows: what is read too much costs more than to read again
        size = max(10, (self._asked.page.top or 0) // 2)
        while some := list(iterate_page(session, wanted, 0, size)):
            yield from some
            if len(some) < size:
                return
            wanted = replace(wanted, after=(some[-1].created_at, some[-1].id))
            size = min(2 * size, MOST_BY_INDEX)

    def _ordered(self, session: Session) -> Iterator[tuple[Sent, RepeatRow]]:
        page, order = self._asked.page, self._asked.order
        if page.top is None or page.skip + page.top > MOST_ORDERED:
            raise Invalid("table.order_needs_top", most=MOST_ORDERED)

        def place_of(pair: tuple[Sent, RepeatRow]) -> tuple[Any, ...]:
            read = _reading(*pair)
            values = ((each.descending, value_of(each.column, read(each.column))) for each in order)
            ranked = ((down, (value is not None, value)) for down, value in values)
            return tuple(_Down(rank) if down else rank for down, rank in ranked)

        every = self._fitting(_each(iterate_batches(session, self._wanted)))
        return iter(heapq.nsmallest(page.skip + page.top + 1, every, key=place_of))


@dataclass(frozen=True, slots=True)
class _Down:
    """A value in the other order."""

    value: Any

    def __lt__(self, other: _Down) -> bool:
        return bool(other.value < self.value)


def _each(batches: Iterable[list[Sent]]) -> Iterator[Sent]:
    return chain.from_iterable(batches)


def _place(session: Session, wanted: Wanted, mark: Mark) -> tuple[datetime, int]:
    if mark.place is not None:
        return mark.place
    found = find_place(session, wanted, mark.instance_id) if mark.instance_id is not None else None
    if found is None:
        raise Invalid("table.skiptoken_gone")
    return found


def _reading(sent: Sent, row: RepeatRow) -> Read:
    def read(column: Column) -> Any:
        if column.steps:
            value: Any = row.answers if column.own else sent.answers
            for step in column.steps:
                value = value.get(step) if isinstance(value, Mapping) else None
            return value
        if column.own:
            return row.key if column.name == "__id" else row.parent
        return _KNOWN[column.name.removeprefix(f"$root/{ROOT}/")](sent)

    return read


NOBODY: Mapping[str, None] = {"submitterId": None, "submitterName": None, "deviceId": None}
"""What the server knows of a submission, where it is to lead to nobody."""


def _system(sent: Sent) -> dict[str, Any]:
    updated, deleted = sent.updated_at, sent.deleted_at
    return {
        "submissionDate": moment_text(sent.created_at),
        "updatedAt": None if updated is None else moment_text(updated),
        "submitterId": str(sent.submitter_id),
        "submitterName": sent.submitter,
        "attachmentsPresent": sent.files_present,
        "attachmentsExpected": sent.files_expected,
        "status": None,
        "reviewState": _state(sent),
        "deviceId": sent.device_id,
        "edits": sent.edits,
        "formVersion": sent.form_version,
        "deletedAt": None if deleted is None else moment_text(deleted),
    }


def _state(sent: Sent) -> str | None:
    return None if sent.review_state == RECEIVED else sent.review_state


_KNOWN: Mapping[str, Any] = {
    "__id": lambda sent: sent.instance_id,
    "__system/submissionDate": lambda sent: sent.created_at,
    "__system/updatedAt": lambda sent: sent.updated_at,
    "__system/deletedAt": lambda sent: sent.deleted_at,
    "__system/submitterId": lambda sent: sent.submitter_id,
    "__system/submitterName": lambda sent: sent.submitter,
    "__system/attachmentsPresent": lambda sent: sent.files_present,
    "__system/attachmentsExpected": lambda sent: sent.files_expected,
    "__system/reviewState": _state,
    "__system/deviceId": lambda sent: sent.device_id,
    "__system/edits": lambda sent: sent.edits,
    "__system/formVersion": lambda sent: sent.form_version,
}


def answer_pieces(pieces: Generator[bytes], content_type: str, *, streamed: bool) -> Response:
    """An answer of pieces: whole when it is short or is not to be streamed; else as a stream, gzipped for whoever takes
    it. What is read from is closed with the answer, also when whoever asks goes away."""
    begun, size = [], 0
    for piece in pieces:
        begun.append(piece)
        size += len(piece)
        if streamed and size >= FIRST:
            break
    else:
        return Response(b"".join(begun), content_type=content_type)
    body = _joined(begun, pieces)
    answer = Response(_gzipped(body) if takes_gzip() else body, content_type=content_type)
    if takes_gzip():
        answer.headers["Content-Encoding"] = "gzip"
    answer.vary.add("Accept-Encoding")
    answer.call_on_close(pieces.close)
    return answer


def _joined(begun: list[bytes], pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield b"".join(begun)
    yield from pieces


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    squeezed = zlib.compressobj(LEVEL, wbits=_GZIP)
    rest = iter(pieces)
    yield squeezed.compress(next(rest, b"")) + squeezed.flush(zlib.Z_SYNC_FLUSH)
    with ThreadPoolExecutor(1) as beside:
        pressed = PressedBeside(squeezed, beside)
        for piece in rest:
            if out := pressed.compress(piece):
                yield out
        yield pressed.flush()
