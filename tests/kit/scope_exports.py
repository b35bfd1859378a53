"""Files of answers that everybody in a programme ordered and that were made, so that walkers may ask for those of
others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy.orm import sessionmaker

from server.jobs.long_work import drain_long
from tests.kit.scope_secrets import Spot

if TYPE_CHECKING:
    from tests.kit.scope_world import ScopeWorld


def order_everywhere(made: ScopeWorld) -> Iterator[tuple[Spot, dict[str, str | int]]]:
    """Orders a file of one form of each project for the administrator and for everybody who may have one, and has them
    made; where each lies, and its ids with those of who ordered it."""
    first = [*_order(made)]
    drain_long(sessionmaker(made.world.session.get_bind()), made.world.home)
    # once more: a file of which two orders are kept stays when one of them is taken away
    assert len([*_order(made)]) == len(first)
    for number, form, uuid, owner_id in first:
        ids = {"project_id": number, "form_id": form, "xml_form_id": form, "uuid": uuid, "owner_id": owner_id}
        yield Spot(number, form), ids


def _order(made: ScopeWorld) -> Iterator[tuple[int, str, str, int]]:
    for project in made.plan.projects:
        form = sorted(project.forms)[0]
        path = f"/v1/projects/{project.number}/forms/{quote(form, safe='')}/exports"
        for token in (None, *(person.token for person in made.people)):
            headers = {"Authorization": f"Bearer {token or made.api.token}"}
            client = made.world.app.test_client(use_cookies=False)
            answer = client.post(path, json={"format": "csv.zip", "details": True}, headers=headers)
            if answer.status_code in (200, 202):
                order = answer.get_json()
                yield project.number, form, order["uuid"], order["createdBy"]["id"]
