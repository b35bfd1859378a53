"""How far villages have come: what is kept along with their sheets is what there is, whatever happens to them."""

from __future__ import annotations

import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import select, update

from server.domain.coverage import Kept, Sheet, weigh
from server.services.contacts import Contact, Contacts, flush
from server.services.publish import get_form
from server.services.recount import recount_coverage
from server.services.remove import delete_submission, restore_submission
from server.services.review import Decision, review
from server.storage.coverage import CoverageRow, list_heard, list_kept, list_wrong
from server.storage.database import db
from server.storage.forms import Form
from server.storage.rounds import list_rounds
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion
from tests.kit.field import VILLAGES, WELL_OFF, Field, FieldPhone, photo
from tests.server.services.test_receive import edited

MINE, OTHER = "Thôn Ngàn Chi", "Thôn Nà Hắc"
WITH_PHOTOS = {
    **WELL_OFF,
    "duong_truc_cung_hoa": "co",
    "anh_duong": "duong.jpg",
    "anh_nha_van_hoa": "nha.jpg",
}


def kept(field: Field, village: str = MINE) -> Kept | None:
    """What is kept of a village in the round, once it is sure that nothing is kept that is not so."""
    (one,) = list_rounds(field.session, 1)
    assert list_wrong(field.session, one.id) == []
    area = VILLAGES[village].uuid
    found = list_kept(field.session, one.id, list(field.forms.values()), [area]).get(area, [])
    assert len(found) <= 1
    return found[0] if found else None


def told(field: Field, village: str = MINE) -> tuple[str, str | None, int, int] | None:
    """State, level, files named and files here."""
    found = kept(field, village)
    return (found.state, found.level, found.expected, found.here) if found else None


def decide(field: Field, submission_id: int | None, state: str, reason: str | None = None) -> None:
    """The administrator decides."""
    review(field.session, field.administrator, Decision(submission_id or 0, state, reason), field.now)


def test_a_village_goes_from_nothing_to_approved(field: Field) -> None:
    phone = field.phone(MINE)
    assert told(field) is None
    xml = phone.fills(WITH_PHOTOS, instance_id="uuid:1")
    sent = phone.sends_xml(xml, photo("nha.jpg"))
    assert told(field) == ("partly", None, 2, 1)
    assert told(field, OTHER) is None
    phone.sends_xml(xml, photo("nha.jpg"), photo("duong.jpg"))
    assert told(field) == ("waiting", None, 2, 2)
    decide(field, sent.submission_id, "rejected", "Ảnh mờ")
    assert told(field) == ("returned", "province", 2, 2)
    phone.sends_xml(edited(xml, "uuid:2", ho_ngheo="11"))
    assert told(field) == ("waiting", None, 2, 2)
    decide(field, sent.submission_id, "approved")
    found = kept(field)
    assert found is not None
    assert (found.state, found.level, found.submission_id) == ("approved", "province", sent.submission_id)
    assert found.came_at == field.now


def test_a_sheet_that_is_sent_anew_speaks_in_place_of_the_returned_one(field: Field) -> None:
    phone = field.phone(MINE)
    first = phone.sends(WELL_OFF)
    decide(field, first.submission_id, "rejected", "Sai kỳ")
    second = phone.sends(WELL_OFF)
    found = kept(field)
    assert found is not None
    assert (found.state, found.submission_id) == ("waiting", second.submission_id)
    form = get_form(field.session, field.forms["village_criteria"])
    instance = field.session.execute(
        select(Submission.instance_id).where(Submission.id == second.submission_id)
    ).scalar_one()
    delete_submission(field.session, field.administrator, form, instance, field.now)
    assert told(field) == ("returned", "province", 0, 0)
    restore_submission(field.session, field.administrator, form, instance, field.now)
    assert told(field) == ("waiting", None, 0, 0)


def test_an_edit_that_names_another_village_takes_the_sheet_there(field: Field) -> None:
    phone = field.phone(None)
    xml = field.phone(MINE).fills(WELL_OFF, instance_id="uuid:1")
    phone.sends_xml(xml)
    moved = edited(xml, "uuid:2").replace(VILLAGES[MINE].uuid.encode(), VILLAGES[OTHER].uuid.encode())
    phone.sends_xml(moved)
    assert told(field) is None
    assert told(field, OTHER) == ("waiting", None, 0, 0)


