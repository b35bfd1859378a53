"""What somebody types to set the plan of a round: the fields as they were typed, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.domain.deadlines import Step
from server.domain.errors import Invalid
from server.domain.evidence import DEFAULT, FIELDS, KINDS, POSTING, Asked
from server.services.plan import MOST_STEPS, Plan, PlanChange
from server.storage.rounds import RoundView
from server.web.context import date_of

STEP_ROWS = 4
"""Steps that can be typed at once."""
LONGEST_WHOLE = 4
STEP_FIELDS = ("level", "to", "days", "on", "follows", "article", "source", "status")
Typed = Mapping[str, str]


@dataclass(frozen=True)
class PlanForm:
    """The fields of the form, all as text. `own_steps`, `own_evidence`: in place of the law's and of the usual."""

    instructed_on: str
    own_steps: bool
    steps: tuple[Typed, ...]
    own_evidence: bool
    evidence: Mapping[str, Typed]


def form_of(plan: Plan, round_view: RoundView) -> PlanForm:
    """The form as it is before anybody types."""
    steps = [due.step for track in plan.tracks for due in track.dues][:MOST_STEPS]
    rows = [_step_fields(step) for step in steps]
    rows += [dict.fromkeys(STEP_FIELDS, "") for _ in range(STEP_ROWS - len(rows))]
    usual = {each.kind: each for each in DEFAULT}
    asked = {each.kind: each for each in plan.asked}
    return PlanForm(
        round_view.instructed_on.isoformat() if round_view.instructed_on else "",
        plan.own,
        tuple(rows),
        plan.own_evidence,
        {kind: _evidence_fields(asked.get(kind) or usual[kind], kind in asked) for kind in KINDS},
    )


def typed_form(typed: Mapping[str, str]) -> PlanForm:
    """The form as it was sent."""

    def said(name: str) -> str:
        return " ".join(typed.get(name, "").replace("\0", "").split())

    rows = [{name: said(f"step-{number}-{name}") for name in STEP_FIELDS} for number in range(MOST_STEPS)]
    while len(rows) > STEP_ROWS and not rows[-1]["level"]:
        rows.pop()
    evidence = {
        kind: {name: said(f"{kind}-{name}") for name in ("asked", "step", "form", "least", *FIELDS[kind])}
        for kind in KINDS
    }
    return PlanForm(said("instructed_on"), said("steps") == "own", tuple(rows), said("evidence") == "own", evidence)


def change_of(form: PlanForm) -> PlanChange:
    """What the form means. A step without a level is none. Raises Invalid for what is no day and no number."""
    steps: list[Step] | None = None
    asked: list[Asked] | None = None
    if form.own_steps:
        rows = [row for row in form.steps if row["level"]]
        steps = [_step(number, row) for number, row in enumerate(rows, start=1)]
    if form.own_evidence:
        asked = [_asked(kind, row) for kind, row in form.evidence.items() if row["asked"]]
    return PlanChange(date_of("instructed_on", form.instructed_on), steps, asked)


def _step(number: int, row: Typed) -> Step:
    return Step(
        level=row["level"],
        to=row["to"],
        days=_whole(row["days"], "plan.step.days", number=number),
        article=row["article"],
        source=row["source"],
        status=row["status"],
        follows=bool(row["follows"]),
        on=date_of("on", row["on"]),
    )


def _asked(kind: str, row: Typed) -> Asked:
    least = _whole(row["least"], "plan.evidence.days") if kind == POSTING else None
    return Asked(kind, row["step"], row["form"], {part: row[part] for part in FIELDS[kind]}, least)


def _whole(text: str, code: str, **params: Any) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_WHOLE):
        raise Invalid(code, **params)
    return int(text)


def _step_fields(step: Step) -> dict[str, str]:
    return {
        "level": step.level,
        "to": step.to,
        "days": "" if step.days is None else str(step.days),
        "on": step.on.isoformat() if step.on else "",
        "follows": "1" if step.follows else "",
        "article": step.article,
        "source": step.source,
        "status": step.status,
    }


def _evidence_fields(asked: Asked, is_asked: bool) -> dict[str, str]:
    return {
        "asked": "1" if is_asked else "",
        "step": asked.step,
        "form": asked.form,
        "least": "" if asked.least_days is None else str(asked.least_days),
        **asked.fields,
    }
