"""The audit is read by those whom it concerns: all of it, a project, an area and what lies below."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from server.domain.audit_scope import EVERYTHING
from server.services.people import grant_role
from server.storage.actors import GrantView, find_user_by_email
from server.storage.audits import AuditEntry, Looked, list_audits, list_lines, stream_lines, write_audit
from server.storage.database import transaction
from server.storage.reach import find_above
from tests.kit.databases import Databases
from tests.kit.places import two_villages
from tests.kit.world import EMAIL, PASSWORD, VILLAGES, Api, World, world_at

IDS = [area.uuid for area in VILLAGES.values()]


@dataclass
class Programme:
    """Two villages in two communes, each as (commune, village), and a second project."""

    world: World
    one: tuple[str, str]
    other: tuple[str, str]
    second: int

    def granted(self, role: str, project_id: int | None, area_id: str | None) -> Api:
        """Somebody with one role, on an area or on all of a project or of the site."""
        email = f"{uuid.uuid4().hex[:8]}@example.vn"
        made = self.world.api.post("users", json={"email": email, "password": PASSWORD}).get_json()
        scope = "project" if project_id else "site"
        grant = GrantView(role, scope, project_id, None, area_id, None, None)
        grant_role(self.world.session, self.world.server_itself, made["id"], grant, datetime.now(UTC))
        return self.world.signed_in(email, PASSWORD)

    def writes(self, *places: tuple[int | None, str | None]) -> None:
        """A line for each (project, area), which says so in its details."""
        with transaction(self.world.session) as connection:
            for project_id, area_id in places:
                entry = AuditEntry(
                    None, "test.line", None, datetime.now(UTC), project_id=project_id, area_id=area_id, address="::1"
                )
                write_audit(connection, entry)
            connection.commit()


@pytest.fixture
def programme(world: World) -> Programme:
    """The villages as they lie today."""
    one, other = ((commune, village) for village, commune in two_villages(world.session, IDS))
    second = world.api.post("projects", json={"name": "Dự án khác"}).get_json()["id"]
    made = Programme(world, one, other, second)
    made.writes((1, one[1]), (1, other[1]), (second, one[1]), (None, one[1]), (1, None), (second, None), (None, None))
    return made


def places(answer: TestResponse) -> set[tuple[int | None, str | None]]:
    """Where the lines lie that were written for it."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {(each["projectId"], each["areaId"]) for each in answer.get_json() if each["action"] == "test.line"}


def test_who_has_the_site_sees_every_line(programme: Programme) -> None:
    assert len(places(programme.world.api.get("audits?action=test"))) == 7
    assert len(places(programme.granted("auditor", None, None).get("audits?action=test"))) == 7


@pytest.mark.parametrize("role", ["commune_supervisor", "auditor", "programme_admin"])
def test_who_looks_after_an_area_sees_its_lines(programme: Programme, role: str) -> None:
    commune, village = programme.one
    on_site = programme.granted(role, None, commune).get("audits?action=test")
    assert places(on_site) == {(1, village), (programme.second, village), (None, village)}
    in_project = programme.granted(role, 1, commune).get("audits?action=test")
    # what is done to the village itself belongs to no project
    assert places(in_project) == {(1, village), (None, village)}
    upwards = find_above(programme.world.session, village, datetime.now(UTC).date())[-1]
    above = programme.granted(role, 1, upwards).get("audits?action=test")
    assert places(above) == {(1, village), (None, village), (1, programme.other[1])}


def test_who_has_a_whole_project_sees_all_of_it_and_nothing_else(programme: Programme) -> None:
    seen = programme.granted("auditor", 1, None).get("audits?action=test")
    assert places(seen) == {(1, programme.one[1]), (1, programme.other[1]), (1, None)}
    assert places(programme.granted("auditor", programme.second, None).get("audits?action=test")) == {
        (programme.second, None),
        (programme.second, programme.one[1]),
    }


@pytest.mark.parametrize("role", ["viewer", "analyst", "village_head", "manager"])
def test_who_holds_no_role_that_reads_it_is_refused(programme: Programme, role: str) -> None:
    answer = programme.granted(role, 1, programme.one[0]).get("audits")
    assert (answer.status_code, answer.get_json()["code"]) == (403, 403.1)


def test_the_quarantine_is_for_who_sees_everything(programme: Programme) -> None:
    assert programme.granted("auditor", None, programme.one[0]).get("quarantine").status_code == 403
    assert programme.granted("auditor", None, programme.one[0]).get("quarantine/1").status_code == 403
    assert programme.granted("auditor", None, None).get("quarantine").status_code == 200


def test_lines_are_asked_for_by_area_actor_time_and_id(programme: Programme) -> None:
    api, (commune, village) = programme.world.api, programme.one
    assert places(api.get(f"audits?areaId={commune}")) == {(1, village), (programme.second, village), (None, village)}
    assert places(api.get("audits?areaId=nowhere")) == set()
    admin = find_user_by_email(programme.world.session, EMAIL)
    assert admin is not None
    own = api.get(f"audits?actorId={admin.id}&limit=500").get_json()
    assert {each["actorId"] for each in own} == {admin.id}
    first = api.get("audits?limit=2").get_json()
    rest = api.get(f"audits?limit=2&before={first[1]['id']}").get_json()
    assert [each["id"] for each in rest] == [first[1]["id"] - 1, first[1]["id"] - 2]
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+", "%2B")
    assert api.get(f"audits?start={later}").get_json() == []
    for wrong in ("before=x", "actorId=-1", "start=gestern", "start=0001-01-01T00:00:00%2B14:00"):
        assert api.get(f"audits?{wrong}").status_code == 400


