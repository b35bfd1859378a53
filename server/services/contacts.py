"""Contacts of phones: gathered in memory while requests are answered, written together every few minutes.

A GET writes nothing itself: ten thousand phones that look for forms every hour would hold up what they send. What is
gathered and not yet written is lost when a process is killed; the next contact tells the same again. The first phone of
a key is known to its process at once, and written as soon as somebody looks (`due`), so that a second one is told from
it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.devices import ALARMING, FORMER, standing_of
from server.services.authenticate import day_of
from server.services.people import place_of
from server.storage.audits import AuditEntry, write_audit
from server.storage.coverage import list_grounds, put_heard
from server.storage.database import writing
from server.storage.devices import (
    DeviceView,
    Pin,
    list_devices,
    list_pins,
    list_versions_by_md5,
    pin_token,
    put_device,
)
from server.storage.returns import Fetched, mark_seen
from sync.envelope import clipped

FLUSH_SECONDS = 120.0
"""How long contacts are gathered."""
MOST_PHONES = 20
"""Of one key, that are told apart: whoever makes up names of phones fills no table."""
MOST_FORMS = 200


@dataclass(frozen=True, slots=True)
class Contact:
    """One request of a phone. `device_id` "": it named none. `form`: (form id, MD5 of its text) that it now has.
    `sent`: something it sent was taken in; `corrections`: it has the list of returned sheets as of now;
    `returns`: of these it was told one by one, by the moves that returned them."""

    token_id: int
    actor_id: int
    project_id: int
    device_id: str
    at: datetime
    user_agent: str | None = None
    form: tuple[str, str] | None = None
    sent: bool = False
    corrections: bool = False
    returns: tuple[int, ...] = ()


@dataclass(slots=True)
class Gathered:
    """All contacts of one phone with one key since they were written last."""

    latest: Contact
    first_at: datetime
    sent_at: datetime | None = None
    corrections_at: datetime | None = None
    returns: dict[int, datetime] = field(default_factory=dict)
    forms: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def add(self, contact: Contact) -> None:
        """One more."""
        self.latest = contact if contact.user_agent else replace(contact, user_agent=self.latest.user_agent)
        if contact.sent:
            self.sent_at = contact.at
        if contact.corrections:
            self.corrections_at = contact.at
        for move_id in contact.returns:
            self.returns.setdefault(move_id, contact.at)
        if contact.form is not None and len(self.forms) < MOST_FORMS:
            self.forms[contact.form[0]] = (contact.form[1], contact.at)


class Contacts:
    """The contacts that one process has gathered; safe to use from all its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gathered: dict[tuple[int, str], Gathered] = {}
        self._phones: dict[int, int] = {}
        self._pins: dict[int, str] = {}
        self.due = threading.Event()
        """Set when something should be written soon: a key has its first phone."""

    def pinned(self, token_id: int, kept: str | None) -> str | None:
        """The phone that a key is pinned to: what is kept of it, else the first that came and is not written yet."""
        with self._lock:
            return kept if kept is not None else self._pins.get(token_id)

    def note(self, contact: Contact, pinned: str | None) -> None:
        """Remembers a contact of a key that is pinned to a phone, or to none yet."""
        with self._lock:
            key = (contact.token_id, contact.device_id)
            known = self._gathered.get(key)
            if known is None:
                of_key = self._phones.get(contact.token_id, 0)
                if of_key >= MOST_PHONES:
                    return
                self._phones[contact.token_id] = of_key + 1
                known = self._gathered[key] = Gathered(contact, contact.at)
            known.add(contact)
            if pinned is None and contact.device_id and self._pins.setdefault(contact.token_id, contact.device_id):
                self.due.set()

    def take(self) -> list[Gathered]:
        """All that was gathered; it is forgotten here, but for the first phones, which are known until `written`."""
        with self._lock:
            found, self._gathered, self._phones = list(self._gathered.values()), {}, {}
            self.due.clear()
            return found

    def written(self, gathered: Iterable[Gathered]) -> None:
        """What was taken stands in the database by now."""
        with self._lock:
            for each in gathered:
                self._pins.pop(each.latest.token_id, None)

    def give_back(self, gathered: Iterable[Gathered]) -> None:
        """What was taken could not be written; what came since is newer."""
        with self._lock:
            for each in gathered:
                key = (each.latest.token_id, each.latest.device_id)
                newer = self._gathered.get(key)
                if newer is not None:
                    newer.first_at = each.first_at
                    newer.sent_at = newer.sent_at or each.sent_at
                    newer.corrections_at = newer.corrections_at or each.corrections_at
                    newer.returns |= each.returns
                    newer.forms = each.forms | newer.forms
                else:
                    self._gathered[key] = each


def flush(session: Session, contacts: Contacts) -> int:
    """Writes what was gathered in one transaction; how many phones that were. What cannot be written is kept."""
    gathered = contacts.take()
    if not gathered:
        return 0
    try:
        with writing(session) as connection:
            written = write_contacts(connection, gathered)
            session.commit()
    except BaseException:
        contacts.give_back(gathered)
        raise
    contacts.written(gathered)
    return written


