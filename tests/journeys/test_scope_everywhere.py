"""Nobody is shown what lies outside their areas, on any route, on any page, in any number.

Programmes are drawn at random: trees of areas that move and end before, on and after today, grants of every role and
date, keys, sheets with all that becomes of them. Each value in them is a word of its own, so that it is known wherever
it turns up; what somebody may see is worked out by hand (tests/kit/scope_secrets.py). `make walk-scope` draws more.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import true

from server.domain.errors import Forbidden, NotFound
from server.domain.roles import ALL
from server.storage.memory import Memory
from server.storage.newest import Part
from server.storage.own_sheets import list_texts_of
from server.storage.readings import find_submission, find_submission_number
from tests.kit.databases import Databases
from tests.kit.scope_numbers import compare_from_afar, compare_numbers
from tests.kit.scope_pages import PAGE_QUERIES
from tests.kit.scope_plan import Size
from tests.kit.scope_routes import QUERIES
from tests.kit.scope_run import Ground, walk_through
from tests.kit.scope_walk import READS, WRITES, Found, Walk
from tests.kit.services import Postgres
from tests.kit.source import modules

SIZE = Size(people=3, heads=5, sheets=12)
WALKED = {("sqlite", 3): SIZE, ("postgresql", 4): Size(people=2, heads=4, sheets=10)}
"""The programmes that are walked through, by database and number; one of them as if everybody saw much."""
PLANTED = 5
TRIES = 3
"""What is asked about is drawn: so often a leak is looked for."""
READING = {"whole", "flag", "date_asked", "_midnight", "_moment", "asked.get", "request.args.get"}


@pytest.fixture(name="ground", scope="module")
def ground_fixture(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Ground:
    """Where the programmes of this module are laid out."""

    def find_server() -> Postgres:
        server: Postgres = request.getfixturevalue("postgres")
        return server

    return Ground(databases, tmp_path_factory.mktemp("walks"), find_server)


@pytest.fixture(name="walked", scope="module")
def walked_fixture(ground: Ground) -> Callable[[str, int], Found]:
    """The walk of a number on a database, made once."""
    made: dict[tuple[str, int], Found] = {}

    def walk(kind: str, number: int) -> Found:
        if (kind, number) not in made:
            with ground.walking(kind, number, WALKED[kind, number]) as begun:
                made[kind, number] = walk_through(begun)
        return made[kind, number]

    return walk


@pytest.mark.parametrize(("kind", "number"), WALKED)
def test_nobody_is_shown_what_lies_elsewhere(walked: Callable[[str, int], Found], kind: str, number: int) -> None:
    found = walked(kind, number)
    assert found.is_clean, found.say()
    assert found.asked > 1000, found.say()


NEVER_OPEN = {
    "GET /forgotten": "this home sends no mail",
    "GET /healthz": "says that the tables were not made by migrations",
    "GET /projects/<int:project_id>/forms/<segment:form_id>/recordings/<name>": "no question has a recording there: "
    "who hears one is in tests/server/web/desk/test_recordings_page.py",
    "GET /new-password/<token>": "takes the token of a link that was sent",
    "GET /v1/projects/<int:project_id>/rounds/<slug>/what-if": "no law with numbers is in force then: see "
    "tests/server/web/desk/test_comparisons.py for who sees what there",
    "GET /verify/<token>": "takes the code of a paper; whoever has it is shown what the head of the paper says",
}
"""What nobody is answered in a walk, and why."""


def test_every_route_is_asked_and_can_be_answered(walked: Callable[[str, int], Found], walk: Walk) -> None:
    rules = walk.routes.rules
    told = {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) & {*READS, *WRITES}}
    # among those who walk is somebody who sees all there is: what is refused to them too, is not asked as it should be
    statuses = {place: seen for place, seen in walked("sqlite", 3).endpoints.items() if place in told}
    assert sorted(told - statuses.keys()) == []
    refused = {place for place, seen in statuses.items() if place.startswith("GET") and min(seen) >= 400}
    assert sorted(refused - NEVER_OPEN.keys()) == []
    assert sorted(NEVER_OPEN.keys() - refused) == []


def test_what_pages_read_from_the_query_is_walked() -> None:
    read: dict[str, str] = {}
    for module in modules("server/web/desk"):
        for node in ast.walk(module.tree):
            named = isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
            if named and ast.unparse(node.func) in READING:
                read[str(node.args[0].value)] = module.where(node)
    told = {name for names in PAGE_QUERIES.values() for name in names} | {"lang"}
    assert len(read) > 10
    assert {name: where for name, where in read.items() if name not in told} == {}
    assert told <= QUERIES.keys()


@pytest.fixture(name="walk", scope="module")
def walk_fixture(ground: Ground) -> Iterator[Walk]:
    """A programme for leaks to be planted in."""
    with ground.walking("sqlite", PLANTED, SIZE) as begun:
        yield begun


@dataclass(frozen=True)
class Plant:
    """A leak: what is put in place of what, and which routes then show it."""

    target: str
    value: Any
    only: str
    by: str = "person"


def _everything(scope: Any, area: Any, form: Any = None) -> Any:
    return true()


def _tells_apart(session: Any, form_id: int, instance_id: str, *rest: Any, **more: Any) -> Any:
    found = find_submission(session, form_id, instance_id, *rest, **more)
    if found is None and find_submission(session, form_id, instance_id) is not None:
        raise Forbidden("auth.forbidden")
    return found


def _everybody(reached: Any, on: Any) -> Any:
    return true()


def _part_of_all(form_ids: Any, scope: Any, *rest: Any, **more: Any) -> Part:
    return Part(form_ids, ALL, *rest, **more)


def _of_anybody(session: Any, caller: Any, project_id: int, instance_id: str) -> Any:
    number = find_submission_number(session, project_id, instance_id)
    if number is None:
        raise NotFound("submission.unknown", instance=instance_id)
    return list_texts_of(session, [number])[-1]


PLANTS = {
    "a list": Plant("server.storage.readings.in_scope", _everything, "submissions.list_sent"),
    "a page of a list": Plant("server.storage.readings.Part", _part_of_all, "submissions.list_sent"),
    "one by its id": Plant("server.storage.readings.in_scope", _everything, "submissions.get_sent_xml"),
    "its files": Plant("server.storage.readings.in_scope", _everything, "submissions.list_files"),
    "its history": Plant("server.storage.readings.in_scope", _everything, "history."),
    "a table": Plant("server.storage.exporting.in_scope", _everything, "tables.get_table"),
    "a page": Plant("server.storage.desk.Part", _part_of_all, "desk.all_submissions"),
    "a list for phones": Plant("server.storage.returns.in_scope", _everything, "openrosa.form_file", "phone"),
    "an own sheet": Plant("server.services.tell_sent.get_sent", _of_anybody, "openrosa.sheet_xml", "phone"),
    "areas for phones": Plant("server.storage.sights.in_scope", _everything, "openrosa.form_file", "phone"),
    "areas": Plant("server.storage.area_views.in_scope", _everything, "areas.list_all"),
    "keys": Plant("server.storage.key_holders.is_within", _everybody, "app_users.list_key_holders"),
    "the audit": Plant("server.storage.audits.lies_in", lambda area, tops, on: true(), "audits.list_everything"),
    "what is there": Plant("server.web.api.submissions.find_submission", _tells_apart, "submissions.get_sent"),
    "figures of a lock": Plant("server.storage.locks.in_scope", _everything, "rounds.list_figures"),
    "what came late": Plant("server.storage.locks.in_scope", _everything, "rounds.list_its_late"),
    "what has no round": Plant("server.storage.unplaced.in_scope", _everything, "rounds.list_without"),
    "a page of what has none": Plant("server.storage.unplaced.in_scope", _everything, "desk.without_round"),
    "a count": Plant("server.storage.form_counts.in_scope", _everything, "", "count"),
    "a count of a table": Plant("server.storage.tables.Part", _part_of_all, "", "count"),
    "numbers on pages": Plant("server.storage.desk.Part", _part_of_all, "desk.", "afar"),
    "numbers of projects": Plant(
        "server.storage.form_counts.is_within", lambda reached, on: true(), "projects.", "afar"
    ),
}
"""Leaks of every kind, each in one place."""


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_leak_is_found(walk: Walk, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant = PLANTS[name]
    walk.found = Found()
    look(walk, plant)
    assert walk.found.is_clean, walk.found.say()
    monkeypatch.setattr(plant.target, plant.value)
    # lists for phones are kept while areas stay as they are
    monkeypatch.setattr("server.services.lists._kept", Memory(0))
    for _ in range(TRIES):
        if walk.found.is_clean:
            look(walk, plant)
    assert not walk.found.is_clean, name


def look(walk: Walk, plant: Plant) -> None:
    """Looks where a leak was planted."""
    for person in walk.there.heads if plant.by == "phone" else walk.there.people:
        if plant.by == "phone":
            walk.phone(person, plant.only)
        elif plant.by == "count":
            compare_numbers(walk, person)
        elif plant.by == "afar":
            compare_from_afar(walk, person, plant.only)
        else:
            walk.alone(person, only=plant.only)
