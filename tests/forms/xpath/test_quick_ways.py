"""Where a rule is evaluated in a shorter way, it says what the long way says."""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest

from forms.wrap import calculated, written
from forms.xpath.compile import compile_expression
from forms.xpath.context import Context, World
from forms.xpath.operators import equal
from forms.xpath.values import Node, scalar_to_number, value_of

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.timezone(dt.timedelta(hours=7)))
TYPES = ("string", "int", "decimal", "boolean", "date", "select1", "geopoint")
TEXTS = ("", "0", "1", "3", "3.0", "-2", "true", "false", "co", "2026-03-10", "x")
LITERALS: dict[str, str | float | bool] = {"''": "", "'co'": "co", "'3'": "3", "0": 0.0, "3": 3.0, "true()": True}


def answer(kind: str, text: str, relevant: bool = True) -> tuple[Node, Context]:
    root = Node("data")
    node = root.add(Node("a", text, kind))
    node.relevant = relevant
    return node, Context(node, World(root, NOW))


@pytest.mark.parametrize(("source", "value"), LITERALS.items())
def test_an_answer_equals_a_literal_as_two_values_are_equal(source: str, value: str | float | bool) -> None:
    same, other = compile_expression(f". = {source}").boolean, compile_expression(f"/data/a != {source}").boolean
    for kind, text, relevant in product(TYPES, TEXTS, (True, False)):
        node, context = answer(kind, text, relevant)
        expected = equal(value_of(node, NOW), value)
        assert (same(context), other(context)) == (expected, not expected), (kind, text, relevant)


@pytest.mark.parametrize("source", ["/data/a", ".", "../a", "number(/data/a)"])
def test_an_answer_has_the_number_of_its_value(source: str) -> None:
    number = compile_expression(source).number
    for kind, text, relevant in product(TYPES, TEXTS, (True, False)):
        node, context = answer(kind, text, relevant)
        expected = scalar_to_number(value_of(node, NOW))
        assert repr(number(context)) == repr(expected), (kind, text, relevant)


@pytest.mark.parametrize(
    "value", [0.0, -0.0, 1.0, -3.0, 2147483647.0, 2147483648.0, -2147483649.0, 1e11, 0.5, 3.0000000001]
)
def test_a_whole_number_is_written_as_any_number_is(value: float) -> None:
    _, context = answer("string", "")
    for kind in TYPES:
        assert calculated(compile_expression(repr(value)), context, kind) == written(value, kind, NOW), kind


def test_what_is_known_of_a_path_is_what_the_tree_says() -> None:
    node, context = answer("int", "41")
    world = World(context.world.root, NOW, cells={"/data/a": node, "/data/b": []})
    for source in (
        "/data/a + 1",
        "count(/data/a)",
        "/data/b",
        "count(/data/b)",
        "/data/b = ''",
        "max(/data/a, /data/b)",
    ):
        expression = compile_expression(source)
        assert repr(expression.evaluate(Context(node, world))) == repr(expression.evaluate(context)), source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("max(1, /data/none, 3, -5)", 3.0),
        ("min(1, /data/none, 3, -5)", -5.0),
        ("max(/data/none, /data/none)", float("nan")),
        ("min(/data/a)", 7.0),
        ("if(/data/a = 7, 'yes', 'no')", "yes"),
        ("if(/data/a = 8, /data/a, 2)", 2.0),
    ],
)
def test_least_greatest_and_either(source: str, expected: object) -> None:
    _, context = answer("int", "7")
    assert repr(compile_expression(source).evaluate(context)) == repr(expected)
