"""The versions of a form as one form, so that answers to all of them stand in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forms.definition import Choice, Field


def merge_forms(roots: Sequence[Field]) -> Field:
    """One tree of the trees of several versions, the newest first: what it has stands in its order with its labels,
    what only earlier ones have follows at the end of its group. A name that was something else before (a group, a
    repeat, a question) is what the newest says; choices that were struck are known by their labels still."""
    newest, *earlier = roots
    merged = newest
    for each in earlier:
        merged = _merged(merged, each)
    return merged


def _merged(newer: Field, older: Field) -> Field:
    known = {child.name: child for child in newer.children}
    children = []
    before = {child.name: child for child in older.children}
    for child in newer.children:
        same = before.get(child.name)
        children.append(_merged(child, same) if same is not None and same.kind == child.kind else child)
    children += [child for child in older.children if child.name not in known]
    return replace(newer, children=tuple(children), choices=_all_of(newer.choices, older.choices))


def _all_of(newer: tuple[Choice, ...], older: tuple[Choice, ...]) -> tuple[Choice, ...]:
    known = {choice.name for choice in newer}
    return newer + tuple(choice for choice in older if choice.name not in known)
