"""Which field of an old version of a form is which of a new one.

A field that stands where it stood is the same one. Of the others, groups are paired first, by what they hold; then
fields of the same name that stand elsewhere (moved); then what is alike in label, type, choices, calculation and
position (renamed). All but the first is a guess, and carries how like the two are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

from forms.definition import Field, FormDefinition, Labels

How = Literal["kept", "moved", "renamed"]
Held = tuple[Field, frozenset[str], frozenset[str]]
"""A group with the names and the labels of all below it."""

ALIKE = 0.7
"""How like two fields must be, at least, to be called one that was renamed."""
SAME_NAME = 0.25
"""The same of two fields with one name, of which we say that it was moved."""
GROUPS_ALIKE = 0.5
MOST_PAIRS = 100_000
"""Beyond so many pairs to be weighed only those with the very same label are."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A field in both versions. ``how``: kept says that it stands where it stood, or where its group went."""

    old: Field
    new: Field
    how: How = "kept"
    likeness: float = 1.0


@dataclass(slots=True)
class Matching:
    """``pairs`` by old path, in the order they were found; what has no other half, in document order."""

    pairs: dict[str, Pair] = field(default_factory=dict)
    removed: list[Field] = field(default_factory=list)
    added: list[Field] = field(default_factory=list)


def match_fields(old: FormDefinition, new: FormDefinition) -> Matching:
    """Pairs the fields of two versions."""
    return _Matcher(old, new).matching()


class _Matcher:
    def __init__(self, old: FormDefinition, new: FormDefinition) -> None:
        self.old, self.new = old, new
        self.pairs: dict[str, Pair] = {}
        self.taken: set[str] = set()
        self.likeness = Likeness(old, new)

    def matching(self) -> Matching:
        self._pair(Pair(self.old.root, self.new.root))
        self._groups()
        self._moved()
        self._renamed()
        return Matching(self.pairs, list(self._left(self.old, self.pairs)), list(self._left(self.new, self.taken)))

    @staticmethod
    def _left(form: FormDefinition, done: Mapping[str, Pair] | Set[str]) -> Iterator[Field]:
        return (each for each in form.fields.values() if each.path not in done)

    def _pair(self, pair: Pair) -> None:
        """Pairs two fields and, below them, what has the same name."""
        self.pairs[pair.old.path] = pair
        self.taken.add(pair.new.path)
        if _is_leaf(pair.old) or _is_leaf(pair.new):
            return
        below = {each.name: each for each in pair.new.children if each.path not in self.taken}
        for child in pair.old.children:
            if child.name in below and child.path not in self.pairs:
                self._pair(Pair(child, below[child.name]))

    def _groups(self) -> None:
        old = [each for each in self._left(self.old, self.pairs) if not _is_leaf(each)]
        new = [each for each in self._left(self.new, self.taken) if not _is_leaf(each)]
        if len(old) * len(new) > MOST_PAIRS:
            names = _by(_name, new)
            weighed = [(one, other) for one in old for other in names.get(one.name, [])[:50]]
        else:
            weighed = [(one, other) for one in old for other in new]
        held = {id(each): (_below(each, _name), _below(each, _label)) for each in (*old, *new)}
        found = []
        for place, (one, other) in enumerate(weighed):
            likeness = self._of_groups((one, *held[id(one)]), (other, *held[id(other)]))
            if likeness >= GROUPS_ALIKE:
                found.append((one.path.count("/"), -likeness, place))
        for _, negative, place in sorted(found):
            one, other = weighed[place]
            if one.path not in self.pairs and other.path not in self.taken:
                self._pair(self._guess(one, other, -negative))

    def _of_groups(self, one: Held, other: Held) -> float:
        old, new = one[0], other[0]
        parts = [
            (3.0, max(alike(one[1], other[1]), alike(one[2], other[2]))),
            (1.0, float(old.name == new.name)),
            (0.5, float(old.kind == new.kind)),
        ]
        if old.labels or new.labels:
            parts.append((1.5, self.likeness.labels(old, new)))
        return _weighed(parts)

    def _guess(self, one: Field, other: Field, likeness: float) -> Pair:
        return Pair(one, other, "moved" if one.name == other.name else "renamed", round(likeness, 2))

    def _moved(self) -> None:
        there = _by(_name, (each for each in self._left(self.new, self.taken) if _is_leaf(each)))
        here = _by(_name, (each for each in self._left(self.old, self.pairs) if _is_leaf(each)))
        for name, old in here.items():
            new = there.get(name, [])
            if len(old) == len(new) == 1:
                likeness = self.likeness.of(old[0], new[0], self.pairs)
                if likeness >= SAME_NAME:
                    self._pair(self._guess(old[0], new[0], likeness))

    def _renamed(self) -> None:
        old = [each for each in self._left(self.old, self.pairs) if _is_leaf(each)]
        new = [each for each in self._left(self.new, self.taken) if _is_leaf(each)]
        few = len(old) * len(new) <= MOST_PAIRS
        by_label = _by(_label, new)
        found: list[tuple[float, int, int, Field, Field]] = []
        for place, one in enumerate(old):
            others = new if few else by_label.get(_label(one), [])[:50]
            for rank, other in enumerate(others):
                likeness = self.likeness.of(one, other, self.pairs)
                if likeness >= ALIKE:
                    found.append((-likeness, place, rank, one, other))
        for negative, _, _, one, other in sorted(found, key=lambda each: each[:3]):
            if one.path not in self.pairs and other.path not in self.taken:
                self._pair(self._guess(one, other, -negative))


