"""A key and its phones: the first one, another one, a new one; what is gathered of them, and what the desk says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.domain.devices import FIRST, FORMER, REFUSED, SECOND
from server.services.contacts import MOST_PHONES
from server.services.phones import lines_of
from server.storage.audits import Audit
from server.storage.devices import list_devices
from server.web.desk.built import FOLDER
from server.web.openrosa.contacts import contacts_of, write_now
from tests.kit.world import EMAIL, OPENROSA, PASSWORD, VILLAGES, WATER_POINT, Phone, World, world_fixture

__all__ = ["world_fixture"]

COLLECT = "org.odk.collect.android/v2025.3.2 Dalvik/2.1.0"
VILLAGE = VILLAGES["Thôn Khe Tiền"]
needs_pages = pytest.mark.skipif(not (FOLDER / "manifest.json").exists(), reason="the browser files were not built")


class Handset:
    """One phone, by the id of its installation, with a card's key."""

    def __init__(self, card: Phone, device: str | None) -> None:
        self.card, self.device = card, device

    def asks(self, path: str) -> TestResponse:
        """A GET as Collect makes it."""
        query = {"deviceID": self.device} if self.device else {}
        client = self.card.world.app.test_client()
        return client.get(f"{self.card.base}/{path}", query_string=query, headers=OPENROSA | {"User-Agent": COLLECT})

    def sends(self, xml: bytes, **files: bytes) -> TestResponse:
        """A submission as Collect makes it."""
        parts: dict[str, Any] = {name: (BytesIO(content), name) for name, content in files.items()}
        parts["xml_submission_file"] = (BytesIO(xml), "submission.xml", "text/xml")
        query = {"deviceID": self.device} if self.device else {}
        client = self.card.world.app.test_client()
        return client.post(f"{self.card.base}/submission", query_string=query, data=parts, headers=OPENROSA)


def card(world: World) -> Phone:
    """A village head's card."""
    rows = f"area,name\n{VILLAGE.code},Chíu A Sềnh\n"
    (made,) = world.api.post("projects/1/village-heads", data=rows.encode(), content_type="text/csv").get_json()
    return Phone(world, made["appUser"]["id"], made["token"], VILLAGE.name)


def standings(world: World, holder: Phone) -> dict[str, str]:
    """Where each phone of a holder stands, as it is written."""
    return {each.device_id: each.standing for each in list_devices(world.session, [holder.id]).get(holder.id, [])}


def refuses(world: World) -> None:
    """The project refuses second phones from now on."""
    answer = world.api.patch("projects/1", json={"secondDevice": "refuse"})
    assert (answer.status_code, answer.get_json()["secondDevice"]) == (200, "refuse")


def findings(world: World) -> list[tuple[str, str]]:
    """(kind, severity) of the findings about phones."""
    rows = world.session.connection().exec_driver_sql("SELECT kind, severity FROM findings WHERE kind = 'device'")
    return [(row[0], row[1]) for row in rows]


def test_a_get_writes_nothing_and_contacts_are_written_together(world: World) -> None:
    world.publishes()
    holder = card(world)
    phone = Handset(holder, "collect:first")
    for path in ("formList", "forms/water_point.xml", "formList", "forms/water_point/manifest"):
        assert phone.asks(path).status_code == 200
    assert standings(world, holder) == {}
    assert write_now(world.app) == 1
    assert write_now(world.app) == 0
    (device,) = list_devices(world.session, [holder.id])[holder.id]
    assert (device.standing, device.user_agent, device.last_sent) == (FIRST, COLLECT, None)
    assert device.forms["water_point"]["version"] == "1"

    assert phone.sends(world.filled("water_point", {"ten": "Giếng"})).status_code == 201
    path = "projects/1/forms/water_point/draft"
    second = WATER_POINT.replace("| 1       |", "| 2       |")
    draft = world.api.post(f"{path}?ignoreWarnings=true", data=second.encode(), content_type="text/markdown")
    assert draft.status_code == 200
    assert world.api.post("projects/1/forms/water_point/draft/publish").status_code == 200
    assert phone.asks("formList").status_code == 200
    assert write_now(world.app) == 1
    (device,) = list_devices(world.session, [holder.id])[holder.id]
    assert device.last_sent is not None
    assert device.forms["water_point"]["version"] == "1", "it has not fetched the new one"
    (line,) = lines_of(world.session, world.server_itself, 1, [holder.id])
    assert [(each.form_id, each.version, each.old) for each in line.forms] == [("water_point", "1", True)]


def test_who_has_the_form_already_holds_it_as_well(world: World) -> None:
    world.publishes()
    holder = card(world)
    client = world.app.test_client()
    url = f"{holder.base}/forms/water_point.xml?deviceID=collect:first"
    tag = client.get(url, headers=OPENROSA).headers["ETag"]
    contacts_of(world.app).take()
    assert client.get(url, headers=OPENROSA | {"If-None-Match": tag}).status_code == 304
    write_now(world.app)
    (device,) = list_devices(world.session, [holder.id])[holder.id]
    assert device.forms["water_point"]["version"] == "1"


