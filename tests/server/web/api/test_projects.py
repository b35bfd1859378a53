"""Projects over /v1."""

from dataclasses import asdict
from importlib.resources import files

from tests.kit.field import WELL_OFF, place_of
from tests.kit.places import two_villages
from tests.kit.world import VILLAGES, Api, World

EXTENDED = {"X-Extended-Metadata": "true"}
COUNTED = ("forms", "appUsers", "lastSubmission")


def test_a_project_says_that_its_numbers_are_synthetic(world: World) -> None:
    project = world.api.get("projects/1").get_json()
    assert (project["id"], project["synthetic"], project["archived"], project["keyId"]) == (1, True, False, None)


def test_makes_and_changes_a_project(world: World) -> None:
    made = world.api.post("projects", json={"name": "Nước sạch", "unknown": 1}).get_json()
    assert made["synthetic"] is True
    path = f"projects/{made['id']}"
    changed = world.api.patch(path, json={"description": "Giếng và bể", "archived": True}).get_json()
    assert (changed["name"], changed["description"], changed["archived"]) == ("Nước sạch", "Giếng và bể", True)
    assert changed["updatedAt"] is not None
    assert [each["name"] for each in world.api.get("projects").get_json() if each["id"] == made["id"]] == ["Nước sạch"]


def test_refuses_a_project_without_a_name(world: World) -> None:
    assert world.api.post("projects", json={}).get_json()["code"] == 400.3
    assert world.api.post("projects", json={"name": "  "}).get_json()["code"] == 400.3
    assert world.api.post("projects", json={"name": "x" * 300}).get_json()["code"] == 400.13


def test_who_sees_no_project_gets_an_empty_list(world: World) -> None:
    assert world.nobody().get("projects").get_json() == []
    assert world.person("Người mới").get("projects?forms=true").get_json() == []
    bad = world.nobody().get("projects", headers={"Authorization": "Bearer " + "x" * 64})
    assert bad.get_json()["code"] == 401.2


def test_there_are_no_entity_lists_to_nest(world: World) -> None:
    (project,) = world.api.get("projects?datasets=true").get_json()
    assert project["datasetList"] == []
    assert "datasetList" not in world.api.get("projects").get_json()[0]


def test_answers_are_not_kept_by_those_in_between(world: World) -> None:
    assert world.api.get("projects").headers["Cache-Control"] == "private, no-cache"
    assert world.api.post("projects", json={"name": "Một"}).headers["Cache-Control"] == "no-store"


def test_the_village_verdicts_of_a_round(world: World) -> None:
    found = world.api.get("projects/1/verdicts?round=2019&ruleset=qd50_2016_thon").get_json()
    assert {each["verdict"] for each in found} <= {"met", "not_met", "unknown"}
    judged = {"verdict", "class", "possible", "verified", "basis", "clauses", "changes", "provisional"}
    judged |= {"contradictions"}
    assert found[0].keys() == {"area", "ruleSet", "round", "synthetic"} | judged
    assert found[0]["area"].keys() == {"id", "code", "name", "kind"}
    assert found[0]["clauses"][0].keys() == {
        "id",
        "verdict",
        "value",
        "threshold",
        "article",
        "status",
        "submissions",
    }
    one = found[0]["area"]
    by_code = world.api.get(f"projects/1/verdicts?area={one['code']}&round=2019").get_json()
    assert {each["area"]["id"] for each in by_code} == {one["id"]}
    assert world.api.get("projects/1/verdicts?round=1999").get_json() == []


def test_the_numbers_of_a_project_are_of_what_the_caller_sees(world: World) -> None:
    api, roads = world.api, world.publishes()
    sheets = world.publishes(files("forms").joinpath("library", "village_criteria.md").read_text(encoding="utf-8"))
    (village, commune), (foreign, _) = two_villages(world.session, (each.uuid for each in VILLAGES.values()))
    keys = [api.post("projects/1/app-users", json={"displayName": name}).get_json()["id"] for name in ("A", "B", "C")]
    for key, area_id in zip(keys, (village, foreign, foreign), strict=True):
        assert api.post(f"projects/1/assignments/village_head/{key}?areaId={area_id}").status_code == 200
    name = next(each.name for each in VILLAGES.values() if each.uuid == village)
    xml = world.filled(sheets, asdict(place_of(name, "2019")) | WELL_OFF)
    assert world.phone(name, sheets).sends(xml).status_code == 201

    def numbers(caller: Api) -> tuple[int, int, bool]:
        (listed,) = caller.get("projects", headers=EXTENDED).get_json()
        one = caller.get("projects/1", headers=EXTENDED).get_json()
        assert [one[each] for each in COUNTED] == [listed[each] for each in COUNTED]
        return one["forms"], one["appUsers"], one["lastSubmission"] is not None

    def person(role: str, area_id: str | None = None) -> Api:
        made = world.person("Người khác")
        area = f"?areaId={area_id}" if area_id else ""
        assert api.post(f"projects/1/assignments/{role}/{made.get('users/current').get_json()['id']}{area}").get_json()
        return made

    def also(caller: Api, form: str, area: str = "") -> Api:
        own = caller.get("users/current").get_json()["id"]
        assert api.post(f"projects/1/forms/{form}/assignments/analyst/{own}{area}").status_code == 200
        return caller

    assert numbers(api) == (2, 4, True)
    assert numbers(person("manager")) == (2, 4, True)
    assert numbers(person("programme_admin", commune)) == (2, 1, True)
    assert numbers(person("programme_admin", foreign)) == (2, 2, False)
    assert numbers(person("village_head", village)) == (2, 0, True)
    assert numbers(person("formfill")) == (2, 0, False)
    assert numbers(also(person("formfill"), sheets)) == (2, 0, True)
    assert numbers(also(person("formfill"), sheets, f"?areaId={foreign}")) == (2, 0, False)
    filler, analyst = person("formfill"), also(person("formfill"), roads)
    api.patch(f"projects/1/forms/{roads}", json={"state": "closed"})
    assert numbers(filler) == (1, 0, False), "who fills in forms sees those that are open"
    assert numbers(analyst) == (2, 0, False)
