"""What compiling tells before any answer is there: errors with their place, the answers read, the functions called."""

import pickle

import pytest

from forms.errors import ExpressionError
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
