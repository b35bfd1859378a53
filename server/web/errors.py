"""The one table from an error to what the wire says of it, in three dialects: OpenRosa XML on the paths of phones, JSON
`{message, code, details}` on the rest of /v1, a page elsewhere. Codes are those of ODK Central: HTTP status, dot, case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from flask import Flask, g, request
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response

from forms.errors import ConversionError, DefinitionError, FormsError, InstanceError, Problem
from forms.places import problems_of
from server.catalogues import read_catalogue
from server.domain import errors
from server.domain.told import Told
from server.storage.database import reason_of
from server.web.answers import answer_json, answer_openrosa
from server.web.context import choose_locale, current_home
from server.web.logs import without_secrets
from server.web.problems import problem_body
from sync.openrosa import LENGTH_HEADER

log = structlog.get_logger(__name__)

CODES: Mapping[type[Exception], float] = {
    errors.NotSignedIn: 401.2,
    errors.Forbidden: 403.1,
    errors.SecondPhone: 403.101,
    errors.NotFound: 404.1,
    errors.VersionUnknown: 404.6,
    errors.OriginalUnknown: 404.5,
    errors.DraftLinkEnded: 404.4,
    errors.Invalid: 400.8,
    errors.Missing: 400.2,
    errors.Unreadable: 400.1,
    errors.Rejected: 400.15,
    errors.RowsRefused: 400.8,
    errors.Warned: 400.16,
    errors.Conflict: 409.3,
    errors.Exists: 409.3,
    errors.FormClosed: 409.2,
    errors.Outdated: 409.9,
    errors.Deleted: 409.18,
    errors.VersionTaken: 409.6,
    errors.TooMany: 429.1,
    errors.TooLarge: 400.36,
    errors.Unavailable: 503.1,
    ConversionError: 400.15,
    DefinitionError: 400.15,
    InstanceError: 400.1,
}
"""By class, or by the nearest class above it."""

SPECIAL: Mapping[str, float] = {
    "auth.basic_needs_https": 401.3,
    "auth.password_short": 400.21,
    "auth.password_long": 400.38,
    "auth.password_weak": 400.44,
    "definition.doctype": 400.1,
    "definition.empty": 400.1,
    "definition.not_utf8": 400.1,
    "definition.not_xml": 400.1,
    "definition.too_large": 400.36,
    "form.draft_only": 409.7,
    "form.id_reserved": 400.8,
    "form.no_meta": 400.27,
    "form.type_changed": 400.17,
    "instance.no_form_id": 400.2,
    "instance.too_large": 400.36,
    "instance.too_many_nodes": 400.36,
    "instance.text_too_long": 400.36,
    "people.last_administrator": 409.101,
    "export.extra_missing": 501.102,
    "people.no_mail": 501.101,
    "people.preference_missing": 400.23,
    "people.preference_unknown": 400.33,
    "project.other_forms": 501.2,
    "project.unknown_key": 400.14,
    "request.bad_header": 400.6,
    "request.fields_missing": 400.3,
    "request.multipart": 400.39,
    "request.not_a_date": 400.11,
    "request.not_a_moment": 400.11,
    "request.not_a_number": 400.11,
    "request.wrong_type": 400.11,
    "request.too_long": 400.13,
    "submission.no_original_named": 400.19,
    "submission.no_xml_part": 400.7,
    "submission.other_form": 400.8,
    "table.column": 400.23,
    "table.expand": 501.6,
    "table.filter": 400.18,
    "table.format": 406.1,
    "table.option": 501.1,
    "table.order": 400.18,
    "table.order_and_token": 501.1,
    "table.field": 400.23,
    "table.types": 400.18,
    "table.unfit": 501.5,
    "table.select_and_expand": 501.11,
    "table.skiptoken": 400.34,
    "table.skiptoken_gone": 400.35,
}
"""Cases that share a class and have a code of their own in Central."""

WORDS: Mapping[int, str] = {
    400: "http.bad_request",
    401: "auth.failed",
    403: "auth.forbidden",
    404: "http.not_found",
    405: "http.method",
    406: "http.not_acceptable",
    408: "http.timeout",
    413: "request.too_large",
    415: "http.media_type",
    422: "http.bad_request",
    429: "http.too_many",
}
"""What Flask and Werkzeug raise by themselves."""

PHONES = "openrosa"
"""The blueprint of the routes that phones ask."""
PHONE_ENDINGS = ("/formList", "/manifest", "/submission")
FIRST_ERROR = 400
MOST_ROWS_TOLD = 1000
"""Faults of a table that an answer names."""
RETRY_SECONDS = "60"
TOO_MANY, UNAVAILABLE = 429, 503
OWN_NUMBERS = {404: 404.1, 401: 401.2, 403: 403.1, 413: 400.36}


@dataclass(frozen=True)
class Refusal:
    """What will be answered. `status` is HTTP's, `code` Central's."""

    status: int
    code: float
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)


def is_phone_path(path: str) -> bool:
    """Whether a phone asks: the answer is then OpenRosa XML."""
    return path.startswith(("/v1/key/", "/v1/test/")) or (path.startswith("/v1/") and path.endswith(PHONE_ENDINGS))


def _is_phones() -> bool:
    # a form, a person's setting or a version may have the name of such a path
    return is_phone_path(request.path) if request.url_rule is None else request.blueprint == PHONES


def code_of(error: Exception) -> float:
    """Central's code for an error of ours."""
    special = SPECIAL.get(str(getattr(error, "code", "")))
    if special is not None:
        return special
    return next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), 500.1)


