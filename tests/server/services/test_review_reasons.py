"""Decisions that say why question by question, that are not taken blindly, and that can be taken back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from server.domain.errors import Conflict, Forbidden, Invalid, Missing, NotFound
from server.domain.review import APPROVED, HAS_ISSUES, RECEIVED, REJECTED, UNDO_WITHIN, QuestionReason
from server.services.authenticate import Caller, caller_of
from server.services.freeze import Which, lock_round
from server.services.people import NewUser, create_user, grant_role
from server.services.review import Decision, review, sight_of, undo
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.database import db
from server.storage.readings import SubmissionView, find_submission_by_id
from server.storage.reviews import MoveView, list_moves
from tests.kit.field import ROUND, VILLAGES, WELL_OFF, Field

VILLAGE = next(iter(VILLAGES))


class Desk:
    """People who review, and one sheet."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.people = {level: self._person(level) for level in ("commune", "province")}
        receipt = field.phone(VILLAGE).sends(WELL_OFF)
        assert receipt.submission_id is not None
        self.id = receipt.submission_id

    def _person(self, level: str) -> int:
        new = NewUser(f"{level}@example.vn", None, f"Cán bộ {level}")
        made = create_user(self.field.session, self.field.administrator, new, self.field.now).id
        role = {"commune": "commune_supervisor", "province": "province_reviewer"}[level]
        grant = GrantView(role, "project", 1, None, None, None, None)
        grant_role(self.field.session, self.field.administrator, made, grant, self.field.now)
        return made

    def caller(self, level: str) -> Caller:
        return caller_of(self.field.session, self.people[level], self.field.now)

    @property
    def sheet(self) -> SubmissionView:
        found = find_submission_by_id(self.field.session, self.id)
        assert found is not None
        return found

    @property
    def standing(self) -> tuple[str, str | None]:
        return self.sheet.review_state, self.sheet.review_level

    @property
    def moves(self) -> list[MoveView]:
        return list_moves(self.field.session, self.id)

    @property
    def paths(self) -> list[str]:
        fields = self.field.definition("village_criteria").fields.values()
        return [each.path for each in fields if each.name in ("ho_ngheo", "tong_ho")]

    def decides(self, to: str, level: str = "commune", **more: object) -> SubmissionView:
        decision = Decision(self.id, to, **more)  # type: ignore[arg-type]
        return review(self.field.session, self.caller(level), decision, self.field.now)

    def takes_back(self, level: str = "commune", move: int | None = None) -> SubmissionView:
        which = self.moves[0].id if move is None else move
        return undo(self.field.session, self.caller(level), self.id, which, self.field.now)


@pytest.fixture(name="desk")
def desk_fixture(field: Field) -> Desk:
    return Desk(field)


def test_a_return_says_why_at_each_question(desk: Desk) -> None:
    first, second = desk.paths
    reasons = (QuestionReason(first, " Số hộ không khớp biên bản "), QuestionReason(second, "Đếm lại"))
    desk.decides(REJECTED, ask_reason=True, questions=reasons)
    (kept,) = desk.moves
    assert kept.questions == (QuestionReason(first, "Số hộ không khớp biên bản"), QuestionReason(second, "Đếm lại"))
    assert (kept.reason, kept.to_state, kept.level, kept.actor) == (None, REJECTED, "commune", "Cán bộ commune")


def test_what_has_no_reason_or_no_such_question_is_refused(desk: Desk) -> None:
    path = desk.paths[0]
    for questions in ((), (QuestionReason(path),), (QuestionReason(path), QuestionReason(desk.paths[1], "Đếm lại"))):
        with pytest.raises(Missing, match="reason_missing"):
            desk.decides(REJECTED, ask_reason=True, reason="  ", questions=questions)
    for unknown in ("/data/khong_co", "", "/data/'; DROP TABLE forms", f"{path}[x]"):
        with pytest.raises(Invalid, match="unknown_question"):
            desk.decides(REJECTED, reason="sai", questions=(QuestionReason(unknown, "sai"),))
    with pytest.raises(Invalid, match="reason_too_long"):
        desk.decides(REJECTED, reason="x" * 5001)
    with pytest.raises(Invalid, match="too_many_questions"):
        desk.decides(REJECTED, questions=tuple(QuestionReason(f"{desk.paths[0]}[{n}]", "x") for n in range(201)))
    assert desk.moves == []
    # one reason for all that is marked is enough
    desk.decides(REJECTED, ask_reason=True, reason="Xem biên bản", questions=(QuestionReason(desk.paths[0]),))
    assert desk.standing == (REJECTED, "commune")


