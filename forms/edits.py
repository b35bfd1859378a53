"""Answers that differ: between two edits of one filled form, and between what was sent and what a new version has a
place for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from forms.compare import holds_answers
from forms.definition import FormDefinition
from forms.instance import Instance
from forms.plan import NodePlan
from forms.xpath.values import Node

_OWN_IDS = frozenset({"instanceID", "deprecatedID"})
MOST_ROWS = 500
"""Rows of one repeat beyond which they are held against each other by their place alone."""


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """One answer that an edit changed. ``old_path``, ``new_path``: "/data/member[2]/m_age" where it stood and where it
    stands, None when it was added or taken away; likewise the values, as they were sent. An empty answer is none."""

    old_path: str | None
    new_path: str | None
    old: str | None
    new: str | None

    @property
    def path(self) -> str:
        """Where the answer stands; where it stood, when it was taken away."""
        return self.new_path or self.old_path or ""

    @property
    def steps(self) -> list[str | int]:
        """The path below the root as ODK Central's diffs have it: names, and places of rows from 0."""
        found: list[str | int] = []
        for step in self.path.split("/")[2:]:
            name, _, place = step.partition("[")
            found.append(name)
            if place:
                found.append(int(place.rstrip("]")) - 1)
        return found


def compare_edits(definition: FormDefinition, old: Instance, new: Instance) -> tuple[AnswerChange, ...]:
    """What an edit changed, in the order of the form; the ids of the two instances apart.

    Rows of a repeat that stayed the same are recognised wherever they stand now; those between them are held against
    each other in order. Fields that the form does not know are compared too, by name. Nodes of repeats are marked as
    such, so that their paths name their places.
    """
    return tuple(_compare(old.root, new.root, definition.plan.root))


def _compare(old: Node, new: Node, plan: NodePlan | None) -> Iterator[AnswerChange]:
    before, after = ("" if node.children else node.text.strip() for node in (old, new))
    if before != after:
        paths = old.path() if before else None, new.path() if after else None
        yield AnswerChange(*paths, before or None, after or None)
    for name in _names(old, new, plan):
        below = plan.children.get(name) if plan is not None else None
        rows = old.named(name), new.named(name)
        for row in (*rows[0], *rows[1]):
            row.is_repeat = below is not None and below.is_repeat
        for one, other in _aligned(*rows):
            if one is not None and other is not None:
                yield from _compare(one, other, below)
            elif one is not None:
                yield from (AnswerChange(each.path(), None, each.text.strip(), None) for each in _said(one))
            elif other is not None:
                yield from (AnswerChange(None, each.path(), None, each.text.strip()) for each in _said(other))


def _names(old: Node, new: Node, plan: NodePlan | None) -> list[str]:
    """The names below two nodes in the order of the form; of ``meta``, less what names the instances themselves."""
    known = list(plan.children) if plan is not None else []
    sent = dict.fromkeys(child.name for node in (new, old) for child in node.children)
    order = [name for name in known if name in sent] + [name for name in sent if name not in known]
    ids = _OWN_IDS if new.name == "meta" or new.parent is None else frozenset()
    return [name for name in order if name not in ids]


def _aligned(old: list[Node], new: list[Node]) -> Iterator[tuple[Node | None, Node | None]]:
    if len(old) == len(new) == 1 or max(len(old), len(new)) > MOST_ROWS:
        yield from _side_by_side(old, new)
        return
    one, other = ([_content(row) for row in rows] for rows in (old, new))
    for kind, from_old, to_old, from_new, to_new in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from _side_by_side(old[from_old:to_old], new[from_new:to_new])


def _side_by_side(old: list[Node], new: list[Node]) -> Iterator[tuple[Node | None, Node | None]]:
    for place in range(max(len(old), len(new))):
        yield old[place] if place < len(old) else None, new[place] if place < len(new) else None


def _content(row: Node) -> tuple[tuple[str, str], ...]:
    return tuple((node.path()[len(row.path()) :], node.text.strip()) for node in _said(row))


def _said(node: Node) -> Iterator[Node]:
    """The answers below a node, itself if it is one."""
    if node.children:
        for child in node.children:
            yield from _said(child)
    elif node.text.strip():
        yield node


def displaced(old: FormDefinition, new: FormDefinition, instance: Instance) -> Iterator[Node]:
    """The answers of a submission that have a place in a version of a form and none in a newer one.

    Judge the submission by the old version first: what it hides is no answer.
    """
    root = instance.root
    kept = new.plan.root if new.plan.root.name == root.name else None
    if old.plan.root.name == root.name:
        for node, plan in _displaced(root, old.plan.root, kept):
            if holds_answers(old, plan.field):
                yield node


def _displaced(node: Node, old: NodePlan, new: NodePlan | None) -> Iterator[tuple[Node, NodePlan]]:
    rows: dict[str, int] = {}
    for child in node.children:
        was = old.children.get(child.name)
        if was is None or not child.relevant:
            continue
        row = rows[child.name] = rows.get(child.name, 0) + 1
        now = new.children.get(child.name) if new is not None else None
        if now is not None and row > 1 and not now.is_repeat:
            now = None  # of rows, a group has the first alone
        if now is not None and now.is_leaf != was.is_leaf:
            now = None
        if not was.is_leaf:
            yield from _displaced(child, was, now)
        elif now is None and child.text.strip():
            yield child, was
