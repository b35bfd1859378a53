"""Requests made from the OpenAPI document, operation by operation: all is well but for one thing. What comes back must
be in the document, in its dialect, with a sentence, and must have written nothing when it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from werkzeug.test import TestResponse

from tests.kit.fuzz_api import WRITES_WHEN_REFUSED
from tests.kit.fuzz_world import FuzzWorld

METHODS = ("get", "head", "post", "put", "patch", "delete")
FIRST_ERROR, CRASH, UNSUPPORTED = 400, 500, 501


@dataclass(frozen=True)
class Operation:
    """One method of one path, and what is said of it."""

    method: str
    path: str
    told: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its operationId."""
        return str(self.told["operationId"])

    @property
    def is_phones(self) -> bool:
        """Whether errors are OpenRosa XML."""
        return self.told["tags"] == ["openrosa"]

    @property
    def is_open(self) -> bool:
        """Whether it needs no credential, or has it in its path."""
        return self.told.get("security") == []

    @property
    def kinds(self) -> list[str]:
        """The types of body that it reads."""
        return list(self.told.get("requestBody", {}).get("content", {}))

    @property
    def places(self) -> dict[str, Any]:
        """What stands in its path: names, and an example of each."""
        return {each["name"]: each["example"] for each in self.told["parameters"] if each["in"] == "path"}


@dataclass
class Asking:
    """Asks, and gathers what was not as it should be."""

    there: FuzzWorld
    faults: list[str] = field(default_factory=list)
    asked: int = 0

    def operations(self) -> list[Operation]:
        """All of the document."""
        paths = self.there.world.nobody().get("openapi.json").get_json()["paths"]
        return [
            Operation(method.upper(), path, each)
            for path, item in paths.items()
            for method, each in item.items()
            if method in METHODS
        ]

    def ask(self, operation: Operation, note: object, **change: Any) -> TestResponse:
        """One request: as it should be but for the change. `places`: raw texts in the path by name; `data`, `headers`,
        `content_type`, `query`; `token`: of another session, None for none."""
        answer = self._send(operation, **change)
        self.asked += 1
        self._judge(operation, note, answer)
        if self.there.kept.has_changed():
            if answer.status_code >= FIRST_ERROR and operation.name not in WRITES_WHEN_REFUSED:
                self.fault(operation, note, answer, "refused and wrote")
            self.there.kept.restore()
        return answer

    def ask_at_once(self, operation: Operation, times: int) -> None:
        """The same request so many times at once, as it should be."""
        barrier = Barrier(times)

        def send(_: int) -> TestResponse:
            barrier.wait()
            return self._send(operation)

        with ThreadPoolExecutor(times) as pool:
            for answer in pool.map(send, range(times)):
                self.asked += 1
                self._judge(operation, "at once", answer)
        self.there.kept.restore()

    def _send(self, operation: Operation, **change: Any) -> TestResponse:
        way = self.there.way_of(operation.name)
        raw = {name: quote(str(way.get(name, example)), safe="") for name, example in operation.places.items()}
        raw |= change.pop("places", {})
        token = change.pop("token", self.there.credentials["admin"])
        headers = {"X-OpenRosa-Version": "1.0", "Accept-Language": "en"} | change.pop("headers", {})
        if token is not None and not operation.is_open:
            headers["Authorization"] = f"Bearer {token}"
        client = self.there.world.app.test_client(use_cookies=False)
        url = operation.path.format(**raw) + change.pop("query", "")
        return client.open(url, method=operation.method, headers=headers, **(self._body(operation) | change))

    def fault(self, operation: Operation, note: object, answer: TestResponse, what: str) -> None:
        """Something that was not as it should be."""
        said = answer.get_data()[:120]
        self.faults.append(f"{operation.name} ({str(note)[:60]}): {what}; {answer.status_code} {said!r}")

    def _body(self, operation: Operation) -> dict[str, Any]:
        for kind in operation.kinds:
            good = self.there.bodies_of(dict(operation.told), kind)
            if good and kind == "application/json":
                return {"json": good[0]}
            if good:
                return {"data": good[0], "content_type": kind}
        return {}

    def _judge(self, operation: Operation, note: object, answer: TestResponse) -> None:
        status = answer.status_code
        if status >= CRASH and status != UNSUPPORTED:
            self.fault(operation, note, answer, "failed")
        elif str(status) not in operation.told["responses"] and status not in (404, 405):
            # a path that is none is answered by no operation
            self.fault(operation, note, answer, "not in the document")
        if status >= FIRST_ERROR and operation.method != "HEAD":
            for what in _unsaid(operation, answer):
                self.fault(operation, note, answer, what)


def _unsaid(operation: Operation, answer: TestResponse) -> Iterator[str]:
    if answer.mimetype == "text/xml":
        said = ElementTree.fromstring(answer.get_data())[0]
        if said.get("nature") != "error" or not (said.text or "").strip():
            yield "no sentence"
        return
    body = answer.get_json(silent=True)
    # tables say it as OData does too
    if not isinstance(body, dict) or body.keys() - {"error"} != {"message", "code", "details"}:
        yield "not in the dialect"
    elif int(body["code"]) != answer.status_code:
        yield "another number than the status"
    elif not body["message"].strip() or "%(" in body["message"]:
        yield "no sentence"
    elif operation.is_phones and answer.status_code != 404:
        yield "not in the dialect of phones"
