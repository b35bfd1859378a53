"""Until when each level has to report, by the law of its time, in working days; and what that is in days of a calendar.

No law is invented: where nobody found what a law says of deadlines it has no steps, and a round has none until its
office enters them with the decision that says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from server.domain.working_days import LONGEST_COUNT, Calendar, Holiday

WHOLE = "whole"
LEVELS = ("commune", "district", "province", "committee")
"""Who reports to whom, from below."""
STEP_LEVELS = ("commune", "district", "province", WHOLE)
"""Whose step it is; `whole`: the procedure from its beginning to its end."""
STATUSES = ("verified", "partly_read", "recalled", "unverified")
"""How well it is known what a step rests on, as whoever enters it says."""
NO_DISTRICT = "no_district"
NOTES = (NO_DISTRICT,)
"""What has to be said beside a step."""
NO_DISTRICT_FROM = date(2025, 7, 1)
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Step:
    """What a level has to have done, in `days` working days or until the day `on`. The days are counted from the
    instruction, or (`follows`) from the day on which the level below has handed in its full file; until it has, from
    that level's own deadline.
    `note`: "" or the key of a sentence that belongs beside it. `article`: what it rests on; `status`: how sure."""

    level: str
    to: str
    days: int | None
    article: str
    source: str
    status: str
    follows: bool = False
    on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """What one law says of deadlines, from `first` up to and including `last` (None: open). Without steps: `status`
    `not_found`, what it says was looked for and not found. `purpose`: entry or completion."""

    law: str
    purpose: str
    first: date
    last: date | None
    steps: tuple[Step, ...]
    source: str
    status: str

    def holds_on(self, day: date) -> bool:
        """Whether it is the law on a day."""
        return self.first <= day and (self.last is None or day <= self.last)


_GIA_LAI = "tthccapxa.gialai.gov.vn id=292"
_LAW_33 = "thukyluat 331575"

PROCEDURES: tuple[Procedure, ...] = (
    Procedure(
        "QĐ 50/2016/QĐ-TTg",
        "entry",
        date(2016, 12, 20),
        date(2020, 12, 30),
        (
            Step("commune", "district", 20, "QĐ 50/2016/QĐ-TTg, thủ tục hành chính cấp xã", _GIA_LAI, "verified"),
            Step(WHOLE, "committee", 75, "QĐ 50/2016/QĐ-TTg, thủ tục hành chính cấp xã", _GIA_LAI, "verified"),
        ),
        _GIA_LAI,
        "verified",
    ),
    Procedure(
        "QĐ 33/2020/QĐ-TTg",
        "entry",
        date(2020, 12, 31),
        date(2025, 12, 31),
        (
            Step("commune", "district", 15, "QĐ 33/2020/QĐ-TTg, Điều 7", _LAW_33, "verified"),
            Step("district", "province", 30, "QĐ 33/2020/QĐ-TTg, Điều 7", _LAW_33, "verified", follows=True),
            Step("province", "committee", 45, "QĐ 33/2020/QĐ-TTg, Điều 7", _LAW_33, "verified", follows=True),
        ),
        _LAW_33,
        "verified",
    ),
    Procedure("NĐ 272/2025/NĐ-CP", "entry", date(2025, 12, 1), None, (), "", "not_found"),
    Procedure("QĐ 03/2019/QĐ-TTg", "completion", date(2019, 3, 1), date(2020, 12, 31), (), "", "not_found"),
)
"""The law of its time, in force on the days on which its rule sets are. Both of December 2025 are shown; which of them
holds is for people to decide."""


def procedures_on(day: date, purpose: str | None, done_on: date) -> tuple[Procedure, ...]:
    """What is the law on a day for a purpose (None, or one that is neither entry nor completion: both). `done_on`: when
    the work is done, which tells whether there are districts."""
    asked = (purpose,) if purpose in ("entry", "completion") else ("entry", "completion")
    found = tuple(each for each in PROCEDURES if each.purpose in asked and each.holds_on(day))
    if done_on < NO_DISTRICT_FROM:
        return found
    return tuple(replace(each, steps=tuple(map(_without_district, each.steps))) for each in found)


def _without_district(step: Step) -> Step:
    """What went to the district goes to the province, which has the district's work too. No text was read that says so
    in these words: the days are those of the law, the rest follows from there being no district any more."""
    if "district" not in (step.level, step.to):
        return step
    level = "province" if step.level == "district" else step.level
    to = "province" if step.to == "district" else step.to
    return replace(step, level=level, to=to, status="derived", note=NO_DISTRICT)


@dataclass(frozen=True, slots=True)
class Due:
    """A step with its day. `due` None: nobody gave the instruction's day. `starts`: the day after which is counted;
    `left`: working days until then, below 0 when it is past; `overdue`: whether it is, also on the weekend after it.
    `counted`: the holidays and the days made up that were met; `unsure`: years on the way of which none were loaded.
    `handed`: the day on which the level has handed in all its files; late is what was handed in after the day."""

    step: Step
    starts: date | None = None
    due: date | None = None
    left: int | None = None
    counted: tuple[Holiday, ...] = ()
    unsure: tuple[int, ...] = ()
    overdue: bool = False
    handed: date | None = None


NONE_HANDED: Mapping[str, date] = {}


def due_steps(
    steps: Iterable[Step],
    instructed_on: date | None,
    calendar: Calendar,
    today: date,
    handed: Mapping[str, date] = NONE_HANDED,
) -> list[Due]:
    """The steps with their days, as of today, in their order. `handed`: by level when it has handed in."""
    found: list[Due] = []
    before: date | None = instructed_on
    for step in steps:
        starts = before if step.follows else instructed_on
        made, done = _due(step, starts, calendar, today), handed.get(step.level)
        if done is not None:
            made = replace(made, handed=done, overdue=made.due is not None and made.due < done)
        found.append(made)
        if step.level != WHOLE:
            before = done or made.due
    return found


def _due(step: Step, starts: date | None, calendar: Calendar, today: date) -> Due:
    if step.on is not None:
        # a day that was set is no count: only what is left is
        left, unsure = calendar.between(today, step.on), calendar.not_loaded(*sorted((today, step.on)))
        return Due(step, starts, step.on, left, (), unsure, step.on < today)
    if starts is None or step.days is None:
        return Due(step, starts)
    try:
        due = calendar.after(starts, step.days)
    except ValueError:
        return Due(step, starts)
    return Due(
        step=step,
        starts=starts,
        due=due,
        left=calendar.between(today, due),
        counted=calendar.passed_over(starts, due),
        unsure=calendar.not_loaded(starts, due),
        overdue=due < today,
    )


def read_steps(kept: Iterable[Mapping[str, Any]] | None) -> tuple[Step, ...] | None:
    """The steps that an office set for a round, as they are kept; None: those of the law."""
    if kept is None:
        return None
    return tuple(
        Step(
            level=each["level"],
            to=each["to"],
            days=each.get("days"),
            article=each["article"],
            source=each.get("source", ""),
            status=each.get("status", "unverified"),
            follows=bool(each.get("follows")),
            on=date.fromisoformat(each["on"]) if each.get("on") else None,
        )
        for each in kept
    )


def keep_steps(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """The same the other way round: what is written into the column `steps`."""
    return [
        {
            "level": step.level,
            "to": step.to,
            "days": step.days,
            "on": step.on.isoformat() if step.on else None,
            "follows": step.follows,
            "article": step.article,
            "source": step.source,
            "status": step.status,
        }
        for step in steps
    ]


def faults_of_step(step: Step) -> tuple[str, ...]:
    """What is wrong with a step that somebody entered, as codes: `plan.step.level`, `plan.step.when` (it needs either
    days or a day), `plan.step.days`, `plan.step.article`, `plan.step.status`."""
    found = []
    if step.level not in STEP_LEVELS or step.to not in LEVELS:
        found.append("plan.step.level")
    if (step.days is None) == (step.on is None):
        found.append("plan.step.when")
    elif step.days is not None and not 0 < step.days <= LONGEST_COUNT:
        found.append("plan.step.days")
    if not 0 < len(step.article.strip()) <= LONGEST_TEXT or len(step.source) > LONGEST_TEXT:
        found.append("plan.step.article")
    if step.status not in STATUSES:
        found.append("plan.step.status")
    return tuple(found)
