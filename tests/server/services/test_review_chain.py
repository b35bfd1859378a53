"""The whole way of one sheet: judged by the machine, returned with reasons, edited, approved by commune, district and
province, locked with its round, opened again and moved back."""

from datetime import UTC, datetime, timedelta

import pytest

from server.domain.errors import Conflict
from server.domain.review import APPROVED, RECEIVED, REJECTED, QuestionReason
from server.services.authenticate import caller_of
from server.services.freeze import Which, lock_round, reopen_round
from server.services.people import NewUser, create_user, grant_role
from server.services.review import Decision, review
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.readings import find_submission_by_id
from server.storage.reviews import list_moves
from tests.kit.field import ROUND, VILLAGES, WELL_OFF, Field
from tests.server.services.test_returned import edit

VILLAGE = next(iter(VILLAGES))
OFFICES = {"commune": "commune_supervisor", "district": "district_reviewer", "province": "province_reviewer"}


def test_a_sheet_goes_through_all_hands(field: Field) -> None:
    field.now = datetime(2025, 6, 29, 2, 0, tzinfo=UTC)
    people = {}
    for level, role in OFFICES.items():
        new = NewUser(f"{level}@example.vn", None, level)
        people[level] = create_user(field.session, field.administrator, new, field.now).id
        grant = GrantView(role, "project", 1, None, VILLAGES[VILLAGE].uuid, None, None)
        grant_role(field.session, field.administrator, people[level], grant, field.now)
    phone = field.phone(VILLAGE)
    # more poor households than households: the machine says so
    sent = phone.sends({**WELL_OFF, "ho_ngheo": 400}, instance_id="uuid:1").submission_id
    assert sent is not None

    def stands() -> tuple[str, str | None]:
        found = find_submission_by_id(field.session, sent)
        assert found is not None
        return found.review_state, found.review_level

    def decides(level: str, to: str, **why: str) -> tuple[str, str | None]:
        field.now += timedelta(minutes=5)
        questions = tuple(QuestionReason(f"/data/{name}", text) for name, text in why.items())
        decision = Decision(sent, to, ask_reason=True, questions=questions)
        review(field.session, caller_of(field.session, people[level], field.now), decision, field.now)
        return stands()

    assert stands() == ("hasIssues", None)
    assert decides("commune", REJECTED, ho_ngheo="Nhiều hơn số hộ", tong_ho="Đếm lại") == (REJECTED, "commune")
    phone.sends_xml(edit(phone, "uuid:1", "uuid:2", ho_ngheo=12))
    assert stands() == ("edited", None)
    assert decides("commune", APPROVED) == (APPROVED, "commune")
    assert decides("district", APPROVED) == (APPROVED, "district")
    field.now = datetime(2025, 7, 1, 2, 0, tzinfo=UTC)
    assert decides("province", APPROVED) == (APPROVED, "province")
    field.works()
    lock_round(field.session, field.administrator, Which(1, ROUND.slug), "Thử khóa", field.now)
    with pytest.raises(Conflict, match="round_locked"):
        decides("province", RECEIVED)
    reopen_round(field.session, field.administrator, Which(1, ROUND.slug), "Có khiếu nại", field.now)
    assert decides("province", RECEIVED) == (RECEIVED, None)
    assert decides("commune", APPROVED) == (APPROVED, "commune")
    moves = list_moves(field.session, sent)
    assert [(each.level, each.to_state) for each in reversed(moves)] == [
        ("commune", REJECTED),
        ("commune", APPROVED),
        ("district", APPROVED),
        ("province", APPROVED),
        ("province", RECEIVED),
        ("commune", APPROVED),
    ]
    assert {each.path for each in moves[-1].questions} == {"/data/ho_ngheo", "/data/tong_ho"}
    told = [each for each in list_audits(field.session, f"submission:{sent}") if each.action == "submission.update"]
    assert len([each for each in told if each.details and "reviewState" in each.details]) == 6
