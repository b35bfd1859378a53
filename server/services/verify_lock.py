"""Whether a lock still says what it said: its hash, the texts behind it, and every figure worked out once more from
these texts by the law that was locked with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from forms.errors import FormsError
from forms.flatten import answers_of
from forms.instance import read_instance
from server.criteria.evaluate import explain_setting
from server.criteria.report import clause_json
from server.criteria.rollup import Report, Rollup, add_up, roll_up
from server.criteria.ruleset import RuleSet, facts_under
from server.domain.errors import NotFound
from server.domain.review import APPROVED as STATE_APPROVED
from server.domain.review import RECEIVED
from server.services.aggregate import CRITERIA_FORM, STANDARD_FIELD, Evidence, find_field, gather, setting_of
from server.services.definitions import definition_of
from server.services.freeze import hash_lock
from server.services.lists import VILLAGE_KINDS
from server.services.roll_up import report_of, summed
from server.services.round_law import locked_law
from server.storage.intake import Counting
from server.storage.locks import (
    LockedVersion,
    LockView,
    find_lock,
    iterate_locked,
    list_locked_versions,
    list_totals,
)
from server.storage.rollups import list_children
from server.storage.rounds import RoundView
from server.storage.verdicts import APPROVED, NEWEST

AT_ONCE = 500
HASH, VERSION, FACTS, VERDICT, TOTAL = "hash", "version", "facts", "verdict", "total"
DIFFERENCES = (HASH, VERSION, FACTS, VERDICT, TOTAL)
"""What can differ: the hash over everything; the text of a submission (changed, or gone); the facts read from it; a
verdict or one of its clauses; a sum over villages (also where the tree of that day was changed since)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that a lock says and that does not come out now. `what`: the rule set, or a sum."""

    kind: str
    area_id: str | None
    what: str | None
    said: str
    found: str


@dataclass
class Verified:
    """`figures`, `versions` and `totals` were looked at; `sha256` is what the hash comes to now."""

    lock: LockView
    sha256: str
    figures: int = 0
    versions: int = 0
    totals: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def stands(self) -> bool:
        """Whether everything came out as it was locked."""
        return not self.differences


_Spoken = dict[str, dict[str, tuple[Counting, dict[str, str]]]]
"""By village and basis: what spoke, and its verdict by rule set."""


@dataclass
class _Work:
    session: Session
    round: RoundView
    found: Verified
    law: Mapping[str, RuleSet]
    readings: Mapping[str, Mapping[str, Mapping[str, str]]]
    spoken: _Spoken = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    def differs(self, kind: str, place: tuple[str | None, str | None], said: Any, found: Any) -> None:
        """Notes a difference."""
        self.found.differences.append(Difference(kind, *place, str(said), str(found)))


def verify_lock(session: Session, round_view: RoundView, lock_id: int) -> Verified:
    """Works a lock out once more. Raises NotFound for one that is not this round's."""
    lock = find_lock(session, lock_id)
    if lock is None or lock.round_id != round_view.id:
        raise NotFound("http.not_found")
    found = Verified(lock, hash_lock(session, lock_id, lock.head, list(map(dict, lock.provisional))))
    law = {one.id: one for one in locked_law(session, lock_id)}
    work = _Work(session, round_view, found, law, lock.head["round"]["readings"])
    if found.sha256 != lock.sha256:
        work.differs(HASH, (None, None), lock.sha256, found.sha256)
    rows = iterate_locked(session, lock_id)
    while some := list(islice(rows, AT_ONCE)):
        texts = list_locked_versions(session, (row["version_id"] for row in some if row["version_id"] is not None))
        for row in some:
            _check_figure(work, row, texts)
    _check_totals(work)
    return found


def _check_figure(work: _Work, row: Mapping[str, Any], texts: Mapping[int, LockedVersion]) -> None:
    work.found.figures += 1
    rule_set, place = work.law[row["rule_set"]], (row["area_id"], row["rule_set"])
    switches = {name: said["option"] for name, said in work.readings.get(rule_set.id, {}).items()}
    setting = setting_of(rule_set, row["region"], switches)
    answers = _answers(work, row, texts)
    if answers is not None:
        evidence = Evidence(None, answers, {}, row["synthetic"])
        read = gather(rule_set, evidence)
        if rule_set.unit_kind == "village":
            standard = find_field(answers, STANDARD_FIELD)
            read = facts_under(rule_set, read, standard if isinstance(standard, str) else None)
        checked = setting.check(read)
        for name, declared in rule_set.facts.items():
            # what the sheet leaves to a fact of the area is not in its text
            told = declared.source == "form" and not (declared.or_area and checked[name] is None)
            if told and checked[name] != row["facts"].get(name):
                work.differs(FACTS, place, f"{name} = {row['facts'].get(name)}", f"{name} = {checked[name]}")
    spans = {name: (span[0], span[1]) for name, span in (row["spans"] or {}).items()}
    outcome = explain_setting(setting, row["facts"], spans)
    if (outcome.verdict, outcome.klass) != (row["verdict"], row["klass"]):
        work.differs(VERDICT, place, row["klass"] or row["verdict"], outcome.standing)
    elif [clause_json(clause) for clause in outcome.clauses] != row["clauses"]:
        work.differs(VERDICT, place, "clauses", "other clauses")
    if answers is not None and rule_set.unit_kind == "village":
        state = STATE_APPROVED if row["basis"] == APPROVED else RECEIVED
        counting = Counting(row["submission_id"], CRITERIA_FORM, dict(answers), state)
        by_basis = work.spoken.setdefault(row["area_id"], {})
        by_basis.setdefault(row["basis"], (counting, {}))[1][rule_set.id] = row["klass"] or row["verdict"]


