"""The texts that a submission had, their files, and what each edit changed."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.wrappers import Response

from forms.edits import AnswerChange
from server.domain.errors import NotFound
from server.services.attach import get_slot
from server.services.diffs import list_edits
from server.storage.intake import list_slots
from server.storage.readings import SubmissionVersionView, list_submission_versions
from server.web.answers import answer_file
from server.web.api.extended import with_actors
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.submissions import SubmissionFileBody, SubmissionVersionBody, version_body
from server.web.api.submissions import SUBMISSION, answer_xml, get_submission
from server.web.context import current_home, current_session
from server.web.wire import EXTENDED, GIVES_FILE, XML, Content, Wire, told

nouns = Nouns("history", "The texts that a submission had")

VERSION = f"{SUBMISSION}/versions/<segment:version>"
_STEP = re.compile(r"([^/\[\]]+)(?:\[(\d+)\])?")
_CHANGE = {
    "type": "object",
    "required": ["path", "old", "new"],
    "properties": {"path": {"type": "array"}, "old": {"type": ["string", "null"]}, "new": {"type": ["string", "null"]}},
    "additionalProperties": False,
}
DIFFS = Content(
    "application/json",
    "By the instance id of each edit, what it changed.",
    {"type": "object", "additionalProperties": {"type": "array", "items": _CHANGE}},
)


@nouns.view(f"GET {SUBMISSION}/versions", "submission.read", answer=SubmissionVersionBody(many=True))
@told(Wire(reads=(EXTENDED,)))
def list_texts(here: Here, instance_id: str) -> list[dict[str, Any]]:
    """All texts of a submission, newest first."""
    submission = get_submission(here, instance_id)
    return with_actors(map(version_body, list_submission_versions(current_session(), submission.id)))


@nouns.view(f"GET {VERSION}", "submission.read", answer=SubmissionVersionBody())
@told(Wire(reads=(EXTENDED,)))
def get_text(here: Here, instance_id: str, version: str) -> dict[str, Any]:
    """One text of a submission."""
    return with_actors([version_body(_version(here, instance_id, version))])[0]


@nouns.view(f"GET {VERSION}.xml", "submission.read")
@told(Wire(gives=(XML,)))
def get_text_xml(here: Here, instance_id: str, version: str) -> Response:
    """One text, byte for byte as it was sent."""
    return answer_xml(_version(here, instance_id, version).id)


@nouns.view(f"GET {VERSION}/attachments", "submission.read", answer=SubmissionFileBody(many=True))
def list_text_files(here: Here, instance_id: str, version: str) -> list[dict[str, Any]]:
    """The files that one text names, and whether they are here."""
    slots = list_slots(current_session(), _version(here, instance_id, version).id)
    return [{"name": each.name, "exists": each.sha256 is not None} for each in slots]


@nouns.view(f"GET {VERSION}/attachments/<segment:name>", "submission.read")
@told(GIVES_FILE)
def get_text_file(here: Here, instance_id: str, version: str, name: str) -> Response:
    """A file of one text."""
    slot = get_slot(current_session(), _version(here, instance_id, version).id, name)
    if slot.sha256 is None:
        raise NotFound("submission.attachment_missing", name=name)
    return answer_file(current_home().blobs.open(slot.sha256), name, slot.content_type, slot.sha256)


@nouns.view(f"GET {SUBMISSION}/diffs", "submission.read")
@told(Wire(gives=(DIFFS,)))
def list_diffs(here: Here, instance_id: str) -> dict[str, list[dict[str, Any]]]:
    """By the instance id of each edit: what it changed, with the old and the new answer. A step within a repeat is its
    name and the place of its row from 0."""
    submission = get_submission(here, instance_id)
    edits = list_edits(current_session(), here.form, submission)
    return {edit.instance_id: [_change(each) for each in edit.changes] for edit in edits[:-1]}


def _change(change: AnswerChange) -> dict[str, Any]:
    return {"path": _path(change.new_path or change.old_path or ""), "old": change.old, "new": change.new}


def _path(path: str) -> list[Any]:
    """`/data/member[2]/age` → `[["member", 1], "age"]`, as Central has it."""
    steps: list[Any] = []
    for name, place in _STEP.findall(path)[1:]:
        steps.append([name, int(place) - 1] if place else name)
    return steps


def _version(here: Here, instance_id: str, version: str) -> SubmissionVersionView:
    submission = get_submission(here, instance_id)
    for each in list_submission_versions(current_session(), submission.id):
        if each.instance_id == version:
            return each
    raise NotFound("submission.unknown", instance=version)