def write_contacts(connection: Connection, gathered: Iterable[Gathered]) -> int:
    """Writes contacts within a transaction, the earliest first; keys that ended meanwhile are passed over."""
    every = sorted(gathered, key=lambda each: (each.latest.token_id, each.first_at))
    pins = _pin(connection, every)
    known = list_devices(connection, {each.latest.actor_id for each in every})
    versions = list_versions_by_md5(
        connection, ((each.latest.project_id, form, md5) for each in every for form, (md5, _) in each.forms.items())
    )
    # always in this order: two processes that write at once wait for each other, and never crosswise
    every.sort(key=lambda each: (each.latest.actor_id, each.latest.device_id))
    written = 0
    for each in every:
        pin = pins.get(each.latest.token_id)
        if pin is not None:
            written += _write(connection, each, pin, (known.setdefault(pin.actor_id, []), versions))
    grounds = _grounds(connection, every)
    _say_heard(connection, every, grounds)
    _say_seen(connection, every, grounds)
    return written


Grounds = Mapping[date, Mapping[int, list[str]]]
"""By day and key holder the areas that he or she is there for."""


def _grounds(connection: Connection, every: Iterable[Gathered]) -> Grounds:
    asked: dict[date, set[int]] = {}
    for each in every:
        for at in (each.latest.at, each.corrections_at):
            if at is not None:
                asked.setdefault(day_of(at), set()).add(each.latest.actor_id)
    return {day: list_grounds(connection, actors, day) for day, actors in asked.items()}


def _say_heard(connection: Connection, every: Iterable[Gathered], grounds: Grounds) -> None:
    """Of which villages somebody was heard, by project: those that the key holders are there for."""
    heard: dict[int, dict[str, datetime]] = {}
    for latest in (each.latest for each in every):
        of_project = heard.setdefault(latest.project_id, {})
        for area_id in grounds[day_of(latest.at)].get(latest.actor_id, ()):
            of_project[area_id] = max(latest.at, of_project.get(area_id, latest.at))
    for project_id, places in sorted(heard.items()):
        put_heard(connection, project_id, places)


def _say_seen(connection: Connection, every: Iterable[Gathered], grounds: Grounds) -> None:
    """Which returned sheets were seen by those who are to correct them: their phones fetched the list, or were told of
    them one by one."""
    fetched, told = [], dict[int, datetime]()
    for each in every:
        for move_id, at in each.returns.items():
            told[move_id] = min(at, told.get(move_id, at))
        if each.corrections_at is not None:
            who = each.latest.actor_id
            areas = grounds[day_of(each.corrections_at)].get(who, ())
            fetched.append(Fetched(each.latest.project_id, who, areas, each.corrections_at))
    mark_seen(connection, fetched, told)


def _pin(connection: Connection, every: Iterable[Gathered]) -> dict[int, Pin]:
    """Pins each key that is pinned to none to the first phone that came with it; the keys by token."""
    named = list(every)
    pins = list_pins(connection, {each.latest.token_id for each in named})
    for each in named:
        latest, pin = each.latest, pins.get(each.latest.token_id)
        if pin is None or pin.device_id is not None or not latest.device_id:
            continue
        if pin_token(connection, pin.token_id, latest.device_id):
            pins[pin.token_id] = replace(pin, device_id=latest.device_id)
        else:  # another process was first
            pins |= list_pins(connection, {pin.token_id})
    return pins


def _write(
    connection: Connection,
    each: Gathered,
    pin: Pin,
    rest: tuple[list[DeviceView], Mapping[tuple[int, str, str], str]],
) -> bool:
    known, versions = rest
    latest = each.latest
    before = next((row for row in known if row.device_id == latest.device_id), None)
    if before is None and len(known) >= MOST_PHONES:
        return False
    forms: dict[str, Any] = dict(before.forms) if before else {}
    for form, (md5, at) in each.forms.items():
        version = versions.get((latest.project_id, form, md5))
        if version is not None:
            forms[form] = {"version": version, "at": at.isoformat()}
    row: dict[str, Any] = {
        "last_seen": max(latest.at, before.last_seen) if before else latest.at,
        "user_agent": clipped(latest.user_agent) or (before.user_agent if before else None),
        "last_sent": each.sent_at or (before.last_sent if before else None),
        "standing": _standing(before, pin, latest.device_id),
        "forms": forms,
    }
    if before is None:
        row |= {"actor_id": pin.actor_id, "device_id": latest.device_id, "first_seen": each.first_at}
        known.append(DeviceView(0, **row))
    put_device(connection, before, row)
    if row["standing"] in ALARMING and (before is None or before.standing not in ALARMING):
        where = place_of(connection, latest.project_id, pin.actor_id, day_of(latest.at))
        told = {"standing": row["standing"], "device": latest.device_id}
        entry = AuditEntry(None, "field_key.second_phone", f"actor:{pin.actor_id}", latest.at, told)
        write_audit(connection, replace(entry, project_id=where.project_id, area_id=where.area_id))
    return True


def _standing(before: DeviceView | None, pin: Pin, device_id: str) -> str:
    found = standing_of(pin.device_id, device_id or None, pin.rule)
    # about one that was let go somebody has decided already
    return FORMER if found in ALARMING and before is not None and before.standing == FORMER else found
