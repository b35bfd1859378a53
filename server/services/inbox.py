"""The inbox of who reviews: what waits for his or her own decision, in the order in which it needs one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from forms.definition import Field, FormDefinition, Labels
from server.domain.errors import DomainError, NotFound
from server.domain.inbox import Place, changed_figures, reached_before
from server.domain.registers import REPORTER
from server.domain.review import (
    APPROVED,
    LEVELS,
    STATES,
    Move,
    Standing,
    bar,
    levels_on,
    list_moves,
    tie_to,
    write_sight,
)
from server.domain.roles import Place as Where
from server.domain.roles import Scope
from server.services.aggregate import find_field
from server.services.area_lookup import search_areas
from server.services.authenticate import Caller
from server.services.campaign import campaign_of
from server.services.definitions import definition_of
from server.services.lists import VILLAGE_KINDS
from server.services.overview import is_inside, list_tops
from server.services.plan import read_plan
from server.storage.area_views import list_these
from server.storage.areas import AreaView
from server.storage.forms import FormView, list_forms
from server.storage.inbox import (
    WEIGHTS,
    Group,
    InboxFilter,
    Named,
    Office,
    SheetView,
    WaitingView,
    count_inbox,
    list_answers_of,
    list_earlier,
    list_inbox,
    list_senders_of,
    list_sheets_of,
    list_these_waiting,
    name_places,
)
from server.storage.reach import find_above
from server.storage.rollups import count_villages, list_children, list_rollups
from server.storage.rounds import RoundView
from server.storage.verdicts import NEWEST
from server.storage.waiting import CLEAN, WARNED, WRONG

PAGE = 20
MOST_PLACES = 200
"""Areas whose names hold the words typed, up to which they are searched."""
LONGEST_TEXT = 100
FINDINGS: Mapping[str, tuple[int, ...]] = {"clean": (CLEAN,), "found": (WRONG, WARNED)}
SHOWN_STATES = tuple(state for state in STATES if state != "rejected")


@dataclass(frozen=True)
class InboxWish:
    """What the reader narrows the inbox to, as it stands in the address: slug of a round, id of a form, own id of an
    area, `findings` (clean | found), a state, what was returned and corrected, words of a village's name."""

    round: str | None = None
    form: str | None = None
    area: str | None = None
    findings: str | None = None
    state: str | None = None
    returned: bool = False
    text: str = ""

    @property
    def active(self) -> bool:
        """Whether anything is narrowed."""
        return self != InboxWish()


@dataclass(frozen=True)
class Deadline:
    """A round that is open, the last day of what the reader's office has to do in it, and the days until then."""

    round: RoundView
    on: date
    days: int

    @property
    def overdue(self) -> bool:
        """Whether that day is past."""
        return self.days < 0


@dataclass(frozen=True)
class Change:
    """A figure that changed since the last round, with the labels of its question."""

    name: str
    labels: Labels
    before: int | float
    now: int | float


@dataclass(frozen=True)
class Line:
    """A submission in the inbox. `sight`: what is seen of it now (services/review.py). `changes` None: there is no
    sheet of the round before. `approves`: to where its approval leads; `barred`: why the reader may not approve it."""

    waiting: WaitingView
    sheet: SheetView
    place: Named | None
    deadline: Deadline | None
    changes: tuple[Change, ...] | None
    approves: Move | None
    barred: DomainError | None

    @property
    def sight(self) -> str:
        """What is seen of it now."""
        return write_sight(self.sheet.version_id, self.sheet.move_id)

    @property
    def weight(self) -> int:
        """How heavy its findings weigh."""
        return self.waiting.weight


@dataclass(frozen=True)
class Unheard:
    """A round in which so many villages of so many have not reported."""

    round: RoundView
    missing: int
    villages: int


