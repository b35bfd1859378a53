"""A new version of a form is tried on what was sent: what it loses and breaks is counted, and nothing is written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from forms.convert import convert
from forms.definition import FormDefinition
from forms.parse import parse_form
from forms.xpath.values import Node
from server.domain.errors import Invalid
from server.domain.roles import Scope
from server.services import rehearse as module
from server.services.publish import NewForm, Source, create_form
from server.services.rehearse import NewVersion, Rehearsal, Tally, rehearse
from server.storage.database import Base
from server.storage.forms import find_form
from tests.kit.field import Field, FieldPhone

FORM = """
| survey |
| | type | name | label | constraint | calculation | relevant | required |
| | text | ten | Tên chủ hộ | | | | |
| | integer | so_nguoi | Có bao nhiêu người? | | | | |
| | select_one nuoc | nuoc | Nước lấy từ đâu? | | | | |
| | text | khac | Nước khác? | | | ${nuoc} = 'khac' | |
| | begin_repeat | nguoi | Từng người | | | | |
| | text | tuoi | Bao nhiêu tuổi? | | | | |
| | end_repeat | | | | | | |
| | calculate | gap | | | ${so_nguoi} * 2 | | |
| | note | cam_on | Cảm ơn | | | ${so_nguoi} > 100 | |
| choices |
| | list_name | name | label |
| | nuoc | gieng | Giếng |
| | nuoc | suoi | Suối |
| | nuoc | khac | Khác |
| settings |
| | form_id | version |
| | ho | 1 |
"""


def version(*swaps: tuple[str, str]) -> FormDefinition:
    text = FORM.replace("| ho | 1 |", "| ho | 2 |")
    for before, after in swaps:
        assert before in text, before
        text = text.replace(before, after)
    return parse_form(convert(text.encode(), "md").xml)


@pytest.fixture(name="phone")
def _phone(field: Field) -> FieldPhone:
    field.publishes(convert(FORM.encode(), "md").xml)
    phone = field.phone()
    for ten, so_nguoi, nuoc, ages in (
        ("An", 3, "gieng", ["30", "2"]),
        ("Bình", 5, "suoi", ["41", "chưa rõ", "7"]),
        ("Chi", 7, "khac", ["65"]),
    ):
        people = [{"tuoi": age} for age in ages]
        answers = {"ten": ten, "so_nguoi": so_nguoi, "nuoc": nuoc, "nguoi": people, "khac": "mưa"}
        phone.sends(answers, form="ho", instance_id=f"uuid:{ten}")
    return phone


def tried(field: Field, definition: FormDefinition, **more: object) -> Rehearsal:
    form = find_form(field.session, 1, "ho")
    assert form is not None
    return rehearse(field.session, field.home, replace(NewVersion(form, definition), **more), field.now)


def told(tallies: tuple[Tally, ...]) -> list[tuple[str, str, int, int]]:
    return [(each.kind, each.path, each.count, each.submissions) for each in tallies]


def everything(field: Field) -> dict[str, list[tuple[object, ...]]]:
    """Each row of each table."""
    field.session.rollback()
    return {
        table.name: sorted(tuple(map(repr, row)) for row in field.session.execute(select(table)))
        for table in Base.metadata.sorted_tables
    }


@pytest.mark.usefixtures("phone")
def test_the_same_form_under_another_number_changes_nothing(field: Field) -> None:
    made = tried(field, version())
    assert (made.old_version, made.new_version, made.total, made.looked) == ("1", "2", 3, 3)
    assert (made.changes, made.lost, made.findings, made.with_findings) == ((), (), (), 0)
    assert made.keeps_everything


@pytest.mark.usefixtures("phone")
def test_answers_lost_unreadable_and_no_longer_offered_are_counted(field: Field) -> None:
    new = version(
        ("| ten | Tên chủ hộ", "| chu_ho | Tên chủ hộ"),
        ("| text | tuoi", "| integer | tuoi"),
        ("| | nuoc | suoi | Suối |\n", ""),
    )
    before = everything(field)
    made = tried(field, new)
    assert everything(field) == before
    assert [(each.kind, each.old, each.new) for each in made.changes] == [
        ("renamed", "/data/ten", "/data/chu_ho"),
        ("choice-removed", "/data/nuoc", "/data/nuoc"),
        ("type", "/data/nguoi/tuoi", "/data/nguoi/tuoi"),
    ]
    assert told(made.lost) == [("lost", "/data/ten", 3, 3)]
    assert told(made.findings) == [
        ("type", "/data/nguoi/tuoi", 1, 1),
        ("choice", "/data/nuoc", 1, 1),
        ("missing-node", "/data/chu_ho", 3, 3),
    ]
    assert (made.answers_lost, made.unreadable, made.no_choice, made.losing, made.with_errors) == (3, 1, 1, 3, 1)
    assert not made.keeps_everything
    example = made.findings[0].examples[0]
    assert (example.instance_id, example.value) == ("uuid:Bình", "chưa rõ")
    assert made.findings[0].labels == {"default": "Bao nhiêu tuổi?"}


@pytest.mark.usefixtures("phone")
def test_a_stricter_rule_breaks_sheets_and_loses_nothing(field: Field) -> None:
    made = tried(field, version(("Có bao nhiêu người? | |", "Có bao nhiêu người? | . < 6 |")))
    assert told(made.findings) == [("constraint", "/data/so_nguoi", 1, 1)]
    assert made.keeps_everything
    assert (made.with_errors, made.with_findings) == (1, 1)


@pytest.mark.usefixtures("phone")
def test_other_calculations_and_conditions_show_what_becomes_of_values(field: Field) -> None:
    made = tried(field, version(("* 2", "* 3"), ("= 'khac'", "= 'suoi'"), ("> 100", "> 0")))
    assert told(made.findings) == [
        ("missing-node", "/data/khac", 1, 1),
        ("relevance", "/data/khac", 1, 1),
        ("calculation", "/data/gap", 3, 3),
    ]
    values = {(each.value, each.calculated) for each in made.findings[2].examples}
    assert values == {("6", "9"), ("10", "15"), ("14", "21")}
    assert made.keeps_everything


@pytest.mark.usefixtures("phone")
def test_a_repeat_that_becomes_a_group_keeps_the_first_row(field: Field) -> None:
    made = tried(field, version(("begin_repeat", "begin_group"), ("end_repeat", "end_group")))
    assert told(made.lost) == [("lost", "/data/nguoi/tuoi", 3, 2)]
    assert told(made.findings) == []


@pytest.mark.usefixtures("phone")
def test_only_the_newest_are_looked_at_when_so_many_are_wanted(field: Field) -> None:
    made = tried(field, version(("| ten |", "| chu_ho |")), limit=2)
    assert (made.total, made.looked) == (3, 2)
    assert {each.instance_id for each in made.lost[0].examples} == {"uuid:Bình", "uuid:Chi"}
    assert (
        tried(field, version(("| ten |", "| chu_ho |")), scope=Scope(False, frozenset(), field.now.date())).total == 0
    )


def test_many_are_read_in_parts_and_progress_is_told(
    field: Field, phone: FieldPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PART", 2)
    heard: list[tuple[int, int]] = []
    form = find_form(field.session, 1, "ho")
    assert form is not None
    new = NewVersion(form, version(("| ten |", "| chu_ho |")))
    made = rehearse(field.session, phone.field.home, new, field.now, lambda *done: heard.append(done))
    assert heard == [(2, 3), (3, 3)]
    assert told(made.lost) == [("lost", "/data/ten", 3, 3)]


@pytest.mark.usefixtures("phone")
def test_files_that_come_with_the_new_version_say_what_may_be_chosen(field: Field) -> None:
    new = version(("select_one nuoc | nuoc", "select_one_from_file nguon.csv | nuoc"))
    assert told(tried(field, new).findings) == [("not-evaluated", "/data/nuoc", 3, 3)]
    table = Node("root")
    for name in ("gieng", "khac"):
        table.add(Node("item")).add(Node("name", name))
    made = tried(field, new, tables={"nguon.csv": table})
    assert told(made.findings) == [("choice", "/data/nuoc", 1, 1)]


@pytest.mark.usefixtures("phone")
def test_it_must_be_the_same_form(field: Field) -> None:
    with pytest.raises(Invalid, match="other_id"):
        tried(field, version(("| ho | 2 |", "| nha | 2 |")))


def test_a_form_that_was_never_published_has_nothing_to_lose(field: Field) -> None:
    source = Source(convert(FORM.encode(), "md").xml)
    create_form(field.session, field.home, field.administrator, NewForm(1, source), field.now)
    made = tried(field, version(("| ten |", "| chu_ho |")))
    assert (made.old_version, made.total, made.keeps_everything) == (None, 0, True)
