"""What is counted along is what there is, whatever happens to submissions."""

import uuid
from datetime import timedelta

from sqlalchemy import update

from forms.convert import convert
from server.domain.area_records import AreaRecord
from server.domain.roles import Scope
from server.services.areas import Wish, import_areas
from server.services.forget import forget
from server.services.publish import change_state, delete_form, get_form
from server.services.recount import recount
from server.services.remove import delete_submission, restore_submission
from server.services.review import Decision, review
from server.storage.database import writing
from server.storage.desk import SheetFilter, count_states
from server.storage.tallies import Counted, TallyRow, count_new, list_wrong
from tests.kit.field import VILLAGES, WELL_OFF, Field
from tests.server.services.test_receive import edited

MINE, OTHER = "Thôn Ngàn Chi", "Thôn Nà Hắc"
PLAIN = """
| survey |
| | type | name | label |
| | text | ten | Tên |
| settings |
| | form_id | form_title | version |
| | plain | Phiếu | 1 |
"""


def states(field: Field, village: str | None = None) -> dict[str, int]:
    """How many sheets are in which state, as the desk's heading tells it."""
    assert list_wrong(field.session) == []
    today = field.now.date()
    scope = Scope(village is None, frozenset({VILLAGES[village].uuid} if village else ()), today)
    return count_states(field.session, SheetFilter(1, scope))


def test_whatever_happens_to_sheets_their_tallies_follow(field: Field) -> None:
    phone, form = field.phone(MINE), get_form(field.session, field.forms["village_criteria"])
    xml = phone.fills(WELL_OFF, instance_id="uuid:1")
    first = phone.sends_xml(xml)
    phone.sends_xml(xml)
    phone.sends(WELL_OFF | {"ho_dtts": 120})
    field.phone(OTHER).sends(WELL_OFF)
    assert states(field) == {"received": 2, "hasIssues": 1}
    assert states(field, MINE) == {"received": 1, "hasIssues": 1}
    assert states(field, OTHER) == {"received": 1}

    review(field.session, field.administrator, Decision(first.submission_id or 0, "approved"), field.now)
    assert states(field, MINE) == {"approved": 1, "hasIssues": 1}
    phone.sends_xml(edited(xml, "uuid:2", ho_ngheo="11"))
    assert states(field, MINE) == {"edited": 1, "hasIssues": 1}
    delete_submission(field.session, field.administrator, form, "uuid:1", field.now)
    assert states(field, MINE) == {"hasIssues": 1}
    restore_submission(field.session, field.administrator, form, "uuid:1", field.now)
    assert states(field, MINE) == {"edited": 1, "hasIssues": 1}

    change_state(field.session, field.administrator, form, "closed", field.now)
    phone.sends(WELL_OFF)
    assert states(field, MINE) == {"edited": 1, "hasIssues": 1, "received": 1}


def test_an_edit_that_moves_a_sheet_to_another_village_is_counted_there(field: Field) -> None:
    phone = field.phone(None)
    mine, other = VILLAGES[MINE].uuid, VILLAGES[OTHER].uuid
    xml = field.phone(MINE).fills(WELL_OFF, instance_id="uuid:1")
    phone.sends_xml(xml)
    moved = edited(xml, "uuid:2").replace(mine.encode(), other.encode())
    phone.sends_xml(moved)
    assert states(field, MINE) == {}
    assert states(field, OTHER) == {"edited": 1}


def test_sheets_of_no_village_are_counted_and_go_with_their_form(field: Field) -> None:
    field.publishes(convert(PLAIN.encode(), "md").xml)
    phone, form = field.phone(None), get_form(field.session, field.forms["plain"])
    for number in range(20):
        phone.sends_xml(phone.fills({"ten": str(number)}, form="plain"))
    assert states(field) == {"received": 20}
    delete_form(field.session, field.administrator, form, field.now)
    forget(field.session, field.now + timedelta(days=31))
    assert field.count(TallyRow) == 0
    assert states(field) == {}


def test_an_area_that_is_new_is_not_counted_with_what_somebody_sees(field: Field) -> None:
    """Of a small tree what somebody does not see is kept in memory, and left out when sheets are counted."""
    field.phone(MINE).sends(WELL_OFF)
    assert states(field, MINE) == {"received": 1}
    xa = AreaRecord(1, "Xã Thêm", "commune", "X-1", source="made up")
    thon = AreaRecord(2, "Thôn Thêm", "village", "X-1-1", "X-1", source="made up", id=str(uuid.uuid4()))
    assert not import_areas(field.session, Wish([xa, thon], field.now.date()), field.now).refused
    with writing(field.session) as connection:
        count_new(connection, 99, Counted(field.forms["village_criteria"], thon.id, "received"))
        field.session.commit()
    seen = {
        name: Scope(False, frozenset({area_id}), field.now.date())
        for name, area_id in ((MINE, VILLAGES[MINE].uuid), ("Thôn Thêm", str(thon.id)))
    }
    assert {name: count_states(field.session, SheetFilter(1, scope)) for name, scope in seen.items()} == {
        MINE: {"received": 1},
        "Thôn Thêm": {"received": 1},
    }


def test_what_was_miscounted_is_seen_and_counted_again(field: Field) -> None:
    field.phone(MINE).sends(WELL_OFF)
    with field.session.get_bind().begin() as connection:  # type: ignore[union-attr]
        connection.execute(update(TallyRow).values(number=7))
    assert [(row[3], row[4]) for row in list_wrong(field.session)] == [(7, 1)]
    assert recount(field.session) == 1
    assert recount(field.session) == 0
    assert states(field) == {"received": 1}
