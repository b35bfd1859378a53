"""Files of answers that are made in the background: the same bytes as at once, of what one may see, for a while."""

import csv
import io
import threading
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from server.domain.review import STATES
from server.jobs.long_work import drain_long
from server.jobs.seal import KIND as SEAL
from server.jobs.worker import drain
from server.services.order_export import expire
from server.services.write_export import Tools, write_export
from server.storage.audits import list_audits
from server.storage.database import writing
from server.storage.jobs import Job, Work, enqueue, find_due
from server.table_words import translator
from tests.kit.surveys import (
    FORM,
    ORDERS,
    PATH,
    commune_of,
    make_files,
    ordered,
    publish_criteria,
    send_sheet,
    supervisor,
)
from tests.kit.world import VILLAGES, Api, World

HERE, THERE = "Thôn Khe Tiền", "Thôn Nà Hắc"
"""Villages of two communes."""


class Killed(BaseException):
    """The end of a process, as far as the program notices."""


@pytest.fixture
def surveyed(world: World) -> World:
    """A world with a sheet from each of two communes."""
    assert VILLAGES[HERE].parent_key != VILLAGES[THERE].parent_key
    publish_criteria(world)
    send_sheet(world, HERE, "uuid:here")
    send_sheet(world, THERE, "uuid:there")
    return world


def keys_in(zipped: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(zipped)) as file:
        rows = csv.DictReader(io.StringIO(file.read(f"{FORM}.csv").decode()))
        return {row["KEY"] for row in rows}


def fetched(api: Api, uuid: str, **headers: str) -> bytes:
    with closing(api.get(f"{ORDERS}/{uuid}/file", headers=headers)) as answer:
        assert answer.status_code in (200, 206), answer.get_data(as_text=True)
        return bytes(answer.get_data())


def test_a_file_made_in_the_background_is_the_one_sent_at_once(surveyed: World) -> None:
    api = surveyed.api
    answer = api.post(ORDERS, json={"format": "csv.zip", "details": True})
    order = answer.get_json()
    assert answer.status_code == 202
    assert answer.headers["Location"].endswith(f"{ORDERS}/{order['uuid']}")
    assert (order["state"], order["total"], order["options"]) == ("waiting", 2, {"details": True})
    assert api.get(f"{ORDERS}/{order['uuid']}/file").status_code == 409
    assert make_files(surveyed) == 1
    done = api.get(f"{ORDERS}/{order['uuid']}").get_json()
    assert (done["state"], done["done"], done["error"]) == ("ready", 2, None)
    with closing(api.get(f"{PATH}/submissions.csv.zip?details=true")) as stream:
        at_once = stream.get_data()
    with closing(api.get(f"{ORDERS}/{order['uuid']}/file")) as answer:
        assert answer.get_data() == at_once
        assert answer.headers["ETag"] == f'"{done["sha256"]}"'
        assert done["fileName"] in answer.headers["Content-Disposition"]
    assert len(at_once) == done["size"]
    (path,) = surveyed.home.config.exports_folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert surveyed.home.config.exports_folder.stat().st_mode & 0o777 == 0o700
    told = [line.action for line in list_audits(surveyed.session, most=3)]
    assert told == ["form.submission.export", "form.submission.export", "form.export.create"]