def test_the_second_of_two_is_told_what_the_first_decided(desk: Desk) -> None:
    seen = sight_of(desk.field.session, desk.sheet)
    desk.decides(APPROVED, seen=seen)
    with pytest.raises(Conflict) as stale:
        desk.decides(REJECTED, "province", reason="sai", seen=seen)
    assert stale.value.code == "review.decided_meanwhile"
    assert stale.value.params["actor"] == "Cán bộ commune"
    assert [each.word for each in stale.value.params["state"]] == ["desk.state.approved"]  # type: ignore[attr-defined]
    assert stale.value.params["when"] == "24/11/2026 08:01"
    desk.decides(APPROVED, "province", seen=sight_of(desk.field.session, desk.sheet))
    assert desk.standing == (APPROVED, "province")


def test_who_looked_at_the_text_before_an_edit_is_told(desk: Desk) -> None:
    phone, before = desk.field.phone(VILLAGE), desk.sheet
    seen = sight_of(desk.field.session, before)
    xml = phone.fills({**WELL_OFF, "ho_ngheo": 11}).decode()
    mark = "<orx:instanceID>" if "<orx:instanceID>" in xml else "<instanceID>"
    old = mark.replace("instanceID", "deprecatedID")
    xml = xml.replace(mark, f"{old}{before.instance_id}{old.replace('<', '</')}{mark}")
    phone.sends_xml(xml.encode())
    assert desk.sheet.review_state == "edited"
    with pytest.raises(Conflict, match="edited_meanwhile"):
        desk.decides(APPROVED, seen=seen)


def test_of_two_at_the_same_moment_one_decides(desk: Desk) -> None:
    seen, barrier, field = sight_of(desk.field.session, desk.sheet), Barrier(2), desk.field
    field.session.rollback()

    def decides(to: str) -> str:
        with field.app.app_context():
            session = db.session()
            try:
                caller = caller_of(session, desk.people["commune"], field.now)
                barrier.wait(10)
                review(session, caller, Decision(desk.id, to, "vì sao", seen=seen), field.now)
            except Conflict as told:
                return told.code
            finally:
                db.session.remove()
            return to

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(decides, (APPROVED, REJECTED)))
    assert "review.decided_meanwhile" in ends
    assert desk.standing[0] in ends
    assert len(desk.moves) == 1


def test_an_approval_taken_back_leaves_no_trace_but_the_history(desk: Desk) -> None:
    before = desk.field.verdicts(VILLAGE)
    desk.decides(APPROVED)
    desk.field.now += UNDO_WITHIN
    desk.takes_back()
    assert desk.standing == (RECEIVED, None)
    assert desk.field.verdicts(VILLAGE) == before
    back, taken = desk.moves
    assert (back.undoes_id, back.stands, taken.undone, taken.stands) == (taken.id, False, True, False)
    told = [each.action for each in list_audits(desk.field.session, f"submission:{desk.id}")]
    assert told[:2] == ["submission.review.undo", "submission.update"]
    # neither can be taken back once more
    for move in (back.id, taken.id):
        with pytest.raises(Conflict, match="undone_already"):
            desk.takes_back(move=move)


def test_undoing_a_return_brings_back_the_office_that_had_approved(desk: Desk) -> None:
    desk.decides(APPROVED)
    desk.decides(REJECTED, "province", reason="sai")
    desk.takes_back("province")
    assert desk.standing == (APPROVED, "commune")


def test_only_ones_own_newest_decision_is_taken_back_and_soon(desk: Desk) -> None:
    desk.decides(HAS_ISSUES, reason="xem lại")
    first = desk.moves[0].id
    with pytest.raises(Forbidden, match="undo_not_own"):
        desk.takes_back("province")
    with pytest.raises(NotFound, match="move_unknown"):
        desk.takes_back(move=first + 1000)
    desk.decides(APPROVED)
    with pytest.raises(Conflict, match="decided_meanwhile"):
        desk.takes_back(move=first)
    desk.field.now += UNDO_WITHIN + timedelta(seconds=1)
    with pytest.raises(Conflict, match="undo_too_late"):
        desk.takes_back()
    assert desk.standing == (APPROVED, "commune")


def test_in_a_locked_round_nothing_is_decided_and_nothing_taken_back(desk: Desk) -> None:
    desk.decides(APPROVED, "province")
    field = desk.field
    field.works()
    lock_round(field.session, field.administrator, Which(1, ROUND.slug), "Thử khóa", field.now)
    with pytest.raises(Conflict, match="round_locked"):
        desk.takes_back("province")
    with pytest.raises(Conflict, match="round_locked"):
        desk.decides(REJECTED, "province", reason="sai")
    assert desk.standing == (APPROVED, "province")
