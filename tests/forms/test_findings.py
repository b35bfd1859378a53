"""Findings beyond the truth table: what a phone loses, rows, entity blocks, rules that cannot be evaluated."""

from __future__ import annotations

import re

import pytest

from forms.errors import KINDS, Finding, expected_of
from forms.evaluate import JudgeContext
from forms.instance import read_instance
from forms.parse import parse_form, table_from_csv
from forms.validate import judge
from forms.xpath.values import Node
from tests.forms.village import NOON, form
from tests.kit.source import ROOT

HEAD = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
  xmlns:jr="http://openrosa.org/javarosa" xmlns:entities="http://www.opendatakit.org/xforms/entities">"""


def findings(source: str, answers: str, tables: dict[str, Node] | None = None) -> tuple[Finding, ...]:
    """What a form, in Markdown or as the inside of an XForm, says of the inside of a submission."""
    definition = form(source) if source.lstrip().startswith("|") else parse_form(f"{HEAD}{source}</h:html>".encode())
    sent = f'<data id="mau">{answers}<meta><instanceID>uuid:1</instanceID></meta></data>'
    return judge(definition, read_instance(sent.encode()), JudgeContext(now=NOON, tables=tables or {}))


def short(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(each.kind, each.path.removeprefix("/data/")) for each in found]


LOSSES = """
<h:head><h:title>m</h:title><model><instance><data id="mau"><gioi/><mon/><hoi/><noi/><meta><instanceID/></meta></data></instance>
<bind nodeset="/data/gioi" type="select1"/><bind nodeset="/data/mon" type="select"/>
<bind nodeset="/data/hoi" relevant="/data/gioi = 'nu'"/>
<bind nodeset="/data/noi" calculate="concat('[', /data/gioi, ' ', /data/mon, ']')"/></model></h:head>
<h:body><select1 ref="/data/gioi"><item><label>Nam</label><value>nam</value></item><item><label>Nữ</label><value>nu</value></item></select1>
<select ref="/data/mon"><item><label>A</label><value>a</value></item><item><label>B</label><value>b</value></item></select>
<input ref="/data/hoi"/></h:body>"""  # noqa: E501


def test_choices_that_are_not_in_the_body_are_lost_to_every_expression():
    found = findings(LOSSES, "<gioi>khac</gioi><mon>a x b</mon><hoi>?</hoi><noi>[khac a x b]</noi>")
    assert [(each.kind, each.value, each.params) for each in found] == [
        ("choice", "khac", {"names": "khac"}),
        ("choice", "a x b", {"names": "x"}),
        ("relevance", "?", {"expression": "/data/gioi = 'nu'"}),
        ("calculation", "[khac a x b]", {"calculated": "[ a b]"}),
    ]


def test_blanks_around_an_answer_fall_away_and_the_answer_stays_as_it_was_sent():
    sent = read_instance(b'<data id="mau"><gioi> nu </gioi><mon>\n a  b </mon><hoi/><noi>[nu a  b]</noi></data>')
    found = judge(parse_form(f"{HEAD}{LOSSES}</h:html>".encode()), sent, JudgeContext(now=NOON))
    assert found == ()
    assert [child.text for child in sent.root.children] == [" nu ", "\n a  b ", "", "[nu a  b]"]


CASCADE = """
| survey |
| | type | name | label | choice_filter | required |
| | select_one tinh | tinh | Tỉnh | | |
| | select_one xa | xa | Xã | tinh = ${tinh} | |
| | select_one thon | thon | Thôn | xa = ${xa} | |
| choices |
| | list_name | name | label | tinh | xa |
| | tinh | qn | Quảng Ninh | | |
| | tinh | hp | Hải Phòng | | |
| | xa | ban_sen | Bản Sen | qn | |
| | thon | na_san | Nà San | | ban_sen |
"""


def test_an_answer_outside_its_list_offers_nothing_to_the_lists_below():
    assert findings(CASCADE, "<tinh>qn</tinh><xa>ban_sen</xa><thon>na_san</thon>") == ()
    found = findings(CASCADE, "<tinh>hp</tinh><xa>ban_sen</xa><thon>na_san</thon>")
    assert short(found) == [("choice", "xa"), ("choice", "thon")]
    assert str(found[0].params["expression"]).startswith("instance('xa')/root/item[tinh")


COUNTED = """
| survey |
| | type | name | label | repeat_count | relevant |
| | integer | so | Số người | | |
| | begin_repeat | nguoi | Người | ${so} | ${so} > 0 |
| | text | ten | Tên | | |
| | end_repeat | | | | |
"""


@pytest.mark.parametrize(
    ("so", "rows", "told"),
    [("2", 2, None), ("3", 2, (3, 2)), ("1", 2, (1, 2)), ("", 0, None), ("2", 0, (2, 0)), ("-1", 0, None)],
)  # fmt: skip
def test_a_repeat_has_as_many_rows_as_its_count_says(so, rows, told):
    found = [
        each
        for each in findings(COUNTED, f"<so>{so}</so><nguoi_count>{so}</nguoi_count>{'<nguoi><ten/></nguoi>' * rows}")
        if each.kind == "repeat-count"
    ]
    assert [(each.params["expected"], each.params["rows"]) for each in found] == ([told] if told else [])
    assert all(each.path == "/data/nguoi" and each.severity == "warning" for each in found)


def test_of_a_group_that_was_not_sent_the_required_questions_are_told_too():
    source = """
    | survey |
    | | type | name | label | required | relevant |
    | | text | a | A | | |
    | | begin_group | g | G | | ${a} = '1' |
    | | text | b | B | yes | |
    | | text | c | C | yes | ${a} = '2' |
    | | end_group | | | | |
    """
    assert short(findings(source, "<a>2</a>")) == []
    assert short(findings(source, "<a>1</a>")) == [("missing-node", "g"), ("required", "g/b")]


def test_of_a_group_that_does_not_apply_nothing_is_told_however_deep_it_goes():
    source = """
    | survey |
    | | type | name | label | required | relevant | calculation |
    | | text | a | A | | | |
    | | begin_group | g | G | | ${a} = '1' | |
    | | calculate | n | | | | if(${a} = '1', 3, 2) |
    | | begin_group | h | H | | | |
    | | text | b | B | yes | | |
    | | text | c | C | yes | ${a} != '1' | |
    | | calculate | m | | | | ${a} + 1 |
    | | calculate | p | | | | pulldata('khong_gui', 'x', 'name', ${a}) |
    | | end_group | | | | | |
    | | end_group | | | | | |
    """
    assert short(findings(source, "<a>2</a>")) == []
    hidden = "<a>2</a><g><n>2</n><h><b/></h></g>"
    assert short(findings(source, hidden)) == []
    told = short(findings(source, "<a>1</a>"))
    assert told == [
        ("missing-node", "g"),
        ("required", "g/h/b"),
        ("calculation", "g/n"),
        ("calculation", "g/h/m"),
        ("not-evaluated", "g/h/p"),
    ]


def test_a_calculation_with_blanks_around_it_is_what_it_was_sent_as():
    source = """
    | survey |
    | | type | name | label | calculation |
    | | text | a | A | |
    | | text | b | B | |
    | | calculate | c | | concat(${a}, ' – ', ${b}, ' ') |
    """
    assert short(findings(source, "<a/><b>x</b><c> – x </c>")) == []
    assert short(findings(source, "<a/><b>x</b><c>– x</c>")) == []
    assert short(findings(source, "<a>y</a><b>x</b><c> – x </c>")) == [("calculation", "c")]


ENTITIES = """
<h:head><h:title>m</h:title><model entities:entities-version="2024.1.0"><instance><data id="mau"><ten/>
<meta><instanceID/><entity dataset="ho" id="" create="" update="" baseVersion=""><label/></entity></meta></data>
</instance>
<bind nodeset="/data/ten" type="string" entities:saveto="ten"/>
<bind nodeset="/data/meta/entity/label" calculate="/data/ten"/>
</model></h:head><h:body><input ref="/data/ten"/></h:body>"""
ID = "3f687fc0-7033-4c26-b3fd-712ec1bd5c4d"


@pytest.mark.parametrize(
    ("attributes", "label", "problems"),
    [
        (f'dataset="ho" id="{ID}" create="1"', "Hộ A", []),
        (f'dataset="ho" id="uuid:{ID}" update="true" baseVersion="3"', "", []),
        ('dataset="ho" id="" create="" update=""', "", []),
        (f'dataset="thon" id="{ID}" create="1"', "A", [("@dataset", "dataset_unknown")]),
        ('dataset="ho" create="1"', "A", [("@id", "no_id")]),
        ('dataset="ho" id="7" create="1"', "A", [("@id", "bad_id")]),
        (f'dataset="ho" id="{ID}" create="1"', " ", [("label", "no_label")]),
        (f'dataset="ho" id="{ID}" update="1"', "A", [("@baseVersion", "no_base_version")]),
        (f'dataset="ho" id="{ID}" update="1" baseVersion="x"', "A", [("@baseVersion", "bad_base_version")]),
        (f'dataset="ho" id="{ID}" create="1" branchId="7"', "A", [("@branchId", "bad_branch")]),
        (f'dataset="ho" id="{ID}" create="1" trunkVersion="a"', "A", [("@trunkVersion", "bad_trunk_version")]),
    ],
)
def test_entity_blocks_are_checked(attributes, label, problems):
    sent = f'<data id="mau"><ten>{label}</ten><meta><entity {attributes}><label>{label}</label></entity></meta></data>'
    definition = parse_form(f"{HEAD}{ENTITIES}</h:html>".encode())
    found = [
        each
        for each in judge(definition, read_instance(sent.encode()), JudgeContext(now=NOON))
        if each.kind == "entity"
    ]
    assert [(each.path.rpartition("/")[2], each.params["problem"]) for each in found] == problems
    assert all(each.severity == "error" for each in found)


SEARCH = """
<h:head><h:title>m</h:title><model><instance><data id="mau"><loai/><qua/><meta><instanceID/></meta></data></instance>
<bind nodeset="/data/loai"/><bind nodeset="/data/qua" type="select1"/></model></h:head>
<h:body><input ref="/data/loai"/><select1 ref="/data/qua" appearance="minimal search('trai_cay', %s)">
<item><label>ten</label><value>ma</value></item><item><label>Không</label><value>0</value></item></select1></h:body>"""
FRUIT = {"trai_cay.csv": table_from_csv("ma,ten,vu\ncam,Cam sành,dong\nvai,Vải thiều,he\nnhan,Nhãn,he\n".encode())}


@pytest.mark.parametrize(
    ("arguments", "kind", "answer", "listed"),
    [
        ("'contains', 'ten', /data/loai", "thi", "vai", True),
        ("'contains', 'ten', /data/loai", "THI", "vai", True),
        ("'contains', 'ten', /data/loai", "thi", "cam", False),
        ("'matches', 'vu', /data/loai", "he", "nhan", True),
        ("'matches', 'vu', /data/loai", "h", "nhan", False),
        ("'startswith', 'ten', 'c', 'vu', /data/loai", "dong", "cam", True),
        ("'startswith', 'ten', 'c', 'vu', /data/loai", "he", "cam", False),
        ("'endswith', 'ten', 'nh'", "", "cam", True),
        ("'contains', 'ten', /data/loai", "thi", "0", True),
        ("'contains', 'ten', /data/loai", "thi", "ma", False),
    ],
)
def test_choices_that_collect_looks_up_by_search(arguments, kind, answer, listed):
    found = findings(SEARCH % arguments, f"<loai>{kind}</loai><qua>{answer}</qua>", FRUIT)
    assert short(found) == ([] if listed else [("choice", "qua")])


def test_a_search_without_its_file_is_not_evaluated():
    (found,) = findings(SEARCH % "'matches', 'ma', 'x'", "<loai/><qua>cam</qua>")
    assert (found.kind, found.params["reason"], found.params["rule"]) == (
        "not-evaluated",
        "trai_cay.csv",
        "choice_filter",
    )


EXTERNAL = """
<h:head><h:title>m</h:title><model><instance><data id="mau"><tinh/><xa/><meta><instanceID/></meta></data></instance>
<bind nodeset="/data/tinh"/><bind nodeset="/data/xa" type="string"/></model></h:head>
<h:body><input ref="/data/tinh"/><input ref="/data/xa" query="instance('xa')/root/item[tinh= /data/tinh ]"/></h:body>"""
ITEMSETS = table_from_csv(
    "list_name,name,label,tinh\nxa,ban_sen,Bản Sen,qn\nxa,an_lu,An Lư,hp\nthon,na_san,,qn\n".encode()
)


@pytest.mark.parametrize(
    ("province", "commune", "told"),
    [("qn", "ban_sen", []), ("hp", "ban_sen", ["choice"]), ("qn", "na_san", ["choice"]), ("hp", "", [])],
)
def test_choices_of_external_selects_stand_in_itemsets_csv(province, commune, told):
    found = findings(EXTERNAL, f"<tinh>{province}</tinh><xa>{commune}</xa>", {"itemsets.csv": ITEMSETS})
    assert [each.kind for each in found] == told
    without = findings(EXTERNAL, f"<tinh>{province}</tinh><xa>{commune}</xa>")
    assert [each.params["reason"] for each in without] == (["itemsets.csv"] if commune else [])


LAST = """
<h:head><h:title>m</h:title><model><instance><data id="mau"><a/><b/><meta><instanceID/></meta></data></instance>
<instance id="truoc" src="jr://instance/last-saved"/><bind nodeset="/data/a" type="int"
constraint=". &gt;= instance('truoc')/data/a"/>
<bind nodeset="/data/b" relevant="instance('truoc')/data/b = '1'"/></model></h:head>
<h:body><input ref="/data/a"/><input ref="/data/b"/></h:body>"""


def test_rules_on_the_last_saved_submission_are_not_evaluated_and_the_others_are():
    found = findings(LAST, "<a>x</a><b>1</b>")
    assert short(found) == [("type", "a"), ("not-evaluated", "b")]
    assert short(findings(LAST, "<a>1</a><b>1</b>")) == [("not-evaluated", "b"), ("not-evaluated", "a")]


def test_a_rule_at_which_the_phone_stops_is_a_finding_once_and_never_a_pass():
    source = """
    | survey |
    | | type | name | label | constraint | calculation |
    | | begin_repeat | r | R | | |
    | | integer | x | X | /data/r/x > 3 | |
    | | end_repeat | | | | |
    """
    found = findings(source, "<r><x>5</x></r><r><x>1</x></r><r><x>2</x></r>")
    stopped = [each for each in found if each.kind == "not-evaluated"]
    assert len(stopped) <= 1
    assert {each.kind for each in found} <= {"not-evaluated", "constraint"}
    assert found != ()


def test_every_kind_that_is_found_is_in_the_list_with_its_severity():
    found = [
        *findings(LOSSES, "<gioi>khac</gioi><mon/><hoi>?</hoi><noi>1</noi>"),
        *findings(COUNTED, "<so>3</so><so>3</so><nguoi_count>3</nguoi_count><la/>"),
        *findings(LAST, "<a>x</a><b>1</b>"),
    ]
    assert all(each.severity in KINDS[each.kind] for each in found)
    assert {each.kind for each in found} == {
        "choice", "relevance", "calculation", "repeat-count", "duplicate", "unknown-node", "type", "not-evaluated",
    }  # fmt: skip


def test_the_page_of_findings_tells_every_kind_with_its_severities():
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| ([a-z, ]+) \| .{20,} \|$", page, re.MULTILINE)
    assert {kind: tuple(severities.split(", ")) for kind, severities in rows} == KINDS


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"calculated": "3"}, "3"),
        ({"expected": 3, "rows": 2}, "3"),
        ({"type": "int"}, "int"),
        ({"start": 1, "end": 5}, "1 … 5"),
        ({"names": "x", "expression": "a = 1"}, "a = 1"),
        ({}, None),
    ],
)
def test_what_was_expected(params, expected):
    assert expected_of(params) == expected
