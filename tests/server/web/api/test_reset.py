"""Forgotten passwords: a link by mail, or from an administrator's hand, good once and for a day."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from server.jobs.worker import drain
from server.storage.actors import Token
from server.storage.audits import list_audits
from server.storage.jobs import Job
from server.storage.schema import open_sessions
from tests.kit.databases import CopyHome
from tests.kit.mailbox import Mailbox, running_mailbox
from tests.kit.world import EMAIL, PASSWORD, Api, World, furnish_world, furnished_world

NEW, NEWER = "mật khẩu mới tinh", "mật khẩu mới hơn nữa"
BASE = "https://thonban.example.vn"
LINK = re.compile(rf"{BASE}/new-password/([A-Za-z0-9!$]{{64}})")


@dataclass
class Postal:
    """A world that sends mail, and where it arrives."""

    world: World
    mailbox: Mailbox

    def delivers(self) -> list[str]:
        """Does the waiting work; "address: subject" of what came in now."""
        before = len(self.mailbox.received)
        sessions = open_sessions(self.world.home.config.database_url)
        drain(sessions, self.world.home)
        sessions.kw["bind"].dispose()
        return [f"{each['To']}: {each['Subject'].split(' / ')[1]}" for each in self.mailbox.received[before:]]

    @property
    def token(self) -> str:
        """Of the link in the newest mail."""
        found = LINK.search(self.mailbox.received[-1].get_content())
        assert found
        return found[1]


@pytest.fixture
def postal(copy_home: CopyHome, tmp_path: Path) -> Iterator[Postal]:
    with running_mailbox() as mailbox:
        variables = {"THONBAN_SMTP_URL": mailbox.url, "THONBAN_BASE_URL": BASE, "THONBAN_SIGN_IN_ATTEMPTS": "4"}
        url = copy_home(furnish_world, tmp_path / "home")
        with furnished_world(url, tmp_path / "home", **variables) as world:
            yield Postal(world, mailbox)


def verify(world: World, token: str, new: str) -> tuple[int, float | None]:
    """Sets a password by a link; (status, code)."""
    answer = Api(world.app.test_client(use_cookies=False), token).post("users/reset/verify", json={"new": new})
    return answer.status_code, answer.get_json().get("code")


def test_a_link_by_mail_sets_a_password_once_and_ends_all_sessions(postal: Postal) -> None:
    world = postal.world
    session = world.signed_in(EMAIL, PASSWORD)
    assert world.nobody().post("users/reset/initiate", json={"email": EMAIL.upper()}).get_json() == {"success": True}
    waiting = world.session.execute(select(Job).where(Job.kind == "mail")).scalar_one()
    assert not re.search(r"[A-Za-z0-9!$]{64}", json.dumps(waiting.payload))
    assert postal.delivers() == [f"{EMAIL}: Reset your thonban password"]
    mail = postal.mailbox.received[-1]
    assert (mail["From"], mail["Auto-Submitted"]) == (EMAIL, "auto-generated")
    assert verify(world, postal.token, "short") == (400, 400.21)
    assert session.get("users/current").status_code == 200
    assert verify(world, postal.token, NEW) == (200, None)
    assert session.get("users/current").status_code == 401
    assert world.signed_in(EMAIL, NEW).get("users/current").status_code == 200
    assert verify(world, postal.token, NEWER) == (401, 401.2)
    assert postal.delivers() == [f"{EMAIL}: Your thonban password was changed"]
    by_link = [each for each in list_audits(world.session) if each.details.get("by") == "link"]
    assert [each.action for each in by_link] == ["user.update"]


def test_whether_there_is_an_account_is_not_said(postal: Postal) -> None:
    asked = postal.world.nobody().post("users/reset/initiate", json={"email": "nobody@example.vn"})
    assert asked.get_json() == {"success": True}
    assert postal.delivers() == []
    for body in ({}, {"email": ""}, {"email": None}):
        missing = postal.world.nobody().post("users/reset/initiate", json=body)
        assert (missing.get_json()["code"], missing.get_json()["details"]) == (400.2, {"field": "email"})


def test_nobody_is_buried_in_mail(postal: Postal) -> None:
    world = postal.world
    answers = [world.nobody().post("users/reset/initiate", json={"email": EMAIL}) for _ in range(5)]
    assert [each.status_code for each in answers] == [200, 200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert postal.delivers() == [f"{EMAIL}: Reset your thonban password"]
    assert world.nobody().post("sessions", json={"email": EMAIL, "password": PASSWORD}).status_code == 200


def test_who_is_added_without_a_password_is_sent_a_link(postal: Postal) -> None:
    world = postal.world
    world.api.post("users", json={"email": "lan@example.vn", "displayName": "Lan"})
    assert postal.delivers() == ["lan@example.vn: Your thonban account"]
    assert "Chào Lan" in postal.mailbox.received[-1].get_content()
    assert verify(world, postal.token, NEW) == (200, None)
    assert world.signed_in("lan@example.vn", NEW).token
    world.api.post("users", json={"email": "minh@example.vn", "password": PASSWORD})
    assert postal.delivers()[-1] == "minh@example.vn: Your thonban account"
    assert not LINK.search(postal.mailbox.received[-1].get_content())


def test_the_former_address_is_told_of_a_new_one(postal: Postal) -> None:
    me = postal.world.api.get("users/current").get_json()["id"]
    postal.world.api.patch(f"users/{me}", json={"email": "moi@example.vn"})
    postal.world.api.patch(f"users/{me}", json={"email": "moi@example.vn", "displayName": "Quản trị"})
    assert postal.delivers() == [f"{EMAIL}: Your thonban e-mail was changed"]


def test_a_mail_that_could_not_be_handed_over_is_tried_again(postal: Postal) -> None:
    world, postal.mailbox.refuses = postal.world, True
    world.nobody().post("users/reset/initiate", json={"email": EMAIL})
    assert postal.delivers() == []
    postal.mailbox.refuses = False
    session = world.session
    session.execute(update(Job).where(Job.kind == "mail").values(run_after=datetime.now(UTC), leased_until=None))
    session.commit()
    assert postal.delivers() == [f"{EMAIL}: Reset your thonban password"]
    assert verify(world, postal.token, NEW) == (200, None)


def test_an_administrator_takes_a_password_away(postal: Postal) -> None:
    world, path = postal.world, "users/reset/initiate?invalidate=true"
    lan = world.person("Lan")
    email = lan.get("users/current").get_json()["email"]
    assert world.nobody().post(path, json={"email": email}).get_json()["code"] == 401.2
    assert lan.post(path, json={"email": EMAIL}).get_json()["code"] == 403.1
    assert lan.post(path, json={"email": "nobody@example.vn"}).get_json()["code"] == 403.1
    assert world.api.post(path, json={"email": "nobody@example.vn"}).get_json() == {"success": True}
    assert world.api.post(path, json={"email": email}).get_json() == {"success": True}
    assert lan.get("users/current").status_code == 401
    assert world.nobody().post("sessions", json={"email": email, "password": PASSWORD}).status_code == 401
    assert postal.delivers() == [f"{email}: Reset your thonban password"]


def test_without_mail_an_administrator_hands_over_a_link(world: World) -> None:
    lan = world.person("Lan")
    me = lan.get("users/current").get_json()
    asked = world.nobody().post("users/reset/initiate", json={"email": me["email"]})
    assert (asked.status_code, asked.get_json()["code"]) == (501, 501.101)
    link = world.api.post(f"users/{me['id']}/reset-link").get_json()
    assert link["url"].startswith("http://localhost/new-password/")
    assert link["expiresAt"] > datetime.now(UTC).isoformat()
    token = link["url"].rpartition("/")[2]
    kept = world.session.execute(select(Token).where(Token.kind == "reset")).scalar_one()
    assert token not in (kept.token_hash, kept.sealed)
    assert lan.post(f"users/{me['id']}/reset-link").get_json()["code"] == 403.1
    assert world.api.post("users/9999/reset-link").get_json()["code"] == 404.1
    # a link is no session, and a session no link
    assert Api(world.app.test_client(), token).get("users/current").get_json()["code"] == 401.2
    assert world.api.delete(f"sessions/{token}").get_json()["code"] == 403.1
    assert verify(world, lan.token or "", NEW) == (403, 403.1)
    assert world.nobody().post("users/reset/verify", json={"new": NEW}).get_json()["code"] == 401.2
    assert verify(world, "x" * 64, NEW) == (401, 401.2)
    assert lan.get("users/current").status_code == 200
    # two at once: one is first
    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(lambda new: verify(world, token, new), (NEW, NEWER)))
    assert answers == [(200, None), (401, 401.2)]
    assert lan.get("users/current").status_code == 401


def test_a_link_ends_after_a_day_and_with_another_password(world: World) -> None:
    lan = world.person("Lan")
    me = lan.get("users/current").get_json()
    old, other = (world.api.post(f"users/{me['id']}/reset-link").get_json()["url"].rpartition("/")[2] for _ in range(2))
    now, session = datetime.now(UTC), world.session
    for moment, ended in ((now, old), (now + timedelta(hours=1), other)):
        session.execute(update(Token).values(expires_at=moment).where(Token.kind == "reset"))
        session.commit()
        if ended == other:
            lan.put(f"users/{me['id']}/password", json={"old": PASSWORD, "new": NEW})
        assert verify(world, ended, NEWER) == (401, 401.2)
    assert world.signed_in(me["email"], NEW).token
