"""What is said of training: the definitions of what is counted, and what is wrong with a sheet, in either language."""

from __future__ import annotations

from datetime import date

from server.catalogues import read_catalogue
from server.domain.training import DISAGREE, Flag

DEFINITIONS = ("turns", "persons", "person_days")
MEASURES = ("heads", "women", "minority")


def define(locale: str) -> dict[str, str]:
    """What is counted, in words, by its name."""
    return {name: _say(locale, f"desk.training.define.{name}") for name in DEFINITIONS}


def sentence_of(flag: Flag, locale: str) -> str:
    """What is wrong with a sheet, and the remedy."""
    told = {name: _plain(value, locale) for name, value in flag.params.items()}
    if flag.kind == DISAGREE:
        told["audience"] = _say(locale, f"desk.audience.{flag.params['audience']}")
        told["what"] = _say(locale, f"desk.training.measure.{flag.params['what']}")
    return _say(locale, f"desk.training.flag.{flag.kind}", **told)


def _plain(value: object, locale: str) -> object:
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y") if locale == "vi" else value.isoformat()
    return value


def _say(locale: str, message_id: str, **params: object) -> str:
    text: str = read_catalogue("desk", locale).gettext(message_id)
    return text % params if params else text
