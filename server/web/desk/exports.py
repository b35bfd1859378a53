"""One page to take a form's answers away: in which format, which of them, laid out how; at once, or made in the
background and kept for a while. Its address carries the choices, so that it can be shared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from forms.definition import UNTRANSLATED, FormDefinition
from server.config import MEGABYTE
from server.domain.areas import COMMUNE_KINDS
from server.domain.errors import DomainError, Forbidden, NotFound
from server.domain.review import STATES
from server.domain.wishes import LABELS, NAMES, Wish, read_wish, wish_from
from server.exports.formats import find_lack, list_formats
from server.services.authenticate import Caller
from server.services.definitions import definition_of
from server.services.extract import Asked, count_extract, has_personal, list_places, look_up, source_of
from server.services.order_export import cancel_order, find_order, list_orders, shown_state
from server.storage.areas import AreaView
from server.storage.exports import UNDONE, ExportView
from server.storage.forms import find_form
from server.storage.rounds import list_rounds
from server.storage.sights import list_seen_areas
from server.table_words import translator
from server.web.answer_files import answer_answers
from server.web.context import choose_locale, current_home, current_session, now
from server.web.desk import words
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.errors import refusal_of, say
from server.web.export_files import answer_export_file, order_file

FORM = "/projects/<int:project_id>/forms/<segment:form_id>"
Answer = Response | str | tuple[str, int]
ORDER = ("xlsx", "csv.zip", "geojson", "media.zip", "parquet.zip")
"""Formats as the page offers them: what most people want first."""
WITH_FILES = ("csv.zip", "media.zip")
SWITCHES = ("details", "personal", "attachments", "splitSelectMultiples", "deletedFields")
USUAL = {
    "format": "xlsx",
    "labels": "instead",
    "details": "true",
    "personal": "true",
    **dict.fromkeys(("attachments", "splitSelectMultiples", "deletedFields"), "false"),
}
"""What is chosen where nothing is: what an office opens in Excel and reads."""
CHOSEN = "chosen"
"""In a query: all switches were seen, and what is not named is off."""
_SAID = frozenset({"lang", "format", CHOSEN, "__csrf"})


@dataclass(frozen=True)
class Choice:
    """What was chosen: `said` as a query has it, `wish` as it was read."""

    said: tuple[tuple[str, str], ...]
    wish: Wish

    @property
    def query(self) -> str:
        """The choices as a query, all of them."""
        return urlencode((*self.said, (CHOSEN, "1")))


@dataclass(frozen=True)
class Found:
    """How much that is; `error`: a sentence, why it cannot be made. `at_once`: it is small."""

    total: int = 0
    at_once: bool = False
    error: str | None = None


@dataclass(frozen=True)
class Line:
    """An order as the page shows it. `again`: the address of the page with the same choices."""

    order: ExportView
    state: str
    ending: str
    error: str | None
    again: str
    hours_left: int


@blueprint.get(f"{FORM}/export")
def export_page(project_id: int, form_id: str) -> str:
    """What can be chosen, how much that is, and what was ordered."""
    caller, asked = _asked(project_id, form_id)
    return _page(caller, asked, _choice(request.args))


@blueprint.get(f"{FORM}/export/at-once")
def export_at_once(project_id: int, form_id: str) -> Response:
    """The file of these choices, sent while it is made."""
    caller, asked = _asked(project_id, form_id)
    return answer_answers(caller, asked, _choice(request.args).wish)


@blueprint.post(f"{FORM}/export")
def order_answers(project_id: int, form_id: str) -> Answer:
    """Has the file of these choices made in the background."""
    caller, asked = _asked(project_id, form_id)
    choice = _choice(request.form)
    try:
        order_file(caller, asked, choice.wish)
    except Forbidden:
        raise
    except DomainError as error:
        refusal = refusal_of(error)
        return _page(caller, asked, choice, refusal.message), refusal.status
    page = url_for("desk.export_page", project_id=project_id, form_id=form_id)
    return redirect(f"{page}?{choice.query}#orders", 303)


@blueprint.get(f"{FORM}/exports/<uuid>/file")
def export_file(project_id: int, form_id: str, uuid: str) -> Response:
    """A file that was made, or a part of it."""
    caller, asked = _asked(project_id, form_id)
    return answer_export_file(caller, asked, uuid)


@blueprint.post(f"{FORM}/exports/<uuid>/delete")
def cancel_export(project_id: int, form_id: str, uuid: str) -> Response:
    """Takes an order away, with its file."""
    caller, asked = _asked(project_id, form_id)
    session = current_session()
    order = find_order(session, caller, asked, uuid)
    cancel_order(session, current_home(), caller, order, now())
    return redirect(url_for("desk.export_page", project_id=project_id, form_id=form_id) + "#orders", 303)


def _page(caller: Caller, asked: Asked, choice: Choice, refused: str | None = None) -> str:
    definition = definition_of(current_session(), asked.version.sha256)
    lines = [_line(asked, each, now()) for each in list_orders(current_session(), caller, asked)]
    spot: dict[str, Any] = {"project_id": asked.project.id, "form_id": asked.form.xml_form_id}
    return show_page(
        "export.html",
        caller=caller,
        project=asked.project,
        form=asked.version,
        spot=spot,
        choice=choice,
        wish=choice.wish,
        found=_found(caller, asked, choice.wish),
        refused=refused,
        formats=_formats(definition),
        switches=SWITCHES,
        labels=LABELS,
        languages_of_form=[each for each in definition.languages if each != UNTRANSLATED],
        places=list_places(definition.root),
        has_personal=has_personal(definition.root),
        rounds=list_rounds(current_session(), asked.project.id),
        areas=_areas(caller, asked),
        states=STATES,
        lines=lines,
        undone=any(each.state in UNDONE for each in lines),
        days=current_home().config.export_days,
        odata=url_for("tables.get_service", _external=True, **spot),
        size_of=_size,
    )


def _size(count: int) -> str:
    """`3,4 MB`."""
    if count < MEGABYTE:
        return f"{words.number(max(1, round(count / 1000)) if count else 0)} kB"
    return f"{words.number(round(count / MEGABYTE, 1))} MB"


def _asked(project_id: int, form_id: str) -> tuple[Caller, Asked]:
    caller = desk_caller()
    project = project_of(caller, project_id)
    if not caller.scope("submission.list", project_id):
        raise Forbidden("auth.forbidden")
    form = find_form(current_session(), project_id, form_id)
    scope = caller.scope("submission.list", project_id, form.id) if form else None
    # that a form is there is not told to who sees nothing of it
    if form is None or form.current is None or not scope:
        raise NotFound("form.unknown", form=form_id)
    return caller, Asked(project, form, form.current)


def _choice(given: MultiDict[str, str]) -> Choice:
    """What a query or a form chose; what most people want where it says nothing. Raises Invalid."""
    usual = {} if CHOSEN in given else USUAL
    ending = given.get("format") or USUAL["format"]
    said = {name: values for name, values in given.lists() if name not in _SAID}
    chosen = {name: [value] for name, value in usual.items() if name != "format"} | said
    if CHOSEN in given:
        chosen |= {name: ["false"] for name in SWITCHES if name not in said}
    # Excel knows UTF-8 by its mark alone
    wish = read_wish(ending, chosen | {"bom": ["true"]})
    pairs = [("format", ending), *((name, value) for name, values in chosen.items() for value in values if value)]
    return Choice(tuple(pairs), wish)


def _found(caller: Caller, asked: Asked, wish: Wish) -> Found:
    session, home = current_session(), current_home()
    try:
        extract = look_up(session, caller, asked, wish, now())
        source_of(session, home, extract, translator(choose_locale()))
    except Forbidden:
        raise
    except DomainError as error:
        return Found(error=refusal_of(error).message)
    total = count_extract(session, extract)
    with_files = wish.ending in WITH_FILES and wish.attachments and wish.personal
    return Found(total, total <= home.config.export_at_once and not (with_files or wish.ending == "media.zip"))


def _formats(definition: FormDefinition) -> list[str]:
    """Those that work here and hold something of this form."""
    empty = {"geojson": not list_places(definition.root), "media.zip": not _has_files(definition)}
    there = [each for each in list_formats() if find_lack(each) is None and not empty.get(each, False)]
    return sorted(there, key=lambda each: (each not in ORDER, ORDER.index(each) if each in ORDER else 0, each))


def _has_files(definition: FormDefinition) -> bool:
    return any(field.type == "binary" for field in definition.root.walk())


def _areas(caller: Caller, asked: Asked) -> list[AreaView]:
    """The areas that one can choose: communes and what lies above them."""
    scope = caller.scope("submission.list", asked.project.id, asked.form.id)
    seen = list_seen_areas(current_session(), asked.project.id, caller.on, scope)
    return [each for each in seen.values() if each.kind in (*COMMUNE_KINDS, "district", "province")]


def _line(asked: Asked, order: ExportView, at: datetime) -> Line:
    wish = wish_from(order.wish)
    page = url_for("desk.export_page", project_id=asked.project.id, form_id=asked.form.xml_form_id)
    left = order.expires_at - at if order.expires_at else timedelta(0)
    error = say(order.error, {}) if order.error else None
    state = shown_state(order, at)
    return Line(order, state, wish.ending, error, f"{page}?{_again(wish)}", max(0, int(left.total_seconds() // 3600)))


def _again(wish: Wish) -> str:
    kept, plain = wish.as_json(), Wish(wish.ending, bom=True).as_json()
    pairs = [("format", wish.ending), (CHOSEN, "1")]
    for name, own in NAMES.items():
        value = kept[own]
        if value == plain[own] and name not in SWITCHES:
            continue
        if isinstance(value, bool):
            pairs.append((name, "true" if value else "false"))
        elif isinstance(value, str):
            pairs.append((name, value))
        else:
            pairs += [(name, each) for each in value or ()]
    return urlencode(pairs)
