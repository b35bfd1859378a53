"""The page of how the server is: what waits and what was given up, run again with one press; for administrators."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.database import db, writing
from server.storage.jobs import Job, Work, bury, enqueue, find_due, lease
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded
from tests.server.web.desk.test_pages import read

Enter = Callable[..., FlaskClient]
KIND = "export"
TRACE = 'Traceback\n  File "x.py"\nOSError: <b>no room</b>'


@pytest.fixture(name="dead")
def dead_fixture(seeded: Seeded) -> Iterator[int]:
    """A job that was given up."""
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        with writing(session) as connection:
            connection.execute(delete(Job))
            enqueue(connection, Work(KIND, {"order": 0}, key="42"), now)
            leased = lease(connection, now)
            assert leased is not None
            bury(connection, leased.id, TRACE, now)
            session.commit()
    yield leased.id
    with seeded.app.app_context(), writing(db.session()) as connection:
        connection.execute(delete(Job))
        db.session().commit()


def post(client: FlaskClient, path: str) -> int:
    token = client.get_cookie("__csrf")
    assert token is not None
    return client.post(path, data={"__csrf": token.value}).status_code


def test_a_job_that_was_given_up_is_run_again(seeded: Seeded, sign_in: Enter, dead: int) -> None:
    admin = sign_in()
    page = read(admin, "/system")
    assert "1 việc nền đã bỏ dở" in page
    assert "OSError: &lt;b&gt;no room&lt;/b&gt;" in page
    for words in ("Đĩa còn trống", "Cơ sở dữ liệu", "SQLite 3.", "Đồng hồ", "Chưa có bản sao nào"):
        assert words in page, words
    assert post(admin, f"/system/jobs/{dead}/retry") == 303
    with seeded.app.app_context():
        assert find_due(db.session(), datetime.now(UTC)) == dead
        told = list_audits(db.session(), action="job.retry")[0]
        assert (told.acted_on, told.details["kind"]) == (f"job:{dead}", KIND)
    page = read(admin, "/system?done=again")
    assert "Không có việc nào bỏ dở" in page
    assert "1 việc nền đang chờ" in page
    # it is not given up any more
    assert post(admin, f"/system/jobs/{dead}/retry") == 404


def test_the_page_in_english_and_its_door(sign_in: Enter) -> None:
    admin = sign_in()
    assert "How the server is" in read(admin, "/system?lang=en")
    assert 'href="/system"' in read(admin, "/administration")


def test_it_is_for_administrators_of_the_site(seeded: Seeded, sign_in: Enter, dead: int) -> None:
    email = "giam.doc@example.vn"
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        caller = system_caller(session, now)
        made = create_user(session, caller, NewUser(email, PASSWORD, "Giám đốc"), now)
        grant_role(
            session, caller, made.id, GrantView("province_reviewer", "project", PROJECT, None, None, None, None), now
        )
    reviewer = sign_in(email)
    assert reviewer.get("/system").status_code == 403
    assert post(reviewer, f"/system/jobs/{dead}/retry") == 403
    assert 'href="/system"' not in read(reviewer, "/administration")
