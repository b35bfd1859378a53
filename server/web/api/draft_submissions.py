"""What was sent to try a draft, as scripts send and read it. It is in no other list, no figure and no verdict, and goes
when the draft is published, replaced or thrown away."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.services.attach import Answered, attach_to_submission, detach_from_submission, get_slot
from server.services.judge import Target, Upload
from server.services.receive import receive
from server.storage.draft_submissions import (
    find_draft_submission,
    find_draft_submission_by_id,
    list_draft_submissions,
)
from server.storage.intake import list_slots
from server.storage.readings import Page, SubmissionView
from server.web.answers import answer_file
from server.web.api.bodies import read_part
from server.web.api.drafts import DRAFT, nouns
from server.web.api.extended import with_actors
from server.web.api.forms import draft_of
from server.web.api.nouns import Here
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.submissions import SubmissionBody, SubmissionFileBody, submission_body
from server.web.api.submissions import SENDS, answer_xml, as_sent, sent_envelope
from server.web.context import current_home, current_session, now, whole
from server.web.wire import EXTENDED, GIVES_FILE, LIMIT, OFFSET, TAKES_FILE, XML, Wire, told
from sync.decide import Dialect

SUBMISSIONS = f"{DRAFT}/submissions"
SUBMISSION = f"{SUBMISSIONS}/<segment:instance_id>"
FILE = f"{SUBMISSION}/attachments/<segment:name>"


@nouns.view(f"GET {SUBMISSIONS}", "submission.list", answer=SubmissionBody(many=True))
@told(Wire(reads=(LIMIT, OFFSET, EXTENDED), etag=True))
def list_tried(here: Here) -> list[dict[str, Any]]:
    """What was sent to try the draft, newest first; `limit` and `offset` narrow it."""
    session, form = current_session(), here.form
    draft_of(here)
    seen = here.caller.scope("submission.list", form.project_id, form.id)
    page = Page(whole("offset") or 0, whole("limit"), seen)
    found = list_draft_submissions(session, form.id, page)
    return with_actors(submission_body(each, here.project.synthetic) for each in found)


@nouns.view(f"POST {SUBMISSIONS}", "submission.create", answer=SubmissionBody())
@told(SENDS)
def send_tried(here: Here) -> dict[str, Any]:
    """Sends what was filled in to try the draft; whatever version it names, and also while the form is closed."""
    draft_of(here)
    target = Target(here.project.id, Dialect.REST, here.form.xml_form_id, draft=True)
    upload = Upload(sent_envelope(), target, here.caller, now())
    receipt = receive(current_session(), current_home(), upload)
    kept = find_draft_submission_by_id(current_session(), receipt.submission_id or 0)
    if kept is None:
        raise NotFound("submission.unknown", instance=receipt.instance_id)
    return submission_body(as_sent(here, kept), here.project.synthetic)


@nouns.view(f"GET {SUBMISSION}", "submission.read", answer=SubmissionBody())
@told(Wire(reads=(EXTENDED,)))
def get_tried(here: Here, instance_id: str) -> dict[str, Any]:
    """One of them by the instance id of its first version."""
    return with_actors([submission_body(_found(here, instance_id), here.project.synthetic)])[0]


@nouns.view(f"GET {SUBMISSION}.xml", "submission.read")
@told(Wire(gives=(XML,)))
def get_tried_xml(here: Here, instance_id: str) -> Response:
    """The current text, byte for byte as it was sent."""
    return answer_xml(_found(here, instance_id).current.id)


@nouns.view(f"GET {SUBMISSION}/attachments", "submission.read", answer=SubmissionFileBody(many=True))
def list_tried_files(here: Here, instance_id: str) -> list[dict[str, Any]]:
    """The files that the answers name, and whether they are here."""
    slots = list_slots(current_session(), _found(here, instance_id).current.id)
    return [{"name": each.name, "exists": each.sha256 is not None} for each in slots]


@nouns.view(f"GET {FILE}", "submission.read")
@told(GIVES_FILE)
def get_tried_file(here: Here, instance_id: str, name: str) -> Response:
    """A file of one of them."""
    slot = get_slot(current_session(), _found(here, instance_id).current.id, name)
    if slot.sha256 is None:
        raise NotFound("submission.attachment_missing", name=name)
    return answer_file(current_home().blobs.open(slot.sha256), name, slot.content_type, slot.sha256)


@nouns.view(f"POST {FILE}", "submission.update", "submission.create", answer=Success())
@told(TAKES_FILE)
def put_tried_file(here: Here, instance_id: str, name: str) -> dict[str, bool]:
    """Uploads a file that an answer names: the raw body."""
    answered = Answered(here.form, _found(here, instance_id, own=True))
    with read_part(name) as part:
        attach_to_submission(current_session(), current_home(), here.caller, answered, (part, now()))
    return SUCCESS


@nouns.view(f"DELETE {FILE}", "submission.update", answer=Success())
def empty_tried_file(here: Here, instance_id: str, name: str) -> dict[str, bool]:
    """Takes a file away; the answer that names it stays."""
    answered = Answered(here.form, _found(here, instance_id))
    detach_from_submission(current_session(), here.caller, answered, name, now())
    return SUCCESS


def _found(here: Here, instance_id: str, *, own: bool = False) -> SubmissionView:
    draft_of(here)
    scope = here.caller.scope("submission.read", here.form.project_id, here.form.id)
    sender = here.caller.actor_id if own else None
    found = find_draft_submission(current_session(), here.form.id, instance_id, scope, sender=sender)
    if found is None:
        raise NotFound("submission.unknown", instance=instance_id)
    return found
