"""Where those who speak of one unit disagree: on which facts, who says what, and whether a verdict turns on it.

What is not known contradicts nothing. A count that was taken by a poverty standard which a rule set does not accept is
not known to it, so that two counts by two standards are no contradiction either.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from server.criteria.evaluate import Outcome, settle
from server.criteria.judge import Setting
from server.criteria.ruleset import CLASSIFIED, Fact, FactDeclaration


@dataclass(frozen=True)
class Told:
    """What one source says of a unit: by each rule set, by its id, the outcome with the facts it rests on."""

    source: int
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True)
class Value:
    """A value of a fact, and the sources that say it, in the order in which they were given."""

    value: Fact
    sources: tuple[int, ...]


@dataclass(frozen=True)
class Turn:
    """A rule set that would say something else (`standing`: a verdict, or the id of a class) if another source were
    right. `alone`: about this fact alone; else only together with the others on which that source disagrees."""

    rule_set: str
    standing: str
    alone: bool


@dataclass(frozen=True)
class Contradiction:
    """A fact on which sources disagree. `turns` is empty where no verdict depends on who is right."""

    fact: str
    declared: FactDeclaration
    values: tuple[Value, ...]
    turns: tuple[Turn, ...]


@dataclass
class _Open:
    """A contradiction as far as it is found; the same fact may be read by several rule sets."""

    fact: str
    declared: FactDeclaration
    said: dict[Fact, set[int]] = field(default_factory=dict)
    turns: dict[tuple[str, str], Turn] = field(default_factory=dict)


def find_contradictions(told: Sequence[Told], speaking: int) -> tuple[Contradiction, ...]:
    """The facts on which sources disagree, in the order of the rule sets. `speaking`: the source that counts now; what
    would turn is judged against what it says. Raises StopIteration where it is not among them."""
    first = next(one for one in told if one.source == speaking)
    found: dict[object, _Open] = {}
    for rule_set_id, outcome in first.outcomes.items():
        if not outcome.rule_set.roots:
            continue
        others = [one for one in told if one is not first and rule_set_id in one.outcomes]
        disputed = _disputed([first, *others], rule_set_id)
        for name, said in disputed.items():
            declared = outcome.rule_set.facts[name]
            kept = found.setdefault(_key(name, declared), _Open(name, declared))
            for value, sources in said.items():
                kept.said.setdefault(value, set()).update(sources)
            for turn in _turns(outcome, name, said):
                kept.turns.setdefault((rule_set_id, turn.standing), turn)
        for other in others:
            for name, turn in _together(outcome, other.outcomes[rule_set_id], disputed):
                kept = found[_key(name, outcome.rule_set.facts[name])]
                kept.turns.setdefault((rule_set_id, turn.standing), turn)
    order = [one.source for one in told]
    return tuple(_closed(one, order) for one in found.values())


def _key(name: str, declared: FactDeclaration) -> object:
    """One fact of two rule sets is the same only where it is read from the same answers."""
    return name, declared.field, tuple(sorted((declared.answers or {}).items()))


def _disputed(told: Iterable[Told], rule_set_id: str) -> dict[str, dict[Fact, list[int]]]:
    found: dict[str, dict[Fact, list[int]]] = {}
    for one in told:
        for name, value in one.outcomes[rule_set_id].facts.items():
            if value is not None:
                found.setdefault(name, {}).setdefault(value, []).append(one.source)
    return {name: said for name, said in found.items() if len(said) > 1}


def _turns(outcome: Outcome, name: str, said: Mapping[Fact, object]) -> list[Turn]:
    standings = (_standing(outcome, {name: value}) for value in said if value != outcome.facts.get(name))
    return [Turn(outcome.rule_set.id, each, alone=True) for each in standings if each != outcome.standing]


def _together(outcome: Outcome, other: Outcome, disputed: Iterable[str]) -> list[tuple[str, Turn]]:
    """Where no single fact turns the verdict to what all of the other's do: each of them, as a part of it."""
    changed = {
        name: value
        for name in disputed
        if (value := other.facts.get(name)) is not None and value != outcome.facts.get(name)
    }
    standing = _standing(outcome, changed)
    alone = {name for name, value in changed.items() if _standing(outcome, {name: value}) == standing}
    if standing == outcome.standing or alone:
        return []
    return [(name, Turn(outcome.rule_set.id, standing, alone=False)) for name in changed]


def _standing(outcome: Outcome, changed: Mapping[str, Fact]) -> str:
    """What the rule set would say with these facts in place of its own."""
    setting = Setting(outcome.rule_set, outcome.region, outcome.switches)
    verdict, possible = settle(outcome.rule_set, setting.judge({**outcome.facts, **changed}, {}))
    return possible[0] if verdict == CLASSIFIED else verdict


def _closed(one: _Open, order: Sequence[int]) -> Contradiction:
    values = [
        Value(value, tuple(source for source in order if source in sources)) for value, sources in one.said.items()
    ]
    values.sort(key=lambda each: order.index(each.sources[0]))
    return Contradiction(one.fact, one.declared, tuple(values), tuple(one.turns.values()))
