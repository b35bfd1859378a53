"""A programme drawn at random, before anything of it is written: a tree of areas that changes with time, projects, who
is granted what and when, what is sent. The same number draws the same programme; every name in it is a word of its own.
"""

from __future__ import annotations

import random
import string
import uuid
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tests.kit.scope_tree import Change, Tree, Version

LEVELS = (("commune",), ("district", "commune"), ("region", "district", "commune"))
"""What lies between the top and the villages; countries differ."""
DAYS = (-700, -200, -30, -1, 0, 1, 30, 300)
"""When things begin and end, counted from today."""
IN_AREAS = (
    "commune_supervisor",
    "district_reviewer",
    "province_reviewer",
    "programme_admin",
    "analyst",
    "auditor",
    "trainer",
    "village_head",
    "manager",
    "viewer",
)
ON_PROJECTS = ("manager", "viewer", "formfill", "analyst", "auditor", "programme_admin", "trainer")
ON_FORMS = ("viewer", "formfill", "manager", "formview", "analyst", "commune_supervisor")
FORMS = ("village_criteria", "work_register", "training_attendance", "water/point")
"""The forms that a project may have: one is judged by the law, three feed lists for phones, one's id has a slash."""
STATES = (None, "approved", "rejected", "hasIssues")


@dataclass(frozen=True)
class PlannedGrant:
    """A role in a place, for a time. Projects by number, forms by their own id."""

    role: str
    scope: str
    project: int | None = None
    form: str | None = None
    area: str | None = None
    since: date | None = None
    until: date | None = None

    def stands(self, today: date) -> bool:
        """Whether it holds on that day."""
        return (self.since is None or self.since <= today) and (self.until is None or today < self.until)


@dataclass(frozen=True)
class PlannedProject:
    """A project with the area that it works in, its forms, and its rounds: slug and cut-off."""

    number: int
    name: str
    root: str
    forms: tuple[str, ...]
    rounds: tuple[tuple[str, date], ...]


@dataclass(frozen=True)
class PlannedPerson:
    """Somebody who signs in."""

    name: str
    email: str
    grants: tuple[PlannedGrant, ...]


@dataclass(frozen=True)
class PlannedHead:
    """Somebody with a phone. `tabled`: comes with the table of village heads, and has a telephone number."""

    name: str
    project: int
    grants: tuple[PlannedGrant, ...]
    telephone: str | None = None
    tabled: bool = False


@dataclass(frozen=True)
class PlannedSheet:
    """What a phone sends, and what becomes of it. `area`: the village it is filled in for."""

    head: int
    form: str
    area: str | None
    round: str
    instance_id: str
    words: dict[str, str] = field(hash=False)
    state: str | None = None
    edited: bool = False
    deleted: bool = False
    doubled: bool = False
    draft: bool = False


@dataclass
class Plan:
    """All of it."""

    today: date
    tree: Tree
    projects: list[PlannedProject]
    people: list[PlannedPerson]
    heads: list[PlannedHead]
    sheets: list[PlannedSheet]


