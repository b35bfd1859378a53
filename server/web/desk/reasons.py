"""Why a village has its verdict, in sentences: what it rests on, what would settle it, what is the least change."""

from __future__ import annotations

from dataclasses import dataclass

from server.criteria.evaluate import ClauseResult, Outcome
from server.criteria.explain import Change, Settling, Way, what_would_change, what_would_settle
from server.criteria.ruleset import MET, NOT_MET, UNKNOWN, RuleSet
from server.services.verdicts import VerdictView
from server.web.context import choose_locale
from server.web.desk.clauses import needed_words, show_place, unit_name
from server.web.desk.words import enumerate_words, number, own, say

MOST = 3
"""Ways shown; the first is the least."""
LEAVES = ("ratio", "count", "yesno")


@dataclass(frozen=True)
class ClauseRow:
    """A clause as a line of the table. `depth` 0 is the whole; `submissions`: instance ids it rests on."""

    clause: ClauseResult
    depth: int
    title: str
    note: str
    value: str
    threshold: str
    from_form: bool
    from_area: bool


@dataclass(frozen=True)
class Reasons:
    """One rule set on one village, ready to be shown. `because`: what the verdict rests on; `ways`: what would settle
    it, or turn it, least first; `leading`: the sentence before the ways."""

    view: VerdictView
    outcome: Outcome
    statement: str
    because: str
    leading: str
    ways: tuple[str, ...]
    rows: tuple[ClauseRow, ...]


def explain(view: VerdictView) -> Reasons | None:
    """The reasons of a verdict; None where no rule was in force."""
    outcome = view.outcome()
    if view.rule_set is None or outcome is None:
        return None
    leading, ways = _ways(outcome)
    return Reasons(
        view=view,
        outcome=outcome,
        statement=_statement(outcome),
        because=_because(outcome),
        leading=leading,
        ways=ways[:MOST],
        rows=tuple(_rows(outcome)),
    )


def show_value(rule_set: RuleSet, clause: ClauseResult) -> str:
    """What was found: 41/120 (34,17%), có, 2/3; a dash where nothing is known."""
    parts, placed = clause.parts, show_place(rule_set, clause)
    if placed is not None:
        return placed[0]
    if clause.kind == "case":
        return "—"
    if clause.kind == "yesno":
        return say(f"desk.answer.{parts['answer']}") if "answer" in parts else "—"
    if "numerator" in parts:
        shown = f"{number(int(parts['numerator']))}/{number(int(parts['denominator']))}"
        return f"{shown} ({_decimal(str(parts['percent']))}%)" if "percent" in parts else shown
    if "met" in parts:
        return say("desk.clause.of", met=parts["met"], of=parts["of"])
    return "—" if clause.value is None else str(clause.value)


def show_threshold(rule_set: RuleSet, clause: ClauseResult) -> str:
    """What the law asks: ≥ 65%, có, 2 trong 3."""
    placed = show_place(rule_set, clause)
    if placed is not None:
        return placed[1]
    if clause.kind == "case":
        return say("desk.clause.case")
    if clause.kind == "yesno":
        return say(f"desk.answer.{clause.threshold}")
    if clause.kind in LEAVES:
        return clause.threshold
    return needed_words(clause.kind, clause.parts["needed"], clause.parts["of"])


def _decimal(text: str) -> str:
    return text if choose_locale() == "vi" else text.replace(",", ".")


def _because(outcome: Outcome) -> str:
    """What carries the verdict: the highest clauses below the whole that it rests on, with their numbers."""
    carrying = [clause for clause in outcome.clauses if clause.decisive and clause.kind in LEAVES]
    if outcome.verdict == UNKNOWN and carrying:
        carrying = [clause for clause in carrying if clause.verdict == UNKNOWN]
    elif outcome.verdict == MET:
        carrying = _first_way(outcome)
    shown = [
        say(
            "desk.why.clause",
            title=own(clause.title),
            value=show_value(outcome.rule_set, clause),
            threshold=show_threshold(outcome.rule_set, clause),
        )
        for clause in carrying[:MOST]
    ]
    rest = len(carrying) - len(shown)
    if rest > 0:
        shown.append(say("desk.why.more", n=rest))
    return "; ".join(shown)


