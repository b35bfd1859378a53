"""A demo home for tests of the pages: areas, a round, forms, and the sheets of the first villages, taken in as they
come from phones, without a network in between."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from flask import Flask

from forms.parse import parse_form
from server.app import create_app
from server.config import Config
from server.services.authenticate import Caller, caller_by_key, system_caller
from server.services.collect import make_sheet
from server.services.health import LOADING
from server.services.home import Home, open_home
from server.services.judge import Target, Upload
from server.services.lists import LISTS, make_list
from server.services.populate import Head, populate
from server.services.prepare import prepare
from server.services.receive import receive
from server.services.sight import fill_sight
from server.storage.database import db, writing
from server.storage.forms import find_form, find_form_xml
from server.storage.migrate import upgrade
from server.storage.settings import put_setting
from sync.client import Downloaded
from sync.envelope import Envelope, Part
from sync.openrosa import FormListEntry
from tests.kit.passwords import give_password

EMAIL = "quan.tri@example.org"
PASSWORD = "mat khau that dai"
PROJECT = 1


@dataclass(frozen=True)
class Seeded:
    """A home with an app on it. `sent` are the submission ids by village id, in the order of `heads`."""

    app: Flask
    home: Home
    heads: list[Head]
    sent: dict[str, int]


def seed(folder: Path, villages: int, url: str | None = None, **more: str) -> Seeded:
    """Makes a home whose first `villages` have reported; the others have not. `more` settings."""
    environ = {"THONBAN_HOME": str(folder), "THONBAN_ADMIN_EMAIL": EMAIL, "THONBAN_ADMIN_PASSWORD": PASSWORD} | more
    config = Config.from_env(environ | ({"THONBAN_DATABASE_URL": url} if url else {}))
    home = open_home(config)
    upgrade(config.database_url)
    app = create_app(config, home)
    now = datetime.now(UTC)
    with app.app_context():
        session = db.session()
        prepare(session, home, "demo", villages, now)
        give_password(session, EMAIL, PASSWORD)
        heads = populate(session, home, system_caller(session, now), PROJECT, now)
        seeded = Seeded(app, home, heads, {})
        for number in range(villages):
            send_sheet(seeded, number)
        with writing(session) as connection:
            put_setting(connection, LOADING, {"done": villages, "total": villages, "finished": True})
            session.commit()
    return seeded


def send_sheet(seeded: Seeded, number: int, *, without_photos: bool = False) -> int:
    """The sheet of a village taken in; its submission id."""
    session, head, now = db.session(), seeded.heads[number], datetime.now(UTC)
    caller = caller_by_key(session, head.token, now)
    xml, photos = make_sheet(*_form(caller), head, number)
    parts = () if without_photos else photos
    envelope = Envelope(xml, parts, f"thonban:{head.village.uuid}", "thonban-device/1")
    receipt = receive(session, seeded.home, Upload(envelope, Target(PROJECT), caller, now))
    assert receipt.submission_id is not None
    seeded.sent[head.village.uuid] = receipt.submission_id
    return receipt.submission_id


def send_xml(seeded: Seeded, number: int, xml: bytes, *parts: Part) -> int | None:
    """Something else in the name of a village's head; its submission id."""
    session, now = db.session(), datetime.now(UTC)
    caller = caller_by_key(session, seeded.heads[number].token, now)
    upload = Upload(Envelope(xml, parts), Target(PROJECT), caller, now)
    return receive(session, seeded.home, upload).submission_id


def sheet_of(seeded: Seeded, number: int, **answers: int) -> bytes:
    """Another sheet of a village: as its first, but for these counts."""
    caller = caller_by_key(db.session(), seeded.heads[number].token, datetime.now(UTC))
    xml, _ = make_sheet(*_form(caller), seeded.heads[number], number)
    text = re.sub(r"(?<=instanceID>)uuid:[0-9a-f-]{36}(?=</)", f"uuid:{uuid4()}", xml.decode(), count=1)
    for name, value in answers.items():
        text, times = re.subn(rf"<{name}(?:/>|>[^<]*</{name}>)", f"<{name}>{value}</{name}>", text)
        assert times == 1, name
    return text.encode()


def _form(caller: Caller):  # type: ignore[no-untyped-def]
    session = db.session()
    form = find_form(session, PROJECT, "village_criteria")
    assert form is not None
    assert form.current is not None
    xml = find_form_xml(session, form.current.id) or b""
    sight = fill_sight(caller, PROJECT, form.id)
    media = {name: make_list(session, PROJECT, kind, sight).content for name, kind in LISTS.items()}
    entry = FormListEntry(form_id="village_criteria", name="", version=form.current.version, hash="", download_url="")
    return parse_form(xml), replace(Downloaded(entry, xml), media=media)
