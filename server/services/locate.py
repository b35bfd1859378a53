"""Which area somebody means who writes its code, or its name and perhaps what it lies in: "Kỳ Thượng", "ky thuong",
"Xã Kỳ Thượng, Quảng Ninh", "06979"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from server.domain.errors import Invalid
from server.domain.roles import ALL, Scope
from server.services.area_lookup import fold, look_up, search_areas
from server.storage.area_views import find_seen
from server.storage.areas import AreaView, find_path

MOST_MEANT = 200
"""Areas whose names are looked at."""
MOST_SHOWN = 8
"""Areas that are named when it is not clear which is meant."""
_STEPS = re.compile(r"\s*[,/>·]\s*")
_CODE = re.compile(r".*\(([^()\s]+)\)\s*")
UNITS = frozenset(
    fold(unit)
    for unit in (
        *("tỉnh", "thành phố", "huyện", "quận", "thị xã", "xã", "phường", "thị trấn", "đặc khu"),
        *("thôn", "bản", "buôn", "làng", "ấp", "khu phố", "khu", "tổ dân phố", "tổ", "xóm", "phum", "sóc"),
    )
)
"""The words for a kind of unit that a name may begin with."""


def locate(session: Session, text: str, on: date, scope: Scope = ALL) -> str:
    """The own id of the area that is meant as of a day, among those in `scope`. Raises Invalid, naming those that could
    be meant, for a name that several have or none has quite, and NotFound for what is like none."""
    wanted = " ".join(text.replace("\0", "").split())
    written = _CODE.fullmatch(wanted)
    for key in (wanted, written[1] if written else ""):
        found = find_seen(session, scope, key, on) if key else None
        if found is not None:
            return found
    name, *above = [step for step in _STEPS.split(wanted) if step] or [""]
    alike = search_areas(session, scope, on, name, (0, MOST_MEANT))
    alike = alike or search_areas(session, scope, on, _bare(name), (0, MOST_MEANT))
    meant = [area for area in alike if _bare(area.name) == _bare(name)]
    # "xã A" is no district of that name
    meant = [area for area in meant if fold(area.name) == fold(name)] or meant
    meant = [area for area in meant if _lies_in(session, area, above, on)]
    if len(meant) == 1:
        return meant[0].id
    if meant or alike:
        shown = "; ".join(describe(session, area, on) for area in (meant or alike)[:MOST_SHOWN])
        if meant:
            raise Invalid("area.unclear", value=wanted, count=len(meant), found=shown)
        raise Invalid("area.unlike", value=wanted, found=shown)
    return look_up(session, wanted, on, scope).id


def describe(session: Session, area: AreaView, on: date) -> str:
    """An area as it can be written to mean it: with what it lies in, and its code."""
    path = ", ".join(each.name for each in find_path(session, area.id, on)) or area.name
    return f"{path} ({area.code})" if area.code else path


def _lies_in(session: Session, area: AreaView, above: Sequence[str], on: date) -> bool:
    if not above:
        return True
    names = {_bare(each.name) for each in find_path(session, area.id, on)[1:]}
    return all(_bare(each) in names for each in above)


def _bare(name: str) -> str:
    """A name without marks and without the word for its kind."""
    words = fold(name).split()
    for length in (3, 2, 1):
        if len(words) > length and " ".join(words[:length]) in UNITS:
            return " ".join(words[length:])
    return " ".join(words)
