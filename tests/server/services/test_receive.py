"""What becomes of an upload: the intake table, on both databases, with the form engine and the law behind it."""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from server.domain.errors import Exists, FormClosed, NotFound, OriginalUnknown, Outdated, Unreadable
from server.services.publish import change_state, get_form
from server.storage.database import db
from server.storage.quarantine import Quarantined
from server.storage.submissions import (
    FindingRow,
    Submission,
    SubmissionAttachment,
    SubmissionVersion,
    Variant,
)
from server.storage.variants import list_apart
from server.storage.verdicts import VerdictRow
from sync.decide import Dialect, Outcome
from tests.kit.field import VILLAGES, WELL_OFF, Field, photo

VILLAGE = "Thôn Ngàn Chi"
ELSEWHERE = "Thôn Nà Hắc"
POOR = {"ho_ngheo": 40, "ho_can_ngheo": 30, "ho_ngheo_dtts": 40, "nha_van_hoa_khu_the_thao": "khong"}


def edited(xml: bytes, new_id: str, **texts: str) -> bytes:
    """The sheet as Collect sends an edit of it: the old id as deprecatedID, another instanceID, other answers."""
    text = xml.decode()
    old = re.search(r"<(\w+:)?instanceID>([^<]+)<", text)
    assert old is not None
    prefix = old[1] or ""
    text = text.replace(old[0], f"<{prefix}deprecatedID>{old[2]}</{prefix}deprecatedID><{prefix}instanceID>{new_id}<")
    for name, value in texts.items():
        text, changed = re.subn(rf"<{name}>[^<]*</{name}>", f"<{name}>{value}</{name}>", text)
        assert changed == 1, name
    return text.encode()