def refusal_of(error: errors.DomainError | FormsError) -> Refusal:
    """An error of ours as it will be answered, its sentence in the language of this request."""
    code = code_of(error)
    if isinstance(error, errors.Unavailable | errors.TooMany):
        g.retry_seconds = error.params.get("seconds", RETRY_SECONDS)
    return Refusal(int(code), code, say(error.code, error.params), _details(error))


def template(message_id: str) -> str:
    """The sentence for a message id in the language of this request, its parameters not yet filled in."""
    return str(gettext(message_id))


def say(message_id: str, params: Mapping[str, object]) -> str:
    """The sentence for a message id in the language of this request. What is no message id is said as it stands:
    pyxform speaks in sentences of its own."""
    text = str(gettext(message_id))
    return text if text == message_id else fill(text, params)


def fill(text: str, params: Mapping[str, object], locale: str | None = None) -> str:
    """A text of a catalogue with its parameters, what has words of its own in that language or in that of this request;
    one that is missing is a dash."""
    return text % _Shown(params, locale)


def register_errors(app: Flask) -> None:
    """Makes the app answer errors by the table above."""
    app.register_error_handler(errors.DomainError, _answer_ours)
    app.register_error_handler(FormsError, _answer_ours)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(OperationalError, _answer_away)
    app.register_error_handler(Exception, _answer_unknown)
    app.after_request(_say_when)


def _answer_ours(error: errors.DomainError | FormsError) -> Response:
    return _answer(refusal_of(error))


def _answer_away(error: OperationalError) -> Response:
    # also before anything was to be written: a phone keeps what it has and sends it again
    log.error("database away", reason=reason_of(error))
    return _answer(refusal_of(errors.Unavailable(reason_of(error))))


