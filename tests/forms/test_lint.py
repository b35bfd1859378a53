"""Each rule of lint: a form that has the fault, told with its place, and one like it that has not."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import pytest

from forms.bounds import MAX_CHOICES, MAX_EXPRESSION, MAX_FIELDS, MAX_NESTING
from forms.errors import DefinitionError, Problem
from forms.lint import RULES, examine_source
from forms.lint.examine import Examined
from tests.forms.test_parse import xform
from tests.kit.lint_page import PAGE, page, texts
from tests.kit.source import ROOT
from tests.kit.workbooks import Row, choices, markdown, row, xlsx

CO_KHONG = choices("ck", "co", "khong")


@dataclass(frozen=True)
class Case:
    """``bad`` has the fault at ``place`` (sheet, row, column); ``good`` has not. ``lists``: the choices of both."""

    code: str
    bad: tuple[Row, ...]
    good: tuple[Row, ...]
    place: tuple[str | None, int | None, str | None]
    lists: tuple[Row, ...] = ()
    good_lists: tuple[Row, ...] | None = None


def case(
    code: str,
    bad: Row | list[Row],
    good: Row | list[Row],
    place: tuple[str | None, int | None, str | None],
    *lists: list[list[Row]],
) -> Case:
    both = [tuple(each if isinstance(each, list) else [each]) for each in (bad, good)]
    tables = [tuple(each) for each in lists] or [()]
    return Case(code, both[0], both[1], place, tables[0], tables[1] if len(tables) > 1 else tables[0])


HO = row("integer", "ho", constraint=". >= 0 and . < 500")
NGUON = row("select_one ck", "nguon")
NHIEU = row("select_multiple ck", "nhieu")
LAP = [row("begin_repeat", "tv"), row("integer", "tuoi"), row("end_repeat")]
LONG = choices("dai", *(f"c{number}" for number in range(51)))
XA = [{"list_name": "thon", "name": "na_san", "label": "Nà San", "xa": "kd"}]

CASES = [
    case(
        "lint.never_relevant",
        [HO, row("text", "a", relevant="${ho} > 10 and ${ho} < 5")],
        [HO, row("text", "a", relevant="${ho} > 5 and ${ho} < 10")],
        ("survey", 3, "relevant"),
    ),
    case(
        "lint.never_valid",
        row("integer", "a", constraint=". > 10 and . < 5"),
        row("integer", "a", constraint=". > 10 or . < 5"),
        ("survey", 2, "constraint"),
    ),
    case(
        "lint.required_readonly",
        row("text", "a", required="yes", readonly="yes", relevant="1 = 1 or false()"),
        row("text", "a", required="yes", readonly="yes", default="x"),
        ("survey", 2, "required"),
    ),
    case(
        "lint.rule_unasked",
        [HO, row("calculate", "a", calculation="${ho} * 2", constraint=". < 10")],
        [HO, row("calculate", "a", calculation="${ho} * 2")],
        ("survey", 3, "constraint"),
    ),
    case(
        "lint.calculated_question",
        [HO, row("integer", "a", calculation="${ho} * 2")],
        [HO, row("integer", "a", calculation="${ho} * 2", readonly="yes")],
        ("survey", 3, "calculation"),
    ),
    case(
        "lint.unknown_choice",
        [NGUON, row("text", "a", relevant="${nguon} = 'Co'")],
        [NGUON, row("text", "a", relevant="${nguon} = 'co'")],
        ("survey", 3, "relevant"),
        CO_KHONG,
    ),
    case(
        "lint.truth_as_text",
        [HO, row("calculate", "dong", calculation="${ho} > 9"), row("text", "a", relevant="${dong} = 'true'")],
        [HO, row("calculate", "dong", calculation="${ho} > 9"), row("text", "a", relevant="${dong} = 1")],
        ("survey", 4, "relevant"),
    ),
    case(
        "lint.number_too_large",
        row("integer", "so", constraint=". < 9999999999"),
        row("decimal", "so", constraint=". < 9999999999"),
        ("survey", 2, "constraint"),
    ),
    case(
        "lint.default_unfit",
        row("integer", "a", default="nhiều"),
        row("integer", "a", default="12"),
        ("survey", 2, "default"),
    ),
    case(
        "lint.never_repeated",
        [row("begin_repeat", "tv", repeat_count="0"), *LAP[1:]],
        [row("begin_repeat", "tv", repeat_count="3"), *LAP[1:]],
        ("survey", 2, "repeat_count"),
    ),
    case(
        "lint.number_predicate",
        [*LAP, row("calculate", "a", calculation="/data/tv[1]/tuoi")],
        [*LAP, row("calculate", "a", calculation="/data/tv[position() = 1]/tuoi")],
        ("survey", 5, "calculation"),
    ),
    case(
        "lint.union",
        [HO, row("integer", "b"), row("calculate", "a", calculation="count(/data/ho | /data/b)")],
        [HO, row("integer", "b"), row("calculate", "a", calculation="count(/data/ho) + count(/data/b)")],
        ("survey", 4, "calculation"),
    ),
    case(
        "lint.anywhere",
        [HO, row("calculate", "a", calculation="count(//ho)")],
        [HO, row("calculate", "a", calculation="count(/data/ho)")],
        ("survey", 3, "calculation"),
    ),
    case(
        "lint.axis",
        [*LAP[:2], row("calculate", "a", calculation="count(../preceding-sibling::tv)"), LAP[2]],
        [*LAP[:2], row("calculate", "a", calculation="position(..)"), LAP[2]],
        ("survey", 4, "calculation"),
    ),
    case(
        "lint.odd_path",
        [*LAP, row("calculate", "a", calculation="count(/data/tv/tuoi/../tuoi)")],
        [*LAP, row("calculate", "a", calculation="count(/data/tv/tuoi)")],
        ("survey", 5, "calculation"),
    ),
    case(
        "lint.date_as_text",
        row("date", "a", constraint=". > '2020-01-01'"),
        row("date", "a", constraint=". > date('2020-01-01')"),
        ("survey", 2, "constraint"),
    ),
    case(
        "lint.text_order",
        row("text", "a", constraint=". > 'm'"),
        row("text", "a", constraint=". != 'm'"),
        ("survey", 2, "constraint"),
    ),
    case(
        "lint.several_values",
        [*LAP, row("text", "a", relevant="${tuoi} > 5")],
        [*LAP, row("text", "a", relevant="sum(${tuoi}) > 5")],
        ("survey", 5, "relevant"),
    ),
    case(
        "lint.negative_max",
        [row("decimal", "b"), row("calculate", "a", calculation="max(${b}, -1)")],
        [row("decimal", "b", constraint=". >= 0"), row("calculate", "a", calculation="max(${b}, -1)")],
        ("survey", 3, "calculation"),
    ),
    case(
        "lint.many_repeats",
        [row("integer", "so"), row("begin_repeat", "tv", repeat_count="${so}"), *LAP[1:]],
        [row("integer", "so", constraint=". < 40"), row("begin_repeat", "tv", repeat_count="${so}"), *LAP[1:]],
        ("survey", 3, "repeat_count"),
    ),
    case(
        "lint.changing_calculation",
        row("calculate", "a", calculation="random()"),
        row("calculate", "a", calculation="once(random())"),
        ("survey", 2, "calculation"),
    ),
    case(
        "lint.multiple_equals",
        [NHIEU, row("text", "a", relevant="${nhieu} = 'co'")],
        [NHIEU, row("text", "a", relevant="selected(${nhieu}, 'co')")],
        ("survey", 3, "relevant"),
        CO_KHONG,
    ),
    case(
        "lint.browser_function",
        [NHIEU, row("text", "a", relevant="is-selected(${nhieu}, 'co')")],
        [NHIEU, row("text", "a", relevant="selected(${nhieu}, 'co')")],
        ("survey", 3, "relevant"),
        CO_KHONG,
    ),
    case(
        "lint.distance_of_nothing",
        [row("geotrace", "duong"), row("calculate", "a", calculation="distance(${duong})")],
        [row("geotrace", "duong"), row("calculate", "a", calculation="if(${duong} != '', distance(${duong}), '')")],
        ("survey", 3, "calculation"),
    ),
    case(
        "lint.hidden_repeat_counted",
        [
            HO,
            row("begin_repeat", "tv", relevant="${ho} > 1"),
            *LAP[1:],
            row("calculate", "a", calculation="count(${tv})"),
        ],
        [HO, *LAP, row("calculate", "a", calculation="count(${tv})")],
        ("survey", 6, "calculation"),
    ),
    case(
        "lint.phone_alone",
        row("image", "ky", appearance="signature", parameters="max-pixels=1000"),
        row("image", "ky", parameters="max-pixels=1000"),
        ("survey", 2, "appearance"),
    ),
    case(
        "lint.last_saved",
        row("text", "a", default="${last-saved#a}"),
        row("text", "a", default="x"),
        ("survey", 2, "default"),
    ),
    case(
        "lint.long_list",
        row("select_one dai", "a"),
        row("select_one dai", "a", appearance="minimal autocomplete"),
        ("survey", 2, None),
        LONG,
    ),
    case(
        "lint.unknown_column",
        [row("text", "xa"), row("select_one thon", "a", choice_filter="ma_xa = ${xa}")],
        [row("text", "xa"), row("select_one thon", "a", choice_filter="xa = ${xa}")],
        ("survey", 3, "choice_filter"),
        XA,
    ),
    case(
        "lint.filter_lets_nothing",
        row("select_one thon", "a", choice_filter="xa = 'khac'"),
        row("select_one thon", "a", choice_filter="xa = 'kd'"),
        ("survey", 2, "choice_filter"),
        XA,
    ),
    case("lint.choice_case", NGUON, NGUON, ("choices", 3, "name"), choices("ck", "co", "Co"), CO_KHONG),
    case("lint.large_photo", row("image", "a"), row("image", "a", parameters="max-pixels=1000"), ("survey", 2, None)),
    case(
        "lint.missing_translation",
        row("text", "a", "", label__vi="Tên", label__en="Name", hint__vi="Họ và tên"),
        row("text", "a", "", label__vi="Tên", label__en="Name", hint__vi="Họ và tên", hint__en="Full name"),
        ("survey", 2, None),
    ),
    case(
        "lint.long_message",
        row("integer", "a", constraint=". > 0", constraint_message="dài " * 80),
        row("integer", "a", constraint=". > 0", constraint_message="Lớn hơn 0."),
        ("survey", 2, "constraint_message"),
    ),
    case(
        "lint.no_message",
        row("integer", "a", constraint=". > 0"),
        row("integer", "a", constraint=". > 0", constraint_message="Lớn hơn 0."),
        ("survey", 2, None),
    ),
    case("lint.name_case", [row("text", "ten"), row("text", "Ten")], row("text", "ten"), ("survey", 3, "name")),
    case("lint.long_name", row("text", "t" * 65), row("text", "t" * 64), ("survey", 2, "name")),
]
ONE = "<item><label>C</label><value>c</value></item>"
XML_CASES: dict[str, tuple[bytes, bytes]] = {
    "lint.rule_without_field": (
        xform(binds='<bind nodeset="/data/mat" type="int"/>'),
        xform(binds='<bind nodeset="/data/q" type="int"/>'),
    ),
    "lint.no_choices": (
        xform(body='<select1 ref="/data/q"><label>A</label></select1>'),
        xform(body=f'<select1 ref="/data/q"><label>A</label>{ONE}</select1>'),
    ),
    "lint.choice_twice": (
        xform(body=f'<select1 ref="/data/q"><label>A</label>{ONE * 2}</select1>'),
        xform(body=f'<select1 ref="/data/q"><label>A</label>{ONE}</select1>'),
    ),
    "lint.choice_with_blank": (
        xform(body='<select ref="/data/q"><label>A</label><item><label>C</label><value>c c</value></item></select>'),
        xform(body=f'<select ref="/data/q"><label>A</label>{ONE}</select>'),
    ),
    "lint.no_label": (xform(), xform(body='<input ref="/data/q"><label>A</label></input>')),
    "lint.no_version": (xform().replace(b'version="2"', b""), xform()),
}
BY_PYXFORM = {"lint.large_photo"}


def found(examined: Examined, code: str) -> list[Problem]:
    return [each for each in examined.problems if each.message == code]


def place(problem: Problem) -> tuple[str | None, int | None, str | None]:
    return problem.sheet, problem.row, problem.column


@pytest.mark.parametrize("each", CASES, ids=lambda each: each.code)
def test_a_fault_is_found_at_its_place_and_its_absence_is_not(each: Case) -> None:
    bad = examine_source(markdown(each.bad, each.lists), "md", "data")
    assert [place(problem) for problem in found(bad, each.code)] == [each.place]
    good = examine_source(markdown(each.good, each.good_lists), "md", "data")
    assert found(good, each.code) == []


@pytest.mark.parametrize("code", XML_CASES)
def test_a_fault_of_an_xform_is_found_with_its_path(code: str) -> None:
    bad, good = (examine_source(each, "xml") for each in XML_CASES[code])
    assert len(found(bad, code)) == 1
    assert found(bad, code)[0].sheet is None
    assert found(good, code) == []


def test_every_rule_has_a_case() -> None:
    assert {each.code for each in CASES} | set(XML_CASES) == set(RULES) | BY_PYXFORM


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_rule_has_a_sentence_and_a_remedy(language: str) -> None:
    said = texts(language)
    for code in {*RULES, *BY_PYXFORM}:
        assert said[code]
        assert said[f"{code}.remedy"]


def test_the_documentation_lists_every_rule_as_it_is() -> None:
    """`python -m tests.kit.lint_page` writes the page anew."""
    assert PAGE.read_text(encoding="utf-8") == page()


SHIPPED = sorted(entry.name for entry in files("forms").joinpath("library").iterdir() if entry.name.endswith(".md"))


@pytest.mark.parametrize("source", SHIPPED)
def test_the_shipped_forms_have_no_error_and_no_warning(source: str) -> None:
    content = files("forms").joinpath("library", source).read_bytes()
    assert {each.weight for each in examine_source(content, "md").problems} <= {"advice"}


def test_the_forms_that_everything_leans_on_are_among_the_shipped_ones() -> None:
    assert {"village_register.md", "village_criteria.md", "commune_criteria.md", "household_review.md"} <= set(SHIPPED)


def test_the_form_of_the_measurements_has_no_error_and_no_warning() -> None:
    examined = examine_source((ROOT / "bench" / "hh_water.md").read_bytes(), "md")
    assert {each.weight for each in examined.problems} <= {"advice"}


BLOCKED = [
    row("integer", "a", required="yes", constraint=". > 10 and . < 5"),
    row("text", "b", required="yes", readonly="yes"),
]


def test_what_nobody_can_finish_is_an_error_and_a_stop_on_purpose_is_not() -> None:
    met = examine_source(markdown(BLOCKED), "md")
    assert {each.message for each in met.errors} == {"lint.never_valid", "lint.required_readonly"}
    asked = [row("select_one ck", "dong_y"), *(each | {"relevant": "${dong_y} = 'khong'"} for each in BLOCKED)]
    stop = examine_source(markdown(asked, CO_KHONG), "md")
    assert stop.errors == ()
    assert {each.message for each in stop.warnings} == {"lint.never_valid", "lint.required_readonly"}


@pytest.mark.parametrize(
    ("rows", "reached"),
    [
        (["${nguon} = 'co' and ${nguon} = 'khong'"], False),
        (["${nguon} = 'co' or ${nguon} = 'la'"], True),
        (["selected(${nguon}, 'la')"], False),
        (["${ho} = 3 and ${ho} > 7"], False),
        (["${ho} > 7 and ${ho} < 8"], False),
        (["${ho} > 7 and ${ho} <= 8"], True),
        (["${ho} > 3000000000"], False),
        (["not(true())"], False),
        (["not(${ho} = 3)"], True),
        (["false() or ${ho} = 3"], True),
        (["${ho} = '' and ${ho} != 3"], True),
        (["false()", "${a0} = 'x'"], False),
        (["false()", "${a0} = ''"], True),
        (["false()", "${a0} != 'x'"], True),
    ],
)
def test_what_can_never_be_reached_is_told_and_what_can_is_not(rows: list[str], reached: bool) -> None:
    asked = [row("text", f"a{number}", relevant=relevant) for number, relevant in enumerate(rows)]
    examined = examine_source(markdown([HO | {"constraint": ""}, NGUON, *asked], CO_KHONG), "md")
    told = {problem.params["name"] for problem in found(examined, "lint.never_relevant")}
    assert (f"a{len(rows) - 1}" not in told) is reached


@pytest.mark.parametrize(("operator", "errors"), [("or", []), ("and", []), ("+", ["expression.too_deep"])])
def test_a_formula_of_thousands_of_terms_is_examined(operator: str, errors: list[str]) -> None:
    formula = f" {operator} ".join(["${ho} = 3"] * 4_000)
    examined = examine_source(markdown([HO, row("text", "a", relevant=formula)]), "md")
    assert [each.message for each in examined.errors] == errors


def test_rows_are_those_of_excel_and_columns_have_the_names_they_were_given() -> None:
    survey = [row("text", "ten"), {}, row("integer", "tuoi", relevance="khong_co(1)")]
    (problem,) = examine_source(xlsx(survey), "xlsx").errors
    assert place(problem) == ("survey", 4, "relevance")


def test_errors_of_several_kinds_are_told_at_once_with_the_advice() -> None:
    survey = [
        row("integer", "ten", constraint=". > 1e3"),
        row("integer", "tuoi", relevant="khong_co(1)"),
        row("calculate", "x", calculation="/data/la + 1"),
        row("calculate", "y", calculation="${z}"),
        row("calculate", "z", calculation="${y}"),
        row("text", "w", relevant="selected(1)"),
    ]
    examined = examine_source(xlsx(survey), "xlsx", "data")
    assert [(each.message, *place(each)) for each in examined.errors] == [
        ("expression.exponent", "survey", 2, "constraint"),
        ("expression.unknown_function", "survey", 3, "relevant"),
        ("definition.unknown_path", "survey", 4, "calculation"),
        ("definition.cycle", "survey", 5, None),
        ("expression.argument_count", "survey", 7, "relevant"),
    ]
    assert examined.definition is not None


def test_a_formula_is_told_as_it_stands_in_the_workbook() -> None:
    survey = [row("integer", "ho"), row("text", "a", relevant="1 < ${ho} > > 3")]
    (problem,) = examine_source(markdown(survey), "md").errors
    assert problem.params["source"] == "1 < ${ho} > > 3"
    assert problem.params["source"][: problem.params["position"]] == "1 < ${ho} >"
    (kept,) = found(
        examine_source(markdown([survey[0], row("text", "a", relevant="1 > ${ho} and ${ho} > 3")]), "md"),
        "lint.never_relevant",
    )
    assert kept.params["source"] == "1 > ${ho} and ${ho} > 3"


def test_a_fault_in_a_text_is_told_where_the_text_stands() -> None:
    survey = [row("text", "a", "Chào ${a}", hint="Xem <output value='khong_co()'/>")]
    examined = examine_source(markdown(survey), "md", "data")
    assert examined.errors == ()
    xml = xform(body='<input ref="/data/q"><label>A</label><hint>B <output value="khong_co()"/></hint></input>')
    assert [(each.message, each.path) for each in examine_source(xml, "xml").errors] == [
        ("expression.unknown_function", "/data/q")
    ]


@pytest.mark.parametrize(
    ("xml", "code", "field"),
    [
        (xform(instance="<q/>" * (MAX_FIELDS + 1)), "definition.too_many_fields", "/data/q"),
        (
            xform(instance="<q/>" + "<g>" * (MAX_NESTING + 1) + "<x/>" + "</g>" * (MAX_NESTING + 1)),
            "definition.too_nested",
            "/data" + "/g" * (MAX_NESTING + 1) + "/x",
        ),
        (
            xform(model=f'<instance id="thon"><root>{"<item/>" * (MAX_CHOICES + 1)}</root></instance>'),
            "definition.too_many_choices",
            "",
        ),
        (
            xform(binds=f'<bind nodeset="/data/q" relevant="{"1 + " * (MAX_EXPRESSION // 4)}1"/>'),
            "expression.too_long",
            "/data/q",
        ),
        (
            xform(binds=f'<bind nodeset="/data/q" relevant="{"(" * 100}1{")" * 100}"/>'),
            "expression.too_deep",
            "/data/q",
        ),
        (
            xform(binds=f'<bind nodeset="/data/q" relevant="{"1 + " * 20_000}1"/>' * 13),
            "definition.too_many_formulas",
            "/data/q",
        ),
    ],
    ids=["fields", "nesting", "choices", "length", "depth", "all formulas"],
)
def test_a_form_beyond_the_bounds_is_refused_with_the_place(xml: bytes, code: str, field: str) -> None:
    try:
        errors = [(each.message, each.params["field"]) for each in examine_source(xml, "xml").errors]
    except DefinitionError as error:
        errors = [(each.code, each.params["field"]) for each in error.errors]
    assert (code, field) in errors


def test_a_form_at_the_bounds_is_taken() -> None:
    xml = xform(instance="<q/>" + "<g>" * MAX_NESTING + "<x/>" + "</g>" * MAX_NESTING)
    assert examine_source(xml, "xml").errors == ()
