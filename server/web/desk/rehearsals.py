"""The draft of a form tried on what was sent, as a page: what it would change, before anybody gets it."""

from __future__ import annotations

from flask import redirect, url_for
from werkzeug.wrappers import Response

from forms.changes import WEIGHTS as WEIGHT_ORDER
from server.rehearsal_print import details_of, place_of, tell_change
from server.rehearsal_words import FINDINGS, WEIGHTS
from server.sentences import Sentence
from server.services.definitions import definition_of
from server.services.rehearse import LOST, NewVersion, Tally, rehearse
from server.web.context import choose_locale, current_home, current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.forms import form_of
from server.web.desk.pages import show_page
from server.web.desk.words import label, say

MOST = 1000
"""The newest sheets that are judged while somebody waits; the command looks at all."""
MARKS = {"loses answers": "✗", "changes meaning": "!", "harmless": "·", "error": "✗", "warning": "!", "info": "·"}


@blueprint.get("/projects/<int:project_id>/forms/<segment:form_id>/draft/rehearsal")
def rehearse_form(project_id: int, form_id: str) -> str | Response:
    """What the draft would do to what was sent; of what the reader may see, the newest sheets. Nothing is written."""
    caller, project, form = form_of(project_id, form_id)
    if form.draft is None:
        return redirect(url_for("desk.one_form", project_id=project_id, form_id=form_id))
    session = current_session()
    scope = caller.scope("submission.read", project_id, form.id)
    definition = definition_of(session, form.draft.sha256)
    made = rehearse(session, current_home(), NewVersion(form, definition, scope=scope, limit=MOST), now())
    groups = [(weight, [each for each in made.changes if each.weight == weight]) for weight in WEIGHT_ORDER]
    return show_page(
        "rehearsal.html",
        caller=caller,
        project=project,
        form=form,
        made=made,
        groups=[(_own(WEIGHTS[weight]), MARKS[weight], found) for weight, found in groups if found],
        place_of=place_of,
        tell_change=lambda change: _own(tell_change(change)),
        details_of=lambda change: list(details_of(change)),
        tallies=[(each, _said(each), MARKS[each.severity]) for each in (*made.lost, *made.findings)],
        question=lambda tally: label(tally.labels) or tally.path.rpartition("/")[2],
        may_publish=caller.may("form.update", project_id, form.id),
    )


def _said(tally: Tally) -> str:
    if tally.kind == LOST:
        return say("desk.rehearsal.lost_here")
    return _own(FINDINGS[tally.kind]) if tally.kind in FINDINGS else say(f"desk.rule.{tally.kind}")


def _own(sentence: Sentence) -> str:
    return sentence.vi if choose_locale() == "vi" else sentence.en
