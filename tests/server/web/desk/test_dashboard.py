"""The first page: what remains, what holds villages back and where to look; each part alone; in one's scope."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user, grant_role
from server.services.roll_up import work_off
from server.storage.actors import GrantView
from server.storage.areas import AreaShapeRow
from server.storage.database import db, writing
from tests.kit.places import commune_of
from tests.kit.world import COMMUNES
from tests.server.web.desk.conftest import VILLAGES
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded
from tests.server.web.desk.test_pages import read, title_of

Enter = Callable[..., FlaskClient]
ROUND = f"/projects/{PROJECT}/rounds/2019"
HELD = f"{ROUND}/held-back"
PARTS = f"/projects/{PROJECT}/dashboard"


@pytest.fixture(name="counted")
def counted_fixture(seeded: Seeded) -> Seeded:
    """The home after a worker counted."""
    with seeded.app.app_context():
        work_off(db.session(), datetime.now(UTC))
    return seeded


@pytest.fixture(name="elsewhere")
def elsewhere_fixture(counted: Seeded, sign_in: Enter) -> FlaskClient:
    """The browser of a supervisor of a commune from which nothing came."""
    with counted.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        caller = system_caller(session, now)
        today = [commune_of(session, head.village.uuid) for head in counted.heads]
        other = next(each for each in today if each is not None and each not in today[:VILLAGES])
        made = create_user(session, caller, NewUser("xa.khac@example.vn", PASSWORD, "Xã khác"), now)
        grant = GrantView("analyst", "project", PROJECT, None, other, None, None)
        grant_role(session, caller, made.id, grant, now)
    return sign_in("xa.khac@example.vn", PASSWORD)


def part(client: FlaskClient, name: str) -> str:
    answer = client.get(f"{PARTS}/{name}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_each_criterion_leads_to_the_villages_that_it_holds_back(counted: Seeded, sign_in: Enter) -> None:
    client = sign_in()
    home = read(client, "/")
    assert f"{HELD}?criterion=qd03_2019_thon/" in home.replace("%2F", "/")
    listed = read(client, HELD)
    assert "tiêu chí đang giữ chân thôn" in title_of(listed)
    key = listed.replace("%2F", "/").partition("criterion=qd03_2019_thon/")[2].partition(chr(34))[0]
    one = read(client, f"{HELD}?criterion=qd03_2019_thon/{key}")
    said = [int(word) for word in title_of(one).replace(":", " ").split() if word.isdigit()][-2:]
    assert one.count("<tr data-href=") == sum(said) > 0
    assert read(client, f"{HELD}?criterion=qd03_2019_thon/khong-co", 404)


def test_a_part_comes_alone_for_htmx_and_as_a_page_for_who_opens_it(counted: Seeded, sign_in: Enter) -> None:
    client = sign_in()
    for name in ("waiting", "remaining", "readiness", "training", "works", "evidence"):
        assert "<html" not in part(client, name)
        assert read(client, f"{PARTS}/{name}").count("<h1>") == 1
    assert f"/ {len(counted.heads)} thôn" in part(client, "evidence")
    assert "chưa vẽ được bản đồ" in part(client, "readiness")
    assert f"{len(counted.sent)} phiếu chờ duyệt" in part(client, "waiting")


def test_areas_stand_on_the_map_with_their_state_in_words(counted: Seeded, sign_in: Enter) -> None:
    client = sign_in()
    areas = part(client, "readiness").split("/areas/")[1:]
    area = areas[0].partition(chr(34))[0]
    place = {"type": "Point", "coordinates": [107.5, 21.3]}
    with counted.app.app_context(), writing(db.session()):
        row = AreaShapeRow(area_id=area, kind="point", geometry=place, status="synthetic", source="thử")
        db.session().add(row)
        db.session().commit()
        number = row.id
    try:
        assert "data-map" in part(client, "readiness")
        answer = client.get(f"{ROUND}/readiness.geojson")
        assert answer.content_type == "application/geo+json"
        (feature,) = json.loads(answer.get_data())["features"]
        assert feature["geometry"] == place
        assert feature["properties"]["symbol"] in ("good", "bad", "unknown")
        assert feature["properties"]["href"] == f"{ROUND}/areas/{area}"
        assert "thôn" in feature["properties"]["state"] or "bằng chứng" in feature["properties"]["state"]
    finally:
        with counted.app.app_context(), writing(db.session()):
            db.session().delete(db.session().get(AreaShapeRow, number))
            db.session().commit()


def test_who_sees_another_commune_learns_nothing_of_these(counted: Seeded, elsewhere: FlaskClient) -> None:
    names = [head.village.name for head in counted.heads[:VILLAGES]]
    keys = read(elsewhere, HELD)
    assert "Chưa tiêu chí nào giữ chân thôn" in title_of(keys)
    pages = [read(elsewhere, "/"), keys, *(part(elsewhere, each) for each in ("readiness", "evidence"))]
    commune = COMMUNES[counted.heads[0].village.parent_key or ""]
    for page in pages:
        assert commune.name not in page
        assert not [name for name in names if f">{name}<" in page]
    read(elsewhere, f"{HELD}?area={commune.uuid}", 404)


def test_the_curve_is_that_of_the_register(sign_in: Enter) -> None:
    client = sign_in()
    curve = client.get(f"/projects/{PROJECT}/programme/curve.json?on=2019-06-30").get_json()
    assert curve["x"][0] == "2017-01-01"
    assert {each["name"]: each["values"][0] for each in curve["series"]} == {"Xã": 22, "Thôn": 11}
    assert "data-series" in part(client, "remaining")