@pytest.mark.parametrize("written", [True, False])
def test_a_second_phone_is_let_in_with_an_alert(world: World, written: bool) -> None:
    form = world.publishes()
    holder = card(world)
    assert Handset(holder, "collect:first").asks("formList").status_code == 200
    if written:
        write_now(world.app)
    other = Handset(holder, "collect:other")
    assert form in other.asks("formList").get_data(as_text=True)
    assert other.sends(world.filled(form, {"ten": "Giếng"})).status_code == 201
    assert findings(world) == [("device", "warning")]
    write_now(world.app)
    assert standings(world, holder) == {"collect:first": FIRST, "collect:other": SECOND}
    told = world.session.query(Audit).filter_by(action="field_key.second_phone").all()
    assert [(each.acted_on, each.area_id) for each in told] == [(f"actor:{holder.id}", VILLAGE.uuid)]
    # once told is enough
    other.asks("formList")
    write_now(world.app)
    assert world.session.query(Audit).filter_by(action="field_key.second_phone").count() == 1


@pytest.mark.parametrize("device", ["collect:other", None])
def test_a_refused_phone_gets_no_form_and_what_it_holds_is_taken_in(world: World, device: str | None) -> None:
    form = world.publishes()
    refuses(world)
    holder = card(world)
    first, other = Handset(holder, "collect:first"), Handset(holder, device)
    assert first.asks("formList").status_code == 200
    for path in ("formList", "forms/water_point.xml", "forms/water_point/manifest"):
        answer = other.asks(path)
        assert (answer.status_code, answer.content_type) == (403, "text/xml; charset=utf-8")
        assert "gắn với một máy khác" in answer.get_data(as_text=True)
    assert other.asks("submission").status_code == 204
    xml = world.filled(form, {"ten": "Giếng", "anh": "anh.jpg"})
    for _ in range(2):
        assert other.sends(xml, **{"anh.jpg": b"\xff\xd8\xff"}).status_code == 201
    assert findings(world) == [("device", "error")]
    (kept,) = world.api.get(f"projects/1/forms/{form}/submissions").get_json()
    assert kept["reviewState"] == "hasIssues"
    (file,) = world.api.get(f"projects/1/forms/{form}/submissions/{kept['instanceId']}/attachments").get_json()
    assert file["exists"]
    write_now(world.app)
    assert standings(world, holder) == {"collect:first": FIRST, device or "": REFUSED}
    assert first.asks("formList").status_code == 200


def test_one_button_moves_the_key_to_the_new_phone(world: World) -> None:
    refuses(world)
    holder = card(world)
    old, new = Handset(holder, "collect:old"), Handset(holder, "collect:new")
    assert old.asks("formList").status_code == 200
    assert new.asks("formList").status_code == 403
    write_now(world.app)
    unknown = world.api.delete(f"projects/1/app-users/{holder.id}/phone?deviceID=collect:nobody")
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, 404.1)
    assert world.api.delete(f"projects/1/app-users/{holder.id}/phone?deviceID=collect:new").status_code == 200
    assert new.asks("formList").status_code == 200
    assert old.asks("formList").status_code == 403
    write_now(world.app)
    # about the old one somebody has decided: no alert
    assert standings(world, holder) == {"collect:old": FORMER, "collect:new": FIRST}

    assert world.api.delete(f"projects/1/app-users/{holder.id}/phone").status_code == 200
    third = Handset(holder, "collect:third")
    assert third.asks("formList").status_code == 200
    assert new.asks("formList").status_code == 403


def test_another_card_ends_the_old_one_at_once(world: World) -> None:
    form = world.publishes()
    holder = card(world)
    Handset(holder, "collect:first").asks("formList")
    made = world.api.post(f"projects/1/app-users/{holder.id}/key").get_json()
    assert (made["id"], made["token"] != holder.token) == (holder.id, True)
    assert Handset(holder, "collect:first").asks("formList").status_code == 403
    again = Phone(world, holder.id, made["token"], None)
    assert form in Handset(again, "collect:thief").asks("formList").get_data(as_text=True)
    write_now(world.app)
    assert standings(world, holder) == {"collect:thief": FIRST}
    assert world.api.delete(f"projects/1/app-users/{holder.id}/key").status_code == 200
    assert world.api.delete(f"projects/1/app-users/{holder.id}/key").status_code == 200
    assert Handset(again, "collect:thief").asks("formList").status_code == 403
    actions = [each.action for each in world.session.query(Audit).filter_by(acted_on=f"actor:{holder.id}")]
    assert actions.count("field_key.renew") == actions.count("field_key.session.end") == 1


