"""A round in review while districts ended: on 30 June 2025 they decide, from 1 July 2025 on the province does."""

from datetime import UTC, datetime

import pytest

from server.domain.errors import Forbidden
from server.domain.review import APPROVED, REJECTED, Standing, awaited_level
from server.services.authenticate import Caller, caller_of, day_of
from server.services.people import NewUser, create_user, grant_role
from server.services.review import Decision, review
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.readings import SubmissionView, find_submission_by_id
from server.storage.reviews import list_moves
from tests.kit.field import VILLAGES, WELL_OFF, Field

LAST_EVENING = datetime(2025, 6, 30, 16, 59, tzinfo=UTC)
"""One minute to midnight in Việt Nam."""
MIDNIGHT = datetime(2025, 6, 30, 17, 0, tzinfo=UTC)
VILLAGE = next(iter(VILLAGES))
OFFICES = {"commune": "commune_supervisor", "district": "district_reviewer", "province": "province_reviewer"}


class Office:
    """Somebody who reviews the whole project at one level."""

    def __init__(self, field: Field, level: str) -> None:
        self.field = field
        new = NewUser(f"{level}@example.vn", None, level)
        self.id = create_user(field.session, field.administrator, new, field.now).id
        grant = GrantView(OFFICES[level], "project", 1, None, None, None, None)
        grant_role(field.session, field.administrator, self.id, grant, field.now)

    def caller(self, now: datetime) -> Caller:
        return caller_of(self.field.session, self.id, now)

    def decides(self, submission_id: int, to: str, now: datetime) -> SubmissionView:
        return review(self.field.session, self.caller(now), Decision(submission_id, to, "vì sao"), now)


@pytest.fixture(name="offices")
def offices_fixture(field: Field) -> dict[str, Office]:
    field.now = datetime(2025, 6, 30, 2, 0, tzinfo=UTC)
    return {level: Office(field, level) for level in OFFICES}


@pytest.fixture(name="sheet")
def sheet_fixture(field: Field, offices: dict[str, Office]) -> int:
    """A sheet that the commune approved in the last days of districts."""
    receipt = field.phone(VILLAGE).sends(WELL_OFF)
    assert receipt.submission_id is not None
    offices["commune"].decides(receipt.submission_id, APPROVED, field.now)
    return receipt.submission_id


def awaited(field: Field, sheet: int, now: datetime) -> str | None:
    found = find_submission_by_id(field.session, sheet)
    assert found is not None
    return awaited_level(Standing(found.review_state, found.review_level), day_of(now))


def test_what_a_commune_approved_goes_to_the_province_at_midnight(
    field: Field, offices: dict[str, Office], sheet: int
) -> None:
    assert (awaited(field, sheet, LAST_EVENING), awaited(field, sheet, MIDNIGHT)) == ("district", "province")
    with pytest.raises(Forbidden) as refused:
        offices["district"].decides(sheet, APPROVED, MIDNIGHT)
    assert refused.value.code == "review.district_ended_province"
    decided = offices["province"].decides(sheet, APPROVED, MIDNIGHT)
    assert (decided.review_state, decided.review_level) == (APPROVED, "province")
    assert awaited(field, sheet, MIDNIGHT) is None
    assert [each.level for each in list_moves(field.session, sheet)] == ["province", "commune"]


@pytest.mark.parametrize("to", [APPROVED, REJECTED])
def test_what_a_district_decided_in_its_last_minute_stands_with_its_history(
    field: Field, offices: dict[str, Office], sheet: int, to: str
) -> None:
    decided = offices["district"].decides(sheet, to, LAST_EVENING)
    assert (decided.review_state, decided.review_level) == (to, "district")
    assert awaited(field, sheet, MIDNIGHT) == ("province" if to == APPROVED else None)
    with pytest.raises(Forbidden, match="decided_above_district"):
        offices["commune"].decides(sheet, REJECTED, MIDNIGHT)
    offices["province"].decides(sheet, APPROVED, MIDNIGHT)
    moves = list_moves(field.session, sheet)
    assert [(each.level, each.to_state) for each in moves] == [
        ("province", APPROVED),
        ("district", to),
        ("commune", APPROVED),
    ]
    assert [each.created_at for each in moves][:2] == [MIDNIGHT, LAST_EVENING]
    levels = [each.details["level"] for each in list_audits(field.session, f"submission:{sheet}") if each.details]
    assert levels[:2] == ["province", "district"]
