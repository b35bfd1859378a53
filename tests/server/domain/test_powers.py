"""What grants mean on a day, and what all of them together let somebody do."""

from datetime import date

import pytest

from server.domain.areas import AreaChange, AreaVersion
from server.domain.powers import STATES, Held, Meaning, Power, by_noun, explain_grants
from server.domain.roles import ROLES, VERBS, Grant, Place, Reach, find_role, permits

REFORM = date(2025, 7, 1)
TODAY, BEFORE = date(2026, 9, 15), date(2025, 6, 30)


def version(area_id: str, since: date | None = None, until: date | None = None) -> AreaVersion:
    return AreaVersion(area_id, area_id.title(), None, "commune", "tinh", since, until, "made up", "synthetic")


VERSIONS = [
    version("cu", None, REFORM),
    version("moi", REFORM),
    version("ben", REFORM),
    version("mai", date(2027, 1, 1)),
]
CHANGES = [
    AreaChange("cu", "moi", REFORM, "part_main", "a decree", "synthetic"),
    AreaChange("cu", "ben", REFORM, "part", "a decree", "synthetic"),
]


def explained(*grants: Grant, on: date = TODAY) -> Meaning:
    return explain_grants(grants, VERSIONS, CHANGES, on)


def powers(meaning: Meaning, project_id: int | None = 1) -> dict[tuple[int | None, Reach], set[str]]:
    found = [each.powers for each in meaning.sums if each.project_id == project_id]
    return {(power.form_id, power.reach): set(power.verbs) for power in (found[0] if found else ())}


@pytest.mark.parametrize(
    ("grant", "on", "state"),
    [
        (Grant("viewer", "site"), TODAY, "in_force"),
        (Grant("viewer", "site", valid_from=TODAY), BEFORE, "not_begun"),
        (Grant("viewer", "site", valid_from=TODAY), TODAY, "in_force"),
        (Grant("viewer", "site", valid_to=TODAY), TODAY, "ended"),
        (Grant("viewer", "site", valid_to=TODAY), BEFORE, "in_force"),
        (Grant("viewer", "project", 1, area_id="cu"), BEFORE, "in_force"),
        (Grant("viewer", "project", 1, area_id="moi"), TODAY, "in_force"),
        (Grant("viewer", "project", 1, area_id="moi"), BEFORE, "area_not_begun"),
        (Grant("viewer", "project", 1, area_id="mai"), TODAY, "area_not_begun"),
        (Grant("of another time", "site"), TODAY, "no_role"),
    ],
)
def test_a_grant_holds_or_it_is_said_why_not(grant: Grant, on: date, state: str) -> None:
    assert state in STATES
    assert explained(grant, on=on).held == (Held(grant, state),)


def test_a_grant_on_an_area_that_ended_names_what_it_went_into() -> None:
    grant = Grant("commune_supervisor", "project", 1, area_id="cu")
    meaning = explained(grant)
    assert meaning.held == (Held(grant, "area_ended", REFORM, (("moi", "part"), ("ben", "part"))),)
    assert {key[1] for key in powers(meaning)} == {Reach(True, frozenset())}, "nothing lies in it any more"
    (verbs,) = powers(meaning).values()
    assert "form.read" in verbs
    assert not any(verb.startswith(("submission.", "review.")) for verb in verbs)


def test_the_sum_says_what_goes_everywhere_and_what_in_which_areas() -> None:
    meaning = explained(Grant("viewer", "project", 1), Grant("commune_supervisor", "project", 1, area_id="moi"))
    found = powers(meaning)
    everywhere, here = Reach(True, frozenset()), Reach(False, frozenset({"moi"}))
    assert found.keys() == {(None, everywhere), (None, here)}
    assert found[None, everywhere] == find_role("viewer").verbs  # type: ignore[union-attr]
    hooks = {"webhook.list", "webhook.create", "webhook.update", "webhook.delete"}
    assert found[None, here] == {
        *("submission.update", "review.commune", "bundle.import", "audit.read", "field_key.list"),
        *hooks,
    }


def test_what_is_granted_on_a_form_is_said_of_that_form_alone() -> None:
    meaning = explained(Grant("formfill", "project", 1), Grant("analyst", "form", 1, 7, "moi"))
    found = powers(meaning)
    here = Reach(False, frozenset({"moi"}))
    assert found[7, here] == {"submission.list", "submission.read"}
    assert found[7, Reach(True, frozenset())] == {"form.list", "form.read"}


def test_a_project_is_told_with_what_holds_on_the_site() -> None:
    meaning = explained(Grant("auditor", "site"), Grant("manager", "project", 2))
    assert [each.project_id for each in meaning.sums] == [None, 2]
    ((_, verbs),) = powers(meaning, 2).items()
    assert verbs == find_role("manager").verbs | find_role("auditor").verbs  # type: ignore[union-attr]
    assert powers(explained(Grant("admin", "project", 2)), 2)[None, Reach(True, frozenset())].isdisjoint(
        {"user.create", "config.set", "backup.run", "project.create"}
    )


def test_who_has_nothing_in_force_may_do_nothing() -> None:
    assert explained().sums == ()
    assert explained(Grant("admin", "site", valid_to=BEFORE)).sums == ()


@pytest.mark.parametrize("role", [role.system for role in ROLES])
@pytest.mark.parametrize("area_id", [None, "moi"])
def test_the_sum_is_what_is_permitted(role: str, area_id: str | None) -> None:
    """Of every role: each verb is told just where the one question of permission says yes."""
    grants = [Grant(role, "project", 1, area_id=area_id), Grant("formfill", "form", 1, 7)]
    told: list[Power] = [power for each in explained(*grants).sums for power in each.powers]
    for path in (("moi", "tinh"), ("ben", "tinh"), ()):
        for form_id in (None, 7, 8):
            for verb in VERBS:
                said = any(
                    verb in power.verbs
                    and power.form_id in (None, form_id)
                    and (power.reach.everywhere or power.reach.area_ids & set(path))
                    for power in told
                )
                asked = permits(grants, verb, Place(1, form_id, path), TODAY)
                of_site = verb.startswith(("user.", "role.", "config.", "backup.", "analytics.", "project.create"))
                of_project = form_id is not None and verb == "project.read"
                assert said == asked or of_site or of_project, (verb, path, form_id)


def test_verbs_are_told_by_what_they_are_about() -> None:
    assert by_noun(["submission.list", "submission.read", "user.password.reset"]) == {
        "submission": ["list", "read"],
        "user.password": ["reset"],
    }
