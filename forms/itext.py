"""The texts of a form: translations, and the values that stand inside them (XForms "itext", OpenRosa)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from forms.definition import UNTRANSLATED, ExpectedAttachment, Message
from forms.xml import Element, attribute, elements, local_name, mixed_content, text_of
from forms.xpath.compile import Expression

Parts = tuple[str | Expression, ...]
Compiler = Callable[[str, str], Expression | None]
"""An expression, and where it stands: the id of a text or the path of a question."""

_ITEXT = re.compile(r"\s*jr:itext\(\s*(?:'([^']*)'|\"([^\"]*)\"|([\w.-]+))\s*\)\s*\Z")
_MEDIA = re.compile(r"\s*jr://(file(?:-csv)?|images?|audio|video)/(.+?)\s*\Z")
_KINDS = {"file": "file", "file-csv": "file", "image": "image", "images": "image", "audio": "audio", "video": "video"}
_MEDIA_FORMS = {"image", "audio", "video", "big-image"}


def media_of(address: str) -> ExpectedAttachment | None:
    """The file that a ``jr://`` address names; None for one that a phone makes itself."""
    found = _MEDIA.match(address)
    if found is None:
        return None
    return ExpectedAttachment(found[2].rpartition("/")[2], _KINDS[found[1]])  # type: ignore[arg-type]


def itext_id(source: str) -> str | None:
    """The text id in ``jr:itext('id')``, or the name of the column that holds it in ``jr:itext(column)``."""
    found = _ITEXT.match(source)
    return next((group for group in found.groups() if group is not None), None) if found else None


class Texts:
    """All translations of a form.

    ``by_language``: language → text id → parts. ``default``: the language shown when none is chosen.
    ``media``: the files that texts show or play.
    """

    def __init__(self, model: Element, compiler: Compiler) -> None:
        self._compile = compiler
        self.by_language: dict[str, dict[str, Parts]] = {}
        self.media: list[ExpectedAttachment] = []
        default = None
        for name, itext in elements(model):
            for translation in itext if name == "itext" else ():
                language = attribute(translation, "lang") or UNTRANSLATED
                if attribute(translation, "default") is not None and default is None:
                    default = language
                self.by_language[language] = dict(self._texts(translation))
        self.default = default or next(iter(self.by_language), UNTRANSLATED)
        self.languages = tuple(self.by_language) or (UNTRANSLATED,)

    def _texts(self, translation: Element) -> Iterator[tuple[str, Parts]]:
        for name, text in elements(translation):
            if name != "text":
                continue
            forms: dict[str, Parts] = {}
            for value_name, value in elements(text):
                if value_name != "value":
                    continue
                form = attribute(value, "form") or ""
                if form in _MEDIA_FORMS:
                    named = media_of(text_of(value))
                    if named is not None:
                        self.media.append(named)
                else:
                    forms[form] = self.parts_of(value, attribute(text, "id") or "")
            chosen = next((forms[form] for form in ("", "long", "short") if form in forms), ())
            yield attribute(text, "id") or "", chosen

    def parts_of(self, element: Element, place: str = "") -> Parts:
        """The text of an element, each ``<output>`` in it as an expression. ``place``: see :data:`Compiler`."""
        parts: list[str | Expression] = []
        for piece in mixed_content(element):
            if isinstance(piece, str):
                parts.append(piece)
            elif local_name(piece) == "output":
                compiled = self._compile(attribute(piece, "value") or attribute(piece, "ref") or "", place)
                parts.append(compiled if compiled is not None else "")
            else:
                parts.extend(self.parts_of(piece, place))
        return tuple(parts)

    def of_id(self, text_id: str) -> Message | None:
        """The message with an id, in every language that has it."""
        parts = {language: texts[text_id] for language, texts in self.by_language.items() if text_id in texts}
        return Message(parts) if parts else None

    def of_source(self, source: str | None) -> Message | None:
        """A message written in an attribute: ``jr:itext('id')`` or the text itself."""
        if not source:
            return None
        text_id = itext_id(source)
        return Message({self.default: (source,)}) if text_id is None else self.of_id(text_id)

    def of_element(self, element: Element, path: str = "") -> Mapping[str, str]:
        """What a ``<label>`` or ``<hint>`` of the question at ``path`` says, by language."""
        source = attribute(element, "ref")
        text_id = itext_id(source) if source else None
        if text_id is not None:
            message = self.of_id(text_id)
            return message.plain if message is not None else {}
        parts = self.parts_of(element, path)
        return Message({self.default: parts}).plain if parts else {}
