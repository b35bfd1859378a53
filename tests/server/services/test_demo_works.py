"""The works and models of the demo, sent as phones send them: no sheet has a fault, and the pages have what to tell."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from server.domain.data_files import list_demo_villages
from server.domain.demo_facts import SYNTHETIC_NOTE
from server.domain.demo_photo import draw_photo
from server.domain.demo_works import list_demo_answers, list_demo_works
from server.domain.production import sum_models
from server.services.authenticate import day_of
from server.services.review import Decision, review
from server.services.supervision import Reply, answer_finding
from server.services.works import WorksAsked, list_models, list_works, sum_lines
from server.storage.projects import find_project
from server.storage.submissions import FindingRow
from tests.kit.field import COMMUNES, Field, photo
from tests.kit.works import Site, site_in


@pytest.fixture(name="site")
def site_fixture(field: Field) -> Site:
    """Everything of the demo sent, approved and answered in its order."""
    site = site_in(field)
    for step in list_demo_works(list_demo_villages(), COMMUNES):
        files = [photo(name, draw_photo(number)) for number, name in enumerate(step.photos)]
        xml = site.phone.fills(step.answers, form=step.form_id, instance_id=step.instance_id)
        receipt = site.phone.sends_xml(xml, *files)
        assert receipt.submission_id is not None
        if step.approve:
            review(field.session, site.reviewer, Decision(receipt.submission_id, "approved"), field.now)
    for answer in list_demo_answers():
        reply = Reply(1, answer.finding_id, answer.text, answer.on)
        answer_finding(field.session, site.reviewer, reply, field.now)
    return site


def asked(site: Site) -> WorksAsked:
    project = find_project(site.field.session, 1)
    assert project is not None
    return WorksAsked(project, site.reviewer.scope("submission.list", 1), day_of(site.field.now))


def test_it_tells_works_in_every_state_and_models_of_every_end(site: Site) -> None:
    errors = select(FindingRow.kind, FindingRow.path, FindingRow.value).where(FindingRow.severity == "error")
    assert list(site.field.session.execute(errors)) == []
    read = list_works(site.field.session, asked(site))
    sums = sum_lines(read.lines)
    assert read.on == date(2019, 6, 25)
    assert (sums.works.works, sums.works.provisional) == (6, 1)
    assert sums.works.states == {"not_begun": 1, "under_way": 1, "late": 1, "finished": 3}
    assert (sums.works.conditions[2], sums.works.broken) == (1, 1)
    assert sums.supervision.states == {"open": 2, "answered": 1, "not_settled": 0, "settled": 1}
    assert (sums.supervision.overdue, sums.supervision.visits) == (1, 5)
    models = list_models(site.field.session, asked(site)).models
    of_models = sum_models(models)
    assert (of_models.models, of_models.provisional, of_models.ended) == (4, 1, 2)
    assert of_models.decisions == {"co": 1, "khong": 1, "chua": 0}


def test_each_sheet_says_that_it_is_invented_and_is_the_same_every_time() -> None:
    steps = list(list_demo_works(list_demo_villages(), COMMUNES))
    assert all(step.answers["ghi_chu"] == SYNTHETIC_NOTE for step in steps)
    assert [step.instance_id for step in steps] == [
        step.instance_id for step in list_demo_works(list_demo_villages(), COMMUNES)
    ]
    assert len({step.key for step in steps}) == len({step.instance_id for step in steps}) == len(steps)
