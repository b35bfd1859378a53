"""What locking a round would freeze, worked out before anybody has to wait for it: the hash of every figure, and why
the figures would be provisional. A mark says whether it still holds when the lock is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.freeze import digest_of, figure_of, total_of, unconfirmed_in
from server.criteria.ruleset import UNKNOWN
from server.domain.roles import ALL
from server.services.evidence import missing_evidence
from server.services.verdicts import VerdictView, Wanted, list_verdicts
from server.storage.freezing import find_mark, iterate_unfrozen, list_unfrozen_totals
from server.storage.locks import SILENT
from server.storage.rounds import RoundView
from server.storage.verdicts import APPROVED, NEWEST


@dataclass
class Tally:
    """What is counted while the figures go by once: the digest of each; the clauses by which units were decided though
    nobody confirmed them, and how many units, by rule set; villages by what they rest on."""

    digests: list[bytes] = field(default_factory=list)
    clauses: dict[str, set[str]] = field(default_factory=dict)
    units: Counter[str] = field(default_factory=Counter)
    bases: dict[str, set[str]] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any]) -> None:
        """Counts a figure (`iterate_locked`)."""
        self.digests.append(digest_of(figure_of(row)))
        self.bases.setdefault(row["area_id"], set()).add(row["basis"])
        found = unconfirmed_in(row["clauses"]) if row["verdict"] != UNKNOWN else set()
        if found:
            self.clauses.setdefault(row["rule_set"], set()).update(found)
            self.units[row["rule_set"]] += 1

    @property
    def not_approved(self) -> int:
        """Areas of which something was sent and nothing approved."""
        return sum(NEWEST in found and APPROVED not in found for found in self.bases.values())

    @property
    def not_reported(self) -> int:
        """Areas of which decisions alone speak."""
        return sum(found == {SILENT} for found in self.bases.values())


@dataclass(frozen=True)
class Foreseen:
    """`mark`: as of when (storage/freezing.py); `silent`: rows of what decisions alone say; `lacking`: villages without
    the evidence asked; `totals`: the digests of the sums."""

    mark: str
    silent: list[dict[str, Any]]
    lacking: int
    tally: Tally
    totals: list[bytes]


def foresee(session: Session, round_view: RoundView) -> Foreseen:
    """What a lock of the round would freeze as it stands now. Writes nothing."""
    mark = find_mark(session, round_view.id)
    silent = list(_silent_rows(session, round_view))
    lacking = missing_evidence(session, round_view.project_id, round_view, ALL).incomplete
    return Foreseen(mark, silent, lacking, *_count(session, round_view.id, silent))


def foresee_again(connection: Connection, round_view: RoundView, earlier: Foreseen) -> Foreseen:
    """The same inside the transaction that locks: the figures are read anew, and nobody can change them."""
    counted = _count(connection, round_view.id, earlier.silent)
    return Foreseen(find_mark(connection, round_view.id), earlier.silent, earlier.lacking, *counted)


def _count(
    session: Session | Connection, round_id: int, silent: Iterable[Mapping[str, Any]]
) -> tuple[Tally, list[bytes]]:
    tally, spoken = Tally(), set()
    for row in iterate_unfrozen(session, round_id):
        spoken.add((row["area_id"], row["rule_set"]))
        tally.add(row)
    for each in silent:
        if (each["area_id"], each["rule_set"]) not in spoken:
            tally.add({**each, "basis": SILENT, "instance_id": None, "version_sha256": None})
    totals = list_unfrozen_totals(session, round_id)
    return tally, [digest_of(total_of(*place, total)) for place, total in totals.items()]


def _silent_rows(session: Session, round_view: RoundView) -> Iterator[dict[str, Any]]:
    """What decisions alone say of the villages and communes of a round from which nothing came."""
    for unit in ("village", "commune"):
        wanted = Wanted(round_slug=round_view.slug, unit=unit)
        for view in list_verdicts(session, round_view.project_id, wanted):
            if view.computed_at is None and view.rule_set is not None:
                yield _silent_row(view)


def _silent_row(view: VerdictView) -> dict[str, Any]:
    assert view.rule_set is not None
    clauses = [{key: value for key, value in clause.items() if key != "submissions"} for clause in view.clauses]
    return {
        "area_id": view.area.id,
        "rule_set": view.rule_set.id,
        "rule_set_sha256": view.rule_set.sha256,
        "verdict": view.verdict,
        "klass": view.klass,
        "region": view.region,
        "spans": None,
        "clauses": clauses,
        "facts": view.facts,
        "synthetic": view.synthetic,
        "computed_at": None,
    }
