"""The phones that somebody looks after: when each was heard of, what it has, and what may still lie on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.domain.devices import ALARMING, FIRST, FORMER, PhoneFacts, risk_of
from server.domain.head_rows import bare
from server.services.aggregate import CRITERIA_FORM
from server.services.authenticate import Caller
from server.services.lists import VILLAGE_KINDS
from server.storage.actors import AppUserView
from server.storage.devices import DeviceView, list_devices
from server.storage.forms import list_forms
from server.storage.key_holders import HomeArea, list_app_users, list_home_areas
from server.storage.phones import (
    PhoneFilter,
    Sheets,
    count_phones,
    list_phone_ids,
    list_sheets_of,
    list_villages_of,
)
from server.storage.rounds import list_rounds

SILENT = timedelta(days=7)
SHOWN = ("alarm", "silent", "never")
_COLLECT = re.compile(r"collect\.android/v?(\S+)")
LONGEST_APP = 40
BROWSERS = "Mozilla/"
_NAMED = {
    "Edg": "Edge",
    "SamsungBrowser": "Samsung",
    "OPR": "Opera",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
"""Browsers by their mark in a User-Agent: a mark that others bear too comes after theirs."""


@dataclass(frozen=True, slots=True)
class HeldForm:
    """A form as a phone fetched it last. `old`: another version is current by now."""

    form_id: str
    title: str
    version: str
    at: datetime
    old: bool


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """One key holder. `device`: the phone of the key, or the one heard of last; `others`: all the rest. `risk`: see
    domain/devices.py; `sheet_at`: when the newest sheet of the holder's villages came in the newest round."""

    user: AppUserView
    homes: Sequence[HomeArea]
    device: DeviceView | None
    others: Sequence[DeviceView]
    forms: Sequence[HeldForm]
    risk: str
    files_missing: int = 0
    sheet_at: datetime | None = None

    @property
    def alarms(self) -> list[DeviceView]:
        """The phones that somebody should look at."""
        return [each for each in (self.device, *self.others) if each is not None and each.standing in ALARMING]

    @property
    def last_seen(self) -> datetime | None:
        """When any phone with this key was heard of last."""
        seen = [each.last_seen for each in (self.device, *self.others) if each is not None]
        return max(seen, default=None)

    @property
    def last_sent(self) -> datetime | None:
        """When something came from any of them last."""
        sent = [each.last_sent for each in (self.device, *self.others) if each is not None and each.last_sent]
        return max(sent, default=None)


@dataclass(frozen=True)
class PhonePage:
    """A page of the list; `total`: how many the filter has, `every`: without a filter, `alarms`: with an alert."""

    lines: Sequence[PhoneLine]
    total: int
    every: int
    alarms: int


@dataclass(frozen=True)
class Wanted:
    """What of the list: words of names and areas, one of `SHOWN`, and which page of how many lines."""

    text: str = ""
    show: str | None = None
    page: int = 1
    size: int = 50


def look_at_phones(session: Session, caller: Caller, project_id: int, wanted: Wanted, now: datetime) -> PhonePage:
    """The phones within the caller's reach. Raises Forbidden."""
    caller.require("field_key.list", project_id)
    reached = caller.reach("field_key.list", project_id)
    every = PhoneFilter(project_id, reached, caller.on)
    ids = _named(session, every, wanted.text) if wanted.text.strip() else None
    kept = PhoneFilter(project_id, reached, caller.on, ids, wanted.show, now - SILENT)
    page = list_phone_ids(session, kept, (wanted.page - 1) * wanted.size, wanted.size)
    alarms = PhoneFilter(project_id, reached, caller.on, show="alarm")
    return PhonePage(
        lines_of(session, caller, project_id, page),
        count_phones(session, kept),
        count_phones(session, every),
        count_phones(session, alarms),
    )


def lines_of(session: Session, caller: Caller, project_id: int, ids: Sequence[int]) -> list[PhoneLine]:
    """These key holders, in this order; those outside the caller's reach are left out."""
    reached = caller.reach("field_key.list", project_id)
    users = {each.id: each for each in list_app_users(session, project_id, reached, caller.on, ids)}
    homes = list_home_areas(session, project_id, caller.on, ids)
    devices = list_devices(session, ids)
    forms = {form.xml_form_id: form for form in list_forms(session, project_id) if form.current is not None}
    current = {form_id: (form.shown.title, form.shown.version) for form_id, form in forms.items()}
    areas = {home.area_id for each in homes.values() for home in each}
    villages = list_villages_of(session, areas, VILLAGE_KINDS) if areas else set()
    rounds = list_rounds(session, project_id)
    sheets = list_sheets_of(session, rounds[0].id, sorted(villages)) if rounds and villages else {}
    return [
        _line(users[actor_id], homes.get(actor_id, []), devices.get(actor_id, []), current, (villages, sheets))
        for actor_id in ids
        if actor_id in users
    ]


def app_of(user_agent: str | None) -> str:
    """The program behind a User-Agent, as people know it."""
    agent = user_agent or ""
    found = _COLLECT.search(agent)
    if found:
        return f"Collect {found[1]}"
    if agent.startswith(BROWSERS):
        # the app that is opened in a browser; what stands first in the list is named by no other before it
        name = next((name for name in _NAMED if f"{name}/" in agent), "")
        return f"Web {_NAMED.get(name, '')}".rstrip()
    return agent.partition(" ")[0][:LONGEST_APP]


def _line(
    user: AppUserView,
    homes: Sequence[HomeArea],
    devices: Sequence[DeviceView],
    current: Mapping[str, tuple[str, str]],
    round_facts: tuple[set[str], Mapping[str, Sheets]],
) -> PhoneLine:
    villages, sheets = round_facts
    own = [home.area_id for home in homes if home.area_id in villages]
    came = [sheets[each] for each in own if each in sheets]
    first = next((each for each in devices if each.standing == FIRST), None)
    device = first or next((each for each in devices if each.standing != FORMER), None) or next(iter(devices), None)
    held = _held(device, current)
    facts = PhoneFacts(
        heard_of=bool(devices),
        has_form=any(CRITERIA_FORM in each.forms for each in devices),
        villages=len(own),
        reported=len(came),
        files_missing=sum(each.files_missing for each in came),
    )
    return PhoneLine(
        user,
        homes,
        device,
        [each for each in devices if each is not device],
        held,
        risk_of(facts),
        facts.files_missing,
        max((each.came_at for each in came), default=None),
    )


def _held(device: DeviceView | None, current: Mapping[str, tuple[str, str]]) -> list[HeldForm]:
    if device is None:
        return []
    found = []
    for form_id, fetched in sorted(device.forms.items()):
        title, version = current.get(form_id, (form_id, fetched["version"]))
        at = datetime.fromisoformat(fetched["at"])
        found.append(HeldForm(form_id, title, fetched["version"], at, fetched["version"] != version))
    return found


def _named(session: Session, every: PhoneFilter, text: str) -> list[int]:
    """Those whose name, number or place has the words, with marks or without."""
    words = bare(text)
    homes = list_home_areas(session, every.project_id, every.on)
    found = []
    for user in list_app_users(session, every.project_id, every.reached, every.on):
        own = homes.get(user.id, [])
        said = [user.name, user.phone or "", (user.phone or "").replace("+84", "0"), *(home.name for home in own)]
        if any(words in bare(each) for each in (*said, *(home.commune or "" for home in own))):
            found.append(user.id)
    return found
