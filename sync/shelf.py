"""The forms on a device, kept as ODK Collect keeps them when it is told to match the server exactly.

A form whose hash is on the device stays, unless one of its files has changed; another hash under the same form id is an
update; a form that left the list is taken away, and what was filled in with it stays wherever it is. One form that does
not come leaves the one that is held, and does not hold up the others; a list that does not come changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from sync.errors import SyncError
from sync.openrosa import FormListEntry


class Held(Protocol):
    """A form on a device with its files."""

    @property
    def entry(self) -> FormListEntry:
        """The entry of the form list that it was fetched by."""
        ...


Form = TypeVar("Form", bound=Held)


class Fetcher(Protocol[Form]):
    """Who fetches: `sync.client.Phone`."""

    def form_list(self) -> tuple[FormListEntry, ...]:
        """The forms that the device may have."""
        ...

    def download(self, entry: FormListEntry, held: Form | None = None) -> Form:
        """One of them, with its files."""
        ...


@dataclass
class Refreshed:
    """What a look at the server came to, form ids in the order of its list. `failed`: with the reason."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: dict[str, SyncError] = field(default_factory=dict)


class Shelf(Generic[Form]):
    """The forms that a device holds, by form id; in memory."""

    def __init__(self) -> None:
        self._held: dict[str, Form] = {}

    def __iter__(self) -> Iterator[Form]:
        return iter(self._held.values())

    def __len__(self) -> int:
        return len(self._held)

    def find(self, form_id: str) -> Form | None:
        """The form with this id, or None."""
        return self._held.get(form_id)

    def refresh(self, phone: Fetcher[Form]) -> Refreshed:
        """Makes the shelf what the server's list is. Raises SyncError when the list itself does not come."""
        told = Refreshed()
        listed = phone.form_list()
        for entry in listed:
            held = self._held.get(entry.form_id)
            try:
                # also when its own hash is known: its files may have changed
                got = phone.download(entry, held)
            except SyncError as error:
                told.failed[entry.form_id] = error
                continue
            self._held[entry.form_id] = got
            if held is None:
                told.new.append(entry.form_id)
            else:
                (told.same if got == held else told.updated).append(entry.form_id)
        gone = self._held.keys() - {entry.form_id for entry in listed}
        told.removed = sorted(gone)
        for form_id in gone:
            del self._held[form_id]
        return told
