"""What a quick report of a disaster says, in the order in which a situation is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.domain.registers import flat

DISASTER_FORM = "disaster_quick"
COUNTS = ("nguoi_chet_mat_tich", "nguoi_bi_thuong", "nha_hu_hong")


@dataclass(frozen=True, slots=True)
class Told:
    """A report in the form's own words. `happened`: None where it cannot be read; the counts are None where nobody
    knows yet; `road` and `needs` are names of choices."""

    kind: str | None
    happened: datetime | None
    counts: Mapping[str, int | None]
    road: str | None
    needs: tuple[str, ...]
    has_place: bool


def read_told(answers: Mapping[str, Any]) -> Told:
    """What the answers of `disaster_quick` say."""
    said = flat(answers)
    needs = said.get("can_gi")
    return Told(
        kind=_text(said.get("loai_thien_tai")),
        happened=_moment(said.get("thoi_diem")),
        counts={name: _count(said.get(name)) for name in COUNTS},
        road=_text(said.get("duong_bi_cat")),
        needs=tuple(needs) if isinstance(needs, list) else tuple(str(needs).split()) if needs else (),
        has_place=said.get("toa_do") is not None,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
