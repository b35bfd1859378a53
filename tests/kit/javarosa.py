"""JavaRosa, the engine of ODK Collect, asked through the driver `Oracle.java` and the jar that comes with pyxform."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ZONE = "Asia/Ho_Chi_Minh"
LONGEST = 1800
"""Seconds for all jobs of one form: a count that somebody fills in with 100,000 keeps a phone busy for ever."""
Job = dict[str, Any]


def driver() -> Path | None:
    """Where the driver's source is: THONBAN_ORACLE, None when that names nothing."""
    named = os.environ.get("THONBAN_ORACLE", "")
    return Path(named) if named and Path(named).is_file() else None


def lacking() -> str | None:
    """Why JavaRosa cannot be asked here; None when it can."""
    if driver() is None:
        return "THONBAN_ORACLE names no Oracle.java"
    if shutil.which("java") is None or shutil.which("javac") is None:
        return "no java and javac on the path (Debian: apt-get install openjdk-17-jdk-headless)"
    return None if jar().is_file() else f"pyxform brought no {jar().name}"


def jar() -> Path:
    """The jar that holds JavaRosa."""
    spec = find_spec("pyxform")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "validators" / "odk_validate" / "bin" / "ODK_Validate.jar"


def classes() -> Path:
    """The driver, compiled once for each version of it."""
    source = driver()
    assert source is not None
    mark = hashlib.sha256(source.read_bytes() + str(jar()).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"thonban-oracle-{os.getuid()}-{mark}"
    if not (folder / "Oracle.class").is_file():
        made = Path(tempfile.mkdtemp())
        command = ["javac", "-nowarn", "-cp", str(jar()), "-d", str(made), str(source)]
        subprocess.run(command, check=True, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return folder


def ask(jobs: Iterable[Job], zone: str = ZONE) -> list[Job]:
    """One answer for each job, in order. The engine prints what it thinks to stderr; that is dropped."""
    lines = "".join(json.dumps(job, ensure_ascii=False) + "\n" for job in jobs)
    path = f"{jar()}{os.pathsep}{classes()}"
    command = ["java", "-Xss4m", "-Xmx1g", f"-Duser.timezone={zone}", "-Dfile.encoding=UTF-8", "-cp", path, "Oracle"]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, check=True, timeout=LONGEST)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]
