"""For journeys with the phone app alone: `phone`, a browser of its own at the `line` to the `world`, which is on
SQLite: what is looked at is the phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from server.web.phone.pages import FOLDER
from tests.kit.bad_line import BadLine
from tests.kit.databases import Databases
from tests.kit.phone_app import PhoneApp
from tests.kit.served import serving
from tests.kit.world import World, furnish_world, furnished_world


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What starts browsers."""
    if not (FOLDER / "index.html").exists():
        pytest.skip("the phone app was not built (make assets)")
    with sync_playwright() as opened:
        yield opened


@pytest.fixture
def world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    """A server that nobody has used."""
    home = tmp_path / "home"
    with databases.sqlite_file(furnish=furnish_world, home=home) as url, furnished_world(url, home) as made:
        yield made


@pytest.fixture
def line(world: World) -> Iterator[BadLine]:
    """What lies between the phone and the server, and may fail."""
    with serving(world.app) as address, BadLine(int(address.rpartition(":")[2])) as between:
        yield between


@pytest.fixture
def phone(playwright: Playwright, chromium_path: Path, tmp_path: Path, line: BadLine) -> Iterator[PhoneApp]:
    """A phone on which the app is open and nobody's card is."""
    opened = PhoneApp(playwright, chromium_path, tmp_path / "profile", line.address)
    yield opened
    opened.closes()
