"""What has to be there beside the figures of a village before they go up: minutes of its meeting, public posting,
complaints answered. Which form and which of its fields show it is data, so that another form can."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

MINUTES, POSTING, COMPLAINTS = "minutes", "posting", "complaints"
KINDS = (MINUTES, POSTING, COMPLAINTS)
FIELDS: Mapping[str, tuple[str, ...]] = {
    MINUTES: ("held", "photo"),
    POSTING: ("from", "to", "photo"),
    COMPLAINTS: ("received", "answered"),
}
"""The parts of each kind, each fed by one field. `held`, `from` and `to` are days, `photo` is a picture that has come,
`received` and `answered` are counts."""
STEPS = ("commune", "district", "province")
"""At which step it has to be there: before that level reports."""
LACKS = (
    *("no_sheet", "no_held", "no_photo", "photo_not_here", "no_from", "no_to", "too_short"),
    *("no_received", "no_answered", "unanswered"),
)
"""What can be missing."""
THERE, MISSING, NOT_ASKED = "there", "missing", "not_asked"
MEETING_FORM = "village_meeting"
MOST_DAYS = 365
LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is asked of every village. `fields`: by part the name of the field of `form` that tells it.
    `least_days`: how long it has to hang out, both days counted; None: how long is not asked, since no text that was
    read says it."""

    kind: str
    step: str = "commune"
    form: str = MEETING_FORM
    fields: Mapping[str, str] = field(default_factory=dict)
    least_days: int | None = None


DEFAULT: tuple[Asked, ...] = (
    Asked(MINUTES, fields={"held": "ngay_hop", "photo": "anh_bien_ban"}),
    Asked(POSTING, fields={"from": "niem_yet_tu", "to": "niem_yet_den", "photo": "anh_niem_yet"}),
    Asked(COMPLAINTS, fields={"received": "kien_nghi_nhan", "answered": "kien_nghi_tra_loi"}),
)
"""What is asked where the office has said nothing else."""


@dataclass(frozen=True, slots=True)
class Lack:
    """A part that is missing: one of `LACKS`, and the numbers in its sentence."""

    code: str
    params: Mapping[str, int] = field(default_factory=dict)


def lacks(asked: Asked, answers: Mapping[str, Any], here: frozenset[str]) -> tuple[Lack, ...]:
    """What is missing of one thing. `answers`: by field name, as typed; `here`: names of the files that have come."""
    said = {part: answers.get(name) for part, name in asked.fields.items()}
    if asked.kind == COMPLAINTS:
        return _complaints(said)
    days = [part for part in FIELDS[asked.kind] if part != "photo" and part in asked.fields]
    found = [Lack(f"no_{part}") for part in days if _day(said[part]) is None]
    first, last = _day(said.get("from")), _day(said.get("to"))
    if asked.least_days is not None and first is not None and last is not None:
        hung = (last - first).days + 1
        if hung < asked.least_days:
            found.append(Lack("too_short", {"days": max(hung, 0), "least": asked.least_days}))
    if "photo" in asked.fields and (lack := _photo(said["photo"], here)) is not None:
        found.append(lack)
    return tuple(found)


def _photo(named: Any, here: frozenset[str]) -> Lack | None:
    if not isinstance(named, str) or not named:
        return Lack("no_photo")
    return None if named in here else Lack("photo_not_here")


def _complaints(said: Mapping[str, Any]) -> tuple[Lack, ...]:
    received, answered = _count(said.get("received")), _count(said.get("answered"))
    if received is None:
        return (Lack("no_received"),)
    if received == 0:
        return ()
    if answered is None:
        return (Lack("no_answered", {"received": received}),)
    return (Lack("unanswered", {"open": received - answered, "received": received}),) if answered < received else ()


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_asked(kept: Iterable[Mapping[str, Any]] | None) -> tuple[Asked, ...]:
    """What a round asks, as it is kept in its column `evidence`; None: the default."""
    if kept is None:
        return DEFAULT
    return tuple(
        Asked(each["kind"], each["step"], each["form"], dict(each["fields"]), each.get("leastDays")) for each in kept
    )


def keep_asked(asked: Iterable[Asked]) -> list[dict[str, Any]]:
    """The same the other way round."""
    return [
        {
            "kind": each.kind,
            "step": each.step,
            "form": each.form,
            "fields": dict(each.fields),
            "leastDays": each.least_days,
        }
        for each in asked
    ]


def faults_of_asked(asked: Iterable[Asked]) -> tuple[str, ...]:
    """What is wrong with what somebody enters, as codes: `plan.evidence.kind` (unknown, or twice),
    `plan.evidence.step`, `plan.evidence.form`, `plan.evidence.fields` (a part without a field, or one that is no part),
    `plan.evidence.days`."""
    found = []
    listed = list(asked)
    kinds = [each.kind for each in listed]
    if set(kinds) - set(KINDS) or len(kinds) != len(set(kinds)):
        found.append("plan.evidence.kind")
    for each in listed:
        if each.step not in STEPS:
            found.append("plan.evidence.step")
        if not 0 < len(each.form) <= LONGEST_NAME:
            found.append("plan.evidence.form")
        names = each.fields.values()
        if set(each.fields) != set(FIELDS.get(each.kind, ())) or not all(
            0 < len(name) <= LONGEST_NAME for name in names
        ):
            found.append("plan.evidence.fields")
        if each.least_days is not None and (each.kind != POSTING or not 0 < each.least_days <= MOST_DAYS):
            found.append("plan.evidence.days")
    return tuple(dict.fromkeys(found))
