"""The roster of a commune's officials as a dated fact, and recorded classes beside what the commune attests."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from server.domain.area_records import FactRecord
from server.domain.errors import Invalid, NotFound
from server.domain.roles import ALL
from server.domain.training_condition import Attested
from server.services.area_facts import import_facts
from server.services.attest import Attesting, attest
from server.services.roll_up import work_off
from server.services.training_condition import CommuneCondition, list_conditions
from server.services.verdicts import Wanted, list_verdicts
from server.storage.audits import list_audits
from server.storage.rounds import list_rounds
from tests.kit.field import ROUND, VILLAGES, WELL_OFF, Field, library_form
from tests.server.services.test_roll_up import COMMUNE as KEY
from tests.server.services.test_roll_up import COMMUNES, NAMES
from tests.server.services.test_training import named, rows, sends, totals
from tests.server.services.test_training_places import PROVINCE, announces, organiser

COMMUNE = COMMUNES[KEY].uuid
HERE = {"xa_o": COMMUNE, "thon_o": VILLAGES[NAMES[0]].uuid}
SHEET = {"xa": COMMUNE, "ky": ROUND.slug, "ngay_chot": "2019-06-30", "dai_dien_ho": 20, "dai_dien_ho_tap_huan": 4}


def opened(field: Field) -> None:
    for name in ("commune_criteria", "training_class", "training_attendance", "training_test"):
        field.publishes(library_form(name))


def roster(field: Field, number: int, since: date) -> None:
    decided = FactRecord(2, COMMUNE, "can_bo_co_so", number, valid_from=since)
    plan = import_facts(field.session, [decided], ROUND.cutoff, field.now)
    assert not plan.refused, plan.problems


def clause(field: Field) -> tuple[object, object]:
    """The roster as the rule set of communes read it, and what it says of officials."""
    field.works()
    work_off(field.session, field.now)
    wanted = Wanted(area=COMMUNE, rule_set="qd03_2019_xa", round_slug=ROUND.slug, unit="commune")
    (view,) = list_verdicts(field.session, 1, wanted)
    found = next(each for each in view.clauses if each["id"] == "tap_huan.can_bo")
    return view.facts["can_bo_co_so"], found["verdict"]


def condition(field: Field) -> CommuneCondition:
    (round_view,) = list_rounds(field.session, 1)
    return next(each for each in list_conditions(field.session, round_view, ALL) if each.area.id == COMMUNE)


def test_the_roster_is_a_dated_fact_and_without_it_the_condition_is_unknown(field: Field) -> None:
    opened(field)
    phone = organiser(field, None)
    phone.sends(SHEET | {"can_bo_tap_huan": 21}, form="commune_criteria")
    assert clause(field) == (None, "unknown")
    roster(field, 40, date(2019, 1, 1))
    assert clause(field) == (40, "met")
    # half of them are not more than half
    roster(field, 42, date(2019, 6, 1))
    assert clause(field) == (42, "not_met")
    # of a roster from a day after the cut-off nothing is read
    roster(field, 30, date(2019, 7, 1))
    assert clause(field) == (42, "not_met")
    # what the sheet says goes before it
    phone.sends(SHEET | {"can_bo_tap_huan": 21, "can_bo_co_so": 30}, form="commune_criteria")
    assert clause(field) == (30, "met")
    assert ("officials", 30, "42") in condition(field).contradictions


def test_recorded_classes_stand_beside_what_the_commune_attests(field: Field) -> None:
    opened(field)
    phone = organiser(field, None)
    announces(phone, "tinh", PROVINCE, "p")
    officials = [each | HERE for each in rows(6)]
    poor = [
        each | HERE | {"nhom": "ho_ngheo", "dai_dien": "ho_ngheo", "so_ho": str(number // 2)}
        for number, each in enumerate(rows(8, 20), start=2)
    ]
    groups = {"doi_tuong": ["truong_thon", "ho_ngheo"], "n_truong_thon": "6", "nu_truong_thon": "6"}
    groups |= {"dt_truong_thon": "6", "nudt_truong_thon": "6", "n_ho_ngheo": "8"}
    sends(phone, named("p", [*officials, *poor]) | groups)
    sent = SHEET | {"can_bo_tap_huan": 3, "can_bo_co_so": 10}
    phone.sends(sent, form="commune_criteria")
    before = condition(field)
    assert (before.condition.trained_officials, before.condition.trained_households) == ((6, 6), (4, 4))
    assert before.attested == Attested(20, 4, 10, 3)
    assert before.condition.verdict == "unknown"
    assert list(before.contradictions) == [("officials_trained", 3, "6")]

    roster(field, 11, date(2019, 1, 1))
    for village in NAMES:
        field.phone(village).sends(WELL_OFF | {"ho_ngheo": 2, "ho_can_ngheo": 3, "ho_ngheo_dtts": 1})
    work_off(field.session, field.now)
    after = condition(field).condition
    villages = len(NAMES)
    assert (after.households, after.roster) == (5 * villages, 11)
    assert after.of_officials == "met"
    assert after.of_households == ("met" if 75 * villages < 400 else "not_met")
    # a class that is known by totals alone may have had more of them
    announces(phone, "tinh", PROVINCE, "other")
    sends(phone, totals("other", 50))
    assert condition(field).condition.trained_officials == (6, None)


def met(field: Field) -> dict[str, object]:
    """What the rule set of communes makes of the training condition."""
    field.works()
    work_off(field.session, field.now)
    wanted = Wanted(area=COMMUNE, rule_set="qd03_2019_xa", round_slug=ROUND.slug, unit="commune")
    (view,) = list_verdicts(field.session, 1, wanted)
    said = {each["id"]: each["verdict"] for each in view.clauses if each["id"].startswith("tap_huan.")}
    return said | {name: view.facts[name] for name in ("dai_dien_ho_tap_huan", "can_bo_tap_huan")}


def test_what_classes_give_feeds_the_criteria_once_somebody_attests_it(field: Field) -> None:
    opened(field)
    phone = organiser(field, None)
    announces(phone, "tinh", PROVINCE, "p")
    officials = [each | HERE for each in rows(6)]
    groups = {"doi_tuong": ["truong_thon"], "n_truong_thon": "6", "nu_truong_thon": "6"}
    sends(phone, named("p", officials) | groups | {"dt_truong_thon": "6", "nudt_truong_thon": "6"})
    empty = {"xa": COMMUNE, "ky": ROUND.slug, "ngay_chot": "2019-06-30"}
    phone.sends(empty, form="commune_criteria")
    roster(field, 11, date(2019, 1, 1))
    assert met(field)["tap_huan.can_bo"] == "unknown"
    (round_view,) = list_rounds(field.session, 1)
    asked = Attesting(COMMUNE, 4, 0, "Danh sách lớp của Hội Nông dân (mẫu)")
    attest(field.session, field.administrator, round_view, asked, field.now)
    assert met(field) == {
        "tap_huan.can_bo": "met",
        "tap_huan.ho": "unknown",
        "dai_dien_ho_tap_huan": 4,
        "can_bo_tap_huan": 6,
    }
    line = next(each for each in list_audits(field.session) if each.action == "training.attest")
    assert (line.details["can_bo_tap_huan"], line.actor_id) == (6, field.administrator.actor_id)
    # the commune's own sheet goes before what was attested
    phone.sends(empty | {"can_bo_tap_huan": 5}, form="commune_criteria")
    assert met(field)["can_bo_tap_huan"] == 5
    phone.sends(empty, form="commune_criteria")
    attest(field.session, field.administrator, round_view, replace(asked, withdrawn=True), field.now)
    assert met(field)["tap_huan.can_bo"] == "unknown"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Attesting(COMMUNE, 0, 0, " "), "training.source"),
        (Attesting(COMMUNE, -1, 0, "mẫu"), "training.count"),
        (Attesting(VILLAGES[NAMES[0]].uuid, 0, 0, "mẫu"), "area.unknown"),
    ],
)
def test_what_cannot_be_attested_is_said(field: Field, asked: Attesting, code: str) -> None:
    opened(field)
    (round_view,) = list_rounds(field.session, 1)
    with pytest.raises((Invalid, NotFound), match=re.escape(code)):
        attest(field.session, field.administrator, round_view, asked, field.now)
