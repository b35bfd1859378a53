"""The laws of docs/architecture.md, executed on the source."""

import ast
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.kit.source import PRODUCT, ROOT, Function, Module, dotted, length, modules, tracked_texts

LINES_OF_A_FILE = 500
LINES_OF_A_FUNCTION = 40
PARAMETERS = 5
FORBIDDEN_NAMES = {"utils", "helpers", "common", "tools", "misc", "manager", "base"}
FORBIDDEN_PREFIXES = ("handle_", "process_", "do_", "manage_")
# Methods whose names SQLAlchemy gives.
NAMED_BY_OTHERS = {"process_bind_param", "process_result_value"}

WEB = ("server/web/", "server/app.py", "server/cli.py")
# One home per foreign library. "Anywhere once" is an empty tuple: any module, but a single one.
HOMES: dict[str, tuple[str, ...]] = {
    "pyxform": ("forms/convert.py",),
    "lxml": ("forms/xml.py",),
    "msgspec": ("server/exports/odata_raw.py",),
    "re2": ("forms/",),
    "regex": ("forms/",),
    "yaml": ("server/criteria/load.py",),
    "sqlalchemy": ("server/storage/", "server/migrations/"),
    "flask_sqlalchemy": ("server/storage/",),
    "alembic": ("server/storage/", "server/migrations/"),
    "flask_migrate": ("server/storage/", *WEB),
    "boto3": ("server/storage/buckets.py",),
    "botocore": ("server/storage/buckets.py",),
    "psycopg": ("server/storage/",),
    "flask": WEB,
    "flask_babel": WEB,
    "flask_limiter": WEB,
    "flask_smorest": WEB,
    "marshmallow": WEB,
    "werkzeug": WEB,
    "gunicorn": ("server/launch.py", "server/web/launch.py"),
    "celery": ("server/jobs/",),
    "requests": ("sync/client.py", "server/services/deliver.py"),
    "xlsxwriter": ("server/exports/xlsx.py",),
    "duckdb": ("server/exports/answers_parquet.py",),
    "segno": (),
    "PIL": (),
    "argon2": (),
}
# What storage hands out may be named by those who are given it: a session to read with, a connection that writes, the
# error that says the database is away. Questions to the database are written in storage alone.
HANDED_OUT = re.compile(r"sqlalchemy\.(orm\.(Session|sessionmaker)|engine\.Connection|exc\.\w+)$")
# Migrations are no use case: they commit what they changed of the tables themselves.
MIGRATIONS = ("server/migrations/", "server/storage/migrate.py")
# What may read the clock, chance and the environment: a worker process, a device, and the two ends of a wire.
IMPURE = {"forms/convert.py", "sync/client.py", "sync/outbox.py", "sync/relay.py"}
IMPURE_NAMES = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|monotonic|sleep)|random\.\w+|secrets\.\w+"
    r"|uuid\.uuid[14]|uuid[14]|os\.(environ|getenv|urandom))$"
)


def pure_modules() -> list[Module]:
    folders = ("forms", "sync", "server/criteria", "server/domain", "server/exports")
    return [module for module in modules(*folders) if module.name not in IMPURE]


def test_layers() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_foreign_library_has_one_home() -> None:
    used = defaultdict(set)
    for module in modules(*PRODUCT):
        for name, _ in module.imports():
            if not HANDED_OUT.match(name):
                used[name.split(".")[0]].add(module.name)
    strays = {
        library: sorted(strays)
        for library, homes in HOMES.items()
        if homes and (strays := {user for user in used[library] if not user.startswith(homes)})
    }
    assert strays == {}
    scattered = {
        library: sorted(used[library]) for library, homes in HOMES.items() if not homes and len(used[library]) > 1
    }
    assert scattered == {}


