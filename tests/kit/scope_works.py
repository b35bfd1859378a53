"""The works of a programme: each sheet of its stand-in for `work_register` is one, so that walkers may ask for works
that are not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from server.domain.registers import bare_id
from server.domain.review import REJECTED
from server.domain.works import REGISTER
from tests.kit.scope_secrets import Spot

if TYPE_CHECKING:
    from tests.kit.scope_world import ScopeWorld


def list_works_of(made: ScopeWorld) -> Iterator[tuple[Spot, str]]:
    """Where each work lies, and the id by which paths name it; of sheets that stand."""
    for about, sent in made.known.sent.items():
        stands = not (sent.draft or sent.deleted) and sent.state != REJECTED
        if sent.spot.form == REGISTER and sent.spot.project is not None and stands:
            yield sent.spot, bare_id(about)
