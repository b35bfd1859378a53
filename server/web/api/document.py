"""All nouns of /v1 and the OpenAPI document that describes them, at /v1/openapi.json."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_smorest import Api

from server.web.api import (
    app_users,
    assignments,
    audits,
    checks,
    comments,
    drafts,
    forms,
    history,
    projects,
    qr_codes,
    quarantine,
    sessions,
    submissions,
    tables,
    users,
    verdicts,
)

ALL_NOUNS = tuple(
    module.nouns
    for module in (
        sessions,
        users,
        assignments,
        projects,
        app_users,
        qr_codes,
        forms,
        drafts,
        checks,
        submissions,
        history,
        comments,
        audits,
        tables,
        verdicts,
        quarantine,
    )
)

_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
}


class _Document(Api):  # type: ignore[misc]  # flask-smorest has no types
    def _register_error_handlers(self) -> None:
        """Errors are answered by web/errors.py, for all dialects alike."""


def register(app: Flask) -> None:
    """Adds /v1 to the app."""
    app.config.update(
        API_TITLE="thonban",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    options: dict[str, Any] = {
        "components": {"securitySchemes": _SECURITY},
        "security": [{each: []} for each in _SECURITY],
    }
    document = _Document(app, spec_kwargs=options)
    for nouns in ALL_NOUNS:
        document.register_blueprint(nouns.blueprint)
