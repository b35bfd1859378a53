"""What waits for somebody, in the order of an inbox and counted: findings by weight, then the round whose deadline
comes first, then what waits longest.

Whoever sees little is served from the index by area, and what is found put in order. Whoever sees much is served from
the index that has this order, one weight and round after the other, read until the page is full.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select, true, tuple_
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.inbox import Place
from server.domain.review import REJECTED
from server.domain.roles import Scope
from server.storage.actors import Actor
from server.storage.areas import AreaVersionRow
from server.storage.database import Moment
from server.storage.forms import Form, FormVersion
from server.storage.reach import are_few_below, find_outside, led_by_area, lies_in, one_by_one
from server.storage.reviews import ReviewMove
from server.storage.submissions import Submission, SubmissionVersion
from server.storage.tallies import are_few
from server.storage.waiting import CLEAN, WARNED, WRONG, WaitingRow

AT_ONCE = 500
FEW = 5_000
"""Rows up to which all that is in sight is put in order; areas up to which each is looked up by itself."""
WEIGHTS = (WRONG, WARNED, CLEAN)


@dataclass(frozen=True)
class Office:
    """An office of the reader: what has the word of one of these ranks (`reached`) waits for it, where the scope
    reaches."""

    reached: tuple[int, ...]
    scope: Scope


@dataclass(frozen=True)
class InboxFilter:
    """What is asked of an inbox. `round_ids`: in the order of their deadlines (None: of no round), others are left out;
    `form_ids`: of these forms. None of the others: any. `below`: in these areas and what lies in them on that day."""

    project_id: int
    offices: tuple[Office, ...]
    form_ids: tuple[int, ...]
    round_ids: tuple[int | None, ...]
    weights: tuple[int, ...] = WEIGHTS
    state: str | None = None
    returned: bool | None = None
    below: tuple[frozenset[str], date] | None = None


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A submission that waits, as storage/waiting.py keeps it."""

    submission_id: int
    form_id: int
    round_id: int | None
    area_id: str | None
    weight: int
    errors: int
    warnings: int
    missing: int
    state: str
    returned: bool
    since: datetime

    @property
    def place(self) -> Place:
        """Its place in the order."""
        return Place(self.weight, self.round_id, self.since, self.submission_id)


@dataclass(frozen=True, slots=True)
class Group:
    """How many wait that have these in common."""

    round_id: int | None
    form_id: int
    weight: int
    state: str
    returned: bool
    number: int


_W = WaitingRow
_VIEW = (
    _W.submission_id,
    _W.form_id,
    _W.round_id,
    _W.area_id,
    _W.weight,
    _W.errors,
    _W.warnings,
    _W.missing,
    _W.state,
    _W.returned,
    _W.since,
)

_GROUPED = (_W.round_id, _W.form_id, _W.weight, _W.state, _W.returned)


@dataclass(frozen=True, slots=True)
class Onward:
    """Which way one goes through the order of an inbox, and from where on: from right after a place, or, backwards
    (`back`), from right before it; None: from its beginning."""

    place: Place | None
    back: bool = False

    def beyond(self, place: Place) -> ColumnElement[bool]:
        """Further on than a place of the same weight and round."""
        here, mark = (
            tuple_(_W.since, _W.submission_id),
            tuple_(literal(place.since, Moment()), literal(place.submission_id)),
        )
        return here < mark if self.back else here > mark

    @property
    def order(self) -> Sequence[Any]:
        """The order of what is of one weight and round."""
        return (_W.since.desc(), _W.submission_id.desc()) if self.back else (_W.since, _W.submission_id)


def list_inbox(
    session: Session | Connection, wanted: InboxFilter, after: Place | None, limit: int
) -> list[WaitingView]:
    """A page of what waits, from right after a place on."""
    return _list(session, wanted, Onward(after), limit)


def find_before(session: Session | Connection, wanted: InboxFilter, place: Place) -> WaitingView | None:
    """What waits right before a place, however far down that lies; None at the beginning."""
    return next(iter(_list(session, wanted, Onward(place, back=True), 1)), None)


def _list(session: Session | Connection, wanted: InboxFilter, on: Onward, limit: int) -> list[WaitingView]:
    if not wanted.form_ids or not wanted.round_ids or not wanted.weights:
        return []
    if _sees_little(session, wanted):
        query = select(*_VIEW).where(*_common(session, wanted, each=False))
        return [WaitingView(*row) for row in session.execute(_sorted(query, wanted, on).limit(limit))]
    return _in_order(session, wanted, on, limit)


