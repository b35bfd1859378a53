"""What the phone app submits for the forms we ship has no finding on the server: 50 sheets of each form, filled at
random in the form engine of the app (ODK Web Forms) in a real browser, with the app's own reading of the tree, are
judged as they are on arrival.

The engine is the very file that the app loads. No difference between the engines is let pass; two are kept out of
reach, since they are those between Web Forms and JavaRosa, which ours follows: days before the year 1000, of which
JavaRosa makes a text without the zeros before them, and whole numbers past 2,147,483,647, which Web Forms takes away as
they are typed.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, send_from_directory
from PIL import Image
from playwright.sync_api import Browser, Page

from forms.definition import FormDefinition
from forms.instance import attachment_paths, read_instance
from forms.parse import parse_form
from forms.tables import table_from_file
from forms.validate import JudgeContext, judge
from forms.xpath.values import Node
from server.web.phone import blueprint
from server.web.phone.pages import FOLDER
from tests.kit.field import library_form
from tests.kit.oracle import MEDIA, SHIPPED
from tests.kit.served import serving
from tests.kit.source import ROOT
from tests.kit.village_criteria import VECTORS

NAMES = sorted(path.stem for path in SHIPPED if path.parent.name == "library")
SHEETS = 50
"""So many of each form."""
LONGEST = 4
"""So many times as many, where chance has not come to every question yet."""
ENGINE = "@getodk/xforms-engine/dist/index.js"
FILL = Path(__file__).with_name("phone_fill.js")
PERSON = {"deviceId": "thonban-phone:7f3a", "name": "Chìu A Sềnh & Tằng"}
ROUNDS = (("2021-06", "2021-06-30"), ("2020-06", "2020-06-30"), ("2019-06", "2019-06-30"), ("2015-06", "2015-06-30"))
LOADED = """
  const { lacking, layout, screens, tidy } = await import(walk);
  const { loadForm } = await import(engine);
  const headers = { "Content-Type": "text/csv" };
  const fetchFormAttachment = async (url) => new Response(lists[String(url).split("/").pop()], { headers });
  const loaded = await loadForm(form, { fetchFormAttachment, missingResourceBehavior: "BLANK" });
