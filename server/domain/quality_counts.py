"""Checks of counts: figures that belong together, within a sheet, between forms, and between a commune and its
villages. Whole numbers throughout; what nobody knows is compared with nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from server.domain.quality import QualityFinding, Sheet
from server.domain.quality_rules import (
    ALL_VILLAGES_HAVE,
    AT_MOST,
    COUNTED,
    MOVEMENTS,
    NOT_MORE_THAN,
    REPRESENTED,
    SAME_IN_COMMUNE,
    STANDARD,
    SUM_WARNING_PERCENT,
    UNDER_STANDARD,
    UNKNOWN_STANDARD,
    Movement,
)

YES, NO = "co", "khong"


def standard_of(sheet: Sheet) -> str | None:
    """The poverty standard a sheet counts by; None where it says that it does not know."""
    said = sheet.text(STANDARD)
    return None if said == UNKNOWN_STANDARD else said


def check_identities(sheet: Sheet, complained: Collection[str]) -> Iterator[QualityFinding]:
    """Parts that are more than the whole. `complained`: fields of which the form's own rules say something already."""
    for rule in AT_MOST:
        parts = [sheet.whole(name) for name in rule.parts]
        whole = sheet.whole(rule.whole)
        known = [part for part in parts if part is not None]
        if whole is None or not known or sum(known) <= whole or {*rule.parts, rule.whole} & set(complained):
            continue
        own = {"fields": list(rule.parts), "field": rule.whole, "parts": sum(known), "whole": whole}
        yield QualityFinding("identity", "warning", "at_most", own, about=(rule.parts, rule.whole, sum(known), whole))


def check_movement(sheet: Sheet, then: Sheet | None, now: Sheet | None) -> Iterator[QualityFinding]:
    """Who became poor and who no more, of any form that asks for it: within the sheet, and against the village's own
    sheets of the round before (`then`) and of this one (`now`)."""
    for rule in MOVEMENTS:
        numbers = [sheet.whole(name) for name in (rule.start, rule.left, rule.back, rule.new, rule.end)]
        known = [number for number in numbers if number is not None]
        if len(known) == len(numbers):
            start, left, back, new, end = known
            if start - left + back + new != end:
                own = {"field": rule.of, "start": start, "left": left, "back": back, "new": new, "end": end}
                own["reckoned"] = start - left + back + new
                yield QualityFinding("identity", "warning", "movement", own, about=(rule.of, *known))
        yield from _movement_beside(sheet, rule.start, (rule, then, "movement_start"))
        yield from _movement_beside(sheet, rule.end, (rule, now, "movement_end"))


def _movement_beside(sheet: Sheet, name: str, against: tuple[Movement, Sheet | None, str]) -> Iterator[QualityFinding]:
    rule, other, reason = against
    said, counted = sheet.whole(name), other.whole(rule.of) if other else None
    if other is None or said is None or counted is None or said == counted:
        return
    if standard_of(sheet) not in (None, standard_of(other)):
        return
    about = (rule.of, said, counted)
    own, beside = {"field": rule.of, "said": said}, {"counted": counted}
    yield QualityFinding("identity", "warning", reason, own, beside, (other.submission_id,), about)


def check_sums(sheet: Sheet, villages: Mapping[str, Sheet | None]) -> Iterator[QualityFinding]:
    """A commune's sheet against its villages': what speaks for each of them, None where nothing does. A village that
    said nothing never makes a sum too small; what the others have is too much already, or nothing is said."""
    for name in SAME_IN_COMMUNE:
        yield from _sum(sheet, villages, (name, (name,), True))
    for name, parts in REPRESENTED.items():
        yield from _sum(sheet, villages, (name, parts, True))
    for name, whole in NOT_MORE_THAN.items():
        yield from _sum(sheet, villages, (name, (whole,), False))
    for name, field in ALL_VILLAGES_HAVE.items():
        without = [each for each in villages.values() if each is not None and each.text(field) == NO]
        if sheet.text(name) == YES and without:
            others = tuple(sorted(each.submission_id for each in without))
            own, beside = {"field": name}, {"field_of_villages": field, "villages": len(without)}
            yield QualityFinding("sum", "info", "all_have", own, beside, others, (name, len(without)))


def _sum(
    sheet: Sheet, villages: Mapping[str, Sheet | None], rule: tuple[str, tuple[str, ...], bool]
) -> Iterator[QualityFinding]:
    """`rule`: the field of the commune, those of the villages, whether both are the same (else at most as much)."""
    name, fields, same = rule
    said = sheet.whole(name)
    spoke = [(each, _added(each, fields)) for each in villages.values() if each is not None]
    counted = [(each, number) for each, number in spoke if number is not None]
    if said is None or not counted or _standards_differ(sheet, [each for each, _ in counted], fields):
        return
    total, complete = sum(number for _, number in counted), len(counted) == len(villages)
    if not (total > said if same and not complete else complete and (total != said if same else said > total)):
        return
    off = abs(total - said) * 100 > SUM_WARNING_PERCENT * max(total, said)
    reason = ("sum" if complete else "sum_already") if same else "part_of_villages"
    own = {"field": name, "said": said}
    beside = {"fields": list(fields), "total": total, "villages": len(counted), "of": len(villages)}
    others = tuple(sorted(each.submission_id for each, _ in counted))
    yield QualityFinding("sum", "warning" if off else "info", reason, own, beside, others, (name, said, total))


def _added(sheet: Sheet, fields: Sequence[str]) -> int | None:
    numbers = [sheet.whole(name) for name in fields]
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _standards_differ(sheet: Sheet, villages: Sequence[Sheet], fields: Sequence[str]) -> bool:
    if not UNDER_STANDARD & set(fields):
        return False
    found = {standard_of(each) for each in villages}
    own = standard_of(sheet)
    return len(found) != 1 or None in found or (own is not None and own not in found)


def check_count(sheet: Sheet, sheets: Mapping[str, Sequence[int]]) -> Iterator[QualityFinding]:
    """A village's sheet against how many sheets of other forms there are of it. `sheets`: by form, their numbers."""
    for rule in COUNTED:
        there, said = sheets.get(rule.form, ()), sheet.whole(rule.field)
        if said is not None and len(there) > said:
            own, beside = {"field": rule.field, "said": said}, {"form": rule.form, "sheets": len(there)}
            yield QualityFinding("count", "warning", "count", own, beside, tuple(there), (rule.form, said, len(there)))
