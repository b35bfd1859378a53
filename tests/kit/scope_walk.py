"""Walks every route and every page as each person of a drawn programme, and tells what was seen that is not theirs."""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.kit.fuzz_kept import Kept as KeptDatabase
from tests.kit.scope_files import steady_text_of, text_of
from tests.kit.scope_plan import PlannedGrant
from tests.kit.scope_routes import Ask, Routes
from tests.kit.scope_secrets import Holder, Spot
from tests.kit.scope_world import Kept, Person, ScopeWorld

READS = ("GET", "HEAD")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
_VALUES = re.compile(
    r"mk[a-z]+km|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=[+0])\d{9}(?!\d)|[A-Za-z0-9!$]{64}"
)
"""What a value of a programme looks like."""
_LEADS = re.compile(r"/(submissions|apart)/(\d+)$")
"""Where a page sends somebody on to, of things that may be hidden."""
_SKIPTOKEN = re.compile(r"skiptoken=01([\w%=-]+)")
_MOMENT = re.compile(r"\d\d(:|%3A)\d\d(:|%3A)\d\d[.\d]*|\d\d:\d\d")
TOLD_APART = {
    "assignments.": "who grants roles grants them to anybody, by number",
    "openrosa.submission": "a phone is told that it may not fill in a form, so that nobody looks for a fault elsewhere",
}
"""Views that say whether a thing is there, by how their names begin."""


@dataclass
class Found:
    """What a walk came to: each value that was seen and is not theirs, by where; requests that answered otherwise about
    what is hidden than about what is not there; how many requests of each status; what everybody has seen."""

    leaks: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    endpoints: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def is_clean(self) -> bool:
        """Whether nobody saw what is not theirs, and all else was as it should be."""
        return not self.leaks and not self.faults

    @property
    def asked(self) -> int:
        """How many requests there were."""
        return sum(self.statuses.values())

    def say(self) -> str:
        """A few lines for people."""
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        lines = [f"{self.asked} requests ({statuses}); {len(self.leaks)} leaks, {len(self.faults)} other faults"]
        told = {**self.leaks, **self.faults}
        return "\n".join([*lines, *(f"{where}\n    {what}" for where, what in told.items())])


