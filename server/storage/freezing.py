"""What a lock of a round would freeze, read before there is a lock; and a mark that says whether it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.criteria.rollup import Rollup
from server.storage.rollups import RollupRow
from server.storage.settings import find_revision
from server.storage.submissions import Submission, SubmissionVersion
from server.storage.verdicts import VerdictRow

_FIGURES = (
    *("area_id", "rule_set", "rule_set_sha256", "basis", "verdict", "klass", "region", "spans", "clauses", "facts"),
    "synthetic",
)
_CURRENT = (SubmissionVersion.submission_id == VerdictRow.submission_id) & SubmissionVersion.is_current


def find_mark(session: Session | Connection, round_id: int) -> str:
    """A word for all that a lock of the round rests on: another one as soon as a verdict, a sum, a submission of the
    round or its review, an area, a decision, a round or a rule set has changed. Reads no figure, only when each was
    made."""
    found = sha256(find_revision(session).encode())
    for query in _queries(round_id):
        found.update(b"|")
        with session.execute(query.execution_options(yield_per=5000)) as rows:
            for row in rows:
                found.update("\t".join(map(str, row)).encode())
                found.update(b"\n")
    return found.hexdigest()


def _queries(round_id: int) -> Iterator[Select[*tuple[Any, ...]]]:
    verdicts = select(VerdictRow.id, VerdictRow.computed_at, VerdictRow.verdict, VerdictRow.submission_id)
    totals = select(RollupRow.area_id, RollupRow.basis, RollupRow.computed_at, RollupRow.reported, RollupRow.approved)
    sent = (
        select(Submission.id, Submission.review_state, Submission.deleted_at, SubmissionVersion.id)
        .outerjoin(SubmissionVersion, (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.is_current)
        .where(Submission.round_id == round_id, Submission.is_draft.is_(False))
    )
    yield verdicts.where(VerdictRow.round_id == round_id).order_by(VerdictRow.id)
    yield totals.where(RollupRow.round_id == round_id).order_by(RollupRow.area_id, RollupRow.basis)
    yield sent.order_by(Submission.id)


def iterate_unfrozen(session: Session | Connection, round_id: int) -> Iterator[dict[str, Any]]:
    """Every verdict of a round as its lock would have it (`iterate_locked`), with the version behind it."""
    query = (
        select(*(getattr(VerdictRow, name) for name in _FIGURES), SubmissionVersion.sha256, Submission.instance_id)
        .outerjoin(SubmissionVersion, _CURRENT)
        .outerjoin(Submission, Submission.id == VerdictRow.submission_id)
        .where(VerdictRow.round_id == round_id)
        .order_by(VerdictRow.id)
    )
    names = (*_FIGURES, "version_sha256", "instance_id")
    with session.execute(query.execution_options(yield_per=1000)) as rows:
        for row in rows:
            yield dict(zip(names, row, strict=True))


def list_unfrozen_totals(session: Session | Connection, round_id: int) -> dict[tuple[str, str], Rollup]:
    """The sums of a round by (area, basis), as its lock would have them."""
    query = select(
        RollupRow.area_id,
        RollupRow.basis,
        RollupRow.villages,
        RollupRow.reported,
        RollupRow.approved,
        RollupRow.sums,
        RollupRow.verdicts,
    ).where(RollupRow.round_id == round_id)
    return {
        (row[0], row[1]): Rollup(
            row[2], row[3], row[4], {name: (found[0], found[1]) for name, found in row[5].items()}, row[6]
        )
        for row in session.execute(query)
    }