def test_pure_parts_read_no_clock_chance_or_environment() -> None:
    found = []
    for module in pure_modules():
        inner = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Attribute | ast.Name) or id(node) in inner:
                continue
            if IMPURE_NAMES.search(dotted(node)):
                found.append(f"{module.where(node)} {dotted(node)}")
        found += [f"{module.where(node)} {name}" for name, node in module.imports() if IMPURE_NAMES.search(name)]
    assert found == []


def test_pure_parts_name_no_web_and_no_database() -> None:
    foreign = {"flask", "flask_babel", "flask_sqlalchemy", "sqlalchemy", "marshmallow", "werkzeug"}
    found = [
        f"{module.where(node)} {name}"
        for module in pure_modules()
        for name, node in module.imports()
        if name.split(".")[0] in foreign
    ]
    assert found == []


def test_commit_only_in_services() -> None:
    found = [
        module.where(node)
        for module in modules(*PRODUCT)
        if not module.name.startswith(("server/services/", *MIGRATIONS))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert found == []


def test_no_import_inside_a_function() -> None:
    found = {
        module.where(node)
        for module in modules(*PRODUCT, "bench", "tests")
        for function in module.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert found == set()


def test_init_files_only_register_and_export() -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr)
    found = [
        module.where(node)
        for module in modules(*PRODUCT)
        if module.path.name == "__init__.py"
        for node in module.tree.body
        if not isinstance(node, allowed)
    ]
    assert found == []


def test_files_are_short() -> None:
    long = {
        module.name: lines
        for module in modules(*PRODUCT, "bench", "tests")
        if (lines := module.text.count("\n")) > LINES_OF_A_FILE
    }
    assert long == {}


def test_functions_are_short() -> None:
    long = {
        f"{module.where(function)} {function.name}": length(function)
        for module in modules(*PRODUCT, "bench")
        for function in module.functions()
        if length(function) > LINES_OF_A_FUNCTION
    }
    assert long == {}


def parameters(function: Function) -> int:
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in every)


def test_functions_have_few_parameters() -> None:
    found = {
        f"{module.where(function)} {function.name}": parameters(function)
        for module in modules(*PRODUCT, "bench")
        for function in module.functions()
        if parameters(function) > PARAMETERS
    }
    assert found == {}


def test_names_say_what_things_are() -> None:
    every = modules(*PRODUCT, "bench", "tests")
    vague = [module.name for module in every if FORBIDDEN_NAMES & {module.path.stem, *module.path.parent.parts}]
    assert vague == []
    found = [
        f"{module.where(function)} {function.name}"
        for module in modules(*PRODUCT)
        for function in module.functions()
        if function.name.lstrip("_").startswith(FORBIDDEN_PREFIXES) and function.name not in NAMED_BY_OTHERS
    ]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    every = [module for module in modules(*PRODUCT, "bench", "tests") if module.tree.body]
    silent = [module.name for module in every if ast.get_docstring(module.tree) is None]
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b|raise NotImpl" + r"emented")
    assert [module.name for module in modules(*PRODUCT, "bench", "tests") if later.search(module.text)] == []


def test_no_path_of_a_machine_is_written_down() -> None:
    texts = tracked_texts()
    if not texts:
        pytest.skip("this is no git checkout")
    # Put together here, so that this file does not contain what it looks for.
    anywhere = ["/" + "work/", "/" + "home/"]
    found = []
    for path in texts:
        name = path.relative_to(ROOT).as_posix()
        needles = anywhere if name.startswith("tests/") else [*anywhere, "/" + "tmp/"]
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{name} {needle}" for needle in needles if needle in text]
    assert found == []


def test_lock_file_names_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "://" in package.get("resolved", "")] == []
    assert [name for name, package in packages.items() if "node_modules" in name and not is_pinned(package)] == []


def is_pinned(package: dict[str, object]) -> bool:
    return "integrity" in package or bool(package.get("link"))


def test_python_tests_mirror_packages() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [folder.name for folder in folders if not (folder / "__init__.py").exists()] == []
