"""Sheets from a file, at the desk: looked at first, vouched for by a person, taken in once."""

import io
import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.services.people import NewAppUser, NewUser, create_app_user, create_user, grant_role
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.submissions import Submission
from server.web.desk.built import FOLDER
from tests.kit.passwords import give_password
from tests.kit.places import two_villages
from tests.kit.world import EMAIL, PASSWORD, VILLAGES, World, world_fixture
from tests.server.test_bundle_command import wells

__all__ = ["world_fixture"]

pytestmark = pytest.mark.skipif(
    not (FOLDER / "manifest.json").exists(), reason="the browser files were not built (make assets)"
)
PAGE = "/projects/1/bundles"
KEPT = re.compile(r'name="kept" value="([^"]+)"')
SUPERVISOR = "lan@example.vn"


def browser(world: World, email: str = EMAIL) -> FlaskClient:
    client = world.app.test_client()
    assert client.post("/v1/sessions", json={"email": email, "password": PASSWORD}).status_code == 200
    return client


def supervisor(world: World, commune: str, role: str = "commune_supervisor") -> FlaskClient:
    """The browser of somebody who looks after a commune."""
    now = datetime.now(UTC)
    made = create_user(world.session, world.server_itself, NewUser(SUPERVISOR, None, "Hoàng Thị Lan"), now)
    give_password(world.session, SUPERVISOR, PASSWORD)
    grant_role(
        world.session, world.server_itself, made.id, GrantView(role, "project", 1, None, commune, None, None), now
    )
    return browser(world, SUPERVISOR)


def head(world: World, name: str, village: str) -> int:
    """A village head with a key that fills all forms there are."""
    forms = world.session.connection().exec_driver_sql("SELECT id FROM forms").scalars().all()
    new = NewAppUser(1, name, area_id=village, form_ids=tuple(forms))
    return create_app_user(world.session, world.home, world.server_itself, new, datetime.now(UTC)).id


def hands_in(client: FlaskClient, content: bytes | None = None, **fields: object) -> TestResponse:
    cookie = client.get_cookie("__csrf")
    assert cookie is not None
    data: dict[str, object] = {"__csrf": cookie.value, "act": "look"} | fields
    if content is not None:
        data["file"] = (io.BytesIO(content), "thonban-a-20260302-0815.zip")
    return client.post(PAGE, data=data, content_type="multipart/form-data")


def word_of(page: str) -> str:
    found = KEPT.search(page)
    assert found is not None, page
    return found[1]


def count(world: World) -> int:
    return len(world.session.execute(select(Submission.id)).all())


def test_a_file_is_looked_at_then_taken_in_then_known(world: World) -> None:
    world.publishes()
    (village, commune), _ = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    sender = head(world, "Chíu A Sềnh", village)
    client = supervisor(world, commune)
    content = wells(world, "A", "B", sender=sender, person="Chíu A Sềnh")
    page = hands_in(client, content).get_data(as_text=True)
    for said in (
        "Nhận được 2 trên 2 phiếu",
        "Chưa ghi gì",
        "Chíu A Sềnh",
        "02/03/2026 15:15",
        "Điểm nước",
        "Phiếu mới",
    ):
        assert said in page
    assert count(world) == 0
    lines = len(list_audits(world.session, most=100))
    again = hands_in(client, kept=word_of(page), act="write", sender=sender)
    page = again.get_data(as_text=True)
    assert again.status_code == 200
    assert "Đã có 2 trên 2 phiếu trên máy chủ" in page
    assert "Mọi phiếu trong tệp đều đã có trên máy chủ" in page
    assert count(world) == 2
    assert set(world.session.execute(select(Submission.submitter_id)).scalars()) == {sender}
    assert len(list_audits(world.session, most=100)) == lines + 3
    page = hands_in(client, content).get_data(as_text=True)
    assert page.count("Đã có</span>") == 2


def test_the_result_leads_to_the_sheets_that_the_reader_may_open(world: World) -> None:
    world.publishes()
    phone = world.phone("Ngàn Chi")
    client = browser(world)
    page = hands_in(client, wells(world, "A", sender=phone.id)).get_data(as_text=True)
    page = hands_in(client, kept=word_of(page), act="write", sender=phone.id).get_data(as_text=True)
    found = re.search(r'href="(/submissions/\d+)"', page)
    assert found is not None
    assert client.get(found[1]).status_code == 200


def test_where_the_file_names_nobody_a_person_does(world: World) -> None:
    world.publishes()
    phone = world.phone("Ngàn Chi")
    client = browser(world)
    page = hands_in(client, wells(world, "A")).get_data(as_text=True)
    assert "Tệp có 1 phiếu. Của ai?" in page
    assert "Nguyên vẹn" in page
    assert 'value="write"' not in page
    word = word_of(page)
    refused = hands_in(client, kept=word, act="write")
    assert (refused.status_code, "Hãy chọn phiếu của ai." in refused.get_data(as_text=True)) == (400, True)
    page = hands_in(client, kept=word, sender=phone.id).get_data(as_text=True)
    assert "Bạn xác nhận đây là phiếu của Ngàn Chi" in page
    assert hands_in(client, kept=word, act="write", sender=phone.id).status_code == 200
    assert count(world) == 1


