"""What is logged: one line of JSON per request and per trouble, without keys, tokens or passwords."""

from __future__ import annotations

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

_IN_ADDRESS = re.compile(r"(/key/|/test/|[?&]st=|/sessions/|/new-password/)([A-Za-z0-9!$%]{4})[A-Za-z0-9!$%]{16,}")
_HASH = r"(?![0-9a-f]{64}(?![A-Za-z0-9!$]))"
_TOKEN = re.compile(rf"(?<![A-Za-z0-9!$]){_HASH}([A-Za-z0-9!$]{{4}})[A-Za-z0-9!$]{{60}}(?![A-Za-z0-9!$])")
"""64 characters as those of a token; a SHA-256 in hex is as long and no secret."""
_BASIC = re.compile(r"((?:Basic|Bearer) +)[A-Za-z0-9+/=!$_.~-]{8,}", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """A text with tokens cut to their first four characters: a log is read by more people than a key is for."""
    shown = _IN_ADDRESS.sub(r"\1\2…", text)
    return _BASIC.sub(r"\1…", _TOKEN.sub(r"\1…", shown))


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The same for every text of a line, the traceback included; stands last but for what writes it."""
    return {key: without_secrets(value) if isinstance(value, str) else value for key, value in event.items()}


class WithoutSecrets(logging.Formatter):
    """The same for lines that other programs' loggers write."""

    def format(self, record: logging.LogRecord) -> str:
        """The line as the log will have it."""
        return without_secrets(super().format(record))


def configure_logs(level: str) -> None:
    """Sets the format once in a process: JSON on standard error, tracebacks without the values of variables."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            hide_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=_standard_error,
        cache_logger_on_first_use=False,
    )


def _standard_error(*_arguments: object) -> structlog.PrintLogger:
    # looked up when it is needed: whoever redirects standard error keeps being heard
    return structlog.PrintLogger(sys.stderr)
