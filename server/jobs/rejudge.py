"""What was judged by a rule set that has changed is judged again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.services import rejudge
from server.services.home import Home

KIND = rejudge.KIND


def run(session: Session, home: Home, payload: Mapping[str, Any], now: datetime) -> None:
    """`rule_set`: the id of the rule set; `round`: the number of the round, where it is about one alone."""
    del home
    number = payload.get("round")
    rejudge.rejudge(session, str(payload["rule_set"]), now, int(number) if number is not None else None)
