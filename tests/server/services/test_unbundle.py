"""Sheets that somebody brings in a file: taken in as from their phone, none lost, none kept twice."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.domain.errors import Forbidden, Invalid, NotFound, Unavailable
from server.services.authenticate import Caller, caller_of
from server.services.keys import revoke_key
from server.services.people import NewUser, create_user, grant_role, revoke_role
from server.services.projects import ProjectChange, change_project
from server.services.publish import change_state, get_form
from server.services.review import Decision, review
from server.services.sweep import SETTLED, sweep
from server.services.unbundle import (
    APART,
    COMPLETED,
    DAMAGED,
    EDIT,
    HERE,
    NEW,
    REFUSED,
    UNREADABLE,
    WHOLE,
    Carrying,
    Fate,
    count_fates,
    look_through,
    open_bundle,
    sender_of,
    unbundle,
)
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.database import db, writing
from server.storage.devices import move_pin
from server.storage.quarantine import Quarantined
from server.storage.submissions import FindingRow, Submission, SubmissionAttachment, SubmissionVersion, Variant
from sync.bundle import About, Packed, write_bundle
from sync.decide import Outcome
from sync.envelope import Envelope, Part
from tests.kit.field import VILLAGES, WELL_OFF, Field, FieldPhone, photo
from tests.kit.places import two_villages
from tests.server.services.test_receive import edited

VILLAGE = "Thôn Ngàn Chi"
NAMES = {area.uuid: name for name, area in VILLAGES.items()}
WITH_PHOTOS = WELL_OFF | {"duong_truc_cung_hoa": "co", "anh_duong": "a.jpg", "anh_nha_van_hoa": "b.jpg"}
ROAD, HOUSE = photo("a.jpg"), photo("b.jpg", b"\xff\xd8\xff\xe0" + bytes(300_000))


@dataclass
class Desk:
    """Somebody at the desk to whom a phone is brought, and the phone's owner."""

    field: Field
    phone: FieldPhone
    carrier: Caller

    @property
    def sender(self) -> int:
        return self.phone.caller.actor_id

    def brings(self, content: bytes, *, sender: int | None = None, look: bool = False) -> list[Fate]:
        field = self.field
        field.now += timedelta(minutes=1)
        who = sender_of(field.session, self.carrier, 1, sender or self.sender, field.now)
        carrying = Carrying(open_bundle(io.BytesIO(content)), 1, self.carrier, who, field.now)
        return (look_through if look else unbundle)(field.session, field.home, carrying)


@pytest.fixture
def desk(field: Field) -> Desk:
    return Desk(field, field.phone(VILLAGE), field.administrator)


def bundle_of(*sheets: tuple[bytes, Sequence[Part]] | bytes, **about: Any) -> bytes:
    """What the phone writes: each sheet with the files that belong to it."""
    pairs = [(each, ()) if isinstance(each, bytes) else each for each in sheets]
    packed = [
        Packed(Envelope(xml, tuple(files)), f"uuid:{number}", "village_criteria", "1", datetime.now(UTC))
        for number, (xml, files) in enumerate(pairs, 1)
    ]
    file = io.BytesIO()
    said = {"server": "", "project": 1, "person": "Ngàn Chi", "device_id": "collect:test"} | about
    write_bundle(file, About(datetime.now(UTC), "thonban-phone/1.0", **said), packed)
    return file.getvalue()


def results(fates: Sequence[Fate]) -> list[str]:
    return [fate.result for fate in fates]


def supervisor(field: Field, area_id: str, role: str = "commune_supervisor") -> Caller:
    made = create_user(field.session, field.administrator, NewUser(f"{role}.{area_id[:9]}@example.vn"), field.now)
    grant = GrantView(role, "project", 1, None, area_id, None, None)
    grant_role(field.session, field.administrator, made.id, grant, field.now)
    return caller_of(field.session, made.id, field.now)


