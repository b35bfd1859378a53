"""Plays the rest of the demo: officials and boards send their sheets over HTTP as phones do, the office approves some.

A sheet has the same id and the same bytes however often it is sent, so that a second start changes nothing; each is
filled in with the lists that a phone has at that moment, which name what was approved before.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from importlib.resources import files

from sqlalchemy.orm import Session

from forms.calculate import fill
from forms.definition import FormDefinition
from forms.evaluate import JudgeContext
from forms.parse import parse_form, table_from_csv
from server.domain.data_files import list_areas, list_demo_villages
from server.domain.demo_photo import draw_photo
from server.domain.demo_steps import COMPLETE, CUTOFF_2018, DemoStep, list_demo_steps
from server.domain.demo_training import DemoPeople, DemoTraining, DemoUnit, DemoVillage, make_demo_training
from server.domain.demo_works import list_demo_answers, list_demo_works
from server.domain.errors import Conflict
from server.domain.review import APPROVED, HAS_ISSUES, RECEIVED
from server.domain.rounds import Round
from server.domain.supervision import FORM as SUPERVISION
from server.services.authenticate import VIETNAM, Caller
from server.services.collect import FORM, sheet_id
from server.services.enroll import PeopleTable, enroll
from server.services.health import LOADING
from server.services.home import Home
from server.services.merge import merge_exact
from server.services.people import NewAppUser, create_app_user, list_app_users
from server.services.publish import NewForm, Source, create_form
from server.services.review import Decision, review
from server.services.rounds import open_round
from server.services.supervision import Reply, answer_finding
from server.storage.areas import find_root
from server.storage.database import writing
from server.storage.forms import find_form
from server.storage.readings import find_submission
from server.storage.settings import find_setting, put_setting
from server.storage.supervision import list_words
from sync.client import Downloaded, Phone
from sync.envelope import Part

ROUND_2018 = Round("2018", "Rà soát năm 2018", "Review of 2018", CUTOFF_2018, date(2018, 1, 1), date(2018, 12, 31))
DISTRICTS = 3
"""So many districts hold classes in the demo."""
OFFERED = ("household_review", "spot_check", "disaster_quick", "training_test")
"""Forms of which the demo has no sheets, and that can be tried in it."""
OFFICE = "Cán bộ chương trình (mẫu)"
"""Who sends all that in the demo: one key for the whole province."""
_SHEETS = uuid.UUID("8d1b7a52-6a0b-4f7c-8a1e-2019abcd2019")
_FIRST = datetime(2019, 7, 4, 7, 30, tzinfo=VIETNAM)
_STEP = timedelta(minutes=23)
_KEEP_EVERY = 5
_ATTEMPTS = 5


def list_steps() -> list[DemoStep]:
    """All that is sent, in order."""
    communes = {area.key: area for area in list_areas()}
    training = make_training()
    sheets = [
        DemoStep(each.instance_id, each.form_id, each.answers, (), True, each.instance_id, each.photos)
        for each in (*training.classes, *training.attendance)
    ]
    villages = list_demo_villages()
    return [*list_demo_steps(villages, communes), *sheets, *list_demo_works(villages, communes)]


def make_training() -> DemoTraining:
    """The classes of the demo: of the province, and of the districts that have demonstration villages."""
    areas, villages = {area.key: area for area in list_areas()}, list_demo_villages()
    found: dict[str, list[DemoVillage]] = {}
    for village in villages:
        commune = areas[village.parent_key or ""]
        made = DemoVillage(commune.uuid, commune.name, village.uuid, village.name)
        found.setdefault(commune.parent_key or "", []).append(made)
    province = next(area for area in areas.values() if area.parent_key is None)
    districts = [DemoUnit(areas[key].uuid, areas[key].name, tuple(some)) for key, some in found.items()]
    every = tuple(each for some in found.values() for each in some)
    return make_demo_training(DemoUnit(province.uuid, province.name, every), districts[:DISTRICTS])


@dataclass
class Player:
    """Who plays, where, and what is known of forms and lists meanwhile. `caller` approves; `named`: whom the office
    adds to classes."""

    session: Session
    home: Home
    caller: Caller
    project_id: int
    definitions: dict[str, FormDefinition] = field(default_factory=dict)
    held: dict[str, Downloaded] = field(default_factory=dict)
    named: Sequence[DemoPeople] = field(default_factory=lambda: make_training().people)

    def furnish(self, steps: Sequence[DemoStep], now: datetime) -> str:
        """Opens last year's round, publishes the forms that are missing; the key of who sends."""
        open_round(self.session, self.project_id, ROUND_2018, now)
        used = dict.fromkeys(step.form_id for step in steps)
        numbers = [self._publish(form_id, now) for form_id in (*used, *(each for each in OFFERED if each not in used))]
        known = {user.name: user for user in list_app_users(self.session, self.home, self.caller, self.project_id)}
        user = known.get(OFFICE)
        if user is None:
            root = find_root(self.session, self.project_id)
            new = NewAppUser(self.project_id, OFFICE, area_id=root, token=None, form_ids=tuple(numbers))
            user = create_app_user(self.session, self.home, self.caller, new, now)
        if user.token is None:
            raise RuntimeError(f"the key of {user.name} was revoked or cannot be read with this secret")
        return user.token

    def _publish(self, form_id: str, now: datetime) -> int:
        found = find_form(self.session, self.project_id, form_id)
        if found is None:
            text = files("forms").joinpath("library", f"{form_id}.md").read_bytes()
            new = NewForm(self.project_id, Source(text, "md", form_id, ignore_warnings=True), publish=True)
            found = create_form(self.session, self.home, self.caller, new, now)
        return found.id

    def send(self, phone: Phone, step: DemoStep, number: int) -> str:
        """Fills a sheet in and sends it; its instance id."""
        entry = next(each for each in phone.form_list() if each.form_id == step.form_id)
        form = self.held[step.form_id] = phone.download(entry, self.held.get(step.form_id))
        definition = self.definitions.setdefault(entry.hash, parse_form(form.xml))
        context = JudgeContext(
            now=_FIRST + _STEP * number,
            tables={name: table_from_csv(content) for name, content in form.media.items() if name.endswith(".csv")},
            device_id="thonban:office",
            username=OFFICE,
        )
        instance_id = step.instance_id or f"uuid:{uuid.uuid5(_SHEETS, step.key)}"
        phone.send(
            fill(definition, step.answers, context, instance_id=instance_id), _photos(step, number), attempts=_ATTEMPTS
        )
        return instance_id

    def approve(self, form_id: str, instance_id: str, now: datetime) -> None:
        """The office approves a sheet that nobody has decided on."""
        form = find_form(self.session, self.project_id, form_id)
        sent = find_submission(self.session, form.id, instance_id) if form else None
        if sent is not None and sent.review_state in (RECEIVED, HAS_ISSUES):
            review(self.session, self.caller, Decision(sent.id, APPROVED, None), now)
        self.session.rollback()

    def approve_commune(self, now: datetime) -> None:
        """The office approves the villages' sheets of the commune whose evidence is all there."""
        for village in list_demo_villages():
            if village.parent_key == COMPLETE:
                self.approve(FORM, sheet_id(village.key), now)

    def name_people(self, now: datetime) -> None:
        """The office adds the people of classes of which only totals were sent, from the signed sheets, and says who
        was in several classes."""
        for each in self.named:
            made = enroll(self.session, self.caller, (self.project_id, each.class_id), PeopleTable(each.table), now)
            if made.problems:
                raise RuntimeError(f"people of {each.class_id}: {made.problems[0]}")
            self.session.rollback()
        # who was in several classes is one person, as the office says
        with suppress(Conflict):
            merge_exact(self.session, self.caller, self.project_id, now)

    def answer_findings(self, now: datetime) -> None:
        """Communes answer what the boards found, once."""
        form = find_form(self.session, self.project_id, SUPERVISION)
        for each in list_demo_answers():
            visit = f"uuid:{each.finding_id.rpartition('-')[0]}"
            sent = find_submission(self.session, form.id, visit) if form else None
            if sent is not None and not list_words(self.session, [sent.id]):
                reply = Reply(self.project_id, each.finding_id, each.text, each.on)
                answer_finding(self.session, self.caller, reply, now)
            self.session.rollback()


