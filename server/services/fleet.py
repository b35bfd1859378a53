"""A crowd of simulated phones: each fetches its forms, fills them in with invented answers and sends them, over a line
that may break, and at the end what the phones count as sent is held against what is here.

For demo homes only: whatever it sends is invented.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy.orm import Session

from forms.calculate import fill
from forms.definition import FormDefinition
from forms.evaluate import JudgeContext
from forms.instance import attachments_named, read_instance
from forms.parse import parse_form, table_from_csv
from server.domain.data_files import list_areas, list_demo_villages
from server.domain.demo_facts import Place, make_demo_sheet
from server.domain.demo_photo import draw_photo
from server.services.authenticate import VIETNAM, Caller
from server.services.home import Home
from server.services.invent import invent
from server.services.people import NewAppUser, create_app_user, delete_app_user
from server.services.populate import ROUND
from server.storage.arrivals import Arrival, list_arrivals
from server.storage.forms import list_forms
from sync.client import Downloaded, Phone
from sync.envelope import Envelope, Part
from sync.errors import SyncError
from sync.outbox import Outbox, State, deliver
from sync.shelf import Shelf

CRITERIA = "village_criteria"
HASTE = 30
"""Seconds that pass for a phone's patience in one second by the clock: a pause of 30 s after a failure lasts one."""
LOOKS_AGAIN = 0.1
"""Of the sheets, before how many a phone looks whether its forms have changed."""
PHOTO_BYTES = (8_000, 60_000)


@dataclass(frozen=True)
class Plan:
    """What the crowd is to do: how many phones, for how many seconds, with `pause` seconds between two sheets of one
    phone on average; `patience`: seconds after the end in which what is left is still sent."""

    phones: int
    seconds: float
    pause: float = 4.0
    patience: float = 60.0
    seed: int = 0


