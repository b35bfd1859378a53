"""What an edit changed, and what of a submission has no place in a newer version."""

from __future__ import annotations

from datetime import datetime

import pytest

from forms.convert import convert
from forms.definition import FormDefinition
from forms.edits import AnswerChange, compare_edits, displaced
from forms.instance import read_instance
from forms.parse import parse_form
from forms.validate import JudgeContext, judge

NOW = datetime.fromisoformat("2026-11-24T08:00:00+07:00")

FORM = """
| survey |
| | type | name | label | relevant |
| | text | ten | Name | |
| | begin_group | nha | House | |
| | text | mai | Roof | ${ten} != 'An' |
| | end_group | | | |
| | begin_repeat | nguoi | Person | |
| | text | ho_ten | Name | |
| | integer | tuoi | Age | |
| | end_repeat | | | |
| settings |
| | form_id |
| | ho |
"""


def form(*swaps: tuple[str, str]) -> FormDefinition:
    text = FORM
    for before, after in swaps:
        assert before in text
        text = text.replace(before, after)
    return parse_form(convert(text.encode(), "md").xml)


def household(*people: tuple[str, object], ten: str = "Bình", mai: str = "lá", more: str = "", id: str = "a") -> bytes:
    rows = "".join(f"<nguoi><ho_ten>{name}</ho_ten><tuoi>{age}</tuoi></nguoi>" for name, age in people)
    meta = f"<meta><instanceID>uuid:{id}</instanceID></meta>"
    return f'<data id="ho"><ten>{ten}</ten><nha><mai>{mai}</mai></nha>{rows}{more}{meta}</data>'.encode()


def edited(before: bytes, after: bytes) -> list[tuple[str | None, str | None, str | None, str | None]]:
    changes = compare_edits(form(), read_instance(before), read_instance(after))
    return [(each.old_path, each.new_path, each.old, each.new) for each in changes]


BASE = household(("Lan", 3), ("Mai", 5), ("Tư", 7))


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (household(("Lan", 3), ("Mai", 5), ("Tư", 7), id="b"), []),
        (
            household(("Lan", 3), ("Mai", 5), ("Tư", 7), ten="Bính", mai=""),
            [("/data/ten", "/data/ten", "Bình", "Bính"), ("/data/nha/mai", None, "lá", None)],
        ),
        (
            household(("Lan", 3), ("Mai", 6), ("Tư", 7)),
            [("/data/nguoi[2]/tuoi", "/data/nguoi[2]/tuoi", "5", "6")],
        ),
        (
            household(("Mai", 5), ("Tư", 7)),
            [("/data/nguoi[1]/ho_ten", None, "Lan", None), ("/data/nguoi[1]/tuoi", None, "3", None)],
        ),
        (
            household(("Lan", 3), ("Bé", 0), ("Mai", 5), ("Tư", 8)),
            [
                (None, "/data/nguoi[2]/ho_ten", None, "Bé"),
                (None, "/data/nguoi[2]/tuoi", None, "0"),
                ("/data/nguoi[3]/tuoi", "/data/nguoi[4]/tuoi", "7", "8"),
            ],
        ),
        (
            household(("Lan", 3), ("Mai", 5), ("Tư", 7), more="<la>1</la>"),
            [(None, "/data/la", None, "1")],
        ),
    ],
    ids=["only its id", "two answers", "in a row", "a row taken away", "a row between", "a field nobody knows"],
)
def test_an_edit_shows_what_changed(after, told):
    assert edited(BASE, after) == told


def test_a_lone_row_has_its_place_in_the_path():
    assert edited(household(("Lan", 3)), household(("Lan", 4))) == [
        ("/data/nguoi[1]/tuoi", "/data/nguoi[1]/tuoi", "3", "4")
    ]


def test_very_many_rows_are_held_against_each_other_by_place():
    people = [(f"N{at}", at) for at in range(600)]
    assert len(edited(household(*people), household(*people[1:]))) == 599 * 2 + 2


def test_steps_are_those_of_centrals_diffs():
    change = AnswerChange("/data/nha/nguoi[2]/tuoi", "/data/nha/nguoi[3]/tuoi", "5", "6")
    assert change.steps == ["nha", "nguoi", 2, "tuoi"]


def lost(xml: bytes, new: FormDefinition) -> list[str]:
    old = form()
    instance = read_instance(xml)
    judge(old, instance, JudgeContext(NOW))
    return [node.path() for node in displaced(old, new, instance)]


@pytest.mark.parametrize(
    ("swaps", "paths"),
    [
        ([], []),
        ([("| text | mai | Roof |", "| integer | mai | Roof |")], []),
        ([("| text | mai | Roof |", "| text | lop | Roof |")], ["/data/nha/mai"]),
        ([("begin_group | nha", "begin_group | o")], ["/data/nha/mai"]),
        ([("repeat", "group")], ["/data/nguoi[2]/ho_ten", "/data/nguoi[2]/tuoi"]),
        ([("group", "repeat")], []),
    ],
    ids=["nothing", "another type", "a field", "a group", "rows but the first", "a group that repeats"],
)
def test_answers_without_a_place_are_found(swaps, paths):
    assert lost(household(("Lan", 3), ("Mai", 5)), form(*swaps)) == paths


def test_what_the_old_version_hid_or_did_not_know_is_not_lost_again():
    new = form(("| text | mai | Roof |", "| text | lop | Roof |"))
    assert lost(household(ten="An", mai="lá"), new) == []
    assert lost(household(more="<la>1</la>", mai=""), new) == []
