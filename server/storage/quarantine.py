"""What an authenticated phone sent and nobody could read: kept once per SHA-256 and actor, within a quota."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.storage.database import Base


class Quarantined(Base):
    """`code` is the message id of what was wrong, `params` what its text needs; the body is a blob."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("uq_quarantine_once", "actor_id", "sha256", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    size: Mapped[int]
    content_type: Mapped[str | None] = mapped_column(String(255))
    code: Mapped[str] = mapped_column(String(64))
    params: Mapped[dict[str, Any]]
    device_id: Mapped[str | None] = mapped_column(String(255))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
