"""Attests who of a commune was trained, for the training condition of Decision 03/2019/QĐ-TTg: what recorded classes
give, and what other programmes gave besides, as dated facts of the commune that the criteria read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.area_records import FactRecord
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.roles import Place
from server.services.area_facts import plan_facts, write_plan
from server.services.authenticate import Caller
from server.services.training_condition import list_conditions
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.reach import find_above
from server.storage.rounds import RoundView, find_lock_of
from server.storage.verdicts import find_project_synthetic

VERB, READ = "area.update", "submission.list"
HOUSEHOLDS, HOUSEHOLDS_TRAINED, OFFICIALS_TRAINED = "dai_dien_ho", "dai_dien_ho_tap_huan", "can_bo_tap_huan"
MOST = 1_000_000
LONGEST_SOURCE = 500


@dataclass(frozen=True)
class Attesting:
    """Of a commune (own id): how many households and officials other programmes trained besides those that classes
    record, and by which paper that is known. `withdrawn`: nothing is attested any more."""

    area_id: str
    other_households: int
    other_officials: int
    source: str
    withdrawn: bool = False


def attest(session: Session, caller: Caller, round_view: RoundView, asked: Attesting, now: datetime) -> None:
    """Writes the three counts as facts of the commune from the round's cut-off on; the commune's own sheet, where it
    says a count, goes before them. Of recorded classes those count who are named: more may have been
    there. Raises NotFound, Forbidden, Conflict (the round is locked), Invalid (no source, a number out of range)."""
    commune = next(
        (
            each
            for each in list_conditions(session, round_view, caller.scope(READ, round_view.project_id))
            if each.area.id == asked.area_id
        ),
        None,
    )
    if commune is None:
        raise NotFound("area.unknown", value=asked.area_id, on=round_view.cutoff.isoformat())
    if not may_attest(session, caller, round_view, asked.area_id):
        raise Forbidden("auth.forbidden")
    if not 0 < len(asked.source.strip()) <= LONGEST_SOURCE:
        raise Invalid("training.source")
    if not all(0 <= each <= MOST for each in (asked.other_households, asked.other_officials)):
        raise Invalid("training.count")
    trained = commune.condition
    counts: dict[str, int | None] = dict.fromkeys((HOUSEHOLDS, HOUSEHOLDS_TRAINED, OFFICIALS_TRAINED))
    if not asked.withdrawn:
        counts[HOUSEHOLDS] = trained.households
        counts[HOUSEHOLDS_TRAINED] = trained.trained_households[0] + asked.other_households
        counts[OFFICIALS_TRAINED] = trained.trained_officials[0] + asked.other_officials
    _write(session, caller, round_view, (asked, counts), now)


def may_attest(session: Session, caller: Caller, round_view: RoundView, area_id: str) -> bool:
    """Whether somebody may say what is so of a commune."""
    return caller.may_in(VERB, Place(round_view.project_id, None, find_above(session, area_id, caller.on)))


def _write(
    session: Session,
    caller: Caller,
    round_view: RoundView,
    what: tuple[Attesting, dict[str, int | None]],
    now: datetime,
) -> None:
    asked, counts = what
    status = "synthetic" if find_project_synthetic(session, round_view.project_id) else "verified"
    since, source = round_view.cutoff, asked.source.strip()
    records = [
        FactRecord(1, asked.area_id, name, value, valid_from=since, status=status, source=source)
        for name, value in counts.items()
    ]
    session.rollback()
    with writing(session) as connection:
        if find_lock_of(connection, round_view.id) is not None:
            raise Conflict("round.locked", slug=round_view.slug)
        plan = plan_facts(connection, records, round_view.cutoff)
        if plan.refused:
            raise Invalid("training.not_attested", why=plan.problems[0].code)
        write_plan(connection, plan, now)
        told = {"round": round_view.slug, "source": source, **counts}
        where = Where(round_view.project_id, asked.area_id)
        write_audit(connection, caller.entry("training.attest", f"area:{asked.area_id}", now, where, **told))
        session.commit()
