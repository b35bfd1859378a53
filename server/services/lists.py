"""Lists that the server makes for phones, as CSV media of a form: villages with what was approved of them before,
communes, provinces and districts, rounds, registers of works, classes and trainees, and sheets that were returned.

A list is a file like any other for a phone (name, hash, bytes), made for the person who asks: only what lies in their
part of the area tree. Names of areas are their own ids (UUID v4), as the field asks of entities. The hash is that of
the bytes: it changes when this person's own part does.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from forms.definition import Field, FormDefinition
from forms.parse import table_from_csv
from forms.xpath.values import Node
from server.domain.registers import (
    AGAIN,
    BEFORE,
    FILES,
    KEY,
    POINTS,
    PROXY,
    REGISTERS,
    REPORTER,
    Register,
    bare_id,
    cell,
    flat,
    rows_of,
)
from server.domain.returned import say_returned, tell_apart
from server.domain.roles import Scope
from server.services.aggregate import CRITERIA_FORM
from server.services.authenticate import day_of, tell_moment
from server.services.campaign import Campaign, campaign_of
from server.services.definitions import definition_of
from server.services.question_labels import name_questions
from server.services.sight import Sight
from server.storage.area_views import list_these
from server.storage.areas import AreaView, list_facts
from server.storage.forms import find_form
from server.storage.memory import Memory
from server.storage.reach import find_above
from server.storage.registers import iterate_last_answers, iterate_register
from server.storage.returns import Wanted, list_returned
from server.storage.rounds import RoundView
from server.storage.sights import list_seen_areas

LISTS = FILES
VILLAGE_KINDS = frozenset({"village"})
COMMUNE_KINDS = frozenset({"commune", "ward", "town", "special_zone"})
UNIT_LEVELS: Mapping[str, str] = {"province": "tinh", "district": "huyen"}
"""The level of what stands above communes, as forms call it, by the kind of area."""
KEPT = 512
_STEADY = ("villages", "communes", "units", "rounds")
"""What changes with the revision of a campaign alone; the others are made for each who asks."""
LANGUAGES = ("vi", "en")
CORRECTIONS = (
    *("form", "form_title", "area", "round", "key", "instance"),
    *("reason", "questions", "told", "told_en", "level", "returned_on"),
)
_NOT_CARRIED = frozenset({"binary", "geopoint", "geotrace", "geoshape"})


@dataclass(frozen=True, slots=True)
class ListFile:
    """One list as a phone gets it. `md5` in hex; `table` is the same as an instance that expressions can read; `names`
    are the ids of its rows, `areas` where the things of a register lie, by their ids."""

    content: bytes
    md5: str
    table: Node
    names: frozenset[str]
    areas: Mapping[str, str]


Rows = list[list[str]]

_kept: Memory[tuple[object, ...], ListFile] = Memory(KEPT)


def make_list(session: Session | Connection, project_id: int, name: str, sight: Sight) -> ListFile:
    """The list `name` of a project for somebody who sees that much of it. Villages, communes and rounds are made again
    only when areas, rounds, or what was approved in earlier rounds have changed."""
    return list_of(session, campaign_of(session, project_id), name, sight)


def list_of(session: Session | Connection, campaign: Campaign, name: str, sight: Sight) -> ListFile:
    """The list as of a campaign that is at hand: see `make_list`."""
    # the tree as of the date that the newest round speaks of; without a round as of today
    on = campaign.rounds[0].cutoff if campaign.rounds else sight.names.on
    # whoever sees the same is given the same
    key = (campaign.revision, campaign.project_id, name, replace(sight, sender=None, fills=None), on)
    steady = name in _STEADY and bool(campaign.revision)
    kept = _kept.find(key) if steady else None
    if kept is not None:
        return kept
    made = _as_file(_rows(session, campaign, name, (sight, on)))
    if steady:
        _kept.put(key, made)
    return made


def _rows(session: Session | Connection, campaign: Campaign, name: str, seen: tuple[Sight, date]) -> Rows:
    sight, on = seen
    if name == "rounds":
        held = (each for each in campaign.rounds if is_held(session, each, sight.names))
        return [[*KEY, "cutoff"], *([each.slug, each.name_vi, each.cutoff.isoformat()] for each in held)]
    if name == "corrections":
        return _returned_rows(session, campaign.project_id, sight)
    if name == POINTS:
        return [[*KEY, "diem"]]
    if name in REGISTERS:
        return _register_rows(session, campaign.project_id, REGISTERS[name], sight)
    areas = list_seen_areas(session, campaign.project_id, on, sight.names)
    if name == "villages":
        return _village_rows(session, campaign, areas, seen)
    if name == "units":
        return _unit_rows(areas)
    return _commune_rows(session, campaign.project_id, areas, seen)


def is_held(session: Session | Connection, round_view: RoundView, names: Scope) -> bool:
    """Whether a round is held where somebody fills in: above one of those areas, or below."""
    if round_view.areas is None or names.everywhere:
        return True
    if list_these(session, names, round_view.cutoff, round_view.areas):
        return True
    above = (find_above(session, area, round_view.cutoff) for area in names.areas)
    return any(not set(round_view.areas).isdisjoint(path) for path in above)


def _village_rows(
    session: Session | Connection, campaign: Campaign, areas: dict[str, AreaView], seen: tuple[Sight, date]
) -> Rows:
    """The villages, each with its commune's attestation and what was approved of it in the rounds before."""
    sight, on = seen
    facts = list_facts(session, "xa_dat_ntm", on)
    asked = _asked_before(session, campaign)
    before: dict[str, list[str]] = {}
    if asked:
        for last in iterate_last_answers(session, campaign.project_id, CRITERIA_FORM, on, sight.values):
            answers = flat(last.answers)
            before[last.area_id] = [last.round, *(cell(answers.get(name)) for name in asked)]
    rows = [[*KEY, "commune", "code", "xa_ntm", *(f"{BEFORE}{name}" for name in (("ky", *asked) if asked else ()))]]
    for area in areas.values():
        if area.kind not in VILLAGE_KINDS:
            continue
        fact = facts.get(area.parent_id or "")
        known = fact.value.get("value") if fact else None
        answer = "khong_ro" if known is None else "co" if known else "khong"
        own = before.get(area.id) or [""] * (len(asked) + 1 if asked else 0)
        rows.append([area.id, area.name, area.parent_id or "", area.code or "", answer, *own])
    return rows


