"""Sheets that a real phone wrote, and three that were broken by hand: our findings are the phone's."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from forms.convert import convert
from forms.flatten import answers_of, find_answer
from forms.instance import read_instance
from forms.validate import judge
from tests.kit.village_criteria import BEFORE, VECTORS, context, definition, vectors

FORM = convert(files("forms").joinpath("library", "village_criteria.md").read_bytes(), "md").xml.decode()


@pytest.mark.parametrize("case", vectors(), ids=lambda case: str(case["file"]))
def test_findings_are_those_the_phone_names(case: dict[str, object]) -> None:
    instance = read_instance((VECTORS / str(case["file"])).read_bytes())
    findings = judge(definition(), instance, context())
    errors = [{"kind": f.kind, "path": f.path} for f in findings if f.severity == "error"]
    assert errors == case["findings"], findings
    for finding in findings:
        if finding.severity == "error":
            assert set(finding.message) == {"Tiếng Việt (vi)", "English (en)"}


@pytest.mark.parametrize("case", vectors(), ids=lambda case: str(case["file"]))
def test_no_calculation_differs_from_the_phone(case: dict[str, object]) -> None:
    if "edits" in case:
        return
    instance = read_instance((VECTORS / str(case["file"])).read_bytes())
    assert [f for f in judge(definition(), instance, context()) if f.kind == "calculation"] == []


def before() -> list[dict[str, Any]]:
    """Sheets of a round after one whose answers the list of villages brings."""
    cases: list[dict[str, Any]] = json.loads(BEFORE.read_text(encoding="utf-8"))
    return cases


@pytest.mark.parametrize("case", before(), ids=lambda case: str(case["file"]))
def test_a_block_is_as_in_the_round_before_only_where_that_was_said_and_still_holds(case: dict[str, Any]) -> None:
    instance = read_instance((VECTORS / case["file"]).read_bytes())
    typed = answers_of(definition(), instance)
    said = {field.name: find_answer(typed, path) for path, field in definition().fields.items()}
    shown = {name: "" if said[name] is None else f"{said[name]}" for name in case["says"]}
    assert shown == case["says"]
    assert [f for f in judge(definition(), instance, context("media_before")) if f.severity != "info"] == []
    assert [f for f in judge(definition(), instance, context("media_before")) if f.kind == "calculation"] == []


def test_without_an_earlier_round_nothing_new_is_asked() -> None:
    own = {"nhu_truoc_dan_so", "nhu_truoc_ngheo", "nhu_truoc_duong", "nhu_truoc_ntm", "nhu_truoc_song"}
    assert own <= {field.name for field in definition().fields.values()}
    for case in vectors():
        text = (VECTORS / str(case["file"])).read_text(encoding="utf-8")
        assert "<nhu_truoc_" not in text


def test_there_are_at_most_twelve_screens_before_the_photos_and_answers_stay_where_they_were() -> None:
    body = FORM.partition("<h:body>")[2].partition('ref="/data/anh_duong"')[0]
    screens = re.findall(r'<group appearance="field-list">(.*?)</group>', body, re.DOTALL)
    outside = re.sub(r"<group .*?</group>", "", body, flags=re.DOTALL)
    alone = re.findall(r"<(?:input|select1|select|upload) ", outside)
    assert len(screens) + len(alone) <= 12
    assert all(len(re.findall(r"<(?:input|select1) ", screen)) <= 5 for screen in screens)
    paths = {path for path, field in definition().fields.items() if field.name in ("tong_ho", "song_di_dong", "xa")}
    assert paths == {"/data/tong_ho", "/data/song_di_dong", "/data/xa"}


def test_poor_households_are_offered_under_their_own_standard_alone() -> None:
    binds = re.findall(r'<bind nodeset="/data/(?:nhu_truoc_ngheo|ho_ngheo|ho_can_ngheo|ho_ngheo_dtts)"[^>]*>', FORM)
    assert len(binds) == 4
    assert all("truoc_chuan_ngheo" in bind for bind in binds)
    emptied = re.findall(r'<select1 ref="/data/chuan_ngheo">.*?</select1>', FORM, re.DOTALL)[0]
    assert {"/data/ho_ngheo", "/data/ho_can_ngheo", "/data/ho_ngheo_dtts"} <= set(re.findall(r'ref="([^"]+)"', emptied))
