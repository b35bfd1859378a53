"""What holds for every number, text and key, not only for those in the tables."""

import contextlib
import math
import re
from datetime import datetime, timedelta, timezone
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.errors import EvaluationError, ExpressionError, FormsError
from forms.xpath.compile import Expression, compile_expression
from forms.xpath.context import Context, World
from forms.xpath.functions import REGISTRY
from forms.xpath.moments import find_moment
from forms.xpath.operators import divide, remainder
from forms.xpath.parser import STRENGTH, parse
from forms.xpath.patterns import find_pattern
from forms.xpath.printing import printed
from forms.xpath.stops import Reason
from forms.xpath.syntax import (
    ANY_NODE,
    AXES,
    EVERYWHERE,
    PARENT,
    SELF,
    Binary,
    Call,
    Expr,
    Negation,
    Number,
    Path,
    Step,
    Text,
)
from forms.xpath.values import (
    Node,
    Value,
    number_to_string,
    scalar_to_boolean,
    scalar_to_number,
    scalar_to_string,
    string_to_number,
)
from tests.forms.xpath.test_tables import context_at

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(min_value=-(10**9), max_value=10**9)
NOW = datetime(2024, 5, 6, 10, tzinfo=timezone(timedelta(hours=7)))


def context(**texts: str) -> Context:
    root = Node("data")
    for name, text in texts.items():
        root.add(Node(name, text))
    return Context(root, World(root, NOW))


@given(COUNTS)
def test_whole_numbers_are_written_without_a_point_and_read_back(number: int):
    assert number_to_string(float(number)) == str(number)
    assert string_to_number(str(number)) == number


@given(NUMBERS)
def test_a_written_number_spells_the_same_number(number: float):
    text = number_to_string(number)
    assert math.isclose(float(text), number, rel_tol=1e-15, abs_tol=1e-12)


@given(NUMBERS)
def test_numbers_outside_the_plain_range_have_an_exponent(number: float):
    size = abs(number)
    plain = size < 1e-12 or 1e-3 <= size < 1e7 or (number == int(number) and -2147483648 <= number <= 2147483647)
    if not plain and abs(number - round(number)) >= 1e-12:
        assert "E" in number_to_string(number)


@given(st.text(max_size=20))
def test_any_text_reads_as_a_number_or_as_none(text: str):
    number = string_to_number(text)
    assert number != number or text.strip().replace(",", ".").lstrip("-").replace(".", "").isdigit()


@given(NUMBERS, NUMBERS)
def test_division_and_remainder_never_raise(left: float, right: float):
    divide(left, right)
    result = remainder(left, right)
    assert result != result or abs(result) <= abs(left)


@given(COUNTS, COUNTS)
def test_arithmetic_over_answers(left: int, right: int):
    here = context(a=str(left), b=str(right))
    assert compile_expression("a + b").number(here) == left + right
    assert compile_expression("a - b").number(here) == left - right
    assert compile_expression("a < b").boolean(here) is (left < right)
    assert compile_expression("a = b").boolean(here) is (left == right)
    assert compile_expression("a != b").boolean(here) is not compile_expression("a = b").boolean(here)
    assert compile_expression("(a <= b) = not(a > b)").boolean(here)


@given(st.floats(min_value=-1e6, max_value=1e6), st.integers(min_value=0, max_value=6))
def test_rounding_moves_by_half_a_place_at_most(number: float, places: int):
    text = f"{number:.9f}"
    rounded = compile_expression(f"round(a, {places})").number(context(a=text))
    assert abs(rounded - float(text)) <= 0.5 * 10**-places + 1e-9


@given(st.text(max_size=12), st.integers(-15, 15), st.integers(-15, 15))
def test_substrings_are_parts(text: str, start: int, end: int):
    part = compile_expression(f"substr(a, {start}, {end})").string(context(a=text))
    assert part in text or any(ord(character) > 0xFFFF for character in text)


@given(st.dates())
def test_days_count_like_a_calendar(day):
    moment = find_moment(day.isoformat(), NOW.tzinfo)
    assert moment is not None
    number = scalar_to_number(moment)
    assert compile_expression(f"date({number_to_string(number)})").string(context()) == f"{day.year}-{day:%m-%d}"


NAMES = st.sampled_from(["a", "b", "1", "1.0", "2", "", " "])


@settings(max_examples=200)
@given(st.lists(st.tuples(NAMES, NAMES), max_size=8), NAMES, st.sampled_from(["string", "int", "decimal"]))
def test_the_index_finds_what_trying_each_row_finds(rows: list[tuple[str, str]], wanted: str, kind: str):
    table = Node("root")
    for name, code in rows:
        item = table.add(Node("item"))
        item.add(Node("name", name))
        item.add(Node("code", code))
    root = Node("data")
    root.add(Node("answer", wanted, kind))
    place = Context(root, World(root, NOW, {"t": table}))
    filters = ["name = /data/answer", "/data/answer = name and code != 'a'", "code = 'a' and name = /data/answer"]
    for source in filters:
        quick = compile_expression(f"instance('t')/root/item[{source}]").evaluate(place)
        # position() keeps the index out of it
        slow = compile_expression(f"instance('t')/root/item[({source}) and position() > 0]").evaluate(place)
        assert isinstance(quick, list)
        assert quick == slow


NAMES_OF_STEPS = st.sampled_from(["a", "b", "and", "div", "mod", "x-1", "x.y", "_m", "thôn", "*"])
AXES_OF_STEPS = st.sampled_from(sorted(AXES))


