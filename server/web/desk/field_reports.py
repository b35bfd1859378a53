"""What supervisors found when they checked villages, and what disasters did: two small pages beside a round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forms.definition import FormDefinition
from server.domain.disasters import COUNTS, DISASTER_FORM
from server.domain.spot_checks import SPOT_FORM
from server.services.authenticate import Caller
from server.services.definitions import definition_of
from server.services.recheck import list_rechecked
from server.services.situate import MOST, Situation, find_review_again, situate
from server.storage.area_views import list_these
from server.storage.forms import find_form
from server.web.context import choose_locale, current_session
from server.web.desk import words
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.rounds import find_round_of
from server.web.quality_words import label_of


@dataclass(frozen=True)
class Choices:
    """The words of the choices of a form, by the names of its questions."""

    labels: Mapping[str, Mapping[str, Mapping[str, str]]]

    def say(self, name: str, value: Any) -> str:
        """A value as people read it; what is not on the list as it is."""
        if value is None:
            return words.say("desk.answer.unknown")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return words.number(value)
        own = self.labels.get(name, {}).get(str(value))
        return words.label(own) if own else str(value)


def choices_of(project_id: int, xml_form_id: str) -> Choices:
    """Those of the form that phones get; none where the project does not have it."""
    form = find_form(current_session(), project_id, xml_form_id)
    if form is None or form.current is None:
        return Choices({})
    return Choices(_labels(definition_of(current_session(), form.current.sha256)))


def _labels(definition: FormDefinition) -> dict[str, dict[str, Mapping[str, str]]]:
    fields = definition.fields.values()
    return {each.name: {choice.name: choice.labels for choice in each.choices} for each in fields if each.choices}


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/spot-checks")
def spot_checks(project_id: int, slug: str) -> str:
    """What spot checks found, village by village, against the village's own sheet."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    scope = caller.scope("submission.list", project_id)
    rows = list_rechecked(current_session(), project_id, round_view, scope)
    locale = choose_locale()
    return show_page(
        "spot_checks.html",
        caller=caller,
        project=project,
        round=round_view,
        rows=rows,
        errors=sum(each.result.errors for each in rows),
        checked=sum(each.result.checked for each in rows),
        field_label=lambda name: label_of(name, locale),
        choices=choices_of(project_id, SPOT_FORM),
    )


@blueprint.get("/projects/<int:project_id>/disasters")
def disasters(project_id: int) -> str:
    """What was reported of disasters, the latest first."""
    caller = desk_caller()
    project, scope = project_of(caller, project_id), caller.scope("submission.list", project_id)
    rows = situate(current_session(), project_id, scope)
    named = sorted({each.report.area_id for each in rows if each.report.area_id})
    return show_page(
        "disasters.html",
        caller=caller,
        project=project,
        rows=rows,
        most=MOST,
        areas=list_these(current_session(), scope, caller.on, named),
        choices=choices_of(project_id, DISASTER_FORM),
        totals={name: sum(each.told.counts[name] or 0 for each in rows) for name in COUNTS},
    )


def review_again(caller: Caller, project_id: int, area_id: str) -> Situation | None:
    """Why a village is to be reviewed again, where it is."""
    return find_review_again(current_session(), project_id, caller.scope("submission.list", project_id), area_id)
