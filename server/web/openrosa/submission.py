"""The submission endpoint: HEAD says how much is taken at once, POST takes it in."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from server.domain.errors import DomainError
from server.services.judge import Target, Upload
from server.services.receive import Receipt, receive
from server.web.answers import answer_openrosa
from server.web.context import choose_locale, current_caller, current_home, current_session, now
from server.web.errors import refusal_of, template
from server.web.openrosa.blueprint import require_version
from server.web.openrosa.forms import phone_route
from server.web.openrosa.multipart import read_envelope
from server.web.wire import DEVICE, OPENROSA, PHONE_XML, Content, Wire, told

SENDS = Wire(
    reads=(OPENROSA, DEVICE),
    takes=(
        Content(
            "multipart/form-data",
            "The instance as `xml_submission_file` (text/xml), and files under their own names; `*isIncomplete*` says "
            "that more follow.",
            {
                "type": "object",
                "required": ["xml_submission_file"],
                "properties": {
                    "xml_submission_file": {"type": "string", "contentMediaType": "text/xml"},
                    "*isIncomplete*": {"type": "string", "enum": ["yes"]},
                },
                "additionalProperties": {"type": "string", "contentMediaType": "application/octet-stream"},
            },
        ),
    ),
    gives=(PHONE_XML,),
    status=201,
    also=(202,),
    refuses=(413,),
    verb="submission.create",
)


@phone_route("/submission", methods=["HEAD", "GET"])
@told(Wire(reads=(OPENROSA,), status=204))
def submission_head(project_id: int, key: str | None = None) -> Response:
    """204 without Location: a phone then keeps to X-OpenRosa-Accept-Content-Length for every record."""
    require_version()
    current_caller()
    return Response(status=204)


@phone_route("/submission", methods=["POST"])
@told(SENDS)
def submission(project_id: int, key: str | None = None) -> Response:
    """Takes in an instance with the files that came along (docs/openrosa.md has the answers)."""
    require_version()
    caller, home = current_caller(), current_home()
    with read_envelope(request, home.config.home, request.args.get("deviceID")) as envelope:
        upload = Upload(envelope, Target(project_id), caller, now())
        try:
            receipt = receive(current_session(), home, upload)
        except DomainError as error:
            if not error.params.get("kept"):
                raise
            return _answer_quarantined(error)
    return answer_receipt(receipt)


def _answer_quarantined(error: DomainError) -> Response:
    """What was wrong, and that nothing is lost."""
    refused = refusal_of(error)
    return answer_openrosa(f"{refused.message} {template('submission.quarantined')}", "error", refused.status)


def answer_receipt(receipt: Receipt, *, draft: bool = False) -> Response:
    """The receipt of what came in, in the language of who sent it, as far as that is known. What was sent to try a
    draft has no number to ask by."""
    return answer_openrosa(_sentence(choose_locale(), receipt, draft), "submit_success", receipt.status)


_templates: dict[tuple[str, str], str] = {}
"""The sentences of receipts by language and message id: looked up once, needed with every upload."""


def _sentence(locale: str, receipt: Receipt, draft: bool) -> str:
    """What became of it, what is still missing, and the number to ask for it by."""
    kept = receipt.kept
    incomplete = receipt.message == "submission.fresh" and kept.missing
    message = "submission.fresh_incomplete" if incomplete else receipt.message
    params = {"findings": receipt.findings, "instance": receipt.instance_id, "number": receipt.number}
    params |= {"missing": kept.missing, "expected": kept.expected}
    said = [message]
    if kept.missing and not incomplete:
        said.append("submission.files_missing")
    if draft:
        said.append("submission.draft_only")
    elif receipt.number:
        said.append("submission.receipt")
    return " ".join(_template(locale, each) % params for each in said)


def _template(locale: str, message: str) -> str:
    key = (locale, message)
    if key not in _templates:
        _templates[key] = template(message)
    return _templates[key]
