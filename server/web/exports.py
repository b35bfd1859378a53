"""What counts as an export and is told to the audit: answers as tables, keys shown, what nobody could read, the audit
itself. One line for each answer that went out, written afterwards (services/record.py)."""

from __future__ import annotations

from typing import Any

from flask import after_this_request, request
from werkzeug.wrappers import Response

from server.services.authenticate import Caller
from server.services.record import recorder
from server.storage.audits import NOWHERE, AuditEntry, Where
from server.web.context import current_session, now

GOOD = (200, 206)


def tell_export(caller: Caller, action: str, acted_on: str | None, where: Where = NOWHERE, **details: Any) -> None:
    """Has the audit told of the answer to this request, when it is a good one."""
    entry: AuditEntry = caller.entry(action, acted_on, now(), where, **details)
    write = recorder(current_session(), entry)

    @after_this_request
    def tell(answer: Response) -> Response:
        if request.method in ("GET", "POST") and answer.status_code in GOOD:
            answer.call_on_close(write)
        return answer
