"""The application: the only module that knows every blueprint."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Request, Response, g, request
from flask.json.provider import DefaultJSONProvider
from flask.sessions import NullSession, SessionInterface, SessionMixin
from flask_babel import Babel
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from server.catalogues import compile_catalogues, translation_folders
from server.config import Config
from server.domain.errors import Unreadable
from server.services.home import Home, open_home
from server.storage.database import db, engine_options
from server.web import api, desk, health, openrosa, phone
from server.web.compress import compress
from server.web.context import choose_locale
from server.web.errors import register_errors
from server.web.logs import configure_logs, without_secrets
from server.web.openrosa.again import Again
from server.web.paths import Number, RawPaths, Segment
from server.web.tags import tag

log = structlog.get_logger("thonban.access")
ACCESS = logging.getLogger("thonban.access")

JSON_LIMIT = 250_000
"""Bytes of a JSON body, as ODK Central has it."""


def create_app(config: Config, home: Home | None = None) -> Flask:
    """The app on a home, which is opened when it is not given. Raises ConfigError when it cannot be."""
    home = home or open_home(config)
    if not structlog.is_configured():
        configure_logs(home.config.log_level)
    compile_catalogues()
    app = _App("server", static_folder=None)
    app.session_interface = _NoSession()
    app.config.from_mapping(_settings(home))
    app.extensions["thonban"] = home
    app.url_map.converters["segment"] = Segment
    app.url_map.converters["int"] = Number
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    if isinstance(app.json, DefaultJSONProvider):
        app.json.ensure_ascii = app.json.sort_keys = False
    db.init_app(app)
    Babel(app, locale_selector=choose_locale)
    register_errors(app)
    app.before_request(_begin)
    app.after_request(_finish)
    api.register(app)
    app.register_blueprint(openrosa.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(desk.blueprint)
    app.register_blueprint(phone.blueprint)
    _wrap(app, config.trusted_proxies)
    return app


class _App(Flask):
    """Flask looks at each function it calls in a request, some ten of them, whether it is asynchronous."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """None of ours is."""
        return func


class _NoSession(SessionInterface):
    """Flask's signed session cookie is not used (web/context.py has its own): none is looked for and none is sent."""

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """One that nothing can be written to."""
        return self.make_null_session(app)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nothing was written to it."""


def _settings(home: Home) -> dict[str, Any]:
    url = home.config.database_url
    return {
        "SECRET_KEY": home.secret,
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(url),
        "BABEL_DEFAULT_LOCALE": "vi",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Ho_Chi_Minh",
        "BABEL_TRANSLATION_DIRECTORIES": ";".join(str(folder) for folder in translation_folders()),
        "MAX_CONTENT_LENGTH": home.config.max_upload,
        "MAX_FORM_MEMORY_SIZE": home.config.max_upload,
        "SESSION_COOKIE_SAMESITE": "Strict",
        "PROPAGATE_EXCEPTIONS": False,
    }


def _wrap(app: Flask, proxies: int) -> None:
    wrapped: Any = RawPaths(Again(app))
    if proxies:
        wrapped = ProxyFix(wrapped, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies)
    app.wsgi_app = wrapped  # type: ignore[method-assign]  # how Flask is told of middleware


def _begin() -> None:
    g.started = time.perf_counter()
    g.request_id = request.headers.get("X-Request-ID", "")[:64] or uuid.uuid4().hex
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    if "\x00" in request.path or any("\x00" in text for texts in request.args.listvalues() for text in texts):
        # no text that is kept here has one
        raise Unreadable("request.zero_character")
    if request.is_json:
        request.max_content_length = JSON_LIMIT
        if (request.content_length or 0) > JSON_LIMIT:
            raise RequestEntityTooLarge


def _finish(answer: Response) -> Response:
    answer = tag(answer)
    answer.headers["X-Request-ID"] = g.get("request_id", "")
    if request.path.startswith("/v1/"):
        _say_caching(answer)
    # asked first: making the line costs more than many a request
    if ACCESS.isEnabledFor(logging.INFO):
        started = g.get("started")
        log.info(
            "request",
            method=request.method,
            path=without_secrets(request.full_path.rstrip("?")),
            status=answer.status_code,
            milliseconds=None if started is None else round((time.perf_counter() - started) * 1000, 1),
        )
    structlog.contextvars.unbind_contextvars("request_id")
    return compress(answer)


def _say_caching(answer: Response) -> None:
    if request.method in ("GET", "HEAD"):
        answer.headers.setdefault("Cache-Control", "private, no-cache")
        answer.headers["Vary"] = "Accept-Encoding, Origin, Authorization, Cookie, Accept-Language"
    else:
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Vary"] = "*"
    if answer.status_code >= 400:
        answer.headers.pop("ETag", None)
