"""Roles as a table, role → verbs, and the one question: may somebody with these grants do this, here, today?

Roles 1 to 9 and their verbs are named as in the API of ODK Central, so that its clients find what they ask for; the
people of a programme (numbers from 101 on) are ours and are meant to be granted with an area and for dates. Verbs that
begin with `review.` act at one level of review.py; `round.`, `area.` and `rule_set.` are ours too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

SCOPES = ("site", "project", "form")
LONGEST_NUMBER = 9
"""Digits of a role's number."""


@dataclass(frozen=True)
class Role:
    """A role with the number and the name that Central's API shows for it (`system`), and what it may do. `meant_for`:
    the kind of area it is meant to be granted on ("village", "commune", "district", "province"; "any"); None: on the
    site, a project or a form as a whole. Nothing keeps anybody from granting it elsewhere."""

    id: int
    system: str
    verbs: frozenset[str]
    meant_for: str | None = None


class Grant(NamedTuple):
    """A role, where it holds (`scope`: site | project | form; with `area_id` only in that area and below it), and when:
    from `valid_from` up to, not including, `valid_to`; None is open."""

    role: str
    scope: str
    project_id: int | None = None
    form_id: int | None = None
    area_id: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Place:
    """What an act is about. `area_path`: ids of the area it lies in and of those above (areas.Hierarchy.path); empty
    for what lies in no area, or in none that we know."""

    project_id: int | None = None
    form_id: int | None = None
    area_path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reach:
    """How far a verb goes in a list: `everywhere`, or the areas (each with what lies below it); neither: nowhere."""

    everywhere: bool
    area_ids: frozenset[str]

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.area_ids)


EVERYWHERE = Reach(True, frozenset())


@dataclass(frozen=True)
class Scope:
    """What somebody sees of the submissions of a project, as of the day `on`: everything, or what lies in `areas` and
    below, and of single forms (`forms`, by their number) more. Storage makes a condition of it (storage/reach.py)."""

    everywhere: bool
    areas: frozenset[str]
    on: date
    forms: tuple[tuple[int, Reach], ...] = ()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.areas) or any(reached for _, reached in self.forms)

    def of_form(self, form_id: int) -> "Scope":
        """The same of one form alone."""
        reached = dict(self.forms).get(form_id)
        if reached is None or self.everywhere:
            return Scope(self.everywhere, self.areas, self.on)
        return Scope(reached.everywhere, self.areas | reached.area_ids, self.on)


ALL = Scope(True, frozenset(), date.min)
"""Everything there is."""


def _verbs(text: str) -> frozenset[str]:
    """`form: read list` per line becomes form.read, form.list."""
    lines = (line.split(":") for line in text.strip().splitlines())
    return frozenset(f"{noun.strip()}.{act}" for noun, acts in lines for act in acts.split())


_READ_FORMS = _verbs("project: read\nform: list read\nopen_form: list read\ndataset: list read")
"""Verbs about things that are not divided by area: a grant for an area carries them for its whole project."""
_READ_ANSWERS = _verbs(
    "submission: list read\nentity: list read\nactor_property: list\nround: list read\narea: list read"
)
_FILL = _verbs("project: read\nopen_form: list read\nsubmission: create")
_HOOK = _verbs("webhook: list create update delete")
"""To be told of what one may read: each hears what its owner sees."""
_WATCH = _verbs("audit: read\nfield_key: list")
_WHOLE_PROJECTS = _verbs("project: update delete\nform: create update delete restore\ndataset: create update")
"""What changes a project for everybody in it, whatever their area: a grant for an area does not carry it."""
_REVIEW = _READ_FORMS | _READ_ANSWERS | {"submission.update"}
_MANAGE = (
    _READ_FORMS
    | _READ_ANSWERS
    | _HOOK
    | _verbs("""
        project: update delete
        form: create update delete restore
        submission: create update delete restore
        dataset: create update
        entity: create update delete restore
        field_key: list create update delete
        public_link: list read create update delete
        assignment: list create delete
        actor_property: create
        session: end
        round: create update delete
        review: commune district province
        bundle: import
    """)
)
_RUN_PROGRAMME = _verbs("area: update\nrule_set: read update")
_ADMINISTER = _MANAGE | _verbs("""
        project: create
        user: list read create update delete
        user.password: invalidate
        role: create update delete
        config: read set
        audit: read
        backup: run
        analytics: read
        area: create update
        rule_set: read create update
    """)

