"""The sheets about works and models as people fill them, for the tests of the forms: tables, whole sheets, findings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from forms.calculate import fill
from forms.convert import convert
from forms.definition import FormDefinition
from forms.errors import Finding
from forms.instance import read_instance
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext, judge
from tests.kit.village_criteria import NOW

TABLES: dict[str, str] = {
    "communes.csv": "name,label,code\nvo_ngai,Xã Vô Ngại,06841\n",
    "villages.csv": "name,label,commune,code,xa_ntm\nngan_chi,Ngàn Chi,vo_ngai,QN-1,khong\n",
    "works.csv": (
        "name,label,area,von_trung_uong,von_dia_phuong,von_dan_gop,von_khac,ngay_xong_ke_hoach\n"
        "duong,Đường Ngàn Chi,ngan_chi,2500000000,400000000,100000000,,2019-03-31\n"
        "kenh,Kênh Ngàn Chi,ngan_chi,,,,,\n"
    ),
    "findings.csv": "name,label,area,cong_trinh\ng-1,Mặt đường mỏng,ngan_chi,duong\n",
    "models.csv": "name,label,area,ten_mo_hinh,so_luong\nde,Nuôi dê,ngan_chi,Nuôi dê,40\n",
    "corrections.csv": "name,label,form,area,key,instance,told,told_en\n",
}
CONTEXT = JudgeContext(now=NOW, tables={name: table_from_csv(text.encode()) for name, text in TABLES.items()})
# all numbers are invented
REGISTER: dict[str, object] = {
    "xa": "vo_ngai",
    "pham_vi": "thon",
    "thon": "ngan_chi",
    "ten_cong_trinh": "Đường Ngàn Chi",
    "loai": "duong",
    "cong_dong_lam": "co",
    "ban_gs_thanh_vien": "5",
    "von_trung_uong": "2500000000",
    "von_dia_phuong": "400000000",
    "ngay_duyet": "2018-09-01",
    "ngay_khoi_cong": "2018-10-01",
    "ngay_xong_ke_hoach": "2019-03-31",
}
PROGRESS: dict[str, object] = {
    "cong_trinh": "duong",
    "ngay": "2019-02-28",
    "khoi_luong": "60",
    "da_giai_ngan": "1500000000",
    "hoan_thanh": "khong",
    "vuong_mac": "thoi_tiet",
    "vuong_mac_ro": "Mưa kéo dài",
}
CHECKS = (
    *("quy_hoach", "dat_dai", "mat_bang_chi_tiet", "moi_truong", "den_bu"),
    *("cong_khai", "vat_lieu", "tien_do"),
)
SUPERVISION: dict[str, object] = {
    "cong_trinh": "duong",
    "ngay": "2019-02-20",
    "ban_du": "4",
    **dict.fromkeys(CHECKS, "co"),
    "do_dac": [{"hang_muc": "Chiều dày bê tông", "don_vi": "cm", "theo_ban_ve": "18", "do_duoc": "15.5"}],
    "lao_dong": "12",
    "lao_dong_dia_phuong": "9",
    "lao_dong_dtts": "9",
    "lao_dong_nu": "4",
    "co_phat_hien": "co",
    "phat_hien": [{"noi_dung": "Bê tông mỏng hơn bản vẽ", "kien_nghi": "Đổ lại đoạn đầu", "han_tra_loi": "2019-03-10"}],
    "mttq_xac_nhan": "co",
}
UPKEEP: dict[str, object] = {
    "cong_trinh": "duong",
    "ngay": "2019-06-01",
    "ly_do": "su_co",
    "tinh_trang": "3",
    "hu_hong": "mat_duong sat_lo",
    "hu_hong_ro": "Sạt một đoạn",
    "da_sua": "chua",
    "chi_phi": "0",
    "ngay_cong": "20",
}
START: dict[str, object] = {
    "giai_doan": "dau",
    "xa": "vo_ngai",
    "pham_vi": "thon",
    "thon": "ngan_chi",
    "ten_mo_hinh": "Nuôi dê",
    "loai": "chan_nuoi",
    "ngay": "2018-05-01",
    "tong_ho": "20",
    "ho_ngheo": "12",
    "ho_can_ngheo": "8",
    "ho_dtts": "20",
    "ho_phu_nu": "6",
    "gia_tri_ho_tro": "160000000",
    "doi_ung": "40000000",
    "so_luong": "40",
    "don_vi": "con",
}
END: dict[str, object] = {
    "giai_doan": "cuoi",
    "mo_hinh": "de",
    "ngay": "2019-05-01",
    "tong_ho": "19",
    "con_song": "36",
    "thu_nhap": "tang",
    "thu_nhap_muc": "6000000",
    "nhan_rong": "co",
    "ho_tu_lam": "5",
}
WHOLE: dict[str, dict[str, object]] = {
    "work_register": REGISTER,
    "work_progress": PROGRESS,
    "community_supervision": SUPERVISION,
    "maintenance": UPKEEP,
    "production_model": START,
}


@cache
def form(name: str) -> FormDefinition:
    """A form that we ship."""
    return parse_form(convert(files("forms").joinpath("library", f"{name}.md").read_bytes(), "md").xml)


def findings(name: str, answers: Mapping[str, object]) -> list[Finding]:
    """The errors of a sheet that is filled as a phone does; None leaves a question out."""
    said = {key: value for key, value in answers.items() if value is not None}
    xml = fill(form(name), said, CONTEXT, instance_id="uuid:work-1")
    return [each for each in judge(form(name), read_instance(xml), CONTEXT) if each.severity == "error"]


def told(name: str, answers: Mapping[str, object]) -> list[tuple[str, str]]:
    """The same as kind and name of the question."""
    return [(each.kind, each.path.rpartition("/")[2].partition("[")[0]) for each in findings(name, answers)]
