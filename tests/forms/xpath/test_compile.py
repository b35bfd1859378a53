"""What compiling tells before any answer is there: errors with their place, the answers read, the functions called."""

import contextlib
import pickle
import time

import pytest

from forms.errors import EvaluationError, ExpressionError
from forms.xpath.compile import compile_expression, known_functions
from tests.forms.xpath.test_tables import context_at

HERE = ("data", "household", "member", "age")


@pytest.mark.parametrize(
    ("source", "code", "position"),
    [
        (". > > 3", "expression.syntax", 4),
        ("1 +", "expression.syntax", 3),
        ("", "expression.empty", 0),
        ("   ", "expression.empty", 0),
        ("if(1, 2, 3", "expression.syntax", 10),
        ("'open", "expression.syntax", 0),
        ("${age} > 3", "expression.syntax", 0),
        ("1 2", "expression.syntax", 2),
        ("a b", "expression.syntax", 2),
        ("1 + pulldate('a')", "expression.unknown_function", 4),
        ("concat(lenght(.), 1)", "expression.unknown_function", 7),
        ("if(1, 2)", "expression.argument_count", 0),
        ("true(1)", "expression.argument_count", 0),
        ("1 + count('a')", "expression.needs_nodes", 4),
        ("regex(., '(a')", "expression.bad_pattern", 0),
        ("namespace::a", "expression.axis", 0),
        ("'a'/b", "expression.needs_path", 0),
        ("indexed-repeat(1 + 1, /a, 2)", "expression.needs_path", 0),
        ("(" * 500 + "1" + ")" * 500, "expression.too_deep", 80),
        ("- " * 5 + "(" * 500, "expression.too_deep", 89),
    ],
)
def test_a_broken_expression_is_refused_with_its_place(source: str, code: str, position: int):
    with pytest.raises(ExpressionError) as refused:
        compile_expression(source, HERE)
    error = refused.value
    assert (error.code, error.params["position"]) == (code, position)
    assert error.params["remedy"] == f"{code}.remedy"
    assert str(error.params["source"]) in source


def test_hundreds_of_alternatives_compile_and_run():
    source = " or ".join(f". = {number}" for number in range(3000))
    assert compile_expression(source).boolean(context_at("/data/i")) is True


def test_sums_of_endless_length_are_refused_or_summed_but_never_crash():
    assert compile_expression(" + ".join(["1"] * 150)).number(context_at("/data")) == 150
    with pytest.raises(ExpressionError):
        compile_expression(" + ".join(["."] * 30000))


@pytest.mark.parametrize(
    ("source", "references"),
    [
        (".", {"/data/household/member/age"}),
        (". > ../name", {"/data/household/member/age", "/data/household/member/name"}),
        ("../../size * 2", {"/data/household/size"}),
        ("/data/a[b = 1]/c", {"/data/a/c", "/data/a/b"}),
        ("/data/a[b = current()/../name]/c", {"/data/a/c", "/data/a/b", "/data/household/member/name"}),
        ("count(/data/a)", {"/data/a"}),
        ("position(..)", {"/data/household/member"}),
        ("count(/data/a/*)", {"/data/a"}),
        ("sum(/data//x)", {"/data"}),
        ("instance('v')/root/item[name = current()/../name and code = 'x']/label", {"/data/household/member/name"}),
        ("instance('v')/root/item[name = /data/village]/label", {"/data/village"}),
        ("if(selected(/data/a, 'b'), ../c, today())", {"/data/a", "/data/household/member/c"}),
        ("indexed-repeat(/data/r/x, /data/r, ../n)", {"/data/r/x", "/data/r", "/data/household/member/n"}),
        ("coalesce(./../name, -(../c))", {"/data/household/member/name", "/data/household/member/c"}),
        ("/data/a/@id", {"/data/a"}),
        ("1 + 1", set()),
    ],
)
def test_references_are_absolute_and_without_predicates(source: str, references: set[str]):
    expression = compile_expression(source, HERE)
    assert {"/" + "/".join(path) for path in expression.references} == references


def test_functions_and_volatility_are_told():
    assert compile_expression("if(. > today(), 1, random())").functions == {"if", "today", "random"}
    assert compile_expression("format-date(today(), '%Y')").volatile
    assert not compile_expression("format-date(., '%Y')").volatile
    assert compile_expression("2 * 3").constant
    assert not compile_expression("2 * .").constant
    assert not compile_expression("date('2024-01-01')").constant


