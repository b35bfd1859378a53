"""`thonban run`: one command from nothing to a server with data, and back to nothing without a trace of processes."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from server.config import Config
from server.jobs.worker import work
from server.services.authenticate import system_caller
from server.services.collect import collect
from server.services.health import LOADING, is_demo
from server.services.home import Home, open_home
from server.services.people import list_app_users
from server.services.play import Player, list_steps, play
from server.services.populate import count_demo_villages, populate
from server.services.prepare import DEMO, HomeRefused, Prepared, prepare
from server.services.projects import get_project
from server.services.qr import draw_for_terminal
from server.storage.migrate import upgrade
from server.storage.schema import open_sessions
from server.storage.settings import find_setting
from server.supervise import Child, Supervisor
from server.web.launch import Certificate, configure_logs, serve
from sync.errors import SyncError
from sync.settings import encode_settings, field_settings

FAILED, REFUSED = 1, 2
START_SECONDS = 120.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared, not listened on
Say = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True)
class Addresses:
    """`local`: where this machine reaches the server; `public`: where phones do, None when they cannot."""

    local: str
    public: str | None

    @property
    def shown(self) -> str:
        """The one to print."""
        return self.public or self.local


class Run:
    """One run of everything, in the foreground. `say(sentence, params)` tells the operator."""

    def __init__(self, config: Config, say: Say) -> None:
        self._config = config
        self._say = say

    def run(self, kind: str | None, certificate: Certificate | None) -> int:
        """Runs until told to end; the exit code. `kind`: demo | real | None."""
        home = open_home(self._config)
        with _only_one(home) as lock:
            if lock is None:
                self._say("run.busy", {"home": home.config.home})
                return REFUSED
            if error := _port_taken(self._config):
                params = {"host": self._config.host, "port": self._config.port, "error": error}
                self._say("run.port", params)
                return REFUSED
            supervisor = Supervisor(self._say, private=[lock])
            supervisor.listen()
            upgrade(self._config.database_url)
            try:
                with _sessions(self._config) as session:
                    expected = count_demo_villages() + len(list_steps())
                    prepared = prepare(session, home, kind, expected, datetime.now(UTC))
            except HomeRefused as refusal:
                self._say(f"home.{refusal.reason}", {"home": home.config.home})
                return REFUSED
            # told before anything else can fail: it is kept nowhere
            self._tell_who_signs_in(prepared)
            return self._supervise(supervisor, home, prepared, certificate)

    def _supervise(
        self, supervisor: Supervisor, home: Home, prepared: Prepared, certificate: Certificate | None
    ) -> int:
        addresses = addresses_of(self._config, tls=certificate is not None)
        web = Child("web", lambda: serve(self._config, certificate), vital=True)
        supervisor.start(web)
        if not supervisor.wait_until(lambda: _answers(self._config), web, START_SECONDS):
            supervisor.end()
            if supervisor.stopping:
                return 0
            self._say("run.not_started", {})
            return FAILED
        supervisor.start(Child("worker", lambda: drain_until_told(self._config)))
        with _sessions(self._config) as session:
            self._introduce(session, home, addresses, same_secret=prepared.same_secret)
            loading = self._loading(session, prepared, addresses)
            if not loading:
                show_phone(session, home, prepared.project_id, addresses, self._say)
        if loading:
            demo = Child("demo", lambda: load_demo(self._config, addresses.local, self._say), once=True)
            supervisor.start(demo)
        return supervisor.look_after()

    def _tell_who_signs_in(self, prepared: Prepared) -> None:
        self._say("run.admin", {"email": prepared.admin_email})
        if prepared.password is not None:
            self._say("run.password", {"password": prepared.password})
        elif not prepared.new:
            self._say("run.password_kept", {"email": prepared.admin_email})

    def _introduce(self, session: Session, home: Home, addresses: Addresses, *, same_secret: bool) -> None:
        self._say("run.address", {"address": addresses.shown})
        self._say("run.home", {"home": home.config.home})
        if is_demo(session):
            self._say("run.demo", {})
        if not same_secret:
            self._say("run.secret_changed", {})
        if addresses.public is None:
            self._say("run.loopback", {})
        elif addresses.public.startswith("http://"):
            self._say("run.plain", {})

    def _loading(self, session: Session, prepared: Prepared, addresses: Addresses) -> bool:
        loading = find_setting(session, LOADING)
        if prepared.kind != DEMO or loading is None or loading.get("finished"):
            return False
        self._say("run.loading", {"total": loading["total"], "address": addresses.shown})
        return True


def drain_until_told(config: Config) -> int:
    """The worker: drains the outbox until SIGTERM or SIGINT; a job in work is finished first."""
    configure_logs(config.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    work(open_sessions(config.database_url), open_home(config), stop)
    return 0


def load_demo(config: Config, url: str, say: Say) -> int:
    """Furnishes a demo home and sends what is missing to the server at `url`; the exit code."""
    home = open_home(config)
    with _sessions(config) as session:
        if not is_demo(session):
            say("home.not_demo", {"home": config.home})
            return REFUSED
        now = datetime.now(UTC)
        project_id = 1
        heads = populate(session, home, system_caller(session, now), project_id, now)
        reached = addresses_of(config, tls=url.startswith("https://"))
        show_phone(session, home, project_id, reached, say)
        try:
            player, steps = Player(session, home, system_caller(session, now), project_id), list_steps()
            sent = collect(session, lambda key: project_url(url, key, project_id), heads, more=len(steps))
            sent += play(player, lambda key: project_url(url, key, project_id), lambda: datetime.now(UTC), steps)
        except SyncError as error:
            say("demo.failed", {"error": f"{error.code} {dict(error.params)}"})
            return FAILED
        say("run.loaded", {"sent": sent})
    return 0


def show_phone(session: Session, home: Home, project_id: int, addresses: Addresses, say: Say) -> None:
    """Shows how a phone gets in, by the example of the first key holder; as a picture when a phone can reach us."""
    caller = system_caller(session, datetime.now(UTC))
    users = [user for user in list_app_users(session, home, caller, project_id) if user.token]
    if not users or users[-1].token is None:
        return
    first = users[-1]
    url = project_url(addresses.shown, first.token or "", project_id)
    say("run.phone", {"name": first.name})
    print(url, flush=True)
    if addresses.public is not None:
        say("run.scan", {"name": first.name})
        settings = field_settings(url, get_project(session, project_id).name)
        print(draw_for_terminal(encode_settings(settings)), flush=True)


def project_url(address: str, key: str, project_id: int) -> str:
    """What a phone is told as its server."""
    return f"{address}/v1/key/{key}/projects/{project_id}"


def addresses_of(config: Config, *, tls: bool) -> Addresses:
    """Where this machine and where phones reach the server. Listening everywhere, the address on the local network."""
    scheme = "https" if tls else "http"
    host = f"[{config.host}]" if ":" in config.host else config.host
    local = f"{scheme}://{_ANYWHERE.get(config.host, host)}:{config.port}"
    if config.base_url:
        return Addresses(local, config.base_url)
    if config.host in _ANYWHERE:
        found = _local_network_address()
        return Addresses(local, f"{scheme}://{found}:{config.port}" if found else None)
    loopback = config.host == "localhost" or config.host.startswith("127.") or config.host == "::1"
    return Addresses(local, local if tls or not loopback else None)


def _local_network_address() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # names a route, sends nothing
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        found: str = probe.getsockname()[0]
    return None if found.startswith(("127.", "0.")) else found


def _port_taken(config: Config) -> str | None:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def _answers(config: Config) -> bool:
    host = _ANYWHERE.get(config.host, config.host).strip("[]")
    try:
        with socket.create_connection((host, config.port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def _sessions(config: Config) -> Iterator[Session]:
    """One session; its connections are closed afterwards, so that none is open while children are started."""
    factory = open_sessions(config.database_url)
    try:
        with factory() as session:
            yield session
    finally:
        factory.kw["bind"].dispose()


@contextmanager
def _only_one(home: Home) -> Iterator[int | None]:
    """The descriptor of a lock, None when another run has it; it ends with this process, however that ends."""
    descriptor = os.open(home.config.home / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield None
    else:
        yield descriptor
    finally:
        os.close(descriptor)