def test_a_file_alone_vouches_for_nobody(world: World) -> None:
    world.publishes()
    phone = world.phone("Ngàn Chi")
    client = browser(world)
    word = word_of(hands_in(client, wells(world, "A", sender=phone.id)).get_data(as_text=True))
    assert hands_in(client, kept=word, act="write").status_code == 400
    assert count(world) == 0


def test_a_supervisor_brings_for_the_own_commune_alone(world: World) -> None:
    world.publishes()
    (mine, commune), (theirs, _) = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    own, other = head(world, "Chíu A Sềnh", mine), head(world, "Bàn Thị Khác", theirs)
    client = supervisor(world, commune)
    page = hands_in(client, wells(world, "A", sender=other, person="Bàn Thị Khác")).get_data(as_text=True)
    assert "không phải người trong địa bàn của bạn" in page
    options = re.findall(r'<option value="(\d+)"', page)
    assert options == [str(own)]
    word = word_of(page)
    for act in ("look", "write"):
        assert hands_in(client, kept=word, act=act, sender=other).status_code == 404
        assert hands_in(client, kept=word, act=act, sender="1" * 9).status_code == 404
    assert count(world) == 0


def test_nobody_opens_the_file_that_somebody_else_brought(world: World) -> None:
    world.publishes()
    phone = world.phone("Ngàn Chi")
    (_, commune), _ = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    word = word_of(hands_in(browser(world), wells(world, "A", sender=phone.id)).get_data(as_text=True))
    client = supervisor(world, commune)
    for kept in (word, "x", word[:-4] + "AAAA", "é"):
        assert hands_in(client, kept=kept).status_code == 400


@pytest.mark.parametrize("role", ["auditor", "analyst", "province_reviewer"])
def test_who_may_not_bring_sheets_has_no_such_page(world: World, role: str) -> None:
    (_, commune), _ = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    client = supervisor(world, commune, role)
    assert client.get(PAGE).status_code == 403
    assert hands_in(client, b"").status_code == 403
    assert PAGE not in client.get("/administration").get_data(as_text=True)


def test_the_page_is_found_from_the_administration_in_both_languages(world: World) -> None:
    (_, commune), _ = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    client = supervisor(world, commune)
    assert PAGE in client.get("/administration").get_data(as_text=True)
    assert "<h1>Nhận phiếu từ tệp</h1>" in client.get(PAGE).get_data(as_text=True)
    assert "<h1>Sheets from a file</h1>" in client.get(f"{PAGE}?lang=en").get_data(as_text=True)


def test_what_cannot_be_used_is_told_on_the_page(world: World) -> None:
    world.publishes()
    phone = world.phone("Ngàn Chi")
    client = browser(world)
    none, other, of_project = (
        hands_in(client),
        hands_in(client, b"no zip"),
        hands_in(client, wells(world, "A", project=2)),
    )
    assert [each.status_code for each in (none, other, of_project)] == [400, 400, 400]
    assert "Hãy chọn tệp phiếu" in none.get_data(as_text=True)
    assert "Đây không phải tệp phiếu" in other.get_data(as_text=True)
    assert "dự án số 2" in of_project.get_data(as_text=True)
    content = wells(world, "A", "B", sender=phone.id)
    page = hands_in(client, content[: content.rindex(b"PK\x03\x04")]).get_data(as_text=True)
    assert "Nhận được 1 trên 2 phiếu" in page
    assert "Thiếu: phiếu." in page
    page = hands_in(client, kept=word_of(page), act="write", sender=phone.id).get_data(as_text=True)
    assert "1 phiếu chưa nhận được" in page


def test_what_a_file_says_of_itself_is_shown_as_text(world: World) -> None:
    world.publishes()
    client = browser(world)
    page = hands_in(client, wells(world, "A", person="<script>x</script>", server="<b>", sender=99999))
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "<script>x" not in text
    assert "&lt;script&gt;x" in text


def test_a_large_file_lies_on_disk_while_it_is_read_and_is_gone_then(world: World) -> None:
    world.publishes()
    client = browser(world)
    phone = world.phone("Ngàn Chi")
    page = hands_in(client, wells(world, "A", photo=bytes(range(256)) * 1500, sender=phone.id)).get_data(as_text=True)
    assert "Nhận được 1 trên 1 phiếu" in page
    page = hands_in(client, kept=word_of(page), act="write", sender=phone.id).get_data(as_text=True)
    assert "Đã có 1 trên 1 phiếu trên máy chủ" in page
    assert [each.name for each in world.home.config.home.iterdir() if each.name.startswith(".bundle-")] == []
