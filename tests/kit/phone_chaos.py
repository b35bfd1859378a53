"""A phone, a server and a line that fail at random, and whether a sheet is ever lost or kept twice.

python -m tests.kit.phone_chaos --sheets 200 --seed 7

Each sheet is filled in the app in a real Chromium. On the way the browser's processes are killed, the server's process
is killed and comes back, the line is dead, breaks off after a random number of bytes, the clock of the phone jumps, and
its storage is full. A sheet counts as finished when the app has said that it is saved, or when it stands in the app's
outbox after the battery died; what is stored is read from the server's database at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Playwright, sync_playwright
from sqlalchemy import create_engine, text
from werkzeug.serving import make_server

from server.app import create_app
from server.config import Config
from server.storage.migrate import upgrade
from tests.kit.bad_line import BadLine
from tests.kit.phone_app import HERE, PhoneApp
from tests.kit.world import furnish_world, furnished_world

FORM = "Điểm nước"
ENTRIES = """async () => {
  const db = await new Promise((done) => {
    const ask = indexedDB.open("thonban");
    ask.onsuccess = () => done(ask.result);
  });
  const entries = await new Promise((done) => {
    const ask = db.transaction("entries").objectStore("entries").getAll();
    ask.onsuccess = () => done(ask.result);
  });
  db.close();
  return entries.map((entry) => /<ten>([^<]*)</.exec(entry.xml)[1]);
}"""
SAVED = "Đã lưu trong máy. Sẽ gửi khi có sóng."
FULL = """() => {
  self.truePut ??= IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };
}"""
"""The browser's own limit cannot be set from outside: what it throws is thrown."""
CLOCK = """(ahead) => {
  const True = (self.trueDate ??= Date);
  self.Date = class extends True {
    constructor(...given) { if (given.length) super(...given); else super(True.now() + ahead); }
    static now() { return True.now() + ahead; }
  };
}"""


@dataclass
class Outcome:
    """What was finished on the phone and what the server has of it: names of wells. `seen`: what went wrong."""

    finished: set[str] = field(default_factory=set)
    stored: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def lost(self) -> set[str]:
        """Finished, and not on the server."""
        return self.finished - set(self.stored)

    @property
    def twice(self) -> set[str]:
        """On the server more than once."""
        return {name for name, count in self.stored.items() if count > 1}

    def lines(self) -> list[str]:
        """What is printed: what went wrong on the way, and in the last line what came of it."""
        seen = ", ".join(f"{kind} {count}" for kind, count in sorted(self.seen.items()))
        told = f"finished {len(self.finished)}, stored {len(set(self.stored) & self.finished)}"
        answers = (
            f"answers or photos that differ {len(self.wrong)}{': ' if self.wrong else ''}{'; '.join(self.wrong[:5])}"
        )
        return [f"seen: {seen}", answers, f"{told}, lost {len(self.lost)}, twice {len(self.twice)}"]


class Server:
    """The server in a process of its own, that can be killed and comes back on the same port."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def starts(self) -> None:
        """Begins to serve, and waits until it does."""
        command = [sys.executable, "-m", "tests.kit.phone_chaos", "--serve", str(self.home), self.url, str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.1)
        raise RuntimeError("the server did not start")

    def dies(self) -> None:
        """Is killed."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def serve(home: str, url: str, port: str) -> None:
    """The server process."""
    app = create_app(Config.from_env({"THONBAN_HOME": home, "THONBAN_DATABASE_URL": url}))
    make_server("127.0.0.1", int(port), app, threaded=True).serve_forever()