def test_an_expression_travels_between_processes():
    expression = compile_expression("../i + 1", ("data", "total"))
    copy = pickle.loads(pickle.dumps(expression))
    assert copy.source == expression.source
    assert copy.references == expression.references == {("data", "i")}
    assert copy.number(context_at("/data/total")) == 8


def test_functions_that_phones_lack_are_not_known():
    known = known_functions()
    assert list(known) == sorted(known)
    assert {"selected", "jr:choice-name", "pulldata", "indexed-repeat", "current", "instance"} <= set(known)
    assert not {"last", "floor", "ceiling", "substring", "name", "lang"} & set(known)


def test_operators_bind_as_xpath_says():
    assert compile_expression("1 + 2 = 3 and 4 > 3 or false()").boolean(context_at("/data"))
    assert compile_expression("2 < 3 = true()").boolean(context_at("/data"))
    assert compile_expression("10 - 4 - 3").number(context_at("/data")) == 3
    assert compile_expression("-2 * -3").number(context_at("/data")) == 6
    assert compile_expression("../i div ../i").number(context_at("/data/total")) == 1


LONG = {
    "comparisons": " = ".join(["nothing"] * 90),
    "sums": " + ".join(["../i"] * 3000),
    "alternatives": " or ".join(["nothing"] * 3000),
    "minuses": "-" * 5000 + "1",
    "brackets": "(" * 79 + "1" + ")" * 79,
    "branches": "if(., " * 78 + "1" + ", 2)" * 78,
    "steps": "/".join(["a"] * 3000),
    "predicates": "a" + "[1]" * 2000,
    "arguments": f"concat({', '.join(['1'] * 3000)})",
    "joined": f"join('{'x' * 50_000}', 1{', 1' * 30})",
    "patterns": f"regex('{'a' * 40}', '(?=(a+)+b)(a|aa)+b')",
}


@pytest.mark.parametrize("source", LONG.values(), ids=LONG)
def test_long_and_deep_expressions_end_soon(source: str):
    started = time.process_time()
    with contextlib.suppress(ExpressionError, EvaluationError):
        compile_expression(source).evaluate(context_at("/data/total"))
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "source",
    [
        " = ".join(["1"] * 200),
        " < ".join(["../i"] * 200),
        " | ".join(["/data/i"] * 200),
        "a[" * 90 + "1" + "]" * 90,
    ],
)
def test_what_stands_in_one_another_too_deep_is_refused(source: str):
    with pytest.raises(ExpressionError) as refused:
        compile_expression(source)
    assert refused.value.code == "expression.too_deep"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("instance('villages')/root/item[count(" * 20 + "." + ") > 0]" * 20, "too-large"),
        (LONG["joined"], "too-large"),
        ("uuid(1000000)", "too-large"),
        (f"regex('{'a1b2c3' * 10}', '(?:(\\w)|(\\w))+\\1[^\\w]')", "too-slow"),
    ],
)
def test_what_would_take_too_long_stops(source: str, reason: str):
    with pytest.raises(EvaluationError) as stopped:
        compile_expression(source).evaluate(context_at("/data/total"))
    assert stopped.value.params == {"reason": reason}


def test_a_sum_of_many_terms_is_that_of_few():
    here = context_at("/data/total")
    assert compile_expression("10 - 4 - 3 + 2 - 1 + 0.5").number(here) == 4.5
    assert compile_expression("../i * 2 div 7 * 3 mod 4 * 5").number(here) == 10
    assert compile_expression("../i + ../i * 2 - ../i div 7 + 1 - 1 + 1").number(here) == 21


def test_an_unknown_function_stops_only_where_it_is_reached():
    here = context_at("/data/total")
    assert compile_expression("true() or nonsense(1)", late=True).evaluate(here) is True
    assert compile_expression("if(false(), true(1, 2), 'b')", late=True).evaluate(here) == "b"
    assert compile_expression("/data/nothing[regex(., '(')]", late=True).evaluate(here) == []
    for source in ("nonsense(1)", "concat('a', nonsense())", "true(1)", "count('a')", "'a'/b"):
        with pytest.raises(EvaluationError):
            compile_expression(source, late=True).evaluate(here)
