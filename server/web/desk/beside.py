"""Lays the answers of a submission beside other texts of it: the last round's sheet, and the version before an edit.
Differences are marked where they are, by a sign and a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from server.web.desk.sheets import Difference, Item, Shown

SAME, CHANGED, NEW, GONE = "same", "changed", "new", "gone"
ROUND, EDIT = "round", "edit"


@dataclass(frozen=True)
class Other:
    """Another text, laid out. `where`: its submission and version; `hashes`: the contents of its files by name, and of
    those of the text that it stands beside."""

    source: str
    items: tuple[Item, ...]
    where: tuple[int, int]
    hashes: Mapping[str, str | None]
    own_hashes: Mapping[str, str | None]


@dataclass(frozen=True)
class Counted:
    """How many answers differ from another text, and how many do not."""

    different: int
    same: int


def lay_beside(items: Sequence[Item], other: Other) -> tuple[Item, ...]:
    """The same items, each answer with how it differs from the other text; what stood only there comes last in its
    group."""
    return tuple(_merge(items, other.items, other))


def count_marks(items: Iterable[Item], source: str) -> Counted:
    """How many answers differ from that text."""
    marks = [each.mark for item in walk(items) for each in item.beside if each.source == source]
    return Counted(sum(mark != SAME for mark in marks), marks.count(SAME))


def walk(items: Iterable[Item]) -> Iterator[Item]:
    """Every answer, in order."""
    for item in items:
        if item.kind == "answer":
            yield item
        yield from walk(item.children)
        for row in item.rows:
            yield from walk(row)


def walk_all(items: Iterable[Item]) -> Iterator[Item]:
    """The same with the groups and repeats themselves."""
    for item in items:
        yield item
        yield from walk_all(item.children)
        for row in item.rows:
            yield from walk_all(row)


def _merge(items: Sequence[Item], then: Sequence[Item], other: Other) -> Iterator[Item]:
    before = {each.name: each for each in then}
    for item in items:
        found = before.pop(item.name, None)
        if found is not None and found.kind != item.kind:
            yield _all(item, NEW, other)
            yield _all(found, GONE, other)
        elif found is None:
            yield _all(item, NEW, other)
        elif item.kind == "answer":
            yield _marked(item, _mark(item, found, other), found.shown, other)
        elif item.kind == "group":
            yield replace(item, children=tuple(_merge(item.children, found.children, other)))
        else:
            yield replace(item, rows=tuple(_rows(item.rows, found.rows, other)))
    for each in before.values():
        yield _all(each, GONE, other)


def _rows(
    rows: Sequence[tuple[Item, ...]], then: Sequence[tuple[Item, ...]], other: Other
) -> Iterator[tuple[Item, ...]]:
    """Rows of a repeat belong together by their first answer where that tells them apart, else by their place."""
    keys, before = [_key(row) for row in rows], [_key(row) for row in then]
    if len(set(keys)) < len(keys) or len(set(before)) < len(before):
        keys, before = [str(place) for place in range(len(rows))], [str(place) for place in range(len(then))]
    known = dict(zip(before, then, strict=True))
    for key, row in zip(keys, rows, strict=True):
        found = known.pop(key, None)
        yield tuple(_merge(row, found, other)) if found is not None else tuple(_all(each, NEW, other) for each in row)
    for row in known.values():
        yield tuple(_all(each, GONE, other) for each in row)


def _key(row: Sequence[Item]) -> str:
    return next((each.shown.text for each in walk(row) if each.shown), "")


def _all(item: Item, mark: str, other: Other) -> Item:
    """An item that stands in one of the two texts only. What is gone has no answer here, and no place to be asked
    at."""
    if item.kind == "answer":
        if mark == NEW:
            # a question that nobody answered in either is no difference
            blank = item.shown is None or item.shown.kind == "none"
            return item if blank else _marked(item, NEW, None, other)
        bare = replace(item, shown=None, path="", findings=())
        return _marked(bare, GONE, item.shown, other)
    children = tuple(_all(each, mark, other) for each in item.children)
    rows = tuple(tuple(_all(each, mark, other) for each in row) for row in item.rows)
    return replace(
        item,
        children=children,
        rows=rows,
        **({"path": "", "findings": ()} if mark == GONE else {}),  # type: ignore[arg-type]
    )


def _marked(item: Item, mark: str, shown: Shown | None, other: Other) -> Item:
    return replace(item, beside=(*item.beside, Difference(other.source, mark, shown, other.where)))


def _mark(item: Item, then: Item, other: Other) -> str:
    now, before = item.shown, then.shown
    if now is None or before is None or (now.kind == "none") != (before.kind == "none"):
        blank = now is None or now.kind == "none"
        return (GONE if before is not None and before.kind != "none" else SAME) if blank else NEW
    if now.kind in ("picture", "file") and before.kind in ("picture", "file"):
        here, there = other.own_hashes.get(now.file or ""), other.hashes.get(before.file or "")
        return SAME if here == there else CHANGED
    return SAME if now.text == before.text else CHANGED
