"""Training as it is held: classes, sheets of attendance, and what they come to.

**Lượt** (turns): distinct (class, person); where people are not named, heads that were counted. **Người** (persons):
distinct people; unknown (None) where a class is known only by totals. **Person-days**: a person on a day, once each.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from server.domain.areas import match_key
from server.domain.registers import bare_id, flat, rows_of

CLASS_FORM, ATTENDANCE_FORM, TEST_FORM = "training_class", "training_attendance", "training_test"
LEVELS: Mapping[str, str] = {"tinh": "province", "huyen": "district", "xa": "commune"}
"""The level of a class, by the answer of its sheet."""
AUDIENCES = (
    *("lanh_dao_huyen", "lanh_dao_xa", "tham_muu", "ban_gscd", "truong_thon", "ctv_giam_ngheo", "uy_tin"),
    *("ho_ngheo", "nguoi_dan"),
)
WOMEN, MEN = "nu", "nam"
MAJORITY, MINORITY, UNKNOWN = "kinh", "dtts", "khong_ro"
ETHNICITIES = ("kinh", "tay", "dao", "san_chi", "san_diu", "hoa", "khac", UNKNOWN)
POOR_HOUSEHOLDS = ("ho_ngheo", "ho_can_ngheo")
PHOTOS = ("anh_1", "anh_2", "anh_3", "anh_4")
TWICE, SAME_NUMBER, TOO_MANY_NAMES, DISAGREE = "twice", "same_number", "too_many_names", "disagree"
OUTSIDE, NO_PHOTO, NOT_A_PHOTO, NAMED_TWICE = "outside", "no_photo", "not_a_photo", "named_twice"
FLAGS = (TWICE, SAME_NUMBER, TOO_MANY_NAMES, DISAGREE, OUTSIDE, NO_PHOTO, NOT_A_PHOTO, NAMED_TWICE)
"""What may be wrong with a sheet of attendance: it was sent before; another one has its number (the newest counts); it
has more names than people, or totals that its names contradict; its day is outside the class; it has neither all names
nor a photo, or a file that is no picture; somebody stands on it twice."""


@dataclass(frozen=True)
class Group:
    """The people of one audience on a sheet: heads, of them women, of ethnic minorities, and women of these; None where
    nobody knows."""

    audience: str
    heads: int
    women: int | None = None
    minority: int | None = None
    minority_women: int | None = None


@dataclass(frozen=True)
class Trainee:
    """Somebody who is named. `area_id`: the village, else the commune, where known. `represents`: a poor or a near-poor
    household, `household` its number in the village's list. `days` attended; None: the whole class. `row`: the id of
    what was entered at the desk, None for a name on a sheet."""

    name: str
    birth_year: int | None
    sex: str | None
    ethnicity: str | None
    audience: str | None
    area_id: str | None
    represents: str | None = None
    household: int | None = None
    days: int | None = None
    row: int | None = None

    @property
    def key(self) -> str:
        """The same for who is, by all that was written, the same person: name, birth year, sex and place."""
        return "|".join((match_key(self.name), str(self.birth_year or ""), self.sex or "", self.area_id or ""))

    @property
    def ethnic(self) -> str:
        """Kinh, a minority, or not known."""
        if self.ethnicity in (None, UNKNOWN):
            return UNKNOWN
        return MAJORITY if self.ethnicity == MAJORITY else MINORITY


@dataclass(frozen=True)
class Sheet:
    """One sheet of attendance as it stands. `day` None: the whole class. `number`: of the page that was signed."""

    id: int
    class_id: str
    sent_at: datetime
    day: date | None
    number: int | None
    groups: tuple[Group, ...]
    names: tuple[Trainee, ...] = ()
    photos: tuple[str, ...] = ()
    approved: bool = False

    @property
    def heads(self) -> int:
        """The people on it, by its totals."""
        return sum(group.heads for group in self.groups)

    @property
    def content(self) -> tuple[object, ...]:
        """What two copies of one sheet share: its page and its names, or its totals where it has none."""
        page = (self.day, self.number)
        return (*page, frozenset(each.key for each in self.names)) if self.names else (*page, frozenset(self.groups))


@dataclass(frozen=True)
class TrainingClass:
    """A class that was announced. `id`: what its attendance calls it by. `level`: province, district or commune, None
    where its sheet does not say. `days` taught, None where nobody knows."""

    id: str
    submission_id: int
    name: str
    level: str | None
    topic: str | None
    organiser: str | None
    first: date | None
    last: date | None
    days: int | None
    programme: str | None
    area_id: str | None
    planned: int = 0
    approved: bool = False
    answers: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Flag:
    """What is wrong with a sheet. `params`: what its sentence names."""

    kind: str
    sheet_id: int
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ClassCount:
    """What a class comes to. `people`: who is named, once each, by their id within the class. `complete`: the names
    cover all heads, so that who came is known. `turns` by audience, sex and ethnicity. `person_days` None: a sheet for
    the whole class, and nobody says how many days that had."""

    training: TrainingClass
    turns: int
    people: Mapping[str, Trainee]
    complete: bool
    person_days: int | None
    by_audience: Mapping[str, int]
    by_sex: Mapping[str, int]
    by_ethnicity: Mapping[str, int]
    flags: tuple[Flag, ...]
    counted: tuple[Sheet, ...]
    provisional: bool

    @property
    def heads(self) -> int:
        """People who came and are not named."""
        return 0 if self.complete else self.turns - len(self.people)


def read_class(submission_id: int, instance_id: str, area_id: str | None, sheet: Mapping[str, Any]) -> TrainingClass:
    """A class from its sheet (`sheet`: the typed answers); whatever is not there is not known."""
    answers = flat(sheet)
    first, last = day_of(answers.get("tu_ngay")), day_of(answers.get("den_ngay"))
    days = _count(answers.get("so_ngay"))
    if days is None and first is not None and first == last:
        days = 1
    return TrainingClass(
        bare_id(instance_id),
        submission_id,
        _text(answers.get("ten_lop")) or bare_id(instance_id),
        LEVELS.get(str(answers.get("cap"))),
        _text(answers.get("chu_de")),
        _text(answers.get("co_quan")),
        first,
        last,
        days,
        _text(answers.get("chuong_trinh")),
        area_id,
        sum(_count(answers.get(f"dk_{each}")) or 0 for each in AUDIENCES),
        answers=answers,
    )


def read_sheet(submission_id: int, sent_at: datetime, sheet: Mapping[str, Any], approved: bool) -> Sheet:
    """A sheet of attendance from its typed answers. Names without consent are not read."""
    answers = flat(sheet)
    groups = tuple(
        Group(each, heads, *(_count(answers.get(f"{part}_{each}")) for part in ("nu", "dt", "nudt")))
        for each in AUDIENCES
        if (heads := _count(answers.get(f"n_{each}")))
    )
    agreed = answers.get("ghi_ten") == "co" and answers.get("dong_y") == "co"
    names = tuple(filter(None, map(_trainee, rows_of(sheet)))) if agreed else ()
    photos = tuple(name for each in PHOTOS if (name := _text(answers.get(each))))
    day = day_of(answers.get("ngay")) if answers.get("cach_ghi") == "mot_ngay" else None
    number = _count(answers.get("to_so"))
    class_id = _text(answers.get("lop")) or ""
    return Sheet(submission_id, class_id, sent_at, day, number, groups, names, photos, approved)


def count_class(training: TrainingClass, sheets: Iterable[Sheet], added: Iterable[Trainee] = ()) -> ClassCount:
    """What a class comes to by its sheets and by the names that were added at the desk. A sheet that was sent before
    does not count again; of two with one number the newer counts."""
    counted, flags = _told_apart(sorted(sheets, key=lambda each: (each.sent_at, each.id)))
    added = tuple(added)
    people: dict[str, Trainee] = {}
    for each in (*(name for sheet in counted for name in sheet.names), *added):
        people.setdefault(participant_id(training.id, each), each)
    basis = _basis(counted)
    heads = _on_one_day(basis)
    complete = len(people) >= heads
    flags += [flag for sheet in counted for flag in _examine(training, sheet, bool(added) and complete)]
    audience, sex, ethnicity = _of_people(people.values()) if complete else _of_groups(basis, heads)
    approved = training.approved and all(sheet.approved for sheet in counted)
    return ClassCount(
        training,
        max(len(people), heads),
        people,
        complete,
        _person_days(training, counted, added, max(len(people), heads)),
        audience,
        sex,
        ethnicity,
        tuple(flags),
        counted,
        not approved,
    )


def participant_id(class_id: str, trainee: Trainee) -> str:
    """The own id of somebody within a class: 32 hex digits, the same however often the sheets are read."""
    return hashlib.sha256(f"{class_id}\n{trainee.key}".encode()).hexdigest()[:32]


def day_of(value: object) -> date | None:
    """The day that an answer says."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _told_apart(sheets: Sequence[Sheet]) -> tuple[tuple[Sheet, ...], list[Flag]]:
    """Those that count, the oldest first, and what is said of the others."""
    first: dict[tuple[object, ...], Sheet] = {}
    flags = []
    for sheet in sheets:
        known = first.setdefault(sheet.content, sheet)
        if known is not sheet:
            flags.append(Flag(TWICE, sheet.id, {"other": known.id}))
    kept = list(first.values())
    newest: dict[tuple[date | None, int | None], Sheet] = {
        (each.day, each.number): each for each in kept if each.number is not None
    }
    for each in kept:
        other = newest.get((each.day, each.number), each)
        if other is not each:
            flags.append(Flag(SAME_NUMBER, each.id, {"other": other.id, "number": each.number}))
    replaced = {flag.sheet_id for flag in flags}
    return tuple(each for each in kept if each.id not in replaced), flags


