"""Projects over /v1."""

from tests.kit.world import World


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
    assert found[0].keys() == {"area", "ruleSet", "round", "synthetic", "verdict", "clauses"}
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
