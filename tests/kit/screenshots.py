"""Pictures of the main pages for the README, taken of the demonstration in a home of its own: `make screenshots`, or
`python -m tests.kit.screenshots --server ADDRESS` of one that is running. Every number in them is invented, and so are
the shapes on their maps."""

from __future__ import annotations

import argparse
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from server.domain.data_files import list_areas
from tests.kit.browser import DRAWING, chromium
from tests.kit.services import chromium_program
from tests.kit.source import ROOT

FOLDER = ROOT / "docs" / "screenshots"
EMAIL, PASSWORD = "admin@example.vn", "mat khau that dai"
SCREENS = {"phone": (360, 780), "desk": (1920, 1080)}
PROJECT, ROUND = "/projects/1", "/projects/1/rounds/2019"
VILLAGE, SHEET, DOSSIER = "tbody tr[data-href*='/villages/']", "[href^='/submissions/']", "a[href*='/dossiers/']"
PAGES: dict[str, tuple[str, str | None]] = {
    "home": ("/", None),
    "inbox": (f"{PROJECT}/inbox", None),
    "submission": (f"{PROJECT}/submissions?state=hasIssues", SHEET),
    "coverage": (f"{ROUND}/coverage", None),
    "village": (ROUND, VILLAGE),
    "dossier": (f"{ROUND}/dossiers", DOSSIER),
    "programme": (f"{PROJECT}/programme?on=2019-06-30", None),
    "training": (f"{PROJECT}/training", None),
    "works": (f"{PROJECT}/works", None),
    "form": (f"{PROJECT}/forms/village_criteria", None),
}
"""The ten main pages: where each is found, and what leads to it from there."""
APP = "app"
APP_FORM = "Phiếu rà soát tiêu chí thôn"
"""The phone app: its first page, a screen of the village's sheet, what became of sheets."""
DARK_AND_ENGLISH = ("home", "inbox", "coverage")
QUALITY = 82
LONGEST_WAIT = 900
PATIENCE_MS = 120_000
DISTRICTS = ("district", "town")
STILL = """
() => document.querySelectorAll(".dash [role=status]").length === 0
  && [...document.querySelectorAll("figure[data-map], figure[data-chart]")].every(
    each => each.classList.contains("is-ready") || each.getBoundingClientRect().top > innerHeight)
"""


@dataclass(frozen=True)
class Shot:
    """A picture: of which page, on which screen, in which theme and language."""

    page: str
    screen: str
    theme: str = "light"
    language: str = "vi"

    @property
    def file(self) -> str:
        """`home-phone.webp`, `home-desk-dark-en.webp`."""
        more = [each for each, usual in ((self.theme, "light"), (self.language, "vi")) if each != usual]
        return f"{'-'.join([self.page, self.screen, *more])}.webp"


def list_shots() -> list[Shot]:
    """All of them: each page on both screens, some in the dark, some in English."""
    found = [Shot(page, screen) for page in PAGES for screen in SCREENS]
    found += [Shot(page, "desk", "dark") for page in DARK_AND_ENGLISH]
    return found + [Shot(page, "phone", "dark", "en") for page in DARK_AND_ENGLISH]


def invented_shapes() -> dict[str, Any]:
    """A boundary for each district of the demonstration, in rows; no real one is like it."""
    features = []
    districts = sorted((each.code, each.name) for each in list_areas() if each.kind in DISTRICTS and each.code)
    for place, (code, name) in enumerate(districts):
        x, y = 106.6 + 0.28 * (place % 5), 20.9 + 0.22 * (place // 5)
        corners = ((0, 0), (0.26, 0.02), (0.27, 0.2), (0.1, 0.21), (-0.01, 0.18), (0, 0))
        ring = [[round(x + dx, 3), round(y + dy, 3)] for dx, dy in corners]
        properties = {"code": code, "name": name, "status": "synthetic"}
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


@contextmanager
def demonstration() -> Iterator[str]:
    """The address of a server with the whole demonstration loaded, and shapes for its maps; gone afterwards."""
    thonban = Path(sys.executable).with_name("thonban")
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        own = {"THONBAN_HOME": f"{folder}/home", "THONBAN_ADMIN_PASSWORD": PASSWORD, "PORT": str(port)}
        with (Path(folder) / "log").open("wb") as log:
            server = subprocess.Popen([thonban, "run"], env=os.environ | own, stdout=log, stderr=log)
            try:
                _wait_for(f"http://127.0.0.1:{port}/healthz")
                shapes = Path(folder) / "shapes.geojson"
                shapes.write_text(json.dumps(invented_shapes()), encoding="utf-8")
                asked = [thonban, "areas", "boundaries", "--home", own["THONBAN_HOME"], "--on", "2019-06-30", shapes]
                subprocess.run(asked, check=True, stdout=log, stderr=log)
                yield f"http://127.0.0.1:{port}"
            finally:
                server.terminate()
                server.wait()


def _wait_for(address: str) -> None:
    until = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address) as answer:
                if json.load(answer)["status"] == "ok":
                    return
        except OSError:
            pass
        time.sleep(2)
    raise TimeoutError(address)


