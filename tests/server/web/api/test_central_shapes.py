"""The same submissions as CSV and as OData: held to the shapes that clients of ODK Central know, and to each other cell
by cell, with every awkward text there is."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any

import pytest

from tests.kit.awkward import TEXTS
from tests.kit.world import World
from tests.server.web.api.test_csv_files import HOUSE, ONE

FORM = "projects/1/forms/ho"
SYSTEM = {
    "SubmissionDate": "submissionDate",
    "SubmitterID": "submitterId",
    "SubmitterName": "submitterName",
    "AttachmentsPresent": "attachmentsPresent",
    "AttachmentsExpected": "attachmentsExpected",
    "Status": "status",
    "ReviewState": "reviewState",
    "DeviceID": "deviceId",
    "Edits": "edits",
    "FormVersion": "formVersion",
}
"""Columns of the CSV, and members of `__system` that say the same."""
CSV_SHAPE = """\
ho.csv: SubmissionDate chung-chu_ho chung-so_nguoi chung-vi_tri-Latitude chung-vi_tri-Longitude chung-vi_tri-Altitude \
chung-vi_tri-Accuracy nguon xu_ly meta-instanceID KEY SubmitterID SubmitterName AttachmentsPresent AttachmentsExpected \
Status ReviewState DeviceID Edits FormVersion
ho-nguoi.csv: ho_ten PARENT_KEY KEY
ho-con.csv: ten_con PARENT_KEY KEY
about.csv: *
"""
ROW_SHAPE = """\
__id: string
__system.submissionDate: string
__system.updatedAt: string
__system.submitterId: string
__system.submitterName: string
__system.attachmentsPresent: number
__system.attachmentsExpected: number
__system.status: null
__system.reviewState: string
__system.deviceId: null
__system.edits: number
__system.formVersion: string
__system.deletedAt: null
chung.chu_ho: string
chung.so_nguoi: number
chung.vi_tri.type: string
chung.vi_tri.coordinates: [number, number, number]
chung.vi_tri.properties.accuracy: number
nguon: string
xu_ly: string
nguoi@odata.navigationLink: string
meta.instanceID: string
"""
PERSON_SHAPE = """\
__id: string
__Submissions-id: string
ho_ten: string
them.con@odata.navigationLink: string
"""
CHILD_SHAPE = """\
__id: string
__Submissions-nguoi-id: string
ten_con: string
"""


@pytest.fixture(name="houses", scope="module")
def houses_fixture(shared_world: World) -> World:
    """Households of each awkward text; the first is approved. For reading only."""
    shared_world.publishes(HOUSE)
    for number, text in enumerate(("Lý Thị A", *TEXTS)):
        sheet = ONE | {"chu_ho": text, "nguoi": [{"ho_ten": text, "con": [{"ten_con": text}]}, {"ho_ten": text}]}
        xml = shared_world.filled("ho", sheet, f"uuid:{number}")
        assert shared_world.api.post(f"{FORM}/submissions", data=xml, content_type="text/xml").status_code == 200
    assert shared_world.api.post(f"{FORM}/submissions", data=bare(), content_type="text/xml").status_code == 200
    reviewer = shared_world.person("Người duyệt", "admin")
    assert reviewer.patch(f"{FORM}/submissions/uuid:0", json={"reviewState": "approved"}).status_code == 200
    return shared_world


def bare() -> bytes:
    """A sheet that answers nothing."""
    return b'<data id="ho" version="1"><meta><instanceID>uuid:bare</instanceID></meta></data>'


def files(world: World) -> dict[str, list[dict[str, str]]]:
    """The CSV files, each as rows by column."""
    answer = world.api.get(f"{FORM}/submissions.csv.zip?raw=true")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        texts = {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}
    return {name: list(csv.DictReader(io.StringIO(text, newline=""))) for name, text in texts.items()}


def rows(world: World, table: str = "Submissions") -> list[dict[str, Any]]:
    """A table as OData has it."""
    answer = world.api.get(f"{FORM}.svc/{table}")
    assert answer.headers["OData-Version"] == "4.0"
    found: list[dict[str, Any]] = answer.get_json()["value"]
    return found


def shape(value: Any, path: str = "") -> Iterator[str]:
    """The kinds of all members, a line each."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from shape(inner, f"{path}.{name}" if path else name)
    else:
        yield f"{path}: {_kind(value)}\n"


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_kind, value))}]"
    return "null" if value is None else {str: "string", bool: "boolean"}.get(type(value), "number")


