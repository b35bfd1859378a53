"""What is logged: one line of JSON per request and per trouble, without keys, tokens or passwords."""

from __future__ import annotations

import logging
import re
import sys

import structlog

_SECRETS = re.compile(r"(/key/|/test/|[?&]st=|/sessions/)[A-Za-z0-9!$%]{20,}")


def without_secrets(path: str) -> str:
    """A path with tokens cut to their first four characters: a log is read by more people than a key is for."""
    return _SECRETS.sub(lambda found: found[1] + found[0][len(found[1]) :][:4] + "…", path)


def configure_logs(level: str) -> None:
    """Sets the format once in a process: JSON on standard error, tracebacks without the values of variables."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=_standard_error,
        cache_logger_on_first_use=False,
    )


def _standard_error(*_arguments: object) -> structlog.PrintLogger:
    # looked up when it is needed: whoever redirects standard error keeps being heard
    return structlog.PrintLogger(sys.stderr)
