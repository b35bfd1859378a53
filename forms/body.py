"""The body of a form: which question asks for which node (ODK XForms specification, "Body")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from forms.definition import Choice, Control, ExpectedAttachment, Range
from forms.itext import Texts, itext_id
from forms.xml import Element, attribute, elements, text_of

_CONTROLS = {"input", "select1", "select", "upload", "trigger", "range", "rank", "secret"}
_PREFIX = re.compile(r"(^|/|@)[\w.-]+:(?=[\w])")
SEARCH = re.compile(r"\bsearch\(\s*((?:['\"]([^'\"]+)['\"]).*)\)")
"""A lookup in an appearance: all arguments, and the first of them, the file."""
SEPARATOR = "\x1f"


@dataclass
class Asked:
    """What the body says of one node, before its expressions are compiled."""

    control: Control | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    appearance: str = ""
    choices: tuple[Choice, ...] = ()
    itemset: str | None = None
    query: str | None = None
    value_ref: str = "name"
    label_ref: str = "label"
    media_type: str | None = None
    range: Range | None = None
    is_group: bool = False
    is_repeat: bool = False
    count: str | None = None


class Body:
    """All that the body asks for, by path; ``set_values`` with the path of the question that triggers each."""

    def __init__(self, body: Element | None, texts: Texts, root: str, bind_ids: Mapping[str, str]) -> None:
        self.texts = texts
        self.bind_ids = bind_ids
        self.asked: dict[str, Asked] = {}
        self.set_values: list[tuple[Element, str | None, str]] = []
        self.media: list[ExpectedAttachment] = []
        if body is not None:
            self._walk(body, root)

    def resolve(self, reference: str | None, context: str) -> str | None:
        """A ref of the body as an absolute path."""
        if not reference:
            return None
        reference = plain_path(reference)
        if reference.startswith("/"):
            return reference.rstrip("/") or "/"
        steps = context.split("/")
        for step in reference.split("/"):
            if step == "..":
                steps.pop()
            elif step not in (".", "", "current()"):
                steps.append(step)
        return "/".join(steps)

    def _target(self, element: Element, context: str) -> str | None:
        bind = attribute(element, "bind")
        if bind:
            return self.bind_ids.get(bind)
        return self.resolve(attribute(element, "ref") or attribute(element, "nodeset"), context)

    def _walk(self, parent: Element, context: str) -> None:
        for name, element in elements(parent):
            path = self._target(element, context)
            if name == "group":
                self._group(element, path, context)
            elif name == "repeat" and path:
                asked = self.asked.setdefault(path, Asked())
                asked.is_repeat = True
                asked.count = attribute(element, "count")
                asked.appearance = asked.appearance or attribute(element, "appearance") or ""
                self._walk(element, path)
            elif name in _CONTROLS and path:
                self._question(name, element, path)
            elif name in ("setvalue", "setgeopoint"):
                self.set_values.append((element, None, context))

    def _group(self, element: Element, path: str | None, context: str) -> None:
        repeat = next((child for name, child in elements(element) if name == "repeat"), None)
        named = path or (self._target(repeat, context) if repeat is not None else None)
        if named:
            asked = self.asked.setdefault(named, Asked())
            asked.is_group = True
            asked.appearance = attribute(element, "appearance") or asked.appearance
            for name, child in elements(element):
                if name == "label":
                    asked.labels = self.texts.of_element(child, named)
        self._walk(element, path or context)

    def _question(self, name: str, element: Element, path: str) -> None:
        asked = self.asked.setdefault(path, Asked())
        if asked.control is not None:
            return
        asked.control = cast(Control, name)
        asked.appearance = attribute(element, "appearance") or ""
        asked.media_type = attribute(element, "mediatype")
        if name == "range":
            asked.range = _range_of(element)
        choices: list[Choice] = []
        for child_name, child in elements(element):
            if child_name == "label":
                asked.labels = self.texts.of_element(child, path)
            elif child_name == "hint":
                asked.hints = self.texts.of_element(child, f"{path}:hint")
            elif child_name == "item":
                choices.append(self._item(child))
            elif child_name == "itemset":
                self._itemset(child, asked)
            elif child_name in ("setvalue", "setgeopoint"):
                self.set_values.append((child, path, path))
        asked.choices = tuple(choices)
        asked.query = attribute(element, "query")
        if asked.query:
            self.media.append(ExpectedAttachment("itemsets.csv", "file"))
        searched = SEARCH.search(asked.appearance)
        if searched:
            self.media.append(ExpectedAttachment(f"{searched[2].removesuffix('.csv')}.csv", "file"))

    def _item(self, item: Element) -> Choice:
        name, labels = "", {}
        for child_name, child in elements(item):
            if child_name == "value":
                name = text_of(child).strip()
            elif child_name == "label":
                labels = dict(self.texts.of_element(child))
        return Choice(name, labels)

    def _itemset(self, element: Element, asked: Asked) -> None:
        asked.itemset = attribute(element, "nodeset")
        for name, child in elements(element):
            reference = (attribute(child, "ref") or "").strip()
            if name == "value":
                asked.value_ref = reference
            elif name == "label":
                asked.label_ref = reference


def choices_of(items: list[tuple[str, dict[str, str]]], label_ref: str, texts: Texts) -> tuple[Choice, ...]:
    """Choices from the items of an inline instance: (name, all columns) each."""
    column = itext_id(label_ref)
    made = []
    for name, columns in items:
        if column is not None:
            message = texts.of_id(columns.get(column, ""))
            labels: dict[str, str] = message.plain if message is not None else {}
        else:
            labels = {texts.default: columns[label_ref]} if label_ref in columns else {}
        made.append(Choice(name, labels, columns))
    return tuple(made)


def _range_of(element: Element) -> Range | None:
    try:
        start, end, step = (float(attribute(element, key) or "") for key in ("start", "end", "step"))
    except ValueError:
        return None
    return Range(start, end, step)


def plain_path(path: str) -> str:
    """A path without spaces and without the prefixes of namespaces."""
    return _PREFIX.sub(r"\1", re.sub(r"\s+", "", path))
