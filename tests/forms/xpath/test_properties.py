"""What holds for every number, text and key, not only for those in the tables."""

import math
from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from forms.errors import ExpressionError
from forms.xpath.compile import compile_expression
from forms.xpath.context import Context, World
from forms.xpath.functions import REGISTRY
from forms.xpath.moments import find_moment
from forms.xpath.operators import divide, remainder
from forms.xpath.values import Node, number_to_string, scalar_to_number, string_to_number
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
    assert compile_expression(f"date({number_to_string(number)})").string(context()) == day.isoformat()


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


AWKWARD = """''|'a'|0|-1.5|1 div 0|-1 div 0|number('')|99999999999999999999|true()|now()|'²'|'٣'|.|/data/rep|/data/rep/x
/data/m|/data/nothing|/data/d|/data/dt|/data/t|/data/g|/data/shape|date('0001-01-01')|date('9999-12-31')|'%Y %'|'T'
'9999-12-31T23:59:59-12:00'|'10 106;x y'"""
ARGUMENTS = st.lists(st.sampled_from(AWKWARD.replace("\n", "|").split("|")), max_size=6)


@settings(max_examples=400)
@given(st.sampled_from(sorted(REGISTRY)), ARGUMENTS, st.sampled_from(["", "= 1", "+ 1", "| /data/d"]))
def test_evaluation_never_raises_and_readings_have_their_type(name: str, arguments: list[str], rest: str):
    try:
        expression = compile_expression(f"{name}({', '.join(arguments)}) {rest}")
    except ExpressionError:
        return
    place = context_at("/data/rep[2]/y")
    expression.evaluate(place)
    assert isinstance(expression.string(place), str)
    assert type(expression.number(place)) is float
    assert type(expression.boolean(place)) is bool
