"""What is written on one end is read on the other, whatever people call their forms and files."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import ProtocolError, Refused, Unreachable
from sync.openrosa import (
    EntityStanding,
    FormListEntry,
    MediaFile,
    basename,
    read_form_list,
    read_integrity,
    read_manifest,
    read_receipt,
    render_form_list,
    render_integrity,
    render_manifest,
    render_receipt,
)

AWKWARD = ['Tiêu chí <thôn> & "bản"', "a'b", "]]>", "Nguyễn\u0302", "‮đảo", "một\rhai", "dòng\nhai", "😀", "&amp;"]
carried = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")).map(
    lambda text: text.strip(" \t\r\n")
)
said = st.one_of(st.sampled_from(AWKWARD), carried.filter(bool))
filenames = said.map(basename).map(lambda name: name.strip(" \t\r\n")).filter(lambda name: name not in ("", ".", ".."))
digests = st.binary(min_size=16, max_size=16).map(lambda raw: f"md5:{raw.hex()}")

entries = st.builds(
    FormListEntry, form_id=said, name=said, version=carried, hash=digests, download_url=said,
    manifest_url=st.none() | said,
)  # fmt: skip
plain_files = st.builds(MediaFile, filename=filenames, hash=said, download_url=said)
entity_lists = st.builds(
    MediaFile, filename=filenames, hash=said, download_url=said, integrity_url=said,
    type=st.sampled_from(["entityList", "approvalEntityList"]),
)  # fmt: skip


@given(st.lists(entries, max_size=4))
def test_a_form_list_arrives_as_it_was_sent(forms: list[FormListEntry]) -> None:
    assert read_form_list(render_form_list(forms)) == tuple(forms)


@given(st.lists(plain_files | entity_lists, max_size=4))
def test_a_manifest_arrives_as_it_was_sent(files: list[MediaFile]) -> None:
    assert read_manifest(render_manifest(files)) == tuple(files)


@given(said, st.sampled_from(["submit_success", "submit_pending", "error", ""]))
def test_a_receipt_arrives_as_it_was_sent(message: str, nature: str) -> None:
    receipt = read_receipt(render_receipt(message, nature), 202)
    assert (receipt.message, receipt.nature, receipt.status) == (message, nature, 202)


@given(st.lists(st.builds(EntityStanding, id=st.uuids().map(str), deleted=st.booleans()), max_size=5))
def test_integrity_arrives_as_it_was_sent(standings: list[EntityStanding]) -> None:
    assert read_integrity(render_integrity(standings)) == tuple(standings)


@given(st.text())
def test_what_xml_cannot_carry_does_not_break_a_list(name: str) -> None:
    entry = FormListEntry("f", f"x{name}", "", "md5:0", "u")
    (read,) = read_form_list(render_form_list([entry]))
    assert read.name.startswith("x")


@pytest.mark.parametrize(
    "entry",
    [
        FormListEntry("", "Thôn", "1", "md5:0", "u"),
        FormListEntry("f", " ", "1", "md5:0", "u"),
        FormListEntry("f", "Thôn", "1", "sha256:0", "u"),
        FormListEntry("f", "Thôn", "1", "md5:0", ""),
    ],
)
def test_an_entry_that_would_spoil_the_whole_list_is_not_written(entry: FormListEntry) -> None:
    with pytest.raises(ValueError, match="FormListEntry"):
        render_form_list([entry])


def test_entity_lists_need_their_integrity_address_and_files_have_none() -> None:
    for file in (MediaFile("a.csv", "md5:0", "u", None, "entityList"), MediaFile("a.csv", "md5:0", "u", "i")):
        with pytest.raises(ValueError, match="MediaFile"):
            render_manifest([file])


def test_a_blank_sentence_is_no_receipt() -> None:
    with pytest.raises(ValueError, match=r"^ $"):
        render_receipt(" ")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", "formlist.empty"),
        (b"<html>", "formlist.not_xml"),
        (b"<html/>", "formlist.other_document"),
        (b"<!DOCTYPE x [<!ENTITY e 'x'>]><xforms/>", "formlist.doctype"),
        (b"<xforms><xform><formID>f</formID><name>n</name></xform></xforms>", "formlist.incomplete"),
        (
            b"<xforms><xform><formID>f</formID><name>n</name><downloadUrl>u</downloadUrl></xform></xforms>",
            "formlist.no_hash",
        ),
    ],
)
def test_a_list_that_is_none_is_told_by_a_code(document: bytes, code: str) -> None:
    with pytest.raises(ProtocolError) as error:
        read_form_list(document)
    assert error.value.code == code


def test_names_of_files_lose_their_folders() -> None:
    files = b"<mediaFile><filename>../../etc/villages.csv</filename><hash>md5:0</hash><downloadUrl>u</downloadUrl>"
    (file,) = read_manifest(b"<manifest>" + files + b"</mediaFile></manifest>")
    assert file.filename == "villages.csv"
    assert basename("a\\b\\c.jpg") == "c.jpg"
    assert basename("a/..") == ""


def test_an_unknown_kind_of_media_is_a_plain_file() -> None:
    files = b'<mediaFile type="video"><filename>v.mp4</filename><hash>md5:0</hash><downloadUrl>u</downloadUrl>'
    assert read_manifest(b"<manifest>" + files + b"</mediaFile></manifest>")[0].type is None


@pytest.mark.parametrize(
    "error", [ProtocolError("formlist.empty"), Unreachable("server.unreachable", {"reason": "x"}),
              Refused("server.refused", {"status": 503, "message": "đầy"})]
)  # fmt: skip
def test_errors_travel_between_processes(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
