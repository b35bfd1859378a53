"""Who may know what: each value that was put into a programme, where it belongs, and whether somebody's grants reach
it.

Worked out from the plan alone, by the plainest means: no condition and no table of the product is asked. What a role
may do is written down here once more on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from tests.kit.scope_plan import PlannedGrant
from tests.kit.scope_tree import Tree

_REVIEWERS = {"commune_supervisor", "district_reviewer", "province_reviewer"}
_MANAGERS = {"admin", "manager", "programme_admin"}
_READERS = _MANAGERS | _REVIEWERS | {"viewer", "analyst", "auditor", "village_head"}
CARRIED: dict[str, set[str]] = {
    "read": _READERS,
    "restore": _MANAGERS,
    "fill": _MANAGERS | {"app-user", "formfill", "village_head", "trainer"},
    "areas": _READERS | {"trainer"},
    "keys": _MANAGERS | _REVIEWERS | {"auditor"},
    "audit": {"admin", "programme_admin", "auditor"} | _REVIEWERS,
    "assignments": _MANAGERS,
    "hooks": _MANAGERS | _REVIEWERS,
    "people": {"admin"},
    "project": _READERS | {"formfill", "trainer"},
    "forms": _READERS - {"village_head"},
    "open forms": _READERS | {"formfill", "trainer", "app-user", "formview"},
    "drafts": {"admin", "manager"},
}
"""The roles that may do each of what is asked of here."""
_UNDIVIDED = {"project", "forms", "open forms"}
"""What is not divided by area: a grant in an area carries it for its whole project."""


@dataclass(frozen=True)
class Spot:
    """Where something lies. `area` None: in no area, or in none that is known."""

    project: int | None = None
    form: str | None = None
    area: str | None = None


@dataclass(frozen=True)
class Secret:
    """A value and what it is. `spots`: where it belongs; seeing one of them is enough. `about`: what it is said of (a
    sheet, a person, an area), by a word of its own."""

    value: str
    kind: str
    spots: tuple[Spot, ...]
    about: str = ""


@dataclass(frozen=True)
class Sent:
    """What became of something that a phone sent: where it lies now, and whose it is."""

    number: int
    instance_id: str
    spot: Spot
    sender: str
    photo: str
    state: str | None = None
    deleted: bool = False
    draft: bool = False


@dataclass
class Holder:
    """Somebody: with what was granted, and what he or she did and is."""

    name: str
    grants: tuple[PlannedGrant, ...]
    own: frozenset[str] = frozenset()
    acted: set[Spot] = field(default_factory=set)


@dataclass
class Knowledge:
    """The programme as it was written, and all the values in it."""

    tree: Tree
    today: date
    roots: dict[int, str]
    secrets: dict[str, Secret] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)
    named: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    told: dict[str, list[Spot]] = field(default_factory=lambda: defaultdict(list))
    keys: dict[str, tuple[int, tuple[PlannedGrant, ...]]] = field(default_factory=dict)

    def add(self, secret: Secret) -> None:
        """A value, or one more spot of it."""
        known = self.secrets.get(secret.value)
        spots = (*(known.spots if known else ()), *secret.spots)
        self.secrets[secret.value] = replace(secret, spots=tuple(dict.fromkeys(spots)))

    def carries(self, holder: Holder, verb: str, spot: Spot) -> bool:
        """Whether something granted to somebody, that stands today, lets him or her do so there."""
        return any(self._carried(grant, verb, spot) for grant in holder.grants)

    def everywhere(self, holder: Holder, verb: str, project: int, form: str | None = None) -> bool:
        """Whether this is so in all of a project or form, whatever the area."""
        return self.carries(holder, verb, Spot(project, form))

    def somewhere(self, holder: Holder, verb: str, project: int, form: str | None = None) -> bool:
        """Whether this is so in some area of it at least."""
        everything = (Spot(project, form, area) for area in (None, *self.tree.versions))
        named = any(
            grant.role in CARRIED[verb] and grant.stands(self.today) and _within(grant, Spot(project, form))
            for grant in holder.grants
        )
        return named or any(self.carries(holder, verb, spot) for spot in everything)

    def _carried(self, grant: PlannedGrant, verb: str, spot: Spot) -> bool:
        if grant.role not in CARRIED[verb] or not grant.stands(self.today) or not _within(grant, spot):
            return False
        if grant.area is None or verb in _UNDIVIDED:
            return True
        return spot.area is not None and grant.area in self.tree.places(spot.area, self.today)

    # what may be seen

    def may_see(self, holder: Holder, secret: Secret) -> bool:
        """Whether a value may come before somebody's eyes."""
        if secret.value in holder.own:
            return True
        asks = getattr(self, f"_sees_{secret.kind}")
        return any(asks(holder, secret, spot) for spot in secret.spots)

    def may_read(self, holder: Holder, sent: Sent) -> bool:
        """Whether somebody reads what was sent, as long as it stands."""
        return self.carries(holder, "read", sent.spot)

    def sent_it(self, holder: Holder, sent: Sent) -> bool:
        """Whether it is what somebody's own phone sent: the ids and names in it, and that it came, are no news."""
        return sent.sender == holder.name and not sent.draft

    def is_told(self, holder: Holder, sent: Sent) -> bool:
        """Whether somebody's phone is told what became of what it sent, and given it again: while he or she fills in
        there, or reads there; what lies in no area, while he or she fills in that form anywhere."""
        if not self.sent_it(holder, sent) or sent.deleted:
            return False
        return any(self.carries(holder, verb, sent.spot) for verb in ("fill", "read")) or self._fills_nowhere(
            holder, sent.spot
        )

    def _fills_nowhere(self, holder: Holder, spot: Spot) -> bool:
        return spot.area is None and self.somewhere(holder, "fill", spot.project or 0, spot.form)

    def _sees_answer(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """What is in a sheet: as what was carried along of it; and for whose phone it was that sent it."""
        return self._sees_carried(holder, secret, spot) or self.is_told(holder, self.sent[secret.about])

    def _sees_carried(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """What was said of a sheet: for who reads sheets there; on phones, for who fills in there, what was approved or
        returned."""
        sent = self.sent[secret.about]
        if self.carries(holder, "read", spot) or (sent.deleted and self.carries(holder, "restore", spot)):
            return True
        return self._carried_along(holder, sent, spot)

    def _carried_along(self, holder: Holder, sent: Sent, spot: Spot) -> bool:
        if sent.deleted or sent.draft or sent.state not in ("approved", "rejected"):
            return False
        fills = self.carries(holder, "fill", spot) or self._fills_nowhere(holder, spot)
        if sent.state == "rejected" and sent.sender == holder.name and fills:
            # who sent it is told that it came back, and why
            return True
        filling = [grant for grant in holder.grants if grant.role in CARRIED["fill"] and grant.stands(self.today)]
        if sent.state == "approved" and spot.form == "work_register" and filling:
            # a register of things to choose among is for all who fill in, wherever that is theirs
            return any(
                grant.project in (None, spot.project)
                and (grant.area is None or grant.area in self.tree.places(spot.area or "", self.today))
                for grant in filling
            )
        return any(
            grant.project in (None, spot.project)
            and grant.area is not None
            and spot.area is not None
            and grant.area in self.tree.places(spot.area, self.today)
            for grant in filling
        )

    def _sees_comment(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """What people say of a sheet among themselves."""
        sent = self.sent[secret.about]
        return self.carries(holder, "read", spot) or (sent.deleted and self.carries(holder, "restore", spot))

    def _sees_file(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        return self._sees_comment(holder, secret, spot) or self.is_told(holder, self.sent[secret.about])

    def _sees_photo(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """The name of a photo: a phone that sent it is told whether it came."""
        return self._sees_file(holder, secret, spot) or self.sent_it(holder, self.sent[secret.about])

    def _sees_note(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """What somebody noted of an act: in the audit, and beside the sheet."""
        return self.carries(holder, "read", spot) or self._audits(holder, spot)

    def _sees_instance(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        own = self.sent_it(holder, self.sent[secret.about])
        return own or self._sees_answer(holder, secret, spot) or self._audits(holder, spot)

    _sees_edit = _sees_instance

    def _sees_quarantined(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        return any(self._carried(grant, "audit", spot) and grant.scope == "site" for grant in holder.grants)

    def _sees_apart(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """What was kept apart lies in no area."""
        return self.everywhere(holder, "read", spot.project or 0)

    def _audits(self, holder: Holder, spot: Spot) -> bool:
        """Whether somebody reads the audit of a place. What is done to a person belongs to no project, and is told to
        whoever reads the audit of the area."""
        asked = [grant for grant in holder.grants if grant.scope != "form"]
        return any(
            self._carried(grant, "audit", replace(spot, project=grant.project) if spot.project is None else spot)
            for grant in asked
            if spot.project is not None or spot.area is not None or grant.scope == "site"
        )

    def _sees_key(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        return self.holds_key(holder, secret.about)

    _sees_telephone = _sees_key

    def keys_in(self, spot: Spot) -> Iterator[str]:
        """Who has a key of a project for somewhere in an area."""
        for name, (project, grants) in self.keys.items():
            places = (self.tree.places(grant.area or "", self.today) for grant in grants)
            if project == spot.project and any(spot.area in each for each in places):
                yield name

    def holds_key(self, holder: Holder, name: str) -> bool:
        """Whether somebody looks after this app user: all that was granted to him or her, and has not ended, lies
        there."""
        project, grants = self.keys[name]
        if self.everywhere(holder, "keys", project):
            return True
        left = [grant for grant in grants if grant.until is None or self.today < grant.until]
        return bool(left) and all(
            grant.area is not None and self.carries(holder, "keys", Spot(project, None, grant.area)) for grant in left
        )

    def _sees_call(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """What came of a call: for who reads there and sees whom to call."""
        return self.carries(holder, "read", spot) and self.carries(holder, "keys", spot)

    def _sees_head(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """An app user's name: for who looks after the key, reads what he or she sent, or audits where it was done."""
        return self._sees_key(holder, secret, spot) or self._sees_actor(holder, secret, spot)

    def _sees_actor(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """The name of somebody who did something there."""
        return (
            self.carries(holder, "read", spot)
            or self._audits(holder, spot)
            or self.carries(holder, "restore", spot)
            or self.carries(holder, "assignments", spot)
        )

    def _sees_person(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        return self.carries(holder, "people", Spot()) or self._sees_actor(holder, secret, spot)

    def _sees_email(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        return self.carries(holder, "people", Spot()) or self._audits(holder, spot)

    def _sees_area(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """An area that is one's own, or that stands in a sheet that one reads."""
        told = self.told.get(spot.area or "", ())
        return spot.area in self.areas_of(holder) or any(
            self.carries(holder, verb, each) for verb in ("read", "restore") for each in told
        )

    def areas_of(self, holder: Holder) -> frozenset[str]:
        """The areas that somebody may know of: his or her own, what lies in them, and what these lie in."""
        found: set[str] = set()
        for grant in holder.grants:
            if not grant.stands(self.today):
                continue
            if grant.area is not None:
                for area in self.tree.versions:
                    if grant.area in self.tree.places(area, self.today):
                        found |= self.tree.ever_above(area)
            elif grant.role in CARRIED["areas"] | CARRIED["fill"]:
                found.update(self._of_projects(grant))
        return frozenset(found)

    def _of_projects(self, grant: PlannedGrant) -> Iterator[str]:
        """What lies in a project's area or above it, and what is granted to somebody there."""
        told = {area for number, areas in self.named.items() if grant.project in (None, number) for area in areas}
        for area in told:
            yield from self.tree.ever_above(area)
        roots = [root for number, root in self.roots.items() if grant.project in (None, number)]
        for area in self.tree.versions:
            above = self.tree.ever_above(area)
            if grant.project is None or any(root in above or area in self.tree.ever_above(root) for root in roots):
                yield area

    def _sees_project(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """The name of a project: it stands on the card of who holds a key of it."""
        return self.keys.get(holder.name, (0, ()))[0] == spot.project or any(
            grant.stands(self.today) and grant.project in (None, spot.project) and grant.role in CARRIED["open forms"]
            for grant in holder.grants
        )

    def _sees_form(self, holder: Holder, secret: Secret, spot: Spot) -> bool:
        """A form: whoever filled it in knows what it is called."""
        filled = ((each.spot.project, each.spot.form) for each in self.sent.values() if self.sent_it(holder, each))
        return self.carries(holder, "open forms", spot) or (spot.project, spot.form) in filled

    # what must be seen

    def must_see(self, holder: Holder) -> Iterable[Secret]:
        """What a walk over everything has to come upon, so that an empty answer everywhere does not pass."""
        for secret in self.secrets.values():
            if secret.kind in ("answer", "instance"):
                sent = self.sent[secret.about]
                listed = not sent.deleted and not sent.draft
                if listed and any(self.carries(holder, "read", spot) for spot in secret.spots):
                    yield secret
            elif (secret.kind == "call" and self.may_see(holder, secret)) or (
                secret.kind in ("head", "key") and self.holds_key(holder, secret.about)
            ):
                yield secret


def _within(grant: PlannedGrant, spot: Spot) -> bool:
    if grant.scope == "site":
        return True
    if grant.project is None or grant.project != spot.project:
        return False
    return grant.scope == "project" or (grant.form is not None and grant.form == spot.form)
