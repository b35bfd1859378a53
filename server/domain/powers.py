"""What grants mean: which of them hold on a day, and why others do not; and what all together let somebody do where.

A grant holds in its area as long as that is in being. Once it ended, nothing lies in it any more (reach.py): what was
in it has gone on, and whoever shall look after that is granted it anew. Forms, which are not divided by area, can still
be read by such a grant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from server.domain.areas import AreaChange, AreaVersion, list_successors, version_on
from server.domain.roles import VERBS, Grant, Place, Reach, find_role, reach, scope_of

IN_FORCE = "in_force"
NOT_BEGUN = "not_begun"
ENDED = "ended"
AREA_NOT_BEGUN = "area_not_begun"
AREA_ENDED = "area_ended"
NO_ROLE = "no_role"
STATES = (IN_FORCE, NOT_BEGUN, ENDED, AREA_NOT_BEGUN, AREA_ENDED, NO_ROLE)
"""Of a grant on a day: why it holds or not. `no_role`: this program knows no role of that name."""

_OF_THE_SITE = ("user.", "role.", "config.", "backup.", "analytics.", "project.create")
"""What a grant in a project cannot give, whatever its role."""
_OF_FORMS = ("form.", "open_form.", "submission.", "assignment.", "review.")
"""What a grant on a form gives."""


@dataclass(frozen=True)
class Held:
    """A grant and how it stands on a day (`STATES`). `until`: the day from which its area is no more, and `heirs` what
    that went into (id, "whole" or "part")."""

    grant: Grant
    state: str
    until: date | None = None
    heirs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Power:
    """Verbs that reach equally far: everywhere or in areas, about one form alone when it is named."""

    verbs: tuple[str, ...]
    reach: Reach
    form_id: int | None = None


@dataclass(frozen=True)
class Sum:
    """All that somebody may do on the site (no project), or in a project, what holds on the whole site included."""

    project_id: int | None
    powers: tuple[Power, ...]


@dataclass(frozen=True)
class Meaning:
    """What the grants of somebody mean on a day."""

    on: date
    held: tuple[Held, ...]
    sums: tuple[Sum, ...]


def explain_grants(
    grants: Iterable[Grant], versions: Sequence[AreaVersion], changes: Sequence[AreaChange], on: date
) -> Meaning:
    """What these grants mean on a day. `versions` and `changes`: at least those of the areas that the grants name."""
    held = tuple(_held(grant, versions, changes, on) for grant in grants)
    holding = [each.grant for each in held if each.state in (IN_FORCE, AREA_ENDED, AREA_NOT_BEGUN)]
    gone = frozenset(each.grant.area_id for each in held if each.state in (AREA_ENDED, AREA_NOT_BEGUN))
    sums = [Sum(None, _powers_on_site(holding, gone, on))] if any(grant.scope == "site" for grant in holding) else []
    named = sorted({grant.project_id for grant in holding if grant.project_id is not None})
    sums += [Sum(project_id, _powers_in(holding, project_id, gone, on)) for project_id in named]
    return Meaning(on, held, tuple(each for each in sums if each.powers))


def by_noun(verbs: Iterable[str]) -> dict[str, list[str]]:
    """Verbs by what they are about: {"submission": ["list", "read"]}, in the order of the verbs."""
    found: dict[str, list[str]] = {}
    for verb in verbs:
        noun, _, act = verb.rpartition(".")
        found.setdefault(noun, []).append(act)
    return found


def _held(grant: Grant, versions: Sequence[AreaVersion], changes: Sequence[AreaChange], on: date) -> Held:
    if find_role(grant.role) is None:
        return Held(grant, NO_ROLE)
    if grant.valid_from is not None and on < grant.valid_from:
        return Held(grant, NOT_BEGUN)
    if grant.valid_to is not None and on >= grant.valid_to:
        return Held(grant, ENDED)
    own = [version for version in versions if version.area_id == grant.area_id]
    if grant.area_id is None or version_on(own, on) is not None:
        return Held(grant, IN_FORCE)
    ends = [version.valid_to for version in own if version.valid_to is not None and version.valid_to <= on]
    if not ends:
        return Held(grant, AREA_NOT_BEGUN)
    until = max(ends)
    went = list_successors(changes, grant.area_id, until - timedelta(days=1), until)
    heirs = tuple((heir, extent) for heir, extent in went.items() if heir != grant.area_id)
    return Held(grant, AREA_ENDED, until, heirs)


def _powers_on_site(grants: Sequence[Grant], gone: frozenset[str | None], on: date) -> tuple[Power, ...]:
    return _grouped((verb, None, _without(reach(grants, verb, Place(), on), gone)) for verb in sorted(VERBS))


def _powers_in(grants: Sequence[Grant], project_id: int, gone: frozenset[str | None], on: date) -> tuple[Power, ...]:
    parts: list[tuple[str, int | None, Reach]] = []
    site = [grant for grant in grants if grant.scope == "site"]
    for verb in sorted(VERBS):
        of_site = verb.startswith(_OF_THE_SITE)
        scope = scope_of(site if of_site else grants, verb, project_id, on)
        whole = _without(Reach(scope.everywhere, scope.areas), gone)
        parts.append((verb, None, whole))
        if whole.everywhere or not verb.startswith(_OF_FORMS):
            continue
        single = ((form_id, _without(reached, gone)) for form_id, reached in scope.forms)
        parts += [(verb, form_id, reached) for form_id, reached in single if reached != whole]
    return _grouped(parts)


def _without(reached: Reach, gone: frozenset[str | None]) -> Reach:
    """The same without areas that are not in being: nothing lies in those."""
    return Reach(reached.everywhere, frozenset() if reached.everywhere else reached.area_ids - gone)


def _grouped(parts: Iterable[tuple[str, int | None, Reach]]) -> tuple[Power, ...]:
    """Verbs that reach equally far together: everywhere first, then in areas, then about single forms."""
    groups: dict[tuple[int | None, Reach], list[str]] = {}
    for verb, form_id, reached in parts:
        if reached:
            groups.setdefault((form_id, reached), []).append(verb)
    ordered = sorted(
        groups.items(), key=lambda item: (item[0][0] or 0, not item[0][1].everywhere, sorted(item[0][1].area_ids))
    )
    return tuple(Power(tuple(verbs), reached, form_id) for (form_id, reached), verbs in ordered)
