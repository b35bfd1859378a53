"""What is told of an approval before it comes true, held against what comes true."""

from dataclasses import replace

from server.domain.review import APPROVED, REJECTED
from server.domain.roles import ALL
from server.services.foretell import ALREADY, LOCKED, NOT_JUDGED, OLDER, SAME, TURNS, Foretold, foretell
from server.services.freeze import Which, lock_round
from server.services.review import Decision, get_reviewed, review
from server.services.roll_up import work_off
from server.storage.verdicts import APPROVED as BASIS
from server.storage.verdicts import list_kept
from tests.kit.field import COMMUNES, ROUND, VILLAGES, WELL_OFF, Field, library_form

VILLAGE = next(name for name, area in VILLAGES.items() if area.parent_key == "qn-dam-ha-quang-an")


def told(field: Field, number: int) -> Foretold:
    submission, form = get_reviewed(field.session, field.administrator, number)
    return foretell(field.session, form, submission)


def decide(field: Field, number: int, state: str = APPROVED) -> None:
    review(field.session, field.administrator, Decision(number, state, "vì sao"), field.now)
    work_off(field.session, field.now)


def official(field: Field, number: int, area_id: str) -> dict[str, str]:
    """What the criteria say officially of an area, by rule set."""
    submission, _ = get_reviewed(field.session, field.administrator, number)
    assert submission.round_id is not None
    kept = list_kept(field.session, submission.round_id, ALL, [area_id])
    return {each.rule_set: each.klass or each.verdict for each in kept if each.basis == BASIS}


def foretold(found: Foretold) -> dict[str, str]:
    return {turn.rule_set.id: turn.after for turn in found.turns}


def test_what_is_told_of_a_village_comes_true(field: Field) -> None:
    village = VILLAGES[VILLAGE].uuid
    first = field.phone(VILLAGE).sends(WELL_OFF).submission_id or 0
    before = told(field, first)
    assert before.effect == TURNS
    assert {turn.before for turn in before.turns} == {None}
    decide(field, first)
    assert official(field, first, village) == foretold(before)
    assert told(field, first).effect == ALREADY

    worse = (
        field.phone(VILLAGE).sends({**WELL_OFF, "ho_ngheo": 75, "ho_can_ngheo": 15, "ho_ngheo_dtts": 50}).submission_id
        or 0
    )
    again = told(field, worse)
    assert again.effect == TURNS
    assert again.instead == first
    assert all(turn.clauses for turn in again.turned)
    decide(field, worse)
    assert official(field, worse, village) == foretold(again)
    # a sheet that came before it no longer speaks, whatever becomes of it
    decide(field, first, REJECTED)
    older = told(field, first)
    assert (older.effect, older.instead) == (OLDER, worse)
    decide(field, first)
    assert official(field, worse, village) == foretold(again)


def test_a_sheet_that_says_the_same_changes_nothing(field: Field) -> None:
    decide(field, field.phone(VILLAGE).sends(WELL_OFF).submission_id or 0)
    same = told(field, field.phone(VILLAGE).sends(WELL_OFF).submission_id or 0)
    assert (same.effect, same.turned) == (SAME, ())


def test_what_is_told_of_a_commune_comes_true(field: Field) -> None:
    field.publishes(library_form("commune_criteria"))
    commune = COMMUNES[VILLAGES[VILLAGE].parent_key or ""]
    decide(field, field.phone(VILLAGE).sends(WELL_OFF).submission_id or 0)
    own = {"xa": commune.uuid, "ky": ROUND.slug, "ngay_chot": "2019-06-30"}
    number = field.phone().sends(own, form="commune_criteria").submission_id or 0
    before = told(field, number)
    assert before.effect in (TURNS, SAME)
    assert before.turns
    decide(field, number)
    assert official(field, number, commune.uuid) == foretold(before)


def test_a_locked_round_and_other_forms_are_told(field: Field) -> None:
    number = field.phone(VILLAGE).sends(WELL_OFF).submission_id or 0
    lock_round(field.session, field.administrator, Which(1, ROUND.slug), "Hết hạn", field.now)
    assert told(field, number).effect == LOCKED
    submission, form = get_reviewed(field.session, field.administrator, number)
    assert foretell(field.session, replace(form, xml_form_id="village_meeting"), submission).effect == NOT_JUDGED
