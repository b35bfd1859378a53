"""What became of what one person sent, told to that person's own phone.

Who may only send (`app-user`) reads no sheet of anybody. What is told here is no reading of the reports: what that very
person sent, that it is kept, and what the office said to him or her (docs/adr/0024-told-to-who-sent.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from server.domain.errors import NotFound
from server.domain.returned import NEW_SHEET, split_places
from server.domain.review import APPROVED, REJECTED
from server.services.authenticate import Caller
from server.services.campaign import campaign_of
from server.services.definitions import definition_of
from server.services.lists import LANGUAGES, is_held
from server.services.offer import list_offered
from server.services.question_labels import label_of
from server.services.sight import fill_scope, fills_of
from server.storage.openrosa import PublishedForm
from server.storage.own_sheets import (
    Eyes,
    OwnApart,
    OwnFile,
    OwnReturn,
    OwnSheet,
    OwnText,
    find_own,
    list_dated_forms,
    list_files_of,
    list_own,
    list_own_apart,
    list_returns_of,
    list_texts_of,
)
from server.storage.readings import find_submission_xml
from server.storage.rounds import RoundView
from sync.receipt_number import write_number

MOST = 500
"""Sheets, and texts kept apart, that a phone is told of: the newest. Those that were returned are told of always."""
RETURNED, INCOMPLETE, REPLACED = "returned", "incomplete", "replaced"
DELETED, ELSEWHERE, APART = "deleted", "elsewhere", "apart"
STATES = (
    "received",
    "hasIssues",
    "edited",
    APPROVED,
    REJECTED,
    RETURNED,
    INCOMPLETE,
    REPLACED,
    DELETED,
    ELSEWHERE,
    APART,
)
"""How a sheet stands for who sent it. The first five are those of review; `returned`: it waits for a correction;
`rejected`: it was returned and that is settled otherwise; `replaced`: a new sheet came in its place; `incomplete`:
files that it names are not here and nobody has decided on it; `deleted`: the office took it away, or its form;
`elsewhere`: what became of it is not this person's any more; `apart`: kept apart, for people to look over."""


@dataclass(frozen=True)
class SentApart:
    """A text that was kept apart, and why (storage/submissions.py)."""

    instance_id: str
    reason: str
    sha256: str
    receipt: str
    received_at: datetime


@dataclass(frozen=True)
class AskedAgain:
    """A question that a return names: its path without places of rows, those places, its label by language, and what
    was said of the answer."""

    path: str
    rows: tuple[int, ...]
    label: Mapping[str, str]
    words: str


@dataclass(frozen=True)
class Returned:
    """Why a sheet was returned, and when, by which move. `seen`: the sender's phone was told so before."""

    move_id: int
    seen: bool
    at: datetime
    words: str
    questions: tuple[AskedAgain, ...]


@dataclass(frozen=True)
class SentSheet:
    """A sheet as its sender is told of it. `instance_id`: of its newest text that the sender may know, `instance_ids`
    of all of them, that one last, `sha256s` of what is kept under these; `level`: of the office that approved it."""

    instance_id: str
    root_id: str
    instance_ids: tuple[str, ...]
    xml_form_id: str
    version: str
    form_name: str
    received_at: datetime
    receipt: str
    state: str
    level: str | None
    sha256s: tuple[str, ...]
    files: tuple[OwnFile, ...] = ()
    returned: Returned | None = None
    apart: tuple[SentApart, ...] = ()


@dataclass(frozen=True)
class OpenRound:
    """A round that is held where somebody fills in, and goes on until `closes_on`."""

    name: str
    closes_on: date


@dataclass(frozen=True)
class _Known:
    """What was read of somebody's submissions, by their numbers: the `texts` that are theirs to know of, oldest first,
    the files of the last of these by the number of the text, and returns."""

    texts: Mapping[int, Sequence[OwnText]]
    files: Mapping[int, Sequence[OwnFile]]
    returns: Mapping[int, OwnReturn]


