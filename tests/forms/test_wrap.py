"""What a calculation leaves in its node. Measured: JavaRosa 5.1, zone Asia/Ho_Chi_Minh."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from forms.evaluate import JudgeContext
from forms.instance import read_instance
from forms.validate import judge
from forms.wrap import written
from tests.forms.village import HANOI, NOON, form

DAY = dt.datetime(2024, 2, 29, tzinfo=HANOI)


@pytest.mark.parametrize(
    ("value", "kind", "text", "type_"),
    [
        ("", "string", "", "string"),
        (math.nan, "string", "", "string"),
        (math.nan, "decimal", "", "decimal"),
        (True, "string", "1", "boolean"),
        (False, "int", "0", "boolean"),
        ("x", "boolean", "1", "boolean"),
        (3.0, "string", "3", "decimal"),
        (3.0, "decimal", "3", "decimal"),
        (2.9, "int", "2", "int"),
        (39e9, "int", "2147483647", "int"),
        (39e9, "string", "39000000000", "decimal"),
        (1 / 3, "string", "0.3333333333333333", "decimal"),
        (1e-10, "string", "0", "decimal"),
        (math.inf, "int", "2147483647", "int"),
        (math.inf, "decimal", "Infinity", "double"),
        (-math.inf, "string", "-Infinity", "double"),
        (DAY, "date", "2024-02-29", "date"),
        (DAY, "string", "2024-02-29T00:00:00.000+07:00", "dateTime"),
        (DAY, "time", "00:00:00.000+07:00", "time"),
        ("abc", "int", "abc", "string"),
        ("2024-02-30", "date", "2024-02-30", "string"),
        ("10.5 106.5", "geopoint", "10.5 106.5 0.0 0.0", "geopoint"),
    ],
)
def test_what_a_value_becomes(value, kind, text, type_):
    assert written(value, kind, NOON) == (text, type_)


FLAGS = """
| survey |
| | type | name | label | relevant | calculation | required |
| | integer | a | A |
| | calculate | lon | | | ${a} > 5 |
| | calculate | dem | | | ${a} - 6 |
| | calculate | moc | | | date('2020-01-01') |
| | text | khi_lon | Why large? | ${lon} |
| | text | khi_nho | Why small? | not(${lon}) |
| | text | khi_dem | Why counted? | ${dem} |
| | text | khi_moc | Why late? | ${moc} > date('2019-06-01') |
| settings |
| | form_title | form_id |
| | Cờ | co |
"""


@pytest.mark.parametrize(("a", "wrong"), [("6", {"khi_nho", "khi_dem"}), ("3", {"khi_lon"}), ("9", {"khi_nho"})])
def test_the_next_rule_sees_the_value_and_not_its_text(a, wrong):
    sent = f"<data id='co'><a>{a}</a><lon>{int(a != '3')}</lon><dem>{int(a) - 6}</dem><moc>2020-01-01</moc>"
    sent += "".join(f"<{name}>x</{name}>" for name in ("khi_lon", "khi_nho", "khi_dem", "khi_moc")) + "</data>"
    found = judge(form(FLAGS), read_instance(sent.encode()), JudgeContext(now=NOON))
    assert {each.path.removeprefix("/data/") for each in found if each.kind == "relevance"} == wrong
    assert {each.kind for each in found} <= {"relevance", "missing-node"}