class Chaos:
    """One run of so many sheets."""

    def __init__(self, folder: Path, playwright: Playwright, chromium: Path, seed: int) -> None:
        self.folder, self.random = folder, random.Random(seed)
        self.outcome = Outcome()
        home = folder / "home"
        self.url = f"sqlite:///{home / 'data' / 'thonban.sqlite'}"
        (home / "data").mkdir(parents=True)
        upgrade(self.url)
        furnish_world(self.url, home)
        with furnished_world(self.url, home) as world:
            world.publishes()
            self.key = world.phone("Chíu A Sềnh", "water_point").token
        self.server = Server(home, self.url)
        self.server.starts()
        self.line = BadLine(self.server.port, seed)
        self.photo = folder / "anh.jpg"
        Image.effect_noise((480, 360), 70).convert("RGB").save(self.photo, quality=70)
        self.phone = PhoneApp(playwright, chromium, folder / "profile", self.line.address)
        self.phone.enters(1, self.key)

    def runs(self, sheets: int, tell: Any = lambda line: None) -> Outcome:
        """Fills so many sheets, sends what there is, and looks at what came of it."""
        for number in range(1, sheets + 1):
            self._weather()
            self._one(f"Giếng {number:04}", number)
            if number % 10 == 0:
                tell(f"{number} of {sheets}: {dict(self.outcome.seen)}")
        self._calm()
        self._goes_home()
        self.phone.waits_until_sent(180)
        self._count(sheets)
        return self.outcome

    def ends(self) -> None:
        """Puts everything away."""
        self.phone.closes()
        self.line.__exit__(None, None, None)
        self.server.dies()
        self.outcome.seen["connections cut"] = self.line.broken
        self.outcome.seen["connections refused"] = self.line.refused

    def _weather(self) -> None:
        """How the line and the server are for the next sheet."""
        draw = self.random.random()
        self.line.down = draw < 0.35
        self.line.cut, self.line.within = self.random.choice([0.0, 0.3, 0.5]), self.random.choice([600, 3_000, 40_000])
        if self.random.random() < 0.12:
            self.outcome.seen["server killed"] += 1
            self.server.dies()
            self.server.starts()
        elif self.random.random() < 0.12:
            self.outcome.seen["server killed while sending"] += 1
            threading.Timer(self.random.random() * 2, self._kill_and_start).start()
        if self.random.random() < 0.1:
            self.outcome.seen["clock changed"] += 1
            days = self.random.choice([-400, -2, 3, 90])
            self.phone.page.evaluate(CLOCK, days * 86_400_000)

    def _kill_and_start(self) -> None:
        with contextlib.suppress(RuntimeError):
            self.server.dies()
            self.server.starts()

    def _one(self, name: str, number: int) -> None:
        """One sheet until it is finished, whatever happens."""
        for _ in range(12):
            killer = self._maybe_kill()
            try:
                self._fill(name, number)
            except (BrowserError, AssertionError):
                if killer is None:
                    print(self.phone.page.locator("main").inner_text())
                    raise
            if killer is not None:
                killer.join()
                self._battery_back()
            if name in self.phone.page.evaluate(ENTRIES):
                self.outcome.finished.add(name)
                return
        raise AssertionError(f"{name} could not be finished")

    def _maybe_kill(self) -> threading.Thread | None:
        if self.random.random() > 0.12:
            return None
        self.outcome.seen["browser killed"] += 1
        wait = self.random.random() * 3.0
        numbers = self.phone.processes()

        def kill() -> None:
            time.sleep(wait)
            for each in numbers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        return thread

    def _battery_back(self) -> None:
        self.phone.loses_power()
        self.phone.opens()
        self.phone.page.locator(".count").wait_for()

    def _goes_home(self) -> None:
        self.phone.goes_home()

    def _fill(self, name: str, number: int) -> None:
        self._goes_home()
        if self.phone.page.locator(".is-draft a.whole").count():
            self.outcome.seen["draft taken up again"] += 1
            self.phone.takes_up()
        else:
            self.phone.begins(FORM)
        full = self.random.random() < 0.06
        if full:
            self._fill_storage()
        answers: dict[str, Any] = {"ten": name, "so_ho": str(number)}
        if number % 2:
            answers["anh"] = self.photo
        if number % 3 == 0:
            answers["toa_do"] = HERE
        self.phone.fills(answers)
        if full:
            self.outcome.seen["storage full when it was sent"] += 1
            self.phone.page.get_by_role("button", name="Gửi", exact=True).click()
            self.phone.page.get_by_text("Chưa lưu được: máy hết chỗ").wait_for()
            self._storage_back()
        if not self.phone.page.get_by_text(SAVED).count():
            self.phone.sends()

    def _fill_storage(self) -> None:
        self.outcome.seen["storage full"] += 1
        self.phone.page.evaluate(FULL)

    def _storage_back(self) -> None:
        if self.phone.page.get_by_text("Chưa lưu được: máy hết chỗ").count():
            self.outcome.seen["said that storage is full"] += 1
        self.phone.page.evaluate("() => { IDBObjectStore.prototype.put = self.truePut; }")
        with contextlib.suppress(BrowserError):
            # gone when it was saved meanwhile
            self.phone.page.get_by_role("button", name="Lưu lại").click(timeout=1_000)

    def _calm(self) -> None:
        self.line.down, self.line.cut = False, 0.0
        time.sleep(3)
        self.server.dies()
        self.server.starts()

    def _count(self, sheets: int) -> None:
        engine = create_engine(self.url)
        query = text("SELECT v.answers, v.id FROM submission_versions v JOIN submissions s ON s.id = v.submission_id")
        files = text("SELECT sha256 FROM submission_attachments WHERE version_id = :id AND expected")
        with engine.connect() as connection:
            for answers, number in connection.execute(query):
                found = json.loads(answers) if isinstance(answers, str) else answers
                self.outcome.stored[found["ten"]] += 1
                order = int(found["ten"].split()[-1])
                photos = [sha256 for (sha256,) in connection.execute(files, {"id": number})]
                whole = len(photos) == order % 2 and all(photos)
                if found["so_ho"] != order or not whole or bool(found.get("toa_do")) != (order % 3 == 0):
                    self.outcome.wrong.append(f"{found['ten']} {found['so_ho']} {photos}")
        engine.dispose()


@contextlib.contextmanager
def chaos(folder: Path, chromium: Path, seed: int) -> Iterator[Chaos]:
    """A run that can begin."""
    with sync_playwright() as playwright:
        made = Chaos(folder, playwright, chromium, seed)
        try:
            yield made
        finally:
            made.ends()


def main() -> int:
    """The command. Ends with 1 when something was lost, kept twice, or differs."""
    if sys.argv[1:2] == ["--serve"]:
        serve(*sys.argv[2:5])
        return 0
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("--sheets", type=int, default=200)
    reading.add_argument("--seed", type=int, default=7)
    reading.add_argument("--chromium", type=Path, default=Path("/usr/bin/chromium"))
    asked = reading.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with chaos(Path(folder), asked.chromium, asked.seed) as made:
            outcome = made.runs(asked.sheets, lambda line: print(line, flush=True))
        for line in outcome.lines():
            print(line)
    return 1 if outcome.lost or outcome.twice or outcome.wrong or len(outcome.finished) < asked.sheets else 0


if __name__ == "__main__":
    sys.exit(main())
