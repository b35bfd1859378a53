"""Every form that ships, filled by the phone's own engine with several seeds, sent as a phone sends it, and seen as a
row of its table with what was answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from forms.definition import Field
from forms.instance import read_instance
from forms.parse import parse_form
from server.domain.registers import flat
from tests.kit.field import library_form
from tests.kit.oracle import KEPT, SHIPPED, kept
from tests.kit.world import EMAIL, PASSWORD, World

NAMES = sorted(path.stem for path in SHIPPED if path.parent.name == "library")
SEEDS = 3
"""So many fillings of each."""


def fillings(name: str) -> list[str]:
    """What JavaRosa wrote, each with its own seed (tests/kit/oracle.py)."""
    _, instances = kept(Path(KEPT, f"{name}.jsonl.xz"))
    return [str(each["instance"]) for each in instances[:SEEDS]]


def answered(xml: bytes, instance: str) -> dict[str, str]:
    """The whole numbers, days and chosen words that are asked in any case, outside repeats: what hangs on a list of the
    phone's server may not be asked with the lists of another."""
    told = {}
    for field in always(parse_form(xml).root):
        found = re.findall(rf"<{field.name}>([^<]+)</{field.name}>", instance)
        if len(found) == 1:
            told[field.name] = found[0]
    return told


def always(group: Field) -> Iterator[Field]:
    """The questions in a group and in the groups below that no condition stands before."""
    for child in group.children:
        if child.kind == "repeat" or child.bind.relevant is not None:
            continue
        if child.kind == "group":
            yield from always(child)
        elif child.control is not None and child.type in ("int", "date", "select1") and child.bind.calculate is None:
            yield child


@pytest.mark.parametrize("name", NAMES)
def test_it_is_received_and_stands_in_its_table(world: World, name: str) -> None:
    text = library_form(name)
    path = "projects/1/forms?publish=true&ignoreWarnings=true"
    answer = world.api.post(path, data=text, content_type="application/xml")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    phone = world.phone("Người gửi", name)
    sent = fillings(name)
    assert len(sent) == SEEDS
    for instance in sent:
        receipt = phone.sends(instance.encode())
        assert receipt.status_code == 201, receipt.get_data(as_text=True)
    table = world.api.get(f"projects/1/forms/{name}.svc/Submissions").get_json()["value"]
    assert len(table) == SEEDS
    rows = {row["__id"]: row for row in table}
    for instance in sent:
        row = flat(rows[read_instance(instance.encode()).instance_id or ""])
        told = answered(text, instance)
        assert told
        assert {key: str(row.get(key)) for key in told} == told
    page = page_of(world, name)
    assert [instance_id for instance_id in rows if instance_id not in page] == []


def page_of(world: World, name: str) -> str:
    """The form's table of results as an administrator sees it on the desk."""
    client = world.app.test_client()
    assert client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).status_code == 200
    shown = client.get(f"/projects/1/forms/{name}/table")
    assert shown.status_code == 200, shown.get_data(as_text=True)[:500]
    return shown.get_data(as_text=True)
