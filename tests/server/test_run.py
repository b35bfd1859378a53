"""The command from outside: real processes, real signals, real HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy.orm import Session

from forms.calculate import fill
from forms.evaluate import JudgeContext
from forms.parse import parse_form, table_from_csv
from server.config import Config
from server.run import project_url
from server.services.authenticate import system_caller
from server.services.collect import FORM, collect
from server.services.health import LOADING
from server.services.home import open_home
from server.services.populate import Head, populate
from server.storage.database import writing
from server.storage.schema import open_sessions
from server.storage.settings import put_setting
from server.storage.submissions import Submission
from sync.client import Phone
from sync.errors import SyncError
from tests.kit.field import MORNING, WELL_OFF, place_of
from tests.kit.homes import ADMINISTRATOR, environment_of
from tests.kit.services import free_port
from tests.kit.world import WATER_POINT

START_SECONDS = 60.0


@dataclass
class Command:
    """`thonban` with a home and a port."""

    home: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("THONBAN_")}
        return (
            kept | ADMINISTRATOR | {"THONBAN_HOME": str(self.home), "PORT": str(self.port), "PYTHONWARNINGS": "ignore"}
        )

    def says(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Runs to its end: exit code and what it printed."""
        command = [sys.executable, "-m", "server.cli", *arguments]
        done = subprocess.run(
            command, env=self.environment() | environment, capture_output=True, text=True, check=False, timeout=60
        )
        return done.returncode, done.stdout + done.stderr

    @contextmanager
    def runs(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """Runs until the block ends; nothing of it is left afterwards."""
        program = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "run", *arguments],
            env=self.environment() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield program
        finally:
            if program.poll() is None:
                program.terminate()
                program.wait(40)
            assert program.stdout is not None
            program.stdout.close()
            assert self.eventually_alone()

    def eventually_alone(self) -> bool:
        """Whether no process of this home is left."""
        return eventually(lambda: not self.processes(), 10)

    def processes(self) -> list[int]:
        """Every process whose environment names this home."""
        mark = f"THONBAN_HOME={self.home}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and body of /healthz; 0 while nobody answers."""
        try:
            answer = requests.get(f"{self.url}/healthz", timeout=5)
        except requests.ConnectionError:
            return 0, {}
        return answer.status_code, answer.json()

    def is_ready(self) -> bool:
        return self.health()[0] == 200


def eventually(is_so: Any, seconds: float = START_SECONDS) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(name="thonban")
def _thonban(tmp_path: Path) -> Command:
    return Command(tmp_path / "home", free_port())


def signed_in(command: Command) -> requests.Session:
    """A script of the administrator's."""
    said = {"email": ADMINISTRATOR["THONBAN_ADMIN_EMAIL"], "password": ADMINISTRATOR["THONBAN_ADMIN_PASSWORD"]}
    api = requests.Session()
    token = api.post(f"{command.url}/v1/sessions", json=said, timeout=10).json()["token"]
    api.headers["Authorization"] = f"Bearer {token}"
    return api


def verdicts(command: Command) -> Any:
    """What the API says, signed in as the administrator."""
    with signed_in(command) as api:
        return api.get(f"{command.url}/v1/projects/1/verdicts", timeout=10).json()


def test_an_empty_home_serves_and_ends_cleanly_and_a_second_start_keeps_it(thonban: Command) -> None:
    with thonban.runs("--empty") as program:
        assert eventually(thonban.is_ready)
        assert "thonban_submissions 0.0" in requests.get(f"{thonban.url}/metrics", timeout=5).text
        code, said = thonban.says("run", "--port", str(free_port()))
        assert (code, str(thonban.home) in said) == (2, True)
        first = verdicts(thonban)
        program.send_signal(signal.SIGTERM)
        assert program.wait(40) == 0
    code, said = thonban.says("run", "--demo")
    assert code == 2
    assert "real" in said
    with thonban.runs() as program:
        assert eventually(thonban.is_ready)
        assert verdicts(thonban) == first
        program.send_signal(signal.SIGINT)
        assert program.wait(40) == 0


def test_long_addresses_and_bodies_in_pieces_pass(thonban: Command) -> None:
    """Five hundred ids in an address, as phones ask about entities; a body without a length, as scripts upload."""
    with thonban.runs("--empty"):
        assert eventually(thonban.is_ready)
        openrosa = {"X-OpenRosa-Version": "1.0"}
        address = f"{thonban.url}/v1/key/{'x' * 64}/projects/1"
        ids = "%2C".join(str(uuid.uuid4()) for _ in range(500))
        asked = requests.get(f"{address}/formList?formID={ids}", headers=openrosa, timeout=10)
        assert (asked.status_code, "OpenRosaResponse" in asked.text) == (403, True)
        with signed_in(thonban) as api:
            pieces = iter([WATER_POINT.encode()[:50], WATER_POINT.encode()[50:]])
            made = f"{thonban.url}/v1/projects/1/forms?publish=true&ignoreWarnings=true"
            assert api.post(made, data=pieces, headers={"Content-Type": "text/markdown"}, timeout=30).ok
            head, sheet, end = (
                b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="a.xml"\r\n\r\n',
                b'<data id="water_point"><ten>A</ten><meta><instanceID>uuid:1</instanceID></meta></data>',
                b"\r\n--b--\r\n",
            )
            kind = {"Content-Type": "multipart/form-data; boundary=b"}
            sent = api.post(
                f"{thonban.url}/v1/projects/1/submission",
                data=iter([head, sheet[:9], sheet[9:], end]),
                headers=openrosa | kind,
                timeout=10,
            )
            assert (sent.status_code, "Date" in sent.headers) == (201, True)


