"""A programme in the field without a web server: a home, its forms and lists, and phones that send into the services.

`field.phone("Ngàn Chi")` is a village head's key; `phone.sends(answers)` fills the form as a phone would and hands the
upload to `receive`. Everything is real: the database, the files, the form engine, the law.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.calculate import fill
from forms.convert import convert
from forms.definition import FormDefinition
from forms.parse import parse_form
from forms.validate import JudgeContext
from server.config import Config
from server.domain.data_files import list_areas, list_changes, list_demo_commune_facts, list_demo_villages
from server.domain.demo_facts import Place
from server.domain.rounds import Round
from server.jobs.registry import list_kinds
from server.services.areas import load_areas, set_root
from server.services.authenticate import Caller, caller_by_key, system_caller
from server.services.home import Home, open_home
from server.services.judge import Target, Upload
from server.services.lists import make_list
from server.services.people import NewAppUser, create_app_user
from server.services.prepare import prepare
from server.services.publish import NewForm, Source, create_form
from server.services.receive import Receipt, receive
from server.services.rounds import open_round
from server.services.sight import everything
from server.services.verdicts import Wanted, list_verdicts
from server.storage.database import Base, db, engine_options
from server.storage.forms import find_form
from server.storage.jobs import find_due, finish, lease
from sync.envelope import Envelope, Part, part_of
from tests.kit.databases import CopyHome
from tests.kit.passwords import give_password

EMAIL, PASSWORD = "admin@example.vn", "a-long-password"
MORNING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
ROUND = Round(
    "2019-06", "Rà soát giữa năm 2019", "Mid-2019 review", date(2019, 6, 30), date(2019, 6, 1), date(2019, 7, 31)
)
VILLAGES = {area.name: area for area in list_demo_villages()}
COMMUNES = {area.key: area for area in list_areas()}

WELL_OFF: Mapping[str, object] = {
    "ngay_chot": "2019-06-30",
    "tong_ho": 100,
    "ho_dtts": 60,
    "nhan_khau": 400,
    "nguoi_dtts": 240,
    "chuan_ngheo": "qd59_2015",
    "ho_ngheo": 10,
    "ho_can_ngheo": 10,
    "ho_ngheo_dtts": 5,
    "duong_truc_cung_hoa": "khong",
    "duong_mua_mua": "di_duoc",
    "phong_mau_giao": 2,
    "phong_mau_giao_kien_co": 2,
    "nha_van_hoa_khu_the_thao": "co",
    "song_di_dong": "chap_chon",
    "thon_dat_ntm": "khong",
    "ly_do_khong_gps": "khong_bat_duoc",
}
"""A sheet without a fault: 20 % poor and near-poor, two of three things built."""


@cache
def library_form(name: str) -> bytes:
    """The XForm of a form we ship."""
    return convert(files("forms").joinpath("library", f"{name}.md").read_bytes(), "md").xml


def place_of(village: str, round_slug: str = ROUND.slug) -> Place:
    """What the phone puts into `xa`, `thon` and `ky` for a village."""
    area = VILLAGES[village]
    return Place(COMMUNES[area.parent_key or ""].uuid, area.uuid, round_slug)


@dataclass
class FieldPhone:
    """A village head with a key. The clock of the field goes on by a minute with each sending."""

    field: Field
    token: str
    village: str | None
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def caller(self) -> Caller:
        """Who the server takes this phone for."""
        return caller_by_key(self.field.session, self.token, self.field.now)

    def fills(
        self, answers: Mapping[str, object], *, instance_id: str | None = None, form: str = "village_criteria"
    ) -> bytes:
        """A finished sheet: the village's own place and the answers given over it."""
        definition = self.field.definition(form)
        tables = {}
        for name in definition.external_instances.values():
            made = make_list(self.field.session, 1, name.removesuffix(".csv"), everything(self.field.now.date()))
            tables[name] = made.table
        context = JudgeContext(now=self.field.now, tables=tables, device_id="collect:test")
        own: dict[str, object] = {}
        if self.village is not None and form == "village_criteria":
            place = place_of(self.village)
            own = {"xa": place.xa, "thon": place.thon, "ky": place.ky}
        return fill(definition, own | dict(answers), context, instance_id=instance_id or f"uuid:{uuid.uuid4()}")

    def sends(self, answers: Mapping[str, object], *files: Part, **more: Any) -> Receipt:
        """Fills the sheet and sends it with its files."""
        return self.sends_xml(self.fills(answers, **more), *files)

    def sends_xml(self, xml: bytes, *files: Part, **target: Any) -> Receipt:
        """Sends an instance as it is."""
        self.field.now += timedelta(minutes=1)
        envelope = Envelope(xml, files, "collect:test", "org.odk.collect.android")
        upload = Upload(envelope, replace(Target(1), **target), self.caller, self.field.now)
        return receive(self.field.session, self.field.home, upload)


