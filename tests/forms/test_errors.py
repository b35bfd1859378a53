"""Errors cross the pipe of the conversion worker whole."""

from __future__ import annotations

import pickle

import pytest

from forms.errors import ConversionError, DefinitionError, ExpressionError, InstanceError, Problem


@pytest.mark.parametrize("kind", [ConversionError, DefinitionError, ExpressionError, InstanceError])
def test_an_error_survives_pickling(kind):
    error = pickle.loads(pickle.dumps(kind("a.b", {"row": 3})))
    assert (type(error), error.code, error.params) == (kind, "a.b", {"row": 3})
    assert str(error) == "a.b (row=3)"


def test_problems_travel_along():
    problem = Problem("survey", 3, "x", "y", {"name": "a"})
    assert pickle.loads(pickle.dumps(ConversionError("a", {}, (problem,)))).problems == (problem,)


def test_all_that_was_found_travels_along():
    first, second = DefinitionError("a"), ExpressionError("b")
    first.errors = (first, second)
    again = pickle.loads(pickle.dumps(first))
    assert [each.code for each in again.errors] == ["a", "b"]
    assert again.errors[0] is again
