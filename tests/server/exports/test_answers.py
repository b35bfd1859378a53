"""Each format of a form's answers, written from values and read again by programs of others."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import IO, Any

import duckdb
import pytest

from server.exports import answers_media, answers_parquet, answers_xlsx
from server.exports.answers import Given, MediaFile
from server.exports.answers_geojson import geometry_of
from server.exports.flat import Layout
from server.exports.formats import find_lack, list_formats
from server.exports.headings import unlike
from server.exports.xlsx import LONGEST
from tests.kit.answers import given_of, source_of, source_of_given
from tests.kit.awkward import FORMULAS, HALVED, LARGE, TEXTS
from tests.kit.formats import FORM, READERS, read_folder

ODD = """
| survey |
| | type         | name   | label     |
| | text         | chu    | Chữ       |
| | begin_group  | so     | Số        |
| | integer      | nguyen | Số nguyên |
| | decimal      | le     | Số lẻ     |
| | date         | ngay   | Ngày      |
| | dateTime     | luc    | Lúc       |
| | geopoint     | cho    | Chỗ       |
| | geoshape     | vung   | Vùng      |
| | end_group    |        |           |
| | image        | anh    | Ảnh       |
| | begin_repeat | dong   | Dòng      |
| | text         | ten    | Tên       |
| | geopoint     | noi    | Nơi       |
| | end_repeat   |        |           |
| settings |
| | form_id | form_title     | version |
| | la      | Giá trị lạ     | 1       |
"""
HERE = {"type": "Point", "coordinates": [107.1, 21.5, 0.0], "properties": {"accuracy": 4.0}}
ROWS = ("csv.zip", "xlsx", "geojson", "parquet.zip")
"""The formats that carry answers; the zip of files carries names alone."""


def made(ending: str, sent: list[dict[str, Any]], **more: Any) -> bytes:
    return b"".join(list_formats()[ending].write(source_of(ODD, sent, **more)))


def test_there_is_a_reader_for_each_format() -> None:
    assert READERS.keys() == list_formats().keys()
    assert {find_lack(ending) for ending in READERS} == {None}


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("ending", ROWS)
def test_each_text_comes_through_whole(ending: str, raw: bool) -> None:
    texts = {name: (text, text) for name, text in TEXTS.items()} | HALVED
    sent = [{"chu": text, "so": {"cho": HERE}, "dong": [{"ten": text}]} for text, _ in texts.values()]
    tables = READERS[ending](made(ending, sent, raw=raw))
    guarded = FORMULAS if ending == "csv.zip" and not raw else ()
    for column, rows in {"chu": tables[FORM], "ten": tables.get("dong", [])}.items():
        found = {row["KEY"].partition("/")[0]: row[column] for row in rows}
        for number, (name, (_, text)) in enumerate(texts.items()):
            got = found.get(f"uuid:{number}")
            if ending == "xlsx" and len(text) > LONGEST:
                # whole in a sheet of its own (test_formats.py)
                assert str(got)[:30_000] == text[:30_000], name
            elif rows:
                assert got == ("'" if name in guarded else "") + text, name
    assert tables.keys() >= {FORM} | ({"dong"} if ending != "geojson" else set())


@pytest.mark.parametrize("ending", ROWS)
def test_no_digit_of_a_large_number_is_lost(ending: str) -> None:
    sent = [{"so": {"nguyen": number, "cho": HERE}} for number in LARGE]
    for row, number in zip(READERS[ending](made(ending, sent))[FORM], LARGE, strict=True):
        got = row["so-nguyen"]
        if got is None:
            assert ending == "parquet.zip"
            got = json.loads(row["_raw"])["so-nguyen"]
        assert str(got) == str(number)


@pytest.mark.parametrize("ending", ROWS)
def test_what_does_not_fit_its_question_is_kept(ending: str) -> None:
    wrong = {"nguyen": "mười", "le": "1,5", "ngay": "2019-02-30", "luc": "hôm qua"}
    (row,) = READERS[ending](made(ending, [{"so": wrong | {"cho": HERE}}]))[FORM]
    kept = json.loads(row["_raw"]) if ending == "parquet.zip" else row
    assert {name: kept[f"so-{name}"] for name in wrong} == wrong


def test_a_workbook_and_parquet_know_numbers_days_and_moments() -> None:
    sent = [{"so": {"nguyen": 1985, "le": 0.1, "ngay": "2019-06-30", "luc": "2019-06-30T08:05:00.000+07:00"}}]
    (row,) = READERS["xlsx"](made("xlsx", sent))[FORM]
    # spreadsheets know of no zones: the time is that of Viet Nam
    assert [row[f"so-{name}"] for name in ("nguyen", "le", "ngay", "luc")] == [
        1985,
        0.1,
        date(2019, 6, 30),
        datetime(2019, 6, 30, 8, 5),
    ]
    assert row["SubmissionDate"] == datetime(2026, 11, 3, 8, 30)
    (row,) = READERS["parquet.zip"](made("parquet.zip", sent))[FORM]
    assert [row[f"so-{name}"] for name in ("nguyen", "le", "ngay")] == [1985, 0.1, date(2019, 6, 30)]
    assert row["so-luc"] == datetime(2019, 6, 30, 1, 5, tzinfo=UTC)
    assert (row["form"], row["month"], row["_raw"]) == ("la", "2026-11", None)


@pytest.mark.parametrize("ending", ["csv.zip", "xlsx", "parquet.zip"])
def test_rows_of_repeats_name_the_row_above(ending: str) -> None:
    sent = [{"dong": [{"ten": "a"}, {"ten": "b"}]}, {"dong": []}, {"dong": [{"ten": "c"}]}]
    rows = READERS[ending](made(ending, sent))["dong"]
    assert [(row["ten"], row["PARENT_KEY"], row["KEY"]) for row in rows] == [
        ("a", "uuid:0", "uuid:0/dong[1]"),
        ("b", "uuid:0", "uuid:0/dong[2]"),
        ("c", "uuid:2", "uuid:2/dong[1]"),
    ]


@pytest.mark.parametrize("ending", sorted(READERS))
def test_each_file_says_what_it_is_and_that_it_is_synthetic(ending: str) -> None:
    content = made(ending, [{"so": {"cho": HERE}}])
    if ending == "geojson":
        said = json.loads(content)
        assert (said["synthetic"], said["marks"]) == (True, ["SỐ LIỆU MẪU"])
        assert {line["name"]: line["value"] for line in said["about"]}["as_of"] == "2019-06-30"
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    assert "SỐ LIỆU MẪU" in text
    assert "0" * 64 in text


def test_a_workbook_has_the_codebook() -> None:
    tables = READERS["xlsx"](made("xlsx", [{}]))
    assert list(tables) == [FORM, "dong", "Từ điển câu hỏi", "Thông tin"]
    assert [row["Câu hỏi"] for row in tables["Từ điển câu hỏi"]][:3] == ["Chữ", "Số nguyên", "Số lẻ"]


def test_a_map_is_of_the_place_that_was_asked_for() -> None:
    square = [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    area = {"type": "Polygon", "coordinates": [square], "properties": {"accuracies": [1, 1, 1, 1]}}
    sent: list[dict[str, Any]] = [
        {"chu": "a", "so": {"cho": HERE, "vung": area}, "dong": [{"ten": "x", "noi": HERE}, {"ten": "y"}]},
        {"chu": "b"},
        {"chu": "c", "so": {"cho": "đâu đó"}},
    ]
    first = json.loads(made("geojson", sent))
    assert [each["properties"]["chu"] for each in first["features"]] == ["a"]
    assert (first["fieldpath"], first["left_out"]) == ("so/cho", 2)
    assert first["features"][0]["geometry"] == {"type": "Point", "coordinates": [107.1, 21.5, 0.0]}
    assert first["features"][0]["properties"]["so-cho-Accuracy"] == 4.0
    (shape,) = json.loads(made("geojson", sent, geo_field="/so/vung"))["features"]
    # outlines run counter-clockwise (RFC 7946, 3.1.6)
    assert shape["geometry"] == {"type": "Polygon", "coordinates": [square[::-1]]}
    (row,) = json.loads(made("geojson", sent, geo_field="dong/noi"))["features"]
    assert (row["id"], row["properties"]["PARENT_KEY"], row["properties"]["ten"]) == ("uuid:0/dong[1]", "uuid:0", "x")
    assert json.loads(made("geojson", []))["features"] == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1]]]}, "Polygon"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [0, 0]]]}, "LineString"),
        ({"type": "LineString", "coordinates": [[0, 0]]}, "Point"),
        ({"type": "Point", "coordinates": [float("nan"), 0]}, None),
        ({"type": "Point", "coordinates": [None, 0]}, None),
        ("21 107", None),
    ],
)
def test_a_geometry_is_one_that_maps_take(value: object, kind: str | None) -> None:
    found = geometry_of(value)
    assert (found and found["type"]) == kind
    if found and kind == "Polygon":
        (ring,) = found["coordinates"]
        assert ring[0] == ring[-1]
        assert len(ring) == 4


def test_parquet_is_in_months_and_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_parquet, "AT_ONCE", 500)
    days = [datetime(2026, 11, 2, tzinfo=UTC)] * 1200 + [datetime(2026, 10, 31, 23, 59, tzinfo=UTC)] * 3
    given = [given_of(number, {"chu": f"số {number}"}, day) for number, day in enumerate(days)]
    content = b"".join(answers_parquet.write(source_of_given(ODD, given)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        home = "form=la/table=Submissions"
        assert [name for name in archive.namelist() if name.endswith(".parquet")] == [
            *(f"{home}/month=2026-11/part-0000{number}.parquet" for number in range(3)),
            f"{home}/month=2026-10/part-00000.parquet",
        ]
    rows = READERS["parquet.zip"](content)[FORM]
    assert {row["KEY"] for row in rows} == {f"uuid:{number}" for number in range(1203)}
    assert [row["month"] for row in rows].count("2026-10") == 3


def test_columns_of_parquet_differ_in_more_than_the_case_of_letters(tmp_path: Any) -> None:
    form = """
    | survey |
    | | type | name | label |
    | | text | ten  | a     |
    | | text | Ten  | b     |
    | | text | key  | c     |
    | settings |
    | | form_id | form_title |
    | | ../x y  | x          |
    """
    assert unlike(["ten", "Ten", "TEN", "a"], ["A"], fold=True) == ["ten", "Ten~2", "TEN~3", "a~2"]
    source = source_of(form, [{"ten": "1", "Ten": "2", "key": "3"}])
    with zipfile.ZipFile(io.BytesIO(b"".join(answers_parquet.write(source)))) as archive:
        assert all(".." not in name.split("/") for name in archive.namelist())
        archive.extractall(tmp_path)
    (home,) = tmp_path.iterdir()
    (row,) = read_folder(home / "table=Submissions")
    assert (row["KEY"], row["ten"], row["Ten~2"], row["key~2"], row["form"]) == ("uuid:0", "1", "2", "3", "../x y")


def test_each_file_of_parquet_says_what_it_is(tmp_path: Any) -> None:
    parts = answers_parquet.write_parts(source_of(ODD, [{"chu": "a"}]), tmp_path)
    first = next(each for each in parts if each.name.endswith(".parquet"))
    with duckdb.connect() as connection:
        kept = connection.execute("SELECT key, value FROM parquet_kv_metadata($1)", [str(first.path)]).fetchall()
        pressed = connection.execute("SELECT compression FROM parquet_metadata($1)", [str(first.path)]).fetchall()
    parts.close()
    assert json.loads(dict(kept)[b"about"])["marks"] == ["SỐ LIỆU MẪU"]
    assert set(pressed) == {("ZSTD",)}


class File(io.BytesIO):
    """A file whose closing is seen."""


def files(*named: tuple[str, str, bytes | None]) -> list[MediaFile]:
    def opener(content: bytes | None) -> Any:
        def read() -> AbstractContextManager[IO[bytes]]:
            if content is None:
                raise FileNotFoundError
            return File(content)

        return read

    return [MediaFile(name, key, opener(content)) for name, key, content in named]


def test_files_are_stored_as_they_are_and_what_is_missing_is_said() -> None:
    sent = files(
        ("ảnh.jpg", "uuid:0", b"a" * 1000),
        ("ảnh.jpg", "uuid:1", b"b"),
        ("../../etc/passwd", "uuid:2", b"c"),
        ("..", "uuid:3", b"d"),
        ("a\ud83d\n.jpg", "uuid:4", b"e"),
        ("gone.jpg", "uuid:5", None),
        ("=1+1.jpg", "uuid:6", b"f"),
    )
    content = b"".join(answers_media.write(source_of(ODD, [], sent)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.startswith("media/")]
        assert names == [
            "media/ảnh.jpg",
            "media/1/ảnh.jpg",
            "media/passwd",
            "media/file",
            "media/a?_.jpg",
            "media/=1+1.jpg",
        ]
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.read("media/ảnh.jpg") == b"a" * 1000
        assert archive.read("media/1/ảnh.jpg") == b"b"
    tables = READERS["media.zip"](content)
    assert [tuple(row.values()) for row in tables["missing"]] == [("uuid:5", "gone.jpg")]
    assert [row["file"] for row in tables["files"]][-1] == "media/=1+1.jpg"
    assert [row["name"] for row in tables["files"]][-1] == "'=1+1.jpg"


def test_files_are_read_one_after_another_as_the_zip_is_sent() -> None:
    opened: list[int] = []

    def listed() -> Iterator[MediaFile]:
        for number in range(50):
            opened.append(number)
            yield files((f"{number}.jpg", "uuid:0", bytes(100_000)))[0]

    source = replace(source_of(ODD, []), media=listed)
    parts = answers_media.write(source)
    next(parts)
    assert len(opened) < 5
    assert sum(len(part) for part in parts) > 4_000_000


@pytest.mark.parametrize("ending", ["csv.zip", "geojson", "parquet.zip"])
def test_what_was_sent_is_read_as_the_file_is_sent(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_parquet, "AT_ONCE", 500)
    seen: list[int] = []

    def sent() -> Iterator[Given]:
        for number in range(3000):
            seen.append(number)
            # what hardly shrinks, so that a zip grows as it is read
            noise = "".join(sha256(f"{number} {part}".encode()).hexdigest() for part in range(10))
            yield given_of(number % 3, {"chu": noise, "so": {"cho": HERE}})

    parts = list_formats()[ending].write(source_of_given(ODD, sent()))
    while not seen:
        next(parts)
    assert len(seen) < 3000
    for _ in parts:
        pass
    assert len(seen) == 3000


def test_a_workbook_is_read_once_and_no_table_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []

    def sent() -> Iterator[Given]:
        reads.append(1)
        for number in range(600):
            yield given_of(number, {"dong": [{"ten": str(number)}] * 2})

    source = source_of_given(ODD, sent())
    tables = READERS["xlsx"](b"".join(answers_xlsx.write(source)))
    assert len(reads) == 1
    assert len(tables["dong"]) == 1200
    assert tables["dong"][-1]["KEY"] == "uuid:599/dong[2]"


def test_without_what_is_personal_no_format_has_it() -> None:
    form = """
    | survey |
    | | type         | name | label    | bind::thonban:personal |
    | | text         | ten  | Họ tên   | name                   |
    | | text         | loai | Loại     |                        |
    | | geopoint     | nha  | Nhà      | place                  |
    | | geopoint     | cho  | Chỗ      |                        |
    | | begin_group  | rieng | Riêng   | health                 |
    | | begin_repeat | benh | Bệnh     |                        |
    | | text         | ke   | Kể       |                        |
    | | end_repeat   |      |          |                        |
    | | end_group    |      |          |                        |
    | settings |
    | | form_id | form_title | namespaces                  |
    | | p       | P          | thonban="urn:thonban:xforms" |
    """
    away = {"type": "Point", "coordinates": [1.25, 2.5, 0.0]}
    answers = {"ten": "Bí Mật", "loai": "x", "nha": away, "cho": HERE, "rieng": {"benh": [{"ke": "Kín"}]}}
    for ending in ROWS:
        content = b"".join(list_formats()[ending].write(source_of(form, [answers], layout=Layout(personal=False))))
        text = repr(READERS[ending](content))
        assert "'x'" in text
        assert not [each for each in ("Bí Mật", "Kín", "1.25") if each in text], ending


def test_parquet_says_what_it_is_before_its_first_rows_are_read() -> None:
    source = source_of(ODD, [{"chu": "a"}])
    read: list[int] = []

    def batches() -> Iterator[list[Given]]:
        read.append(1)
        yield from source.batches()

    pieces = answers_parquet.write(replace(source, batches=batches))
    assert next(pieces)
    assert read == []
    assert b"".join(pieces)
    assert read == [1]