@dataclass
class Tally:
    """What became of it. `lost`: counted as sent by a phone and not here whole; `twice`: here more than once."""

    phones: int = 0
    made: int = 0
    sent: int = 0
    unsent: int = 0
    refused: int = 0
    failures: int = 0
    whole: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the server kept its word: nothing lost, nothing twice, nothing refused."""
        return self.sent > 0 and not self.lost and not self.twice and not self.refused


Progress = Callable[[float, int, int], None]
"""Told now and then: seconds since the beginning, sheets sent, failures."""


def make_keys(
    session: Session, home: Home, caller: Caller, plan: Plan, form_ids: Sequence[str]
) -> list[tuple[int, str]]:
    """(actor id, key) of the phones, who may fill these forms (all that are published when none is named).

    Raises LookupError with the name of a form that is not here."""
    known = {form.xml_form_id: form.id for form in list_forms(session, 1) if form.current is not None}
    missing = [name for name in form_ids if name not in known]
    if missing or not known:
        raise LookupError(", ".join(missing))
    wanted = tuple(known[name] for name in form_ids or known)
    made = []
    for number in range(1, plan.phones + 1):
        new = NewAppUser(1, f"thonban phones {number:03}", form_ids=wanted)
        user = create_app_user(session, home, caller, new, datetime.now(UTC))
        made.append((user.id, user.token or ""))
    return made


def drop_keys(session: Session, caller: Caller, keys: Sequence[tuple[int, str]]) -> None:
    """Ends the keys of the crowd; what was sent with them stays."""
    for actor_id, _ in keys:
        delete_app_user(session, caller, 1, actor_id, datetime.now(UTC))


def run_fleet(urls: Sequence[str], plan: Plan, folder: Path, progress: Progress) -> tuple[Tally, dict[str, Envelope]]:
    """Lets a phone live at each server URL; returns the tally so far, and by instance id what was counted as sent."""
    fleet = _Fleet(plan, folder)
    with ThreadPoolExecutor(len(urls)) as pool:
        lives = [pool.submit(fleet.live, number, url) for number, url in enumerate(urls)]
        while not all(life.done() for life in lives):
            time.sleep(0.5)
            progress(fleet.elapsed, fleet.counts["sent"], fleet.counts["failures"])
        for life in lives:
            life.result()
    counts = fleet.counts
    tally = Tally(len(urls), counts["made"], len(fleet.sent), counts["unsent"], counts["refused"], counts["failures"])
    return tally, fleet.sent


def compare(session: Session, tally: Tally, sent: dict[str, Envelope], is_here: Callable[[str], bool]) -> Tally:
    """Completes the tally: each instance that a phone counts as sent must be here once, with the very bytes of its
    answers and of each file. `is_here`: whether the file of that SHA-256 is in the store."""
    here: dict[str, list[Arrival]] = {}
    for arrival in list_arrivals(session, list(sent)):
        here.setdefault(arrival.instance_id, []).append(arrival)
    for instance_id, envelope in sent.items():
        found = here.get(instance_id, [])
        if len(found) > 1:
            tally.twice.append(instance_id)
        files = {part.name: part.sha256 for part in envelope.attachments}
        same = [each for each in found if each.sha256 == envelope.sha256 and dict(each.files) == files]
        if same and all(is_here(digest) for digest in files.values()):
            tally.whole += 1
        else:
            tally.lost.append(instance_id)
    return tally


class _Fleet:
    """What the phones share. Counters are changed under the lock; forms are parsed once."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.began = time.monotonic()
        self.began_at = datetime.now(UTC)
        self.counts: Counter[str] = Counter()
        self.sent: dict[str, Envelope] = {}
        self._definitions: dict[str, FormDefinition] = {}
        self._lock = threading.Lock()

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began

    def live(self, number: int, url: str) -> None:
        """One phone from its first form list to its last sheet."""
        chance = random.Random(f"{self.plan.seed}/{number}")  # noqa: S311 - invented answers, no secret
        device = f"thonban-phones:{number:03}"
        with Phone(url, device) as phone, Outbox(self.folder / f"{number:03}.db") as outbox:
            shelf: Shelf[Downloaded] = Shelf()
            while self.elapsed < self.plan.seconds:
                if not shelf or chance.random() < LOOKS_AGAIN:
                    self._refresh(phone, shelf)
                time.sleep(min(chance.expovariate(1 / self.plan.pause), self.plan.seconds))
                if len(shelf) and self.elapsed < self.plan.seconds:
                    self._fill(chance, list(shelf), outbox, device)
                self._deliver(phone, outbox, chance)
            until = self.plan.seconds + self.plan.patience
            while outbox.list_entries(State.WAITING) and self.elapsed < until:
                time.sleep(1)
                self._deliver(phone, outbox, chance)
            self._settle(outbox)

    def _refresh(self, phone: Phone, shelf: Shelf[Downloaded]) -> None:
        try:
            failed = len(shelf.refresh(phone).failed)
        except SyncError:
            failed = 1
        with self._lock:
            self.counts["failures"] += failed

    def _fill(self, chance: random.Random, forms: list[Downloaded], outbox: Outbox, device: str) -> None:
        form = chance.choice(forms)
        definition = self._definition_of(form)
        instance_id = f"uuid:{uuid.UUID(int=chance.getrandbits(128), version=4)}"
        xml = make_sheet(definition, form, chance, instance_id)
        files = tuple(_photo(name, chance) for name in attachments_named(definition, read_instance(xml)))
        outbox.put(Envelope(xml, files, device), instance_id, datetime.now(UTC))
        self._count("made")

    def _definition_of(self, form: Downloaded) -> FormDefinition:
        with self._lock:
            # one phone at a time: all have the same forms
            if form.entry.hash not in self._definitions:
                self._definitions[form.entry.hash] = parse_form(form.xml)
            return self._definitions[form.entry.hash]

    def _deliver(self, phone: Phone, outbox: Outbox, chance: random.Random) -> None:
        hastened = self.began_at + timedelta(seconds=self.elapsed * HASTE)
        done = deliver(outbox, phone.send_envelope, hastened, chance.random)
        # the next time there is a line, it is another connection
        phone.close()
        with self._lock:
            self.counts["sent"] += done.sent
            self.counts["failures"] += done.postponed

    def _settle(self, outbox: Outbox) -> None:
        entries = outbox.list_entries()
        taken = {entry.instance_id: outbox.get_envelope(entry) for entry in entries if entry.state is State.SENT}
        with self._lock:
            self.sent |= taken
            self.counts["refused"] += sum(entry.state is State.REFUSED for entry in entries)
            self.counts["unsent"] += sum(entry.state in (State.WAITING, State.SENDING) for entry in entries)

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1


def make_sheet(definition: FormDefinition, form: Downloaded, chance: random.Random, instance_id: str) -> bytes:
    """A filled form: a village of the demo for the criteria, anything that fits for other forms."""
    now = datetime.now(VIETNAM)
    tables = {name: table_from_csv(content) for name, content in form.media.items() if name.endswith(".csv")}
    if definition.form_id == CRITERIA:
        village, commune = chance.choice(_villages())
        place = Place(commune[0], commune[1], ROUND.slug)
        answers = dict(make_demo_sheet(village, chance.getrandbits(32), place).answers)
    else:
        answers = invent(definition, chance, now.date(), tables)
    context = JudgeContext(now=now, tables=tables, device_id="thonban-phones", random=chance.random)
    return fill(definition, answers, context, instance_id=instance_id)


@cache
def _villages() -> list[tuple[str, tuple[str, str]]]:
    """(key, (own id of the commune, own id)) of every village of the demo."""
    communes = {area.key: area.uuid for area in list_areas()}
    return [(area.key, (communes[area.parent_key or ""], area.uuid)) for area in list_demo_villages()]


@cache
def _drawing(number: int) -> bytes:
    return draw_photo(number)


def _photo(name: str, chance: random.Random) -> Part:
    # a real picture, and behind its end what makes it as large as a phone's and unlike any other
    content = _drawing(chance.randrange(4)) + chance.randbytes(chance.randint(*PHOTO_BYTES))
    return Part(name, "image/jpeg", content, sha256(content).hexdigest())
