"""What follows from the rows of a file: which areas end, what became of them, where what nobody moved goes on, and what
is left that cannot be."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from server.domain.area_plan import DAY, Known, Plan, Planner
from server.domain.area_records import AreaRecord, Clash, Other, RowProblem
from server.domain.area_times import LAST, Span, Times
from server.domain.areas import AreaChange, match_key

DERIVED = "theo đơn vị cấp trên đã nhập nguyên vẹn; chưa đối chiếu văn bản về riêng đơn vị này"


def plan_areas(records: Sequence[AreaRecord], known: Known, on: date, keep: bool = False) -> Plan:
    """The plan of a file, to be written or only shown. `on` and `keep` as of a Planner."""
    planner = Planner(known, on, keep)
    plan = planner.make(records)
    _Changes(planner).note(records)
    _Heirs(planner).move()
    _look_through(plan)
    if not keep and not plan.refused:
        planner.look_again(records)
    plan.problems = [_naming_successors(each, planner) for each in plan.problems]
    plan.problems.sort(key=lambda problem: (not problem.grave, problem.row))
    return plan


class _Changes:
    """Notes what became of areas, and ends those that went over whole."""

    def __init__(self, planner: Planner) -> None:
        self._planner, self._plan = planner, planner.plan
        self._known = {(change.from_area, change.to_area, change.date) for change in planner.changes}

    def note(self, records: Iterable[AreaRecord]) -> None:
        """All of them; the plan holds the new ones, the planner all."""
        found: list[tuple[AreaRecord, Times, Times, date, str]] = []
        for record in records:
            area = self._planner.record_of(record)
            if area is None:
                continue
            for other in record.origins:
                found += self._resolved(record, area, other, record.valid_from)
            for other in record.heirs:
                found += self._resolved(record, area, other, record.valid_to, ahead=True)
        into: dict[tuple[str, date], int] = defaultdict(int)
        outof: dict[tuple[str, date], int] = defaultdict(int)
        for _, origin, heir, day, _ in found:
            into[heir.id, day] += 1
            outof[origin.id, day] += 1
        for record, origin, heir, day, extent in found:
            alone = into[heir.id, day] == 1 and outof[origin.id, day] == 1 and heir.begin == day
            kind = "split" if extent != "whole" else self._kind(origin, heir, day) if alone else "merged"
            self._add(record, origin, heir, (day, extent, kind))
        for record in records:
            self._note_own(record)

    def _resolved(
        self, record: AreaRecord, area: Times, other: Other, day: date | None, ahead: bool = False
    ) -> list[tuple[AreaRecord, Times, Times, date, str]]:
        if day is None:
            self._planner.say(record, Clash("area.change_undated"))
            return []
        try:
            partner = self._planner.find(other.ref, day if ahead else day - DAY)
            origin, heir = (area, partner) if ahead else (partner, area)
            if origin is heir:
                return []
            if other.extent == "whole":
                origin.stop(day)
        except Clash as clash:
            self._planner.say(record, clash)
            return []
        return [(record, origin, heir, day, other.extent)]

    def _note_own(self, record: AreaRecord) -> None:
        """An area that goes on under another name or elsewhere."""
        area, day = self._planner.record_of(record), record.valid_from
        if area is None or day is None:
            return
        before, after = area.until(day), area.on(day)
        if before is None or after is None or after.begin != day or after.id is not None:
            return
        if match_key(before.name) != match_key(after.name) or before.parent_id != after.parent_id:
            self._add(record, area, area, (day, "whole", self._kind(area, area, day)))

    def _kind(self, origin: Times, heir: Times, day: date) -> str:
        before, after = origin.until(day), heir.on(day)
        same = before and after and match_key(before.name) == match_key(after.name)
        return "moved" if same else "renamed"

    def _add(self, record: AreaRecord, origin: Times, heir: Times, how: tuple[date, str, str]) -> None:
        day, extent, kind = how
        if (origin.id, heir.id, day) in self._known:
            return
        self._known.add((origin.id, heir.id, day))
        change = AreaChange(origin.id, heir.id, day, extent, record.decree, record.status, kind, record.source)
        self._plan.changes.append(change)
        self._planner.changes.append(change)


class _Heirs:
    """Moves what lay in an area that ended, and that nobody moved, into its whole successor."""

    def __init__(self, planner: Planner) -> None:
        self._plan = planner.plan
        self._changes: dict[tuple[str, date], list[AreaChange]] = defaultdict(list)
        for change in planner.changes:
            if change.from_area != change.to_area:
                self._changes[change.from_area, change.date].append(change)
        self._below: dict[str, list[tuple[Times, Span]]] = defaultdict(list)
        for area in self._plan.areas.values():
            for span in area.spans:
                if span.parent_id is not None:
                    self._below[span.parent_id].append((area, span))

    def move(self) -> None:
        """All of them, the earliest end first: a successor may have ended too."""
        ended = [area for area in self._plan.areas.values() if area.spans and area.end < LAST]
        for area in sorted(ended, key=lambda each: each.end):
            for child, span in list(self._below[area.id]):
                if span.end <= area.end:
                    continue
                if span.begin >= area.end:
                    if span.row is not None:
                        self._complain(child, span, area, "area.parent_ended")
                    continue
                self._move(child, span, area)

    def _move(self, child: Times, span: Span, area: Times) -> None:
        day = area.end
        changes = self._changes[area.id, day]
        heir = self._plan.areas.get(changes[0].to_area) if len(changes) == 1 and changes[0].extent == "whole" else None
        if heir is None or heir is child or heir.on(day) is None:
            self._complain(child, span, area, "area.unassigned")
            return
        child.go_on(day, heir.id, "derived", DERIVED)
        after = child.on(day)
        if after is not None:
            self._below[heir.id].append((child, after))

    def _complain(self, child: Times, span: Span, area: Times, code: str) -> None:
        params = {"row": span.row or 0, "name": span.name, "code": span.code or "–", "day": area.end, "area": area.id}
        params["parent"] = area.last.name
        self._plan.problems.append(RowProblem(span.row or 0, code, params, grave=code != "area.unassigned"))


def _look_through(plan: Plan) -> None:
    for area in plan.touched:
        row = next((span.row for span in area.spans if span.row is not None), 0)
        params = {"row": row, "name": area.last.name}
        for one, other in zip(area.spans, area.spans[1:], strict=False):
            if one.end != other.begin:
                code = "area.gap" if one.end < other.begin else "area.overlap"
                plan.problems.append(RowProblem(row, code, params | {"since": one.end, "until": other.begin}))
        for span in area.spans:
            parent = plan.areas.get(span.parent_id or "")
            if parent is not None and span.row is not None and span.begin < parent.begin:
                told = params | {"parent": parent.last.name, "day": parent.begin}
                plan.problems.append(RowProblem(span.row, "area.parent_later", told))
        if _goes_round(plan, area):
            plan.problems.append(RowProblem(row, "area.cycle", params | {"parent": area.last.name}))


def _goes_round(plan: Plan, area: Times) -> bool:
    """Whether an area lies in itself at any time."""
    waiting = [(area, area.begin, area.end, frozenset({area.id}))]
    while waiting:
        one, begin, end, path = waiting.pop()
        for span in one.within(begin, end):
            parent = plan.areas.get(span.parent_id or "")
            if parent is None:
                continue
            if parent.id in path:
                return True
            waiting.append((parent, max(begin, span.begin), min(end, span.end), path | {parent.id}))
    return False


def _naming_successors(problem: RowProblem, planner: Planner) -> RowProblem:
    """A problem about an area that ended names what it went into."""
    area_id = problem.params.get("area")
    if area_id is None:
        return problem
    heirs = [
        planner.plan.areas[change.to_area].last
        for change in planner.changes
        if change.from_area == area_id and change.to_area in planner.plan.areas and change.to_area != area_id
    ]
    named = ", ".join(f"{heir.name} ({heir.code})" if heir.code else heir.name for heir in heirs) or "–"
    return replace(problem, params={**problem.params, "successors": named})
