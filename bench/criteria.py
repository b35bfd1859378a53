"""What it costs to judge a country: 20,176 villages and 5,266 communes over 5 rounds, under two laws.

    python -m bench.criteria [--villages 20176] [--communes 5266] [--rounds 5] [--count 100] [--database URL]

Three things, on one core, with invented facts:

1. judging every village and every commune of every round under two rule sets each (village: Decisions 50/2016 and
   03/2019; commune: the same two, its facts rolled up from its villages), facts present: goal 10 s in all;
2. the pages of the country and of a province in a round, and the first page: goal 50 ms at p95;
3. what judging its village adds to a submission inside the intake (facts, both verdicts, the mark): goal 5 ms at p95.

Prints each with its goal; 1 when one is not met. The application answers in this process: the network is left out.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bench.phones import share
from bench.scope import ADMIN, PASSWORD, sign_in
from server.app import create_app
from server.config import Config
from server.criteria.evaluate import settle
from server.criteria.judge import Setting
from server.criteria.rollup import Report, Rollup, add_up, facts_from_villages, roll_up
from server.criteria.ruleset import Fact
from server.domain.rounds import Round
from server.services.aggregate import keep_verdicts, make_verdicts
from server.services.authenticate import system_caller
from server.services.campaign import campaign_of, touch
from server.services.home import open_home
from server.services.people import NewUser, create_user, grant_role
from server.services.prepare import prepare
from server.services.reach import work_out_reach
from server.services.rounds import open_round
from server.services.rule_book import shipped_rules
from server.storage.actors import GrantView
from server.storage.areas import AreaRow, AreaVersionRow, put_root
from server.storage.database import db, writing
from server.storage.migrate import upgrade
from server.storage.rollups import RollupRow, mark
from server.storage.verdicts import NEWEST

VILLAGE_LAWS, COMMUNE_LAWS = ("qd50_2016_thon", "qd03_2019_thon"), ("qd50_2016_xa", "qd03_2019_xa")
PROVINCES, DISTRICTS = 63, 700
MOST_SECONDS, MOST_PAGE_MS, MOST_INTAKE_MS = 10.0, 50.0, 5.0
SUMMED = ("tong_ho", "ho_ngheo", "ho_can_ngheo", "ho_dtts", "ho_nuoc_hvs", "ho_nha_tieu_hvs")
POOR = frozenset({"ho_ngheo", "ho_can_ngheo"})


@dataclass(frozen=True)
class Country:
    """Facts of villages by commune, and of communes; one round."""

    villages: list[list[dict[str, Fact]]]
    communes: list[dict[str, Fact]]


def invent(draw: random.Random, villages: int, communes: int) -> Country:
    """A country of one round: villages of 20 to 220 households, spread over communes."""
    by_commune: list[list[dict[str, Fact]]] = [[] for _ in range(communes)]
    for number in range(villages):
        total = draw.randint(20, 220)
        poor = draw.randint(0, total // 2)
        rooms = draw.randint(0, 5)
        by_commune[number % communes].append(
            {
                "tong_ho": total,
                "ho_ngheo": poor,
                "ho_can_ngheo": draw.randint(0, total - poor),
                "ho_dtts": draw.randint(0, total),
                "ho_nuoc_hvs": draw.randint(0, total),
                "ho_nha_tieu_hvs": draw.randint(0, total),
                "duong_truc_cung_hoa": draw.random() < 0.5,
                "phong_mau_giao": rooms,
                "phong_mau_giao_kien_co": draw.randint(0, rooms),
                "nha_van_hoa_khu_the_thao": draw.random() < 0.5,
                "thon_dat_ntm": False,
                "xa_dat_ntm": draw.random() < 0.1,
            }
        )
    rules = shipped_rules()
    names = {name for law in COMMUNE_LAWS for name, fact in rules[law].facts.items() if fact.source != "villages"}
    yes_no = sorted(name for law in COMMUNE_LAWS for name in names & rules[law].facts.keys())
    kinds = {name: fact.type for law in COMMUNE_LAWS for name, fact in rules[law].facts.items()}
    return Country(
        by_commune,
        [
            {name: draw.random() < 0.5 if kinds[name] == "yesno" else draw.randint(1, 50) for name in yes_no}
            for _ in range(communes)
        ],
    )


def judge_country(country: Country) -> tuple[int, list[Rollup]]:
    """How many verdicts were found, and the rollup of each commune."""
    rules = shipped_rules()
    village_laws = [Setting(rules[law]) for law in VILLAGE_LAWS]
    commune_laws = [Setting(rules[law]) for law in COMMUNE_LAWS]
    found, rollups = 0, []
    for villages, own in zip(country.villages, country.communes, strict=True):
        reports = []
        for facts in villages:
            verdicts = {each.rule_set.id: _judged(each, facts) for each in village_laws}
            found += len(verdicts)
            counts: dict[str, Any] = {name: facts[name] for name in SUMMED}
            reports.append(Report(counts, verdicts, "qd59_2015", by_standard=POOR))
        rollup = roll_up(reports)
        for each in commune_laws:
            made, spans = facts_from_villages(each.rule_set, rollup)
            _judged(each, own | made, spans)
            found += 1
        rollups.append(rollup)
    return found, rollups


def _judged(setting: Setting, facts: dict[str, Fact], spans: Any = None) -> str:
    verdict, possible = settle(setting.rule_set, setting.judge(setting.check(facts), spans))
    return possible[0] if len(possible) == 1 else verdict


def rows_of_tree(villages: int, communes: int) -> Iterator[tuple[str, str, str | None]]:
    """(kind, name, name of the parent) from the top down."""
    yield "country", "Nước", None
    for number in range(PROVINCES):
        yield "province", f"Tỉnh {number}", "Nước"
    for number in range(DISTRICTS):
        yield "district", f"Huyện {number}", f"Tỉnh {number % PROVINCES}"
    for number in range(communes):
        yield "commune", f"Xã {number}", f"Huyện {number % DISTRICTS}"
    for number in range(villages):
        yield "village", f"Thôn {number}", f"Xã {number % communes}"


def plant(session: Session, given: Any, now: datetime) -> dict[str, str]:
    """The tree; own ids by name."""
    ids: dict[str, str] = {}
    areas, versions = [], []
    for kind, name, parent in rows_of_tree(given.villages, given.communes):
        ids[name] = str(uuid.uuid4())
        areas.append({"id": ids[name], "synthetic": True, "created_at": now})
        own: dict[str, Any] = {"area_id": ids[name], "name": name, "code": name, "kind": kind}
        own |= {"status": "synthetic", "source": "bench"}
        versions.append(own | {"parent_id": ids.get(parent or ""), "valid_from": date(2000, 1, 1), "valid_to": None})
    with writing(session) as connection:
        connection.execute(sa.insert(AreaRow), areas)
        connection.execute(sa.insert(AreaVersionRow), versions)
        put_root(connection, 1, ids["Nước"])
        work_out_reach(connection)
        touch(connection)
        session.commit()
    return ids


def keep_rollups(session: Session, ids: dict[str, str], rollups: Sequence[Rollup], now: datetime) -> None:
    """What the worker would have left for every round: communes, and the sums above them."""
    districts: list[list[Rollup]] = [[] for _ in range(DISTRICTS)]
    for number, rollup in enumerate(rollups):
        districts[number % DISTRICTS].append(rollup)
    summed = [add_up(parts) for parts in districts]
    provinces = [add_up(summed[number::PROVINCES]) for number in range(PROVINCES)]
    named = {f"Xã {number}": rollup for number, rollup in enumerate(rollups)}
    named |= {f"Huyện {number}": rollup for number, rollup in enumerate(summed)}
    named |= {f"Tỉnh {number}": rollup for number, rollup in enumerate(provinces)} | {"Nước": add_up(provinces)}
    rounds = [row[0] for row in session.execute(sa.text("SELECT id FROM rounds"))]
    with writing(session) as connection:
        for round_id in rounds:
            rows = [
                {
                    "round_id": round_id,
                    "area_id": ids[name],
                    "basis": basis,
                    "villages": each.villages,
                    "reported": each.reported,
                    "approved": 0,
                    "sums": {key: list(value) for key, value in each.sums.items()},
                    "verdicts": dict(each.verdicts),
                    "synthetic": True,
                    "computed_at": now,
                }
                for name, each in named.items()
                for basis in (NEWEST, "approved")
            ]
            connection.execute(sa.insert(RollupRow), rows)
        session.commit()


def furnish(given: Any, folder: Path, rollups: Sequence[Rollup]) -> tuple[Flask, dict[str, str]]:
    """The home with the tree, the rounds and the rollups; ids by name."""
    environment = {"THONBAN_HOME": str(folder), "THONBAN_ADMIN_EMAIL": ADMIN, "THONBAN_ADMIN_PASSWORD": PASSWORD}
    if given.database:
        environment["THONBAN_DATABASE_URL"] = given.database
    home = open_home(Config.from_env(environment))
    upgrade(home.config.database_url)
    app, now = create_app(home.config, home), datetime.now(UTC)
    with app.app_context():
        session = db.session()
        prepare(session, home, "real", 0, now)
        ids = plant(session, given, now)
        for number in range(given.rounds):
            day = date(2019, 6, 1 + number)
            open_round(session, 1, Round(f"r{number}", f"Kỳ {number}", f"Round {number}", day, day, day), now)
        keep_rollups(session, ids, rollups, now)
        caller = system_caller(session, now)
        made = create_user(session, caller, NewUser("tinh@example.vn", PASSWORD, "tỉnh"), now)
        grant_role(session, caller, made.id, GrantView("analyst", "project", 1, None, ids["Tỉnh 0"], None, None), now)
        with session.get_bind().connect() as connection:  # type: ignore[union-attr]
            # as the database itself does after a while
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))
        return app, ids


def ask_pages(app: Flask, ids: dict[str, str], count: int) -> list[tuple[str, float]]:
    """(page, p95 in milliseconds)."""
    nation, province = sign_in(app, ADMIN), sign_in(app, "tinh@example.vn")
    above = "/projects/1/rounds/r0/areas"
    asked = {
        "the country": (nation, above),
        "a province, seen by the country": (nation, f"{above}/{ids['Tỉnh 7']}"),
        "a province, seen by itself": (province, above),
        "a district": (nation, f"{above}/{ids['Huyện 7']}"),
        "first page, the country": (nation, "/"),
        "first page, a province": (province, "/"),
    }
    found = []
    for name, (client, path) in asked.items():
        times = []
        for _ in range(count + 2):
            began = time.perf_counter()
            answer = client.get(path)
            times.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise SystemExit(f"{path}: {answer.status_code}")
        found.append((name, share(times[2:], 0.95)))
    return found


def ask_intake(app: Flask, ids: dict[str, str], facts: Sequence[dict[str, Fact]], count: int) -> float:
    """p95 in milliseconds of what judging its village adds to a submission; each is taken back."""
    words = {True: "co", False: "khong"}
    times = []
    with app.app_context():
        session = db.session()
        campaign = campaign_of(session, 1)
        newest = campaign.rounds[-1]
        for number in range(count + 2):
            own: dict[str, Any] = {
                name: words[value] if isinstance(value, bool) else value for name, value in facts[number].items()
            }
            place = (newest, ids[f"Thôn {number * 37}"])
            began = time.perf_counter()
            rows = make_verdicts(session, campaign, place, own | {"chuan_ngheo": "qd59_2015"})
            session.rollback()
            judged = time.perf_counter() - began
            with writing(session) as connection:
                began = time.perf_counter()
                keep_verdicts(connection, rows, (None, NEWEST), datetime.now(UTC))
                mark(connection, newest.id, place[1])
                judged += time.perf_counter() - began
                session.rollback()
            times.append(judged)
    return share(times[2:], 0.95)


def main() -> int:
    """Measures and prints; 1 when a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--villages", type=int, default=20_176)
    parser.add_argument("--communes", type=int, default=5_266)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite when absent")
    given: Any = parser.parse_args()
    console, draw = Console(width=110), random.Random(135)
    table = Table("what", "measured", "goal", "", title=f"{given.villages:,} villages, {given.communes:,} communes")

    def add(what: str, value: float, goal: float, unit: str) -> bool:
        met = value <= goal
        table.add_row(what, f"{value:.2f} {unit}", f"≤ {goal:g} {unit}", "met" if met else "NOT met")
        return met

    countries = [invent(draw, given.villages, given.communes) for _ in range(given.rounds)]
    judged, rollups = 0, list[Rollup]()
    began = time.process_time()
    for country in countries:
        found, rollups = judge_country(country)
        judged += found
    took = time.process_time() - began
    good = [add(f"{judged:,} verdicts, rolled up", took, MOST_SECONDS, "s")]
    with tempfile.TemporaryDirectory(prefix="thonban-bench-") as folder:
        app, ids = furnish(given, Path(folder) / "home", rollups)
        good += [add(f"p95: {name}", ms, MOST_PAGE_MS, "ms") for name, ms in ask_pages(app, ids, given.count)]
        facts = [each for villages in countries[0].villages for each in villages]
        good.append(add("p95: inside intake", ask_intake(app, ids, facts, given.count), MOST_INTAKE_MS, "ms"))
        with app.app_context():
            db.engine.dispose()
    console.print(table)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
