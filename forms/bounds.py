"""How large a form may be. Forms in use stay far below; what is beyond is refused before anything is compiled.

The length of one expression, and how deep its brackets may nest, stand in :mod:`forms.xpath.parser`.
"""

from __future__ import annotations

from collections.abc import Iterator

from forms.errors import DefinitionError
from forms.xml import Element, attribute, elements, local_name

MAX_FIELDS = 10_000
MAX_NESTING = 64
MAX_CHOICES = 50_000
"""Of one list that stands in the form; a longer one belongs in a file."""
MAX_EXPRESSION = 100_000
MAX_EXPRESSIONS = 1_000_000
"""Characters of all expressions together."""
_CONTROLS = ("select1", "select", "rank")
_EXPRESSIONS = ("calculate", "constraint", "relevant", "required", "readonly", "count", "nodeset", "value", "ref")


def check_bounds(html: Element) -> None:
    """Refuse a form beyond the bounds.

    :raises DefinitionError: ``definition.too_many_fields``, ``.too_nested``, ``.too_many_choices``,
        ``.too_many_formulas`` or ``expression.too_long``; params: ``limit`` and ``field``, the path of the place, or
        ``list``. ``errors`` holds all of them.
    """
    found = list(_exceeded(html))
    if found:
        found[0].errors = tuple(found)
        raise found[0]


def _exceeded(html: Element) -> Iterator[DefinitionError]:
    parts = dict(elements(html))
    model = dict(elements(parts["head"])).get("model") if "head" in parts else None
    if model is None:
        return
    primary = True
    for name, instance in elements(model):
        if name != "instance":
            continue
        for root in instance:
            yield from _fields(root) if primary else _choices(root, attribute(instance, "id") or "")
            primary = False
    yield from _expressions(html)
    for element in parts["body"].iter() if "body" in parts else ():
        if local_name(element) in _CONTROLS:
            yield from _choices(element, attribute(element, "ref") or "")


def _fields(root: Element) -> Iterator[DefinitionError]:
    for number, element in enumerate(root.iter(), 1):
        if number > MAX_FIELDS:
            params = {"limit": MAX_FIELDS, "field": path_of(element, root)}
            yield DefinitionError("definition.too_many_fields", params)
            return
        path = path_of(element, root) if not len(element) else ""
        if path.count("/") - 2 > MAX_NESTING:  # neither the root nor the field itself is a group in it
            yield DefinitionError("definition.too_nested", {"limit": MAX_NESTING, "field": path})
            return


def _choices(parent: Element, name: str) -> Iterator[DefinitionError]:
    if len(parent) > MAX_CHOICES:
        yield DefinitionError("definition.too_many_choices", {"limit": MAX_CHOICES, "list": name, "field": ""})


def _expressions(html: Element) -> Iterator[DefinitionError]:
    total = 0
    for element in html.iter():
        for key, value in element.items():
            rule = str(key).rpartition("}")[2]
            if rule not in _EXPRESSIONS:
                continue
            total += len(value)
            where = {"field": attribute(element, "nodeset") or attribute(element, "ref") or "", "property": rule}
            if len(value) > MAX_EXPRESSION:
                yield DefinitionError("expression.too_long", {**where, "limit": MAX_EXPRESSION})
            if total > MAX_EXPRESSIONS:
                yield DefinitionError("definition.too_many_formulas", {**where, "limit": MAX_EXPRESSIONS})
                return


def path_of(element: Element, root: Element) -> str:
    """The path of an element of the instance: "/data/group/field"."""
    steps = [local_name(element)]
    while element is not root:
        above = element.getparent()
        if above is None:
            break
        element = above
        steps.append(local_name(element))
    return "/" + "/".join(reversed(steps))
