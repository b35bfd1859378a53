"""What judging costs, told by counting: nothing here is timed."""

from __future__ import annotations

import gc
from datetime import UTC, datetime

import pytest

from bench import validate
from bench.long_form import long_form, long_sheet
from forms.definition import FormDefinition
from forms.flatten import answers_of
from forms.instance import read_instance
from forms.parse import parse_form
from forms.validate import JudgeContext, judge
from tests.forms.village import form, submission
from tests.kit.village_criteria import VECTORS, context, definition, vectors

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def calls(questions: int) -> int:
    return validate.calls_of(parse_form(long_form(questions)), long_sheet(questions, 3), JudgeContext(NOW))


def test_the_long_form_is_judged_whole() -> None:
    definition = parse_form(long_form(40))
    assert judge(definition, read_instance(long_sheet(40, 3)), JudgeContext(NOW)) == ()
    wrong = (
        long_sheet(40, 3).replace(b"<age>10</age>", b"<age>120</age>").replace(b"<kind>a</kind>", b"<kind>d</kind>", 1)
    )
    found = {(each.kind, each.path) for each in judge(definition, read_instance(wrong), JudgeContext(NOW))}
    assert {("constraint", "/data/g1/age"), ("choice", "/data/g0/kind"), ("calculation", "/data/g1/total")} <= found


def test_ten_times_the_questions_take_ten_times_the_calls() -> None:
    few, many = calls(100), calls(1000)
    assert many <= 10.2 * few


def test_a_row_costs_the_same_however_many_there_are() -> None:
    road = b"<duong><ten_duong>A</ten_duong><dai>2.5</dai><mat_duong>dat</mat_duong></duong>"

    def sheet(rows: int) -> bytes:
        return b'<data id="thon_mau" version="7">' + road * rows + b"</data>"

    few, many = (validate.calls_of(form(), sheet(rows), JudgeContext(NOW)) for rows in (50, 500))
    assert many <= 10.2 * few


@pytest.mark.parametrize("case", vectors()[:4], ids=lambda case: str(case["file"]))
def test_a_judged_sheet_that_is_given_up_leaves_nothing_to_the_collector(case: dict[str, object]) -> None:
    xml = (VECTORS / str(case["file"])).read_bytes()
    assert left_behind(definition(), xml, context()) == 0


def test_broken_rules_and_messages_leave_nothing_to_the_collector() -> None:
    xml = b'<data id="thon_mau" version="7"><xa>x</xa><ho><tong_ho>0</tong_ho><ho_ngheo>5</ho_ngheo></ho><la/></data>'
    assert judge(form(), read_instance(xml), JudgeContext(NOW))
    assert left_behind(form(), xml, JudgeContext(NOW)) == 0


def left_behind(definition: FormDefinition, xml: bytes, context: JudgeContext) -> int:
    judge(definition, read_instance(xml), context)  # makes what is kept for the next sheet
    while gc.collect():
        # what earlier tests left may come free in several rounds
        pass
    gc.disable()
    try:
        instance = read_instance(xml)
        judge(definition, instance, context)
        answers_of(definition, instance)
        instance.release()
        del instance
        return gc.collect()
    finally:
        gc.enable()


def test_a_sheet_that_was_given_up_has_no_answers() -> None:
    instance = submission()
    assert answers_of(form(), instance)
    instance.release()
    assert answers_of(form(), instance) == {}


def test_the_measure_tells_every_form_and_every_goal(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate.main(["--count", "2", "--lengths", "40", "80"]) in (0, 1)
    said = capsys.readouterr().out
    for wanted in ("hh_water", "village_criteria", "40 questions", "80 questions", "1,000 questions, MB"):
        assert wanted in said
    assert said.count("met  ") + said.count("missed  ") >= 3


def test_a_finding_costs_the_same_in_whatever_row() -> None:
    road = b"<duong><ten_duong/><dai>-1</dai><mat_duong>nhua</mat_duong></duong>"

    def sheet(rows: int) -> bytes:
        return b'<data id="thon_mau" version="7">' + road * rows + b"</data>"

    found = {(each.kind, each.path) for each in judge(form(), read_instance(sheet(300)), JudgeContext(NOW))}
    assert {("choice", f"/data/duong[{row}]/mat_duong") for row in range(1, 301)} <= found
    few, many = (validate.calls_of(form(), sheet(rows), JudgeContext(NOW)) for rows in (50, 500))
    assert many <= 10.2 * few