def test_made_up_phones_fill_no_table(world: World) -> None:
    holder = card(world)
    for number in range(MOST_PHONES + 5):
        Handset(holder, f"collect:{number}").asks("formList")
    write_now(world.app)
    for number in range(100, 105):
        Handset(holder, f"collect:{number}").asks("formList")
    write_now(world.app)
    assert len(standings(world, holder)) == MOST_PHONES


def test_what_could_not_be_written_is_written_later(world: World) -> None:
    holder = card(world)
    Handset(holder, "collect:first").asks("formList")
    contacts = contacts_of(world.app)
    contacts.give_back(contacts.take())
    assert write_now(world.app) == 1
    assert standings(world, holder) == {"collect:first": FIRST}


@pytest.fixture
def desk(world: World) -> FlaskClient:
    """The administrator's browser."""
    client = world.app.test_client()
    assert client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).status_code == 200
    return client


def shown(client: FlaskClient, path: str) -> str:
    """A page as text."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


@needs_pages
def test_the_desk_says_what_is_known_and_what_is_guessed(world: World, desk: FlaskClient) -> None:
    holder = card(world)
    page = shown(desk, "/projects/1/phones")
    assert "chưa cài máy" in page
    assert "Thôn Khe Tiền" in page
    Handset(holder, "collect:first").asks("formList")
    Handset(holder, "collect:other").asks("formList")
    write_now(world.app)
    page = shown(desk, "/projects/1/phones")
    assert "1 khóa dùng trên máy lạ" in page
    assert "Collect 2025.3.2" in page
    assert "chưa tải biểu mẫu của kỳ" in page
    assert "1 khóa gửi phiếu đang dùng trên máy lạ" in shown(desk, "/")
    assert "Chíu A Sềnh" in shown(desk, "/projects/1/phones?q=chiu+a+senh")
    assert "Chíu A Sềnh" not in shown(desk, "/projects/1/phones?show=silent")
    cookie = desk.get_cookie("__csrf")
    assert cookie is not None
    form = {"__csrf": cookie.value, "device": "collect:other"}
    assert desk.post(f"/projects/1/phones/{holder.id}/release", data=form).status_code == 303
    one = shown(desk, f"/projects/1/phones/{holder.id}")
    assert "máy cũ" in one
    assert "dùng trên 1 máy khác" not in one
    assert "máy lạ đang" not in shown(desk, "/")


@needs_pages
def test_a_table_is_looked_at_then_written_on_the_desk(world: World, desk: FlaskClient) -> None:
    cookie = desk.get_cookie("__csrf")
    assert cookie is not None
    page = "/projects/1/phones/heads"
    assert "CSV" in shown(desk, page)
    bad = {"__csrf": cookie.value, "file": (BytesIO(b"area,name\nxx,A\n"), "a.csv"), "act": "look"}
    answer = desk.post(page, data=bad)
    assert answer.status_code == 400
    assert "Không có thôn" in answer.get_data(as_text=True)
    rows = f"area,name\n{VILLAGE.code},Chíu A Sềnh\n".encode("utf-16")
    looked = desk.post(page, data={"__csrf": cookie.value, "file": (BytesIO(rows), "a.csv"), "act": "look"})
    assert "Sẽ thêm 1 người" in looked.get_data(as_text=True)
    assert world.api.get("projects/1/app-users").get_json() == []
    kept = re.search(r'name="table" value="([^"]+)"', looked.get_data(as_text=True))
    assert kept is not None
    done = desk.post(page, data={"__csrf": cookie.value, "table": kept[1], "act": "write"})
    assert "Đã thêm 1 người" in done.get_data(as_text=True)
    assert len(world.api.get("projects/1/app-users").get_json()) == 1


@needs_pages
def test_a_sheet_for_each_commune_with_an_address_of_its_own(world: World, desk: FlaskClient) -> None:
    other = VILLAGES["Thôn Nà Hắc"]
    rows = f"area,name\n{VILLAGE.code},Chíu A Sềnh\n{other.code},Lý Thị Hoà\n"
    world.api.post("projects/1/village-heads", data=rows.encode(), content_type="text/csv")
    page = desk.get("/projects/1/phones/cards").get_data(as_text=True)
    assert page.count('class="qr-card"') == 2
    assert page.count("page-break") == 1
    sheets = re.findall(r'href="(/projects/1/phones/cards/[^"]+)"', page)
    assert len(sheets) == 2
    for sheet in sheets:
        assert desk.get(sheet).get_data(as_text=True).count('class="qr-card"') == 1
    assert desk.get("/projects/1/phones/cards/elsewhere").status_code == 404
    assert desk.get(f"/projects/1/phones/cards/{datetime.now(UTC):%Y}").status_code == 404
