"""What the server says of a submission, case by case: the truth table of forms.validate."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from forms.evaluate import JudgeContext
from forms.instance import read_instance
from forms.parse import parse_form
from forms.validate import judge
from tests.forms.village import HANOI, NOON, VILLAGES, findings_of, form, said, submission


def test_a_good_submission_gives_no_finding_but_its_name():
    assert said(findings_of()) == set()


TABLE = [
    # the answers that are changed                       what is found
    ("required question empty", {"xa": "", "thon": ""}, {("required", "xa", "error")}),
    ("only blanks", {"ho/tong_ho": "  ", "ho/ho_ngheo": ""}, {("required", "ho/tong_ho", "error")}),
    ("no number", {"ho/tong_ho": "nhiều", "ho/ho_ngheo": ""}, {("type", "ho/tong_ho", "error")}),
    ("a fraction of a household", {"ho/tong_ho": "1.5", "ho/ho_ngheo": ""}, {("type", "ho/tong_ho", "error")}),
    ("too many digits", {"ho/tong_ho": "99999999999", "ho/ho_ngheo": ""}, {("type", "ho/tong_ho", "error")}),
    ("no date", {"ngay_chot": "hôm qua"}, {("type", "ngay_chot", "error")}),
    ("the 30th of February", {"ngay_chot": "2026-02-30"}, {("type", "ngay_chot", "error")}),
    ("no position", {"toa_do": "21.1"}, {("type", "toa_do", "error")}),
    ("constraint", {"ho/tong_ho": "0", "ho/ho_ngheo": ""}, {("constraint", "ho/tong_ho", "error")}),
    ("constraint on another answer", {"ho/ho_ngheo": "121"}, {("constraint", "ho/ho_ngheo", "error")}),
    ("constraint is not asked of nothing", {"ngay_chot": ""}, set()),
    ("a day to come", {"ngay_chot": "2026-03-11"}, {("constraint", "ngay_chot", "error")}),
    ("no such choice", {"xa": "ha_noi", "thon": ""}, {("choice", "xa", "error")}),
    ("a choice of another commune", {"thon": "khe_va"}, {("choice", "thon", "error")}),
    ("outside the range", {"hai_long": "6"}, {("range", "hai_long", "error")}),
    ("an answer where none was asked", {"ho/tong_ho": ""}, {
        ("required", "ho/tong_ho", "error"), ("relevance", "ho/ho_ngheo", "warning")}),
    ("irrelevant and empty", {"ho/tong_ho": "", "ho/ho_ngheo": ""}, {("required", "ho/tong_ho", "error")}),
    ("irrelevant and left out", {"ho/tong_ho": "", "ho/ho_ngheo": None}, {("required", "ho/tong_ho", "error")}),
    ("left out", {"ngay_chot": None}, {("missing-node", "ngay_chot", "warning")}),
    ("required and left out", {"xa": None, "thon": ""}, {
        ("missing-node", "xa", "warning"), ("required", "xa", "warning")}),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_truth_table(changed, expected):
    assert said(findings_of(changed)) == expected


def test_each_row_of_a_repeat_is_judged_for_itself():
    roads = [
        {"ten_duong": "Trục thôn", "dai": "1.2", "mat_duong": ""},
        {"ten_duong": "", "dai": "-1", "mat_duong": "nhua"},
    ]
    assert said(findings_of(roads=roads)) == {
        ("required", "duong[2]/ten_duong", "error"),
        ("constraint", "duong[2]/dai", "error"),
        ("choice", "duong[2]/mat_duong", "error"),
    }


def test_of_several_choices_the_wrong_ones_are_named():
    roads = [{"ten_duong": "a", "dai": "", "mat_duong": "dat nhua da"}]
    (found,) = [each for each in findings_of(roads=roads) if each.kind == "choice"]
    assert found.params["names"] == "nhua da"
    assert found.value == "dat nhua da"


def test_the_form_speaks_in_its_own_words_with_the_answers_in_them():
    (found,) = [each for each in findings_of({"ho/ho_ngheo": "121"}) if each.kind == "constraint"]
    assert found.message == {"Tiếng Việt (vi)": "Không thể hơn 120 hộ", "English (en)": "Cannot be more than 120"}
    (found,) = findings_of({"xa": "", "thon": ""})[:1]
    assert found.message["English (en)"] == "Which commune?"


def test_a_calculation_that_differs_is_information_and_compared_by_value():
    assert [
        each
        for each in findings_of({"ho/ty_le": "0.34166666666666667"})
        if each.kind == "calculation" and "ty_le" in each.path
    ] == []
    (found,) = [each for each in findings_of({"ho/ty_le": "0.5"}) if "ty_le" in each.path]
    assert (found.kind, found.severity, found.value) == ("calculation", "info", "0.5")
    assert str(found.params["calculated"]).startswith("0.341666")


def test_what_was_sent_stays_as_it_was_sent():
    instance = submission({"ho/ty_le": "0.5"})
    judge(form(), instance, JudgeContext(now=NOON))
    assert instance.root.child("ho").child("ty_le").text == "0.5"


def test_nodes_of_no_field_are_told_and_harm_nothing():
    xml = b'<data id="thon_mau"><xa>ban_sen</xa><xa>dai_binh</xa><la>1</la></data>'
    found = {(each.kind, each.severity) for each in judge(form(), read_instance(xml), JudgeContext(now=NOON))}
    assert ("unknown-node", "info") in found
    assert ("duplicate", "warning") in found


def test_another_root_cannot_be_judged():
    (found,) = judge(form(), read_instance(b'<khac id="thon_mau"/>'), JudgeContext(now=NOON))
    assert (found.kind, found.severity) == ("unreadable", "error")


def test_an_encrypted_submission_is_not_judged():
    (found,) = judge(form(), read_instance(b'<data id="thon_mau" encrypted="yes"/>'), JudgeContext(now=NOON))
    assert (found.kind, found.severity) == ("not-evaluable", "info")


def test_today_is_the_phones_day_not_the_servers():
    # 23:30 UTC on the 9th is already the 10th in the village
    server = JudgeContext(now=dt.datetime(2026, 3, 9, 23, 30, tzinfo=dt.UTC))
    sent = {"start": "2026-03-10T06:00:00.000+07:00", "end": "2026-03-10T06:10:00.000+07:00", "ngay_chot": "2026-03-10"}
    assert said(findings_of(sent, context=server)) == set()
    assert ("constraint", "ngay_chot", "error") in said(findings_of({**sent, "start": "", "end": ""}, context=server))


def test_a_submission_that_comes_days_later_is_judged_by_its_own_day():
    late = JudgeContext(now=NOON + dt.timedelta(days=9))
    assert ("constraint", "ngay_chot", "error") in said(findings_of({"ngay_chot": "2026-03-12"}, context=late))


def test_a_phone_whose_clock_is_ahead_is_judged_by_the_servers_day():
    ahead = {"end": "2031-01-01T00:00:00.000+07:00", "ngay_chot": "2030-12-31"}
    assert ("constraint", "ngay_chot", "error") in said(findings_of(ahead))


FROM_FILE = """
| survey |
| | type | name | label | choice_filter | calculation |
| | text | xa | Xã | | |
| | select_one_from_file villages.csv | thon | Thôn | commune = ${xa} | |
| | calculate | ten | | | instance('villages')/root/item[name = ${thon}]/label |
| | calculate | tra | | | pulldata('villages', 'label', 'name', ${thon}) |
"""


def _from_file(commune: str, village: str, ten: str = "Nà San") -> bytes:
    return (
        f'<data id="mau"><xa>{commune}</xa><thon>{village}</thon><ten>{ten}</ten><tra>{ten}</tra>'
        "<meta><instanceID>uuid:1</instanceID></meta></data>"
    ).encode()


@pytest.mark.parametrize(
    ("commune", "village", "tables", "expected"),
    [
        ("ban_sen", "na_san", True, []),
        ("dai_binh", "na_san", True, ["choice"]),
        ("ban_sen", "khong_co", True, ["choice"]),
        ("dai_binh", "na_san", False, []),
    ],
    ids=["its village", "village of another commune", "no such village", "the table is not at hand"],
)
def test_choices_from_a_table(commune, village, tables, expected):
    context = JudgeContext(now=NOON, tables={"villages.csv": VILLAGES} if tables else {})
    found = judge(form(FROM_FILE), read_instance(_from_file(commune, village)), context)
    assert [each.kind for each in found if each.severity == "error"] == expected
    if not tables:
        assert {(each.kind, each.severity, each.params["rule"], each.params["reason"]) for each in found} == {
            ("not-evaluated", "warning", "choice_filter", "villages.csv"),
            ("not-evaluated", "warning", "calculation", "villages.csv"),
        }


def test_lookups_in_a_table_are_made_again():
    context = JudgeContext(now=NOON, tables={"villages.csv": VILLAGES})
    assert judge(form(FROM_FILE), read_instance(_from_file("ban_sen", "na_san")), context) == ()
    wrong = judge(form(FROM_FILE), read_instance(_from_file("ban_sen", "na_san", "Khe Và")), context)
    assert [(each.kind, each.params["calculated"]) for each in wrong] == [("calculation", "Nà San")] * 2


NESTED = """
| survey |
| | type | name | label | relevant | calculation | required |
| | select_one yn | co | Có? | | | |
| | begin_group | nhom | Nhóm | ${co} = 'co' | | |
| | begin_repeat | nguoi | Người | | | |
| | integer | tuoi | Tuổi | | | yes |
| | text | truong | Trường | ${tuoi} < 18 | | yes |
| | end_repeat | | | | | |
| | end_group | | | | | |
| | calculate | dem | | | count(${nguoi}) | |
| | note | tre | Trẻ em | sum(${tuoi}) < 10 | | |
| choices |
| | list_name | name | label |
| | yn | co | Có |
| | yn | khong | Không |
"""


def test_relevance_goes_down_groups_and_repeats():
    rows = "<nguoi><tuoi>7</tuoi><truong/></nguoi><nguoi><tuoi>40</tuoi><truong>x</truong></nguoi>"
    xml = f'<data id="mau"><co>%s</co><nhom>{rows}</nhom><dem>%s</dem><tre/><meta><instanceID/></meta></data>'
    context = JudgeContext(now=NOON)
    shown = judge(form(NESTED), read_instance((xml % ("co", "2")).encode()), context)
    assert [(each.kind, each.path) for each in shown] == [
        ("required", "/data/nhom/nguoi[1]/truong"),
        ("relevance", "/data/nhom/nguoi[2]/truong"),
    ]
    hidden = judge(form(NESTED), read_instance((xml % ("khong", "2")).encode()), context)
    assert {(each.kind, each.severity) for each in hidden} == {("relevance", "warning"), ("calculation", "info")}
    assert [each.params["calculated"] for each in hidden if each.kind == "calculation"] == ["0"]


def test_the_same_definition_judges_for_many_and_keeps_nothing():
    before = said(findings_of({"xa": ""}))
    findings_of()
    assert said(findings_of({"xa": ""})) == before


def test_judging_never_raises_whatever_the_answers_say():
    awkward = [
        "",
        " ",
        "0",
        "-1",
        "1e400",
        "9" * 400,
        "2026-13-45",
        "Đặng <&>".replace("<", "&lt;").replace("&>", "&amp;>"),
        "21 107 ; ; x",
        "\u202e",
        "T",
        ":",
        "NaN",
    ]
    for text in awkward:
        changed = dict.fromkeys(("start", "end", "xa", "thon", "ngay_chot", "ho/tong_ho", "toa_do", "hai_long"), text)
        assert isinstance(findings_of(changed, roads=[{"ten_duong": text, "dai": text, "mat_duong": text}]), tuple)


def test_the_zone_comes_from_the_submission():
    assert NOON.tzinfo is HANOI
    definition = parse_form(form_xml("decimal-date-time(.) &gt; 0"))
    xml = b'<data id="mau"><end>2026-03-10T08:20:00.000-05:00</end><q>2026-03-10</q></data>'
    assert judge(definition, read_instance(xml), JudgeContext(now=NOON)) == ()


def form_xml(constraint: str) -> bytes:
    return f"""<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
      xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>m</h:title><model>
      <instance><data id="mau"><end/><q/></data></instance>
      <bind nodeset="/data/end" type="dateTime" jr:preload="timestamp" jr:preloadParams="end"/>
      <bind nodeset="/data/q" type="date" constraint="{constraint}"/></model></h:head>
      <h:body><input ref="/data/q"><label>q</label></input></h:body></h:html>""".encode()


def test_threads_share_one_definition():
    asked = [
        ({"xa": "", "thon": ""}, {("required", "xa", "error")}),
        ({}, set()),
        ({"thon": "khe_va"}, {("choice", "thon", "error")}),
    ]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: said(findings_of(asked[number % 3][0])), range(120)))
    assert answers == [asked[number % 3][1] for number in range(120)]
