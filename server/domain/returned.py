"""Sheets that were returned: what their sender is told, and what becomes of them.

A return is told (somebody rang or wrote), seen (the sender's phone fetched the list of corrections since) and corrected
(an edit came, or a new sheet in its place). A phone that cannot edit what it sent sends a new sheet: one that names
the returned one (`CORRECTS`), or, of forms of which there is one for a village and round, one of the same sender.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

CORRECTS = "corrects"
"""The answer by which a sheet says which returned one it stands in for."""
ONE_A_ROUND = frozenset({"village_criteria", "commune_criteria"})
"""The forms of which there is one sheet for an area and a round."""

EDITED, NEW_SHEET, DECIDED, UNDONE = "edited", "new_sheet", "decided", "undone"
ENDS = (EDITED, NEW_SHEET, DECIDED, UNDONE)
"""How a return ends: an edit came; a new sheet came in its place; somebody decided otherwise; it was taken back."""
CORRECTED_BY = (EDITED, NEW_SHEET)

OPEN, TOLD, SEEN, CORRECTED = "open", "told", "seen", "corrected"
STAGES = (OPEN, TOLD, SEEN, CORRECTED)
"""How far a return has come."""


@dataclass(frozen=True)
class Track:
    """What is known of a return: when and by whom it was told, when it was seen, when and how it ended."""

    told_at: datetime | None = None
    told_by: str | None = None
    seen_at: datetime | None = None
    ended_at: datetime | None = None
    ended: str | None = None
    by_submission: int | None = None

    @property
    def stage(self) -> str:
        """The furthest that it has come."""
        if self.ended in CORRECTED_BY:
            return CORRECTED
        if self.seen_at is not None:
            return SEEN
        return TOLD if self.told_at is not None else OPEN


_SAID: Mapping[str, tuple[str, str, str]] = {
    "vi": ("câu “{}”", " (dòng {})", "vì {}"),
    "en": ("question “{}”", " (row {})", "because {}"),
}


def say_returned(
    reason: str | None, questions: Iterable[tuple[str, tuple[int, ...], str]], language: str = "vi"
) -> str:
    """Why a sheet came back, as it stands in the note of a form (in which a phone finds no message ids): `câu “…”, vì
    …; câu “…”, vì …; vì …`. `questions`: label, places of rows, reason ("" for none)."""
    named, row, why = _SAID[language]
    parts = []
    for label, places, text in questions:
        part = named.format(_line(label)) + "".join(row.format(place) for place in places)
        parts.append(f"{part}, {why.format(_line(text))}" if text else part)
    if reason:
        parts.append(why.format(_line(reason)))
    return "; ".join(parts)


def _line(text: str) -> str:
    # one line without what a form would take for something else
    return " ".join(text.split()).rstrip(".;, ")


def tell_apart(sheets: Iterable[tuple[str, str, str]]) -> list[str]:
    """What returned sheets are called where one is chosen of many. `sheets`: form, name and when it was returned; the
    last stands only with a name that comes more than once in its form, and a number where even that is the same."""
    given = list(sheets)
    same = Counter((form, name) for form, name, _ in given)
    before: Counter[tuple[str, str]] = Counter()
    labels = []
    for form, name, when in given:
        label = f"{name} – {when}" if same[form, name] > 1 else name
        before[form, label] += 1
        number = before[form, label]
        labels.append(f"{label} ({number})" if number > 1 else label)
    return labels


def names_it(answer: object, instance_id: str) -> bool:
    """Whether an answer to `CORRECTS` names that instance; with or without what says which kind of id it is."""
    if not isinstance(answer, str) or not answer:
        return False
    return answer.removeprefix("uuid:") == instance_id.removeprefix("uuid:")


def split_places(path: str) -> tuple[str, tuple[int, ...]]:
    """The path of a question without the places of rows, and those places."""
    bare, places = "", []
    for part in path.split("["):
        digits, bracket, rest = part.partition("]")
        if bracket and digits.isdecimal():
            places.append(int(digits))
            bare += rest
        else:
            bare += part
    return bare, tuple(places)
