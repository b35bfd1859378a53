"""A form opens with why its sheet came back, where something was returned for the place and round that were chosen."""

from importlib.resources import files

import pytest

from forms.calculate import fill
from forms.convert import convert
from forms.definition import FormDefinition
from forms.flatten import answers_of
from forms.instance import read_instance
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext, judge
from tests.kit.village_criteria import NOW

PLACE = {"village_criteria": "thon", "commune_criteria": "xa", "village_meeting": "thon"}
TOLD = "câu “Tổng số hộ”, vì đếm lại"


def form(name: str) -> FormDefinition:
    """A form that we ship."""
    return parse_form(convert(files("forms").joinpath("library", f"{name}.md").read_bytes(), "md").xml)


def context(name: str) -> JudgeContext:
    """Lists with one sheet of the form returned."""
    texts = {
        "communes.csv": "name,label,code\nc1,Xã Vô Ngại,1\n",
        "villages.csv": "name,label,commune,code,xa_ntm\nv1,Ngàn Chi,c1,2,khong\n",
        "rounds.csv": "name,label,cutoff\nr1,2019,2019-06-30\nr2,2020,2020-06-30\n",
        "corrections.csv": "name,label,form,key,instance,told,told_en\n"
        f'1,Ngàn Chi,{name},{name} {"c1" if PLACE.get(name) == "xa" else "v1"} r1,uuid:1,"{TOLD}",x\n',
    }
    return JudgeContext(now=NOW, tables={file: table_from_csv(text.encode()) for file, text in texts.items()})


@pytest.mark.parametrize("name", PLACE)
@pytest.mark.parametrize("slug", ["r1", "r2"])
def test_a_note_says_why_for_that_place_and_round_alone(name: str, slug: str) -> None:
    asked = form(name)
    chosen = {"xa": "c1", "ky": slug} | ({"thon": "v1"} if PLACE[name] == "thon" else {})
    xml = fill(asked, chosen, context(name), instance_id="uuid:2")
    found = answers_of(asked, read_instance(xml))
    if slug == "r1":
        assert (found["tra_lai"], found["corrects"]) == (TOLD, "uuid:1")
    else:
        assert (found["tra_lai"], found["corrects"]) == (None, None)
    # the note is there where there is something to say, and no rule is broken by it
    note = next(field for field in asked.fields.values() if field.name == "bao_tra_lai")
    assert note.bind.relevant is not None
    wrong = {each.path.rpartition("/")[2] for each in judge(asked, read_instance(xml), context(name))}
    assert not wrong & {"tra_lai", "tra_lai_en", "corrects", "bao_tra_lai"}


@pytest.mark.parametrize("chosen", ["1", None])
def test_of_many_sheets_one_is_chosen(chosen: str | None) -> None:
    asked, there = form("household_review"), context("household_review")
    answers = {"xa": "c1", "thon": "v1", "ky": "r1", "corrects": chosen}
    xml = fill(asked, {name: value for name, value in answers.items() if value}, there, instance_id="uuid:2")
    found = answers_of(asked, read_instance(xml))
    assert (found["corrects"], found["tra_lai"]) == ((chosen, TOLD) if chosen else (None, None))
    # it is asked only where something was returned
    elsewhere = fill(asked, {"xa": "c1", "thon": "v1", "ky": "r2"}, there, instance_id="uuid:3")
    assert b"<corrects" not in elsewhere
