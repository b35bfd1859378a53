"""How a phone reads an answer again. Measured: JavaRosa 5.1, zone Asia/Ho_Chi_Minh."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from forms.parse import parse_form
from forms.reading import read_again
from tests.forms.village import NOON

NOW = NOON.astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
MEASURED: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "int": (("+5", "5", True), ("-0", "0", True), ("2147483648", "", False), ("00012", "12", True), ("5.0", "", False)),
    "decimal": (
        ("NaN", "NaN", True),
        ("-Infinity", "-Infinity", True),
        ("1E400", "Infinity", True),
        ("1e3", "1000.0", True),
        ("1.5f", "1.5", True),
        (".5", "0.5", True),
        ("5.", "5.0", True),
        ("-0.0", "-0.0", True),
        ("0", "0.0", True),
        ("12345678.9", "1.23456789E7", True),
        ("1e-5", "1.0E-5", True),
        ("nan", "", False),
        ("1,5", "", False),
    ),
    "boolean": (("1", "1", True), ("t", "1", True), ("true", "0", True), ("abc", "0", True)),
    "date": (("2020-1-1", "2020-01-01", True), ("2019-02-29", "", False), ("2020-01-01T10:00", "", False)),
    "dateTime": (
        ("2020-01-01", "2020-01-01T00:00:00.000+07:00", True),
        ("2020-01-01T10:00:00.5+09:00", "2020-01-01T08:00:00.500+07:00", True),
        ("2020-01-01T09:42:32.294+07:00", "2020-01-01T09:42:32.293+07:00", True),
        ("1970-01-01T00:00:00.000+07:00", "1970-01-01T01:00:00.000+08:00", True),
        ("2020-01-01T24:00:00", "", False),
        ("2020-01-01 10:00", "", False),
    ),
    "time": (("7:3", "07:03:00.000+07:00", True), ("01:00:00+09:00", "23:00:00.000+07:00", True), ("24:00", "", False)),
    "geopoint": (
        ("1", "1.0 0.0 0.0 0.0", True),
        ("1e1 2", "10.0 2.0 0.0 0.0", True),
        ("0 0", "", True),
        ("-0.0 0", "", True),
        ("1 2 3 4 5", "", False),
        ("1,2", "", False),
        ("1 2; 3 4", "", False),
    ),
    "geotrace": (
        ("1 2;3 4", "1.0 2.0 0.0 0.0; 3.0 4.0 0.0 0.0", True),
        ("1 2;", "1.0 2.0 0.0 0.0", True),
        ("a", "", False),
    ),
    "string": (("a  b", "a  b", True),),
}


@pytest.mark.parametrize("kind", MEASURED)
def test_as_a_phone_reads_and_writes(kind):
    xml = f"""<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>x</h:title>
      <model><instance><data id="x"><a/></data></instance><bind nodeset="/data/a" type="{kind}"/></model></h:head>
      <h:body><input ref="/data/a"><label>A</label></input></h:body></h:html>"""
    plan = parse_form(xml.encode()).plan.root.children["a"]
    found = {
        text: (written, readable)
        for text, _, _ in MEASURED[kind]
        for written, _, readable in [read_again(text, plan, NOW)]
    }
    assert found == {text: (written, readable) for text, written, readable in MEASURED[kind]}
