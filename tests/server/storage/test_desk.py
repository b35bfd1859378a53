"""The lists of the desk, on both databases."""

from datetime import date
from pathlib import Path

import pytest

from server.domain.roles import ALL, Scope
from server.storage.database import db
from server.storage.desk import (
    SheetFilter,
    count_states,
    find_quarantined,
    find_sheet_form,
    list_files,
    list_quarantined,
    list_reports,
    list_sheets,
    name_actors,
    name_areas,
)
from server.storage.readings import find_submission_by_id
from server.storage.rounds import list_rounds
from tests.server.web.desk.seeding import PROJECT, seed, send_sheet, send_xml

TODAY = date(2026, 9, 15)


def test_lists_are_the_same_on_both_databases(empty_database_url: str, tmp_path: Path) -> None:
    seeded = seed(tmp_path / "home", 3, empty_database_url)
    heads = seeded.heads
    with seeded.app.app_context():
        session = db.session()
        send_sheet(seeded, 3, without_photos=True)
        everything = SheetFilter(PROJECT)
        sheets = list_sheets(session, everything, 0, 10)
        assert [sheet.area for sheet in sheets] == [head.village.name for head in reversed(heads[:4])]
        assert sum(count_states(session, everything).values()) == len(sheets)
        assert list_sheets(session, everything, 3, 10) == sheets[3:]
        one = SheetFilter(PROJECT, Scope(False, frozenset({heads[1].village.uuid}), TODAY))
        assert [sheet.area_id for sheet in list_sheets(session, one, 0, 10)] == [heads[1].village.uuid]
        assert list_sheets(session, SheetFilter(PROJECT, Scope(False, frozenset(), TODAY)), 0, 10) == []
        newest = find_submission_by_id(session, sheets[0].id)
        assert newest is not None
        files = list_files(session, newest.current.id)
        assert sheets[0].missing == sum(file.sha256 is None for file in files)
        form = find_sheet_form(session, newest.current.form_version_id)
        assert form is not None
        assert (form.project_id, form.xml_form_id) == (PROJECT, "village_criteria")
        round_id = list_rounds(session, PROJECT)[0].id
        assert set(list_reports(session, round_id, ALL)) == {sheet.id for sheet in sheets}
        assert name_areas(session, [heads[0].village.uuid]) == {heads[0].village.uuid: heads[0].village.name}
        assert name_actors(session, [newest.submitter_id])[newest.submitter_id].startswith("Trưởng")
        with pytest.raises(Exception, match="instance"):
            send_xml(seeded, 0, b"<broken")
        [row] = list_quarantined(session, 10)
        assert find_quarantined(session, row.id) == row
        assert row.size == len(b"<broken")
        session.close()
        db.engine.dispose()
