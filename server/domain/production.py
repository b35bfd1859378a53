"""Production models: a start sheet with the later sheets that name it, as one line; and their sums.

Survival is a count of a count, so that models can be added up; the decision to repeat stands in the end sheet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from server.domain.registers import flat
from server.domain.works import Sheet, day_of, files_of, name_order, place_of, text_of, whole_of

FORM = "production_model"
START, MID, END = "start", "mid", "end"
PHASES: Mapping[str, str] = {"dau": START, "giua": MID, "cuoi": END}
UNITS = ("con", "cay", "kg", "khac")
"""In what animals and plants that were given are counted."""
KINDS = ("chan_nuoi", "trong_trot", "lam_nghiep", "thuy_san", "che_bien", "khac")
HOUSEHOLDS = ("tong_ho", "ho_ngheo", "ho_can_ngheo", "ho_dtts", "ho_phu_nu")
"""Households that take part: all, poor, near-poor, of an ethnic minority, headed by a woman; as the questions are
named."""
INCOMES = ("tang", "khong_doi", "giam", "khong_ro")
DECISIONS = ("co", "khong", "chua")


@dataclass(frozen=True, slots=True)
class Phase:
    """What one sheet says of a model. `alive`: of what was given; `income_by`: dong a year for a household, without a
    sign; `repeat`: one of `DECISIONS`, in the end sheet alone."""

    submission_id: int
    phase: str
    on: date
    provisional: bool
    households: Mapping[str, int | None] = field(default_factory=dict)
    alive: int | None = None
    kilograms: float | None = None
    income: str | None = None
    income_by: int | None = None
    repeat: str | None = None
    why: str | None = None
    taken_up: int | None = None
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A model as its start sheet says it, with its later sheets until a day, oldest first."""

    id: str
    area_id: str | None
    name: str
    kind: str
    start: Phase
    other_kind: str | None = None
    support: int | None = None
    own_share: int | None = None
    given: int | None = None
    unit: str | None = None
    place: tuple[float, float] | None = None
    later: tuple[Phase, ...] = ()

    @property
    def provisional(self) -> bool:
        """Whether nobody has approved its start sheet yet."""
        return self.start.provisional

    @property
    def newest(self) -> Phase:
        """The newest of its sheets; of sheets of one day that of the later phase."""
        return self.later[-1] if self.later else self.start

    @property
    def mid(self) -> Phase | None:
        """The newest sheet midway."""
        return next((each for each in reversed(self.later) if each.phase == MID), None)

    @property
    def end(self) -> Phase | None:
        """The newest end sheet."""
        return next((each for each in reversed(self.later) if each.phase == END), None)

    @property
    def alive(self) -> int | None:
        """How many of what was given are alive, as was last counted."""
        return next((each.alive for each in reversed(self.later) if each.alive is not None), None)

    @property
    def income(self) -> Phase | None:
        """The newest sheet that says how income changed."""
        return next((each for each in reversed(self.later) if each.income is not None), None)

    @property
    def repeat(self) -> str | None:
        """The decision to repeat it; None before it ended."""
        return self.end.repeat if self.end is not None else None


@dataclass(slots=True)
class ModelSums:
    """Models counted and added up. Households are those of the start sheets. `given` and `alive`, by the unit in which
    they are counted, are of models of which both are known (`counted`), so that one can be held against the other."""

    models: int = 0
    provisional: int = 0
    ended: int = 0
    households: dict[str, int] = field(default_factory=lambda: dict.fromkeys(HOUSEHOLDS, 0))
    support: int = 0
    support_unknown: int = 0
    own_share: int = 0
    counted: int = 0
    given: dict[str, int] = field(default_factory=dict)
    alive: dict[str, int] = field(default_factory=dict)
    taken_up: int = 0
    incomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(INCOMES, 0))
    decisions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DECISIONS, 0))

    def add(self, model: Model) -> None:
        """Counts one model."""
        self.models += 1
        self.provisional += model.provisional
        self.ended += model.end is not None
        for name in HOUSEHOLDS:
            self.households[name] += model.start.households.get(name) or 0
        self.support += model.support or 0
        self.support_unknown += model.support is None
        self.own_share += model.own_share or 0
        if model.given is not None and model.alive is not None:
            self.counted += 1
            # goats are not added to trees
            unit = model.unit if model.unit in UNITS else UNITS[-1]
            self.given[unit] = self.given.get(unit, 0) + model.given
            self.alive[unit] = self.alive.get(unit, 0) + model.alive
        if model.income is not None and model.income.income in self.incomes:
            self.incomes[model.income.income] += 1
        if model.repeat in self.decisions:
            self.decisions[model.repeat or ""] += 1
        if model.end is not None:
            self.taken_up += model.end.taken_up or 0


