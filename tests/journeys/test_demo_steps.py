"""What the officials of the demo send: over a socket as phones do, without a finding, approved where lists need it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from server.domain.demo_steps import DemoStep
from server.services.play import Player, list_steps, make_training, play
from server.services.populate import populate
from server.storage.forms import Form
from server.storage.submissions import FindingRow, Submission, SubmissionVersion
from tests.kit.world import World

EACH = 3


def some(steps: Sequence[DemoStep]) -> list[DemoStep]:
    """Three of each kind, one class with all its people, and all works and models: each hangs on another."""
    seen: Counter[str] = Counter()
    found, first = [], f"uuid:{make_training().people[0].class_id}"
    for step in steps:
        seen[step.form_id] += 1
        of_class = first in (step.instance_id, f"uuid:{step.answers.get('lop')}")
        few = seen[step.form_id] <= EACH and not step.form_id.startswith("training")
        if of_class or few or step.key.startswith("works/"):
            found.append(step)
    return found


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_each_sheet_is_received_without_a_finding(world: World, twice: bool) -> None:
    populate(world.session, world.home, world.server_itself, 1, now())
    steps = some(list_steps())
    assert {step.form_id for step in steps} >= {"village_criteria", "commune_criteria", "village_meeting"}
    player = Player(world.session, world.home, world.server_itself, 1, named=[make_training().people[0]])
    with world.server() as address:
        for _ in range(2 if twice else 1):
            sent = play(player, lambda key: f"{address}/v1/key/{key}/projects/1", now, steps)
            assert sent == len(steps)
    session = world.session
    kept = session.execute(
        select(Form.xml_form_id, Submission.review_state).join(Form, Form.id == Submission.form_id)
    ).all()
    assert len(kept) == len(steps)
    expected = Counter((step.form_id, "approved" if step.approve else "received") for step in steps)
    assert Counter((row[0], row[1]) for row in kept) == expected
    found = session.execute(
        select(Form.xml_form_id, FindingRow.kind, FindingRow.path)
        .join(SubmissionVersion, SubmissionVersion.id == FindingRow.version_id)
        .join(Submission, Submission.id == SubmissionVersion.submission_id)
        .join(Form, Form.id == Submission.form_id)
        .where(FindingRow.severity == "error")
    ).all()
    assert [tuple(row) for row in found] == []
    answer = world.api.get("projects/1/training?level=province").get_json()
    assert (answer["classes"], answer["turns"], answer["persons"]) == (1, 104, 104)
    works = world.api.get("projects/1/works").get_json()
    assert len(works["works"]) == sum(step.form_id == "work_register" for step in steps)


def test_the_classes_of_the_demo_come_to_what_the_press_wrote() -> None:
    classes = [step for step in list_steps() if step.form_id == "training_class" and step.answers["cap"] == "tinh"]
    days = [date.fromisoformat(str(step.answers["tu_ngay"])) for step in classes]
    assert len(classes) == 9
    assert date(2018, 1, 1) <= min(days) <= max(days) <= date(2019, 5, 31)
