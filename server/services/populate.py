"""Furnishes a demo home: areas, the round of 2019, the forms that ship with the product, a key for every village head.

What is sent with those keys comes in over HTTP like everything else (collect.py); nothing of it is written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files

from sqlalchemy.orm import Session

from server.domain.data_files import (
    AreaRow,
    list_areas,
    list_changes,
    list_demo_commune_facts,
    list_demo_units,
    list_demo_villages,
)
from server.domain.demo_facts import CUTOFF_2019
from server.domain.rounds import Round
from server.services.areas import load_areas, set_root
from server.services.authenticate import Caller
from server.services.enlist import NewProgramme, create_programme, enlist
from server.services.home import Home
from server.services.people import NewAppUser, create_app_user, list_app_users
from server.services.publish import NewForm, Source, create_form
from server.services.rounds import open_round
from server.storage.actors import AppUserView
from server.storage.forms import find_form
from server.storage.programmes import list_programmes

ROUND = Round("2019", "Rà soát năm 2019", "Review of 2019", CUTOFF_2019, date(2019, 1, 1), date(2019, 12, 31))

PROGRAMME = NewProgramme(
    "ct135-2016",
    "Chương trình 135 giai đoạn 2016–2020",
    "Programme 135, 2016–2020",
    "Quyết định 50/2016/QĐ-TTg; Quyết định 03/2019/QĐ-TTg",
    date(2016, 1, 1),
    date(2020, 12, 31),
    "recalled",
    "Khởi đầu 22 xã, 11 thôn: nhớ lại, chưa thấy văn bản. Giữa năm 2019 còn 12 xã, 8 thôn: Báo Quảng Ninh. "
    "Trừ Thanh Lâm và Hà Lâu, đơn vị nào và ngày nào là dữ liệu mẫu.",
)


@dataclass(frozen=True)
class Head:
    """A village of the demo and the key of who fills its sheet."""

    village: AreaRow
    commune: AreaRow
    token: str


def count_demo_villages() -> int:
    """How many submissions the demo will have."""
    return len(list_demo_villages())


def populate(session: Session, home: Home, caller: Caller, project_id: int, now: datetime) -> list[Head]:
    """Writes what is missing; what is there stays. Returns the village heads in the order of the file."""
    tree, villages = list_areas(), list_demo_villages()
    load_areas(session, [*tree, *villages], list_changes(), list_demo_commune_facts(), now)
    root = next(area for area in tree if area.parent_key is None)
    set_root(session, project_id, root.uuid)
    open_round(session, project_id, ROUND, now)
    _register(session, caller, project_id, now)
    form_ids = tuple(
        _publish(session, home, caller, (project_id, name), now) for name in ("village_register", "village_criteria")
    )
    communes = {area.key: area for area in tree}
    known = {user.name: user for user in list_app_users(session, home, caller, project_id)}
    heads = []
    for village in villages:
        commune = communes[village.parent_key or ""]
        user = known.get(name_of_head(village, commune))
        if user is None:
            new = NewAppUser(
                project_id, name_of_head(village, commune), area_id=village.uuid, token=None, form_ids=form_ids
            )
            user = create_app_user(session, home, caller, new, now)
        heads.append(Head(village, commune, _key_of(user)))
    return heads


def _register(session: Session, caller: Caller, project_id: int, now: datetime) -> None:
    """The programme register of the demo, written once."""
    if not any(each.slug == PROGRAMME.slug for each in list_programmes(session, project_id)):
        made = create_programme(session, caller, project_id, PROGRAMME, now)
        enlist(session, caller, made, list_demo_units(), now)


def name_of_head(village: AreaRow, commune: AreaRow) -> str:
    """What the village head is called in lists."""
    return f"Trưởng {village.name}, {commune.name}"


def _key_of(user: AppUserView) -> str:
    if user.token is None:
        raise RuntimeError(f"the key of {user.name} was revoked or cannot be read with this secret")
    return user.token


def _publish(session: Session, home: Home, caller: Caller, which: tuple[int, str], now: datetime) -> int:
    project_id, name = which
    found = find_form(session, project_id, name)
    if found is None:
        source = Source(files("forms").joinpath("library", f"{name}.md").read_bytes(), "md", name, ignore_warnings=True)
        found = create_form(session, home, caller, NewForm(project_id, source, publish=True), now)
    return found.id
