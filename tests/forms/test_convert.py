"""Workbooks that people upload, good and bad, and the worker that reads them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from forms.convert import Converter, convert
from forms.errors import ConversionError
from forms.parse import parse_form


def workbook(survey: list[tuple[str, ...]]) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "survey"
    for row in survey:
        sheet.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


SIMPLE = [("type", "name", "label"), ("text", "ten", "Tên"), ("integer", "tuoi", "Tuổi")]
MARKDOWN = "| survey |\n| | type | name | label |\n| | text | ten | Tên |\n| | integer | tuoi | Tuổi |\n"
CSV = 'survey\n,type,name,label\n,text,ten,"Tên"\n,integer,tuoi,"Tuổi"\n'


@pytest.mark.parametrize(
    ("content", "kind"),
    [(workbook(SIMPLE), "xlsx"), (MARKDOWN.encode(), "md"), (CSV.encode(), "csv")],
    ids=["xlsx", "Markdown", "CSV"],
)
def test_each_kind_of_source_gives_the_same_form(content, kind):
    definition = parse_form(convert(content, kind, "nha_toi").xml)
    assert definition.form_id == "nha_toi"
    assert [(each.name, each.type) for each in definition.root.children[:2]] == [("ten", "string"), ("tuoi", "int")]
    assert definition.fields["/data/ten"].labels == {"default": "Tên"}


def test_each_screen_that_is_no_part_of_the_answers_has_its_own_title():
    head = "| survey |\n| | type | name | label::vi (vi) | label::en (en) | appearance | flat |\n"
    screens = [("a", "Hộ", "Households"), ("b", "Đường", "Road")]
    rows = "".join(
        f"| | begin_group | {name} | {vi} | {en} | field-list | yes |\n"
        f"| | text | {name}_1 | {vi} 1 | {en} 1 | | |\n| | end_group | | | | | |\n"
        for name, vi, en in screens
    )
    xml = convert((head + rows).encode(), "md").xml.decode()
    for name, vi, en in screens:
        assert f"<label ref=\"jr:itext('/data/{name}:label')\"/>" in xml
        for title in (vi, en):
            assert f'<text id="/data/{name}:label"><value>{title}</value></text>' in xml


def test_the_form_id_of_the_workbook_goes_before_the_fallback():
    source = MARKDOWN + "| settings |\n| | form_id | version |\n| | cua_toi | 3 |\n"
    definition = parse_form(convert(source.encode(), "md", "khac").xml)
    assert (definition.form_id, definition.version) == ("cua_toi", "3")


def test_warnings_travel_along():
    source = "| survey |\n| | type | name | label |\n| | image | anh | Ảnh |\n"
    assert "max-pixels" in convert(source.encode(), "md").warnings[0]


def problems(content: bytes, kind: str = "md") -> tuple[str, list[tuple[str | None, int | None, str, str]]]:
    with pytest.raises(ConversionError) as raised:
        convert(content, kind)  # type: ignore[arg-type]
    said = [(each.sheet, each.row, each.message, each.remedy) for each in raised.value.problems]
    return raised.value.code, said


def survey(*rows: str) -> bytes:
    return ("| survey |\n" + "".join(f"| | {row} |\n" for row in rows)).encode()


HEAD = "type | name | label | relevant | constraint | calculation | choice_filter"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("integer | a | A | | . > > 3 | | ", "expression.syntax"),
        ("integer | a | A | | . > 3 and | | ", "expression.syntax"),
        ("integer | a | A | khong_co(.) | | | ", "expression.unknown_function"),
        ("calculate | a | | | | nua_dem() | ", "expression.unknown_function"),
        ("calculate | a | | | | /data/khong_co + 1 | ", "definition.unknown_path"),
        ("calculate | a | | | | instance('khong_co')/root/item | ", "definition.unknown_instance"),
        ("integer | a | A | /data/a > 3 | | | ", "definition.cycle"),
    ],
)
def test_a_broken_formula_is_named_with_sheet_row_and_remedy(row, code):
    said = problems(survey(HEAD, "text | dau | Đầu | | | | ", row))
    assert said == ("conversion.invalid", [("survey", 3, code, f"{code}.remedy")])


def test_every_broken_formula_is_named_at_once():
    _, said = problems(
        survey(HEAD, "begin_group | g | G | | | | ", "integer | a | A | | . > > 3 | | ", "end_group | | | | | | ")
        + b"| | integer | a | A | | khong_co(.) | | |\n| settings |\n| | instance_name |\n| | cong( |\n"
    )
    assert [(sheet, row) for sheet, row, _, _ in said] == [("survey", 3), ("survey", 5), ("settings", 2)]


def test_calculations_that_wait_for_each_other_are_named():
    with pytest.raises(ConversionError) as raised:
        convert(survey(HEAD, "calculate | a | | | | ${b} + 1 | ", "calculate | b | | | | ${a} + 1 | "), "md")
    (problem,) = raised.value.problems
    assert problem.message == "definition.cycle"
    assert problem.params["fields"] == "${a} → ${b} → ${a}"


@pytest.mark.parametrize(
    ("rows", "row", "remedy", "words"),
    [
        (["text | a | A | | | | ", "calculate | b | | | | ${zz} + 1 | "], 3, "reference", "'zz'"),
        (["text | a b | A | | | | "], 2, "name", "name"),
        (["begin_group | g | G | | | | ", "text | a | A | | | | "], 2, "group", "begin_group"),
        (["select_one khong_co | a | A | | | | "], 2, "choices", "khong_co"),
        (["tex | a | A | | | | "], 2, "type", "tex"),
    ],
    ids=["unknown reference", "a name with a blank", "a group left open", "unknown list", "unknown type"],
)
def test_what_pyxform_says_is_told_with_row_and_remedy(rows, row, remedy, words):
    choices = b"| choices |\n| | list_name | name | label |\n| | yn | co | C |\n"
    code, said = problems(survey(HEAD, *rows) + choices)
    assert code == "conversion.invalid"
    assert (said[0][1], said[0][3]) == (row, f"conversion.remedy.{remedy}")
    assert words in said[0][2]


def bomb() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as stream:
            for _ in range(260):
                stream.write(b"\0" * 1_000_000)
    return kept.getvalue()


def lying_bomb() -> bytes:
    """A zip whose directory says that the sheet is small."""
    content = bytearray(bomb())
    size = (260_000_000).to_bytes(4, "little")
    assert content.count(size) >= 1
    return bytes(content.replace(size, (1000).to_bytes(4, "little")))


def plain_zip() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("ghi_chu.txt", "xin chào")
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (bomb(), "xlsx", "conversion.zip_bomb"),
        (lying_bomb(), "xlsx", "conversion.corrupt"),
        (workbook(SIMPLE)[:-300], "xlsx", "conversion.corrupt"),
        (plain_zip(), "xlsx", "conversion.not_xlsx"),
        (b"xin chao", "xlsx", "conversion.not_xlsx"),
        (workbook(SIMPLE), "xls", "conversion.not_xls"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "xls", "conversion.corrupt"),
        (b"", "md", "conversion.empty"),
        (b"\xff\xfe|", "md", "conversion.not_utf8"),
        (b"xin chao", "md", "conversion.invalid"),
        (b"x" * 20_000_001, "csv", "conversion.too_large"),
        (b"x", "docx", "conversion.unknown_kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_workbook_is_refused(content, kind, code):
    assert problems(content, kind)[0] == code


def test_threads_take_turns():
    made: list[str] = []

    def one(number: int) -> None:
        made.append(parse_form(convert(MARKDOWN.encode(), "md", f"f{number}").xml).form_id)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [f"f{number}" for number in range(6)]


@pytest.fixture
def converter():
    made = Converter(time_limit=20)
    yield made
    made.close()


def worker_of(converter: Converter) -> int:
    assert converter._process is not None
    return converter._process.pid


def test_the_worker_is_kept_between_conversions(converter):
    converter.convert(MARKDOWN.encode(), "md")
    first = worker_of(converter)
    converter.convert(MARKDOWN.encode(), "md")
    assert worker_of(converter) == first


def test_a_worker_that_died_is_started_again(converter):
    converter.convert(MARKDOWN.encode(), "md")
    first = worker_of(converter)
    os.kill(first, 9)
    assert converter.convert(MARKDOWN.encode(), "md").xml
    assert worker_of(converter) != first


def test_a_closed_worker_is_gone_and_can_be_started_again(converter):
    converter.convert(MARKDOWN.encode(), "md")
    first = worker_of(converter)
    converter.close()
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert converter.convert(MARKDOWN.encode(), "md").xml


def test_a_conversion_that_takes_too_long_is_given_up():
    slow = Converter(time_limit=0.001)
    began = time.monotonic()
    with pytest.raises(ConversionError) as raised:
        slow.convert(workbook(SIMPLE), "xlsx")
    assert raised.value.code == "conversion.too_slow"
    assert time.monotonic() - began < 5


def test_a_worker_without_memory_says_so_and_harms_nobody():
    rows = "".join(f"| | text | q{number} | Câu hỏi số {number} |\n" for number in range(5_000))
    tight = Converter(time_limit=30, memory_limit=80_000_000)
    try:
        with pytest.raises(ConversionError) as raised:
            tight.convert(("| survey |\n| | type | name | label |\n" + rows).encode(), "md")
    finally:
        tight.close()
    assert raised.value.code in ("conversion.out_of_memory", "conversion.worker_died")


def test_a_child_process_leaves_the_workers_of_its_parent_alone(converter):
    converter.convert(MARKDOWN.encode(), "md")
    first = worker_of(converter)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            made = converter.convert(MARKDOWN.encode(), "md", "con")
            code = 0 if b'id="con"' in made.xml and worker_of(converter) != first else 2
            converter.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    converter.convert(MARKDOWN.encode(), "md")
    assert worker_of(converter) == first


def test_the_worker_ends_with_its_parent():
    script = (
        "from forms.convert import Converter; import os, sys\n"
        "made = Converter(); made.convert(sys.argv[1].encode(), 'md')\n"
        "print(made._process.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, MARKDOWN], capture_output=True, text=True, check=False)
    worker = Path(f"/proc/{int(ran.stdout)}")
    deadline = time.monotonic() + 5
    while worker.exists() and "Z" not in (worker / "stat").read_text().split() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not worker.exists() or "Z" in (worker / "stat").read_text().split()
