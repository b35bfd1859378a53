"""Which village a line of a table means: by own id, by code, or by name with the names of what it lies in."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from forms.errors import Problem
from server.domain.areas import match_key
from server.domain.head_rows import HeadRow, problem
from server.services.lists import VILLAGE_KINDS
from server.storage.heads import Candidate, list_names_above, list_successor_names

MOST_SHOWN = 3
CODE_DIGITS = 5
"""Of an official code of a commune: what a spreadsheet makes of it may lack its zeros."""
_STEPS = re.compile(r"\s*[/>]\s*")
_UNITS = (
    "thôn|bản|buôn|làng|ấp|khu phố|khu|tổ dân phố|tổ|xóm|phum|sóc|xã|phường|thị trấn|đặc khu|huyện|quận|thị xã|"
    "thành phố|tỉnh"
)
_UNIT = re.compile(rf"^(?:{_UNITS})\s+(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Village:
    """A village as it is called today, and all that it lies in, nearest first."""

    id: str
    name: str
    code: str | None
    above: tuple[str, ...] = ()


class Villages:
    """The areas that somebody may be named for, to be asked line by line."""

    def __init__(self, session: Session, candidates: Sequence[Candidate], on: date) -> None:
        self._session = session
        self._on = on
        self._above: dict[str, list[str]] = {}
        self._versions: dict[str, list[Candidate]] = defaultdict(list)
        self._by_code: dict[str, list[str]] = defaultdict(list)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for each in candidates:
            self._versions[each.area_id].append(each)
            if each.code:
                _add(self._by_code[each.code.casefold()], each.area_id)
            for key in _keys(each.name):
                _add(self._by_name[key], each.area_id)

    def look_above(self, texts: Iterable[str]) -> None:
        """Reads the names of what lies above everything that these texts may mean, at once."""
        ids = {area_id for text in set(texts) for area_id in self._meant(text)}
        self._above = list_names_above(self._session, ids, self._on)

    def find(self, row: HeadRow) -> Village | Problem:
        """The village that a row means, or what is wrong with it."""
        steps = [step for step in _STEPS.split(row.area) if step]
        meant = self._meant(row.area)
        if len(steps) > 1:
            meant = [area_id for area_id in meant if self._lies_below(area_id, steps[:-1])]
        today = [area_id for area_id in meant if self._current(area_id) is not None]
        if len(today) > 1:
            # a name in the village's own kind is meant before one of another kind
            today = [area_id for area_id in today if self._kind(area_id) in VILLAGE_KINDS] or today
        if len(today) > 1:
            shown = [self._shown(area_id) for area_id in today[:MOST_SHOWN]]
            return problem(row.row, "area", "heads.area_unclear", value=row.area, found="; ".join(shown))
        if not today:
            return self._absent(row, meant)
        version = self._current(today[0])
        if version is None or version.kind not in VILLAGE_KINDS:
            return problem(row.row, "area", "heads.not_village", value=row.area, found=self._shown(today[0]))
        return Village(version.area_id, version.name, version.code, tuple(self._above.get(version.area_id, ())))

    def _meant(self, text: str) -> list[str]:
        last = next((step for step in reversed(_STEPS.split(text)) if step), "")
        if last in self._versions:
            return [last]
        by_code = self._by_code.get(last.casefold(), [])
        if by_code:
            # codes were given to other units: whose it is today comes first
            return [area_id for area_id in by_code if self._holds(area_id, last)] or by_code
        found: dict[str, None] = {}
        for key in _keys(last):
            found |= dict.fromkeys(self._by_name.get(key, ()))
        exact = [
            area_id
            for area_id in found
            if any(match_key(each.name) == match_key(last) for each in self._versions[area_id])
        ]
        return exact or list(found)

    def _absent(self, row: HeadRow, meant: Sequence[str]) -> Problem:
        ended = [area_id for area_id in meant if self._ended(area_id) is not None]
        if ended:
            since = self._ended(ended[0])
            into = list_successor_names(self._session, ended[0])
            shown = self._versions[ended[0]][-1].name
            if into:
                told = {"value": shown, "since": since, "found": ", ".join(into)}
                return problem(row.row, "area", "heads.area_ended_into", **told)
            return problem(row.row, "area", "heads.area_ended", value=shown, since=since)
        if meant:
            begins = min(each.valid_from or date.min for each in self._versions[meant[0]])
            return problem(row.row, "area", "heads.area_future", value=row.area, since=begins)
        if row.area.isdecimal() and row.area.zfill(CODE_DIGITS).casefold() in self._by_code:
            return problem(row.row, "area", "heads.area_zeros", value=row.area, found=row.area.zfill(CODE_DIGITS))
        return problem(row.row, "area", "heads.area_unknown", value=row.area)

    def _lies_below(self, area_id: str, steps: Sequence[str]) -> bool:
        """Whether all the steps are names of what the area lies in."""
        above = self._above.get(area_id, ())
        return all(any(_keys(step) & _keys(name) for name in above) for step in steps)

    def _current(self, area_id: str) -> Candidate | None:
        holding = [each for each in self._versions[area_id] if _holds_on(each, self._on)]
        return holding[-1] if holding else None

    def _holds(self, area_id: str, code: str) -> bool:
        version = self._current(area_id)
        return version is not None and (version.code or "").casefold() == code.casefold()

    def _ended(self, area_id: str) -> date | None:
        ends = [each.valid_to for each in self._versions[area_id]]
        last = max((end for end in ends if end is not None), default=None)
        return last if None not in ends and last is not None and last <= self._on else None

    def _kind(self, area_id: str) -> str:
        version = self._current(area_id)
        return version.kind if version else ""

    def _shown(self, area_id: str) -> str:
        version = self._current(area_id) or self._versions[area_id][-1]
        above = self._above.get(area_id, [])[:2]
        path = " / ".join([*reversed(above), version.name])
        return f"{path} ({version.code})" if version.code else path


def _keys(name: str) -> set[str]:
    """A name as it is compared: whole, and without the word for its kind of unit."""
    plain = unicodedata.normalize("NFC", " ".join(name.split()))
    return {match_key(plain), match_key(_UNIT.sub("", plain))}


def _add(ids: list[str], area_id: str) -> None:
    if area_id not in ids:
        ids.append(area_id)


def _holds_on(each: Candidate, on: date) -> bool:
    return (each.valid_from is None or each.valid_from <= on) and (each.valid_to is None or on < each.valid_to)
