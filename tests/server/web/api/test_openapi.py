"""The OpenAPI document says all that /v1 understands and answers, and what it says is so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.storage.migrate import upgrade
from server.web.api import ALL_NOUNS
from server.web.api.describe import METHODS
from server.web.api.places import template_of
from tests.kit.databases import CopyHome
from tests.kit.fuzz_api import fuzz
from tests.kit.fuzz_kept import keep
from tests.kit.fuzz_world import fuzz_world
from tests.kit.services import Postgres
from tests.kit.source import modules
from tests.kit.world import World, furnish_world, furnished_world

READS = {"whole", "flag", "_moment"}
EVERYWHERE = {"lang"}
NEVER_GRANTED = {
    "users_initiate_reset": "this home sends no mail",
    "users_verify_reset": "takes the token of a link that was sent",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all that is only read."""
    folder = tmp_path_factory.mktemp("document")
    url = f"sqlite:///{folder}/world.db"
    upgrade(url)
    furnish_world(url, folder / "home")
    with furnished_world(url, folder / "home") as made:
        yield made


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    """The document as anybody gets it."""
    found: dict[str, Any] = world.nobody().get("openapi.json").get_json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path, and what is said of it."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), path, operation


def test_it_is_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_in_it_and_nothing_else(world: World, document: dict[str, Any]) -> None:
    rules = [rule for rule in world.app.url_map.iter_rules() if rule.rule.startswith("/v1/")]
    routes = {(method, template_of(rule.rule)) for rule in rules for method in (rule.methods or set()) & {*METHODS}}
    told = {(method, path) for method, path, _ in operations(document)}
    assert told - routes == set()
    # a HEAD that Flask answers like its GET is not told
    assert routes - told <= {("HEAD", path) for method, path in told if method == "GET"}
    assert ("HEAD", "/v1/key/{key}/projects/{project_id}/submission") in told


def test_each_operation_says_what_it_is_and_takes(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids)) > 100
    for method, path, operation in operations(document):
        assert len(operation["description"]) > 5, (method, path)
        assert operation["x-permission"], (method, path)
        for each in operation["parameters"]:
            assert each["description"], (path, each["name"])
        named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path))


def test_each_operation_says_what_it_answers(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        good = {status: answer for status, answer in operation["responses"].items() if status in ("200", "201", "204")}
        assert good, (method, path)
        assert all(answer.get("content") for status, answer in good.items() if status != "204"), (method, path)
        refused = {answer["$ref"].rpartition("/")[2] for answer in operation["responses"].values() if "$ref" in answer}
        assert {each.startswith("Phone") for each in refused} == {operation["tags"] == ["openrosa"]}, (method, path)
        public = operation["x-permission"] == "public"
        assert public or {"401", "403"} <= operation["responses"].keys(), (method, path)


def test_every_body_has_an_example_that_is_one() -> None:
    bodies = {speech.body for nouns in ALL_NOUNS for speech in nouns.speech.values() if speech.body is not None}
    assert len(bodies) > 10
    for body in bodies:
        assert body().validate(body.example) == {}, body.__name__  # type: ignore[attr-defined]


def read_names() -> Iterator[tuple[str, str]]:
    """The names of what the views of /v1 read from the query, and where."""
    for module in modules("server/web/api", "server/web/openrosa"):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            called = ast.unparse(node.func)
            if called in READS or called == "request.args.get":
                yield str(node.args[0].value), module.where(node)


def test_what_is_read_from_the_query_is_documented(document: dict[str, Any]) -> None:
    parameters = [each for _, _, operation in operations(document) for each in operation["parameters"]]
    told = {each["name"] for each in parameters if each["in"] == "query"}
    read = dict(read_names())
    assert len(read) > 15
    assert {name: where for name, where in read.items() if name not in told | EVERYWHERE} == {}


def test_who_has_it_is_told_so(world: World) -> None:
    api = world.nobody()
    tag = api.get("openapi.json").headers["ETag"]
    assert api.get("openapi.json", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 3), ("postgresql", 2)])
def test_every_answer_is_what_the_document_says(
    kind: str, examples: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A bounded run with a fixed seed; `make fuzz-api` is a long one."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path}/fuzz.db"
        if kind == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            url = server.create("fuzz")
            stack.callback(server.drop, "fuzz")
        upgrade(url)
        found = fuzz(stack.enter_context(fuzz_world(url, tmp_path)), examples=examples, number=20261124)
    assert found.faults == {}, found.say()
    assert found.refused_only <= NEVER_GRANTED.keys(), found.say()
    assert found.requests > 3 * examples // 2 * found.operations


def test_what_was_written_is_seen_and_undone(copy_home: CopyHome, tmp_path: Path) -> None:
    """What the run above stands on, on either database."""
    url = copy_home(furnish_world, tmp_path / "home")
    with furnished_world(url, tmp_path / "home") as world:
        api, numbers = world.api, []
        with closing(keep(url)) as kept:
            for _ in range(2):
                assert not kept.has_changed()
                numbers.append(api.post("projects", json={"name": "Một lần"}).get_json()["id"])
                assert kept.has_changed()
                kept.restore()
                assert "Một lần" not in api.get("projects").get_data(as_text=True)
    # also what ids are counted with
    assert numbers[0] == numbers[1]
