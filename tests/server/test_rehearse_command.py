"""`thonban forms rehearse`: what a programme officer reads before publishing, and what a script does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from forms.changes import KINDS, WEIGHTS
from forms.convert import convert
from forms.errors import KINDS as FINDING_KINDS
from server import rehearsal_words as words
from server.cli import main
from tests.kit.field import Field
from tests.kit.homes import house_at
from tests.kit.world import xlsx

FORM = """
| survey |
| | type | name | label::Tiếng Việt (vi) | label::English (en) |
| | text | ten | Tên giếng | Name of the well |
| | text | sau | Sâu mấy mét? | How deep in metres? |
| | select_one_from_file loai.csv | loai | Loại nào? | Which kind? |
| settings |
| | form_id | version | default_language | instance_name |
| | gieng | 1 | Tiếng Việt (vi) | ${ten} |
"""
NEW = FORM.replace("| gieng | 1 |", "| gieng | 2 |")
WORSE = (
    NEW.replace("| ten |", "| ten_gieng |").replace("${ten}", "${ten_gieng}").replace("| text | sau", "| integer | sau")
)


@pytest.fixture(name="home", scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a form nobody sent, and another with two wells that a phone sent."""
    folder = tmp_path_factory.mktemp("rehearsed") / "home"
    with house_at(folder, kind="demo") as house, house.sessions() as session:
        field = Field(Flask("field"), house.home, session)
        field.publishes(convert(FORM.replace("| gieng |", "| vuon |").encode(), "md").xml)
        field.publishes(convert(FORM.encode(), "md").xml)
        phone = field.phone()
        for name, deep in (("Giếng làng", "12"), ("Giếng chùa", "chưa đo")):
            phone.sends({"ten": name, "sau": deep}, form="gieng", instance_id=f"uuid:{name}")
        session.rollback()
        yield folder


@pytest.fixture(name="rehearsed")
def _rehearsed(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.delenv("THONBAN_DATABASE_URL", raising=False)

    def run(text: str | bytes, *options: str, name: str = "gieng.md") -> tuple[int, str, str]:
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = main(["forms", "rehearse", str(file), "--home", str(home), *options])
        printed = capsys.readouterr()
        return done, printed.out, printed.err

    return run


def test_nothing_lost(rehearsed):
    done, out, err = rehearsed(NEW, "--form", "gieng")
    assert done == 0
    assert "gieng: bản đang dùng 1 → bản mới 2. Xem 2 trên 2 phiếu đã nhận." in out
    assert "gieng: published 1 → new 2. 2 of 2 sheets that were sent are looked at." in out
    assert "Không có thay đổi nào." in out
    assert out.rstrip().endswith("CONCLUSION: no answer loses its place or becomes unreadable.")
    assert "đã xem 2/2 phiếu · 2/2 sheets looked at" in err


def test_what_would_be_lost_is_said_in_both_languages_with_examples(rehearsed):
    done, out, _ = rehearsed(WORSE)
    assert done == 1
    assert "✗ ten → ten_gieng  đổi mã (đoán, giống " in out
    assert "đổi kiểu chữ → số nguyên (giá trị cũ có thể không đọc được) · type text → whole number" in out
    assert "CÂU TRẢ LỜI MẤT CHỖ: 2 câu trả lời của 2 phiếu · answers without a place: 2 answers of 2 sheets" in out
    assert "sau  không đọc được theo kiểu mới: 1 phiếu · cannot be read as its new type: 1 sheets" in out
    assert "ví dụ · Giếng chùa, uuid:Giếng chùa, chưa đo" in out
    assert "2 câu trả lời mất chỗ, 1 giá trị không đọc được theo kiểu mới, 0 câu trả lời không còn" in out


def test_a_script_reads_json(rehearsed):
    done, out, _ = rehearsed(WORSE, "--json", "--limit", "1")
    told = json.loads(out)
    assert done == 1
    assert (told["total"], told["looked"], told["answersLost"], told["unreadable"]) == (2, 1, 1, 1)
    assert told["keepsEverything"] is False
    assert {each["kind"] for each in told["changes"]} == {"renamed", "type"}
    assert told["lost"][0]["examples"][0] == {
        "instanceId": "uuid:Giếng chùa",
        "instanceName": "Giếng chùa",
        "value": "Giếng chùa",
        "calculated": None,
    }


@pytest.mark.parametrize("kind", ["md", "xlsx", "xml", "csv"])
def test_every_kind_of_file_is_read(rehearsed, kind):
    rows = [line.strip().strip("|").split("|") for line in NEW.strip().splitlines()]
    content = {
        "md": lambda: NEW.encode(),
        "xlsx": lambda: xlsx(NEW),
        "xml": lambda: convert(NEW.encode(), "md").xml,
        "csv": lambda: "\n".join(",".join(cell.strip() for cell in row) for row in rows).encode(),
    }[kind]()
    assert rehearsed(content, name=f"gieng.{kind}")[0] == 0


def test_a_list_beside_the_file_is_taken(rehearsed, tmp_path):
    (tmp_path / "loai.csv").write_text("name,label\nkhoan,Giếng khoan\n", encoding="utf-8")
    done, _, err = rehearsed(NEW)
    assert done == 0
    assert "Dùng tệp kèm nằm cạnh: loai.csv" in err


@pytest.mark.parametrize(
    ("text", "options", "name", "why"),
    [
        (NEW, ("--form", "nha"), "gieng.md", "Project 1 has no form nha. There are: vuon, gieng."),
        (NEW, ("--form", "vuon"), "gieng.md", "The file holds the form gieng, not vuon."),
        (NEW, ("--project", "9"), "gieng.md", "Project 9 has no form gieng. There are: –."),
        (NEW, ("--limit", "0"), "gieng.md", "--limit is a whole number from 1."),
        (NEW, (), "gieng.docx", "What kind of file is gieng.docx?"),
        (NEW.replace("| text | sau", "| chu | sau"), (), "gieng.md", "Unknown question type 'chu'"),
        (NEW.replace("${ten}", "${tem}"), (), "gieng.md", "Could not find the name 'tem'"),
        (b"<x/>", (), "gieng.xml", "The XML is no form"),
        (b"not a workbook", (), "gieng.xlsx", "The file is no .xlsx workbook"),
    ],
)
def test_a_bad_file_or_question_ends_with_2_and_says_why(rehearsed, text, options, name, why):
    done, out, err = rehearsed(text, *options, name=name)
    assert (done, out) == (2, "")
    assert why in " ".join(err.split())
    assert "conversion." not in err
    assert "definition." not in err


def test_a_folder_that_is_no_home_stays_as_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("THONBAN_DATABASE_URL", raising=False)
    (tmp_path / "gieng.md").write_text(NEW, encoding="utf-8")
    for folder in (tmp_path / "empty", tmp_path / "none"):
        if folder.name == "empty":
            folder.mkdir()
        assert main(["forms", "rehearse", str(tmp_path / "gieng.md"), "--home", str(folder)]) == 2
        assert "is no data folder in use" in capsys.readouterr().err
    assert main(["forms", "rehearse", str(tmp_path / "none.md"), "--home", str(tmp_path)]) == 2
    assert list((tmp_path / "empty").iterdir()) == []
    assert not (tmp_path / "none").exists()


def test_everything_that_can_be_said_has_words():
    assert set(words.CHANGES) == set(KINDS)
    assert set(words.WEIGHTS) == set(WEIGHTS)
    assert set(FINDING_KINDS) - set(words.FINDINGS) == {"attachment", "version", "instance-id", "device", "round"}
