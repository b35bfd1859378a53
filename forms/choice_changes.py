"""What a new version of a question makes of its choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from forms.changes import HARMLESS, LOSES, MEANING, Change
from forms.definition import Choice, Field
from forms.likeness import said_in_both

_TEXT_ID = "itextId"


def changes_of_choices(old: Field, new: Field, defaults: tuple[str, str]) -> Iterator[Change]:
    """Choices that went, came, or say something else; those of external files are not known here.

    ``defaults``: the default languages of the two versions.
    """
    files = [each.itemset.file_name if each.itemset else None for each in (old, new)]
    if files[0] != files[1]:
        yield Change("choice-file", old.path, new.path, MEANING, files[0], files[1])
    if any(files) or not _listed(old) or not _listed(new):
        return
    before, after = _by_name(old.choices), _by_name(new.choices)
    gone = [before[name] for name in before if name not in after]
    come = {name: after[name] for name in after if name not in before}
    for choice in gone:
        found = next((other for other in come.values() if _says_the_same(choice, other, defaults)), None)
        params = {"choice": choice.name}
        label = _label(choice, defaults[0])
        if found is None:
            yield Change("choice-removed", old.path, new.path, LOSES, label, None, None, params)
        else:
            del come[found.name]
            yield Change("choice-renamed", old.path, new.path, LOSES, choice.name, found.name, 1.0, params)
    for name, choice in come.items():
        yield Change(
            "choice-added", old.path, new.path, HARMLESS, None, _label(choice, defaults[1]), None, {"choice": name}
        )
    for name, choice in before.items():
        if name in after:
            yield from _of_one((old, choice), (new, after[name]), defaults)


def _listed(field: Field) -> bool:
    return bool(field.choices) and field.search is None


def _by_name(choices: tuple[Choice, ...]) -> dict[str, Choice]:
    return {choice.name: choice for choice in reversed(choices)} if choices else {}


def _says_the_same(one: Choice, other: Choice, defaults: tuple[str, str]) -> bool:
    said = list(said_in_both(one.labels, other.labels, defaults))
    return bool(said) and all(before and flat(before) == flat(after) for _, before, after in said)


def _label(choice: Choice, language: str) -> str:
    return choice.labels.get(language) or choice.name


def _of_one(before: tuple[Field, Choice], after: tuple[Field, Choice], defaults: tuple[str, str]) -> Iterator[Change]:
    (old, choice), (new, other) = before, after
    made = Change("choice-label", old.path, new.path, HARMLESS, params={"choice": choice.name})
    texts = text_change(made, list(said_in_both(choice.labels, other.labels, defaults)))
    if texts is not None:
        yield texts
    columns = _columns(old, choice), _columns(new, other)
    if columns[0] != columns[1]:
        said = [
            "; ".join(f"{key}={value}" for key, value in sorted(mine.items() - its.items()))
            for mine, its in (columns, columns[::-1])
        ]
        yield Change("choice-columns", old.path, new.path, MEANING, said[0], said[1], None, {"choice": choice.name})


def _columns(field: Field, choice: Choice) -> Mapping[str, str]:
    itemset = field.itemset
    own = {_TEXT_ID, *((itemset.value_ref, itemset.label_ref) if itemset else ())}
    return {name: value for name, value in choice.properties.items() if name not in own and value}


def text_change(made: Change, said: list[tuple[str, str, str]]) -> Change | None:
    """``made`` with the first language whose text differs and the names of all; None when none does. Other words weigh
    as another meaning."""
    differing = [each for each in said if each[1].split() != each[2].split()]
    if not differing:
        return None
    weight = MEANING if any(flat(before) != flat(after) for _, before, after in differing) else HARMLESS
    languages = [language for language, _, _ in differing]
    _, before, after = differing[0]
    params = {**made.params, "languages": languages}
    return replace(made, weight=weight, before=before, after=after, params=params)


def flat(text: str) -> str:
    """The letters and digits of a text, small: what is left says the same words."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())
