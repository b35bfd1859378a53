"""How far each village has come in a round, kept along with its sheets; and when a phone of it was heard of last.

One row for a round, a form and a village: what stands for its sheets there (domain/coverage.py, `weigh`). Who writes a
sheet's form, area, round, decision, files or deletion says so here in the same transaction (`refresh_sheet`);
no two villages share a row. `list_wrong` counts afresh and tells where somebody did not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, String, bindparam, case, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.domain.coverage import APPROVED as DONE
from server.domain.coverage import KEPT, ONE_A_ROUND, PARTLY, RETURNED, WAITING, Kept
from server.domain.review import APPROVED, LEVELS, REJECTED
from server.storage.actors import Grant
from server.storage.areas import valid_on
from server.storage.database import Base
from server.storage.forms import Form
from server.storage.prepared import Prepared, always
from server.storage.rounds import RoundRow
from server.storage.submissions import BigId, Submission, SubmissionAttachment, SubmissionVersion

AT_ONCE = 500
MANY = 3_000
"""Villages above which a whole round is read at once, and not these alone."""


class CoverageRow(Base):
    """The sheets of a form from a village in a round: `state`, `level`, files, `came_at` as in domain/coverage.py."""

    __tablename__ = "village_coverage"
    __table_args__ = ({"sqlite_with_rowid": False},)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), primary_key=True, autoincrement=False)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"), primary_key=True, autoincrement=False)
    area_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    level: Mapped[str | None] = mapped_column(String(16))
    expected: Mapped[int]
    here: Mapped[int]
    submission_id: Mapped[int] = mapped_column(BigId)
    came_at: Mapped[datetime]


class VillageContactRow(Base):
    """When a phone of whoever was then there for an area was heard of last in a project."""

    __tablename__ = "village_contacts"
    __table_args__ = ({"sqlite_with_rowid": False},)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    area_id: Mapped[str] = mapped_column(String(36), ForeignKey("areas.id"), primary_key=True)
    last_at: Mapped[datetime]


# as plain tables: a statement over classes takes twice as long to put together
_rows, _contacts = CoverageRow.__table__, VillageContactRow.__table__
_KEYS = ("round_id", "form_id", "area_id", "state", "level", "expected", "here", "submission_id", "came_at")


def _files(*here: Any) -> Any:
    of = (SubmissionAttachment.version_id == SubmissionVersion.id, SubmissionAttachment.expected, *here)
    return select(func.count()).select_from(SubmissionAttachment).where(*of).correlate(SubmissionVersion)


def _sheets() -> Select[Any]:
    """All sheets that stand for a village somewhere, with what decides which of them does (`place`, 0 first)."""
    expected = _files().scalar_subquery()
    here = _files(SubmissionAttachment.sha256.is_not(None)).scalar_subquery()
    state = case(
        (Submission.review_state == REJECTED, RETURNED),
        (Submission.review_state == APPROVED, DONE),
        (expected > here, PARTLY),
        else_=WAITING,
    )
    # no lists: a statement that is prepared once holds none
    decided = or_(Submission.review_state == REJECTED, Submission.review_state == APPROVED)
    level = case((decided, Submission.review_level), else_=None)
    return (
        select(
            Submission.round_id,
            Submission.form_id,
            Submission.area_id,
            state.label("state"),
            level.label("level"),
            expected.label("expected"),
            here.label("here"),
            Submission.id.label("submission_id"),
            SubmissionVersion.created_at.label("came_at"),
            Submission.created_at.label("begun_at"),
            or_(*(Form.xml_form_id == each for each in sorted(ONE_A_ROUND))).label("one"),
        )
        .join(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
        .join(Form, Form.id == Submission.form_id)
        .where(
            Submission.round_id.is_not(None),
            Submission.area_id.is_not(None),
            Submission.deleted_at.is_(None),
            Submission.is_draft.is_(False),
            # what came for a closed form is kept apart until somebody approves it
            or_(Submission.arrival == "normal", Submission.review_state == APPROVED),
        )
    )


def _order(of: Any) -> tuple[Any, ...]:
    back = case({state: place for place, state in enumerate(KEPT)}, value=of.state)
    rank = case({level.name: place for place, level in enumerate(LEVELS, start=1)}, value=of.level, else_=0)
    return (
        case((of.one, 0), else_=back),
        case((of.one, 0), else_=rank),
        of.begun_at.desc(),
        of.submission_id.desc(),
    )


def _speaking(_dialect: str) -> Select[Any]:
    place = (
        Submission.area_id == bindparam("area"),
        Submission.form_id == bindparam("form"),
        Submission.round_id == bindparam("round"),
    )
    found = _sheets().where(*place).subquery().c
    return select(*(found[name] for name in _KEYS)).order_by(*_order(found)).limit(1)


def _put(dialect: str) -> Any:
    made = (postgresql if dialect == "postgresql" else sqlite).insert(CoverageRow)
    rest = {name: made.excluded[name] for name in _KEYS[3:]}
    return made.on_conflict_do_update(index_elements=list(_KEYS[:3]), set_=rest)


def _hold(_dialect: str) -> Any:
    made = postgresql.insert(CoverageRow)
    return made.on_conflict_do_update(index_elements=list(_KEYS[:3]), set_={"expected": CoverageRow.expected})


_HOLD = Prepared(_hold, _KEYS)


_SPEAKING, _PUT = Prepared(_speaking), Prepared(_put, _KEYS)
_PLACE_OF = Prepared(
    always(
        select(Submission.round_id, Submission.form_id, Submission.area_id, Submission.id, Submission.created_at).where(
            Submission.id == bindparam("id"), Submission.is_draft.is_(False)
        )
    )
)

_SHEET_OF = Prepared(
    always(
        select(SubmissionVersion.submission_id).where(
            SubmissionVersion.id == bindparam("version"), SubmissionVersion.is_current
        )
    )
)

Place = tuple[int | None, int, str | None]
"""Round, form, village; where one of them is none, nothing is kept."""


def find_place(connection: Connection, submission_id: int) -> Place | None:
    """Where a sheet counts; None for a draft's."""
    row = _PLACE_OF.first(connection, {"id": submission_id})
    return (row[0], row[1], row[2]) if row else None


