"""The main job, end to end: a sheet that JavaRosa filled in goes to the phone's address; the village's page says what
the law makes of it."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from server.domain.data_files import list_demo_villages
from server.domain.rounds import Round
from server.services.rounds import open_round
from server.storage.submissions import FindingRow
from tests.kit.field import COMMUNES, VILLAGES, library_form
from tests.kit.village_criteria import VECTORS
from tests.kit.world import EMAIL, PASSWORD, Phone, World

VILLAGE = "Thôn Ngàn Chi"
ROUND = Round("2019-06", "Kỳ rà soát tháng 6/2019", "June 2019", date(2019, 6, 30), date(2019, 6, 1), date(2019, 7, 31))


def sheet(file: str) -> tuple[bytes, str]:
    """A sheet as the phone's engine wrote it, with our ids where its lists had codes; and the id of its village."""
    text = (VECTORS / file).read_text(encoding="utf-8")
    code = text.split("<thon>")[1].split("<")[0]
    village = next(area for area in list_demo_villages() if area.code == code)
    text = text.replace(f"<thon>{code}<", f"<thon>{village.uuid}<")
    commune = f"<xa>{COMMUNES[village.parent_key or ''].uuid}<"
    return re.sub("<xa>[0-9]+<", commune, text).encode(), village.uuid


@pytest.fixture(name="phone")
def phone_fixture(world: World) -> Phone:
    open_round(world.session, 1, ROUND, datetime.now(UTC))
    answer = world.api.post(
        "projects/1/forms?publish=true&ignoreWarnings=true",
        data=library_form("village_criteria"),
        content_type="application/xml",
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return world.phone(VILLAGE)


def verdicts(world: World, area: str = VILLAGES[VILLAGE].uuid) -> dict[str, dict[str, object]]:
    query = f"area={area}&round={ROUND.slug}"
    found = world.api.get(f"projects/1/verdicts?{query}").get_json()
    return {verdict["ruleSet"]: verdict for verdict in found}


def page(world: World) -> str:
    """The village's page as an administrator sees it after signing in."""
    client = world.app.test_client()
    form = client.get("/sign-in")
    assert form.status_code == 200
    answer = client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200
    shown = client.get(f"/projects/1/rounds/{ROUND.slug}/villages/{VILLAGES[VILLAGE].uuid}", follow_redirects=True)
    assert shown.status_code == 200
    return shown.get_data(as_text=True)


def test_a_sheet_filled_by_the_phones_engine_changes_its_villages_verdict(world: World, phone: Phone) -> None:
    assert {key: verdict["verdict"] for key, verdict in verdicts(world).items()} == {
        "qd50_2016_thon": "unknown",
        "qd03_2019_thon": "unknown",
    }
    before = page(world)
    assert phone.sends(sheet("both_true.xml")[0]).status_code == 201
    (kept,) = world.api.get("projects/1/forms/village_criteria/submissions").get_json()
    assert kept["reviewState"] is None
    found = verdicts(world)
    assert {key: verdict["verdict"] for key, verdict in found.items()} == {
        "qd50_2016_thon": "met",
        "qd03_2019_thon": "met",
    }
    entry = found["qd50_2016_thon"]
    assert (entry["synthetic"], entry["round"]) == (True, ROUND.slug)
    shares = [clause for clause in entry["clauses"] if clause["value"] == "24/40 (60,00%)"]
    assert shares
    assert shares[0]["submissions"] == [kept["instanceId"]]
    assert shares[0]["article"]
    after = page(world)
    assert before != after
    assert "24/40" in after
    assert "24/40" not in before


def test_a_broken_constraint_is_kept_whole_and_says_so_in_the_forms_words(world: World, phone: Phone) -> None:
    body, _ = sheet("broken_minority.xml")
    assert phone.sends(body).status_code == 201
    (kept,) = world.api.get("projects/1/forms/village_criteria/submissions").get_json()
    assert kept["reviewState"] == "hasIssues"
    path = f"projects/1/forms/village_criteria/submissions/{kept['instanceId']}"
    assert world.api.get(f"{path}.xml").get_data() == body
    client = world.app.test_client()
    client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    inbox = client.get("/projects/1/submissions").get_data(as_text=True)
    link = re.search(r'href="(/submissions/\d+)"', inbox)
    assert link is not None
    shown = client.get(link[1]).get_data(as_text=True)
    assert "Số hộ dân tộc thiểu số không được nhiều hơn tổng số hộ (40)." in shown


@pytest.mark.parametrize(
    ("file", "hard", "finished"),
    [
        ("both_true.xml", "met", "met"),
        ("neither_everything_built.xml", "not_met", "not_met"),
        ("neither_nothing_built.xml", "not_met", "not_met"),
        ("exactly_on_the_threshold.xml", "met", "not_met"),
    ],
)
def test_the_awkward_villages_of_the_law(world: World, phone: Phone, file: str, hard: str, finished: str) -> None:
    body, area = sheet(file)
    assert phone.sends(body).status_code == 201
    # nothing is wrong but that the photographs it names were not sent along
    assert set(world.session.execute(select(FindingRow.kind)).scalars()) <= {"attachment"}
    found = {key: verdict["verdict"] for key, verdict in verdicts(world, area).items()}
    assert found == {"qd50_2016_thon": hard, "qd03_2019_thon": finished}
