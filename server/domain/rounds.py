"""Rounds: dated review campaigns, and the decision to which of them a submission belongs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, Protocol, TypeVar

PURPOSES = ("entry", "completion", "review")
"""What a round is held for: to find who belongs in the programme, who has finished it, or a yearly review of both."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LONGEST_NAME = 255


@dataclass(frozen=True)
class Round:
    """A campaign named by `slug` (the value in the form's list of rounds). Facts speak of the day `cutoff`, as of which
    areas and rules are taken; work goes on from `starts_on` up to and including `ends_on`. `forms` (form ids),
    `rule_sets` (ids) and `areas` (own ids, each with all below) name what belongs to it; None: all. `readings`: by rule
    set and switch the option chosen (`option`) and by which decision (`decision`)."""

    slug: str
    name_vi: str
    name_en: str
    cutoff: date
    starts_on: date
    ends_on: date
    programme: str | None = None
    purpose: str | None = None
    forms: tuple[str, ...] | None = None
    rule_sets: tuple[str, ...] | None = None
    areas: tuple[str, ...] | None = None
    readings: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)

    def contains(self, day: date) -> bool:
        """Whether the day lies in its window."""
        return self.starts_on <= day <= self.ends_on


def faults_of(one: Round) -> tuple[str, ...]:
    """What is wrong with a round, as codes: `round.slug`, `round.name`, `round.window`, `round.purpose`,
    `round.nothing_in_it` (a list that is there and empty)."""
    found = []
    if _SLUG.fullmatch(one.slug) is None:
        found.append("round.slug")
    if not all(0 < len(name.strip()) <= LONGEST_NAME for name in (one.name_vi, one.name_en)):
        found.append("round.name")
    if one.ends_on < one.starts_on:
        found.append("round.window")
    if one.purpose is not None and one.purpose not in PURPOSES:
        found.append("round.purpose")
    if any(listed is not None and not listed for listed in (one.forms, one.rule_sets, one.areas)):
        found.append("round.nothing_in_it")
    return tuple(found)


class Dated(Protocol):
    """What of a round decides who joins it."""

    @property
    def slug(self) -> str:
        """The value in the form's list."""

    @property
    def cutoff(self) -> date:
        """The day the facts speak of."""

    @property
    def starts_on(self) -> date:
        """The first day of its window."""

    @property
    def ends_on(self) -> date:
        """The last."""


R = TypeVar("R", bound=Dated)


@dataclass(frozen=True)
class Joining(Generic[R]):
    """To which round a submission belongs (None: a person has to say), and in a word why. `named`: it names it;
    `dated`: its date does. Without a round: `none` (nothing was asked), `unknown` (no round here has that name, or that
    day), `elsewhere` (its date lies in another round than it names), `several` (its date lies in more than one),
    `not_of_it` (the round it names does not hold for its area or its form). `fitting`: the rounds it may belong to."""

    round: R | None
    why: str
    fitting: tuple[str, ...] = ()


def join(rounds: Iterable[R], named: str | None, day: date | None, others: Iterable[str] = ()) -> Joining[R]:
    """The round of a submission by the round it names and its own cut-off date, never by when it came. `rounds`: those
    that hold for its area and form; `others`: slugs of rounds that do not."""
    known = tuple(rounds)
    chosen = next((one for one in known if one.slug == named), None) if named else None
    fitting = _fitting(known, day)
    slugs = tuple(one.slug for one in fitting)
    if chosen is not None:
        if fitting and chosen.slug not in slugs and not _contains(chosen, day):
            return Joining(None, "elsewhere", (chosen.slug, *slugs))
        return Joining(chosen, "named", (chosen.slug,))
    if named and named in set(others):
        return Joining(None, "not_of_it", slugs)
    if len(fitting) == 1:
        return Joining(fitting[0], "dated", slugs)
    if fitting:
        return Joining(None, "several", slugs)
    return Joining(None, "unknown" if named or day else "none")


def _contains(one: Dated, day: date | None) -> bool:
    return day is not None and one.starts_on <= day <= one.ends_on


def _fitting(known: tuple[R, ...], day: date | None) -> tuple[R, ...]:
    """Those whose own cut-off date it is, else those in whose window it lies."""
    exact = tuple(one for one in known if one.cutoff == day)
    return exact or tuple(one for one in known if _contains(one, day))