def count_inbox(session: Session | Connection, wanted: InboxFilter) -> list[Group]:
    """How many wait, by what an inbox is narrowed by."""
    if not wanted.form_ids or not wanted.round_ids:
        return []
    if wanted.below is None and all(office.scope.everywhere for office in wanted.offices):
        return _count_everything(session, wanted)
    query = select(*_GROUPED, func.count()).where(*_common(session, wanted, each=False)).group_by(*_GROUPED)
    return [Group(*row) for row in session.execute(query)]


def _count_everything(session: Session | Connection, wanted: InboxFilter) -> list[Group]:
    """The same for who sees everything: the index that has these groups in its order is read once, and what is not
    asked for left out after."""
    reached = {rank for office in wanted.offices for rank in office.reached}
    # in the order of the index, so that nothing is sorted
    columns = (_W.reached, *_GROUPED)
    query = select(*columns, func.count()).where(_W.project_id == wanted.project_id).group_by(*columns)
    return [
        group
        for row in session.execute(query)
        if row[0] in reached and _fits(group := Group(row[1], row[2], row[3], row[4], row[5], row[6]), wanted)
    ]


def _fits(group: Group, wanted: InboxFilter) -> bool:
    return (
        group.round_id in wanted.round_ids
        and group.form_id in wanted.form_ids
        and group.weight in wanted.weights
        and wanted.state in (None, group.state)
        and wanted.returned in (None, group.returned)
    )


def find_waiting(session: Session | Connection, submission_id: int) -> WaitingView | None:
    """What waits of one submission; None when it does not."""
    row = session.execute(select(*_VIEW).where(_W.submission_id == submission_id)).first()
    return WaitingView(*row) if row else None


def list_these_waiting(
    session: Session | Connection, wanted: InboxFilter, submission_ids: Collection[int]
) -> list[WaitingView]:
    """Of these submissions those that wait and fit, by number."""
    if not submission_ids or not wanted.form_ids or not wanted.round_ids:
        return []
    query = select(*_VIEW).where(_W.submission_id.in_(sorted(submission_ids)), *_common(session, wanted, each=True))
    return [WaitingView(*row) for row in session.execute(query.order_by(_W.submission_id))]


def _sees_little(session: Session | Connection, wanted: InboxFilter) -> bool:
    if wanted.below is not None:
        areas, on = wanted.below
        return are_few(session, wanted.form_ids, Scope(False, areas, on), FEW)
    return all(
        not seen.everywhere and are_few(session, wanted.form_ids, seen, FEW)
        for office in wanted.offices
        for seen in _scopes(office, wanted.form_ids)
    )


def _scopes(office: Office, form_ids: Sequence[int]) -> set[Scope]:
    return {seen for form_id in form_ids if (seen := office.scope.of_form(form_id))}


Areas = tuple[frozenset[str], date]
"""These and what lies in them on that day."""


def _common(session: Session | Connection, wanted: InboxFilter, *, each: bool) -> Iterator[ColumnElement[bool]]:
    """The conditions but for the place in the order. `each`: every row is asked by itself whether it lies in sight."""
    led = None if each else _led_by(session, wanted)
    # the sum keeps a database from the indexes by project, of which it would read all where the areas tell the few
    yield (_W.project_id if led is None else _W.project_id + 0) == wanted.project_id
    yield _W.form_id.in_(wanted.form_ids)
    yield _of_rounds(wanted.round_ids)
    if wanted.weights != WEIGHTS:
        yield _W.weight.in_(wanted.weights)
    if wanted.state is not None:
        yield _W.state == wanted.state
    if wanted.returned is not None:
        yield _W.returned.is_(wanted.returned)
    if led is not None:
        yield led_by_area(_W.area_id, *led)
    elif wanted.below is not None:
        yield (one_by_one if each else lies_in)(_W.area_id, *wanted.below)
    asking = Asking(session, wanted.form_ids, led, each)
    yield or_(false(), *(_of_office(asking, office) for office in wanted.offices))


def _led_by(session: Session | Connection, wanted: InboxFilter) -> Areas | None:
    """The areas in which all lies that is asked for, where they are few."""
    led = wanted.below or _bounds(session, wanted)
    return led if led is not None and are_few_below(session, *led, FEW) else None


def _bounds(session: Session | Connection, wanted: InboxFilter) -> Areas | None:
    """The areas in which all lies that is in sight; None where hardly any area bounds it."""
    scopes = {seen for office in wanted.offices for seen in _scopes(office, wanted.form_ids)}
    days = {seen.on for seen in scopes}
    if len(days) != 1 or any(seen.everywhere or find_outside(session, seen) is not None for seen in scopes):
        return None
    return frozenset().union(*(seen.areas for seen in scopes)), days.pop()


