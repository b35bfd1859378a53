"""A form filled in without a screen, as a phone would."""

from __future__ import annotations

import datetime as dt

import pytest

from forms.calculate import fill
from forms.errors import InstanceError
from forms.evaluate import JudgeContext
from forms.flatten import answers_of
from forms.instance import read_instance
from forms.parse import parse_form
from forms.validate import judge
from tests.forms.village import NOON, VILLAGES, form

CONTEXT = JudgeContext(
    now=NOON, device_id="thonban:1", username="truong_thon", tables={"villages.csv": VILLAGES}, random=lambda: 0.5
)
ANSWERS = {
    "xa": "ban_sen",
    "thon": "na_san",
    "ngay_chot": dt.date(2026, 3, 9),
    "tong_ho": 120,
    "ho_ngheo": 41,
    "duong": [{"ten_duong": "Trục <thôn>", "dai": 1.5, "mat_duong": ["be_tong", "dat"]}, {"ten_duong": "Ngõ"}],
    "toa_do": (21.1, 107.3, 12.5, 4.8),
}


def filled(definition, answers):
    xml = fill(definition, answers, CONTEXT, instance_id="uuid:1")
    instance = read_instance(xml)
    findings = judge(definition, instance, CONTEXT)
    return xml.decode(), answers_of(definition, instance), findings


def test_the_village_form_filled_in_has_nothing_against_it():
    _, answers, findings = filled(form(), ANSWERS)
    assert findings == ()
    assert answers["ho"] == {"tong_ho": 120, "ho_ngheo": 41, "ty_le": "0.3416666666666667"}
    assert answers["duong"][0] == {"ten_duong": "Trục <thôn>", "dai": 1.5, "mat_duong": ["be_tong", "dat"]}
    assert len(answers["duong"]) == 2
    assert answers["toa_do"]["coordinates"] == [107.3, 21.1, 12.5]
    assert answers["start"] == answers["end"] == "2026-03-10T12:00:00.000+07:00"
    assert answers["deviceid"] == "thonban:1"
    assert answers["meta"] == {"instanceID": "uuid:1", "instanceName": "na_san 2026-03-09"}


def test_it_is_written_as_a_phone_writes_it():
    xml, _, _ = filled(form(), ANSWERS)
    assert xml.startswith("<?xml version='1.0' encoding='UTF-8' ?><data id=\"thon_mau\" version=\"7\" xmlns:")
    assert "<anh />" in xml
    assert "template" not in xml
    assert " xmlns=" not in xml


def test_irrelevant_nodes_are_left_out():
    xml, _, findings = filled(form(), {**ANSWERS, "tong_ho": 0, "ho_ngheo": None})
    assert "ho_ngheo" not in xml
    assert [(each.kind, each.path) for each in findings] == [("constraint", "/data/ho/tong_ho")]


def test_answers_may_stand_in_their_group_or_under_their_path():
    for answers in ({"ho": {"tong_ho": 5}}, {"/data/ho/tong_ho": 5}, {"tong_ho": 5}, {"/data/ho": {"tong_ho": 5}}):
        assert filled(form(), {"xa": "ban_sen", **answers})[1]["ho"]["tong_ho"] == 5


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"khong_co": 1}, "answers.unknown_field"),
        ({"duong": [{"khong_co": 1}]}, "answers.unknown_field"),
        ({"duong": {"ten_duong": "a"}}, "answers.not_a_list"),
        ({"ho": 5}, "answers.not_a_group"),
    ],
)
def test_answers_that_the_form_does_not_ask_for_are_refused(answers, code):
    with pytest.raises(InstanceError) as raised:
        fill(form(), answers, CONTEXT, instance_id="uuid:1")
    assert raised.value.code == code


COUNTED = """
| survey |
| | type | name | label | calculation | repeat_count | trigger | default | relevant |
| | integer | so | Số người | | | | | |
| | begin_repeat | nguoi | Người | | ${so} | | | |
| | text | ten | Tên | | | | chưa rõ | |
| | calculate | thu_tu | | position(..) | | | | |
| | begin_repeat | con | Con | | | | | |
| | text | ten_con | Tên con | | | | | |
| | end_repeat | | | | | | | |
| | end_repeat | | | | | | | |
| | calculate | luc_so | | concat('so ', ${so}) | | ${so} | | |
| | calculate | ma | | once(string-length(uuid())) | | | | |
| | calculate | tong | | sum(${thu_tu}) | | | | |
| | date | hom_nay | Hôm nay | | | | today() | |
| | text | an | Ẩn | | | | | ${tong} > 100 |
"""