ROLES: tuple[Role, ...] = (
    Role(1, "admin", _ADMINISTER),
    Role(2, "app-user", _verbs("open_form: list read\nsubmission: create")),
    Role(3, "pwreset", _verbs("user.password: reset")),
    Role(5, "manager", _MANAGE),
    Role(6, "viewer", _READ_FORMS | _READ_ANSWERS),
    Role(7, "formview", _verbs("open_form: list read")),
    Role(8, "formfill", _FILL),
    Role(9, "pub-link", _verbs("open_form: read\nsubmission: create")),
    Role(101, "commune_supervisor", _REVIEW | _HOOK | _WATCH | {"review.commune", "bundle.import"}, "commune"),
    Role(102, "district_reviewer", _REVIEW | _HOOK | _WATCH | {"review.district"}, "district"),
    Role(103, "province_reviewer", _REVIEW | _HOOK | _WATCH | {"review.province"}, "province"),
    Role(104, "village_head", _FILL | _verbs("submission: list read\nround: list read\narea: list read"), "village"),
    Role(105, "programme_admin", (_MANAGE - _WHOLE_PROJECTS) | _WATCH | _RUN_PROGRAMME, "any"),
    Role(106, "analyst", _READ_FORMS | _READ_ANSWERS, "any"),
    Role(107, "auditor", _READ_FORMS | _READ_ANSWERS | _WATCH, "any"),
    # whoever holds classes fills in forms about them, and has no business with what households answered
    Role(108, "trainer", _FILL | _verbs("round: list read\narea: list read"), "any"),
)
PROGRAMME_ROLES: tuple[str, ...] = tuple(role.system for role in ROLES if role.id > 100)
"""Those that are meant to be granted on an area, and for dates."""
_BY_NAME = {role.system: role for role in ROLES}
_BY_ID = {role.id: role for role in ROLES}

VERBS: frozenset[str] = frozenset().union(*(role.verbs for role in ROLES))
"""Every verb some role has; an endpoint names one of these or is listed as public."""


def find_role(key: str | int) -> Role | None:
    """A role by its name ("app-user") or by its number, also written as text ("2")."""
    if isinstance(key, int) or (key.isascii() and key.isdecimal() and len(key) <= LONGEST_NUMBER):
        return _BY_ID.get(int(key))
    return _BY_NAME.get(key)


def verbs_at(grants: Iterable[Grant], place: Place, on: date) -> frozenset[str]:
    """Every verb that the grants carry at a place on a day. An unknown role carries none."""
    return frozenset().union(*(_carried(grant, place) for grant in grants if _stands(grant, place, on)))


def permits(grants: Iterable[Grant], verb: str, place: Place, on: date) -> bool:
    """Whether one of the grants carries the verb at that place on that day. A grant for an area does not reach what
    lies in no known area, but for reading projects, forms and entity lists, which are not divided by area."""
    return any(_stands(grant, place, on) and verb in _carried(grant, place) for grant in grants)


def reach(grants: Iterable[Grant], verb: str, place: Place, on: date) -> Reach:
    """How far a verb goes within a project or form, for lists: the areas of `place` are left aside."""
    standing = [
        grant
        for grant in grants
        if _stands(grant, place, on) and (role := find_role(grant.role)) and verb in role.verbs
    ]
    everywhere = any(grant.area_id is None or verb in _READ_FORMS for grant in standing)
    if verb in _WHOLE_PROJECTS:
        return Reach(everywhere, frozenset())
    return Reach(everywhere, frozenset(grant.area_id for grant in standing if grant.area_id is not None))


def scope_of(grants: Iterable[Grant], verb: str, project_id: int, on: date) -> Scope:
    """How far a verb goes over the submissions of a project, grants on single forms too."""
    held = tuple(grants)
    whole = reach(held, verb, Place(project_id), on)
    forms = {grant.form_id for grant in held if grant.form_id is not None and grant.project_id == project_id}
    single = ((form_id, reach(held, verb, Place(project_id, form_id), on)) for form_id in sorted(forms))
    return Scope(whole.everywhere, whole.area_ids, on, tuple((form_id, found) for form_id, found in single if found))


@lru_cache(maxsize=1024)  # a phone asks the same again and again, with a grant for every form it may fill
def forms_within(grants: tuple[Grant, ...], verb: str, project_id: int, on: date) -> frozenset[int] | None:
    """The forms of a project in all or some area of which the verb is carried; None: every form of the project."""
    found = set()
    for grant in grants:
        role = find_role(grant.role)
        if role is None or verb not in role.verbs or not _stands(grant, Place(project_id, grant.form_id), on):
            continue
        if grant.area_id is not None and verb in _WHOLE_PROJECTS:
            continue
        if grant.scope != "form" or grant.form_id is None:
            return None
        found.add(grant.form_id)
    return frozenset(found)


def _carried(grant: Grant, place: Place) -> frozenset[str]:
    role = find_role(grant.role)
    if role is None:
        return frozenset()
    if grant.area_id is None:
        return role.verbs
    return role.verbs - _WHOLE_PROJECTS if grant.area_id in place.area_path else role.verbs & _READ_FORMS


def _stands(grant: Grant, place: Place, on: date) -> bool:
    if (grant.valid_from is not None and on < grant.valid_from) or (
        grant.valid_to is not None and on >= grant.valid_to
    ):
        return False
    if grant.scope == "site":
        return True
    if grant.project_id is None or grant.project_id != place.project_id:
        return False
    return grant.scope == "project" or (
        grant.scope == "form" and grant.form_id is not None and grant.form_id == place.form_id
    )
