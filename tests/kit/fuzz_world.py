"""A programme with something of everything in it, for requests made at random: forms with and without a draft, what
was sent for them, deleted, edited, commented and kept apart, people of every reach, a key, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from werkzeug.test import TestResponse

from server.domain.dossiers import Letter
from server.services.authenticate import digest, system_caller
from server.services.freeze import Which, find_which, lock_round
from server.services.move_dossier import Asked, move_dossier
from server.services.roll_up import work_off
from server.services.rounds import open_round
from server.storage.actors import Token
from server.storage.database import writing
from server.storage.submissions import Submission
from tests.kit.fuzz_exports import settle_exports
from tests.kit.fuzz_kept import Kept, keep
from tests.kit.fuzz_works import settle_webhooks, settle_works
from tests.kit.law import RULE_SET, RULES, confirm_with_scan, unread_clauses
from tests.kit.scope_locks import leave_without_round, lock_and_reopen
from tests.kit.world import (
    COMMUNES,
    EMAIL,
    PASSWORD,
    ROUND,
    VILLAGES,
    WATER_POINT,
    Api,
    Phone,
    World,
    furnish_world,
    furnished_world,
    xlsx,
)

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
APPRAISED = COMMUNES["qn-dam-ha-quang-an"].uuid
DOSSIERS = {
    "dossiers_move_one": {"move": "send", "number": "1/UBND", "letterOn": "2026-01-05", "reason": "thiếu phiếu"},
    "dossiers_appraise_one": {"areas": [APPRAISED], "result": "passed"},
}
HAMLETS = b"name,label\na1,\xe1\xba\xa4p M\xe1\xbb\x99t\n"
HOME = "projects/1/forms/ho%2Fdan"
IDS = [f"uuid:{number}0000000-0000-4000-8000-000000000000" for number in range(1, 6)]
MD = "text/markdown"
OPEN, LOCKED = "mo", "khoa"
DECIDED = "uuid:00000000-0000-4000-8000-0000000dec1d"
PROGRAMME = {
    **{"slug": "ct", "names": {"vi": "Chương trình mẫu", "en": "Sample programme"}, "law": "mẫu", "source": "mẫu"},
    **{"validFrom": "2016-01-01", "validTo": None, "status": "synthetic"},
}
UNITS = b"""area,basis,entered_on,exit,exited_on,status,source
06865,kv_iii,2017-04-28,,,synthetic,sample
06865,,,recognised,2019-12-31,synthetic,sample
"""
SPOKEN = """
| survey |
|        | type | name | label::Tiếng Việt (vi) |
|        | text | ten  | Tên                    |
| settings |
|        | form_id | form_title | version |
|        | doc_len | Đọc lên    | 1       |
"""
VOICE = b"\x00\x00\x00\x20ftypM4A a voice"
PHOTO = b"\xff\xd8\xff\xe0 a photograph \xff\xd9"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(repr=False)
class FuzzWorld:
    """The world, the credentials in it, what paths may name (the best first), and bodies that are good: by content
    type, and of the operations that know their own. `ways`: what is better in the paths of some, by how their ids
    begin. `kept`: the database as it is now."""

    world: World
    credentials: dict[str, str | None]
    known: dict[str, list[str | int]]
    bodies: dict[str, list[Any]]
    own: dict[str, Any]
    ways: dict[str, dict[str, str | int]]
    kept: Kept

    def bodies_of(self, operation: dict[str, Any], kind: str | None) -> list[Any]:
        """Bodies of a type that an operation of the document takes, the best first: its own example, where there is
        one."""
        for name in (f"{operation['operationId']} {kind}", operation["operationId"]):
            if name in self.own:
                return [self.own[name]]
        if kind != "application/json":
            return list(self.bodies.get(kind or "", []))
        example = operation["requestBody"]["content"][kind].get("example")
        return [] if example is None else [example]

    def way_of(self, operation_id: str) -> dict[str, str | int]:
        """What stands in the path of an operation when all is well."""
        best = {name: values[0] for name, values in self.known.items()}
        for beginning, other in self.ways.items():
            best |= other if operation_id.startswith(beginning) else {}
        return best


@contextmanager
def fuzz_world(database_url: str, folder: Path, **environment: str) -> Iterator[FuzzWorld]:
    """The world on an empty database with all tables; more settings."""
    furnish_world(database_url, folder / "home")
    with furnished_world(database_url, folder / "home", **environment) as world:
        made = _settle(world, database_url)
        try:
            yield made
        finally:
            made.kept.close()


def _settle(world: World, database_url: str) -> FuzzWorld:
    api, people = world.api, {"viewer": world.person("Người xem", "viewer"), "nobody": world.nobody()}
    people["stranger"] = world.person("Người lạ")
    water, house = world.publishes(WATER_POINT), _household(api)
    phone = world.phone("Ngàn Chi", water, house)
    revoked = api.post("projects/1/app-users", json={"displayName": "Mất máy"}).get_json()
    _done(api.delete(f"sessions/{revoked['token']}"))
    _done(api.post("projects/1/forms", data=xlsx(_named("chua_ra")), content_type=XLSX))
    _done(api.post("projects/1/forms", data=SPOKEN.encode(), content_type=MD))
    said = "projects/1/forms/doc_len/recordings?path=/data/ten&language=tyz"
    _done(api.put(said, data=VOICE, content_type="application/octet-stream"))
    _done(api.post("projects/1/forms?publish=true", data=xlsx(_named("da_xoa")), content_type=XLSX))
    _done(api.delete("projects/1/forms/da_xoa"))
    gone = api.get("projects/1/forms?deleted=true").get_json()[0]["id"]
    sent, more = _send(world, house, phone)
    draft = _draft(api, more[1])
    _done(api.put("user-preferences/site/cot", json={"propertyValue": [1]}))
    _done(api.put("user-preferences/project/1/cot", json={"propertyValue": 1}))
    _done(api.post("projects", json={"name": "Dự án khác"}))
    _done(api.post("projects/1/programmes", json=PROGRAMME))
    _done(api.post("projects/1/programme/units", data=UNITS, content_type="text/csv"))
    viewer = next(each["id"] for each in api.get("users").get_json() if each["displayName"] == "Người xem")
    _done(api.post(f"projects/1/assignments/viewer/{phone.id}"))
    unread, confirmed = unread_clauses(), confirm_with_scan(world)
    _done(api.post(f"rule-sets/{RULE_SET}/clauses/{unread[1]}/confirmations", json={"source": "Báo", "quote": "lời"}))
    known: dict[str, list[str | int]] = {
        "project_id": [1, 2, 99],
        "form_id": [house, water, "chua_ra", "da_xoa", "khong_co"],
        "version": ["1", "2", "___", *sent[:3]],
        "instance_id": [*sent, DECIDED, "uuid:khong-co"],
        "name": ["anh.jpg", "ap.csv", "cot", "khác/đi.png"],
        "actor_id": [phone.id, 1, revoked["id"], 99],
        "user_id": [viewer, 1, 99],
        "number": [gone, 1, 99],
        "role": ["viewer", "admin", "app-user", 2, "khong-co"],
        "token": [draft, "a" * 64],
        "key": [phone.token, revoked["token"], "a" * 64],
        "table": ["Submissions", "Submissions.nguoi", "Khong"],
        "table_name": ["villages", "criteria", "khong-co"],
        "rest": ["nguoi", "khong/co"],
        "quarantine_id": [1, 99],
        "rule_set_id": [RULE_SET, "khong-co"],
        "clause_id": [unread[0], unread[1], "khong.co"],
        "confirmation_id": [confirmed, 99],
        "kind": ["xlsx", "xls"],
        "picture": ["png", "svg"],
        "area": [COMMUNES["qn"].uuid, "khong-co"],
        "slug": ["2019", OPEN, LOCKED, "khong-co"],
        "lock_number": [1, 99],
        "area_id": [COMMUNES["qn-tien-yen-ha-lau"].uuid, "khong-co"],
        "decision_id": [_flagged(api), 99],
        **settle_works(world),
        **settle_webhooks(world),
        **settle_exports(world, house),
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
    bodies["application/yaml"] = [RULES.encode(), b"id: [", b"\xff"]
    bodies["text/csv"] = ["area,name\nQN-06853-01,Chíu A Sềnh\n".encode(), b"area,name\nxx,A\n", b"\xff\xfe"]
    own = {
        "submissions_edit": more[3],
        "recordings_put_recording": VOICE,
        **DOSSIERS,
        "programmes_enlist_units": UNITS,
        "sessions_create_session": {"email": EMAIL, "password": PASSWORD},
        # a draft has to be of its own form
        f"drafts_set_draft {MD}": _named("chua_ra").encode(),
        f"drafts_set_draft {XLSX}": xlsx(_named("chua_ra")),
        **{f"drafts_set_draft {kind}": api.get("projects/1/forms/chua_ra/draft.xml").get_data() for kind in XML_KINDS},
    }
    table = f"Submissions('{sent[0]}')"
    ways: dict[str, dict[str, str | int]] = {
        "dossiers_appraise_one": {"area_id": _sent_up(world)},
        "assignments_unassign_on_form": {"role": "app-user"},
        "assignments_unassign_on_site": {"actor_id": viewer},
        "draft_submissions": {"name": "anh.jpg"},
        "drafts": {"name": "ap.csv"},
        "drafts_set_draft": {"form_id": "chua_ra"},
        "form": {"name": "ap.csv"},
        "history": {"version": sent[1]},
        "openrosa": {"name": "ap.csv"},
        # what a phone sent and nobody else wrote on in
        "openrosa_sheet": {"name": "anh.jpg", "instance_id": DECIDED},
        # rounds of one village: each request may work all of it out
        "rounds": {"slug": OPEN},
        "official_tables": {"slug": OPEN},
        "coverage": {"slug": OPEN},
        "calls": {"slug": OPEN, "area_id": next(iter(VILLAGES.values())).uuid},
        "rounds_reopen_one": {"slug": LOCKED},
        "sessions": {"token": people["viewer"].token or ""},
        "recordings": {"form_id": "doc_len"},
        "submissions_decide": {"instance_id": DECIDED},
        "decisions_decide": {"instance_id": DECIDED},
        "submissions_restore": {"instance_id": sent[2]},
        "tables": {"table": table},
        "users_delete": {"name": "cot"},
    }
    credentials = {name: each.token for name, each in people.items()} | {"admin": api.token, "phone": phone.token}
    credentials |= _bygone(world)
    # after all that is judged again in the background: meanwhile no round is locked
    _rounds(world, sent[0])
    known["call_id"] = [_called(world), 99]
    return FuzzWorld(world, credentials, known, bodies, own, ways, keep(database_url))


def _sent_up(world: World) -> str:
    """A commune whose dossier somebody else has sent up."""
    session, now = world.session, datetime.now(UTC)
    round_view = find_which(session, Which(1, "2019"))
    sender, letter = system_caller(session, now), Letter("1/UBND", date(2026, 1, 5))
    move_dossier(session, sender, (round_view, APPRAISED), Asked("send", letter, "thiếu phiếu"), now)
    return APPRAISED


def _bygone(world: World) -> dict[str, str | None]:
    """Sessions that somebody had: one was ended, the time of the other is over."""
    ended, over = (world.signed_in(EMAIL, PASSWORD) for _ in range(2))
    _done(ended.delete("sessions/current"))
    assert over.token is not None
    session, yesterday = world.session, datetime.now(UTC) - timedelta(days=1)
    session.execute(update(Token).where(Token.token_hash == digest(over.token)).values(expires_at=yesterday))
    session.commit()
    return {"ended": ended.token, "over": over.token}


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


def _rounds(world: World, instance_id: str) -> None:
    """Two rounds of one village, one locked and opened again, one locked; and a sheet that belongs to no round."""
    village = next(iter(VILLAGES.values())).uuid
    for slug in (OPEN, LOCKED):
        opened = replace(ROUND, slug=slug, areas=(village,))
        open_round(world.session, 1, opened, datetime.now(UTC))
    lock_and_reopen(world, Which(1, OPEN))
    lock_round(world.session, world.server_itself, Which(1, LOCKED), "Tỉnh cần số liệu", datetime.now(UTC))
    session = world.session
    real = select(Submission.id).where(Submission.instance_id == instance_id, Submission.is_draft.is_(False))
    number = session.execute(real).scalar_one()
    with writing(session):
        leave_without_round(session, number)
        session.commit()
    work_off(world.session, datetime.now(UTC))


def _called(world: World) -> int:
    """A call to the village of the open round, by its number."""
    path = f"projects/1/rounds/{OPEN}/villages/{next(iter(VILLAGES.values())).uuid}/calls"
    made = world.api.post(path, json={"outcome": "no_answer"})
    _done(made)
    return int(made.get_json()["id"])


XML_KINDS = ("application/xml", "text/xml")


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
    # nobody of those who ask has had a hand in this one: they may decide on it
    _done(phone.sends(world.filled(form_id, {"chu_ho": "G", "anh": "anh.jpg"}, DECIDED), {"anh.jpg": PHOTO}))
    assert phone.sends(b"<khong-phai>").status_code == 400
    fresh = world.filled(form_id, family | {"chu_ho": "E"}, IDS[3])
    again = later.replace(IDS[0].encode(), IDS[1].encode(), 1).replace(IDS[1].encode(), IDS[4].encode())
    return IDS[:3], [fresh, first, later, again]


def _flagged(api: Api) -> int:
    """A decision of the administrator on the first that was sent, fresh enough to be taken back."""
    body = {"reviewState": "hasIssues", "questions": [{"path": "/data/chu_ho", "reason": "Viết rõ họ tên"}]}
    answer = _done(api.post(f"{HOME}/submissions/{IDS[0]}/decisions", json=body))
    return int(answer.get_json()["decisions"][0]["id"])


def _done(answer: TestResponse) -> TestResponse:
    assert answer.status_code in (200, 201), (answer.request.path, answer.status_code, answer.get_data(as_text=True))
    return answer


__all__ = ["FuzzWorld", "fuzz_world"]
