"""Invented works and production models of the demo, with progress, supervision and upkeep, in the order in which their
sheets are sent. Nothing of it is real, and each sheet says so.

They show what the pages tell: works in time, late and finished, one that nobody has approved, one whose pipe is broken,
findings that were answered, settled, and one that waits too long; models that are to be repeated and one that is not.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from server.domain.data_files import AreaRow
from server.domain.demo_facts import SYNTHETIC_NOTE
from server.domain.demo_steps import DemoStep
from server.domain.production import FORM as MODEL
from server.domain.production import HOUSEHOLDS
from server.domain.supervision import CHECKS
from server.domain.supervision import FORM as SUPERVISION
from server.domain.works import PROGRESS, REGISTER, UPKEEP

DONG_VAN, HA_LAU = "qn-binh-lieu-dong-van", "qn-tien-yen-ha-lau"
VO_NGAI, THANH_LAM = "qn-binh-lieu-vo-ngai", "qn-ba-che-thanh-lam"
COMMUNES = (DONG_VAN, HA_LAU, VO_NGAI, THANH_LAM)
"""Where the works and models of the demo lie."""
_IDS = uuid.UUID("3b7f6c1e-7a35-4f0e-9c50-135000002019")
Answers = dict[str, object]


@dataclass(frozen=True, slots=True)
class DemoAnswer:
    """What the commune answers to a finding at the desk, and on which day."""

    finding_id: str
    text: str
    on: date


def list_demo_works(villages: Sequence[AreaRow], communes: Mapping[str, AreaRow]) -> Iterator[DemoStep]:
    """The sheets in the order in which they are sent, each to be approved before the next where it says so: lists for
    phones then name it. `communes`: the tree by key."""
    places = {village.key: village for village in villages}
    yield from _registers(places, communes)
    yield from _progress()
    yield from _visits()
    yield from _upkeep()
    yield from _models(places, communes)


def list_demo_answers() -> tuple[DemoAnswer, ...]:
    """What communes answer once all sheets are there."""
    return (
        DemoAnswer(f"{bare('visit/canal-1')}-1", "Đã yêu cầu nhà thầu đậy nắp cống (mẫu).", date(2019, 4, 20)),
        DemoAnswer(f"{bare('visit/road-1')}-1", "Đã đổ lại 40 m đầu tuyến (mẫu).", date(2018, 9, 24)),
    )


def bare(key: str) -> str:
    """The id by which other sheets name one of these."""
    return str(uuid.uuid5(_IDS, key))


def _step(key: str, form_id: str, answers: Answers, photos: Mapping[str, str] = {}, approve: bool = True) -> DemoStep:
    said = {**answers, **photos, "ghi_chu": SYNTHETIC_NOTE}
    return DemoStep(f"works/{key}", form_id, said, tuple(photos.values()), approve, f"uuid:{bare(key)}")


def _registers(places: Mapping[str, AreaRow], communes: Mapping[str, AreaRow]) -> Iterator[DemoStep]:
    def at(commune: str, *numbers: int) -> Answers:
        within = [places[f"{commune}-{number:02}"].uuid for number in numbers]
        kind = {0: "xa", 1: "thon"}.get(len(within), "nhieu_thon")
        where: Answers = {"xa": communes[commune].uuid, "pham_vi": kind}
        if len(within) == 1:
            where["thon"] = within[0]
        elif within:
            where["cac_thon"] = " ".join(within)
        return where

    def dates(approved: str, begun: str | None, due: str) -> Answers:
        found: Answers = {"ngay_duyet": approved, "ngay_xong_ke_hoach": due, "quyet_dinh_so": "MẪU-135"}
        return found | ({"ngay_khoi_cong": begun} if begun else {})

    road = _named("Đường bê tông Khe Tiền (mẫu)", "duong", "khong", 5, "21.5701 107.4702 0 0")
    road |= {"quy_mo": "0,9 km, rộng 3 m", "von_trung_uong": 1_500_000_000, "von_dia_phuong": 300_000_000}
    yield _step("road", REGISTER, at(DONG_VAN, 1) | road | dates("2018-03-01", "2018-04-02", "2018-12-31"))
    canal = _named("Kênh mương Nà Hắc (mẫu)", "thuy_loi", "khong", 5, "21.3904 107.3301 0 0")
    canal |= {"von_trung_uong": 560_000_000, "von_dan_gop": 60_000_000}
    yield _step("canal", REGISTER, at(HA_LAU, 1) | canal | dates("2018-11-05", "2018-12-03", "2019-05-31"))
    house = _named("Nhà văn hóa Ngàn Chi (mẫu)", "van_hoa", "co", 4, "21.5202 107.3503 0 0")
    house |= {"von_trung_uong": 640_000_000, "von_dan_gop": 140_000_000}
    yield _step("house", REGISTER, at(VO_NGAI, 1) | house | dates("2019-01-10", "2019-03-01", "2019-10-30"))
    water = _named("Nước sinh hoạt liên thôn (mẫu)", "nuoc", "khong", 6, "21.2803 107.2204 0 0")
    water |= {"von_trung_uong": 700_000_000, "von_dia_phuong": 240_000_000}
    yield _step("water", REGISTER, at(THANH_LAM, 1, 2, 3) | water | dates("2018-02-12", "2018-03-05", "2018-09-30"))
    school = _named("Điểm trường mầm non (mẫu)", "truong", "co", 5, "21.3005 107.2401 0 0")
    yield _step(
        "school",
        REGISTER,
        at(THANH_LAM, 5) | school | {"von_trung_uong": 410_000_000} | dates("2018-01-15", "2018-02-26", "2018-08-31"),
    )
    ford = _named("Ngầm tràn trung tâm xã (mẫu)", "cau", "khong", None, None)
    yield _step("ford", REGISTER, at(HA_LAU) | ford | dates("2019-06-10", None, "2020-04-30"), approve=False)


def _named(name: str, kind: str, community: str, board: int | None, place: str | None) -> Answers:
    found: Answers = {"ten_cong_trinh": name, "loai": kind, "cong_dong_lam": community}
    if board is not None:
        found["ban_gs_thanh_vien"] = board
    return found | ({"toa_do": place} if place else {})


def _progress() -> Iterator[DemoStep]:
    rows: tuple[tuple[str, str, int, int, str], ...] = (
        ("road", "2018-06-30", 30, 400_000_000, "khong_co"),
        ("road", "2018-09-30", 70, 1_200_000_000, "thoi_tiet"),
        ("road", "2018-12-20", 100, 1_720_000_000, "khong_co"),
        ("water", "2018-06-30", 45, 380_000_000, "vat_lieu"),
        ("water", "2018-10-25", 100, 930_000_000, "khong_co"),
        ("school", "2018-05-31", 60, 200_000_000, "khong_co"),
        ("school", "2018-08-20", 100, 405_000_000, "khong_co"),
        ("canal", "2019-02-28", 35, 150_000_000, "thoi_tiet"),
        ("canal", "2019-06-25", 80, 430_000_000, "von vat_lieu"),
        ("house", "2019-05-31", 35, 180_000_000, "khong_co"),
    )
    for number, (work, on, percent, paid, troubles) in enumerate(rows):
        answers: Answers = {"cong_trinh": bare(work), "ngay": on, "khoi_luong": percent, "da_giai_ngan": paid}
        answers |= {"vuong_mac": troubles, "hoan_thanh": "co" if percent == 100 else "khong"}
        if percent == 100:
            answers["ngay_hoan_thanh"] = on
        if troubles != "khong_co":
            answers["vuong_mac_ro"] = "Lý do mẫu, không phải việc thật."
        photos = {"anh_toan_canh": f"tien_do_{work}_{number}.jpg"}
        # the newest one is still to be looked at
        yield _step(
            f"progress/{work}-{number}", PROGRESS, answers, photos, approve=(work, on) != ("house", "2019-05-31")
        )


def _visits() -> Iterator[DemoStep]:
    right: Answers = {"ban_du": 5, **dict.fromkeys(CHECKS, "co"), "co_phat_hien": "khong", "mttq_xac_nhan": "co"}

    def visit(key: str, work: str, on: str, said: Answers) -> DemoStep:
        photos = {"anh_bien_ban": f"giam_sat_{key}.jpg"}
        return _step(f"visit/{key}", SUPERVISION, right | {"cong_trinh": bare(work), "ngay": on} | said, photos)

    def found(*some: Answers) -> Answers:
        return {"co_phat_hien": "co", "phat_hien": list(some)}

    thin: Answers = {"noi_dung": "Bê tông đầu tuyến mỏng hơn bản vẽ (mẫu).", "kien_nghi": "Đổ lại đoạn đầu tuyến."}
    lids: Answers = {"noi_dung": "Hố ga chưa có nắp (mẫu).", "kien_nghi": "Đậy nắp, rào chắn."}
    sand: Answers = {"noi_dung": "Cát trộn lẫn đất (mẫu).", "kien_nghi": "Thay cát, cho xem chứng chỉ vật liệu."}
    sign: Answers = {"noi_dung": "Chưa niêm yết thông tin công trình (mẫu).", "kien_nghi": "Dựng bảng công khai."}
    measured: Answers = {
        "do_dac": [{"hang_muc": "Chiều dày bê tông", "don_vi": "cm", "theo_ban_ve": 18, "do_duoc": 15}]
    }
    workers: Answers = {"lao_dong": 14, "lao_dong_dia_phuong": 9, "lao_dong_dtts": 9, "lao_dong_nu": 5}
    wrong: Answers = {"vat_lieu": "khong", "vat_lieu_ro": "Bê tông mỏng ở đoạn đầu."}
    first = found(thin | {"han_tra_loi": "2018-09-30"})
    yield visit("road-1", "road", "2018-09-12", wrong | first | measured | workers)
    settled: Answers = {"xem_lai": [{"kien_nghi_truoc": f"{bare('visit/road-1')}-1", "ket_qua": "da_xong"}]}
    yield visit("road-2", "road", "2018-12-15", settled | workers)
    few: Answers = {"den_bu": "khong_ap_dung", "lao_dong": 8, "lao_dong_dia_phuong": 8}
    yield visit("water-1", "water", "2018-06-14", few)
    two = found(lids | {"han_tra_loi": "2019-04-22"}, sand | {"han_tra_loi": "2019-05-10"})
    yield visit("canal-1", "canal", "2019-04-08", two | workers)
    hidden: Answers = {"cong_khai": "khong", "cong_khai_ro": "Không thấy bảng thông tin.", "mttq_xac_nhan": "chua"}
    yield visit("house-1", "house", "2019-06-12", hidden | found(sign))


def _upkeep() -> Iterator[DemoStep]:
    rows: tuple[tuple[str, str, str, str, str, str, int], ...] = (
        ("road", "2019-03-20", "dinh_ky", "4", "thoat_nuoc", "roi", 0),
        ("school", "2019-04-02", "dinh_ky", "5", "khong", "", 0),
        ("water", "2019-01-18", "dinh_ky", "4", "khong", "", 0),
        ("water", "2019-06-05", "su_co", "2", "thiet_bi sat_lo", "mot_phan", 6_500_000),
    )
    for number, (work, on, why, condition, faults, mended, cost) in enumerate(rows):
        answers: Answers = {"cong_trinh": bare(work), "ngay": on, "ly_do": why, "tinh_trang": condition}
        answers |= {"hu_hong": faults, "chi_phi": cost, "ngay_cong": 12 if mended else 0}
        if mended:
            answers |= {"da_sua": mended, "hu_hong_ro": "Chỗ hỏng mẫu."}
        if cost:
            answers["ai_tra"] = "dan_gop"
        photos = {"anh_truoc": f"duy_tu_{work}_{number}.jpg"}
        if mended:
            photos["anh_sau"] = f"duy_tu_{work}_{number}_sau.jpg"
        yield _step(f"upkeep/{work}-{number}", UPKEEP, answers, photos)


def _models(places: Mapping[str, AreaRow], communes: Mapping[str, AreaRow]) -> Iterator[DemoStep]:
    def start(key: str, village: str, said: Answers, approve: bool = True) -> DemoStep:
        area = places[village]
        where: Answers = {"xa": communes[area.parent_key or ""].uuid, "pham_vi": "thon", "thon": area.uuid}
        photos = {"anh": f"mo_hinh_{key}.jpg"}
        return _step(f"model/{key}", MODEL, {"giai_doan": "dau"} | where | said, photos, approve)

    def later(key: str, phase: str, on: str, said: Answers) -> DemoStep:
        answers: Answers = {"giai_doan": phase, "mo_hinh": bare(f"model/{key}"), "ngay": on} | said
        return _step(f"model/{key}/{phase}", MODEL, answers, {"anh": f"mo_hinh_{key}_{phase}.jpg"})

    goats = _model("Nuôi dê sinh sản (mẫu)", "chan_nuoi", (20, 12, 8, 20, 6), (160_000_000, 40_000_000))
    yield start(
        "goats",
        f"{VO_NGAI}-01",
        goats | _lies("2018-04-10", "21.5231 107.3552 0 0") | {"so_luong": 40, "don_vi": "con"},
    )
    yield later("goats", "giua", "2018-10-15", {"tong_ho": 20, "con_song": 38, "thu_nhap": "khong_doi"})
    better: Answers = {"thu_nhap": "tang", "thu_nhap_muc": 6_000_000, "nhan_rong": "co", "ho_tu_lam": 5}
    better |= {"tong_ho": 19, "con_song": 36, "ly_do": "Dê hợp khí hậu (mẫu)."}
    yield later("goats", "cuoi", "2019-05-20", better)
    trees = _model("Trồng quế (mẫu)", "lam_nghiep", (16, 6, 5, 14, 3), (96_000_000, 30_000_000))
    yield start(
        "cinnamon",
        f"{THANH_LAM}-02",
        trees | _lies("2018-06-01", "21.2852 107.2303 0 0") | {"so_luong": 12_000, "don_vi": "cay"},
    )
    yield later("cinnamon", "giua", "2019-03-30", {"tong_ho": 16, "con_song": 10_400, "thu_nhap": "khong_ro"})
    hens = _model("Nuôi gà thả đồi (mẫu)", "chan_nuoi", (10, 7, 3, 10, 2), (70_000_000, 20_000_000))
    yield start(
        "hens", f"{HA_LAU}-01", hens | _lies("2018-05-05", "21.3951 107.3353 0 0") | {"so_luong": 1000, "don_vi": "con"}
    )
    worse: Answers = {"thu_nhap": "giam", "thu_nhap_muc": 1_500_000, "nhan_rong": "khong", "ho_tu_lam": 0}
    worse |= {"tong_ho": 10, "con_song": 410, "ly_do": "Dịch bệnh, đường xa chợ (mẫu)."}
    yield later("hens", "cuoi", "2018-12-10", worse)
    bees = _model("Nuôi ong lấy mật (mẫu)", "chan_nuoi", (9, 4, 2, 9, 1), (45_000_000, None))
    yield start("bees", f"{DONG_VAN}-01", bees | {"ngay": "2019-06-03"}, approve=False)


def _lies(day: str, place: str) -> Answers:
    return {"ngay": day, "toa_do": place}


def _model(name: str, kind: str, households: Sequence[int], money: tuple[int, int | None]) -> Answers:
    found: Answers = {"ten_mo_hinh": name, "loai": kind, "gia_tri_ho_tro": money[0]}
    found |= dict(zip(HOUSEHOLDS, households, strict=True))
    return found | ({"doi_ung": money[1]} if money[1] is not None else {})
