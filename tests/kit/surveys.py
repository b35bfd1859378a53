"""Sheets of villages in a world, and the background work that makes files of them."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from sqlalchemy.orm import sessionmaker

from server.domain.areas import COMMUNE_KINDS
from server.domain.roles import ALL
from server.jobs.long_work import drain_long
from server.storage.area_views import list_these
from server.storage.reach import find_above
from tests.kit.field import WELL_OFF
from tests.kit.world import COMMUNES, PASSWORD, ROUND, VILLAGES, Api, World

FORM = "village_criteria"
PATH = f"projects/1/forms/{FORM}"
ORDERS = f"{PATH}/exports"


def publish_criteria(world: World) -> None:
    """Publishes the sheet of villages that we ship."""
    world.publishes(files("forms").joinpath("library", f"{FORM}.md").read_text(encoding="utf-8"))


def sheet_of(world: World, village: str, instance_id: str, **answers: object) -> bytes:
    """The finished sheet of a village."""
    area = VILLAGES[village]
    place = {"xa": COMMUNES[area.parent_key or ""].uuid, "thon": area.uuid, "ky": ROUND.slug}
    return world.filled(FORM, {**WELL_OFF, **place, **answers}, instance_id)


def send_sheet(world: World, village: str, instance_id: str, **answers: object) -> None:
    """Sends it as administrator."""
    xml = sheet_of(world, village, instance_id, **answers)
    sent = world.api.post(f"{PATH}/submissions", data=xml, content_type="text/xml")
    assert sent.status_code == 200, sent.get_data(as_text=True)


def make_files(world: World) -> int:
    """A worker makes all that was ordered; how many it was."""
    return drain_long(sessionmaker(world.session.get_bind()), world.home)


def ordered(api: Api, **wish: Any) -> dict[str, Any]:
    """What the server says of an order."""
    answer = api.post(ORDERS, json={"format": "csv.zip", "attachments": False} | wish)
    assert answer.status_code in (200, 202), answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def supervisor(world: World, name: str, village: str) -> tuple[Api, int]:
    """Somebody who supervises the commune of a village, signed in, with his or her number."""
    made = world.api.post("users", json={"email": f"{name}@example.vn", "password": PASSWORD, "displayName": name})
    assert made.status_code == 200, made.get_data(as_text=True)
    actor_id: int = made.get_json()["id"]
    granted = world.api.post(
        f"projects/1/assignments/commune_supervisor/{actor_id}?areaId={commune_of(world, village)}"
    )
    assert granted.status_code == 200, granted.get_data(as_text=True)
    return world.signed_in(f"{name}@example.vn", PASSWORD), actor_id


def commune_of(world: World, village: str) -> str:
    """The id of the commune in which a village lies today."""
    above = find_above(world.session, VILLAGES[village].uuid, (today := datetime.now(UTC).date()))
    found = list_these(world.session, ALL, today, above).values()
    return next(area.id for area in found if area.kind in COMMUNE_KINDS)
