"""`thonban people …`: adds administrators, gives passwords and roles, and says what somebody may do where, and why."""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

from rich.console import Console
from sqlalchemy.orm import Session

from server.catalogues import read_catalogue
from server.config import Config
from server.domain.errors import DomainError, NotFound
from server.domain.roles import ROLES, find_role
from server.people_print import print_explanation
from server.sentences import SENTENCES
from server.services.authenticate import Caller, day_of, system_caller
from server.services.explain import explain, explanation_body, get_actor_named
from server.services.locate import locate
from server.services.people import NewUser, create_user, grant_role, reset_password, revoke_role
from server.storage.actors import GrantView
from server.storage.forms import find_form
from server.storage.projects import list_projects
from server.storage.schema import open_sessions
from server.web.errors import fill

Command = Callable[[Config, argparse.Namespace, Console], int]
FAILED = 1


def add_people_commands(add: Callable[[str, Command, str], argparse.ArgumentParser]) -> None:
    """Adds the commands; `add(name, command, text)` gives the parser for options."""
    for name, command, text in (
        ("add", _add, "adds an administrator"),
        ("reset", _reset, "gives somebody a new password and ends all sign-ins"),
    ):
        made = add(name, _careful(command), text)
        made.add_argument("email", metavar="EMAIL")
        made.add_argument("--password", help="10 to 72 characters; made and shown once when left out")
    made = add("grant", _careful(_grant), "gives a role: on the site, in a project, on a form; in an area, for dates")
    _add_place(made)
    made.add_argument("--from", dest="since", type=date.fromisoformat, metavar="DATE", help="the first day")
    made.add_argument(
        "--to", dest="until", type=date.fromisoformat, metavar="DATE", help="the first day on which it holds no more"
    )
    made = add("revoke", _careful(_revoke), "takes a role away: in one area, or in all of the place")
    _add_place(made)
    made = add("explain", _careful(_explain), "says what somebody may do where, and why")
    made.add_argument("who", metavar="WHO", help="an e-mail address, a number, or the name of who holds a phone's key")
    made.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="as of this day (today)")
    made.add_argument("--json", action="store_true", help="for scripts: see docs/roles.md")
    made.add_argument("--lang", choices=("vi", "en"), default="vi", help="the language of what is printed")


def _add_place(made: argparse.ArgumentParser) -> None:
    made.add_argument("who", metavar="WHO", help="an e-mail address, a number, or the name of who holds a phone's key")
    made.add_argument("role", choices=[role.system for role in ROLES], metavar="ROLE", help="see docs/roles.md")
    made.add_argument("--project", metavar="ID", help="a project by number or name; left out: the whole site")
    made.add_argument("--form", metavar="ID", help="a form of the project by its own id")
    made.add_argument("--area", metavar="AREA", help="a code as of today, a name, or an own id: there and below")


def _careful(command: Command) -> Command:
    """Says in a sentence what cannot be done."""

    def run(config: Config, options: argparse.Namespace, console: Console) -> int:
        try:
            return command(config, options, console)
        except DomainError as error:
            for language, style in (("vi", "red"), ("en", "dim")):
                text = read_catalogue("errors", language).gettext(error.code)
                console.print(fill(text, error.params, language), style=style, markup=False)
            return FAILED

    return run


@contextmanager
def _opened(config: Config, now: datetime) -> Iterator[tuple[Session, Caller]]:
    sessions = open_sessions(config.database_url)
    try:
        with sessions() as session:
            yield session, replace(system_caller(session, now), note="thonban people")
    finally:
        sessions.kw["bind"].dispose()


def _add(config: Config, options: argparse.Namespace, console: Console) -> int:
    password, now = options.password or secrets.token_urlsafe(12), datetime.now(UTC)
    with _opened(config, now) as (session, caller):
        create_user(session, caller, NewUser(options.email, password, role="admin"), now)
    return _done(console, "people.added", options, password)


def _reset(config: Config, options: argparse.Namespace, console: Console) -> int:
    password, now = options.password or secrets.token_urlsafe(12), datetime.now(UTC)
    with _opened(config, now) as (session, caller):
        reset_password(session, caller, options.email, password, now)
    return _done(console, "people.reset", options, password)


def _done(console: Console, sentence: str, options: argparse.Namespace, password: str) -> int:
    _say(console, sentence, email=options.email)
    if not options.password:
        _say(console, "people.password", password=password)
    return 0


def _grant(config: Config, options: argparse.Namespace, console: Console) -> int:
    now = datetime.now(UTC)
    with _opened(config, now) as (session, caller):
        grant = _place(session, options, options.since or caller.on)
        grant = grant._replace(valid_from=options.since, valid_to=options.until)
        grant_role(session, caller, get_actor_named(session, options.who), grant, now)
    _say(console, "people.granted", who=options.who, role=options.role)
    return 0


def _revoke(config: Config, options: argparse.Namespace, console: Console) -> int:
    now = datetime.now(UTC)
    with _opened(config, now) as (session, caller):
        revoke_role(session, caller, get_actor_named(session, options.who), _place(session, options, caller.on), now)
    _say(console, "people.revoked", who=options.who, role=options.role)
    return 0


def _explain(config: Config, options: argparse.Namespace, console: Console) -> int:
    now = datetime.now(UTC)
    with _opened(config, now) as (session, _):
        told = explain(session, get_actor_named(session, options.who), options.on or day_of(now))
    if options.json:
        print(json.dumps(explanation_body(told), ensure_ascii=False, indent=2))
    else:
        print_explanation(console, told, options.lang)
    return 0


def _place(session: Session, options: argparse.Namespace, on: date) -> GrantView:
    """The place of a role as it was written. Raises NotFound, Invalid."""
    role = find_role(options.role)
    if role is None:
        raise NotFound("people.unknown_role", role=options.role)
    area_id = locate(session, options.area, on) if options.area else None
    if options.project is None:
        if options.form is not None:
            raise NotFound("form.unknown", form=options.form)
        return GrantView(role.system, "site", None, None, area_id, None, None)
    projects = [each.id for each in list_projects(session) if options.project in (str(each.id), each.name)]
    if not projects:
        raise NotFound("project.unknown", value=options.project)
    if options.form is None:
        return GrantView(role.system, "project", projects[0], None, area_id, None, None)
    form = find_form(session, projects[0], options.form)
    if form is None:
        raise NotFound("form.unknown", form=options.form)
    return GrantView(role.system, "form", projects[0], form.id, area_id, None, None)


def _say(console: Console, sentence: str, **params: object) -> None:
    filled = SENTENCES[sentence].filled(params)
    console.print(filled.vi, markup=False)
    console.print(filled.en, style="dim", markup=False)