class TestTakenIn:
    def test_a_sheet_is_stored_as_its_phone_would_have_sent_it(self, field: Field, desk: Desk) -> None:
        content = bundle_of((desk.phone.fills(WITH_PHOTOS), (ROAD, HOUSE)))
        (fate,) = desk.brings(content)
        assert (fate.result, fate.receipt and fate.receipt.outcome) == (NEW, Outcome.FRESH)
        kept = field.session.execute(select(Submission)).scalar_one()
        assert (kept.submitter_id, kept.area_id, kept.device_id) == (
            desk.sender,
            VILLAGES[VILLAGE].uuid,
            "collect:test",
        )
        assert kept.user_agent == f"thonban-phone/1.0 (bundle {open_bundle(io.BytesIO(content)).sha256[:16]})"
        slots = field.session.execute(select(SubmissionAttachment.name, SubmissionAttachment.sha256)).all()
        assert {tuple(slot) for slot in slots} == {("a.jpg", ROAD.sha256), ("b.jpg", HOUSE.sha256)}
        with field.home.blobs.open(HOUSE.sha256) as file:
            assert file.read() == HOUSE.read()
        assert field.verdicts(VILLAGE)["qd03_2019_thon"] == "met"
        assert [each for each in field.home.config.home.iterdir() if each.name.startswith(".bundle-")] == []

    def test_the_same_bundle_again_stores_nothing(self, field: Field, desk: Desk) -> None:
        content = bundle_of((desk.phone.fills(WITH_PHOTOS), (ROAD, HOUSE)), desk.phone.fills(WELL_OFF))
        assert results(desk.brings(content)) == [NEW, NEW]
        assert results(desk.brings(content)) == [HERE, HERE]
        counts = [field.count(table) for table in (Submission, SubmissionVersion, SubmissionAttachment, Variant)]
        assert counts == [2, 2, 2, 0]

    def test_what_the_phone_sends_as_well_is_recognised_whichever_comes_first(self, field: Field, desk: Desk) -> None:
        first, second = desk.phone.fills(WELL_OFF), desk.phone.fills(WELL_OFF)
        desk.phone.sends_xml(first)
        assert results(desk.brings(bundle_of(first, second))) == [HERE, NEW]
        assert desk.phone.sends_xml(second).outcome is Outcome.DUPLICATE
        assert field.count(Submission) == 2

    def test_a_sheet_whose_photos_did_not_come_over_the_line_is_completed(self, field: Field, desk: Desk) -> None:
        xml = desk.phone.fills(WITH_PHOTOS)
        desk.phone.sends_xml(xml, ROAD)
        assert field.count(FindingRow, FindingRow.kind == "attachment") == 1
        assert results(desk.brings(bundle_of((xml, (ROAD, HOUSE))))) == [COMPLETED]
        assert field.count(FindingRow, FindingRow.kind == "attachment") == 0
        assert field.count(Submission) == 1

    def test_an_edit_takes_the_place_of_its_original_also_where_it_comes_first(self, field: Field, desk: Desk) -> None:
        old = desk.phone.fills(WELL_OFF, instance_id="uuid:old")
        new = edited(old, "uuid:new", ho_ngheo="11")
        assert results(desk.brings(bundle_of(new, old))) == [APART, NEW]
        field.works()
        assert field.session.execute(select(Submission.review_state)).scalar_one() == "edited"
        newer = edited(new, "uuid:newer", ho_ngheo="12")
        newer = newer.replace(b"<deprecatedID>uuid:old</deprecatedID>", b"", 1)
        assert results(desk.brings(bundle_of(old, new, newer))) == [HERE, HERE, EDIT]
        assert (field.count(Submission), field.count(SubmissionVersion)) == (1, 3)

    def test_the_same_id_with_another_text_is_kept_beside_it(self, field: Field, desk: Desk) -> None:
        one = desk.phone.fills(WELL_OFF, instance_id="uuid:one")
        other = desk.phone.fills(WELL_OFF | {"ho_ngheo": 11}, instance_id="uuid:one")
        assert results(desk.brings(bundle_of(one, other))) == [NEW, APART]
        assert results(desk.brings(bundle_of(one, other))) == [HERE, HERE]
        assert (field.count(Submission), field.count(Variant)) == (1, 1)

    def test_what_comes_after_the_form_closed_is_kept_apart(self, field: Field, desk: Desk) -> None:
        form = get_form(field.session, field.forms["village_criteria"])
        change_state(field.session, field.administrator, form, "closed", field.now)
        (fate,) = desk.brings(bundle_of(desk.phone.fills(WELL_OFF)))
        assert (fate.result, fate.receipt and fate.receipt.outcome) == (APART, Outcome.LATE)

    def test_what_nobody_can_read_is_in_quarantine_once(self, field: Field, desk: Desk) -> None:
        content = bundle_of(b"<khong-phai>", desk.phone.fills(WELL_OFF))
        for _ in range(2):
            fates = desk.brings(content)
            assert fates[0].result == UNREADABLE
            assert fates[0].error is not None
        assert field.count(Quarantined) == 1
        assert field.session.execute(select(Quarantined.actor_id)).scalar_one() == desk.sender
        assert field.count(Submission) == 1

    def test_a_damaged_sheet_is_left_and_comes_with_a_better_copy(self, field: Field, desk: Desk) -> None:
        xml = desk.phone.fills(WITH_PHOTOS)
        content = bundle_of(desk.phone.fills(WELL_OFF), (xml, (ROAD, HOUSE)))
        spoiled = bytearray(content)
        spoiled[content.index(HOUSE.read()) + 1000] ^= 1
        fates = desk.brings(bytes(spoiled))
        assert results(fates) == [NEW, DAMAGED]
        assert [(fault.kind, fault.part) for fault in fates[1].faults] == [("other", "b.jpg")]
        assert field.count(Submission) == 1
        assert results(desk.brings(content)) == [HERE, NEW]

    def test_a_crash_in_the_middle_is_gone_on_with(self, field: Field, desk: Desk) -> None:
        sheets = [desk.phone.fills(WELL_OFF) for _ in range(3)]
        content = bundle_of(*sheets)
        desk.brings(bundle_of(*sheets[:2]))
        assert results(desk.brings(content)) == [HERE, HERE, NEW]

    def test_on_a_full_disk_it_is_to_be_done_again(self, field: Field, desk: Desk) -> None:
        content = bundle_of(desk.phone.fills(WELL_OFF))
        whole = field.home
        field.home = replace(whole, config=replace(whole.config, min_free_bytes=1 << 60))
        with pytest.raises(Unavailable):
            desk.brings(content)
        field.home = whole
        assert results(desk.brings(content)) == [NEW]

    def test_brought_to_two_desks_at_once_it_is_kept_once(self, field: Field, desk: Desk) -> None:
        content = bundle_of(*(desk.phone.fills(WELL_OFF) for _ in range(3)))
        who = sender_of(field.session, desk.carrier, 1, desk.sender, field.now)
        field.session.rollback()

        def bring(_: int) -> list[str]:
            carrying = Carrying(open_bundle(io.BytesIO(content)), 1, desk.carrier, who, field.now)
            with field.app.app_context():
                return results(unbundle(db.session(), field.home, carrying))

        with ThreadPoolExecutor(2) as desks:
            found = [result for each in desks.map(bring, range(2)) for result in each]
        assert sorted(found) == [HERE] * 3 + [NEW] * 3
        assert field.count(Submission) == 3

    def test_another_phone_than_the_key_s_own_is_told_of_as_over_the_line(self, field: Field, desk: Desk) -> None:
        change_project(field.session, field.administrator, 1, ProjectChange(second_device="refuse"), field.now)
        desk.phone.sends(WELL_OFF)
        holder = desk.sender
        assert field.count(FindingRow, FindingRow.kind == "device") == 0
        field.session.rollback()
        with writing(field.session) as connection:
            move_pin(connection, holder, "collect:first")
            field.session.commit()
        desk.brings(bundle_of(desk.phone.fills(WELL_OFF), device_id="collect:second"))
        assert field.count(FindingRow, FindingRow.kind == "device", FindingRow.severity == "error") == 1

    def test_who_lost_the_key_since_is_not_shut_out(self, field: Field, desk: Desk) -> None:
        content, sender = bundle_of(desk.phone.fills(WELL_OFF)), desk.sender
        revoke_key(field.session, field.administrator, (1, sender), field.now)
        assert results(desk.brings(content, sender=sender)) == [NEW]


