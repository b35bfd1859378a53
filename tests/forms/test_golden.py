"""Forms from the field, damaged on purpose, judged by two engines (JavaRosa 5.1, ODK Web Forms 0.22): do we agree?

The archive stands in the folder that THONBAN_VECTORS names; without it these tests are skipped. `make golden` prints
the same comparison, each difference with its reason.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from forms.errors import DefinitionError
from forms.parse import parse_form
from tests.kit.golden import Golden, Verdict, compare, open_archive

FOLDER = os.environ.get("THONBAN_VECTORS", "")
ARCHIVE = Path(FOLDER) / "golden.tar.gz"

pytestmark = pytest.mark.skipif(not FOLDER or not ARCHIVE.is_file(), reason="THONBAN_VECTORS names no golden.tar.gz")

# refused since a label of an entity is the word E1 instead of a formula, and one readonly rule reads ./status for
# ../status: paths to nothing, empty on phones
UNQUOTED = 20

Compared = tuple[list[Verdict], Counter[tuple[str, bool]]]


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Golden:
    return Golden(open_archive(ARCHIVE, tmp_path_factory.mktemp("golden")))


@pytest.fixture(scope="module")
def agreed(golden: Golden) -> Compared:
    return compare(golden, "cases.jsonl")


def test_every_form_of_the_field_can_be_used(golden: Golden) -> None:
    names = sorted(path.name for path in (golden.folder / "forms").iterdir())
    assert len(names) == 396
    assert all(golden.form(name).form_id or golden.form(name).root.name for name in names)


def test_forms_refused_for_paths_to_nothing_are_few(golden: Golden) -> None:
    refused = []
    for path in sorted((golden.folder / "forms").iterdir()):
        try:
            parse_form(path.read_bytes())
        except DefinitionError as error:
            refused.append(error.code)
    assert refused == ["definition.unknown_path"] * UNQUOTED


def test_damaged_submissions_are_judged_as_both_engines_judge_them(agreed: Compared) -> None:
    _, counts = agreed
    assert (counts["violations", True], counts["violations", False]) == (3299, 0)


@pytest.mark.parametrize(
    ("aspect", "matched", "total"), [("types", 3298, 3299), ("choices", 3294, 3299), ("relevance", 3263, 3264)]
)
def test_types_choices_and_relevance_are_as_the_phone_says(
    agreed: Compared, aspect: str, matched: int, total: int
) -> None:
    _, counts = agreed
    assert (counts[aspect, True], counts[aspect, True] + counts[aspect, False]) == (matched, total)


def test_every_difference_has_its_reason(agreed: Compared) -> None:
    verdicts, _ = agreed
    assert Counter(each.reason.partition(":")[0] for each in verdicts if each.differs) == {
        "a list that Collect looks up with search()": 5,
        "rests on the last saved submission, which stays on the phone": 2,
    }


def test_where_the_engines_differ_we_side_with_the_phone(golden: Golden) -> None:
    _, counts = compare(golden, "divergent.jsonl")
    assert (counts["all", True], counts["all", False]) == (232, 0)
