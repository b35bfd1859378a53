"""Filters and orders say the same on SQLite, on PostgreSQL, and in plain Python, whatever stands in the answers."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, insert, select, text
from sqlalchemy.engine import Connection

from server.domain.table_filter import read_filter, read_order
from server.domain.table_terms import (
    DAY,
    INSTANT,
    KNOWN_COLUMNS,
    NUMBER,
    PLACE,
    SWITCH,
    TEXT,
    Column,
    Order,
    Read,
    judge,
    value_of,
)
from server.storage.actors import Actor
from server.storage.database import engine_options
from server.storage.submissions import Submission, SubmissionVersion
from server.storage.table_sql import condition_as_sql, order_as_sql
from tests.kit.databases import Databases
from tests.kit.services import Postgres

NOW = datetime(2026, 6, 1, 12, 30, 15, 250_000, tzinfo=UTC)
QUESTIONS = {
    "so": NUMBER,
    "nha/so": NUMBER,
    "ten": TEXT,
    "nha/cach-xu-ly": TEXT,
    "ngay": DAY,
    "luc": INSTANT,
    "co": SWITCH,
    "noi": PLACE,
}
_ANSWERS = {name.replace("-", "_"): (kind, tuple(name.split("/"))) for name, kind in QUESTIONS.items()}
COLUMNS = {**KNOWN_COLUMNS, **{name: Column(name, kind, steps) for name, (kind, steps) in _ANSWERS.items()}}
NUMBERS = st.sampled_from([0, 1, -1, 5, 7, 2.5, 0.1, 1e10, -0.75, 2**40])
TEXTS = st.sampled_from(
    ["", " ", "a", "A", "Ấp Ngàn", "ấp", "x y", "%", "_", "\\", "'", '"', "boil filter", "5", "İ", "ß🌾"]
)
DAYS = st.sampled_from(["2026-01-31", "2026-02-28", "2024-02-29", "1999-12-31"])
MOMENTS = st.sampled_from(
    [
        "2026-06-01T12:30:15.250Z",
        "2026-06-01T19:30:15.250+07:00",
        "2026-06-01T19:30:15+07",
        "2026-01-01T00:00:00.000123-05:30",
        "2025-12-31T23:59:59",
    ]
)
CHOICES = st.lists(st.sampled_from(["boil", "filter", "none"]), min_size=1, max_size=3)
PLACES = st.just({"type": "Point", "coordinates": [107.4, 21.3, 25], "properties": {"accuracy": 5}})
ODD = st.sampled_from(
    [
        "hôm qua",
        "2026-02-30",
        "2025-02-29",
        "2026-06-01T25:00:00Z",
        "2026-06-01T10:00:00+99:00",
        "0000-01-01",
        "[]",
        "null",
    ]
)
ANY = st.none() | NUMBERS | TEXTS | DAYS | MOMENTS | CHOICES | PLACES | ODD | st.booleans()
OF_KIND = {
    NUMBER: NUMBERS,
    TEXT: TEXTS | CHOICES,
    DAY: DAYS,
    INSTANT: MOMENTS,
    SWITCH: st.booleans(),
    PLACE: PLACES,
}


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """What somebody answered: mostly what was asked for, at times anything at all, at times nothing."""
    found: dict[str, Any] = {}
    for path, kind in QUESTIONS.items():
        within = found
        *groups, name = path.split("/")
        for group in groups:
            within = within.setdefault(group, {})
        how = draw(st.integers(0, 5))
        if how:
            within[name] = draw(OF_KIND[kind] if how > 1 else ANY)
    if draw(st.integers(0, 9)) == 0:
        found["nha"] = draw(ANY)
    return found


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "answers": st.none() | answers(),
            "review_state": st.sampled_from(["received", "approved", "hasIssues"]),
            "device_id": st.none() | TEXTS,
            "submitter_id": st.sampled_from([1, 2]),
            "created_at": st.sampled_from([NOW, NOW - timedelta(days=1, microseconds=7)]),
            "updated_at": st.none() | st.just(NOW + timedelta(hours=1)),
        }
    ),
    min_size=1,
    max_size=6,
)

PLAIN: dict[str, Any] = {
    "answers": {},
    "review_state": "received",
    "device_id": None,
    "submitter_id": 1,
    "created_at": NOW,
    "updated_at": None,
}


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def named(kind: str) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(name for name, column in COLUMNS.items() if column.kind == kind))


def terms() -> dict[str, st.SearchStrategy[str]]:
    """By kind, what may stand on a side of a comparison."""
    texts, dates, moments = named(TEXT), named(DAY), named(INSTANT)
    written = TEXTS.map(quoted)
    cased = st.builds("{}({})".format, st.sampled_from(["tolower", "toupper"]), texts)
    held = st.builds(
        "{}({},{})".format,
        st.sampled_from(["contains", "startswith", "endswith"]),
        texts | cased,
        written | texts | st.just("null"),
    )
    part = st.builds("{}({})".format, st.sampled_from(["year", "month", "day"]), dates | moments)
    clock = st.builds("{}({})".format, st.sampled_from(["hour", "minute", "second"]), moments)
    long = texts.map("length({})".format)
    return {
        NUMBER: named(NUMBER) | NUMBERS.map(str) | part | clock | long,
        TEXT: texts | written | cased,
        DAY: dates | DAYS | moments.map("date({})".format),
        INSTANT: moments | st.just("now()") | st.just("2026-06-01") | st.just("2026-06-01T19:30:15.250+07:00"),
        SWITCH: named(SWITCH) | st.sampled_from(["true", "false"]) | held,
    }


def conditions() -> st.SearchStrategy[str]:
    """Filters as clients write them."""
    sides = terms()
    alone: list[st.SearchStrategy[str]] = [sides[SWITCH]]
    for kind, side in sides.items():
        signs = ["eq", "ne"] if kind == SWITCH else ["eq", "ne", "lt", "le", "gt", "ge"]
        other = side | st.just("null")
        alone.append(st.builds("{} {} {}".format, side, st.sampled_from(signs), other))
        alone.append(st.builds("{} in ({},{})".format, side, other, side))
    alone.append(st.builds("noi {} null".format, st.sampled_from(["eq", "ne"])))
    return st.recursive(
        st.one_of(alone),
        lambda inner: (
            st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or"]), inner)
            | inner.map("not ({})".format)
        ),
        max_leaves=5,
    )


@pytest.fixture(name="engines", scope="module")
def engines_fixture(databases: Databases, postgres: Postgres) -> Iterator[dict[str, Engine]]:
    """Both databases, empty but for two people."""
    with databases.postgresql(postgres) as url:
        made = {kind: create_engine(at, **engine_options(at)) for kind, at in (("a", databases.sqlite()), ("b", url))}
        yield {engine.dialect.name: engine for engine in made.values()}
        for engine in made.values():
            engine.dispose()


def put(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """The rows alone: what they belong to is not looked at."""
    people = [{"id": number, "kind": "user", "display_name": f"Người {number}", "created_at": NOW} for number in (1, 2)]
    connection.execute(insert(Actor), people)
    for number, row in enumerate(rows, start=1):
        common = {"id": number, "form_id": 1, "instance_id": f"uuid:{number}", "is_draft": False}
        common |= {"created_at": row["created_at"], "submitter_id": row["submitter_id"]}
        own = {key: row[key] for key in ("review_state", "device_id", "updated_at")}
        connection.execute(insert(Submission), [common | own | {"arrival": "normal"}])
        text_of = {"submission_id": number, "form_version_id": 1, "xml": b"", "sha256": "", "is_current": True}
        connection.execute(insert(SubmissionVersion), [common | text_of | {"answers": row["answers"]}])


def ask(engine: Engine, rows: list[dict[str, Any]], query: Callable[[str], Any]) -> list[int]:
    """What a database finds among these rows, which it forgets again."""
    name = engine.dialect.name
    with engine.connect() as connection:
        if name == "sqlite":
            connection.execute(text("PRAGMA foreign_keys=OFF"))
            connection.rollback()
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA foreign_keys=OFF")
        else:
            connection.execute(text("SET session_replication_role = replica"))
        try:
            put(connection, rows)
            return [row[0] for row in connection.execute(query(name))]
        finally:
            connection.rollback()


def reading(number: int, row: dict[str, Any]) -> Read:
    known = {
        "__id": f"uuid:{number}",
        "__system/submissionDate": row["created_at"],
        "__system/updatedAt": row["updated_at"],
        "__system/submitterId": row["submitter_id"],
        "__system/submitterName": f"Người {row['submitter_id']}",
        "__system/reviewState": None if row["review_state"] == "received" else row["review_state"],
        "__system/deviceId": row["device_id"],
        "__system/edits": 0,
        "__system/attachmentsPresent": 0,
        "__system/attachmentsExpected": 0,
    }

    def read(column: Column) -> Any:
        value = row["answers"]
        for step in column.steps:
            value = value.get(step) if isinstance(value, dict) else None
        return value if column.steps else known.get(column.name)

    return read


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, written=conditions())
@example(rows=[PLAIN, PLAIN], written="__system/submitterName eq __system/formVersion")
def test_both_databases_filter_as_python_does(
    engines: dict[str, Engine], rows: list[dict[str, Any]], written: str
) -> None:
    condition = read_filter(written, NOW, COLUMNS)
    expected = [number for number, row in enumerate(rows, start=1) if judge(condition, reading(number, row)) is True]

    def query(dialect: str) -> Any:
        return select(Submission.id).where(condition_as_sql(condition, dialect)).order_by(Submission.id)

    for name, engine in engines.items():
        assert (name, ask(engine, rows, query)) == (name, expected)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=ROWS,
    written=st.lists(
        st.builds(
            "{} {}".format,
            st.sampled_from(sorted(name for name, each in COLUMNS.items() if each.kind not in (PLACE, "null"))),
            st.sampled_from(["asc", "desc", ""]),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_both_databases_put_in_order_as_python_does(
    engines: dict[str, Engine], rows: list[dict[str, Any]], written: list[str]
) -> None:
    orders = read_order(",".join(written), COLUMNS)

    def compare(one: int, other: int) -> int:
        for order in orders:
            first, second = (ranked(order, reading(number, rows[number - 1])) for number in (one, other))
            if first != second:
                return -1 if (first < second) is not order.descending else 1
        newest = [(rows[number - 1]["created_at"], number) for number in (one, other)]
        return -1 if newest[0] > newest[1] else 1

    expected = sorted(range(1, len(rows) + 1), key=cmp_to_key(compare))
    for name, engine in engines.items():
        found = ask(engine, rows, lambda dialect: select(Submission.id).order_by(*order_as_sql(orders, dialect)))
        assert (name, found) == (name, expected)


def ranked(order: Order, read: Read) -> tuple[bool, Any]:
    """Null comes first."""
    value = value_of(order.column, read(order.column))
    return value is not None, value


def test_what_a_client_writes_is_bound() -> None:
    condition = read_filter("nha/cach_xu_ly eq 'x'' OR 1=1 --' and contains(ten,'zz''z')", NOW, COLUMNS)
    for dialect in ("sqlite", "postgresql"):
        said = str(select(Submission.id).where(condition_as_sql(condition, dialect)))
        assert not any(part in said for part in ("OR 1=1", "zz", "cach-xu-ly"))
