"""Old versions of a form with all that belonged to them; the files that a form expects; lists of the server's."""

import pytest

from sync.openrosa import read_manifest
from tests.forms.test_parse import xform
from tests.kit.world import OPENROSA, WATER_POINT, World, xlsx

FORM = "projects/1/forms/water_point"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WITH_FILE = WATER_POINT.replace("integer  | so_ho", "select_one_from_file loai.csv | loai")


def version(text: str, name: str) -> bytes:
    return xlsx(text.replace("| 1       |", f"| {name} |"))


@pytest.fixture(name="two")
def two_fixture(world: World) -> World:
    """A form in three versions: the first without its list, the others each with their own."""
    api = world.api
    workbook = version(WITH_FILE, "1")
    made = api.post("projects/1/forms?publish=true&ignoreWarnings=true", data=workbook, content_type=XLSX)
    assert made.status_code == 200
    for name, rows in (("2", b"a,A"), ("3", b"b,B")):
        workbook = version(WITH_FILE, name)
        assert api.post(f"{FORM}/draft?ignoreWarnings=true", data=workbook, content_type=XLSX).status_code == 200
        file = b"name,label\n" + rows + b"\n"
        api.post(f"{FORM}/draft/attachments/loai.csv", data=file, content_type="text/csv")
        assert api.post(f"{FORM}/draft/publish").status_code == 200
    return world


def test_each_version_keeps_what_belonged_to_it(two: World) -> None:
    api = two.api
    assert [each["version"] for each in api.get(f"{FORM}/versions").get_json()] == ["3", "2", "1"]
    old = f"{FORM}/versions/2"
    assert api.get(old).get_json()["version"] == "2"
    assert b'version="2"' in api.get(f"{old}.xml").data
    assert api.get(f"{old}.xlsx").data.startswith(b"PK")
    assert api.get(f"{old}.xls").get_json()["code"] == 404.1
    assert {each["path"] for each in api.get(f"{old}/fields").get_json()} >= {"/ten", "/loai"}
    (file,) = api.get(f"{old}/attachments").get_json()
    assert (file["name"], file["exists"]) == ("loai.csv", True)
    assert api.get(f"{old}/attachments/loai.csv").data == b"name,label\na,A\n"
    assert api.get(f"{FORM}/attachments/loai.csv").data == b"name,label\nb,B\n"
    assert api.get(f"{FORM}/versions/1/attachments/loai.csv").get_json()["code"] == 404.1


def test_the_manifest_of_a_version_names_its_own_files(two: World) -> None:
    api = two.api
    answer = api.get(f"{FORM}/versions/2/manifest", headers=OPENROSA)
    assert answer.content_type.startswith("text/xml")
    (file,) = read_manifest(answer.data)
    path = file.download_url.partition("/v1/")[2]
    assert api.get(path).data == b"name,label\na,A\n"
    assert read_manifest(api.get(f"{FORM}/versions/1/manifest", headers=OPENROSA).data) == ()
    assert api.get(f"{FORM}/versions/9/manifest", headers=OPENROSA).status_code == 404
    assert two.nobody().get(f"{FORM}/versions/2/manifest", headers=OPENROSA).status_code == 401


def test_the_version_that_is_no_text_has_a_name_in_paths(world: World) -> None:
    xml = xform().replace(b'version="2"', b'version=""')
    made = world.api.post("projects/1/forms?publish=true", data=xml, content_type="application/xml").get_json()
    assert made["version"] == ""
    blank = f"projects/1/forms/{made['xmlFormId']}/versions/___"
    assert world.api.get(blank).get_json()["version"] == ""
    assert world.api.get(f"{blank}.xml").data == xml
    assert world.api.get(f"{blank}/manifest", headers=OPENROSA).status_code == 200


def test_the_workbook_of_a_draft(world: World) -> None:
    workbook = version(WATER_POINT, "7")
    world.api.post("projects/1/forms?ignoreWarnings=true", data=workbook, content_type=XLSX)
    assert world.api.get(f"{FORM}/draft.xlsx").data == workbook
    assert world.api.get(f"{FORM}/draft.md").get_json()["code"] == 404.1


def test_fields_can_have_the_names_of_the_tables(world: World) -> None:
    text = WATER_POINT.replace(
        "| text     | ten ", "| begin_group | nhom.a | A | | | |\n| | text | ten-giếng "
    ).replace("|        | integer ", "| | end_group | | | | | |\n|        | integer ")
    world.publishes(text)
    plain = {each["path"]: each["name"] for each in world.api.get(f"{FORM}/fields").get_json()}
    named = {each["path"]: each["name"] for each in world.api.get(f"{FORM}/fields?odata=True").get_json()}
    assert plain["/nhom.a/ten-giếng"] == "ten-giếng"
    assert named["/nhom_a/ten_gi_ng"] == "ten_gi_ng"
    of_version = world.api.get(f"{FORM}/versions/1/fields?odata=true").get_json()
    assert {each["path"]: each["name"] for each in of_version} == named
    columns = world.api.get(f"{FORM}.svc/$metadata").get_data(as_text=True)
    assert 'Name="nhom_a"' in columns
    assert 'Name="ten_gi_ng"' in columns


