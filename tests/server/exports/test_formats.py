"""What every file must carry whole, written and read again by programs of others."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from server.exports import xlsx
from server.exports.csv_rows import ABOUT_FILE, csv_rows, csv_zip
from server.exports.sheets import COUNT, DAY, DECIMAL, MOMENT, TEXT, YES_NO, About, Column, Sheet, Value, Word, plain
from server.exports.xlsx import LONGEST, write_xlsx
from tests.kit.awkward import DAYS, EARLY, FORMULAS, NUMBERS, TEXTS

MADE = datetime(2026, 11, 27, 8, 30)
ABOUT = About(
    Word("villages", {"vi": "Bảng đánh giá các thôn", "en": "Villages"}),
    (("Ngày số liệu", date(2019, 6, 30)), ("Mã khóa", "0" * 64), ("Số thôn", 97), ("Ghi chú", "=1+1")),
    ("TẠM TÍNH", "SỐ LIỆU MẪU"),
)


def translate(word: Word) -> str:
    if isinstance(word.text, str):
        return {"table.yes": "có", "table.no": "không", "table.about": "Thông tin"}.get(
            word.text, f"{word.text}{dict(word.params) or ''}"
        )
    return word.text["vi"]


def workbook(*sheets: Sheet) -> CalamineWorkbook:
    file = io.BytesIO()
    write_xlsx(file, sheets, ABOUT, translate, MADE)
    return CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue()))


def read(book: CalamineWorkbook, name: str) -> list[list[object]]:
    return list(book.get_sheet_by_name(name).to_python(skip_empty_area=False))


def column_of(kind: str, *values: Value) -> Sheet:
    return Sheet("table", "Bảng", [Column("value", "Giá trị", kind)], [[value] for value in values])


@pytest.mark.parametrize("name", [name for name in TEXTS if len(TEXTS[name]) < LONGEST])
def test_a_workbook_keeps_each_text(name: str) -> None:
    assert read(workbook(column_of(TEXT, TEXTS[name])), "Bảng")[1] == [TEXTS[name]]


@pytest.mark.parametrize("name", TEXTS)
def test_a_csv_keeps_each_text(name: str) -> None:
    content = b"".join(csv_rows(["Giá trị"], [[TEXTS[name]]]))
    assert content.startswith(b"\xef\xbb\xbf")
    head, row = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert head == ["Giá trị"]
    # the one thing that differs, and is documented: an apostrophe before what a spreadsheet would work out
    guard = "'" if name in FORMULAS else ""
    assert row == [guard + TEXTS[name]]


def test_nothing_in_a_workbook_is_a_formula_or_a_link() -> None:
    file = io.BytesIO()
    write_xlsx(file, [column_of(TEXT, *TEXTS.values())], ABOUT, translate, MADE)
    for sheet in load_workbook(io.BytesIO(file.getvalue())):
        for row in sheet.iter_rows():
            assert [cell.value for cell in row if cell.data_type == "f" or cell.hyperlink] == []


def test_a_text_too_long_for_a_cell_stands_whole_in_its_own_sheet() -> None:
    long = TEXTS["a very long text"]
    assert len(long) > LONGEST
    book = workbook(column_of(TEXT, "x", long, long + "!"))
    rows = read(book, "Bảng")
    assert "table.long.cut" in str(rows[2][0])
    assert str(rows[2][0]).startswith(long[:30_000])
    parts = read(book, "table.long.title")[1:]
    assert [(part[0], part[1], part[2]) for part in parts[:2]] == [("Bảng", "A3", 1), ("Bảng", "A3", 2)]
    whole = {cell: "".join(str(part[3]) for part in parts if part[1] == cell) for cell in ("A3", "A4")}
    assert whole == {"A3": long, "A4": long + "!"}


def test_numbers_days_and_moments_are_that_in_a_workbook() -> None:
    assert [row[0] for row in read(workbook(column_of(DECIMAL, *NUMBERS)), "Bảng")[1:]] == list(NUMBERS)
    assert [row[0] for row in read(workbook(column_of(DAY, *DAYS)), "Bảng")[1:]] == list(DAYS)
    moment = datetime(2019, 6, 30, 8, 5)
    assert read(workbook(column_of(MOMENT, moment)), "Bảng")[1] == [moment]
    # what a spreadsheet has no day or number for stays as it is written
    assert read(workbook(column_of(DAY, EARLY)), "Bảng")[1] == [EARLY.isoformat()]
    assert read(workbook(column_of(COUNT, 10**18 + 1)), "Bảng")[1] == [str(10**18 + 1)]
    assert read(workbook(column_of(DECIMAL, float("inf"))), "Bảng")[1] == ["inf"]
    # a number in a column of texts is a code
    assert read(workbook(column_of(TEXT, 6979)), "Bảng")[1] == ["6979"]


def test_nothing_known_is_an_empty_cell_and_never_a_nought() -> None:
    rows = read(workbook(column_of(COUNT, None, 0, 1)), "Bảng")
    assert [row[0] for row in rows[1:]] == ["", 0, 1]


def test_words_and_yes_and_no_are_said_in_the_language_and_coded_for_programs() -> None:
    met = Word("met", {"vi": "đạt", "en": "met"})
    rows = read(workbook(column_of(YES_NO, True, False, met)), "Bảng")
    assert [row[0] for row in rows[1:]] == ["có", "không", "đạt"]
    assert [plain(met), plain(True), plain(date(2019, 6, 30)), plain(None)] == ["met", True, "2019-06-30", None]


def test_each_file_says_what_its_figures_are() -> None:
    book = workbook(column_of(TEXT, "x"))
    assert book.sheet_names == ["Bảng", "Thông tin"]
    rows = read(book, "Thông tin")
    assert [row[0] for row in rows[:3]] == ["Bảng đánh giá các thôn", "TẠM TÍNH", "SỐ LIỆU MẪU"]
    assert rows[3:] == [
        ["Ngày số liệu", date(2019, 6, 30)],
        ["Mã khóa", "0" * 64],
        ["Số thôn", 97],
        ["Ghi chú", "=1+1"],
    ]
    file = io.BytesIO(b"".join(csv_zip([column_of(TEXT, "06979")], ABOUT, translate, MADE)))
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["table.csv", ABOUT_FILE]
        assert archive.read("table.csv").decode("utf-8-sig") == "Giá trị\r\n06979\r\n"
        about = archive.read(ABOUT_FILE).decode("utf-8-sig")
    assert "TẠM TÍNH" in about
    assert "Ngày số liệu,2019-06-30" in about
    assert "'=1+1" in about


def test_names_of_sheets_are_what_a_spreadsheet_takes() -> None:
    odd = ["Thôn/bản: [1]?", "x" * 60, "x" * 61, "history", "'", "BẢNG", "bảng"]
    book = workbook(*(Sheet("t", title, [Column("a", "A")], [["1"]]) for title in odd))
    names = book.sheet_names
    assert len({name.casefold() for name in names}) == len(odd) + 1
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_more_rows_than_a_sheet_holds_go_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 4)
    book = workbook(column_of(COUNT, *range(7)))
    assert book.sheet_names == ["Bảng", "Bảng (2)", "Bảng (3)", "Thông tin"]
    found = [row[0] for name in book.sheet_names[:3] for row in read(book, name)[1:]]
    assert found == list(range(7))


def test_rows_are_written_as_they_come() -> None:
    waiting: list[int] = []

    def rows() -> Iterator[list[Value]]:
        for number in range(20_000):
            waiting.append(number)
            yield [sha256(str(number).encode()).hexdigest()]

    parts = csv_zip([Sheet("t", "T", [Column("a", "A")], rows())], ABOUT, translate, MADE)
    first = next(parts)
    assert first.startswith(b"PK")
    assert len(waiting) < 20_000
    for _ in parts:
        pass
    assert len(waiting) == 20_000