def _steps(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Step]:
    predicates = st.lists(inner, max_size=1).map(tuple)
    named = st.builds(Step, AXES_OF_STEPS, NAMES_OF_STEPS, predicates, st.sampled_from(["", "orx"]))
    return st.one_of(
        st.sampled_from([SELF, PARENT, EVERYWHERE]), named, st.builds(Step, AXES_OF_STEPS, st.just(ANY_NODE))
    )


def _larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    steps = st.lists(_steps(inner), min_size=1, max_size=3).map(tuple)
    predicates = st.lists(inner, min_size=1, max_size=2).map(tuple)
    arguments = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Binary, st.sampled_from(sorted(STRENGTH)), inner, inner),
        st.builds(Negation, inner),
        st.builds(Call, st.sampled_from(["concat", "jr:itext", "not"]), arguments, st.just(0)),
        st.builds(Path, st.sampled_from(["root", "here"]), steps),
        st.builds(Path, inner, steps, st.lists(inner, max_size=1).map(tuple)),
        st.builds(Path, inner, st.just(()), predicates),
    )


LEAVES = st.one_of(
    st.builds(Text, st.text(alphabet="ab'é ", max_size=4)),
    st.builds(Number, st.floats(min_value=0, allow_nan=False, allow_infinity=False).map(abs)),
    st.just(Path("root", ())),
    st.builds(Path, st.just("here"), st.tuples(st.builds(Step, st.just("child"), NAMES_OF_STEPS))),
)
TREES: st.SearchStrategy[Expr] = st.recursive(LEAVES, _larger, max_leaves=12)


def without_places(expression: Expr) -> str:
    """A tree as text, without where in the source its calls stood."""
    return re.sub(r"position=\d+", "", repr(expression))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(TREES)
def test_what_is_printed_is_read_back(tree: Expr):
    assert without_places(parse(printed(tree))) == without_places(tree)


MARKS = """( ) [ ] / // . .. @ , :: | + - * = != < <= > >= and or div mod 1 2.5 .5 5. 'a' "b" '' i rep /data/i count(
concat( true() position() node() child self a:b a:* current()/.. instance('villages')/root/item not( if( regex( date(
join( selected( 1e9 # $ thôn [1] [x=2] \\ '"""
PIECES = st.sampled_from(MARKS.replace("\n", " ").split(" "))


def compiled(source: str) -> Expression | FormsError:
    try:
        return compile_expression(source, late=True)
    except FormsError as error:
        return error


def evaluated(expression: Expression, place: Context) -> Value | FormsError:
    try:
        return expression.evaluate(place)
    except FormsError as error:
        return error


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_any_text_is_an_expression_or_is_refused(source: str):
    expression = compiled(source)
    if isinstance(expression, FormsError):
        assert expression.code.startswith("expression.")
        assert 0 <= expression.params["position"] <= len(source)  # type: ignore[operator]
        return
    assert without_places(parse(printed(parse(source)))) == without_places(parse(source))
    for wide in (False, True):
        value = evaluated(expression, context_at("/data/rep[2]/y", wide))
        assert not isinstance(value, FormsError) or value.params["reason"] in get_args(Reason)


@settings(max_examples=200)
@given(st.text(alphabet="ab1(){}[]*+?|\\.^$-,:<=!&pQEdwsLux0\n", max_size=14), st.text(alphabet="ab1 \n", max_size=30))
def test_any_pattern_matches_or_not_in_bounded_time(pattern: str, text: str):
    matches = find_pattern(pattern)
    if matches is not None:
        with contextlib.suppress(EvaluationError):
            assert matches(text) in (True, False)


@given(st.text(max_size=20), NUMBERS, st.booleans())
def test_casts_follow_xpath(text: str, number: float, truth: bool):
    assert scalar_to_boolean(text) is (text != "")
    assert scalar_to_boolean(number) is (abs(number) > 1e-12)
    assert scalar_to_number(truth) == (1 if truth else 0)
    assert scalar_to_string(truth) == ("true" if truth else "false")
    assert scalar_to_number(scalar_to_string(truth)) != scalar_to_number(scalar_to_string(truth))
    plain = scalar_to_string(number)
    assert "E" in plain or math.isclose(scalar_to_number(plain), number, rel_tol=1e-15, abs_tol=1e-12)


AWKWARD = """''|'a'|0|-1.5|1 div 0|-1 div 0|number('')|99999999999999999999|true()|now()|'²'|'٣'|.|/data/rep|/data/rep/x
/data/m|/data/nothing|/data/d|/data/dt|/data/t|/data/g|/data/shape|date('0001-01-01')|date('9999-12-31')|'%Y %'|'T'
'9999-12-31T23:59:59-12:00'|'10 106;x y'"""
ARGUMENTS = st.lists(st.sampled_from(AWKWARD.replace("\n", "|").split("|")), max_size=6)


@settings(max_examples=400)
@given(st.sampled_from(sorted(REGISTRY)), ARGUMENTS, st.sampled_from(["", "= 1", "+ 1", "| /data/d"]))
def test_evaluation_raises_nothing_but_its_error_and_readings_have_their_type(
    name: str, arguments: list[str], rest: str
):
    try:
        expression = compile_expression(f"{name}({', '.join(arguments)}) {rest}")
    except ExpressionError:
        return
    place = context_at("/data/rep[2]/y")
    readings = ((expression.string, str), (expression.number, float), (expression.boolean, bool))
    with contextlib.suppress(EvaluationError):
        expression.evaluate(place)
    for read, kind in readings:
        with contextlib.suppress(EvaluationError):
            assert type(read(place)) is kind
