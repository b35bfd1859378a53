"""A draft on a phone, before anybody else gets the form: the link, what is sent by it, and when it ends."""

import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from server.storage.submissions import FindingRow, Submission, SubmissionAttachment
from sync.openrosa import read_form_list, read_manifest, read_receipt
from tests.kit.world import OPENROSA, WATER_POINT, Phone, World

FORM = "projects/1/forms/water_point"
KIND = "text/markdown"
WITH_LISTS = WATER_POINT.replace("image    | anh ", "select_one_from_file villages.csv | thon ").replace(
    "integer  | so_ho", "select_one_from_file loai.csv | loai"
)


def drafted(world: World, text: str = WATER_POINT, path: str = "projects/1/forms") -> str:
    """Makes a draft of a form, and gives the address with which a phone tries it."""
    made = world.api.post(f"{path}?ignoreWarnings=true", data=text.encode(), content_type=KIND)
    assert made.status_code == 200, made.get_data(as_text=True)
    return link(world)


def link(world: World) -> str:
    return f"test/{world.api.get(f'{FORM}/draft').get_json()['draftToken']}/{FORM}/draft"


def sends(world: World, address: str, xml: bytes, **files: bytes) -> TestResponse:
    parts: dict[str, Any] = {name: (io.BytesIO(content), name) for name, content in files.items()}
    parts["xml_submission_file"] = (io.BytesIO(xml), "submission.xml", "text/xml")
    return world.nobody().post(f"{address}/submission?deviceID=collect:1", data=parts, headers=OPENROSA)


def sheet(instance_id: str = "uuid:1", version: str = "1", replaces: str = "", name: str = "Giếng") -> bytes:
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        f'<data id="water_point" version="{version}"><ten>{name}</ten><anh>a.jpg</anh>'
        f"<meta><instanceID>{instance_id}</instanceID>{deprecated}</meta></data>"
    ).encode()


def below(url: str) -> str:
    """An address that a phone was told, as `Api` takes it."""
    return urlsplit(url).path.removeprefix("/v1/")


def tried(world: World) -> list[str]:
    return [each["instanceId"] for each in world.api.get(f"{FORM}/draft/submissions").get_json()]


