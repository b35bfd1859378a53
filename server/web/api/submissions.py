"""Submissions as scripts send and read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from flask import redirect, request
from werkzeug.wrappers import Response

from forms.errors import expected_of
from server.domain.errors import Forbidden, Invalid, NotFound
from server.domain.review import state_from_shown
from server.services.aggregate import COMMUNE_FORM
from server.services.attach import Answered, attach_to_submission, detach_from_submission, get_slot
from server.services.judge import Target, Upload
from server.services.receive import receive
from server.services.remove import delete_submission, restore_submission
from server.services.review import Decision, place_of, review
from server.storage.assignments import ActorView, list_actors
from server.storage.intake import list_slots
from server.storage.readings import (
    Page,
    SubmissionView,
    find_root_instance,
    find_submission,
    find_submission_by_id,
    find_submission_xml,
    list_findings,
    list_submissions,
    list_submitters,
)
from server.web.answers import answer_file
from server.web.api.bodies import read_part, read_xml
from server.web.api.extended import with_actors
from server.web.api.forms import FORM
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.people import ActorBody
from server.web.api.schemas.submissions import (
    FindingBody,
    ReviewBody,
    SubmissionBody,
    SubmissionFileBody,
    submission_body,
)
from server.web.context import current_home, current_session, flag, now, own_url, whole
from server.web.wire import DELETED, DEVICE, EXTENDED, GIVES_FILE, LIMIT, OFFSET, TAKES_FILE, XML, Content, Wire, told
from sync.decide import Dialect
from sync.envelope import Envelope, clipped

nouns = Nouns("submissions", "What was sent")

SUBMISSIONS = f"{FORM}/submissions"
SUBMISSION = f"{SUBMISSIONS}/<segment:instance_id>"
FILE = f"{SUBMISSION}/attachments/<segment:name>"
SENDS = Wire(reads=(DEVICE,), takes=(XML,))
NO_KEYS = Content("application/json", "An empty list.", {"type": "array", "maxItems": 0})


@nouns.view(f"GET {SUBMISSIONS}", "submission.list", answer=SubmissionBody(many=True))
@told(Wire(reads=(LIMIT, OFFSET, DELETED, EXTENDED), etag=True))
def list_sent(here: Here) -> list[dict[str, Any]]:
    """What was sent, newest first; `limit` and `offset` narrow it. `deleted=true`: what was deleted and can be brought
    back, for who may do so. With `X-Extended-Metadata: true` each with who sent it."""
    session, form = current_session(), here.form
    deleted = flag("deleted")
    verb = "submission.restore" if deleted else "submission.list"
    here.caller.require(verb, form.project_id, form.id)
    seen = here.caller.scope(verb, form.project_id, form.id)
    page = Page(whole("offset") or 0, whole("limit"), seen, deleted)
    found = list_submissions(session, form.id, page)
    return with_actors(_body(here, each) for each in found)


@nouns.view(f"POST {SUBMISSIONS}", "submission.create", answer=SubmissionBody())
@told(SENDS)
def send(here: Here) -> dict[str, Any]:
    """Sends a submission: the XML alone, files follow one by one. Broken rules of the form make it `hasIssues`."""
    return _receive(here, Target(here.project.id, Dialect.REST, here.form.xml_form_id))


@nouns.view(f"GET {SUBMISSION}", "submission.read", answer=SubmissionBody())
@told(Wire(reads=(EXTENDED,), moved=True))
def get_sent(here: Here, instance_id: str) -> Any:
    """A submission by the instance id of its first version; that of a later one redirects to the version."""
    scope = here.caller.scope("submission.read", here.form.project_id, here.form.id)
    found = find_submission(current_session(), here.form.id, instance_id, scope)
    if found is None:
        root = find_root_instance(current_session(), here.form.id, instance_id, scope)
        if root is not None:
            return redirect(f"{own_url().rpartition('/')[0]}/{_part(root)}/versions/{_part(instance_id)}", 301)
        raise NotFound("submission.unknown", instance=instance_id)
    return with_actors([_body(here, found)])[0]


@nouns.view(f"GET {SUBMISSION}.xml", "submission.read")
@told(Wire(gives=(XML,)))
def get_sent_xml(here: Here, instance_id: str) -> Response:
    """The current text, byte for byte as it was sent."""
    return answer_xml(get_submission(here, instance_id).current.id)


@nouns.view(f"PUT {SUBMISSION}", "submission.update", answer=SubmissionBody())
@told(SENDS)
def edit(here: Here, instance_id: str) -> dict[str, Any]:
    """Replaces a submission by an edit of its current version, which its `deprecatedID` names."""
    submission = get_submission(here, instance_id)
    if not here.caller.may_in("submission.update", place_of(current_session(), here.form, submission, here.caller.on)):
        raise Forbidden("auth.forbidden")
    target = Target(here.project.id, Dialect.REST, here.form.xml_form_id)
    return _receive(here, replace(target, must_edit=True, root_instance_id=instance_id))


@nouns.view(f"PATCH {SUBMISSION}", "submission.update", body=ReviewBody, answer=SubmissionBody())
def decide(here: Here, body: dict[str, Any], instance_id: str) -> dict[str, Any]:
    """Decides on a submission, at the caller's own level; null takes the decision back."""
    submission = get_submission(here, instance_id)
    state = state_from_shown(body["review_state"])
    decided = review(current_session(), here.caller, Decision(submission.id, state, body["reason"]), now())
    return _body(here, decided)


