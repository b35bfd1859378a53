"""A village head with the phone app: the forms come while there is a line, three sheets are filled without one, the
battery dies in the middle of the second, and over a bad line everything is on the server, whole and once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Playwright, expect, sync_playwright
from sqlalchemy import select


from server.storage.database import db
from server.storage.submissions import Submission, SubmissionAttachment, SubmissionVersion
from server.web.phone.pages import FOLDER
from tests.kit.bad_line import BadLine
from tests.kit.phone_app import FIRST, HERE, PLACE, PhoneApp
from tests.kit.served import serving
from tests.server.web.desk.seeding import PROJECT, Seeded, seed

CRITERIA, REGISTER = "Phiếu rà soát tiêu chí thôn", "Hồ sơ thôn"
COUNTS = {"tong_ho": "62", "ho_dtts": "60", "nhan_khau": "270", "nguoi_dtts": "262", "ho_ngheo": "21", "ho_can_ngheo": "9"}
ROAD = {"duong_dai_km": "3,5", "duong_cung_hoa_km": "1,2", "duong_truc_cung_hoa": "khong", "duong_mua_mua": "rat_kho"}
HOUSES = {"phong_mau_giao": "1", "phong_mau_giao_kien_co": "0", "ho_dien_luoi": "58", "ho_nuoc_hvs": "40", "ho_nha_tieu_hvs": "31"}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    if not (FOLDER / "index.html").exists():
        pytest.skip("the phone app was not built (make assets)")
    return seed(tmp_path_factory.mktemp("phone-browser") / "home", 2)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as opened:
        yield opened


@pytest.fixture
def line(seeded: Seeded) -> Iterator[BadLine]:
    with serving(seeded.app) as address, BadLine(int(address.rpartition(":")[2]), seed=11) as between:
        yield between


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "duong.jpg"
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(path, quality=80)
    return path


def criteria(photo: Path, **more: Any) -> dict[str, Any]:
    """Answers to the sheet of a village."""
    return {
        "xa": FIRST, "thon": FIRST, "ky": FIRST, "ngay_chot": "2019-05-20", "nhu_truoc_dan_so": "khong", **COUNTS,
        "chuan_ngheo": "qd59_2015", "nhu_truoc_ngheo": "khong", "ho_ngheo_dtts": "21", "nhu_truoc_duong": "khong", **ROAD,
        "nhu_truoc_mau_giao": "khong", **HOUSES, "nhu_truoc_nha_van_hoa": "khong", "nha_van_hoa_khu_the_thao": "co",
        "nhu_truoc_dien_nuoc": "khong", "nhu_truoc_song": "khong", "song_di_dong": "chap_chon", "nhu_truoc_ntm": "khong",
        "thon_dat_ntm": "khong", "anh_duong": photo, "anh_nha_van_hoa": photo, "toa_do": HERE, "nhap_thay": "khong",
        "ghi_chu": "Đường vào thôn sạt lở ở km 2", **more,
    }  # fmt: skip


REGISTERED = {
    "xa": FIRST, "loai_phieu": "moi", "ten": "Khe Mới", "loai_thon": "thon", "toa_do": HERE, "dan_toc": ["dao", "tay"],
    "bien_gioi": "khong", "atk": "khong_ro", "cach_xa_km": "12,5", "song_di_dong": "khong_co", "truong_thon": "Chìu A Sềnh",
    "sap_nhap": "co",
}  # fmt: skip
PARTS = ({"nhap_tu_ten": "Khe Cũ", "nhap_tu_phan": "ca_thon"}, {"nhap_tu_ten": "Khe Xa", "nhap_tu_phan": "mot_phan"})


def kept(seeded: Seeded, instance_id: str | None = None) -> list[tuple[SubmissionVersion, dict[str, str | None]]]:
    """What the server has from phones of this app: the texts, newest last, with their files and what of them is there."""
    with seeded.app.app_context():
        session = db.session()
        rows = session.scalars(
            select(SubmissionVersion).join(Submission, Submission.id == SubmissionVersion.submission_id)
            .where(SubmissionVersion.device_id.like("thonban-phone:%")).order_by(SubmissionVersion.id)
        )  # fmt: skip
        found = []
        for row in rows:
            files = session.execute(
                select(SubmissionAttachment.name, SubmissionAttachment.sha256).where(
                    SubmissionAttachment.version_id == row.id, SubmissionAttachment.expected
                )
            )
            found.append((row, {name: sha256 for name, sha256 in files}))
        return found


def test_three_sheets_survive_a_dead_battery_and_a_bad_line(
    seeded: Seeded, line: BadLine, playwright: Playwright, chromium_path: Path, tmp_path: Path, photo: Path
) -> None:
    head = seeded.heads[-1]
    phone = PhoneApp(playwright, chromium_path, tmp_path / "profile", line.address)
    phone.enters(PROJECT, head.token)
    line.down = True

    phone.begins(CRITERIA)
    phone.fills(criteria(photo))
    phone.sends()
    phone.goes_home()
    assert phone.unsent() == 1
    phone.begins(REGISTER)
    phone.fills(REGISTERED, until="nhap_tu_ten")
    phone.fills(PARTS[0], until="nothing more of it")  if False else None
    phone.loses_power()
