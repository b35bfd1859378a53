"""What is compared with what, and from which difference on a reviewer is told: one table for all checks.

Every figure here is this product's own, chosen so that a commune's reviewer gets a handful of questions and not a
hundred. None of them is in any law, and nothing that is judged by law reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

VILLAGE, COMMUNE = "village_criteria", "commune_criteria"
STANDARD, UNKNOWN_STANDARD = "chuan_ngheo", "khong_ro"
UNDER_STANDARD = frozenset({"ho_ngheo", "ho_can_ngheo", "ho_ngheo_dtts"})
"""Counts that mean nothing without the poverty standard they were counted by: never compared across two of them."""


@dataclass(frozen=True)
class AtMost:
    """The sum of these fields is at most another one."""

    parts: tuple[str, ...]
    whole: str


AT_MOST = (
    AtMost(("ho_ngheo", "ho_can_ngheo"), "tong_ho"),
    AtMost(("ho_ngheo_dtts",), "ho_ngheo"),
    AtMost(("ho_ngheo_dtts",), "ho_dtts"),
    AtMost(("ho_dtts",), "tong_ho"),
    AtMost(("nguoi_dtts",), "nhan_khau"),
    AtMost(("tong_ho",), "nhan_khau"),
    AtMost(("duong_cung_hoa_km",), "duong_dai_km"),
)
"""Within one sheet, whatever its form; not told where the form's own rule says it already."""


@dataclass(frozen=True)
class Movement:
    """Of households: those at the start, out of it, back in, new, at the end; `of` is what a village's sheet counts."""

    start: str
    left: str
    back: str
    new: str
    end: str
    of: str


MOVEMENTS = (
    Movement("ho_ngheo_dau_ky", "ho_ngheo_thoat", "ho_ngheo_tai", "ho_ngheo_moi", "ho_ngheo_cuoi_ky", "ho_ngheo"),
    Movement(
        "ho_can_ngheo_dau_ky",
        "ho_can_ngheo_thoat",
        "ho_can_ngheo_tai",
        "ho_can_ngheo_moi",
        "ho_can_ngheo_cuoi_ky",
        "ho_can_ngheo",
    ),
)
"""Any form that has all five fields is checked; end = start - left + back + new."""

SAME_IN_COMMUNE = ("tong_ho", "ho_dtts", "nhan_khau", "nguoi_dtts", "ho_ngheo", "ho_can_ngheo", "ho_ngheo_dtts")
"""What a commune's sheet, where it asks for it, has as the sum of its villages."""
REPRESENTED: Mapping[str, tuple[str, ...]] = {"dai_dien_ho": ("ho_ngheo", "ho_can_ngheo")}
"""One representative of each household of these."""
NOT_MORE_THAN: Mapping[str, str] = {"dtts_15_60": "nguoi_dtts", "lao_dong_co_viec": "nhan_khau"}
"""A part of the commune's people, and all of them as the villages counted them."""
ALL_VILLAGES_HAVE: Mapping[str, str] = {"ntm_6_3": "nha_van_hoa_khu_the_thao"}
"""What a commune is said to have in all its villages, and where a village says of itself whether it has it."""
SUM_WARNING_PERCENT = 10
"""A sum that is further off than this is worth a question; one that is nearer is worth knowing."""


@dataclass(frozen=True)
class Jump:
    """From round to round: told when it changed by more than `percent` and by at least `least` (whole numbers; metres
    of a road). Twice the percentage is worth a question."""

    field: str
    percent: int
    least: int


JUMPS = (
    Jump("tong_ho", 20, 10),
    Jump("nhan_khau", 25, 40),
    Jump("ho_dtts", 25, 10),
    Jump("nguoi_dtts", 25, 40),
    Jump("ho_ngheo", 50, 10),
    Jump("ho_can_ngheo", 50, 10),
    Jump("ho_ngheo_dtts", 50, 10),
    Jump("ho_dien_luoi", 40, 15),
    Jump("ho_nuoc_hvs", 40, 15),
    Jump("ho_nha_tieu_hvs", 40, 15),
    Jump("duong_dai_km", 30, 1000),
)
LOST = ("duong_truc_cung_hoa", "nha_van_hoa_khu_the_thao", "thon_dat_ntm")
"""What a village had, said with "co", and has no more, said with "khong"."""


@dataclass(frozen=True)
class Share:
    """A share per thousand that is compared within a commune. `spread`: the least median deviation reckoned with, so
    that villages that are nearly all alike do not make each other stand out."""

    part: str
    of: str
    spread: int


SHARES = (
    Share("nhan_khau", "tong_ho", 300),
    Share("ho_ngheo", "tong_ho", 40),
    Share("ho_can_ngheo", "tong_ho", 40),
    Share("ho_dien_luoi", "tong_ho", 30),
    Share("ho_nuoc_hvs", "tong_ho", 50),
    Share("ho_nha_tieu_hvs", "tong_ho", 50),
)
NEIGHBOURS_LEAST = 7
"""Villages of a commune that must have said it before one of them can stand out."""
STANDS_OUT = (35_000, 6_745)
"""Iglewicz and Hoaglin (1993): 0.6745 times the distance from the median, in median absolute deviations, above 3.5."""

SAME_PHOTO_MOST = 20
"""How many other sheets with the same picture are named; of more it is said that there are more."""

OUTSIDE_METRES, FAR_OUTSIDE_METRES = 500, 5_000
"""How far outside the boundary a place is told; a phone and a simplified boundary are not more exact. From the second
figure on it is worth a question."""

SPEED_KMH, SPEED_LEAST_METRES, SPEED_HOURS = 150, 2_000, 12
"""Two places of one phone: too fast above this, when at least so far apart, and filled in within so many hours."""

CUTOFF_DAYS = 31
"""A sheet whose figures are of a day further than this from the round's is worth a question."""
CLOCK_HOURS = 24
"""A sheet that says it was finished so much later than it arrived: the phone's clock is wrong."""
PHOTO_DAYS_BEFORE, PHOTO_DAYS_AFTER = 180, 90
"""How long before and after the day of the figures a picture may have been taken."""


@dataclass(frozen=True)
class Counted:
    """There are at most as many sheets of a form in a village as its own sheet counts."""

    form: str
    field: str


COUNTED = (Counted("household_review", "tong_ho"),)

NAMED = (
    *(name for rule in AT_MOST for name in (*rule.parts, rule.whole)),
    *(rule.field for rule in JUMPS),
    *LOST,
    *(rule.part for rule in SHARES),
    *REPRESENTED,
    *NOT_MORE_THAN,
    *ALL_VILLAGES_HAVE,
    "toa_do",
)
"""The fields that have a name in both languages; of a form of somebody's own the field's own name is shown."""
