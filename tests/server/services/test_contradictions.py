"""Several sheets of one village that disagree: told with who says what, to those who see the sheets."""

from server.domain.review import APPROVED, REJECTED
from server.domain.roles import ALL, Scope
from server.services.contradictions import Disagreement, list_disagreements
from server.services.review import Decision, review
from server.storage.rounds import RoundView, list_rounds
from tests.kit.field import ROUND, VILLAGES, WELL_OFF, Field

NAME = next(iter(VILLAGES))
HARD: dict[str, object] = {**WELL_OFF, "ho_ngheo": 40, "ho_can_ngheo": 30}


def the_round(field: Field) -> RoundView:
    return next(each for each in list_rounds(field.session, 1) if each.slug == ROUND.slug)


def disagreements(field: Field, scope: Scope = ALL) -> dict[str, Disagreement]:
    found = list_disagreements(field.session, the_round(field), scope)
    return {each.fact: each for each in found.get(VILLAGES[NAME].uuid, ())}


def test_two_sheets_that_disagree_are_named_with_what_each_says(field: Field) -> None:
    first = field.phone(NAME).sends(HARD)
    field.phone(NAME).sends(WELL_OFF)
    found = disagreements(field)
    assert "ho_ngheo" in found
    by_value = {each.value: each.sheets for each in found["ho_ngheo"].values}
    assert [sheet.submission_id for sheet in by_value[40]] == [first.submission_id]
    assert by_value[40][0].state == "received"
    assert {(turn.rule_set, turn.standing) for turn in found["ho_ngheo"].turns} >= {("qd50_2016_thon", "met")}
    assert "tong_ho" not in found


def test_a_single_sheet_or_one_that_was_returned_contradicts_nothing(field: Field) -> None:
    first = field.phone(NAME).sends(HARD)
    assert disagreements(field) == {}
    field.phone(NAME).sends(WELL_OFF)
    assert first.submission_id is not None
    review(field.session, field.administrator, Decision(first.submission_id, REJECTED, "Đếm lại"), field.now)
    assert disagreements(field) == {}


def test_it_is_judged_from_what_counts_now(field: Field) -> None:
    first = field.phone(NAME).sends(HARD)
    field.phone(NAME).sends(WELL_OFF)
    assert first.submission_id is not None
    review(field.session, field.administrator, Decision(first.submission_id, APPROVED), field.now)
    turns = {turn.standing for each in disagreements(field).values() for turn in each.turns}
    assert "not_met" in turns


def test_who_does_not_see_the_sheets_hears_nothing_of_them(field: Field) -> None:
    field.phone(NAME).sends(HARD)
    field.phone(NAME).sends(WELL_OFF)
    elsewhere = next(area for name, area in VILLAGES.items() if name != NAME)
    assert disagreements(field, Scope(False, frozenset({elsewhere.uuid}), field.now.date())) == {}
    assert disagreements(field, Scope(False, frozenset({VILLAGES[NAME].uuid}), field.now.date())) != {}
