"""Makes a home ready to serve: tables, what kind of home it is, the first project and its administrator."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.config import ConfigError
from server.domain.errors import Invalid
from server.services.authenticate import hash_password
from server.services.health import LOADING
from server.services.home import Home
from server.services.reach import complete_reach
from server.storage.accounts import add_actor, add_grant, add_user
from server.storage.actors import GrantView, find_user_by_email
from server.storage.audits import AuditEntry, write_audit
from server.storage.counts import find_first_project, find_site_administrator
from server.storage.database import writing
from server.storage.projects import add_project
from server.storage.settings import find_setting, put_setting

DEMO, REAL = "demo", "real"
PROJECT_NAMES = {
    DEMO: "Chương trình 135 – Quảng Ninh 2019 (dữ liệu mẫu)",
    REAL: "Dự án 1",
}


class HomeRefused(Exception):
    """The home cannot be what is asked. `reason`: demo_stays_demo | real_stays_real."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Prepared:
    """What there is now. `password` only when it was made just now: it is shown once and kept nowhere in clear."""

    new: bool
    kind: str
    project_id: int
    admin_email: str
    password: str | None = field(repr=False)
    same_secret: bool


def prepare(session: Session, home: Home, kind: str | None, expected: int, now: datetime) -> Prepared:
    """Writes what is missing and keeps what is there. `kind`: demo | real | None (as it is; a new home becomes demo).

    `expected` is how many submissions the demo will have. The tables must be there. Raises HomeRefused when a demo home
    is to become real or the other way round, ConfigError when the configured password is too short or too long.
    """
    found = find_setting(session, "home")
    if found is not None and kind not in (None, found["kind"]):
        raise HomeRefused("demo_stays_demo" if found["kind"] == DEMO else "real_stays_real")
    complete_reach(session)
    with writing(session) as connection:
        kept = find_setting(connection, "home")
        if kept is None:
            kept = {"kind": kind or DEMO, "synthetic": (kind or DEMO) == DEMO, "made_at": now.isoformat()}
            put_setting(connection, "home", kept)
            put_setting(connection, "fingerprint", {"value": home.fingerprint})
            if kept["kind"] == DEMO:
                put_setting(connection, LOADING, {"done": 0, "total": expected, "finished": False})
        project_id = _first_project(connection, kept["kind"], now)
        email, password = _first_administrator(connection, home, now)
        fingerprint = (find_setting(connection, "fingerprint") or {}).get("value")
        session.commit()
    return Prepared(
        new=found is None,
        kind=kept["kind"],
        project_id=project_id,
        admin_email=email,
        password=password,
        same_secret=fingerprint == home.fingerprint,
    )


def _hashed(password: str) -> str:
    try:
        return hash_password(password)
    except Invalid as error:
        remedy = "Write 10 to 72 characters, or leave it out and one is made."
        raise ConfigError("THONBAN_ADMIN_PASSWORD", f"{len(password)} characters will not do", remedy) from error


def _first_project(connection: Connection, kind: str, now: datetime) -> int:
    known = find_first_project(connection)
    if known is not None:
        return known
    values = {"name": PROJECT_NAMES[kind], "archived": False, "synthetic": kind == DEMO}
    made = add_project(connection, **values, created_at=now)
    told = {"name": values["name"]}
    write_audit(connection, AuditEntry(None, "project.create", f"project:{made}", now, told, project_id=made))
    return made


def _first_administrator(connection: Connection, home: Home, now: datetime) -> tuple[str, str | None]:
    """(e-mail of an administrator of the site, the password if it was made here)."""
    known = find_site_administrator(connection)
    if known is not None:
        return known, None
    email = home.config.admin_email.strip().lower()
    made = None if home.config.admin_password else secrets.token_urlsafe(12)
    hashed = _hashed(home.config.admin_password or made or "")
    user = find_user_by_email(connection, email)
    actor_id = user.id if user else add_actor(connection, "user", email, now=now)
    if user is None:
        add_user(connection, actor_id, email, hashed)
    add_grant(connection, actor_id, GrantView("admin", "site", None, None, None, None, None), actor_id, now)
    write_audit(connection, AuditEntry(actor_id, "user.create", f"actor:{actor_id}", now))
    granted = {"role": "admin", "scope": "site"}
    write_audit(connection, AuditEntry(actor_id, "user.assignment.create", f"actor:{actor_id}", now, granted))
    return email, made if user is None else None
