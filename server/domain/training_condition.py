"""The training condition of Decision 03/2019/QĐ-TTg, Article 2: more than 15 % of the poor and near-poor households of
a commune have a representative who was trained, and more than 50 % of its grassroots officials were, in classes of
2016–2020, of whatever programme. Both are strict; what is not known stays unknown."""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.training_people import Trained

YEARS = (2016, 2020)
MET, NOT_MET, UNKNOWN = "met", "not_met", "unknown"
HOUSEHOLDS_PERCENT, OFFICIALS_PERCENT = 15, 50
Bounds = tuple[int, int | None]
"""A count known between two numbers; None: nobody knows how many more."""


@dataclass(frozen=True)
class Attested:
    """What the commune's own sheet says: representatives and officials, all and trained; None where not known."""

    households: int | None = None
    households_trained: int | None = None
    officials: int | None = None
    officials_trained: int | None = None


@dataclass(frozen=True)
class Condition:
    """What recorded classes give for a commune. `roster`: how many officials there are by the dated fact of a commune;
    `households`: the poor and near-poor by its villages' sheets; None where not known."""

    trained_households: Bounds
    trained_officials: Bounds
    households: int | None
    roster: int | None

    @property
    def of_households(self) -> str:
        """Whether more than 15 % of the households have a trained representative."""
        return share_above(self.trained_households, self.households, HOUSEHOLDS_PERCENT)

    @property
    def of_officials(self) -> str:
        """Whether more than 50 % of the officials were trained; without a roster it is unknown."""
        return share_above(self.trained_officials, self.roster, OFFICIALS_PERCENT)

    @property
    def verdict(self) -> str:
        """Both together."""
        parts = (self.of_households, self.of_officials)
        return NOT_MET if NOT_MET in parts else UNKNOWN if UNKNOWN in parts else MET


def condition_of(trained: Trained, unnamed: bool, households: int | None, roster: int | None) -> Condition:
    """The condition by recorded classes. `unnamed`: some class of these years is known by totals alone, so that more of
    this commune may have been there."""
    return Condition(
        (trained.households[0], None if unnamed else trained.households[1]),
        (trained.officials[0], None if unnamed else trained.officials[1]),
        households,
        roster,
    )


def share_above(count: Bounds, whole: int | None, percent: int) -> str:
    """Whether a count is more than so many per cent of a whole; unknown where that is nothing, or not known."""
    if not whole:
        return UNKNOWN
    least, most = count
    if least * 100 > percent * whole:
        return MET
    return UNKNOWN if most is None or most * 100 > percent * whole else NOT_MET


def list_contradictions(condition: Condition, attested: Attested) -> list[tuple[str, int, str]]:
    """Where the commune's sheet says something that recorded classes, the roster or the villages cannot bear: what, the
    number of the sheet, and what is recorded. Fewer recorded than attested is none: classes of other programmes are
    attested and not recorded here."""
    found = []
    pairs = (
        ("households_trained", attested.households_trained, condition.trained_households[0]),
        ("officials_trained", attested.officials_trained, condition.trained_officials[0]),
    )
    for name, said, least in pairs:
        if said is not None and said < least:
            found.append((name, said, str(least)))
    for name, said, known in (
        ("households", attested.households, condition.households),
        ("officials", attested.officials, condition.roster),
    ):
        if said is not None and known is not None and said != known:
            found.append((name, said, str(known)))
    return found
