"""Reads an upload and judges it by its own form's rules, before anything is written."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from forms.errors import DefinitionError, Finding, InstanceError
from forms.flatten import answers_of
from forms.instance import Instance, attachment_paths, read_instance
from forms.plan import LAST_SAVED
from forms.tables import table_from_file
from forms.validate import JudgeContext, judge
from forms.xpath.values import Node
from server.domain.errors import NotFound, Unreadable
from server.domain.registers import GIVEN
from server.domain.returned import CORRECTS, split_places
from server.domain.roles import Scope
from server.domain.rounds import Joining
from server.services.aggregate import CRITERIA_FORM, Rows, find_field, make_verdicts
from server.services.authenticate import Caller
from server.services.campaign import Campaign, campaign_of
from server.services.definitions import definition_of
from server.services.devices import about_phone
from server.services.home import Home
from server.services.joining import Said, find_joining, finding_of
from server.services.lists import LISTS, list_of
from server.services.sight import Sight, fill_sight
from server.storage.intake import FormTarget, find_draft_target, find_target, list_form_files
from server.storage.reach import find_above
from server.storage.rounds import RoundView
from sync.decide import Dialect
from sync.envelope import Envelope, instance_id_from

VILLAGES, COMMUNES, UNITS = "villages.csv", "communes.csv", "units.csv"
THINGS = ("works.csv", "classes.csv", "models.csv")
"""Registers of things that lie in an area."""
RETURNED = "corrections.csv"
KEPT_TABLES = 64
LONGEST = 255
"""Characters of an id, a version or a file name."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an upload is addressed. Over REST the form stands in the path, and an edit says so (`must_edit`) and names
    its submission (`root_instance_id`)."""

    project_id: int
    dialect: Dialect = Dialect.OPENROSA
    xml_form_id: str | None = None
    draft: bool = False
    must_edit: bool = False
    root_instance_id: str | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """That a sheet did not come over a line: who brought it, and the SHA-256 of the bundle that it lay in."""

    carrier: Caller
    sha256: str


@dataclass(frozen=True, slots=True)
class Upload:
    """An envelope, where it is addressed, who sent it and when it came (aware). `carried`: somebody else brought it."""

    envelope: Envelope
    target: Target
    caller: Caller
    now: datetime
    carried: Carried | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """An instance as read and judged, its tree given up, with the village it speaks of and its round. `named`: the
    files its answers name, each with the path of the answer. `broken`: some finding is an error."""

    instance: Instance
    instance_id: str
    form: FormTarget
    answers: dict[str, Any]
    findings: tuple[Finding, ...]
    named: dict[str, str]
    area_id: str | None
    joining: Joining[RoundView]
    campaign: Campaign
    verdicts: Rows

    @property
    def round_view(self) -> RoundView | None:
        """The round it belongs to; None where it names none, or a person has to say."""
        return self.joining.round

    @property
    def broken(self) -> bool:
        """Whether some finding is an error."""
        return any(finding.severity == "error" for finding in self.findings)


def read_and_judge(session: Session, home: Home, upload: Upload) -> Judged:
    """Reads and judges. Raises Unreadable when it is no instance, NotFound when its form is not here, Forbidden when
    the sender may not send it."""
    try:
        instance = fitting(read_instance(upload.envelope.xml))
    except InstanceError as error:
        raise Unreadable(error.code, **error.params) from error
    form = _form_of(session, instance, upload.target)
    upload.caller.require("submission.create", form.project_id, form.form_id)
    definition = definition_of(session, form.sha256)
    campaign = campaign_of(session, form.project_id)
    sight = fill_sight(upload.caller, form.project_id, form.form_id)
    media = media_of(session, home, definition, campaign, sight)
    context = JudgeContext(now=upload.now, tables=media.tables, device_id=upload.envelope.device_id or "")
    found = (each for each in judge(definition, instance, context) if not _names_what_ended(definition, each))
    findings = (*about_phone(upload.caller, upload.envelope.device_id), *found)
    answers = answers_of(definition, instance)
    said = Said(form.xml_form_id, definition, answers, _place_of(session, media, sight, (definition, answers)))
    joining = find_joining(session, campaign, said)
    verdicts: Rows = []
    if form.xml_form_id == CRITERIA_FORM and said.area_id and joining.round and not upload.target.draft:
        # before the write transaction, which is to be short; a fresh sheet is the newest of its village
        verdicts = make_verdicts(session, campaign, (joining.round, said.area_id), answers)
    named = {name: path for name, path in attachment_paths(definition, instance).items() if len(name) <= LONGEST}
    instance.release()
    return Judged(
        instance=instance,
        instance_id=instance.instance_id or instance_id_from(upload.envelope.xml),
        form=form,
        answers=answers,
        findings=(*findings, *finding_of(joining, said)),
        named=named,
        area_id=said.area_id,
        joining=joining,
        campaign=campaign,
        verdicts=verdicts,
    )


def _names_what_ended(definition: FormDefinition, finding: Finding) -> bool:
    """Whether all that is found is that a sheet names as the one it corrects what is on the list of returned ones no
    more: it ended after the phone fetched the list, and no answer is wrong by that."""
    if finding.kind not in ("choice", "relevance"):
        return False
    field = definition.fields.get(split_places(finding.path)[0])
    listed = field.itemset.file_name if field is not None and field.itemset is not None else None
    return field is not None and field.name == CORRECTS and listed == RETURNED


def fitting(instance: Instance) -> Instance:
    """The instance with ids and version that fit their columns: an id that is too long counts as none (one is made from
    the bytes), a version is cut. The XML is kept as it came."""
    if instance.instance_id is not None and len(instance.instance_id) > LONGEST:
        instance.instance_id = None
    if instance.deprecated_id is not None and len(instance.deprecated_id) > LONGEST:
        instance.deprecated_id = None
    instance.version = instance.version[:LONGEST]
    return instance


def _form_of(session: Session, instance: Instance, target: Target) -> FormTarget:
    form_id = target.xml_form_id or instance.form_id
    if target.xml_form_id is not None and instance.form_id != target.xml_form_id:
        raise Unreadable("submission.other_form", form=instance.form_id, wanted=target.xml_form_id)
    if target.draft:
        form = find_draft_target(session, target.project_id, form_id)
    else:
        form = find_target(session, target.project_id, form_id, instance.version or "")
    if form is None:
        raise NotFound("submission.unknown_form", form=form_id)
    return form


_tables: OrderedDict[tuple[str, str], Node] = OrderedDict()
_tables_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Media:
    """The external tables of a form by file name, and of the lists that were made for the sender the ids of their rows
    and where the things of registers lie."""

    tables: dict[str, Node]
    names: Mapping[str, frozenset[str]]
    areas: Mapping[str, Mapping[str, str]]


def media_of(session: Session, home: Home, definition: FormDefinition, campaign: Campaign, sight: Sight) -> Media:
    """The external tables that a form reads, as the phone has them of somebody who sees that much."""
    tables: dict[str, Node] = {}
    listed: dict[str, frozenset[str]] = {}
    areas: dict[str, Mapping[str, str]] = {}
    names = set(definition.external_instances.values()) | definition.plan.files
    for name in names & LISTS.keys():
        made = list_of(session, campaign, LISTS[name], sight)
        tables[name] = made.table
        listed[name] = made.names
        areas[name] = made.areas
    others = sorted(name for name in names - (LISTS.keys() - GIVEN) if name != LAST_SAVED)
    if others:
        tables |= tables_of(home, list_form_files(session, definition.sha256, others))
    return Media(tables, listed, areas)


def _place_of(session: Session, media: Media, sight: Sight, said: tuple[FormDefinition, dict[str, Any]]) -> str | None:
    """The area that a sheet speaks of: the village it names; of a sheet that is not asked for a village the commune, or
    the unit above communes, where the sender sees all of that (everybody's list names the commune they live in); of one
    that is asked for none of these where the work, the class or the model lies that it chooses."""
    definition, answers = said
    village = _chosen(definition, answers, VILLAGES)
    if village is not None or _asks_always(definition, VILLAGES):
        return village if village in media.names.get(VILLAGES, ()) else None
    seen = sight.names
    for name in (COMMUNES, UNITS):
        unit = _chosen(definition, answers, name)
        if unit is not None and unit in media.names.get(name, ()):
            return unit if _sees_all_of(session, seen, unit) else None
    if _asks_always(definition, COMMUNES) or _asks_always(definition, UNITS):
        return None
    chosen = ((name, _chosen(definition, answers, name)) for name in THINGS)
    lying = (media.areas.get(name, {}).get(thing) for name, thing in chosen if thing is not None)
    return next((area for area in lying if area), None)


def _asks_always(definition: FormDefinition, file_name: str) -> bool:
    """Whether a form asks for a row of that list whatever else is answered."""
    names = definition.plan.choosing.get(file_name, ())
    return any(field.name in names and field.bind.relevant is None for field in definition.fields.values())


def _sees_all_of(session: Session, seen: Scope, unit: str) -> bool:
    """Whether somebody's part of the tree holds an area as a whole; also one that has ended since."""
    return seen.everywhere or unit in seen.areas or not seen.areas.isdisjoint(find_above(session, unit, seen.on))


def tables_of(home: Home, files: Mapping[str, str]) -> dict[str, Node]:
    """Kept files (SHA-256 by name) as tables; those that are none are left out."""
    found = {name: _table(home, name, sha256) for name, sha256 in files.items()}
    return {name: table for name, table in found.items() if table is not None}


def _table(home: Home, name: str, sha256: str) -> Node | None:
    """A file of the form as a table; None when it is none: what reads it is then not evaluated, and the phone told."""
    key = (name.rpartition(".")[2].lower(), sha256)
    with _tables_lock:
        kept = _tables.get(key)
    if kept is None:
        with home.blobs.open(sha256) as file:
            try:
                kept = table_from_file(name, file.read())
            except DefinitionError:
                return None
        if kept is None:
            return None
        with _tables_lock:
            _tables[key] = kept
            while len(_tables) > KEPT_TABLES:
                _tables.popitem(last=False)
    return kept


def _chosen(definition: FormDefinition, answers: dict[str, Any], file_name: str) -> str | None:
    for field in definition.plan.choosing.get(file_name, ()):
        answer = find_field(answers, field)
        if isinstance(answer, str) and answer:
            return answer
    return None