@dataclass(frozen=True)
class Size:
    """How much is drawn; `areas` is a bound for each top."""

    areas: int = 9
    events: int = 5
    people: int = 5
    heads: int = 6
    sheets: int = 14

    def smaller(self) -> Size | None:
        """A smaller one, for the search for the smallest that shows a fault; None at the end."""
        least = Size(4, 1, 2, 2, 3)
        half = Size(*(max(low, high - max(1, high // 3)) for low, high in zip(_of(least), _of(self), strict=True)))
        return None if half == self else half


def _of(size: Size) -> tuple[int, ...]:
    return size.areas, size.events, size.people, size.heads, size.sheets


class Drawing:
    """One drawing of a programme."""

    def __init__(self, number: int, today: date, size: Size) -> None:
        self.random = random.Random(number)
        self.today = today
        self.size = size
        self.versions: dict[str, list[Version]] = {}
        self.changes: list[Change] = []
        self._words: set[str] = set()

    def word(self) -> str:
        """A word that stands nowhere else."""
        while True:
            made = "mk" + "".join(self.random.choices(string.ascii_lowercase, k=9)) + "km"
            if made not in self._words:
                self._words.add(made)
                return made

    def uuid(self) -> str:
        """A UUID v4."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def day(self) -> date:
        """Some day around today."""
        return self.today + timedelta(days=self.random.choice(DAYS))

    def draw(self) -> Plan:
        """The whole programme."""
        tops = [self._top(), self._top()]
        for _ in range(self.size.events):
            self._event(tops)
        tree = Tree(self.versions, self.changes)
        projects = [self._project(number, root) for number, root in enumerate(tops, start=1)]
        people = [self._person(turn, projects) for turn in range(self.size.people)]
        heads = [self._head(turn, projects, tree) for turn in range(self.size.heads)]
        sheets = [self._sheet(turn, projects, heads, tree) for turn in range(self.size.sheets)]
        return Plan(self.today, tree, projects, people, heads, sheets)

    # areas

    def _area(self, kind: str, parent: str | None) -> str:
        area = self.uuid()
        since = self.today - timedelta(days=2000) if self.random.random() < 0.3 else None
        self.versions[area] = [Version(self.word(), self.word(), kind, parent, since, None)]
        return area

    def _top(self) -> str:
        levels = self.random.choice(LEVELS)
        top = self._area("province", None)
        storey = [top]
        made = 1
        for kind in (*levels, "village"):
            below = []
            for parent in storey:
                for _ in range(self.random.randint(1, 3)):
                    if made >= self.size.areas and below:
                        break
                    below.append(self._area(kind, parent))
                    made += 1
            if kind != "village" and self.random.random() < 0.3:
                # a village beside communes: depth differs within a country
                self._area("village", self.random.choice(storey))
            storey = below
        return top

    def _event(self, tops: list[str]) -> None:
        area = self.random.choice(sorted(self.versions.keys() - set(tops)))
        day = self.day()
        last = self.versions[area][-1]
        if last.until is not None or (last.since or date.min) >= day:
            return
        what = self.random.choice(("rename", "move", "move", "merge", "merge", "split", "end"))
        alike = self._alike(area, last.kind, day)
        above = self._alike(last.parent or "", self.versions[last.parent or area][-1].kind, day, below=area)
        if what == "rename":
            self._goes_on(area, day, replace(last, name=self.word(), code=self.word()))
        elif what == "move" and above:
            self._goes_on(area, day, replace(last, parent=self.random.choice(above)))
        elif what == "merge" and alike:
            self._ends(area, day, [self.random.choice(alike)], "whole")
        elif what == "split" and len(alike) > 1:
            self._ends(area, day, self.random.sample(alike, 2), "part")
        elif what == "end":
            self._ends(area, day, [], "")

    def _alike(self, area: str, kind: str, day: date, below: str | None = None) -> list[str]:
        """Other areas of that kind that are in being that day and after, in no way below this one."""
        held = Tree(self.versions, self.changes)
        return [
            each
            for each, versions in sorted(self.versions.items())
            if each != area
            and versions[-1].kind == kind
            and versions[-1].until is None
            and (versions[-1].since or date.min) < day
            and (below or area) not in held.ever_above(each)
            and each not in held.ever_above(below or area) - {each}
        ]

    def _goes_on(self, area: str, day: date, version: Version) -> None:
        *earlier, last = self.versions[area]
        self.versions[area] = [*earlier, replace(last, until=day), replace(version, since=day, until=None)]

    def _ends(self, area: str, day: date, heirs: list[str], extent: str) -> None:
        *earlier, last = self.versions[area]
        self.versions[area] = [*earlier, replace(last, until=day)]
        for place, heir in enumerate(heirs):
            told = "part_main" if extent == "part" and place == 0 else extent
            self.changes.append(Change(area, heir, day, told))
        for child, versions in list(self.versions.items()):
            own = versions[-1]
            if own.parent != area or own.until is not None or (own.since or date.min) >= day:
                continue
            fate = self.random.random()
            if heirs and fate < 0.7:
                self._goes_on(child, day, replace(own, parent=self.random.choice(heirs)))
            elif fate < 0.8:
                self.versions[child] = [*versions[:-1], replace(own, until=day)]

    # people

    def _project(self, number: int, root: str) -> PlannedProject:
        forms = tuple(self.random.sample(FORMS, self.random.randint(2, 3)))
        rounds = tuple(
            (f"r{turn}", self.today + timedelta(days=days))
            for turn, days in enumerate(sorted(self.random.sample((-400, -60, -2, 3), 2)))
        )
        return PlannedProject(number, self.word(), root, forms, rounds)

    def _time(self) -> tuple[date | None, date | None]:
        """Mostly from ever and for ever, else from some day and to a later one."""
        if self.random.random() < 0.6:
            return None, None
        since, until = sorted((self.day(), self.day()))
        return (since, None) if self.random.random() < 0.4 else (since, until + timedelta(days=1))

    def _grant(self, projects: list[PlannedProject]) -> PlannedGrant:
        kind = self.random.choices(("area", "project", "form", "site", "site area"), (10, 3, 4, 1, 2))[0]
        since, until = self._time()
        project = self.random.choice(projects)
        area = self.random.choice(sorted(self.versions))
        if kind == "area":
            return PlannedGrant(self.random.choice(IN_AREAS), "project", project.number, None, area, since, until)
        if kind == "project":
            return PlannedGrant(self.random.choice(ON_PROJECTS), "project", project.number, None, None, since, until)
        if kind == "form":
            where = area if self.random.random() < 0.5 else None
            role, form = self.random.choice(ON_FORMS), self.random.choice(project.forms)
            return PlannedGrant(role, "form", project.number, form, where, since, until)
        if kind == "site":
            return PlannedGrant(self.random.choice(("viewer", "auditor", "analyst")), "site", since=since, until=until)
        return PlannedGrant(self.random.choice(IN_AREAS), "site", None, None, area, since, until)

    def _person(self, turn: int, projects: list[PlannedProject]) -> PlannedPerson:
        grants = [self._grant(projects) for _ in range(self.random.randint(1, 2))]
        if turn == 0:
            # somebody of the programme, who sees something for sure
            tops = [project.root for project in projects]
            areas = sorted(each for each in self.versions.keys() - set(tops) if self._now(each))
            role = self.random.choice(IN_AREAS[:6])
            grants = [PlannedGrant(role, "project", 1, None, self.random.choice(areas or tops))]
        return PlannedPerson(self.word(), f"{self.word()}@example.vn", tuple(grants))

    def _now(self, area: str) -> bool:
        return any(version.holds(self.today) for version in self.versions[area])

    def _head(self, turn: int, projects: list[PlannedProject], tree: Tree) -> PlannedHead:
        project = self.random.choice(projects)
        villages = [
            each
            for each in sorted(self.versions)
            if self._now(each)
            and self.versions[each][-1].kind == "village"
            and project.root in tree.places(each, self.today)
        ]
        telephone = "09" + "".join(self.random.choices(string.digits, k=8))
        if villages and self.random.random() < 0.4:
            own = PlannedGrant("village_head", "project", project.number, None, self.random.choice(villages))
            return PlannedHead(self.word(), project.number, (own,), telephone, tabled=True)
        grants = []
        for _ in range(1 if self.random.random() < 0.8 else 2):
            area = self.random.choice(sorted(self.versions)) if self.random.random() < 0.85 else None
            if villages and self.random.random() < 0.6:
                area = self.random.choice(villages)
            forms = self.random.sample(project.forms, self.random.randint(1, len(project.forms)))
            since, until = self._time() if grants else (None, None)
            grants += [PlannedGrant("app-user", "form", project.number, form, area, since, until) for form in forms]
        return PlannedHead(self.word(), project.number, tuple(dict.fromkeys(grants)))

    # what is sent

    def _sheet(self, turn: int, projects: list[PlannedProject], heads: list[PlannedHead], tree: Tree) -> PlannedSheet:
        number = turn % len(heads)
        head = heads[number]
        project = projects[head.project - 1]
        form = self.random.choice([grant.form for grant in head.grants if grant.form] or list(project.forms))
        areas = [
            each
            for each in sorted(self.versions)
            if any(grant.area in (None, *tree.places(each, self.today)) for grant in head.grants)
        ]
        area = self.random.choice(areas) if areas and self.random.random() < 0.9 else None
        names = ("text", "row", "photo", "content", "named", "comment", "note", "reason", "again", "other", "device")
        words = {name: self.word() for name in names} | {"edit": f"uuid:{self.uuid()}"}
        roll = self.random.random
        return PlannedSheet(
            number,
            form,
            area,
            self.random.choice(project.rounds)[0],
            f"uuid:{self.uuid()}",
            words,
            state=self.random.choice(STATES),
            edited=roll() < 0.25,
            deleted=roll() < 0.12,
            doubled=roll() < 0.2,
            draft=roll() < 0.15,
        )


def draw(number: int, today: date, size: Size = Size()) -> Plan:
    """The programme of that number."""
    return Drawing(number, today, size).draw()
