"""What a phone fetches: every trap that ODK Collect lays for a server on these paths."""

from xml.etree import ElementTree as ET

from server.domain.data_files import list_demo_villages
from server.storage.database import db
from sync.openrosa import read_form_list, read_manifest
from tests.kit.field import VILLAGES, library_form
from tests.kit.statements import listening
from tests.kit.world import OPENROSA, WATER_POINT, World

VILLAGE = "Thôn Ngàn Chi"


def test_the_list_names_each_open_form_with_the_hash_of_its_text(world: World) -> None:
    world.publishes()
    phone = world.phone("phone")
    answer = phone.get("formList")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/xml")
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    (entry,) = read_form_list(answer.data)
    assert (entry.form_id, entry.version, entry.manifest_url) == ("water_point", "1", None)
    assert phone.token in entry.download_url
    text = world.app.test_client().get(entry.download_url)
    assert text.content_type.startswith("application/xml")
    assert entry.hash == f"md5:{text.headers['ETag'].strip(chr(34))}"


def test_a_form_that_a_phone_was_not_granted_is_not_in_its_list(world: World) -> None:
    world.publishes()
    api = world.api
    made = api.post("projects/1/app-users", json={"displayName": "nobody"}).get_json()
    answer = world.app.test_client().get(f"/v1/key/{made['token']}/projects/1/formList", headers=OPENROSA)
    assert (answer.status_code, read_form_list(answer.data)) == (200, ())
    missing = world.app.test_client().get(f"/v1/key/{made['token']}/projects/1/forms/water_point.xml")
    assert missing.status_code == 404
    assert b"OpenRosaResponse" in missing.data


def test_a_closed_form_leaves_the_list(world: World) -> None:
    world.publishes()
    phone = world.phone("phone")
    for state in ("closing", "closed"):
        assert world.api.patch("projects/1/forms/water_point", json={"state": state}).status_code == 200
        assert read_form_list(phone.get("formList").data) == ()


def test_without_the_openrosa_header_the_answer_says_which(world: World) -> None:
    phone = world.phone("phone")
    for path in ("formList", "submission"):
        answer = world.app.test_client().get(f"{phone.base}/{path}")
        assert answer.status_code == 400
        assert "X-OpenRosa-Version" in answer.get_data(as_text=True)


def test_every_get_answers_304_to_what_the_phone_has(world: World) -> None:
    world.api.post(
        "projects/1/forms?publish=true&ignoreWarnings=true",
        data=library_form("village_criteria"),
        content_type="application/xml",
    )
    phone = world.phone("phone")
    base = "forms/village_criteria"
    for path in ("formList", f"{base}.xml", f"{base}/manifest", f"{base}/attachments/villages.csv"):
        first = phone.get(path)
        assert first.status_code == 200, path
        again = phone.get(path, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), path


def test_the_list_asks_the_database_no_more_for_many_forms_than_for_one(world: World) -> None:
    world.publishes()
    phone = world.phone("phone")
    with world.app.app_context():
        engine = db.engine
    with listening(engine) as said:

        def asked(**headers: str) -> list[str]:
            said.clear()
            assert phone.get("formList", **headers).status_code in (200, 304)
            return [text for text in said if text.lstrip().upper().startswith(("SELECT", "WITH"))]

        asked()
        one = len(asked())
        assert one == 1
        for number in range(5):
            form_id = world.publishes(WATER_POINT.replace("| water_point |", f"| form_{number} |"))
            assert world.api.post(f"projects/1/forms/{form_id}/assignments/2/{phone.id}").status_code == 200
        tag = phone.get("formList").headers["ETag"]
        assert len(read_form_list(phone.get("formList").data)) == 6
        assert len(asked()) == one
        assert len(asked(**{"If-None-Match": tag})) == one
        # and a phone that asks writes nothing
        assert not [text for text in said if text.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]


def test_the_manifest_names_the_lists_that_the_server_makes(world: World) -> None:
    world.api.post(
        "projects/1/forms?publish=true&ignoreWarnings=true",
        data=library_form("village_criteria"),
        content_type="application/xml",
    )
    phone = world.phone("phone")
    files = {file.filename: file for file in read_manifest(phone.get("forms/village_criteria/manifest").data)}
    assert set(files) == {"villages.csv", "communes.csv", "rounds.csv", "corrections.csv"}
    rows = world.app.test_client().get(files["villages.csv"].download_url).get_data(as_text=True).splitlines()
    assert rows[0] == "name,label,commune,code,xa_ntm"
    assert any(row.startswith(f"{VILLAGES[VILLAGE].uuid},{VILLAGE},") for row in rows)
    assert len(rows) == len(list_demo_villages()) + 1


def test_an_unknown_key_is_forbidden_and_a_malformed_one_unauthenticated(world: World) -> None:
    client = world.app.test_client()
    for key, status in (("a" * 64, 403), ("short", 401)):
        answer = client.get(f"/v1/key/{key}/projects/1/formList", headers=OPENROSA)
        assert answer.status_code == status
        assert ET.fromstring(answer.data).tag.endswith("OpenRosaResponse")
