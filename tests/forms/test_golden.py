"""Forms from the field, damaged on purpose, judged by two engines (JavaRosa 5.1, ODK Web Forms 0.22): do we agree?

The archive stands in the folder that THONBAN_VECTORS names; without it these tests are skipped.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import tarfile
from functools import cache
from pathlib import Path

import pytest

from forms.definition import FormDefinition
from forms.errors import DefinitionError
from forms.evaluate import JudgeContext
from forms.instance import read_instance
from forms.parse import parse_form
from forms.validate import judge
from forms.xpath.values import Node

FOLDER = os.environ.get("THONBAN_VECTORS", "")
ARCHIVE = Path(FOLDER) / "golden.tar.gz"

pytestmark = pytest.mark.skipif(not FOLDER or not ARCHIVE.is_file(), reason="THONBAN_VECTORS names no golden.tar.gz")

# the day on which the engines were asked: rules with today() depend on it
MEASURED = dt.datetime(2026, 11, 7, 12, tzinfo=dt.UTC)

# refused since a label of an entity is the word E1 instead of a formula: a path to nothing, empty on phones
UNQUOTED = 19


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder / "golden"


@pytest.fixture(scope="module")
def forms(golden: Path):
    @cache
    def form(name: str) -> FormDefinition:
        return parse_form((golden / "forms" / name).read_bytes(), strict=False)

    return form


def cases(golden: Path, name: str):
    with (golden / name).open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def plain(path: str) -> str:
    return path.replace("[1]", "")


def irrelevant(node: Node) -> set[str]:
    found: set[str] = set()
    for child in node.children:
        if not child.relevant:
            found.add(plain(child.path()))
        found |= irrelevant(child)
    return found


def every(node: Node) -> set[str]:
    return {plain(node.path())}.union(*(every(child) for child in node.children))


def verdict(form: FormDefinition, instance: str, wanted: set[tuple[str, str]]) -> tuple[bool, Node]:
    """Whether we find what the engines found.

    What they say is required because they lost an unreadable answer or an unlisted choice, we call type and choice;
    required of a node that was not sent is a warning of ours, on which the engines differ.
    """
    read = read_instance(instance.encode())
    found = judge(form, read, JudgeContext(now=MEASURED))
    lost = {plain(each.path) for each in found if each.kind in ("type", "choice")}
    unsure = {(plain(each.path), each.kind) for each in found if each.severity == "warning"}
    ours = {(plain(each.path), each.kind) for each in found if each.severity == "error"}
    ours = {each for each in ours if each[1] in ("required", "constraint")} | (unsure & wanted)
    return ours == {each for each in wanted if each[1] != "required" or each[0] not in lost}, read.root


def test_every_form_of_the_field_can_be_used(golden, forms):
    names = sorted(path.name for path in (golden / "forms").iterdir())
    assert len(names) == 396
    assert all(forms(name).form_id or forms(name).root.name for name in names)


def test_forms_refused_for_paths_to_nothing_are_few(golden):
    refused = []
    for path in sorted((golden / "forms").iterdir()):
        try:
            parse_form(path.read_bytes())
        except DefinitionError as error:
            refused.append(error.code)
    assert refused == ["definition.unknown_path"] * UNQUOTED


def test_damaged_submissions_are_judged_as_both_engines_judge_them(golden, forms):
    total = agreed = 0
    for case in cases(golden, "cases.jsonl"):
        wanted = {(plain(path), kind) for path, kind in case["violations"]}
        same, _ = verdict(forms(case["form"]), case["instance"], wanted)
        total += 1
        agreed += same
    assert (agreed, total) == (3299, 3299)


def test_relevance_is_as_both_engines_say(golden, forms):
    total = agreed = 0
    for case in cases(golden, "cases.jsonl"):
        if case["relevance_agreed"]:
            _, root = verdict(forms(case["form"]), case["instance"], set())
            hidden = {plain(path) for path in case["irrelevant"]} & every(root)
            total += 1
            agreed += hidden == irrelevant(root)
    assert (agreed, total) == (3264, 3264)


def test_where_the_engines_differ_we_side_with_the_phone(golden, forms):
    total = agreed = 0
    for case in cases(golden, "divergent.jsonl"):
        wanted = {(plain(path), kind) for path, kind in case["violations_javarosa"]}
        same, _ = verdict(forms(case["form"]), case["instance"], wanted)
        total += 1
        agreed += same
    assert (agreed, total) == (232, 232)
