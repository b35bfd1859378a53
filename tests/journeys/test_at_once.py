"""A phone on a bad line sends the same form five times at once, to a server of four processes."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from sync.client import Phone
from sync.envelope import Part
from sync.openrosa import Receipt
from tests.kit.services import free_port
from tests.kit.world import EMAIL, PASSWORD, WATER_POINT

AT_ONCE = 5
START_SECONDS = 60


@dataclass
class Server:
    """`thonban run` and a script that is signed in."""

    url: str
    api: requests.Session

    def ask(self, method: str, path: str, **more: object) -> object:
        """The answer of /v1, which must be good."""
        answer = self.api.request(method, f"{self.url}/v1/{path}", **more)
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture(name="server")
def server_fixture(empty_database_url: str, tmp_path: Path) -> Iterator[Server]:
    port = free_port()
    settings = {
        "THONBAN_HOME": str(tmp_path / "home"),
        "THONBAN_DATABASE_URL": empty_database_url,
        "THONBAN_ADMIN_EMAIL": EMAIL,
        "THONBAN_ADMIN_PASSWORD": PASSWORD,
        "THONBAN_WORKERS": "4",
        "THONBAN_MIN_FREE_BYTES": "0",
        "PORT": str(port),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("THONBAN_")}
    command = [str(Path(sys.executable).with_name("thonban")), "run", "--empty"]
    with (tmp_path / "log").open("wb") as log:
        program = subprocess.Popen(command, env=kept | settings, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url, program)
            api = requests.Session()
            token = api.post(f"{url}/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json()["token"]
            api.headers["Authorization"] = f"Bearer {token}"
            yield Server(url, api)
        finally:
            program.send_signal(signal.SIGTERM)
            program.wait(30)


def wait_for(url: str, program: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and program.poll() is None:
        try:
            if requests.get(f"{url}/healthz", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server did not start")


def photo(number: int) -> Part:
    content = b"\xff\xd8\xff\xe0" + bytes([number]) * 30_000
    return Part(f"anh-{number}.jpg", "image/jpeg", content, hashlib.sha256(content).hexdigest())


def test_one_submission_with_all_its_files_and_five_times_201(server: Server) -> None:
    headers = {"Content-Type": "text/markdown"}
    server.ask("POST", "projects/1/forms?publish=true&ignoreWarnings=true", data=WATER_POINT.encode(), headers=headers)
    key = server.ask("POST", "projects/1/app-users", json={"displayName": "Khe Mực"})
    server.ask("POST", f"projects/1/forms/water_point/assignments/2/{key['id']}")
    address = f"{server.url}/v1/key/{key['token']}/projects/1"
    photos = [photo(number) for number in range(3)]

    for _ in range(6):
        instance_id = f"uuid:{uuid.uuid4()}"
        sheet = (
            f'<data id="water_point" version="1"><ten>Giếng</ten><so_ho>3</so_ho><toa_do/><anh>anh-0.jpg</anh>'
            f"<meta><instanceID>{instance_id}</instanceID></meta></data>"
        ).encode()
        together = threading.Barrier(AT_ONCE)

        def send(number: int, xml: bytes = sheet, gate: threading.Barrier = together) -> Receipt:
            with Phone(address, f"phone-{number}") as phone:
                phone.head()
                gate.wait()
                return phone.send(xml, photos)

        with ThreadPoolExecutor(AT_ONCE) as crowd:
            receipts = list(crowd.map(send, range(AT_ONCE)))
        assert [receipt.status for receipt in receipts] == [201] * AT_ONCE
        assert len({receipt.message.rpartition(": ")[2] for receipt in receipts}) == 1
        kept = server.ask("GET", f"projects/1/forms/water_point/submissions/{instance_id}/attachments")
        assert {each["name"]: each["exists"] for each in kept} == {part.name: True for part in photos}
        for part in photos:
            path = f"projects/1/forms/water_point/submissions/{instance_id}/attachments/{part.name}"
            assert server.api.get(f"{server.url}/v1/{path}").content == part.read()

    listed = server.ask("GET", "projects/1/forms/water_point/submissions")
    assert len(listed) == 6
    assert {each["reviewState"] for each in listed} == {None}
