"""Rounds over /v1: opened, changed, locked, verified, opened again; who sees which figures of a lock."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from server.domain.rounds import Round
from server.services.people import NewUser, create_user, grant_role
from server.services.rounds import open_round
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.database import writing
from server.storage.locks import LockedVerdict
from server.storage.submissions import FindingRow, Submission, SubmissionVersion
from tests.kit.field import WELL_OFF, library_form, place_of, work_through
from tests.kit.passwords import give_password
from tests.kit.places import two_villages
from tests.kit.world import COMMUNES, PASSWORD, VILLAGES, WATER_POINT, Api, Phone, World

ROUNDS = "projects/1/rounds"
ROUND = f"{ROUNDS}/2019"
NEW = {
    "slug": "2026",
    "names": {"vi": "Rà soát năm 2026", "en": "Review of 2026"},
    "cutoff": "2026-12-14",
    "startsOn": "2026-09-01",
    "endsOn": "2026-12-14",
}
WHY = {"reason": "Tỉnh cần số liệu"}


def got(api: Api, path: str) -> Any:
    """What a good GET answers."""
    answer = api.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def refused(answer: Any) -> tuple[int, float]:
    """The status and the code."""
    return answer.status_code, answer.get_json()["code"]


def supervisor(world: World, area_id: str) -> Api:
    """A commune's supervisor."""
    email = f"{area_id[:8]}@example.vn"
    session, server, now = world.session, world.server_itself, datetime.now(UTC)
    user = create_user(session, server, NewUser(email, None, "Cán bộ xã"), now)
    grant = GrantView("commune_supervisor", "project", 1, None, area_id, None, None)
    grant_role(session, server, user.id, grant, now)
    give_password(session, email, PASSWORD)
    return world.signed_in(email, PASSWORD)


def criteria(world: World) -> Phone:
    """A key for the form of the criteria, which is there then."""
    answer = world.api.post(
        "projects/1/forms?publish=true&ignoreWarnings=true",
        data=library_form("village_criteria"),
        content_type="application/xml",
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return world.phone("Người gửi", "village_criteria")


def reports(world: World, phone: Phone, village: str) -> str:
    """A village's sheet for the round of 2019; its instance id."""
    place = place_of(village, "2019")
    answers = {"xa": place.xa, "thon": place.thon, "ky": place.ky} | dict(WELL_OFF)
    answer = phone.sends(world.filled("village_criteria", answers))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    newest = select(Submission.instance_id).order_by(Submission.id.desc()).limit(1)
    return str(world.session.execute(newest).scalar_one())


def locks(world: World, path: str = ROUND) -> dict[str, Any]:
    """Locks a round when the work in the background is done."""
    work_through(world.session, world.home, datetime.now(UTC))
    answer = world.api.post(f"{path}/locks", json=WHY)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    made: dict[str, Any] = answer.get_json()
    return made


def lines(api: Api, path: str = f"{ROUND}/locks/1/figures") -> list[dict[str, Any]]:
    """The figures of a lock."""
    answer = api.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson"), answer.get_data(as_text=True)
    return [json.loads(line) for line in answer.get_data().splitlines()]


def test_a_round_is_opened_and_listed(world: World) -> None:
    commune = COMMUNES["qn-binh-lieu-huc-dong"]
    (code,) = [each["code"] for each in got(world.api, f"areas?on=2019-06-30&q={commune.name}") if each["code"]][:1]
    made = world.api.post(ROUNDS, json=NEW | {"cutoff": "2019-06-30", "areas": [code], "purpose": "entry"}).get_json()
    assert made == got(world.api, f"{ROUNDS}/2026")
    assert (made["names"], made["purpose"]) == (NEW["names"], "entry")
    assert (made["forms"], made["locked"], made["readings"]) == (None, None, {})
    assert len(made["areas"]) == 1
    assert made["areas"] != [code]
    assert {each["slug"] for each in got(world.api, ROUNDS)} == {"2026", "2019"}
    assert refused(world.api.post(ROUNDS, json=NEW)) == (409, 409.3)
    assert list_audits(world.session, action="round.create")[0].details["slug"] == "2026"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slug": "Đợt 1"}, 400.8),
        ({"cutoff": "hôm nay"}, 400.11),
        ({"endsOn": "2026-01-01"}, 400.8),
        ({"purpose": "khác"}, 400.8),
        ({"areas": ["99999"]}, 400.8),
        ({"areas": []}, 400.8),
        ({"forms": ["khong_co"]}, 400.8),
        ({"ruleSets": ["khong-co"]}, 400.8),
        ({"programme": "x" * 256}, 400.11),
        ({"readings": {"qd50_2016_thon": {"khong-co": {"option": "a", "decision": "b"}}}}, 400.8),
    ],
)
def test_what_is_no_round_is_refused(world: World, change: dict[str, Any], code: float) -> None:
    answer = world.api.post(ROUNDS, json=NEW | change)
    assert refused(answer) == (400, code), answer.get_data(as_text=True)
    assert [each["slug"] for each in got(world.api, ROUNDS)] == ["2019"]


