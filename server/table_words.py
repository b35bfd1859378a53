"""The words of tables that people take away, in a language: message ids of the catalogues `tables` and `desk`, and
texts that stand in both languages."""

from __future__ import annotations

from server.catalogues import read_catalogue
from server.exports.sheets import Translate, Word


def translator(locale: str) -> Translate:
    """What says a word in a language, vi or en."""
    tables, desk = read_catalogue("tables", locale), read_catalogue("desk", locale)

    def translate(word: Word) -> str:
        if not isinstance(word.text, str):
            return word.text.get(locale) or word.text.get("vi") or next(iter(word.text.values()), "")
        text: str = (desk if word.text.startswith("desk.") else tables).gettext(word.text)
        return text % dict(word.params) if word.params or "%%" in text else text

    return translate
