"""Cards to be cut and handed out: one sheet for each commune, all of them in a row, or one sheet by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from server.domain.areas import match_key
from server.domain.errors import NotFound
from server.services.authenticate import Caller
from server.services.people import opened
from server.services.qr import draw_svg
from server.storage.actors import AppUserView
from server.storage.audits import Where
from server.storage.key_holders import HomeArea, list_app_users, list_holders_below, list_home_areas
from server.storage.projects import ProjectView
from server.web.context import current_home, current_session
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.exports import tell_export
from server.web.phone_settings import is_reachable, settings_of

MOST_AT_ONCE = 64
"""Cards on one page; of more the contents alone are shown, from which each sheet is opened."""
ELSEWHERE = "elsewhere"
"""In an address, in place of a commune: those who are there for no commune of today."""


@dataclass(frozen=True)
class Card:
    """One card: who it is for, their villages, the picture that sets up ODK Collect and that which opens the app in a
    browser."""

    user: AppUserView
    areas: tuple[str, ...]
    picture: Markup
    page_picture: Markup


@dataclass(frozen=True)
class Sheet:
    """The holders of one commune; `key` stands in its address. `cards`: drawn where they are shown."""

    key: str
    name: str | None
    holders: Sequence[AppUserView]
    cards: Sequence[Card] = ()


@blueprint.get("/projects/<int:project_id>/phones/cards")
def phone_cards(project_id: int) -> str:
    """The contents, and the sheets of all communes where that is not too much for one page."""
    caller, project = _allowed(project_id)
    session = current_session()
    reached = caller.reach("field_key.list", project_id)
    every = [user for user in list_app_users(session, project_id, reached, caller.on) if user.sealed is not None]
    homes = list_home_areas(session, project_id, caller.on)
    sheets = _sheets(every, homes)
    drawn = [_drawn(sheet, homes, project) for sheet in sheets] if len(every) <= MOST_AT_ONCE else []
    if drawn:
        tell_export(caller, "field_key.print", f"project:{project_id}", Where(project_id), keys=len(every))
    return _page(caller, project, sheets, drawn)


@blueprint.get("/projects/<int:project_id>/phones/cards/<area>")
def commune_cards(project_id: int, area: str) -> str:
    """The sheet of one commune."""
    caller, project = _allowed(project_id)
    session = current_session()
    reached = caller.reach("field_key.list", project_id)
    if area == ELSEWHERE:
        found = list_app_users(session, project_id, reached, caller.on)
        homes = list_home_areas(session, project_id, caller.on)
    else:
        found = list_holders_below(session, project_id, reached, caller.on, area)
        homes = list_home_areas(session, project_id, caller.on, [user.id for user in found])
    holders = [user for user in found if user.sealed is not None]
    kept = [sheet for sheet in _sheets(holders, homes) if sheet.key == area]
    if not kept:
        raise NotFound("http.not_found")
    drawn = [_drawn(sheet, homes, project) for sheet in kept]
    where = Where(project_id, None if area == ELSEWHERE else area)
    keys = sum(len(sheet.cards) for sheet in drawn)
    tell_export(caller, "field_key.print", f"project:{project_id}", where, keys=keys)
    return _page(caller, project, kept, drawn, alone=True)


def _allowed(project_id: int) -> tuple[Caller, ProjectView]:
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require("field_key.list", project_id)
    return caller, project


def _page(
    caller: Caller, project: ProjectView, sheets: Sequence[Sheet], drawn: Sequence[Sheet], *, alone: bool = False
) -> str:
    return show_page(
        "cards.html",
        caller=caller,
        project=project,
        sheets=sheets,
        drawn=drawn,
        total=sum(len(sheet.holders) for sheet in sheets),
        alone=alone,
        reachable=is_reachable(),
    )


def _sheets(holders: Iterable[AppUserView], homes: dict[int, list[HomeArea]]) -> list[Sheet]:
    """By commune, each by its name; who is there for several stands on each of their sheets."""
    names: dict[str, str | None] = {}
    found: dict[str, list[AppUserView]] = {}
    for user in holders:
        communes = {home.commune_id: home.commune for home in homes.get(user.id, []) if home.commune_id}
        for commune_id, commune in communes.items() or ((ELSEWHERE, None),):
            key = commune_id or ELSEWHERE
            names[key] = commune
            found.setdefault(key, []).append(user)
    made = [
        Sheet(key, names[key], sorted(users, key=lambda user: (_areas(user, homes), match_key(user.name))))
        for key, users in found.items()
    ]
    return sorted(made, key=lambda sheet: (sheet.name is None, match_key(sheet.name or "")))


def _drawn(sheet: Sheet, homes: dict[int, list[HomeArea]], project: ProjectView) -> Sheet:
    cards = []
    for user in sheet.holders:
        settings = settings_of(opened(current_home(), user), project)
        if settings is not None:
            cards.append(Card(user, _areas(user, homes), picture_of(settings.text), picture_of(settings.page)))
    return Sheet(sheet.key, sheet.name, sheet.holders, cards)


def _areas(user: AppUserView, homes: dict[int, list[HomeArea]]) -> tuple[str, ...]:
    return tuple(home.name for home in homes.get(user.id, []))


def picture_of(text: str) -> Markup:
    """A text as a code, an element of the page."""
    # drawn by ourselves from text of ours
    return Markup(draw_svg(text))  # noqa: S704
