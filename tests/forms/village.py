# ruff: noqa: E501 - rows of a sheet are as long as they are
"""A small village form, written as a Markdown XLSForm, and what the tests of this folder say about it."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping

from forms.convert import convert
from forms.definition import FormDefinition
from forms.errors import Finding
from forms.evaluate import JudgeContext
from forms.instance import Instance, read_instance
from forms.parse import parse_form, table_from_csv
from forms.validate import judge

HANOI = dt.timezone(dt.timedelta(hours=7))
NOON = dt.datetime(2026, 3, 10, 12, 0, tzinfo=HANOI)

VILLAGE = """
| survey |
| | type | name | label::Tiếng Việt (vi) | label::English (en) | required | relevant | constraint | constraint_message::Tiếng Việt (vi) | constraint_message::English (en) | calculation | choice_filter | repeat_count | required_message::English (en) | parameters |
| | start | start |
| | end | end |
| | deviceid | deviceid |
| | select_one commune | xa | Xã | Commune | yes | | | | | | | | Which commune? |
| | select_one village | thon | Thôn | Village | | | | | | | commune = ${xa} | |
| | date | ngay_chot | Ngày chốt số liệu | Cutoff date | | | . <= today() |
| | begin_group | ho | Hộ | Households |
| | integer | tong_ho | Tổng số hộ | Households in all | yes | | . > 0 |
| | integer | ho_ngheo | Hộ nghèo | Poor households | | ${tong_ho} > 0 | . <= ${tong_ho} | Không thể hơn ${tong_ho} hộ | Cannot be more than ${tong_ho} |
| | calculate | ty_le | | | | | | | | ${ho_ngheo} div ${tong_ho} |
| | end_group |
| | begin_repeat | duong | Đường | Road | | | | | | | | |
| | text | ten_duong | Tên | Name | yes |
| | decimal | dai | Dài (km) | Length (km) | | | . >= 0 |
| | select_multiple surface | mat_duong | Mặt đường | Surface |
| | end_repeat |
| | geopoint | toa_do | Toạ độ | Position |
| | image | anh | Ảnh | Photograph |
| | range | hai_long | Hài lòng | Satisfaction | | | | | | | | | | start=1 end=5 step=1 |
| | note | cam_on | Cảm ơn | Thank you |
| choices |
| | list_name | name | label::Tiếng Việt (vi) | label::English (en) | commune |
| | commune | ban_sen | Bản Sen | Ban Sen | |
| | commune | dai_binh | Đại Bình | Dai Binh | |
| | village | na_san | Nà San | Na San | ban_sen |
| | village | khe_va | Khe Và | Khe Va | dai_binh |
| | surface | be_tong | Bê tông | Concrete | |
| | surface | dat | Đất | Earth | |
| settings |
| | form_title | form_id | version | instance_name | default_language |
| | Thôn | thon_mau | 7 | concat(${thon}, ' ', ${ngay_chot}) | Tiếng Việt (vi) |
"""


@functools.cache
def form(markdown: str = VILLAGE) -> FormDefinition:
    """The definition of a form written in Markdown."""
    return parse_form(convert(markdown.encode(), "md", "mau").xml)


GOOD = {
    "start": "2026-03-10T08:00:00.000+07:00",
    "end": "2026-03-10T08:20:00.000+07:00",
    "xa": "ban_sen",
    "thon": "na_san",
    "ngay_chot": "2026-03-09",
    "ho/tong_ho": "120",
    "ho/ho_ngheo": "41",
    "ho/ty_le": "0.3416666666666667",
    "toa_do": "21.1 107.3 12.5 4.8",
    "anh": "a.jpg",
    "hai_long": "4",
}
ROADS = [{"ten_duong": "Trục thôn", "dai": "1.2", "mat_duong": "be_tong dat"}]


def submission(changed: Mapping[str, str | None] | None = None, roads: list[dict[str, str]] | None = None) -> Instance:
    """A good submission of the village form, some answers changed; None leaves the node out."""
    said = {**GOOD, **(changed or {})}

    def node(path: str, name: str) -> str:
        value = said.get(path, "")
        return "" if value is None else f"<{name}>{value}</{name}>"

    rows = "".join(
        "<duong>" + "".join(f"<{name}>{value}</{name}>" for name, value in road.items()) + "</duong>"
        for road in (ROADS if roads is None else roads)
    )
    plain = ["start", "end", "deviceid", "xa", "thon", "ngay_chot"]
    last = ["toa_do", "anh", "hai_long", "cam_on"]
    households = "".join(node(f"ho/{name}", name) for name in ("tong_ho", "ho_ngheo", "ty_le"))
    xml = (
        '<data id="thon_mau" version="7">'
        + "".join(node(name, name) for name in plain)
        + f"<ho>{households}</ho>{rows}"
        + "".join(node(name, name) for name in last)
        + "<meta><instanceID>uuid:1</instanceID><instanceName>Nà San</instanceName></meta></data>"
    )
    return read_instance(xml.encode())


def findings_of(
    changed: Mapping[str, str | None] | None = None,
    roads: list[dict[str, str]] | None = None,
    context: JudgeContext | None = None,
) -> tuple[Finding, ...]:
    """What the village form says of a submission."""
    return judge(form(), submission(changed, roads), context or JudgeContext(now=NOON))


def said(findings: tuple[Finding, ...]) -> set[tuple[str, str, str]]:
    """Findings as (kind, path below the root, severity); information about names and ratios left out."""
    return {
        (each.kind, each.path.removeprefix("/data/"), each.severity) for each in findings if each.severity != "info"
    }


VILLAGES = table_from_csv("name,label,commune\nna_san,Nà San,ban_sen\nkhe_va,Khe Và,dai_binh\n".encode())
