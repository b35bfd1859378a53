"""The phones that app users' keys are used from: the first one, and any other that turned up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.storage.database import Base
from server.storage.submissions import BigId


class DeviceRow(Base):
    """One phone (`device_id` is the install id that Collect sends) that one key was used from. standing: first | second
    (another phone, let in) | refused. `forms`: {xml form id: {"version": …, "at": …}} as it fetched them last."""

    __tablename__ = "devices"
    __table_args__ = (Index("uq_devices_once", "actor_id", "device_id", unique=True),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    device_id: Mapped[str] = mapped_column(String(255))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    last_sent: Mapped[datetime | None]
    standing: Mapped[str] = mapped_column(String(8))
    forms: Mapped[dict[str, Any]]