def read_models(sheets: Iterable[Sheet], on: date) -> list[Model]:
    """The models that had started by a day, by name. A later sheet of a model that is not among these is left out."""
    starts: list[tuple[Sheet, Mapping[str, Any], Phase]] = []
    later: dict[str, list[Phase]] = defaultdict(list)
    for sheet in sheets:
        answers = flat(sheet.answers)
        phase = PHASES.get(text_of(answers.get("giai_doan")) or "") if sheet.form == FORM else None
        if phase is None:
            continue
        told = _phase(sheet, answers, phase)
        if told.on > on:
            continue
        if phase == START:
            starts.append((sheet, answers, told))
        else:
            later[text_of(answers.get("mo_hinh")) or ""].append(told)
    order = {MID: 0, END: 1}
    models = [
        _model(sheet, answers, told, sorted(later.get(sheet.id, ()), key=lambda each: (each.on, order[each.phase])))
        for sheet, answers, told in starts
    ]
    return sorted(models, key=lambda model: (name_order(model.name), model.start.submission_id))


def sum_models(models: Iterable[Model]) -> ModelSums:
    """The sums of some models."""
    sums = ModelSums()
    for model in models:
        sums.add(model)
    return sums


def sum_by_kind(models: Iterable[Model]) -> dict[str, ModelSums]:
    """The same by kind, of the kinds that there are."""
    found: dict[str, ModelSums] = {}
    for model in models:
        found.setdefault(model.kind, ModelSums()).add(model)
    return {kind: found[kind] for kind in KINDS if kind in found}


def _model(sheet: Sheet, answers: Mapping[str, Any], start: Phase, later: list[Phase]) -> Model:
    kind = text_of(answers.get("loai"))
    return Model(
        id=sheet.id,
        area_id=sheet.area_id,
        name=text_of(answers.get("ten_mo_hinh")) or sheet.id,
        kind=kind if kind in KINDS else "khac",
        start=start,
        other_kind=text_of(answers.get("loai_khac")),
        support=whole_of(answers.get("gia_tri_ho_tro")),
        own_share=whole_of(answers.get("doi_ung")),
        given=whole_of(answers.get("so_luong")),
        unit=text_of(answers.get("don_vi")),
        place=place_of(answers.get("toa_do")),
        later=tuple(later),
    )


def _phase(sheet: Sheet, answers: Mapping[str, Any], phase: str) -> Phase:
    kilograms = answers.get("san_luong")
    return Phase(
        submission_id=sheet.submission_id,
        phase=phase,
        on=day_of(answers.get("ngay")) or sheet.received_on,
        provisional=sheet.provisional,
        households={name: whole_of(answers.get(name)) for name in HOUSEHOLDS},
        alive=whole_of(answers.get("con_song")),
        kilograms=float(kilograms) if isinstance(kilograms, int | float) else None,
        income=_one_of(answers.get("thu_nhap"), INCOMES),
        income_by=whole_of(answers.get("thu_nhap_muc")),
        repeat=_one_of(answers.get("nhan_rong"), DECISIONS) if phase == END else None,
        why=text_of(answers.get("ly_do")),
        taken_up=whole_of(answers.get("ho_tu_lam")),
        photos=files_of(answers, "anh"),
    )


def _one_of(value: Any, known: Sequence[str]) -> str | None:
    return value if isinstance(value, str) and value in known else None