def tell_sent(session: Session, caller: Caller, project_id: int) -> list[SentSheet]:
    """What the caller sent to a project, newest first: at most `MOST` sheets, and those that were returned."""
    sheets = list_own(session, (project_id, caller.actor_id), _eyes(caller, project_id), MOST)
    known = _look(session, caller, sheets)
    apart = list_own_apart(session, project_id, caller.actor_id, MOST)
    beside: dict[tuple[str, str], list[SentApart]] = {}
    for each in apart:
        beside.setdefault((each.xml_form_id, each.instance_id), []).append(_as_apart(each))
    found = [_tell(session, each, known, beside) for each in sheets if each.id in known.texts]
    listed = {(each.xml_form_id, name) for each in found for name in each.instance_ids}
    alone = {(each.xml_form_id, each.instance_id): each for each in apart}
    found += [_alone(each, beside[which]) for which, each in alone.items() if which not in listed]
    return sorted(found, key=lambda each: (each.received_at, each.receipt), reverse=True)


def _eyes(caller: Caller, project_id: int) -> Eyes:
    return Eyes(
        fills_of(caller, project_id),
        caller.forms("submission.create", project_id),
        caller.scope("submission.list", project_id),
    )


def _texts(session: Session, caller: Caller, sheets: Sequence[OwnSheet]) -> dict[int, list[OwnText]]:
    read = {each.id for each in sheets if each.read}
    texts: dict[int, list[OwnText]] = {}
    for each in list_texts_of(session, [each.id for each in sheets]) if sheets else ():
        # what somebody else made of it is not the sender's to read
        if each.submitter_id == caller.actor_id or each.submission_id in read:
            texts.setdefault(each.submission_id, []).append(each)
    return texts


def _look(session: Session, caller: Caller, sheets: Sequence[OwnSheet]) -> _Known:
    texts = _texts(session, caller, sheets)
    files: dict[int, list[OwnFile]] = {}
    for file in list_files_of(session, [each[-1].id for each in texts.values()]) if texts else ():
        files.setdefault(file.version_id, []).append(file)
    back = [each.id for each in sheets if each.review_state == REJECTED]
    returns = {each.submission_id: each for each in list_returns_of(session, back)} if back else {}
    return _Known(texts, files, returns)


def _tell(
    session: Session, sheet: OwnSheet, known: _Known, beside: Mapping[tuple[str, str], Sequence[SentApart]]
) -> SentSheet:
    shown = known.texts[sheet.id]
    newest = shown[-1]
    files = tuple(known.files.get(newest.id, ()))
    apart = [each for text in shown for each in beside.get((sheet.xml_form_id, text.instance_id), ())]
    state = _state(sheet, files, known.returns.get(sheet.id)) if sheet.told and newest.is_current else ELSEWHERE
    hashes = dict.fromkeys((*(each.sha256 for each in shown), *(each.sha256 for each in apart)))
    return SentSheet(
        instance_id=newest.instance_id,
        root_id=sheet.instance_id,
        instance_ids=tuple(each.instance_id for each in shown),
        xml_form_id=sheet.xml_form_id,
        version=newest.version,
        form_name=newest.form_title or sheet.xml_form_id,
        received_at=sheet.created_at,
        receipt=write_number(sheet.id),
        state=state,
        level=sheet.review_level if state == APPROVED else None,
        sha256s=tuple(hashes),
        files=files,
        returned=_why(session, newest, known.returns[sheet.id]) if state == RETURNED else None,
        apart=tuple(apart),
    )


def _state(sheet: OwnSheet, files: Iterable[OwnFile], returned: OwnReturn | None) -> str:
    if sheet.gone:
        return DELETED
    if sheet.review_state == REJECTED:
        if returned is not None and returned.stands:
            return RETURNED
        return REPLACED if returned is not None and returned.ended == NEW_SHEET else REJECTED
    if sheet.review_state != APPROVED and any(each.expected and each.sha256 is None for each in files):
        return INCOMPLETE
    return sheet.review_state


