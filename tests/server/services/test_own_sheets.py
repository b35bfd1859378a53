"""Nobody approves what they entered or reported, and a commune's own sheet is approved one level up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from server.domain.errors import Forbidden
from server.domain.review import APPROVED, REJECTED, Standing, Tie, list_moves, move, tie_to
from server.services.authenticate import Caller, caller_of
from server.services.judge import Target, Upload
from server.services.people import NewUser, create_user, grant_role
from server.services.receive import Receipt, receive
from server.services.review import Decision, review
from server.storage.actors import GrantView
from server.storage.readings import find_submission_by_id
from sync.decide import Dialect
from sync.envelope import Envelope
from tests.kit.field import COMMUNES, ROUND, VILLAGES, WELL_OFF, Field, library_form

MINE = "Thôn Ngàn Chi"
TODAY = date(2026, 11, 27)


def person(field: Field, name: str, role: str) -> Caller:
    """Somebody who signs in, with a role in the project."""
    email = f"{len(name)}.{role}.{abs(hash(name))}@example.vn"
    made = create_user(field.session, field.administrator, NewUser(email, "mat khau that dai", name), field.now)
    grant = GrantView(role, "project", 1, None, None, None, None)
    grant_role(field.session, field.administrator, made.id, grant, field.now)
    fills = GrantView("formfill", "project", 1, None, None, None, None)
    grant_role(field.session, field.administrator, made.id, fills, field.now)
    return caller_of(field.session, made.id, field.now)


def approve(field: Field, caller: Caller, submission_id: int | None, state: str = APPROVED) -> str:
    """Where the submission stands after that."""
    assert submission_id is not None
    review(field.session, caller, Decision(submission_id, state, "Lý do mẫu"), field.now)
    found = find_submission_by_id(field.session, submission_id)
    assert found is not None
    return found.review_state


COMMUNE = COMMUNES[VILLAGES[MINE].parent_key or ""].uuid


def types(field: Field, caller: Caller, xml: bytes, **target: Any) -> Receipt:
    """Somebody sends a sheet through the API."""
    field.now += timedelta(minutes=1)
    upload = Upload(Envelope(xml), Target(1, Dialect.REST, "village_criteria", **target), caller, field.now)
    return receive(field.session, field.home, upload)


def refused(field: Field, caller: Caller, submission_id: int | None) -> str:
    with pytest.raises(Forbidden) as error:
        approve(field, caller, submission_id)
    return error.value.code


def test_who_typed_a_sheet_does_not_approve_it_and_may_return_it(field: Field) -> None:
    typist = person(field, "Chu Thị Gõ", "commune_supervisor")
    other = person(field, "Lý Văn Xem", "commune_supervisor")
    phone = field.phone(MINE)
    sent = types(field, typist, phone.fills(WELL_OFF))
    assert refused(field, typist, sent.submission_id) == "review.own_entry"
    assert approve(field, typist, sent.submission_id, REJECTED) == REJECTED
    assert approve(field, other, sent.submission_id) == APPROVED


def test_who_corrected_a_sheet_of_another_does_not_approve_it_either(field: Field) -> None:
    typist = person(field, "Chu Thị Gõ", "commune_supervisor")
    phone = field.phone(MINE)
    first = phone.fills(WELL_OFF, instance_id="uuid:one")
    sent = phone.sends_xml(first)
    edited = phone.fills({**WELL_OFF, "tong_ho": 101}, instance_id="uuid:two")
    old = b"<instanceID>uuid:two</instanceID>"
    assert old in edited
    edited = edited.replace(old, old + b"<deprecatedID>uuid:one</deprecatedID>")
    changed = types(field, typist, edited, must_edit=True, root_instance_id="uuid:one")
    assert changed.submission_id == sent.submission_id
    assert refused(field, typist, sent.submission_id) == "review.own_entry"


def test_who_is_named_as_having_given_the_figures_does_not_approve_them(field: Field) -> None:
    reporter = person(field, "Bàn Văn Kể", "commune_supervisor")
    told = {"nhap_thay": "co", "nguoi_bao": "Ông  bàn văn kể, phó chủ tịch xã"}
    sent = field.phone(MINE).sends({**WELL_OFF, **told})
    assert refused(field, reporter, sent.submission_id) == "review.own_report"
    assert approve(field, person(field, "Trần Thị Khác", "commune_supervisor"), sent.submission_id) == APPROVED


def test_a_commune_does_not_approve_its_own_sheet_and_the_level_above_does(field: Field) -> None:
    field.publishes(library_form("commune_criteria"))
    own = person(field, "Chu Thị Xã", "commune_supervisor")
    place = {"xa": COMMUNE, "ky": ROUND.slug, "ngay_chot": "2019-06-30"}
    sent = field.phone(None).sends(place, form="commune_criteria")
    assert refused(field, own, sent.submission_id) == "review.own_commune"
    assert approve(field, own, sent.submission_id, REJECTED) == REJECTED
    assert approve(field, field.administrator, sent.submission_id) == APPROVED


def test_the_moves_that_are_offered_are_those_that_can_be_made() -> None:
    verbs, standing = {"review.commune"}, Standing()
    for tie in (Tie(entered=True), Tie(reported=True), Tie(of_commune=True)):
        offered = [row.to for row in list_moves(standing, verbs, TODAY, tie)]
        assert APPROVED not in offered
        assert REJECTED in offered
        with pytest.raises(Forbidden):
            move(standing, APPROVED, verbs, TODAY, tie)
    higher = {"review.province"}
    assert move(standing, APPROVED, higher, TODAY, Tie(of_commune=True))[1].level == "province"


@pytest.mark.parametrize(
    ("senders", "reporter", "tie"),
    [
        ([(7, "ai đó")], None, Tie(entered=True)),
        # a key in the name of the same person
        ([(8, "Triệu Thị Hoà")], None, Tie(entered=True)),
        ([(8, "Trưởng thôn")], "Bà TRIỆU THỊ HÒA (phó thôn)", Tie(reported=True)),
        ([(8, "Trưởng thôn")], "Triệu Thị Hoàng Anh", Tie()),
        ([(8, "Trưởng thôn")], None, Tie()),
    ],
)
def test_a_person_is_known_by_account_and_by_name(
    senders: list[tuple[int, str]], reporter: str | None, tie: Tie
) -> None:
    assert tie_to((7, "Triệu Thị Hòa"), senders, reporter, "village") == tie


def test_a_name_of_one_word_tells_nobody_apart() -> None:
    assert tie_to((7, "Hòa"), [(8, "Hòa")], "Bà Hòa", None) == Tie()
