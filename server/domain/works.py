"""Works of a programme as their sheets tell of them: the register, its progress, its upkeep, all as of a day.

A work is a `work_register` sheet that was not returned; until somebody approved it, it is provisional. What was paid is
cumulative, so that the newest progress sheet says it. Percentages are of one work each and are never averaged: sums are
of works and of money.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from server.domain.areas import match_key
from server.domain.registers import bare_id, flat
from server.domain.review import APPROVED

REGISTER, PROGRESS, UPKEEP = "work_register", "work_progress", "maintenance"
KINDS = ("duong", "cau", "thuy_loi", "nuoc", "dien", "truong", "y_te", "van_hoa", "khac")
SOURCES = ("von_trung_uong", "von_dia_phuong", "von_dan_gop", "von_khac")
"""Where the money of a work comes from, as the questions are named."""
NOT_BEGUN, UNDER_WAY, LATE, FINISHED = "not_begun", "under_way", "late", "finished"
STATES = (NOT_BEGUN, UNDER_WAY, LATE, FINISHED)
"""Where a work stands on a day. Late: its planned end has passed and it is not finished."""
CONDITIONS = (1, 2, 3, 4, 5)
"""From what cannot be used to what is good; an order, not a measure."""
NO_TROUBLE, NO_FAULT, MENDED = "khong_co", "khong", "roi"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it is read: its form, typed answers, where it lies and who sent it. `received_on`: the day it came."""

    form: str
    submission_id: int
    version_id: int
    instance_id: str
    area_id: str | None
    review_state: str
    received_on: date
    submitter_id: int
    answers: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The id by which other sheets name it."""
        return bare_id(self.instance_id)

    @property
    def provisional(self) -> bool:
        """Whether nobody has approved it yet."""
        return self.review_state != APPROVED


@dataclass(frozen=True, slots=True)
class Work:
    """What the register says of a work. `budget`: whole dong by source, None where not known; `villages`: the areas of
    a work in several villages; `place`: longitude and latitude; `due`: the planned end."""

    id: str
    submission_id: int
    area_id: str | None
    name: str
    kind: str
    provisional: bool
    villages: tuple[str, ...] = ()
    other_kind: str | None = None
    size: str | None = None
    owner: str | None = None
    contractor: str | None = None
    community_built: str | None = None
    board_members: int | None = None
    budget: Mapping[str, int | None] = field(default_factory=dict)
    decision: str | None = None
    approved_on: date | None = None
    begun_on: date | None = None
    due: date | None = None
    place: tuple[float, float] | None = None
    photos: tuple[str, ...] = ()

    @property
    def planned(self) -> int | None:
        """The money planned, of the sources that are known; None where none is."""
        return total_of(self.budget.values())


@dataclass(frozen=True, slots=True)
class Progress:
    """What a progress sheet says: percent of the volume, dong paid from the beginning."""

    submission_id: int
    on: date
    provisional: bool
    percent: int | None
    paid: int | None
    finished: bool
    finished_on: date | None
    troubles: tuple[str, ...] = ()
    trouble: str | None = None
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What a maintenance sheet says: the condition, what is broken, whether it was mended, what that took."""

    submission_id: int
    on: date
    provisional: bool
    reason: str | None
    condition: int | None
    faults: tuple[str, ...] = ()
    fault: str | None = None
    mended: str | None = None
    cost: int | None = None
    payer: str | None = None
    labour_days: int | None = None
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkState:
    """A work as of a day, with its progress and upkeep until then, oldest first."""

    work: Work
    on: date
    progress: tuple[Progress, ...] = ()
    upkeep: tuple[Upkeep, ...] = ()

    @property
    def newest(self) -> Progress | None:
        """The newest progress sheet."""
        return self.progress[-1] if self.progress else None

    @property
    def finished_on(self) -> date | None:
        """The day it was finished, of the newest sheet that says so; None while it is not."""
        newest = self.newest
        return (newest.finished_on or newest.on) if newest is not None and newest.finished else None

    @property
    def percent(self) -> int | None:
        """How much of the volume is done; None where nobody said."""
        if self.finished_on is not None:
            return 100
        return next((each.percent for each in reversed(self.progress) if each.percent is not None), None)

    @property
    def paid(self) -> int | None:
        """Dong paid from the beginning; None where nobody said."""
        return next((each.paid for each in reversed(self.progress) if each.paid is not None), None)

    @property
    def late_days(self) -> int | None:
        """By how many days it is, or was finished, after its planned end; 0: in time; None: no planned end is known."""
        if self.work.due is None:
            return None
        return max(0, ((self.finished_on or self.on) - self.work.due).days)

    @property
    def state(self) -> str:
        """One of `STATES`."""
        if self.finished_on is not None:
            return FINISHED
        if self.late_days:
            return LATE
        begun = self.work.begun_on is not None and self.work.begun_on <= self.on
        return UNDER_WAY if begun or self.percent or self.paid else NOT_BEGUN

    @property
    def condition(self) -> int | None:
        """The condition by the newest maintenance sheet."""
        return next((each.condition for each in reversed(self.upkeep) if each.condition is not None), None)

    @property
    def open_faults(self) -> tuple[str, ...]:
        """What is broken and was not said to be mended since."""
        broken: dict[str, None] = {}
        for each in self.upkeep:
            if not each.faults:
                broken.clear()
            for fault in each.faults:
                if each.mended == MENDED:
                    broken.pop(fault, None)
                else:
                    broken[fault] = None
        return tuple(broken)

    @property
    def upkeep_cost(self) -> int | None:
        """Dong of all upkeep; None where no cost is known."""
        return total_of(each.cost for each in self.upkeep)

    @property
    def labour_days(self) -> int | None:
        """Days of labour of all upkeep; None where none are known."""
        return total_of(each.labour_days for each in self.upkeep)