def _why(session: Session, text: OwnText, returned: OwnReturn) -> Returned:
    definition = definition_of(session, text.form_sha256) if returned.questions else None
    questions = []
    for each in returned.questions:
        path, rows = split_places(each.path)
        label = {language: label_of(definition, path, language) for language in LANGUAGES} if definition else {}
        questions.append(AskedAgain(path, rows, label, each.text))
    return Returned(returned.move_id, returned.seen, returned.returned_at, returned.reason or "", tuple(questions))


def _as_apart(each: OwnApart) -> SentApart:
    number = write_number(each.id, apart=True)
    return SentApart(each.instance_id, each.reason, each.sha256, number, each.created_at)


def _alone(each: OwnApart, kept: Sequence[SentApart]) -> SentSheet:
    """A text that was kept apart under an id of its own: an edit that could not become one, or waits."""
    return SentSheet(
        instance_id=each.instance_id,
        root_id=each.instance_id,
        instance_ids=(each.instance_id,),
        xml_form_id=each.xml_form_id,
        version=each.version or "",
        form_name=each.form_title or each.xml_form_id,
        received_at=each.created_at,
        receipt=write_number(each.id, apart=True),
        state=APART,
        level=None,
        sha256s=tuple(dict.fromkeys(one.sha256 for one in kept)),
        apart=tuple(kept),
    )


def get_sent(session: Session, caller: Caller, project_id: int, instance_id: str) -> OwnText:
    """The current text of a sheet that the caller sent, by its instance id. Raises NotFound for one that is not
    theirs, or of which the outcome is theirs no more."""
    sheet = find_own(session, (project_id, caller.actor_id), _eyes(caller, project_id), instance_id)
    if sheet is not None and sheet.told:
        texts = _texts(session, caller, [sheet]).get(sheet.id)
        if texts and texts[-1].is_current:
            return texts[-1]
    raise NotFound("submission.unknown", instance=instance_id)


def read_sent(session: Session, caller: Caller, project_id: int, instance_id: str) -> bytes:
    """The same, as it was sent. Raises NotFound."""
    return find_submission_xml(session, get_sent(session, caller, project_id, instance_id).id) or b""


def get_sent_file(session: Session, caller: Caller, project_id: int, which: tuple[str, str]) -> OwnFile:
    """A file of it that is here (`which`: instance id, name). Raises NotFound."""
    text = get_sent(session, caller, project_id, which[0])
    for file in list_files_of(session, [text.id]):
        if file.name == which[1] and file.sha256 is not None:
            return file
    raise NotFound("submission.attachment_unexpected", name=which[1])


def list_open_rounds(
    session: Session, caller: Caller, project_id: int, language: str
) -> tuple[list[OpenRound], dict[str, date | None]]:
    """The rounds that go on today where the caller fills in, the first to close first; and of each form that he or she
    is offered the last day of the first round that asks for it: a round that names the form, or, of a round of all
    forms, a form that asks for the round."""
    forms = list_offered(session, caller, project_id)
    current = [each for each in campaign_of(session, project_id).rounds if _goes_on(each, caller.on)]
    dated = list_dated_forms(session, [each.form_id for each in forms], "rounds") if current else set()
    places = {each: fill_scope(caller, project_id, each.form_id) for each in forms}
    held = {(at, one.id): is_held(session, one, at) for at in set(places.values()) for one in current}
    open_to, days = set(), {}
    for form, place in places.items():
        asking = [one for one in current if held[place, one.id] and _asks(one, form, dated)]
        open_to |= {one.id for one in asking}
        days[form.xml_form_id] = min((one.ends_on for one in asking), default=None)
    rounds = sorted((one for one in current if one.id in open_to), key=lambda one: (one.ends_on, one.id))
    return [OpenRound(one.name_en if language == "en" else one.name_vi, one.ends_on) for one in rounds], days


def _goes_on(one: RoundView, today: date) -> bool:
    return not one.is_locked and one.starts_on <= today <= one.ends_on


def _asks(one: RoundView, form: PublishedForm, dated: Collection[int]) -> bool:
    return form.form_id in dated if one.forms is None else form.xml_form_id in one.forms