class TestFresh:
    def test_a_clean_sheet_is_stored_and_judges_its_village(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        assert field.verdicts(VILLAGE) == {"qd50_2016_thon": "unknown", "qd03_2019_thon": "unknown"}
        receipt = phone.sends(WELL_OFF)
        assert (receipt.status, receipt.outcome, receipt.message) == (201, Outcome.FRESH, "submission.fresh")
        assert field.verdicts(VILLAGE) == {"qd50_2016_thon": "not_met", "qd03_2019_thon": "met"}
        kept = field.session.execute(select(Submission)).scalar_one()
        assert (kept.area_id, kept.review_state) == (VILLAGES[VILLAGE].uuid, "received")
        assert field.count(FindingRow) == 0

    def test_a_broken_rule_is_a_finding_in_the_forms_own_words(self, field: Field) -> None:
        receipt = field.phone(VILLAGE).sends(WELL_OFF | {"ho_dtts": 120})
        assert (receipt.status, receipt.message) == (201, "submission.fresh_with_issues")
        kept = field.session.execute(select(Submission)).scalar_one()
        assert kept.review_state == "hasIssues"
        finding = field.session.execute(select(FindingRow).where(FindingRow.kind == "constraint")).scalar_one()
        assert (finding.path, finding.value) == ("/data/ho_dtts", "120")
        assert any("hộ" in text for text in finding.message.values())
        version = field.session.execute(select(SubmissionVersion)).scalar_one()
        assert version.answers is not None
        assert version.answers["ho_dtts"] == 120

    def test_every_clause_is_kept_with_its_reasons(self, field: Field) -> None:
        field.phone(VILLAGE).sends(WELL_OFF)
        row = field.session.execute(select(VerdictRow).where(VerdictRow.rule_set == "qd50_2016_thon")).scalar_one()
        shares = [clause for clause in row.clauses if clause["kind"] == "ratio"]
        assert any(clause["value"] == "20/100 (20,00%)" and clause["threshold"] == "≥ 65%" for clause in shares)
        assert all(clause["article"] for clause in row.clauses)
        assert row.facts["ho_ngheo"] == 10

    def test_a_later_sheet_of_the_village_speaks_for_it(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        phone.sends(WELL_OFF)
        phone.sends(WELL_OFF | POOR)
        assert field.verdicts(VILLAGE) == {"qd50_2016_thon": "met", "qd03_2019_thon": "not_met"}
        assert field.count(Submission) == 2

    def test_a_village_of_somebody_else_is_a_finding_and_judges_nothing(self, field: Field) -> None:
        other = VILLAGES["Thôn Nà Hắc"]
        receipt = field.phone(VILLAGE).sends(WELL_OFF | {"thon": other.uuid})
        assert receipt.status == 201
        assert field.session.execute(select(Submission.area_id)).scalar_one() is None
        assert field.count(FindingRow, FindingRow.path == "/data/thon", FindingRow.kind == "choice") == 1
        assert field.verdicts("Thôn Nà Hắc")["qd50_2016_thon"] == "unknown"

    def test_an_unknown_version_is_judged_by_the_newest_and_said_so(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        xml = re.sub(rb'version="\d+"', b'version="1"', phone.fills(WELL_OFF), count=1)
        assert phone.sends_xml(xml).status == 201
        assert field.session.execute(select(FindingRow.kind)).scalars().all() == ["version"]

    def test_without_an_instance_id_a_repeat_is_still_a_repeat(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        xml = re.sub(rb"<(\w+:)?instanceID>[^<]*</(\w+:)?instanceID>", b"", phone.fills(WELL_OFF))
        assert phone.sends_xml(xml).outcome is Outcome.FRESH
        assert phone.sends_xml(xml).outcome is Outcome.DUPLICATE
        assert field.count(Submission) == 1

    def test_an_id_too_long_for_its_column_strands_nothing(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        answers = WELL_OFF | {"duong_truc_cung_hoa": "co", "anh_duong": "x" * 300 + ".jpg"}
        xml = phone.fills(answers, instance_id="uuid:" + "1" * 400)
        xml = re.sub(rb'version="\d+"', b'version="' + b"9" * 400 + b'"', xml, count=1)
        assert phone.sends_xml(xml).status == 201
        assert phone.sends_xml(xml).outcome is Outcome.DUPLICATE
        assert set(field.session.execute(select(FindingRow.kind)).scalars()) == {"version", "instance-id"}
        assert field.session.execute(select(SubmissionVersion.xml)).scalar_one() == xml


class TestAgain:
    def test_the_same_again_changes_nothing(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        xml = phone.fills(WELL_OFF)
        first, again = phone.sends_xml(xml), phone.sends_xml(xml)
        assert (first.status, again.status, again.outcome) == (201, 201, Outcome.DUPLICATE)
        assert again.submission_id == first.submission_id
        assert field.count(SubmissionVersion) == 1

    def test_five_at_once_make_one_submission(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        xml, road = phone.fills(WELL_OFF | {"duong_truc_cung_hoa": "co", "anh_duong": "a.jpg"}), photo("a.jpg")

        def send(_turn: int) -> int:
            with field.app.app_context():
                other = Field(field.app, field.home, db.session(), field.now)
                status = type(phone)(other, phone.token, VILLAGE).sends_xml(xml, road).status
                db.session.remove()
                return status

        with ThreadPoolExecutor(5) as crowd:
            assert list(crowd.map(send, range(5))) == [201] * 5
        field.session.rollback()
        assert field.count(Submission) == 1
        assert field.count(SubmissionAttachment, SubmissionAttachment.sha256.is_not(None)) == 1

    def test_files_come_in_several_requests(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        answers = {"duong_truc_cung_hoa": "co", "anh_duong": "road.jpg", "anh_nha_van_hoa": "house.jpg"}
        xml = phone.fills(WELL_OFF | answers)
        assert phone.sends_xml(xml, photo("road.jpg")).outcome is Outcome.FRESH
        missing = SubmissionAttachment.sha256.is_(None)
        assert field.count(SubmissionAttachment, missing, SubmissionAttachment.expected) == 1
        assert phone.sends_xml(xml, photo("house.jpg", b"other")).outcome is Outcome.MORE_ATTACHMENTS
        assert field.count(SubmissionAttachment, missing) == 0
        # a phone whose second request failed starts again with the first file
        assert phone.sends_xml(xml, photo("road.jpg")).outcome is Outcome.DUPLICATE

    def test_the_same_id_with_other_answers_is_kept_beside(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        phone.sends(WELL_OFF, instance_id="uuid:1")
        receipt = phone.sends(WELL_OFF | POOR, photo("x.jpg"), instance_id="uuid:1")
        assert (receipt.status, receipt.outcome) == (202, Outcome.VARIANT)
        assert field.count(Variant, Variant.reason == "other_xml") == 1
        assert field.verdicts(VILLAGE)["qd03_2019_thon"] == "met"


class TestEdits:
    def test_an_edit_takes_the_place_of_what_it_edits(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        xml = phone.fills(WELL_OFF | {"duong_truc_cung_hoa": "co", "anh_duong": "a.jpg"}, instance_id="uuid:1")
        first = phone.sends_xml(xml, photo("a.jpg"))
        receipt = phone.sends_xml(edited(xml, "uuid:2", ho_ngheo="50", ho_can_ngheo="30"))
        assert (receipt.status, receipt.outcome, receipt.submission_id) == (201, Outcome.EDIT, first.submission_id)
        kept = field.session.execute(select(Submission)).scalar_one()
        assert (kept.instance_id, kept.review_state) == ("uuid:1", "edited")
        assert field.verdicts(VILLAGE)["qd50_2016_thon"] == "met"
        # the photo is named again and was not sent again: it came over
        assert field.count(SubmissionAttachment, SubmissionAttachment.sha256.is_not(None)) == 2

    def test_an_edit_before_its_original_waits_for_it(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        xml = phone.fills(WELL_OFF, instance_id="uuid:1")
        edit = edited(xml, "uuid:2", ho_ngheo="50", ho_can_ngheo="30")
        assert phone.sends_xml(edit).outcome is Outcome.HELD
        assert phone.sends_xml(edit).status == 202
        assert phone.sends_xml(xml).outcome is Outcome.FRESH
        assert field.works() == 1
        assert field.verdicts(VILLAGE)["qd50_2016_thon"] == "met"
        assert field.session.execute(select(Submission.review_state)).scalar_one() == "edited"
        assert phone.sends_xml(edit).outcome is Outcome.DUPLICATE

    def test_nobody_edits_the_sheet_of_another_village(self, field: Field) -> None:
        mine, stranger = field.phone(VILLAGE), field.phone(ELSEWHERE)
        xml = mine.fills(WELL_OFF, instance_id="uuid:1")
        first = mine.sends_xml(xml)
        receipt = stranger.sends_xml(edited(xml, "uuid:2", ho_ngheo="50"))
        assert (receipt.status, receipt.outcome, receipt.submission_id) == (202, Outcome.FOREIGN, None)
        assert field.count(Variant, Variant.reason == "foreign") == 1
        assert field.session.execute(select(Submission.review_state)).scalar_one() != "edited"
        # whoever looks after the village now goes on with what the one before has sent
        successor = field.phone(VILLAGE)
        after = successor.sends_xml(edited(xml, "uuid:3", ho_ngheo="50"))
        assert (after.outcome, after.submission_id) == (Outcome.EDIT, first.submission_id)

    def test_a_strangers_edit_that_waited_is_kept_apart_and_listed(self, field: Field) -> None:
        mine, stranger = field.phone(VILLAGE), field.phone(ELSEWHERE)
        xml = mine.fills(WELL_OFF, instance_id="uuid:1")
        assert stranger.sends_xml(edited(xml, "uuid:2", ho_ngheo="50")).outcome is Outcome.HELD
        mine.sends_xml(xml)
        assert field.works() == 1
        assert [(row.reason, row.sender) for row in list_apart(field.session, 1, 0, 9)] == [
            ("foreign", stranger.caller.name)
        ]
        assert field.count(SubmissionVersion) == 1

    @pytest.mark.parametrize("order", ["".join(each) for each in itertools.permutations("123")])
    def test_edits_of_edits_are_applied_in_whatever_order_they_come(self, field: Field, order: str) -> None:
        phone = field.phone(VILLAGE)
        first = phone.fills(WELL_OFF, instance_id="uuid:1")
        second = edited(first, "uuid:2", ho_ngheo="11")
        # an edit names what it edits, not what that edited
        third = edited(re.sub(rb"<(\w+:)?deprecatedID>.*?</(\w+:)?deprecatedID>", b"", second), "uuid:3", ho_ngheo="12")
        texts = {"1": first, "2": second, "3": third}
        for each in order:
            assert phone.sends_xml(texts[each]).status in (201, 202)
            field.works()
        versions = field.session.execute(select(SubmissionVersion).order_by(SubmissionVersion.id)).scalars().all()
        assert [version.instance_id for version in versions] == ["uuid:1", "uuid:2", "uuid:3"]
        assert [version.is_current for version in versions] == [False, False, True]
        assert field.count(Submission) == 1
        assert field.count(Variant, Variant.applied_at.is_(None)) == 0

    def test_an_edit_of_what_was_edited_since_is_kept_beside(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        xml = phone.fills(WELL_OFF, instance_id="uuid:1")
        phone.sends_xml(xml)
        phone.sends_xml(edited(xml, "uuid:2", ho_ngheo="11"))
        assert phone.sends_xml(edited(xml, "uuid:3", ho_ngheo="12")).outcome is Outcome.CONFLICT
        assert field.count(SubmissionVersion) == 2

    def test_an_edit_that_moves_to_another_village_leaves_the_first_without_a_verdict(self, field: Field) -> None:
        phone = field.phone()
        phone.village = VILLAGE
        xml = phone.fills(WELL_OFF, instance_id="uuid:1")
        phone.sends_xml(xml)
        there = VILLAGES["Thôn Nà Hắc"]
        phone.sends_xml(edited(xml, "uuid:2", thon=there.uuid))
        assert field.verdicts(VILLAGE)["qd03_2019_thon"] == "unknown"
        assert field.verdicts("Thôn Nà Hắc")["qd03_2019_thon"] == "met"


class TestRefusals:
    def test_a_closed_form_still_keeps_what_a_phone_sends_as_late(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        form = get_form(field.session, field.forms["village_criteria"])
        change_state(field.session, field.administrator, form, "closed", field.now)
        assert phone.sends(WELL_OFF).outcome is Outcome.LATE
        assert field.session.execute(select(Submission.arrival)).scalar_one() == "late"
        assert field.verdicts(VILLAGE)["qd03_2019_thon"] == "unknown"
        with pytest.raises(FormClosed):
            phone.sends_xml(phone.fills(WELL_OFF), dialect=Dialect.REST)

    def test_a_script_meets_the_refusals_of_central(self, field: Field) -> None:
        phone = field.phone(VILLAGE)
        xml = phone.fills(WELL_OFF, instance_id="uuid:1")
        assert phone.sends_xml(xml, dialect=Dialect.REST).status == 200
        with pytest.raises(Exists):
            phone.sends_xml(xml, dialect=Dialect.REST)
        other = phone.fills(WELL_OFF, instance_id="uuid:8")
        with pytest.raises(OriginalUnknown):
            phone.sends_xml(edited(other, "uuid:9"), dialect=Dialect.REST, must_edit=True)
        phone.sends_xml(edited(xml, "uuid:2", ho_ngheo="11"), dialect=Dialect.REST, must_edit=True)
        with pytest.raises(Outdated):
            phone.sends_xml(edited(xml, "uuid:3", ho_ngheo="12"), dialect=Dialect.REST, must_edit=True)

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            (b"not xml", Unreadable),
            (b'<!DOCTYPE a [<!ENTITY b "c">]><data id="village_criteria">&b;</data>', Unreadable),
            (b"<data/>", Unreadable),
            (b'<data id="nobody_knows"><a/></data>', NotFound),
        ],
    )
    def test_what_cannot_be_read_is_kept_in_quarantine_once(
        self, field: Field, body: bytes, error: type[Exception]
    ) -> None:
        phone = field.phone(VILLAGE)
        for _ in range(2):
            with pytest.raises(error):
                phone.sends_xml(body)
        kept = field.session.execute(select(Quarantined)).scalar_one()
        assert (kept.times, kept.size) == (2, len(body))
        with field.home.blobs.open(kept.sha256) as file:
            assert file.read() == body
        assert field.count(Submission) == 0
        with pytest.raises(error):
            phone.sends_xml(body + b" ", dialect=Dialect.REST)
        assert field.count(Quarantined) == 1
