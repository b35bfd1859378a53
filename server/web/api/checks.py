"""What was said of a form when it came: the warnings that somebody agreed to, and advice. Not in Central."""

from __future__ import annotations

from typing import Any

from forms.errors import Problem, problem_from_json
from server.domain.errors import NotFound
from server.storage.forms import VersionView, find_form_problems
from server.web.api.forms import FORM
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.forms import ProblemBody
from server.web.context import current_session
from server.web.errors import say
from server.web.problems import problem_body

nouns = Nouns("checks", "What is to be said of a form")


@nouns.view(f"GET {FORM}/problems", "form.read", answer=ProblemBody(many=True))
def list_problems(here: Here) -> list[dict[str, Any]]:
    """Warnings and advice on a form as it is published, else on its draft, each with its place and a remedy."""
    return problems_of(here.form.shown)


@nouns.view(f"GET {FORM}/draft/problems", "form.read", answer=ProblemBody(many=True))
def list_draft_problems(here: Here) -> list[dict[str, Any]]:
    """The same of the draft."""
    if here.form.draft is None:
        raise NotFound("form.no_draft", form=here.form.xml_form_id)
    return problems_of(here.form.draft)


def problems_of(version: VersionView) -> list[dict[str, Any]]:
    """What was said of a version when it came, in the language of this request."""
    kept = find_form_problems(current_session(), version.id)
    return [problem_body(_problem(each), say) for each in kept]


def _problem(kept: Any) -> Problem:
    if isinstance(kept, str):  # of old, pyxform's sentence alone
        return Problem(None, None, kept, "conversion.remedy.other", weight="warning")
    return problem_from_json(kept)
