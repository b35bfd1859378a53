"""The times of one area while a change is planned: spans without gap or overlap, each one version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from server.domain.area_records import Clash
from server.domain.areas import match_key

FIRST, LAST = date.min, date.max
"""What an open beginning and an open end stand for."""

NEW, CHANGED, ENDED, UNCHANGED, DIFFERS = "new", "changed", "ended", "unchanged", "differs"


@dataclass(slots=True, eq=False)
class Span:
    """One version. `id`: its row in the database, None when it is new. `row`: the line that wrote it, None: it was
    there. `said`: the line named the end. `changed`: other than in the database."""

    name: str
    code: str | None
    kind: str
    parent_id: str | None
    begin: date = FIRST
    end: date = LAST
    flags: Mapping[str, Any] | None = None
    status: str = "unverified"
    source: str = ""
    id: int | None = None
    row: int | None = None
    said: bool = False
    changed: bool = False

    def says_the_same_as(self, wanted: "Span") -> bool:
        """Whether a row says nothing else; flags and a code that it does not name are not compared."""
        return (
            match_key(self.name) == match_key(wanted.name)
            and self.kind == wanted.kind
            and self.parent_id == wanted.parent_id
            and wanted.code in (None, self.code)
            and (wanted.flags is None or dict(wanted.flags) == dict(self.flags or {}))
        )

    def take(self, wanted: "Span") -> None:
        """Becomes what a row says, in the same time."""
        self.name, self.kind, self.parent_id = wanted.name, wanted.kind, wanted.parent_id
        self.code = wanted.code or self.code
        self.flags = self.flags if wanted.flags is None else wanted.flags
        self.status, self.source, self.row, self.changed = wanted.status, wanted.source, wanted.row, True


@dataclass(slots=True, eq=False)
class Times:
    """All spans of one area, in order. `fresh`: the area is not in the database yet."""

    id: str
    spans: list[Span] = field(default_factory=list)
    fresh: bool = False
    synthetic: bool = False
    touched: bool = False

    @property
    def begin(self) -> date:
        """The first day."""
        return self.spans[0].begin

    @property
    def end(self) -> date:
        """The day on which it is not there any more."""
        return self.spans[-1].end

    @property
    def last(self) -> Span:
        """The newest span."""
        return self.spans[-1]

    def on(self, day: date) -> Span | None:
        """The span that holds on a day."""
        return next((span for span in self.spans if span.begin <= day < span.end), None)

    def until(self, day: date) -> Span | None:
        """The span that holds up to a day."""
        return next((span for span in self.spans if span.begin < day <= span.end), None)

    def within(self, begin: date, end: date) -> Iterator[Span]:
        """The spans of a time."""
        return (span for span in self.spans if span.begin < end and begin < span.end)

    def put(self, wanted: Span, day: date, keep: bool) -> str:
        """Writes what a row says, looked up on `day`. `keep`: what is there already is not altered by it. NEW, CHANGED,
        ENDED, UNCHANGED or DIFFERS; raises Clash."""
        there = self.on(day)
        if there is None:
            return self._put_beside(wanted, day)
        if there.says_the_same_as(wanted):
            return ENDED if self._shorten(there, wanted, keep) else UNCHANGED
        if wanted.begin in (FIRST, there.begin):
            if keep and there.row is None:
                return ENDED if self._shorten(there, wanted, keep) else DIFFERS
            if there.row is not None:
                raise Clash("area.two_at_once", other=there.row)
            there.take(wanted)
            self._shorten(there, wanted, keep)
            self.touched = True
            return CHANGED
        return self._put_after(there, wanted)

    def stop(self, day: date) -> bool:
        """Ends the area on a day, on which it is not there any more. False: it ended then or before. Raises Clash when
        it goes on afterwards by the same file."""
        last = self.spans[-1]
        if last.end <= day:
            return False
        if last.begin >= day:
            raise Clash("area.goes_on", day=day)
        last.end, last.changed, self.touched = day, True, True
        return True

    def go_on(self, day: date, parent_id: str, status: str, source: str) -> None:
        """From a day on the same under another parent, concluded and not said by anybody."""
        there = self.on(day)
        if there is None:
            return
        self.touched = True
        if there.begin == day:
            there.parent_id, there.status, there.source, there.changed = parent_id, status, source, True
            return
        after = replace(there, parent_id=parent_id, begin=day, status=status, source=source, id=None, row=None)
        there.end, there.changed = day, True
        self.spans.insert(self.spans.index(there) + 1, after)

    def _put_beside(self, wanted: Span, day: date) -> str:
        if self.spans and wanted.begin == FIRST and self.end <= day:
            raise Clash("area.ended_already", day=self.end)
        before = next((span for span in reversed(self.spans) if span.end <= wanted.begin), None)
        after = next((span for span in self.spans if span.begin >= wanted.begin), None)
        if before is not None and before.end < wanted.begin:
            raise Clash("area.gap", since=before.end, until=wanted.begin)
        if after is not None:
            if wanted.end == LAST:
                wanted.end = after.begin
            if wanted.end > after.begin:
                raise Clash("area.overlap", since=after.begin, until=wanted.end)
            if wanted.end < after.begin:
                raise Clash("area.gap", since=wanted.end, until=after.begin)
        fresh = not self.spans
        if before is not None:
            wanted.code = wanted.code or before.code
            wanted.flags = before.flags if wanted.flags is None else wanted.flags
        self.spans.append(wanted)
        self.spans.sort(key=lambda span: span.begin)
        self.touched = True
        return NEW if fresh else CHANGED

    def _put_after(self, there: Span, wanted: Span) -> str:
        if there.row is not None and there.said:
            raise Clash("area.overlap", since=wanted.begin, until=there.end)
        if wanted.end == LAST:
            wanted.end = there.end
        elif wanted.end > there.end and there is not self.spans[-1]:
            raise Clash("area.overlap", since=there.end, until=wanted.end)
        wanted.code = wanted.code or there.code
        wanted.flags = there.flags if wanted.flags is None else wanted.flags
        there.end, there.changed = wanted.begin, True
        self.spans.insert(self.spans.index(there) + 1, wanted)
        self.touched = True
        return CHANGED

    def _shorten(self, there: Span, wanted: Span, keep: bool) -> bool:
        if wanted.end in (LAST, there.end) or (keep and there.row is None and there.end != LAST):
            return False
        if wanted.end > there.end and there is not self.spans[-1]:
            raise Clash("area.overlap", since=there.end, until=wanted.end)
        if there.end != LAST and there.row is None and there is self.spans[-1]:
            # it is known to end on another day than the row says
            raise Clash("area.other_end", day=there.end)
        if there is not self.spans[-1]:
            raise Clash("area.gap", since=wanted.end, until=there.end)
        there.end, there.changed, there.said, self.touched = wanted.end, True, True, True
        return True
