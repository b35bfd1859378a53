"""Where villages of the shipped tree lie today: the communes of 2019 have ended, some of them in parts."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from server.services.authenticate import day_of
from server.storage.reach import find_above

SettledVillage = tuple[str, str]
"""A village and the commune that it lies in today, both by their own ids."""


def commune_of(session: Session, village_id: str) -> str | None:
    """The own id of the commune that a village lies in today; None for one whose commune was split, and that nobody has
    given to one of its successors."""
    village, *communes, _ = find_above(session, village_id, day_of(datetime.now(UTC)))
    assert village == village_id
    return communes[0] if communes else None


def two_villages(session: Session, village_ids: Iterable[str]) -> tuple[SettledVillage, SettledVillage]:
    """Two of these that lie in two communes of today, the first ones."""
    found: dict[str, str] = {}
    for village_id in village_ids:
        commune = commune_of(session, village_id)
        if commune is not None:
            found.setdefault(commune, village_id)
    (one, in_one), (other, in_other), *_ = found.items()
    return (in_one, one), (in_other, other)
