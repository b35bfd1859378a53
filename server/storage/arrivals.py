"""What is here of things that phones say they have sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.storage.submissions import SubmissionAttachment, SubmissionVersion, Variant

AT_ONCE = 400
"""Ids in one statement: SQLite takes a limited number of parameters."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One text under an instance id. `files`: SHA-256 by name, None when a file is named but not here. `apart`: it is
    kept as a variant beside a submission."""

    instance_id: str
    sha256: str
    files: Mapping[str, str | None]
    apart: bool = False


def list_arrivals(session: Session | Connection, instance_ids: Sequence[str]) -> list[Arrival]:
    """Everything kept under these instance ids, of whatever form."""
    found: list[Arrival] = []
    for begin in range(0, len(instance_ids), AT_ONCE):
        ids = instance_ids[begin : begin + AT_ONCE]
        versions = session.execute(
            select(SubmissionVersion.id, SubmissionVersion.instance_id, SubmissionVersion.sha256).where(
                SubmissionVersion.instance_id.in_(ids)
            )
        ).all()
        files: dict[int, dict[str, str | None]] = {row[0]: {} for row in versions}
        slots = session.execute(
            select(SubmissionAttachment.version_id, SubmissionAttachment.name, SubmissionAttachment.sha256)
            .join(SubmissionVersion, SubmissionVersion.id == SubmissionAttachment.version_id)
            .where(SubmissionVersion.instance_id.in_(ids))
        )
        for version_id, name, sha256 in slots:
            files[version_id][name] = sha256
        found += [Arrival(row[1], row[2], files[row[0]]) for row in versions]
        variants = session.execute(select(Variant.instance_id, Variant.sha256).where(Variant.instance_id.in_(ids)))
        found += [Arrival(row[0], row[1], {}, apart=True) for row in variants]
    return found
