"""Every route of the document, with one thing wrong at a time: in its path, its body, its credential, who asks."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.databases import KINDS, Databases
from tests.kit.every_route import Asking, Operation
from tests.kit.fuzz_world import fuzz_world
from tests.kit.services import Postgres

WRONG_PLACES = ("%00", "%FF%C0", "..%2F..%2Fetc", "-1", "9" * 400, "%F0%9F%92%A5", "uuid%3A99%27%20OR%201=1")
WRONG_MEMBERS: tuple[Any, ...] = (None, 7, 1.5, True, [], {}, ["x"], {"x": 1}, "", "x\x00y", "x\udc80y", "9" * 5000)
NO_JSON: tuple[bytes, ...] = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"\xff\xfe{\x00}\x00",
    '{"displayName": "Ấp"}'.encode("utf-16"),
    b'{"displayName": "\xe9"}',
    b'{"name": "\\ud800", "displayName": "\\u0000"}',
    b"[" * 100_000,
    b'{"name": ' + b"9" * 5000 + b"}",
    b'{"name": "' + b"x" * 250_001 + b'"}',
    gzip.compress(b'{"name": "x"}'),
    b"\x1f\x8b garbage",
)
NO_XML: tuple[bytes, ...] = (
    b"",
    b"<",
    b"<a/>",
    b"\x00",
    '<?xml version="1.0" encoding="UTF-16"?><data id="ho/dan"/>'.encode("utf-16"),
    '<?xml version="1.0" encoding="ISO-8859-1"?><data id="ho/dan"><x>é</x></data>'.encode("latin-1"),
    b'<data id="ho/dan"><x>\xe9\xff</x></data>',
    b'<!DOCTYPE d [<!ENTITY a "b">]><data id="ho/dan">&a;</data>',
    b"<a>" * 5000,
    b'<data id="ho/dan">' + b"<x/>" * 100_001 + b"</data>",
    gzip.compress(b"<data/>"),
    b"PK\x03\x04 garbage",
)
OTHER_KINDS = ("text/plain", "application/json; charset=utf-16", "multipart/form-data", "multipart/x; boundary=", "é")
HUGE = 3_000_000
LIMIT = 2_000_000
FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="s.xml"\r\n\r\n'
LISTS_WHAT_ONE_MAY_SEE = {"openrosa_form_list_signed_in"}
"""To a stranger an empty one, as ODK Central does."""


@pytest.fixture(scope="module", params=KINDS)
def asking(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asking]:
    """One world for all that follows, made what it was after each request that writes."""
    folder = tmp_path_factory.mktemp("routes")
    limit = {"THONBAN_MAX_UPLOAD": str(LIMIT)}
    if request.param == "sqlite":
        with databases.sqlite_file() as url, fuzz_world(url, folder, **limit) as there:
            yield Asking(there)
        return
    server: Postgres = request.getfixturevalue("postgres")
    with databases.postgresql(server) as url, fuzz_world(url, folder, **limit) as there:
        yield Asking(there)


@pytest.fixture
def every(asking: Asking) -> list[Operation]:
    """All operations, and nothing found yet."""
    asking.faults.clear()
    asking.asked = 0
    return asking.operations()


def told(asking: Asking, least: int) -> None:
    """Nothing was found, and enough was asked to find something."""
    assert asking.faults == [], "\n".join(asking.faults[:40])
    assert asking.asked >= least


def test_nothing_in_a_path_surprises_a_route(asking: Asking, every: list[Operation]) -> None:
    for operation in every:
        for name in operation.places:
            for wrong in WRONG_PLACES:
                asking.ask(operation, f"{name}={wrong}", places={name: wrong})
    told(asking, 1000)


def test_nothing_in_a_query_surprises_a_route(asking: Asking, every: list[Operation]) -> None:
    for operation in every:
        for each in operation.told["parameters"]:
            if each["in"] == "query":
                for wrong in ("%00", "%FF", "", "-1", "9" * 400, "%27", "x&" + each["name"] + "=y"):
                    asking.ask(operation, each["name"], query=f"?{quoted(each['name'])}={wrong}")
    told(asking, 500)


def quoted(name: str) -> str:
    """`$top` as it stands in a query."""
    return name.replace("$", "%24")


def test_no_member_of_a_body_surprises_a_route(asking: Asking, every: list[Operation]) -> None:
    for operation in every:
        if "application/json" not in operation.kinds:
            continue
        good = asking.there.bodies_of(dict(operation.told), "application/json")[0]
        taken = asking.ask(operation, "as it should be")
        for name in good:
            rest = {key: value for key, value in good.items() if key != name}
            asking.ask(operation, f"without {name}", json=rest)
            for wrong in WRONG_MEMBERS:
                data = json.dumps(rest | {name: wrong}).encode()
                asking.ask(operation, (name, wrong), data=data, json=None, content_type="application/json")
        more = asking.ask(operation, "one more", json=good | {"khong_biet": [{"x": 1}], "__proto__": 1})
        if more.status_code != taken.status_code and "user-preferences" not in operation.path:
            asking.fault(operation, "a member that is not known", more, f"not passed over, {taken.status_code} before")
    told(asking, 150)


def test_no_body_surprises_a_route(asking: Asking, every: list[Operation]) -> None:
    for operation in every:
        kind = next(iter(operation.kinds), None)
        bodies = {None: (b"\xff\xfe{",), "application/json": NO_JSON}.get(kind, NO_XML)
        for body in bodies:
            asking.ask(operation, body[:30], data=body, json=None, content_type=kind or "application/json")
        for other in OTHER_KINDS if kind else ():
            asking.ask(operation, other, data=b"--x\r\n\r\n\x00", json=None, content_type=other)
        packed = {"Content-Encoding": "gzip"}
        asking.ask(operation, "gzip", data=b"\x1f\x8b\x08 garbage", json=None, headers=packed, content_type=kind)
    told(asking, 700)


def test_a_huge_body_is_refused_where_one_is_read(asking: Asking, every: list[Operation]) -> None:
    for operation in every:
        for kind in operation.kinds:
            sent = {"*/*": "application/octet-stream", "multipart/form-data": FORM}.get(kind, kind)
            answer = asking.ask(operation, "huge", data=PART + b"x" * HUGE, json=None, content_type=sent)
            code = 413 if operation.is_phones else 400
            if answer.status_code != code or (not operation.is_phones and answer.get_json()["code"] != 400.36):
                asking.fault(operation, kind, answer, f"not {code}")
    told(asking, 30)


def test_a_credential_that_ended_opens_nothing(asking: Asking, every: list[Operation]) -> None:
    """One that is none, one that was ended, one whose time is over, one of a phone in the place of a session."""
    had = asking.there.credentials
    tokens = {"none": "a" * 64, "short": "a"} | {name: had[name] for name in ("ended", "over", "phone")}
    for operation in every:
        if operation.is_open:
            continue
        for name, token in tokens.items():
            answer = asking.ask(operation, name, token=token)
            if answer.status_code not in (401, 403):
                asking.fault(operation, name, answer, "let in")
        answer = asking.ask(operation, "nobody", token=None)
        if answer.status_code != 401 and operation.told["x-permission"] != "public":
            asking.fault(operation, "nobody", answer, "let in")
    told(asking, 700)


def test_who_has_no_role_gets_nothing_of_others(asking: Asking, every: list[Operation]) -> None:
    """Ids of others are no way in: what is there and what is not look alike, or are forbidden."""
    token = asking.there.credentials["stranger"]
    for operation in every:
        if operation.is_open or operation.told["x-permission"] in ("signed-in", "public"):
            continue
        answer = asking.ask(operation, "a stranger", token=token)
        empty = operation.name in LISTS_WHAT_ONE_MAY_SEE and b"<xform>" not in answer.get_data()
        if answer.status_code not in (401, 403, 404) and not empty:
            asking.fault(operation, "a stranger", answer, "let in")
    told(asking, 100)


def test_writers_at_once_do_not_trip_over_each_other(asking: Asking, every: list[Operation]) -> None:
    """What becomes of what two of them write is in test_at_once.py; here that every route stands it."""
    for operation in every:
        if operation.method not in ("GET", "HEAD"):
            asking.ask_at_once(operation, 4)
    told(asking, 200)