def _answer_http(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < FIRST_ERROR:
        return error.get_response()
    messages = getattr(error, "data", {}).get("messages")
    if messages:
        return _answer(_body_refusal(messages))
    code = OWN_NUMBERS.get(error.code, float(f"{error.code}.1"))
    word = WORDS.get(error.code, "http.unknown")
    limit = error.get_description() if isinstance(error, RequestEntityTooLarge) else ""
    answer = _answer(Refusal(error.code, code, say(word, {"path": without_secrets(request.path), "limit": limit})))
    if allowed := getattr(error, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def _answer_unknown(error: Exception) -> Response:
    log.exception("unexpected", kind=type(error).__name__)
    return _answer(Refusal(500, 500.1, say("http.unknown", {})))


def _body_refusal(messages: Mapping[str, Any]) -> Refusal:
    # marshmallow's findings on a body or a query: {"json": {"email": ["Missing data …"]}}
    found = {name: texts for place in messages.values() if isinstance(place, dict) for name, texts in place.items()}
    missing = sorted(name for name, texts in found.items() if "Missing data" in str(texts))
    if missing:
        return Refusal(400, 400.3, say("request.fields_missing", {"fields": missing}), {"required": missing})
    wrong = sorted(map(str, found)) or ["body"]
    code = 400.1 if not found else 400.11
    return Refusal(400, code, say("request.wrong_type", {"fields": wrong}), {"fields": wrong})


def _answer(refusal: Refusal) -> Response:
    if _is_phones():
        status = 401 if refusal.code == OWN_NUMBERS[403] and not _bad_key(refusal) else refusal.status
        if refusal.code == OWN_NUMBERS[413]:
            status = 413
        said = answer_openrosa(refusal.message, "error", status)
        # also where no route of a phone was found, which would add it
        said.headers[LENGTH_HEADER] = str(current_home().config.max_upload)
        return said
    if request.path.startswith("/v1/"):
        body: dict[str, Any] = {"message": refusal.message, "code": refusal.code, "details": dict(refusal.details)}
        if ".svc" in request.path:
            # as spreadsheets look for it (OData 4.01 JSON, section 21.1)
            body["error"] = {"code": str(refusal.code), "message": refusal.message}
        return answer_json(body, int(refusal.code))
    page = Markup(
        '<!doctype html><html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<title>{0}</title><main><h1>{1}</h1><p>{0}</p><p><a href="/">thonban</a></p></main></html>'
    ).format(refusal.message, refusal.status)
    return Response(page, refusal.status, mimetype="text/html")


def _say_when(answer: Response) -> Response:
    # in every dialect: when it is worth trying again
    if "retry_seconds" in g and answer.status_code in (TOO_MANY, UNAVAILABLE):
        answer.headers["Retry-After"] = str(g.retry_seconds)
    return answer


def _bad_key(refusal: Refusal) -> bool:
    # Central tells a key that it does not know (403) from one that may not do this (401)
    return refusal.details.get("key") == "unknown"


def _details(error: errors.DomainError | FormsError) -> dict[str, Any]:
    if error.code == "auth.key_unknown":
        return {"key": "unknown"}
    if isinstance(error, ConversionError | DefinitionError):
        found = error.problems if isinstance(error, ConversionError) else problems_of(error.errors, None)
        problems = [problem_body(each, say) for each in found]
        texts = [each["text"] for each in problems] or [say(error.code, error.params)]
        return {"error": "\n".join(texts), "problems": problems, "warnings": []}
    if isinstance(error, errors.Warned):
        return _warnings(error)
    if isinstance(error, errors.RowsRefused):
        return _rows(error)
    return _plain(error.params)


def _warnings(error: errors.Warned) -> dict[str, Any]:
    # pyxform's own sentences first, as Central has them, then what lint says
    found: Sequence[Problem] = error.params.get("problems", ())  # type: ignore[assignment]
    said: Sequence[str] = error.params.get("said", ())  # type: ignore[assignment]
    problems = [problem_body(each, say) for each in found]
    texts = [*said, *(each["text"] for each in problems)]
    both = {"xlsFormWarnings": texts, "workflowWarnings": error.params.get("flow", [])}
    return both | {"warnings": both, "problems": problems}


def _rows(error: errors.RowsRefused) -> dict[str, Any]:
    found: Sequence[Problem] = error.params.get("problems", ())  # type: ignore[assignment]
    return {"count": len(found), "problems": [problem_body(each, say) for each in found[:MOST_ROWS_TOLD]]}


def _plain(params: Mapping[str, object]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, str | int | float | bool | list | dict | None) else _shown(value)
        for key, value in params.items()
    }


class _Shown(dict[str, object]):
    """Params as a sentence shows them; one that is missing is a dash."""

    def __init__(self, params: Mapping[str, object], locale: str | None) -> None:
        super().__init__({key: _in_words(value, locale) for key, value in params.items()})

    def __missing__(self, key: str) -> str:
        return "–"


def _in_words(value: object, locale: str | None) -> object:
    told = [each for each in value if isinstance(each, Told)] if isinstance(value, list | tuple) else []
    if not told:
        return _shown(value)
    desk = read_catalogue("desk", locale or choose_locale())
    words = (f"{each.about}: {desk.gettext(each.word)}" if each.about else desk.gettext(each.word) for each in told)
    return "; ".join(words)


def _shown(value: object) -> object:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(each) for each in value)
    return value