def test_what_is_left_out_of_a_change_stays(world: World) -> None:
    world.api.post(ROUNDS, json=NEW | {"programme": "CT 135", "purpose": "entry"})
    changed = world.api.patch(f"{ROUNDS}/2026", json={"purpose": None, "endsOn": "2026-12-31"}).get_json()
    assert (changed["purpose"], changed["endsOn"], changed["programme"]) == (None, "2026-12-31", "CT 135")
    assert changed["names"] == NEW["names"]
    assert changed == got(world.api, f"{ROUNDS}/2026")
    assert refused(world.api.patch(f"{ROUNDS}/2026", json={"slug": "2027"})) == (400, 400.8)
    assert refused(world.api.patch(f"{ROUNDS}/2077", json={"purpose": None})) == (404, 404.1)


def test_a_round_is_locked_verified_and_opened_again(world: World) -> None:
    phone = criteria(world)
    reports(world, phone, "Thôn Khe Tiền")
    work_through(world.session, world.home, datetime.now(UTC))
    assert refused(world.api.post(f"{ROUND}/locks", json={})) == (400, 400.2)
    assert got(world.api, ROUND)["locked"] is None
    made = locks(world)
    assert (made["number"], made["reason"]) == (1, WHY["reason"])
    assert {each["code"] for each in made["provisional"]} >= {"not_reported", "not_approved"}
    assert all(each["count"] > 0 for each in made["provisional"])
    locked = got(world.api, ROUND)["locked"]
    assert locked == {"number": 1, "sha256": made["sha256"], "provisional": True}
    assert refused(world.api.post(f"{ROUND}/locks", json=WHY)) == (409, 409.3)
    assert refused(world.api.patch(ROUND, json={"purpose": "review"})) == (409, 409.3)
    verified = got(world.api, f"{ROUND}/locks/1/verification")
    assert (verified["stands"], verified["differences"], verified["versions"]) == (True, [], 1)
    assert verified["figures"] == len(lines(world.api)) > 100

    late = reports(world, phone, "Thôn Nà Hắc")
    (told,) = got(world.api, f"{ROUND}/late")
    assert (told["instanceId"], told["areaName"], told["lock"], told["edit"]) == (late, "Thôn Nà Hắc", 1, False)
    session = world.session
    with writing(session) as connection:
        met = LockedVerdict.verdict.in_(("met", "not_met"))
        connection.execute(update(LockedVerdict).where(met).values(verdict="unknown"))
        session.commit()
    verified = got(world.api, f"{ROUND}/locks/1/verification")
    assert (verified["stands"], verified["differing"] > 1) == (False, True)
    assert {each["kind"] for each in verified["differences"]} >= {"hash", "verdict"}

    assert refused(world.api.post(f"{ROUND}/reopen", json={"reason": " "})) == (400, 400.2)
    assert world.api.post(f"{ROUND}/reopen", json={"reason": "Bổ sung"}).get_json()["reopenReason"] == "Bổ sung"
    assert refused(world.api.post(f"{ROUND}/reopen", json={"reason": "Bổ sung"})) == (409, 409.3)
    # what came late is being judged now
    assert refused(world.api.post(f"{ROUND}/locks", json=WHY)) == (409, 409.3)
    assert locks(world)["number"] == 2
    assert [each["number"] for each in got(world.api, f"{ROUND}/locks")] == [2, 1]
    for path in ("verification", "figures"):
        assert refused(world.api.get(f"{ROUND}/locks/9/{path}")) == (404, 404.1)
    assert {each.action for each in list_audits(world.session)} >= {"round.lock", "round.reopen"}


