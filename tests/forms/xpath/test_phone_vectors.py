"""Expressions, each with what JavaRosa 5.1 (the engine of ODK Collect) answered: we answer the same.

``tests/vectors/xpath`` holds our own; where there is Java and THONBAN_ORACLE names the driver, it is asked again, and
of expressions made at random. The tables of several engines are not part of this repository: THONBAN_VECTORS names a
folder with ``xpath.tar.gz``. ``make vectors`` prints the same.
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from forms.xpath.compile import known_functions
from tests.kit import javarosa
from tests.kit.expressions import expressions
from tests.kit.vectors import UNEXPLAINED, Outcome, asked, judge, main, open_archive, read_documents, read_rows

KEPT = Path(__file__).parents[2] / "vectors" / "xpath"
ROWS, DOCUMENTS = KEPT / "expressions.jsonl", KEPT / "documents.json"
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
    return judged(ROWS, DOCUMENTS)


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
    assert main([str(ROWS), str(DOCUMENTS)]) == 0
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


@pytest.mark.skipif(javarosa.lacking() is not None, reason=f"JavaRosa cannot be asked: {javarosa.lacking()}")
@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "America/Phoenix"])
def test_asked_again_javarosa_answers_what_is_kept(zone: str):
    rows = [row for row in read_rows(ROWS) if row["tz"] == zone]
    now = {(row["doc"], row["node"], row["expr"]): row["javarosa"] for row in asked(rows, DOCUMENTS, zone)}
    for row in rows:
        kept, said = row["javarosa"], now[row["doc"], row["node"], row["expr"]]
        assert ("error" in kept) == ("error" in said)
        assert [kept.get(key) for key in ("type", "value", "refs", "string")] == [
            said.get(key) for key in ("type", "value", "refs", "string")
        ]


@pytest.mark.skipif(javarosa.lacking() is not None, reason=f"JavaRosa cannot be asked: {javarosa.lacking()}")
@pytest.mark.parametrize(
    ("document", "seed", "zone"), [("document", 1, "America/Phoenix"), ("form", 2, "Asia/Ho_Chi_Minh")]
)
def test_expressions_made_at_random_give_what_a_phone_gives(document: str, seed: int, zone: str):
    made = [{"doc": document, "node": node, "expr": source} for node, source in expressions(seed, 2000)]
    rows = [
        row
        for row in asked(made, DOCUMENTS, zone)
        # the jar of pyxform has no Bouncy Castle, which Collect has: seeds that are texts cannot be asked
        if "NoClassDefFoundError" not in row["javarosa"].get("error", "")
    ]
    outcomes = list(judge(rows, read_documents(DOCUMENTS)))
    assert unexplained(outcomes) == []
    assert len([each for each in outcomes if not each.reason]) >= 0.995 * len(outcomes) > 1900
