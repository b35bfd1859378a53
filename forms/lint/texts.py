"""Rules of lint on names and texts: translations that are missing, messages that no screen holds, names too alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forms.definition import Field, Labels
from forms.lint.rules import Remark, rule, shortened
from forms.lint.subject import Subject

LONG_MESSAGE = 250
"""Characters of a message that Collect shows for a moment above the question."""
LONG_LABEL = 1_000
LONG_NAME = 64
_FILLED_IN = ("", "-")
"""What stands where a translation is missing: pyxform writes a dash."""
_MADE_BY_PYXFORM = "reserved_name_for_field_list_labels"


@rule("lint.missing_translation", "warning")
def missing_translation(subject: Subject) -> Iterator[Remark]:
    """A text that is there in one language and not in another."""
    languages = subject.definition.languages
    for field in subject.fields.values():
        for name, texts in _texts(field).items():
            for language in _missing(texts, languages):
                yield Remark(field.path, name, {"language": language, "text": _sample(texts)}, language)
    told = set()
    for field in subject.questions:
        list_name = (field.itemset.instance_id if field.itemset else None) or field.name
        for choice in field.choices:
            if (list_name, choice.name) in told:
                continue
            told.add((list_name, choice.name))
            for language in _missing(choice.labels, languages):
                params = {"language": language, "text": _sample(choice.labels), "list": list_name}
                yield Remark(field.path, "label", params, language, choice=(list_name, choice.name))


def _texts(field: Field) -> dict[str, Labels]:
    found: dict[str, Labels] = {"label": field.labels, "hint": field.hints}
    bind = field.bind
    if bind.constraint_message is not None:
        found["constraint_message"] = bind.constraint_message.plain
    if bind.required_message is not None:
        found["required_message"] = bind.required_message.plain
    return found


def _missing(texts: Labels, languages: tuple[str, ...]) -> list[str]:
    missing = [language for language in languages if texts.get(language, "").strip() in _FILLED_IN]
    return missing if len(missing) < len(languages) else []


def _sample(texts: Mapping[str, str]) -> str:
    return shortened(next((text for text in texts.values() if text.strip() not in _FILLED_IN), ""), 60)


@rule("lint.long_message", "advice")
def long_message(subject: Subject) -> Iterator[Remark]:
    """A message or a label that no phone's screen holds."""
    for field in subject.fields.values():
        for name, texts in _texts(field).items():
            limit = LONG_MESSAGE if name.endswith("message") else LONG_LABEL
            for language, text in texts.items():
                if len(text) > limit:
                    yield Remark(field.path, name, {"length": len(text), "limit": limit}, language)


@rule("lint.no_label", "warning")
def no_label(subject: Subject) -> Iterator[Remark]:
    """A question without a label, a hint or a picture: nobody knows what is asked."""
    shown = {text_id.partition(":")[0] for texts in subject.definition.translations.values() for text_id in texts}
    for field in subject.questions:
        said = [*field.labels.values(), *field.hints.values()]
        made = field.name.startswith(_MADE_BY_PYXFORM)
        if not made and not any(text.strip() for text in said) and field.path not in shown:
            yield Remark(field.path, "label")


@rule("lint.no_message", "advice")
def no_message(subject: Subject) -> Iterator[Remark]:
    """A constraint without a message of its own: the phone only says that the answer is not allowed."""
    for field in subject.questions:
        if field.bind.constraint is not None and field.bind.constraint_message is None:
            yield Remark(field.path, "constraint_message")


@rule("lint.name_case", "warning")
def name_case(subject: Subject) -> Iterator[Remark]:
    """Two fields of a group whose names differ only in case: tables and spreadsheets take them for one."""
    for group in subject.fields.values():
        seen: dict[str, str] = {}
        for child in group.children:
            other = seen.setdefault(child.name.casefold(), child.name)
            if other != child.name:
                yield Remark(child.path, "name", {"other": other})


@rule("lint.long_name", "advice")
def long_name(subject: Subject) -> Iterator[Remark]:
    """A name that statistics programs cut short."""
    for field in subject.fields.values():
        if len(field.name) > LONG_NAME:
            yield Remark(field.path, "name", {"length": len(field.name), "limit": LONG_NAME})


@rule("lint.no_version", "advice")
def no_version(subject: Subject) -> Iterator[Remark]:
    """A form without a version: phones do not notice that there is a new one."""
    if not subject.definition.version:
        yield Remark("", "version")
