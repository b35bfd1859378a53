"""How each route is asked: what stands in its path, in its query and in its body. A route, a query or a body that is
not known here cannot be walked, and says so: whoever adds one teaches it here."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote

import orjson
from werkzeug.routing import Rule

from server.services.official_tables import TABLES
from server.web.api.places import template_of
from sync.receipt_number import write_number
from tests.kit.law import RULE_SET, RULES, unread_clauses
from tests.kit.scope_pages import PAGE_QUERIES
from tests.kit.scope_plan import PlannedSheet
from tests.kit.scope_sheets import LISTED, instance
from tests.kit.scope_world import Kept, Person, ScopeWorld

UNKNOWN = 983_983
"""A number that nothing has."""
NO_UUID = "00000000-0000-4000-8000-00000000d0d0"
KINDS = (
    ("hook_id", "hook"),
    ("uuid", "export"),
    ("bulk_id", "approval"),
    ("class_id", "class"),
    ("variant_id", "variant"),
    ("quarantine_id", "quarantined"),
    ("submission_id", "sheet"),
    ("instance_id", "sheet"),
    ("rest", "sheet"),
    ("statement_id", "statement"),
    ("finding_id", "finding"),
    ("work_id", "work"),
    ("area_id", "village"),
    ("area", "area"),
    ("slug", "round"),
    ("user_id", "user"),
    ("actor_id", "user"),
    ("form_id", "form"),
    ("xml_form_id", "form"),
    ("number", "form"),
    ("project_id", "project"),
)
"""Of which kind of thing a route is, by what its path names first."""
BARE = ("/static/", "/phone")
"""Files that were built, the same for everybody: nobody's data is in them."""
OWN_ID = {
    "hook": ("hook_id", "delivery_id"),
    "export": ("uuid",),
    "approval": ("bulk_id",),
    "project": ("project_id",),
    "form": ("form_id", "xml_form_id", "number"),
    "variant": ("variant_id",),
    "quarantined": ("quarantine_id",),
    "sent": ("instance_id", "name"),
    "sheet": ("submission_id", "instance_id", "version", "version_id", "name", "table"),
    "area": ("area",),
    "village": ("area_id",),
    "statement": ("statement_id",),
    "finding": ("finding_id",),
    "class": ("class_id",),
    "work": ("work_id",),
    "seat": ("area_id",),
    "cards": ("area",),
    "head": ("actor_id",),
    "user": ("actor_id", "user_id"),
}
"""What of a thing another one of its kind has otherwise; of those that must not differ from one that is not there."""


class Untaught(Exception):
    """Nobody said how this is asked."""


@dataclass(frozen=True)
class Ask:
    """One request. `rule`: of the route that it is for."""

    method: str
    path: str
    rule: str
    query: dict[str, str] = field(default_factory=dict, hash=False)
    headers: dict[str, str] = field(default_factory=dict, hash=False)
    body: dict[str, Any] = field(default_factory=dict, hash=False)

    def says(self) -> str:
        """All that the request itself says: what comes back of it is no news."""
        return f"{self.path} {self.query} {self.headers} {self.body}"


