"""Sheets as the phone that sent them may ask for them: by the id of their newest text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.kit.scope_secrets import Spot

if TYPE_CHECKING:
    from tests.kit.scope_world import ScopeWorld


def list_sent(made: ScopeWorld) -> Iterator[tuple[Spot, dict[str, str | int]]]:
    """What was sent, also what was deleted since and what was sent to try a draft; `root`: by what it is known."""
    for each in made.kept:
        if each.kind in ("sheet", "gone", "tried"):
            ids = {"project_id": each.spot.project or 0, "instance_id": each.ids["version"], "name": each.ids["name"]}
            yield each.spot, {**ids, "root": each.about}