def _asked_before(session: Session | Connection, campaign: Campaign) -> tuple[str, ...]:
    """The questions of the criteria form whose last answers are carried along; none before the second round."""
    if len(campaign.rounds) < 2:
        return ()
    form = find_form(session, campaign.project_id, CRITERIA_FORM)
    if form is None or form.current is None:
        return ()
    return tuple(_questions(definition_of(session, form.current.sha256)))


def _questions(definition: FormDefinition) -> Iterable[str]:
    """What somebody is asked and answers with one value, but for the place, the round and media, and for what is true
    of that one sheet."""
    lists = frozenset(LISTS)

    def asks(field: Field) -> bool:
        chosen = field.itemset.file_name if field.itemset else None
        own = field.name in (PROXY, REPORTER) or field.name.startswith(AGAIN)
        return field.control is not None and field.type not in _NOT_CARRIED and chosen not in lists and not own

    def below(field: Field) -> Iterable[str]:
        for child in field.children:
            if child.kind == "group":
                yield from below(child)
            elif child.kind == "field" and asks(child):
                yield child.name

    return below(definition.root)


def _commune_rows(
    session: Session | Connection, project_id: int, areas: dict[str, AreaView], seen: tuple[Sight, date]
) -> Rows:
    sight, on = seen
    everything = areas if sight.names.everywhere else list_seen_areas(session, project_id, on)
    # a head who sees one village must still be able to choose its commune
    communes = {area.parent_id for area in areas.values() if area.kind in VILLAGE_KINDS}
    communes |= {area.id for area in areas.values() if area.kind in COMMUNE_KINDS}
    found = ([area.id, area.name, area.code or ""] for area in everything.values() if area.id in communes)
    return [[*KEY, "code"], *found]