@dataclass
class Field:
    """A demo home with the forms we ship, the areas of 2019, and one open round."""

    app: Flask
    home: Home
    session: Session
    now: datetime = MORNING
    forms: dict[str, int] = field(default_factory=dict)
    definitions: dict[str, FormDefinition] = field(default_factory=dict)

    @property
    def administrator(self) -> Caller:
        """The server acting for itself."""
        return system_caller(self.session, self.now)

    def publishes(self, xml: bytes, *, agreed: bool = False) -> FormDefinition:
        """Publishes a form; phones made afterwards may fill it. `agreed`: whatever is warned of."""
        new = NewForm(1, Source(xml, ignore_warnings=agreed), publish=True)
        made = create_form(self.session, self.home, self.administrator, new, self.now)
        definition = parse_form(xml)
        self.forms[definition.form_id] = made.id
        self.definitions[definition.form_id] = definition
        return definition

    def definition(self, form_id: str) -> FormDefinition:
        """A form that was published here."""
        return self.definitions[form_id]

    def phone(self, village: str | None = None) -> FieldPhone:
        """A new key: for one village, or for all of the project."""
        area_id = VILLAGES[village].uuid if village else None
        new = NewAppUser(1, village or "phone", area_id, form_ids=tuple(self.forms.values()))
        made = create_app_user(self.session, self.home, self.administrator, new, self.now)
        return FieldPhone(self, made.token or "", village)

    def works(self) -> int:
        """Does all the background work that is due; returns how many jobs that was."""
        return work_through(self.session, self.home, self.now)

    def verdicts(self, village: str) -> dict[str, str]:
        """What each rule set says of a village in the round."""
        wanted = Wanted(area=VILLAGES[village].uuid, round_slug=ROUND.slug)
        return {
            view.rule_set.id: view.verdict
            for view in list_verdicts(self.session, 1, wanted)
            if view.rule_set is not None
        }

    def count(self, table: type[Base], *conditions: Any) -> int:
        """How many rows a table has."""
        return self.session.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()


def work_through(session: Session, home: Home, now: datetime) -> int:
    """Does all the background work that is due; returns how many jobs that was."""
    done = 0
    while find_due(session, now) is not None:
        session.rollback()
        with session.get_bind().begin() as connection:  # type: ignore[union-attr]
            leased = lease(connection, now)
        if leased is None:
            break
        kind = list_kinds()[leased.kind]
        if kind.run_long is not None:
            kind.run_long(session, home, leased.payload, lambda: None)
        elif kind.run is not None:
            kind.run(session, home, leased.payload, now)
        session.rollback()
        with session.get_bind().begin() as connection:  # type: ignore[union-attr]
            finish(connection, leased.id, now)
        done += 1
    return done


@contextmanager
def _opened_field(database_url: str, home: Path) -> Iterator[Field]:
    environment = {
        "THONBAN_HOME": str(home),
        "THONBAN_DATABASE_URL": database_url,
        "THONBAN_ADMIN_EMAIL": EMAIL,
        "THONBAN_ADMIN_PASSWORD": PASSWORD,
        "THONBAN_MIN_FREE_BYTES": "0",
    }
    opened = open_home(Config.from_env(environment))
    app = Flask("field")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=opened.config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(opened.config.database_url),
    )
    db.init_app(app)
    with app.app_context():
        try:
            yield Field(app, opened, db.session())
        finally:
            db.session.remove()
            db.engine.dispose()


def furnish_field(database_url: str, home: Path) -> None:
    """What is there before anybody comes: areas, a round, a form; on an empty database with all tables."""
    with _opened_field(database_url, home) as made:
        session = made.session
        prepare(session, made.home, "demo", 0, MORNING)
        give_password(session, EMAIL, PASSWORD)
        areas = [*list_areas(), *list_demo_villages()]
        load_areas(session, areas, list_changes(), list_demo_commune_facts(), MORNING)
        set_root(session, 1, COMMUNES["qn"].uuid)
        open_round(session, 1, ROUND, MORNING)
        made.publishes(library_form("village_criteria"))


@cache
def _library_definition(name: str) -> FormDefinition:
    return parse_form(library_form(name))


@contextmanager
def furnished_field(database_url: str, home: Path) -> Iterator[Field]:
    """The field on a database and a home that are furnished."""
    with _opened_field(database_url, home) as made:
        form = find_form(made.session, 1, "village_criteria")
        assert form is not None
        made.forms["village_criteria"] = form.id
        made.definitions["village_criteria"] = _library_definition("village_criteria")
        yield made


@contextmanager
def field_at(database_url: str, folder: Path) -> Iterator[Field]:
    """A field on an empty database with all tables."""
    furnish_field(database_url, folder / "home")
    with furnished_field(database_url, folder / "home") as made:
        yield made


@pytest.fixture(name="field")
def field_fixture(copy_home: CopyHome, tmp_path: Path) -> Iterator[Field]:
    """The field, once on SQLite and once on PostgreSQL."""
    with furnished_field(copy_home(furnish_field, tmp_path / "home"), tmp_path / "home") as made:
        yield made


def photo(name: str, content: bytes = b"\xff\xd8\xff\xe0 a picture") -> Part:
    """A picture as a phone sends it."""
    return part_of(name, content, "image/jpeg")
