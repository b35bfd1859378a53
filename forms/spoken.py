"""Recordings of questions: what people said of them in their own language, put into a form as audio of its texts.

A phone plays what stands as `<value form="audio">` in the language that it is set to (OpenRosa XForms, "Multimedia"). A
language that a form does not have becomes a copy of its default texts, so that something is always written, and nothing
is translated by a machine. Recordings of ours are known by the names of their files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass

from forms.errors import DefinitionError
from forms.itext import itext_id
from forms.xml import XFORMS, Element, attribute, elements, local_name, mixed_content, parse_document, write_document

LANGUAGES: Mapping[str, str] = {
    "vi": "Tiếng Việt (vi)",
    "tyz": "Tày (tyz)",
    "ium": "Dao Iu Miền (ium)",
    "mji": "Dao Kim Mùn (mji)",
    "x-sanchi": "Sán Chỉ (x-sanchi)",
}
"""What a form calls the languages that people speak here, by their tags (BCP 47)."""
MARK = "ghi-am-"
"""How the names of our files begin."""
_ADDRESS = "jr://audio/"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that is played for the question at `path` in the language with this tag."""

    path: str
    tag: str
    name: str


def list_recordings(xml: bytes) -> tuple[Recording, ...]:
    """Those of a form, in the order of its languages. Raises DefinitionError for what is no form."""
    root = parse_document(xml, DefinitionError, "definition")
    paths = {text_id: path for path, text_id in _label_ids(root).items()}
    found = []
    for translation in _translations(root):
        tag = tag_of(attribute(translation, "lang") or "")
        for text in translation:
            path = paths.get(attribute(text, "id") or "")
            names = [name for value in text if (name := _own_name(value)) is not None]
            found += [Recording(path, tag, name) for name in names if path is not None and tag is not None]
    return tuple(found)


def with_recordings(xml: bytes, recordings: Iterable[Recording]) -> bytes:
    """The form with these recordings in place of those that it had; of questions that it does not ask they are left
    out. Raises DefinitionError (a form whose texts stand in no language has no place for them)."""
    root = parse_document(xml, DefinitionError, "definition")
    wanted, ids = list(recordings), _label_ids(root)
    if not _translations(root):
        if wanted:
            raise DefinitionError("definition.no_languages")
        return xml
    _strip(root)
    for each in wanted:
        text_id = ids.get(each.path)
        if text_id is not None:
            text = _text(_translation(root, each.tag), text_id, _default(root))
            value = text.makeelement(f"{{{XFORMS}}}value", {"form": "audio"})
            value.text = f"{_ADDRESS}{each.name}"
            text.append(value)
    return write_document(root)


def tag_of(language: str) -> str | None:
    """The tag of what a form calls a language, where it is one of ours."""
    found = language.rpartition("(")[2].removesuffix(")")
    return found if found in LANGUAGES else None


def list_speakable(xml: bytes) -> tuple[str, ...]:
    """The paths of the questions that have a text to speak, in the order of the form."""
    root = parse_document(xml, DefinitionError, "definition")
    return tuple(_label_ids(root)) if _translations(root) else ()


def _strip(root: Element) -> None:
    """Takes our recordings out, and with them languages that were made for them alone."""
    for translation in _translations(root):
        for text in translation:
            for value in list(text):
                if _own_name(value) is not None:
                    text.remove(value)
    default = _default(root)
    for translation in _translations(root):
        ours = tag_of(attribute(translation, "lang") or "") is not None
        if ours and translation is not default and _said(translation) == _said(default):
            parent = translation.getparent()
            assert parent is not None
            parent.remove(translation)


def _said(translation: Element) -> list[tuple[str | None, tuple[object, ...]]]:
    return [(attribute(text, "id"), tuple(_flat(text))) for text in translation]


def _flat(element: Element) -> Iterator[object]:
    for piece in mixed_content(element):
        if isinstance(piece, str):
            yield piece.strip()
        else:
            yield (local_name(piece), tuple(sorted(piece.attrib.items())), tuple(_flat(piece)))


def _translation(root: Element, tag: str) -> Element:
    """The texts of a language; a copy of the default ones where there are none yet."""
    for each in _translations(root):
        if tag_of(attribute(each, "lang") or "") == tag:
            return each
    default = _default(root)
    made = deepcopy(default)
    made.tail = None
    for name in list(made.attrib):
        if str(name) == "default":
            del made.attrib[name]
    made.set("lang", LANGUAGES[tag])
    parent = default.getparent()
    assert parent is not None
    parent.append(made)
    return made


def _text(translation: Element, text_id: str, default: Element) -> Element:
    for each in translation:
        if attribute(each, "id") == text_id:
            return each
    own = next((each for each in default if attribute(each, "id") == text_id), None)
    made = deepcopy(own) if own is not None else translation.makeelement(f"{{{XFORMS}}}text", {"id": text_id})
    translation.append(made)
    return made


def _default(root: Element) -> Element:
    found = _translations(root)
    return next((each for each in found if attribute(each, "default") is not None), found[0])


def _translations(root: Element) -> list[Element]:
    itext = next((each for each in root.iter(f"{{{XFORMS}}}itext")), None)
    return [each for name, each in elements(itext) if name == "translation"] if itext is not None else []


def _label_ids(root: Element) -> dict[str, str]:
    """By the path of each question that has a label of its own the id of that text."""
    found: dict[str, str] = {}
    for label in root.iter(f"{{{XFORMS}}}label"):
        control = label.getparent()
        path = attribute(control, "ref") if control is not None else None
        text_id = itext_id(attribute(label, "ref") or "")
        if path is not None and path.startswith("/") and text_id is not None:
            found.setdefault(path, text_id)
    return found


def _own_name(value: Element) -> str | None:
    said = "".join(piece for piece in mixed_content(value) if isinstance(piece, str)).strip()
    name = said.removeprefix(_ADDRESS)
    return name if attribute(value, "form") == "audio" and said != name and name.startswith(MARK) else None
