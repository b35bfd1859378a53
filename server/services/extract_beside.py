"""What stands beside the answers: where they are from, who decided about them and what validation found, row by row;
and what the file is, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from server.domain.wishes import Wish
from server.exports.sheets import COUNT, MOMENT, About, Column, Said, Value, Word
from server.services.authenticate import VIETNAM
from server.services.round_law import law_of
from server.services.table_units import Places
from server.storage.exporting import Sent, list_decisions, list_findings_of
from server.storage.forms import FormView, VersionView
from server.storage.locks import find_lock
from server.storage.projects import ProjectView
from server.storage.rounds import RoundView, list_rounds
from server.storage.tables import Wanted

DETAILS = (
    Column("CommuneCode", Word("commune_code", "table.place.commune_code")),
    Column("Commune", Word("commune", "table.place.commune")),
    Column("AreaCode", Word("area_code", "table.result.area_code")),
    Column("Area", Word("area", "table.result.area")),
    Column("Round", Word("round", "table.round")),
    Column("ReviewLevel", Word("level", "export.detail.level")),
    Column("ReviewedBy", Word("reviewer", "export.detail.reviewer")),
    Column("ReviewedAt", Word("reviewed", "export.detail.reviewed"), MOMENT),
    Column("ReviewReason", Word("reason", "export.detail.reason")),
    Column("Findings", Word("findings", "export.detail.findings"), COUNT),
    Column("FindingList", Word("finding_list", "export.detail.finding_list")),
)
"""The columns that `Beside.rows` fills."""


@dataclass(frozen=True)
class Extract:
    """A wish that was looked up: which rows of which form, as whom. `version`: the form as it is now, or its draft."""

    project: ProjectView
    form: FormView
    version: VersionView
    wish: Wish
    wanted: Wanted
    rounds: tuple[RoundView, ...]
    on: date
    at: datetime


@dataclass
class Beside:
    """Fills `DETAILS` for some submissions at a time. `on`: the day as of which areas of what has no round are
    named."""

    session: Session
    project_id: int
    on: date
    rounds: dict[int, RoundView] = field(init=False)

    def __post_init__(self) -> None:
        self.rounds = {each.id: each for each in list_rounds(self.session, self.project_id)}

    def rows(self, batch: Sequence[Sent], *, personal: bool) -> dict[int, list[object]]:
        """By submission the cells beside it. `personal` False: the reviewer's name and words are left out."""
        places = self._places(batch)
        decisions = list_decisions(self.session, [sent.id for sent in batch])
        findings = list_findings_of(self.session, [sent.version_id for sent in batch])
        found: dict[int, list[object]] = {}
        for sent in batch:
            at, decided = self.rounds.get(sent.round_id or 0), decisions.get(sent.id)
            said = findings.get(sent.version_id, [])
            found[sent.id] = [
                *places.get(sent.id, (None,) * 4),
                at.slug if at else None,
                sent.review_level,
                decided.by if decided and personal else None,
                decided.at.isoformat(timespec="seconds") if decided else None,
                decided.reason if decided and personal else None,
                len(said),
                "; ".join(f"{kind} {path}" for kind, path in said) or None,
            ]
        return found

    def _places(self, batch: Sequence[Sent]) -> dict[int, tuple[Value, ...]]:
        days: dict[date, list[Sent]] = {}
        for sent in batch:
            at = self.rounds.get(sent.round_id or 0)
            days.setdefault(at.cutoff if at else self.on, []).append(sent)
        found: dict[int, tuple[Value, ...]] = {}
        for day, some in days.items():
            cells = self._cells(day, dict.fromkeys(sent.area_id for sent in some if sent.area_id))
            found |= {sent.id: cells[sent.area_id] for sent in some if sent.area_id in cells}
        return found

    def _cells(self, day: date, area_ids: Iterable[str]) -> dict[str | None, tuple[Value, ...]]:
        places = Places(self.session, day)
        cells: dict[str | None, tuple[Value, ...]] = {}
        for area in places.list(list(area_ids)):
            commune = places.above(area).get("commune")
            cells[area.id] = (
                commune.code if commune else None,
                commune.name if commune else None,
                area.code,
                area.name,
            )
        return cells


def about_extract(session: Session, extract: Extract, rounds: Sequence[RoundView]) -> About:
    """What the file is: of what, of which rounds, as of when, by which law, locked or not, synthetic or not."""
    wish, project, version = extract.wish, extract.project, extract.version
    lines: list[tuple[Said, Value]] = [
        (Word("what", "table.label.what"), Word("answers", "export.about.what")),
        (Word("project", "table.label.project"), project.name),
        (Word("form", "table.result.form"), f"{version.title} ({extract.form.xml_form_id})"),
        (Word("version", "table.result.version"), version.version or None),
    ]
    for each in rounds or list_rounds(session, project.id):
        lines += _of_round(session, each)
    every = Word("all", "table.area_all")
    state = " ".join(wish.states) or Word("all", "table.result.every_state")
    lines += [
        (Word("area", "table.label.area"), ", ".join(wish.areas) or every),
        (Word("state", "table.result.state"), state),
        (Word("filter", "export.about.filter"), wish.filter),
        (
            Word("personal", "export.about.personal"),
            Word("p", f"export.personal.{'whole' if wish.personal else 'without'}"),
        ),
        (Word("empty", "table.label.empty"), Word("empty", "table.definition.empty")),
        (
            Word("synthetic", "table.label.synthetic"),
            Word("s", f"table.synthetic_{'yes' if project.synthetic else 'no'}"),
        ),
        (Word("made", "table.label.made"), extract.at.astimezone(VIETNAM).date()),
    ]
    marks = (Word("synthetic", "table.mark.synthetic"),) if project.synthetic else ()
    return About(Word("answers", "table.result.title", {"form": version.title}), lines, marks)


def _of_round(session: Session, round_view: RoundView) -> list[tuple[Said, Value]]:
    name = Word(round_view.slug, {"vi": round_view.name_vi, "en": round_view.name_en})
    lock = find_lock(session, round_view.lock_id) if round_view.lock_id is not None else None
    lines: list[tuple[Said, Value]] = [
        (Word("round", "table.label.round"), name),
        (Word("as_of", "table.label.as_of"), round_view.cutoff),
        (
            Word("lock_of", "table.label.lock_of", {"round": round_view.slug}),
            lock.sha256 if lock else Word("open", "table.standing.open"),
        ),
    ]
    for law in law_of(session, round_view):
        titles = {language: law.title.get(language) or law.id for language in ("vi", "en")}
        lines.append((Word("rule_set", "table.label.rule_set", {"id": law.id}), Word(law.id, titles)))
    return lines