def play(
    player: Player, project_url: Callable[[str], str], now: Callable[[], datetime], steps: Sequence[DemoStep]
) -> int:
    """Sends what is not acknowledged yet; returns how many were sent now. Raises SyncError when the server does not
    answer or refuses a sheet."""
    token = player.furnish(steps, now())
    sent = 0
    with Phone(project_url(token), "thonban:office") as phone:
        for number, step in _waiting(player.session, steps):
            instance_id = player.send(phone, step, number)
            sent += 1
            if step.approve:
                player.approve(step.form_id, instance_id, now())
            if sent % _KEEP_EVERY == 0:
                _keep(player.session, number + 1 - len(steps), finished=False)
    player.approve_commune(now())
    player.name_people(now())
    player.answer_findings(now())
    _keep(player.session, 0, finished=True)
    return sent


def _waiting(session: Session, steps: Sequence[DemoStep]) -> Iterator[tuple[int, DemoStep]]:
    loading = find_setting(session, LOADING) or {}
    session.rollback()
    total, done = int(loading.get("total", 0)), int(loading.get("done", 0))
    begun = 0 if loading.get("finished") else max(0, done - max(0, total - len(steps)))
    yield from list(enumerate(steps))[begun:]


def _photos(step: DemoStep, number: int) -> tuple[Part, ...]:
    drawn = [(name, draw_photo(1000 + 8 * number + place)) for place, name in enumerate(step.photos)]
    drawn += step.pictures.items()
    return tuple(Part(name, "image/jpeg", content, sha256(content).hexdigest()) for name, content in drawn)


def _keep(session: Session, left: int, *, finished: bool) -> None:
    """How far the loading is: `left` below 0, so many are not yet sent."""
    with writing(session) as connection:
        loading = find_setting(connection, LOADING) or {}
        total = int(loading.get("total", 0))
        put_setting(connection, LOADING, {"done": total + left, "total": total, "finished": finished})
        session.commit()