def difference(expected: str, found: str) -> str:
    """What is missing and what is too much, line by line."""
    return "".join(unified_diff(expected.splitlines(True), found.splitlines(True), "Central", "ours"))


def flat(group: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """A row of OData as columns of a CSV."""
    for name, value in group.items():
        if name.startswith("__") or "@" in name:
            continue
        if name == "vi_tri":
            at = value["coordinates"] if value else [None, None, None]
            parts = {"Longitude": at[0], "Latitude": at[1], "Altitude": at[2]}
            parts["Accuracy"] = value["properties"]["accuracy"] if value else None
            yield from ((f"{path}{name}-{part}", number) for part, number in parts.items())
        elif isinstance(value, Mapping):
            yield from flat(value, f"{path}{name}-")
        else:
            yield f"{path}{name}", value


def cell(value: Any) -> str:
    """A value as it stands in a CSV."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def test_the_files_have_the_shape_that_clients_know(houses: World) -> None:
    found = {name: list(of[0]) if of else [] for name, of in files(houses).items()}
    told = "".join(f"{name}: {'*' if name == 'about.csv' else ' '.join(head)}\n" for name, head in found.items())
    assert difference(CSV_SHAPE, told) == ""


@pytest.mark.parametrize(
    ("table", "expected"),
    [("Submissions", ROW_SHAPE), ("Submissions.nguoi", PERSON_SHAPE), ("Submissions.nguoi.them.con", CHILD_SHAPE)],
)
def test_the_rows_have_the_shape_that_clients_know(houses: World, table: str, expected: str) -> None:
    # what was sent first and approved stands last, with all that a row can have
    found = [row for row in rows(houses, table) if "uuid:0" in json.dumps(row) or table != "Submissions"]
    # members of JSON have no order
    assert difference("".join(sorted(expected.splitlines(True))), "".join(sorted(shape(found[-1])))) == ""


def test_both_say_the_same_of_every_submission(houses: World) -> None:
    as_file, as_table = files(houses)["ho.csv"], rows(houses)
    assert len(as_file) == len(as_table) == len(TEXTS) + 2
    for line, row in zip(as_file, as_table, strict=True):
        told = {column: cell(row["__system"][name]) for column, name in SYSTEM.items()}
        answers = {column: cell(value) for column, value in flat(row)}
        assert line == {"KEY": row["__id"], **told, **answers}


def test_both_say_the_same_of_every_row_of_a_repeat(houses: World) -> None:
    found = files(houses)
    for name, table, column in (
        ("ho-nguoi.csv", "Submissions.nguoi", "ho_ten"),
        ("ho-con.csv", "Submissions.nguoi.them.con", "ten_con"),
    ):
        as_file, as_table = found[name], rows(houses, table)
        assert as_file
        assert [line[column] for line in as_file] == [cell(row[column]) for row in as_table]
    people, keys = rows(houses, "Submissions.nguoi"), [line["PARENT_KEY"] for line in found["ho-nguoi.csv"]]
    assert [row["__Submissions-id"] for row in people] == keys
    children = rows(houses, "Submissions.nguoi.them.con")
    places = {row["__id"]: line["KEY"] for row, line in zip(people, found["ho-nguoi.csv"], strict=True)}
    assert [places[row["__Submissions-nguoi-id"]] for row in children] == [
        line["PARENT_KEY"] for line in found["ho-con.csv"]
    ]
