"""A form opens with why its sheet came back, where something was returned for the place and round that were chosen."""

from collections.abc import Mapping
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
"""The forms of which there is one for a place and a round, and the question that says the place."""
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
        f'1,Ngàn Chi,{name},{name} {"c1" if PLACE[name] == "xa" else "v1"} r1,uuid:1,"{TOLD}",x\n',
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


VILLAGE, COMMUNE = {"xa": "c1", "thon": "v1"}, {"xa": "c1"}
MANY: Mapping[str, tuple[Mapping[str, str], str, str]] = {
    "household_review": (VILLAGE | {"ky": "r1"}, "v1", "r1"),
    "spot_check": (VILLAGE | {"ky": "r1"}, "v1", "r1"),
    "disaster_quick": (VILLAGE, "v1", ""),
    "work_register": (VILLAGE | {"pham_vi": "thon"}, "v1", ""),
    "work_progress": ({"cong_trinh": "duong"}, "v1", ""),
    "maintenance": ({"cong_trinh": "duong"}, "v1", ""),
    "community_supervision": ({"cong_trinh": "duong"}, "v1", ""),
    "production_model": (VILLAGE | {"giai_doan": "dau", "pham_vi": "thon"}, "v1", ""),
    "training_class": ({"cap": "xa", "xa": "c1"}, "c1", ""),
    "training_attendance": ({"lop": "lop-1"}, "c1", ""),
    "training_test": ({"lop": "lop-1"}, "c1", ""),
    "village_register": (VILLAGE | {"loai_phieu": "sua"}, "v1", ""),
}
"""The forms of which a place may send many: how the place is chosen, the area that it is, and the round."""
ELSEWHERE: Mapping[str, tuple[Mapping[str, str], str]] = {
    "work_register": (COMMUNE | {"pham_vi": "xa"}, "c1"),
    "production_model": ({"giai_doan": "cuoi", "mo_hinh": "de"}, "v1"),
    "training_class": ({"cap": "huyen", "don_vi": "h1"}, "h1"),
    "village_register": (COMMUNE | {"loai_phieu": "moi"}, "c1"),
}
"""The other ways in which some of them say their place."""
NOWHERE = sorted(MANY.keys() - {"household_review", "spot_check", "disaster_quick"})
"""Those of them that may be sent without a place."""


def returned(*lines: tuple[str, str, str, str]) -> JudgeContext:
    """Lists with sheets returned: number, form, area, round."""
    texts = {
        "communes.csv": "name,label,code\nc1,Xã Vô Ngại,1\n",
        "villages.csv": "name,label,commune,code,xa_ntm\nv1,Ngàn Chi,c1,2,khong\n",
        "units.csv": "name,label,level,code\nh1,Bình Liêu,huyen,3\n",
        "rounds.csv": "name,label,cutoff\nr1,2019,2019-06-30\nr2,2020,2020-06-30\n",
        "works.csv": "name,label,area,von_trung_uong,von_dia_phuong,von_dan_gop,von_khac,ngay_xong_ke_hoach\n"
        "duong,Đường,v1,1,,,,\n",
        "models.csv": "name,label,area,ten_mo_hinh,so_luong\nde,Nuôi dê,v1,Nuôi dê,40\n",
        "classes.csv": "name,label,area,tu_ngay,den_ngay\nlop-1,Lớp,c1,2019-05-13,2019-05-15\n",
        "findings.csv": "name,label,area,cong_trinh\n",
        "households.csv": "name,label,area\n",
        "diem_a.csv": "name,label,diem\n",
        "corrections.csv": "name,label,form,area,round,key,instance,told,told_en\n",
    }
    for number, name, area, slug in lines:
        key = f"{name} {area} {slug}"
        texts["corrections.csv"] += f'{number},Phiếu {number},{name},{area},{slug},{key},uuid:{number},"{TOLD}",x\n'
    return JudgeContext(now=NOW, tables={file: table_from_csv(text.encode()) for file, text in texts.items()})


def filled(name: str, answers: Mapping[str, str], there: JudgeContext) -> bytes:
    return fill(form(name), answers, there, instance_id="uuid:new")


def told_wrong(name: str, xml: bytes, there: JudgeContext) -> set[str]:
    """What is found of the question and the note, by kind."""
    own = {"corrects", "tra_lai", "tra_lai_en", "bao_tra_lai", "noi"}
    found = judge(form(name), read_instance(xml), there)
    return {each.kind for each in found if each.path.rpartition("/")[2] in own}


def test_every_shipped_form_tells_why_its_sheet_came_back() -> None:
    shipped = {entry.name.removesuffix(".md") for entry in files("forms").joinpath("library").iterdir()}
    assert shipped - {"__init__.py", "__pycache__"} == PLACE.keys() | MANY.keys()


@pytest.mark.parametrize("name", MANY)
def test_nothing_is_asked_or_shown_where_nothing_was_returned(name: str) -> None:
    answers, area, slug = MANY[name]
    # another form's sheet of that place, and a sheet of another place, are not meant
    for there in (returned(), returned(("1", "another_form", area, slug), ("2", name, "elsewhere", slug))):
        xml = filled(name, answers, there)
        assert b"<corrects" not in xml
        assert b"<bao_tra_lai" not in xml
        assert answers_of(form(name), read_instance(xml))["tra_lai"] is None
        assert told_wrong(name, xml, there) == set()


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("chosen", ["1", None])
def test_of_many_sheets_one_is_chosen_and_its_note_shown(name: str, chosen: str | None) -> None:
    answers, area, slug = MANY[name]
    there = returned(("1", name, area, slug), ("2", name, area, slug), ("3", name, "elsewhere", slug))
    xml = filled(name, dict(answers) | ({"corrects": chosen} if chosen else {}), there)
    found = answers_of(form(name), read_instance(xml))
    assert b"<corrects" in xml
    assert (found["corrects"], found["tra_lai"]) == ((chosen, TOLD) if chosen else (None, None))
    assert (b"<bao_tra_lai" in xml) == bool(chosen)
    assert told_wrong(name, xml, there) == set()


@pytest.mark.parametrize("name", MANY)
def test_a_sheet_of_another_place_cannot_be_chosen(name: str) -> None:
    answers, area, slug = MANY[name]
    there = returned(("1", name, area, slug), ("3", name, "elsewhere", slug))
    assert told_wrong(name, filled(name, dict(answers) | {"corrects": "3"}, there), there) == {"choice"}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_it_is_asked_however_the_place_is_said(name: str) -> None:
    answers, area = ELSEWHERE[name]
    there = returned(("1", name, area, ""))
    xml = filled(name, dict(answers) | {"corrects": "1"}, there)
    assert answers_of(form(name), read_instance(xml))["tra_lai"] == TOLD
    assert told_wrong(name, xml, there) == set()


@pytest.mark.parametrize("name", NOWHERE)
def test_a_sheet_of_no_place_can_be_corrected_by_one_that_says_its_place(name: str) -> None:
    answers, _, _ = MANY[name]
    there = returned(("1", name, "", ""))
    xml = filled(name, dict(answers) | {"corrects": "1"}, there)
    assert answers_of(form(name), read_instance(xml))["tra_lai"] == TOLD
    assert told_wrong(name, xml, there) == set()
