"""A round beside another on the desk and in /v1, and another number tried, with a banner that it is a trial."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient

from server.domain.rounds import Round
from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user, grant_role
from server.services.rounds import open_round
from server.storage.actors import GrantView
from server.storage.database import db
from server.web.desk.built import FOLDER
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded, seed, send_xml, sheet_of
from tests.server.web.desk.test_pages import read, title_of

Enter = Callable[..., FlaskClient]
LATER = Round("2020", "Rà soát năm 2020", "Review of 2020", date(2020, 6, 30), date(2020, 1, 1), date(2020, 12, 20))
HERE = f"/projects/{PROJECT}/rounds/2020"
API = f"/v1/projects/{PROJECT}/rounds/2020"
ENTRY = "qd50_2016_thon"


@pytest.fixture(name="seeded", scope="module")
def seeded_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A home of its own with two rounds: three villages reported in the first, two of them again in the second, one
    with far more poor and near-poor households."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("two-rounds") / "home", 3)
    with made.app.app_context():
        open_round(db.session(), PROJECT, LATER, datetime.now(UTC))
        counts = {"tong_ho": 100, "ho_ngheo": 1, "ho_can_ngheo": 1, "ho_dtts": 0, "ho_ngheo_dtts": 0}
        for number, others in ((0, {"ho_ngheo": 10, "ho_can_ngheo": 50}), (1, {})):
            for slug, said in (("2019", counts), ("2020", counts | others)):
                xml, times = re.subn(rb"<ky>2019</ky>", f"<ky>{slug}</ky>".encode(), sheet_of(made, number, **said))
                assert times == 1
                xml = xml.replace(b"<ngay_chot>2019-", f"<ngay_chot>{slug}-".encode())
                assert send_xml(made, number, xml)
    yield made
    with made.app.app_context():
        db.engine.dispose()


def test_totals_by_what_turned_them_stand_before_the_villages(seeded: Seeded, sign_in: Enter) -> None:
    client = sign_in()
    page = read(client, f"{HERE}/compare?with=2019")
    assert title_of(page) == "1 thôn đổi kết quả: 0 do đổi chuẩn, 1 do đổi thực tế, 0 do cả hai"
    assert 'aria-label="Chỉ do đổi thực tế"' in page
    for column in ("Máy tính", "Thẩm định", "Công nhận"):
        assert f'<th scope="col">{column}</th>' in page
    kept = read(client, f"{HERE}/compare?with=2019&what=facts")
    rows = re.findall(r'<th scope="row" class="is-title"><span><a href="[^"]+">([^<]+)</a>', kept)
    assert rows == [seeded.heads[0].village.name]
    assert "Số hộ nghèo: 1 → 10" in kept
    other = next(head.village.parent_key for head in seeded.heads if head.village.parent_key)
    assert other
    assert "Không có thôn nào như vậy" in read(client, f"{HERE}/compare?with=2019&what=facts&commune=khong-co")


def test_the_round_before_is_taken_where_none_is_named_and_the_page_of_a_round_leads_there(
    seeded: Seeded, sign_in: Enter
) -> None:
    client = sign_in()
    assert title_of(read(client, f"{HERE}/compare")).startswith("1 thôn")
    assert f"{HERE}/compare" in read(client, HERE)
    assert f"{HERE}/what-if" in read(client, HERE)
    read(client, f"{HERE}/compare?with=khong-co", 404)


def test_another_number_is_a_trial_and_says_so(seeded: Seeded, sign_in: Enter) -> None:
    client = sign_in()
    page = read(client, f"{HERE}/what-if?rule={ENTRY}&clause=k2.tong&number=61")
    assert "Thử, không phải kết quả chính thức" in page
    assert title_of(page).startswith("1 trong")
    assert seeded.heads[0].village.name in page
    same = read(client, f"{HERE}/what-if?rule={ENTRY}&clause=k2.tong&number=55")
    assert title_of(same).startswith("0 trong")
    assert "Thử, không phải kết quả chính thức" in read(client, f"{HERE}/what-if")
    assert "phải từ 0 đến 100" in read(client, f"{HERE}/what-if?rule={ENTRY}&clause=k1.tong&number=101", 400)
    assert "không hỏi một con số" in read(client, f"{HERE}/what-if?rule={ENTRY}&clause=k2.duong&number=1", 400)
    read(client, f"{HERE}/what-if?rule=khong_co&clause=k1.tong&number=1", 404)


def test_scripts_read_the_same(seeded: Seeded, sign_in: Enter) -> None:
    client = sign_in()
    found = client.get(f"{API}/compare?with=2019&what=facts").get_json()
    assert (found["before"], found["after"]) == ("2019", "2020")
    entry = next(pair for pair in found["pairs"] if pair["after"] == ENTRY)
    assert entry["totals"]["facts"] == 1
    (row,) = entry["rows"]
    assert (row["before"]["computed"], row["between"], row["after"]["computed"]) == ("not_met", "not_met", "met")
    assert {"name": "ho_ngheo", "before": 1, "after": 10} in row["facts"]
    assert row["after"]["appraised"]["state"] in ("received", "hasIssues")
    assert row["after"]["recognised"] != row["after"]["computed"]
    tried = client.get(f"{API}/what-if?ruleset={ENTRY}&clause=k2.tong&number=61").get_json()
    assert (tried["official"], tried["lawNumber"], tried["number"]) == (False, 55, 61)
    assert [(each["before"], each["after"]) for each in tried["turned"]] == [("met", "not_met")]
    assert client.get(f"{API}/what-if?ruleset={ENTRY}&clause=k1.tong").status_code == 400
    assert client.get(f"{API}/compare?with=khong-co").status_code == 404


def test_who_sees_one_village_reads_of_no_other(seeded: Seeded, sign_in: Enter) -> None:
    village = seeded.heads[1].village
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        caller = system_caller(session, now)
        made = create_user(session, caller, NewUser("mot.thon@example.vn", PASSWORD, "Một thôn"), now)
        grant = GrantView("analyst", "project", PROJECT, None, village.uuid, None, None)
        grant_role(session, caller, made.id, grant, now)
    client = sign_in("mot.thon@example.vn", PASSWORD)
    page = read(client, f"{HERE}/compare?with=2019")
    assert village.name in page
    assert title_of(page).startswith("0 thôn")
    assert seeded.heads[0].village.uuid not in page
    tried = client.get(f"{API}/what-if?ruleset={ENTRY}&clause=k2.tong&number=61").get_json()
    assert (tried["areas"], tried["turned"]) == (1, [])


def test_communes_stand_beside_the_villages_and_are_tried_with_another_number(seeded: Seeded, sign_in: Enter) -> None:
    client = sign_in()
    page = read(client, f"{HERE}/compare?with=2019&rule=qd50_2016_xa")
    assert title_of(page) == "0 xã đổi kết quả: 0 do đổi chuẩn, 0 do đổi thực tế, 0 do cả hai"
    assert '<th scope="col">Xã</th>' in page
    assert f"{HERE}/areas/" in page
    tried = read(client, f"{HERE}/what-if?rule=qd50_2016_xa&clause=b.tong&number=70")
    assert "Thử, không phải kết quả chính thức" in tried
    found = client.get(f"{API}/compare?with=2019").get_json()
    units = {pair["after"]: pair["unit"] for pair in found["pairs"]}
    assert (units[ENTRY], units["qd50_2016_xa"]) == ("village", "commune")
    body = client.get(f"{API}/what-if?ruleset=qd50_2016_xa&clause=b.tong&number=70").get_json()
    assert body["areas"] >= 1
    assert body["areas"] == sum(each["before"] for each in body["totals"])
