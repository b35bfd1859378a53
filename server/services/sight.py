"""What somebody sees of what lies in areas, where lists are made for phones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.domain.roles import Scope
from server.services.authenticate import Caller

FILLS = ("submission.create", "submission.list")
"""Who may fill in a form, or read what was sent for it, is shown the villages that it can be filled in for."""


@dataclass(frozen=True)
class Sight:
    """What a list for a phone holds: `names` of areas that can be chosen, `things` such as works and classes that can
    be chosen, and `values` of what was answered there before; `sender` is who fills in, `fills` where and what forms.
    Who may fill in a form anywhere chooses among all; what was answered before is shown to who reads that, for whatever
    form, and to who is granted that very area."""

    names: Scope
    things: Scope
    values: Scope
    sender: int | None = None
    fills: Scope | None = None


def everything(on: date) -> Sight:
    """All there is."""
    whole = Scope(True, frozenset(), on)
    return Sight(whole, whole, whole)


def fill_sight(caller: Caller, project_id: int, form_id: int) -> Sight:
    """What the lists of a form hold for this person. What they are made of was sent for other forms as well, so that it
    is the reading of those that counts."""
    read = caller.scope("submission.list", project_id)
    fill = caller.scope("submission.create", project_id, form_id)
    return Sight(
        names=fill_scope(caller, project_id, form_id),
        things=_joined(read, fill),
        values=_joined(read, Scope(False, fill.areas, caller.on)),
        sender=caller.actor_id,
        fills=fills_of(caller, project_id),
    )


def fills_of(caller: Caller, project_id: int) -> Scope:
    """Where and for which forms this person fills in, or reads what was sent."""
    return _joined(*(caller.scope(verb, project_id) for verb in FILLS))


def fill_scope(caller: Caller, project_id: int, form_id: int) -> Scope:
    """The areas for which this person fills in a form, or reads what was sent for it."""
    return _joined(*(caller.scope(verb, project_id, form_id) for verb in FILLS))


def _joined(one: Scope, other: Scope) -> Scope:
    if one.everywhere or other.everywhere:
        # one kind of everything, so that a list of it is kept once
        return Scope(True, frozenset(), one.on)
    return Scope(False, one.areas | other.areas, one.on, one.forms + other.forms)
