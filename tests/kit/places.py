"""Where villages of the shipped tree lie today: the communes of 2019 have ended."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from server.services.authenticate import day_of
from server.storage.reach import find_above


def commune_of(session: Session, village_id: str) -> str:
    """The own id of the commune that a village lies in today."""
    village, commune, *_ = find_above(session, village_id, day_of(datetime.now(UTC)))
    assert village == village_id
    return commune