def take(browser: Browser, address: str, shots: list[Shot], folder: Path) -> None:
    """Takes the pictures, each in a window of its own."""
    with browser.new_context(base_url=address, locale="vi-VN") as context:
        page = context.new_page()
        page.goto("/sign-in")
        page.locator("input[name=email]").fill(EMAIL)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main form button").first.click()
        page.locator(".signout").wait_for()
        paths = {name: _path_of(page, *PAGES[name]) for name in PAGES}
        state = context.storage_state()
    for shot in shots:
        width, height = SCREENS[shot.screen]
        options: dict[str, Any] = {"color_scheme": shot.theme, "viewport": {"width": width, "height": height}}
        with browser.new_context(base_url=address, storage_state=state, **options) as context:
            context.set_default_timeout(PATIENCE_MS)
            path = paths[shot.page]
            page = context.new_page()
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={shot.language}")
            _settle(page)
            _keep(page, folder / shot.file)


def take_app(browser: Browser, address: str, folder: Path) -> None:
    """Takes pictures of the phone app, as the village head has it whose key is the oldest."""
    width, height = SCREENS["phone"]
    options: dict[str, Any] = {"locale": "vi-VN", "viewport": {"width": width, "height": height}}
    with browser.new_context(base_url=address, **options) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        token = page.request.post("/v1/sessions", data={"email": EMAIL, "password": PASSWORD}).json()["token"]
        asked = page.request.get("/v1/projects/1/app-users", headers={"Authorization": f"Bearer {token}"})
        keys = [each["token"] for each in asked.json() if each["token"]]
        page.goto(f"/phone/#/card/1/{keys[-1]}")
        form = page.locator(".card button.whole", has_text=APP_FORM)
        form.wait_for()
        page.get_by_role("button", name="Tải phiếu mới nhất").wait_for()
        _keep(page, folder / f"{APP}-home.webp")
        form.click()
        page.locator(".fill").wait_for()
        page.locator(".choice").first.click()
        page.wait_for_timeout(300)
        _keep(page, folder / f"{APP}-fill.webp")
        page.goto("/phone/#/sent")
        page.locator("main h1").wait_for()
        _keep(page, folder / f"{APP}-sent.webp")


def _keep(page: Page, path: Path) -> None:
    page.wait_for_timeout(700)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.save(path, quality=QUALITY, method=6)
    print(path.name)


def _path_of(page: Page, path: str, leads: str | None) -> str:
    """Where a page is; one with a number of its own is looked for in the list that leads to it."""
    if leads is None:
        return path
    page.goto(path)
    thing = page.locator(leads).first
    return str(thing.get_attribute("data-href") or thing.get_attribute("href"))


def _settle(page: Page) -> None:
    """Waits until what is to come has come: the parts of the page, then its maps and charts."""
    for part in page.locator(".dash > .part").all():
        # each as it is seen: what stands above moves it down as it comes
        part.scroll_into_view_if_needed()
        part.locator("[role=status]").first.wait_for(state="detached")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    page.wait_for_function(STILL)


def main() -> None:
    """Reads what is asked for, and takes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", help="address of a demonstration that is running")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    parser.add_argument("--only", nargs="*", choices=[*PAGES, APP], help="these pages alone")
    asked = parser.parse_args()
    shots = [shot for shot in list_shots() if not asked.only or shot.page in asked.only]
    asked.folder.mkdir(parents=True, exist_ok=True)
    # date fields are in the language of the browser, which on Linux is that of the environment
    spoken = {**os.environ, "LANGUAGE": "vi"}
    served = nullcontext(asked.server) if asked.server else demonstration()
    with chromium(chromium_program(), DRAWING, env=spoken) as browser, served as address:
        if shots:
            take(browser, address, shots, asked.folder)
        if not asked.only or APP in asked.only:
            take_app(browser, address, asked.folder)


if __name__ == "__main__":
    main()