class Likeness:
    """How like two fields of two versions are, from 0 to 1."""

    def __init__(self, old: FormDefinition, new: FormDefinition) -> None:
        self.languages = (old.default_language, new.default_language)
        self.ranks = (_ranks(old), _ranks(new))
        self.bigrams: dict[str, frozenset[str]] = {}

    def of(self, one: Field, other: Field, pairs: Mapping[str, Pair]) -> float:
        """Label weighs most, then what both say besides: type, choices, calculation, name and place."""
        parent = pairs.get(one.path.rpartition("/")[0])
        beside = parent is not None and parent.new.path == other.path.rpartition("/")[0]
        apart = abs(self.ranks[0][one.path] - self.ranks[1][other.path])
        parts = [
            (1.5, 1.0 if (one.type, one.control) == (other.type, other.control) else 0.0),
            (1.5, self.texts(one.name, other.name)),
            (1.5, max(0.0, 1 - 4 * apart)),
            (1.0, float(beside)),
        ]
        if one.labels or other.labels:
            parts.append((4.0, self.labels(one, other)))
        if one.choices or other.choices:
            names = (frozenset(each.name for each in form.choices) for form in (one, other))
            parts.append((2.0, alike(*names)))
        if one.bind.calculate or other.bind.calculate:
            sources = (each.bind.calculate.source if each.bind.calculate else "" for each in (one, other))
            parts.append((3.0, self.texts(*sources)))
        preloads = [(each.bind.preload, each.bind.preload_params) for each in (one, other)]
        if preloads[0][0] or preloads[1][0]:
            parts.append((3.0, float(preloads[0] == preloads[1])))
        return _weighed(parts)

    def labels(self, one: Field, other: Field) -> float:
        """The best of the languages that both have."""
        said = said_in_both(one.labels, other.labels, self.languages)
        return max((self.texts(before, after) for _, before, after in said), default=0.0)

    def texts(self, one: str, other: str) -> float:
        """The share of pairs of letters that two texts have in common; spaces and capitals do not count."""
        return alike(self._bigrams(one), self._bigrams(other))

    def _bigrams(self, text: str) -> frozenset[str]:
        found = self.bigrams.get(text)
        if found is None:
            flat = f" {' '.join(text.casefold().split())} "
            found = self.bigrams[text] = frozenset(flat[at : at + 2] for at in range(len(flat) - 1))
        return found


def said_in_both(old: Labels, new: Labels, defaults: tuple[str, str]) -> Iterator[tuple[str, str, str]]:
    """(language, old text, new text) for each language of both; when they share none, of their default languages."""
    shared = [language for language in new if language in old]
    for language in shared:
        yield language, old[language], new[language]
    if not shared and (old or new):
        yield defaults[1], old.get(defaults[0], ""), new.get(defaults[1], "")


def alike(one: Set[Hashable], other: Set[Hashable]) -> float:
    """How much two sets share, from 0 to 1 (Dice)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


def _weighed(parts: list[tuple[float, float]]) -> float:
    return sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)


def _ranks(form: FormDefinition) -> dict[str, float]:
    return {path: place / len(form.fields) for place, path in enumerate(form.fields)}


def _is_leaf(field: Field) -> bool:
    return field.kind == "field"


def _name(field: Field) -> str:
    return field.name


def _label(field: Field) -> str:
    return next((text for text in field.labels.values() if text), field.name)


def _below(field: Field, key: Callable[[Field], str]) -> frozenset[str]:
    return frozenset(key(each) for each in field.walk() if each is not field)


def _by(key: Callable[[Field], str], fields: Iterable[Field]) -> dict[str, list[Field]]:
    found: dict[str, list[Field]] = {}
    for each in fields:
        found.setdefault(key(each), []).append(each)
    return found