def refresh_sheet(connection: Connection, submission_id: int, before: Place | None = None) -> None:
    """A sheet came, or something about it changed; `before`: where it counted until then, where that was asked."""
    after = find_place(connection, submission_id)
    places = {place for place in (before, after) if place is not None}
    # everybody in one order, so that two never wait for each other
    for round_id, form_id, area_id in sorted(places, key=str):
        if round_id is not None and area_id is not None:
            refresh(connection, (round_id, form_id, area_id))


def refresh_version(connection: Connection, version_id: int) -> None:
    """The files of a version of a sheet were changed."""
    row = _SHEET_OF.first(connection, {"version": version_id})
    if row is not None:
        refresh_sheet(connection, row[0])


def refresh(connection: Connection, place: tuple[int, int, str]) -> None:
    """Works out anew what stands for the sheets of a form (its number) from a village in a round."""
    round_id, form_id, area_id = place
    own = {"round": round_id, "form": form_id, "area": area_id}
    if connection.dialect.name == "postgresql":
        _wait_for(connection, place)
    speaking = _SPEAKING.first(connection, own)
    if speaking is None:
        here = (CoverageRow.round_id == round_id, CoverageRow.form_id == form_id, CoverageRow.area_id == area_id)
        connection.execute(delete(CoverageRow).where(*here))
    else:
        _PUT.many(connection, [dict(zip(_KEYS, speaking, strict=True))])


def _wait_for(connection: Connection, place: tuple[int, int, str]) -> None:
    """Of two sheets of a village that come at once the second is looked at when the first is there: SQLite's write gate
    sees to that, here the row does, made for it where there is none."""
    row = dict.fromkeys(_KEYS, 0) | dict(zip(_KEYS, place, strict=False))
    row |= {"state": WAITING, "level": None, "came_at": _EPOCH}
    _HOLD.many(connection, [row])


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def list_states(
    session: Session | Connection, round_id: int, form_ids: Sequence[int], area_ids: Collection[str]
) -> dict[tuple[str, str | None], set[str]]:
    """The villages by state and level as kept; of several forms by the one that is furthest back. Villages of which
    nothing came are left out. More may come than were asked for."""
    # a country's villages come as a few long texts: as rows they would take three times as long
    query = (
        select(_rows.c.state, _rows.c.level, func.aggregate_strings(_rows.c.area_id, ","))
        .where(_rows.c.round_id == round_id, _rows.c.form_id.in_(form_ids))
        .group_by(_rows.c.state, _rows.c.level)
    )
    found: dict[tuple[str, str | None], set[str]] = {}
    for state, level, joined in _in_parts(session, query, _rows.c.area_id, area_ids):
        found.setdefault((state, level), set()).update(joined.split(","))
    if len(form_ids) > 1:
        seen: set[str] = set()
        for _, villages in sorted(found.items(), key=lambda each: _how_far(each[0])):
            villages -= seen
            seen |= villages
    return found


def _how_far(kept: tuple[str, str | None]) -> tuple[int, int]:
    return KEPT.index(kept[0]), next((place for place, each in enumerate(LEVELS, 1) if each.name == kept[1]), 0)


