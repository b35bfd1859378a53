"""All nouns of /v1 and the OpenAPI document that describes them, at /v1/openapi.json."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from flask import Flask, current_app, request
from werkzeug.wrappers import Response

from server.web.api import (
    app_users,
    areas,
    assignments,
    audits,
    calls,
    checks,
    comments,
    comparisons,
    coverage,
    decisions,
    dossiers,
    drafts,
    exports,
    field_reports,
    forms,
    history,
    official_tables,
    plans,
    programmes,
    projects,
    qr_codes,
    quality,
    quarantine,
    recordings,
    rounds,
    rule_sets,
    sessions,
    submissions,
    tables,
    training,
    users,
    verdicts,
    village_heads,
    webhooks,
    works,
)
from server.web.api.describe import describe
from server.web.api.nouns import Nouns
from server.web.wire import ANY_JSON, Wire, told

nouns = Nouns("document", "This document")

ALL_NOUNS = (
    *(
        module.nouns
        for module in (
            sessions,
            users,
            assignments,
            programmes,
            projects,
            app_users,
            qr_codes,
            village_heads,
            areas,
            forms,
            drafts,
            recordings,
            checks,
            submissions,
            history,
            comments,
            decisions,
            audits,
            tables,
            exports,
            verdicts,
            comparisons,
            dossiers,
            field_reports,
            official_tables,
            training,
            works,
            rounds,
            plans,
            coverage,
            calls,
            quality,
            rule_sets,
            quarantine,
            webhooks,
        )
    ),
    nouns,
)


@nouns.public("GET /openapi.json")
@told(Wire(gives=(ANY_JSON,), etag=True))
def show_document() -> Response:
    """What this server understands and answers, as OpenAPI 3.1."""
    content, tag = _written()
    answer = Response(content, content_type="application/json")
    answer.set_etag(tag)
    return answer.make_conditional(request)


def read_document() -> dict[str, Any]:
    """The document of the app that answers this request."""
    made: dict[str, Any] = orjson.loads(_written()[0])
    return made


def _written() -> tuple[bytes, str]:
    # made when first asked for: by then all routes are there
    kept: tuple[bytes, str] | None = current_app.extensions.get("thonban-document")
    if kept is None:
        content = orjson.dumps(describe(current_app, ALL_NOUNS))
        kept = content, hashlib.sha256(content).hexdigest()
        current_app.extensions["thonban-document"] = kept
    return kept


def register(app: Flask) -> None:
    """Adds /v1 to the app."""
    for each in ALL_NOUNS:
        app.register_blueprint(each.blueprint)
