"""docs/roles.md is what the roles say."""

from server.domain.areas import KINDS
from server.domain.roles import PROGRAMME_ROLES, ROLES
from tests.kit.roles_page import PAGE, page


def test_the_page_of_roles_is_as_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.kit.roles_page"


def test_the_roles_of_a_programme_and_no_others_are_meant_for_areas() -> None:
    assert {role.system for role in ROLES if role.meant_for is not None} == set(PROGRAMME_ROLES)
    assert {role.meant_for for role in ROLES} <= {*KINDS, "any", None}
