"""What a new version of a form makes different, told by what a person changed in the workbook."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.changes import HARMLESS, KINDS, LOSES, MEANING, WEIGHTS
from forms.compare import compare_forms
from forms.convert import convert
from forms.definition import FormDefinition
from forms.likeness import match_fields
from forms.parse import parse_form

FORM = """
| survey |
| | type | name | label::Tiếng Việt (vi) | label::English (en) | hint | required | relevant | constraint \
| constraint_message | calculation | appearance | choice_filter | repeat_count |
| | start | start | | | | | | | | | | | |
| | text | ten | Tên chủ hộ | Name of the head | | yes | | | | | | | |
| | integer | so_nguoi | Có bao nhiêu người? | How many people? | | | | . > 0 | Phải lớn hơn 0 | | | | |
| | select_one nuoc | nuoc | Nước ăn lấy từ đâu? | Where from is the water? | | | | | | | | | |
| | select_one gieng | gieng | Giếng nào? | Which well? | | | ${nuoc} = 'gieng' | | | | | loai = ${nuoc} | |
| | begin_group | nha | Nhà ở | House | | | | | | | | | |
| | decimal | dien_tich | Diện tích nhà | Area of the house | m2 | | | | | | | | |
| | text | mai | Mái lợp bằng gì? | What is the roof made of? | | | | | | | | | |
| | end_group | | | | | | | | | | | | |
| | begin_repeat | nguoi | Từng người | Each person | | | | | | | | | |
| | text | ho_ten | Họ và tên | Full name | | | | | | | | | |
| | integer | tuoi | Bao nhiêu tuổi? | How old? | | | | . < 120 | | | | | |
| | end_repeat | | | | | | | | | | | | |
| | calculate | gap_doi | | | | | | | | ${so_nguoi} * 2 | | | |
| | note | cam_on | Cảm ơn ${ten} | Thank you, ${ten} | | | | | | | | | |
| choices |
| | list_name | name | label::Tiếng Việt (vi) | label::English (en) | loai |
| | nuoc | gieng | Giếng | Well | |
| | nuoc | suoi | Suối | Stream | |
| | nuoc | may | Nước máy | Tap | |
| | gieng | g1 | Giếng làng | Village well | gieng |
| | gieng | g2 | Giếng nhà | Own well | gieng |
| settings |
| | form_id | form_title | version | default_language |
| | ho | Hộ | 1 | Tiếng Việt (vi) |
"""
TEN = "| | text | ten | Tên chủ hộ | Name of the head | | yes | | | | | | | |\n"
PEOPLE = "| | integer | so_nguoi | Có bao nhiêu người? | How many people? | | | | . > 0 | Phải lớn hơn 0 | | | | |\n"
WATER = "| | select_one nuoc | nuoc | Nước ăn lấy từ đâu? | Where from is the water? | | | | | | | | | |\n"
ROOF = "| | text | mai | Mái lợp bằng gì? | What is the roof made of? | | | | | | | | | |\n"
AREA = "| | decimal | dien_tich | Diện tích nhà | Area of the house | m2 | | | | | | | | |\n"
END = "| | end_group | | | | | | | | | | | | |\n"


@cache
def form(*swaps: tuple[str, str]) -> FormDefinition:
    """The form with texts of its workbook replaced; each must stand there."""
    text = FORM
    for before, after in swaps:
        assert before in text, before
        text = text.replace(before, after)
    return parse_form(convert(text.encode(), "md").xml)


Told = tuple[str, str | None, str | None, str]

CASES: dict[str, tuple[list[tuple[str, str]], list[Told]]] = {
    "a field is gone": ([(ROOF, "")], [("removed", "/data/nha/mai", None, LOSES)]),
    "a note is gone": (
        [("| | note | cam_on | Cảm ơn ${ten} | Thank you, ${ten} | | | | | | | | | |\n", "")],
        [("removed", "/data/cam_on", None, HARMLESS)],
    ),
    "a field is new": ([(ROOF, ROOF + ROOF.replace("mai", "tuong"))], [("added", None, "/data/nha/tuong", HARMLESS)]),
    "a field that is required is new": (
        [(TEN, TEN + TEN.replace(" ten ", " cccd ").replace("Tên chủ hộ", "Số căn cước"))],
        [("added", None, "/data/cccd", MEANING)],
    ),
    "renamed, with all who read it": (
        [("| ten |", "| ten_chu_ho |"), ("${ten}", "${ten_chu_ho}")],
        [("renamed", "/data/ten", "/data/ten_chu_ho", LOSES)],
    ),
    "a group is renamed with what it holds": (
        [("begin_group | nha |", "begin_group | nha_o |")],
        [("renamed", "/data/nha", "/data/nha_o", LOSES)],
    ),
    "moved into a group": (
        [(PEOPLE, ""), (ROOF, ROOF + PEOPLE)],
        [("moved", "/data/so_nguoi", "/data/nha/so_nguoi", LOSES)],
    ),
    "moved into a repeat": (
        [(ROOF, ""), ("| | text | ho_ten", ROOF + "| | text | ho_ten")],
        [("moved", "/data/nha/mai", "/data/nguoi/mai", LOSES)],
    ),
    "in another order": ([(AREA + ROOF, ROOF + AREA)], [("order", "/data/nha", "/data/nha", HARMLESS)]),
    "text became a number": (
        [("| text | mai", "| integer | mai")],
        [("type", "/data/nha/mai", "/data/nha/mai", LOSES)],
    ),
    "a whole number may have decimals": (
        [("| integer | tuoi", "| decimal | tuoi")],
        [("type", "/data/nguoi/tuoi", "/data/nguoi/tuoi", MEANING)],
    ),
    "one choice became several": (
        [("select_one nuoc", "select_multiple nuoc")],
        [("type", "/data/nuoc", "/data/nuoc", MEANING)],
    ),
    "a group became a repeat": (
        [("begin_group | nha", "begin_repeat | nha"), (ROOF + END, ROOF + "| | end_repeat |" + " |" * 12 + "\n")],
        [("group-to-repeat", "/data/nha", "/data/nha", MEANING)],
    ),
    "a repeat became a group": (
        [("begin_repeat", "begin_group"), ("end_repeat", "end_group")],
        [("repeat-to-group", "/data/nguoi", "/data/nguoi", LOSES)],
    ),
    "a choice is gone": (
        [("| | nuoc | may | Nước máy | Tap | |\n", "")],
        [("choice-removed", "/data/nuoc", "/data/nuoc", LOSES)],
    ),
    "a choice is new": (
        [
            (
                "| | nuoc | may | Nước máy | Tap | |\n",
                "| | nuoc | may | Nước máy | Tap | |\n| | nuoc | mua | Mưa | Rain | |\n",
            )
        ],
        [("choice-added", "/data/nuoc", "/data/nuoc", HARMLESS)],
    ),
    "a choice has another name": (
        [("| nuoc | may |", "| nuoc | voi |")],
        [("choice-renamed", "/data/nuoc", "/data/nuoc", LOSES)],
    ),
    "a choice says something else": (
        [("Nước máy", "Nước mua")],
        [("choice-label", "/data/nuoc", "/data/nuoc", MEANING)],
    ),
    "a choice is spelt better": (
        [("| Nước máy |", "| Nước  Máy. |")],
        [("choice-label", "/data/nuoc", "/data/nuoc", HARMLESS)],
    ),
    "what filters read of a choice": (
        [("Own well | gieng |", "Own well | suoi |")],
        [("choice-columns", "/data/gieng", "/data/gieng", MEANING)],
    ),
    "another filter": (
        [("loai = ${nuoc}", "loai != ${nuoc}")],
        [("choice-filter", "/data/gieng", "/data/gieng", MEANING)],
    ),
    "no longer required": ([("head | | yes", "head | |")], [("required", "/data/ten", "/data/ten", HARMLESS)]),
    "required from now on": (
        [("How old? | |", "How old? | | yes")],
        [("required", "/data/nguoi/tuoi", "/data/nguoi/tuoi", MEANING)],
    ),
    "another constraint": ([(". > 0", ". > 1")], [("constraint", "/data/so_nguoi", "/data/so_nguoi", MEANING)]),
    "the same rules, written otherwise": (
        [(". > 0", ".>0.0"), ("${nuoc} = 'gieng'", '(${nuoc}="gieng")'), ("${so_nguoi} * 2", "/data/so_nguoi*2")],
        [],
    ),
    "hidden in other cases": (
        [("${nuoc} = 'gieng'", "${nuoc} != 'suoi'")],
        [("relevance", "/data/gieng", "/data/gieng", MEANING)],
    ),
    "worked out otherwise": (
        [("${so_nguoi} * 2", "${so_nguoi} * 3")],
        [("calculation", "/data/gap_doi", "/data/gap_doi", MEANING)],
    ),
    "the question says something else": (
        [("Bao nhiêu tuổi?", "Sinh năm nào?")],
        [("label", "/data/nguoi/tuoi", "/data/nguoi/tuoi", MEANING)],
    ),
    "hint, message and appearance": (
        [("| m2 |", "| mét vuông |"), ("Phải lớn hơn 0", "Hơn 0")],
        [
            ("message", "/data/so_nguoi", "/data/so_nguoi", HARMLESS),
            ("hint", "/data/nha/dien_tich", "/data/nha/dien_tich", HARMLESS),
        ],
    ),
    "another language": (
        [("English (en)", "Tày (tyz)")],
        [("language-removed", "/data", "/data", HARMLESS), ("language-added", "/data", "/data", HARMLESS)],
    ),
    "another title": ([("| Hộ |", "| Hộ gia đình |")], [("title", "/data", "/data", HARMLESS)]),
    "a repeat with a count": (
        [("Each person | | | | | | | | | |", "Each person | | | | | | | | | ${so_nguoi} |")],
        [("repeat-count", "/data/nguoi", "/data/nguoi", MEANING)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_person_changed_is_told(case: str) -> None:
    swaps, told = CASES[case]
    changes = compare_forms(form(), form(*swaps))
    assert [(each.kind, each.old, each.new, each.weight) for each in changes] == told


def test_the_documented_kinds_and_weights_are_those_that_occur() -> None:
    seen = {told[0] for _, cases in CASES.values() for told in cases}
    assert seen <= set(KINDS)
    assert {told[3] for _, cases in CASES.values() for told in cases} == set(WEIGHTS)


def test_a_guess_says_how_like_the_two_are() -> None:
    (renamed,) = compare_forms(form(), form(*CASES["renamed, with all who read it"][0]))
    assert 0.7 <= (renamed.likeness or 0) <= 1
    (moved,) = compare_forms(form(), form(*CASES["moved into a group"][0]))
    assert 0.25 <= (moved.likeness or 0) <= 1


def test_a_rule_is_shown_as_people_write_it() -> None:
    (change,) = compare_forms(form(), form(("${nuoc} = 'gieng'", "${nuoc} != 'suoi'")))
    assert (change.before, change.after) == ("${nuoc} = 'gieng'", "${nuoc} != 'suoi'")


def test_whether_old_values_can_be_read_is_said_of_each_type() -> None:
    (wider,) = compare_forms(form(), form(("| integer | tuoi", "| decimal | tuoi")))
    (narrower,) = compare_forms(form(), form(("| decimal | dien_tich", "| integer | dien_tich")))
    assert (wider.params["readable"], narrower.params["readable"]) == (True, False)
    assert (narrower.before, narrower.after, narrower.weight) == ("decimal", "int", LOSES)


def test_another_question_in_the_place_of_one_is_no_renaming() -> None:
    asked = "| | image | anh | Chụp ảnh giấy tờ đất | Photograph the land papers | | | | | | | | | |\n"
    changes = compare_forms(form(), form((ROOF, asked)))
    assert [(each.kind, each.old, each.new) for each in changes] == [
        ("removed", "/data/nha/mai", None),
        ("added", None, "/data/nha/anh"),
    ]


def test_a_form_that_gets_translations_has_kept_its_labels() -> None:
    plain = "| survey |\n| | type | name | label |\n| | text | ten | Tên |\n| settings |\n| | form_id |\n| | f |\n"
    both = plain.replace("label", "label::Tiếng Việt (vi) | label::English (en)").replace("| Tên |", "| Tên | Name |")
    both = both.replace("| form_id |\n| | f |", "| form_id | default_language |\n| | f | Tiếng Việt (vi) |")
    old, new = (parse_form(convert(text.encode(), "md").xml) for text in (plain, both))
    assert "label" not in {each.kind for each in compare_forms(old, new)}


# -- properties ------------------------------------------------------------------------------------------------------

WORDS = ("hộ", "nước", "nhà", "đường", "trường", "ruộng", "trâu", "rừng", "điện", "chợ", "suối", "bản", "thóc", "ngô")
TYPES = ("string", "int", "decimal", "date", "geopoint")


@st.composite
def questions(draw: st.DrawFn) -> list[tuple[str, str, int]]:
    """(type, label, group) of each question of a form; no two labels are alike."""
    picked = draw(st.lists(st.permutations(WORDS).map(lambda words: " ".join(words[:5])), min_size=1, max_size=8))
    labels = list(dict.fromkeys(picked))
    return [(draw(st.sampled_from(TYPES)), label, draw(st.integers(0, 2))) for label in labels]


def xform(asked: list[tuple[str, str, int]], prefix: str) -> FormDefinition:
    """A form with these questions, called prefix0, prefix1 …; questions of group 0 stand outside groups."""
    named = [(f"{prefix}{at}", *each) for at, each in enumerate(asked)]
    paths = {name: f"/data/g{group}/{name}" if group else f"/data/{name}" for name, _, _, group in named}
    outside = "".join(f"<{name}/>" for name, _, _, group in named if not group)
    groups = "".join(
        f"<g{at}>{''.join(f'<{name}/>' for name, _, _, group in named if group == at)}</g{at}>"
        for at in (1, 2)
        if any(group == at for *_, group in named)
    )
    binds = "".join(f'<bind nodeset="{paths[name]}" type="{kind}"/>' for name, kind, _, _ in named)
    body = "".join(f'<input ref="{paths[name]}"><label>{label}</label></input>' for name, _, label, _ in named)
    return parse_form(
        f'<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>f'
        f'</h:title><model><instance><data id="f">{outside}{groups}<meta><instanceID/></meta></data></instance>{binds}'
        f"</model></h:head><h:body>{body}</h:body></h:html>".encode()
    )


@settings(max_examples=60, deadline=None)
@given(questions())
def test_a_form_held_against_itself_has_no_change(asked: list[tuple[str, str, int]]) -> None:
    assert compare_forms(xform(asked, "a"), xform(asked, "a")) == ()


@settings(max_examples=60, deadline=None)
@given(questions())
def test_every_field_that_got_another_name_is_found(asked: list[tuple[str, str, int]]) -> None:
    old, new = xform(asked, "cau_hoi_"), xform(asked, "x")
    changes = compare_forms(old, new)
    labels = {
        form: {field.labels["default"]: path for path, field in form.fields.items() if field.control}
        for form in (old, new)
    }
    expected = {(path, labels[new][label]) for label, path in labels[old].items()}
    assert {(each.old, each.new) for each in changes if each.kind == "renamed"} == expected
    assert {each.kind for each in changes} == {"renamed"}


@settings(max_examples=40, deadline=None)
@given(questions(), questions())
def test_every_field_of_both_versions_is_accounted_for_once(
    one: list[tuple[str, str, int]], other: list[tuple[str, str, int]]
) -> None:
    old, new = xform(one, "a"), xform(other, "b")
    matching = match_fields(old, new)
    assert sorted([*matching.pairs, *(each.path for each in matching.removed)]) == sorted(old.fields)
    there = [pair.new.path for pair in matching.pairs.values()]
    assert sorted([*there, *(each.path for each in matching.added)]) == sorted(new.fields)
