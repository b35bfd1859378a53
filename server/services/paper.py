"""A form as it is printed for a place: what is known already, and what was approved of it the last time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from server.domain.errors import NotFound
from server.domain.registers import cell, flat
from server.domain.roles import Scope
from server.exports.paper import Paper, code_text, language_of
from server.services.aggregate import COMMUNE_FORM, CRITERIA_FORM
from server.services.definitions import definition_of
from server.services.lists import COMMUNE_KINDS, VILLAGE_KINDS
from server.services.qr import draw_svg
from server.storage.area_views import find_seen, list_these
from server.storage.areas import AreaView, find_path
from server.storage.forms import FormView
from server.storage.projects import ProjectView
from server.storage.registers import iterate_last_answers
from server.storage.rounds import RoundView, list_rounds

ONE_A_ROUND = (CRITERIA_FORM, COMMUNE_FORM)
"""Forms of which an area sends one sheet a round: only of these a last answer is the answer of that area."""


@dataclass(frozen=True)
class AskedPaper:
    """What is to be printed: a form of a project; for an area by its own id or code, or for none; for a round by its
    slug, for the newest one ("") or for none (None). `names`: whose areas may be named, `reads`: whose answers."""

    project: ProjectView
    form: FormView
    area: str | None
    round_slug: str | None
    names: Scope
    reads: Scope
    locale: str = "vi"


def gather_paper(session: Session, asked: AskedPaper, show: Callable[[date], str]) -> Paper:
    """The sheet. `show` writes a day. Raises NotFound (the form was never published, no such area in sight, no such
    round)."""
    if asked.form.current is None:
        raise NotFound("form.never_published", form=asked.form.xml_form_id)
    definition = definition_of(session, asked.form.current.sha256)
    round_view = _round(session, asked)
    on = round_view.cutoff if round_view else asked.names.on
    path = _path(session, asked, on)
    round_name = _name(round_view, asked.locale) if round_view else None
    last, last_slug = _last(session, asked, path[-1] if path else None, on) if round_view else ({}, None)
    rounds = {each.slug: _name(each, asked.locale) for each in list_rounds(session, asked.project.id)}
    text = code_text(
        definition.form_id,
        definition.version,
        path[-1].id if path else None,
        round_view.slug if round_view else None,
    )
    return Paper(
        definition=definition,
        language=language_of(definition, asked.locale),
        project=asked.project.name,
        place=", ".join(area.name for area in reversed(path) if area.kind != "province") or None,
        round=f"{round_name} ({show(round_view.cutoff)})" if round_view else None,
        code=draw_svg(text),
        synthetic=asked.project.synthetic,
        known=_known(definition, path, (round_view, round_name), show),
        last=last,
        last_round=rounds.get(last_slug or "", last_slug),
    )


def _round(session: Session, asked: AskedPaper) -> RoundView | None:
    if asked.round_slug is None:
        return None
    rounds = list_rounds(session, asked.project.id)
    if not asked.round_slug:
        return rounds[0] if rounds else None
    found = next((each for each in rounds if each.slug == asked.round_slug), None)
    if found is None:
        raise NotFound("round.unknown", slug=asked.round_slug)
    return found


def _path(session: Session, asked: AskedPaper, on: date) -> list[AreaView]:
    """The area with what it lies in, the topmost first; nothing where none is asked."""
    if asked.area is None:
        return []
    area_id = find_seen(session, asked.names, asked.area, on)
    found = list_these(session, asked.names, on, [area_id]) if area_id else {}
    if area_id is None or area_id not in found:
        raise NotFound("area.unknown", value=asked.area)
    return list(reversed(find_path(session, area_id, on)))


def _last(session: Session, asked: AskedPaper, area: AreaView | None, on: date) -> tuple[dict[str, str], str | None]:
    """What was approved of the area in the newest earlier round, and that round; nothing for who may not read it."""
    if area is None or asked.form.xml_form_id not in ONE_A_ROUND:
        return {}, None
    if not list_these(session, asked.reads, on, [area.id]):
        return {}, None
    only = Scope(False, frozenset((area.id,)), asked.reads.on)
    for found in iterate_last_answers(session, asked.project.id, asked.form.xml_form_id, on, only):
        if found.area_id == area.id:
            return {name: text for name, value in flat(found.answers).items() if (text := cell(value))}, found.round
    return {}, None


def _known(
    definition: FormDefinition,
    path: list[AreaView],
    of_round: tuple[RoundView | None, str | None],
    show: Callable[[date], str],
) -> Mapping[str, str]:
    """Answers that the place and the round settle, and names that texts of our forms refer to."""
    round_view, round_name = of_round
    commune = next((area.name for area in path if area.kind in COMMUNE_KINDS), None)
    village = next((area.name for area in path if area.kind in VILLAGE_KINDS), None)
    by_list = {"communes.csv": commune, "villages.csv": village, "rounds.csv": round_name}
    fields = definition.fields.values()
    chosen = {each.name: by_list.get(each.itemset.file_name or "") for each in fields if each.itemset}
    cutoff = show(round_view.cutoff) if round_view else None
    named = {"ten_thon": village, "ten_xa": commune, "ten_ky": round_name, "ngay_chot_ky": cutoff}
    return {name: text for name, text in (chosen | named).items() if text}


def _name(round_view: RoundView, locale: str) -> str:
    return round_view.name_en if locale == "en" else round_view.name_vi
