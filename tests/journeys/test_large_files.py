"""Large files of answers: made in the background beside all other work, fetched over a line that breaks."""

import http.client
import random
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy.orm import sessionmaker

from server.jobs.worker import work
from tests.kit.world import World

MOST_SECONDS = 60.0


@pytest.fixture
def worker(world: World) -> Iterator[None]:
    """The worker of a server, as `thonban worker` runs it."""
    stop = threading.Event()
    sessions = sessionmaker(world.session.get_bind())
    running = threading.Thread(target=work, args=(sessions, world.home, stop))
    running.start()
    yield
    stop.set()
    running.join()


@contextmanager
def line_to(address: str) -> Iterator[http.client.HTTPConnection]:
    """A line, which breaks when the block ends."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=MOST_SECONDS)
    try:
        yield connection
    finally:
        connection.close()


def wait_until_ready(world: World, path: str) -> dict[str, object]:
    until = time.monotonic() + MOST_SECONDS
    while time.monotonic() < until:
        order: dict[str, object] = world.api.get(path).get_json()
        if order["state"] == "ready":
            return order
        assert order["state"] in ("waiting", "running"), order
        time.sleep(0.1)
    raise AssertionError(f"not ready after {MOST_SECONDS} s")


@pytest.mark.usefixtures("worker")
def test_a_download_that_was_cut_off_goes_on_to_the_same_bytes(world: World, tmp_path: Path) -> None:
    form = world.publishes()
    phone = world.phone("Khe Mực")
    # more than lies between two ends of a line
    photo = random.Random(8).randbytes(12_000_000)
    xml = world.filled(form, {"ten": "Giếng", "anh": "a.jpg"}, "uuid:1")
    assert phone.sends(xml).status_code == 201
    place = f"projects/1/forms/{form}/submissions/uuid:1/attachments/a.jpg"
    assert world.api.post(place, data=photo, content_type="image/jpeg").status_code == 200
    orders = f"projects/1/forms/{form}/exports"
    asked = world.api.post(orders, json={"format": "csv.zip", "labels": "beside"})
    assert asked.status_code == 202
    order = wait_until_ready(world, f"{orders}/{asked.get_json()['uuid']}")
    size, place = int(str(order["size"])), f"/v1/{orders}/{order['uuid']}/file"
    signed = {"Authorization": f"Bearer {world.api.token}"}
    kept = tmp_path / "file.zip"
    with world.server() as address:
        with line_to(address) as line:
            line.request("GET", place, headers=signed)
            answer = line.getresponse()
            tag = answer.headers["ETag"]
            assert (answer.status, int(answer.headers["Content-Length"])) == (200, size)
            kept.write_bytes(answer.read(size // 2))
        with line_to(address) as line:
            have = kept.stat().st_size
            line.request("GET", place, headers=signed | {"Range": f"bytes={have}-", "If-Range": tag})
            answer = line.getresponse()
            assert (answer.status, answer.headers["Content-Range"]) == (206, f"bytes {have}-{size - 1}/{size}")
            with kept.open("ab") as file:
                file.write(answer.read())
        with line_to(address) as line:
            line.request("GET", f"/v1/projects/1/forms/{form}/submissions.csv.zip?labels=beside", headers=signed)
            at_once = line.getresponse().read()
    assert kept.read_bytes() == at_once
    with zipfile.ZipFile(kept) as whole:
        assert whole.testzip() is None
        assert whole.read("media/a.jpg") == photo