def test_a_commune_sees_its_own_part_of_a_lock(world: World) -> None:
    by_id = {village.uuid: name for name, village in VILLAGES.items()}
    (mine, commune), (foreign, _) = two_villages(world.session, by_id)
    phone = criteria(world)
    for village in (mine, foreign):
        reports(world, phone, by_id[village])
    locks(world)
    own, other = (reports(world, phone, by_id[village]) for village in (mine, foreign))
    api = supervisor(world, commune)
    seen, whole = {each["area"] for each in lines(api)}, {each["area"] for each in lines(world.api)}
    assert mine in seen < whole
    assert foreign in whole - seen
    below = {each["id"] for each in got(api, f"areas?parent={commune}")}
    assert {each for each in seen if each in by_id} <= below
    assert [each["instanceId"] for each in got(api, f"{ROUND}/late")] == [own]
    assert {each["instanceId"] for each in got(world.api, f"{ROUND}/late")} == {own, other}
    (lock,) = got(api, f"{ROUND}/locks")
    assert {each["count"] for each in lock["provisional"]} == {None}
    assert refused(api.get(f"{ROUND}/locks/1/verification")) == (403, 403.1)
    for path in ("locks", "reopen"):
        assert refused(api.post(f"{ROUND}/{path}", json=WHY)) == (403, 403.1)
    assert refused(api.patch(ROUND, json={"purpose": None})) == (403, 403.1)
    assert refused(api.post(ROUNDS, json=NEW)) == (403, 403.1)
    assert world.person("Người lạ").get(ROUND).status_code == 404


def test_who_sees_no_area_of_a_round_is_not_told_of_them(world: World) -> None:
    by_id = {village.uuid: name for name, village in VILLAGES.items()}
    (mine, commune), (foreign, _) = two_villages(world.session, by_id)
    day = date(2019, 6, 30)
    opened = Round("hai", "Hai", "Two", day, day, day, areas=(mine, foreign))
    open_round(world.session, 1, opened, datetime.now(UTC))
    assert got(world.api, f"{ROUNDS}/hai")["areas"] == [mine, foreign]
    assert got(supervisor(world, commune), f"{ROUNDS}/hai")["areas"] == [mine]


def test_a_submission_is_put_into_a_round_and_taken_out(world: World) -> None:
    world.publishes(WATER_POINT)
    phone = world.phone("Ngàn Chi", "water_point")
    ids = "uuid:10000000-0000-4000-8000-000000000000"
    assert phone.sends(world.filled("water_point", {"ten": "Giếng"}, ids)).status_code == 201
    path = f"projects/1/forms/water_point/submissions/{ids}/round"
    assert refused(world.api.put(path, json={"round": "2019"})) == (409, 409.3)
    session = world.session
    version = session.execute(select(SubmissionVersion.id).where(SubmissionVersion.instance_id == ids)).scalar_one()
    params = {"problem": "several", "rounds": ["2019"], "day": "2019-06-30"}
    with writing(session) as connection:
        row = {"kind": "round", "path": "/", "severity": "warning", "message": {}, "params": params}
        connection.execute(FindingRow.__table__.insert().values(version_id=version, **row))  # type: ignore[attr-defined]
        session.commit()
    (told,) = got(world.api, "projects/1/without-round")
    assert (told["instanceId"], told["formId"], told["problem"]) == (ids, "water_point", "several")
    assert (told["rounds"], told["day"], told["sender"]) == (["2019"], "2019-06-30", "Ngàn Chi")
    village = next(iter(VILLAGES.values()))
    assert got(supervisor(world, village.uuid), "projects/1/without-round") == []
    assert refused(world.api.put(path, json={"round": "khong-co"})) == (404, 404.1)
    assert world.api.put(path, json={"round": "2019"}).get_json() == {"instanceId": ids, "round": "2019"}
    assert got(world.api, "projects/1/without-round") == []
    locks(world)
    assert refused(world.api.put(path, json={"round": None})) == (409, 409.3)
    assert world.api.post(f"{ROUND}/reopen", json=WHY).status_code == 200
    assert world.api.put(path, json={"round": None}).get_json() == {"instanceId": ids, "round": None}
    assert refused(world.person("Người xem", "viewer").put(path, json={"round": "2019"})) == (403, 403.1)
    assert len(list_audits(world.session, action="submission.round")) == 2
