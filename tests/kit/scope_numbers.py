"""What is counted and listed: as much as somebody sees, neither more nor less, and the same whatever happens elsewhere.

A number bears no name, so that it is held against the plan; and what is sent where somebody has nothing to do must not
change a byte of what he or she is answered.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import select

from server.services.people import NewAppUser, create_app_user
from server.services.review import Decision, review
from server.storage.submissions import Submission
from tests.kit.scope_files import steady_text_of
from tests.kit.scope_plan import PlannedSheet
from tests.kit.scope_routes import Ask
from tests.kit.scope_secrets import Sent, Spot
from tests.kit.scope_sheets import instance
from tests.kit.scope_walk import Walk
from tests.kit.scope_world import Person, done

NOT_STEADY = (
    "audits.",
    "desk.audit",
    "health.",
    "document.",
    "desk.system",
)
"""Views that change by being asked, or that belong to nobody."""


def compare_numbers(walk: Walk, person: Person) -> None:
    """Holds lists and counts of what was sent, and of who has a key, against the plan."""
    for project in walk.there.plan.projects:
        for form in project.forms:
            _compare_form(walk, person, Spot(project.number, form))
        _compare_project(walk, person, project.number)


def _compare_form(walk: Walk, person: Person, spot: Spot) -> None:
    known = walk.there.known
    standing = [
        sent
        for sent in known.sent.values()
        if (sent.spot.project, sent.spot.form) == (spot.project, spot.form) and not sent.deleted and not sent.draft
    ]
    mine = {sent.instance_id for sent in standing if known.may_read(person.holder, sent)}
    senders = {sent.sender for sent in standing if sent.instance_id in mine}
    form = f"projects/{spot.project}/forms/{quote(spot.form or '', safe='')}"
    if known.somewhere(person.holder, "read", spot.project or 0, spot.form):
        listed = [each["instanceId"] for each in _get(walk, person, f"{form}/submissions")]
        _hold(walk, person, f"{form}/submissions", sorted(listed), sorted(mine))
        table = _get(walk, person, f"{form}.svc/Submissions", **{"$count": "true", "$top": "1"})
        _hold(walk, person, f"{form}.svc @odata.count", table["@odata.count"], len(mine))
        rows = _get(walk, person, f"{form}.svc/Submissions", **{"$expand": "*"})["value"]
        _hold(walk, person, f"{form}.svc/Submissions", sorted(row["__id"] for row in rows), sorted(mine))
        told = {each["displayName"] for each in _get(walk, person, f"{form}/submissions/submitters")}
        _hold(walk, person, f"{form}/submissions/submitters", told, senders)
    if known.carries(person.holder, "open forms", spot):
        body = _get(walk, person, form)
        _hold(walk, person, f"{form} submissions", body["submissions"], len(mine))
        _hold(walk, person, f"{form} lastSubmission", body["lastSubmission"] is not None, bool(mine))
        waiting = sum(sent.state is None or sent.state in ("hasIssues", "edited") for sent in _those(standing, mine))
        _hold(walk, person, f"{form} reviewStates", sum(body["reviewStates"].values()), waiting)


def _those(standing: list[Sent], mine: set[str]) -> Iterator[Sent]:
    return (sent for sent in standing if sent.instance_id in mine)


def _compare_project(walk: Walk, person: Person, project: int) -> None:
    known = walk.there.known
    heads = [head for head in walk.there.heads if head.project == project]
    mine = [head.holder.name for head in heads if known.holds_key(person.holder, head.holder.name)]
    path = f"projects/{project}/app-users"
    if known.somewhere(person.holder, "keys", project):
        listed = [each["displayName"] for each in _get(walk, person, path)]
        _hold(walk, person, path, sorted(listed), sorted(mine))
    if known.carries(person.holder, "project", Spot(project)):
        body = _get(walk, person, f"projects/{project}")
        _hold(walk, person, f"projects/{project} appUsers", body["appUsers"], len(mine))
        standing = (sent for sent in known.sent.values() if sent.spot.project == project)
        seen = any(known.may_read(person.holder, sent) for sent in standing if not sent.deleted and not sent.draft)
        _hold(walk, person, f"projects/{project} lastSubmission", body["lastSubmission"] is not None, seen)


def _get(walk: Walk, person: Person, path: str, **query: str) -> Any:
    asked = Ask("GET", f"/v1/{path}", path, query, {"X-Extended-Metadata": "true"})
    return done(walk.ask(person, asked)).get_json()


def _hold(walk: Walk, person: Person, what: str, told: object, expected: object) -> None:
    if told != expected:
        known = f"told {told}, expected {expected}, granted {person.holder.grants}"
        walk.found.leaks.setdefault(f"{person.holder.name} is told of {what}", known)


def compare_from_afar(walk: Walk, person: Person, only: str = "") -> None:
    """Asks all that somebody may ask, lets things happen where nothing is theirs, and asks again; of those endpoints
    alone that begin so."""
    state = walk.random.getstate()
    before = _all_answers(walk, person, only)
    _happens(walk, person)
    walk.random.setstate(state)
    after = _all_answers(walk, person, only)
    walk.put_back()
    for path, answer in before.items():
        if after[path] != answer:
            place = next((at for at, (a, b) in enumerate(zip(answer, after[path], strict=False)) if a != b), 0)
            begin = max(0, place - 80)
            told = f"{answer[begin : place + 160]!r}\n    {after[path][begin : place + 160]!r}"
            walk.found.leaks.setdefault(f"GET {path} changes for {person.holder.name}", told)


def _all_answers(walk: Walk, person: Person, only: str) -> dict[str, str]:
    found = {}
    for rule, path, headers in walk.pages_of(person):
        if rule.endpoint.startswith(NOT_STEADY) or not rule.endpoint.startswith(only):
            continue
        headers = {"Authorization": f"Bearer {person.token}"} | headers
        answer = walk.client.get(path, headers=headers)
        walk.found.statuses[answer.status_code] += 1
        found[path] = f"{answer.status_code} {steady_text_of(answer)} {answer.headers.get('ETag')}"
    return found


def _happens(walk: Walk, person: Person) -> None:
    """Sheets come in, are approved and returned, and keys are handed out, in areas that are not this person's."""
    there, known = walk.there, walk.there.known
    for project in there.plan.projects:
        for form in project.forms:
            places = (None, *sorted(known.tree.versions))
            hidden = [area for area in places if _is_far(walk, person, Spot(project.number, form, area))]
            for area in walk.random.sample(hidden, min(3, len(hidden))):
                _sends(walk, Spot(project.number, form, area))
        _adds_key(walk, person, project.number)


