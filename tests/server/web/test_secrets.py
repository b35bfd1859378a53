"""Keys, tokens and passwords reach no log: not ours, not gunicorn's, not through an error."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from gunicorn.config import Config as GunicornConfig
from sqlalchemy import text

from server.web.launch import DiscreetLogger
from server.web.logs import without_secrets
from tests.kit.homes import environment_of, house_at
from tests.kit.services import free_port

TOKEN = "aB3!$" * 12 + "wxyz"
SHA256 = "0123456789abcdef" * 4
PASSWORD, WRONG = "a-long-password", "một mật khẩu gõ nhầm"


@pytest.mark.parametrize(
    "line",
    [
        f"GET /new-password/{TOKEN} HTTP/1.1",
        f"KeyError: '{TOKEN}'",
        f"Authorization: Bearer {TOKEN}",
        f"https://example.vn/v1/key/{TOKEN.replace('!', '%21')}/projects/1/formList",
    ],
)
def test_a_token_is_cut_wherever_it_stands(line: str) -> None:
    shown = without_secrets(line)
    assert "…" in shown
    assert not re.search(r"(aB3(!|%21)\$){2}", shown)


def test_passwords_in_headers_are_cut_and_hashes_of_files_are_not() -> None:
    basic = b64encode(f"a@b.vn:{PASSWORD}".encode()).decode()
    assert basic not in without_secrets(f"Authorization: Basic {basic}")
    assert without_secrets(f"blob {SHA256} is missing") == f"blob {SHA256} is missing"


def test_gunicorn_writes_no_key_into_either_of_its_logs(tmp_path: Path) -> None:
    settings = GunicornConfig()
    access, errors = tmp_path / "access.log", tmp_path / "error.log"
    for name, value in {"accesslog": str(access), "errorlog": str(errors), "loglevel": "debug"}.items():
        settings.set(name, value)
    log = DiscreetLogger(settings)
    path = f"/v1/key/{TOKEN}/projects/1/formList"
    environ = {"REQUEST_METHOD": "GET", "RAW_URI": path, "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_REFERER": path}
    answer = SimpleNamespace(status="200 OK", sent=1, headers=[])
    request = SimpleNamespace(headers=[("AUTHORIZATION", f"Bearer {TOKEN}")])
    log.access(answer, request, environ, timedelta(seconds=1))
    try:
        raise KeyError(TOKEN)
    except KeyError:
        log.exception("Error handling request %s %s", "GET", path)
    for handler in (*log.error_log.handlers, *log.access_log.handlers):
        handler.close()
        (log.error_log if handler in log.error_log.handlers else log.access_log).removeHandler(handler)
    for written in (access.read_text(), errors.read_text()):
        assert "/v1/key/aB3!…/projects/1/formList" in written
        assert TOKEN not in written
    assert "KeyError" in errors.read_text()


def test_a_running_server_writes_down_everything_but_secrets(tmp_path: Path) -> None:
    """At the most talkative level, with an error inside: as an administrator would look for what went wrong."""
    with house_at(tmp_path / "home") as house:
        port = free_port()
        environment = {name: each for name, each in os.environ.items() if not name.startswith("THONBAN_")}
        environment |= environment_of(tmp_path / "home") | {"PORT": str(port), "THONBAN_LOG_LEVEL": "DEBUG"}
        command = [sys.executable, "-m", "server.cli", "serve", "--workers", "1"]
        with (tmp_path / "log").open("wb") as log:
            server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            try:
                secrets = visit(f"http://127.0.0.1:{port}", port, house.home.config.admin_email)
                with house.sessions() as session:
                    session.execute(text("UPDATE preferences SET value = 'no JSON'"))
                    session.commit()
                broken = requests.get(
                    f"http://127.0.0.1:{port}/v1/users/current",
                    headers={"Authorization": f"Bearer {secrets[0]}", "X-Extended-Metadata": "true"},
                    timeout=10,
                )
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(30)
    written = (tmp_path / "log").read_text()
    assert broken.status_code == 500
    assert "Traceback" in written
    assert '"event": "request"' in written
    assert "/v1/key/" in written
    assert "/new-password/" in written
    assert [secret[:6] for secret in secrets if secret in written] == []


def visit(url: str, port: int, email: str) -> list[str]:
    """Goes everywhere with secrets in hand; all of them, the session's token first."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            requests.get(f"{url}/healthz", timeout=2)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    credentials = {"email": email, "password": PASSWORD}
    made = requests.post(f"{url}/v1/sessions", json=credentials, timeout=10).json()
    script = requests.Session()
    script.headers["Authorization"] = f"Bearer {made['token']}"
    script.put(f"{url}/v1/user-preferences/site/x", json={"propertyValue": 1}, timeout=10)
    key = script.post(f"{url}/v1/projects/1/app-users", json={"displayName": "Lan"}, timeout=10).json()["token"]
    link = script.post(f"{url}/v1/users/1/reset-link", timeout=10).json()["url"].rpartition("/")[2]
    ended = requests.post(f"{url}/v1/sessions", json=credentials, timeout=10).json()["token"]
    openrosa = {"X-OpenRosa-Version": "1.0"}
    for path in (f"key/{key}/projects/1/formList", f"key/{key}/projects/77/formList", f"key/{key}x/projects/1"):
        requests.get(f"{url}/v1/{path}", headers=openrosa, timeout=10)
    requests.get(f"{url}/v1/projects?st={key}", timeout=10)
    requests.get(f"{url}/new-password/{link}", timeout=10)
    script.delete(f"{url}/v1/sessions/{ended}", timeout=10)
    requests.post(f"{url}/v1/sessions", json=credentials | {"password": WRONG}, timeout=10)
    requests.get(f"{url}/v1/users/current", auth=(email.encode(), WRONG.encode()), timeout=10)
    basic = b64encode(f"{email}:{WRONG}".encode()).decode()
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"GET /v1/key/{key}/projects/1 HTTP/9.9\r\nAuthorization: Basic {basic}\r\n\r\n".encode())
        line.recv(1000)
    return [made["token"], made["csrf"], key, link, ended, PASSWORD, WRONG, basic]
