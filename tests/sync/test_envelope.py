"""How an upload is split, and the id of an instance that brings none."""

import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.envelope import Envelope, clipped, glimpse, instance_id_from, part_of, split


@given(st.lists(st.integers(0, 60), max_size=30), st.integers(1, 100), st.integers(1, 7))
def test_every_file_travels_once_in_order_within_the_limit(sizes: list[int], limit: int, most: int) -> None:
    files = [part_of(f"{at}.jpg", b"x" * size) for at, size in enumerate(sizes)]
    batches = split(10, files, limit, most)
    assert [part for batch in batches for part in batch] == files
    for batch in batches:
        assert len(batch) <= most
        assert len(batch) <= 1 or 10 + sum(part.size for part in batch) <= limit
    assert all(batches) or batches == ((),)


def test_an_instance_without_files_is_one_request() -> None:
    assert split(10, []) == ((),)


def test_a_file_on_disk_and_its_bytes_are_the_same_part(tmp_path: Path) -> None:
    photo = tmp_path / "ảnh.jpg"
    photo.write_bytes(b"photo" * 1000)
    on_disk, in_memory = part_of("ảnh.jpg", photo), part_of("ảnh.jpg", b"photo" * 1000)
    assert (on_disk.sha256, on_disk.size, on_disk.read()) == (in_memory.sha256, in_memory.size, in_memory.read())
    assert Envelope(b"", (on_disk,)).contents == Envelope(b"", (in_memory,)).contents


def test_the_made_id_is_a_uuid_and_follows_the_bytes() -> None:
    made = instance_id_from(b"<data/>")
    number = uuid.UUID(made.removeprefix("uuid:"))
    assert (number.variant, number.version) == (uuid.RFC_4122, 8)
    assert instance_id_from(b"<data/>") == made != instance_id_from(b"<data />")


def test_facts_about_a_device_are_kept_short() -> None:
    assert clipped("x" * 300) == "x" * 255
    assert clipped("") is None


@pytest.mark.parametrize(
    ("xml", "form_id", "instance_id"),
    [
        ("<data id='a' version='1'><meta><instanceID>✅ ^&*()</instanceID></meta></data>", "a", "✅ ^&*()"),
        ('<?xml version="1.0"?><h:d xmlns:h="u" version="1" id="a &amp; b"><orx:instanceID>uuid:1<', "a & b", "uuid:1"),
        ('<data id="a"><meta><instanceID>uuid:1', "a", None),
        ('<data\n id = "it\'s"><instanceID/>', "it's", None),
        ("<!-- <x id='no'> --><data>&</data>", None, None),
        ('<data deviceid="x"><id>3</id></data>', None, None),
        ("\x00\x00", None, None),
        ("", None, None),
    ],
)
def test_ids_are_made_out_where_no_parser_reads(xml: str, form_id: str | None, instance_id: str | None) -> None:
    seen = glimpse(xml.encode())
    assert (seen.form_id, seen.instance_id) == (form_id, instance_id)


@given(st.binary(max_size=300), st.text(max_size=20))
def test_whatever_it_looks_at_it_says_what_can_be_kept(noise: bytes, text: str) -> None:
    for xml in (noise, b'<a id="' + text.encode(errors="replace") + b'"><instanceID>' + noise):
        seen = glimpse(xml)
        for found in (seen.form_id, seen.instance_id):
            assert found is None or (len(found) <= 255 and "\x00" not in found and found.encode())
