"""Answers as typed JSON."""

from __future__ import annotations

import pytest

from forms.evaluate import JudgeContext
from forms.flatten import answers_of, find_answer
from forms.instance import read_instance
from forms.validate import judge
from tests.forms.village import NOON, ROADS, form, submission


def test_answers_are_typed_and_nested_as_the_groups_are():
    answers = answers_of(form(), submission(roads=[*ROADS, {"ten_duong": "Ngõ", "dai": "", "mat_duong": ""}]))
    assert answers["ho"] == {"tong_ho": 120, "ho_ngheo": 41, "ty_le": "0.3416666666666667"}
    assert answers["duong"] == [
        {"ten_duong": "Trục thôn", "dai": 1.2, "mat_duong": ["be_tong", "dat"]},
        {"ten_duong": "Ngõ", "dai": None, "mat_duong": None},
    ]
    assert answers["toa_do"] == {
        "type": "Point",
        "coordinates": [107.3, 21.1, 12.5],
        "properties": {"accuracy": 4.8},
    }
    assert answers["cam_on"] is None
    assert answers["ngay_chot"] == "2026-03-09"
    assert answers["meta"] == {"instanceID": "uuid:1", "instanceName": "Nà San"}


def test_an_answer_that_cannot_be_read_stays_as_it_was_sent():
    answers = answers_of(form(), submission({"ho/tong_ho": "nhiều", "toa_do": "21", "ho/ho_ngheo": "1.5"}))
    assert (answers["ho"]["tong_ho"], answers["toa_do"], answers["ho"]["ho_ngheo"]) == ("nhiều", "21", "1.5")


def test_what_is_irrelevant_is_left_out():
    instance = submission({"ho/tong_ho": "", "ho/ho_ngheo": "41"})
    judge(form(), instance, JudgeContext(now=NOON))
    assert "ho_ngheo" not in answers_of(form(), instance)["ho"]


def test_nodes_of_no_field_are_left_out():
    assert answers_of(form(), read_instance(b'<data id="thon_mau"><xa>a</xa><la>1</la></data>')) == {"xa": "a"}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/data/xa", "ban_sen"),
        ("/data/ho/tong_ho", 120),
        ("/data/duong/ten_duong", ["Trục thôn"]),
        ("/data/khong_co", None),
        ("/data/xa/khong_co", None),
    ],
)
def test_an_answer_is_found_by_its_path(path, answer):
    assert find_answer(answers_of(form(), submission()), path) == answer


GEO = """
| survey |
| | type | name | label |
| | geotrace | duong | Đường |
| | geoshape | ranh | Ranh giới |
| | acknowledge | ok | Đồng ý |
| | rank chat | xep | Xếp |
| choices |
| | list_name | name | label |
| | chat | a | A |
| | chat | b | B |
"""


def test_lines_and_areas_are_geojson():
    xml = (
        '<data id="mau"><duong>21 107 0 0;21.5 107.5 0 0;</duong>'
        "<ranh>21 107 0 0; 22 107 0 0; 22 108 0 0; 21 107 0 0</ranh><ok>OK</ok><xep>b a</xep></data>"
    )
    answers = answers_of(form(GEO), read_instance(xml.encode()))
    assert answers["duong"]["type"] == "LineString"
    assert answers["duong"]["coordinates"] == [[107.0, 21.0, 0.0], [107.5, 21.5, 0.0]]
    assert answers["ranh"]["type"] == "Polygon"
    assert answers["ranh"]["coordinates"][0][2] == [108.0, 22.0, 0.0]
    assert (answers["ok"], answers["xep"]) == ("OK", ["b", "a"])