def _basis(sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
    """The sheets of the fullest day; those of the whole class where these hold as many."""
    by_day: dict[date | None, list[Sheet]] = defaultdict(list)
    for sheet in sheets:
        by_day[sheet.day].append(sheet)
    ranked = sorted(by_day.items(), key=lambda item: (_on_one_day(item[1]), item[0] is None, item[0] or date.min))
    return tuple(ranked[-1][1]) if ranked else ()


def _on_one_day(sheets: Iterable[Sheet]) -> int:
    """How many people stand on sheets of one day: each name once, and those who are not named."""
    sheets = tuple(sheets)
    named = {name.key for sheet in sheets for name in sheet.names}
    return len(named) + sum(_unnamed(sheet) for sheet in sheets)


def _unnamed(sheet: Sheet) -> int:
    return max(0, sheet.heads - len(sheet.names))


def _person_days(training: TrainingClass, sheets: Sequence[Sheet], added: Sequence[Trainee], turns: int) -> int | None:
    """By day sheets what stands on them; else everybody all days, or as many as was said at the desk."""
    days = {sheet.day for sheet in sheets if sheet.day is not None}
    by_day = sum(_on_one_day(sheet for sheet in sheets if sheet.day == day) for day in days)
    whole = _on_one_day(sheet for sheet in sheets if sheet.day is None)
    said = [each.days for each in added if each.days is not None]
    if not (whole or added) or (days and not whole):
        return by_day
    if training.days is None:
        return None if len(said) < turns else sum(said)
    missed = sum(max(0, training.days - each) for each in said)
    return max(by_day, turns * training.days - missed)


def _examine(training: TrainingClass, sheet: Sheet, named_later: bool) -> Iterable[Flag]:
    """What is wrong with one sheet by itself. `named_later`: all were named at the desk."""
    keys = [name.key for name in sheet.names]
    if len(set(keys)) < len(keys):
        twice = next(name.name for name in sheet.names if keys.count(name.key) > 1)
        yield Flag(NAMED_TWICE, sheet.id, {"name": twice})
    if len(keys) > sheet.heads:
        yield Flag(TOO_MANY_NAMES, sheet.id, {"names": len(keys), "heads": sheet.heads})
    elif keys:
        yield from _against_totals(sheet)
    if sheet.day is not None and not (training.first or sheet.day) <= sheet.day <= (training.last or sheet.day):
        yield Flag(OUTSIDE, sheet.id, {"day": sheet.day})
    if _unnamed(sheet) and not sheet.photos and not named_later:
        yield Flag(NO_PHOTO, sheet.id)


def _against_totals(sheet: Sheet) -> Iterable[Flag]:
    """Totals that cannot be, given the names: more of some kind are named than were counted."""
    whole = len(sheet.names) == sheet.heads
    for group in (*sheet.groups, *_absent(sheet)):
        named = [each for each in sheet.names if each.audience == group.audience]
        women = sum(each.sex == WOMEN for each in named)
        minority = sum(each.ethnic == MINORITY for each in named)
        sure = whole and all(each.ethnic != UNKNOWN for each in named)
        said = (
            ("heads", group.heads, len(named), whole),
            ("women", group.women, women, whole),
            ("minority", group.minority, minority, sure),
        )
        for what, total, count, exact in said:
            if total is not None and (count > total or (exact and count != total)):
                told = {"audience": group.audience, "what": what, "said": total, "named": count}
                yield Flag(DISAGREE, sheet.id, told)
                break


def _absent(sheet: Sheet) -> Iterable[Group]:
    counted = {group.audience for group in sheet.groups}
    named = {each.audience for each in sheet.names if each.audience}
    return [Group(each, 0) for each in sorted(named - counted)]


Shares = tuple[dict[str, int], dict[str, int], dict[str, int]]


def _of_people(people: Iterable[Trainee]) -> Shares:
    people = tuple(people)
    return (
        dict(Counter(each.audience or UNKNOWN for each in people)),
        dict(Counter(each.sex or UNKNOWN for each in people)),
        dict(Counter(each.ethnic for each in people)),
    )


def _of_groups(sheets: Sequence[Sheet], heads: int) -> Shares:
    """The same where not all are named: those who are, and the others by totals; what these do not say is unknown."""
    found: Shares = _of_people({name.key: name for sheet in sheets for name in sheet.names}.values())
    for sheet in sheets:
        for group in sheet.groups:
            named = [name for name in sheet.names if name.audience == group.audience]
            rest = max(0, group.heads - len(named))
            women = sum(name.sex == WOMEN for name in named)
            minority = sum(name.ethnic == MINORITY for name in named)
            _add(found[0], rest, rest, (group.audience, UNKNOWN))
            _add(found[1], rest, None if group.women is None else group.women - women, (WOMEN, MEN))
            _add(found[2], rest, None if group.minority is None else group.minority - minority, (MINORITY, MAJORITY))
    for shares in found:
        _level(shares, heads)
    return found


def _add(shares: dict[str, int], rest: int, part: int | None, names: tuple[str, str]) -> None:
    """Adds the rest of a group to its shares: `part` of it to the first name, the others to the second."""
    known = 0 if part is None else min(rest, max(0, part))
    one, other = names if part is not None else (UNKNOWN, UNKNOWN)
    for name, count in ((one, known), (other, rest - known)):
        if count:
            shares[name] = shares.get(name, 0) + count


def _level(shares: dict[str, int], heads: int) -> None:
    """Makes shares add up to the heads, where totals and names disagree."""
    missing = heads - sum(shares.values())
    if missing > 0:
        shares[UNKNOWN] = shares.get(UNKNOWN, 0) + missing
    for name in sorted(shares, key=lambda each: -shares[each]):
        taken = min(shares[name], max(0, -missing))
        shares[name] -= taken
        missing += taken
    for name in [each for each, count in shares.items() if not count]:
        del shares[name]


def _trainee(row: Mapping[str, Any]) -> Trainee | None:
    answers = flat(row)
    name = _text(answers.get("ho_ten"))
    if name is None:
        return None
    represents = answers.get("dai_dien")
    return Trainee(
        name,
        _count(answers.get("nam_sinh")),
        _text(answers.get("gioi")),
        _text(answers.get("dan_toc")),
        _text(answers.get("nhom")),
        _text(answers.get("thon_o")) or _text(answers.get("xa_o")),
        represents if represents in POOR_HOUSEHOLDS else None,
        _count(answers.get("so_ho")),
    )


def _text(value: object) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


@dataclass(frozen=True)
class Tested:
    """What tests of a class come to. `before`, `after`: how many tests, and their points together; `paired`: how many
    trainees have both, by their number on the sign-in sheet, and how many points more they have after; `satisfied`: of
    `asked` how many were satisfied."""

    before: tuple[int, int] = (0, 0)
    after: tuple[int, int] = (0, 0)
    paired: tuple[int, int] = (0, 0)
    satisfied: int = 0
    asked: int = 0

    @property
    def any(self) -> bool:
        """Whether there are tests."""
        return bool(self.before[0] or self.after[0])


TEST_QUESTIONS = 6
_SATISFIED = ("rat_hai_long", "hai_long")


def sum_tests(tests: Iterable[Mapping[str, Any]]) -> Tested:
    """The tests of a class (typed answers, oldest first). Of two of one trainee at one time the newer counts; one
    without a number counts by itself."""
    found: dict[tuple[bool, int | None, int], tuple[int, Mapping[str, Any]]] = {}
    for at, answers in enumerate(map(flat, tests)):
        points, number = _points(answers.get("diem")), _count(answers.get("so_danh_sach"))
        if points is not None and answers.get("lan") in ("truoc", "sau"):
            found[answers["lan"] == "sau", number, -1 if number is not None else at] = (points, answers)
    before = {key[1:]: points for key, (points, _) in found.items() if not key[0]}
    after = {key[1:]: (points, answers) for key, (points, answers) in found.items() if key[0]}
    both = [after[key][0] - before[key] for key in before.keys() & after.keys() if key[0] is not None]
    said = [answers.get("hai_long") for _, answers in after.values() if answers.get("hai_long")]
    return Tested(
        (len(before), sum(before.values())),
        (len(after), sum(points for points, _ in after.values())),
        (len(both), sum(both)),
        sum(each in _SATISFIED for each in said),
        len(said),
    )


def _points(value: object) -> int | None:
    """Points as they are worked out on the phone: a number, or its text."""
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    number = int(number) if isinstance(number, float) and number.is_integer() else number
    count = _count(number)
    return count if count is not None and count <= TEST_QUESTIONS else None
