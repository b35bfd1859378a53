"""The repository as text and syntax trees: what the laws of the house are executed on."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("forms", "sync", "server")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file; `name` is its path from the root, with slashes."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.name)

    def functions(self) -> Iterator[Function]:
        """Every function and method."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node

    def imports(self) -> Iterator[tuple[str, ast.stmt]]:
        """The dotted name of each import, with its statement; `from a import b` counts as a.b."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, node
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                for alias in node.names:
                    yield f"{node.module}.{alias.name}", node

    def where(self, node: ast.stmt | ast.expr) -> str:
        """`file:line`, for messages."""
        return f"{self.name}:{node.lineno}"


def modules(*folders: str) -> list[Module]:
    """The Python files below these folders of the repository, sorted; migrations are generated and not among them."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    skipped = {"node_modules", "__pycache__", "versions"}
    return [_module(path) for path in sorted(found) if not skipped & set(path.relative_to(ROOT).parts)]


@cache
def _module(path: Path) -> Module:
    # one of each, so that a file is read and parsed once for all laws
    return Module(path)


def dotted(node: ast.expr) -> str:
    """`a.b.c` for a chain of attributes on a name, else the empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def length(function: Function) -> int:
    """Lines of a function without its decorators and docstring."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def tracked_texts() -> list[Path]:
    """Every text file that git keeps or would keep; all but ignored ones where this is no checkout."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return []
    command = [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    paths = (ROOT / name for name in names if name)
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:4096]]
