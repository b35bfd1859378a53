"""Findings of a board answered by the commune, settled by the board; works and models in sight, with their sums."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from server.domain.errors import Conflict, Forbidden, Invalid, Missing, NotFound
from server.domain.supervision import FindingState
from server.services.authenticate import Caller, caller_of, day_of
from server.services.people import NewUser, create_user, grant_role
from server.services.review import Decision, review
from server.services.supervision import (
    May,
    Reply,
    answer_finding,
    may_say,
    settle_finding,
    sum_supervision,
    take_back_word,
)
from server.services.works import WorksAsked, find_work, list_models, list_works, sum_models_up, sum_up
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.projects import find_project
from tests.kit.field import COMMUNES, VILLAGES, Field, FieldPhone, place_of
from tests.kit.works import NEIGHBOUR, VILLAGE, VISIT, Site, site_in

HOME, ELSEWHERE = place_of(VILLAGE).xa, place_of(NEIGHBOUR).xa
THIN = {"noi_dung": "Bê tông mỏng", "kien_nghi": "Đổ lại", "han_tra_loi": "2019-03-10"}
BARE = {"noi_dung": "Thiếu rào", "kien_nghi": "Rào lại"}


@pytest.fixture
def site(field: Field) -> Site:
    field.now = datetime(2019, 12, 2, 2, 0, tzinfo=UTC)
    return site_in(field)


def person(site: Site, role: str, area_id: str | None) -> Caller:
    """Somebody signed in with a role in an area."""
    field = site.field
    count = sum(1 for _ in list_audits(field.session, most=1000))
    new = NewUser(f"{role}-{count}@example.vn", None, role)
    made = create_user(field.session, field.administrator, new, field.now)
    grant = GrantView(role, "project", 1, None, area_id, None, None)
    grant_role(field.session, field.administrator, made.id, grant, field.now)
    return caller_of(field.session, made.id, field.now)


def asked(site: Site, caller: Caller | None = None, **more: object) -> WorksAsked:
    project = find_project(site.field.session, 1)
    assert project is not None
    scope = (caller or site.field.administrator).scope("submission.list", 1)
    return replace(WorksAsked(project, scope, day_of(site.field.now)), **more)  # type: ignore[arg-type]


def answers(site: Site, caller: Caller, finding: str, text: str = "Đã đổ lại", on: str | None = None) -> FindingState:
    reply = Reply(1, finding, text, date.fromisoformat(on) if on else None)
    return answer_finding(site.field.session, caller, reply, site.field.now)


def settles(site: Site, caller: Caller, finding: str, settled: bool = True, text: str = "") -> FindingState:
    reply = Reply(1, finding, text, date(2019, 3, 20))
    return settle_finding(site.field.session, caller, reply, settled, site.field.now)


def test_the_commune_answers_and_an_office_above_settles(site: Site) -> None:
    finding = f"{site.visit(site.work(), '2019-02-20', THIN)}-1"
    commune, province = person(site, "commune_supervisor", HOME), person(site, "province_reviewer", None)
    answered = answers(site, commune, finding, on="2019-03-05")
    assert (answered.status, answered.days_to_answer) == ("answered", 13)
    with pytest.raises(Forbidden) as refused:
        settles(site, commune, finding)
    assert refused.value.code == "supervision.board_settles"
    with pytest.raises(Missing):
        settles(site, province, finding, settled=False)
    assert settles(site, province, finding, False, "Chưa đủ dày").status == "not_settled"
    answers(site, commune, finding, "Đã đổ thêm", on="2019-03-20")
    assert settles(site, province, finding).status == "settled"
    with pytest.raises(Conflict) as closed:
        answers(site, commune, finding)
    assert closed.value.code == "supervision.settled"
    actions = [each.action for each in list_audits(site.field.session, most=1000)]
    assert (actions.count("submission.supervision.answer"), actions.count("submission.supervision.settle")) == (2, 2)


def test_who_is_of_no_office_there_answers_nothing(site: Site) -> None:
    finding = f"{site.visit(site.work(), '2019-02-20', THIN)}-1"
    with pytest.raises(Forbidden) as refused:
        answers(site, person(site, "analyst", HOME), finding)
    assert refused.value.code == "supervision.commune_answers"
    with pytest.raises(NotFound):
        answers(site, person(site, "commune_supervisor", ELSEWHERE), finding)


def test_an_answer_has_a_text_and_a_day_that_can_be(site: Site) -> None:
    finding = f"{site.visit(site.work(), '2019-02-20', THIN)}-1"
    commune = person(site, "commune_supervisor", HOME)
    with pytest.raises(Missing):
        answers(site, commune, finding, "  ")
    for wrong in ("2019-02-19", "2031-01-01"):
        with pytest.raises(Invalid):
            answers(site, commune, finding, on=wrong)
    with pytest.raises(Invalid):
        answers(site, commune, finding, "x" * 4001)
    for unknown in ("nothing", "nothing-1", f"{finding}1", ""):
        with pytest.raises(NotFound):
            answers(site, commune, unknown)


class Board(FieldPhone):
    """A board whose member is signed in with an own account."""

    signed_in: Caller

    @property
    def caller(self) -> Caller:
        return self.signed_in


def test_the_board_that_wrote_the_sheet_settles_and_nobody_else_of_the_commune(site: Site) -> None:
    work = site.work()
    board, neighbour = Board(site.field, "", None), person(site, "village_head", HOME)
    board.signed_in = person(site, "village_head", HOME)
    found = VISIT | {"co_phat_hien": "co", "phat_hien": [THIN], "cong_trinh": work, "ngay": "2019-02-20"}
    finding = f"{site.sends_from(board, 'community_supervision', found)}-1"
    commune = person(site, "commune_supervisor", HOME)
    state = answers(site, commune, finding, on="2019-03-05")
    assert may_say(site.field.session, board.caller, 1, state) == May(False, True, frozenset())
    for other in (commune, neighbour):
        assert not may_say(site.field.session, other, 1, state).settle
        with pytest.raises(Forbidden):
            settles(site, other, finding)
    assert settles(site, board.caller, finding).status == "settled"


def test_a_later_visit_of_the_board_settles_a_finding(site: Site) -> None:
    work = site.work()
    visit = site.visit(work, "2019-02-20", THIN, BARE)
    site.visit(work, "2019-05-20", xem_lai=[{"kien_nghi_truoc": f"{visit}-1", "ket_qua": "da_xong"}])
    _, line = find_work(site.field.session, asked(site), work)
    assert [(each.finding.id, each.status) for each in line.findings] == [
        (f"{visit}-1", "settled"),
        (f"{visit}-2", "open"),
    ]
    with pytest.raises(Conflict):
        answers(site, site.reviewer, f"{visit}-1")


def test_who_said_something_takes_it_back_by_a_new_row_and_nobody_else_does(site: Site) -> None:
    finding = f"{site.visit(site.work(), '2019-02-20', THIN)}-1"
    commune, other = person(site, "commune_supervisor", HOME), person(site, "commune_supervisor", HOME)
    state = answers(site, commune, finding, on="2019-03-05")
    (word,) = state.words
    assert word.id is not None
    assert may_say(site.field.session, commune, 1, state).own == {word.id}
    with pytest.raises(NotFound):
        take_back_word(site.field.session, other, Reply(1, finding, ""), word.id, site.field.now)
    back = take_back_word(site.field.session, commune, Reply(1, finding, ""), word.id, site.field.now)
    assert (back.status, back.words) == ("open", ())
    with pytest.raises(NotFound):
        take_back_word(site.field.session, commune, Reply(1, finding, ""), word.id, site.field.now)


def test_the_supervised_commune_cannot_send_a_finding_away(site: Site) -> None:
    work = site.work()
    visit = site.visit(work, "2019-02-20", THIN)
    read = list_works(site.field.session, asked(site))
    (number,) = [each.submission_id for each in read.lines[0].visits]
    commune, province = person(site, "commune_supervisor", HOME), person(site, "province_reviewer", None)
    review(site.field.session, site.reviewer, Decision(number, "received"), site.field.now)
    review(site.field.session, commune, Decision(number, "rejected", "Không đúng"), site.field.now)
    _, line = find_work(site.field.session, asked(site), work)
    assert [each.finding.id for each in line.findings] == [f"{visit}-1"]
    review(site.field.session, province, Decision(number, "rejected", "Ghi nhầm công trình"), site.field.now)
    assert find_work(site.field.session, asked(site), work)[1].findings == ()


def test_everybody_sees_the_works_of_the_own_part_of_the_tree(site: Site) -> None:
    mine, other = site.work(), site.work(NEIGHBOUR)
    site.visit(mine, "2019-02-20", THIN)
    assert {line.state.work.id for line in list_works(site.field.session, asked(site)).lines} == {mine, other}
    commune = person(site, "commune_supervisor", HOME)
    read = list_works(site.field.session, asked(site, commune))
    assert [line.state.work.id for line in read.lines] == [mine]
    assert ELSEWHERE not in sum_up(read)
    with pytest.raises(NotFound):
        find_work(site.field.session, asked(site, commune), other)
    below = list_works(site.field.session, asked(site, area=ELSEWHERE, on=date(2019, 6, 30)))
    assert [line.state.work.id for line in below.lines] == [other]


def test_sums_go_up_the_tree_as_it_stood_on_the_day(site: Site) -> None:
    road = site.work()
    site.work(NEIGHBOUR, von_trung_uong=None, von_dan_gop=None)
    site.progress(road, "2019-02-28", khoi_luong=60, da_giai_ngan=1_500_000_000)
    site.visit(road, "2019-02-20", THIN, BARE)
    read = list_works(site.field.session, asked(site, on=date(2019, 6, 30)))
    sums = sum_up(read)
    top, home = sums[COMMUNES["qn"].uuid], sums[HOME]
    assert (top.works.works, top.works.planned, top.works.planned_unknown) == (2, 2_600_000_000, 1)
    assert (home.works.paid, home.works.states["late"], home.supervision.open) == (1_500_000_000, 1, 2)
    assert home.supervision.overdue == 1
    communes = {each.area.id: each.sums.findings for each in sum_supervision(site.field.session, asked(site))}
    assert communes[HOME] == 2


def test_a_demo_is_told_as_of_its_newest_sheet_and_a_day_when_asked(site: Site) -> None:
    road = site.work()
    site.progress(road, "2019-02-28", khoi_luong=60)
    assert list_works(site.field.session, asked(site)).on == date(2019, 2, 28)
    assert list_works(site.field.session, asked(site, on=date(2019, 4, 30))).lines[0].state.late_days == 30


def test_models_are_joined_and_added_up_by_area(site: Site) -> None:
    goats = site.model()
    site.model(NEIGHBOUR, approved=False, ten_mo_hinh="Trồng quế mẫu", loai="lam_nghiep", so_luong=None, don_vi=None)
    end = {"giai_doan": "cuoi", "mo_hinh": goats, "ngay": "2019-05-01", "con_song": 36, "thu_nhap": "tang"}
    site.sends("production_model", end | {"nhan_rong": "co", "ho_tu_lam": 5})
    read = list_models(site.field.session, asked(site))
    assert [(model.name, model.provisional, model.repeat) for model in read.models] == [
        ("Nuôi dê mẫu", False, "co"),
        ("Trồng quế mẫu", True, None),
    ]
    sums = sum_models_up(read)
    assert (sums[HOME].alive, sums[HOME].taken_up, sums[COMMUNES["qn"].uuid].models) == ({"con": 36}, 5, 2)
    assert read.names[VILLAGES[VILLAGE].uuid] == VILLAGE


def test_what_the_board_wrote_is_changed_by_the_board_alone(site: Site) -> None:
    work = site.work()
    visit = site.visit(work, "2019-02-20", THIN)
    told = VISIT | {"cong_trinh": work, "ngay": "2019-02-20"}
    nothing = site.phone.fills(told, form="community_supervision", instance_id="uuid:edit")
    edit = re.sub(
        rb"<(\w+:)?instanceID>uuid:edit<",
        lambda found: (
            b"<%(p)sdeprecatedID>uuid:%(v)s</%(p)sdeprecatedID><%(p)sinstanceID>uuid:edit<"
            % {b"p": found[1] or b"", b"v": visit.encode()}
        ),
        nothing,
    )
    other = site.field.phone(None)
    assert other.sends_xml(edit).submission_id is None
    assert [each.finding.id for each in find_work(site.field.session, asked(site), work)[1].findings] == [f"{visit}-1"]
    assert site.phone.sends_xml(edit.replace(b"uuid:edit", b"uuid:edit2")).submission_id is not None
    assert find_work(site.field.session, asked(site), work)[1].findings == ()