def _first_way(outcome: Outcome) -> list[ClauseResult]:
    """Of a verdict that is met, the leaves of the first way through the law that carries it."""
    top = outcome.clauses[0]
    own_children = [clause for clause in outcome.clauses if clause.parent == top.id and clause.decisive]
    if top.kind == "any" and own_children:
        own_children = own_children[:1]
    below = {clause.id for clause in own_children}
    for clause in outcome.clauses:
        if clause.parent in below and clause.decisive:
            below.add(clause.id)
    return [clause for clause in outcome.clauses if clause.id in below and clause.kind in LEAVES]


def _statement(outcome: Outcome) -> str:
    """What the verdict means, in the words of the law; of a class not yet known, those it may be."""
    rule_set = outcome.rule_set
    if outcome.klass is not None:
        return class_title(rule_set, outcome.klass)
    said = own(rule_set.outcomes.get(outcome.verdict))
    if outcome.verdict == UNKNOWN and outcome.possible:
        titles = (class_title(rule_set, each) for each in outcome.possible)
        return say("desk.why.possible", said=said, classes=" / ".join(titles))
    return said


def class_title(rule_set: RuleSet, class_id: str) -> str:
    """What a class is called; of a verdict of another kind its word."""
    found = next((one.title for one in rule_set.classes if one.id == class_id), None)
    return own(found) if found else say(f"desk.verdict.{class_id}")


def _goal(outcome: Outcome) -> str:
    """What one would want to know the way to: the other verdict, or the class that comes next in the law."""
    if outcome.klass is None:
        return NOT_MET if outcome.verdict == MET else MET
    ids = [one.id for one in outcome.rule_set.classes]
    place = ids.index(outcome.klass)
    return ids[place + 1] if place + 1 < len(ids) else ids[place - 1]


def _ways(outcome: Outcome) -> tuple[str, tuple[str, ...]]:
    if not outcome.rule_set.roots:
        return "", ()
    if outcome.verdict == UNKNOWN:
        settlings = what_would_settle(outcome)
        return (say("desk.why.settle"), tuple(_settling(outcome, one) for one in settlings)) if settlings else ("", ())
    goal = _goal(outcome)
    wished = own(outcome.rule_set.outcomes.get(goal)) or class_title(outcome.rule_set, goal)
    ways = what_would_change(outcome, goal)
    return (say("desk.why.change", outcome=wished), tuple(_way(outcome, way) for way in ways)) if ways else ("", ())


def _settling(outcome: Outcome, one: Settling) -> str:
    names = [_fact(outcome, name) for name in one.facts]
    names += [own(outcome.rule_set.switches[name].title) for name in one.switches]
    facts = enumerate_words(names)
    if outcome.rule_set.classes:
        titles = (class_title(outcome.rule_set, each) for each in one.verdicts)
        return say("desk.why.settles_class", facts=facts, classes=" / ".join(titles))
    return say(f"desk.why.settles_{'_or_'.join(one.verdicts)}", facts=facts)


def _way(outcome: Outcome, way: Way) -> str:
    return enumerate_words([_change(outcome, change) for change in way.changes])


def _change(outcome: Outcome, change: Change) -> str:
    facts = " + ".join(_fact(outcome, name) for name in change.facts)
    if change.minus:
        facts += " − " + " − ".join(_fact(outcome, name) for name in change.minus)
    if change.kind == "answer":
        return say("desk.why.answer", facts=facts, answer=say(f"desk.answer.{'yes' if change.answer else 'no'}"))
    if change.kind == "find_out":
        return say("desk.why.find_out", facts=facts)
    unit = unit_name(change.unit)
    return say(f"desk.why.{change.direction}_count", facts=facts, amount=change.amount, unit=unit, now=change.now)


def _fact(outcome: Outcome, name: str) -> str:
    return f"“{own(outcome.rule_set.facts[name].labels)}”"


def _rows(outcome: Outcome) -> list[ClauseRow]:
    depth: dict[str, int] = {}
    found = []
    for clause in outcome.clauses:
        depth[clause.id] = depth.get(clause.parent or "", -1) + 1
        sources = {outcome.rule_set.facts[name].source for name in clause.facts}
        row = ClauseRow(
            clause=clause,
            depth=min(depth[clause.id], 5),
            title=own(clause.title),
            note=own(clause.note),
            value=show_value(outcome.rule_set, clause),
            threshold=show_threshold(outcome.rule_set, clause),
            from_form="form" in sources,
            from_area="area" in sources,
        )
        found.append(row)
    return found