@nouns.view(f"DELETE {SUBMISSION}", "submission.delete", answer=Success())
def delete(here: Here, instance_id: str) -> dict[str, bool]:
    """Takes a submission away. For thirty days it can be brought back."""
    get_submission(here, instance_id)
    delete_submission(current_session(), here.caller, here.form, instance_id, now())
    return SUCCESS


@nouns.view(f"POST {SUBMISSION}/restore", "submission.restore", answer=Success())
def restore(here: Here, instance_id: str) -> dict[str, bool]:
    """Brings a deleted submission back."""
    restore_submission(current_session(), here.caller, here.form, instance_id, now())
    return SUCCESS


@nouns.view(f"GET {SUBMISSIONS}/submitters", "submission.list", answer=ActorBody(many=True))
def list_senders(here: Here) -> list[ActorView]:
    """Who sent something for this form, by name."""
    session, form = current_session(), here.form
    seen = here.caller.scope("submission.list", form.project_id, form.id)
    ids = [actor_id for actor_id, _ in list_submitters(session, form.id, seen)]
    actors = list_actors(session, ids)
    return [actors[each] for each in ids]


@nouns.view(f"GET {SUBMISSIONS}/keys", "submission.read")
@told(Wire(gives=(NO_KEYS,)))
def list_keys(here: Here) -> list[Any]:
    """The keys with which submissions are encrypted: none, since encryption is not managed here."""
    return []


@nouns.view(f"GET {SUBMISSION}/findings", "submission.read", answer=FindingBody(many=True))
def list_found(here: Here, instance_id: str) -> list[dict[str, Any]]:
    """What the form's own rules say of the current text. Not in Central, which checks no answer."""
    found = list_findings(current_session(), get_submission(here, instance_id).current.id)
    return [finding | {"expected": expected_of(finding["params"])} for finding in found]


@nouns.view(f"GET {SUBMISSION}/attachments", "submission.read", answer=SubmissionFileBody(many=True))
def list_files(here: Here, instance_id: str) -> list[dict[str, Any]]:
    """The files that the answers name, and whether they are here."""
    submission = get_submission(here, instance_id)
    slots = list_slots(current_session(), submission.current.id)
    return [{"name": each.name, "exists": each.sha256 is not None} for each in slots]


@nouns.view(f"GET {FILE}", "submission.read")
@told(GIVES_FILE)
def get_file(here: Here, instance_id: str, name: str) -> Response:
    """A file of a submission."""
    slot = get_slot(current_session(), get_submission(here, instance_id).current.id, name)
    if slot.sha256 is None:
        raise NotFound("submission.attachment_missing", name=name)
    return answer_file(current_home().blobs.open(slot.sha256), name, slot.content_type, slot.sha256)


@nouns.view(f"DELETE {FILE}", "submission.update", answer=Success())
def empty_file(here: Here, instance_id: str, name: str) -> dict[str, bool]:
    """Takes a file of a submission away; the answer that names it stays."""
    answered = Answered(here.form, get_submission(here, instance_id))
    detach_from_submission(current_session(), here.caller, answered, name, now())
    return SUCCESS


@nouns.view(f"POST {FILE}", "submission.update", "submission.create", answer=Success())
@told(TAKES_FILE)
def put_file(here: Here, instance_id: str, name: str) -> dict[str, bool]:
    """Uploads a file that an answer names: the raw body."""
    submission = get_submission(here, instance_id, own=True)
    with read_part(name) as part:
        answered = Answered(here.form, submission)
        attach_to_submission(current_session(), current_home(), here.caller, answered, (part, now()))
    return SUCCESS


def get_submission(here: Here, instance_id: str, *, own: bool = False) -> SubmissionView:
    """The submission that a path names, if it lies where the caller may look or, with `own`, was sent by the caller.
    Raises NotFound."""
    scope = here.caller.scope("submission.read", here.form.project_id, here.form.id)
    sender = here.caller.actor_id if own else None
    found = find_submission(current_session(), here.form.id, instance_id, scope, sender=sender)
    if found is None:
        raise NotFound("submission.unknown", instance=instance_id)
    return found


def sent_envelope() -> Envelope:
    """The XML in the body of this request, with what is known of who sent it."""
    return Envelope(
        xml=read_xml(),
        device_id=clipped(request.args.get("deviceID")),
        user_agent=clipped(request.headers.get("User-Agent")),
    )


def _receive(here: Here, target: Target) -> dict[str, Any]:
    receipt = receive(current_session(), current_home(), Upload(sent_envelope(), target, here.caller, now()))
    kept = find_submission_by_id(current_session(), receipt.submission_id or 0)
    if kept is None:
        raise Invalid("submission.kept_apart", instance=receipt.instance_id)
    return _body(here, as_sent(here, kept))


def as_sent(here: Here, kept: SubmissionView) -> SubmissionView:
    """A submission as it is shown to who has just sent its current text. Whose the first text was, and from which phone
    it came, is for who reads it."""
    place = place_of(current_session(), here.form, kept, here.caller.on)
    if kept.submitter_id == here.caller.actor_id or here.caller.may_in("submission.read", place):
        return kept
    current = kept.current
    return replace(kept, submitter_id=current.submitter_id, device_id=current.device_id, user_agent=current.user_agent)


def answer_xml(version_id: int) -> Response:
    """A text, byte for byte as it was sent."""
    xml = find_submission_xml(current_session(), version_id) or b""
    return Response(xml, content_type="application/xml; charset=utf-8")


_part: Callable[[str], str] = lambda text: quote(text, safe="")  # noqa: E731


def _body(here: Here, submission: SubmissionView) -> dict[str, Any]:
    own = here.form.xml_form_id == COMMUNE_FORM
    return submission_body(submission, here.project.synthetic, of_commune=own)
