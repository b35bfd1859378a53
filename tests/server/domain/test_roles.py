"""Who may do what, where, and when."""

from datetime import date

import pytest

from server.domain.review import LEVELS, MOVES
from server.domain.roles import ROLES, VERBS, Grant, Place, find_role, forms_within, permits, reach, verbs_at

TODAY = date(2026, 9, 15)
HERE = Place(1, 10, ("thon", "xa", "tinh"))
ELSEWHERE = Place(1, 10, ("thon_khac", "xa_khac", "tinh"))


@pytest.mark.parametrize(
    ("number", "name"),
    [(1, "admin"), (2, "app-user"), (5, "manager"), (6, "viewer"), (7, "formview"), (8, "formfill"), (9, "pub-link")],
)
def test_roles_keep_the_numbers_and_names_of_central(number: int, name: str) -> None:
    role = find_role(number)
    assert role is not None
    assert role.system == name
    assert find_role(name) is role
    assert find_role(str(number)) is role


def test_numbers_and_names_stand_once() -> None:
    assert len({role.id for role in ROLES}) == len({role.system for role in ROLES}) == len(ROLES)
    assert find_role("nobody") is None
    assert find_role(77) is None


def test_a_data_collector_only_fills_in() -> None:
    role = find_role("formfill")
    assert role is not None
    assert role.verbs == {"project.read", "open_form.list", "open_form.read", "submission.create"}


def test_an_administrator_may_do_all_but_what_belongs_to_a_reset_link() -> None:
    admin = find_role("admin")
    assert admin is not None
    assert VERBS - admin.verbs == {"user.password.reset"}


def test_every_review_verb_is_held_by_a_role() -> None:
    assert {level.verb for level in LEVELS} <= VERBS
    assert {move.verb for move in MOVES if move.by != "machine"} <= VERBS


def test_scopes_reach_the_site_one_project_or_one_form() -> None:
    assert permits([Grant("viewer", "site")], "submission.read", HERE, TODAY)
    assert permits([Grant("viewer", "project", 1)], "submission.read", HERE, TODAY)
    assert not permits([Grant("viewer", "project", 2)], "submission.read", HERE, TODAY)
    assert permits([Grant("app-user", "form", 1, 10)], "submission.create", HERE, TODAY)
    assert not permits([Grant("app-user", "form", 1, 11)], "submission.create", HERE, TODAY)
    assert not permits([Grant("app-user", "form", 1, 10)], "submission.create", Place(1), TODAY)
    assert not permits([Grant("app-user", "form", 1)], "submission.create", Place(1), TODAY)
    assert not permits([Grant("of another time", "site")], "submission.read", HERE, TODAY)
    assert not permits([], "submission.read", HERE, TODAY)


def test_a_reviewer_of_a_commune_reviews_there_only() -> None:
    grants = [Grant("commune_supervisor", "project", 1, area_id="xa")]
    assert permits(grants, "review.commune", HERE, TODAY)
    assert not permits(grants, "review.province", HERE, TODAY)
    assert not permits(grants, "submission.read", ELSEWHERE, TODAY)
    assert not permits(grants, "submission.read", Place(1, 10), TODAY)
    assert permits(grants, "form.read", Place(1, 10), TODAY)
    assert verbs_at(grants, ELSEWHERE, TODAY) < verbs_at(grants, HERE, TODAY)


def test_what_belongs_to_a_whole_project_is_not_carried_by_an_area() -> None:
    grants = [Grant("manager", "project", 1, area_id="xa")]
    for verb in ("project.update", "project.delete", "form.update", "form.delete"):
        assert not reach(grants, verb, Place(1, 10), TODAY), verb
        assert not permits(grants, verb, HERE, TODAY), verb
        assert forms_within(tuple(grants), verb, 1, TODAY) == frozenset(), verb
        assert reach([Grant("manager", "project", 1)], verb, Place(1, 10), TODAY).everywhere, verb
    assert permits(grants, "submission.delete", HERE, TODAY)


def test_lists_are_cut_to_the_areas_a_grant_reaches() -> None:
    commune = Grant("commune_supervisor", "project", 1, area_id="xa")
    found = reach([commune], "submission.list", Place(1), TODAY)
    assert not found.everywhere
    assert found.area_ids == {"xa"}
    assert reach([commune, Grant("viewer", "project", 1)], "submission.list", Place(1), TODAY).everywhere
    assert reach([commune], "form.list", Place(1), TODAY).everywhere
    assert not reach([commune], "user.list", Place(1), TODAY)
    assert not reach([commune], "submission.list", Place(2), TODAY)


def test_a_grant_holds_from_its_first_day_up_to_its_last() -> None:
    grant = Grant("viewer", "site", valid_from=date(2026, 9, 1), valid_to=date(2026, 12, 15))
    days = [date(2026, 8, 31), date(2026, 9, 1), date(2026, 12, 14), date(2026, 12, 15)]
    assert [permits([grant], "form.list", Place(1), day) for day in days] == [False, True, True, False]