def list_kept(
    session: Session | Connection, round_id: int, form_ids: Sequence[int], area_ids: Collection[str]
) -> dict[str, list[Kept]]:
    """What is kept of these villages, one for each form of which something came."""
    query = select(*(_rows.c[name] for name in _KEYS[2:])).where(
        _rows.c.round_id == round_id, _rows.c.form_id.in_(form_ids)
    )
    wanted, found = set(area_ids), dict[str, list[Kept]]()
    for row in _in_parts(session, query, _rows.c.area_id, wanted):
        if row[0] in wanted:
            found.setdefault(row[0], []).append(Kept(*row[1:]))
    return found


def list_heard(
    session: Session | Connection, project_id: int, area_ids: Collection[str], since: datetime | None = None
) -> dict[str, datetime]:
    """When a phone of these areas was heard of last, where it was (since a moment). More may come than was asked."""
    query = select(_contacts.c.area_id, _contacts.c.last_at).where(_contacts.c.project_id == project_id)
    if since is not None:
        query = query.where(_contacts.c.last_at >= since)
    return {row[0]: row[1] for row in _in_parts(session, query, _contacts.c.area_id, area_ids)}


def list_heard_ids(
    session: Session | Connection, project_id: int, area_ids: Collection[str], since: datetime
) -> set[str]:
    """Those areas of which a phone was heard of since a moment. More may come than was asked."""
    joined = func.aggregate_strings(_contacts.c.area_id, ",")
    query = select(joined).where(_contacts.c.project_id == project_id, _contacts.c.last_at >= since)
    return {
        area for row in _in_parts(session, query, _contacts.c.area_id, area_ids) if row[0] for area in row[0].split(",")
    }


def _in_parts(
    session: Session | Connection, query: Select[Any], column: Any, area_ids: Collection[str]
) -> Iterable[Sequence[Any]]:
    if len(area_ids) > MANY:
        return session.execute(query).all()
    listed = sorted(area_ids)
    parts = (listed[start : start + AT_ONCE] for start in range(0, len(listed), AT_ONCE))
    return [row for part in parts for row in session.execute(query.where(column.in_(part)))]


def put_heard(connection: Connection, project_id: int, heard: Mapping[str, datetime]) -> None:
    """Writes when phones of areas were heard of last, where that is later than what is kept. `heard`: by area."""
    if not heard:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    made = insert(VillageContactRow)
    later = made.on_conflict_do_update(
        index_elements=["project_id", "area_id"],
        set_={"last_at": made.excluded.last_at},
        where=VillageContactRow.last_at < made.excluded.last_at,
    )
    # always in this order: two processes that write at once wait for each other, and never crosswise
    connection.execute(
        later, [{"project_id": project_id, "area_id": area, "last_at": at} for area, at in sorted(heard.items())]
    )


def forget_form_rows(connection: Connection, form_id: int) -> None:
    """Takes away what is kept of a form that goes for good."""
    connection.execute(delete(CoverageRow).where(CoverageRow.form_id == form_id))


def list_grounds(connection: Connection, actor_ids: Collection[int], on: date) -> dict[int, list[str]]:
    """The areas that these key holders are there for on a day, by actor id."""
    found: dict[int, list[str]] = {}
    listed = sorted(actor_ids)
    for start in range(0, len(listed), AT_ONCE):
        query = select(Grant.actor_id, Grant.area_id).where(
            Grant.actor_id.in_(listed[start : start + AT_ONCE]), Grant.area_id.is_not(None), valid_on(Grant, on)
        )
        for actor_id, area_id in connection.execute(query.distinct()):
            found.setdefault(actor_id, []).append(str(area_id))
    return found


def list_round_ids(session: Session | Connection) -> list[int]:
    """All rounds."""
    query = select(RoundRow.id).order_by(RoundRow.id)
    return list(session.execute(query).scalars())


def list_wrong(session: Session | Connection, round_id: int) -> list[tuple[int, int, str]]:
    """(round, form, village) wherever what is kept is not what there is."""
    each = _sheets().where(Submission.round_id == round_id).subquery().c
    place = func.row_number().over(partition_by=(each.form_id, each.area_id), order_by=_order(each))
    ranked = select(*(each[name] for name in _KEYS), place.label("place")).subquery().c
    query = select(*(ranked[name] for name in _KEYS)).where(ranked.place == 1)
    there = {tuple(row[:3]): tuple(row[3:]) for row in session.execute(query)}
    kept_query = select(*(_rows.c[name] for name in _KEYS)).where(_rows.c.round_id == round_id)
    kept = {tuple(row[:3]): tuple(row[3:]) for row in session.execute(kept_query)}
    wrong = [place for place in there.keys() | kept.keys() if there.get(place) != kept.get(place)]
    return [(place[0], place[1], place[2]) for place in sorted(wrong)]
