"""Invented classes for the demo: what the article tells of training comes out of them by counting.

From 2018 to May 2019 the province holds 9 classes of more than 1,000 turns, attended by fewer persons; districts hold
others beside them. Nobody in them is real: they are called "Học viên mẫu" and a number.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from server.domain.demo_photo import draw_photo
from server.domain.training import ATTENDANCE_FORM, CLASS_FORM

NAMED_AT_ONCE = 30
_IDS = uuid.UUID("6f0c3a52-0d0b-5a35-8d6e-3b1f5a135135")
_POOL = 640
"""So many invented persons are asked to classes of the province."""
_STEP = 97
"""How far each class begins from the one before in the ring of those who are asked."""


@dataclass(frozen=True)
class DemoVillage:
    """A village that somebody of the demo comes from: own ids and names."""

    commune_id: str
    commune: str
    village_id: str
    village: str


@dataclass(frozen=True)
class DemoUnit:
    """The province or a district, with villages in it."""

    id: str
    name: str
    villages: tuple[DemoVillage, ...]


@dataclass(frozen=True)
class DemoTrainingSheet:
    """A sheet to be sent: the id of its form, its own id, the answers, and the photos that these name."""

    form_id: str
    instance_id: str
    answers: Mapping[str, object]
    photos: Mapping[str, bytes]


@dataclass(frozen=True)
class DemoPeople:
    """People that the office adds to a class, as a table to be pasted."""

    class_id: str
    table: str


@dataclass(frozen=True)
class DemoTraining:
    """What is to be sent, in order: the `classes` (to be approved before the next, so that phones may choose them), the
    sheets of `attendance`, and then the `people` to be added at the desk."""

    classes: Sequence[DemoTrainingSheet]
    attendance: Sequence[DemoTrainingSheet]
    people: Sequence[DemoPeople]


@dataclass(frozen=True)
class _Class:
    name: str
    topic: str
    first: date
    days: int
    heads: int
    how: str = "tai_lop"
    on_paper: bool = False


_PROVINCE = (
    _Class("Quy trình đầu tư, xây dựng công trình", "xay_dung", date(2018, 3, 13), 3, 118),
    _Class("Đấu thầu công trình nhỏ", "dau_thau", date(2018, 4, 17), 2, 104, on_paper=True),
    _Class("Quản lý ngân sách, tài chính và tài sản", "tai_chinh", date(2018, 6, 12), 3, 121, on_paper=True),
    _Class("Giám sát đầu tư của cộng đồng", "giam_sat", date(2018, 8, 7), 2, 125),
    _Class("Quản lý, bảo vệ công trình", "quan_ly_bao_ve", date(2018, 9, 11), 2, 112, on_paper=True),
    _Class("Tham quan mô hình sản xuất", "mo_hinh", date(2018, 10, 16), 2, 96, "tham_quan"),
    _Class("Quy trình đầu tư, xây dựng công trình, lớp 2", "xay_dung", date(2019, 3, 19), 3, 115, on_paper=True),
    _Class("Rà soát tiêu chí hoàn thành Chương trình 135", "tieu_chi", date(2019, 4, 16), 2, 130),
    _Class("Rà soát tiêu chí hoàn thành Chương trình 135, lớp 2", "tieu_chi", date(2019, 5, 14), 2, 110, on_paper=True),
)
_DISTRICT = (
    _Class("Vai trò của người dân trong chương trình", "nguoi_dan", date(2018, 5, 22), 1, 42),
    _Class("Chăn nuôi gà thả vườn", "chan_nuoi", date(2018, 11, 6), 2, 34, "thuc_hanh"),
    _Class("Trồng ba kích dưới tán rừng", "trong_trot", date(2019, 4, 9), 2, 38, "thuc_hanh"),
)
_OFFICIALS = (
    "lanh_dao_huyen",
    "lanh_dao_xa",
    "lanh_dao_xa",
    "tham_muu",
    "tham_muu",
    "ban_gscd",
    "ban_gscd",
    "truong_thon",
)
_RESIDENTS = ("truong_thon", "ctv_giam_ngheo", "uy_tin", "ho_ngheo", "ho_ngheo", "nguoi_dan")
_GROUPS = ("dao", "tay", "san_chi", "kinh", "dao", "tay")
_LABELS = {"dao": "Dao", "tay": "Tày", "san_chi": "Sán Chỉ", "kinh": "Kinh"}


def make_demo_training(province: DemoUnit, districts: Sequence[DemoUnit]) -> DemoTraining:
    """The classes of the demo, with who came. Of a district's first class only totals are known. The same units give
    the same sheets."""
    classes: list[DemoTrainingSheet] = []
    attendance: list[DemoTrainingSheet] = []
    people: list[DemoPeople] = []
    for number, each in enumerate(_PROVINCE):
        key = f"province-{number + 1}"
        classes.append(_announce(key, "tinh", province, each))
        who = [_person((number * _STEP + at) % _POOL, _OFFICIALS, province.villages) for at in range(each.heads)]
        if each.on_paper:
            attendance.append(_on_paper(key, who))
            people.append(DemoPeople(class_id(key), _table(who, province.villages)))
        else:
            attendance += _by_name(key, who)
    for place, district in enumerate(districts):
        for number, each in enumerate(_DISTRICT):
            key = f"district-{place + 1}-{number + 1}"
            classes.append(_announce(key, "huyen", district, each))
            start = 1000 * (place + 1) + number * 20
            who = [_person(start + at, _RESIDENTS, district.villages) for at in range(each.heads)]
            attendance += [_on_paper(key, who)] if number == 0 else _by_name(key, who)
    return DemoTraining(classes, attendance, people)


def class_id(key: str) -> str:
    """What the attendance of a class of the demo calls it by."""
    return str(uuid.uuid5(_IDS, f"class-{key}"))


def _announce(key: str, level: str, unit: DemoUnit, each: _Class) -> DemoTrainingSheet:
    officials = level == "tinh"
    audiences = dict.fromkeys(_OFFICIALS if officials else _RESIDENTS)
    answers: dict[str, object] = {
        "cap": level,
        "don_vi": unit.id,
        "co_quan": "Ban Dân tộc tỉnh" if officials else f"Phòng Dân tộc {unit.name}",
        "ten_lop": f"{each.name} (mẫu)",
        "chu_de": each.topic,
        "tu_ngay": each.first.isoformat(),
        "den_ngay": (each.first + timedelta(days=each.days - 1)).isoformat(),
        "so_ngay": str(each.days),
        "dia_diem": "Hội trường mẫu",
        "hinh_thuc": each.how,
        "tieng": ["viet"],
        "giang_vien": "Cơ quan mẫu",
        "chuong_trinh": "ct135",
        "doi_tuong": list(audiences),
        **{f"dk_{audience}": str(each.heads // len(audiences)) for audience in audiences},
        "ghi_chu": "Dữ liệu mẫu, không phải lớp có thật.",
    }
    return DemoTrainingSheet(CLASS_FORM, f"uuid:{class_id(key)}", answers, {})


Person = Mapping[str, str]


def _person(number: int, audiences: Sequence[str], villages: Sequence[DemoVillage]) -> Person:
    """The invented person of a number, always the same."""
    village, audience = villages[number % len(villages)], audiences[number % len(audiences)]
    person = {
        "ho_ten": f"Học viên mẫu {number + 1:03}",
        "nam_sinh": str(1955 + (number * 7) % 45),
        "gioi": "nu" if number % 5 in (0, 2) else "nam",
        "dan_toc": _GROUPS[number % len(_GROUPS)],
        "nhom": audience,
        "xa_o": village.commune_id,
    }
    if audience not in ("lanh_dao_huyen", "lanh_dao_xa", "tham_muu"):
        person["thon_o"] = village.village_id
    if audience == "ho_ngheo":
        person |= {"dai_dien": "ho_ngheo" if number % 2 else "ho_can_ngheo", "so_ho": str(number % 90 + 1)}
    elif audience == "nguoi_dan":
        person["dai_dien"] = "khong"
    return person


def _by_name(key: str, who: Sequence[Person]) -> list[DemoTrainingSheet]:
    """Pages of at most thirty names."""
    made = []
    for page, start in enumerate(range(0, len(who), NAMED_AT_ONCE), start=1):
        some = who[start : start + NAMED_AT_ONCE]
        named = {"ghi_ten": "co", "dong_y": "co", "so_ten": str(len(some)), "hoc_vien": [dict(each) for each in some]}
        made.append(_sheet(key, page, _totals(key, page, some) | named, {}))
    return made


def _on_paper(key: str, who: Sequence[Person]) -> DemoTrainingSheet:
    """One sheet of totals with a picture of what was signed."""
    seed = sum(map(ord, key))
    answers = _totals(key, 1, who) | {"ghi_ten": "khong", "anh_1": "to_1.jpg"}
    return _sheet(key, 1, answers, {"to_1.jpg": draw_photo(seed)})


def _sheet(key: str, page: int, answers: dict[str, object], photos: Mapping[str, bytes]) -> DemoTrainingSheet:
    return DemoTrainingSheet(ATTENDANCE_FORM, f"uuid:{uuid.uuid5(_IDS, f'sheet-{key}-{page}')}", answers, photos)


def _totals(key: str, page: int, who: Sequence[Person]) -> dict[str, object]:
    heads = Counter(each["nhom"] for each in who)
    women = Counter(each["nhom"] for each in who if each["gioi"] == "nu")
    minority = Counter(each["nhom"] for each in who if each["dan_toc"] != "kinh")
    both = Counter(each["nhom"] for each in who if each["gioi"] == "nu" and each["dan_toc"] != "kinh")
    counts = {"n": heads, "nu": women, "dt": minority, "nudt": both}
    return {
        "lop": class_id(key),
        "cach_ghi": "ca_lop",
        "to_so": str(page),
        "doi_tuong": sorted(heads),
        **{f"{part}_{audience}": str(count[audience]) for part, count in counts.items() for audience in heads},
    }


def _table(who: Sequence[Person], villages: Sequence[DemoVillage]) -> str:
    """The same people as a table of the sign-in sheet."""
    communes = {each.commune_id: each.commune for each in villages}
    names = {each.village_id: each.village for each in villages}
    lines = ["Họ tên\tNăm sinh\tGiới tính\tDân tộc\tĐối tượng\tXã\tThôn"]
    for each in who:
        sex = "Nữ" if each["gioi"] == "nu" else "Nam"
        place = (communes[each["xa_o"]], names.get(each.get("thon_o", ""), ""))
        cells = (each["ho_ten"], each["nam_sinh"], sex, _LABELS[each["dan_toc"]], each["nhom"], *place)
        lines.append("\t".join(cells))
    return "\n".join(lines)
