"""The page of the audit, as an administrator and as somebody who looks after one commune reads it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView, find_user_by_email
from server.storage.audits import AuditEntry, list_audits, write_audit
from server.storage.database import db, transaction
from tests.server.web.desk.seeding import EMAIL, PASSWORD, PROJECT, Seeded
from tests.server.web.desk.test_pages import read, title_of

Enter = Callable[..., FlaskClient]
SUPERVISOR = "nhat-ky@example.org"


@pytest.fixture(autouse=True)
def lines(seeded: Seeded) -> None:
    """A line in each of two villages, and one that lies nowhere."""
    mine, other, *_ = seeded.sent
    with seeded.app.app_context(), transaction(db.session()) as connection:
        for area_id, note in ((mine, "=1+1"), (other, "ở thôn khác"), (None, "ở không đâu")):
            project_id = PROJECT if area_id else None
            write_audit(
                connection,
                AuditEntry(
                    None,
                    "submission.update",
                    f"submission:{seeded.sent.get(area_id or mine)}",
                    datetime.now(UTC),
                    {"instanceId": "uuid:1", "reviewState": "approved"},
                    note,
                    "203.0.113.7",
                    project_id,
                    area_id,
                ),
            )
        connection.commit()


@pytest.fixture
def supervisor(seeded: Seeded, sign_in: Enter) -> FlaskClient:
    """Somebody who looks after the first village."""
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        caller = system_caller(session, now)
        if find_user_by_email(session, SUPERVISOR) is None:
            made = create_user(session, caller, NewUser(SUPERVISOR, PASSWORD, "Cán bộ xã"), now)
            grant = GrantView("commune_supervisor", "project", PROJECT, None, next(iter(seeded.sent)), None, None)
            grant_role(session, caller, made.id, grant, now)
    return sign_in(SUPERVISOR)


def table_of(client: FlaskClient, query: str = "") -> list[dict[str, str]]:
    """What a spreadsheet reads."""
    with client.get(f"/audit.csv{query}") as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))


def test_it_says_who_did_what_where_and_from_which_address(admin: FlaskClient) -> None:
    page = read(admin, "/audit")
    assert title_of(page).startswith("Việc gần nhất:")
    for told in ("Duyệt phiếu", "Đã duyệt", "203.0.113.7", "ở thôn khác", "ở không đâu", "Đăng nhập"):
        assert told in page
    english = read(admin, "/audit?lang=en")
    assert "Reviewed a sheet" in english
    read(admin, "/audit?lang=vi")


def test_it_narrows_by_kind_person_area_and_time(admin: FlaskClient, seeded: Seeded) -> None:
    mine = next(iter(seeded.sent))
    assert "Duyệt phiếu" not in read(admin, "/audit?group=user")
    own = read(admin, f"/audit?who={EMAIL}")
    assert "Đăng nhập" in own
    assert "ở thôn khác" not in own
    here = read(admin, f"/audit?area={mine}")
    assert "=1+1" in here
    assert "ở thôn khác" not in here
    for nothing in ("who=khong@co.vn", "code=khong-co", "until=2001-01-01", "since=2999-01-01", "actor=987654"):
        assert title_of(read(admin, f"/audit?{nothing}")) == "Không có việc nào"
    for wrong in ("since=31.12.2026", "actor=x", "before=x", "until=9999-12-31"):
        read(admin, f"/audit?{wrong}", 400)


def test_older_lines_are_on_the_next_page(admin: FlaskClient, seeded: Seeded) -> None:
    page = read(admin, "/audit")
    pages = [page]
    while link := re.search(r'rel="next" href="([^"]+)"', pages[-1]):
        pages.append(read(admin, link[1].replace("&amp;", "&")))
    assert len(pages) > 1
    with seeded.app.app_context():
        every = len(list_audits(db.session(), most=100_000))
    assert sum(each.count('<th scope="row"') for each in pages) == every


def test_who_looks_after_one_village_reads_that_one_s(supervisor: FlaskClient) -> None:
    page = read(supervisor, "/audit")
    assert "=1+1" in page
    assert "ở thôn khác" not in page
    assert "ở không đâu" not in page
    notes = {row["Ghi chú"] for row in table_of(supervisor)}
    assert "'=1+1" in notes
    assert not notes & {"ở thôn khác", "ở không đâu", "=1+1"}


def test_the_table_is_text_to_a_spreadsheet_and_leaves_a_line(admin: FlaskClient, seeded: Seeded) -> None:
    rows = table_of(admin, "?group=submission")
    assert {row["Việc"] for row in rows} == {"Duyệt phiếu"}
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
    with seeded.app.app_context():
        line = list_audits(db.session(), most=1)[0]
    assert (line.action, line.details["asked"]) == ("audit.export", {"group": "submission"})


def test_who_may_not_read_it_has_no_page(seeded: Seeded, sign_in: Enter) -> None:
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        if find_user_by_email(session, "xem@example.org") is None:
            create_user(
                session, system_caller(session, now), NewUser("xem@example.org", PASSWORD, "Xem", role="viewer"), now
            )
    client = sign_in("xem@example.org")
    read(client, "/audit", 403)
    read(client, "/audit.csv", 403)
    assert 'href="/audit"' not in read(client, "/")
