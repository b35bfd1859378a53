"""Invented answers of the form `village_criteria` for demonstration: always the same for the same village and seed.

No household number here is real. The shares follow the awkward cases of the law (a village that is both "specially
difficult" and "finished", one that is neither, the dead band of the classrooms, a village exactly on a threshold),
facts that nobody knows, and a few sheets that break the identities of the form, as tired people do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from types import MappingProxyType

CUTOFF_2019 = date(2019, 6, 30)
SYNTHETIC_NOTE = "Dữ liệu mẫu, không có thật (synthetic)."


@dataclass(frozen=True, slots=True)
class Place:
    """What the phone puts into `xa`, `thon` and `ky`: the `name` column of the lists communes, villages and rounds."""

    xa: str
    thon: str
    ky: str


@dataclass(frozen=True, slots=True)
class DemoSheet:
    """One invented sheet. `answers` is keyed by field name; an unknown count is absent.

    `photos` are the file names the answers name; `breaks` the fields whose constraint the answers break;
    `case` the name of the case it shows.
    """

    case: str
    answers: Mapping[str, object]
    photos: tuple[str, ...]
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """Shares in percent of all households, of twenties so that they come out whole; counts of classrooms."""

    name: str
    poor: int
    near: int | None
    minority: int
    road: str = "co"
    rooms: tuple[int, int] | None = (2, 2)
    house: str = "co"
    recognised: str = "khong"
    standard: str = "qd59_2015"
    grid: int = 100
    passable: str = "di_duoc"
    scale: int = 20
    breaks: tuple[str, ...] = ()


_CASES = (
    _Case("both_true", 30, 30, 90, road="khong"),
    _Case("neither_everything_built", 34, 32, 96, scale=50),
    _Case("neither_nothing_built", 15, 25, 80, road="khong", rooms=(2, 0), house="khong", passable="rat_kho"),
    _Case("dead_band", 25, 30, 50, road="khong", rooms=(2, 1)),
    _Case("exactly_on_the_threshold", 35, 30, 100, road="khong", house="khong"),
    _Case("hard", 50, 30, 100, road="khong", rooms=(2, 0), house="khong", grid=60, passable="khong_co"),
    _Case("hard_one_room", 40, 30, 95, road="khong", rooms=(1, 0), passable="rat_kho"),
    _Case("nearly_there", 10, 45, 85, road="khong", rooms=(3, 2), house="khong"),
    _Case("well_off", 5, 10, 60),
    _Case("well_off_without_a_house", 10, 10, 40, house="khong"),
    _Case("recognised_village", 5, 5, 75, recognised="co"),
    _Case("poor_count_not_known", 30, None, 90, road="khong"),
    _Case("road_not_known", 30, 30, 70, road="khong_ro", rooms=(2, 0), passable="khong_ro"),
    _Case("no_nursery_class", 30, 30, 60, road="khong", rooms=(0, 0)),
    _Case("nobody_counted_the_rooms", 25, 20, 85, road="khong", rooms=None, house="khong"),
    _Case("another_poverty_standard", 20, 15, 90, road="khong", standard="nd07_2021"),
    _Case("more_minority_than_households", 20, 20, 110, breaks=("ho_dtts",)),
    _Case("more_poor_than_households", 60, 55, 100, road="khong", breaks=("ho_ngheo", "ho_can_ngheo")),
)


def make_demo_sheet(village_key: str, seed: int, place: Place, cutoff: date = CUTOFF_2019) -> DemoSheet:
    """Invent the sheet of one village. The same key and seed give the same sheet on every machine.

    Over the demonstration villages the cases come about equally often; two in eighteen break an identity.
    """
    case = _CASES[_pick(village_key, seed, "case", len(_CASES))]
    total = case.scale * (1 + _pick(village_key, seed, "size", 200 // case.scale))
    photo = f"duong-mau-{village_key}.jpg"
    answers: dict[str, object] = {"xa": place.xa, "thon": place.thon, "ky": place.ky, "ngay_chot": cutoff.isoformat()}
    answers |= _people(case, total) | _poverty(case, total, cutoff) | _works(case, village_key, seed)
    answers |= {"ly_do_khong_gps": "khong_bat_duoc", "ghi_chu": SYNTHETIC_NOTE}
    answers |= _services(case, total, _pick(village_key, seed, "services", 4))
    if case.road == "co":
        answers["anh_duong"] = photo
    return DemoSheet(case.name, MappingProxyType(answers), (photo,) if case.road == "co" else (), case.breaks)


def _people(case: _Case, total: int) -> dict[str, object]:
    minority = total * case.minority // 100
    return {"tong_ho": total, "ho_dtts": minority, "nhan_khau": total * 4, "nguoi_dtts": min(minority, total) * 4}


def _poverty(case: _Case, total: int, cutoff: date) -> dict[str, object]:
    poor = total * case.poor // 100
    counts: dict[str, object] = {
        "chuan_ngheo": case.standard,
        "quyet_dinh_so": "MẪU-01/QĐ-UBND",
        "quyet_dinh_ngay": date(cutoff.year - 1, 12, 20).isoformat(),
        "ho_ngheo": poor,
        "ho_ngheo_dtts": min(poor, total * case.minority // 100) * 3 // 4,
    }
    return counts if case.near is None else counts | {"ho_can_ngheo": total * case.near // 100}


def _works(case: _Case, village_key: str, seed: int) -> dict[str, object]:
    length = 1 + _pick(village_key, seed, "road", 6)
    works: dict[str, object] = {
        "duong_truc_cung_hoa": case.road,
        "duong_mua_mua": case.passable,
        "nha_van_hoa_khu_the_thao": case.house,
        "thon_dat_ntm": case.recognised,
        "duong_dai_km": length,
    }
    if case.road != "khong_ro":
        works["duong_cung_hoa_km"] = length if case.road == "co" else length * 0.25
    if case.recognised == "co":
        works |= {"ntm_quyet_dinh_so": "MẪU-NTM-01", "ntm_quyet_dinh_ngay": "2018-12-28"}
    if case.rooms is not None:
        works["phong_mau_giao"] = case.rooms[0]
        if case.rooms[0] > 0:
            works["phong_mau_giao_kien_co"] = case.rooms[1]
    return works


def _services(case: _Case, total: int, step: int) -> dict[str, object]:
    return {
        "ho_dien_luoi": total * case.grid // 100,
        "ho_nuoc_hvs": total * (95 - 10 * step) // 100,
        "ho_nha_tieu_hvs": total * (85 - 10 * step) // 100,
        "song_di_dong": ("tot", "chap_chon", "chap_chon", "khong_co")[step],
    }


def _pick(village_key: str, seed: int, what: str, choices: int) -> int:
    """A number below `choices` that depends on nothing but the arguments."""
    return int.from_bytes(sha256(f"{seed}|{village_key}|{what}".encode()).digest()[:8]) % choices
