"""A round from above: what is not counted yet, the province, a commune with its reasons; nothing that is not seen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user, grant_role
from server.services.roll_up import work_off
from server.storage.actors import GrantView
from server.storage.areas import find_root
from server.storage.database import db, writing
from server.storage.projects import Project
from server.storage.rollups import mark
from tests.kit.world import COMMUNES
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded
from tests.server.web.desk.test_pages import read, title_of

Enter = Callable[..., FlaskClient]
ABOVE = f"/projects/{PROJECT}/rounds/2019/areas"


@pytest.fixture(name="counted")
def counted_fixture(seeded: Seeded) -> Seeded:
    """The home after a worker counted."""
    with seeded.app.app_context():
        work_off(db.session(), datetime.now(UTC))
    return seeded


def commune_of(seeded: Seeded) -> str:
    return COMMUNES[seeded.heads[0].village.parent_key or ""].uuid


def test_the_province_shows_how_complete_its_figures_are(counted: Seeded, sign_in: Enter) -> None:
    page = read(sign_in(), ABOVE)
    assert title_of(page) == "Tỉnh Quảng Ninh"
    assert f"{len(counted.sent)} trong" in page
    assert "Quyết định 03/2019/QĐ-TTg" in page
    assert "chưa cộng" not in page


def test_a_commune_shows_what_the_law_says_of_it_and_why(counted: Seeded, sign_in: Enter) -> None:
    page = read(sign_in(), f"{ABOVE}/{commune_of(counted)}")
    assert "Từng điều kiện theo Quyết định 50/2016/QĐ-TTg" in page
    assert counted.heads[0].village.name in page
    assert "Cộng từ các thôn" in page


def test_what_is_no_area_of_the_tree_or_a_village_is_not_found(counted: Seeded, sign_in: Enter) -> None:
    client = sign_in()
    read(client, f"{ABOVE}/{counted.heads[0].village.uuid}", 404)
    read(client, f"{ABOVE}/no-such-area", 404)


@contextmanager
def rooted(seeded: Seeded, area_id: str) -> Iterator[None]:
    """While the project works in this area alone."""

    def put(root: str) -> None:
        with writing(db.session()) as connection:
            connection.execute(update(Project).where(Project.id == PROJECT).values(root_area_id=root))
            db.session().commit()

    with seeded.app.app_context():
        before = find_root(db.session(), PROJECT)
        assert before is not None
        put(area_id)
    try:
        yield
    finally:
        with seeded.app.app_context():
            put(before)


def test_what_lies_outside_the_project_is_not_found_by_who_sees_all_of_it(counted: Seeded, sign_in: Enter) -> None:
    own = commune_of(counted)
    other = next(each.uuid for each in COMMUNES.values() if each.uuid != own)
    client = sign_in()
    read(client, f"{ABOVE}/{other}")
    with rooted(counted, own):
        read(client, f"{ABOVE}/{own}")
        read(client, f"{ABOVE}/{other}", 404)


def test_who_was_granted_the_province_looks_down_from_there(counted: Seeded, sign_in: Enter) -> None:
    with counted.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        caller = system_caller(session, now)
        made = create_user(session, caller, NewUser("tinh@example.vn", PASSWORD, "Tỉnh"), now)
        grant = GrantView("analyst", "project", PROJECT, None, COMMUNES["qn"].uuid, None, None)
        grant_role(session, caller, made.id, grant, now)
    assert title_of(read(sign_in("tinh@example.vn"), ABOVE)) == "Tỉnh Quảng Ninh"


def test_what_came_since_is_said_to_be_missing(counted: Seeded, sign_in: Enter) -> None:
    with counted.app.app_context(), writing(db.session()) as connection:
        mark(connection, 1, counted.heads[0].village.uuid)
        db.session().commit()
    assert "chưa cộng" in read(sign_in(), ABOVE)