@dataclass(slots=True)
class WorkSums:
    """Works counted and their money added up. `planned` and `paid` are of those of which they are known; the others
    are counted in `planned_unknown` and `paid_unknown`. `broken`: works with an open fault."""

    works: int = 0
    provisional: int = 0
    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))
    planned: int = 0
    planned_unknown: int = 0
    paid: int = 0
    paid_unknown: int = 0
    conditions: dict[int, int] = field(default_factory=lambda: dict.fromkeys(CONDITIONS, 0))
    not_looked_at: int = 0
    broken: int = 0
    upkeep_cost: int = 0

    def add(self, state: WorkState) -> None:
        """Counts one work."""
        self.works += 1
        self.provisional += state.work.provisional
        self.states[state.state] += 1
        self.planned += state.work.planned or 0
        self.planned_unknown += state.work.planned is None
        self.paid += state.paid or 0
        self.paid_unknown += state.paid is None
        self.upkeep_cost += state.upkeep_cost or 0
        self.broken += bool(state.open_faults)
        if state.condition is None:
            self.not_looked_at += 1
        else:
            self.conditions[state.condition] += 1


def read_works(sheets: Iterable[Sheet], on: date) -> list[WorkState]:
    """The works as of a day: those approved by then or without a day of approval, by name. Progress and upkeep of a
    work that is not among the sheets is left out."""
    works: dict[str, Work] = {}
    progress: dict[str, list[Progress]] = defaultdict(list)
    upkeep: dict[str, list[Upkeep]] = defaultdict(list)
    for sheet in sheets:
        answers = flat(sheet.answers)
        if sheet.form == REGISTER:
            work = _work(sheet, answers)
            if work.approved_on is None or work.approved_on <= on:
                works[work.id] = work
        elif sheet.form == PROGRESS and (told := _progress(sheet, answers)).on <= on:
            progress[text_of(answers.get("cong_trinh")) or ""].append(told)
        elif sheet.form == UPKEEP and (looked := _upkeep(sheet, answers)).on <= on:
            upkeep[text_of(answers.get("cong_trinh")) or ""].append(looked)
    states = [
        WorkState(
            work,
            on,
            tuple(sorted(progress.get(key, ()), key=lambda each: (each.on, each.submission_id))),
            tuple(sorted(upkeep.get(key, ()), key=lambda each: (each.on, each.submission_id))),
        )
        for key, work in works.items()
    ]
    return sorted(states, key=lambda state: (name_order(state.work.name), state.work.submission_id))


def sum_works(states: Iterable[WorkState]) -> WorkSums:
    """The sums of some works."""
    sums = WorkSums()
    for state in states:
        sums.add(state)
    return sums


