"""The OpenAPI document, made from the routes of the app, what their nouns declare and what is told beside the views."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from server.web.api.nouns import SIGNED_IN, Access, Nouns, Speech
from server.web.api.places import parameters_of, template_of
from server.web.api.refusals import NAMES, refusals, refused
from server.web.api.shapes import VERSION, Named, Shapes
from server.web.errors import PHONES
from server.web.wire import Content, Parameter, Wire, wire_of

ABOUT = """Field data of village programmes: forms, the people and phones that fill them, what was sent, and what the
criteria say of villages. What ODK Central has is said as it says it (errors too); what is ours stands beside it.

Sentences are Vietnamese, or English with `Accept-Language: en` or `?lang=en`. Members of a body that are not known are
passed over. A JSON body is at most 250 kB. A note for the audit may stand, percent-encoded, in `X-Action-Notes`.
Whoever signs in by cookie sends the session's CSRF token as `X-CSRF-Token` with each POST. `x-permission` of an
operation is the permission it takes: one of those named, in this place; `signed-in` is everybody who is; `public`
needs none."""

SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token of a session (`POST /v1/sessions`)."},
    "basic": {"type": "http", "scheme": "basic", "description": "E-mail and password, over HTTPS or on loopback."},
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-session",
        "description": "The cookie of a session; on loopback without TLS its name is `session`.",
    },
}
LANGUAGE = {
    "name": "lang",
    "in": "query",
    "description": "The language of sentences, before Accept-Language.",
    "schema": {"type": "string", "enum": ["vi", "en"]},
}
EMPTY = 204
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
PHONE_HEADERS = {
    "X-OpenRosa-Version": {"description": "`1.0`.", "schema": {"type": "string"}},
    "X-OpenRosa-Accept-Content-Length": {"description": "Bytes of the largest request.", "schema": {"type": "string"}},
}
TAGGED = {"ETag": {"description": "What the answer is known by.", "schema": {"type": "string"}}}


@dataclass(frozen=True)
class Endpoint:
    """One method of one route, and what is known of it."""

    rule: Rule
    method: str
    view: Any
    access: Access | None
    speech: Speech

    @property
    def wire(self) -> Wire:
        """What is told beside the view."""
        return wire_of(self.view)

    @property
    def is_phones(self) -> bool:
        """Whether errors are OpenRosa XML."""
        return bool(self.rule.endpoint.startswith(f"{PHONES}."))

    @property
    def keyed(self) -> bool:
        """Whether the path itself holds the credential."""
        return bool(self.rule.rule.startswith(("/v1/key/", "/v1/test/")))

    @property
    def permission(self) -> str:
        """The permissions it takes, one of which is enough."""
        if self.access is None or self.wire.verb:
            return self.wire.verb or SIGNED_IN
        return "public" if self.access.public else " | ".join(self.access.verbs)


def describe(app: Flask, every: Iterable[Nouns]) -> dict[str, Any]:
    """The whole document, of all routes below /v1."""
    nouns = {each.name: each for each in every}
    shapes, paths = Shapes(), dict[str, dict[str, Any]]()
    for endpoint in list_endpoints(app, nouns):
        path = paths.setdefault(template_of(endpoint.rule.rule), {"parameters": [LANGUAGE]})
        path[endpoint.method.lower()] = _operation(endpoint, shapes.of)
    tags = [{"name": name, "description": noun.description} for name, noun in nouns.items()]
    return {
        "openapi": VERSION,
        "info": {"title": "thonban", "version": "v1", "description": ABOUT},
        "servers": [{"url": "/", "description": "This server."}],
        "security": [{name: []} for name in SECURITY],
        "tags": [*tags, {"name": PHONES, "description": "What phones ask, in the words of OpenRosa"}],
        "paths": paths,
        "components": {"schemas": shapes.found | refused(), "responses": refusals(), "securitySchemes": SECURITY},
    }


def list_endpoints(app: Flask, nouns: Mapping[str, Nouns]) -> Iterator[Endpoint]:
    """Every method of every route below /v1, in the order of the nouns, those of phones last."""
    order = {name: place for place, name in enumerate(nouns)}
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/v1/")]
    for rule in sorted(rules, key=lambda rule: order.get(rule.endpoint.partition(".")[0], len(order))):
        noun = nouns.get(rule.endpoint.partition(".")[0])
        view = app.view_functions[rule.endpoint]
        told = wire_of(view)
        for method in METHODS:
            if method not in (rule.methods or ()) or (method == "HEAD" and told.status != EMPTY):
                continue
            access = noun.access[rule.endpoint] if noun else None
            yield Endpoint(rule, method, view, access, noun.speech[rule.endpoint] if noun else Speech())


def _operation(endpoint: Endpoint, named: Named) -> dict[str, Any]:
    text = " ".join((getdoc(endpoint.view) or "").split())
    wire = endpoint.wire
    made: dict[str, Any] = {
        "tags": [endpoint.rule.endpoint.partition(".")[0]],
        "operationId": _operation_id(endpoint),
        "summary": _first_sentence(text),
        "description": text,
        "parameters": [*parameters_of(endpoint.rule.rule), *(_parameter(each) for each in _reads(wire))],
        "responses": dict(_responses(endpoint, named)),
        "x-permission": endpoint.permission,
    }
    body = _body(endpoint, named)
    if body is not None:
        made["requestBody"] = body
    if endpoint.keyed or (endpoint.access and endpoint.access.public):
        made["security"] = []
    return made


def _operation_id(endpoint: Endpoint) -> str:
    noun, _, name = endpoint.rule.endpoint.partition(".")
    if noun != PHONES:
        return f"{noun}_{name}"
    by = "by_key" if "/key/" in endpoint.rule.rule else "by_link" if "/test/" in endpoint.rule.rule else "signed_in"
    return f"{noun}_{name}_{by}" + ("_head" if endpoint.method == "HEAD" else "")


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[^.]\.)\s|[;:]\s", text, maxsplit=1)[0].rstrip(".")


def _reads(wire: Wire) -> tuple[Parameter, ...]:
    known = Parameter("If-None-Match", "The ETag of what is already there.", place="header")
    return (*wire.reads, known) if wire.etag else wire.reads


def _parameter(each: Parameter) -> dict[str, Any]:
    made: dict[str, Any] = {"name": each.name, "in": each.place, "description": each.about, "schema": dict(each.shape)}
    if each.required:
        made["required"] = True
    return made if each.example is None else made | {"example": each.example}


def _body(endpoint: Endpoint, named: Named) -> dict[str, Any] | None:
    if endpoint.speech.body is not None:
        content: dict[str, Any] = {"schema": named(endpoint.speech.body)}
        example = getattr(endpoint.speech.body, "example", None)
        if example is not None:
            content["example"] = example
        return {"required": True, "content": {"application/json": content}}
    if not endpoint.wire.takes:
        return None
    about = " ".join(dict.fromkeys(each.about for each in endpoint.wire.takes))
    return {"required": endpoint.wire.needs_body, "description": about, "content": _contents(endpoint.wire.takes)}


def _contents(every: Iterable[Content]) -> dict[str, Any]:
    return {each.kind: _content(each) for each in every}


def _content(each: Content) -> dict[str, Any]:
    made: dict[str, Any] = {} if each.shape is None else {"schema": dict(each.shape)}
    return made if each.example is None else made | {"example": each.example}


def _responses(endpoint: Endpoint, named: Named) -> Iterator[tuple[str, dict[str, Any]]]:
    wire = endpoint.wire
    good: dict[str, Any] = {"description": "Done."}
    if endpoint.speech.answer is not None:
        good["content"] = {"application/json": {"schema": named(endpoint.speech.answer)}}
    elif wire.gives:
        good["description"] = " ".join(dict.fromkeys(each.about for each in wire.gives))
        good["content"] = _contents(wire.gives)
    headers = (PHONE_HEADERS if endpoint.is_phones else {}) | (TAGGED if wire.etag else {})
    if headers:
        good["headers"] = headers
    for status in (wire.status, *wire.also):
        yield str(status), good
    if wire.moved:
        yield "301", {"description": "It stands at the address in Location."}
    if wire.etag:
        yield "304", {"description": "What was named by If-None-Match is what there is."}
    for status in sorted(_refuses(endpoint)):
        name = ("Phone" if endpoint.is_phones else "") + NAMES[status]
        yield str(status), {"$ref": f"#/components/responses/{name}"}


def _refuses(endpoint: Endpoint) -> set[int]:
    found = {400, 500, 503, *endpoint.wire.refuses}
    if endpoint.rule.arguments:
        found.add(404)
    if endpoint.access is None or not endpoint.access.public:
        found |= {401, 403, 429}
        if endpoint.method in WRITES:
            found.add(409)
    return found
