"""Recordings of questions: they reach the phone as audio of the form, outlive a new XLSForm, and can be taken away."""

from __future__ import annotations

import re

import pytest

from forms.errors import DefinitionError
from forms.lint import examine_source
from forms.parse import parse_form
from forms.spoken import LANGUAGES, Recording, list_recordings, with_recordings
from forms.version import with_version
from server.domain.errors import Forbidden, Invalid, NotFound, Outdated
from server.services.publish import NewDraft, Source, get_form, make_draft, publish
from server.services.speak import Spoken, list_speakables, speak, unsay
from server.storage.forms import FormView, find_form_xml, list_form_attachments
from tests.kit.field import WELL_OFF, Field, library_form

FORM, ASKED = "village_criteria", "/data/tong_ho"
VOICE, OTHER_VOICE = b"\x00\x00\x00\x20ftypM4A a voice", b"OggS another voice"
MINE = "Thôn Ngàn Chi"


def form_of(field: Field) -> FormView:
    return get_form(field.session, field.forms[FORM])


def says(field: Field, tag: str, content: bytes = VOICE, path: str = ASKED) -> FormView:
    return speak(field.session, field.home, field.administrator, Spoken(form_of(field), path, tag, content), field.now)


def current_xml(field: Field) -> bytes:
    form = form_of(field)
    assert form.current is not None
    return find_form_xml(field.session, form.current.id) or b""


def test_a_recording_is_a_draft_of_the_same_questions_and_reaches_phones_when_published(field: Field) -> None:
    before = parse_form(current_xml(field))
    form = says(field, "tyz")
    assert form.draft is not None
    assert form.current is not None
    assert form.draft.version == str(int(form.current.version) + 1)
    assert b"ghi-am" not in current_xml(field)
    publish(field.session, field.administrator, form, None, field.now)
    xml = current_xml(field)
    after = parse_form(xml)
    assert list(after.fields) == list(before.fields)
    assert after.languages == (*before.languages, "Tày (tyz)")
    assert after.default_language == before.default_language
    assert after.fields[ASKED].labels["Tày (tyz)"] == after.fields[ASKED].labels["Tiếng Việt (vi)"]
    name = list_recordings(xml)[0].name
    tay = re.search(r'<translation[^>]*lang="Tày \(tyz\)".*?</translation>', xml.decode(), re.DOTALL)
    assert tay
    assert f'<value form="audio">jr://audio/{name}</value>' in tay[0]
    files = list_form_attachments(field.session, form_of(field).current.id)  # type: ignore[union-attr]
    (file,) = [each for each in files if each.name == name]
    assert (file.kind, file.content_type, file.exists) == ("audio", "audio/mp4", True)
    with field.home.blobs.open(file.sha256 or "") as stream:
        assert stream.read() == VOICE
    examined = examine_source(xml, "xml")
    assert examined.errors == ()
    assert {each.weight for each in examined.problems} <= {"advice"}


def test_a_sheet_of_the_new_version_is_taken_in_without_findings(field: Field) -> None:
    publish(field.session, field.administrator, says(field, "ium"), None, field.now)
    field.definitions[FORM] = parse_form(current_xml(field))
    receipt = field.phone(MINE).sends(WELL_OFF)
    assert receipt.findings == 0


def test_recordings_of_several_languages_stand_beside_each_other_and_one_replaces_its_like(field: Field) -> None:
    for tag in LANGUAGES:
        says(field, tag)
    says(field, "tyz", OTHER_VOICE)
    form = form_of(field)
    (own,) = [each for each in list_speakables(field.session, form) if each.field.path == ASKED]
    assert set(own.recordings) == set(LANGUAGES)
    assert own.recordings["tyz"].name.endswith(".ogg")
    assert form.draft is not None
    held = [each for each in list_form_attachments(field.session, form.draft.id) if each.kind == "audio"]
    assert len(held) == len(LANGUAGES)
    assert all(each.exists for each in held)


def test_a_recording_is_taken_away_and_its_language_with_the_last_one(field: Field) -> None:
    says(field, "mji")
    says(field, "mji", path="/data/ho_dtts")
    for path in (ASKED, "/data/ho_dtts"):
        form = unsay(field.session, field.home, field.administrator, Spoken(form_of(field), path, "mji"), field.now)
    assert form.draft is not None
    xml = find_form_xml(field.session, form.draft.id) or b""
    assert list_recordings(xml) == ()
    assert parse_form(xml).languages == parse_form(current_xml(field)).languages
    with pytest.raises(NotFound):
        unsay(field.session, field.home, field.administrator, Spoken(form, ASKED, "mji"), field.now)


def test_a_new_xlsform_takes_the_recordings_over_of_what_it_still_asks(field: Field) -> None:
    publish(field.session, field.administrator, says(field, "x-sanchi"), None, field.now)
    publish(field.session, field.administrator, says(field, "vi", path="/data/ghi_chu"), None, field.now)
    again = with_version(library_form(FORM), "2027010101").replace(b"/data/ghi_chu", b"/data/ghi_them")
    again = again.replace(b"<ghi_chu/>", b"<ghi_them/>")
    new = NewDraft(form_of(field), Source(again, ignore_warnings=True))
    form = make_draft(field.session, field.home, field.administrator, new, field.now)
    assert form.draft is not None
    assert form.draft.version == "2027010101"
    kept = list_recordings(find_form_xml(field.session, form.draft.id) or b"")
    assert [(each.path, each.tag) for each in kept] == [(ASKED, "x-sanchi")]
    files = [each for each in list_form_attachments(field.session, form.draft.id) if each.kind == "audio"]
    assert [(each.name, each.exists) for each in files] == [(kept[0].name, True)]


def test_what_is_no_recording_or_no_question_is_refused(field: Field) -> None:
    for content in (b"\x89PNG a picture", b"\xff\xd8\xff\xe0 a photo", b"<html>", b"PK\x03\x04"):
        with pytest.raises(Invalid):
            says(field, "tyz", content)
    with pytest.raises(Invalid):
        says(field, "tyz", VOICE + bytes(5_000_001))
    for path, tag in (("/data/khong_co", "tyz"), (ASKED, "fr"), ("/data/ten_thon", "tyz")):
        with pytest.raises(NotFound):
            says(field, tag, path=path)
    said, head = Spoken(form_of(field), ASKED, "tyz", VOICE), field.phone(MINE).caller
    with pytest.raises(Forbidden):
        speak(field.session, field.home, head, said, field.now)
    assert form_of(field).draft is None


def test_two_who_record_at_once_do_not_lose_each_other_s_draft(field: Field) -> None:
    stale = form_of(field)
    says(field, "tyz")
    with pytest.raises(Outdated):
        speak(field.session, field.home, field.administrator, Spoken(stale, ASKED, "ium", VOICE), field.now)


def test_a_form_without_languages_has_no_place_for_a_voice() -> None:
    xml = re.sub(rb"<itext>.*?</itext>", b"", library_form(FORM), flags=re.DOTALL)
    with pytest.raises(DefinitionError):
        with_recordings(xml, [Recording(ASKED, "tyz", "ghi-am-tyz-1.ogg")])
    assert with_recordings(xml, []) == xml
