"""How the server is, for who looks after it."""

from __future__ import annotations

from datetime import datetime

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.diagnoses import DIAGNOSES
from server.services.doctor import Check
from server.services.system_health import look_over, run_again
from server.web.context import choose_locale, current_home, current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page
from server.web.desk.words import moment, number


@blueprint.get("/system")
def system_health() -> str:
    """Background work, room, copies, what waits for a person, versions."""
    caller = desk_caller()
    found = look_over(current_session(), current_home(), caller, now())
    return show_page(
        "system.html",
        caller=caller,
        found=found,
        checks=[(check, tell(check)) for check in found.checks],
        megabytes=lambda size: round(size / 1_000_000),
        done=request.args.get("done") == "again",
    )


@blueprint.post("/system/jobs/<int:job_id>/retry")
def retry_job(job_id: int) -> Response:
    """Lets a job that was given up run again."""
    run_again(current_session(), desk_caller(), job_id, now())
    return redirect(url_for("desk.system_health", done="again") + "#jobs", 303)


def tell(check: Check) -> str:
    """What a check found, with its remedy, in the reader's language."""
    sentence = DIAGNOSES[check.name, check.state].filled({name: _read(value) for name, value in check.params.items()})
    return sentence.vi if choose_locale() == "vi" else sentence.en


def _read(value: object) -> object:
    """Numbers and moments as readers of the page write them."""
    if isinstance(value, int):
        return number(value)
    try:
        return moment(datetime.fromisoformat(value)) if isinstance(value, str) and "T" in value else value
    except ValueError:
        return value
