"""The training condition of Decision 03/2019: both shares strict, unknown without a roster, contradictions told."""

import pytest

from server.domain.training_condition import (
    Attested,
    Condition,
    condition_of,
    list_contradictions,
    share_above,
)
from server.domain.training_people import Trained


@pytest.mark.parametrize(
    ("count", "whole", "percent", "verdict"),
    [
        ((30, 30), 200, 15, "not_met"),
        ((31, 31), 200, 15, "met"),
        ((50, 50), 100, 50, "not_met"),
        ((51, 51), 100, 50, "met"),
        ((30, 31), 200, 15, "unknown"),
        ((31, None), 200, 15, "met"),
        ((0, None), 200, 15, "unknown"),
        ((0, 0), 0, 15, "unknown"),
        ((5, 5), None, 50, "unknown"),
    ],
)
def test_a_share_has_to_be_more_than_so_many_per_cent(
    count: tuple[int, int | None], whole: int | None, percent: int, verdict: str
) -> None:
    assert share_above(count, whole, percent) == verdict


def test_both_shares_are_asked_and_without_a_roster_it_is_unknown() -> None:
    trained = Trained((31, 31), (51, 51))
    assert condition_of(trained, False, 200, 100).verdict == "met"
    assert condition_of(trained, False, 200, None).verdict == "unknown"
    assert condition_of(trained, False, None, 100).verdict == "unknown"
    assert condition_of(Trained((30, 30), (51, 51)), False, 200, None).verdict == "not_met"
    # a class that is known by totals alone may have had more of this commune
    assert condition_of(Trained((30, 30), (51, 51)), True, 200, 100).verdict == "unknown"


def test_fewer_recorded_than_attested_is_no_contradiction_and_more_is() -> None:
    condition = Condition((31, 33), (51, 51), 200, 100)
    assert list_contradictions(condition, Attested(200, 40, 100, 60)) == []
    assert list_contradictions(condition, Attested(210, 30, 99, 50)) == [
        ("households_trained", 30, "31"),
        ("officials_trained", 50, "51"),
        ("households", 210, "200"),
        ("officials", 99, "100"),
    ]
    assert list_contradictions(Condition((0, None), (0, None), None, None), Attested()) == []