def _is_far(walk: Walk, person: Person, spot: Spot) -> bool:
    """Whether somebody neither reads what is sent there nor fills in anything: what was sent for one form is carried
    along for who fills in another."""
    known, project = walk.there.known, walk.there.plan.projects[(spot.project or 1) - 1]
    if known.carries(person.holder, "read", spot):
        return False
    fills = (Spot(spot.project, form, area) for form in project.forms for area in (spot.area, None))
    return not any(known.carries(person.holder, "fill", each) for each in fills)


def _sends(walk: Walk, spot: Spot) -> None:
    there = walk.there
    ids = f"uuid:{uuid.UUID(int=walk.random.getrandbits(128), version=4)}"
    words = dict.fromkeys(("text", "row", "photo", "named", "again"), "mkfarkm")
    sheet = PlannedSheet(0, spot.form or "", spot.area, "r0", ids, words)
    path = f"projects/{spot.project}/forms/{quote(spot.form or '', safe='')}/submissions"
    xml = instance(sheet, {})
    done(there.api.post(path, data=xml, content_type="application/xml"))
    asked = select(Submission.id, Submission.area_id).where(Submission.instance_id == ids)
    number, area = there.world.session.execute(asked).one()
    assert area in (spot.area, None)
    state = walk.random.choice((None, "approved", "rejected"))
    if state:
        # nobody decides on what they entered: somebody else does
        review(there.world.session, there.world.server_itself, Decision(number, state), datetime.now(UTC))


def _adds_key(walk: Walk, person: Person, project: int) -> None:
    there, known = walk.there, walk.there.known
    if known.everywhere(person.holder, "keys", project) or known.everywhere(person.holder, "assignments", project):
        return
    areas = [
        area
        for area in sorted(known.tree.versions)
        if not any(known.carries(person.holder, verb, Spot(project, None, area)) for verb in ("keys", "assignments"))
    ]
    if areas:
        new = NewAppUser(project, "mkfarkm", area_id=walk.random.choice(areas))
        session, now = there.world.session, datetime.now(UTC)
        create_app_user(session, there.world.home, there.world.server_itself, new, now)
