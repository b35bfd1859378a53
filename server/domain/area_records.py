"""What a file or a package says of areas, row by row, before anybody has looked whether it can be so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Other:
    """Another area of a change: its code, own id or key in the file, and how much went over (`areas.EXTENTS`)."""

    ref: str
    extent: str = "whole"


@dataclass(frozen=True, slots=True)
class AreaRecord:
    """What an area is from `valid_from` up to, not including, `valid_to`; None: not said.

    The area is the one with this `id` or `key`, else the one that bears `code` then, else (without a code) the one of
    this name in the parent. `was`: the code that it bore until the day before, where that was another. A record with
    `origins` begins a new area, made of those on `valid_from`; one with `heirs` ends it on `valid_to`, and it goes into
    those. `parent`, `was` and the others are named by key, own id, or code as of that day. `flags` None: not said.
    `point`: (longitude, latitude). `row`: the line of the file; 0 where there is none.
    """

    row: int
    name: str
    kind: str
    code: str | None = None
    parent: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    id: str | None = None
    key: str | None = None
    was: str | None = None
    origins: tuple[Other, ...] = ()
    heirs: tuple[Other, ...] = ()
    decree: str | None = None
    status: str = "unverified"
    source: str = ""
    flags: Mapping[str, Any] | None = None
    point: tuple[float, float] | None = None
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class FactRecord:
    """What a decision established of an area: `name` such as `xa_dat_ntm` or `khu_vuc`, `value` yes, no, not known, a
    number or a word; decided by `authority`; from `valid_from` up to, not including, `valid_to`."""

    row: int
    area: str
    name: str
    value: bool | int | str | None
    decision_number: str | None = None
    decision_date: date | None = None
    authority: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    status: str = "unverified"
    source: str = ""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row and what to do: `code` is a message id of the catalogue `errors`. `grave`: nothing is
    loaded; else it is loaded and told."""

    row: int
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    grave: bool = True


class Clash(Exception):
    """A row that cannot stand beside what is there. `code` and `params` as of a RowProblem."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params
