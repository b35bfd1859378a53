"""The wheel is the whole product: every module imports from it, and every kind of data is in it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.kit.source import PRODUCT, ROOT

# What each kind of data looks like in the repository; all that matches must be in the wheel.
DATA = {
    "templates": "server/web/desk/templates/**/*.html",
    "browser files": "server/web/desk/static/**/*",
    "the phone app": "server/web/phone/static/**/*",
    "rule sets": "server/criteria/rulesets/*.yaml",
    "areas": "server/domain/data/*.csv",
    "compiled catalogues": "server/translations/**/*.mo",
    "migrations": "server/migrations/**/*.py",
    "forms": "forms/library/*.md",
}
IMPORT_ALL = """
import importlib, pathlib, sys
root = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(root))
for path in sorted(root.rglob("*.py")):
    parts = path.relative_to(root).with_suffix("").parts
    if "migrations" in parts:
        continue  # Alembic runs these, nobody imports them
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    module = importlib.import_module(name)
    assert pathlib.Path(module.__file__).is_relative_to(root), module.__file__
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network from a copy of what is here."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in (*PRODUCT, "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        (source / name).symlink_to(ROOT / name)
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(source),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("thonban-*.whl"))


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("kind", DATA)
def test_wheel_has_data(wheel: Path, kind: str) -> None:
    here = {path.relative_to(ROOT).as_posix() for path in ROOT.glob(DATA[kind]) if path.is_file()}
    here = {name for name in here if "__pycache__" not in name}
    if not here:
        pytest.skip(f"there are no {kind} in this checkout (make assets translations)")
    assert here - names_in(wheel) == set()


def test_wheel_has_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names_in(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PRODUCT)
    unwanted = ("__pycache__", "node_modules", "/assets/src/", ".po")
    static = ("server/web/desk/static/", "server/web/phone/static/")
    assert [
        name
        for name in names_in(wheel)
        if name.endswith(unwanted) or ("/assets/" in name and not name.startswith(static))
    ] == []


def test_every_module_imports_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    command = [sys.executable, "-P", "-c", IMPORT_ALL, str(target)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_wheel_has_the_command_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        entry = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "thonban = server.cli:main" in archive.read(entry).decode()
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