class Routes:
    """All routes of an application, and how they are asked about the things of a programme."""

    def __init__(self, there: ScopeWorld, number: int) -> None:
        self.there = there
        self.random = random.Random(f"a walk through {number}")
        self.document = there.world.nobody().get("openapi.json").get_json()
        self.rules = [rule for rule in there.world.app.url_map.iter_rules() if not rule.rule.startswith(BARE)]

    def kind_of(self, rule: Rule) -> str | None:
        """What kind of thing a route is about; None: about nothing in particular."""
        kind = next((kind for name, kind in KINDS if name in rule.arguments), None)
        if kind == "user" and ("app-users" in rule.rule or "/phones" in rule.rule):
            return "head"
        if kind == "sheet" and rule.endpoint.startswith("openrosa.sheet_"):
            return "sent"
        if kind == "sheet" and "/draft" in rule.rule:
            return "tried"
        if kind == "area" and "/phones" in rule.rule:
            return "cards"
        if kind == "village" and ("/areas/" in rule.rule or "/dossiers/" in rule.rule):
            return "seat"
        return kind

    def things(self, rule: Rule) -> list[Kept | None]:
        """The things that a route may be asked about."""
        kind = self.kind_of(rule)
        if kind is None:
            return [None]
        kinds = {"sheet": ("sheet", "gone", "tried")}.get(kind, (kind,))
        if kind == "sheet" and ".svc" in rule.rule:
            kinds = ("sheet", "gone")
        found = [each for kind in kinds for each in self.there.kept if each.kind == kind]
        if "/dossiers/" not in rule.rule:
            return found
        # only communes have dossiers
        versions = self.there.plan.tree.versions
        return [each for each in found if versions[str(each.ids["area_id"])][0].kind == "commune"]

    def path(self, rule: Rule, thing: Kept | None, person: Person) -> str:
        """The path of a route about a thing."""
        given = dict(thing.ids) if thing else {}
        if "key" in rule.arguments:
            given["key"] = person.key or ""
        if rule.rule.startswith("/v1/test/"):
            given["token"] = person.key or ""
        beside = self._beside(given)
        values = {}
        for name in rule.arguments:
            if name in given:
                values[name] = given[name]
            elif name in beside:
                values[name] = beside[name]
            else:
                values[name] = self._value(rule, name, given)
        return _built(rule, values)

    def files(self, rule: Rule, thing: Kept | None) -> list[Kept | None]:
        """The thing, or, where a route is about the files of a form, once for each list that the server makes."""
        if thing is None or thing.kind != "form" or "name" not in rule.arguments:
            return [thing]
        return [replace(thing, ids={**thing.ids, "name": f"{name}.csv"}) for name in LISTED]

    def _beside(self, given: dict[str, str | int]) -> dict[str, str | int]:
        """A form, and a round, that go with what is given."""
        number = given.get("project_id", 1)
        here = [each for each in self.there.kept if each.spot.project == number] or self.there.kept
        rounds = [each for each in here if each.kind == "round"]
        forms = [each for each in here if each.kind == "form"]
        return {**self.random.choice(rounds).ids, **self.random.choice(forms).ids}

    def _value(self, rule: Rule, name: str, given: dict[str, str | int]) -> str | int:
        if name == "name":
            return "cot" if "preferences" in rule.rule else f"{self.random.choice(LISTED)}.csv"
        known: dict[str, tuple[str | int, ...]] = {
            "kind": ("md",),
            "picture": ("svg", "png"),
            "role": ("viewer", "app-user", "village_head", "admin"),
            "version": ("1",),
            "table": ("Submissions", "Submissions.nguoi"),
            "table_name": tuple(TABLES),
            "rest": ("nguoi",),
            "token": ("a" * 64,),
            "slug": ("r0", "r1"),
            "rule_set_id": (RULE_SET,),
            "clause_id": tuple(unread_clauses()),
            "confirmation_id": (1,),
            "lock_number": (1,),
            "finding_key": ("khong-co-1",),
            "word_id": (1,),
            "job_id": (1,),
            **dict.fromkeys(("decision_id", "move_id", "call_id"), (1, 2)),
            "ending": ("xlsx", "csv.zip"),
            "part": ("waiting", "remaining", "readiness", "training", "works", "evidence"),
        }
        if name not in known:
            raise Untaught(f"what stands in {rule.rule} for {name}")
        return self.random.choice(known[name])

    def stranger(self, thing: Kept) -> Kept | None:
        """A thing that is not there, in the same place as one that is; None where that makes no sense."""
        names = OWN_ID.get({"gone": "sheet", "tried": "sheet"}.get(thing.kind, thing.kind))
        if names is None:
            return None
        other: dict[str, str | int] = {}
        for name in names:
            if name in thing.ids:
                number = isinstance(thing.ids[name], int)
                other[name] = UNKNOWN if number else NO_UUID if name.startswith(("area", "uuid")) else f"uuid:{NO_UUID}"
                if name.endswith("form_id"):
                    other[name] = "mknoformkm"
        if "table" in other:
            other["table"] = f"Submissions('uuid:{NO_UUID}')"
        if "name" in other:
            other["name"] = "mkstrangerkm.jpg"
        return replace(thing, ids={**thing.ids, **other})

    # queries

    def operation(self, rule: Rule, method: str) -> dict[str, Any]:
        """What the document says of a route; nothing of a page."""
        template = _template(rule)
        found: dict[str, Any] = self.document["paths"].get(template, {}).get(method.lower(), {})
        return found

    def headers(self, rule: Rule, method: str) -> dict[str, str]:
        """The headers that a request has."""
        names = {each["name"] for each in self.operation(rule, method).get("parameters", ()) if each["in"] == "header"}
        known = {
            "X-Extended-Metadata": {"X-Extended-Metadata": "true"},
            "X-OpenRosa-Version": {"X-OpenRosa-Version": "1.0"},
            "If-None-Match": {},
            "If-Range": {},
            "Prefer": {"Prefer": "odata.maxpagesize=2"},
            "Range": {"Range": "bytes=0-"},
            "X-XlsForm-FormId-Fallback": {},
        }
        untaught = names - known.keys()
        if untaught:
            raise Untaught(f"the headers {untaught} of {rule.rule}")
        return {key: value for name in sorted(names) for key, value in known[name].items()}

    def queries(self, rule: Rule, method: str, person: Person) -> Iterator[dict[str, str]]:
        """What may stand in the query of a route, one after the other; the plain request is not among it."""
        told = [each for each in self.operation(rule, method).get("parameters", ()) if each["in"] == "query"]
        names = [each["name"] for each in told]
        needed = {each["name"]: each["example"] for each in told if each.get("required")}
        if rule.endpoint.startswith("desk."):
            names = list(PAGE_QUERIES.get(rule.endpoint, ()))
        for name in names:
            values = QUERIES.get(name)
            if values is None:
                raise Untaught(f"the query {name} of {rule.rule}")
            for value in values(self):
                yield needed | {name: value}

    def some(self, kind: str, name: str) -> list[str]:
        """What two things of a kind are called."""
        found = [str(each.ids[name]) for each in self.there.kept if each.kind == kind and name in each.ids]
        return self.random.sample(found, min(2, len(found)))

    # bodies

    def body(self, rule: Rule, method: str, thing: Kept | None) -> dict[str, Any]:
        """What a writing request brings."""
        if rule.endpoint.startswith("desk."):
            return {"data": {name: value(self) for name, value in PAGE_FIELDS.items()}}
        content = self.operation(rule, method).get("requestBody", {}).get("content", {})
        kinds = list(content)
        if not kinds:
            return {}
        if "application/json" in kinds:
            return {"json": content["application/json"].get("example", {})}
        if "multipart/form-data" in kinds:
            return {"data": {"xml_submission_file": (BytesIO(self._sheet(thing)), "submission.xml", "text/xml")}}
        if rule.endpoint == "village_heads.add_village_heads":
            return {"data": self._table(), "content_type": "text/csv"}
        if rule.endpoint == "programmes.enlist_units":
            return {"data": b"area,basis,entered_on,status,source\n", "content_type": "text/csv"}
        if "text/markdown" in kinds:
            return {"data": b"| survey |\n|  | type | name |\n|  | text | t |\n", "content_type": "text/markdown"}
        if "application/yaml" in kinds:
            return {"data": RULES.encode(), "content_type": "application/yaml"}
        if "application/xml" in kinds:
            return {"data": self._sheet(thing), "content_type": "application/xml"}
        if "application/octet-stream" in kinds:
            return {"data": b"a file", "content_type": "application/octet-stream"}
        raise Untaught(f"a body of {rule.rule}: {kinds}")

    def _table(self) -> bytes:
        """A table of village heads for areas anywhere, by id, by code and by name."""
        tree = self.there.plan.tree
        areas = self.random.sample(sorted(tree.versions), 2)
        last = [tree.versions[each][-1] for each in areas]
        named = [areas[0], last[1].code, last[0].name, "không có ở đâu"]
        return ("area,name\n" + "".join(f"{each},Người mới\n" for each in named)).encode()

    def _sheet(self, thing: Kept | None) -> bytes:
        """A sheet that says it replaces the one that is asked about, or any."""
        sent = [each for each in self.there.kept if each.kind == "sheet"]
        chosen = thing if thing and "instance_id" in thing.ids else self.random.choice(sent) if sent else None
        old = str(chosen.ids["instance_id"]) if chosen else f"uuid:{NO_UUID}"
        form = str(chosen.ids["form_id"] if chosen else "water/point")
        area = self.random.choice(sorted(self.there.plan.tree.versions))
        words = dict.fromkeys(("text", "row", "photo", "named", "again"), "mknewkm")
        words["edit"] = f"uuid:{self.random.getrandbits(32):08x}-0000-4000-8000-000000000000"
        sheet = PlannedSheet(0, form, area, "r0", old, words)
        return instance(sheet, {}, edit=True)


