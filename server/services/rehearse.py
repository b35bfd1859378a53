"""A new version of a form tried on what was already sent, before anybody gets it. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from forms.changes import Change
from forms.compare import compare_forms, holds_answers
from forms.definition import FormDefinition, Labels
from forms.edits import displaced
from forms.errors import Finding, InstanceError
from forms.evaluate import generic_path
from forms.instance import read_instance
from forms.plan import LAST_SAVED
from forms.validate import JudgeContext, judge
from forms.xpath.values import Node
from server.domain.errors import Invalid
from server.domain.registers import GIVEN
from server.domain.roles import ALL, Scope
from server.services.authenticate import day_of
from server.services.campaign import campaign_of
from server.services.definitions import definition_of
from server.services.home import Home
from server.services.judge import tables_of
from server.services.lists import LISTS, list_of
from server.services.sight import everything
from server.storage.forms import FormView
from server.storage.intake import list_form_files
from server.storage.readings import Page, SentText, count_submissions, list_sent_texts

PART = 50
"""Submissions read at a time."""
EXAMPLES = 5
LOST = "lost"
"""The kind of a tally of answers without a place in the new version; all others are kinds of findings."""
_SAYS_LOST = ("unknown-node", "duplicate")
_GRAVITY = ("error", "warning", "info")


@dataclass(frozen=True)
class NewVersion:
    """What is to become a version of a form. `tables`: files that come with it, by name; for others those of the
    published version are taken. `scope`, `limit`: only submissions in sight, only so many, the newest."""

    form: FormView
    definition: FormDefinition
    tables: Mapping[str, Node] = field(default_factory=dict)
    scope: Scope = ALL
    limit: int | None = None


@dataclass(frozen=True)
class Example:
    """One of what was counted: the submission with its own name, the value as it was sent, and what a calculation now
    makes of it."""

    instance_id: str
    name: str | None
    value: str | None
    calculated: str | None = None


@dataclass(frozen=True)
class Tally:
    """How often the new version says this of a question, where the published one does not. `path` without the places
    of rows; `labels`: what the question says, by language; `count`: answers; `submissions`: how many hold them."""

    kind: str
    severity: str
    path: str
    labels: Labels
    count: int
    submissions: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Rehearsal:
    """What a new version would do. `old_version` None: none is published, so that nothing can be lost.

    `total`: submissions there are; `looked`: of these, looked at; `unjudged`: looked at and not to be judged
    (encrypted). `lost`: answers without a place. `findings`: what is newly found, gravest first. `losing`,
    `with_errors`, `with_findings`: submissions with an answer lost, a new error, any new finding.
    """

    form_id: str
    old_version: str | None
    new_version: str
    changes: tuple[Change, ...] = ()
    total: int = 0
    looked: int = 0
    unjudged: int = 0
    lost: tuple[Tally, ...] = ()
    findings: tuple[Tally, ...] = ()
    losing: int = 0
    with_errors: int = 0
    with_findings: int = 0

    @property
    def answers_lost(self) -> int:
        """Answers that would have no place."""
        return sum(each.count for each in self.lost)

    @property
    def unreadable(self) -> int:
        """Values that cannot be read as what the new version says they are."""
        return self._count("type")

    @property
    def no_choice(self) -> int:
        """Answers that name a choice which the new version does not offer."""
        return self._count("choice")

    @property
    def keeps_everything(self) -> bool:
        """Whether every answer keeps its place and can be read; a broken rule takes nothing away."""
        return not (self.answers_lost or self.unreadable or self.no_choice)

    def _count(self, kind: str) -> int:
        return sum(each.count for each in self.findings if each.kind == kind)


def rehearse(
    session: Session, home: Home, new: NewVersion, now: datetime, tell: Callable[[int, int], None] = lambda *_: None
) -> Rehearsal:
    """Compares a new version with the published one and judges by both what was sent. `tell`: submissions looked at,
    and how many there will be.

    Raises Invalid when it is a version of another form.
    """
    form, definition = new.form, new.definition
    if definition.form_id != form.xml_form_id:
        raise Invalid("form.other_id", wanted=form.xml_form_id, value=definition.form_id)
    if form.current is None:
        return Rehearsal(form.xml_form_id, None, definition.version)
    old = definition_of(session, form.current.sha256)
    trial = _Trial(old, definition, _tables(session, home, new, now))
    total = count_submissions(session, form.id, new.scope)
    wanted = total if new.limit is None else min(total, new.limit)
    looked = 0
    for part in _parts(session, new, wanted):
        for sent in part:
            trial.look_at(sent)
        looked += len(part)
        tell(looked, max(wanted, looked))
    made = Rehearsal(form.xml_form_id, form.current.version, definition.version, compare_forms(old, definition))
    return trial.told(replace(made, total=max(total, looked), looked=looked))


def _parts(session: Session, new: NewVersion, wanted: int) -> Iterator[list[SentText]]:
    last: SentText | None = None
    while wanted > 0:
        part = list_sent_texts(session, new.form.id, Page(limit=min(PART, wanted), scope=new.scope), last)
        # the next part is another read: one that takes minutes would keep SQLite from writing its log back
        session.rollback()
        if not part:
            return
        last = part[-1]
        wanted -= len(part)
        yield part


Tables = tuple[dict[str, Node], dict[str, Node]]
"""The files that the old version reads, and those of the new one."""


def _tables(session: Session, home: Home, new: NewVersion, now: datetime) -> Tables:
    """The files of both versions; the lists that the server makes are whole, whoever sent what."""
    current = new.form.current
    old = definition_of(session, current.sha256) if current is not None else new.definition
    campaign = campaign_of(session, new.form.project_id)

    def made(definition: FormDefinition, texts: Sequence[str]) -> dict[str, Node]:
        names = (set(definition.external_instances.values()) | definition.plan.files) - {LAST_SAVED}
        tables = {
            name: list_of(session, campaign, LISTS[name], everything(day_of(now))).table
            for name in names & LISTS.keys()
        }
        for sha256 in texts:
            tables |= tables_of(home, list_form_files(session, sha256, sorted(names - (LISTS.keys() - GIVEN))))
        return tables

    own = [new.definition.sha256] if new.form.draft and new.form.draft.sha256 == new.definition.sha256 else [old.sha256]
    return made(old, [old.sha256]), made(new.definition, own) | dict(new.tables)


@dataclass
class _Counted:
    """A tally that grows."""

    count: int = 0
    submissions: int = 0
    examples: list[Example] = field(default_factory=list)
    last: int = -1

    def add(self, submission_id: int, example: Example) -> None:
        self.count += 1
        if submission_id != self.last:
            self.submissions += 1
            self.last = submission_id
            if len(self.examples) < EXAMPLES:
                self.examples.append(example)


class _Trial:
    """Two versions and what was counted so far; as large as the forms are, however much was sent."""

    def __init__(self, old: FormDefinition, new: FormDefinition, tables: Tables) -> None:
        self.old, self.new = old, new
        self.tables = tables
        self.counted: dict[tuple[str, str, str], _Counted] = {}
        self.unjudged = self.losing = self.with_errors = self.with_findings = 0

    def look_at(self, sent: SentText) -> None:
        """Judges a submission by both versions and counts what only the new one says."""
        try:
            before, after = read_instance(sent.xml), read_instance(sent.xml)
        except InstanceError:
            self.unjudged += 1
            return
        if before.encrypted:
            self.unjudged += 1
        known = Counter(_key(each) for each in judge(self.old, before, self._context(sent, 0)))
        lost = list(displaced(self.old, self.new, before))
        for node in lost:
            self._count(sent, (LOST, "error", generic_path(node)), (node.text.strip(), None))
        found = judge(self.new, after, self._context(sent, 1))
        worst = {each.severity for each in self._added(sent, known, found)}
        self.losing += bool(lost)
        self.with_errors += "error" in worst
        self.with_findings += bool(worst)
        before.release()
        after.release()

    def _context(self, sent: SentText, which: int) -> JudgeContext:
        return JudgeContext(sent.created_at, self.tables[which], sent.device_id or "")

    def _added(self, sent: SentText, known: Counter[tuple[str, str]], found: Sequence[Finding]) -> Iterator[Finding]:
        """What the new version alone finds; that an answer has no place any more is counted as lost, not here."""
        for finding in found:
            key = _key(finding)
            path = "/".join(step.partition("[")[0] for step in finding.path.split("/"))
            if known[key] > 0:
                known[key] -= 1
            elif not self._told_elsewhere(finding.kind, path):
                calculated = finding.params.get("calculated")
                values = finding.value, str(calculated) if calculated is not None else None
                self._count(sent, (finding.kind, finding.severity, path), values)
                yield finding

    def _told_elsewhere(self, kind: str, path: str) -> bool:
        """Whether a finding says what is counted as lost, or that a note was not sent, which says nothing."""
        if kind == "missing-node":
            asked = self.new.fields.get(path)
            return asked is not None and asked.kind == "field" and not holds_answers(self.new, asked)
        return kind in _SAYS_LOST and path in self.old.fields

    def _count(self, sent: SentText, key: tuple[str, str, str], values: tuple[str | None, str | None]) -> None:
        example = Example(sent.instance_id, sent.instance_name, *values)
        self.counted.setdefault(key, _Counted()).add(sent.submission_id, example)

    def told(self, made: Rehearsal) -> Rehearsal:
        """The rehearsal with all that was counted, what weighs most first."""
        tallies = [
            Tally(*key, self._labels(key[2]), each.count, each.submissions, tuple(each.examples))
            for key, each in self.counted.items()
        ]
        tallies.sort(key=lambda each: (_GRAVITY.index(each.severity), -each.submissions, each.path, each.kind))
        return replace(
            made,
            unjudged=self.unjudged,
            lost=tuple(each for each in tallies if each.kind == LOST),
            findings=tuple(each for each in tallies if each.kind != LOST),
            losing=self.losing,
            with_errors=self.with_errors,
            with_findings=self.with_findings,
        )

    def _labels(self, path: str) -> Labels:
        found = self.new.fields.get(path) or self.old.fields.get(path)
        return found.labels if found is not None else {}


def _key(finding: Finding) -> tuple[str, str]:
    return finding.kind, finding.path