def _by_the_table(field: Field) -> dict[str, Kept]:
    """What the table of domain/coverage.py says of each village, from the rows of its sheets."""
    rows = field.session.execute(
        select(Submission, SubmissionVersion.id, SubmissionVersion.created_at, Form.xml_form_id)
        .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
        .join(Form, Form.id == Submission.form_id)
        .where(Submission.deleted_at.is_(None), Submission.round_id.is_not(None))
        .order_by(Submission.created_at.desc(), Submission.id.desc())
    )
    sheets: dict[tuple[str, str], list[Sheet]] = defaultdict(list)
    for sent, version, at, form in rows:
        slots = field.session.execute(
            select(SubmissionAttachment.sha256).where(
                SubmissionAttachment.version_id == version, SubmissionAttachment.expected
            )
        ).scalars()
        files = list(slots)
        here = sum(each is not None for each in files)
        sheet = Sheet(sent.id, sent.review_state, sent.review_level, len(files), here, at)
        sheets[(sent.area_id or "", form)].append(sheet)
    field.session.expire_all()
    return {area: found for (area, form), several in sheets.items() if (found := weigh(several, form)) is not None}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_in_whatever_order_what_is_kept_is_what_there_is(field: Field, seed: int) -> None:
    chance = random.Random(seed)
    phones = {name: field.phone(name) for name in (MINE, OTHER)}
    form = get_form(field.session, field.forms["village_criteria"])
    sent: list[tuple[FieldPhone, bytes, str, int | None]] = []
    for step in range(14):
        act = chance.choice(("send", "files", "edit", "approved", "rejected", "hasIssues", "delete", "restore"))
        if act == "send" or not sent:
            phone = phones[chance.choice((MINE, OTHER))]
            answers = chance.choice((WELL_OFF, WITH_PHOTOS))
            xml = phone.fills(answers, instance_id=f"uuid:{seed}-{step}")
            sent.append((phone, xml, f"uuid:{seed}-{step}", phone.sends_xml(xml).submission_id))
            continue
        phone, xml, instance, submission_id = chance.choice(sent)
        gone = (
            field.session.execute(select(Submission.deleted_at).where(Submission.id == submission_id)).scalar_one()
            is not None
        )
        field.session.rollback()
        if act == "files":
            phone.sends_xml(xml, photo(chance.choice(("duong.jpg", "nha.jpg"))))
        elif act == "edit":
            phone.sends_xml(edited(xml, f"uuid:{seed}-{step}", ho_ngheo=str(step)))
        elif act == "delete" and not gone:
            delete_submission(field.session, field.administrator, form, instance, field.now)
        elif act == "restore" and gone:
            restore_submission(field.session, field.administrator, form, instance, field.now)
        elif act in ("approved", "rejected", "hasIssues") and not gone:
            decide(field, submission_id, act, "vì sao")
        expected = _by_the_table(field)
        for name in (MINE, OTHER):
            assert kept(field, name) == expected.get(VILLAGES[name].uuid), (seed, step, act)
        field.session.rollback()
    assert recount_coverage(field.session) == 0


def test_what_is_kept_wrongly_is_seen_and_worked_out_anew(field: Field) -> None:
    field.phone(MINE).sends(WELL_OFF)
    with field.session.get_bind().begin() as connection:  # type: ignore[union-attr]
        connection.execute(update(CoverageRow).values(state="approved"))
    assert recount_coverage(field.session) == 1
    assert told(field) == ("waiting", None, 0, 0)
    assert recount_coverage(field.session) == 0


def test_a_contact_is_remembered_of_the_village_that_the_phone_is_there_for(field: Field) -> None:
    phone, later = field.phone(MINE), datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    pin = phone.caller.pin
    assert pin is not None
    assert list_heard(field.session, 1, [VILLAGES[MINE].uuid]) == {}
    field.session.rollback()
    for at in (later, field.now):  # the later one is kept, whichever is written last
        contacts = Contacts()
        contacts.note(Contact(pin.token_id, phone.caller.actor_id, 1, "collect:a", at), None)
        assert flush(field.session, contacts) == 1
    both = [VILLAGES[MINE].uuid, VILLAGES[OTHER].uuid]
    assert list_heard(field.session, 1, both) == {VILLAGES[MINE].uuid: later}
    assert list_heard(field.session, 1, both, later) == {VILLAGES[MINE].uuid: later}


def test_sheets_of_a_village_that_come_at_once_are_all_counted(field: Field) -> None:
    """The photos of one sheet come in five requests at the same moment: none is missed in what is kept."""
    phone = field.phone(MINE)
    sent = [phone.fills(WITH_PHOTOS, instance_id=f"uuid:{number}") for number in range(3)]
    for xml in sent:
        phone.sends_xml(xml)
    turns = [(xml, name) for xml in sent for name in ("duong.jpg", "nha.jpg")]
    barrier = Barrier(len(turns))

    def send(turn: tuple[bytes, str]) -> int:
        with field.app.app_context():
            other = Field(field.app, field.home, db.session(), field.now)
            barrier.wait(20)
            status = FieldPhone(other, phone.token, MINE).sends_xml(turn[0], photo(turn[1])).status
            db.session.remove()
            return status

    with ThreadPoolExecutor(len(turns)) as crowd:
        assert list(crowd.map(send, turns)) == [201] * len(turns)
    field.session.rollback()
    assert told(field) == ("waiting", None, 2, 2)


def test_of_a_form_with_many_sheets_the_one_that_is_furthest_back_is_kept(field: Field) -> None:
    phone = field.phone(MINE)
    numbers = [phone.sends(answers).submission_id for answers in (WITH_PHOTOS, WELL_OFF, WELL_OFF, WELL_OFF)]
    decide(field, numbers[2], "rejected", "vì sao")
    decide(field, numbers[3], "approved")
    with field.session.get_bind().begin() as connection:  # type: ignore[union-attr]
        connection.execute(update(Form).values(xml_form_id="phieu_ho"))
    field.session.rollback()
    assert recount_coverage(field.session) == 1
    for number, state in ((numbers[2], "returned"), (numbers[0], "partly"), (numbers[1], "waiting")):
        found = kept(field)
        assert found is not None
        assert (found.submission_id, found.state) == (number, state)
        assert _by_the_table(field)[VILLAGES[MINE].uuid] == found
        decide(field, number, "approved")
    assert told(field) == ("approved", "province", 0, 0)
