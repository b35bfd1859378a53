"""Prints what the criteria say of a village: gathers it, keeps it as a statement with a token of its own, and later
tells whether it still stands.

A statement has no end: the paper lies in a file for years, and whoever holds it may ask.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.domain.errors import NotFound
from server.domain.roles import ALL, Scope
from server.domain.statements import FORMAT, Compared, compare_lines, hash_text, write_content
from server.services.aggregate import CRITERIA_FORM
from server.services.authenticate import Caller, digest
from server.services.contradictions import Disagreement, list_disagreements
from server.services.home import Home, SecretChanged
from server.services.statement_sources import list_recognised, list_sources
from server.services.verdicts import VerdictView, Wanted, list_verdicts
from server.storage.areas import find_path
from server.storage.audits import Where, write_audit
from server.storage.database import writing
from server.storage.forms import find_form
from server.storage.locks import find_lock
from server.storage.projects import ProjectView, find_project
from server.storage.rounds import RoundView, find_round
from server.storage.statements import (
    StatementView,
    add_statement,
    find_same,
    find_statement,
    find_statement_by_token,
    is_seen,
)
from server.storage.verdicts import APPROVED

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of a token: what is not mistaken for something else on paper."""
TOKEN_LETTERS = 28
"""Of 31 letters each: 138 bits, which nobody guesses."""
VERB = "submission.list"
"""Who reads the sheets of a village may print what they come to."""
Tell = Callable[[VerdictView], Mapping[str, Any]]
"""What the page says of a verdict, in its language."""
TellDispute = Callable[[Disagreement, Mapping[str, VerdictView]], Mapping[str, Any]]
"""The same of a contradiction; the verdicts by rule set id."""


@dataclass(frozen=True)
class Asked:
    """A village in a round, as somebody sees it, in a language."""

    project: ProjectView
    round: RoundView
    area_id: str
    scope: Scope
    language: str


@dataclass(frozen=True)
class Printed:
    """What is printed, as `gather_statement` made it of what was asked."""

    asked: Asked
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Checked:
    """What the page behind the code shows. `content`: as printed; `compared`: each line beside what is so now; None
    where the village or its round cannot be read any more."""

    statement: StatementView
    content: Mapping[str, Any]
    compared: tuple[Compared, ...] | None


def scope_to_print(session: Session, caller: Caller, project_id: int) -> Scope:
    """Where somebody may print: where they read sheets of the form that villages are judged by."""
    form = find_form(session, project_id, CRITERIA_FORM)
    scope = caller.scope(VERB, project_id)
    return scope.of_form(form.id) if form else Scope(scope.everywhere, scope.areas, scope.on)


def gather_statement(session: Session, asked: Asked, tell: Tell, tell_dispute: TellDispute) -> dict[str, Any]:
    """All that is printed, as plain values: the same facts always make the same content. Raises NotFound where the
    village is not in sight in that round."""
    views = _views(session, asked.project.id, asked.round, (asked.scope, asked.area_id))
    if not views:
        raise NotFound("http.not_found")
    path = find_path(session, asked.area_id, asked.round.cutoff)
    verdicts = {view.rule_set.id: view for view in views if view.rule_set is not None}
    lines = [_line(view) | {"words": dict(tell(view))} for view in verdicts.values()]
    disagreements = list_disagreements(session, asked.round, asked.scope, asked.area_id).get(asked.area_id, ())
    spoken = dict.fromkeys(view.submission_id for view in views if view.submission_id is not None)
    recognised = list_recognised(session, path, asked.round)
    return {
        "format": FORMAT,
        "language": asked.language,
        "project": {"id": asked.project.id, "name": asked.project.name},
        "round": {
            "slug": asked.round.slug,
            "vi": asked.round.name_vi,
            "en": asked.round.name_en,
            "cutoff": asked.round.cutoff.isoformat(),
        },
        "lock": _lock(session, asked.round),
        "place": [{"id": area.id, "kind": area.kind, "code": area.code, "name": area.name} for area in path],
        "synthetic": any(view.synthetic for view in views) or any(each["synthetic"] for each in recognised),
        "lines": lines,
        "sources": list_sources(session, spoken),
        "recognised": recognised,
        "contradictions": [dict(tell_dispute(each, verdicts)) for each in disagreements],
    }


def _views(session: Session, project_id: int, round_view: RoundView, where: tuple[Scope, str]) -> list[VerdictView]:
    scope, area_id = where
    wanted = Wanted(area=area_id, round_slug=round_view.slug, scope=scope)
    return [view for view in list_verdicts(session, project_id, wanted) if view.area.id == area_id]


