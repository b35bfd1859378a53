"""A returned sheet reaches its sender's phone, is told and seen, and ends with an edit or a new sheet."""

import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest

from server.domain.returned import CORRECTED, EDITED, NEW_SHEET, OPEN, SEEN, Track
from server.domain.review import APPROVED, RECEIVED, REJECTED, QuestionReason
from server.domain.roles import ALL, Scope
from server.services.contacts import Contact, Contacts, flush
from server.services.lists import make_list
from server.services.remove import delete_submission, restore_submission
from server.services.review import Decision, review, undo
from server.services.sight import fill_sight
from server.storage.forms import find_form
from server.storage.readings import find_submission_by_id
from server.storage.returns import Wanted, find_return, find_track, list_replaced_by, list_returned
from server.storage.reviews import list_moves
from tests.forms.test_training_forms import CLASS
from tests.kit.field import ROUND, VILLAGES, WELL_OFF, Field, FieldPhone, library_form, place_of
from tests.kit.works import phone_in

MINE, NEIGHBOUR = "Thôn Ngàn Chi", "Thôn Nà Hắc"


def returns(field: Field, submission_id: int | None, reason: str | None = None, **why: str) -> int:
    """The office returns a sheet, with reasons at questions."""
    assert submission_id is not None
    questions = tuple(QuestionReason(f"/data/{name}", text) for name, text in why.items())
    field.now += timedelta(minutes=1)
    review(
        field.session, field.administrator, Decision(submission_id, REJECTED, reason, questions=questions), field.now
    )
    return list_moves(field.session, submission_id)[0].id


def told(field: Field, phone: FieldPhone) -> list[dict[str, str]]:
    """The corrections that a phone is given."""
    sight = fill_sight(phone.caller, 1, field.forms["village_criteria"])
    return list(csv.DictReader(StringIO(make_list(field.session, 1, "corrections", sight).content.decode())))


def find_area(field: Field, submission_id: int | None) -> str | None:
    found = find_submission_by_id(field.session, submission_id or 0)
    assert found is not None
    return found.area_id


def track(field: Field, submission_id: int | None) -> Track:
    found = find_track(field.session, submission_id or 0)
    assert found is not None
    return found[1]


def edit(phone: FieldPhone, old: str, new: str, **answers: object) -> bytes:
    """The sheet again, as an edit of the text `old`."""
    xml = phone.fills({**WELL_OFF, **answers}, instance_id=new).decode()
    mark = "<orx:instanceID>" if "<orx:instanceID>" in xml else "<instanceID>"
    opening = mark.replace("instanceID", "deprecatedID")
    return xml.replace(mark, f"{opening}{old}{opening.replace('<', '</')}{mark}", 1).encode()


def naming_it(xml: bytes, instance_id: str) -> bytes:
    """A sheet that says in whose place it comes; "": of a form that did not ask."""
    text, times = re.subn(rb"<corrects(?:\s*/>|>[^<]*</corrects>)", f"<corrects>{instance_id}</corrects>".encode(), xml)
    assert times == 1
    return text


def test_a_successor_whose_form_names_the_returned_sheet_corrects_it(field: Field) -> None:
    phone, successor = field.phone(MINE), field.phone(MINE)
    sent = phone.sends(WELL_OFF, instance_id="uuid:old")
    returns(field, sent.submission_id, "sai")
    # the form finds it in the list by itself
    xml = successor.fills(WELL_OFF)
    assert b"<corrects>uuid:old</corrects>" in xml
    new = successor.sends_xml(xml)
    assert track(field, sent.submission_id).by_submission == new.submission_id


def test_the_phone_is_told_each_question_by_its_label_and_why(field: Field) -> None:
    phone = field.phone(MINE)
    sent = phone.sends(WELL_OFF, instance_id="uuid:1")
    returns(field, sent.submission_id, "Xem biên bản.", ho_ngheo="Không khớp\nbiên bản; ", tong_ho="")
    (row,) = told(field, phone)
    assert row["told"] == (
        "câu “Thôn có bao nhiêu hộ nghèo?”, vì Không khớp biên bản; câu “Thôn có tất cả bao nhiêu hộ?”; vì Xem biên bản"
    )
    assert row["told_en"].startswith("question “How many poor households are there?”, because Không khớp biên bản;")
    assert row["key"] == f"village_criteria {VILLAGES[MINE].uuid} 2019-06"
    assert (row["instance"], row["round"], row["name"]) == ("uuid:1", "2019-06", "1")
    assert told(field, field.phone(NEIGHBOUR)) == []


def test_who_sent_for_anywhere_is_told_of_the_own_sheets_alone(field: Field) -> None:
    collector, other = field.phone(None), field.phone(None)
    place = {"thon": VILLAGES[MINE].uuid, "xa": VILLAGES[MINE].uuid, "ky": "2019-06"}
    sent = collector.sends({**WELL_OFF, **place})
    returns(field, sent.submission_id, "sai")
    assert [row["area"] for row in told(field, collector)] == [VILLAGES[MINE].uuid]
    assert told(field, other) == []


