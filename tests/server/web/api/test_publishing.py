"""What a form is refused for, and what has to be agreed to, as scripts and people are told it over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.forms.test_parse import xform
from tests.kit.workbooks import Row, choices, markdown, row, xlsx
from tests.kit.world import World

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SETTINGS = {"form_id": "gieng", "version": "1"}
BROKEN = [
    row("integer", "ho", constraint=". > khong_co(1)"),
    row("calculate", "x", calculation="/data/la + 1"),
    row("calculate", "y", calculation="${z}"),
    row("calculate", "z", calculation="${y}"),
    row("text", "w", relevant="selected(${ho})"),
]
WARNED = [
    row("select_one ck", "nguon"),
    row("text", "khac", relevant="${nguon} = 'khac'"),
    row("integer", "so_ho", constraint=". > 0"),
]
LISTS = choices("ck", "co", "khong")


def sent(world: World, survey: list[Row], path: str = "projects/1/forms", **query: str) -> Any:
    content = xlsx(survey, LISTS, SETTINGS)
    return world.api.post(path, data=content, content_type=XLSX, query_string=query or None)


@pytest.mark.parametrize("path", ["projects/1/forms", "projects/1/forms?publish=true&ignoreWarnings=true"])
def test_every_broken_formula_is_refused_with_sheet_row_column_and_remedy(world: World, path: str) -> None:
    answer = sent(world, BROKEN, path)
    body = answer.get_json()
    assert (answer.status_code, body["code"]) == (400, 400.15)
    problems = body["details"]["problems"]
    assert [(each["code"], each["sheet"], each["row"], each["column"]) for each in problems] == [
        ("expression.unknown_function", "survey", 2, "constraint"),
        ("definition.unknown_path", "survey", 3, "calculation"),
        ("definition.cycle", "survey", 4, None),
        ("expression.argument_count", "survey", 6, "relevant"),
    ]
    assert all(each["remedy"] in each["text"] and each["severity"] == "error" for each in problems)
    assert "khong_co" in body["details"]["error"]
    assert world.api.get("projects/1/forms/gieng").status_code == 404


def test_an_xform_is_refused_with_the_path_of_the_node(world: World) -> None:
    xml = xform(binds='<bind nodeset="/data/q" relevant="khong_co(1)" constraint="/data/la = 1"/>')
    body = world.api.post("projects/1/forms", data=xml, content_type="application/xml").get_json()
    assert body["code"] == 400.15
    assert {(each["code"], each["path"], each["sheet"]) for each in body["details"]["problems"]} == {
        ("expression.unknown_function", "/data/q", None),
        ("definition.unknown_path", "/data/q", None),
    }
    assert all(each["text"].startswith("/data/q:") for each in body["details"]["problems"])


def test_a_form_beyond_the_bounds_is_refused_with_the_place(world: World) -> None:
    xml = xform(instance="<q/>" + "<g>" * 100 + "<sau/>" + "</g>" * 100)
    body = world.api.post("projects/1/forms", data=xml, content_type="application/xml").get_json()
    assert body["code"] == 400.15
    assert body["details"]["problems"][0]["path"].endswith("/g/sau")


def test_warnings_stop_a_workbook_until_they_are_agreed_to(world: World) -> None:
    refused = sent(world, WARNED).get_json()
    assert refused["code"] == 400.16
    assert [each["code"] for each in refused["details"]["problems"]] == ["lint.never_relevant", "lint.unknown_choice"]
    said = refused["details"]["xlsFormWarnings"]
    assert [text.partition(":")[0] for text in said] == ["[survey] Dòng 3, cột “relevant”"] * 2
    assert "“khac”" in said[1]
    assert sent(world, WARNED, ignoreWarnings="true").status_code == 200


def test_what_was_agreed_to_can_be_read_again_with_the_advice(world: World) -> None:
    sent(world, WARNED, ignoreWarnings="true")
    wanted = {
        ("lint.never_relevant", "warning", 3),
        ("lint.unknown_choice", "warning", 3),
        ("lint.no_message", "advice", 4),
    }
    for path in ("projects/1/forms/gieng/draft/problems", "projects/1/forms/gieng/problems"):
        found = world.api.get(path).get_json()
        assert {(each["code"], each["severity"], each["row"]) for each in found} == wanted
    assert world.api.post("projects/1/forms/gieng/draft/publish").status_code == 200
    assert world.api.get("projects/1/forms/gieng/draft/problems").status_code == 404
    english = world.api.get("projects/1/forms/gieng/problems", headers={"Accept-Language": "en"}).get_json()
    assert any("its list does not hold" in each["message"] for each in english)


def test_a_new_version_is_examined_too(world: World) -> None:
    sound = [row("select_one ck", "nguon"), row("text", "khac", relevant="${nguon} = 'khong'")]
    assert sent(world, sound, publish="true").status_code == 200
    draft = "projects/1/forms/gieng/draft"
    assert sent(world, BROKEN, draft, ignoreWarnings="true").get_json()["code"] == 400.15
    assert sent(world, [*sound, *WARNED[2:]], draft).status_code == 200
    assert sent(world, WARNED, draft).get_json()["code"] == 400.16


def test_an_xform_with_warnings_is_taken_as_in_central(world: World) -> None:
    xml = xform(binds='<bind nodeset="/data/q" relevant="false()"/>')
    assert world.api.post("projects/1/forms", data=xml, content_type="application/xml").status_code == 200
    found = world.api.get("projects/1/forms/mau/problems").get_json()
    assert ("lint.never_relevant", "/data/q") in {(each["code"], each["path"]) for each in found}


def test_the_words_of_pyxform_stay_among_the_warnings(world: World) -> None:
    source = markdown([row("image", "anh")], settings=SETTINGS)
    answer = world.api.post("projects/1/forms", data=source, content_type="text/markdown").get_json()
    assert answer["code"] == 400.16
    assert "max-pixels" in answer["details"]["xlsFormWarnings"][0]
