"""What cannot be right is answered with a sentence and a documented code, never with 500, and changes nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from server.storage.actors import Actor, Grant, Token, User
from server.storage.audits import Audit
from server.storage.preferences import Preference
from tests.kit.world import EMAIL, PASSWORD, World

ROUTES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "sessions"): {"email": EMAIL, "password": PASSWORD},
    ("POST", "users"): {"email": "lan@example.vn", "password": PASSWORD, "displayName": "Lan"},
    ("PATCH", "users/1"): {"email": "moi@example.vn", "displayName": "Lan"},
    ("PUT", "users/1/password"): {"old": PASSWORD, "new": "mật khẩu mới tinh"},
    ("POST", "users/reset/initiate"): {"email": EMAIL},
    ("POST", "users/reset/verify"): {"new": "mật khẩu mới tinh"},
    ("PUT", "user-preferences/site/x"): {"propertyValue": 1},
    ("PUT", "user-preferences/project/1/x"): {"propertyValue": 1},
}
"""Every route of ours that reads a body, with one that is good."""
WRONG: tuple[Any, ...] = (7, 1.5, True, ["x"], {"x": 1}, "x\x00y", "x\udc80y")
"""In place of a text. A number or a list in place of a preference is none of these: it is kept."""
BODIES: tuple[bytes, ...] = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"12",
    b"{",
    b'{"email": "a@b.vn"',
    b"\xff\xfe{\x00}\x00",
    b'{"email": "\xe9"}',
    b'{"email": "\\ud800@b.vn", "password": "\\u0000aaaaaaaaaa", "new": "\\u0000", "propertyValue": "\\u0000"}',
    b"[" * 100_000,
    b'{"propertyValue": ' + b"[" * 300 + b"]" * 300 + b"}",
    b'{"propertyValue": ' + b"9" * 5000 + b"}",
    b'{"propertyValue": ' + b"9" * 30 + b"}",
    b'{"email": "' + b"x" * 250_001 + b'"}',
)
PATHS = (
    "users/0",
    "users/-1",
    "users/1.5",
    "users/abc",
    "users/2147483648",
    "users/" + "9" * 5000,
    "users/%00",
    "users/current/x",
    "users/9999",
    "roles/%00",
    "roles/%2F",
    "roles/%F0%9F%92%A5",
    "roles/" + "9" * 5000,
    "assignments/%00",
    "assignments/admin/x",
    "projects/1/assignments/-1",
    "projects/99999999999/assignments",
    "projects/1/forms/%00/assignments",
    "projects/1/forms/khong%2Fco/assignments",
    "projects/1/assignments/forms/khong-co",
    "sessions/%00",
    "sessions/" + "a" * 64,
    "sessions/" + "a" * 5000,
    "user-preferences/site/%00",
    "user-preferences/project/99999999999/x",
)


def kept(world: World) -> dict[str, int]:
    """How many rows there are of what our routes write; the audit of who signed in aside."""
    session = world.session
    counts = {
        table.__tablename__: session.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (Actor, User, Grant, Token, Preference)
    }
    return counts | {"audits": session.execute(select(func.count()).select_from(Audit)).scalar_one()}


def check(answer: TestResponse, told: object) -> None:
    """A documented 4xx with a sentence."""
    body = answer.get_json(silent=True)
    assert 400 <= answer.status_code < 500, (told, answer.status_code)
    assert body.keys() == {"message", "code", "details"}, told
    assert int(body["code"]) == answer.status_code, told
    assert body["message"].endswith("."), (told, body["message"])
    assert "%(" not in body["message"], told


def spoiled() -> Iterator[tuple[str, str, bytes]]:
    """Each route with each member missing, null or of a wrong type, and with bodies that are no body at all."""
    for (method, path), good in ROUTES.items():
        for name in good:
            rest = {key: each for key, each in good.items() if key != name}
            for wrong in WRONG:
                if name != "propertyValue" or (isinstance(wrong, str)):
                    yield method, path, json.dumps(rest | {name: wrong}).encode()
        for body in BODIES:
            yield method, path, body


def test_no_body_surprises_a_route_that_reads_one(world: World) -> None:
    api = world.api
    api.put("user-preferences/site/x", json={"propertyValue": "before"})
    before = kept(world)
    for method, path, body in spoiled():
        if path == "users/1" and body == b"":
            continue  # nothing to change
        answer = api.ask(method, path, data=body, content_type="application/json")
        check(answer, (method, path, body[:60]))
    assert kept(world) == before


def test_unknown_members_are_passed_over(world: World) -> None:
    """As ODK Central does; a preference, which may say nothing else, is the one exception."""
    good = {"email": "lan@example.vn", "displayName": "Lan", "id": 7, "__proto__": {"x": 1}, "role": "admin"}
    made = world.api.post("users", json=good).get_json()
    assert made["id"] != 7
    assert {each["actorId"] for each in world.api.get("assignments").get_json()} == {1}


def test_other_types_of_content_are_no_body(world: World) -> None:
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = world.nobody().post("sessions", data=json.dumps(ROUTES["POST", "sessions"]), content_type=kind)
        check(answer, kind)
    huge = world.nobody().post("sessions", data=b"x" * 300_000, content_type="application/json; charset=utf-16")
    assert huge.get_json()["code"] == 400.36


def test_no_path_and_no_query_surprises_a_route(world: World) -> None:
    before = (world.api, kept(world))[1]
    for path in PATHS:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if not path.startswith("user-preferences/site") or method != "PUT":
                check(world.api.ask(method, path, json={"propertyValue": 1}), (method, path[:60]))
    for query in ("q=%00", "q=" + "x" * 5000, "q=%FF", "q=a&q=b", "limit=%00"):
        answer = world.api.get(f"users?{query}")
        assert answer.status_code in (200, 400), query
    assert kept(world) == before


def test_no_header_surprises_a_route(world: World) -> None:
    def basic(text: bytes) -> str:
        return "Basic " + b64encode(text).decode()

    client = world.app.test_client(use_cookies=False)
    for text in (b"a\x00b:c", b"\xff\xfe:\xff", b":", b"x" * 9000):
        check(client.get("/v1/users/current", headers={"Authorization": basic(text)}), text[:40])
    for said in ("Bearer " + "é" * 64, " "):
        check(client.get("/v1/users/current", headers={"Authorization": said}), said[:40])
    note = {"X-Action-Notes": "%00%FF%E1%BB%8B " + "x" * 4000, "User-Agent": "x" * 4000}
    made = world.api.post("users", json={"email": "lan@example.vn"}, headers=note)
    assert made.status_code == 200
    check(client.get("/v1/users/current", headers={"Cookie": "session=x"}), "cookie")