def test_who_sent_a_sheet_of_no_place_is_told_of_it_and_corrects_it(field: Field) -> None:
    # while there were those communes
    field.now = datetime(2019, 6, 20, 1, 0, tzinfo=UTC)
    field.publishes(library_form("training_class"))
    official, colleague, bound = field.phone(None), field.phone(None), phone_in(field, "xã", place_of(MINE).xa)
    nowhere = CLASS | {"cap": "huyen", "don_vi": None}
    answers = {name: value for name, value in nowhere.items() if value is not None}
    sent = official.sends(answers, form="training_class", instance_id="uuid:class")
    assert find_area(field, sent.submission_id) is None
    returns(field, sent.submission_id, ten_lop="tên khác quyết định")
    assert [row["instance"] for row in told(field, official)] == ["uuid:class"]
    assert told(field, colleague) == []
    for somebody, naming in ((colleague, "class"), (bound, "class"), (official, "another")):
        xml = somebody.fills(answers | {"corrects": "class"}, form="training_class")
        somebody.sends_xml(naming_it(xml, naming))
        assert track(field, sent.submission_id).stage == OPEN
    there = official.sends(answers | {"cap": "xa", "xa": place_of(MINE).xa, "corrects": "class"}, form="training_class")
    assert find_area(field, there.submission_id) == place_of(MINE).xa
    assert track(field, sent.submission_id).by_submission == there.submission_id
    assert told(field, official) == []


def test_two_sheets_that_are_called_the_same_are_told_apart(field: Field) -> None:
    field.publishes(library_form("spot_check"))
    supervisor = phone_in(field, "giám sát", VILLAGES[MINE].uuid)
    place = place_of(MINE)
    check = {"xa": place.xa, "thon": place.thon, "ky": place.ky, "ngay_kiem_tra": "2019-07-02"}
    numbers = []
    for name in ("one", "two"):
        sent = supervisor.sends(check, form="spot_check", instance_id=f"uuid:{name}")
        returns(field, sent.submission_id, name)
        numbers.append(sent.submission_id)
    last, first = told(field, supervisor)
    called = f"{MINE} – {ROUND.name_vi}"
    assert [row["label"].startswith(f"{called} – ") for row in (last, first)] == [True, True]
    assert last["label"] != first["label"]
    chosen = supervisor.sends(check | {"corrects": first["name"]}, form="spot_check")
    (waits,) = told(field, supervisor)
    assert (waits["instance"], waits["label"]) == ("uuid:two", called)
    assert list_replaced_by(field.session, chosen.submission_id or 0) == [numbers[0]]
    # the list as it was when the other one still waited for its correction too
    late = supervisor.fills(check | {"corrects": waits["name"]}, form="spot_check").decode()
    late = late.replace(f"<corrects>{waits['name']}<", f"<corrects>{first['name']}<", 1)
    assert supervisor.sends_xml(late.encode()).message == "submission.fresh", "without an error"
    assert track(field, numbers[0]).by_submission == chosen.submission_id
    assert [row["instance"] for row in told(field, supervisor)] == ["uuid:two"]


def test_a_return_is_seen_when_its_senders_phone_fetched_the_list(field: Field) -> None:
    phone, neighbour = field.phone(MINE), field.phone(NEIGHBOUR)
    sent = phone.sends(WELL_OFF)
    before = field.now
    returns(field, sent.submission_id, "sai")
    contacts, caller = Contacts(), phone.caller

    def fetched(by: FieldPhone, at: object) -> Track:
        pin = by.caller.pin
        assert pin is not None
        contact = Contact(pin.token_id, by.caller.actor_id, 1, "collect:1", at, corrections=True)  # type: ignore[arg-type]
        contacts.note(contact, None)
        flush(field.session, contacts)
        return track(field, sent.submission_id)

    assert fetched(neighbour, field.now).stage == OPEN
    assert fetched(phone, before).stage == OPEN
    later = field.now + timedelta(minutes=5)
    seen = fetched(phone, later)
    assert (seen.stage, seen.seen_at) == (SEEN, later)
    assert caller.actor_id == phone.caller.actor_id


def test_an_edit_corrects_it(field: Field) -> None:
    phone = field.phone(MINE)
    sent = phone.sends(WELL_OFF, instance_id="uuid:1")
    returns(field, sent.submission_id, "sai")
    phone.sends_xml(edit(phone, "uuid:1", "uuid:2", ho_ngheo=12))
    ended = track(field, sent.submission_id)
    assert (ended.stage, ended.ended, ended.by_submission) == (CORRECTED, EDITED, None)
    assert told(field, phone) == []
    (kept,) = list_returned(field.session, Wanted(1, ALL, ended=True))
    assert (kept.submission_id, kept.instance_id) == (sent.submission_id, "uuid:2")


