"""A form on paper, to be filled by hand where there is no phone and typed in by somebody else."""

from __future__ import annotations

from flask import request
from markupsafe import Markup

from server.domain.areas import match_key
from server.exports.paper import write_body
from server.services.lists import COMMUNE_KINDS, VILLAGE_KINDS
from server.services.paper import AskedPaper, gather_paper
from server.storage.rounds import list_rounds
from server.storage.sights import list_seen_areas
from server.web.context import choose_locale, current_session
from server.web.desk import words
from server.web.desk.blueprint import blueprint
from server.web.desk.forms import form_of
from server.web.desk.pages import show_page

MOST_AREAS = 500
"""Areas offered in the choice; of more the code is typed."""


@blueprint.get("/projects/<int:project_id>/forms/<segment:form_id>/paper")
def form_paper(project_id: int, form_id: str) -> str:
    """The sheet of a form, for `area` (own id or code) and `round` (slug; the newest when left out)."""
    caller, project, form = form_of(project_id, form_id)
    session, scope = current_session(), caller.scope("submission.list", project_id)
    area, slug = request.args.get("area", "").strip() or None, request.args.get("round", "")
    asked = AskedPaper(project, form, area, slug, scope, scope, choose_locale())
    paper = gather_paper(session, asked, words.day)
    rounds = list_rounds(session, project_id)
    chosen = next((each for each in rounds if each.slug == slug), rounds[0] if rounds else None)
    seen = list_seen_areas(session, project_id, chosen.cutoff if chosen else caller.on, scope) if scope else {}
    places = [each for each in seen.values() if each.kind in (*COMMUNE_KINDS, *VILLAGE_KINDS)]
    return show_page(
        "paper.html",
        caller=caller,
        project=project,
        form=form,
        rounds=rounds,
        chosen=chosen,
        area=area,
        places=sorted(places, key=lambda each: match_key(each.name)) if len(places) <= MOST_AREAS else [],
        # every text in it is escaped where it is written
        body=Markup("".join(write_body(paper, _say))),  # noqa: S704
    )


def _say(message_id: str, **params: object) -> str:
    return words.say(f"desk.{message_id}", **params)
