"""A programme as its users meet it: the whole application on a fresh home, spoken to over HTTP.

`world.api` is a script signed in as administrator, `world.phone("Khe Mực")` a village head's key on the phones' URLs,
`world.server()` the same application behind a real socket. Everything is real: the database, the files, the law.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from forms.calculate import fill
from forms.parse import parse_form
from forms.validate import JudgeContext
from server.app import create_app
from server.config import Config
from server.domain.data_files import list_areas, list_changes, list_demo_commune_facts, list_demo_villages
from server.domain.rounds import Round
from server.services.areas import load_areas, set_root
from server.services.authenticate import Caller, system_caller
from server.services.home import Home, open_home
from server.services.lists import LISTS, make_list
from server.services.people import NewUser, create_user
from server.services.prepare import prepare
from server.services.rounds import open_round
from server.services.sight import everything
from server.storage.database import db
from server.storage.schema import open_sessions
from tests.kit.databases import KINDS, CopyHome, Databases
from tests.kit.passwords import give_password
from tests.kit.served import serving
from tests.kit.services import Postgres

EMAIL, PASSWORD = "admin@example.vn", "một mật khẩu thật dài"
ROUND = Round("2019", "Rà soát năm 2019", "Review of 2019", date(2019, 6, 30), date(2019, 6, 1), date(2019, 7, 31))
VILLAGES = {area.name: area for area in list_demo_villages()}
COMMUNES = {area.key: area for area in list_areas()}
OPENROSA = {"X-OpenRosa-Version": "1.0"}

WATER_POINT = """
| survey |
|        | type     | name   | label            | required | constraint | constraint_message      |
|        | text     | ten    | Tên giếng        | yes      |            |                         |
|        | integer  | so_ho  | Số hộ dùng giếng |          | . >= 0     | Số hộ không thể âm      |
|        | geopoint | toa_do | Toạ độ           |          |            |                         |
|        | image    | anh    | Ảnh giếng        |          |            |                         |
| settings |
|        | form_id     | form_title   | version |
|        | water_point | Điểm nước    | 1       |
"""


def xlsx(markdown: str) -> bytes:
    """A Markdown XLSForm as an Excel workbook."""
    book = Workbook()
    book.remove(book.active)
    header = False
    for line in markdown.strip().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 1:
            sheet, header = book.create_sheet(cells[0]), True
            continue
        sheet.append([cell or None for cell in cells[1:]])
    assert header
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@dataclass
class Api:
    """A script with a bearer token; paths are below /v1."""

    client: FlaskClient
    token: str | None = None

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        """One request; `json=`, `data=`, `headers=` as Werkzeug's client takes them."""
        headers = {"Accept-Language": "vi"} | dict(more.pop("headers", {}))
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.client.open(f"/v1/{path}", method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        """GET."""
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> TestResponse:
        """POST."""
        return self.ask("POST", path, **more)

    def put(self, path: str, **more: Any) -> TestResponse:
        """PUT."""
        return self.ask("PUT", path, **more)

    def patch(self, path: str, **more: Any) -> TestResponse:
        """PATCH."""
        return self.ask("PATCH", path, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        """DELETE."""
        return self.ask("DELETE", path, **more)


@dataclass
class Phone:
    """A village head's key, used on the URLs that a phone has."""

    world: World
    id: int
    token: str
    village: str | None

    @property
    def base(self) -> str:
        """The server address in this phone's settings."""
        return f"/v1/key/{self.token}/projects/1"

    def get(self, path: str, **headers: str) -> TestResponse:
        """A GET below its address."""
        return self.world.app.test_client().get(f"{self.base}/{path}", headers=OPENROSA | headers)

    def sends(self, xml: bytes | None, files: Mapping[str, bytes] = {}, **more: Any) -> TestResponse:
        """A submission with its files, in one request."""
        parts: dict[str, Any] = {name: (BytesIO(content), name) for name, content in files.items()}
        if xml is not None:
            parts["xml_submission_file"] = (BytesIO(xml), "submission.xml", "text/xml")
        client = self.world.app.test_client()
        headers = OPENROSA | more.pop("headers", {})
        return client.post(f"{self.base}/submission?deviceID=collect:1", data=parts, headers=headers, **more)


@dataclass
class World:
    """A demo home with the areas of 2019, one round, an administrator, and no form yet."""

    app: Flask
    home: Home
    own_session: Session
    _api: Api | None = None

    @property
    def session(self) -> Session:
        """What the test looks at the database with. No application context is held: requests would share it."""
        self.own_session.rollback()
        return self.own_session

    @property
    def api(self) -> Api:
        """A script signed in as administrator; the password is worked out once, which is made to take its time."""
        if self._api is None:
            self._api = self.signed_in(EMAIL, PASSWORD)
        return self._api

    def signed_in(self, email: str, password: str) -> Api:
        """A script signed in as somebody."""
        client = self.app.test_client(use_cookies=False)
        answer = client.post("/v1/sessions", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return Api(client, answer.get_json()["token"])

    def nobody(self) -> Api:
        """A script without a credential."""
        return Api(self.app.test_client(use_cookies=False))

    def person(self, name: str, role: str | None = None) -> Api:
        """A new person with a role on the whole site, signed in."""
        email = f"{uuid.uuid4().hex[:8]}@example.vn"
        create_user(self.session, self.server_itself, NewUser(email, None, name, role=role), datetime.now(UTC))
        give_password(self.session, email, PASSWORD)
        return self.signed_in(email, PASSWORD)

    @property
    def server_itself(self) -> Caller:
        """The caller that stands for the server."""
        return system_caller(self.session, datetime.now(UTC))

    def publishes(self, markdown: str = WATER_POINT) -> str:
        """Publishes a Markdown XLSForm in project 1 and returns its form id."""
        answer = self.api.post(
            "projects/1/forms?publish=true&ignoreWarnings=true", data=markdown.encode(), content_type="text/markdown"
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        form_id: str = answer.get_json()["xmlFormId"]
        return form_id

    def phone(self, name: str, *form_ids: str) -> Phone:
        """A new key that may fill these forms (all there are when none is named). Villages are known by name."""
        api = self.api
        made = api.post("projects/1/app-users", json={"displayName": name}).get_json()
        for form_id in form_ids or [form["xmlFormId"] for form in api.get("projects/1/forms").get_json()]:
            path = f"projects/1/forms/{quote(form_id, safe='')}/assignments/2/{made['id']}"
            assert api.post(path).status_code == 200
        return Phone(self, made["id"], made["token"], name if name in VILLAGES else None)

    def filled(self, form_id: str, answers: Mapping[str, object], instance_id: str | None = None) -> bytes:
        """A finished form, as a phone would have filled it."""
        xml = self.api.get(f"projects/1/forms/{quote(form_id, safe='')}.xml").get_data()
        definition = parse_form(xml)
        now = datetime.now(UTC)
        tables = {
            name: make_list(self.session, 1, LISTS[name], everything(now.date())).table
            for name in definition.external_instances.values()
            if name in LISTS
        }
        context = JudgeContext(now=now, tables=tables, device_id="collect:1")
        return fill(definition, answers, context, instance_id=instance_id or f"uuid:{uuid.uuid4()}")

    @contextmanager
    def server(self) -> Iterator[str]:
        """The application behind a real socket; gives its address."""
        with serving(self.app) as address:
            yield address


def config_of(database_url: str, home: Path, environment: Mapping[str, str]) -> Config:
    """The settings of a home for tests."""
    return Config.from_env(
        {
            "THONBAN_HOME": str(home),
            "THONBAN_DATABASE_URL": database_url,
            "THONBAN_ADMIN_EMAIL": EMAIL,
            "THONBAN_ADMIN_PASSWORD": PASSWORD,
            "THONBAN_MIN_FREE_BYTES": "0",
            "THONBAN_LOG_LEVEL": "ERROR",
            **environment,
        }
    )


def furnish_world(database_url: str, home: Path) -> None:
    """What is there before anybody comes: areas, a round, an administrator; on an empty database with all tables."""
    opened = open_home(config_of(database_url, home, {}))
    sessions = open_sessions(database_url)
    with sessions() as session:
        now = datetime.now(UTC)
        prepare(session, opened, "demo", 0, now)
        give_password(session, EMAIL, PASSWORD)
        load_areas(session, [*list_areas(), *list_demo_villages()], list_changes(), list_demo_commune_facts(), now)
        set_root(session, 1, COMMUNES["qn"].uuid)
        open_round(session, 1, ROUND, now)
    sessions.kw["bind"].dispose()


@contextmanager
def furnished_world(database_url: str, home: Path, **environment: str) -> Iterator[World]:
    """The world on a database and a home that are furnished."""
    app = create_app(config_of(database_url, home, environment))
    sessions = open_sessions(database_url)
    with sessions() as session:
        try:
            yield World(app, app.extensions["thonban"], session)
        finally:
            session.close()
            sessions.kw["bind"].dispose()
            with app.app_context():
                db.engine.dispose()


@contextmanager
def world_at(database_url: str, folder: Path, **environment: str) -> Iterator[World]:
    """A world on an empty database with all tables; more settings."""
    furnish_world(database_url, folder / "home")
    with furnished_world(database_url, folder / "home", **environment) as made:
        yield made


@pytest.fixture(name="world")
def world_fixture(copy_home: CopyHome, tmp_path: Path) -> Iterator[World]:
    """The world, once on SQLite and once on PostgreSQL."""
    with furnished_world(copy_home(furnish_world, tmp_path / "home"), tmp_path / "home") as made:
        yield made


@pytest.fixture(name="shared_world", scope="module", params=KINDS)
def shared_world_fixture(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One world for all tests of a module that only read it, on either database: for tables of many cases."""
    home = tmp_path_factory.mktemp("world") / "home"

    def find_server() -> Postgres:
        server: Postgres = request.getfixturevalue("postgres")
        return server

    with (
        databases.furnished(request.param, find_server, furnish_world, home) as url,
        furnished_world(url, home) as made,
    ):
        yield made
