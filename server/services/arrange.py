"""A whole project in one act: its own data, the states of its forms, and who has which role on each; all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.domain.errors import Invalid
from server.domain.roles import find_role
from server.services.authenticate import Caller
from server.services.people import require_grantable, require_there, take_grant, write_grant
from server.services.projects import ProjectChange, get_project, replaced_columns
from server.services.publish import require_state
from server.storage.actors import GrantView
from server.storage.assignments import Spot, find_live_actor, list_assignments
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.forms import FormView, list_forms
from server.storage.projects import ProjectView, change_project_row
from server.storage.versions import change_form

KEPT = frozenset({"formview", "pub-link"})
"""Roles that whoever arranges a project does not speak of, as in ODK Central: they are not taken away."""


@dataclass(frozen=True)
class FormPlan:
    """What shall be so of one form; None leaves it as it is. `assignments`: (role number, actor id) of everybody who
    shall have a role on it."""

    xml_form_id: str
    state: str | None = None
    assignments: frozenset[tuple[int, int]] | None = None


@dataclass(frozen=True)
class Plan:
    """A whole project. `project`: what is None there is taken away. `forms` None leaves them; else all there are."""

    project: ProjectChange
    forms: Sequence[FormPlan] | None = None


@dataclass(frozen=True)
class _Deed:
    """A role to be given or taken."""

    actor_id: int
    grant: GrantView
    given: bool


def arrange(session: Session, caller: Caller, project_id: int, plan: Plan, now: datetime) -> ProjectView:
    """Makes the project what the plan says. Raises Missing, Invalid (a state that is none, a form named twice, other
    forms than there are, a role or an actor that is not known), Forbidden: nobody gives verbs that he or she lacks."""
    caller.require("project.update", project_id)
    columns = replaced_columns(plan.project)
    forms = {each.xml_form_id: each for each in list_forms(session, project_id)}
    plans = plan.forms or ()
    if plan.forms is not None:
        _require_same(plans, forms)
    for each in plans:
        caller.require("form.update", project_id, forms[each.xml_form_id].id)
        require_state(each.state or "open")
    deeds = [deed for each in plans for deed in _deeds(session, caller, forms[each.xml_form_id], each)]
    for deed in deeds:
        _require(session, caller, deed)
    with writing(session) as connection:
        change_project_row(connection, project_id, **columns, updated_at=now)
        where = Where(project_id)
        write_audit(connection, caller.entry("project.update", f"project:{project_id}", now, where, **columns))
        for each in plans:
            _change_state(connection, caller, forms[each.xml_form_id], each.state, now)
        for deed in deeds:
            (write_grant if deed.given else take_grant)(connection, caller, deed.actor_id, deed.grant, now)
        session.commit()
    return get_project(session, project_id)


def _require_same(plans: Sequence[FormPlan], forms: Mapping[str, FormView]) -> None:
    seen: set[str] = set()
    for each in plans:
        if each.xml_form_id in seen:
            raise Invalid("project.form_twice", field="xmlFormId", value=each.xml_form_id)
        seen.add(each.xml_form_id)
    if seen != forms.keys():
        raise Invalid("project.other_forms", count=len(forms), wanted=sorted(forms), value=sorted(seen))


def _deeds(session: Session, caller: Caller, form: FormView, plan: FormPlan) -> Iterator[_Deed]:
    """What separates the roles there are on a form from those there shall be. One that holds in some area only counts
    as that role: it stays as it is."""
    if plan.assignments is None:
        return
    wanted: set[tuple[str, int]] = set()
    for role_id, actor_id in sorted(plan.assignments):
        role = find_role(role_id)
        if role is None:
            raise Invalid("project.unknown_key", field="roleId", value=role_id)
        wanted.add((role.system, actor_id))
    spot = Spot("form", form.project_id, form.id)
    there = {(each.role, each.actor.id) for each in list_assignments(session, spot, caller.on)}
    for role_name, actor_id in sorted(there - wanted):
        if role_name not in KEPT:
            yield _Deed(actor_id, _grant(form, role_name), given=False)
    for role_name, actor_id in sorted(wanted - there):
        yield _Deed(actor_id, _grant(form, role_name), given=True)


def _require(session: Session, caller: Caller, deed: _Deed) -> None:
    if not deed.given:
        require_there(session, caller, "assignment.delete", deed.grant)
        return
    if find_live_actor(session, deed.actor_id) is None:
        raise Invalid("project.unknown_key", field="actorId", value=deed.actor_id)
    require_grantable(session, caller, deed.grant)


def _change_state(connection: Connection, caller: Caller, form: FormView, state: str | None, now: datetime) -> None:
    if state is None or state == form.state:
        return
    change_form(connection, form.id, state=state, updated_at=now)
    write_audit(connection, caller.entry("form.update", f"form:{form.id}", now, Where(form.project_id), state=state))


def _grant(form: FormView, role: str) -> GrantView:
    return GrantView(role, "form", form.project_id, form.id, None, None, None)