def _built(rule: Rule, values: dict[str, str | int]) -> str:
    parts = []
    for is_dynamic, data in rule._trace:
        parts.append(quote(str(values[data]), safe="$'()") if is_dynamic else data)
    return "".join(parts).removeprefix("|")


def _template(rule: Rule) -> str:
    return template_of(rule.rule)


def _token(routes: Routes) -> list[str]:
    made = []
    for instance_id in routes.some("sheet", "instance_id"):
        made.append("01" + base64.urlsafe_b64encode(orjson.dumps({"instanceId": instance_id})).decode())
    return made


def _receipts(routes: Routes) -> list[str]:
    numbers = [write_number(int(each)) for each in routes.some("sheet", "submission_id")]
    apart = [write_number(int(each), apart=True) for each in routes.some("variant", "variant_id")]
    return [*numbers, *apart, *routes.some("sheet", "instance_id")]


def _texts(routes: Routes) -> list[str]:
    # a piece that all words begin with, so that what is found was not in the request
    return ["mk"]


def _nothing(routes: Routes) -> list[str]:
    return []


def _fixed(*values: str) -> Callable[[Routes], list[str]]:
    return lambda routes: list(values)


QUERIES: dict[str, Callable[[Routes], list[str]]] = {
    "$count": _fixed("true"),
    "$expand": _fixed("*"),
    "$filter": _fixed("__system/deletedAt ne null", "__system/submissionDate gt 2020-01-01T00:00:00Z"),
    "$format": _fixed("json"),
    "$orderby": _fixed("__system/submissionDate desc"),
    "$select": _fixed("__id,__system"),
    "$skip": _fixed("1"),
    "$skiptoken": _token,
    "$top": _fixed("1"),
    "$wkt": _fixed("true"),
    "action": _fixed("submission"),
    "actor": lambda routes: [*routes.some("head", "actor_id"), *routes.some("user", "user_id")],
    "actorId": lambda routes: [*routes.some("head", "actor_id"), *routes.some("user", "user_id")],
    "inbox": _fixed("", "findings=clean"),
    "after": lambda routes: routes.some("sheet", "instance_id"),
    "area": lambda routes: routes.some("area", "area"),
    "areas": lambda routes: routes.some("area", "area"),
    "attachments": _fixed("false"),
    "areaId": lambda routes: routes.some("area", "area"),
    "before": _fixed("99999"),
    "bom": _fixed("true"),
    "called": _fixed("1", "2"),
    "calls": _fixed("mine"),
    "changes": _fixed("false"),
    "chosen": _fixed("1"),
    "clause": _fixed("k1.tong"),
    "criterion": _fixed("qd03_2019_thon/k2.tu"),
    "code": lambda routes: [routes.there.plan.tree.versions[each][-1].code for each in routes.some("area", "area")],
    "commune": lambda routes: routes.some("area", "area"),
    "datasets": _fixed("true"),
    "deleted": _fixed("true"),
    "deletedFields": _fixed("true"),
    "details": _fixed("true"),
    "deviceID": _fixed("collect:walker"),
    "done": _fixed("published", "loaded"),
    "dryRun": _fixed("true"),
    "end": _fixed("2040-01-01T00:00:00Z"),
    "fieldpath": _fixed("khong_co"),
    "findings": _fixed("clean", "found"),
    "format": _fixed("csv.zip", "xlsx"),
    "form": lambda routes: routes.some("form", "form_id"),
    "formID": lambda routes: routes.some("form", "form_id"),
    "forms": _fixed("true"),
    "from": _fixed("2019-01-01"),
    "group": _fixed("submission"),
    "groupPaths": _fixed("false"),
    "id": lambda routes: routes.some("sheet", "submission_id"),
    "ignoreWarnings": _fixed("true"),
    "invalidate": _nothing,
    "kind": _fixed("photo", "speed"),
    "lacks": _fixed("any", "posting"),
    "labels": _fixed("beside"),
    "lang": _fixed("en"),
    "language": _fixed("tyz"),
    "level": _fixed("commune", "village"),
    "limit": _fixed("2", "1000"),
    "looked": _fixed("no", "yes"),
    "move": _fixed("1", "2", "3"),
    "number": _fixed("1"),
    "odata": _fixed("true"),
    "offset": _fixed("1"),
    "on": lambda routes: [(routes.there.plan.today + timedelta(days=days)).isoformat() for days in (-800, -100, 200)],
    "page": _fixed("2"),
    "parent": lambda routes: routes.some("area", "area"),
    "personal": _fixed("false"),
    "programme": _fixed("p0"),
    "publish": _fixed("true"),
    "part": _fixed("rows"),
    "path": _fixed("/data/ten"),
    "q": _texts,
    "raw": _fixed("true"),
    "receipt": _receipts,
    "returned": _fixed("1"),
    "round": _fixed("r0"),
    "rounds": _fixed("r0"),
    "rows": _fixed("30"),
    "rule": _fixed("qd50_2016_thon"),
    "sheet": _fixed("summary"),
    "table": _fixed(*TABLES),
    "ruleset": _fixed("qd50_2016_thon"),
    "sent": _fixed("1"),
    "sentence": _fixed("1"),
    "severity": _fixed("warning"),
    "show": _fixed("alert", "silent", "left"),
    "since": _fixed("2020-01-01"),
    "start": _fixed("2020-01-01T00:00:00Z"),
    "splitSelectMultiples": _fixed("true"),
    "stage": _fixed("open", "corrected"),
    "state": _fixed("approved"),
    "states": _fixed("approved"),
    "to": _fixed("2040-01-01"),
    "unit": _fixed("commune", "village"),
    "unitKind": _fixed("village", "commune"),
    "until": _fixed("2040-01-01"),
    "validFrom": _fixed("2026-01-01"),
    "validTo": _fixed("2040-01-01"),
    "verify": _fixed("1"),
    "verdict": _fixed("undetermined"),
    "version": lambda routes: routes.some("sheet", "version_id"),
    "what": _fixed("facts", "not_comparable"),
    "which": _fixed("all"),
    "who": lambda routes: [each.email for each in routes.there.plan.people[:2]],
    "with": lambda routes: routes.some("round", "slug"),
}
"""What may stand in a query, by its name."""
PAGE_FIELDS: dict[str, Callable[[Routes], str]] = {
    "body": lambda routes: "Một lời",
    "reason": lambda routes: "Đã hỏi",
    "outcome": lambda routes: "no_answer",
    "name": lambda routes: "Người mới",
    "state": lambda routes: "approved",
    "role": lambda routes: "viewer",
    "place": lambda routes: "site",
    "email": lambda routes: "moi@example.vn",
}
"""What the forms of pages send."""