def _work(sheet: Sheet, answers: Mapping[str, Any]) -> Work:
    kind = text_of(answers.get("loai"))
    return Work(
        id=sheet.id,
        submission_id=sheet.submission_id,
        area_id=sheet.area_id,
        name=text_of(answers.get("ten_cong_trinh")) or sheet.id,
        kind=kind if kind in KINDS else "khac",
        provisional=sheet.provisional,
        villages=words_of(answers.get("cac_thon")),
        other_kind=text_of(answers.get("loai_khac")),
        size=text_of(answers.get("quy_mo")),
        owner=text_of(answers.get("chu_dau_tu")),
        contractor=text_of(answers.get("don_vi_thi_cong")),
        community_built=text_of(answers.get("cong_dong_lam")),
        board_members=whole_of(answers.get("ban_gs_thanh_vien")),
        budget={source: whole_of(answers.get(source)) for source in SOURCES},
        decision=text_of(answers.get("quyet_dinh_so")),
        approved_on=day_of(answers.get("ngay_duyet")),
        begun_on=day_of(answers.get("ngay_khoi_cong")),
        due=day_of(answers.get("ngay_xong_ke_hoach")),
        place=place_of(answers.get("toa_do")),
        photos=files_of(answers, "anh_cong_trinh"),
    )


def _progress(sheet: Sheet, answers: Mapping[str, Any]) -> Progress:
    finished = answers.get("hoan_thanh") == "co"
    return Progress(
        submission_id=sheet.submission_id,
        on=day_of(answers.get("ngay")) or sheet.received_on,
        provisional=sheet.provisional,
        percent=whole_of(answers.get("khoi_luong")),
        paid=whole_of(answers.get("da_giai_ngan")),
        finished=finished,
        finished_on=day_of(answers.get("ngay_hoan_thanh")) if finished else None,
        troubles=tuple(each for each in words_of(answers.get("vuong_mac")) if each != NO_TROUBLE),
        trouble=text_of(answers.get("vuong_mac_ro")),
        photos=files_of(answers, "anh_toan_canh", "anh_chi_tiet"),
    )


def _upkeep(sheet: Sheet, answers: Mapping[str, Any]) -> Upkeep:
    condition = text_of(answers.get("tinh_trang")) or ""
    return Upkeep(
        submission_id=sheet.submission_id,
        on=day_of(answers.get("ngay")) or sheet.received_on,
        provisional=sheet.provisional,
        reason=text_of(answers.get("ly_do")),
        condition=int(condition) if condition in map(str, CONDITIONS) else None,
        faults=tuple(each for each in words_of(answers.get("hu_hong")) if each != NO_FAULT),
        fault=text_of(answers.get("hu_hong_ro")),
        mended=text_of(answers.get("da_sua")),
        cost=whole_of(answers.get("chi_phi")),
        payer=text_of(answers.get("ai_tra")),
        labour_days=whole_of(answers.get("ngay_cong")),
        photos=files_of(answers, "anh_truoc", "anh_sau"),
    )


def name_order(name: str) -> str:
    """Names in the order of the Vietnamese alphabet, as far as its letter Đ goes: after D."""
    return match_key(name).replace("đ", "d~")


def total_of(values: Iterable[int | None]) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [each for each in values if each is not None]
    return sum(known) if known else None


def text_of(value: Any) -> str | None:
    """A text that says something."""
    return value.strip() or None if isinstance(value, str) else None


def words_of(value: Any) -> tuple[str, ...]:
    """The answers of a question that has several."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def whole_of(value: Any) -> int | None:
    """A whole number, also where it was answered as a decimal; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e15:
        return None
    return round(value)


def day_of(value: Any) -> date | None:
    """A day as answers hold it (ISO 8601)."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def place_of(value: Any) -> tuple[float, float] | None:
    """Longitude and latitude of an answered place."""
    found = value.get("coordinates") if isinstance(value, dict) and value.get("type") == "Point" else None
    if not isinstance(found, list | tuple) or len(found) < 2:
        return None
    longitude, latitude = found[0], found[1]
    both = isinstance(longitude, int | float) and isinstance(latitude, int | float)
    return (float(longitude), float(latitude)) if both else None


def files_of(answers: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """The names of the files that these questions were answered with."""
    found = (text_of(answers.get(name)) for name in names)
    return tuple(each for each in found if each)