def test_a_phone_fetches_the_draft_by_its_link_alone(world: World) -> None:
    address, nobody = drafted(world, WITH_LISTS), world.nobody()
    loai = b"name,label\na,b\n"
    world.api.post(f"{FORM}/draft/attachments/loai.csv", data=loai, content_type="text/csv")
    answer = nobody.get(f"{address}/formList", headers=OPENROSA)
    assert answer.content_type.startswith("text/xml")
    (entry,) = read_form_list(answer.data)
    assert (entry.form_id, entry.version) == ("water_point", "1")
    text = nobody.get(below(entry.download_url))
    assert entry.hash == f"md5:{text.headers['ETag'].strip(chr(34))}"
    assert entry.manifest_url is not None
    files = {
        each.filename: each for each in read_manifest(nobody.get(below(entry.manifest_url), headers=OPENROSA).data)
    }
    assert set(files) == {"villages.csv", "loai.csv"}
    assert nobody.get(below(files["loai.csv"].download_url)).data == loai
    assert nobody.get(below(files["villages.csv"].download_url)).data.startswith(b"name,label,commune,code")
    again = nobody.get(f"{address}/formList", headers=OPENROSA | {"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_every_answer_has_the_headers_of_openrosa(world: World) -> None:
    address = drafted(world)
    head = world.nobody().ask("HEAD", f"{address}/submission", headers=OPENROSA)
    assert (head.status_code, "Location" in head.headers) == (204, False)
    for answer in (head, world.nobody().get(f"test/{'x' * 64}/{FORM}/draft/formList", headers=OPENROSA)):
        assert answer.headers["X-OpenRosa-Version"] == "1.0"
        assert int(answer.headers["X-OpenRosa-Accept-Content-Length"]) == world.home.config.max_upload
    assert world.nobody().get(f"{address}/formList").status_code == 400


def test_any_version_and_a_closed_form_are_taken_and_count_nowhere(world: World) -> None:
    world.publishes()
    assert world.api.patch(FORM, json={"state": "closed"}).status_code == 200
    address = drafted(world, WATER_POINT.replace("| 1       |", "| 2 |"), f"{FORM}/draft")
    for number, version in enumerate(("2", "1", "no such version")):
        answer = sends(world, address, sheet(f"uuid:{number}", version))
        assert answer.status_code == 201
        assert "bản nháp" in read_receipt(answer.data).message
    assert tried(world) == ["uuid:2", "uuid:1", "uuid:0"]
    assert world.api.get(f"{FORM}/submissions").get_json() == []
    assert world.api.get(f"{FORM}.svc/Submissions").get_json()["value"] == []
    assert world.api.get(FORM, headers={"X-Extended-Metadata": "true"}).get_json()["submissions"] == 0


def test_files_follow_and_a_repeat_is_a_repeat(world: World) -> None:
    address = drafted(world)
    assert "1/1" in read_receipt(sends(world, address, sheet()).data).message
    for _ in range(2):
        assert sends(world, address, sheet(), **{"a.jpg": b"a picture"}).status_code == 201
    path = f"{FORM}/draft/submissions/uuid%3A1"
    assert world.api.get(f"{path}/attachments").get_json() == [{"name": "a.jpg", "exists": True}]
    assert world.api.get(f"{path}/attachments/a.jpg").data == b"a picture"
    assert tried(world) == ["uuid:1"]


def test_an_edit_is_applied_and_what_would_be_kept_apart_is_refused(world: World) -> None:
    address = drafted(world)
    sends(world, address, sheet())
    assert sends(world, address, sheet("uuid:2", replaces="uuid:1")).status_code == 201
    for xml, status in (
        (sheet(name="Tên khác"), 409),
        (sheet("uuid:3", replaces="uuid:1"), 409),
        (sheet("uuid:4", replaces="uuid:none"), 404),
        (sheet().replace(b"water_point", b"other"), 400),
        (b"no xml", 400),
    ):
        answer = sends(world, address, xml)
        assert (answer.status_code, read_receipt(answer.data).nature) == (status, "error")
    assert world.api.get("quarantine").get_json() == []
    assert tried(world) == ["uuid:1"]


def test_the_link_stays_when_the_draft_is_replaced_and_its_answers_go(world: World) -> None:
    address = drafted(world)
    sends(world, address, sheet(), **{"a.jpg": b"x"})
    assert drafted(world, WATER_POINT.replace("| 1       |", "| 2 |"), f"{FORM}/draft") == address
    (entry,) = read_form_list(world.nobody().get(f"{address}/formList", headers=OPENROSA).data)
    assert entry.version == "2"
    assert tried(world) == []
    for table in (Submission, FindingRow, SubmissionAttachment):
        assert world.session.query(table).count() == 0


@pytest.mark.parametrize("end", ["publish", "delete the draft", "delete the form", "delete the project"])
def test_the_link_ends_with_the_draft_and_says_what_to_do(world: World, end: str) -> None:
    api = world.api
    if end == "delete the draft":
        world.publishes()
        api.post(f"{FORM}/draft")
        address = link(world)
    else:
        address = drafted(world)
    assert sends(world, address, sheet()).status_code == 201
    act = {
        "publish": lambda: api.post(f"{FORM}/draft/publish"),
        "delete the draft": lambda: api.delete(f"{FORM}/draft"),
        "delete the form": lambda: api.delete(FORM),
        "delete the project": lambda: api.delete("projects/1"),
    }[end]
    assert act().get_json() == {"success": True}
    for path in ("formList", "manifest"):
        answer = world.nobody().get(f"{address}/{path}", headers=OPENROSA)
        assert answer.status_code == 404
        assert "quét mã mới" in read_receipt(answer.data).message
    assert sends(world, address, sheet("uuid:2")).status_code == 404
    assert world.nobody().get(f"{address}.xml").status_code == 404
    if end == "publish":
        assert api.get(f"{FORM}/submissions").get_json() == []
        assert world.session.query(Submission).count() == 0


def test_a_link_opens_nothing_but_its_draft(world: World) -> None:
    world.publishes(WATER_POINT.replace("| water_point |", "| other |"))
    address = drafted(world)
    token = address.split("/")[1]
    nobody = world.nobody()
    for path in ("projects/1/forms/other/draft", "projects/2/forms/water_point/draft"):
        assert nobody.get(f"test/{token}/{path}/formList", headers=OPENROSA).status_code == 404
    assert nobody.get(f"key/{token}/projects/1/formList", headers=OPENROSA).status_code == 403
    assert nobody.get(f"{FORM}/draft", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    other = sheet().replace(b"water_point", b"other")
    assert sends(world, address, other).status_code == 400


def test_who_signs_in_tries_the_draft_without_the_link(world: World) -> None:
    drafted(world)
    api = world.api
    (entry,) = read_form_list(api.get(f"{FORM}/draft/formList", headers=OPENROSA).data)
    assert below(entry.download_url) == f"{FORM}/draft.xml"
    assert api.get(f"{FORM}/draft/manifest", headers=OPENROSA).status_code == 200
    body = {"xml_submission_file": (io.BytesIO(sheet()), "a.xml")}
    assert api.post(f"{FORM}/draft/submission", data=body, headers=OPENROSA).status_code == 201
    assert tried(world) == ["uuid:1"]
    phone: Phone = world.phone("Trưởng thôn", "water_point")
    assert world.nobody().get(f"{FORM}/draft/formList", headers=OPENROSA).status_code == 401
    assert phone.get("forms/water_point.xml").status_code == 404