@dataclass(frozen=True)
class Ground:
    """What an inbox stands on: the offices of the reader and their names, the one that is no more where there is none,
    the open rounds by their deadlines, the forms."""

    offices: tuple[Office, ...]
    names: tuple[str, ...]
    ended: str | None
    deadlines: tuple[Deadline, ...]
    forms: tuple[FormView, ...]

    @property
    def form_ids(self) -> tuple[int, ...]:
        """All its forms, by our numbers."""
        return tuple(form.id for form in self.forms)

    @property
    def round_ids(self) -> tuple[int | None, ...]:
        """All its rounds in the order of their deadlines, and what is of no round after them."""
        return (*(each.round.id for each in self.deadlines), None)

    def deadline(self, round_id: int | None) -> Deadline | None:
        """The deadline of a round."""
        return next((each for each in self.deadlines if each.round.id == round_id), None)

    def form(self, form_id: int) -> FormView | None:
        """A form by our number."""
        return next((each for each in self.forms if each.id == form_id), None)


@dataclass(frozen=True)
class Inbox:
    """What waits. `groups`: all that is in sight, by what it is narrowed by; `total`, `clean` and `overdue`: how many
    of those that are asked for. `next`: where the next page begins."""

    lines: tuple[Line, ...]
    total: int
    clean: int
    overdue: int
    next: str | None
    groups: tuple[Group, ...]
    deadlines: tuple[Deadline, ...]
    forms: tuple[FormView, ...]
    unheard: tuple[Unheard, ...]
    ground: Ground

    def count(self, wish: InboxWish) -> int:
        """How many there are of a wish, in the area and by the words that this one is narrowed to."""
        return sum(each.number for each in self.groups if _fits(each, wish, self.ground))


def ground_of(session: Session, caller: Caller, project_id: int) -> Ground:
    """What the inbox of a caller in a project stands on."""
    offices: list[Office] = []
    names: list[str] = []
    for level in levels_on(caller.on):
        scope = caller.scope(level.verb, project_id)
        if scope:
            offices.append(Office(reached_before(level.name, caller.on), scope))
            names.append(level.name)
    gone = (level.name for level in LEVELS if level not in levels_on(caller.on) and caller.may(level.verb, project_id))
    rounds = [each for each in campaign_of(session, project_id).rounds if not each.is_locked]
    deadlines = [_deadline(session, each, names, caller.on) for each in rounds] if offices else []
    return Ground(
        tuple(offices),
        tuple(names),
        None if offices else next(gone, None),
        tuple(sorted(deadlines, key=lambda each: (each.on, each.round.id))),
        tuple(form for form in list_forms(session, project_id) if form.current is not None),
    )


def _deadline(session: Session, round_view: RoundView, offices: Collection[str], today: date) -> Deadline:
    """The first day by which one of these offices has to be done, by the plan of the round; without one the last day of
    the round."""
    plan = read_plan(session, round_view, today, {})
    dues = [each.due for track in plan.tracks for each in track.dues if each.step.level in offices]
    on = min((due for due in dues if due is not None), default=round_view.ends_on)
    return Deadline(round_view, on, (on - today).days)


def filter_of(session: Session, caller: Caller, project_id: int, wish: InboxWish, ground: Ground) -> InboxFilter:
    """What storage is asked for. Raises NotFound for a round or form that is not there, or an area out of sight."""
    forms = tuple(form.id for form in ground.forms if wish.form in (None, form.xml_form_id))
    rounds = ground.round_ids
    if wish.round is not None:
        rounds = tuple(each.round.id for each in ground.deadlines if each.round.slug == wish.round)
    if not rounds or (wish.form is not None and not forms):
        raise NotFound("http.not_found")
    return InboxFilter(
        project_id,
        ground.offices,
        forms,
        rounds,
        FINDINGS.get(wish.findings or "", WEIGHTS),
        wish.state,
        True if wish.returned else None,
        _below(session, caller, project_id, wish),
    )


def _below(session: Session, caller: Caller, project_id: int, wish: InboxWish) -> tuple[frozenset[str], date] | None:
    scope = caller.scope("submission.list", project_id)
    areas = frozenset({wish.area}) if wish.area else frozenset()
    if wish.area and not _is_in_sight(session, scope, project_id, wish.area):
        raise NotFound("http.not_found")
    if wish.text:
        within = Scope(False, areas, caller.on) if areas else scope
        found = search_areas(session, within, caller.on, wish.text, (0, MOST_PLACES))
        # nothing is called so: nothing is found
        return frozenset(area.id for area in found) or frozenset({""}), caller.on
    return (areas, caller.on) if areas else None


