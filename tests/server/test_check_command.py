"""`thonban forms check`: for the person who writes a form, and for scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.cli import main
from tests.kit.source import ROOT
from tests.kit.workbooks import markdown, row, xlsx

BAD = [row("integer", "ho", constraint=". >> 3"), row("text", "b", relevant="1 = 2")]
GOOD = [row("integer", "ho", constraint=". > 3", constraint_message="Hơn 3.")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hong.xlsx").write_bytes(xlsx(BAD))
    (tmp_path / "tot.md").write_bytes(markdown(GOOD))
    (tmp_path / "khong.xlsx").write_bytes(b"khong phai Excel")
    (tmp_path / "rong.xml").write_bytes(b"<html/>")
    (tmp_path / "ghi_chu.docx").write_bytes(b"x")
    return tmp_path


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["tot.md"], 0),
        (["hong.xlsx"], 1),
        (["tot.md", "hong.xlsx"], 1),
        (["khong.xlsx"], 1),
        (["rong.xml"], 1),
        (["ghi_chu.docx"], 2),
        (["khong_co.md", "hong.xlsx"], 2),
    ],
)
def test_the_exit_code_says_whether_a_form_may_be_published(folder: Path, names: list[str], code: int) -> None:
    assert main(["forms", "check", *(str(folder / name) for name in names)]) == code


def test_people_read_place_sentence_and_remedy_in_both_languages(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["forms", "check", str(folder / "hong.xlsx")])
    said = capsys.readouterr().out
    assert "survey:2 [constraint]" in said
    assert said.index("Công thức") < said.index("The formula cannot be read")
    assert "1 lỗi, 1 cảnh báo" in said
    assert "1 errors, 1 warnings" in said


def test_scripts_read_one_json_line_for_each_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["forms", "check", "--json", str(folder / "hong.xlsx"), str(folder / "tot.md"), str(folder / "rong.xml")])
    bad, good, nothing = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (bad["errors"], bad["warnings"]) == (1, 1)
    assert [(each["code"], each["row"], each["column"]) for each in bad["problems"]] == [
        ("expression.syntax", 2, "constraint"),
        ("lint.never_relevant", 3, "relevant"),
    ]
    assert bad["problems"][0]["remedy"].keys() == {"vi", "en"}
    assert (good["errors"], good["problems"]) == (0, [])
    assert nothing["problems"][0]["code"] == "definition.no_model"


def test_every_shipped_form_may_be_published() -> None:
    forms = sorted(str(path) for path in (ROOT / "forms" / "library").glob("*.md"))
    assert len(forms) >= 2
    assert main(["forms", "check", *forms]) == 0
