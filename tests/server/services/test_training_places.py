"""Where a class and its attendance lie: a class in its unit, what is sent of it where the class lies."""

import csv
from datetime import UTC, datetime
from io import StringIO

from server.domain.data_files import list_areas
from server.services.authenticate import caller_by_key
from server.services.lists import make_list
from server.services.people import NewAppUser, create_app_user
from server.services.review import Decision, review
from server.services.sight import fill_sight
from server.storage.readings import find_submission_by_id
from tests.forms.test_training_forms import CLASS, TEST, TOTALS
from tests.kit.field import VILLAGES, Field, FieldPhone, library_form, photo

AREAS = {area.key: area for area in list_areas()}
PROVINCE = AREAS["qn"].uuid
VILLAGE = VILLAGES["Thôn Ngàn Chi"]
COMMUNE = AREAS[VILLAGE.parent_key or ""].uuid
DISTRICT = AREAS[AREAS[VILLAGE.parent_key or ""].parent_key or ""].uuid


def organiser(field: Field, area_id: str | None) -> FieldPhone:
    """Somebody who sends sheets for an area and for what lies in it; None: for the whole project."""
    if "training_class" not in field.forms:
        for name in ("training_class", "training_attendance", "training_test"):
            field.publishes(library_form(name))
    new = NewAppUser(1, "organiser", area_id, form_ids=tuple(field.forms.values()))
    made = create_app_user(field.session, field.home, field.administrator, new, field.now)
    return FieldPhone(field, made.token or "", None)


def area_of(field: Field, submission_id: int | None) -> str | None:
    assert submission_id is not None
    found = find_submission_by_id(field.session, submission_id)
    assert found is not None
    return found.area_id


def announces(phone: FieldPhone, level: str, area_id: str, name: str) -> int:
    """A class is sent and approved."""
    place = {"xa": area_id, "don_vi": None} if level == "xa" else {"don_vi": area_id}
    answers = {key: value for key, value in (CLASS | {"cap": level} | place).items() if value is not None}
    sent = phone.sends_xml(phone.fills(answers, form="training_class", instance_id=f"uuid:{name}"))
    assert sent.submission_id is not None
    review(phone.field.session, phone.field.administrator, Decision(sent.submission_id, "approved"), phone.field.now)
    return sent.submission_id


def classes(field: Field, phone: FieldPhone) -> set[str]:
    caller = caller_by_key(field.session, phone.token, field.now)
    sight = fill_sight(caller, 1, field.forms["training_attendance"])
    made = make_list(field.session, 1, "classes", sight)
    return {row["name"] for row in csv.DictReader(StringIO(made.content.decode()))}


def test_a_class_lies_in_its_unit_and_what_is_sent_of_it_lies_there_too(field: Field) -> None:
    phone = organiser(field, None)
    for level, area_id, name in (("tinh", PROVINCE, "p"), ("huyen", DISTRICT, "d"), ("xa", COMMUNE, "c")):
        assert area_of(field, announces(phone, level, area_id, name)) == area_id
        totals = phone.fills(TOTALS | {"lop": name}, form="training_attendance")
        assert area_of(field, phone.sends_xml(totals, photo("to_1.jpg")).submission_id) == area_id
        tested = phone.fills(TEST | {"lop": name}, form="training_test")
        assert area_of(field, phone.sends_xml(tested).submission_id) == area_id


def test_somebody_of_a_district_sends_for_it_and_chooses_among_the_classes_there(field: Field) -> None:
    field.now = datetime(2019, 6, 20, 1, 0, tzinfo=UTC)
    everywhere, district, head = organiser(field, None), organiser(field, DISTRICT), organiser(field, VILLAGE.uuid)
    announces(everywhere, "tinh", PROVINCE, "p")
    assert area_of(field, announces(district, "huyen", DISTRICT, "d")) == DISTRICT
    announces(district, "xa", COMMUNE, "c")
    assert area_of(field, announces(district, "tinh", PROVINCE, "other")) is None
    assert classes(field, everywhere) == {"p", "d", "c", "other"}
    assert classes(field, district) == {"d", "c"}
    assert classes(field, head) == set()
    # a class that is not on the list gives a sheet no place
    stray = district.fills(TOTALS | {"lop": "p"}, form="training_attendance")
    assert area_of(field, district.sends_xml(stray, photo("to_1.jpg")).submission_id) is None
