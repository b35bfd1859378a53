"""A round is opened or changed at the desk: its dates, what belongs to it, how it reads what the law leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.criteria.ruleset import RuleSet
from server.domain.errors import DomainError, Forbidden, Invalid, NotFound
from server.domain.rounds import PURPOSES, Round
from server.services.authenticate import Caller
from server.services.rounds import CREATE, UPDATE, create_round, own_ids, update_round
from server.services.rule_book import rule_book
from server.storage.areas import find_area
from server.storage.forms import list_forms
from server.storage.projects import ProjectView
from server.storage.rounds import RoundView
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, project_of, show_page
from server.web.desk.rounds import find_round_of
from server.web.errors import refusal_of

Answer = Response | str | tuple[str, int]
DAYS = ("cutoff", "starts_on", "ends_on")
TEXTS = ("slug", "name_vi", "name_en", "programme", "purpose", *DAYS)
LONGEST = 20_000


@dataclass(frozen=True)
class Typed:
    """What stands in the fields. `readings`: by "rule set/switch" the option and the decision."""

    texts: Mapping[str, str]
    rule_sets: Sequence[str] = ()
    forms: Sequence[str] = ()
    areas: str = ""
    readings: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@blueprint.get("/projects/<int:project_id>/new-round")
def new_round(project_id: int) -> str:
    """Where a round is opened."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    caller.require_everywhere(CREATE, project.id)
    return _page(caller, project, None, Typed({}))


@blueprint.post("/projects/<int:project_id>/new-round")
def open_new_round(project_id: int) -> Answer:
    """Opens it."""
    caller = desk_caller()
    project = project_of(caller, project_id)
    typed = _typed(_offered(None))
    try:
        made = create_round(current_session(), caller, project.id, _round_of(typed), now())
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        return _refuse(caller, project, None, (typed, error))
    return redirect(url_for("desk.one_round", project_id=project.id, slug=made.slug))


@blueprint.get("/projects/<int:project_id>/rounds/<slug>/edit")
def edit_round(project_id: int, slug: str) -> str:
    """Where a round is changed."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    caller.require_everywhere(UPDATE, project.id)
    return _page(caller, project, round_view, _shown(round_view))


@blueprint.post("/projects/<int:project_id>/rounds/<slug>/edit")
def change_round(project_id: int, slug: str) -> Answer:
    """Changes it."""
    caller = desk_caller()
    project, round_view = project_of(caller, project_id), find_round_of(project_id, slug)
    typed = _typed(_offered(round_view), slug)
    try:
        update_round(current_session(), caller, round_view, _round_of(typed), now())
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        return _refuse(caller, project, round_view, (typed, error))
    return redirect(url_for("desk.edit_round", project_id=project.id, slug=slug, done="saved"))


def _refuse(
    caller: Caller, project: ProjectView, round_view: RoundView | None, what: tuple[Typed, DomainError]
) -> tuple[str, int]:
    current_session().rollback()
    refusal = refusal_of(what[1])
    return _page(caller, project, round_view, what[0], refusal.message), refusal.status


def _offered(round_view: RoundView | None) -> tuple[RuleSet, ...]:
    """The rule sets to choose from: those in force on its day; of a new round those of every day."""
    book = rule_book(current_session())
    if round_view is None:
        return tuple(one for one in book.rule_sets.values() if one.purpose != "poverty")
    return tuple(one for one in book.on_any(round_view.cutoff) if one.purpose != "poverty")


def _typed(offered: Sequence[RuleSet], slug: str | None = None) -> Typed:
    said = request.form
    texts = {name: said.get(name, "").strip()[:LONGEST] for name in TEXTS}
    readings = {}
    for rule_set in offered:
        for switch in rule_set.switches:
            key = f"{rule_set.id}/{switch}"
            option, decision = said.get(f"option/{key}", "").strip(), said.get(f"decision/{key}", "").strip()
            if option:
                readings[key] = (option, decision)
    return Typed(
        texts | ({"slug": slug} if slug is not None else {}),
        tuple(said.getlist("rule_set")),
        tuple(said.getlist("form")),
        said.get("areas", "")[:LONGEST],
        readings,
    )


def _shown(round_view: RoundView) -> Typed:
    texts = {name: getattr(round_view, name) or "" for name in TEXTS if name not in DAYS}
    days = {name: getattr(round_view, name).isoformat() for name in DAYS}
    readings = {
        f"{rule_set}/{switch}": (str(said["option"]), str(said["decision"]))
        for rule_set, chosen in round_view.readings.items()
        for switch, said in chosen.items()
    }
    codes = "\n".join(_code(area_id, round_view.cutoff) for area_id in round_view.areas or ())
    return Typed(texts | days, round_view.rule_sets or (), round_view.forms or (), codes, readings)


def _code(area_id: str, on: date) -> str:
    found = find_area(current_session(), area_id, on)
    return f"{found.code or found.id} {found.name}" if found else area_id


def _round_of(typed: Typed) -> Round:
    """The round that was typed. Raises Invalid."""
    days: dict[str, Any] = {}
    for name in DAYS:
        try:
            days[name] = date.fromisoformat(typed.texts.get(name, ""))
        except ValueError:
            raise Invalid("request.wrong_type", fields=[name]) from None
    readings: dict[str, dict[str, dict[str, str]]] = {}
    for key, (option, decision) in typed.readings.items():
        rule_set, _, switch = key.partition("/")
        readings.setdefault(rule_set, {})[switch] = {"option": option, "decision": decision}
    return Round(
        slug=typed.texts["slug"],
        name_vi=typed.texts["name_vi"],
        name_en=typed.texts["name_en"],
        **days,
        programme=typed.texts["programme"] or None,
        purpose=typed.texts["purpose"] or None,
        forms=tuple(typed.forms) or None,
        rule_sets=tuple(typed.rule_sets) or None,
        areas=own_ids(current_session(), _first_words(typed.areas), days["cutoff"]) or None,
        readings=readings,
    )


def _first_words(text: str) -> list[str]:
    """Of each line the code (or own id) of an area, whatever else stands behind it."""
    return [line.split()[0] for line in text.splitlines() if line.strip()]


def _page(
    caller: Caller, project: ProjectView, round_view: RoundView | None, typed: Typed, message: str | None = None
) -> str:
    return show_page(
        "round_form.html",
        caller=caller,
        project=project,
        round=round_view,
        typed=typed,
        purposes=PURPOSES,
        offered=_offered(round_view),
        forms=list_forms(current_session(), project.id),
        message=message,
        done=request.args.get("done") == "saved",
    )