class TestLooked:
    def test_it_is_foretold_and_nothing_is_written(self, field: Field, desk: Desk) -> None:
        sent, missing = desk.phone.fills(WELL_OFF, instance_id="uuid:sent"), desk.phone.fills(WITH_PHOTOS)
        desk.phone.sends_xml(sent)
        desk.phone.sends_xml(missing)
        content = bundle_of(
            sent,
            (missing, (ROAD,)),
            edited(sent, "uuid:later", ho_ngheo="11"),
            desk.phone.fills(WELL_OFF | {"ho_ngheo": 12}, instance_id="uuid:sent"),
            desk.phone.fills(WELL_OFF),
            b"<khong-phai>",
        )
        tables = (Submission, SubmissionVersion, SubmissionAttachment, Variant, Quarantined)
        before = [field.count(table) for table in tables]
        lines = len(list_audits(field.session, most=500))
        foreseen = results(desk.brings(content, look=True))
        assert foreseen == [HERE, COMPLETED, EDIT, APART, NEW, UNREADABLE]
        assert [field.count(table) for table in tables] == before
        assert len(list_audits(field.session, most=500)) == lines
        assert not field.home.blobs.has(ROAD.sha256)
        # nothing was said that does not then happen
        assert results(desk.brings(content)) == foreseen

    def test_while_nobody_says_whose_it_is_it_is_only_known_to_be_whole(self, field: Field, desk: Desk) -> None:
        content = bundle_of(desk.phone.fills(WELL_OFF))
        carrying = Carrying(open_bundle(io.BytesIO(content)), 1, desk.carrier, None, field.now)
        assert results(look_through(field.session, field.home, carrying)) == [WHOLE]
        with pytest.raises(Invalid, match="no_sender"):
            unbundle(field.session, field.home, carrying)

    def test_a_bundle_of_another_project_is_not_taken_in(self, field: Field, desk: Desk) -> None:
        with pytest.raises(Invalid, match="other_project"):
            desk.brings(bundle_of(desk.phone.fills(WELL_OFF), project=2))

    def test_the_sum_names_what_there_is(self, desk: Desk) -> None:
        fates = desk.brings(bundle_of(b"<x>", *(desk.phone.fills(WELL_OFF) for _ in range(2))))
        assert count_fates(fates) == {NEW: 2, UNREADABLE: 1}


