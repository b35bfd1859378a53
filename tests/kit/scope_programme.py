"""The programme register of each project, so that walkers may ask for units that are not theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from server.storage.database import writing
from server.storage.programmes import add_plan, add_programme, add_unit

if TYPE_CHECKING:
    from tests.kit.scope_world import ScopeWorld

SLUG = "p0"
LEVELS = {"commune": "kv_iii", "village": "dbkk_village"}


def list_in_programmes(made: ScopeWorld) -> None:
    """Writes a programme for each project, with every commune and village that is a thing of it as a unit."""
    session, now, tree = made.world.session, datetime.now(UTC), made.plan.tree
    with writing(session) as connection:
        for project in made.plan.projects:
            begins = date(2016, 1, 1)
            programme = add_programme(
                connection,
                **{"project_id": project.number, "slug": SLUG, "name_vi": "Chương trình", "name_en": "Programme"},
                **{"law": "–", "valid_from": begins, "valid_to": None, "status": "synthetic", "source": "–"},
                created_at=now,
            )
            units = {
                (str(each.ids["area_id"]), tree.versions[str(each.ids["area_id"])][0].kind)
                for each in made.kept
                if each.kind in ("village", "seat") and each.ids["project_id"] == project.number
            }
            # villages come in with their commune: those of every other commune are listed by themselves
            for number, (area_id, kind) in enumerate(sorted(units)):
                if kind not in LEVELS or (kind == "commune" and number % 2):
                    continue
                values = {"programme_id": programme, "area_id": area_id, "level": kind, "basis": LEVELS[kind]}
                rest = {"entered_on": begins, "status": "synthetic", "source": "–", "created_at": now}
                unit = add_unit(connection, values | rest)
                plan = {"unit_id": unit, "year": 2030, "status": "synthetic", "source": "–", "created_at": now}
                add_plan(connection, plan)
        session.commit()
