"""What a phone is told of its own sheets, as JSON and as the OpenAPI document says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.services.tell_sent import STATES, Returned, SentApart, SentSheet
from server.storage.own_sheets import OwnFile
from server.web.answers import moment
from server.web.wire import DATE, TEXT, WHOLE, Content, Shape


def _either(shape: Shape) -> Shape:
    return {"anyOf": [shape, {"type": "null"}]}


def _list(of: Shape) -> Shape:
    return {"type": "array", "items": of}


def _object(**members: Shape) -> Shape:
    return {"type": "object", "required": list(members), "properties": members, "additionalProperties": False}


_MOMENT: Shape = {"type": "string", "format": "date-time"}
_QUESTION = _object(path=TEXT, rows=_list(WHOLE), label=_object(vi=TEXT, en=TEXT), words=TEXT)
_APART = _object(instanceId=TEXT, reason=TEXT, sha256=TEXT, receipt=TEXT, receivedAt=_MOMENT)
_SHEET = _object(
    instanceId=TEXT,
    rootInstanceId=TEXT,
    instanceIds=_list(TEXT),
    xmlFormId=TEXT,
    version=TEXT,
    formName=TEXT,
    receivedAt=_MOMENT,
    receipt=TEXT,
    state={"type": "string", "enum": list(STATES)},
    level=_either(TEXT),
    sha256s=_list(TEXT),
    files=_object(expected=WHOLE, here=WHOLE, missing=_list(TEXT), names=_list(TEXT)),
    returned=_either(_object(at=_MOMENT, words=TEXT, questions=_list(_QUESTION))),
    apart=_list(_APART),
)
SHEETS = Content(
    "application/json",
    "What this key's holder sent, the rounds that go on, and until when each form is asked for (docs/openrosa.md).",
    _object(
        serverTime=_MOMENT,
        sender=WHOLE,
        person=TEXT,
        project=_object(id=WHOLE, name=TEXT),
        area=_either(TEXT),
        rounds=_list(_object(name=TEXT, closesOn=DATE)),
        forms=_list(_object(xmlFormId=TEXT, deadline=_either(DATE))),
        sheets=_list(_SHEET),
    ),
)


def sheet_body(sheet: SentSheet) -> dict[str, Any]:
    """A sheet as its sender's phone gets it."""
    return {
        "instanceId": sheet.instance_id,
        "rootInstanceId": sheet.root_id,
        "instanceIds": sheet.instance_ids,
        "xmlFormId": sheet.xml_form_id,
        "version": sheet.version,
        "formName": sheet.form_name,
        "receivedAt": moment(sheet.received_at),
        "receipt": sheet.receipt,
        "state": sheet.state,
        "level": sheet.level,
        "sha256s": sheet.sha256s,
        "files": _files_body(sheet.files),
        "returned": _returned_body(sheet.returned) if sheet.returned else None,
        "apart": [_apart_body(each) for each in sheet.apart],
    }


def _files_body(files: Sequence[OwnFile]) -> Mapping[str, Any]:
    expected = [each for each in files if each.expected]
    missing = [each.name for each in expected if each.sha256 is None]
    names = [each.name for each in files]
    return {"expected": len(expected), "here": len(expected) - len(missing), "missing": missing, "names": names}


def _returned_body(returned: Returned) -> Mapping[str, Any]:
    questions = [
        {"path": each.path, "rows": each.rows, "label": each.label, "words": each.words} for each in returned.questions
    ]
    return {"at": moment(returned.at), "words": returned.words, "questions": questions}


def _apart_body(each: SentApart) -> Mapping[str, Any]:
    return {
        "instanceId": each.instance_id,
        "reason": each.reason,
        "sha256": each.sha256,
        "receipt": each.receipt,
        "receivedAt": moment(each.received_at),
    }