def _is_in_sight(session: Session, scope: Scope, project_id: int, area_id: str) -> bool:
    """Whether the inbox may be narrowed to an area: of who sees all of a project to one in it alone."""
    seen = list_these(session, scope, scope.on, [area_id])
    return bool(seen) and (not scope.everywhere or is_inside(session, project_id, area_id, scope.on))


def read_inbox(session: Session, caller: Caller, project_id: int, wish: InboxWish, after: Place | None) -> Inbox:
    """A page of the inbox, from right after a place on. Raises NotFound as `filter_of`."""
    ground = ground_of(session, caller, project_id)
    if not ground.offices:
        return Inbox((), 0, 0, 0, None, (), (), (), (), ground)
    wanted = filter_of(session, caller, project_id, wish, ground)
    found = list_inbox(session, wanted, after, PAGE + 1)
    everything = InboxFilter(project_id, ground.offices, ground.form_ids, ground.round_ids, below=wanted.below)
    groups = tuple(count_inbox(session, everything))
    fitting = [each for each in groups if _fits(each, wish, ground)]
    late = {each.round.id for each in ground.deadlines if each.overdue}
    return Inbox(
        tuple(lines_of(session, caller, ground, found[:PAGE])),
        sum(each.number for each in fitting),
        sum(each.number for each in fitting if each.weight == CLEAN),
        sum(each.number for each in fitting if each.round_id in late),
        found[PAGE - 1].place.write() if len(found) > PAGE else None,
        groups,
        ground.deadlines,
        ground.forms,
        tuple(_unheard(session, caller, project_id, wish, ground)) if after is None else (),
        ground,
    )


def _fits(group: Group, wish: InboxWish, ground: Ground) -> bool:
    deadline, form = ground.deadline(group.round_id), ground.form(group.form_id)
    return (
        wish.round in (None, deadline.round.slug if deadline else None)
        and wish.form in (None, form.xml_form_id if form else None)
        and group.weight in FINDINGS.get(wish.findings or "", WEIGHTS)
        and wish.state in (None, group.state)
        and (group.returned or not wish.returned)
    )


def find_line(session: Session, caller: Caller, project_id: int, submission_id: int) -> Line | None:
    """One line of the inbox; None when it does not wait for the caller."""
    ground = ground_of(session, caller, project_id)
    wanted = InboxFilter(project_id, ground.offices, ground.form_ids, ground.round_ids)
    found = list_these_waiting(session, wanted, [submission_id]) if ground.offices else []
    return next(iter(lines_of(session, caller, ground, found)), None)


def lines_of(session: Session, caller: Caller, ground: Ground, found: Sequence[WaitingView]) -> list[Line]:
    """What is told of these submissions: a handful of queries, however many they are."""
    ids = [each.submission_id for each in found]
    if not ids:
        return []
    sheets, senders = list_sheets_of(session, ids), list_senders_of(session, ids)
    places = name_places(session, {each.area_id for each in found if each.area_id})
    earlier = _earlier(session, ground, found)
    lines = []
    for each in found:
        sheet = sheets[each.submission_id]
        place = places.get(each.area_id or "")
        reporter = find_field(sheet.answers, REPORTER)
        told = reporter if isinstance(reporter, str) else None
        tie = tie_to((caller.actor_id, caller.name), senders[each.submission_id], told, place.kind if place else None)
        rows = list_moves(Standing(each.state, sheet.level), _verbs(session, caller, ground, each), caller.on)
        approves = next((row for row in rows if row.to == APPROVED), None)
        barred = bar(approves, tie) if approves else None
        before = earlier.get(each.submission_id)
        changes = None if before is None else _changes(definition_of(session, sheet.form_sha256), before, sheet.answers)
        lines.append(Line(each, sheet, place, ground.deadline(each.round_id), changes, approves, barred))
    return lines


def _verbs(session: Session, caller: Caller, ground: Ground, each: WaitingView) -> frozenset[str]:
    """The verbs of the reader's offices there; looked up only where they differ from place to place."""
    if len(ground.offices) == 1 or all(office.scope.everywhere for office in ground.offices):
        return frozenset(level.verb for level in LEVELS if level.name in ground.names)
    path = find_above(session, each.area_id, caller.on) if each.area_id else ()
    project_id = ground.forms[0].project_id
    return caller.verbs_in(Where(project_id, each.form_id, path))


