"""Community supervision: what boards saw at works, what they found, and what became of each finding.

A finding is told to the commune on a day, is answered, and is then settled or not by the board's word. The supervised
commune answers and changes nothing: its answers stand beside the sheet. Days are counted from the day it was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from server.domain.registers import flat, rows_of
from server.domain.works import Sheet, day_of, files_of, text_of, whole_of

FORM = "community_supervision"
CHECKS = (
    *("quy_hoach", "dat_dai", "mat_bang_chi_tiet", "moi_truong", "den_bu"),
    *("cong_khai", "vat_lieu", "tien_do"),
)
"""What a board looks at; the first five as NĐ 29/2021/NĐ-CP, Điều 86 names them, as far as that text was read."""
NOT_RIGHT = "khong"
WORKERS = ("lao_dong", "lao_dong_dia_phuong", "lao_dong_dtts", "lao_dong_nu")
ANSWER, SETTLED, NOT_SETTLED, UNDO = "answer", "settled", "not_settled", "undo"
SAYINGS = (ANSWER, SETTLED, NOT_SETTLED)
"""What can be said of a finding: by the commune or an office above it, and by the board."""
OPEN, ANSWERED = "open", "answered"
STATES = (OPEN, ANSWERED, NOT_SETTLED, SETTLED)
"""Where a finding stands: open and not settled wait for the commune, answered waits for the board."""
WAITING = (OPEN, NOT_SETTLED)
_AGAIN = {"da_xong": SETTLED, "chua_xong": NOT_SETTLED}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of a visit. `id`: the visit's and its number there. `asked_by`: the day by which an answer is asked
    for; `told_on`: the day it was given to the commune."""

    id: str
    number: int
    submission_id: int
    work_id: str
    area_id: str | None
    submitter_id: int
    text: str
    advice: str | None
    asked_by: date | None
    told_on: date
    photo: str | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """A length or a quantity against the drawing."""

    what: str
    unit: str | None
    drawn: float | None
    found: float | None


