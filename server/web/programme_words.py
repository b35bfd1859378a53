"""What a province says of its programme in one sentence, with its list and its date, in either language."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import format_date

from server.catalogues import read_catalogue
from server.domain.programme import COMMUNE, VILLAGE
from server.services.remain import ProgrammeState, UnitStanding

DAYS = {"vi": "dd/MM/yyyy", "en": "d MMMM yyyy"}


def sentence_of(state: ProgrammeState, place: str, above: dict[str, str], locale: str) -> str:
    """How many communes and villages of a place remain, and which. `above`: names of communes, by own id."""
    say = read_catalogue("desk", locale).gettext
    communes, villages = state.remaining(COMMUNE), state.remaining(VILLAGE)
    told = {
        "place": place,
        "day": format_date(state.on, DAYS[locale]),
        "programme": {"vi": state.programme.name_vi, "en": state.programme.name_en}[locale],
        "communes": len(communes),
        "villages": len(villages),
    }
    some = bool(communes or villages)
    text: str = say("desk.programme.sentence" if some else "desk.programme.sentence_none") % told
    if some:
        lists = [_list(communes, {}), _list(villages, above)]
        text += f" {'; '.join(filter(None, lists))}."
    return f"{text} {say('desk.programme.sentence_synthetic')}" if state.synthetic else text


def _list(units: Sequence[UnitStanding], above: dict[str, str]) -> str:
    names = []
    for each in units:
        commune = above.get(each.above or "")
        names.append(f"{each.name} ({commune})" if commune else each.name)
    return ", ".join(names)