def _answers(work: _Work, row: Mapping[str, Any], texts: Mapping[int, LockedVersion]) -> Mapping[str, Any] | None:
    """What the text behind a figure answers, read anew; None where there is none, or it is not what it was."""
    version_id = row["version_id"]
    if version_id is None:
        return None
    first = version_id not in work.seen
    work.seen.add(version_id)
    work.found.versions += first
    text, place = texts.get(version_id), (row["area_id"], row["rule_set"])
    if text is None or sha256(text.xml).hexdigest() != row["version_sha256"]:
        if first:
            said = row["version_sha256"] or ""
            work.differs(VERSION, place, said, "gone" if text is None else sha256(text.xml).hexdigest())
        return None
    try:
        instance = read_instance(text.xml)
        answers = answers_of(definition_of(work.session, text.form_sha256), instance)
    except (FormsError, NotFound) as error:
        work.differs(VERSION, place, row["version_sha256"], error)
        return None
    instance.release()
    return answers


def _check_totals(work: _Work) -> None:
    """Communes from their villages, and what stands above from what lies right below it."""
    totals = list_totals(work.session, work.found.lock.id)
    of_villages = [one for one in work.law.values() if one.unit_kind == "village"]
    if not of_villages:
        # who reported is known from the verdicts alone
        return
    names = summed(of_villages, [one for one in work.law.values() if one.unit_kind == "commune"])
    areas = {area_id for area_id, _ in totals}
    villages = list_children_of(work, areas, VILLAGE_KINDS)
    below = list_children_of(work, areas)
    asked = {one.id for one in of_villages}
    for (area_id, basis), total in totals.items():
        work.found.totals += 1
        if villages[area_id]:
            made = roll_up(_reports(work, villages[area_id], basis, names))
            _compare(work, area_id, (_only(total, asked), made))
        else:
            parts = [totals[child, basis] for child in below[area_id] if (child, basis) in totals]
            made = add_up(parts)
            _compare(work, area_id, (total, Rollup(total.villages, made.reported, made.approved, *_rest(made))))


def list_children_of(work: _Work, areas: Iterable[str], kinds: Collection[str] | None = None) -> dict[str, list[str]]:
    """What lies right below each of these areas on the day of the round."""
    found: dict[str, list[str]] = {}
    some = iter(sorted(areas))
    while part := list(islice(some, AT_ONCE)):
        found |= list_children(work.session, part, work.round.cutoff, kinds)
    return found


def _reports(work: _Work, villages: Iterable[str], basis: str, names: Mapping[str, str]) -> Iterator[Report | None]:
    for village in villages:
        spoken = work.spoken.get(village, {})
        # as roll_up.py: of the newest the approved one speaks where there is one
        speaks = spoken.get(APPROVED) or (spoken.get(NEWEST) if basis == NEWEST else None)
        yield report_of(speaks[0], speaks[1], names) if speaks else None


def _only(total: Rollup, rule_sets: set[str]) -> Rollup:
    verdicts = {name: counts for name, counts in total.verdicts.items() if name in rule_sets}
    return Rollup(total.villages, total.reported, total.approved, total.sums, verdicts)


def _rest(made: Rollup) -> tuple[Mapping[str, tuple[int, int]], Mapping[str, Mapping[str, int]]]:
    return made.sums, made.verdicts


def _compare(work: _Work, area_id: str, both: tuple[Rollup, Rollup]) -> None:
    said, made = both
    for name in ("villages", "reported", "approved"):
        if getattr(said, name) != getattr(made, name):
            work.differs(TOTAL, (area_id, name), getattr(said, name), getattr(made, name))
    for name in sorted({*said.sums, *made.sums}):
        if said.sums.get(name) != made.sums.get(name):
            work.differs(TOTAL, (area_id, name), said.sums.get(name), made.sums.get(name))
    for name in sorted({*said.verdicts, *made.verdicts}):
        if dict(said.verdicts.get(name, {})) != dict(made.verdicts.get(name, {})):
            work.differs(TOTAL, (area_id, name), said.verdicts.get(name), made.verdicts.get(name))
