"""Sheets that a real phone wrote, and three that were broken by hand: our findings are the phone's."""

import pytest

from forms.instance import read_instance
from forms.validate import judge
from tests.kit.village_criteria import VECTORS, context, definition, vectors


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