@dataclass(frozen=True, slots=True)
class Again:
    """What the board says of an earlier finding at this visit. `said`: settled or not_settled."""

    finding_id: str
    said: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit of a board. `checks`: the answer by check; `notes` and `pictures` of those that were not right."""

    submission_id: int
    work_id: str
    area_id: str | None
    on: date
    received_on: date
    provisional: bool
    members: int | None = None
    checks: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    measured: tuple[Measured, ...] = ()
    workers: Mapping[str, int | None] = field(default_factory=dict)
    confirmed: str | None = None
    minutes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    again: tuple[Again, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """What was said of a finding, and on which day. `id` None: by a later sheet of the board, else a row; `undoes`: the
    row that this one takes back."""

    finding_id: str
    said: str
    on: date
    at: datetime | None
    text: str
    actor: str
    actor_id: int | None = None
    id: int | None = None
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class FindingState:
    """A finding as of a day, with what was said of it until then and stands, oldest first."""

    finding: Finding
    on: date
    words: tuple[Word, ...] = ()

    @property
    def status(self) -> str:
        """One of `STATES`."""
        if not self.words:
            return OPEN
        return ANSWERED if self.words[-1].said == ANSWER else self.words[-1].said

    @property
    def answered_on(self) -> date | None:
        """The day of the first answer."""
        return next((each.on for each in self.words if each.said == ANSWER), None)

    @property
    def days_to_answer(self) -> int | None:
        """From the day it was told until the first answer; None while there is none."""
        answered = self.answered_on
        return None if answered is None else max(0, (answered - self.finding.told_on).days)

    @property
    def days_open(self) -> int:
        """From the day it was told until it was settled, or until now."""
        end = self.words[-1].on if self.status == SETTLED else self.on
        return max(0, (end - self.finding.told_on).days)

    @property
    def overdue_days(self) -> int:
        """By how many days an answer is, or came, after the day asked for; 0 in time, or when no day was asked for."""
        if self.finding.asked_by is None:
            return 0
        return max(0, ((self.answered_on or self.on) - self.finding.asked_by).days)

    @property
    def overdue(self) -> bool:
        """Whether it waits for a first answer longer than asked."""
        return self.answered_on is None and self.status != SETTLED and self.overdue_days > 0


@dataclass(slots=True)
class SupervisionSums:
    """Visits and findings counted. `states`: findings by where they stand; `answered`: those with any answer, of which
    `days` are the days to answer in all and `longest` the most; `not_right`: visits by check that was not right."""

    visits: int = 0
    works: int = 0
    findings: int = 0
    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))
    overdue: int = 0
    answered: int = 0
    days: int = 0
    longest: int = 0
    workers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WORKERS, 0))
    not_right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHECKS, 0))

    @property
    def open(self) -> int:
        """Findings that wait for the commune."""
        return sum(self.states[state] for state in WAITING)

    def add_visits(self, visits: Iterable[Visit]) -> None:
        """Counts visits, and the works that were visited."""
        seen = set()
        for visit in visits:
            self.visits += 1
            seen.add(visit.work_id)
            for name in WORKERS:
                self.workers[name] += visit.workers.get(name) or 0
            for name, answer in visit.checks.items():
                self.not_right[name] += answer == NOT_RIGHT
        self.works += len(seen)

    def add_finding(self, state: FindingState) -> None:
        """Counts one finding."""
        self.findings += 1
        self.states[state.status] += 1
        self.overdue += state.overdue
        if state.days_to_answer is not None:
            self.answered += 1
            self.days += state.days_to_answer
            self.longest = max(self.longest, state.days_to_answer)


def read_visits(sheets: Iterable[Sheet], on: date) -> list[Visit]:
    """The visits until a day, oldest first."""
    visits = [_visit(sheet) for sheet in sheets if sheet.form == FORM]
    return sorted((each for each in visits if each.on <= on), key=lambda each: (each.on, each.submission_id))


def stand(visits: Sequence[Visit], words: Iterable[Word], on: date) -> list[FindingState]:
    """Where each finding of these visits stands on a day, the one told first first. `words`: the rows that were
    written; what later visits say of earlier findings is added here."""
    rows = list(words)
    undone = {each.undoes for each in rows if each.undoes is not None}
    said: dict[str, list[Word]] = {}
    for each in (*(row for row in rows if row.said != UNDO and row.id not in undone), *_again(visits)):
        if each.on <= on:
            said.setdefault(each.finding_id, []).append(each)
    states = [
        FindingState(finding, on, tuple(sorted(said.get(finding.id, ()), key=_order)))
        for visit in visits
        for finding in visit.findings
        if finding.told_on <= on
    ]
    return sorted(states, key=lambda state: (state.finding.told_on, state.finding.submission_id, state.finding.number))


def sum_states(visits: Iterable[Visit], states: Iterable[FindingState]) -> SupervisionSums:
    """The sums of some visits and findings."""
    sums = SupervisionSums()
    sums.add_visits(visits)
    for state in states:
        sums.add_finding(state)
    return sums


def _again(visits: Iterable[Visit]) -> Iterable[Word]:
    for visit in visits:
        for each in visit.again:
            yield Word(each.finding_id, each.said, visit.on, None, each.text or "", "")


def _order(word: Word) -> tuple[date, bool, float, int]:
    # of one day the board's later sheet comes last: it was on the spot
    return (word.on, word.at is None, word.at.timestamp() if word.at else 0.0, word.id or 0)


def _visit(sheet: Sheet) -> Visit:
    answers = flat(sheet.answers)
    on = day_of(answers.get("ngay")) or sheet.received_on
    checks = {name: text_of(answers.get(name)) for name in CHECKS}
    notes = {name: text_of(answers.get(f"{name}_ro")) for name in CHECKS}
    pictures = {name: text_of(answers.get(f"{name}_anh")) for name in CHECKS}
    return Visit(
        submission_id=sheet.submission_id,
        work_id=text_of(answers.get("cong_trinh")) or "",
        area_id=sheet.area_id,
        on=on,
        received_on=sheet.received_on,
        provisional=sheet.provisional,
        members=whole_of(answers.get("ban_du")),
        checks={name: answer for name, answer in checks.items() if answer},
        notes={name: note for name, note in notes.items() if note},
        pictures={name: picture for name, picture in pictures.items() if picture},
        measured=tuple(_measured(row) for row in rows_of(sheet.answers, "do_dac")),
        workers={name: whole_of(answers.get(name)) for name in WORKERS},
        confirmed=text_of(answers.get("mttq_xac_nhan")),
        minutes=files_of(answers, "anh_bien_ban"),
        findings=_findings(sheet, answers, on),
        again=tuple(
            Again(text_of(row.get("kien_nghi_truoc")) or "", _AGAIN[result], text_of(row.get("ket_qua_ro")))
            for row in rows_of(sheet.answers, "xem_lai")
            if (result := text_of(row.get("ket_qua"))) in _AGAIN
        ),
    )


def _findings(sheet: Sheet, answers: Mapping[str, Any], on: date) -> tuple[Finding, ...]:
    told_on = day_of(answers.get("ngay_gui")) or on
    return tuple(
        Finding(
            id=f"{sheet.id}-{number}",
            number=number,
            submission_id=sheet.submission_id,
            work_id=text_of(answers.get("cong_trinh")) or "",
            area_id=sheet.area_id,
            submitter_id=sheet.submitter_id,
            text=text_of(row.get("noi_dung")) or "–",
            advice=text_of(row.get("kien_nghi")),
            asked_by=day_of(row.get("han_tra_loi")),
            told_on=max(told_on, on),
            photo=text_of(row.get("anh")),
            provisional=sheet.provisional,
        )
        for number, row in enumerate(rows_of(sheet.answers, "phat_hien"), start=1)
    )


def _measured(row: Mapping[str, Any]) -> Measured:
    def number(name: str) -> float | None:
        value = row.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    return Measured(
        text_of(row.get("hang_muc")) or "–", text_of(row.get("don_vi")), number("theo_ban_ve"), number("do_duoc")
    )
