"""Invented sheets of the other people of the demo: last year's round, communes, village meetings. Always the same.

No number here is real, and each sheet says so. What they are for: a round to compare with and to take answers over
from, communes that the law can be asked about, and the evidence of one commune complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256

from server.domain.data_files import AreaRow
from server.domain.demo_facts import CUTOFF_2019, SYNTHETIC_NOTE, Place, make_demo_sheet

CUTOFF_2018 = date(2018, 6, 30)
WITH_2018 = frozenset(("qn-binh-lieu-vo-ngai", "qn-tien-yen-ha-lau", "qn-ba-che-thanh-lam", "qn-binh-lieu-dong-van"))
"""Communes whose villages reported the year before."""
COMPLETE = "qn-tien-yen-ha-lau"
"""The commune whose evidence is all there."""
SEED = 2019


@dataclass(frozen=True, slots=True)
class DemoStep:
    """One sheet somebody of the demo sends. `key`: its own, for ever; `photos`: the names of its files; `approve`:
    whether the office approves it then, so that lists for phones name it; `instance_id`: where others refer to it;
    `pictures`: files that are drawn already."""

    key: str
    form_id: str
    answers: Mapping[str, object]
    photos: tuple[str, ...] = ()
    approve: bool = False
    instance_id: str | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def list_demo_steps(villages: Sequence[AreaRow], communes: Mapping[str, AreaRow]) -> Iterator[DemoStep]:
    """The sheets in the order in which they are sent. `communes`: the tree by key."""
    yield from _last_year(villages, communes)
    for key in dict.fromkeys(village.parent_key or "" for village in villages):
        yield _commune(communes[key])
    for village in villages:
        if village.parent_key == COMPLETE or village.key.endswith("-01"):
            yield _meeting(village, communes[village.parent_key or ""])


def _last_year(villages: Sequence[AreaRow], communes: Mapping[str, AreaRow]) -> Iterator[DemoStep]:
    """A third of the villages had no hardened road and more poor households the year before."""
    for village in villages:
        if village.parent_key not in WITH_2018:
            continue
        place = Place(communes[village.parent_key].uuid, village.uuid, "2018")
        sheet = make_demo_sheet(village.key, SEED, place, CUTOFF_2018)
        answers, photos = dict(sheet.answers), sheet.photos
        if sheet.breaks:
            continue
        if _pick(village.key, 3) == 0 and answers.get("duong_truc_cung_hoa") == "co":
            answers |= {"duong_truc_cung_hoa": "khong", "duong_cung_hoa_km": 0}
            answers.pop("anh_duong", None)
            photos = ()
        more = _whole(answers["tong_ho"]) // 20
        left = _whole(answers["tong_ho"]) - _whole(answers["ho_ngheo"]) - _whole(answers.get("ho_can_ngheo", 0))
        answers["ho_ngheo"] = _whole(answers["ho_ngheo"]) + min(more, left)
        if answers.get("thon_dat_ntm") == "co":
            answers["thon_dat_ntm"] = "khong"
            answers.pop("ntm_quyet_dinh_so", None)
            answers.pop("ntm_quyet_dinh_ngay", None)
        yield DemoStep(f"2018/{village.key}", "village_criteria", answers, photos, approve=True)


def _commune(commune: AreaRow) -> DemoStep:
    """What a commune attests; every third lacks one thing, every fifth two."""
    lacks = _pick(commune.key, 5)
    yes, no = "co", "khong"
    answers: dict[str, object] = {
        **{"xa": commune.uuid, "ky": "2019", "ngay_chot": CUTOFF_2019.isoformat()},
        **{"duong_xa_nhua_hoa": yes, "truong_chuan_quoc_gia": no if lacks == 1 else yes},
        **{"y_te_dat_tieu_chi": no if lacks == 2 else yes, "co_trung_tam_vhtt": no if lacks > 2 else yes},
        **{"ntm_2": yes, "ntm_3": yes, "ntm_4": yes, "ntm_5": no if lacks == 1 else yes},
        **{"ntm_6_1": no if lacks > 2 else yes, "ntm_6_3": no, "ntm_8_3": yes, "ntm_17_1": no if lacks == 4 else yes},
        **{"dai_dien_ho": 120, "dai_dien_ho_tap_huan": 20 + 4 * lacks, "can_bo_co_so": 40},
        **{"can_bo_tap_huan": 18 + 3 * lacks, "ghi_chu": SYNTHETIC_NOTE},
    }
    return DemoStep(f"commune/{commune.key}", "commune_criteria", answers, approve=lacks != 3)


def _meeting(village: AreaRow, commune: AreaRow) -> DemoStep:
    """A village meeting with its minutes; posted long enough in the commune whose evidence is complete."""
    households = _whole(make_demo_sheet(village.key, SEED, Place("", "", "2019")).answers["tong_ho"])
    met, whole = CUTOFF_2019 - timedelta(days=10), village.parent_key == COMPLETE
    answers: dict[str, object] = {
        **{"xa": commune.uuid, "thon": village.uuid, "ky": "2019", "ngay_hop": met.isoformat()},
        **{"tong_ho": households, "ho_du_hop": households * 4 // 5, "nguoi_du_hop": households},
        **{"phu_nu_du_hop": households // 2, "anh_bien_ban": f"bien-ban-mau-{village.key}.jpg"},
        "bieu_quyet": [{"noi_dung": "ho_ngheo", "dong_y": households * 3 // 4, "khong_dong_y": households // 20}],
        **{"niem_yet": "co", "niem_yet_tu": (met + timedelta(days=1)).isoformat(), "ghi_chu": SYNTHETIC_NOTE},
    }
    photos: tuple[str, ...] = (f"bien-ban-mau-{village.key}.jpg",)
    if whole:
        posted = f"niem-yet-mau-{village.key}.jpg"
        answers |= {"niem_yet_den": (met + timedelta(days=9)).isoformat(), "anh_niem_yet": posted}
        answers |= {"kien_nghi_nhan": 1, "kien_nghi_tra_loi": 1}
        photos = (*photos, posted)
    return DemoStep(f"meeting/{village.key}", "village_meeting", answers, photos, approve=whole)


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"no count: {value!r}")
    return value


def _pick(key: str, choices: int) -> int:
    return int.from_bytes(sha256(f"steps|{key}".encode()).digest()[:8]) % choices
