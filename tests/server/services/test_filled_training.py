"""Sheets about training as JavaRosa filled them with many seeds, whole and damaged: each is taken in and counted, and
none of them keeps a page or a sum from being made."""

from __future__ import annotations

from server.domain.errors import Unreadable
from server.domain.roles import ALL
from server.domain.training import ATTENDANCE_FORM, CLASS_FORM, TEST_FORM
from server.domain.training_people import find_likenesses
from server.services.training import read_one_class, read_training, sum_training
from server.services.training_condition import list_conditions
from server.storage.rounds import list_rounds
from server.storage.training import iterate_standing
from tests.kit.field import Field, FieldPhone
from tests.kit.oracle import KEPT, kept
from tests.server.services.test_training_places import DISTRICT, PROVINCE, announces, organiser

LISTED = ("lop-mau-1", "lop-mau-2")
"""The classes of the list that JavaRosa chose from."""


def send_all(phone: FieldPhone, form: str) -> set[int]:
    """The sheets of a form that JavaRosa was asked about; the numbers of those that could be read."""
    found = set()
    _, instances = kept(KEPT / f"{form}.jsonl.xz")
    assert len(instances) >= 20
    for each in instances:
        try:
            receipt = phone.sends_xml(each["instance"].encode())
        except Unreadable:
            continue
        if receipt.submission_id is not None:
            found.add(receipt.submission_id)
    return found


def test_every_sheet_that_was_filled_is_counted_with_its_class(field: Field) -> None:
    phone = organiser(field, None)
    announced = {announces(phone, "tinh", PROVINCE, LISTED[0]), announces(phone, "huyen", DISTRICT, LISTED[1])}
    sent = {form: send_all(phone, form) for form in (CLASS_FORM, ATTENDANCE_FORM, TEST_FORM)}
    assert all(len(numbers) >= 20 for numbers in sent.values())
    for form, numbers in sent.items():
        standing = {row.submission_id for row in iterate_standing(field.session, 1, form, ALL)}
        assert standing == (numbers | announced if form == CLASS_FORM else numbers)
    read = read_training(field.session, 1, ALL)
    assert {each.training.submission_id for each in read.counts} == sent[CLASS_FORM] | announced
    by_class = {each.training.id: each for each in read.counts}
    assert any(by_class[name].turns > 0 for name in LISTED)
    assert any(by_class[name].people for name in LISTED)
    for count in read.counts:
        assert sum(count.by_audience.values()) == sum(count.by_sex.values()) == count.turns
        assert sum(count.by_ethnicity.values()) == count.turns >= len(count.people)
    find_likenesses(read.persons)
    sums = sum_training(field.session, 1, ALL)
    assert sums.total.turns == sum(each.turns for each in sums.by_level.values()) + sum(
        each.turns for each in read.counts if each.training.level is None
    )
    one_by_one = [read_one_class(field.session, field.home, 1, ALL, name) for name in LISTED]
    assert any(one.tested.any for one in one_by_one)
    sheets = {each.id for one in one_by_one for each in one.sheets} | {each.id for each in read.strays}
    assert sheets == sent[ATTENDANCE_FORM]
    for round_view in list_rounds(field.session, 1):
        list_conditions(field.session, round_view, ALL)
