"""What a household's sheet needs of the server: a table of points that is empty until one is loaded, and the households
that were approved, for those who read them."""

import csv
import io

from forms.calculate import fill
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext
from forms.version import with_version
from server.services.attach import attach_to_draft, detach_from_draft
from server.services.lists import make_list
from server.services.publish import NewDraft, get_form, make_draft, publish
from server.services.review import Decision, review
from server.services.sight import fill_sight
from server.storage.forms import FormView, list_form_attachments
from server.storage.readings import find_answers, find_submission_by_id, list_findings
from sync.envelope import part_of
from tests.kit.field import ROUND, VILLAGES, Field, FieldPhone, library_form

MINE, NEIGHBOUR = "Thôn Ngàn Chi", "Thôn Nà Hắc"
FORM = "household_review"
# invented
TABLE = "name,label,diem\nxe_may,Xe máy (bịa),15\n".encode()


def rows(field: Field, phone: FieldPhone, name: str) -> list[dict[str, str]]:
    made = make_list(field.session, 1, name, fill_sight(phone.caller, 1, field.forms[FORM]))
    return list(csv.DictReader(io.StringIO(made.content.decode())))


def slot(field: Field) -> tuple[str | None, bool]:
    """Of what the table of points is made in the form that phones get: a list of the server's, a file."""
    form = get_form(field.session, field.forms[FORM])
    assert form.current is not None
    (own,) = [each for each in list_form_attachments(field.session, form.current.id) if each.name == "diem_a.csv"]
    return own.list_name, own.sha256 is not None


def loads(field: Field, content: bytes) -> FormView:
    """An administrator puts a table of points in its place and publishes the form again."""
    form = get_form(field.session, field.forms[FORM])
    form = make_draft(field.session, field.home, field.administrator, NewDraft(form), field.now)
    part = part_of("diem_a.csv", content, "text/csv")
    attach_to_draft(field.session, field.home, field.administrator, form, (part, field.now))
    return publish(field.session, field.administrator, get_form(field.session, form.id), "2026112708", field.now)


def test_the_table_of_points_is_empty_until_an_administrator_loads_one(field: Field) -> None:
    field.publishes(library_form(FORM))
    assert rows(field, field.phone(MINE), "diem_a") == []
    assert slot(field) == ("diem_a", False)

    form = loads(field, TABLE)
    assert slot(field) == (None, True)

    form = make_draft(field.session, field.home, field.administrator, NewDraft(form), field.now)
    detach_from_draft(field.session, field.administrator, form, "diem_a.csv", field.now)
    publish(field.session, field.administrator, get_form(field.session, form.id), "2026112709", field.now)
    assert slot(field) == ("diem_a", False)


def test_households_that_were_approved_are_listed_for_those_who_read_them(field: Field) -> None:
    field.publishes(library_form(FORM))
    mine, neighbour, collector = field.phone(MINE), field.phone(NEIGHBOUR), field.phone(None)
    house = {"thon": VILLAGES[MINE].uuid, "ky": ROUND.slug, "dong_y": "co", "ho": {"chu_ho": "Bàn Văn Mẫu"}}
    sent = mine.sends(house, form=FORM)
    assert rows(field, mine, "households") == []
    assert sent.submission_id is not None
    review(field.session, field.administrator, Decision(sent.submission_id, "approved"), field.now)
    (row,) = rows(field, mine, "households")
    assert (row["chu_ho"], row["area"]) == ("Bàn Văn Mẫu", VILLAGES[MINE].uuid)
    assert row["label"] == "Bàn Văn Mẫu – Thôn Ngàn Chi"
    assert rows(field, neighbour, "households") == rows(field, collector, "households") == []


def test_a_sheet_is_judged_by_the_table_that_was_loaded(field: Field) -> None:
    field.publishes(library_form(FORM))
    loads(field, TABLE)
    phone = field.phone(MINE)
    place = {"thon": VILLAGES[MINE].uuid, "ky": ROUND.slug, "dong_y": "co"}
    house = place | {"ho": {"chu_ho": "Bàn Văn Mẫu", "chuan_ngheo": "nd07_2021"}, "diem": {"muc_a": "xe_may"}}
    definition = parse_form(with_version(library_form(FORM), "2026112708"))
    tables = {"diem_a.csv": table_from_csv(TABLE)}
    xml = fill(definition, house, JudgeContext(now=field.now, tables=tables), instance_id="uuid:points")
    sent = phone.sends_xml(xml)
    assert sent.submission_id is not None
    submission = find_submission_by_id(field.session, sent.submission_id)
    assert submission is not None
    found = list_findings(field.session, submission.current.id)
    assert not [each for each in found if "diem_a" in each["path"] or "muc_a" in each["path"]], found
    assert find_answers(field.session, submission.current.id)["diem"]["diem_a"] == 15
