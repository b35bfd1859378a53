"""The printed page of a village in a round, kept as a statement, and the public page that its code leads to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import g, redirect, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.domain.statements import SHOWN, VERDICT, still_stands
from server.services.authenticate import Caller, digest
from server.services.qr import draw_svg
from server.services.statements import (
    Asked,
    Printed,
    check_statement,
    create_statement,
    gather_statement,
    get_statement,
    scope_to_print,
    token_of,
)
from server.services.throttle import Knock, count_failure, throttle
from server.storage.projects import ProjectView, find_project
from server.storage.statements import StatementView
from server.web.context import choose_locale, current_home, current_session, network_address, now, reachable
from server.web.desk.areas import kind_name
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.printing import draw_photos, number_photos, tell_disagreement, tell_verdict
from server.web.desk.rounds import find_round_of
from server.web.errors import refusal_of

PURPOSE = "verify"
"""What is counted when somebody asks for papers that are not there (services/throttle.py)."""

UNLISTED = {"X-Robots-Tag": "noindex, nofollow"}
"""Search engines leave the page of a paper alone."""


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/villages/<area_id>/print")
def print_village(project_id: int, slug: str, area_id: str) -> str:
    """The page as it would be printed now, still without a code."""
    caller = desk_caller()
    printed = _printed(caller, project_of(caller, project_id), slug, area_id)
    return _page(caller, printed.asked.project, printed.content, None)


@blueprint.post("/projects/<int:project_id>/rounds/<slug>/villages/<area_id>/print")
def keep_village(project_id: int, slug: str, area_id: str) -> Response:
    """Keeps the page as a statement with a code."""
    caller = desk_caller()
    printed = _printed(caller, project_of(caller, project_id), slug, area_id)
    made = create_statement(current_session(), current_home(), caller, printed, now())
    return redirect(url_for("desk.one_statement", statement_id=made), 303)


@blueprint.get("/statements/<int:statement_id>")
def one_statement(statement_id: int) -> str:
    """A statement, word for word and in the language in which it was printed."""
    caller = desk_caller()
    statement, content = get_statement(current_session(), caller, statement_id)
    project = find_project(current_session(), statement.project_id)
    assert project is not None
    g.locale = statement.language
    return _page(caller, project, content, statement)


@blueprint.get("/verify/<token>")
def verify(token: str) -> tuple[str, int, dict[str, str]]:
    """What the head of a paper says and whether it still stands, for whoever holds it: nobody signs in. Who asks for
    papers that are not there is held back after a while."""
    session, home = current_session(), current_home()
    checked = check_statement(session, token)
    if checked is None:
        knock = Knock(digest(token), network_address(), PURPOSE)
        throttle(session, home, knock, now())
        count_failure(session, home, knock, now())
        message = refusal_of(NotFound("statement.unknown")).message
        return show_page("verify.html", checked=None, message=message), 404, UNLISTED
    compared = checked.compared
    page = show_page(
        "verify.html",
        checked=checked,
        content=checked.content,
        stands=compared is not None and still_stands(compared),
        kind=kind_name,
        turned=compared is not None and any(each.fate == VERDICT for each in compared),
        shown=checked.statement.sha256[:SHOWN],
        **_head(checked.content),
    )
    return page, 200, UNLISTED


def _printed(caller: Caller, project: ProjectView, slug: str, area_id: str) -> Printed:
    session = current_session()
    round_view = find_round_of(project.id, slug)
    scope = scope_to_print(session, caller, project.id)
    # settled once: the content says in which language it was made
    g.locale = choose_locale()
    asked = Asked(project, round_view, area_id, scope, choose_locale())
    return Printed(asked, gather_statement(session, asked, tell_verdict, tell_disagreement))


def _page(caller: Caller, project: ProjectView, content: Mapping[str, Any], statement: StatementView | None) -> str:
    photos = number_photos(content)
    token = token_of(current_home(), statement)
    address = reachable(_base() + url_for("desk.verify", token=token)) if token else None
    return show_page(
        "statement.html",
        caller=caller,
        project=project,
        content=content,
        statement=statement,
        address=address,
        # drawn by ourselves from text of ours
        picture=Markup(draw_svg(address)) if address else None,  # noqa: S704
        shown=statement.sha256[:SHOWN] if statement else None,
        photos=photos,
        drawn=draw_photos(current_home(), photos),
        at=datetime.fromisoformat,
        on=date.fromisoformat,
        **_head(content),
    )


def _base() -> str:
    """The address of this home where it is set; else the one under which the request came is put before."""
    return (current_home().config.base_url or "").rstrip("/")


def _head(content: Mapping[str, Any]) -> dict[str, Any]:
    """What paper and check page have in common."""
    village, *above = content["place"] or [{"name": "", "code": None, "kind": "village"}]
    return {
        "village": village,
        "above": above,
        "round_name": {"vi": content["round"]["vi"], "en": content["round"]["en"]},
        "cutoff": date.fromisoformat(content["round"]["cutoff"]),
        "provisional": any(not line["approved"] or not line["verified"] for line in content["lines"]),
    }
