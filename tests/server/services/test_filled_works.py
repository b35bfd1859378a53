"""Sheets about works as JavaRosa filled them with many seeds, whole and damaged: each is taken in and read, and none of
them keeps a page, a sum or a file from being made."""

from __future__ import annotations

import pytest

from server.domain.errors import Unreadable
from server.services.authenticate import VIETNAM, day_of
from server.services.lists import make_list
from server.services.sight import everything
from server.services.work_tables import make_findings_table, make_models_table, make_works_table
from server.services.works import WorksAsked, list_models, list_works, sum_lines, sum_models_up, sum_up
from server.storage.projects import find_project
from server.storage.works import SheetFilter, iterate_sheets
from tests.kit.field import Field
from tests.kit.oracle import KEPT, kept
from tests.kit.works import FORMS, Site, site_in


@pytest.fixture
def site(field: Field) -> Site:
    return site_in(field)


def send_all(site: Site, form: str) -> set[int]:
    """The sheets of a form that JavaRosa was asked about; the numbers of those that could be read."""
    found = set()
    _, instances = kept(KEPT / f"{form}.jsonl.xz")
    assert len(instances) >= 20
    for each in instances:
        try:
            receipt = site.phone.sends_xml(each["instance"].encode())
        except Unreadable:
            continue
        if receipt.submission_id is not None:
            found.add(receipt.submission_id)
    return found


def test_every_sheet_that_was_filled_is_read_with_its_form(site: Site) -> None:
    sent = {form: send_all(site, form) for form in FORMS}
    for form, numbers in sent.items():
        wanted = SheetFilter(1, (form,), VIETNAM)
        assert {sheet.submission_id for sheet in iterate_sheets(site.field.session, wanted)} == numbers
        assert len(numbers) >= 20
    project = find_project(site.field.session, 1)
    assert project is not None
    asked = WorksAsked(project, site.reviewer.scope("submission.list", 1), day_of(site.field.now))
    works, models = list_works(site.field.session, asked), list_models(site.field.session, asked)
    assert {line.state.work.submission_id for line in works.lines} <= sent["work_register"]
    assert {model.start.submission_id for model in models.models} <= sent["production_model"]
    assert works.lines
    assert models.models
    assert sum_lines(works.lines).works.works == len(works.lines)
    sum_up(works), sum_models_up(models)
    made = (
        make_works_table(works, project, site.field.now),
        make_findings_table(works, project, site.field.now),
        make_models_table(models, project, site.field.now),
    )
    for sheets, about in made:
        assert about.marks
        for sheet in sheets:
            assert all(len(row) == len(sheet.columns) for row in sheet.rows)
    for name in ("works", "models", "findings"):
        make_list(site.field.session, 1, name, everything(asked.today))
