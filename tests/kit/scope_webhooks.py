"""Webhooks of everybody who may have some in a programme, told of each sheet, so that walkers may ask for what others
are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from server.domain.roles import ALL
from server.domain.webhooks import EVENTS, Change
from server.services.campaign import campaign_of
from server.services.notify import notify_review
from server.storage.database import writing
from server.storage.forms import find_form
from server.storage.webhooks import list_deliveries
from tests.kit.scope_secrets import Secret, Spot

if TYPE_CHECKING:
    from tests.kit.scope_world import ScopeWorld

ASKED = {"name": "Nơi nhận", "url": "https://example.org/thonban", "events": list(EVENTS)}


def listen_everywhere(made: ScopeWorld) -> Iterator[tuple[Spot, dict[str, str | int]]]:
    """Makes a webhook in each project for the administrator and for everybody who may have one, and tells it of every
    sheet; where each lies, and its ids with its owner's."""
    hooks: list[tuple[int, int, int]] = []
    for project in made.plan.projects:
        for token in (None, *(person.token for person in made.people)):
            headers = {"Authorization": f"Bearer {token or made.api.token}"}
            client = made.world.app.test_client(use_cookies=False)
            answer = client.post(f"/v1/projects/{project.number}/webhooks", json=ASKED, headers=headers)
            if answer.status_code == 200:
                hook = answer.get_json()
                hooks.append((project.number, hook["id"], hook["ownerId"]))
                # who has one in a project is told to whoever looks after that
                made.known.add(Secret(hook["ownerName"], "person", (Spot(project.number),), hook["ownerName"]))
    tell_of_all(made)
    for number, hook_id, owner_id in hooks:
        found = list_deliveries(made.world.session, hook_id, ALL, 1)
        delivery_id = found[0].id if found else 1
        yield (
            Spot(number),
            {"project_id": number, "hook_id": hook_id, "delivery_id": delivery_id, "owner_id": owner_id},
        )


def tell_of_all(made: ScopeWorld) -> None:
    """Tells every webhook that may hear of it of each sheet that stands."""
    session, now = made.world.session, datetime.now(UTC)
    sheets = [sent for sent in made.known.sent.values() if not sent.deleted and not sent.draft]
    for sent in sheets:
        project = sent.spot.project or 0
        form = find_form(session, project, sent.spot.form or "")
        assert form is not None
        with writing(session) as connection:
            what = (sent.number, Change("received", "received"))
            notify_review(connection, campaign_of(connection, project), what, (form.id, form.xml_form_id), now)
            session.commit()
