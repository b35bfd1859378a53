"""Two rounds of a project held against each other, village by village over what became of them, then commune by
commune; and what another number in one clause would do to a round. Nothing is written, and nothing official is another
after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from server.criteria.compare import (
    KINDS,
    NO_REPORT,
    NOT_COMPARABLE,
    Comparison,
    Laws,
    Placed,
    Unit,
    WhatIf,
    compare,
    find_bound,
    pair_rule_sets,
    what_if,
    with_number,
)
from server.criteria.ruleset import Amount, Bound, Fact, RuleSet
from server.domain.errors import Invalid, NotFound
from server.domain.lineage import LOST, NEW, Followed, follow
from server.domain.roles import Scope
from server.services.aggregate import setting_of
from server.services.round_law import law_of
from server.services.verdicts import VerdictView, Wanted, list_verdicts
from server.storage.area_book import read_changes
from server.storage.areas import AreaView
from server.storage.desk import Report, list_reports
from server.storage.recognised import Recognised, list_recognised
from server.storage.rounds import RoundView, list_rounds

MOST_COUNTED = 1_000_000
"""The greatest number that may be tried in a clause about a count."""
_Views = dict[str, dict[str, VerdictView]]
"""By area and rule set."""
UNITS = ("village", "commune")


@dataclass(frozen=True, slots=True)
class Row:
    """A village or commune by one pair of rule sets. `earlier` and `later`: what is computed of it in the two rounds,
    None where it is not there. `how` it came from one to the other (domain/lineage.py); `told` None: it has no one
    counterpart."""

    how: str
    earlier: VerdictView | None
    later: VerdictView | None
    told: Comparison | None

    @property
    def area(self) -> AreaView:
        """The area as the later round has it, else as the earlier one had."""
        view = self.later or self.earlier
        assert view is not None
        return view.area

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return self.told.kind if self.told else NOT_COMPARABLE

    @property
    def reason(self) -> str | None:
        """Why it is not comparable: of criteria/compare.py, or what became of the area."""
        if self.told is not None:
            return self.told.reason
        return self.how if self.how in LOST else NO_REPORT


@dataclass(frozen=True, slots=True)
class Pair:
    """The villages, or the communes, by a rule set of the earlier round and the one of the later that answers the same
    question."""

    before: RuleSet
    after: RuleSet
    rows: tuple[Row, ...]

    @property
    def unit(self) -> str:
        """Of what kind the units are: village or commune."""
        return self.after.unit_kind

    def count(self) -> dict[str, int]:
        """How many units of each of KINDS."""
        found = dict.fromkeys(KINDS, 0)
        for row in self.rows:
            found[row.kind] += 1
        return found


@dataclass(frozen=True, slots=True)
class Compared:
    """Two rounds, the one with the earlier cut-off date first; pairs for villages before those for communes. Without
    pairs: no rule set of one round answers a question that one of the other answers too."""

    before: RoundView
    after: RoundView
    pairs: tuple[Pair, ...]


def compare_rounds(session: Session, project_id: int, slugs: tuple[str, str], scope: Scope) -> Compared:
    """The villages and communes in sight of two rounds by their slugs, in any order: the one with the later cut-off
    date is held against the other. Raises NotFound."""
    one, other = (find_round_by_slug(session, project_id, slug) for slug in slugs)
    before, after = (one, other) if one.cutoff < other.cutoff else (other, one)
    changes, found = read_changes(session), []
    for unit in UNITS:
        pairs = pair_rule_sets(*(law_of(session, each, unit) for each in (before, after)))
        if not pairs:
            continue
        wanted = [Wanted(round_slug=each.slug, scope=scope, unit=unit) for each in (before, after)]
        views = [_views(session, project_id, each) for each in wanted]
        became = follow(changes, list(views[0]), list(views[1]), (before.cutoff, after.cutoff))
        found += [Pair(*pair, tuple(_rows(pair, (views[0], views[1]), became))) for pair in pairs]
    return Compared(before, after, tuple(found))


def find_round_by_slug(session: Session, project_id: int, slug: str) -> RoundView:
    """A round of a project. Raises NotFound."""
    found = next((each for each in list_rounds(session, project_id) if each.slug == slug), None)
    if found is None:
        raise NotFound("round.unknown", slug=slug)
    return found


def find_other_round(session: Session, project_id: int, slug: str) -> RoundView:
    """The round that one is held against when nobody says which: the one before it by its cut-off date, else the one
    after. Raises NotFound."""
    here = find_round_by_slug(session, project_id, slug)
    others = [each for each in list_rounds(session, project_id) if each.id != here.id]
    earlier = [each for each in others if each.cutoff <= here.cutoff]
    if not others:
        raise NotFound("compare.no_other_round", slug=slug)
    return earlier[0] if earlier else others[-1]


def _views(session: Session, project_id: int, wanted: Wanted) -> _Views:
    found: _Views = {}
    for view in list_verdicts(session, project_id, wanted):
        by_law = found.setdefault(view.area.id, {})
        if view.rule_set is not None:
            by_law[view.rule_set.id] = view
    return found


def _rows(pair: tuple[RuleSet, RuleSet], views: tuple[_Views, _Views], became: Mapping[str, Followed]) -> Iterable[Row]:
    before, after = views
    reached = set()
    for area_id, by_law in before.items():
        earlier, followed = by_law.get(pair[0].id), became[area_id]
        later = after[followed.area_id].get(pair[1].id) if followed.area_id else None
        reached.add(followed.area_id)
        if earlier is None and later is None:
            continue
        told = _told((earlier, later), by_law.values()) if earlier and later else None
        yield Row(followed.how, earlier, later, told)
    for area_id, by_law in after.items():
        if area_id not in reached and pair[1].id in by_law:
            yield Row(NEW, None, by_law[pair[1].id], None)


def _told(views: tuple[VerdictView, VerdictView], siblings: Iterable[VerdictView]) -> Comparison:
    earlier, later = views
    assert earlier.rule_set is not None
    assert later.rule_set is not None
    own, new = (each.round.switches(each.rule_set.id) for each in views if each.rule_set is not None)
    laws = Laws(
        setting_of(earlier.rule_set, earlier.region, own),
        setting_of(later.rule_set, earlier.region, new),
        setting_of(later.rule_set, later.region, new),
    )
    return compare(_unit(earlier, siblings), _unit(later, ()), laws)


def _unit(view: VerdictView, siblings: Iterable[VerdictView]) -> Unit:
    """What a round knows of a unit: the facts of this rule set, and what only others of the round ask."""
    assert view.rule_set is not None
    facts: dict[str, Fact] = dict(view.facts)
    standards = set(view.rule_set.poverty_standards)
    for other in siblings:
        law = other.rule_set
        if law is None or other is view or other.basis != view.basis:
            continue
        more = {name: value for name, value in other.facts.items() if name not in facts and value is not None}
        if any(law.facts[name].by_poverty_standard for name in more if name in law.facts):
            standards |= set(law.poverty_standards)
        facts |= more
    return Unit(facts, view.standing, frozenset(standards), view.basis is not None, view.spans)


# what stands beside what is computed


@dataclass(frozen=True, slots=True)
class Beside:
    """Of one round, what people and decisions say, apart from what is computed: by submission where it stands in
    review, and by area what was recognised on the cut-off date."""

    reports: Mapping[int, Report] = field(default_factory=dict)
    recognised: Mapping[str, tuple[Recognised, ...]] = field(default_factory=dict)

    def report(self, view: VerdictView | None) -> Report | None:
        """The submission that a verdict rests on."""
        return self.reports.get(view.submission_id) if view is not None and view.submission_id is not None else None

    def of(self, view: VerdictView | None) -> tuple[Recognised, ...]:
        """What was recognised of an area, then of the one it lay in."""
        if view is None:
            return ()
        own = self.recognised.get(view.area.id, ())
        return (*own, *(self.recognised.get(view.area.parent_id, ()) if view.area.parent_id else ()))


def list_beside(session: Session, round_view: RoundView, views: Iterable[VerdictView | None], scope: Scope) -> Beside:
    """What stands beside these verdicts of a round."""
    areas = {key for view in views if view is not None for key in (view.area.id, view.area.parent_id) if key}
    return Beside(list_reports(session, round_view.id, scope), list_recognised(session, areas, round_view.cutoff))


# another number


@dataclass(frozen=True, slots=True)
class Question:
    """Another number for the bound of one clause of a rule set: percent (or parts) of a share, else a count."""

    rule_set: str
    clause: str
    number: int


@dataclass(frozen=True, slots=True)
class Tried:
    """What would be. `bound`: as the law has it; `regions`: those for which the law writes a number of its own in this
    clause, which stays; `views` by area, of all that are in sight."""

    round: RoundView
    law: RuleSet
    question: Question
    bound: Bound
    regions: tuple[str, ...]
    found: WhatIf
    views: Mapping[str, VerdictView]


def try_number(session: Session, round_view: RoundView, question: Question, scope: Scope) -> Tried:
    """Judges the areas in sight of a round as if one number of a law were another. Raises NotFound for a rule set that
    the round does not have, Invalid for a clause without a number and for a number that cannot be one."""
    law = find_law(session, round_view, question.rule_set)
    bound = find_bound(law, question.clause)
    if bound is None:
        raise Invalid("what_if.no_number", clause=question.clause, rule_set=law.id)
    most = most_of(law, question.clause)
    if not 0 <= question.number <= most:
        raise Invalid("what_if.out_of_range", number=question.number, most=most)
    wanted = Wanted(rule_set=law.id, round_slug=round_view.slug, scope=scope, unit=law.unit_kind)
    views = {view.area.id: view for view in list_verdicts(session, round_view.project_id, wanted)}
    units = {area_id: Placed(view.facts, view.region, view.spans) for area_id, view in views.items()}
    found = what_if((law, with_number(law, question.clause, question.number)), units, round_view.switches(law.id))
    regions = tuple(name for name, region in law.regions.items() if question.clause in region.bounds)
    return Tried(round_view, law, question, bound, regions, found, views)


def find_law(session: Session, round_view: RoundView, rule_set_id: str) -> RuleSet:
    """A rule set of a round, for villages or for communes. Raises NotFound."""
    found = next((law for law in law_of(session, round_view) if law.id == rule_set_id), None)
    if found is None:
        raise NotFound("what_if.no_rule_set", rule_set=rule_set_id, round=round_view.slug)
    return found


def most_of(law: RuleSet, clause_id: str) -> int:
    """The greatest number that a clause can ask: the whole of a share."""
    test = law.clauses[clause_id].test
    return test.bound.per if isinstance(test, Amount) and test.over is not None else MOST_COUNTED
