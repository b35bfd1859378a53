"""Serves the application with gunicorn: few processes with threads, one copy of the program in memory."""

from __future__ import annotations

import gc
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from server.app import create_app
from server.config import Config
from server.storage.database import db
from server.web.logs import WithoutSecrets, hide_secrets
from server.web.openrosa.contacts import begin_writing, end_writing

KEEP_ALIVE_SECONDS = 75
"""Phones and proxies keep a connection while they walk through a queue of forms."""
GRACE_SECONDS = 30
_MEMORY = Path("/dev/shm")  # noqa: S108 - where a worker's sign of life costs no disk write


@dataclass(frozen=True)
class Certificate:
    """TLS of our own: PEM files of the chain and of its key."""

    chain: Path
    key: Path


class DiscreetLogger(Logger):  # type: ignore[misc]  # gunicorn brings no types
    """gunicorn's own lines (access, errors with their tracebacks) without the keys that stand in addresses."""

    def setup(self, cfg: Any) -> None:
        """Puts our formatter into every handler that gunicorn made."""
        super().setup(cfg)
        for log, shape in ((self.error_log, self.error_fmt), (self.access_log, self.access_fmt)):
            for handler in log.handlers:
                handler.setFormatter(WithoutSecrets(shape, self.datefmt))


class Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn brings no types
    """gunicorn, configured by our settings and by nothing else: it reads no file and no command line."""

    def __init__(self, config: Config, certificate: Certificate | None = None) -> None:
        self._config = config
        self._certificate = certificate
        super().__init__()

    def load_config(self) -> None:
        """Hands gunicorn its options."""
        for name, value in gunicorn_options(self._config, self._certificate).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application; made once, before the workers are forked."""
        app = create_app(self._config)
        with app.app_context():
            # a connection must not be shared by two processes
            db.engine.dispose()
        return app


def gunicorn_options(config: Config, certificate: Certificate | None = None) -> dict[str, Any]:
    """The options by gunicorn's names. A request line may have any length: a key and a form's id stand in it."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    options: dict[str, Any] = {
        "bind": f"{host}:{config.port}",
        "workers": config.workers,
        "worker_class": "gthread",
        "threads": config.threads,
        "preload_app": True,
        "limit_request_line": 0,
        "keepalive": KEEP_ALIVE_SECONDS,
        "graceful_timeout": GRACE_SECONDS,
        "timeout": 120,
        "backlog": 1024,
        "loglevel": "warning" if config.log_level == "INFO" else config.log_level.lower(),
        "control_socket_disable": True,
        "pre_fork": _before_fork,
        "post_fork": _after_fork,
        "worker_exit": _before_end,
        "proc_name": "thonban",
        "logger_class": DiscreetLogger,
    }
    if _MEMORY.is_dir():
        options["worker_tmp_dir"] = str(_MEMORY)
    if certificate is not None:
        options |= {"certfile": str(certificate.chain), "keyfile": str(certificate.key)}
    return options


def serve(config: Config, certificate: Certificate | None = None) -> int:
    """Serves until SIGTERM or SIGINT; requests in work are finished first. Returns 0; gunicorn may exit by itself."""
    configure_logs(config.log_level)
    Gunicorn(config, certificate).run()
    return 0


def configure_logs(level: str) -> None:
    """JSON lines on standard error. A line per request is written only at DEBUG: it costs more than many a request."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(WithoutSecrets("%(message)s"))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("thonban.access").setLevel(logging.DEBUG if level == "DEBUG" else logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            hide_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _before_fork(_server: object, _worker: object) -> None:
    # what was loaded before the fork is never looked at by the collector again, so that its pages stay shared
    gc.collect()
    gc.freeze()


def _after_fork(_server: object, worker: Any) -> None:
    # a filled form is a tree whose nodes know their parents, some two thousand objects that only the collector frees:
    # looking after every seven hundred, as Python does by itself, would look at each of them several times
    gc.set_threshold(25_000, 20, 50)
    sys.setswitchinterval(0.0005)
    begin_writing(worker.app.wsgi())


def _before_end(_server: object, worker: Any) -> None:
    end_writing(worker.app.wsgi())
