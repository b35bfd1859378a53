"""What decisions and the tree say of an area for the criteria: facts that flow down from a commune to its villages,
flags of where it lies, the region that the law makes exceptions for. What is computed never overwrites any of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

REGION = "region"
FROM_FLAGS: Mapping[str, tuple[str, str]] = {"xa_bien_gioi": ("bien_gioi", "border"), "xa_atk": ("atk", "atk")}
"""A fact of the criteria: the decided fact that says it, and the flag of the area where nothing was decided."""
AREA_THREE, CLASS_OF_COMMUNE = "xa_khu_vuc_iii", "khu_vuc"
URBAN, URBAN_KINDS = "la_phuong_thi_tran", ("ward", "town")
COMMUNES = ("commune", "ward", "town", "special_zone")
NAMES_READ = (CLASS_OF_COMMUNE, *(decided for decided, _ in FROM_FLAGS.values()))
"""Decided facts that are read whatever the rule sets name."""


@dataclass(frozen=True, slots=True)
class Link:
    """One area of a path on a day: itself, or one it lies in."""

    area_id: str
    kind: str
    flags: Mapping[str, Any]
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision says of an area: yes, no, not known, a number; with its number and whether it is invented."""

    value: Any
    decision_number: str | None = None
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts of an area by name (None: not known), its region, whether any of it is invented, and for each fact that
    a decision gave, which area it is of and by which decision."""

    facts: dict[str, Any] = field(default_factory=dict)
    region: str | None = None
    synthetic: bool = False
    sources: dict[str, tuple[str, str | None]] = field(default_factory=dict)


def stand(path: Sequence[Link], decided: Mapping[tuple[str, str], Decided], names: Iterable[str]) -> Standing:
    """The standing of the first area of the path, which goes up to the top. `decided`: by (area, name). Of each fact
    the nearest area that has it speaks: the village's own before its commune's."""
    if not path:
        return Standing()
    found = Standing(region=_flag(path, REGION), synthetic=path[0].synthetic)
    synthetic = found.synthetic
    for name in names:
        value, source = _fact(path, decided, name)
        found.facts[name] = value
        if source is not None:
            owner, decision = source
            found.sources[name] = (owner, decision.decision_number)
            synthetic = synthetic or decision.synthetic
    return Standing(found.facts, found.region, synthetic, found.sources)


_Source = tuple[str, Decided] | None


def _fact(path: Sequence[Link], decided: Mapping[tuple[str, str], Decided], name: str) -> tuple[Any, _Source]:
    own = _nearest(path, decided, name)
    if own is not None:
        return own[1].value, own
    if name in FROM_FLAGS:
        other, flag = FROM_FLAGS[name]
        source = _nearest(path, decided, other)
        return (source[1].value if source else _flag(path, flag)), source
    if name == AREA_THREE:
        source = _nearest(path, decided, CLASS_OF_COMMUNE)
        known = source is not None and source[1].value is not None
        return (source[1].value == 3 if known and source else None), source
    if name == URBAN:
        kind = next((link.kind for link in path if link.kind in COMMUNES), None)
        return (None if kind is None else kind in URBAN_KINDS), None
    return None, None


def _nearest(path: Sequence[Link], decided: Mapping[tuple[str, str], Decided], name: str) -> _Source:
    for link in path:
        found = decided.get((link.area_id, name))
        if found is not None:
            return link.area_id, found
    return None


def _flag(path: Sequence[Link], flag: str) -> Any:
    return next((link.flags[flag] for link in path if link.flags.get(flag) is not None), None)
