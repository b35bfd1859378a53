"""A supervisor's spot check held against the village's own sheet: what differs, and how much of what was compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.domain.quality_rules import STANDARD, UNDER_STANDARD
from server.domain.registers import flat, rows_of

SPOT_FORM = "spot_check"
NOT_KNOWN = "khong_ro"
COMPARED = (
    *("tong_ho", "ho_ngheo", "ho_can_ngheo", "duong_truc_cung_hoa", "duong_dai_km", "duong_cung_hoa_km"),
    *("duong_mua_mua", "nha_van_hoa_khu_the_thao", "phong_mau_giao", "phong_mau_giao_kien_co", "song_di_dong"),
)
"""What the spot check asks by the names that the village's sheet has."""
METRES_APART = 100
"""Lengths of a road that are no further apart than this are the same; the product's own figure, in no law."""
WRONG = "sai"
"""Of a household of the sample: 1 when it is not there or of another class than listed, 0 as listed, else not told."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field with what the village's sheet says and what the supervisor found."""

    field: str
    said: Any
    found: Any


@dataclass(frozen=True, slots=True)
class SpotResult:
    """`compared`: fields known on both sides; `households`: those of the sample that could be told, `wrong` of them."""

    compared: int
    differences: tuple[Difference, ...]
    households: int
    wrong: int

    @property
    def checked(self) -> int:
        """Fields and households that were compared."""
        return self.compared + self.households

    @property
    def errors(self) -> int:
        """Of these those that differ."""
        return len(self.differences) + self.wrong

    @property
    def permille(self) -> int | None:
        """Errors in a thousand, rounded down; None where nothing was compared."""
        return self.errors * 1000 // self.checked if self.checked else None


def compare_spot(sheet: Mapping[str, Any] | None, spot: Mapping[str, Any]) -> SpotResult:
    """A village's answers (None: it sent none) and a supervisor's. What one of them does not know is not compared, nor
    are counts of poor households under two standards."""
    said, found = flat(sheet or {}), flat(spot)
    same_standard = said.get(STANDARD) == found.get(STANDARD) not in (None, NOT_KNOWN)
    names = [name for name in COMPARED if _known(said.get(name)) and _known(found.get(name))]
    names = [name for name in names if same_standard or name not in UNDER_STANDARD]
    differences = (Difference(name, said[name], found[name]) for name in names)
    households = [str(flat(row).get(WRONG)) for row in rows_of(spot)]
    return SpotResult(
        compared=len(names),
        differences=tuple(each for each in differences if _differ(each)),
        households=sum(each in ("0", "1") for each in households),
        wrong=households.count("1"),
    )


def _known(value: Any) -> bool:
    return value not in (None, "", NOT_KNOWN)


def _differ(each: Difference) -> bool:
    if each.field.endswith("_km"):
        return abs(round(float(each.said) * 1000) - round(float(each.found) * 1000)) > METRES_APART
    return bool(each.said != each.found)