def test_the_files_that_a_form_expects_are_read_from_its_text(world: World) -> None:
    xml = xform(
        instance="<q/><anh>jpg</anh>",
        model=(
            '<instance id="a" src="jr://file-csv/dan_toc.csv"/><instance id="b" src="jr://file/vung.geojson"/>'
            '<instance id="c" src="jr://file/ma.xml"/><instance id="d" src="jr://instance/last-saved"/>'
            '<itext><translation lang="vi"><text id="t"><value form="image">jr://images/gieng.png</value>'
            '<value form="audio">jr://audio/gieng.mp3</value><value form="video">jr://video/gieng.mp4</value>'
            '<value form="big-image">jr://images/gieng_to.png</value></text></translation></itext>'
        ),
        body="""<input ref="/data/q" appearance="minimal search('xa_phuong')"><label/></input>""",
    )
    made = world.api.post("projects/1/forms?publish=true", data=xml, content_type="application/xml").get_json()
    expected = world.api.get(f"projects/1/forms/{made['xmlFormId']}/attachments").get_json()
    assert {(each["name"], each["type"]) for each in expected} == {
        ("dan_toc.csv", "file"),
        ("vung.geojson", "file"),
        ("ma.xml", "file"),
        ("gieng.png", "image"),
        ("gieng_to.png", "image"),
        ("gieng.mp3", "audio"),
        ("gieng.mp4", "video"),
        ("xa_phuong.csv", "file"),
    }


def test_a_file_becomes_a_list_of_the_server_and_back(world: World) -> None:
    api = world.api
    world.publishes(WITH_FILE.replace("loai.csv", "villages.csv").replace("| image    | anh ", "| text | anh "))
    api.post(f"{FORM}/draft")
    path = f"{FORM}/draft/attachments/villages.csv"
    api.post(path, data=b"name,label\na,A\n", content_type="text/csv")
    linked = api.patch(path, json={"dataset": True}).get_json()
    assert (linked["exists"], linked["blobExists"], linked["datasetExists"]) == (True, False, True)
    assert api.get(path).data.startswith(b"name,label,commune,code")
    nothing = api.patch(path, json={"dataset": False}).get_json()
    assert (nothing["exists"], nothing["datasetExists"]) == (False, False)
    assert api.get(path).get_json()["code"] == 404.1
    assert api.patch(path, json={}).get_json()["code"] == 400.3
    assert api.patch(f"{FORM}/draft/attachments/x.csv", json={"dataset": True}).get_json()["code"] == 404.1


def test_what_is_not_there_cannot_be_taken_away(two: World) -> None:
    two.api.post(f"{FORM}/draft")
    path = f"{FORM}/draft/attachments/loai.csv"
    assert two.api.delete(path).get_json() == {"success": True}
    assert two.api.delete(path).get_json()["code"] == 404.1


def test_what_was_noted_when_a_version_was_published_is_told_to_who_changes_forms(two: World) -> None:
    api, viewer = two.api, two.person("Người xem", "viewer")
    extended = {"X-Extended-Metadata": "true"}
    api.post(f"{FORM}/draft")
    api.post(f"{FORM}/draft/publish?version=4", headers={"X-Action-Notes": "th%C3%AAm%20gi%E1%BA%BFng"})
    assert api.get(FORM, headers=extended).get_json()["publishNotes"] == "thêm giếng"
    versions = api.get(f"{FORM}/versions", headers=extended).get_json()
    assert [each["publishNotes"] for each in versions] == ["thêm giếng", None, None, None]
    for reader, headers in ((api, {}), (viewer, extended)):
        assert "publishNotes" not in reader.get(FORM, headers=headers).get_json()
        assert "publishNotes" not in reader.get(f"{FORM}/versions", headers=headers).get_json()[0]


def test_only_lists_that_the_server_makes_can_be_linked(two: World) -> None:
    two.api.post(f"{FORM}/draft")
    refused = two.api.patch(f"{FORM}/draft/attachments/loai.csv", json={"dataset": True}).get_json()
    assert refused["code"] == 404.1
    assert "loai.csv" in refused["message"]
    assert two.api.get(f"{FORM}/draft/attachments/loai.csv").status_code == 200
