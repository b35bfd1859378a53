"""Expressions from the test tables of several engines, each with what JavaRosa (the engine of ODK Collect) answered.

The tables are not part of this repository: THONBAN_VECTORS names a folder with ``xpath.tar.gz`` (``xpath.jsonl``, one
expression a line, and ``xpath-docs.json``, the documents they are evaluated on).
"""

import json
import math
import os
import re
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from forms.errors import ExpressionError
from forms.xpath.compile import compile_expression
from forms.xpath.context import Context, World
from forms.xpath.values import Node, Value, scalar_to_string, unpack
from tests.forms.xpath.trees import document_of, node_at, reference

LEAST_SHARE = 0.96

FOLDER = os.environ.get("THONBAN_VECTORS")
pytestmark = pytest.mark.skipif(not FOLDER, reason="THONBAN_VECTORS names no folder with xpath.tar.gz")

# Where we differ on purpose, by the reason; a pattern over the expression.
DELIBERATE = {
    "a number selects by place (XPath 1.0); a phone finds nothing": r"\[\s*\d+\s*\]",
    "the maximum of negative numbers is negative; a phone says 4.9E-324": r"^max\(",
    "attributes can be asked for inside predicates and after wildcards": r"@",
    "unknown functions are refused when compiled, even where never called": r"(explode|fn|substring|last)",
    "steps after a predicate that looks at siblings are taken; a phone loses them": r"string-length\(\.\./name/last\)",
    "the root element must have the name that the path gives it": r"^/htmlnot$",
}


def _agrees(value: Value, expected: dict[str, object], now: datetime) -> bool:
    kind = expected["type"]
    if kind == "nodeset":
        return isinstance(value, list) and [reference(node) for node in value] == expected["refs"]
    plain = unpack(value, now)
    if kind == "boolean":
        return plain is expected["value"]
    if kind == "number":
        number = float(str(expected["value"]))
        if not isinstance(plain, float):
            return False
        return (
            (math.isnan(number) and math.isnan(plain)) or plain == number or math.isclose(plain, number, rel_tol=1e-12)
        )
    if kind == "date":
        return isinstance(plain, datetime) and scalar_to_string(plain) == expected["string"]
    return isinstance(plain, str) and plain == expected["value"]


def _vectors() -> tuple[dict[str, str], list[dict[str, object]]]:
    with tarfile.open(Path(str(FOLDER)) / "xpath.tar.gz") as archive:
        texts = {Path(name).name: archive.extractfile(name) for name in archive.getnames()}
        docs, rows = texts["xpath-docs.json"], texts["xpath.jsonl"]
        assert docs is not None
        assert rows is not None
        return json.load(docs), [json.loads(line) for line in rows]


def test_expressions_give_what_a_phone_gives():
    documents, rows = _vectors()
    trees: dict[str, Node] = {}
    differing: list[str] = []
    unexplained: list[str] = []
    for row in rows:
        key = str(row["doc"])
        tree = trees.setdefault(key, document_of(documents[key]))
        now = datetime(2024, 5, 6, 10, 20, 30, tzinfo=UTC).astimezone(ZoneInfo(str(row["tz"])))
        node = node_at(tree, str(row["node"]))
        source = str(row["expr"])
        try:
            value: Value = compile_expression(source).evaluate(Context(node, World(tree.children[0], now)))
        except ExpressionError as error:
            value = f"refused: {error.code}"
        if not _agrees(value, row["javarosa"], now):  # type: ignore[arg-type]
            line = f"doc {key} {row['node']} {source!r}: {value!r}, phone {row['javarosa']}"
            differing.append(line)
            if not any(re.search(pattern, source.strip()) for pattern in DELIBERATE.values()):
                unexplained.append(line)
    share = 1 - len(differing) / len(rows)
    print(f"\n{len(rows)} expressions, {share:.2%} as on a phone; {len(unexplained)} of {len(differing)} not explained")
    assert unexplained == []
    assert share >= LEAST_SHARE
