"""Every endpoint of /v1 names its permission or is listed here as public, and stands in the OpenAPI document."""

import re

import pytest

from server.domain.roles import VERBS
from server.web.api import ALL_NOUNS
from server.web.api.nouns import SIGNED_IN, Access
from tests.kit.world import World

PUBLIC = {
    "document.show_document",
    "sessions.create_session",
    "sessions.restore_session",
    "users.initiate_reset",
    "users.verify_reset",
    "projects.list_own_projects",
    "assignments.list_roles",
    "assignments.get_role",
}
PUBLIC_PAGES = {
    "desk.built_file": "what the sign-in page itself is drawn with",
    "desk.sign_in_page": "who is not signed in yet signs in here",
    "desk.sign_out": "it ends a session, or nothing",
    "desk.forgotten": "who has lost the password asks for a link",
    "desk.new_password": "the link that came by mail is the credential",
    "desk.reference": "documentation of /v1",
    "desk.verify": "whoever holds a paper asks whether it still stands: its code is the credential, and only what "
    "stands at the head of the paper is shown",
}
"""Pages that nobody signs in for, each with its reason."""
ACCESS: dict[str, Access] = {endpoint: access for nouns in ALL_NOUNS for endpoint, access in nouns.access.items()}


def test_each_endpoint_names_a_verb_of_some_role() -> None:
    unknown = {name: access.verbs for name, access in ACCESS.items() if not set(access.verbs) <= VERBS | {SIGNED_IN}}
    assert unknown == {}
    assert {name for name, access in ACCESS.items() if access.public} == PUBLIC
    assert {name for name, access in ACCESS.items() if not access.public and not access.verbs} == set()


def test_each_endpoint_was_declared_and_is_documented(world: World) -> None:
    api_names = {nouns.name for nouns in ALL_NOUNS}
    rules = [rule for rule in world.app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in api_names]
    assert {rule.endpoint for rule in rules} == set(ACCESS)
    paths = world.nobody().get("openapi.json").get_json()["paths"]
    for rule in rules:
        path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert paths[path][method.lower()]["x-permission"]


def test_nobody_gets_past_what_is_not_public(world: World) -> None:
    world.publishes()
    for rule in world.app.url_map.iter_rules():
        access = ACCESS.get(rule.endpoint)
        if access is None or access.public:
            continue
        parts = {name: "water_point" if name == "form_id" else "1" for name in rule.arguments}
        parts |= {"kind": "xlsx", "picture": "png"}
        path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda found, named=parts: named[found[1]], rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = world.nobody().ask(method, path.removeprefix("/v1/"))
            assert (answer.status_code, answer.get_json()["code"]) == (401, 401.2), (method, path)


@pytest.mark.parametrize(
    ("role", "path", "status"), [("viewer", "assignments", 403), ("viewer", "projects/1/forms", 200)]
)
def test_a_role_reaches_as_far_as_its_verbs(world: World, role: str, path: str, status: int) -> None:
    answer = world.person("Người xem", role).get(path)
    assert answer.status_code == status
    if status == 403:
        assert answer.get_json()["code"] == 403.1


def test_pages_ask_to_sign_in_but_for_those_that_say_why_not(world: World) -> None:
    client = world.app.test_client(use_cookies=False)
    open_pages = set()
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint.startswith("desk.") and "GET" in (rule.methods or ()):
            named = re.sub(r"<any\([^)]*\):ending>", "xlsx", rule.rule)
            named = re.sub(r"<any\((\w+)[^)]*\):part>", r"\1", named)
            answer = client.get(re.sub(r"<(?:[^:<>]+:)?(\w+)>", "1", named))
            if answer.status_code != 302 or not answer.location.startswith("/sign-in"):
                open_pages.add(rule.endpoint)
    assert open_pages <= PUBLIC_PAGES.keys()
    assert "desk.verify" in open_pages
