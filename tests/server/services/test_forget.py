"""Forms that were deleted long ago, and all that hangs on them, are forgotten; nothing else is."""

from datetime import timedelta

import pytest

from server.services.forget import forget
from server.services.publish import NewDraft, delete_form, get_form, make_draft, restore_form
from server.storage.actors import Grant
from server.storage.audits import Audit
from server.storage.forms import Form, FormAttachment, FormVersion
from server.storage.submissions import (
    FindingRow,
    Submission,
    SubmissionAttachment,
    SubmissionVersion,
    Variant,
    VariantAttachment,
)
from tests.kit.field import WELL_OFF, Field, library_form, photo
from tests.kit.world import VILLAGES

FORM = "village_criteria"
VILLAGE = next(iter(VILLAGES))
HANGING = (
    Submission,
    SubmissionVersion,
    SubmissionAttachment,
    FindingRow,
    Variant,
    VariantAttachment,
    FormVersion,
    FormAttachment,
    Form,
)


@pytest.fixture(name="sent")
def sent_fixture(field: Field) -> Field:
    """A field with a form, sheets of a village, one of them kept apart, and one sent to try a draft."""
    phone = field.phone(VILLAGE)
    sheet = phone.fills(WELL_OFF, instance_id="uuid:1")
    phone.sends_xml(sheet, photo("anh.jpg"))
    other = phone.sends_xml(phone.fills(WELL_OFF | {"tong_ho": 101}, instance_id="uuid:1"), photo("khac.jpg"))
    assert other.kept.variant_id is not None
    form = get_form(field.session, field.forms[FORM])
    make_draft(field.session, field.home, field.administrator, NewDraft(form), field.now)
    assert phone.sends(WELL_OFF | {"ho_ngheo": 90}, instance_id="uuid:3").submission_id is not None
    return field


def test_a_draft_says_nothing_of_a_village(sent: Field) -> None:
    before, rows = sent.verdicts(VILLAGE), sent.count(Submission)
    poor = WELL_OFF | {"ho_ngheo": 40, "ho_can_ngheo": 30, "nha_van_hoa_khu_the_thao": "khong"}
    phone = sent.phone(VILLAGE)
    tried = phone.sends_xml(phone.fills(poor), xml_form_id=FORM, draft=True)
    assert (tried.status, sent.count(Submission)) == (201, rows + 1)
    assert sent.verdicts(VILLAGE) == before


def test_after_thirty_days_the_form_and_all_that_was_sent_are_forgotten(sent: Field) -> None:
    form = get_form(sent.session, sent.forms[FORM])
    others = sent.count(Form, Form.id != form.id)
    delete_form(sent.session, sent.administrator, form, sent.now)
    assert sent.verdicts(VILLAGE)
    assert forget(sent.session, sent.now + timedelta(days=29)) == 0
    assert sent.count(Submission) == 2
    assert forget(sent.session, sent.now + timedelta(days=31)) == 1
    kept = {table.__name__: sent.count(table) for table in HANGING[:6]}
    assert set(kept.values()) == {0}, kept
    assert sent.count(Form) == others
    assert sent.count(FormVersion, FormVersion.form_id == form.id) == 0
    assert sent.count(Grant, Grant.form_id == form.id) == 0
    assert sent.count(Audit, Audit.action == "form.purge") == 1
    assert sent.count(Audit, Audit.acted_on == f"form:{form.id}") >= 3
    assert set(sent.verdicts(VILLAGE).values()) <= {"unknown"}
    assert forget(sent.session, sent.now + timedelta(days=31)) == 0


def test_a_form_that_came_back_is_left_alone(sent: Field) -> None:
    form = get_form(sent.session, sent.forms[FORM])
    delete_form(sent.session, sent.administrator, form, sent.now)
    restore_form(sent.session, sent.administrator, 1, form.id, sent.now + timedelta(days=1))
    assert forget(sent.session, sent.now + timedelta(days=60)) == 0
    assert sent.count(Submission) == 2


def test_its_place_can_be_taken_meanwhile(sent: Field) -> None:
    before = sent.verdicts(VILLAGE)
    form = get_form(sent.session, sent.forms[FORM])
    delete_form(sent.session, sent.administrator, form, sent.now)
    sent.publishes(library_form(FORM), agreed=True)
    phone = sent.phone(VILLAGE)
    phone.sends(WELL_OFF)
    newer = sent.verdicts(VILLAGE)
    assert newer != before
    assert forget(sent.session, sent.now + timedelta(days=31)) == 1
    assert (sent.verdicts(VILLAGE), sent.count(Submission)) == (newer, 1)
