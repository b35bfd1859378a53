"""Who was trained: the same person in several classes, duplicates that somebody may merge, and totals over classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from server.domain.areas import match_key
from server.domain.errors import Invalid
from server.domain.training import AUDIENCES, POOR_HOUSEHOLDS, UNKNOWN, ClassCount, Trainee

OFFICIALS = ("lanh_dao_xa", "tham_muu", "truong_thon")
"""The audiences that are taken for grassroots officials: leaders and officials of communes, heads of villages and their
deputies. The texts that were read do not say who is meant."""
NEAR_YEARS = 1
"""Birth years that differ by so much may be slips of the pen."""


@dataclass(frozen=True)
class Attending:
    """Somebody in a class. `id`: that within the class."""

    id: str
    count: ClassCount
    trainee: Trainee


@dataclass(frozen=True)
class Person:
    """A person as merged: the classes attended. `id`: the least of those within the classes."""

    id: str
    attended: tuple[Attending, ...]

    @property
    def shown(self) -> Trainee:
        """What is written of the person: as it was last."""
        return self.attended[-1].trainee

    @property
    def class_ids(self) -> tuple[str, ...]:
        """The classes, once each."""
        return tuple(dict.fromkeys(each.count.training.id for each in self.attended))


@dataclass(frozen=True)
class Likeness:
    """Persons who may be one: `exact` where name, birth year, sex and place are the same and known."""

    persons: tuple[Person, ...]
    exact: bool


@dataclass(frozen=True)
class Share:
    """Classes in part: turns, and distinct persons, None where some of them are not named."""

    turns: int = 0
    persons: int | None = 0


@dataclass(frozen=True)
class Sums:
    """What classes come to together. `persons` None: some are known by totals alone; `named`: the distinct persons who
    are named; `person_days` None: not known of each class. `possible`: how many persons fewer it would be if all exact
    duplicates were merged."""

    classes: int = 0
    turns: int = 0
    persons: int | None = 0
    named: int = 0
    person_days: int | None = 0
    unnamed_classes: int = 0
    provisional: int = 0
    possible: int = 0
    by_audience: Mapping[str, Share] = field(default_factory=dict)
    by_sex: Mapping[str, Share] = field(default_factory=dict)
    by_ethnicity: Mapping[str, Share] = field(default_factory=dict)


def find_persons(counts: Iterable[ClassCount], merged: Iterable[tuple[str, str]]) -> list[Person]:
    """The persons of classes, each with the classes attended, oldest first. `merged`: pairs of ids within classes that
    somebody said are one."""
    above: dict[str, str] = {}

    def top(one: str) -> str:
        while above.get(one, one) != one:
            one = above[one]
        return one

    for one, other in merged:
        first, second = sorted((top(one), top(other)))
        above[second] = first
    found: dict[str, list[Attending]] = defaultdict(list)
    for count in sorted(counts, key=lambda each: (each.training.first or date.min, each.training.submission_id)):
        for id_, trainee in count.people.items():
            found[top(id_)].append(Attending(id_, count, trainee))
    return [Person(min(each.id for each in some), tuple(some)) for some in found.values()]


def find_likenesses(persons: Sequence[Person]) -> list[Likeness]:
    """Persons who may be one, the surest first: the same name and sex, no place or birth year that contradicts."""
    by_name: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for person in persons:
        shown = person.shown
        by_name[match_key(shown.name), shown.sex or ""].append(person)
    found: list[Likeness] = []
    for some in by_name.values():
        left = sorted(some, key=lambda each: (each.shown.area_id or "~", each.shown.birth_year or 9999, each.id))
        while left:
            first, *others = left
            alike = [first, *(each for each in others if _alike(first.shown, each.shown))]
            left = [each for each in left if each not in alike]
            if len(alike) > 1:
                exact = len({each.shown.key for each in alike}) == 1 and _is_whole(first.shown)
                found.append(Likeness(tuple(alike), exact))
    return sorted(found, key=lambda each: (not each.exact, match_key(each.persons[0].shown.name)))


def require_apart(ids: Sequence[str], persons: Iterable[Person]) -> list[Person]:
    """The persons to be made one, two or more. Raises Invalid where two of them are one already: nobody is merged into
    herself; where one is not known; and where there are not two."""
    by_id = {attending.id: person for person in persons for attending in person.attended}
    found: list[Person] = []
    for each in ids:
        person = by_id.get(each)
        if person is None:
            raise Invalid("training.person_unknown")
        if any(other.id == person.id for other in found):
            raise Invalid("training.merged_into_self", name=person.shown.name)
        found.append(person)
    if len(found) < 2:
        raise Invalid("training.merge_two")
    return found


def merges_of(likenesses: Iterable[Likeness]) -> list[tuple[str, str]]:
    """The merges that make one person of each exact likeness."""
    return [(one.id, other.id) for each in likenesses if each.exact for one, other in pairwise(each.persons)]


def sum_classes(counts: Sequence[ClassCount], persons: Sequence[Person]) -> Sums:
    """What classes come to. `persons`: those of these classes, or of more."""
    ids = {each.training.id for each in counts}
    here = [person for person in persons if not ids.isdisjoint(person.class_ids)]
    unnamed = sum(not each.complete for each in counts)
    days = [each.person_days for each in counts]
    known = [each for each in days if each is not None]
    return Sums(
        classes=len(counts),
        turns=sum(each.turns for each in counts),
        persons=None if unnamed else len(here),
        named=len(here),
        person_days=sum(known) if len(known) == len(days) else None,
        unnamed_classes=unnamed,
        provisional=sum(each.provisional for each in counts),
        possible=sum(len(each.persons) - 1 for each in find_likenesses(here) if each.exact),
        by_audience=_shares(counts, here, "audience"),
        by_sex=_shares(counts, here, "sex"),
        by_ethnicity=_shares(counts, here, "ethnicity"),
    )


def _shares(counts: Sequence[ClassCount], persons: Sequence[Person], what: str) -> dict[str, Share]:
    ids = {each.training.id for each in counts}
    turns: dict[str, int] = defaultdict(int)
    unnamed = set[str]()
    for count in counts:
        shares: Mapping[str, int] = getattr(count, f"by_{what}")
        for name, number in shares.items():
            turns[name] += number
            if not count.complete:
                unnamed.add(name)
    distinct: dict[str, set[str]] = defaultdict(set)
    for person in persons:
        for each in person.attended:
            if each.count.training.id in ids:
                name = each.trainee.ethnic if what == "ethnicity" else getattr(each.trainee, what)
                distinct[name or UNKNOWN].add(person.id)
    # who is not named, and of what kind nobody says, may be of any kind
    anywhere = UNKNOWN in unnamed
    order = {name: at for at, name in enumerate(AUDIENCES)}
    return {
        name: Share(turns[name], None if anywhere or name in unnamed else len(distinct[name]))
        for name in sorted(turns, key=lambda each: (order.get(each, len(order)), each == UNKNOWN, each))
    }


@dataclass(frozen=True)
class Trained:
    """What classes of some years give of the people of a commune: households poor or near-poor with a representative
    who was trained, and grassroots officials, each between two numbers: the lower if all exact duplicates are one."""

    households: tuple[int, int]
    officials: tuple[int, int]


def count_trained(persons: Iterable[Person], areas: frozenset[str], years: tuple[int, int]) -> Trained:
    """Who of these areas (a commune and its villages) was trained in classes that began in these years."""
    inside = [each for each in (_within(person, areas, years) for person in persons) if each.attended]
    officials = [each for each in inside if any(one.trainee.audience in OFFICIALS for one in each.attended)]
    standing = [each for each in inside if any(one.trainee.represents in POOR_HOUSEHOLDS for one in each.attended)]
    return Trained(_between(standing, _household), _between(officials, _nothing))


def _within(person: Person, areas: frozenset[str], years: tuple[int, int]) -> Person:
    first, last = years
    here = tuple(
        each
        for each in person.attended
        if each.trainee.area_id in areas
        and each.count.training.first is not None
        and first <= each.count.training.first.year <= last
    )
    return Person(person.id, here)


def _household(person: Person) -> str | None:
    """The household that somebody stands for, where its number and village were written."""
    known = (each.trainee for each in person.attended if each.trainee.household is not None)
    return next((f"{each.area_id}#{each.household}" for each in known), None)


def _nothing(person: Person) -> str | None:
    """Nothing but who it is makes an official the same one."""
    return None


def _between(persons: Sequence[Person], key: Callable[[Person], str | None]) -> tuple[int, int]:
    most = {key(each) or each.id for each in persons}
    least = {key(each) or (each.shown.key if _is_whole(each.shown) else each.id) for each in persons}
    return len(least), len(most)


def _is_whole(trainee: Trainee) -> bool:
    return trainee.birth_year is not None and trainee.area_id is not None and trainee.sex is not None


def _alike(one: Trainee, other: Trainee) -> bool:
    """The same name and sex: places that do not differ, and birth years that do not differ by more than a slip."""
    if one.area_id and other.area_id and one.area_id != other.area_id:
        return False
    if one.birth_year is None or other.birth_year is None:
        return True
    return abs(one.birth_year - other.birth_year) <= NEAR_YEARS
