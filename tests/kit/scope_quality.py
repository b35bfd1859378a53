"""What is told of sheets beside others in a programme: of each, that its photo is one of another sheet, wherever that
lies; so that walkers may ask for what rests on sheets that they do not see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.domain.quality import QualityFinding
from server.storage.database import writing
from server.storage.quality import QualityFindingRow, put_findings
from tests.kit.scope_bulk import begin_approvals
from tests.kit.scope_calls import call_villages
from tests.kit.scope_exports import order_everywhere
from tests.kit.scope_locks import lock_rounds
from tests.kit.scope_own import list_sent
from tests.kit.scope_programme import list_in_programmes
from tests.kit.scope_secrets import Spot
from tests.kit.scope_statements import print_statements
from tests.kit.scope_training import hold_classes
from tests.kit.scope_webhooks import listen_everywhere
from tests.kit.scope_works import list_works_of

if TYPE_CHECKING:
    from tests.kit.scope_world import ScopeWorld


def list_beside(made: ScopeWorld) -> Iterator[tuple[str, Spot, dict[str, str | int]]]:
    """What is made of the sheets that were sent: works, printed papers, findings, webhooks, files and approvals of
    many; of which kind, where, and their ids."""
    lock_rounds(made)
    call_villages(made)
    list_in_programmes(made)
    for spot, ids in list_sent(made):
        yield "sent", spot, ids
    for spot, number in print_statements(made):
        yield "statement", spot, {"statement_id": number}
    for spot, work_id in list_works_of(made):
        yield "work", spot, {"project_id": spot.project or 0, "work_id": work_id}
    for spot, number in tell_beside(made):
        yield "finding", spot, {"finding_id": number}
    for spot, number in hold_classes(made):
        yield "class", spot, {"project_id": spot.project or 0, "class_id": number}
    for spot, ids in listen_everywhere(made):
        yield "hook", spot, ids
    for spot, ids in order_everywhere(made):
        yield "export", spot, ids
    for spot, ids in begin_approvals(made):
        yield "approval", spot, ids


def tell_beside(made: ScopeWorld) -> list[tuple[Spot, int]]:
    """Writes a finding of each sheet, which names the photo of the one after it; where each lies, and its number."""
    session, now = made.world.session, datetime.now(UTC)
    sheets = [(each.spot, made.known.sent[each.about]) for each in made.kept if each.kind == "sheet"]
    with writing(session) as connection:
        for number, (_, sent) in enumerate(sheets):
            _, other = sheets[(number + 1) % len(sheets)]
            own, beside = {"name": f"{sent.photo}.jpg"}, {"sheets": 1, "areas": [], "there": f"{other.photo}.jpg"}
            told = QualityFinding("photo", "warning", "photo_elsewhere", own, beside, (other.number,), (sent.number,))
            put_findings(connection, sent.number, None, [told], now)
        session.commit()
    rows = session.execute(select(QualityFindingRow.submission_id, QualityFindingRow.id))
    found = {row[0]: row[1] for row in rows}
    session.rollback()
    return [(spot, found[sent.number]) for spot, sent in sheets]
