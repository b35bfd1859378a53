"""Texts of the desk in the language of the request: message ids, dates, numbers, and the labels that forms bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from flask_babel import format_date, format_datetime

from server.catalogues import read_catalogue
from server.web.context import choose_locale


def say(message_id: str, **params: object) -> str:
    """The text of a message id of the catalogue `desk`. A per cent sign is written twice there."""
    text: str = read_catalogue("desk", choose_locale()).gettext(message_id)
    return text % params if params or "%%" in text else text


def day(value: date | None) -> str:
    """30/06/2019, or 30 Jun 2019."""
    if value is None:
        return ""
    shown: str = format_date(value, "dd/MM/yyyy" if choose_locale() == "vi" else "d MMM yyyy")
    return shown


def short_day(value: date, today: date) -> str:
    """30/06, or 30 Jun; of another year than today's with the year."""
    if value.year != today.year:
        return day(value)
    shown: str = format_date(value, "dd/MM" if choose_locale() == "vi" else "d MMM")
    return shown


def moment(value: datetime | None) -> str:
    """The same with hours and minutes, as clocks in Việt Nam show it."""
    if value is None:
        return ""
    shown: str = format_datetime(value, "dd/MM/yyyy HH:mm" if choose_locale() == "vi" else "d MMM yyyy, HH:mm")
    return shown


def number(value: float) -> str:
    """1.234,5 or 1,234.5."""
    text = f"{value:,}".removesuffix(".0")
    return text.translate(str.maketrans(",.", ".,")) if choose_locale() == "vi" else text


def own(text: Mapping[str, str] | None) -> str:
    """A text that stands in both languages, such as a law's."""
    if not text:
        return ""
    return text.get(choose_locale()) or text.get("vi") or next(iter(text.values()), "")


def label(labels: Mapping[str, str] | None, default_language: str = "") -> str:
    """A form's text: its language "English (en)" for en, else the form's default language, else any."""
    if not labels:
        return ""
    locale = choose_locale()
    for language, text in labels.items():
        if text and (language == locale or language.endswith(f"({locale})")):
            return text
    return labels.get(default_language) or next((text for text in labels.values() if text), "")


def enumerate_words(words: Iterable[str]) -> str:
    """a, b và c."""
    every = list(words)
    if len(every) < 2:
        return "".join(every)
    return f"{', '.join(every[:-1])} {say('desk.and')} {every[-1]}"
