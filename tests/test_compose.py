"""docker-compose.yml, read as YAML: its commands exist, its variables are settings, its names point somewhere."""

import json
import re
from typing import Any

import pytest
import yaml

from server.config import Config, variables
from tests.kit.command import accepts
from tests.kit.source import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def filled(value: str) -> str:
    """A value with ${VARIABLE…} replaced the way Compose would, by something a person could have written."""
    return re.sub(r"\$\{(\w+):([?-])([^}]*)\}", lambda found: found[3] if found[2] == "-" else "x" * 40, value)


def test_what_an_installation_needs_is_there() -> None:
    assert set(OURS) == {"migrate", "web", "worker"}
    assert {"db", "redis", "objects", "caddy"} <= set(SERVICES)


@pytest.mark.parametrize("name", OURS)
def test_command_exists(name: str) -> None:
    program, *arguments = SERVICES[name]["command"]
    assert program == "thonban"
    assert accepts(arguments), arguments


def test_image_runs_a_command_that_exists() -> None:
    last = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1]
    program, *arguments = json.loads(last)
    assert program == "thonban"
    assert accepts(arguments), arguments


@pytest.mark.parametrize("name", OURS)
def test_variables_are_settings_that_can_be_used(name: str) -> None:
    environment = SERVICES[name]["environment"]
    assert set(environment) - set(variables()) == set()
    config = Config.from_env({key: filled(value) for key, value in environment.items()})
    assert config.database_url.startswith("postgresql+psycopg://thonban:")
    assert config.trusted_proxies == 1
    assert config.host == "0.0.0.0"


def test_image_sets_only_known_variables() -> None:
    line = next(line for line in DOCKERFILE.splitlines() if line.startswith("ENV "))
    names = {pair.split("=")[0] for pair in line.removeprefix("ENV ").split()}
    assert names - set(variables()) == set()


def test_files_copied_into_the_image_exist() -> None:
    for line in DOCKERFILE.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            *sources, _target = line.split()[1:]
            assert [source for source in sources if not (ROOT / source).exists()] == []


def test_names_point_somewhere() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", [])) <= set(SERVICES)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]
    hosts = re.findall(r"(?:@|//)(\w+)[:/]\w+", json.dumps([SERVICES[name]["environment"] for name in OURS]))
    assert {host for host in hosts if host != "thonban"} <= set(SERVICES)


def test_proxy_reaches_the_web_service_and_takes_whole_uploads() -> None:
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text()
    config = Config.from_env({key: filled(value) for key, value in SERVICES["web"]["environment"].items()})
    assert f"reverse_proxy web:{config.port}" in caddyfile
    allowed = int(re.search(r"max_size (\d+)MB", caddyfile)[1])  # type: ignore[index]
    assert allowed * 1_000_000 > config.max_upload


def test_no_secret_is_written_down() -> None:
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET", key):
                assert value.startswith("${"), key


def test_the_image_builds_every_workspace_of_browser_code() -> None:
    for workspace in json.loads((ROOT / "package.json").read_text())["workspaces"]:
        assert f"COPY {workspace}/package.json {workspace}/\n" in DOCKERFILE
        assert f"COPY {workspace} {workspace}\n" in DOCKERFILE
        built = "server/web/phone/static" if workspace == "sync/phone" else "server/web/desk/static"
        assert f"COPY --from=browser /src/{built} {built}\n" in DOCKERFILE