class Walk:
    """A walk through one programme. `kept`: its database, which is put back after each request that wrote."""

    def __init__(self, there: ScopeWorld, kept: KeptDatabase, number: int) -> None:
        self.there, self.kept, self.found = there, kept, Found()
        self.routes = Routes(there, number)
        self.random, self.number = self.routes.random, number
        self.times: Counter[tuple[str, str]] = Counter()
        self.client = there.world.app.test_client(use_cookies=False)

    def everybody(self, *, writing: bool = True) -> Found:
        """All that people with a session may ask, then phones, then who has a test link."""
        for person in self.there.people:
            self.alone(person, writing=writing)
        for phone in self.there.heads:
            self.phone(phone)
        for tester in self._testers():
            self.tester(tester)
        return self.found

    def alone(self, person: Person, *, writing: bool = True, only: str = "") -> None:
        """Every route with a person's session; or those alone whose endpoint begins so."""
        for rule in self.routes.rules:
            if "key" in rule.arguments or rule.rule.startswith("/v1/test/") or not rule.endpoint.startswith(only):
                continue
            self._both(person, rule, writing=writing)
        if not only:
            self._notices_what_is_missing(person)

    def pages_of(self, person: Person) -> Iterator[tuple[Rule, str, dict[str, str]]]:
        """What somebody may look at: route, path and headers, one of each."""
        for rule in self.routes.rules:
            if "GET" in (rule.methods or ()) and "key" not in rule.arguments and "/test/" not in rule.rule:
                mine = self._sorted(person, rule)[0]
                for thing in (file for each in mine for file in self.routes.files(rule, each)):
                    yield rule, self.routes.path(rule, thing, person), self.routes.headers(rule, "GET")

    def phone(self, person: Person, only: str = "") -> None:
        """Every route that a key opens; or those alone whose endpoint begins so."""
        for rule in self.routes.rules:
            if "key" in rule.arguments and rule.endpoint.startswith(only):
                self._both(person, rule)

    def tester(self, person: Person) -> None:
        """Every route that a test link opens."""
        for rule in self.routes.rules:
            if rule.rule.startswith("/v1/test/"):
                self._both(person, rule)

    def _testers(self) -> Iterator[Person]:
        for (project, form), link in self.there.drafts.items():
            grant = PlannedGrant("app-user", "form", project, form)
            yield Person(Holder(f"tester of {form}", (grant,)), None, link, 0, project)

    # asking

    def _both(self, person: Person, rule: Rule, *, writing: bool = True) -> None:
        # what is drawn for one route does not hang on which others there are
        place = (person.holder.name, f"{rule.endpoint} {rule.rule}")
        self.random.seed(f"{self.number} {place} {self.times[place]}")
        self.times[place] += 1
        for method in sorted(rule.methods or ()):
            if method in READS:
                self._reads(person, rule, method)
            elif method in WRITES and writing:
                self._writes(person, rule, method)

    def _reads(self, person: Person, rule: Rule, method: str) -> None:
        headers = self.routes.headers(rule, method)
        mine, hidden = self._sorted(person, rule)
        if method == "HEAD":
            for thing in (mine[:1] + hidden[:1]) if "GET" in (rule.methods or ()) else mine[:1]:
                path = self.routes.path(rule, thing, person)
                self.ask(person, Ask(method, path, rule.rule, headers=headers))
            return
        for thing in (file for each in mine for file in self.routes.files(rule, each)):
            path = self.routes.path(rule, thing, person)
            self.ask(person, Ask(method, path, rule.rule, headers=headers))
        for thing in mine[:1] or hidden[:1]:
            path = self.routes.path(rule, thing, person)
            for query in self.routes.queries(rule, method, person):
                self.ask(person, Ask(method, path, rule.rule, query, headers))
        for thing in hidden:
            self._compare(person, rule, method, thing)

    def _writes(self, person: Person, rule: Rule, method: str) -> None:
        mine, hidden = self._sorted(person, rule)
        for thing in hidden:
            self._compare(person, rule, method, thing)
        for thing in mine[:1]:
            path, body = self.routes.path(rule, thing, person), self.routes.body(rule, method, thing)
            self.ask(person, Ask(method, path, rule.rule, headers=self.routes.headers(rule, method), body=body))
            self.put_back()
            for query in self.routes.queries(rule, method, person):
                body = self.routes.body(rule, method, thing)
                self.ask(person, Ask(method, path, rule.rule, query, self.routes.headers(rule, method), body))
                self.put_back()

    def _sorted(self, person: Person, rule: Rule) -> tuple[list[Kept | None], list[Kept]]:
        """Of the things that a route may be asked about some that somebody may see, and some that are hidden."""
        things = self.routes.things(rule)
        if things == [None]:
            return [None], []
        mine = [each for each in things if each is not None and self.may_see(person, each)]
        hidden = [each for each in things if each is not None and each not in mine]
        first = mine[0].kind if mine else ""
        alike, other = [each for each in mine if each.kind == first], [each for each in mine if each.kind != first]
        shown: list[Kept | None] = [self.random.choice(each) for each in (alike, other) if each]
        return shown, self.random.sample(hidden, min(1, len(hidden)))

    def may_see(self, person: Person, thing: Kept) -> bool:
        """Whether a thing is somebody's to look at."""
        known, holder, spot = self.there.known, person.holder, thing.spot
        if thing.kind in ("sheet", "tried"):
            return known.carries(holder, "read", spot)
        if thing.kind == "sent":
            return known.is_told(holder, known.sent[str(thing.ids["root"])])
        if thing.kind == "gone":
            return known.carries(holder, "restore", spot)
        if thing.kind == "head":
            return known.holds_key(holder, thing.about)
        if thing.kind in ("village", "statement", "finding", "work"):
            return known.carries(holder, "read", spot)
        if thing.kind == "cards":
            # an area above one's own is named, with one's own people in it
            return any(known.holds_key(holder, name) for name in known.keys_in(spot))
        if thing.kind == "variant":
            return known.everywhere(holder, "read", spot.project or 0)
        if thing.kind == "user":
            return known.carries(holder, "people", Spot()) or thing.ids["user_id"] == person.actor_id
        if thing.kind == "hook":
            own = thing.ids["owner_id"] == person.actor_id
            return known.everywhere(holder, "hooks", spot.project or 0) or own
        if thing.kind == "export":
            where, own = (spot.project or 0, spot.form), thing.ids["owner_id"] == person.actor_id
            return own or all(known.everywhere(holder, verb, *where) for verb in ("assignments", "read"))
        if thing.kind == "approval":
            return thing.ids["owner_id"] == person.actor_id
        if thing.kind == "quarantined":
            return known.carries(holder, "audit", Spot())
        if thing.kind == "area":
            return thing.spot.area in known.areas_of(holder)
        if thing.kind == "form":
            return known.carries(holder, "open forms", spot)
        return any(
            grant.stands(known.today) and grant.project in (None, spot.project) for grant in person.holder.grants
        )

    def ask(self, person: Person, ask: Ask) -> TestResponse:
        """One request as somebody, and a look at what comes back."""
        headers = {"Accept-Language": "en"} | ask.headers
        if person.token:
            headers["Authorization"] = f"Bearer {person.token}"
        answer = self.client.open(ask.path, method=ask.method, query_string=ask.query, headers=headers, **ask.body)
        self.found.statuses[answer.status_code] += 1
        self.found.endpoints[f"{ask.method} {ask.rule}"].add(answer.status_code)
        self._look(person, ask, answer)
        return answer

    def put_back(self) -> None:
        """Makes the database what it was."""
        if self.kept.has_changed():
            self.kept.restore()

    # looking

    def _look(self, person: Person, ask: Ask, answer: TestResponse) -> None:
        where = f"{person.holder.name} {ask.method} {ask.path} {ask.query}"
        if answer.status_code >= 500 and answer.status_code != 501 and ask.path != "/healthz":
            self.found.faults[where] = f"{answer.status_code} {answer.get_data(as_text=True)[:300]}"
        leads = _LEADS.search(answer.headers.get("Location", ""))
        if leads and ask.method == "GET" and not self._leads_home(person, leads[1], int(leads[2])):
            self.found.faults.setdefault(f"GET {ask.rule} leads to what is hidden", where)
        said = ask.says()
        for value in values_in(answer):
            secret = self.there.known.secrets.get(value)
            if secret is None:
                continue
            self.found.seen[person.holder.name].add(value)
            if value not in said and not self.there.known.may_see(person.holder, secret):
                place = f"{ask.method} {ask.rule} shows {secret.kind}"
                told = f"{where}: {value} of {secret.about} {secret.spots}, granted {person.holder.grants}"
                self.found.leaks.setdefault(place, told)

    def _leads_home(self, person: Person, kind: str, number: int) -> bool:
        name, kinds = ("variant_id", ("variant",)) if kind == "apart" else ("submission_id", ("sheet", "gone", "tried"))
        things = [each for each in self.there.kept if each.kind in kinds and each.ids[name] == number]
        return all(self.may_see(person, each) for each in things)

    def _compare(self, person: Person, rule: Rule, method: str, thing: Kept) -> None:
        """What is hidden must not be told from what is not there."""
        state = self.random.getstate()
        path, headers = self.routes.path(rule, thing, person), self.routes.headers(rule, method)
        body = self.routes.body(rule, method, thing) if method in WRITES else {}
        answer = self.ask(person, Ask(method, path, rule.rule, headers=headers, body=body))
        if method in WRITES:
            self.put_back()
        stranger = self.routes.stranger(thing)
        if stranger is None or rule.endpoint.startswith(tuple(TOLD_APART)):
            return
        self.random.setstate(state)
        other_path = self.routes.path(rule, stranger, person)
        if path == other_path:
            return
        again = self.routes.body(rule, method, thing) if method in WRITES else {}
        other = self.ask(person, Ask(method, other_path, rule.rule, headers=headers, body=again))
        if method in WRITES:
            self.put_back()
        names = [str(value) for ids in (thing.ids, stranger.ids) for value in ids.values()]
        if _plain(answer, (path, other_path), names) == _plain(other, (path, other_path), names):
            return
        place = f"{method} {rule.rule} tells what is hidden from what is not there"
        parted = _difference(answer, other, (path, other_path), names)
        told = f"{person.holder.name} {person.holder.grants} {thing}\n    {parted}"
        self.found.faults.setdefault(place, told)

    def _notices_what_is_missing(self, person: Person) -> None:
        seen = self.found.seen[person.holder.name]
        for secret in self.there.known.must_see(person.holder):
            if secret.value not in seen:
                spots = secret.spots
                told = f"{secret.value} {spots}, granted {person.holder.grants}"
                self.found.faults.setdefault(f"{person.holder.name} nowhere finds {secret.kind}", told)


