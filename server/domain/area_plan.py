"""What a file would change of the areas that are there: worked out whole before anything is written.

Each record is looked up among the areas as of its day, its parent named as of that day; then the areas it came from are
ended, what nobody moved goes on in a whole successor, and the result is looked through: no gap, no overlap, no circle,
nothing in an area that is not there.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from server.domain.area_records import AreaRecord, Clash, RowProblem
from server.domain.area_times import CHANGED, FIRST, LAST, NEW, Span, Times
from server.domain.areas import AreaChange, match_key

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one area: new, changed, ended, unchanged, or differs (it is otherwise here, and stays so)."""

    row: int
    what: str
    code: str | None
    name: str


@dataclass
class Plan:
    """What would be written. `changes` are new ones; `points` by area id; `problems` of which one that is grave stops
    it all."""

    areas: dict[str, Times] = field(default_factory=dict)
    changes: list[AreaChange] = field(default_factory=list)
    points: list[tuple[str, AreaRecord]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether nothing may be loaded."""
        return any(problem.grave for problem in self.problems)

    @property
    def touched(self) -> list[Times]:
        """The areas that are new or otherwise than before."""
        return [area for area in self.areas.values() if area.touched]

    def count(self) -> dict[str, int]:
        """How many areas are new, changed, ended, unchanged, differ."""
        return dict(Counter(effect.what for effect in self.effects))


@dataclass(frozen=True)
class Known:
    """What is there: the times of all areas and what became of them. `new_id` makes an own id."""

    areas: Iterable[Times]
    changes: Iterable[AreaChange]
    new_id: Callable[[], str]


class Planner:
    """Makes a plan of records. `on`: the day as of which undated rows are read. `keep`: a list that is less exact than
    what may be here already (a country's package): what is here stays, and only what is missing is added."""

    def __init__(self, known: Known, on: date, keep: bool = False) -> None:
        self.plan = Plan({area.id: area for area in known.areas})
        self.changes = list(known.changes)
        self._new_id, self._on, self._keep = known.new_id, on, keep
        self._by_code: dict[str, list[Times]] = defaultdict(list)
        self._by_key: dict[str, Times] = {}
        self._under: dict[tuple[str, str], list[Times]] = defaultdict(list)
        self._of: dict[int, Times] = {}
        self._dated: dict[str, date] = {}
        for area in self.plan.areas.values():
            for span in area.spans:
                self._index(area, span)

    def make(self, records: Iterable[AreaRecord]) -> Plan:
        """The whole plan."""
        waiting = sorted(records, key=lambda record: record.valid_from or FIRST)
        for record in reversed(waiting):
            if record.valid_from is not None:
                self._dated |= dict.fromkeys(_names(record), record.valid_from)
        while waiting:
            names = {name for record in waiting for name in _names(record)}
            later = [record for record in waiting if not self._place(record, names)]
            if len(later) == len(waiting):
                for record in later:
                    self.say(record, Clash("area.cycle", parent=record.parent))
                break
            waiting = later
        return self.plan

    def find(self, ref: str, day: date, also_ended: bool = False) -> Times:
        """The area of a key, own id, or code as of a day. Raises Clash when there is none, or more than one."""
        found = self._by_key.get(ref) or self.plan.areas.get(ref)
        if found is not None:
            return found
        bearing = self._by_code.get(ref, ())
        holding = [area for area in bearing if (span := area.on(day)) is not None and span.code == ref]
        if len(holding) > 1:
            raise Clash("area.ambiguous", value=ref, count=len(holding))
        if holding:
            return holding[0]
        if not bearing:
            raise Clash("area.unknown_code", value=ref)
        nearest = max(bearing, key=lambda area: area.end)
        if nearest.end <= day and not also_ended:
            raise Clash("area.parent_ended", parent=nearest.last.name, day=nearest.end, area=nearest.id)
        if nearest.end <= day:
            return nearest
        raise Clash("area.unknown_then", value=ref, day=day)

    def record_of(self, record: AreaRecord) -> Times | None:
        """The area that a record was found to be about."""
        return self._of.get(id(record))

    def look_again(self, records: Iterable[AreaRecord]) -> None:
        """Notes each record that does not hold any more, because another one of the same file says otherwise: what was
        loaded would change again when it is read again."""
        for record in records:
            area = self.record_of(record)
            if area is None:
                continue
            try:
                there = self._said_by(record, area)
            except Clash as clash:
                self.say(record, clash)
                continue
            if there is not None:
                self.say(record, Clash("area.two_at_once", other=there.row or area.last.row or record.row))

    def _said_by(self, record: AreaRecord, area: Times) -> Span | None:
        """What stands in place of a record; None when it is what it says."""
        day = self._day(record)
        parent = self.find(record.parent, day) if record.parent else None
        there = area.on(day)
        if there is None or self._match(record, parent, day) is not area:
            return area.last
        wanted = Span(record.name, record.code, record.kind, parent.id if parent else None, flags=record.flags)
        until = record.valid_to in (None, there.end)
        return None if there.says_the_same_as(wanted) and until else there

    def say(self, record: AreaRecord, clash: Clash) -> None:
        """Notes that a record cannot be."""
        params = {"row": record.row, "name": record.name, **clash.params}
        self.plan.problems.append(RowProblem(record.row, clash.code, params))

    def _index(self, area: Times, span: Span) -> None:
        if span.code and area not in self._by_code[span.code]:
            self._by_code[span.code].append(area)
        if span.parent_id:
            self._under[span.parent_id, match_key(span.name)].append(area)

    def _day(self, record: AreaRecord) -> date:
        """The day as of which a row is looked up. One without a day speaks of the time before the next of its area."""
        if record.valid_from is not None:
            return record.valid_from
        if record.valid_to is not None:
            return record.valid_to - DAY
        return min((self._dated[name] - DAY for name in _names(record) if name in self._dated), default=self._on)

    def _place(self, record: AreaRecord, names: set[str]) -> bool:
        """False: its parent stands further down in the file."""
        day = self._day(record)
        try:
            parent = self.find(record.parent, day) if record.parent else None
        except Clash as clash:
            if record.parent in names - {record.key, record.id}:
                return False
            self.say(record, clash)
            return True
        try:
            self._put(record, parent, day)
        except Clash as clash:
            self.say(record, clash)
        return True

    def _put(self, record: AreaRecord, parent: Times | None, day: date) -> None:
        wanted = Span(
            record.name,
            record.code,
            record.kind,
            parent.id if parent else None,
            record.valid_from or FIRST,
            record.valid_to or LAST,
            record.flags,
            record.status,
            record.source,
            row=record.row,
            said=record.valid_to is not None,
        )
        if wanted.begin >= wanted.end:
            raise Clash("area.period", since=wanted.begin, until=wanted.end)
        area = self._match(record, parent, day)
        if record.valid_from is None and parent is not None and not area.spans:
            # undated: since its parent is there
            wanted.begin = parent.begin
        before = len(area.spans)
        what = area.put(wanted, day, self._keep)
        self._of[id(record)] = area
        self.plan.areas.setdefault(area.id, area)
        for key in (record.key, record.id):
            if key:
                self._by_key[key] = area
        if what in (NEW, CHANGED) or len(area.spans) != before:
            self._index(area, wanted)
        self.plan.effects.append(Effect(record.row, what, wanted.code or area.last.code, record.name))
        if record.point is not None:
            self.plan.points.append((area.id, record))

    def _match(self, record: AreaRecord, parent: Times | None, day: date) -> Times:
        named = self._named(record)
        if named is not None:
            return named
        if record.code:
            holding = self._bearing(record.code, day, record)
            if holding is not None and not (record.origins and holding.begin != record.valid_from):
                return holding
            if record.was or not record.origins:
                before = self._bearing(record.was or record.code, day - DAY, record) if day > FIRST else None
                if before is not None and record.valid_from is not None:
                    return before
        elif parent is not None:
            under = self._under.get((parent.id, match_key(record.name)), ())
            found = next((area for area in under if (span := area.on(day)) and span.parent_id == parent.id), None)
            if found is not None:
                return found
        return Times(self._new_id(), fresh=True, synthetic=record.synthetic)

    def _named(self, record: AreaRecord) -> Times | None:
        for ref in (record.key, record.id):
            found = self._by_key.get(ref or "") or self.plan.areas.get(ref or "")
            if found is not None:
                return found
        return Times(record.id, fresh=True, synthetic=record.synthetic) if record.id else None

    def _bearing(self, code: str, day: date, record: AreaRecord) -> Times | None:
        """The area that bears a code on a day; of several the one of this name or kind."""
        spans = [(area, span) for area in self._by_code.get(code, ()) if (span := area.on(day)) and span.code == code]
        if len(spans) > 1:
            by_name = [each for each in spans if match_key(each[1].name) == match_key(record.name)]
            spans = by_name or [each for each in spans if each[1].kind == record.kind] or spans
        if len(spans) > 1:
            raise Clash("area.ambiguous", value=code, count=len(spans))
        return spans[0][0] if spans else None


def _names(record: AreaRecord) -> list[str]:
    return [name for name in (record.key, record.id, record.code) if name]
