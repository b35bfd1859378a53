"""Sheets go into one file and come out byte for byte; of a damaged file it is known which are whole."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.bundle import (
    FAULTS,
    About,
    Bundle,
    Fault,
    Packed,
    bundle_name,
    manifest_body,
    pack,
    pack_outbox,
    read_bundle,
    write_bundle,
)
from sync.bundle_entries import MOST_ENTRIES
from sync.envelope import Envelope, part_of
from sync.errors import BundleError, Refused, Unreachable
from sync.outbox import Outbox
from tests.kit.source import ROOT

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
ABOUT = About(NOW, "thonban-phone/1.0", "https://thonban.example.vn", 1, "Chíu A Sềnh", 7, "phone:may-01")
PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8
SHEET = '<data xmlns:j="http://openrosa.org/javarosa" id="giếng" version="3"><thon>{}</thon></data>'


def form(village: str, *photos: bytes) -> Envelope:
    parts = [part_of(f"ảnh {place}.jpg", each, "image/jpeg") for place, each in enumerate(photos, 1)]
    return Envelope(SHEET.format(village).encode(), tuple(parts), "phone:may-01")


SENT = (form("Bản Xéo", PHOTO), form("Nà Hắc"), form("Khe Mực", PHOTO + b"2", PHOTO + b"3"))


def bundle_of(*envelopes: Envelope, about: About = ABOUT) -> bytes:
    file = io.BytesIO()
    write_bundle(file, about, [pack(each, f"uuid:{number}", NOW) for number, each in enumerate(envelopes, 1)])
    return file.getvalue()


WHOLE = bundle_of(*SENT)


def opened(content: bytes) -> Bundle:
    return read_bundle(io.BytesIO(content))


def rebuilt(
    change: Callable[[dict[str, Any]], object] = lambda said: None, *, files: dict[str, bytes | None] | None = None
) -> bytes:
    """The same zip with another manifest, or other files: None leaves one out."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        kept: dict[str, bytes | None] = {name: old.read(name) for name in old.namelist()}
        said = json.loads(kept["manifest.json"] or b"")
        change(said)
        kept["manifest.json"] = json.dumps(said).encode()
        for name, content in (kept | (files or {})).items():
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()


def faults(bundle: Bundle) -> list[tuple[Fault, ...]]:
    return [bundle.faults(sheet) for sheet in bundle.manifest.sheets]


def refused(content: bytes) -> tuple[str, dict[str, object]]:
    with pytest.raises(BundleError) as found:
        opened(content)
    return found.value.code, found.value.params


