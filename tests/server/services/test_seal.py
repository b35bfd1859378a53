"""The audit is sealed without anybody waiting, and whatever is done to a sealed line shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.cli import main
from server.domain.seals import GENESIS
from server.services.seal import HEADS_FILE, list_noted, read_batch, seal, write_seal
from server.services.verify_audit import Walk
from server.storage.audit_seals import add_seal, count_unsealed, find_last_seal, put_under
from server.storage.audits import AuditEntry, list_audits, write_audit
from server.storage.database import engine_options, transaction
from tests.kit.field import MORNING, Field

DETAILS = {"n": 1.0, "big": 1e22, "tên": ["Ngàn Chi", None, True]}


@pytest.fixture
def other(field: Field) -> Iterator[Connection]:
    """Another program on the same database, which waits for nobody longer than a second."""
    engine = create_engine(field.home.config.database_url, **engine_options(field.home.config.database_url))
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET lock_timeout = '1s'"))
        else:
            connection.execute(text("PRAGMA busy_timeout = 1000"))
        connection.commit()
        yield connection
    engine.dispose()


def write_lines(field: Field, count: int, action: str = "form.update") -> None:
    """Lines as services write them."""
    with transaction(field.session) as connection:
        for number in range(count):
            write_audit(connection, AuditEntry(None, action, f"form:{number}", field.now, DETAILS, address="::1"))
        connection.commit()


def seal_some(field: Field, at_once: int = 3) -> tuple[int, int]:
    """Three batches and more."""
    write_lines(field, 10)
    return seal(field.session, field.home, field.now, at_once=at_once)


def faults(
    field: Field, expected: str | None = None, *, noted: bool = True
) -> list[tuple[str, int | None, int | None]]:
    """What a walk along the chain finds."""
    walk = Walk(field.session, list_noted(field.home) if noted else (), expected)
    return [(each.kind, each.seal_id, each.line_id) for each in walk.faults()]


@contextmanager
def tampering(field: Field) -> Iterator[Connection]:
    """Somebody who writes to the database past the program."""
    field.session.rollback()
    engine = create_engine(field.home.config.database_url)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        # foreign keys hold nobody up who has the database
        sqlite = engine.dialect.name == "sqlite"
        driver.execute("PRAGMA foreign_keys = OFF" if sqlite else "SET session_replication_role = replica")
        with connection.begin():
            yield connection
    engine.dispose()


def test_every_line_is_sealed_once_and_the_chain_holds(field: Field) -> None:
    assert count_unsealed(field.session) > 0
    seals, lines = seal_some(field)
    assert lines == len(list_audits(field.session, most=1000))
    assert seals == -(-lines // 3)
    assert faults(field) == []
    walk = Walk(field.session)
    assert [*walk.faults()] == []
    last = find_last_seal(field.session)
    assert last is not None
    assert (walk.seals, walk.lines, walk.unsealed, walk.head) == (seals, lines, 0, last.sha256)
    assert seal(field.session, field.home, field.now) == (0, 0)
    assert find_last_seal(field.session) == last


def test_an_audit_that_was_never_sealed_holds(field: Field) -> None:
    walk = Walk(field.session, list_noted(field.home))
    assert [*walk.faults()] == []
    assert (walk.seals, walk.lines, walk.head) == (0, 0, GENESIS)
    assert walk.unsealed == count_unsealed(field.session) > 0


TAMPERED = [
    ("UPDATE audits SET action = 'form.create' WHERE id = :line", "altered"),
    ("UPDATE audits SET actor_id = 1 WHERE id = :line", "altered"),
    ("UPDATE audits SET acted_on = 'form:99' WHERE id = :line", "altered"),
    ("UPDATE audits SET details = '{}' WHERE id = :line", "altered"),
    ("UPDATE audits SET note = 'x' WHERE id = :line", "altered"),
    ("UPDATE audits SET at = '2020-01-01 00:00:00.000000' WHERE id = :line", "altered"),
    ("UPDATE audits SET area_id = 'nowhere' WHERE id = :line", "altered"),
    ("UPDATE audits SET project_id = 9 WHERE id = :line", "altered"),
    ("UPDATE audits SET address = '192.0.2.9' WHERE id = :line", "altered"),
    ("DELETE FROM audits WHERE id = :line", "missing"),
    ("UPDATE audits SET seal_id = NULL WHERE id = :line", "missing"),
    ("UPDATE audits SET id = id + 100000 WHERE id = :line", "missing"),
]


@pytest.mark.parametrize(("statement", "kind"), TAMPERED)
def test_a_line_that_was_tampered_with_is_named(field: Field, statement: str, kind: str) -> None:
    seal_some(field)
    line = list_audits(field.session, most=1000)[4].id
    with tampering(field) as connection:
        connection.execute(text(statement), {"line": line})
    found = faults(field)
    assert [(each, number) for each, _, number in found if number == line] == [(kind, line)]
    # a line that was given another number is one too many under it
    assert {each for each, _, _ in found} <= {kind, "added"}


@pytest.mark.parametrize("seal_id", [2, 99])
def test_a_line_that_nobody_sealed_is_named(field: Field, seal_id: int) -> None:
    seal_some(field)
    with tampering(field) as connection:
        connection.execute(
            text(
                "INSERT INTO audits (id, action, details, at, seal_id) "
                "VALUES (5000, 'form.update', '{}', '2026-11-24 01:00:00.000000', :seal)"
            ),
            {"seal": seal_id},
        )
    assert faults(field) == [("added", seal_id if seal_id == 2 else None, 5000)]


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        ("UPDATE audit_seals SET lines = lines + 1 WHERE id = 2", ["seal"]),
        ("UPDATE audit_seals SET sealed_at = '2020-01-01 00:00:00.000000' WHERE id = 2", ["seal"]),
        ("UPDATE audit_seals SET sha256 = '" + "a" * 64 + "' WHERE id = 2", ["seal", "broken", "cut"]),
        ("UPDATE audit_seals SET previous = '" + "b" * 64 + "' WHERE id = 2", ["broken", "seal"]),
    ],
)
def test_a_seal_that_was_tampered_with_is_named(field: Field, statement: str, kinds: list[str]) -> None:
    seal_some(field)
    with tampering(field) as connection:
        connection.execute(text(statement))
    assert [kind for kind, _, _ in faults(field)] == kinds


def test_a_seal_taken_out_of_the_middle_breaks_the_chain(field: Field) -> None:
    seal_some(field)
    with tampering(field) as connection:
        connection.execute(text("DELETE FROM audits WHERE seal_id = 2"))
        connection.execute(text("DELETE FROM audit_seals WHERE id = 2"))
    assert faults(field, noted=False) == [("broken", 3, None)]


def test_an_end_that_was_cut_off_shows_by_what_was_noted(field: Field) -> None:
    seal_some(field)
    last = find_last_seal(field.session)
    assert last is not None
    assert faults(field, last.sha256, noted=False) == []
    with tampering(field) as connection:
        connection.execute(text("DELETE FROM audits WHERE seal_id = :last"), {"last": last.id})
        connection.execute(text("DELETE FROM audit_seals WHERE id = :last"), {"last": last.id})
    assert faults(field, noted=False) == []
    assert faults(field) == [("cut", last.id, None)]
    assert faults(field, last.sha256, noted=False) == [("cut", None, None)]


def test_a_chain_made_anew_shows_by_what_was_noted(field: Field) -> None:
    seal_some(field)
    with tampering(field) as connection:
        connection.execute(text("UPDATE audits SET action = 'form.create', seal_id = NULL"))
        connection.execute(text("DELETE FROM audit_seals"))
    seal(field.session, field.home, field.now + timedelta(hours=1))
    assert faults(field, noted=False) == []
    assert [kind for kind, _, _ in faults(field)] == ["cut"]


def test_what_is_noted_is_noted_once_and_by_nobody_else_read(field: Field) -> None:
    seal_some(field)
    file = field.home.config.home / HEADS_FILE
    before = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    seal(field.session, field.home, field.now)
    assert file.read_text() == before
    assert len(list(list_noted(field.home))) == before.count("\n") > 3
    # half a line, as a crash leaves it
    file.write_text(before + "\n7 ab")
    write_lines(field, 1)
    seal(field.session, field.home, field.now)
    assert faults(field) == []


def test_a_line_that_is_committed_late_goes_into_the_next_batch(field: Field, other: Connection) -> None:
    write_lines(field, 2)
    batch = read_batch(field.session)
    assert batch is not None
    # the sealer has read and hashed, and holds nothing: whoever writes now does not wait
    write_audit(other, AuditEntry(None, "form.delete", "form:1", MORNING))
    other.commit()
    assert write_seal(field.session, batch, field.now) is not None
    assert count_unsealed(field.session) == 1
    assert seal(field.session, field.home, field.now) == (1, 1)
    assert faults(field) == []


def test_nobody_waits_for_the_sealer_nor_the_sealer_for_anybody(field: Field, other: Connection) -> None:
    """PostgreSQL, where several write at once; on SQLite a seal is one of the short writes that queue."""
    if other.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    write_audit(other, AuditEntry(None, "form.delete", "form:1", MORNING))
    # a lower number than what is sealed now, and not committed yet
    write_lines(field, 3)
    batch = read_batch(field.session)
    assert batch is not None
    with transaction(field.session) as sealing:
        values = {"lines": len(batch.ids), "previous": batch.previous, "sha256": "c" * 64}
        seal_id = add_seal(sealing, values | {"sealed_at": MORNING, "digests": batch.digests})
        assert seal_id is not None
        assert put_under(sealing, seal_id, batch.ids) == len(batch.ids)
        other.commit()
        write_audit(other, AuditEntry(None, "form.restore", "form:1", MORNING))
        other.commit()
    # what the sealer had begun was rolled back; it begins again
    seal(field.session, field.home, field.now, at_once=2)
    assert count_unsealed(field.session) == 0
    assert faults(field) == []


def test_of_two_sealers_one_has_nothing_to_do(field: Field, other: Connection) -> None:
    write_lines(field, 5)
    theirs, ours = read_batch(field.session), read_batch(Session(other.engine))
    assert theirs is not None
    assert ours == theirs
    assert write_seal(field.session, theirs, field.now) is not None
    assert write_seal(Session(other.engine), ours, field.now + timedelta(seconds=1)) is None
    # one that read the lines before and the end of the chain after the other sealed
    later = read_batch(field.session)
    last = find_last_seal(field.session)
    assert later is None
    assert last is not None
    stale = type(ours)(last.sha256, ours.ids, ours.digests)
    assert write_seal(field.session, stale, field.now) is None
    assert faults(field) == []


def test_the_commands_seal_and_verify(
    field: Field, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THONBAN_DATABASE_URL", field.home.config.database_url)
    home = ["--home", str(field.home.config.home)]
    write_lines(field, 4)
    assert main(["audit", "seal", *home]) == 0
    capsys.readouterr()
    assert main(["audit", "verify", "--json", *home]) == 0
    good = json.loads(capsys.readouterr().out)
    assert (good["good"], good["unsealed"], good["faults"]) == (True, 0, [])
    assert main(["audit", "verify", "--expect", good["head"], *home]) == 0
    assert "Nguyên vẹn" in capsys.readouterr().out
    line = list_audits(field.session)[0].id
    with tampering(field) as connection:
        connection.execute(text("UPDATE audits SET note = 'x' WHERE id = :line"), {"line": line})
    assert main(["audit", "verify", "--json", *home]) == 1
    bad = json.loads(capsys.readouterr().out)
    assert (bad["good"], bad["count"]) == (False, {"altered": 1})
    assert bad["faults"] == [{"kind": "altered", "seal_id": 1, "line_id": line, "sha256": None}]
    assert main(["audit", "verify", "--expect", "d" * 64, *home]) == 1
    assert f"Dòng {line}" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["audit", "verify", "--expect", "no hash", *home])
    assert ended.value.code == 2
