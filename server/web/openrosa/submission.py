"""The submission endpoint: HEAD says how much is taken at once, POST takes it in."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from server.services.judge import Target, Upload
from server.services.receive import Receipt, receive
from server.web.answers import answer_openrosa
from server.web.context import current_caller, current_home, current_session, now
from server.web.errors import template
from server.web.openrosa.blueprint import require_version
from server.web.openrosa.forms import phone_route
from server.web.openrosa.multipart import read_envelope


@phone_route("/submission", methods=["HEAD", "GET"])
def submission_head(project_id: int, key: str | None = None) -> Response:
    """204 without Location: a phone then keeps to X-OpenRosa-Accept-Content-Length for every record."""
    require_version()
    current_caller()
    return Response(status=204)


@phone_route("/submission", methods=["POST"])
def submission(project_id: int, key: str | None = None) -> Response:
    """Takes in an instance with the files that came along (docs/openrosa.md has the answers)."""
    require_version()
    caller, home = current_caller(), current_home()
    with read_envelope(request, home.config.home, request.args.get("deviceID")) as envelope:
        upload = Upload(envelope, Target(project_id), caller, now())
        receipt = receive(current_session(), home, upload)
    return answer_openrosa(_sentence(caller.locale, receipt), "submit_success", receipt.status)


_templates: dict[tuple[str, str], str] = {}
"""The sentences of receipts by language and message id: looked up once, needed with every upload."""


def _sentence(locale: str, receipt: Receipt) -> str:
    """What became of it, what is still missing, and the number to ask for it by."""
    kept = receipt.kept
    incomplete = receipt.message == "submission.fresh" and kept.missing
    message = "submission.fresh_incomplete" if incomplete else receipt.message
    params = {"findings": receipt.findings, "instance": receipt.instance_id, "number": receipt.number}
    params |= {"missing": kept.missing, "expected": kept.expected}
    said = [message]
    if kept.missing and not incomplete:
        said.append("submission.files_missing")
    if receipt.number:
        said.append("submission.receipt")
    return " ".join(_template(locale, each) % params for each in said)


def _template(locale: str, message: str) -> str:
    key = (locale, message)
    if key not in _templates:
        _templates[key] = template(message)
    return _templates[key]
