"""What a form is made from: workbooks of either Excel, Markdown, an XForm; and the entity lists that it names."""

from __future__ import annotations

import io
from typing import Any

import pytest
import requests
import xlwt

from tests.kit.world import WATER_POINT, World, xlsx

FORMS = "projects/1/forms"
FORM = f"{FORMS}/water_point"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"
TREES = """
| survey |
|        | type    | name | label   | save_to |
|        | text    | loai | Loài    | species |
|        | integer | cao  | Cao (m) | height  |
| settings |
|        | form_id | form_title | version |
|        | trees   | Cây        | 1       |
| entities |
|        | list_name | label   |
|        | trees     | ${loai} |
"""


def xls(markdown: str) -> bytes:
    """A Markdown XLSForm as a workbook of Excel 97."""
    book, sheet, row = xlwt.Workbook(encoding="utf-8"), None, 0
    for line in markdown.strip().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 1:
            sheet, row = book.add_sheet(cells[0]), 0
            continue
        for column, cell in enumerate(cells[1:]):
            if cell:
                sheet.write(row, column, cell)  # type: ignore[union-attr]
        row += 1
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(("make", "kind", "ending"), [(xlsx, XLSX, "xlsx"), (xls, XLS, "xls")])
def test_a_workbook_of_either_kind_becomes_a_form_and_comes_back(
    world: World, make: Any, kind: str, ending: str
) -> None:
    workbook = make(WATER_POINT)
    made = world.api.post(f"{FORMS}?ignoreWarnings=true&publish=true", data=workbook, content_type=kind)
    assert made.status_code == 200, made.get_data(as_text=True)
    body = made.get_json()
    assert (body["xmlFormId"], body["name"], body["excelContentType"]) == ("water_point", "Điểm nước", kind)
    assert body["publishedAt"] is not None
    back = world.api.get(f"{FORM}.{ending}")
    assert (back.data, back.content_type) == (workbook, kind)
    assert world.api.get(f"{FORM}.{'xls' if ending == 'xlsx' else 'xlsx'}").get_json()["code"] == 404.1
    # the copy that a draft without a body is keeps the workbook; so does another version given at publication
    world.api.post(f"{FORM}/draft")
    assert world.api.get(f"{FORM}/draft.{ending}").data == workbook
    world.api.post(f"{FORM}/draft/publish?version=2")
    assert world.api.get(f"{FORM}/versions/2.{ending}").data == workbook


def test_a_broken_workbook_of_excel_97_is_refused_with_its_place(world: World) -> None:
    broken = xls(WATER_POINT.replace(". >= 0 ", "khong_co("))
    refused = world.api.post(FORMS, data=broken, content_type=XLS).get_json()
    assert refused["code"] == 400.15
    (problem,) = refused["details"]["problems"]
    assert (problem["sheet"], problem["row"], problem["column"]) == ("survey", 3, "constraint")
    assert world.api.post(FORMS, data=b"no workbook", content_type=XLS).get_json()["code"] == 400.15
    assert world.api.get(FORMS).get_json() == []


@pytest.mark.parametrize("kind", ["xml", "xls"])
def test_warnings_of_a_new_draft_are_agreed_to_or_it_is_not_made(world: World, kind: str) -> None:
    world.publishes()
    shorter = "\n".join(line for line in WATER_POINT.splitlines() if "so_ho" not in line).replace("| 1  ", "| 2  ")
    if kind == "xml":
        world.api.post(
            f"{FORMS}?ignoreWarnings=true",
            data=shorter.replace("water_point", "other").encode(),
            content_type="text/markdown",
        )
        source = world.api.get(f"{FORMS}/other.xml").data.replace(b'"other"', b'"water_point"')
        content_type = "text/xml; charset=utf-8"
    else:
        source, content_type = xls(shorter), XLS
    refused = world.api.post(f"{FORM}/draft", data=source, content_type=content_type).get_json()
    assert refused["code"] == 400.16
    flow = refused["details"]["warnings"]["workflowWarnings"]
    assert flow == [{"type": "structureChanged", "details": ["so_ho"]}]
    assert world.api.get(f"{FORM}/draft").status_code == 404
    taken = world.api.post(f"{FORM}/draft?ignoreWarnings=True", data=source, content_type=content_type)
    assert taken.get_json() == {"success": True}
    assert world.api.get(f"{FORM}/draft").get_json()["version"] == "2"


