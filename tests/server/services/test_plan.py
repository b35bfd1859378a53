"""The plan of a round: the law of its time, what its office sets instead, and who may."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from server.domain.deadlines import Step
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.evidence import DEFAULT
from server.services.plan import Plan, PlanChange, change_plan, read_plan
from server.storage.audits import list_audits
from server.storage.database import writing
from server.storage.rounds import RoundView, change_round, list_rounds
from tests.kit.field import Field

TODAY = date(2019, 7, 1)
OWN = Step("commune", "province", 10, "Văn bản 12/UBND", "", "unverified")
NOTHING = PlanChange(None, None, None)


def round_of(field: Field) -> RoundView:
    field.session.rollback()
    return list_rounds(field.session, 1)[0]


def plan(field: Field) -> Plan:
    return read_plan(field.session, round_of(field), TODAY)


def sets(field: Field, change: PlanChange, **more: Any) -> None:
    which = round_of(field).id
    change_plan(field.session, more.get("caller", field.administrator), which, change, field.now)


def test_a_round_of_2019_has_both_laws_and_no_days_without_an_instruction(field: Field) -> None:
    found = plan(field)
    assert [track.procedure.law for track in found.tracks if track.procedure] == [
        "QĐ 50/2016/QĐ-TTg",
        "QĐ 03/2019/QĐ-TTg",
    ]
    assert [due.due for due in found.tracks[0].dues] == [None, None]
    assert found.tracks[1].dues == ()
    assert (found.own, found.own_evidence, found.asked) == (False, False, DEFAULT)


def test_the_instruction_starts_the_count_and_the_audit_tells(field: Field) -> None:
    sets(field, replace(NOTHING, instructed_on=date(2019, 5, 31)))
    commune = plan(field).tracks[0].dues[0]
    assert (commune.due, commune.left) == (date(2019, 6, 28), -1)
    assert commune.overdue
    assert plan(field).unsure == (2019,)
    sets(field, replace(NOTHING, instructed_on=date(2019, 5, 31)))
    (told,) = list_audits(field.session, action="round.update")
    assert told.details["plan"] == {"instructed_on": "2019-05-31"}
    assert told.details["before"] == {"instructed_on": None}


def test_what_the_office_sets_stands_in_place_of_the_law_until_it_is_taken_back(field: Field) -> None:
    asked = (replace(DEFAULT[1], least_days=7),)
    sets(field, PlanChange(date(2019, 5, 31), [OWN], asked))
    found = plan(field)
    assert [(track.procedure, [due.step for due in track.dues]) for track in found.tracks] == [(None, [OWN])]
    assert (found.own, found.own_evidence, found.asked) == (True, True, asked)
    sets(field, PlanChange(None, None, []))
    assert plan(field).asked == ()
    sets(field, NOTHING)
    assert (plan(field).own, plan(field).own_evidence) == (False, False)


def test_a_locked_round_keeps_its_plan(field: Field) -> None:
    which = round_of(field).id
    field.session.rollback()
    with writing(field.session) as connection:
        change_round(connection, which, lock_id=1)
        field.session.commit()
    with pytest.raises(Conflict) as refused:
        sets(field, replace(NOTHING, instructed_on=TODAY))
    assert refused.value.code == "plan.locked"
    assert round_of(field).instructed_on is None


def test_only_who_may_change_the_round_sets_its_plan(field: Field) -> None:
    with pytest.raises(Forbidden):
        sets(field, NOTHING, caller=replace(field.administrator, grants=()))
    with pytest.raises(NotFound):
        change_plan(field.session, field.administrator, 4711, NOTHING, field.now)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (PlanChange(None, [], None), "plan.steps"),
        (PlanChange(None, [OWN] * 9, None), "plan.steps"),
        (PlanChange(None, [replace(OWN, days=None)], None), "plan.step.when"),
        (PlanChange(None, None, [DEFAULT[0], DEFAULT[0]]), "plan.evidence.kind"),
    ],
)
def test_what_cannot_be_kept_is_refused(field: Field, change: PlanChange, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        sets(field, change)
    assert refused.value.code == code
