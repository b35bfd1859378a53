"""The quick way to a row and the long way say the same."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.convert import convert
from forms.definition import Field
from forms.parse import parse_form
from server.exports.odata_raw import raw_rows
from server.exports.odata_rows import Shape, SubmissionRows
from tests.kit.awkward import TEXTS

FORM = """
| survey |
| | type                  | name  | label |
| | text                  | ten   | Tên   |
| | begin group           | ho    | Hộ    |
| | integer               | so    | Số    |
| | select_multiple xu_ly | nuoc  | Nước  |
| | geopoint              | noi   | Nơi   |
| | begin repeat          | nguoi | Người |
| | text                  | ten   | Tên   |
| | select_multiple xu_ly | nuoc  | Nước  |
| | begin repeat          | the   | Thẻ   |
| | decimal               | gia   | Giá   |
| | end repeat            |       |       |
| | end repeat            |       |       |
| | end group             |       |       |
| choices |
| | list_name | name | label |
| | xu_ly     | a    | A     |
| settings |
| | form_id | form_title | version |
| | f       | F          | 1       |
"""
KEY, SYSTEM = "uuid:1", {"edits": 0, "deviceId": None}
SHAPES = [Shape(), Shape(expanded=frozenset({"*"})), Shape(expanded=frozenset({"ho/nguoi"}))]
WORDS = st.sampled_from([*TEXTS.values(), "", "a b"])
LISTS = st.lists(st.sampled_from(["a", "b", "ấp"]), max_size=3)
PLACE = st.just({"type": "Point", "coordinates": [107.4, 21.3], "properties": {"accuracy": 5.5}})
ODD = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | WORDS
)
ANY = ODD | LISTS


def part(**kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these, and at times what is no question any more."""
    return st.fixed_dictionaries({}, optional={**kinds, "xoa": ANY})


CARDS = st.lists(part(gia=ODD), max_size=2)
PEOPLE = st.lists(part(ten=ANY, nuoc=LISTS | WORDS | st.none(), the=CARDS), max_size=3)
ANSWERS = part(
    ten=ODD | LISTS,
    ho=part(so=ODD, nuoc=LISTS | WORDS | st.none(), noi=PLACE | WORDS, nguoi=PEOPLE) | st.none(),
    meta=part(instanceID=st.just("uuid:2"), instanceName=WORDS),
)


def root_of(form: str) -> Field:
    return parse_form(convert(form.encode(), "md").xml).root


@pytest.fixture(name="root", scope="module")
def root_fixture() -> Field:
    """The form's root."""
    return root_of(FORM)


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=60, deadline=None)
@given(answers=ANSWERS)
def test_both_ways_say_the_same(root: Field, shape: Shape, answers: dict[str, Any]) -> None:
    quick = raw_rows(root, shape)
    assert quick is not None
    made = quick.row(KEY, "uuid:9", orjson.dumps(answers).decode(), SYSTEM)
    if made is None:
        return
    meta = {"instanceID": "uuid:9"} | answers.get("meta", {})
    row = SubmissionRows(root, shape).row(KEY, answers | {"meta": meta}, SYSTEM)
    assert orjson.loads(made) == orjson.loads(orjson.dumps(row))
    assert list(orjson.loads(made)) == list(row)


def test_what_was_asked_as_it_is_now_goes_the_quick_way(root: Field) -> None:
    quick = raw_rows(root, SHAPES[1])
    assert quick is not None
    answers = {"ten": "Lý", "ho": {"so": 5, "nuoc": ["a", "b"], "nguoi": [{"ten": "X", "the": [{"gia": 1.5}]}]}}
    made = quick.row(KEY, KEY, orjson.dumps(answers).decode(), SYSTEM)
    assert made is not None
    row = orjson.loads(made)
    assert (row["ho"]["nuoc"], row["ho"]["nguoi"][0]["the"][0]["gia"]) == ("a b", 1.5)
    assert quick.row(KEY, KEY, orjson.dumps({"ten": ["a"]}).decode(), SYSTEM) is None


def test_what_is_shown_otherwise_goes_the_long_way(root: Field) -> None:
    assert raw_rows(root, Shape(wkt=True)) is None
    assert raw_rows(root, Shape(selected=frozenset({"ten"}))) is None
    assert raw_rows(root_of(FORM.replace("| nguoi |", "| n-g   |")), Shape()) is None
