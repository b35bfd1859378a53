"""What was found of a sheet beside others, as a sentence in either language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from server.catalogues import read_catalogue
from server.services.quality import Told

PER_HOUSEHOLD = "nhan_khau"
"""Its share is people in a household; all other shares are per cent."""
_NOT_NUMBERS = ("other",)


def reason_of(told: Told, locale: str) -> str:
    """The reason with the values compared; where those of others are left out, that it is so."""
    say = read_catalogue("desk", locale).gettext
    message_id = f"desk.quality.reason.{told.found.reason}{'.hidden' if told.hidden else ''}"
    text: str = say(message_id) % _params(told.values, locale)
    return text


def label_of(name: str, locale: str) -> str:
    """What a field is called; of a form of somebody's own its name."""
    message_id = f"desk.quality.field.{name}"
    text: str = read_catalogue("desk", locale).gettext(message_id)
    return name if text == message_id else text


def _params(values: Mapping[str, Any], locale: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in values.items():
        if name.startswith("field"):
            labels = [label_of(each, locale) for each in (value if isinstance(value, list) else [value])]
            found[name] = " + ".join(labels)
        elif name in ("share", "median"):
            found[name] = _share(value, str(values.get("field")), locale)
        elif isinstance(value, list):
            found[name] = ", ".join(str(each) for each in value)
        elif isinstance(value, int) and name not in _NOT_NUMBERS:
            found[name] = _number(value, locale)
        else:
            found[name] = _day(value, locale) if isinstance(value, str) else str(value)
    return found


def _share(per_thousand: int, field: str, locale: str) -> str:
    point = "," if locale == "vi" else "."
    if field == PER_HOUSEHOLD:
        return f"{per_thousand // 1000}{point}{per_thousand % 1000 // 100}"
    return f"{per_thousand // 10}{point}{per_thousand % 10} %"


def _number(value: int, locale: str) -> str:
    text = f"{value:,}"
    return text.replace(",", ".") if locale == "vi" else text


def _day(text: str, locale: str) -> str:
    """A date or a moment as people write it; any other text as it is."""
    if len(text) < len("2019-06-30") or text[4:5] != "-":
        return text
    try:
        day = date.fromisoformat(text) if len(text) == len("2019-06-30") else datetime.fromisoformat(text)
    except ValueError:
        return text
    clock = f" {day:%H:%M}" if isinstance(day, datetime) else ""
    return f"{day:%d/%m/%Y}{clock}" if locale == "vi" else f"{day:%-d %b %Y}{clock}"