def _of_rounds(round_ids: Sequence[int | None]) -> ColumnElement[bool]:
    named = _W.round_id.in_([each for each in round_ids if each is not None])
    return or_(named, _W.round_id.is_(None)) if None in round_ids else named


@dataclass(frozen=True, slots=True)
class Asking:
    """What it is asked with whether rows lie in sight: of which forms; the areas that lead to them already (`led`);
    `each`: every row by itself."""

    session: Session | Connection
    form_ids: tuple[int, ...]
    led: Areas | None
    each: bool


def _of_office(asking: Asking, office: Office) -> ColumnElement[bool]:
    by_scope: dict[Scope, list[int]] = {}
    for form_id in asking.form_ids:
        seen = office.scope.of_form(form_id)
        if seen:
            by_scope.setdefault(seen, []).append(form_id)
    alone = len(by_scope) == 1 and len(next(iter(by_scope.values()))) == len(asking.form_ids)
    seen_of = [
        and_(_in_sight(asking, seen), *(() if alone else (_W.form_id.in_(forms),))) for seen, forms in by_scope.items()
    ]
    return and_(_W.reached.in_(office.reached), or_(false(), *seen_of))


def _in_sight(asking: Asking, seen: Scope) -> ColumnElement[bool]:
    if seen.everywhere or asking.led == (seen.areas, seen.on):
        return true()
    outside = find_outside(asking.session, seen)
    if outside is not None:
        # who sees nearly everything: it is quicker to leave out what they do not see
        return and_(_W.area_id.is_not(None), _W.area_id.not_in(sorted(outside)))
    return (one_by_one if asking.each else lies_in)(_W.area_id, seen.areas, seen.on)


def _sorted(query: Select[*tuple[Any, ...]], wanted: InboxFilter, on: Onward) -> Select[*tuple[Any, ...]]:
    ranks = {each: rank for rank, each in enumerate(wanted.round_ids)}
    late = len(ranks)
    known = {each: rank for each, rank in ranks.items() if each is not None}
    rank: Any = case(known, value=_W.round_id, else_=ranks.get(None, late)) if known else literal(late)
    if on.place is not None:
        heavy, here = on.place.weight, ranks.get(on.place.round_id, late)
        weight, later = (_W.weight > heavy, rank < here) if on.back else (_W.weight < heavy, rank > here)
        same = and_(rank == here, on.beyond(on.place))
        query = query.where(or_(weight, and_(_W.weight == heavy, or_(later, same))))
    if on.back:
        return query.order_by(_W.weight, rank.desc(), *on.order)
    return query.order_by(_W.weight.desc(), rank, *on.order)


def _in_order(session: Session | Connection, wanted: InboxFilter, on: Onward, limit: int) -> list[WaitingView]:
    """One weight and one round after the other: each is a part of the index that has the order already."""
    found: list[WaitingView] = []
    conditions = list(_common(session, wanted, each=True))
    for weight, round_id, since in _steps(wanted, on):
        query = select(*_VIEW).where(
            *conditions,
            _W.weight == weight,
            _W.round_id.is_(None) if round_id is None else _W.round_id == round_id,
        )
        if since is not None:
            query = query.where(on.beyond(since))
        query = query.order_by(*on.order).limit(limit - len(found))
        found += [WaitingView(*row) for row in session.execute(query)]
        if len(found) >= limit:
            break
    return found


def _steps(wanted: InboxFilter, on: Onward) -> Iterator[tuple[int, int | None, Place | None]]:
    """(weight, round, from where on), in the order in which one goes; those that lie on the other side of the place are
    left out."""
    ranks = {each: rank for rank, each in enumerate(wanted.round_ids)}
    way = -1 if on.back else 1
    here = ranks.get(on.place.round_id, len(ranks)) if on.place is not None else 0
    for weight in sorted(wanted.weights, reverse=not on.back):
        for round_id in wanted.round_ids[::way]:
            if on.place is None or (on.place.weight - weight) * way > 0:
                yield weight, round_id, None
            elif weight == on.place.weight and (ranks[round_id] - here) * way >= 0:
                yield weight, round_id, on.place if round_id == on.place.round_id else None


@dataclass(frozen=True, slots=True)
class SheetView:
    """What a line of the inbox tells of a submission beside what `WaitingView` does. `move_id`: its newest decision; 0
    for none."""

    submission_id: int
    version_id: int
    move_id: int
    instance_name: str | None
    answers: dict[str, Any]
    level: str | None
    xml_form_id: str
    title: str
    form_sha256: str
    sender: str