def _line(view: VerdictView) -> dict[str, Any]:
    """A verdict as it is compared later. `approved`: what it rests on was approved; `verified`: no clause decided whose
    text was not read; `figures`: a digest of the facts; `evidence`: the sheet."""
    rule_set, outcome = view.rule_set, view.outcome()
    assert rule_set is not None
    assert outcome is not None
    title = next((dict(one.title) for one in rule_set.classes if one.id == view.klass), None)
    return {
        "ruleSet": rule_set.id,
        "law": rule_set.law,
        "article": rule_set.article,
        "title": dict(rule_set.title),
        "purpose": rule_set.purpose,
        "verdict": view.verdict,
        "class": view.klass,
        "classTitle": title,
        "said": dict(rule_set.outcomes.get(view.verdict) or {}) or None,
        "approved": view.basis == APPROVED,
        "verified": outcome.verified,
        "synthetic": view.synthetic,
        "figures": hash_text(write_content(view.facts)),
        "facts": dict(view.facts),
        "evidence": view.instance_id,
        "sheet": view.submission_id,
        "later": view.provisional and {"verdict": view.provisional.verdict, "class": view.provisional.klass},
    }


def _lock(session: Session, round_view: RoundView) -> dict[str, Any] | None:
    """The lock under which the figures are frozen: its number and its hash."""
    lock = find_lock(session, round_view.lock_id) if round_view.lock_id is not None else None
    return {"number": lock.number, "sha256": lock.sha256} if lock else None


def create_statement(session: Session, home: Home, caller: Caller, printed: Printed, now: datetime) -> int:
    """Keeps what is printed; returns the id. The same person who prints the same again gets the same statement."""
    asked, text = printed.asked, write_content(printed.content)
    sha256 = hash_text(text)
    form = find_form(session, asked.project.id, CRITERIA_FORM)
    with writing(session) as connection:
        known = find_same(connection, (asked.round.id, asked.area_id), caller.actor_id, sha256)
        if known is not None and token_of(home, find_statement(connection, known)) is not None:
            return known
        token = "".join(secrets.choice(LETTERS) for _ in range(TOKEN_LETTERS))
        made = add_statement(
            connection,
            project_id=asked.project.id,
            round_id=asked.round.id,
            area_id=asked.area_id,
            form_id=form.id if form else None,
            language=asked.language,
            content=text,
            sha256=sha256,
            token_hash=digest(token),
            token_sealed=home.seal(token),
            actor_id=caller.actor_id,
            created_at=now,
        )
        details = {"round": asked.round.slug, "sha256": sha256, "language": asked.language}
        where = Where(asked.project.id, asked.area_id)
        write_audit(connection, caller.entry("statement.create", f"statement:{made}", now, where, **details))
        session.commit()
    return made


def token_of(home: Home, statement: StatementView | None) -> str | None:
    """The token of a statement; None when it was sealed with another secret key than this home has now: papers with it
    can be checked still, but its code is not drawn again."""
    try:
        return home.unseal(statement.token_sealed) if statement else None
    except SecretChanged:
        return None


def get_statement(session: Session, caller: Caller, statement_id: int) -> tuple[StatementView, dict[str, Any]]:
    """A statement with its content, for who reads the sheets of its village. Raises NotFound."""
    found = find_statement(session, statement_id)
    if found is None or find_project(session, found.project_id) is None:
        raise NotFound("http.not_found")
    if not is_seen(session, statement_id, caller.scope(VERB, found.project_id)):
        raise NotFound("http.not_found")
    return found, read_content(found)


def read_content(statement: StatementView) -> dict[str, Any]:
    """What was printed."""
    content: dict[str, Any] = json.loads(statement.content)
    return content


def check_statement(session: Session, token: str) -> Checked | None:
    """What a token was printed on, beside what is so now; None where no paper has it. Whoever holds the paper asks:
    what is so now is worked out from everything, and only its results leave this place."""
    found = find_statement_by_token(session, digest(token))
    if found is None:
        return None
    content = read_content(found)
    return Checked(found, content, _compared(session, found, content["lines"]))


def _compared(
    session: Session, statement: StatementView, printed: Sequence[Mapping[str, Any]]
) -> tuple[Compared, ...] | None:
    round_view = find_round(session, statement.round_id)
    if round_view is None or find_project(session, statement.project_id) is None:
        return None
    views = _views(session, statement.project_id, round_view, (ALL, statement.area_id))
    return compare_lines(printed, [_line(view) for view in views if view.rule_set is not None])
