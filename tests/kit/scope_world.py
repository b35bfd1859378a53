"""A drawn programme made real: areas, projects, people and what they send, each by the way it comes in, and all its
values written down with where they belong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, insert, select
from werkzeug.test import TestResponse

from server.domain.rounds import Round
from server.services.aggregate import CRITERIA_FORM
from server.services.areas import set_root
from server.services.campaign import touch
from server.services.home import Home, open_home
from server.services.people import NewAppUser, NewUser, create_app_user, create_user, write_grant
from server.services.prepare import prepare
from server.services.reach import work_out_reach
from server.services.roll_up import work_off
from server.services.rounds import open_round
from server.storage.actors import Actor, GrantView
from server.storage.areas import AreaChangeRow, AreaFactRow, AreaRow, AreaShapeRow, AreaVersionRow
from server.storage.database import writing
from server.storage.forms import Form
from server.storage.quarantine import Quarantined
from server.storage.schema import open_sessions
from server.storage.submissions import Submission, SubmissionVersion
from server.storage.variants import Variant
from tests.kit.field import library_form
from tests.kit.law import confirm_with_scan
from tests.kit.passwords import give_password
from tests.kit.scope_plan import Plan, PlannedGrant, PlannedHead, PlannedPerson, PlannedProject, PlannedSheet
from tests.kit.scope_quality import list_beside
from tests.kit.scope_secrets import Holder, Knowledge, Secret, Sent, Spot
from tests.kit.scope_sheets import instance, written
from tests.kit.world import EMAIL, OPENROSA, PASSWORD, Api, World, config_of, furnished_world


@dataclass(frozen=True)
class Kept:
    """Something that paths may name, by the names that paths have for it."""

    kind: str
    spot: Spot
    ids: Mapping[str, str | int] = field(hash=False)
    about: str = ""


@dataclass
class Person:
    """Somebody who asks: with a web session's token, or with a phone's key."""

    holder: Holder
    token: str | None = None
    key: str | None = None
    actor_id: int = 0
    project: int | None = None


@dataclass
class ScopeWorld:
    """The programme, what is known of it, who is there, and the things that paths may name."""

    world: World
    plan: Plan
    known: Knowledge
    people: list[Person] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    heads: list[Person] = field(default_factory=list)
    drafts: dict[tuple[int, str], str] = field(default_factory=dict)
    admin: Person = field(init=False)

    @property
    def api(self) -> Api:
        """The administrator's script."""
        return self.world.api


def furnish_nothing(database_url: str, home: Path) -> None:
    """A home with its first project and administrator, and no area."""
    opened = open_home_at(database_url, home)
    sessions = open_sessions(database_url)
    with sessions() as session:
        prepare(session, opened, "demo", 0, datetime.now(UTC))
        give_password(session, EMAIL, PASSWORD)
    sessions.kw["bind"].dispose()


def open_home_at(database_url: str, home: Path) -> Home:
    """The home of a database."""
    return open_home(config_of(database_url, home, {}))


@contextmanager
def scope_world(database_url: str, home: Path, plan: Plan) -> Iterator[ScopeWorld]:
    """The programme on a database and a home that `furnish_nothing` furnished."""
    with furnished_world(database_url, home) as world:
        roots = {project.number: project.root for project in plan.projects}
        made = ScopeWorld(world, plan, Knowledge(plan.tree, plan.today, roots))
        _Building(made).build()
        yield made


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