def list_sheets_of(session: Session | Connection, submission_ids: Sequence[int]) -> dict[int, SheetView]:
    """What the lines of a page tell, by number."""
    query = (
        select(
            Submission.id,
            SubmissionVersion.id,
            _NEWEST_MOVE,
            SubmissionVersion.instance_name,
            SubmissionVersion.answers,
            Submission.review_level,
            Form.xml_form_id,
            FormVersion.title,
            FormVersion.sha256,
            Actor.display_name,
        )
        .join(SubmissionVersion, and_(SubmissionVersion.submission_id == Submission.id, SubmissionVersion.is_current))
        .join(Form, Form.id == Submission.form_id)
        .join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
        .join(Actor, Actor.id == SubmissionVersion.submitter_id)
        .where(Submission.id.in_(submission_ids))
    )
    return {
        row[0]: SheetView(row[0], row[1], row[2], row[3], row[4] or {}, row[5], row[6], row[7], row[8], row[9])
        for row in session.execute(query)
    }


_NEWEST_MOVE = (
    select(func.coalesce(func.max(ReviewMove.id), 0)).where(ReviewMove.submission_id == Submission.id).scalar_subquery()
)


def list_seen(session: Session | Connection, submission_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """(current version, newest decision or 0) of submissions."""
    found: dict[int, tuple[int, int]] = {}
    for start in range(0, len(submission_ids), AT_ONCE):
        query = (
            select(Submission.id, SubmissionVersion.id, _NEWEST_MOVE)
            .join(
                SubmissionVersion,
                and_(SubmissionVersion.submission_id == Submission.id, SubmissionVersion.is_current),
            )
            .where(Submission.id.in_(submission_ids[start : start + AT_ONCE]))
        )
        found |= {row[0]: (row[1], row[2]) for row in session.execute(query)}
    return found


def list_senders_of(session: Session | Connection, submission_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """Who sent these submissions and each of their later texts: actor and name, by submission."""
    found: dict[int, list[tuple[int, str]]] = {each: [] for each in submission_ids}
    for number, sender in (
        (Submission.id, Submission.submitter_id),
        (SubmissionVersion.submission_id, SubmissionVersion.submitter_id),
    ):
        query = select(number, Actor.id, Actor.display_name).join(Actor, Actor.id == sender)
        for row in session.execute(query.where(number.in_(submission_ids))):
            if (row[1], row[2]) not in found[row[0]]:
                found[row[0]].append((row[1], row[2]))
    return found


@dataclass(frozen=True, slots=True)
class Named:
    """What an area is called, what kind it is, and what it lies in."""

    name: str
    kind: str
    above: str


def name_places(session: Session | Connection, area_ids: Collection[str]) -> dict[str, Named]:
    """Areas by own id, as they are or were called last."""
    area = AreaVersionRow
    query = select(area.area_id, area.name, area.kind, area.parent_id).where(area.area_id.in_(sorted(area_ids)))
    # an open beginning is the earliest
    last = {row[0]: row for row in session.execute(query.order_by(area.valid_from.is_not(None), area.valid_from))}
    above = {row[3] for row in last.values() if row[3]}
    query = select(area.area_id, area.name, area.kind, area.parent_id).where(area.area_id.in_(sorted(above)))
    names = {row[0]: row[1] for row in session.execute(query.order_by(area.valid_from.is_not(None), area.valid_from))}
    return {area_id: Named(row[1], row[2], names.get(row[3] or "", "")) for area_id, row in last.items()}


@dataclass(frozen=True, slots=True)
class EarlierView:
    """A submission of an area, a form and a round."""

    submission_id: int
    area_id: str
    form_id: int
    round_id: int


def list_earlier(
    session: Session | Connection, area_ids: Collection[str], form_ids: Collection[int], round_ids: Collection[int]
) -> list[EarlierView]:
    """What counts of these areas, forms and rounds."""
    query = select(Submission.id, Submission.area_id, Submission.form_id, Submission.round_id).where(
        Submission.area_id.in_(sorted(area_ids)),
        (Submission.form_id + 0).in_(sorted(form_ids)),
        Submission.round_id.in_(sorted(round_ids)),
        Submission.is_draft.is_(False),
        Submission.deleted_at.is_(None),
        Submission.review_state != REJECTED,
    )
    return [EarlierView(row[0], row[1] or "", row[2], row[3] or 0) for row in session.execute(query)]


def list_answers_of(session: Session | Connection, submission_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """The answers of the current texts of submissions, by number."""
    version = SubmissionVersion
    query = select(version.submission_id, version.answers).where(
        version.submission_id.in_(sorted(submission_ids)), version.is_current
    )
    return {row[0]: row[1] or {} for row in session.execute(query)}
