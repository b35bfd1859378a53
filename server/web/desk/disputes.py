"""What several sheets of a village say otherwise of one fact, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.criteria.contradictions import Turn
from server.services.contradictions import Disagreement
from server.services.verdicts import VerdictView
from server.storage.speaking import SpeakingSheet
from server.web.desk.reasons import class_title
from server.web.desk.words import enumerate_words, number, own, say


@dataclass(frozen=True)
class Dispute:
    """A fact on which sheets disagree: what it is called, each value with the sheets that say it, and what hangs on
    it."""

    title: str
    values: tuple[tuple[str, tuple[SpeakingSheet, ...]], ...]
    effect: str
    turns: bool


def tell(found: Disagreement, verdicts: Mapping[str, VerdictView]) -> Dispute:
    """The same as it is shown. `verdicts`: of the village, by rule set id."""
    return Dispute(
        own(found.labels),
        tuple((show_fact(each.value), each.sheets) for each in found.values),
        _effect(found.turns, verdicts),
        bool(found.turns),
    )


def show_fact(value: Any) -> str:
    """A fact as it is read: có, không, 1.234."""
    if value is None:
        return say("desk.answer.unknown")
    if isinstance(value, bool):
        return say(f"desk.answer.{'yes' if value else 'no'}")
    return number(value)


def _effect(turns: tuple[Turn, ...], verdicts: Mapping[str, VerdictView]) -> str:
    if not turns:
        return say("desk.dispute.none")
    told = []
    for turn in turns:
        view = verdicts.get(turn.rule_set)
        rule_set = view.rule_set if view else None
        law = rule_set.law if rule_set else turn.rule_set
        standing = class_title(rule_set, turn.standing) if rule_set else turn.standing
        words = "desk.dispute.turns" if turn.alone else "desk.dispute.turns_together"
        told.append(say(words, law=law, verdict=standing))
    return enumerate_words(told)
