"""An edit that came before its original: applied once the original is here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.services.apply import apply_held
from server.services.home import Home

KIND = "apply_held"


def run(session: Session, home: Home, payload: Mapping[str, Any], now: datetime) -> None:
    """`variant_id`: the held edit."""
    apply_held(session, home, int(payload["variant_id"]), now)