class _Building:
    """The making of one programme."""

    def __init__(self, made: ScopeWorld) -> None:
        self.made, self.plan, self.known = made, made.plan, made.known
        self.world, self.api = made.world, made.world.api
        self.form_ids: dict[tuple[int, str], int] = {}

    def build(self) -> None:
        """All of it, in the order in which it comes to be."""
        self._areas()
        for project in self.plan.projects:
            self._project(project)
        for person in self.plan.people:
            self._person(person)
        for head in self.plan.heads:
            self._head(head)
        for number, sheet in enumerate(self.plan.sheets):
            self._sheet(number, sheet)
        self._bystanders()
        self._things()

    # areas and projects

    def _areas(self) -> None:
        tree, now, session = self.plan.tree, datetime.now(UTC), self.world.session
        with writing(session) as connection:
            rows = [{"id": area, "synthetic": True, "created_at": now} for area in tree.versions]
            connection.execute(insert(AreaRow), rows)
            connection.execute(insert(AreaVersionRow), [*self._versions()])
            changes = [
                {
                    "from_area_id": change.source,
                    "to_area_id": change.heir,
                    "changed_on": change.day,
                    "extent": change.extent,
                    "decree": None,
                    "status": "synthetic",
                    "kind": "merged" if change.extent == "whole" else "split",
                    "source": None,
                }
                for change in tree.changes
            ]
            if changes:
                connection.execute(insert(AreaChangeRow), changes)
            connection.execute(insert(AreaFactRow), [*self._facts()])
            connection.execute(insert(AreaShapeRow), [*self._shapes()])
            work_out_reach(connection)
            touch(connection)
            session.commit()

    def _versions(self) -> Iterator[dict[str, Any]]:
        for area, versions in self.plan.tree.versions.items():
            spot = Spot(area=area)
            self.known.add(Secret(area, "area", (spot,), area))
            for version in versions:
                self.known.add(Secret(version.name, "area", (spot,), area))
                self.known.add(Secret(version.code, "area", (spot,), area))
                yield {
                    "area_id": area,
                    "name": version.name,
                    "code": version.code,
                    "kind": version.kind,
                    "parent_id": version.parent,
                    "valid_from": version.since,
                    "valid_to": version.until,
                    "status": "synthetic",
                    "source": "drawn",
                    "flags": None,
                }

    def _facts(self) -> Iterator[dict[str, Any]]:
        """A decision about each area."""
        for area, versions in self.plan.tree.versions.items():
            word = f"mk{versions[0].code[4:-2]}dkm"
            self.known.add(Secret(word, "area", (Spot(area=area),), area))
            yield {
                "area_id": area,
                "name": "xa_dat_ntm",
                "value": {"value": True},
                "decision_number": word,
                "decision_date": None,
                "valid_from": None,
                "valid_to": None,
                "status": "synthetic",
                "synthetic": True,
                "source": word,
            }

    def _shapes(self) -> Iterator[dict[str, Any]]:
        """A point in each area."""
        for area, versions in self.plan.tree.versions.items():
            word = f"mk{versions[0].code[4:-2]}pkm"
            self.known.add(Secret(word, "area", (Spot(area=area),), area))
            yield {
                "area_id": area,
                "kind": "point",
                "geometry": {"type": "Point", "coordinates": [107.0, 21.0]},
                "valid_from": None,
                "valid_to": None,
                "status": "synthetic",
                "source": word,
            }

    def _project(self, project: PlannedProject) -> None:
        if project.number == 1:
            done(self.api.patch("projects/1", json={"name": project.name}))
        else:
            assert done(self.api.post("projects", json={"name": project.name})).get_json()["id"] == project.number
        self.known.add(Secret(project.name, "project", (Spot(project.number),)))
        session, now = self.world.session, datetime.now(UTC)
        set_root(session, project.number, project.root)
        for slug, cutoff in project.rounds:
            opened = Round(slug, slug, slug, cutoff, cutoff - timedelta(days=30), cutoff + timedelta(days=30))
            open_round(session, project.number, opened, now)
        for form in project.forms:
            self._form(project.number, form)

    def _form(self, project: int, form: str) -> None:
        above = f"projects/{project}/forms"
        if form == CRITERIA_FORM:
            body, kind = library_form(form), "application/xml"
        else:
            # title and label are one, so that what is shown of the form shows it
            word = f"mk{'abcdefghi'[project]}{form.encode().hex()[:8].translate(_LETTERS)}km"
            self.known.add(Secret(word, "form", (Spot(project, form),)))
            body, kind = written(form, word).encode(), "text/markdown"
        done(self.api.post(f"{above}?publish=true&ignoreWarnings=true", data=body, content_type=kind))
        if form != CRITERIA_FORM:
            body = written(form, word, "2").encode()
            path = f"{above}/{quote(form, safe='')}/draft"
            done(self.api.post(f"{path}?ignoreWarnings=true", data=body, content_type=kind))
            self.made.drafts[project, form] = done(self.api.get(path)).get_json()["draftToken"]
        found = select(Form.id).where(Form.project_id == project, Form.xml_form_id == form)
        self.form_ids[project, form] = self.world.session.execute(found).scalar_one()

    # people

    def _view(self, grant: PlannedGrant) -> GrantView:
        form = self.form_ids[grant.project or 0, grant.form] if grant.form else None
        return GrantView(grant.role, grant.scope, grant.project, form, grant.area, grant.since, grant.until)

    def _grant(self, actor_id: int, grants: tuple[PlannedGrant, ...]) -> None:
        session, now = self.world.session, datetime.now(UTC)
        caller = self.world.server_itself
        for grant in grants:
            if grant.project is not None and grant.area is not None:
                self.known.named[grant.project].add(grant.area)
        with writing(session) as connection:
            for grant in grants:
                write_grant(connection, caller, actor_id, self._view(grant), now)
            session.commit()

    def _person(self, person: PlannedPerson) -> None:
        session, now = self.world.session, datetime.now(UTC)
        new = NewUser(person.email, None, person.name)
        user = create_user(session, self.world.server_itself, new, now)
        give_password(session, person.email, PASSWORD)
        self._grant(user.id, person.grants)
        token = self.world.signed_in(person.email, PASSWORD).token
        own = frozenset(
            {person.name, person.email.partition("@")[0], *(grant.area for grant in person.grants if grant.area)}
        )
        holder = Holder(person.name, person.grants, own)
        self.made.people.append(Person(holder, token, None, user.id))
        spots = tuple(Spot(grant.project, grant.form, grant.area) for grant in person.grants)
        homes = tuple(Spot(None, None, grant.area) for grant in person.grants)
        self.known.add(Secret(person.name, "person", (*spots, *homes), person.name))
        self.known.add(Secret(person.email.partition("@")[0], "email", homes, person.name))

    def _head(self, head: PlannedHead) -> None:
        actor_id, key = self._tabled(head) if head.tabled else self._made(head)
        self.known.keys[head.name] = (head.project, head.grants)
        spots = tuple(Spot(head.project, grant.form, grant.area) for grant in head.grants)
        homes = tuple(Spot(head.project, None, grant.area) for grant in head.grants)
        self.known.add(Secret(head.name, "head", (*spots, *homes), head.name))
        self.known.add(Secret(key, "key", (Spot(head.project),), head.name))
        own = {head.name, key, *(grant.area for grant in head.grants if grant.area)}
        if head.telephone:
            self.known.add(Secret(head.telephone[1:], "telephone", (Spot(head.project),), head.name))
            own.add(head.telephone[1:])
        holder = Holder(head.name, head.grants, frozenset(own))
        self.made.heads.append(Person(holder, None, key, actor_id, head.project))

    def _tabled(self, head: PlannedHead) -> tuple[int, str]:
        (grant,) = head.grants
        self.known.named[head.project].add(grant.area or "")
        table = f"area,name,phone\n{grant.area},{head.name},{head.telephone}\n"
        path = f"projects/{head.project}/village-heads"
        (row,) = done(self.api.post(path, data=table.encode(), content_type="text/csv")).get_json()
        return row["appUser"]["id"], row["token"]

    def _made(self, head: PlannedHead) -> tuple[int, str]:
        session, now = self.world.session, datetime.now(UTC)
        new = NewAppUser(head.project, head.name)
        made = create_app_user(session, self.world.home, self.world.server_itself, new, now)
        self._grant(made.id, head.grants)
        return made.id, made.token or ""

    # what is sent

    def _sheet(self, number: int, sheet: PlannedSheet) -> None:
        head = self.made.heads[sheet.head]
        project = head.project or 0
        form = f"projects/{project}/forms/{quote(sheet.form, safe='')}"
        answer = self._send(head, sheet, instance(sheet, self.plan.tree.versions))
        if answer.status_code != 201:
            assert answer.status_code in (401, 403, 404), answer.get_data(as_text=True)
            return
        path = f"{form}/submissions/{sheet.instance_id}"
        if sheet.edited:
            self._send(head, sheet, instance(sheet, self.plan.tree.versions, edit=True))
        if sheet.doubled:
            self._send(head, sheet, instance(sheet, self.plan.tree.versions, word=sheet.words["other"]))
        words = sheet.words
        done(self.api.post(f"{path}/comments", json={"body": words["comment"]}))
        if sheet.state:
            body = {"reviewState": sheet.state, "reason": words["reason"]}
            done(self.api.patch(path, json=body, headers={"X-Action-Notes": words["note"]}))
        if sheet.deleted:
            done(self.api.delete(path))
        self._write_down(number, sheet, head)

    def _send(self, head: Person, sheet: PlannedSheet, xml: bytes) -> TestResponse:
        photo = f"{sheet.words['photo']}.jpg"
        parts = {
            "xml_submission_file": (BytesIO(xml), "submission.xml", "text/xml"),
            photo: (BytesIO(sheet.words["content"].encode()), photo),
        }
        client = self.world.app.test_client(use_cookies=False)
        # a phone of its own for each head, that no other head ever used
        url = f"/v1/key/{head.key}/projects/{head.project}/submission?deviceID=collect:{head.holder.name}"
        return client.post(url, data=parts, headers=OPENROSA)

    def _write_down(self, number: int, sheet: PlannedSheet, head: Person) -> None:
        session = self.world.session
        found = session.execute(
            select(Submission.id, Submission.area_id, Submission.review_state).where(
                Submission.instance_id == sheet.instance_id, Submission.is_draft.is_(False)
            )
        ).one()
        spot, words = Spot(head.project, sheet.form, found[1]), sheet.words
        self.known.told[sheet.area or ""].append(spot)
        state = None if found[2] == "received" else found[2]
        about = sheet.instance_id
        self.known.sent[about] = Sent(found[0], about, spot, head.holder.name, words["photo"], state, sheet.deleted)
        # of an edited sheet the earlier text stands among its versions, and nowhere else
        kinds = {"photo": "photo", "content": "file", "comment": "comment"}
        kinds |= {"row": "answer", "named": "answer", "text": "file" if sheet.edited else "answer"}
        if sheet.form == CRITERIA_FORM:
            # not asked in this sheet, so that it stands in its text alone
            kinds["row"] = "file"
        kinds |= {"again": "answer"} if sheet.edited else {}
        kinds |= {"note": "note", "reason": "carried"} if sheet.state else {}
        for name, kind in kinds.items():
            self.known.add(Secret(words[name], kind, (spot,), about))
        self.known.add(Secret(sheet.instance_id.removeprefix("uuid:"), "instance", (spot,), about))
        if sheet.edited:
            self.known.add(Secret(words["edit"].removeprefix("uuid:"), "edit", (spot,), about))
        if sheet.doubled:
            self.known.add(Secret(words["other"], "apart", (Spot(head.project),), about))
        self.known.add(Secret(head.holder.name, "head", (spot,), head.holder.name))

    def _bystanders(self) -> None:
        """What lies in no area: something that nobody could read, and what was sent to try drafts."""
        for head in self.made.heads[:1]:
            client = self.world.app.test_client(use_cookies=False)
            url = f"/v1/key/{head.key}/projects/{head.project}/submission"
            word = "mkquarantinekm"
            self.known.add(Secret(word, "quarantined", (Spot(),)))
            data = {"xml_submission_file": (BytesIO(f"<{word}>".encode()), "submission.xml", "text/xml")}
            assert client.post(url, data=data, headers=OPENROSA).status_code == 400
        for (project, form), token in self.made.drafts.items():
            self._try_draft(project, form, token)
        confirm_with_scan(self.world)

    def _try_draft(self, project: int, form: str, token: str) -> None:
        sheet = next((each for each in self.plan.sheets if each.form == form and each.draft), None)
        if sheet is None:
            return
        ids = f"uuid:{sheet.instance_id[-12:-4]}-0000-4000-8000-{project:012d}"
        words = {
            name: f"mkd{project}{word[3:]}".replace(str(project), "abc"[project]) for name, word in sheet.words.items()
        }
        tried = PlannedSheet(0, form, sheet.area, sheet.round, ids, words, draft=True)
        xml = instance(tried, self.plan.tree.versions, version="2")
        photo = f"{words['photo']}.jpg"
        parts = {
            "xml_submission_file": (BytesIO(xml), "submission.xml", "text/xml"),
            photo: (BytesIO(words["content"].encode()), photo),
        }
        path = f"test/{token}/projects/{project}/forms/{quote(form, safe='')}/draft/submission"
        done(self.api.post(path, data=parts, headers=OPENROSA), 201)
        area = self.world.session.execute(
            select(Submission.id, Submission.area_id).where(Submission.instance_id == ids, Submission.is_draft)
        ).one()
        spot = Spot(project, form, area[1])
        self.known.told[sheet.area or ""].append(spot)
        self.known.sent[ids] = Sent(area[0], ids, spot, "thonban", words["photo"], draft=True)
        self.known.add(Secret(ids.removeprefix("uuid:"), "file", (spot,), ids))
        for name in ("text", "row", "photo", "content", "named"):
            self.known.add(Secret(words[name], "file", (spot,), ids))

    # what paths may name

    def _things(self) -> None:
        session = self.world.session
        for about, sent in self.known.sent.items():
            ids: dict[str, str | int] = self._form_names(sent.spot) | {"instance_id": about}
            ids |= {"submission_id": sent.number, "table": f"Submissions('{about}')", "rest": "nguoi"}
            for version_id, version in session.execute(
                select(SubmissionVersion.id, SubmissionVersion.instance_id).where(
                    SubmissionVersion.submission_id == sent.number
                )
            ):
                ids |= {"version": version, "version_id": version_id}
            ids["name"] = f"{sent.photo}.jpg"
            kind = "tried" if sent.draft else "gone" if sent.deleted else "sheet"
            self.made.kept.append(Kept(kind, sent.spot, ids, about))
        for row in session.execute(select(Variant.id, Form.project_id).join(Form, Form.id == Variant.form_id)):
            self._keep("variant", Spot(row[1]), project_id=row[1], variant_id=row[0])
        for number in session.execute(select(Quarantined.id)).scalars():
            self._keep("quarantined", Spot(), quarantine_id=number)
        for head in self.made.heads:
            ids = {"project_id": head.project or 0, "actor_id": head.actor_id, "key": head.key or ""}
            self.made.kept.append(Kept("head", Spot(head.project), ids, head.holder.name))
        for person in self.made.people:
            self._keep("user", Spot(), user_id=person.actor_id, actor_id=person.actor_id)
        for project in self.plan.projects:
            self._keep("project", Spot(project.number), project_id=project.number)
            for slug, _ in project.rounds:
                self._keep("round", Spot(project.number), project_id=project.number, slug=slug)
            for form in project.forms:
                spot = Spot(project.number, form)
                self.made.kept.append(Kept("form", spot, self._form_names(spot)))
        for area in self.plan.tree.versions:
            self._keep("area", Spot(area=area), area=area)
        self._places()
        for kind, spot, ids in list_beside(self.made):
            self._keep(kind, spot, **ids)
        work_off(self.world.session, datetime.now(UTC))
        admin = session.execute(select(func.min(Actor.id)).where(Actor.kind == "user")).scalar_one()
        whole = (PlannedGrant("admin", "site"),)
        self.made.admin = Person(Holder("admin", whole), self.api.token, None, admin)

    def _places(self) -> None:
        """Villages in rounds, what lies above them, and areas in which somebody has a key."""
        tree = self.plan.tree
        for project in self.plan.projects:
            for slug, cutoff in project.rounds:
                for area in tree.versions:
                    version = tree.version(area, cutoff)
                    if version and project.root in tree.places(area, cutoff):
                        spot = Spot(project.number, None, area)
                        kind = "village" if version.kind == "village" else "seat"
                        self._keep(kind, spot, project_id=project.number, slug=slug, area_id=area)
        for head in self.plan.heads:
            for area in {each for grant in head.grants for each in tree.places(grant.area or "", self.plan.today)}:
                version = tree.version(area, self.plan.today)
                if version and version.kind == "commune":
                    self._keep("cards", Spot(head.project, None, area), project_id=head.project, area=area)

    def _form_names(self, spot: Spot) -> dict[str, str | int]:
        form = spot.form or ""
        return {
            "project_id": spot.project or 0,
            "form_id": form,
            "xml_form_id": form,
            "number": self.form_ids[spot.project or 0, form],
            "token": self.made.drafts.get((spot.project or 0, form), "a" * 64),
        }

    def _keep(self, kind: str, spot: Spot, **ids: str | int) -> None:
        self.made.kept.append(Kept(kind, spot, ids))


def done(answer: TestResponse, *also: int) -> TestResponse:
    """The answer, which must be a good one."""
    good = answer.status_code in (200, *also)
    assert good, (answer.request.path, answer.status_code, answer.get_data(as_text=True)[:2000])
    return answer


def day_of_today() -> date:
    """Today in Việt Nam, as the product counts it."""
    return (datetime.now(UTC) + timedelta(hours=7)).date()