class TestWho:
    def test_a_supervisor_brings_for_the_own_villages_and_no_others(self, field: Field) -> None:
        (mine, commune), (theirs, _) = two_villages(field.session, NAMES)
        here, there = field.phone(NAMES[mine]), field.phone(NAMES[theirs])
        carrier = supervisor(field, commune)
        desk = Desk(field, here, carrier)
        assert results(desk.brings(bundle_of(here.fills(WELL_OFF)))) == [NEW]
        content = bundle_of(there.fills(WELL_OFF))
        for look in (True, False):
            with pytest.raises(NotFound):
                desk.brings(content, sender=there.caller.actor_id, look=look)
        # a sheet of another village, said to be of the own head: kept, with a finding, and counted nowhere
        assert results(desk.brings(content)) == [NEW]
        newest = field.session.execute(select(Submission).order_by(Submission.id.desc()).limit(1)).scalar_one()
        assert (newest.area_id, newest.review_state) == (None, "hasIssues")

    def test_a_key_for_more_than_the_own_commune_is_not_in_it(self, field: Field) -> None:
        (mine, commune), (theirs, _) = two_villages(field.session, NAMES)
        both = field.phone(NAMES[mine])
        grant = GrantView("village_head", "project", 1, None, theirs, None, None)
        grant_role(field.session, field.administrator, both.caller.actor_id, grant, field.now)
        with pytest.raises(NotFound):
            Desk(field, both, supervisor(field, commune)).brings(bundle_of(both.fills(WELL_OFF)))

    @pytest.mark.parametrize("role", ["auditor", "district_reviewer", "province_reviewer"])
    def test_who_only_looks_at_phones_brings_nothing(self, field: Field, role: str) -> None:
        (mine, commune), _ = two_villages(field.session, NAMES)
        phone = field.phone(NAMES[mine])
        with pytest.raises(Forbidden):
            Desk(field, phone, supervisor(field, commune, role)).brings(bundle_of(phone.fills(WELL_OFF)))

    def test_people_who_sign_in_are_no_senders(self, field: Field, desk: Desk) -> None:
        with pytest.raises(NotFound):
            desk.brings(bundle_of(desk.phone.fills(WELL_OFF)), sender=desk.carrier.actor_id)

    def test_what_the_sender_may_not_send_is_refused(self, field: Field, desk: Desk) -> None:
        xml = desk.phone.fills(WELL_OFF)
        stranger = field.phone(VILLAGE)
        grant = GrantView("app-user", "form", 1, field.forms["village_criteria"], VILLAGES[VILLAGE].uuid, None, None)
        revoke_role(field.session, field.administrator, stranger.caller.actor_id, grant, field.now)
        for look in (True, False):
            (fate,) = desk.brings(bundle_of(xml), sender=stranger.caller.actor_id, look=look)
            assert fate.result == REFUSED
            assert isinstance(fate.error, Forbidden)

    def test_who_brings_a_sheet_did_not_enter_it(self, field: Field) -> None:
        (mine, commune), _ = two_villages(field.session, NAMES)
        phone, carrier = field.phone(NAMES[mine]), supervisor(field, commune)
        (fate,) = Desk(field, phone, carrier).brings(bundle_of(phone.fills(WELL_OFF)))
        assert fate.receipt is not None
        review(field.session, carrier, Decision(fate.receipt.submission_id or 0, "approved", None), field.now)
        assert field.session.execute(select(Submission.review_state)).scalar_one() == "approved"

    def test_the_audit_says_who_brought_what_and_in_which_file(self, field: Field) -> None:
        (mine, commune), _ = two_villages(field.session, NAMES)
        phone, carrier = field.phone(NAMES[mine]), supervisor(field, commune)
        content = bundle_of(phone.fills(WELL_OFF, instance_id="uuid:one"), b"<x>")
        desk = Desk(field, phone, carrier)
        desk.brings(content)
        sha256 = open_bundle(io.BytesIO(content)).sha256
        whole, sheet = list_audits(field.session, most=2)
        number = field.session.execute(select(Submission.id)).scalar_one()
        assert (sheet.action, sheet.acted_on) == ("submission.bundle.import", f"submission:{number}")
        assert (sheet.actor_id, sheet.area_id, sheet.project_id) == (carrier.actor_id, mine, 1)
        told = {"bundle": sha256, "sender": desk.sender, "instance": "uuid:one", "outcome": "fresh"}
        assert sheet.details == told
        assert (whole.action, whole.acted_on) == ("bundle.import", f"actor:{desk.sender}")
        assert (whole.actor_id, whole.area_id) == (carrier.actor_id, mine)
        assert whole.details == {"bundle": sha256, "sheets": 2, NEW: 1, UNREADABLE: 1}
        desk.brings(content)
        again = list_audits(field.session, most=1)[0]
        assert again.details == {"bundle": sha256, "sheets": 2, HERE: 1, UNREADABLE: 1}
        assert list_audits(field.session, most=3)[1].action == "bundle.import"


def test_what_a_crash_left_half_read_is_swept(field: Field) -> None:
    left = field.home.config.home / ".bundle-left"
    left.mkdir()
    (left / "0").write_bytes(b"half")
    when = (field.now - SETTLED - timedelta(hours=1)).timestamp()
    os.utime(left, (when, when))
    assert sweep(field.session, field.home, field.now).unfinished == 1
    assert not left.exists()
