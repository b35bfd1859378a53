"""A round is locked with its figures, comes through what happens after, is verified, and is opened again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.domain.errors import Conflict, Forbidden, Invalid, Missing
from server.domain.review import APPROVED, REJECTED
from server.domain.roles import ALL
from server.domain.rounds import Round
from server.services import freeze
from server.services.foresee import Foreseen
from server.services.freeze import Which, lock_round, reopen_round
from server.services.lists import make_list
from server.services.placing import assign_round
from server.services.receive import AFTER_LOCK
from server.services.remove import delete_submission
from server.services.review import Decision, review
from server.services.roll_up import work_off
from server.services.rounds import create_round, open_round, update_round
from server.services.sight import fill_sight
from server.services.verdicts import Wanted, list_verdicts
from server.services.verify_lock import verify_lock
from server.storage.forms import find_form
from server.storage.locks import LockedVerdict, LockView, iterate_locked, list_late, list_locks
from server.storage.rounds import RoundView, find_round, find_round_id
from server.storage.submissions import Submission, SubmissionVersion
from server.storage.unplaced import list_unplaced
from tests.kit.field import ROUND, VILLAGES, WELL_OFF, Field, FieldPhone
from tests.server.services.test_receive import edited

POOR = WELL_OFF | {"ho_ngheo": 60, "ho_can_ngheo": 20, "ho_ngheo_dtts": 40, "nha_van_hoa_khu_the_thao": "khong"}


@dataclass
class Office:
    """A field with a round in which two villages reported, one of them approved."""

    field: Field
    first: FieldPhone
    second: FieldPhone
    sent: dict[str, int]

    @property
    def round(self) -> RoundView:
        """The round as it stands."""
        number = find_round_id(self.field.session, 1, ROUND.slug)
        found = find_round(self.field.session, number or 0)
        assert found is not None
        return found

    def locks(self, reason: str | None = "Tỉnh cần số liệu") -> LockView:
        """Locks the round."""
        return lock_round(self.field.session, self.field.administrator, WHICH, reason, self.field.now)

    def reopens(self, reason: str = "Thôn gửi bổ sung") -> LockView:
        """Opens it again, and lets the work in the background be done."""
        made = reopen_round(self.field.session, self.field.administrator, WHICH, reason, self.field.now)
        self.field.works()
        work_off(self.field.session, self.field.now)
        return made

    def verifies(self, lock: LockView) -> list[tuple[str, str | None]]:
        """What differs: (kind, of what)."""
        found = verify_lock(self.field.session, self.round, lock.id)
        assert found.figures > 0
        return [(each.kind, each.what) for each in found.differences]

    def decides(self, submission_id: int, state: str, reason: str | None = None) -> None:
        """A reviewer decides."""
        review(self.field.session, self.field.administrator, Decision(submission_id, state, reason), self.field.now)


WHICH = Which(1, ROUND.slug)
ONE, OTHER, THIRD = "Thôn mẫu 02", "Thôn Khe Tiền", "Thôn Nà Hắc"


@pytest.fixture(name="office")
def office_fixture(field: Field) -> Iterator[Office]:
    first, second = field.phone(ONE), field.phone(OTHER)
    sent = {ONE: first.sends(WELL_OFF).submission_id or 0, OTHER: second.sends(POOR).submission_id or 0}
    made = Office(field, first, second, sent)
    made.decides(sent[ONE], APPROVED)
    return made


def figures(office: Office) -> dict[tuple[str, str], str]:
    """Every figure of the round that people see."""
    views = [
        view
        for unit in ("village", "commune")
        for view in list_verdicts(office.field.session, 1, Wanted(round_slug=ROUND.slug, unit=unit))
    ]
    return {(view.area.id, view.rule_set.id): view.standing for view in views if view.rule_set}


def rounds_on_phone(office: Office, village: str) -> list[str]:
    """The rounds that a village head chooses from."""
    caller = office.field.phone(village).caller
    sight = fill_sight(caller, 1, office.field.forms["village_criteria"])
    rows = make_list(office.field.session, 1, "rounds", sight).content.decode().splitlines()
    return [row.split(",")[0] for row in rows[1:]]


def test_a_lock_says_why_it_is_provisional_and_needs_a_reason_then(office: Office) -> None:
    with pytest.raises(Missing) as refused:
        office.locks(reason=None)
    assert refused.value.code == "round.reason_missing"
    assert not office.round.is_locked
    assert list_locks(office.field.session, office.round.id) == []
    lock = office.locks()
    why = {each["code"]: each for each in lock.provisional}
    assert why["not_approved"]["count"] == 2  # the village that nobody approved, and its commune with it
    assert why["not_reported"]["count"] > 100
    assert office.round.lock_id == lock.id
    assert len(lock.sha256) == 64


def test_what_people_see_is_the_same_before_and_after_and_verifies(office: Office) -> None:
    work_off(office.field.session, office.field.now)
    before = figures(office)
    lock = office.locks()
    assert figures(office) == before
    assert office.verifies(lock) == []
    with pytest.raises(Conflict):
        office.locks()


def test_what_comes_after_the_lock_is_kept_and_told_and_changes_nothing(office: Office) -> None:
    lock = office.locks()
    before = figures(office)
    receipt = office.first.sends(POOR)
    third = office.field.phone(THIRD).sends(POOR)
    assert (receipt.message, third.message, receipt.status) == (AFTER_LOCK, AFTER_LOCK, 201)
    office.field.works()
    work_off(office.field.session, office.field.now)
    assert figures(office) == before
    assert office.verifies(lock) == []
    late = list_late(office.field.session, office.round, ALL)
    assert {each.submission_id for each in late} == {receipt.submission_id, third.submission_id}
    assert not any(each.edit for each in late)


def test_an_edit_after_the_lock_is_a_new_version_and_the_lock_keeps_the_old_one(office: Office) -> None:
    lock = office.locks()
    session = office.field.session
    original = session.execute(
        select(SubmissionVersion.xml).where(SubmissionVersion.submission_id == office.sent[ONE])
    ).scalar_one()
    edit = edited(original, "uuid:after-the-lock", ho_ngheo="11")
    receipt = office.first.sends_xml(edit)
    assert (receipt.submission_id, receipt.message) == (office.sent[ONE], AFTER_LOCK)
    assert office.verifies(lock) == []
    assert [each.edit for each in list_late(session, office.round, ALL)] == [True]


def test_nobody_decides_or_deletes_in_a_locked_round(office: Office) -> None:
    office.locks()
    with pytest.raises(Conflict) as refused:
        office.decides(office.sent[OTHER], REJECTED, "Đếm lại")
    assert refused.value.code == "review.round_locked"
    session, form = office.field.session, find_form(office.field.session, 1, "village_criteria")
    instance = session.execute(select(Submission.instance_id).where(Submission.id == office.sent[ONE])).scalar_one()
    assert form is not None
    with pytest.raises(Conflict):
        delete_submission(session, office.field.administrator, form, instance, office.field.now)
    office.reopens()
    # the old lock still rests on it
    with pytest.raises(Conflict) as kept:
        delete_submission(session, office.field.administrator, form, instance, office.field.now)
    assert kept.value.code == "submission.frozen"


def test_reopening_counts_what_came_late_and_keeps_the_old_lock(office: Office) -> None:
    lock = office.locks()
    village = (VILLAGES[OTHER].uuid, "qd50_2016_thon")
    before = figures(office)[village]
    office.second.sends(WELL_OFF)
    assert figures(office)[village] == before
    with pytest.raises(Missing):
        office.reopens(" ")
    office.reopens()
    assert figures(office)[village] != before
    again = office.locks("Đã bổ sung")
    assert [each.number for each in list_locks(office.field.session, office.round.id)] == [2, 1]
    assert again.sha256 != lock.sha256
    old = list_locks(office.field.session, office.round.id)[1]
    assert (old.sha256, old.reopen_reason) == (lock.sha256, "Thôn gửi bổ sung")
    assert office.verifies(old) == [] == office.verifies(again)


@pytest.mark.parametrize("what", ["verdict", "answers", "text", "facts"])
def test_verifying_finds_what_somebody_changed_past_the_program(office: Office, what: str) -> None:
    lock = office.locks()
    session = office.field.session
    session.rollback()
    of_lock = (LockedVerdict.lock_id == lock.id, LockedVerdict.submission_id == office.sent[ONE])
    version = SubmissionVersion.submission_id == office.sent[ONE]
    if what == "verdict":
        session.execute(update(LockedVerdict).where(*of_lock).values(verdict="met", klass=None))
    elif what == "facts":
        facts: dict[str, Any] = {"tong_ho": 1}
        session.execute(update(LockedVerdict).where(*of_lock).values(facts=facts))
    elif what == "text":
        xml = session.execute(select(SubmissionVersion.xml).where(version)).scalar_one()
        session.execute(update(SubmissionVersion).where(version).values(xml=xml.replace(b">100<", b">99<")))
    else:
        # the answers of a version are worked out of its text, which is what counts
        session.execute(update(SubmissionVersion).where(version).values(answers={}))
    session.commit()
    kinds = {kind for kind, _ in office.verifies(lock)}
    assert (
        kinds
        == {
            "verdict": {"hash", "verdict", "total"} & kinds | {"hash", "verdict"},
            "facts": {"hash", "facts", "verdict"} & kinds | {"hash", "facts"},
            "text": {"version", "total"} & kinds | {"version"},
            "answers": set(),
        }[what]
    )


def test_two_locks_of_the_same_figures_have_the_same_hash(office: Office) -> None:
    first = office.locks("Một")
    office.reopens()
    second = office.locks("Hai")
    assert first.sha256 == second.sha256


def test_a_round_that_names_one_law_and_reads_it_its_own_way(office: Office) -> None:
    """The readings of a round decide what the law leaves open, and rule sets that it does not name say nothing."""
    session, boss = office.field.session, office.field.administrator
    asked = replace(ROUND, rule_sets=("qd50_2016_thon",))
    update_round(session, boss, office.round, asked, office.field.now)
    office.field.works()
    assert set(office.field.verdicts(ONE)) == {"qd50_2016_thon"}
    rule_set = next(
        view.rule_set for view in list_verdicts(session, 1, Wanted(round_slug=ROUND.slug)) if view.rule_set is not None
    )
    switch = next(iter(rule_set.switches.values()))
    other = next(option for option in switch.options if option != switch.default)
    chosen = {rule_set.id: {switch.name: {"option": other, "decision": " "}}}
    with pytest.raises(Invalid) as refused:
        update_round(session, boss, office.round, replace(asked, readings=chosen), office.field.now)
    assert refused.value.code == "round.reading_without_decision"
    chosen = {rule_set.id: {switch.name: {"option": other, "decision": "Công văn 12/UBND"}}}
    update_round(session, boss, office.round, replace(asked, readings=chosen), office.field.now)
    office.field.works()
    view = list_verdicts(session, 1, Wanted(area=VILLAGES[ONE].uuid, round_slug=ROUND.slug))[0]
    outcome = view.outcome()
    assert outcome is not None
    assert outcome.switches[switch.name] == other
    lock = office.locks()
    assert office.verifies(lock) == []
    with pytest.raises(Conflict):
        update_round(session, boss, office.round, asked, office.field.now)


def test_a_round_of_one_commune_takes_no_other(office: Office) -> None:
    session, boss = office.field.session, office.field.administrator
    commune = VILLAGES[ONE].parent_key
    area = next(view.area.parent_id for view in list_verdicts(session, 1) if view.area.id == VILLAGES[ONE].uuid)
    assert area is not None
    assert VILLAGES[THIRD].parent_key != commune
    update_round(session, boss, office.round, replace(ROUND, areas=(area,)), office.field.now)
    assert {view.area.parent_id for view in list_verdicts(session, 1)} == {area}
    lists = {name: rounds_on_phone(office, name) for name in (ONE, THIRD)}
    assert lists == {ONE: [ROUND.slug], THIRD: []}
    elsewhere = office.field.phone(THIRD).sends(POOR)
    waiting = list_unplaced(session, 1, ALL)
    assert [(each.submission_id, each.problem) for each in waiting] == [(elsewhere.submission_id, "not_of_it")]


def test_a_sheet_whose_date_lies_in_another_round_waits_for_a_person(office: Office) -> None:
    session, boss = office.field.session, office.field.administrator
    later = Round("2019-12", "Cuối năm 2019", "End of 2019", date(2019, 12, 31), date(2019, 12, 1), date(2019, 12, 31))
    open_round(session, 1, later, office.field.now)
    sent = office.field.phone(THIRD).sends({**POOR, "ngay_chot": "2019-12-31"})
    found = list_unplaced(session, 1, ALL)
    assert [(each.problem, set(each.rounds)) for each in found] == [("elsewhere", {ROUND.slug, "2019-12"})]
    assert office.field.verdicts(THIRD)["qd50_2016_thon"] == "unknown"
    assign_round(session, boss, sent.submission_id or 0, ROUND.slug, office.field.now)
    assert office.field.verdicts(THIRD)["qd50_2016_thon"] == "met"
    assert list_unplaced(session, 1, ALL) == []
    # and back again
    assign_round(session, boss, sent.submission_id or 0, None, office.field.now)
    assert office.field.verdicts(THIRD)["qd50_2016_thon"] == "unknown"
    with pytest.raises(Conflict):
        assign_round(session, boss, office.sent[ONE], "2019-12", office.field.now)


def test_only_who_may_change_a_whole_project_makes_locks_and_opens_rounds(office: Office) -> None:
    session = office.field.session
    head = office.first.caller
    with pytest.raises(Forbidden):
        lock_round(session, head, WHICH, "x", office.field.now)
    with pytest.raises(Forbidden):
        reopen_round(session, head, WHICH, "x", office.field.now)
    with pytest.raises(Forbidden):
        create_round(session, head, 1, replace(ROUND, slug="moi"), office.field.now)
    made = create_round(session, office.field.administrator, 1, replace(ROUND, slug="moi"), office.field.now)
    assert made.slug == "moi"
    assert not made.is_locked


def test_what_comes_while_the_figures_are_read_is_in_the_lock(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    read, poor = freeze.foresee, dict(POOR)

    def while_reading(session: Session, round_view: RoundView) -> Foreseen:
        """Reads, and before the lock is written somebody sends again; `times` is how often."""
        found = read(session, round_view)
        poor["ho_ngheo"] = int(str(poor["ho_ngheo"])) - 1
        if times:
            times.pop()
            office.second.sends(poor)
            work_off(office.field.session, office.field.now)
        return found

    monkeypatch.setattr(freeze, "foresee", while_reading)
    for tries in (1, 2, freeze.ATTEMPTS):
        times = [True] * tries
        lock = office.locks()
        assert not times
        assert office.verifies(lock) == []
        rows = list(iterate_locked(office.field.session, lock.id, VILLAGES[OTHER].uuid))
        assert {row["facts"]["ho_ngheo"] for row in rows if row["basis"] != "silent"} == {last_sent(office)}
        office.reopens()


def last_sent(office: Office) -> object:
    """The poor households of the other village as the newest sheet says."""
    wanted = Wanted(area=VILLAGES[OTHER].uuid, rule_set="qd50_2016_thon", round_slug=ROUND.slug)
    return next(iter(list_verdicts(office.field.session, 1, wanted))).facts["ho_ngheo"]
