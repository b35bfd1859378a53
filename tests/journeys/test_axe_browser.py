"""The main pages of the desk are held against WCAG 2.1 AA by axe, on a phone and at a desk, light and dark; and what
each weighs until it is seen."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response
from sqlalchemy import select

from server.services.roll_up import work_off
from server.storage.areas import AreaShapeRow, AreaVersionRow
from server.storage.database import db, writing
from server.web.desk.built import FOLDER
from tests.kit.browser import DRAWING, chromium, enter
from tests.kit.served import serving
from tests.kit.source import ROOT
from tests.server.web.desk.seeding import EMAIL, PASSWORD, PROJECT, Seeded, seed

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ROUND = f"/projects/{PROJECT}/rounds/2019"
WIDTHS = (360, 1280)
MOST_BYTES = 150_000
FIRST_PAINT = ("document", "stylesheet", "script")
RUN = """
async (only) => {
  const where = { include: [["html"]], exclude: [["tbody tr:nth-of-type(n+5)"]] };
  const levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
  const runOnly = only ? { type: "rule", values: only } : { type: "tag", values: levels };
  const found = await axe.run(where, { runOnly, resultTypes: ["violations"] });
  return found.violations.map(each => `${each.id}: ${each.nodes.map(node => node.target.join(" ") + " "
    + node.any.map(one => one.message).join("; ")).slice(0, 3).join(" | ")}`);
}
"""
"""The rows of a table are alike: the first four stand for all."""
UNSAID = "document.querySelector('main').append(Object.assign(document.createElement('img'), {src: 'data:,'}))"
"""A picture that says nothing to who cannot see it."""
BY_THEME = ["color-contrast"]
SETTLED = "() => document.querySelectorAll('.dash [role=status]').length === 0"


@pytest.fixture(name="seeded", scope="module")
def seeded_fixture(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "manifest.json").exists() or not AXE.exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("axe") / "home", 4)
    with made.app.app_context():
        work_off(db.session(), datetime.now(UTC))
    return made


@pytest.fixture(name="page", scope="module")
def page_fixture(seeded: Seeded, chromium_path: Path) -> Iterator[Page]:
    """One session of one browser, signed in, for all of this module."""
    with serving(seeded.app) as address, chromium(chromium_path, DRAWING) as opened:
        yield enter(opened, address, EMAIL, PASSWORD)


def paths(seeded: Seeded) -> list[str]:
    village = seeded.heads[0].village.uuid
    return [
        "/",
        f"/projects/{PROJECT}/inbox",
        f"{ROUND}/coverage",
        f"{ROUND}/coverage/{village}/calls",
        ROUND,
        f"{ROUND}/villages/{village}",
        f"{ROUND}/held-back",
        f"{ROUND}/dossiers",
        f"{ROUND}/plan",
        f"/projects/{PROJECT}/submissions",
        f"/submissions/{seeded.sent[village]}",
        f"/projects/{PROJECT}/programme",
        f"/projects/{PROJECT}/training",
        f"/projects/{PROJECT}/works",
        "/administration",
        f"/projects/{PROJECT}/forms/village_criteria",
        f"/projects/{PROJECT}/phones",
        f"/projects/{PROJECT}/bundles",
        "/people",
    ]


def test_axe_finds_nothing_on_the_main_pages(page: Page, seeded: Seeded) -> None:
    axe, found = AXE.read_text(encoding="utf-8"), {}
    for path in paths(seeded):
        page.emulate_media(color_scheme="light")
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        for part in page.locator(".dash > .part").all():
            part.scroll_into_view_if_needed()
        page.wait_for_function(SETTLED)
        page.evaluate(axe)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 780})
            for theme, rules in (("light", None), ("dark", BY_THEME)):
                page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
                violations = page.evaluate(RUN, rules)
                if violations:
                    found[path, width, theme] = violations
    assert found == {}


def test_axe_sees_what_is_wrong(page: Page) -> None:
    page.goto("/administration")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(
        "document.querySelector('main').append(Object.assign(document.createElement('img'), {src: 'data:,'}))"
    )
    assert any(each.startswith("image-alt") for each in page.evaluate(RUN, None))


def test_each_page_weighs_little_until_it_is_seen_and_asks_nobody_else(page: Page, seeded: Seeded) -> None:
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    heavy: dict[str, Any] = {}
    for path in paths(seeded):
        answers.clear()
        page.goto(path, wait_until="load")
        here = urlsplit(page.url).netloc
        assert {urlsplit(each.url).netloc for each in answers if not each.url.startswith("data:")} == {here}, path
        first = [each for each in answers if each.request.resource_type in FIRST_PAINT]
        # what a section or a map asks for once it is seen comes later, and is no part of the first paint
        first = [each for each in first if not any(word in each.url for word in ("/map-", "/chart-", "worker"))]
        assert len(first) >= 3, path
        sizes = {urlsplit(each.url).path: len(gzip.compress(each.body())) for each in first}
        if sum(sizes.values()) > MOST_BYTES:
            heavy[path] = sizes
    assert heavy == {}


def test_a_map_is_drawn_with_webgl_and_flat_without_it(page: Page, seeded: Seeded) -> None:
    with seeded.app.app_context(), writing(db.session()):
        for area in db.session().scalars(select(AreaVersionRow.area_id).where(AreaVersionRow.kind == "district")):
            place = {"type": "Point", "coordinates": [107.5, 21.3]}
            row = AreaShapeRow(area_id=area, kind="point", geometry=place, status="synthetic", source="thử")
            db.session().add(row)
        db.session().commit()
    drawn = page.locator("figure.map")
    page.goto(f"/projects/{PROJECT}/dashboard/readiness")
    page.wait_for_function("() => document.querySelector('figure.map').dataset.drawn")
    assert drawn.get_attribute("data-drawn") in ("webgl", "flat")
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(f"/projects/{PROJECT}/dashboard/readiness")
    page.wait_for_function("() => document.querySelector('figure.map').dataset.drawn")
    assert drawn.get_attribute("data-drawn") == "flat"
    assert drawn.get_by_role("img").locator(".mark").count() > 0
    assert page.locator(".table tbody tr").count() > 0
