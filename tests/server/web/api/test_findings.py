"""What is kept of a submission's findings besides those of the form's rules: files, versions, lists."""

import pytest

from tests.kit.world import World

WELL = """
| survey |
| | type | name | label |
| | text | ten | Tên giếng |
| | image | anh | Ảnh |
| | image | ban_ve | Bản vẽ |
| settings |
| | form_id | form_title | version |
| | gieng | Giếng | {version} |
"""
INSTANCE = "uuid:3f687fc0-7033-4c26-b3fd-712ec1bd5c4d"
SHEET = f"""<data id="gieng" version="1"><ten>A</ten><anh>a.jpg</anh><ban_ve>b.jpg</ban_ve>
<meta><instanceID>{INSTANCE}</instanceID></meta></data>""".encode()


def told(world: World, form_id: str = "gieng") -> list[tuple[str, str, str, str | None]]:
    path = f"projects/1/forms/{form_id}/submissions/{INSTANCE}/findings"
    return [(each["kind"], each["severity"], each["path"], each["value"]) for each in world.api.get(path).get_json()]


def test_a_file_that_is_missing_is_found_until_it_comes(world: World) -> None:
    world.publishes(WELL.format(version=1))
    phone = world.phone("Nà San")
    assert phone.sends(SHEET).status_code == 201
    first, second = ("attachment", "warning", "/data/anh", "a.jpg"), ("attachment", "warning", "/data/ban_ve", "b.jpg")
    assert told(world) == [first, second]
    assert phone.sends(SHEET, {"a.jpg": b"1"}).status_code == 201
    assert told(world) == [second]
    path = f"projects/1/forms/gieng/submissions/{INSTANCE}/attachments/b.jpg"
    assert world.api.post(path, data=b"2", content_type="image/jpeg").status_code == 200
    assert told(world) == []
    assert world.api.get(f"projects/1/forms/gieng/submissions/{INSTANCE}").get_json()["reviewState"] is None


@pytest.mark.parametrize("together", [True, False])
def test_a_file_that_no_answer_names_is_information(world: World, together: bool) -> None:
    world.publishes(WELL.format(version=1))
    phone = world.phone("Nà San")
    files = {"a.jpg": b"1", "b.jpg": b"2"}
    assert phone.sends(SHEET, files | ({"c.jpg": b"3"} if together else {})).status_code == 201
    if not together:
        assert phone.sends(SHEET, {"c.jpg": b"3"}).status_code == 201
        assert phone.sends(SHEET, {"c.jpg": b"3"}).status_code == 201
    assert told(world) == [("attachment", "info", "/", "c.jpg")]


def test_what_was_filled_in_with_an_older_version_is_told_and_judged_by_it(world: World) -> None:
    world.publishes(WELL.format(version=1))
    api = world.api
    assert api.post("projects/1/forms/gieng/draft?ignoreWarnings=true", data=WELL.format(version=2).encode(),
                    content_type="text/markdown").status_code == 200  # fmt: skip
    assert api.post("projects/1/forms/gieng/draft/publish").status_code == 200
    phone = world.phone("Nà San")
    assert phone.sends(SHEET, {"a.jpg": b"1", "b.jpg": b"2"}).status_code == 201
    assert told(world) == [("version", "info", "/", "1")]
    other = SHEET.replace(b'version="1"', b'version="9"').replace(INSTANCE.encode(), b"uuid:2")
    assert phone.sends(other, {"a.jpg": b"1", "b.jpg": b"2"}).status_code == 201
    found = api.get("projects/1/forms/gieng/submissions/uuid:2/findings").get_json()
    assert [(each["kind"], each["severity"], each["value"]) for each in found] == [("version", "warning", "9")]


LISTS = """
| survey |
| | type | name | label | choice_filter |
| | select_one_from_file xa.xml | xa | Xã | |
| | select_one_from_file diem.geojson | diem | Điểm | |
| settings |
| | form_id | form_title | version |
| | gieng | Giếng | 1 |
"""
FILES = {
    "xa.xml": b"<root><item><name>ban_sen</name><label>B</label></item></root>",
    "diem.geojson": b"""{"type": "FeatureCollection", "features": [{"type": "Feature", "id": "d1",
        "properties": {"title": "Gieng 1"}, "geometry": {"type": "Point", "coordinates": [107.3, 21.1]}}]}""",
}


def test_lists_from_xml_and_geojson_are_judged_once_they_are_here(world: World) -> None:
    api = world.api
    assert api.post("projects/1/forms?ignoreWarnings=true", data=LISTS.encode(),
                    content_type="text/markdown").status_code == 200  # fmt: skip
    for name, content in FILES.items():
        assert api.post(f"projects/1/forms/gieng/draft/attachments/{name}", data=content).status_code == 200
    assert api.post("projects/1/forms/gieng/draft/publish").status_code == 200
    phone = world.phone("Nà San")
    meta = f"<meta><instanceID>{INSTANCE}</instanceID></meta>"
    sheet = f'<data id="gieng" version="1"><xa>ban_sen</xa><diem>d2</diem>{meta}</data>'
    assert phone.sends(sheet.encode()).status_code == 201
    assert told(world) == [("choice", "error", "/data/diem", "d2")]
