"""What stands above villages, computed after they reported: counts and sums of communes and of all above them, and what
the law for communes says of each. Takes what was marked; a crash on the way loses nothing, the marks stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.rollup import Report, Rollup, add_up, facts_from_villages, holding_back, roll_up
from server.criteria.ruleset import RuleSet
from server.domain.review import APPROVED as STATE_APPROVED
from server.domain.roles import ALL
from server.domain.standing import Standing
from server.services.aggregate import (
    COMMUNE_FORM,
    CRITERIA_FORM,
    NOT_COUNTING,
    STANDARD_FIELD,
    Evidence,
    find_field,
    keep_verdicts,
    verdict_row,
)
from server.services.campaign import Campaign, campaign_of
from server.services.lists import COMMUNE_KINDS, VILLAGE_KINDS
from server.services.notify import watching
from server.services.rule_book import RuleBook
from server.storage.database import writing
from server.storage.intake import Counting, list_counting, list_counting_of
from server.storage.rollups import (
    count_villages,
    forget_marks,
    list_children,
    list_marks,
    list_rollups,
    lock_rollups,
    put_rollup,
)
from server.storage.rounds import RoundView, find_round
from server.storage.standings import read_paths
from server.storage.verdicts import APPROVED, NEWEST, list_clauses_of, list_verdicts_of, remove_verdicts

AT_ONCE = 25
"""Marks worked off in one transaction: whoever sends meanwhile waits for these, each perhaps of another commune."""
BASES = (APPROVED, NEWEST)
COUNTED = ("tong_ho", "ho_ngheo", "ho_can_ngheo", "ho_dtts")
"""Summed up for every area, whatever a rule set reads."""
UNDER_STANDARD = frozenset({"ho_ngheo", "ho_can_ngheo", "ho_ngheo_dtts"})


def work_off(session: Session, now: datetime, stopped: Callable[[], bool] = lambda: False) -> int:
    """Works off what is marked; returns how many marks that were. Stops between two transactions when `stopped`."""
    done = 0
    while not stopped():
        marks = list_marks(session, AT_ONCE)
        session.rollback()
        if not marks:
            break
        with writing(session) as connection:
            lock_rollups(connection)
            # what others worked off meanwhile is looked at once more, which changes nothing
            by_round: dict[int, set[str]] = {}
            for _, round_id, area_id in marks:
                by_round.setdefault(round_id, set()).add(area_id)
            for round_id, areas in by_round.items():
                found = find_round(connection, round_id)
                # of a locked round all figures stay as they are; reopening it marks what has changed
                if found is not None and not found.is_locked:
                    _roll_up_round(connection, found, areas, now)
            forget_marks(connection, [number for number, _, _ in marks])
            session.commit()
        done += len(marks)
    return done


@dataclass(frozen=True)
class _Work:
    connection: Connection
    campaign: Campaign
    round: RoundView
    now: datetime

    @property
    def book(self) -> RuleBook:
        """The law."""
        return self.campaign.book


def _roll_up_round(connection: Connection, round_view: RoundView, marked: set[str], now: datetime) -> None:
    work = _Work(connection, campaign_of(connection, round_view.project_id), round_view, now)
    paths = read_paths(connection, marked, round_view.cutoff)
    communes: set[str] = set()
    above: list[str] = []
    for path in paths.values():
        top = [link for link in path if link.kind not in VILLAGE_KINDS]
        communes |= {link.area_id for link in top[:1] if link.kind in COMMUNE_KINDS}
        above += [link.area_id for link in top if link.kind not in COMMUNE_KINDS]
    children = list_children(connection, communes, round_view.cutoff, VILLAGE_KINDS)
    for commune in sorted(communes):
        with watching(connection, work.campaign, (round_view.id, commune, COMMUNE_FORM), now):
            _roll_up_commune(work, commune, children[commune])
    # the nearest above first: each is the sum of those right below it
    depth = {area_id: len(path) for area_id, path in read_paths(connection, set(above), round_view.cutoff).items()}
    for area_id in sorted(set(above), key=lambda each: (-depth.get(each, 0), each)):
        _add_up_area(work, area_id)


def _roll_up_commune(work: _Work, commune: str, villages: Sequence[str]) -> None:
    reports = _reports(work, villages)
    sheets = _who_speaks(list_counting(work.connection, work.round.id, commune, COMMUNE_FORM, NOT_COUNTING))
    rule_sets = work.book.of_round(work.round, "commune")
    standing = work.campaign.standing(work.connection, commune, work.round.cutoff)
    synthetic = standing.synthetic
    for basis in BASES:
        rollup = roll_up(reports[basis].get(village) for village in villages)
        sheet = sheets.get(basis)
        says_nothing = rollup.reported == 0 and sheet is None and basis == APPROVED
        rows = [] if says_nothing else [_row(work, rule_set, (rollup, sheet), standing) for rule_set in rule_sets]
        # of what stands above, also how many communes the law puts into which class
        own = {row["rule_set"]: {row["klass"] or row["verdict"]: 1} for row in rows}
        place = (work.round.id, commune, basis)
        whole = replace(rollup, verdicts={**rollup.verdicts, **own})
        put_rollup(work.connection, place, whole, synthetic=synthetic, computed_at=work.now)
        remove_verdicts(work.connection, work.round.id, commune, {basis})
        keyed = [{"round_id": work.round.id, "area_id": commune} | row for row in rows]
        keep_verdicts(work.connection, keyed, (sheet.submission_id if sheet else None, basis), work.now)


def _row(work: _Work, rule_set: RuleSet, told: tuple[Rollup, Counting | None], standing: Standing) -> dict[str, Any]:
    rollup, sheet = told
    facts, spans = facts_from_villages(rule_set, rollup)
    answers = sheet.answers if sheet else {}
    region, synthetic = standing.region, standing.synthetic
    evidence = Evidence(None, answers, standing.facts, synthetic, region, facts, spans)
    return verdict_row(rule_set, replace(evidence, switches=work.round.switches(rule_set.id)))


def _add_up_area(work: _Work, area_id: str) -> None:
    below = list_children(work.connection, (area_id,), work.round.cutoff)[area_id]
    kept = list_rollups(work.connection, work.round.id, ALL, below)
    villages = count_villages(work.connection, area_id, work.round.cutoff, VILLAGE_KINDS)
    for basis in BASES:
        total = add_up(rollup for (_, own), rollup in kept.items() if own == basis)
        # communes of which nobody has reported have no rollup yet, and villages all the same
        whole = replace(total, villages=villages)
        put_rollup(work.connection, (work.round.id, area_id, basis), whole, synthetic=False, computed_at=work.now)


def _who_speaks(counting: Sequence[Counting]) -> dict[str, Counting]:
    """By basis: of APPROVED the newest approved one; of NEWEST the same, or the newest where none was approved."""
    approved = next((each for each in counting if each.review_state == STATE_APPROVED), None)
    found = {APPROVED: approved} if approved else {}
    speaking = approved or (counting[0] if counting else None)
    return found | ({NEWEST: speaking} if speaking else {})


def _reports(work: _Work, villages: Sequence[str]) -> dict[str, dict[str, Report]]:
    """What speaks for each village, by basis."""
    round_id = work.round.id
    counting = list_counting_of(work.connection, round_id, villages, CRITERIA_FORM, NOT_COUNTING)
    verdicts = list_verdicts_of(work.connection, round_id, villages)
    clauses = list_clauses_of(work.connection, round_id, villages)
    names = summed(work.book.of_round(work.round, "village"), work.book.of_round(work.round, "commune"))
    found: dict[str, dict[str, Report]] = {basis: {} for basis in BASES}
    for village, sheets in counting.items():
        for basis, sheet in _who_speaks(sheets).items():
            kept = verdicts.get((village, sheet.submission_id), {})
            held = clauses.get((village, sheet.submission_id), {})
            own = {key: said for name, each in held.items() for key, said in holding_back(name, each).items()}
            found[basis][village] = replace(report_of(sheet, kept, names), clauses=own)
    return found


def report_of(sheet: Counting, verdicts: Mapping[str, str], names: Mapping[str, str]) -> Report:
    """What a sheet counts for its village. `names`: the counts that are summed up, as `summed` gives them."""
    answered = {name: find_field(sheet.answers, field) for name, field in names.items()}
    counts = {
        name: value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
        for name, value in answered.items()
    }
    standard = find_field(sheet.answers, STANDARD_FIELD)
    return Report(
        counts=counts,
        verdicts=verdicts,
        standard=standard if isinstance(standard, str) else None,
        approved=sheet.review_state == STATE_APPROVED,
        by_standard=UNDER_STANDARD & counts.keys(),
    )


def summed(of_villages: Sequence[RuleSet], of_communes: Sequence[RuleSet]) -> dict[str, str]:
    """The counts of villages that are summed up, with the field of the village's sheet that holds each."""
    fields = {
        name: fact.field
        for rule_set in of_villages
        for name, fact in rule_set.facts.items()
        if fact.form == CRITERIA_FORM and fact.field
    }
    wanted = {
        fact.villages.sum
        for rule_set in of_communes
        for fact in rule_set.facts.values()
        if fact.villages and fact.villages.sum
    }
    return {name: fields.get(name, name) for name in sorted({*COUNTED, *wanted})}
