"""Forms over /v1: from a source to what phones get, and back out of the way."""

import io
import zipfile

import pytest

from forms.parse import parse_form
from server.storage.audits import list_audits
from server.storage.forms import find_form
from tests.kit.world import WATER_POINT, World, xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORM = "projects/1/forms/water_point"
WITH_LISTS = WATER_POINT.replace("image    | anh ", "select_one_from_file villages.csv | thon ").replace(
    "integer  | so_ho", "select_one_from_file loai.csv | loai"
)


def new_version(version: str, text: str = WATER_POINT) -> bytes:
    return text.replace("| 1       |", f"| {version} |").encode()


def test_a_workbook_becomes_a_draft_and_then_a_form(world: World) -> None:
    api = world.api
    made = api.post("projects/1/forms?ignoreWarnings=True", data=xlsx(WATER_POINT), content_type=XLSX).get_json()
    assert (made["xmlFormId"], made["version"], made["name"]) == ("water_point", "1", "Điểm nước")
    assert made["publishedAt"] is None
    assert len(made["draftToken"]) == 64
    assert api.post(f"{FORM}/draft/publish").get_json() == {"success": True}
    form = api.get(FORM).get_json()
    assert form["publishedAt"] is not None
    assert form["draftToken"] is None
    assert form["excelContentType"] == XLSX
    assert api.get(f"{FORM}.xlsx").data == xlsx_of(api.get(f"{FORM}.xlsx").data)


def xlsx_of(content: bytes) -> bytes:
    """The bytes, once they are known to be a workbook."""
    assert zipfile.is_zipfile(io.BytesIO(content))
    return content


def test_the_xml_comes_back_byte_for_byte(world: World) -> None:
    world.publishes()
    xml = world.api.get(f"{FORM}.xml")
    assert parse_form(xml.data).sha256 == world.api.get(FORM).get_json()["sha256"]
    again = world.api.get(f"{FORM}.xml", headers={"If-None-Match": xml.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = xml.data.replace(b"water_point", b"water_other")
    made = world.api.post("projects/1/forms?publish=true", data=other, content_type="application/xml")
    assert made.get_json()["xmlFormId"] == "water_other"
    assert world.api.get("projects/1/forms/water_other.xml").data == other


def test_the_id_comes_from_the_header_when_the_workbook_has_none(world: World) -> None:
    source = WATER_POINT.replace("form_id     |", "").replace("water_point |", "")
    headers = {"X-XlsForm-FormId-Fallback": "gi%E1%BA%BFng"}
    made = world.api.post(
        "projects/1/forms?ignoreWarnings=true", data=source.encode(), content_type="text/markdown", headers=headers
    )
    assert made.get_json()["xmlFormId"] == "giếng"


def test_lists_fields_and_versions(world: World) -> None:
    world.publishes()
    fields = world.api.get(f"{FORM}/fields").get_json()
    assert {each["path"]: each["type"] for each in fields}["/so_ho"] == "int"
    assert next(each for each in fields if each["path"] == "/anh")["binary"] is True
    assert (
        world.api.post(
            f"{FORM}/draft?ignoreWarnings=true", data=new_version("2"), content_type="text/markdown"
        ).status_code
        == 200
    )
    assert world.api.post(f"{FORM}/draft/publish").status_code == 200
    assert [each["version"] for each in world.api.get(f"{FORM}/versions").get_json()] == ["2", "1"]
    assert world.api.get(f"{FORM}/versions/1").get_json()["version"] == "1"
    assert b'version="1"' in world.api.get(f"{FORM}/versions/1.xml").data
    assert world.api.get(f"{FORM}/versions/9").get_json()["code"] == 404.6


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"", 400.1),
        (b"<not xml", 400.1),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', 400.1),
        (b"<html/>", 400.15),
    ],
)
def test_refuses_what_is_no_form(world: World, source: bytes, code: float) -> None:
    answer = world.api.post("projects/1/forms", data=source, content_type="application/xml")
    assert answer.get_json()["code"] == code
    assert "." in answer.get_json()["message"]


def test_refuses_a_form_without_meta_and_one_with_a_reserved_id(world: World) -> None:
    world.publishes()
    xml = world.api.get(f"{FORM}.xml").data
    bare = xml[: xml.index(b"<meta>")] + xml[xml.index(b"</meta>") + 7 :]
    bare = bare.replace(b'nodeset="/data/meta/instanceID"', b'nodeset="/data/ten"').replace(b"water_point", b"bare")
    assert world.api.post("projects/1/forms", data=bare, content_type="text/xml").get_json()["code"] == 400.27
    reserved = xml.replace(b"water_point", b"water.xml")
    assert world.api.post("projects/1/forms", data=reserved, content_type="text/xml").get_json()["code"] == 400.8


def test_a_zip_bomb_is_not_opened(world: World) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b"0" * 300_000_000)
    answer = world.api.post("projects/1/forms", data=file.getvalue(), content_type=XLSX)
    assert answer.get_json()["code"] == 400.15
    assert world.api.get("projects").status_code == 200


