"""Rows as lines of CSV: the quick way and the way cell by cell say the same."""

import csv
import io
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.exports.flat import plain_cell
from server.exports.lines import Lines, safe_text

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "=1+1",
            "-5",
            "+84 912",
            "@x",
            " =x",
            "\t=x",
            "\u3000=x",
            "\xa0-1",
            "null",
            "true",
            "a,null,b",
            '"],["',
            "],[",
            "[[",
            "{}",
            ",[",
            'nói "vâng"',
            "hai\ndòng",
            "hai\r\ndòng",
            "a\\nb",
            "\\",
            "\\u0041",
            "06979",
            "Ấp Đông",
            "ế",
            "👩‍🌾",
            "سلام",
            "\x1f=",
            "\x00",
            "é",
        ]
    ),
)
CELLS = st.one_of(st.none(), TEXTS, st.integers(), st.floats(allow_nan=False, allow_infinity=False))
ODD = st.one_of(
    CELLS, st.booleans(), st.lists(st.text(max_size=3), max_size=3), st.dictionaries(TEXTS, TEXTS, max_size=2)
)
TABLES = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(ODD, min_size=width, max_size=width), max_size=6))


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def cell(value: Any, raw: bool) -> str:
    """What stands in a cell, said in the plainest way."""
    value = plain_cell(value)
    if value is None:
        return ""
    if isinstance(value, str):
        return value if raw else safe_text(value)
    return repr(value)


@given(TABLES, st.booleans())
def test_every_cell_is_read_as_it_was(rows: list[list[Any]], raw: bool) -> None:
    found = read(Lines(raw).of(rows))
    assert len(found) == len(rows)
    for line, row in zip(found, rows, strict=True):
        wanted = [cell(each, raw) for each in row]
        # a line of nothing at all is a line without cells
        assert [_number(each) for each in line] == [_number(each) for each in wanted] or (line == [] and wanted == [""])


def _number(text: str) -> float | str:
    """Numbers may be written in more than one way: 1e16, 1e+16."""
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text, re.ASCII) else text


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), min_size=1, max_size=6))
def test_no_cell_is_a_formula(rows: list[list[str]]) -> None:
    for line in read(Lines(raw=False).of(rows)):
        for text in line:
            assert not text.lstrip().startswith(("=", "+", "-", "@"))


def test_half_of_a_pair_is_no_character() -> None:
    assert Lines(raw=False).of([["a\ud800b", 2**80]]) == b'"a?b",1208925819614629174706176\n'


def test_nothing_stands_between_commas_where_nothing_was_answered() -> None:
    assert Lines(raw=False).of([["Khe Mực", None, 4, None]]) == '"Khe Mực",,4,\n'.encode()