def values_in(answer: TestResponse) -> set[str]:
    """All words in an answer that may be a value of the programme: in its body and in its headers."""
    text = text_of(answer) + "\n" + str(answer.headers)
    found = {each[0] for each in _VALUES.finditer(text)}
    found |= {each[0] for each in _VALUES.finditer(unquote(text))} if "%" in text else set()
    for token in _SKIPTOKEN.findall(text):
        try:
            plain = base64.urlsafe_b64decode(unquote(token)).decode(errors="ignore")
        except (ValueError, binascii.Error):
            continue
        found |= {each[0] for each in _VALUES.finditer(plain)}
    return found


def _plain(answer: TestResponse, paths: tuple[str, str], names: list[str]) -> tuple[int, str]:
    text = steady_text_of(answer)
    text += str(answer.headers.get("Location") or "")
    for path in sorted(paths, key=len, reverse=True):
        text = text.replace(path, "…").replace(unquote(path), "…").replace(path.replace(":", "%3A"), "…")
    for name in sorted(set(names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", text)
    return answer.status_code, _MOMENT.sub("…", text)


def _difference(one: TestResponse, other: TestResponse, paths: tuple[str, str], names: list[str]) -> str:
    """Where two answers part."""
    (status, text), (other_status, other_text) = _plain(one, paths, names), _plain(other, paths, names)
    place = next((at for at, (a, b) in enumerate(zip(text, other_text, strict=False)) if a != b), 0)
    begin = max(0, place - 60)
    return f"{status} {text[begin : place + 200]!r}\n    {other_status} {other_text[begin : place + 200]!r}"
