"""A village head with the phone app: the forms come while there is a line, three sheets are filled without one, the
battery dies in the middle of the second, and over a bad line everything is on the server, whole and once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Playwright, expect, sync_playwright
from sqlalchemy import select

from server.domain.review import REJECTED, QuestionReason
from server.services.authenticate import system_caller
from server.services.review import Decision, review
from server.storage.database import db
from server.storage.submissions import FindingRow, SubmissionAttachment, SubmissionVersion
from server.web.phone.pages import FOLDER
from tests.kit.bad_line import BadLine
from tests.kit.phone_app import FIRST, HERE, PLACE, PhoneApp
from tests.kit.served import serving
from tests.server.web.desk.seeding import PROJECT, Seeded, seed

CRITERIA, REGISTER = "Phiếu rà soát tiêu chí thôn", "Hồ sơ thôn"
COUNTS = {
    "tong_ho": "62",
    "ho_dtts": "60",
    "nhan_khau": "270",
    "nguoi_dtts": "262",
    "ho_ngheo": "21",
    "ho_can_ngheo": "9",
}
ROAD = {"duong_dai_km": "3,5", "duong_cung_hoa_km": "1,2", "duong_truc_cung_hoa": "khong", "duong_mua_mua": "rat_kho"}
HOUSES = {
    "phong_mau_giao": "1",
    "phong_mau_giao_kien_co": "0",
    "ho_dien_luoi": "58",
    "ho_nuoc_hvs": "40",
    "ho_nha_tieu_hvs": "31",
}


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


def criteria(photo: Path) -> dict[str, Any]:
    """Answers to the sheet of a village."""
    as_before = dict.fromkeys(
        ("dan_so", "ngheo", "duong", "mau_giao", "nha_van_hoa", "dien_nuoc", "song", "ntm"), "khong"
    )
    place = {"xa": FIRST, "thon": FIRST, "ky": FIRST, "ngay_chot": "2019-05-20", "toa_do": HERE}
    standard = {"chuan_ngheo": "qd59_2015", "ho_can_ngheo": "9", "ho_ngheo_dtts": "21"}
    rest = {
        "nha_van_hoa_khu_the_thao": "co",
        "song_di_dong": "chap_chon",
        "thon_dat_ntm": "khong",
        "nhap_thay": "khong",
    }
    seen = {"anh_duong": photo, "anh_nha_van_hoa": photo, "ghi_chu": "Đường vào thôn sạt lở ở km 2"}
    again = {f"nhu_truoc_{name}": answer for name, answer in as_before.items()}
    return place | COUNTS | standard | ROAD | HOUSES | rest | seen | again


REGISTERED = {
    "xa": FIRST,
    "loai_phieu": "moi",
    "ten": "Khe Mới",
    "loai_thon": "thon",
    "toa_do": HERE,
    "dan_toc": ["dao", "tay"],
    "bien_gioi": "khong",
    "atk": "khong_ro",
    "cach_xa_km": "12,5",
    "song_di_dong": "khong_co",
    "truong_thon": "Chìu A Sềnh",
    "sap_nhap": "co",
}
PARTS = ({"nhap_tu_ten": "Khe Cũ", "nhap_tu_phan": "ca_thon"}, {"nhap_tu_ten": "Khe Xa", "nhap_tu_phan": "mot_phan"})


@dataclass(frozen=True)
class Kept:
    """A text that the server has from a phone with this app, and its files: the SHA-256 of what is there."""

    instance_id: str
    answers: dict[str, Any]
    findings: int
    files: dict[str, str | None]
    is_current: bool


def kept(seeded: Seeded) -> list[Kept]:
    """Everything of this app, as it came."""
    with seeded.app.app_context():
        session = db.session()
        texts = session.scalars(
            select(SubmissionVersion)
            .where(SubmissionVersion.device_id.like("thonban-phone:%"))
            .order_by(SubmissionVersion.id)
        )
        return [
            Kept(
                text.instance_id,
                text.answers or {},
                len(list(session.scalars(select(FindingRow.id).where(FindingRow.version_id == text.id)))),
                dict(
                    session.execute(
                        select(SubmissionAttachment.name, SubmissionAttachment.sha256).where(
                            SubmissionAttachment.version_id == text.id, SubmissionAttachment.expected
                        )
                    ).all()
                ),
                text.is_current,
            )
            for text in texts
        ]


def returns(seeded: Seeded, instance_id: str) -> None:
    """The commune sends a sheet back, with reasons at two questions."""
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        (number,) = session.scalars(
            select(SubmissionVersion.submission_id).where(SubmissionVersion.instance_id == instance_id)
        )
        why = (QuestionReason("/data/tong_ho", "Sổ hộ ghi 64"), QuestionReason("/data/anh_duong", "Ảnh mờ"))
        review(session, system_caller(session, now), Decision(number, REJECTED, "Bác xem lại giúp", questions=why), now)


def test_three_sheets_survive_a_dead_battery_and_a_bad_line(
    seeded: Seeded, line: BadLine, playwright: Playwright, chromium_path: Path, tmp_path: Path, photo: Path
) -> None:
    phone = PhoneApp(playwright, chromium_path, tmp_path / "profile", line.address)
    phone.enters(PROJECT, seeded.heads[-1].token)
    line.down = True

    phone.begins(CRITERIA)
    phone.fills(criteria(photo))
    phone.sends()
    phone.goes_home()
    assert phone.unsent() == 1
    phone.begins(REGISTER)
    phone.fills(REGISTERED, PARTS[:1], until="nhap_tu_phan")
    phone.waits_until_kept("Khe Cũ")
    phone.loses_power()

    phone.opens()
    expect(phone.page.locator(".count .number")).to_have_text("1")
    phone.takes_up()
    phone.fills(REGISTERED | PARTS[0], PARTS[1:])
    phone.sends()
    phone.goes_home()
    phone.begins(REGISTER)
    phone.fills(REGISTERED | {"ten": "Khe Xanh", "sap_nhap": "khong"})
    phone.sends()
    phone.goes_home()
    assert phone.unsent() == 3
    assert kept(seeded) == []

    line.down, line.cut, line.within = False, 1.0, 400
    phone.page.get_by_role("button", name="Gửi ngay").click()
    expect(phone.page.get_by_role("alert")).to_contain_text("Chưa nối được với máy chủ")
    assert (line.broken > 0, phone.unsent()) == (True, 3)
    line.cut, line.within = 0.3, 2_000
    phone.waits_until_sent()
    line.cut = 0.0
    assert sorted(each.instance_id for each in kept(seeded)) == sorted({each.instance_id for each in kept(seeded)})
    village, merged, green = kept(seeded)
    assert [len(each.files) for each in (village, merged, green)] == [2, 0, 0]
    assert all(village.files.values())
    assert {name: village.answers[name] for name in COUNTS} == {name: int(said) for name, said in COUNTS.items()}
    assert (village.answers["duong_dai_km"], village.answers["thon"]) == (3.5, seeded.heads[-1].village.uuid)
    assert village.answers["toa_do"]["coordinates"][:2] == [PLACE["longitude"], PLACE["latitude"]]
    assert [each["nhap_tu_ten"] for each in merged.answers["nhap_tu"]] == ["Khe Cũ", "Khe Xa"]
    assert [each["nhap_tu_phan"] for each in merged.answers["nhap_tu"]] == ["ca_thon", "mot_phan"]
    assert (merged.answers["dan_toc"], green.answers["ten"]) == (["tay", "dao"], "Khe Xanh")
    assert [each.findings for each in kept(seeded)] == [0, 0, 0]

    returns(seeded, village.instance_id)
    phone.page.get_by_role("button", name="Tải phiếu mới nhất").click()
    returned = phone.page.locator(".is-returned")
    expect(returned).to_contain_text("Sổ hộ ghi 64")
    line.down = True
    returned.get_by_role("button", name="Mở ra sửa").click()
    expect(phone.question("tong_ho")).to_contain_text("Bị trả lại vì: Sổ hộ ghi 64")
    phone.fills({"tong_ho": "64", "anh_duong": photo, "ghi_chu": "Đã đếm lại"})
    phone.sends()
    line.down = False
    phone.goes_home()
    phone.waits_until_sent()
    corrected = kept(seeded)[-1]
    assert (corrected.answers["tong_ho"], corrected.answers["ghi_chu"]) == (64, "Đã đếm lại")
    assert all(corrected.files.values())
    assert [each.is_current for each in kept(seeded)] == [False, True, True, True]
    phone.page.get_by_role("link", name="Phiếu đã gửi").click()
    expect(phone.page.locator(".card").first).to_contain_text("Đã nhận, chờ duyệt")
    phone.closes()