"""
PUT_ASIDE = (
    f"async ({{ engine, walk, form, lists }}) => {{{LOADED}"
    """
  const shape = layout(form);
  const find = (root, name) => screens(root, shape).flatMap((page) => page.nodes)
    .find((node) => node.currentState.reference === `/data/${name}`);
  const lacks = (root) => screens(root, shape).flatMap(lacking).map((node) => node.currentState.reference.slice(6));
  const first = loaded.createInstance().root;
  find(first, "xa").selectValue("06853");
  find(first, "thon").selectValue("QN-06853-01");
  const kept = await first.prepareInstancePayload({ payloadType: "monolithic" });
  const root = (await loaded.restoreInstance({ data: [kept.data[0]] })).root;
  const before = lacks(root);
  find(root, "xa").selectValue("06847");
  const told = root.validationState.violations.map((each) => each.reference.slice(6));
  return { before, after: lacks(root), engine: told, village: find(root, "thon").currentState.instanceValue };
}
"""
)
TYPED = (
    f"async ({{ engine, walk, form, lists, said }}) => {{{LOADED}"
    """
  const root = loaded.createInstance().root;
  const pages = screens(root, layout(form));
  const [page] = pages.filter(({ nodes }) => nodes[0]?.currentState.reference === "/data/ten");
  page.nodes[0].setValue(said);
  const lacks = lacking(page).length;
  tidy(pages);
  return { lacks, tidied: page.nodes[0].currentState.instanceValue, then: lacking(page).length };
}
"""
)


@pytest.fixture(scope="module")
def engine() -> str:
    """Where the app has its form engine: the chunk that Vite made of it keeps the names of what it gives."""
    manifest = FOLDER / "manifest.json"
    if not manifest.is_file():
        pytest.skip("the phone app was not built (make assets)")
    chunks: dict[str, dict[str, Any]] = json.loads(manifest.read_text(encoding="utf-8"))
    (found,) = (chunk["file"] for name, chunk in chunks.items() if name.endswith(ENGINE))
    return f"/phone/{found}"


@pytest.fixture(scope="module")
def page(engine: str, browser: Browser) -> Iterator[Page]:
    """The app's page, as a phone in Việt Nam has it; beside it the app's sources."""
    app = Flask("phone")
    app.register_blueprint(blueprint)
    app.add_url_rule("/sources/<name>", "sources", _source)
    with serving(app) as address, browser.new_context(
        base_url=address, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", service_workers="block"
    ) as context:  # fmt: skip
        opened = context.new_page()
        opened.goto("/phone/")
        yield opened


def _source(name: str) -> Response:
    return send_from_directory(ROOT / "sync" / "phone" / "src", name)


@cache
def lists() -> dict[str, str]:
    """The lists that a phone has: those JavaRosa was asked with, with rounds before and one of long ago, what two
    villages of three answered before, and the households of villages."""
    made = {path.name: path.read_text(encoding="utf-8") for path in MEDIA.glob("*.csv")}
    known = rows((VECTORS / "media_before" / "villages.csv").read_text(encoding="utf-8"))
    villages = []
    for number, village in enumerate(rows(made["villages.csv"])):
        before = (*known[:2], dict.fromkeys(known[0], ""))[number % 3]
        villages.append({name: said for name, said in before.items() if name.startswith("truoc_")} | village)
    households = [
        {"name": f"ho-{number}", "label": f"Hộ mẫu {number}", "area": village["name"]}
        for number, village in enumerate(villages * 2)
    ]
    rounds = [{"name": slug, "label": f"Kỳ {slug}", "cutoff": day} for slug, day in ROUNDS]
    made |= {"villages.csv": as_csv(villages), "households.csv": as_csv(households), "rounds.csv": as_csv(rounds)}
    return made


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def as_csv(table: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


@cache
def tables() -> dict[str, Node]:
    """The same lists as the server reads them."""
    return {name: table_from_file(name, content.encode()) for name, content in lists().items()}


@cache
def photo() -> str:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), (70, 110, 60)).save(picture, "JPEG")
    return base64.b64encode(picture.getvalue()).decode()


@dataclass(frozen=True)
class Sheet:
    """What was submitted: the XML, the names of its files, the questions that were answered."""

    xml: bytes
    files: list[str]
    answered: set[str]


def filled(page: Page, engine: str, name: str, first: int) -> list[Sheet]:
    """Sheets of a form, each with its own seed from `first` on; none is left out."""
    work = {
        "engine": engine,
        "walk": "/sources/walk.js",
        "form": library_form(name).decode(),
        "lists": lists(),
        "seeds": list(range(first, first + SHEETS)),
        "photo": photo(),
        "person": PERSON,
    }
    made = page.evaluate(FILL.read_text(encoding="utf-8"), work)
    assert [seed for seed, each in enumerate(made, first) if each is None] == [], "nothing could be sent of these seeds"
    return [Sheet(each["xml"].encode(), each["files"], set(each["answered"])) for each in made]


def asked(definition: FormDefinition) -> set[str]:
    """The questions of a form that a person can answer: no notes, and nothing that a phone notes by itself."""
    return {
        path
        for path, field in definition.fields.items()
        if field.kind == "field" and field.control is not None and not field.bind.readonly and "/meta/" not in path
    }


@pytest.mark.parametrize("name", NAMES)
def test_what_the_app_submits_has_no_finding(page: Page, engine: str, name: str) -> None:
    definition = parse_form(library_form(name))
    left, ids, found = asked(definition), set(), []
    for first in range(0, LONGEST * SHEETS, SHEETS):
        context = JudgeContext(now=datetime.now(UTC), tables=tables(), device_id=PERSON["deviceId"])
        for seed, sheet in enumerate(filled(page, engine, name, first), first):
            instance = read_instance(sheet.xml)
            ids.add(instance.instance_id)
            left -= sheet.answered
            found += [(seed, each) for each in judge(definition, instance, context)]
            assert (instance.form_id, instance.version) == (definition.form_id, definition.version)
            assert set(attachment_paths(definition, instance)) == set(sheet.files), f"seed {seed}"
        if not left:
            break
    assert found == []
    assert left == set(), "nobody was asked these"
    assert len(ids) == first + SHEETS


def test_a_village_that_is_of_another_commune_now_lacks_in_a_sheet_that_was_put_aside(page: Page, engine: str) -> None:
    form = library_form("disaster_quick").decode()
    work = {"engine": engine, "walk": "/sources/walk.js", "form": form, "lists": lists()}
    told = page.evaluate(PUT_ASIDE, work)
    assert told["village"] == ""
    assert "thon" not in told["before"]
    assert set(told["after"]) == {"thon", *told["before"]}
    # what the engine itself does not say: once it does, walk.js need not look besides
    assert "thon" not in told["engine"]


@pytest.mark.parametrize(
    ("said", "tidied", "lacks"),
    [("   ", "", 1), ("\n", "", 1), (" Ngàn Chi ", "Ngàn Chi", 0), ("Khe  Tiền", "Khe  Tiền", 0)],
)
def test_blanks_are_no_answer_and_fall_off_around_one(
    page: Page, engine: str, said: str, tidied: str, lacks: int
) -> None:
    form = library_form("village_register").decode()
    work = {"engine": engine, "walk": "/sources/walk.js", "form": form, "lists": lists(), "said": said}
    assert page.evaluate(TYPED, work) == {"lacks": lacks, "tidied": tidied, "then": lacks}
