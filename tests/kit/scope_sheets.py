"""The forms of a drawn programme, and sheets filled in by hand: a phone's text of either."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from forms.parse import parse_form
from server.services.aggregate import CRITERIA_FORM
from tests.kit.field import library_form
from tests.kit.scope_plan import PlannedSheet

LISTED = ("villages", "communes", "rounds", "works", "trainees", "corrections")
FORM = """
| survey |
|        | type                                   | name       | label     |
|        | select_one_from_file rounds.csv        | ky         | Kỳ        |
|        | select_one_from_file communes.csv      | xa         | Xã        |
|        | select_one_from_file villages.csv      | thon       | Thôn      |
|        | select_one_from_file works.csv         | ct         | Công trình |
|        | select_one_from_file trainees.csv      | hv         | Học viên  |
|        | select_one_from_file corrections.csv   | sua        | Phiếu trả |
|        | text                                   | chu        | {label}   |
|        | begin repeat                           | nguoi      | Người     |
|        | text                                   | ten        | Tên       |
|        | end repeat                             |            |           |
|        | image                                  | anh        | Ảnh       |
|        | geopoint                               | cho        | Chỗ       |
| settings |
|        | form_id   | form_title | version |
|        | {form_id} | {title}    | {version} |
"""


@cache
def criteria_version() -> str:
    """The version of the form that the law judges."""
    return parse_form(library_form(CRITERIA_FORM)).version


def written(form_id: str, word: str, version: str = "1") -> str:
    """A form that reads every list the server makes, as Markdown."""
    return FORM.format(form_id=form_id, title=word, label=word, version=version)


def instance(
    sheet: PlannedSheet, areas: Mapping[str, Any], *, edit: bool = False, word: str = "", version: str = "1"
) -> bytes:
    """What a phone has filled in. `edit`: another text that replaces the first."""
    words = sheet.words
    text = word or (words["again"] if edit else words["text"])
    name, photo = words["named"], f"{words['photo']}.jpg"
    ids = f"<instanceID>{words['edit'] if edit else sheet.instance_id}</instanceID>"
    ids += f"<deprecatedID>{sheet.instance_id}</deprecatedID>" if edit else ""
    meta = f"<meta>{ids}<instanceName>{name}</instanceName></meta>"
    place = f"<ky>{sheet.round}</ky><thon>{sheet.area or ''}</thon>"
    if sheet.form == CRITERIA_FORM:
        version = criteria_version()
        body = f"{place}<quyet_dinh_so>{text}</quyet_dinh_so><ntm_quyet_dinh_so>{words['row']}</ntm_quyet_dinh_so>"
        body += f"<tong_ho>100</tong_ho><anh_duong>{photo}</anh_duong>"
    else:
        body = f"{place}<chu>{text}</chu><nguoi><ten>{words['row']}</ten></nguoi><anh>{photo}</anh>"
        body += "<cho>21.3 107.4 12 4</cho>"
    return f'<data id="{sheet.form}" version="{version}">{body}{meta}</data>'.encode()
