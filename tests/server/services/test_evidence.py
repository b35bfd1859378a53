"""What of a round's evidence is there: from phones that send it whole, in parts, late, and of who sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update

from server.domain.evidence import DEFAULT, keep_asked
from server.domain.roles import ALL, Scope
from server.services.evidence import VillageEvidence, list_evidence, missing_evidence
from server.storage.database import writing
from server.storage.rounds import RoundView, change_round, list_rounds
from server.storage.submissions import Submission, SubmissionVersion
from tests.kit.field import COMMUNES, VILLAGES, Field, FieldPhone, library_form, photo, place_of

VILLAGE, OTHER = "Thôn Ngàn Chi", "Thôn Khe Tiền"
# all numbers are invented
WHOLE: dict[str, object] = {
    "ngay_hop": "2019-06-20",
    "ho_du_hop": "40",
    "anh_bien_ban": "minutes.jpg",
    "niem_yet": "co",
    "niem_yet_tu": "2019-06-21",
    "niem_yet_den": "2019-06-28",
    "anh_niem_yet": "board.jpg",
    "kien_nghi_nhan": "1",
    "kien_nghi_tra_loi": "1",
}
PHOTOS = (photo("minutes.jpg"), photo("board.jpg", b"\xff\xd8\xff another"))


@dataclass
class Meeting:
    """A field with the form for meetings, and what is known of its round."""

    field: Field

    @property
    def round(self) -> RoundView:
        self.field.session.rollback()
        return list_rounds(self.field.session, 1)[0]

    def phone(self, village: str) -> FieldPhone:
        return self.field.phone(village)

    def sends(self, phone: FieldPhone, changed: Mapping[str, object] = {}, files: Any = PHOTOS, **more: Any) -> int:
        place = place_of(phone.village or VILLAGE)
        answers = {"xa": place.xa, "thon": place.thon, "ky": place.ky} | WHOLE | dict(changed)
        told = {name: value for name, value in answers.items() if value is not None}
        phone.sends(told, *files, form="village_meeting", **more)
        newest = select(Submission.id).order_by(Submission.id.desc()).limit(1)
        return int(self.field.session.execute(newest).scalar_one())

    def of(self, village: str, scope: Scope = ALL) -> VillageEvidence:
        (found,) = list_evidence(self.field.session, 1, self.round, scope, VILLAGES[village].uuid)
        return found

    def told(self, village: str = VILLAGE) -> list[tuple[str, str, list[str]]]:
        return [(each.kind, each.state, [lack.code for lack in each.lacks]) for each in self.of(village).items]

    def changes(self, submission_id: int, **row: Any) -> None:
        """What a reviewer, or time, did to a submission."""
        self.field.session.rollback()
        with writing(self.field.session) as connection:
            connection.execute(update(Submission).where(Submission.id == submission_id).values(**row))
            self.field.session.commit()

    def asks(self, **row: Any) -> None:
        which = self.round.id
        self.field.session.rollback()
        with writing(self.field.session) as connection:
            change_round(connection, which, **row)
            self.field.session.commit()


@pytest.fixture(name="meeting")
def meeting_fixture(field: Field) -> Meeting:
    field.publishes(library_form("village_meeting"))
    return Meeting(field)


def test_nobody_has_sent_anything(meeting: Meeting) -> None:
    assert meeting.told() == [(kind, "missing", ["no_sheet"]) for kind in ("minutes", "posting", "complaints")]
    counts = missing_evidence(meeting.field.session, 1, meeting.round, ALL)
    assert counts.villages == counts.incomplete == counts.missing["minutes"] > 100
    assert counts.there == {}


def test_a_whole_sheet_shows_all_of_it_and_no_other_village_s(meeting: Meeting) -> None:
    sent = meeting.sends(meeting.phone(VILLAGE))
    assert meeting.told() == [(kind, "there", []) for kind in ("minutes", "posting", "complaints")]
    assert {each.proof.submission_id for each in meeting.of(VILLAGE).items if each.proof} == {sent}
    assert not meeting.of(OTHER).complete
    counts = missing_evidence(meeting.field.session, 1, meeting.round, ALL)
    assert (counts.complete, counts.there["posting"], counts.approved["posting"]) == (1, 1, 0)
    meeting.changes(sent, review_state="approved")
    assert missing_evidence(meeting.field.session, 1, meeting.round, ALL).approved["posting"] == 1


def test_what_is_missing_is_named_and_a_photo_on_its_way_is_not_there_yet(meeting: Meeting) -> None:
    phone = meeting.phone(VILLAGE)
    later = {"niem_yet_den": None, "kien_nghi_tra_loi": "0"}
    xml_id = "uuid:meeting-1"
    meeting.sends(phone, later, files=(PHOTOS[0],), instance_id=xml_id)
    assert meeting.told() == [
        ("minutes", "there", []),
        ("posting", "missing", ["no_to", "photo_not_here"]),
        ("complaints", "missing", ["unanswered"]),
    ]


def test_a_returned_sheet_is_no_evidence_and_an_approved_one_speaks_before_newer_ones(meeting: Meeting) -> None:
    phone = meeting.phone(VILLAGE)
    first = meeting.sends(phone)
    second = meeting.sends(phone, {"anh_bien_ban": None}, files=(PHOTOS[1],))
    assert meeting.told()[0] == ("minutes", "missing", ["no_photo"])
    meeting.changes(first, review_state="approved")
    assert meeting.told()[0] == ("minutes", "there", [])
    meeting.changes(first, review_state="rejected")
    assert meeting.told()[0] == ("minutes", "missing", ["no_photo"])
    meeting.changes(second, review_state="rejected")
    assert meeting.told()[0] == ("minutes", "missing", ["no_sheet"])
    meeting.changes(second, review_state="received", deleted_at=meeting.field.now)
    assert meeting.told()[0] == ("minutes", "missing", ["no_sheet"])


def test_what_the_office_does_not_ask_is_not_missing(meeting: Meeting) -> None:
    posting = replace(DEFAULT[1], least_days=10)
    meeting.asks(evidence=keep_asked([posting]))
    meeting.sends(meeting.phone(VILLAGE))
    assert meeting.told() == [
        ("minutes", "not_asked", []),
        ("posting", "missing", ["too_short"]),
        ("complaints", "not_asked", []),
    ]
    meeting.asks(evidence=[])
    assert meeting.of(VILLAGE).complete


def test_somebody_sees_the_evidence_of_their_own_areas_alone(meeting: Meeting) -> None:
    meeting.sends(meeting.phone(VILLAGE))
    commune = VILLAGES[VILLAGE].parent_key or ""
    day = date(2019, 7, 1)
    own = Scope(False, frozenset({COMMUNES[commune].uuid}), day)
    session = meeting.field.session
    seen = list_evidence(session, 1, meeting.round, own)
    assert {each.area.parent_id for each in seen} == {COMMUNES[commune].uuid}
    assert missing_evidence(session, 1, meeting.round, own).complete == 1
    elsewhere = Scope(False, frozenset({VILLAGES[OTHER].uuid}), day)
    assert [each.area.id for each in list_evidence(session, 1, meeting.round, elsewhere)] == [VILLAGES[OTHER].uuid]
    assert missing_evidence(session, 1, meeting.round, Scope(False, frozenset(), day)).villages == 0


def test_a_round_of_some_areas_asks_of_their_villages_alone(meeting: Meeting) -> None:
    commune = COMMUNES[VILLAGES[VILLAGE].parent_key or ""].uuid
    meeting.asks(areas=[commune])
    found = list_evidence(meeting.field.session, 1, meeting.round, ALL)
    assert found
    assert {each.area.parent_id for each in found} == {commune}


def test_of_a_locked_round_what_came_after_the_lock_is_no_evidence(meeting: Meeting) -> None:
    phone = meeting.phone(VILLAGE)
    before = meeting.sends(phone, {"kien_nghi_tra_loi": "0"})
    after = meeting.sends(phone)
    meeting.field.session.rollback()
    with writing(meeting.field.session) as connection:
        late = update(SubmissionVersion).where(SubmissionVersion.submission_id == after)
        connection.execute(late.values(after_lock_id=7))
        meeting.field.session.commit()
    assert meeting.of(VILLAGE).complete
    meeting.asks(lock_id=7)
    assert meeting.told()[2] == ("complaints", "missing", ["unanswered"])
    assert {each.proof.submission_id for each in meeting.of(VILLAGE).items if each.proof} == {before}