class TestWhole:
    def test_what_goes_in_comes_out_byte_for_byte(self) -> None:
        bundle = opened(WHOLE)
        assert bundle.manifest.about == ABOUT
        assert faults(bundle) == [(), (), ()]
        for sheet, envelope in zip(bundle.manifest.sheets, SENT, strict=True):
            got = bundle.envelope(sheet)
            assert (got.xml, got.attachments, got.device_id) == (envelope.xml, envelope.attachments, "phone:may-01")
            assert got.user_agent == f"thonban-phone/1.0 (bundle {hashlib.sha256(WHOLE).hexdigest()[:16]})"
        first = bundle.manifest.sheets[0]
        assert (first.instance_id, first.form_id, first.version, first.finished_at) == ("uuid:1", "giếng", "3", NOW)

    def test_any_program_for_zips_opens_it_and_the_manifest_stands_first(self) -> None:
        with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
            assert archive.testzip() is None
            assert archive.namelist()[:3] == ["manifest.json", "sheets/1/submission.xml", "sheets/1/files/1"]
            said = json.loads(archive.read("manifest.json"))
        assert said == manifest_body(opened(WHOLE).manifest)
        assert (said["format"], said["madeAt"], said["sender"]) == ("thonban-bundle/1", "2026-03-02T08:15:00Z", 7)
        assert said["sheets"][0]["files"] == [
            {
                "as": "ảnh 1.jpg",
                "type": "image/jpeg",
                "name": "sheets/1/files/1",
                "sha256": hashlib.sha256(PHOTO).hexdigest(),
                "bytes": len(PHOTO),
            }
        ]

    def test_the_same_content_gives_the_same_bytes(self) -> None:
        assert bundle_of(*SENT) == WHOLE

    def test_a_zip_that_another_program_made_is_as_good(self) -> None:
        assert faults(opened(rebuilt())) == [(), (), ()]

    def test_a_zip_whose_sizes_stand_after_its_entries_is_as_good(self) -> None:
        class Pipe(io.BytesIO):
            def seekable(self) -> bool:
                return False

        file = Pipe()
        with zipfile.ZipFile(io.BytesIO(WHOLE)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
        assert faults(opened(file.getvalue())) == [(), (), ()]

    def test_a_zip_packed_anew_by_a_file_manager_has_its_manifest_anywhere(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(WHOLE)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
            for name in reversed(old.namelist()):
                new.writestr(name, old.read(name))
        assert faults(opened(file.getvalue())) == [(), (), ()]

    def test_an_attachment_may_itself_be_a_bundle(self) -> None:
        within = bundle_of(form("Bản Khác"), about=About(NOW, "x/1", "", 2, "Người khác"))
        bundle = opened(bundle_of(form("Bản Xéo", within), form("Nà Hắc")))
        assert (bundle.manifest.about.person, faults(bundle)) == ("Chíu A Sềnh", [(), ()])

    def test_nothing_in_it_is_a_bundle_too(self) -> None:
        assert opened(bundle_of()).manifest.sheets == ()

    @pytest.mark.parametrize(
        ("person", "name"),
        [
            ("Chíu A Sềnh", "thonban-chiu-a-senh-20260302-0815.zip"),
            ("Đặng Văn Đức / Thôn 2", "thonban-dang-van-duc-thon-2-20260302-0815.zip"),
            ("…", "thonban-phieu-20260302-0815.zip"),
        ],
    )
    def test_it_is_called_by_who_made_it_and_when(self, person: str, name: str) -> None:
        assert bundle_name(person, NOW) == name

    def test_a_sheet_that_no_parser_reads_is_packed_as_it_is(self) -> None:
        packed = pack(Envelope(b'<data id="ho"><instanceID>a & b</instanceID>'), "uuid:x", None)
        assert (packed.form_id, packed.version) == ("ho", "")


class TestOutbox:
    def test_all_that_was_not_sent_goes_in_and_the_queue_stays(self, tmp_path: Path) -> None:
        with Outbox(tmp_path / "outbox.sqlite") as outbox:
            for number, envelope in enumerate((*SENT, form("Đã gửi")), 1):
                outbox.put(envelope, f"uuid:{number}", NOW + timedelta(minutes=number))
            every = outbox.list_entries()
            outbox.sent(every[3], "Đã nhận", NOW)
            outbox.failed(every[0], Refused("refused", {"status": 400}), NOW, 0)
            outbox.failed(every[1], Unreachable("unreachable"), NOW, 0)
            packed = pack_outbox(outbox)
            assert [each.envelope for each in packed] == list(SENT)
            assert packed[0].finished_at == NOW + timedelta(minutes=1)
            assert len(outbox.list_entries()) == 4
        file = io.BytesIO()
        write_bundle(file, ABOUT, packed)
        assert [sheet.instance_id for sheet in opened(file.getvalue()).manifest.sheets] == [
            "uuid:1",
            "uuid:2",
            "uuid:3",
        ]


class TestDamaged:
    def test_cut_off_anywhere_the_sheets_before_the_cut_are_whole(self) -> None:
        with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
            ends = [archive.getinfo(name).header_offset for name in ("sheets/2/submission.xml", "sheets/3/files/2")]
        after_first, in_third = faults(opened(WHOLE[: ends[0] + 10])), faults(opened(WHOLE[: ends[1] + 200]))
        assert after_first == [
            (),
            (Fault("missing"),),
            tuple(Fault("missing", name) for name in ("", "ảnh 1.jpg", "ảnh 2.jpg")),
        ]
        assert in_third == [(), (), (Fault("cut", "ảnh 2.jpg"),)]

    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, len(WHOLE) - 1))
    def test_cut_off_anywhere_nothing_false_is_taken(self, length: int) -> None:
        self._is_honest(WHOLE[:length])

    @settings(max_examples=400, deadline=None)
    @given(st.lists(st.integers(0, len(WHOLE) * 8 - 1), min_size=1, max_size=4))
    def test_with_flipped_bits_nothing_false_is_taken(self, bits: list[int]) -> None:
        spoiled = bytearray(WHOLE)
        for bit in bits:
            spoiled[bit // 8] ^= 1 << bit % 8
        self._is_honest(bytes(spoiled))

    @settings(max_examples=100, deadline=None)
    @given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=300), st.integers(0, 300))
    def test_with_bytes_in_place_of_others_nothing_false_is_taken(self, at: int, more: bytes, fewer: int) -> None:
        self._is_honest(WHOLE[:at] + more + WHOLE[at + fewer :])

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=400))
    def test_what_is_no_bundle_at_all_is_told_so(self, content: bytes) -> None:
        for each in (content, b"PK\x03\x04" + content):
            with pytest.raises(BundleError):
                opened(each)

    def _is_honest(self, content: bytes) -> None:
        """Each sheet is either named as damaged or the very bytes that were packed."""
        try:
            bundle = opened(content)
        except BundleError as error:
            if error.code not in ("bundle.not_a_zip", "bundle.no_manifest", "bundle.manifest_damaged"):
                raise
            return
        assert bundle.manifest == opened(WHOLE).manifest
        for sheet, envelope in zip(bundle.manifest.sheets, SENT, strict=True):
            if not bundle.faults(sheet):
                got = bundle.envelope(sheet)
                assert (got.xml, got.attachments) == (envelope.xml, envelope.attachments)

    @pytest.mark.parametrize("spoiled", ["directory", "header"])
    def test_either_list_of_a_zip_is_enough(self, spoiled: str) -> None:
        content = bytearray(WHOLE)
        with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
            info = archive.getinfo("sheets/1/files/1")
        at = (
            WHOLE.rindex(b"PK\x01\x02", 0, WHOLE.rindex(b"sheets/1/files/1"))
            if spoiled == "directory"
            else info.header_offset
        )
        content[at + 1] ^= 4
        assert faults(opened(bytes(content))) == [(), (), ()]

    def test_a_manifest_that_hides_its_checksum_is_not_believed(self) -> None:
        content = bytearray(WHOLE)
        content[6] ^= 1 << 3
        # the directory still says what it should be
        assert faults(opened(bytes(content))) == [(), (), ()]
        at = content.rindex(b"PK\x01\x02", 0, content.rindex(b"manifest.json"))
        content[at + 16] ^= 1
        assert refused(bytes(content))[0] == "bundle.manifest_damaged"

    def test_one_flipped_bit_spoils_one_sheet(self) -> None:
        content = bytearray(WHOLE)
        content[WHOLE.index(PHOTO) + 100] ^= 1
        assert faults(opened(bytes(content))) == [(Fault("other", "ảnh 1.jpg"),), (), ()]

    def test_a_file_that_is_not_there_is_named(self) -> None:
        assert faults(opened(rebuilt(files={"sheets/3/files/2": None}))) == [(), (), (Fault("missing", "ảnh 2.jpg"),)]

    def test_a_wrong_hash_and_a_wrong_size_are_found(self) -> None:
        def change(said: dict[str, Any]) -> None:
            said["sheets"][0]["xml"]["sha256"] = "0" * 64
            said["sheets"][2]["files"][0]["bytes"] -= 1

        assert faults(opened(rebuilt(change))) == [(Fault("other"),), (), (Fault("broken", "ảnh 1.jpg"),)]

    def test_what_is_damaged_cannot_be_read(self) -> None:
        bundle = opened(rebuilt(files={"sheets/2/submission.xml": b"<data/>"}))
        assert faults(bundle)[1] == (Fault("broken"),)
        with pytest.raises(KeyError):
            bundle.envelope(bundle.manifest.sheets[1])

    def test_a_packing_that_nobody_knows_is_damage(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(WHOLE)) as old, zipfile.ZipFile(file, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name), zipfile.ZIP_BZIP2 if name == "sheets/1/files/1" else None)
        assert faults(opened(file.getvalue())) == [(Fault("broken", "ảnh 1.jpg"),), (), ()]


