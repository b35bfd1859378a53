"""Works and models in the field: their forms published, and sheets that a phone sends and a reviewer approves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from server.domain.registers import bare_id
from server.services.authenticate import Caller
from server.services.people import NewAppUser, create_app_user
from server.services.review import Decision, review
from sync.envelope import Part
from tests.kit.field import Field, FieldPhone, library_form, place_of

FORMS = ("work_register", "work_progress", "community_supervision", "maintenance", "production_model")
VILLAGE, NEIGHBOUR = "Thôn Ngàn Chi", "Thôn Nà Hắc"
CHECKS = ("quy_hoach", "dat_dai", "mat_bang_chi_tiet", "moi_truong", "den_bu", "cong_khai", "vat_lieu", "tien_do")
# all numbers are invented
ROAD: dict[str, object] = {
    "pham_vi": "thon",
    "ten_cong_trinh": "Đường mẫu",
    "loai": "duong",
    "cong_dong_lam": "khong",
    "von_trung_uong": 2_500_000_000,
    "von_dan_gop": 100_000_000,
    "ngay_duyet": "2018-09-01",
    "ngay_khoi_cong": "2018-10-01",
    "ngay_xong_ke_hoach": "2019-03-31",
    "toa_do": "21.3 107.4 0 0",
}
PROGRESS: dict[str, object] = {"hoan_thanh": "khong", "vuong_mac": "khong_co"}
VISIT: dict[str, object] = {
    "ban_du": 4,
    **dict.fromkeys(CHECKS, "co"),
    "co_phat_hien": "khong",
    "mttq_xac_nhan": "co",
}
GOATS: dict[str, object] = {
    "giai_doan": "dau",
    "pham_vi": "thon",
    "ten_mo_hinh": "Nuôi dê mẫu",
    "loai": "chan_nuoi",
    "ngay": "2018-05-01",
    "tong_ho": 20,
    "ho_ngheo": 12,
    "ho_can_ngheo": 8,
    "ho_dtts": 20,
    "ho_phu_nu": 6,
    "gia_tri_ho_tro": 160_000_000,
    "so_luong": 40,
    "don_vi": "con",
}


@dataclass
class Site:
    """A field whose project also registers works; `phone` fills in for all of it, `reviewer` decides everywhere."""

    field: Field
    phone: FieldPhone

    @property
    def reviewer(self) -> Caller:
        """The server acting for itself, as the province does."""
        return self.field.administrator

    def sends(self, form: str, answers: Mapping[str, object], *files: Part, approved: bool = True) -> str:
        """Sends a sheet, and approves it; returns the id by which other sheets name it."""
        return self.sends_from(self.phone, form, answers, *files, approved=approved)

    def sends_from(
        self, phone: FieldPhone, form: str, answers: Mapping[str, object], *files: Part, approved: bool = True
    ) -> str:
        """The same from another phone."""
        receipt = phone.sends(answers, *files, form=form)
        assert receipt.submission_id is not None
        if approved:
            decision = Decision(receipt.submission_id, "approved")
            review(self.field.session, self.reviewer, decision, self.field.now)
        return bare_id(receipt.instance_id)

    def work(self, village: str = VILLAGE, approved: bool = True, **changed: object) -> str:
        """A work of a village."""
        return self.sends("work_register", ROAD | _at(village) | changed, approved=approved)

    def progress(self, work: str, on: str, approved: bool = True, **changed: object) -> str:
        """A progress sheet of a work."""
        answers = PROGRESS | {"cong_trinh": work, "ngay": on} | changed
        return self.sends("work_progress", answers, approved=approved)

    def visit(self, work: str, on: str, *findings: Mapping[str, object], **changed: object) -> str:
        """A visit of the board, with what it found."""
        found = {"co_phat_hien": "co", "phat_hien": list(findings)} if findings else {}
        return self.sends("community_supervision", VISIT | found | {"cong_trinh": work, "ngay": on} | changed)

    def upkeep(self, work: str, on: str, condition: str, **changed: object) -> str:
        """A maintenance sheet of a work."""
        answers = {"cong_trinh": work, "ngay": on, "ly_do": "dinh_ky", "tinh_trang": condition, "hu_hong": "khong"}
        return self.sends("maintenance", answers | changed)

    def model(self, village: str = VILLAGE, approved: bool = True, **changed: object) -> str:
        """The start of a production model in a village."""
        return self.sends("production_model", GOATS | _at(village) | changed, approved=approved)


def _at(village: str) -> dict[str, object]:
    place = place_of(village)
    return {"xa": place.xa, "thon": place.thon}


def site_in(field: Field) -> Site:
    """Publishes the forms of works in a field."""
    for name in FORMS:
        field.publishes(library_form(name), agreed=True)
    return Site(field, field.phone(None))


def phone_in(field: Field, name: str, area_id: str) -> FieldPhone:
    """A phone for one area, for all forms."""
    new = NewAppUser(1, name, area_id, form_ids=tuple(field.forms.values()))
    made = create_app_user(field.session, field.home, field.administrator, new, field.now)
    return FieldPhone(field, made.token or "", None)


def day(text: str) -> date:
    """A day as it is written."""
    return date.fromisoformat(text)
