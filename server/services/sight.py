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
    """What a list for a phone holds: `names` of areas and works that can be chosen, and `values` of what was answered
    there before. Who may fill in a form anywhere chooses among all; what was answered before is shown to who reads it,
    and to who is granted that very area."""

    names: Scope
    values: Scope


def everything(on: date) -> Sight:
    """All there is."""
    return Sight(Scope(True, frozenset(), on), Scope(True, frozenset(), on))


def fill_sight(caller: Caller, project_id: int, form_id: int) -> Sight:
    """What the lists of a form hold for this person."""
    read = caller.scope("submission.list", project_id, form_id)
    fill = caller.scope("submission.create", project_id, form_id)
    return Sight(fill_scope(caller, project_id, form_id), _joined(read, Scope(False, fill.areas, caller.on)))


def fill_scope(caller: Caller, project_id: int, form_id: int) -> Scope:
    """The areas for which this person fills in a form, or reads what was sent for it."""
    return _joined(*(caller.scope(verb, project_id, form_id) for verb in FILLS))


def _joined(one: Scope, other: Scope) -> Scope:
    if one.everywhere or other.everywhere:
        # one kind of everything, so that a list of it is kept once
        return Scope(True, frozenset(), one.on)
    return Scope(False, one.areas | other.areas, one.on)
