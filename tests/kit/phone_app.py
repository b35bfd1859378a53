"""A village head with the phone app in a real Chromium, whose profile outlives the process."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect
from playwright.sync_api import Error as PlaywrightError

from tests.kit.browser import FLAGS

PLACE = {"latitude": 21.4713, "longitude": 107.3821, "accuracy": 4.0}
PATIENCE = 15_000
KEPT = """async (store) => {
  const db = await new Promise((done) => {
    const ask = indexedDB.open("thonban");
    ask.onsuccess = () => done(ask.result);
  });
  const kept = await new Promise((done) => {
    const ask = db.transaction(store).objectStore(store).getAll();
    ask.onsuccess = () => done(ask.result);
  });
  db.close();
  return kept;
}"""
FIRST = "the first choice"
HERE = "where the phone is"


class PhoneApp:
    """The app in a browser of its own. `address`: of the server, as the phone sees it."""

    def __init__(
        self,
        playwright: Playwright,
        program: Path,
        folder: Path,
        address: str,
        begin: bool = True,
        flags: Sequence[str] = (),
    ) -> None:
        self.playwright, self.program, self.folder, self.address = playwright, program, folder, address
        self.flags = flags
        self.context: BrowserContext
        self.page: Page
        self.opens() if begin else self.starts()

    def opens(self, fragment: str = "") -> None:
        """Starts the browser on what its profile has kept, and opens the app."""
        self.starts()
        self.page.goto(f"{self.address}/phone/{fragment}")

    def starts(self) -> None:
        """Starts the browser."""
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.folder), executable_path=self.program, args=[*FLAGS, *self.flags], locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh", viewport={"width": 360, "height": 780}, accept_downloads=True,
            geolocation={"latitude": PLACE["latitude"], "longitude": PLACE["longitude"], "accuracy": PLACE["accuracy"]},
            permissions=["geolocation", "background-sync"],
        )  # fmt: skip
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.pages[0] if self.context.pages else self.context.new_page()
        with contextlib.suppress(Exception):
            # a browser that was killed asks whether to bring its pages back; the first one is the app's
            self.page.goto("about:blank")

    def opens_again(self) -> None:
        """Opens the page anew."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/phone/")

    def enters(self, project: int, key: str) -> None:
        """Comes in by the link on the card, and waits until everything is on the phone."""
        self.page.goto(f"{self.address}/phone/#/card/{project}/{key}")
        self.page.get_by_role("heading", name="Làm phiếu mới").wait_for()
        self.waits_until_fetched()
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def waits_until_fetched(self) -> None:
        """Until nothing is being fetched and the forms are there."""
        self.page.get_by_role("button", name="Tải phiếu mới nhất").wait_for()
        self.page.locator(".card button.whole").first.wait_for()

    def goes_home(self) -> None:
        """To the first page."""
        self.page.goto(f"{self.address}/phone/#/")
        self.page.locator(".count").wait_for()

    def loses_power(self) -> None:
        """Every process of the browser ends at once, without a word."""
        for number in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        with contextlib.suppress(Exception):
            self.context.close()
        deadline = time.monotonic() + 10
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
            (self.folder / name).unlink(missing_ok=True)

    def closes(self) -> None:
        """Puts the phone away."""
        with contextlib.suppress(Exception):
            self.context.close()

    def processes(self) -> list[int]:
        """The numbers of the browser's processes."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if f"--user-data-dir={self.folder}".encode() in (entry / "cmdline").read_bytes():
                        found.append(int(entry.name))
        return found

    def begins(self, form: str) -> None:
        """Opens a new sheet of a form, by its name on the first page."""
        self.page.locator(".card button.whole", has_text=form).first.click()
        self.page.locator(".fill").wait_for()

    def question(self, name: str) -> Locator:
        """A question on the screen, by its name in the form."""
        return self.page.locator(f".question[data-name='{name}']")

    def answers(self, name: str, answer: str | Sequence[str] | Path) -> None:
        """Types, chooses, photographs or locates, as the question asks."""
        question = self.question(name)
        question.wait_for()
        if isinstance(answer, Path):
            question.locator("input[type=file]").set_input_files(answer)
            question.locator("img.picture").wait_for()
        elif answer == HERE:
            question.get_by_role("button", name=re.compile("Lấy tọa độ|Lấy lại")).click()
            question.locator(".placed").wait_for()
        elif question.locator(".choices").count():
            for each in [answer] if isinstance(answer, str) else answer:
                self._chooses(question, each)
        else:
            self._types(question.locator("input, textarea").first, str(answer))

    def _chooses(self, question: Locator, answer: str) -> None:
        if answer == FIRST:
            answer = str(question.locator(".choice input").first.get_attribute("value"))
        box = question.locator(f"input[value={_quoted(answer)}]")
        search = question.locator("input[type=search]")
        if not box.count() and search.count():
            search.fill(answer)
        if not box.is_checked():
            question.locator(".choice", has=self.page.locator(f"input[value={_quoted(answer)}]")).click()
        expect(box).to_be_checked()

    def _types(self, field: Locator, answer: str) -> None:
        if field.get_attribute("type") in ("date", "time", "datetime-local"):
            field.fill(answer)
            field.dispatch_event("change")
        else:
            field.fill("")
            field.press_sequentially(answer)

    def shown(self) -> list[str]:
        """The names of the questions on the screen."""
        return [str(each.get_attribute("data-name")) for each in self.page.locator(".question[data-name]").all()]

    def goes_on(self) -> None:
        """To the next screen; a question that lacks an answer is put off."""
        self._steps(self.page.locator(".steps .is-main"))

    def steps_back(self) -> None:
        """To the screen before."""
        self._steps(self.page.locator(".steps button").first)

    def _steps(self, button: Locator) -> None:
        before, wrong = self._screen(), self.page.locator(".wrong").count()
        button.click()
        for _ in range(100):
            if self._screen() != before or self.page.locator(".wrong").count() > wrong:
                return
            time.sleep(0.05)

    def _screen(self) -> str | None:
        return self.page.locator(".fill").get_attribute("data-screen")

    def fills(
        self, answers: Mapping[str, Any], entries: Sequence[Mapping[str, Any]] = (), until: str | None = None
    ) -> None:
        """Goes through the screens and answers what is in `answers` as it is asked, adding what is in `entries` where
        a list asks for more; ends at the last screen, or at the one with the question `until`."""
        given: set[str] = set()
        left = list(entries)
        asked = dict(answers)
        more = self.page.get_by_role("button", name="Thêm một mục")
        for _ in range(150):
            self.page.locator(".fill").wait_for()
            names = self.shown()
            if until in names or not self.page.locator(".steps .is-main").count():
                return
            if left and any(name in left[0] and name not in asked for name in names):
                # a list may begin with one that is empty
                asked.update(left.pop(0))
            while name := next((name for name in self.shown() if name in asked and name not in given), None):
                self.answers(name, asked[name])
                given.add(name)
            if left and more.count():
                entry = left.pop(0)
                asked.update(entry)
                given -= set(entry)
                self._steps(more)
            else:
                self.goes_on()
        raise AssertionError("the sheet has no end")

    def sends(self) -> None:
        """Ends a sheet: it is on the phone, whatever the line does."""
        lacks = self.page.locator("main").inner_text()
        assert "Đã đủ" in lacks, lacks
        self.page.get_by_role("button", name="Gửi", exact=True).click()
        self.page.get_by_text("Đã lưu trong máy. Sẽ gửi khi có sóng.").wait_for()

    def waits_until_kept(self, said: str) -> None:
        """Until an answer stands in a draft on the phone: the last moment before a battery dies may be lost."""
        self.waits_until(lambda: any(said in draft["xml"] for draft in self.kept("drafts")))

    def kept(self, store: str) -> list[dict[str, Any]]:
        """What a store of the device holds."""
        found: list[dict[str, Any]] = self.page.evaluate(KEPT, store)
        return found

    def waits_until(self, is_so: Callable[[], bool], seconds: float = PATIENCE / 1000) -> None:
        """Asks again until it is so: a page that waits for a promise takes it for true."""
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, "it never came to be"
            self.page.wait_for_timeout(100)

    def takes_up(self) -> None:
        """Opens the draft that was worked on last, and goes back to its beginning."""
        self.page.locator(".is-draft a.whole").first.click()
        self.page.locator(".fill").wait_for()
        while self.page.locator(".steps button").first.is_enabled():
            self.steps_back()

    def unsent(self) -> int:
        """The number that is always in sight."""
        return int(self.page.locator(".count .number").inner_text())

    def waits_until_sent(self, seconds: float = 60) -> None:
        """Presses Send again and again, as people do, until nothing waits."""
        deadline = time.monotonic() + seconds
        while self.unsent():
            assert time.monotonic() < deadline, f"{self.unsent()} sheets are still on the phone"
            button = self.page.get_by_role("button", name=re.compile("Gửi ngay"))
            # it goes when the last one is sent, by whomever
            with contextlib.suppress(PlaywrightError):
                button.click(timeout=1_000)
            self.page.wait_for_timeout(300)


def _quoted(said: str) -> str:
    return '"' + said.replace("\\", "\\\\").replace('"', '\\"') + '"'