@pytest.mark.parametrize(("said", "named"), [("khac", "water_point"), ("%00", "water_point")])
def test_the_id_of_the_header_gives_way_to_that_of_the_workbook(world: World, said: str, named: str) -> None:
    headers = {"X-XlsForm-FormId-Fallback": said}
    made = world.api.post(f"{FORMS}?ignoreWarnings=true", data=xlsx(WATER_POINT), content_type=XLSX, headers=headers)
    assert made.get_json()["xmlFormId"] == named


@pytest.mark.parametrize("said", ["%00", "a%00b", "%FF", "form.xls", "x" * 300, "1 2/3", ""])
def test_an_id_of_the_header_that_cannot_be_one_is_no_surprise(world: World, said: str) -> None:
    source = WATER_POINT.replace("form_id     |", "").replace("water_point |", "")
    headers = {"X-XlsForm-FormId-Fallback": said}
    answer = world.api.post(f"{FORMS}?ignoreWarnings=true", data=xlsx(source), content_type=XLSX, headers=headers)
    assert answer.status_code in (200, 400), answer.get_data(as_text=True)
    if answer.status_code == 400:
        assert world.api.get(FORMS).get_json() == []


def test_a_body_whose_type_is_not_said_is_an_xform(world: World) -> None:
    world.publishes()
    other = world.api.get(f"{FORM}.xml").data.replace(b'"water_point"', b'"other"')
    assert world.api.post(FORMS, data=other).get_json()["xmlFormId"] == "other"
    other = other.replace(b'version="1"', b'version="7"')
    assert world.api.post(f"{FORMS}/other/draft", data=other).status_code == 200
    assert world.api.get(f"{FORMS}/other/draft").get_json()["version"] == "7"
    refused = world.api.post(FORMS, data=b"{}", content_type="application/json").get_json()
    assert (refused["code"], refused["details"]["value"]) == (400.8, "application/json")


def test_a_draft_that_comes_in_pieces_of_no_said_type_is_no_copy(world: World) -> None:
    world.publishes()
    xml = world.api.get(f"{FORM}.xml").data.replace(b'version="1"', b'version="7"')
    with world.server() as address:
        headers = {"Authorization": f"Bearer {world.api.token}"}
        sent = requests.post(f"{address}/v1/{FORM}/draft", data=iter([xml[:99], xml[99:]]), headers=headers, timeout=20)
        assert sent.json() == {"success": True}
    assert world.api.get(f"{FORM}/draft").get_json()["version"] == "7"


def test_a_version_that_is_no_text_is_no_other_version(world: World) -> None:
    world.publishes()
    world.api.post(f"{FORM}/draft")
    assert world.api.post(f"{FORM}/draft/publish?version=").get_json()["code"] == 409.6


def test_an_empty_workbook_is_refused_with_a_sentence(world: World) -> None:
    refused = world.api.post(FORMS, data=b"", content_type="text/markdown").get_json()
    assert refused["code"] == 400.15
    assert refused["details"]["error"] == refused["message"]


def test_entity_lists_that_a_form_names_are_told_and_not_made(world: World) -> None:
    api = world.api
    made = api.post(f"{FORMS}?ignoreWarnings=true", data=TREES.encode(), content_type="text/markdown")
    assert made.status_code == 200, made.get_data(as_text=True)
    trees = f"{FORMS}/trees"
    assert api.get(f"{trees}/dataset-diff").get_json()["code"] == 404.1
    properties = [{"name": name, "inForm": True, "isNew": False} for name in ("species", "height")]
    assert api.get(f"{trees}/draft/dataset-diff").get_json() == [
        {"name": "trees", "isNew": False, "properties": properties}
    ]
    api.post(f"{trees}/draft/publish")
    assert api.get(f"{trees}/draft/dataset-diff").get_json()["code"] == 404.1
    assert world.person("Người xem", "viewer").get(f"{trees}/dataset-diff").get_json() == [
        {"name": "trees", "properties": [{"name": each["name"], "inForm": True} for each in properties]}
    ]
    extended = api.get("projects/1", headers={"X-Extended-Metadata": "true"}).get_json()
    assert extended["datasets"] == 0
    world.publishes()
    assert api.get(f"{FORM}/dataset-diff").get_json() == []
    assert world.person("Người điền", "formfill").get(f"{trees}/dataset-diff").get_json()["code"] == 403.1
