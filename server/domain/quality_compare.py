"""Checks of a village against itself in the round before, and against its neighbours in the same commune."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from server.domain.areas import AreaChange
from server.domain.quality import QualityFinding, Sheet
from server.domain.quality_counts import NO, YES, standard_of
from server.domain.quality_rules import (
    JUMPS,
    LOST,
    NEIGHBOURS_LEAST,
    SHARES,
    STANDS_OUT,
    UNDER_STANDARD,
    Share,
)


def came_from(
    changes: Sequence[AreaChange], area_id: str, since: date, until: date, began: Mapping[str, date]
) -> tuple[str, ...] | None:
    """The areas of the day `since` that together are, whole, the area of the day `until`; None when a part of it came
    from elsewhere or went elsewhere: it is not the same ground then. `began`: the first day of each area."""
    found = {area_id}
    for day in sorted({each.date for each in changes if since < each.date <= until}, reverse=True):
        before: set[str] = set()
        for place in found:
            into = [each for each in changes if each.date == day and each.to_area == place]
            out = [each for each in changes if each.date == day and each.from_area == place]
            if any(each.extent != "whole" for each in (*into, *out)):
                return None
            before |= {each.from_area for each in into}
            if not out and began.get(place, date.min) < day:
                # it was there before, and took the others in
                before.add(place)
        found = before
    return tuple(sorted(found)) if found and all(began.get(each, date.min) <= since for each in found) else None


def check_jump(sheet: Sheet, before: Sequence[Sheet], round_slug: str) -> Iterator[QualityFinding]:
    """A village's sheet against those of the round `round_slug` of the villages that are now this one, added up."""
    if not before:
        return
    others = tuple(sorted(each.submission_id for each in before))
    standards = {standard_of(each) for each in (sheet, *before)}
    for rule in JUMPS:
        if rule.field in UNDER_STANDARD and (len(standards) != 1 or None in standards):
            continue
        now, numbers = sheet.whole(rule.field), [each.whole(rule.field) for each in before]
        known = [number for number in numbers if number is not None]
        if now is None or len(known) != len(numbers):
            continue
        then = sum(known)
        change = abs(now - then)
        if change < rule.least or change * 100 <= rule.percent * then:
            continue
        severity = "warning" if change * 100 > 2 * rule.percent * then else "info"
        own, beside = {"field": rule.field, "now": now}, {"then": then, "round": round_slug}
        about = (rule.field, now, then, round_slug)
        yield QualityFinding("jump", severity, "jump_up" if now > then else "jump_down", own, beside, others, about)
    for name in LOST:
        if sheet.text(name) == NO and all(each.text(name) == YES for each in before):
            own, beside = {"field": name}, {"round": round_slug}
            yield QualityFinding("jump", "info", "lost", own, beside, others, (name, round_slug))


def check_outlier(sheet: Sheet, neighbours: Sequence[Sheet]) -> Iterator[QualityFinding]:
    """A village's sheet against what speaks for all villages of its commune, itself left out of `neighbours`."""
    for rule in SHARES:
        own = _per_thousand(sheet, rule)
        same = [each for each in neighbours if _comparable(sheet, each, rule)]
        found = [(each, share) for each in same if (share := _per_thousand(each, rule)) is not None]
        if own is None or len(found) + 1 < NEIGHBOURS_LEAST:
            continue
        middle = _twice_median([own, *(share for _, share in found)])
        # everything twice, so that the middle of two whole numbers is one as well
        away = [abs(2 * share - middle) for share in (own, *(share for _, share in found))]
        spread = max(_twice_median(away), 4 * rule.spread)
        if STANDS_OUT[1] * 2 * away[0] <= STANDS_OUT[0] * spread:
            continue
        told = {"field": rule.part, "field_of": rule.of, "share": own, "value": sheet.whole(rule.part)}
        beside = {"median": (middle + 1) // 2, "villages": len(found) + 1}
        others = tuple(sorted(each.submission_id for each, _ in found))
        reason = "outlier_high" if 2 * own > middle else "outlier_low"
        yield QualityFinding("outlier", "info", reason, told, beside, others, (rule.part, own))


def _comparable(sheet: Sheet, other: Sheet, rule: Share) -> bool:
    if rule.part not in UNDER_STANDARD:
        return True
    return standard_of(sheet) is not None and standard_of(sheet) == standard_of(other)


def _per_thousand(sheet: Sheet, rule: Share) -> int | None:
    part, whole = sheet.whole(rule.part), sheet.whole(rule.of)
    if part is None or not whole or whole < 0:
        return None
    return (2000 * part + whole) // (2 * whole)


def _twice_median(numbers: Sequence[int]) -> int:
    ordered = sorted(numbers)
    return ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]