class TestHostile:
    def test_a_bomb_never_goes_off(self) -> None:
        def change(said: dict[str, Any]) -> None:
            said["sheets"][0]["files"][0]["bytes"] = 1000

        bundle = opened(rebuilt(change, files={"sheets/1/files/1": b"\x00" * 50_000_000}))
        assert faults(bundle)[0] == (Fault("broken", "ảnh 1.jpg"),)

    def test_what_says_that_it_is_too_large_is_not_begun(self) -> None:
        def change(said: dict[str, Any]) -> None:
            said["sheets"][0]["files"][0]["bytes"] = 2_000_000_000

        assert refused(rebuilt(change)) == ("bundle.too_large", {"most": 1000})

        def long_sheet(said: dict[str, Any]) -> None:
            said["sheets"][1]["xml"]["bytes"] = 30_000_000

        assert refused(rebuilt(long_sheet)) == ("bundle.too_large", {"most": 20})

    def test_a_manifest_that_is_a_bomb_is_none(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", b" " * 50_000_000)
        assert refused(file.getvalue())[0] == "bundle.manifest_damaged"

    def test_too_many_entries_are_refused(self) -> None:
        assert refused(b"PK\x03\x04" * (MOST_ENTRIES + 1))[0] == "bundle.too_many"

    def test_too_many_sheets_are_refused(self) -> None:
        assert refused(rebuilt(lambda said: said.update(sheets=said["sheets"][:1] * 2001)))[0] == "bundle.too_many"

    @pytest.mark.parametrize(
        ("called", "kept"),
        [("../../etc/passwd", "passwd"), ("C:\\ảnh\\1.jpg", "1.jpg"), ("/a/b.jpg", "b.jpg"), ("a\x00.jpg", "a.jpg")],
    )
    def test_a_name_is_never_a_path(self, called: str, kept: str) -> None:
        bundle = opened(rebuilt(lambda said: said["sheets"][0]["files"][0].update({"as": called})))
        assert [part.name for part in bundle.envelope(bundle.manifest.sheets[0]).attachments] == [kept]

    @pytest.mark.parametrize("called", ["..", "", "a/..", "/"])
    def test_a_name_that_is_none_is_a_fault(self, called: str) -> None:
        bundle = opened(rebuilt(lambda said: said["sheets"][0]["files"][0].update({"as": called})))
        assert faults(bundle)[0] == (Fault("name"),)

    def test_two_files_of_a_sheet_with_one_name_are_a_fault(self) -> None:
        bundle = opened(rebuilt(lambda said: said["sheets"][2]["files"][1].update({"as": "ảnh 1.jpg"})))
        assert faults(bundle) == [(), (), (Fault("name", "ảnh 1.jpg"),)]

    def test_of_two_entries_with_one_name_the_one_with_the_right_bytes_counts(self) -> None:
        file = io.BytesIO(WHOLE)
        with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(file, "a") as archive:
            archive.writestr("sheets/1/files/1", b"another")
        assert faults(opened(file.getvalue())) == [(), (), ()]

    def test_the_same_sheet_twice_is_told_twice(self) -> None:
        bundle = opened(rebuilt(lambda said: said["sheets"].append(said["sheets"][0])))
        assert faults(bundle) == [(), (), (), ()]


class TestManifest:
    def test_a_newer_format_is_named(self) -> None:
        content = rebuilt(lambda said: said.update(format="thonban-bundle/2"))
        assert refused(content) == ("bundle.format_unknown", {"format": "thonban-bundle/2"})

    def test_a_zip_of_something_else_is_none(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("ảnh.jpg", PHOTO)
        assert refused(file.getvalue())[0] == "bundle.no_manifest"
        assert refused(rebuilt(lambda said: said.update(format=None)))[0] == "bundle.no_manifest"
        assert refused(PHOTO)[0] == "bundle.not_a_zip"
        assert refused(b"")[0] == "bundle.not_a_zip"

    @pytest.mark.parametrize("text", [b"{", b"[" * 200_000, b'{"a": 1e9999', b"\xff\xfe", b""])
    def test_what_is_no_json_is_damage(self, text: bytes) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("manifest.json", text)
        assert refused(file.getvalue())[0] == "bundle.manifest_damaged"

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("project", "1"),
            ("project", True),
            ("project", -1),
            ("sender", 1.5),
            ("sender", 2**60),
            ("madeAt", "hôm qua"),
            ("madeAt", "2026-03-02T08:15:00"),
            ("app", None),
            ("person", ["a"]),
            ("sheets", {}),
            ("sheets", ["a"]),
        ],
    )
    def test_a_member_of_another_kind_is_named(self, member: str, value: object) -> None:
        content = rebuilt(lambda said: said.update({member: value}))
        assert refused(content) == ("bundle.manifest_malformed", {"member": member})

    @pytest.mark.parametrize("sha256", ["", "x" * 64, "0" * 63])
    def test_a_hash_that_is_none_is_named(self, sha256: str) -> None:
        content = rebuilt(lambda said: said["sheets"][0]["xml"].update(sha256=sha256))
        assert refused(content) == ("bundle.manifest_malformed", {"member": "sha256"})

    def test_texts_are_cut_and_cleaned_as_a_database_wants_them(self) -> None:
        bundle = opened(rebuilt(lambda said: said.update(person="A\x00\ud800" + "b" * 400, deviceId=None, sender=None)))
        about = bundle.manifest.about
        assert (about.person, about.device_id, about.sender) == (("A?" + "b" * 400)[:255], None, None)

    @settings(max_examples=100, deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["sheets", "xml", "files", "name", "sha256", "bytes", "as", "type", "madeAt"]),
                    inner,
                )
            ),
            max_leaves=12,
        )
    )
    def test_whatever_stands_in_it_is_refused_in_words(self, said: object) -> None:
        with pytest.raises(BundleError):
            opened(rebuilt(lambda old: old.update(sheets=[said], madeAt=said)))

    def test_a_time_without_a_zone_is_not_written(self) -> None:
        with pytest.raises(ValueError, match="2026"):
            write_bundle(io.BytesIO(), ABOUT, [Packed(SENT[0], "uuid:1", finished_at=datetime(2026, 3, 2))])


def test_the_example_of_the_documentation_is_one() -> None:
    text = (ROOT / "docs" / "bundles.md").read_text(encoding="utf-8")
    said = json.loads(text.partition("```json")[2].partition("```")[0])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", json.dumps(said))
    bundle = opened(file.getvalue())
    (sheet,) = bundle.manifest.sheets
    assert (bundle.manifest.about.sender, sheet.files[0].called, sheet.files[0].size) == (17, "1700000000.jpg", 183421)
    assert manifest_body(bundle.manifest).keys() == said.keys()
    assert manifest_body(bundle.manifest)["sheets"][0].keys() == said["sheets"][0].keys()
    assert all(f"| `{kind}` |" in text for kind in FAULTS)
