"""What somebody wants of the answers to a form, read from a query or a form on a page: in which format, which of what
was sent, and how it is laid out. The options that ODK Central has are called as there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from server.domain.errors import Invalid
from server.domain.review import STATES

LABELS = ("none", "instead", "beside")
MOST = 200
"""Rounds, areas or states in one wish."""
LONGEST = 4000
YES, NO = ("true", "1", "on"), ("false", "0", "off", "")


@dataclass(frozen=True, slots=True)
class Wish:
    """`rounds` (slugs), `areas` (own ids or codes; with all below them), `states`: only these; empty: all. `filter`: a
    condition as OData has it. `labels` in `language`. `deleted_fields`: also what only earlier versions of the form
    asked. `details`: who reviewed, what validation found, where it is. `personal` False: without what the form marks
    as personal, under other keys. `field`: of a map, the path of its place."""

    ending: str
    rounds: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    filter: str | None = None
    language: str = "vi"
    labels: Literal["none", "instead", "beside"] = "none"
    group_paths: bool = True
    deleted_fields: bool = False
    split: bool = False
    attachments: bool = True
    details: bool = False
    personal: bool = True
    raw: bool = False
    bom: bool = False
    field: str | None = None
    draft: bool = False

    def as_json(self) -> dict[str, Any]:
        """To be kept, and read by `wish_from`."""
        return asdict(self)


def wish_from(kept: Mapping[str, Any]) -> Wish:
    """A wish as `as_json` wrote it."""
    known = {each.name for each in fields(Wish)}
    said: dict[str, Any] = {name: value for name, value in kept.items() if name in known}
    lists: dict[str, Any] = {name: tuple(said.get(name, ())) for name in _LISTS}
    made: Wish = Wish(**{**said, **lists})
    return made


NAMES = {
    "rounds": "rounds",
    "areas": "areas",
    "states": "states",
    "$filter": "filter",
    "language": "language",
    "labels": "labels",
    "groupPaths": "group_paths",
    "deletedFields": "deleted_fields",
    "splitSelectMultiples": "split",
    "attachments": "attachments",
    "details": "details",
    "personal": "personal",
    "raw": "raw",
    "bom": "bom",
    "fieldpath": "field",
}
"""What a query calls them."""
_LISTS = ("rounds", "areas", "states")
_SWITCHES = ("group_paths", "deleted_fields", "split", "attachments", "details", "personal", "raw", "bom")


def read_wish(ending: str, said: Mapping[str, Sequence[str]], *, draft: bool = False) -> Wish:
    """A wish from a query: each name with all that was said for it; lists may be said several times, or by commas.
    Raises Invalid: `export.option` for a name that is none, `export.value` for a value that does not fit."""
    found: dict[str, Any] = {}
    for name, values in said.items():
        own = NAMES.get(name)
        if own is None:
            raise Invalid("export.option", option=name[:80], known=", ".join(NAMES))
        found[own] = _value(name, own, values)
    return Wish(ending, draft=draft, **found)


def _value(name: str, own: str, values: Sequence[str]) -> Any:
    if own in _LISTS:
        listed = tuple(dict.fromkeys(part.strip() for value in values for part in value.split(",") if part.strip()))
        wrong = [each for each in listed if own == "states" and each not in STATES]
        if wrong or len(listed) > MOST:
            raise Invalid("export.value", option=name, value=wrong[0][:80] if wrong else f"{len(listed)} > {MOST}")
        return listed
    last = values[-1].strip() if values else ""
    if own in _SWITCHES:
        lowered = last.lower()
        if lowered not in (*YES, *NO):
            raise Invalid("export.value", option=name, value=last[:80])
        return lowered in YES
    if len(last) > LONGEST or (own == "labels" and last not in LABELS):
        raise Invalid("export.value", option=name, value=last[:80])
    if own == "language":
        return last or "vi"
    return last or ("none" if own == "labels" else None)
