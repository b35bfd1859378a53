"""The phone app on a slow phone and on a thin line: `python -m bench.phone`.

Prints how long the sheet of a village takes to open without a line on a processor four times slower (goal 2 s), how
long the first visit takes over 50 kB a second: until the forms are listed, and until everything is on the phone; and
what the app weighs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from server.storage.migrate import upgrade
from server.web.phone.pages import FOLDER
from tests.kit.bad_line import BadLine
from tests.kit.phone_app import PhoneApp
from tests.kit.served import serving
from tests.kit.source import ROOT
from tests.kit.world import world_at

SLOWED, GOAL = 4, 2.0
RATE = 50_000
"""Bytes a second: 2G at its best. All connections share it."""
FORM = "Phiếu rà soát tiêu chí thôn"
WHOLE = "navigator.serviceWorker.ready.then(() => true)"


def first_visit(phone: PhoneApp, key: str) -> tuple[float, float]:
    """Seconds until the forms are listed, and until the app starts without a line."""
    phone.context.set_default_timeout(180_000)
    began = time.monotonic()
    phone.page.goto(f"{phone.address}/phone/#/card/1/{key}")
    phone.page.locator(".card button.whole").first.wait_for()
    listed = time.monotonic() - began
    phone.page.evaluate(WHOLE)
    return listed, time.monotonic() - began


def opened(phone: PhoneApp) -> float:
    """Seconds from the press on a form to its first question, on a slow processor without a line."""
    phone.closes()
    phone.opens()
    phone.page.locator(".card button.whole").first.wait_for()
    phone.context.set_offline(True)
    session = phone.context.new_cdp_session(phone.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    phone.page.wait_for_timeout(4_000)
    began = time.monotonic()
    phone.begins(FORM)
    phone.question("xa").wait_for()
    return time.monotonic() - began


def main() -> int:
    """The command. Ends with 1 when the sheet does not open in time."""
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("--chromium", type=Path, default=Path("/usr/bin/chromium"))
    reading.add_argument("--times", type=int, default=5)
    asked = reading.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        url = f"sqlite:///{folder / 'world.sqlite'}"
        upgrade(url)
        with world_at(url, folder) as world:
            world.publishes((ROOT / "forms/library/village_criteria.md").read_text(encoding="utf-8"))
            key = world.phone("Chíu A Sềnh").token
            with serving(world.app) as address, BadLine(int(address.rpartition(":")[2])) as line:
                phone = PhoneApp(playwright, asked.chromium, folder / "profile", line.address, begin=False)
                line.rate = RATE
                listed, whole = first_visit(phone, key)
                line.rate = 0
                taken = [opened(phone) for _ in range(asked.times)]
                phone.closes()
    weights = json.loads((FOLDER / "weights.json").read_text(encoding="utf-8"))
    middle = statistics.median(taken)
    print(f"first visit at 50 kB/s: forms listed after {listed:.1f} s, everything on the phone after {whole:.1f} s")
    print(
        f"village_criteria opens in {middle:.2f} s ({min(taken):.2f} to {max(taken):.2f}), goal {GOAL}, "
        f"on a processor {SLOWED} times slower, without a line"
    )
    print(
        f"app: {weights['needed'] / 1000:.0f} kB (gzip) of {weights['budget'] / 1000:.0f}, "
        f"fonts {weights['fonts'] / 1000:.0f} kB"
    )
    return 0 if middle <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
