"""Requests made at random from the OpenAPI document, good and bad ones, and whether the answers are what it says.

python -m tests.kit.fuzz_api --examples 200 --seconds 1800 --seed 7 --only submissions --database postgresql
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.storage.migrate import upgrade
from tests.kit.databases import KINDS
from tests.kit.fuzz_world import FuzzWorld, fuzz_world
from tests.kit.services import Missing, memory_folder, running_postgres

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
ROUNDS = 8
"""How often an operation is asked that was refused each time."""
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
WRITES_WHEN_REFUSED = {
    "sessions_create_session": "wrong passwords are counted",
    "users_put_password": "wrong passwords are counted",
    "users_initiate_reset": "who asks for links is counted",
    "openrosa_submission_by_key": "what a phone sent and nobody can read is kept apart",
    "openrosa_submission_signed_in": "the same",
}
"""Operations that may write though they refuse, and what."""


@dataclass
class Found:
    """What became of the requests: how many, the statuses, and what was not as the document says."""

    requests: int = 0
    operations: int = 0
    skipped: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    refused_only: set[str] = field(default_factory=set)

    def say(self) -> str:
        """A few lines for people."""
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        lines = [f"{self.operations} operations, {self.requests} requests ({statuses}); {len(self.faults)} faults"]
        lines += [f"always refused: {', '.join(sorted(self.refused_only)) or 'none'}"]
        return "\n".join([*lines, *self.skipped, *(f"\n{name}\n{text}" for name, text in self.faults.items())])


def fuzz(there: FuzzWorld, *, examples: int, number: int = 1, seconds: float = 1e9, only: str = "") -> Found:
    """Asks every operation of the document `examples` times with good and as often with bad data. The same number makes
    the same requests. When the seconds are over, the operations that were not asked are named in `skipped`."""
    schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", there.world.app)
    found, end = Found(), time.monotonic() + seconds
    for result in schema.get_all_operations():
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        if only not in name:
            continue
        if time.monotonic() > end:
            found.skipped.append(f"no time for {name}")
            continue
        found.operations += 1
        found.refused_only.add(name)
        for again in range(ROUNDS):
            if again == 0 or name in found.refused_only:
                for mode in MODES:
                    _ask(there, operation, mode, found, (examples, number + again))
    return found


def _ask(there: FuzzWorld, operation: Any, mode: GenerationMode, found: Found, plan: tuple[int, int]) -> None:
    examples, number = plan
    cases = operation.as_strategy(generation_mode=mode)

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        _judge(there, *_request(data, there, cases), found)

    try:
        ask()
    except Exception as error:
        if type(error).__name__ not in ("Unsatisfiable", "NoExamples", "SkipTest"):
            raise


_OFTEN = st.integers(0, 4).map(lambda number: number < 4)
"""Four times of five; a small number is what comes first."""
SHAPED = ("application/json", "multipart/form-data")
"""Bodies that are made from their schema."""


def _request(data: st.DataObject, there: FuzzWorld, cases: st.SearchStrategy[Any]) -> tuple[Any, str | None]:
    """A case of the document, most of the time for things that are there and from somebody who may."""
    draw = data.draw
    case = draw(cases)
    operation = case.operation.definition.raw
    way, well = there.way_of(operation["operationId"]), draw(st.booleans())
    for name in list(case.path_parameters or {}):
        if name in way and (well or draw(_OFTEN)):
            value = way[name] if well else draw(st.sampled_from(there.known[name]))
            case.path_parameters[name] = quote(str(value), safe="")
    if well and draw(_OFTEN):
        case.query = {name: each for name, each in (case.query or {}).items() if name == "lang"}
        needed = (each for each in operation.get("parameters", []) if each["in"] == "query" and each.get("required"))
        case.query |= {each["name"]: each["example"] for each in needed if "example" in each}
    for each in operation.get("parameters", []):
        if each["in"] == "query" and each["name"] in (case.query or {}) and "example" in each and draw(st.booleans()):
            case.query[each["name"]] = each["example"]
    good = there.bodies_of(operation, case.media_type)
    if good and draw(_OFTEN):
        case.body = good[draw(st.integers(0, len(good) - 1))]
    elif case.media_type not in (None, *SHAPED):
        case.body = draw(st.binary(max_size=300))
    if "X-OpenRosa-Version" in (case.headers or {}) and draw(_OFTEN):
        case.headers["X-OpenRosa-Version"] = "1.0"
    who = draw(st.sampled_from(["admin"] * 8 + list(there.credentials)))
    return case, there.credentials[who]


def _judge(there: FuzzWorld, case: Any, token: str | None, found: Found) -> None:
    name = case.operation.definition.raw["operationId"]
    for header in ("Authorization", "Cookie"):
        case.headers.pop(header, None)
    case.cookies.clear()
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {token}"} if token else {})
    response = case.call(headers=headers)
    found.requests += 1
    found.statuses[response.status_code] += 1
    if response.status_code < 400:
        found.refused_only.discard(name)
    try:
        # 501 is no fault of a server: ODK Central says so what it does not do
        crash = [] if response.status_code == 501 else [not_a_server_error]
        case.validate_response(response, checks=[*CHECKS, *crash])
        _look(response)
    except (Failure, FailureGroup, AssertionError) as fault:
        found.faults.setdefault(f"{name} {response.status_code} {type(fault).__name__}", _told(case, response, fault))
    if there.kept.has_changed():
        if response.status_code >= 400 and name not in WRITES_WHEN_REFUSED:
            found.faults.setdefault(f"{name} {response.status_code} wrote", _told(case, response, None))
        there.kept.restore()


def _look(response: Any) -> None:
    """What no schema says: an error's sentence and number, the XML of phones."""
    kind = response.headers.get("content-type", [""])[0]
    if kind.startswith("text/xml") and response.content:
        ElementTree.fromstring(response.content)
    if response.status_code >= 400 and kind.startswith("application/json"):
        body = response.json()
        assert int(body["code"]) == response.status_code, body
        assert body["message"].strip(), body
        assert "%(" not in body["message"], body


def _told(case: Any, response: Any, fault: BaseException | None) -> str:
    faults = getattr(fault, "exceptions", [fault] if fault else [])
    said = "; ".join(str(each)[:700] for each in faults)
    asked = f"{case.method} {case.formatted_path} {case.query} {str(case.body)[:200]}"
    return f"  {asked}\n  {response.status_code} {response.content[:300]!r}\n  {said}"


def main() -> int:
    """The program; 1 when something is not as the document says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="requests for each operation and kind of data")
    parser.add_argument("--seconds", type=float, default=1800, help="when no further operation is begun")
    parser.add_argument("--seed", type=int, default=1, help="the same number makes the same requests")
    parser.add_argument("--only", default="", help="operations with this in their id")
    parser.add_argument("--database", choices=KINDS, default=KINDS[0], help="postgresql: an instance of its own")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory_folder())))
        url = f"sqlite:///{folder}/fuzz.db"
        if given.database == "postgresql":
            try:
                url = stack.enter_context(running_postgres()).create("fuzz")
            except Missing as reason:
                parser.error(str(reason))
        upgrade(url)
        with fuzz_world(url, folder) as there:
            began = time.monotonic()
            found = fuzz(there, examples=given.examples, number=given.seed, seconds=given.seconds, only=given.only)
    print(found.say(), f"\n{time.monotonic() - began:.1f} s")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