def test_a_port_in_use_and_a_short_password_are_said(thonban: Command) -> None:
    with socket.create_server(("127.0.0.1", thonban.port)):
        code, said = thonban.says("run", "--empty")
        assert (code, "PORT" in said) == (2, True)
    code, said = thonban.says("run", "--home", str(thonban.home.with_name("new")), THONBAN_ADMIN_PASSWORD="short")
    assert code == 2
    assert "THONBAN_ADMIN_PASSWORD" in said
    assert "Traceback" not in said


def test_killed_without_a_chance_it_leaves_no_process(thonban: Command) -> None:
    with thonban.runs("--empty") as program:
        assert eventually(thonban.is_ready)
        program.kill()
        program.wait(10)
        assert thonban.eventually_alone()


def test_what_was_acknowledged_survives_kill_9_of_everything(thonban: Command) -> None:
    """And a copy made while the server works answers the same elsewhere."""
    acknowledged: list[str] = []
    with thonban.runs("--empty") as program:
        assert eventually(thonban.is_ready)
        heads = furnished(thonban.home)
        address = project_url(thonban.url, heads[0].token, 1)
        with ThreadPoolExecutor(2) as phones:
            sending = [phones.submit(send_until_cut, address, acknowledged) for _ in range(2)]
            assert eventually(lambda: len(acknowledged) >= 10)
            for process in thonban.processes():
                os.kill(process, signal.SIGKILL)
            for each in sending:
                each.result(30)
        program.wait(10)
    assert set(acknowledged) <= instance_ids(thonban.home)

    with thonban.runs() as program:
        assert eventually(thonban.is_ready)
        assert set(acknowledged) <= instance_ids(thonban.home)
        before = verdicts(thonban)
        code, said = thonban.says("backup", str(thonban.home.parent / "copy.tar"))
        assert code == 0, said
    assert {each["verdict"] for each in before} >= {"unknown", "not_met"}

    again = Command(thonban.home.with_name("restored"), free_port())
    code, said = again.says("restore", str(thonban.home.parent / "copy.tar"))
    assert code == 0, said
    code, said = again.says("doctor")
    assert code == 0, said
    with again.runs():
        assert eventually(again.is_ready)
        assert json.dumps(verdicts(again), sort_keys=True) == json.dumps(before, sort_keys=True)


def test_the_demo_goes_on_where_it_was_and_stays_a_demo(thonban: Command) -> None:
    with thonban.runs("--empty"):
        assert eventually(thonban.is_ready)
        heads = furnished(thonban.home)
        with opened(thonban.home) as session:
            assert collect(session, lambda key: project_url(thonban.url, key, 1), heads[:4]) == 4
            first = instance_ids(thonban.home)
            assert len(first) == 4
            interrupted = {"done": 4, "total": 8, "finished": False}
            with writing(session) as connection:
                put_setting(connection, LOADING, interrupted)
                put_setting(connection, "home", {"kind": "demo", "synthetic": True})
                session.commit()
            status, body = thonban.health()
            assert (status, body["loading"]) == (503, "4 of 8")
            assert collect(session, lambda key: project_url(thonban.url, key, 1), heads[:8]) == 4
            assert thonban.is_ready()
            assert first < instance_ids(thonban.home)
            # sent again from the beginning, nothing is there twice
            assert collect(session, lambda key: project_url(thonban.url, key, 1), heads[:8]) == 8
            assert len(instance_ids(thonban.home)) == 8
    code, said = thonban.says("run", "--empty")
    assert (code, "synthetic" in said) == (2, True)


@contextmanager
def opened(home: Path) -> Iterator[Session]:
    """A session on the database of a home."""
    sessions = open_sessions(f"sqlite:///{home / 'thonban.db'}")
    try:
        with sessions() as session:
            yield session
    finally:
        sessions.kw["bind"].dispose()


def furnished(home: Path) -> list[Head]:
    """Areas, round, forms and village heads, written beside the running server."""
    now = datetime.now(UTC)
    with opened(home) as session:
        return populate(session, open_home(Config.from_env(environment_of(home))), system_caller(session, now), 1, now)


def send_until_cut(address: str, acknowledged: list[str]) -> None:
    """Sends sheets of one village until the server is gone."""
    with Phone(address, "collect:test") as phone:
        entry = next(each for each in phone.form_list() if each.form_id == FORM)
        form = phone.download(entry)
        definition = parse_form(form.xml)
        tables = {name: table_from_csv(content) for name, content in form.media.items()}
        place = place_of("Thôn Ngàn Chi", "2019")
        answers = {"xa": place.xa, "thon": place.thon, "ky": place.ky} | dict(WELL_OFF)
        context = JudgeContext(now=MORNING, tables=tables, device_id="collect:test")
        for _ in range(400):
            instance_id = f"uuid:{uuid.uuid4()}"
            try:
                phone.send(fill(definition, answers, context, instance_id=instance_id))
            except SyncError:
                return
            acknowledged.append(instance_id)


def instance_ids(home: Path) -> set[str]:
    """What the database of a home holds."""
    with opened(home) as session:
        return {row.instance_id for row in session.query(Submission.instance_id)}
