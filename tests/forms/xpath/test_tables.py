"""Every row of tables/<family>.tsv: an expression at a place of the form below, and its value.

The values are what JavaRosa 5.1 answered on the same form in the zone of Việt Nam: "stops" where it stops, and with
which reason of ours; "refused" is said when compiling already. wide.tsv has what a wide world says instead.
"""

import csv
import json
import math
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from forms.errors import EvaluationError, ExpressionError
from forms.xpath.compile import compile_expression, known_functions
from forms.xpath.context import Context, World
from forms.xpath.functions import FAMILIES
from forms.xpath.values import Node, Value, scalar_to_string
from tests.forms.xpath.trees import document_of, node_at
from tests.kit.vectors import reference

TABLES = sorted((Path(__file__).parent / "tables").glob("*.tsv"))
FORM = """<data id="t"><total/><rep><x>1</x><y>a</y><sub><z>11</z></sub><sub><z>12</z></sub></rep><rep><x>2</x><y>b</y>
<sub><z>21</z></sub></rep><rep><x>3</x><y>c</y></rep><d>2024-05-06</d><dt>2024-05-06T10:20:30.000+07:00</dt>
<t>10:20:30.000+07:00</t><g>10.5 106.8 0 0</g><b>1</b><i>7</i><dec>1.50</dec><s>1.50</s><m/>
<trace>10 106 0 0;10 107 0 0;11 107 0 0</trace><shape>10 106 0 0;10 107 0 0;11 107 0 0;10 106 0 0</shape></data>"""
TYPES = {
    "/data/rep": "repeat",
    "/data/rep/x": "int",
    "/data/rep/sub": "repeat",
    "/data/d": "date",
    "/data/dt": "dateTime",
    "/data/t": "time",
    "/data/g": "geopoint",
    "/data/b": "boolean",
    "/data/i": "int",
    "/data/dec": "decimal",
    "/data/trace": "geotrace",
    "/data/shape": "geoshape",
}
VILLAGES = """<root>
<item><name>lung_cu</name><label>Lũng Cú</label><commune>dong_van</commune><code>12</code></item>
<item><name>lo_lo_chai</name><label>Lô Lô Chải</label><commune>dong_van</commune><code>2</code></item>
<item><name>orphan</name><label>Không xã</label><commune/><code>x</code></item></root>"""
NOW = datetime(2024, 5, 6, 23, 59, tzinfo=timezone(timedelta(hours=7)))
DOCUMENT = document_of(FORM, TYPES)
ITEMS = document_of(VILLAGES).children[0]


def context_at(path: str, wide: bool = False) -> Context:
    world = World(
        DOCUMENT.children[0],
        NOW,
        {"villages": ITEMS},
        random=lambda: 0.25,
        choice_label=lambda question, name: f"{question.name}: {name}",
        itext=lambda identifier: f"text of {identifier}",
        tables={"villages": ITEMS},
        properties={"deviceid": "thonban:1", "version": "2024050601"},
        wide=wide,
    )
    return Context(node_at(DOCUMENT, path), world)


def rows() -> list[object]:
    found: list[object] = []
    for table in TABLES:
        with table.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                found.append(pytest.param(table.stem, *row.values(), id=f"{table.stem} {row['expression']}"))
    return found


def written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(["nodes", *map(reference, value)])
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        return f"date {scalar_to_string(value)}"
    return f"number {value}"


def close(left: str, right: str) -> bool:
    if not (left.startswith("number ") and right.startswith("number ")):
        return False
    one, other = float(left[7:]), float(right[7:])
    return (math.isnan(one) and math.isnan(other)) or one == other or math.isclose(one, other, rel_tol=1e-13)


@pytest.mark.parametrize(("table", "at", "expression", "expected"), rows())
def test_an_expression_has_its_value(table: str, at: str, expression: str, expected: str):
    kind, _, what = expected.partition(" ")
    if kind == "refused":
        with pytest.raises(ExpressionError) as refused:
            compile_expression(expression)
        assert refused.value.code == what
        return
    context, compiled = context_at(at, wide=table == "wide"), compile_expression(expression)
    if kind == "stops":
        for read in (compiled.evaluate, compiled.string, compiled.number, compiled.boolean):
            with pytest.raises(EvaluationError) as stopped:
                read(context)
            assert stopped.value.params == {"reason": what}
        return
    value = written(compiled.evaluate(context))
    assert value == expected or close(value, expected)


def test_every_function_has_rows_in_a_table():
    text = "".join(table.read_text(encoding="utf-8") for table in TABLES)
    assert [name for name in known_functions() if not re.search(rf"(?<![\w.:-]){re.escape(name)}\(", text)] == []


def test_every_family_has_a_table():
    names = {family.__name__.rpartition(".")[2] for family in FAMILIES}
    assert names | {"operators", "wide"} == {table.stem for table in TABLES}


def test_readings_of_one_value_agree():
    for row in rows():
        table, at, source, expected = row.values  # type: ignore[attr-defined]
        if expected.startswith(("refused ", "stops ")):
            continue
        expression, context = compile_expression(source), context_at(at, wide=table == "wide")
        value = expression.evaluate(context)
        if isinstance(value, str):
            assert expression.string(context) == value
        if isinstance(value, bool):
            assert expression.boolean(context) is value
        if isinstance(value, float) and value == value:
            assert expression.number(context) == value


def test_irrelevant_nodes_are_invisible():
    document = document_of(FORM, TYPES)
    second: Node = node_at(document, "/data/rep[2]")
    for node in (second, *second.children):
        node.relevant = False
    context = Context(node_at(document, "/data/total"), World(document.children[0], NOW))
    assert compile_expression("count(/data/rep)").number(context) == 2
    assert compile_expression("sum(/data/rep/x)").number(context) == 4
    assert compile_expression("concat(/data/rep/y)").string(context) == "ac"
    own = context.at(node_at(document, "/data/rep[2]/x"))
    assert compile_expression(".").string(own) == ""
    assert compile_expression("../x = ''").boolean(own) is True