def _earlier(session: Session, ground: Ground, found: Sequence[WaitingView]) -> dict[int, Mapping[str, Any]]:
    """The answers of the last round before, by submission, where one sheet and no more speaks for its village there."""
    rounds = campaign_of(session, ground.forms[0].project_id).rounds
    cutoffs = {each.id: each.cutoff for each in rounds}
    areas, forms = {each.area_id for each in found if each.area_id}, {each.form_id for each in found}
    by_place: dict[tuple[str, int], dict[int, list[int]]] = {}
    for view in list_earlier(session, areas, forms, cutoffs) if areas and cutoffs else ():
        by_round = by_place.setdefault((view.area_id, view.form_id), {})
        by_round.setdefault(view.round_id, []).append(view.submission_id)
    chosen: dict[int, int] = {}
    for each in found:
        if each.round_id is None or each.round_id not in cutoffs:
            continue
        by_round = by_place.get((each.area_id or "", each.form_id), {})
        older = [number for number in by_round if cutoffs[number] < cutoffs[each.round_id]]
        sheets = by_round[max(older, key=lambda number: cutoffs[number])] if older else []
        if len(sheets) == 1:
            chosen[each.submission_id] = sheets[0]
    answers = list_answers_of(session, set(chosen.values())) if chosen else {}
    return {each: answers[earlier] for each, earlier in chosen.items() if earlier in answers}


def _changes(definition: FormDefinition, before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    labels = {field.name: field.labels for field in _asked(definition.root)}
    found = changed_figures(list(labels), dict(_leaves(before)), dict(_leaves(now)))
    return tuple(Change(each.name, labels[each.name], each.before, each.now) for each in found)


def _leaves(answers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is answered in no repeat, by the name of its question."""
    for name, value in answers.items():
        if isinstance(value, dict):
            yield from _leaves(value)
        elif not isinstance(value, list):
            yield name, value


def _asked(field: Field) -> Iterator[Field]:
    """The numbers that a form asks for, but for those in repeats."""
    for child in field.children:
        if child.kind == "group":
            yield from _asked(child)
        elif child.kind == "field" and child.control is not None and child.type in ("int", "integer", "decimal"):
            yield child


def _unheard(session: Session, caller: Caller, project_id: int, wish: InboxWish, ground: Ground) -> Iterator[Unheard]:
    """The open rounds in which villages in sight have not reported, as it was counted last."""
    scope = caller.scope("submission.list", project_id)
    tops = [wish.area] if wish.area else list_tops(session, project_id, scope)
    for each in ground.deadlines:
        if not tops or wish.round not in (None, each.round.slug):
            continue
        made = list_rollups(session, each.round.id, scope, tops)
        villages = reported = 0
        for top in tops:
            counted = made.get((top, NEWEST))
            on = each.round.cutoff
            villages += counted.villages if counted else count_villages(session, top, on, VILLAGE_KINDS)
            reported += counted.reported if counted else 0
        if villages > reported:
            yield Unheard(each.round, villages - reported, villages)


@dataclass(frozen=True)
class Places:
    """Where the inbox can be narrowed to: what lies right below the area it is narrowed to (`here`), or below what the
    reader sees; `up`: the area above, None: all that is seen."""

    here: AreaView | None
    up: AreaView | None
    below: tuple[AreaView, ...]


def list_places(session: Session, caller: Caller, project_id: int, area_id: str | None) -> Places:
    """The areas by which the reader may narrow the inbox."""
    scope, on = caller.scope("submission.list", project_id), caller.on
    tops = [area_id] if area_id else list(list_tops(session, project_id, scope))
    below = list_children(session, tops, on)[tops[0]] if len(tops) == 1 else tops
    seen = list_these(session, scope, on, [*below, *tops])
    here = seen.get(area_id) if area_id else None
    above = list_these(session, scope, on, [here.parent_id]) if here and here.parent_id else {}
    listed = sorted((seen[each] for each in below if each in seen), key=lambda each: (each.code or "~", each.name))
    return Places(here, next(iter(above.values()), None), tuple(listed))
