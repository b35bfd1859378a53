"""Expressions, each with what JavaRosa 5.1 (the engine of ODK Collect) answered: we answer the same.

``tests/vectors/xpath`` holds our own, which an optional test asks JavaRosa again. The tables of several engines are not
part of this repository: THONBAN_VECTORS names a folder with ``xpath.tar.gz``. ``make vectors`` prints the same.
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from forms.xpath.compile import known_functions
from tests.kit.vectors import UNEXPLAINED, Outcome, judge, main, open_archive, read_documents, read_rows

KEPT = Path(__file__).parents[2] / "vectors" / "xpath"
ROWS = KEPT / "expressions.jsonl"
FOLDER = os.environ.get("THONBAN_VECTORS", "")
SHARED = Path(FOLDER) / "xpath.tar.gz"
MOST_DEFECTS = 0.01
"""The share of rows in which we may differ from a phone, each for a reason that is written down."""
NOT_ASKED = {"jr:choice-name", "intersects"}
"""choice-name needs a question with choices (tables/selects.tsv has it); intersects is newer than JavaRosa 5.1."""


def judged(rows: Path, documents: Path) -> list[Outcome]:
    return list(judge(read_rows(rows), read_documents(documents)))


def unexplained(outcomes: list[Outcome]) -> list[str]:
    return [f"{each.row['expr']}: {each.ours}" for each in outcomes if each.reason == UNEXPLAINED]


@pytest.fixture(scope="module")
def kept() -> list[Outcome]:
    return judged(ROWS, KEPT / "documents.json")


def test_our_expressions_give_what_a_phone_gives(kept: list[Outcome]):
    assert len(kept) > 900
    assert unexplained(kept) == []
    assert Counter(each.reason for each in kept if each.reason).total() <= MOST_DEFECTS * len(kept)


def test_phones_stop_in_many_of_them_and_so_do_we(kept: list[Outcome]):
    stopping = [each for each in kept if "error" in each.row["javarosa"]]
    assert len(stopping) > 150
    assert all(not each.reason for each in stopping)


def test_every_function_was_asked_of_a_phone(kept: list[Outcome]):
    answered = "\n".join(each.row["expr"] for each in kept if "error" not in each.row["javarosa"])
    lacking = [name for name in known_functions() if not re.search(rf"(?<![\w.:-]){re.escape(name)}\s*\(", answered)]
    assert set(lacking) <= NOT_ASKED


def test_the_command_counts_what_matches(capsys: pytest.CaptureFixture[str]):
    assert main([str(ROWS), str(KEPT / "documents.json")]) == 0
    said = capsys.readouterr().out.splitlines()
    matched, total = re.fullmatch(r"matched (\d+) of (\d+)", said[-1]).groups()  # type: ignore[union-attr]
    assert int(total) == len(ROWS.read_text(encoding="utf-8").splitlines())
    assert int(total) - int(matched) == sum(int(line.split(" · ")[0]) for line in said if " · " in line[:8])


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(tmp_path / "rows.jsonl")]) == 2
    assert "VECTORS=FILE" in capsys.readouterr().err
    alone = tmp_path / "rows.jsonl"
    alone.write_text("", encoding="utf-8")
    assert main([str(alone), "--shared", str(tmp_path / "none.tar.gz")]) == 2
    assert "DOCS=FILE" in capsys.readouterr().err


@pytest.mark.skipif(not SHARED.is_file(), reason="THONBAN_VECTORS names no folder with xpath.tar.gz")
def test_the_tables_of_several_engines_give_what_a_phone_gives(tmp_path: Path):
    outcomes = judged(*open_archive(SHARED, tmp_path))
    differing = [each for each in outcomes if each.reason]
    assert unexplained(outcomes) == []
    assert len(differing) <= MOST_DEFECTS * len(outcomes)