def test_a_new_sheet_of_the_same_sender_village_and_round_takes_its_place(field: Field) -> None:
    phone, neighbour, successor = field.phone(MINE), field.phone(NEIGHBOUR), field.phone(MINE)
    sent = phone.sends(WELL_OFF, instance_id="uuid:old")
    returns(field, sent.submission_id, "sai")
    for somebody, naming in ((neighbour, "uuid:old"), (successor, ""), (successor, "uuid:another")):
        somebody.sends_xml(naming_it(somebody.fills(WELL_OFF), naming))
        assert track(field, sent.submission_id).stage == OPEN
    new = phone.sends_xml(naming_it(phone.fills({**WELL_OFF, "ho_ngheo": 12}, instance_id="uuid:new"), ""))
    ended = track(field, sent.submission_id)
    assert (ended.ended, ended.by_submission) == (NEW_SHEET, new.submission_id)
    assert list_replaced_by(field.session, new.submission_id or 0) == [sent.submission_id]
    assert told(field, phone) == []
    # the new one goes away: the returned one waits again, and no more once it is back
    form = find_form(field.session, 1, "village_criteria")
    assert form is not None
    delete_submission(field.session, field.administrator, form, "uuid:new", field.now)
    assert track(field, sent.submission_id).stage == OPEN
    restore_submission(field.session, field.administrator, form, "uuid:new", field.now)
    assert track(field, sent.submission_id).stage == CORRECTED


@pytest.mark.parametrize("then", [APPROVED, REJECTED, EDITED])
def test_what_was_settled_since_waits_no_more_when_its_new_sheet_is_deleted(field: Field, then: str) -> None:
    phone = field.phone(MINE)
    sent = phone.sends(WELL_OFF, instance_id="uuid:old").submission_id
    first = returns(field, sent, "sai")
    phone.sends({**WELL_OFF, "ho_ngheo": 12}, instance_id="uuid:new")
    if then == EDITED:
        phone.sends_xml(edit(phone, "uuid:old", "uuid:edited", ho_ngheo=13))
    else:
        review(field.session, field.administrator, Decision(sent or 0, then, "vẫn sai"), field.now)
    decided = list_moves(field.session, sent or 0)[0].id
    form = find_form(field.session, 1, "village_criteria")
    assert form is not None
    delete_submission(field.session, field.administrator, form, "uuid:new", field.now)
    waiting = [each.move_id for each in list_returned(field.session, Wanted(1, ALL))]
    assert waiting == ([decided] if then == REJECTED else [])
    if then != EDITED:
        undo(field.session, field.administrator, sent or 0, decided, field.now)
        assert [each.move_id for each in list_returned(field.session, Wanted(1, ALL))] == [first]


def test_who_saw_a_sheet_returned_does_not_see_where_its_edit_took_it(field: Field) -> None:
    collector, places = field.phone(None), (VILLAGES[MINE], VILLAGES[NEIGHBOUR])
    here, there = ({"thon": each.uuid, "xa": each.uuid, "ky": "2019-06"} for each in places)
    sent = collector.sends({**WELL_OFF, **here}, instance_id="uuid:1")
    move = returns(field, sent.submission_id, "sai")
    scopes = [Scope(False, frozenset({each.uuid}), field.now.date()) for each in places]
    assert [len(list_returned(field.session, Wanted(1, each, ended=True))) for each in scopes] == [1, 0]
    collector.sends_xml(edit(collector, "uuid:1", "uuid:2", **there))
    for scope in scopes:
        assert list_returned(field.session, Wanted(1, scope, ended=True)) == []
        assert find_return(field.session, 1, move, scope) is None
    assert [each.move_id for each in list_returned(field.session, Wanted(1, ALL, ended=True))] == [move]


@pytest.mark.parametrize("then", [APPROVED, RECEIVED])
def test_another_decision_ends_it_and_taken_back_it_stands_again(field: Field, then: str) -> None:
    phone = field.phone(MINE)
    sent = phone.sends(WELL_OFF).submission_id
    assert sent is not None
    move = returns(field, sent, "sai")
    review(field.session, field.administrator, Decision(sent, then), field.now)
    assert told(field, phone) == []
    undo(field.session, field.administrator, sent, list_moves(field.session, sent)[0].id, field.now)
    assert [row["reason"] for row in told(field, phone)] == ["sai"]
    assert list_returned(field.session, Wanted(1, ALL))[0].move_id == move


def test_a_return_taken_back_is_told_to_nobody(field: Field) -> None:
    phone = field.phone(MINE)
    sent = phone.sends(WELL_OFF).submission_id
    assert sent is not None
    first = returns(field, sent, "một")
    second = returns(field, sent, "hai")
    assert [row["reason"] for row in told(field, phone)] == ["hai"]
    undo(field.session, field.administrator, sent, second, field.now)
    assert [row["reason"] for row in told(field, phone)] == ["một"]
    undo_again = list_returned(field.session, Wanted(1, ALL, ended=True))
    assert [each.move_id for each in undo_again] == [first]
    found = find_submission_by_id(field.session, sent)
    assert found is not None
    assert found.review_state == REJECTED
