"""What the documents say is so: links resolve, commands exist, settings are complete."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from server.config import env_example, variables
from tests.kit.command import accepts, subcommands
from tests.kit.source import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "changes").glob("*.md")])
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|`|bin/)thonban ([a-z]+)", re.MULTILINE)
TARGET = re.compile(r"(?:^|[`&] ?)make ([a-z-]+)", re.MULTILINE)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_resolve(document: Path) -> None:
    targets = [link.partition("#")[0] for link in LINK.findall(document.read_text()) if "://" not in link]
    assert [target for target in targets if target and not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_commands_exist(document: Path) -> None:
    named = set(COMMAND.findall(document.read_text()))
    if named:
        assert named - subcommands() == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_options_exist(document: Path) -> None:
    lines = re.findall(r"\bthonban ([a-z]+(?: [^`|\n#;]*)?)", document.read_text())
    lines += [f"run {given}" for given in re.findall(r'make run[^`\n]* ARGS="([^"]*)"', document.read_text())]
    wrong = [line for line in lines if "--" in line and not accepts(line.replace(",", " ").split())]
    assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(TARGET.findall(document.read_text())) - targets == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_variables_are_settings(document: Path) -> None:
    mentioned = set(re.findall(r"\bTHONBAN_[A-Z_]+\b", document.read_text()))
    assert mentioned - set(variables()) == set()


def test_env_example_is_what_the_settings_say() -> None:
    assert (ROOT / ".env.example").read_text() == env_example()


def test_every_document_can_be_found_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if page != "index.md" and f"({page})" not in index] == []


@pytest.mark.parametrize("adr", ADRS, ids=name)
def test_decisions_are_short_and_numbered(adr: Path) -> None:
    text = adr.read_text()
    assert text.startswith(f"# {adr.name[:4]} ")
    assert text.count("\n") <= 40
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(adr.name[:4]) for adr in ADRS] == list(range(1, len(ADRS) + 1))


def test_make_alone_prints_what_it_can_do() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    # Run by `make test` itself, whose variables would reach this make too.
    environment = {"PATH": os.environ["PATH"]}
    printed = subprocess.run([make], cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    wanted = {"venv", "install", "assets", "translations", "run", "test", "check", "bench", "clean"}
    assert wanted - set(re.findall(r"^  make ([a-z]+) +\S", printed, re.MULTILINE)) == set()


def test_ci_runs_make_test_and_nothing_of_its_own() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert commands == ['cd "$(dirname "$0")/.." && exec make test']
