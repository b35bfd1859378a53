"""A filled form as typed JSON: what storage keeps, and exports, OData and criteria read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from forms.definition import FormDefinition
from forms.instance import Instance
from forms.plan import NodePlan
from forms.types import geojson_of, is_int
from forms.xpath.values import Node

Json = dict[str, Any]


def answers_of(definition: FormDefinition, instance: Instance) -> Json:
    """The answers by name, nested as the form's groups; a repeat is a list.

    Values: int → int, decimal → float, several choices → list of names, geopoint → GeoJSON Point, geotrace and
    geoshape → LineString and Polygon, boolean → bool, everything else the text; nothing → None. A value that cannot be
    read as its type stays the text that was sent, so that nothing is lost. What is irrelevant is left out: judge the
    instance first, before that all counts as relevant. Fields that were not sent are absent. Of an entity block
    only the label is kept.
    """
    plan = definition.plan.root
    return _group(instance.root, plan)


def _group(node: Node, plan: NodePlan) -> Json:
    answers: Json = {}
    plans = plan.children
    for child in node.children:
        name = child.name
        below = plans.get(name)
        if below is None or not child.relevant:
            continue
        if below.is_repeat:
            rows = answers.get(name)
            if rows is None:
                answers[name] = rows = []
            rows.append(_group(child, below))
        elif below.children:
            answers[name] = _group(child, below)
        else:
            text = child.text
            read = _READERS.get(below.type)
            answers[name] = (text or None) if read is None else read(text) if text else None
    return answers


def _int(text: str) -> int | str | None:
    try:
        return int(text) if is_int(text) else text
    except ValueError:
        return text


def _decimal(text: str) -> float | str | None:
    try:
        number = float(text)
    except ValueError:
        return text if text.strip() else None
    return number if number - number == 0 else text


def _several(text: str) -> list[str] | None:
    return text.split() or None


def _boolean(text: str) -> bool | str:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.strip(), text)


def _point(text: str) -> Json | str | None:
    return geojson_of("geopoint", text) or text


def _trace(text: str) -> Json | str | None:
    return geojson_of("geotrace", text) or text


def _shape(text: str) -> Json | str | None:
    return geojson_of("geoshape", text) or text


_READERS: dict[str, Callable[[str], Any]] = {
    "int": _int,
    "decimal": _decimal,
    "select": _several,
    "rank": _several,
    "boolean": _boolean,
    "geopoint": _point,
    "geotrace": _trace,
    "geoshape": _shape,
}


def find_answer(answers: Mapping[str, Any], path: str) -> Any:
    """The answer at a generic path (``/data/group/field``), None when there is none; below a repeat a list."""
    steps = path.strip("/").split("/")[1:]
    return _find(answers, steps)


def _find(value: Any, steps: list[str]) -> Any:
    if not steps:
        return value
    if isinstance(value, list):
        return [_find(row, steps) for row in value]
    if isinstance(value, Mapping):
        return _find(value.get(steps[0]), steps[1:])
    return None