def test_repeats_with_a_count_are_made_as_it_says():
    xml, answers, findings = filled(form(COUNTED), {"so": 3, "nguoi": [{"ten": "An", "con": [{"ten_con": "Bé"}]}]})
    assert findings == ()
    assert [row["ten"] for row in answers["nguoi"]] == ["An", "chưa rõ", "chưa rõ"]
    assert [row["thu_tu"] for row in answers["nguoi"]] == ["1", "2", "3"]
    assert answers["nguoi"][0]["con"] == [{"ten_con": "Bé"}]
    assert (answers["tong"], answers["luc_so"], answers["ma"]) == ("6", "so 3", "36")
    assert answers["hom_nay"] == "2026-03-10"
    assert "<an" not in xml
    assert xml.index("<nguoi>") < xml.index("<luc_so>")


def test_too_many_rows_are_dropped():
    _, answers, _ = filled(form(COUNTED), {"so": 1, "nguoi": [{"ten": "An"}, {"ten": "Bình"}]})
    assert [row["ten"] for row in answers["nguoi"]] == ["An"]


ENTITY = """
| survey |
| | type | name | label | save_to |
| | text | ten | Tên | ten |
| | integer | ho | Số hộ | so_ho |
| entities |
| | list_name | label |
| | thon | ${ten} |
"""


def test_an_entity_block_is_filled_in():
    definition = form(ENTITY)
    (declared,) = definition.entities
    assert (declared.dataset, declared.create, declared.update) == ("thon", True, False)
    assert declared.properties == {"ten": "/data/ten", "so_ho": "/data/ho"}
    xml, answers, findings = filled(definition, {"ten": "Nà San", "ho": 120})
    assert findings == ()
    assert 'dataset="thon"' in xml
    assert 'create="1"' in xml
    assert answers["meta"]["entity"]["label"] == "Nà San"
    identity = xml.partition(' id="')[2].partition(' id="')[2].partition('"')[0]
    assert len(identity) == 36


CHAIN = """
| survey |
| | type | name | label | calculation | relevant |
| | integer | a | A | | |
| | calculate | d | | ${c} * 2 | |
| | calculate | c | | ${b} + 1 | |
| | calculate | b | | ${a} * 10 | |
| | text | q | Q | | ${d} = 62 |
"""


def test_calculations_are_made_in_the_order_they_need():
    _, answers, findings = filled(form(CHAIN), {"a": 3, "q": "x"})
    assert (answers["b"], answers["c"], answers["d"], answers["q"]) == ("30", "31", "62", "x")
    assert findings == ()


KINDS = """
| survey |
| | type | name | label | calculation | bind::type |
| | text | t | T | | |
| | calculate | nguyen | | 7 div 2 | int |
| | calculate | thap_phan | | 3 | decimal |
| | calculate | ngay | | date('2026-03-01') + 1 | date |
| | calculate | dung | | 1 = 1 | |
| | calculate | logic | | 1 = 1 | boolean |
| | calculate | diem | | '21 107' | geopoint |
| | calculate | chia | | 1 div 0 | int |
| | calculate | lon | | 100000000000 | |
"""


def test_calculated_values_are_written_as_javarosa_writes_them():
    xml, answers, findings = filled(form(KINDS), {"t": "x"})
    assert findings == ()
    for piece in (
        "<nguyen>3</nguyen>",
        "<thap_phan>3</thap_phan>",
        "<ngay>20514</ngay>",
        "<dung>1</dung>",
        "<chia>2147483647</chia>",
        "<lon>100000000000</lon>",
    ):
        assert piece in xml
    assert answers["diem"]["coordinates"] == [107.0, 21.0, 0.0]
    assert answers["logic"] is True


POSITION = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
  xmlns:odk="http://www.opendatakit.org/xforms" xmlns:jr="http://openrosa.org/javarosa">
<h:head><h:title>m</h:title><model odk:xforms-version="1.0.0"><instance><data id="mau"><luc_dau/><thon/><luc_chon/>
<ghi/><meta><instanceID/></meta></data></instance>
<odk:setgeopoint ref="/data/luc_dau" event="odk-instance-first-load"/>
<setvalue ref="/data/ghi" event="odk-instance-first-load" value="concat('đo ', 'đầu')"/>
<bind nodeset="/data/luc_dau" type="geopoint"/><bind nodeset="/data/luc_chon" type="geopoint"/></model></h:head>
<h:body><input ref="/data/thon"><label>Thôn</label><odk:setgeopoint ref="/data/luc_chon" event="xforms-value-changed"/>
</input></h:body></h:html>"""


@pytest.mark.parametrize(("answers", "chosen"), [({"thon": "a"}, "21.1 107.3 0.0 0.0"), ({}, "")])
def test_where_the_phone_is_is_set_on_its_events(answers, chosen):
    context = JudgeContext(now=NOON, position="21.1 107.3")
    xml = fill(parse_form(POSITION.encode()), answers, context, instance_id="uuid:1")
    root = read_instance(xml).root
    said = {child.name: child.text for child in root.children}
    assert (said["luc_dau"], said["luc_chon"], said["ghi"]) == ("21.1 107.3 0.0 0.0", chosen, "đo đầu")
    assert judge(parse_form(POSITION.encode()), read_instance(xml), context) == ()
