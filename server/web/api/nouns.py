"""How an endpoint of /v1 is declared: its path, the permission verb it takes, what it reads and what it answers.

A view with a verb is given a `Here`: the caller and the project and form its path names, found and allowed. A view
without one is public and says so by `public`. Every view stands in the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from marshmallow import Schema

from server.domain.errors import NotFound
from server.services.authenticate import Caller
from server.storage.forms import FormView, find_form
from server.storage.projects import ProjectView, find_project
from server.web.api.parsing import JsonBlueprint
from server.web.context import current_caller, current_session

SIGNED_IN = "signed-in"
"""In place of a verb: whoever is signed in may ask, and is shown what is theirs."""

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Here:
    """Who asks, and about what: a form's endpoint has project and form, a project's the project."""

    caller: Caller
    found_project: ProjectView | None = None
    found_form: FormView | None = None

    @property
    def project(self) -> ProjectView:
        """The project that the path names."""
        if self.found_project is None:
            raise LookupError("no project in this path")
        return self.found_project

    @property
    def form(self) -> FormView:
        """The form that the path names."""
        if self.found_form is None:
            raise LookupError("no form in this path")
        return self.found_form


@dataclass(frozen=True)
class Access:
    """What an endpoint demands: one of these verbs; `SIGNED_IN` alone; nothing at all when it is public."""

    verbs: tuple[str, ...] = ()
    public: bool = False


@dataclass(frozen=True)
class Speech:
    """The JSON that an endpoint reads and the JSON it answers; None is none."""

    body: type[Schema] | None = None
    answer: Schema | None = None


@dataclass
class Nouns:
    """The endpoints of one noun under /v1, and by endpoint name what each demands and says."""

    name: str
    description: str
    access: dict[str, Access] = field(default_factory=dict)
    speech: dict[str, Speech] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.blueprint: Any = JsonBlueprint(self.name, __name__, url_prefix="/v1")

    def view(
        self, where: str, *verbs: str, body: type[Schema] | None = None, answer: Schema | None = None
    ) -> Callable[[View], View]:
        """An endpoint at `where` ("GET /projects/<int:project_id>") for callers who hold one of the verbs there."""

        def register(view: View) -> View:
            # who asks is settled before the body is read: a stranger learns nothing of what it should hold
            reading = view if body is None else self.blueprint.arguments(body)(view)

            @wraps(reading)
            def allowed(**parts: Any) -> Any:
                return reading(_here(verbs, parts), **parts)

            self._add(where, allowed, Access(verbs), Speech(body, answer))
            return view

        return register

    def public(
        self, where: str, *, body: type[Schema] | None = None, answer: Schema | None = None
    ) -> Callable[[View], View]:
        """An endpoint for everybody."""

        def register(view: View) -> View:
            reading = view if body is None else self.blueprint.arguments(body)(view)
            self._add(where, reading, Access(public=True), Speech(body, answer))
            return view

        return register

    def _add(self, where: str, view: Callable[..., Any], access: Access, speech: Speech) -> None:
        method, _, rule = where.partition(" ")
        if speech.answer is not None:
            view = self.blueprint.response(200, speech.answer)(view)
        self.blueprint.route(rule, methods=[method])(view)
        self.access[f"{self.name}.{view.__name__}"] = access
        self.speech[f"{self.name}.{view.__name__}"] = speech


def _here(verbs: tuple[str, ...], parts: dict[str, Any]) -> Here:
    caller = current_caller()
    project, form = _found(caller, parts)
    here = Here(caller, project, form)
    if SIGNED_IN in verbs:
        return here
    project_id, form_id = (project.id if project else None), (form.id if form else None)
    open_only = [verb for verb in verbs if verb.startswith("open_form.")]
    for verb in verbs:
        if verb in open_only and not (form is None or form.is_open):
            continue
        if caller.may(verb, project_id, form_id):
            return here
    caller.require(verbs[0], project_id, form_id)
    return here


def _found(caller: Caller, parts: dict[str, Any]) -> tuple[ProjectView | None, FormView | None]:
    if "project_id" not in parts:
        return None, None
    session = current_session()
    project_id = parts.pop("project_id")
    project = find_project(session, project_id)
    if project is None or not caller.knows(project.id):
        raise NotFound("project.unknown", value=project_id)
    if "form_id" not in parts:
        return project, None
    form_id = parts.pop("form_id")
    form = find_form(session, project.id, form_id)
    if form is None or not caller.knows(project.id, form.id):
        raise NotFound("form.unknown", form=form_id)
    return project, form
