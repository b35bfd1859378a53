"""The dossier of a commune goes from level to level: complete or refused by name, appraised by unit, given back,
undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from server.domain.dossiers import FAILED, PASSED, SUPPLEMENT, Letter, Standing
from server.domain.errors import Conflict, DomainError, Forbidden, Invalid, Missing, NotFound
from server.domain.review import APPROVED
from server.services.authenticate import Caller, caller_of
from server.services.dossier import Dossier, handed_in, list_lines, read_dossier
from server.services.freeze import Which, hash_lock, lock_round
from server.services.move_dossier import Asked, Said, appraise_dossier, may_appraise, move_dossier, moves_of
from server.services.overrides import list_overrides
from server.services.people import NewUser, create_user, grant_role
from server.services.plan import PlanChange, change_plan, read_plan
from server.services.review import Decision, review
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.dossiers import DossierAppraisalRow, DossierMoveRow
from server.storage.rounds import RoundView, list_rounds
from tests.kit.field import COMMUNES, ROUND, VILLAGES, WELL_OFF, Field, library_form

COMMUNE = "qn-dam-ha-quang-an"
NAMES = [name for name, area in VILLAGES.items() if area.parent_key == COMMUNE]
HERE = COMMUNES[COMMUNE].uuid
ROLES = {
    "commune": "commune_supervisor",
    "district": "district_reviewer",
    "province": "province_reviewer",
    "deputy": "province_reviewer",
    "reader": "analyst",
}
LAST_DAYS = datetime(2025, 6, 20, 2, 0, tzinfo=UTC)
"""Districts are still there."""
AFTER = datetime(2025, 7, 8, 2, 0, tzinfo=UTC)


@dataclass
class Desk:
    """A field of offices with a round whose villages all reported, approved but for the last."""

    field: Field
    people: dict[str, int]
    sent: dict[str, int]

    @property
    def round(self) -> RoundView:
        self.field.session.rollback()
        return list_rounds(self.field.session, 1)[0]

    def who(self, name: str) -> Caller:
        return caller_of(self.field.session, self.people[name], self.field.now)

    def reads(self, name: str = "province") -> Dossier:
        return read_dossier(self.field.session, self.who(name), self.round, HERE)

    def does(self, name: str, move: str, reason: str = "", areas: tuple[str, ...] = ()) -> Dossier:
        self.field.now += timedelta(minutes=1)
        letter = Letter("12/UBND", self.field.now.date()) if move.startswith("send") else Letter()
        asked = Asked(move, letter, reason, areas)
        return move_dossier(self.field.session, self.who(name), (self.round, HERE), asked, self.field.now)

    def says(self, name: str, result: str, *villages: str, reason: str = "vì sao") -> Dossier:
        self.field.now += timedelta(minutes=1)
        areas = [VILLAGES[each].uuid for each in villages] or [HERE, *(VILLAGES[each].uuid for each in NAMES)]
        said = Said(areas, result, reason)
        return appraise_dossier(self.field.session, self.who(name), (self.round, HERE), said, self.field.now)

    def approves(self, village: str) -> None:
        review(self.field.session, self.field.administrator, Decision(self.sent[village], APPROVED), self.field.now)

    def refuses(self, name: str, move: str, error: type[DomainError], **more: object) -> str:
        with pytest.raises(error) as refused:
            self.does(name, move, **more)  # type: ignore[arg-type]
        self.field.session.rollback()
        return str(refused.value.code)


@pytest.fixture(name="desk")
def desk_fixture(field: Field) -> Desk:
    field.now = LAST_DAYS
    sent = {name: field.phone(name).sends(WELL_OFF).submission_id or 0 for name in NAMES}
    people = {}
    for name, role in ROLES.items():
        people[name] = create_user(
            field.session, field.administrator, NewUser(f"{name}@example.vn", None, f"Cán bộ {name}"), field.now
        ).id
        grant = GrantView(role, "project", 1, None, None, None, None)
        grant_role(field.session, field.administrator, people[name], grant, field.now)
    made = Desk(field, people, sent)
    for name in NAMES[:-1]:
        made.approves(name)
    # the evidence has tests of its own below
    change_plan(field.session, field.administrator, made.round.id, PlanChange(date(2025, 6, 2), None, ()), field.now)
    return made


def codes(made: Dossier) -> set[tuple[str, str]]:
    return {(each.code, each.area) for each in made.lacks}


def test_what_is_missing_is_told_by_name_and_holds_the_dossier_back(desk: Desk) -> None:
    assert codes(desk.reads()) == {("not_approved", NAMES[-1])}
    with pytest.raises(Conflict) as refused:
        desk.does("commune", "send")
    assert refused.value.code == "dossier.incomplete"
    assert NAMES[-1] in str(refused.value.params["lacks"])
    desk.approves(NAMES[-1])
    made = desk.does("commune", "send")
    assert (made.standing, made.complete) == (Standing("sent", "district"), True)
    assert made.sending is not None
    assert (made.sending.number, len(made.sending.content)) == ("12/UBND", len(NAMES))
    assert {each["submission"] for each in made.sending.content} == set(desk.sent.values())
    (told,) = list_audits(desk.field.session, action="dossier.send")
    assert (told.details["number"], told.details["lacks"]) == ("12/UBND", [])


def test_evidence_and_the_communes_own_sheet_are_asked_where_the_round_asks_them(desk: Desk) -> None:
    desk.approves(NAMES[-1])
    plan = PlanChange(None, None, None)
    change_plan(desk.field.session, desk.field.administrator, desk.round.id, plan, desk.field.now)
    desk.field.publishes(library_form("commune_criteria"))
    found = codes(desk.reads())
    assert ("no_commune_sheet", COMMUNES[COMMUNE].name) in found
    assert {(kind, name) for kind in ("minutes", "posting", "complaints") for name in NAMES} < found
    own = {"xa": HERE, "ky": ROUND.slug, "ngay_chot": "2019-06-30"}
    desk.field.phone().sends(own, form="commune_criteria")
    made = desk.reads()
    assert "no_commune_sheet" not in {code for code, _ in codes(made)}
    assert made.sheet is not None


def test_only_the_province_sends_what_is_incomplete_and_says_why(desk: Desk) -> None:
    assert desk.refuses("commune", "send", Conflict, reason="Vội") == "dossier.incomplete"
    assert desk.refuses("province", "send", Missing) == "dossier.override_reason"
    made = desk.does("province", "send", "Thôn mất liên lạc")
    assert made.sending is not None
    assert [each["code"] for each in made.sending.lacks] == ["not_approved"]
    assert made.sending.reason == "Thôn mất liên lạc"
    assert made.overriding == made.sending


def test_what_was_sent_incomplete_is_told_in_the_lock_of_its_round(desk: Desk) -> None:
    desk.does("province", "send", "Thôn mất liên lạc")
    field = desk.field
    made = lock_round(field.session, field.administrator, Which(1, ROUND.slug), "Hết hạn", field.now)
    assert {"code": "overridden", "count": 1} in made.provisional
    (told,) = made.head["overrides"]
    assert (told["area"], told["reason"], told["number"]) == (HERE, "Thôn mất liên lạc", "12/UBND")
    assert told["lacks"] == [{"code": "not_approved", "area": NAMES[-1]}]
    # it is part of what the hash of the lock vouches for
    altered = {**made.head, "overrides": []}
    provisional = [dict(each) for each in made.provisional]
    assert hash_lock(field.session, made.id, made.head, provisional) == made.sha256
    assert hash_lock(field.session, made.id, altered, provisional) != made.sha256


def test_a_sending_that_was_taken_back_is_no_override(desk: Desk) -> None:
    desk.does("province", "send", "Thôn mất liên lạc")
    desk.does("commune", "take_back")
    assert desk.reads().overriding is None
    assert list_overrides(desk.field.session, desk.round) == []


def test_a_letter_is_asked_and_only_the_own_level_moves(desk: Desk) -> None:
    desk.approves(NAMES[-1])
    which = (desk.round, HERE)
    for letter, error in ((Letter("", date(2025, 6, 20)), Missing), (Letter("1", date(2025, 6, 21)), Conflict)):
        with pytest.raises(error):
            move_dossier(desk.field.session, desk.who("commune"), which, Asked("send", letter), desk.field.now)
    with pytest.raises(Invalid):
        move_dossier(desk.field.session, desk.who("commune"), which, Asked("fly"), desk.field.now)
    for name in ("district", "reader"):
        assert desk.refuses(name, "send", Forbidden) == "dossier.not_your_level"
    assert desk.refuses("commune", "take", Conflict) == "dossier.not_from_here"
    assert moves_of(desk.field.session, desk.who("commune"), desk.reads()) == ("send",)
    assert moves_of(desk.field.session, desk.who("reader"), desk.reads()) == ()


def test_it_goes_over_the_district_to_the_province_appraised_by_unit(desk: Desk) -> None:
    desk.approves(NAMES[-1])
    desk.does("commune", "send")
    assert desk.refuses("district", "take", Conflict) == "dossier.not_appraised"
    desk.says("district", PASSED)
    desk.says("district", SUPPLEMENT, NAMES[0])
    assert desk.refuses("district", "take", Conflict) == "dossier.waiting"
    desk.says("district", FAILED, NAMES[0])
    assert desk.does("district", "take").standing == Standing("taken", "district")
    made = desk.does("district", "send_on")
    assert (made.standing, made.appraised) == (Standing("sent", "province"), 0)
    with pytest.raises(Forbidden):
        desk.says("district", PASSED)
    desk.says("province", PASSED)
    made = desk.does("province", "take")
    assert made.standing == Standing("taken", "province")
    assert set(made.results().values()) == {PASSED}
    assert moves_of(desk.field.session, desk.who("province"), made) == ("undo_take",)


def test_nobody_appraises_what_they_sent_and_reasons_are_asked(desk: Desk) -> None:
    desk.approves(NAMES[-1])
    desk.field.now = AFTER
    made = desk.does("province", "send")
    assert made.standing == Standing("sent", "province")
    with pytest.raises(Forbidden) as refused:
        desk.says("province", PASSED)
    assert refused.value.code == "dossier.own_sending"
    assert not may_appraise(desk.field.session, desk.who("province"), desk.reads())
    assert desk.refuses("province", "give_back", Forbidden, reason="x") == "dossier.own_sending"
    with pytest.raises(Missing):
        desk.says("deputy", FAILED, NAMES[0], reason=" ")
    with pytest.raises(Invalid):
        desk.says("deputy", "perhaps")
    unknown, which = Said(["khong-co"], PASSED), (desk.round, HERE)
    with pytest.raises(NotFound):
        appraise_dossier(desk.field.session, desk.who("deputy"), which, unknown, desk.field.now)
    assert desk.says("deputy", FAILED, NAMES[0]).appraised == 1


def test_a_sending_is_taken_back_until_somebody_has_appraised(desk: Desk) -> None:
    desk.approves(NAMES[-1])
    desk.does("commune", "send")
    made = desk.does("commune", "take_back")
    assert (made.standing, made.sending) == (Standing(), None)
    assert [(each.past.name, each.undone) for each in made.moves] == [("send", True), ("take_back", False)]
    desk.does("commune", "send")
    desk.says("district", PASSED, NAMES[0])
    assert desk.refuses("commune", "take_back", Conflict) == "dossier.appraised_already"
    assert "take_back" not in moves_of(desk.field.session, desk.who("commune"), desk.reads())
    assert [each.action for each in list_audits(desk.field.session, action="dossier.undo")] == ["dossier.undo"]


def test_one_village_is_given_back_and_has_to_send_again(desk: Desk) -> None:
    desk.approves(NAMES[-1])
    desk.does("commune", "send")
    desk.says("district", PASSED, NAMES[1])
    assert desk.refuses("district", "give_back", Missing) == "dossier.reason_missing"
    made = desk.does("district", "give_back", "Thiếu ảnh", (VILLAGES[NAMES[0]].uuid,))
    assert made.standing == Standing("returned", "commune")
    assert codes(made) == {("given_back", NAMES[0])}
    assert desk.does("district", "undo_give_back").standing == Standing("sent", "district")
    desk.does("district", "give_back", "Thiếu ảnh", (VILLAGES[NAMES[0]].uuid,))
    assert desk.refuses("commune", "send", Conflict) == "dossier.incomplete"
    again = desk.field.phone(NAMES[0]).sends({**WELL_OFF, "ho_ngheo": 11}).submission_id or 0
    review(desk.field.session, desk.field.administrator, Decision(again, APPROVED), desk.field.now)
    assert desk.reads().complete
    made = desk.does("commune", "send")
    assert (made.standing, made.appraised) == (Standing("sent", "district"), 0)


def test_what_lies_at_a_district_waits_for_the_province_once_there_is_none(desk: Desk) -> None:
    desk.approves(NAMES[-1])
    desk.does("commune", "send")
    desk.says("district", PASSED)
    desk.field.now = AFTER
    made = desk.reads()
    assert (made.standing, made.appraised) == (Standing("sent", "province"), 0)
    with pytest.raises(Forbidden):
        desk.says("district", PASSED)
    desk.says("province", PASSED)
    assert desk.does("province", "take").standing == Standing("taken", "province")


def test_a_changed_sheet_is_told_and_a_locked_round_moves_nothing(desk: Desk) -> None:
    desk.approves(NAMES[-1])
    desk.does("commune", "send")
    desk.field.phone(NAMES[0]).sends({**WELL_OFF, "ho_ngheo": 12})
    review_of = desk.field.session
    assert not any(unit.changed for unit in desk.reads().units)
    newest = desk.field.phone(NAMES[0]).sends({**WELL_OFF, "ho_ngheo": 13}).submission_id or 0
    review(review_of, desk.field.administrator, Decision(newest, APPROVED), desk.field.now)
    assert [unit.area.name for unit in desk.reads().units if unit.changed] == [NAMES[0]]
    desk.field.works()
    lock_round(desk.field.session, desk.field.administrator, Which(1, ROUND.slug), "Chốt thử", desk.field.now)
    assert desk.refuses("commune", "take_back", Conflict) == "dossier.locked"
    with pytest.raises(Conflict):
        desk.says("district", PASSED)
    assert moves_of(desk.field.session, desk.who("commune"), desk.reads()) == ()
    assert desk.field.count(DossierAppraisalRow) == 0
    assert desk.field.count(DossierMoveRow) == 1


def test_each_sees_the_dossiers_of_the_own_part_only(desk: Desk) -> None:
    lines = list_lines(desk.field.session, desk.who("reader"), desk.round)
    line = next(each for each in lines if each.commune.id == HERE)
    assert (line.villages, line.sent, line.approved, line.complete) == (len(NAMES), len(NAMES), len(NAMES) - 1, False)
    assert len(lines) > 1
    other = next(each.commune.id for each in lines if each.commune.id != HERE)
    for name, area in (("here", HERE), ("there", other), ("village", VILLAGES[NAMES[0]].uuid)):
        new = NewUser(f"{name}@example.vn", None, name)
        desk.people[name] = create_user(desk.field.session, desk.field.administrator, new, desk.field.now).id
        grant = GrantView("commune_supervisor", "project", 1, None, area, None, None)
        grant_role(desk.field.session, desk.field.administrator, desk.people[name], grant, desk.field.now)
    assert [each.commune.id for each in list_lines(desk.field.session, desk.who("here"), desk.round)] == [HERE]
    desk.approves(NAMES[-1])
    for name in ("there", "village"):
        with pytest.raises(NotFound):
            desk.reads(name)
        with pytest.raises(NotFound):
            desk.does(name, "send")
    assert list_lines(desk.field.session, desk.who("village"), desk.round) == []
    assert desk.does("here", "send").standing.state == "sent"


def test_the_next_step_counts_from_the_day_of_the_sending(desk: Desk) -> None:
    desk.approves(NAMES[-1])
    desk.does("commune", "send")
    # one commune of many: the level as a whole has not handed in
    assert handed_in(desk.field.session, desk.round) == {}
    found = read_plan(desk.field.session, desk.round, desk.field.now.date(), {"commune": date(2025, 6, 20)})
    first = found.tracks[0].dues[0]
    assert (first.handed, first.overdue) == (date(2025, 6, 20), False)