def test_central_s_clients_find_its_shape(programme: Programme) -> None:
    line = programme.world.api.get("audits?action=project.create&limit=1").get_json()[0]
    assert line.keys() >= {"actorId", "action", "acteeId", "details", "notes", "loggedAt"}
    assert (line["action"], line["acteeId"]) == ("project.create", f"project:{programme.second}")
    more = programme.world.api.get("audits?action=project.create&limit=1", headers={"X-Extended-Metadata": "true"})
    assert more.get_json()[0]["actor"]["id"] == line["actorId"]


def test_long_audits_are_the_same_page_by_page(programme: Programme, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far back the newest are looked through one by one: with few ids back, most is found by index."""
    monkeypatch.setattr("server.storage.audits.RECENT", 5)
    monkeypatch.setattr("server.storage.audits.AT_ONCE", 4)
    chance = random.Random(7)
    areas = [programme.one[1], programme.other[1], None]
    programme.writes(*[(chance.choice([1, programme.second, None]), chance.choice(areas)) for _ in range(60)])
    supervisor = programme.granted("commune_supervisor", 1, programme.one[0])
    whole = supervisor.get("audits?action=test").get_json()
    expected = {(1, programme.one[1]), (None, programme.one[1])}
    every = list_audits(programme.world.session, most=1000, action="test")
    assert [each["id"] for each in whole] == [each.id for each in every if (each.project_id, each.area_id) in expected]
    pages: list[Any] = []
    while page := supervisor.get(f"audits?action=test&limit=7&before={pages[-1]['id'] if pages else 10**9}").get_json():
        pages += page
    assert pages == whole


@pytest.fixture
def behind_proxies(databases: Databases, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """A world that believes so many proxies."""
    with (
        databases.sqlite_file() as url,
        world_at(url, tmp_path, THONBAN_TRUSTED_PROXIES=str(request.param)) as made,
    ):
        yield made


@pytest.mark.parametrize(
    ("behind_proxies", "said", "address"),
    [
        (0, "198.51.100.1", "192.0.2.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (1, "198.51.100.1:5678", "198.51.100.1"),
        (1, "[2001:db8::1]:5678", "2001:db8::1"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "unknown", None),
        (1, "x" * 200, None),
    ],
    indirect=["behind_proxies"],
)
def test_the_address_is_what_the_proxies_of_the_setting_say(
    behind_proxies: World, said: str, address: str | None
) -> None:
    client = behind_proxies.app.test_client()
    for password in (PASSWORD, "a wrong password"):
        client.post(
            "/v1/sessions",
            json={"email": EMAIL, "password": password},
            headers={"X-Forwarded-For": said},
            environ_base={"REMOTE_ADDR": "192.0.2.1"},
        )
    lines = list_audits(behind_proxies.session, most=2)
    assert [(each.action, each.address) for each in lines] == [
        ("user.session.fail", address),
        ("user.session.create", address),
    ]
    admin = find_user_by_email(behind_proxies.session, EMAIL)
    assert admin is not None
    assert lines[0].acted_on == f"actor:{admin.id}"
    assert lines[0].actor_id is None


def test_a_password_typed_into_the_wrong_field_is_not_kept(world: World) -> None:
    for email in ("Một mật khẩu của ai đó", "khong.co@example.vn"):
        answer = world.nobody().post("sessions", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 401
    found = list_audits(world.session, most=2)
    assert [(each.action, each.details.get("email")) for each in found] == [
        ("user.session.fail", "khong.co@example.vn"),
        ("user.session.fail", None),
    ]


EXPORTS = [
    ("projects/1/forms/water_point.svc/Submissions?$top=1", "form.submission.export"),
    ("projects/1/app-users", "field_key.list"),
    ("projects/1/app-users/{key}", "field_key.show"),
    ("projects/1/app-users/{key}/qr.png", "field_key.show"),
]


@pytest.mark.parametrize(("path", "action"), EXPORTS)
def test_what_is_exported_leaves_one_line(world: World, path: str, action: str) -> None:
    world.publishes()
    phone = world.phone("Ngàn Chi")
    before = list_audits(world.session)[0].id
    with world.api.get(path.format(key=phone.id)) as answer:
        assert answer.status_code == 200
        # nobody waits for the line: it is written when the answer has gone out
        assert list_audits(world.session)[0].id == before
    written = [each for each in list_audits(world.session) if each.id > before]
    assert [(each.action, each.project_id, each.address) for each in written] == [(action, 1, "127.0.0.1")]


@pytest.mark.parametrize("path", ["projects/1/forms/water_point.svc/Submissions?$top=x", "projects/1/app-users/99"])
def test_what_was_refused_is_no_export(world: World, path: str) -> None:
    world.publishes()
    before = list_audits(world.session)[0].id
    with world.api.get(path) as answer:
        assert answer.status_code >= 400
    assert list_audits(world.session)[0].id == before


def test_the_whole_audit_streams(programme: Programme) -> None:
    session = programme.world.session
    assert list(stream_lines(session, EVERYTHING, Looked())) == list_lines(session, EVERYTHING, Looked(), 10_000)
