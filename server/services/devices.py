"""What a second phone with somebody's key gets: nothing, where its project says so; and what it sends is marked."""

from __future__ import annotations

from forms.errors import Finding, Severity
from server.domain.devices import FIRST, REFUSED, standing_of
from server.domain.errors import SecondPhone
from server.services.authenticate import Caller


def standing(caller: Caller, device_id: str | None) -> str:
    """Where a phone stands with the caller's key; who comes without a key is bound to no phone."""
    if caller.pin is None:
        return FIRST
    return standing_of(caller.pin.device_id, device_id or None, caller.pin.rule)


def require_phone(caller: Caller, device_id: str | None) -> None:
    """Raises SecondPhone when lists and forms are not for this phone."""
    if standing(caller, device_id) == REFUSED:
        raise SecondPhone("auth.second_phone")


def about_phone(caller: Caller, device_id: str | None) -> tuple[Finding, ...]:
    """What is to be said of something that was sent from another phone than the key's own. It is taken all the same: a
    phone in a village has nowhere to put what a server refuses."""
    found = standing(caller, device_id)
    if found == FIRST:
        return ()
    severity: Severity = "error" if found == REFUSED else "warning"
    return (Finding("device", "/", severity, device_id, {}, {}),)
