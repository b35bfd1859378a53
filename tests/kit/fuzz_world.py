"""A programme with something of everything in it, for requests made at random: forms with and without a draft, what
was sent for them, deleted, edited, commented and kept apart, people of every reach, a key, links."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from tests.kit.world import EMAIL, PASSWORD, WATER_POINT, Api, Phone, World, furnish_world, furnished_world, xlsx

HOUSEHOLD = """
| survey |
|        | type                        | name   | label    | parameters      |
|        | text                        | chu_ho | Chủ hộ   |                 |
|        | begin repeat                | nguoi  | Người    |                 |
|        | text                        | ten    | Tên      |                 |
|        | integer                     | tuoi   | Tuổi     |                 |
|        | end repeat                  |        |          |                 |
|        | select_one_from_file ap.csv | ap     | Ấp       |                 |
|        | image                       | anh    | Ảnh      | max-pixels=1024 |
| settings |
|        | form_id | form_title | version |
|        | ho/dan  | Hộ dân     | 1       |
"""
HAMLETS = b"name,label\na1,\xe1\xba\xa4p M\xe1\xbb\x99t\n"
HOME = "projects/1/forms/ho%2Fdan"
IDS = [f"uuid:{number}0000000-0000-4000-8000-000000000000" for number in range(1, 6)]
MD = "text/markdown"
PHOTO = b"\xff\xd8\xff\xe0 a photograph \xff\xd9"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(repr=False)
class FuzzWorld:
    """The world, the credentials in it, what paths may name, and bodies that are good: by content type, and of the
    operations that know their own."""

    world: World
    credentials: dict[str, str | None]
    known: dict[str, list[str | int]]
    bodies: dict[str, list[Any]]
    own: dict[str, Any]
    file: Path

    def __post_init__(self) -> None:
        self._live = sqlite3.connect(self.file, isolation_level=None, timeout=30)
        self._kept = sqlite3.connect(":memory:")
        self._live.backup(self._kept)
        self._seen = self._version()

    def bodies_of(self, operation: dict[str, Any], kind: str | None) -> list[Any]:
        """Bodies of a type that an operation of the document takes, the best first: its own example, where there is
        one."""
        if operation["operationId"] in self.own:
            return [self.own[operation["operationId"]]]
        if kind != "application/json":
            return list(self.bodies.get(kind or "", []))
        example = operation["requestBody"]["content"][kind].get("example")
        return [] if example is None else [example]

    def has_changed(self) -> bool:
        """Whether anybody wrote to the database since it was last as it was made."""
        return self._version() != self._seen

    def restore(self) -> None:
        """Makes the database what it was."""
        self._kept.backup(self._live)
        self._seen = self._version()

    def close(self) -> None:
        """Lets go of the database."""
        self._live.close()
        self._kept.close()

    def _version(self) -> int:
        # grows when another connection commits, and by nothing else
        found: int = self._live.execute("PRAGMA data_version").fetchone()[0]
        return found


@contextmanager
def fuzz_world(database_url: str, folder: Path) -> Iterator[FuzzWorld]:
    """The world on an empty SQLite database with all tables."""
    furnish_world(database_url, folder / "home")
    with furnished_world(database_url, folder / "home") as world:
        made = _settle(world, Path(database_url.removeprefix("sqlite:///")))
        try:
            yield made
        finally:
            made.close()


def _settle(world: World, file: Path) -> FuzzWorld:
    api, people = world.api, {"viewer": world.person("Người xem", "viewer"), "nobody": world.nobody()}
    water, house = world.publishes(WATER_POINT), _household(api)
    phone = world.phone("Ngàn Chi", water, house)
    revoked = api.post("projects/1/app-users", json={"displayName": "Mất máy"}).get_json()
    _done(api.delete(f"sessions/{revoked['token']}"))
    _done(api.post("projects/1/forms", data=xlsx(_named("chua_ra")), content_type=XLSX))
    _done(api.post("projects/1/forms?publish=true", data=xlsx(_named("da_xoa")), content_type=XLSX))
    _done(api.delete("projects/1/forms/da_xoa"))
    sent, more = _send(world, house, phone)
    draft = _draft(api, more[1])
    _done(api.put("user-preferences/site/cot", json={"propertyValue": [1]}))
    _done(api.post("projects", json={"name": "Dự án khác"}))
    _done(api.post(f"projects/1/assignments/viewer/{phone.id}"))
    known: dict[str, list[str | int]] = {
        "project_id": [*[1] * 12, 2, 99],
        "form_id": [*[house] * 12, water, "chua_ra", "da_xoa", "khong_co"],
        "version": ["1", "1", "2", "___", *sent[:3]],
        "instance_id": [*[sent[0]] * 9, *sent, "uuid:khong-co"],
        "name": [*["anh.jpg", "ap.csv"] * 3, "cot", "khác/đi.png"],
        "actor_id": [1, phone.id, revoked["id"], 99],
        "user_id": [1, 2, 99],
        "number": [1, 2, 3, 4, 99],
        "role": ["admin", "viewer", "viewer", "app-user", 2, "khong-co"],
        "token": [*[draft] * 5, "a" * 64],
        "key": [*[phone.token] * 6, revoked["token"], "a" * 64],
        "table": ["Submissions", f"Submissions('{sent[0]}')", "Submissions.nguoi", "Khong"],
        "rest": ["nguoi", "khong/co"],
        "quarantine_id": [1, 99],
    }
    known["xml_form_id"] = known["form_id"]
    bodies: dict[str, list[Any]] = {
        "application/xml": [*more, api.get(f"{HOME}.xml").get_data(), b"<a", b""],
        MD: [_named("moi").encode(), HOUSEHOLD.encode()],
        XLSX: [xlsx(_named("moi")), xlsx(HOUSEHOLD), b"PK\x03\x04"],
        "application/octet-stream": [PHOTO, b""],
        "multipart/form-data": [{"xml_submission_file": text.decode(), "anh.jpg": "x"} for text in more],
    }
    bodies["text/xml"] = bodies["application/xml"]
    own = {
        "submissions_edit": more[3],
        "sessions_create_session": {"email": EMAIL, "password": PASSWORD},
    }
    credentials = {name: each.token for name, each in people.items()} | {"admin": api.token, "phone": phone.token}
    return FuzzWorld(world, credentials, known, bodies, own, file)


def _household(api: Api) -> str:
    """A form with a repeat, a file and a photograph, published, by its id."""
    _done(api.post("projects/1/forms", data=xlsx(HOUSEHOLD), content_type=XLSX))
    _done(api.post(f"{HOME}/draft/attachments/ap.csv", data=HAMLETS, content_type="text/csv"))
    _done(api.post(f"{HOME}/draft/publish"))
    return "ho/dan"


def _draft(api: Api, xml: bytes) -> str:
    """A draft of the same form, tried once; its test token."""
    _done(api.post(f"{HOME}/draft", data=xlsx(HOUSEHOLD.replace("| 1       |", "| 2       |")), content_type=XLSX))
    _done(api.post(f"{HOME}/draft/submissions", data=xml, content_type="application/xml"))
    _done(api.post(f"{HOME}/draft/submissions/{IDS[0]}/attachments/anh.jpg", data=PHOTO, content_type="image/jpeg"))
    token: str = api.get(f"{HOME}/draft").get_json()["draftToken"]
    return token


def _named(form_id: str) -> str:
    return HOUSEHOLD.replace("ho/dan", form_id)


def _send(world: World, form_id: str, phone: Phone) -> tuple[list[str], list[bytes]]:
    """What was sent: the instance ids that are known, and texts, the first of which was not sent yet."""
    api, home = world.api, f"{HOME}/submissions"
    family = {"chu_ho": "Bàn A", "nguoi": [{"ten": "B", "tuoi": 3}, {"ten": "C", "tuoi": 4}], "anh": "anh.jpg"}
    first = world.filled(form_id, family, IDS[0])
    _done(phone.sends(first, {"anh.jpg": PHOTO}))
    named = re.search(rb"<(\w*:?)instanceID>", first)
    assert named is not None
    old = b"<%bdeprecatedID>%b</%bdeprecatedID>" % (named[1], IDS[0].encode(), named[1])
    later = first.replace(IDS[0].encode(), IDS[1].encode()).replace(named[0], old + named[0])
    _done(api.put(f"{home}/{IDS[0]}", data=later, content_type="application/xml"))
    _done(api.post(f"{home}/{IDS[0]}/comments", json={"body": "Xem lại ảnh"}))
    _done(phone.sends(world.filled(form_id, {"chu_ho": "D"}, IDS[2])))
    _done(api.delete(f"{home}/{IDS[2]}"))
    assert phone.sends(b"<khong-phai>").status_code == 400
    fresh = world.filled(form_id, family | {"chu_ho": "E"}, IDS[3])
    again = later.replace(IDS[0].encode(), IDS[1].encode(), 1).replace(IDS[1].encode(), IDS[4].encode())
    return IDS[:3], [fresh, first, later, again]


def _done(answer: TestResponse) -> TestResponse:
    assert answer.status_code in (200, 201), (answer.request.path, answer.status_code, answer.get_data(as_text=True))
    return answer


__all__ = ["FuzzWorld", "fuzz_world"]