def test_warnings_are_told_and_can_be_ignored(world: World) -> None:
    source = WATER_POINT.replace("| label            |", "| label::Tiếng Việt |").encode()
    refused = world.api.post("projects/1/forms", data=source, content_type="text/markdown")
    assert refused.get_json()["code"] == 400.16
    assert refused.get_json()["details"]["warnings"]["xlsFormWarnings"]
    taken = world.api.post("projects/1/forms?ignoreWarnings=true", data=source, content_type="text/markdown")
    assert taken.status_code == 200


def test_an_empty_draft_is_a_copy_that_keeps_its_files(world: World) -> None:
    api = world.api
    world.publishes(WITH_LISTS)
    path = f"{FORM}/draft/attachments/loai.csv"
    assert api.post(path, data=b"x").get_json()["code"] == 404.1
    assert api.post(f"{FORM}/draft").get_json() == {"success": True}
    put = api.post(path, data=b"name,label\na,b\n", content_type="text/csv").get_json()
    assert (put["name"], put["exists"], put["blobExists"], put["datasetExists"]) == ("loai.csv", True, True, False)
    assert put.keys() >= {"type", "hash", "updatedAt"}
    assert api.post(f"{FORM}/draft/publish").get_json()["code"] == 409.6
    assert api.post(f"{FORM}/draft/publish?version=2024-01-01T00:00:00Z").status_code == 200
    assert api.get(f"{FORM}/attachments/loai.csv").data == b"name,label\na,b\n"
    assert api.post(f"{FORM}/draft").status_code == 200
    kept = {each["name"]: each["exists"] for each in api.get(f"{FORM}/draft/attachments").get_json()}
    assert kept == {"loai.csv": True, "villages.csv": True}


def test_a_list_of_the_server_gives_way_to_a_file_and_comes_back(world: World) -> None:
    api = world.api
    world.publishes(WITH_LISTS)
    assert api.get(f"{FORM}/attachments/villages.csv").data.startswith(b"name,label,commune,code")
    api.post(f"{FORM}/draft")
    path = f"{FORM}/draft/attachments/villages.csv"
    assert api.post(path, data=b"name,label\nx,Khe\n", content_type="text/csv").get_json()["serverMade"] is False
    assert api.get(path).data == b"name,label\nx,Khe\n"
    assert api.delete(path).status_code == 200
    assert api.get(path).data.startswith(b"name,label,commune,code")


@pytest.mark.parametrize("name", ["khac.csv", "..%2F..%2Fx", "%2Fetc%2Fpasswd"])
def test_only_expected_names_are_taken(world: World, name: str) -> None:
    world.publishes(WITH_LISTS)
    world.api.post(f"{FORM}/draft")
    assert world.api.post(f"{FORM}/draft/attachments/{name}", data=b"x").get_json()["code"] == 404.1


def test_a_draft_keeps_id_and_types(world: World) -> None:
    world.publishes()
    api, kind = world.api, "text/markdown"
    other = WATER_POINT.replace("| water_point |", "| other |").encode()
    assert api.post(f"{FORM}/draft", data=other, content_type=kind).get_json()["code"] == 400.8
    changed = new_version("2", WATER_POINT.replace("| integer  |", "| text     |").replace(". >= 0", ""))
    assert api.post(f"{FORM}/draft?ignoreWarnings=true", data=changed, content_type=kind).get_json()["code"] == 400.17
    fewer = new_version("2", "\n".join(line for line in WATER_POINT.splitlines() if "toa_do" not in line))
    refused = api.post(f"{FORM}/draft", data=fewer, content_type=kind).get_json()
    assert refused["code"] == 400.16
    assert refused["details"]["workflowWarnings"] == [{"type": "structureChanged", "details": ["toa_do"]}]
    assert api.post(f"{FORM}/draft?ignoreWarnings=true", data=fewer, content_type=kind).status_code == 200


def test_a_draft_can_be_thrown_away_unless_it_is_all_there_is(world: World) -> None:
    api = world.api
    api.post("projects/1/forms?ignoreWarnings=true", data=WATER_POINT.encode(), content_type="text/markdown")
    assert api.delete(f"{FORM}/draft").get_json()["code"] == 409.7
    api.post(f"{FORM}/draft/publish")
    assert api.delete(f"{FORM}/draft").get_json()["code"] == 404.1
    api.post(f"{FORM}/draft")
    assert api.delete(f"{FORM}/draft").get_json() == {"success": True}
    assert api.get(f"{FORM}/draft").status_code == 404


def test_closes_and_deletes_a_form(world: World) -> None:
    world.publishes()
    phone = world.phone("Khe Mực")
    assert world.api.patch(FORM, json={"state": "shut"}).get_json()["code"] == 400.8
    assert world.api.patch(FORM, json={"state": "closing"}).get_json()["state"] == "closing"
    assert b"water_point" not in phone.get("formList").data
    form = find_form(world.session, 1, "water_point")
    assert form is not None
    assert world.api.delete(FORM).get_json() == {"success": True}
    assert world.api.get(FORM).get_json()["code"] == 404.1
    actions = [each.action for each in list_audits(world.session, f"form:{form.id}")]
    assert actions == ["form.delete", "form.update", "form.update.publish", "form.create"]
    assert world.publishes() == "water_point"
