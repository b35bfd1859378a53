"""An invented country for bench/desk.py: its tree, rounds, a programme, submissions with findings, decisions and files
that are missing, what stands above villages, and who looks at it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from bench.criteria import invent, judge_country, keep_rollups, plant
from bench.scope import ADMIN, FORM, PASSWORD
from forms.convert import convert
from server.app import create_app
from server.config import Config
from server.domain.rounds import Round
from server.services.authenticate import Caller, system_caller
from server.services.home import Home, open_home
from server.services.people import NewUser, create_user, grant_role
from server.services.prepare import prepare
from server.services.publish import NewForm, Source, create_form
from server.services.rounds import open_round
from server.storage.actors import Actor, GrantView
from server.storage.coverage import CoverageRow, VillageContactRow, list_wrong
from server.storage.database import db, writing
from server.storage.migrate import upgrade
from server.storage.programmes import ProgrammeRow, ProgrammeUnitRow
from server.storage.reviews import ReviewMove
from server.storage.submissions import FindingRow, Submission, SubmissionAttachment, SubmissionVersion
from server.storage.tallies import count_again
from server.storage.verdicts import VerdictRow
from server.storage.waiting import wait_all_again

ROUNDS = (date(2017, 12, 31), date(2018, 6, 30), date(2018, 12, 31), date(2019, 6, 30), date(2019, 12, 31))
NEWEST_ROUND = f"r{len(ROUNDS) - 1}"
READERS = {"country": ADMIN, "province": "tinh@example.vn", "commune": "xa@example.vn"}
SENDERS = 2_000
AT_ONCE = 20_000
BEGAN = datetime(2019, 6, 1, tzinfo=UTC)
NEW = (
    ("received", None, 50),
    ("hasIssues", None, 10),
    ("edited", None, 8),
    ("approved", "commune", 22),
    ("rejected", "commune", 10),
)
OLD = (("approved", "province", 85), ("approved", "commune", 10), ("received", None, 5))
"""How submissions of the two newest rounds stand, and those of the rounds before: state, level, of a hundred."""


def furnish(given: Any, folder: Path) -> Flask:
    """The application on the home with everything in it; one that was filled before is taken as it is."""
    filled = folder.exists()
    environment = {"THONBAN_HOME": str(folder), "THONBAN_ADMIN_EMAIL": ADMIN, "THONBAN_ADMIN_PASSWORD": PASSWORD}
    if given.database:
        environment["THONBAN_DATABASE_URL"] = given.database
    home = open_home(Config.from_env(environment))
    upgrade(home.config.database_url)
    app, now, draw = create_app(home.config, home), datetime.now(UTC), random.Random(135)
    if filled:
        return app
    with app.app_context():
        session = db.session()
        prepare(session, home, "real", 0, now)
        ids = plant(session, given, now)
        for number, day in enumerate(ROUNDS):
            ends = date(now.year + 1, 6, 30) if number == len(ROUNDS) - 1 else day + timedelta(days=60)
            open_round(session, 1, Round(f"r{number}", f"Kỳ {number}", f"Round {number}", day, day, ends), now)
        forms = [publish(session, home, system_caller(session, now), text, now) for text in texts()]
        places = [area_id for name, area_id in ids.items() if name.startswith("Thôn")]
        sow(session, draw, forms, (places, given.submissions))
        _, rollups = judge_country(invent(draw, given.villages, given.communes))
        keep_rollups(session, ids, rollups, now)
        register(session, ids, places, now)
        people(session, system_caller(session, now), ids, now)
        settle(session)
        return app


def texts() -> Iterator[bytes]:
    """The forms: that of villages, and a small one."""
    yield files("forms").joinpath("library", "village_criteria.md").read_bytes()
    yield FORM.encode()


def publish(session: Session, home: Home, caller: Caller, text: bytes, now: datetime) -> tuple[int, int]:
    """(form, version) of a form that was published."""
    new = NewForm(1, Source(convert(text, "md").xml, ignore_warnings=True), publish=True)
    form = create_form(session, home, caller, new, now)
    if form.current is None:
        raise SystemExit("a form was not published")
    return form.id, form.current.id


def sow(session: Session, draw: random.Random, forms: list[tuple[int, int]], of: tuple[list[str], int]) -> None:
    """Submissions: first a sheet of each village in each round, newest rounds first, then of the small form."""
    places, count = of
    rounds = [row[0] for row in session.execute(sa.text("SELECT id FROM rounds ORDER BY cutoff DESC"))]
    senders = add_senders(session)
    whole = len(places) * len(rounds)
    for first in range(0, count, AT_ONCE):
        made = Made()
        for number in range(first, min(first + AT_ONCE, count)):
            form = forms[0] if number < whole else forms[1]
            within = number if number < whole else number - whole
            newer = within // len(places) % len(rounds)
            # villages do not report in the order of their names
            place = places[within * 7919 % len(places)]
            made.add(draw, (number + 1, *form), (place, rounds[newer], newer < 2), senders[number % len(senders)])
        with writing(session) as connection:
            for table, rows in made.rows.items():
                if rows:
                    connection.execute(sa.insert(table), rows)
            session.commit()


class Made:
    """Rows of some submissions, by table."""

    def __init__(self) -> None:
        self.rows: dict[Any, list[dict[str, Any]]] = {
            table: []
            for table in (
                Submission,
                SubmissionVersion,
                FindingRow,
                SubmissionAttachment,
                ReviewMove,
                CoverageRow,
                VerdictRow,
            )
        }

    def add(self, draw: random.Random, what: tuple[int, int, int], where: tuple[str, int, bool], sender: int) -> None:
        """A submission (number, form, version) of a village in a round, which is new or not."""
        (number, form_id, version_id), (area_id, round_id, new) = what, where
        table = NEW if new else OLD
        state, level, _ = draw.choices(table, [each[2] for each in table])[0]
        at = BEGAN + timedelta(seconds=number)
        common: dict[str, Any] = {"form_id": form_id, "instance_id": f"uuid:{number}", "is_draft": False}
        common |= {"submitter_id": sender, "created_at": at}
        sheet: dict[str, Any] = {
            "id": number,
            "area_id": area_id,
            "round_id": round_id,
            "review_state": state,
            "review_level": level,
        }
        self.rows[Submission].append(common | sheet | {"arrival": "normal", "updated_at": at})
        text: dict[str, Any] = {
            "id": number,
            "submission_id": number,
            "form_version_id": version_id,
            "is_current": True,
        }
        text |= {"xml": b"<data/>", "sha256": f"{number:064x}", "answers": answers(draw)}
        self.rows[SubmissionVersion].append(common | text)
        missing = self._find(draw, number, state)
        if level is not None:
            self._decide(number, sender, (state, level), at)
        kept = {"rejected": "returned", "approved": "approved"}.get(state, "partly" if missing else "waiting")
        row: dict[str, Any] = {
            "round_id": round_id,
            "form_id": form_id,
            "area_id": area_id,
            "state": kept,
            "submission_id": number,
        }
        row |= {"level": level if kept in ("approved", "returned") else None, "came_at": at}
        self.rows[CoverageRow].append(row | {"expected": missing, "here": 0})

    def _decide(self, number: int, actor: int, to: tuple[str, str], at: datetime) -> None:
        """Who said so, and when."""
        move: dict[str, Any] = {"submission_id": number, "version_id": number, "actor_id": actor, "created_at": at}
        move |= {"from_state": "received", "to_state": to[0], "level": to[1], "reason": None, "undone": False}
        self.rows[ReviewMove].append(move)

    def _find(self, draw: random.Random, number: int, state: str) -> int:
        """What was found of it; how many files are missing."""
        found: dict[str, Any] = {"version_id": number, "path": "/", "value": None, "message": {}, "params": {}}
        if state == "hasIssues":
            self.rows[FindingRow] += [found | {"kind": "constraint", "severity": "error"}] * draw.randint(1, 3)
        missing = int(draw.random() < 0.15)
        if missing:
            self.rows[FindingRow].append(found | {"kind": "attachment", "severity": "warning"})
            slot: dict[str, Any] = {
                "version_id": number,
                "name": "anh.jpg",
                "expected": True,
                "sha256": None,
                "content_type": None,
            }
            self.rows[SubmissionAttachment].append(slot)
        return missing


def answers(draw: random.Random) -> dict[str, Any]:
    """What a sheet answers: as many values as that of a village has."""
    total = draw.randint(20, 220)
    poor = draw.randint(0, total)
    own = {"tong_ho": total, "ho_ngheo": poor, "ho_can_ngheo": (total - poor) // 2, "ho_dtts": total // 2}
    return own | {f"tra_loi_{number}": draw.randint(0, 9) for number in range(60)}


def add_senders(session: Session) -> list[int]:
    """Key holders, by number."""
    rows: list[dict[str, Any]] = [
        {"kind": "field_key", "display_name": f"Trưởng thôn {number}", "locale": "vi"} for number in range(SENDERS)
    ]
    with writing(session) as connection:
        now = datetime.now(UTC)
        connection.execute(sa.insert(Actor), [row | {"project_id": 1, "created_at": now} for row in rows])
        session.commit()
    return list(session.execute(sa.select(Actor.id).where(Actor.kind == "field_key").order_by(Actor.id)).scalars())


def register(session: Session, ids: dict[str, str], places: list[str], now: datetime) -> None:
    """Every commune and village in a programme, verdicts of the newest round, and when phones were heard of."""
    round_id = session.execute(sa.text("SELECT max(id) FROM rounds")).scalar_one()
    own: dict[str, Any] = {"entered_on": date(2017, 4, 28), "status": "synthetic", "source": "bench", "created_at": now}
    units = [
        {"programme_id": 1, "area_id": area_id, "level": "village" if name.startswith("Thôn") else "commune", **own}
        for name, area_id in ids.items()
        if name.startswith(("Thôn", "Xã"))
    ]
    verdict: dict[str, Any] = {
        "round_id": round_id,
        "rule_set_sha256": "0" * 64,
        "clauses": [],
        "facts": {},
        "computed_at": now,
    }
    verdicts = [
        verdict | {"area_id": area_id, "rule_set": law, "basis": "newest", "verdict": "met", "synthetic": True}
        for area_id in places
        for law in ("qd50_2016_thon", "qd03_2019_thon")
    ]
    programme: dict[str, Any] = {
        "id": 1,
        "project_id": 1,
        "slug": "ct135",
        "name_vi": "CT 135",
        "name_en": "P135",
        "law": "bench",
    }
    programme |= {"valid_from": date(2016, 1, 1), "status": "synthetic", "source": "bench", "created_at": now}
    with writing(session) as connection:
        connection.execute(sa.insert(ProgrammeRow).values(programme))
        connection.execute(sa.insert(ProgrammeUnitRow), units)
        connection.execute(sa.insert(VerdictRow), verdicts)
        heard = [{"project_id": 1, "area_id": area_id, "last_at": now} for area_id in places]
        connection.execute(sa.insert(VillageContactRow), heard)
        session.commit()


def people(session: Session, caller: Caller, ids: dict[str, str], now: datetime) -> None:
    """Who decides for a province and for a commune."""
    for email, role, area in (
        ("tinh@example.vn", "province_reviewer", "Tỉnh 0"),
        ("xa@example.vn", "commune_supervisor", "Xã 7"),
    ):
        found = session.execute(sa.text("SELECT actor_id FROM users WHERE email = :email"), {"email": email}).scalar()
        user_id = found or create_user(session, caller, NewUser(email, PASSWORD, area), now).id
        grant_role(session, caller, user_id, GrantView(role, "project", 1, None, ids[area], None, None), now)


def settle(session: Session) -> None:
    """What is kept along with submissions, worked out at once; what the database knows of itself after a while."""
    with writing(session) as connection:
        if connection.dialect.name == "postgresql":
            for table in ("submissions", "submission_versions", "actors"):
                top = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                connection.execute(sa.text(top))
        count_again(connection)
        wait_all_again(connection)
        session.commit()
    newest = session.execute(sa.text("SELECT max(id) FROM rounds")).scalar_one()
    if list_wrong(session, newest):
        raise SystemExit("what is kept of villages in rounds is not what there is")
    session.rollback()
    with session.get_bind().connect() as connection:  # type: ignore[union-attr]
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))