def test_parts_of_a_file_go_on_where_it_was_cut_off(surveyed: World) -> None:
    api, order = surveyed.api, ordered(surveyed.api)
    make_files(surveyed)
    place = f"{ORDERS}/{order['uuid']}/file"
    with closing(api.get(place)) as whole:
        content, tag, size = whole.get_data(), whole.headers["ETag"], len(whole.get_data())
        assert whole.headers["Accept-Ranges"] == "bytes"
    with closing(api.get(place, headers={"Range": "bytes=100-", "If-Range": tag})) as rest:
        assert (rest.status_code, rest.headers["Content-Range"]) == (206, f"bytes 100-{size - 1}/{size}")
        assert content[:100] + rest.get_data() == content
    with closing(api.get(place, headers={"Range": "bytes=100-", "If-Range": '"another"'})) as other:
        assert (other.status_code, other.get_data()) == (200, content)
    with closing(api.get(place, headers={"If-None-Match": tag})) as known:
        assert (known.status_code, known.get_data()) == (304, b"")
    beyond = api.get(place, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    lines = list_audits(surveyed.session, most=3)
    assert [line.action for line in lines] == ["form.submission.export"] * 3
    assert [line.details.get("range") for line in lines] == ["bytes=100-", "bytes=100-", None]


def test_what_was_made_is_there_at_once_for_who_sees_the_same(surveyed: World) -> None:
    first = ordered(surveyed.api)
    again = surveyed.api.post(ORDERS, json={"format": "csv.zip", "attachments": False})
    assert (again.status_code, again.get_json()["uuid"]) == (202, first["uuid"])
    make_files(surveyed)
    other = surveyed.person("Người khác", "admin")
    answer = other.post(ORDERS, json={"format": "csv.zip", "attachments": False})
    second = answer.get_json()
    assert (answer.status_code, second["state"]) == (200, "ready")
    assert second["uuid"] != first["uuid"]
    assert fetched(other, second["uuid"]) == fetched(surveyed.api, first["uuid"])
    folder = surveyed.home.config.exports_folder
    assert len(list(folder.iterdir())) == 1
    assert surveyed.api.delete(f"{ORDERS}/{first['uuid']}").status_code == 200
    assert fetched(other, second["uuid"])
    assert other.delete(f"{ORDERS}/{second['uuid']}").status_code == 200
    assert list(folder.iterdir()) == []
    # another language says other words
    wish = {"format": "csv.zip", "attachments": False}
    english = surveyed.api.post(ORDERS, json=wish, headers={"Accept-Language": "en"})
    assert english.status_code == 202


def test_a_supervisor_gets_the_commune_and_nobody_elses_files(surveyed: World) -> None:
    hanh, hanh_id = supervisor(surveyed, "hanh", HERE)
    binh, _ = supervisor(surveyed, "binh", THERE)
    order, whole = ordered(hanh), ordered(surveyed.api)
    assert order["total"] == 1
    assert order["tag"] != whole["tag"]
    assert make_files(surveyed) == 2
    assert keys_in(fetched(hanh, order["uuid"])) == {"uuid:here"}
    assert keys_in(fetched(surveyed.api, whole["uuid"])) == {"uuid:here", "uuid:there"}
    for uuid in (whole["uuid"], order["uuid"]):
        assert binh.get(f"{ORDERS}/{uuid}").status_code == 404
        assert binh.get(f"{ORDERS}/{uuid}/file").status_code == 404
        assert binh.delete(f"{ORDERS}/{uuid}").status_code == 404
    assert [each["uuid"] for each in hanh.get(ORDERS).get_json()] == [order["uuid"]]
    # who runs the project sees all orders, and fetches what is within sight
    assert len(surveyed.api.get(ORDERS).get_json()) == 2
    assert keys_in(fetched(surveyed.api, order["uuid"])) == {"uuid:here"}
    # who moved to another commune no longer gets the file of the old one
    role = f"projects/1/assignments/commune_supervisor/{hanh_id}?areaId="
    assert surveyed.api.post(f"{role}{commune_of(surveyed, THERE)}").status_code == 200
    assert surveyed.api.delete(f"{role}{commune_of(surveyed, HERE)}").status_code == 200
    refused = hanh.get(f"{ORDERS}/{order['uuid']}/file")
    assert (refused.status_code, hanh.get(f"{ORDERS}/{order['uuid']}").status_code) == (403, 200)


def test_who_was_taken_away_meanwhile_gets_nothing(surveyed: World) -> None:
    hanh, hanh_id = supervisor(surveyed, "hanh", HERE)
    order = ordered(hanh)
    role = f"projects/1/assignments/commune_supervisor/{hanh_id}?areaId="
    assert surveyed.api.delete(f"{role}{commune_of(surveyed, HERE)}").status_code == 200
    make_files(surveyed)
    (found,) = surveyed.api.get(ORDERS).get_json()
    assert (found["uuid"], found["state"]) == (order["uuid"], "failed")
    assert found["error"]
    assert list(surveyed.home.config.exports_folder.glob("*")) == []


def test_a_cancelled_file_stops_soon_and_leaves_nothing(surveyed: World) -> None:
    order = ordered(surveyed.api)
    session = surveyed.session

    def cancel() -> None:
        assert surveyed.api.delete(f"{ORDERS}/{order['uuid']}").status_code == 200

    write_export(session, surveyed.home, order["uuid"], Tools(cancel, translator, lambda: datetime.now(UTC)))
    assert list(surveyed.home.config.exports_folder.glob("*")) == []
    assert surveyed.api.get(f"{ORDERS}/{order['uuid']}").status_code == 404
    # the job that is left finds nothing to do
    assert make_files(surveyed) == 1


def test_a_worker_that_ends_leaves_the_file_to_the_next(surveyed: World) -> None:
    order = ordered(surveyed.api)
    asked = iter([False, True, True, True])
    sessions = sessionmaker(surveyed.session.get_bind())
    assert drain_long(sessions, surveyed.home, lambda: next(asked)) == 0
    assert surveyed.api.get(f"{ORDERS}/{order['uuid']}").get_json()["state"] == "waiting"
    assert list(surveyed.home.config.exports_folder.glob("*")) == []
    (job,) = surveyed.session.execute(select(Job.attempts, Job.done_at).where(Job.kind == "export")).all()
    assert tuple(job) == (0, None)
    assert make_files(surveyed) == 1
    assert keys_in(fetched(surveyed.api, order["uuid"])) == {"uuid:here", "uuid:there"}


def test_a_worker_that_dies_is_followed_by_another(surveyed: World) -> None:
    order = ordered(surveyed.api)
    sessions = sessionmaker(surveyed.session.get_bind())

    def die() -> bool:
        if fallen:
            raise Killed
        fallen.append(1)
        return False

    fallen: list[int] = []
    with pytest.raises(Killed):
        drain_long(sessions, surveyed.home, die)
    now = datetime.now(UTC)
    assert find_due(surveyed.session, now) is None
    with surveyed.session as session:
        assert find_due(session, now + timedelta(minutes=3)) is not None
        session.rollback()
        session.execute(Job.__table__.update().where(Job.kind == "export").values(leased_until=now))
        session.commit()
    assert make_files(surveyed) == 1
    assert keys_in(fetched(surveyed.api, order["uuid"])) == {"uuid:here", "uuid:there"}


def test_files_are_thrown_away_in_time_with_what_nobody_names(surveyed: World) -> None:
    order = ordered(surveyed.api)
    make_files(surveyed)
    folder, now = surveyed.home.config.exports_folder, datetime.now(UTC)
    (folder / ".unfinished-x").write_bytes(b"half")
    expire(surveyed.session, surveyed.home, now)
    assert len(list(folder.iterdir())) == 2
    expire(surveyed.session, surveyed.home, now + timedelta(days=8))
    assert list(folder.iterdir()) == []
    assert surveyed.api.get(f"{ORDERS}/{order['uuid']}").get_json()["state"] == "expired"
    assert surveyed.api.get(f"{ORDERS}/{order['uuid']}/file").status_code == 404
    assert surveyed.api.post(ORDERS, json={"format": "csv.zip", "attachments": False}).status_code == 202


def test_orders_that_cannot_be_made_are_refused_at_once(surveyed: World) -> None:
    for wish in (
        {"format": "docx"},
        {"format": "csv.zip", "rounds": ["không-có"]},
        {"format": "csv.zip", "areas": ["không-có"]},
        {"format": "csv.zip", "states": ["không-có"]},
        {"format": "csv.zip", "labels": "trên"},
        {"format": "csv.zip", "$filter": "khong_co gt"},
        {},
    ):
        answer = surveyed.api.post(ORDERS, json=wish)
        assert 400 <= answer.status_code < 500, wish
    for state in STATES:
        ordered(surveyed.api, states=[state])
    assert surveyed.api.post(ORDERS, json={"format": "csv.zip"}).status_code == 409
    assert surveyed.nobody().post(ORDERS, json={"format": "csv.zip"}).status_code == 401


def test_a_long_file_holds_no_other_work_up_and_is_of_one_moment(surveyed: World) -> None:
    order = ordered(surveyed.api)
    sessions = sessionmaker(surveyed.session.get_bind())
    reading, go_on, asked = threading.Event(), threading.Event(), iter((False,))

    def stopped() -> bool:
        # asked first before a job is taken, then by the job itself
        if next(asked, None) is None:
            reading.set()
            go_on.wait(60)
        return False

    making = threading.Thread(target=drain_long, args=(sessions, surveyed.home, stopped))
    making.start()
    try:
        assert reading.wait(60)
        assert surveyed.api.get(f"{ORDERS}/{order['uuid']}").get_json()["state"] == "running"
        with sessions() as session, writing(session) as connection:
            enqueue(connection, Work(SEAL, {}), datetime.now(UTC))
            session.commit()
        assert drain(sessions, surveyed.home) == 1
        send_sheet(surveyed, HERE, "uuid:meanwhile")
    finally:
        go_on.set()
        making.join()
    assert keys_in(fetched(surveyed.api, order["uuid"])) == {"uuid:here", "uuid:there"}
    assert surveyed.api.post(ORDERS, json={"format": "csv.zip", "attachments": False}).status_code == 202


def test_a_disk_that_is_nearly_full_is_told_of(surveyed: World) -> None:
    order = ordered(surveyed.api)
    home = surveyed.home
    full = replace(home, config=replace(home.config, min_free_bytes=10**18))
    write_export(surveyed.session, full, order["uuid"], Tools(lambda: None, translator, lambda: datetime.now(UTC)))
    found = surveyed.api.get(f"{ORDERS}/{order['uuid']}").get_json()
    assert (found["state"], found["sha256"]) == ("failed", None)
    assert "đĩa" in found["error"].lower()
    assert list(home.config.exports_folder.glob("*")) == []