def _unit_rows(areas: Mapping[str, AreaView]) -> Rows:
    """The provinces and districts that somebody sees the whole of."""
    found = (
        [area.id, area.name, UNIT_LEVELS[area.kind], area.code or ""]
        for area in areas.values()
        if area.kind in UNIT_LEVELS
    )
    return [[*KEY, "level", "code"], *found]


def _register_rows(session: Session | Connection, project_id: int, register: Register, sight: Sight) -> Rows:
    """A row for each approved sheet, or for each row of its repeats: the id, a name, the area, and what was answered by
    the names of the questions."""
    scope = sight.values if register.personal else sight.things
    form = find_form(session, project_id, register.form_id)
    if form is None or form.current is None:
        return [[*KEY, "area"]]
    asked = _columns(definition_of(session, form.current.sha256), register)
    rows = [[*KEY, "area", *asked]]
    for sheet in iterate_register(session, project_id, register.form_id, scope):
        name, said = bare_id(sheet.instance_id), flat(sheet.answers)
        if register.where is not None and said.get(register.where[0]) != register.where[1]:
            continue
        things = list(rows_of(sheet.answers, register.repeat)) if register.rows else [sheet.answers]
        for number, thing in enumerate(things, start=1):
            answers = {column: said.get(column) for column in register.carried} | flat(thing)
            cells = [cell(answers.get(column)) for column in asked]
            label = next((each for each in cells if each), name)
            label = label if register.rows else sheet.instance_name or label
            rows.append([f"{name}-{number}" if register.rows else name, label, sheet.area_id or "", *cells])
    return rows


def _columns(definition: FormDefinition, register: Register) -> tuple[str, ...]:
    reserved = frozenset((*KEY, "area"))
    if not register.rows:
        return tuple(name for name in _questions(definition) if name not in reserved)
    repeats = [
        field for field in definition.root.walk() if field.kind == "repeat" and register.repeat in (None, field.name)
    ]
    names = (child.name for field in repeats[:1] for child in field.walk() if child.kind == "field" and child.control)
    return tuple(dict.fromkeys(name for name in (*names, *register.carried) if name not in reserved))


def _returned_rows(session: Session | Connection, project_id: int, sight: Sight) -> Rows:
    """A row for each sheet that was returned and waits for its correction. `label`: what the sheet is called, with when
    it was returned where another is called the same; `key`: form, area and round, by which a form finds what was
    returned of the place and round that were chosen; `told`: why, as a note says it."""
    rows = [[*KEY, *CORRECTIONS]]
    # what one sent oneself, while one still fills in that form there
    own = (sight.sender, sight.fills) if sight.sender is not None and sight.fills is not None else None
    sheets = list_returned(session, Wanted(project_id, sight.values, own))
    labels = tell_apart(
        (each.xml_form_id, each.instance_name or each.title, tell_moment(each.returned_at)) for each in sheets
    )
    for sheet, label in zip(sheets, labels, strict=True):
        named = {language: name_questions(session, sheet, language) for language in LANGUAGES}
        told = [say_returned(sheet.reason, named[language], language) for language in LANGUAGES]
        key = " ".join((sheet.xml_form_id, sheet.area_id or "", sheet.round_slug or ""))
        questions = "; ".join(asked for asked, _, _ in named["vi"])
        place = [sheet.xml_form_id, sheet.title, sheet.area_id or "", sheet.round_slug or "", key, sheet.instance_id]
        why = [sheet.reason or "", questions, *told, sheet.level or "", day_of(sheet.returned_at).isoformat()]
        rows.append([bare_id(sheet.instance_id), label, *place, *why])
    return rows


def _as_file(rows: Rows) -> ListFile:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    content = text.getvalue().encode()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    at = rows[0].index("area") if "area" in rows[0] else None
    areas = {} if at is None else {row[0]: row[at] for row in rows[1:] if row[at]}
    return ListFile(content, md5, table_from_csv(content), frozenset(row[0] for row in rows[1:]), areas)
