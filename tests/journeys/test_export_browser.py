"""An official takes answers away in a browser: chooses, has a file made, watches it, and fetches what a script gets."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import sessionmaker

from server.jobs.worker import work
from server.storage.database import db
from server.web.desk.built import FOLDER
from tests.server.web.desk.seeding import PROJECT, Seeded, seed

FORM = f"/projects/{PROJECT}/forms/village_criteria"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """A home with a few sheets, where more than two count as many."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    return seed(tmp_path_factory.mktemp("export-browser") / "home", 4, THONBAN_EXPORT_AT_ONCE="2")


def run_worker(seeded: Seeded, stop: threading.Event) -> threading.Thread:
    with seeded.app.app_context():
        sessions = sessionmaker(db.engine)
    thread = threading.Thread(target=work, args=(sessions, seeded.home, stop))
    thread.start()
    return thread


def test_from_the_form_to_the_file(page: Page, seeded: Seeded) -> None:
    page.goto(FORM)
    page.get_by_role("link", name="Lấy dữ liệu").click()
    found = page.locator("#found")
    expect(found).to_contain_text("4 phiếu")
    page.evaluate("window.stayed = true")
    page.get_by_label("Đã duyệt").check()
    expect(found).to_contain_text("0 phiếu")
    page.get_by_label("Đã duyệt").uncheck()
    page.get_by_label("CSV nén (ZIP)").check()
    page.get_by_label("Mã, và lời ở cột bên cạnh").check()
    expect(found).to_contain_text("4 phiếu")
    expect(found).to_contain_text("CSV nén (ZIP)")
    # counted without leaving the page, and the address says what was chosen
    assert page.evaluate("window.stayed")
    page.wait_for_url("**/export?*labels=beside*")
    # four are many here: there is no way to have them at once
    expect(found.get_by_role("link", name="Tải ngay")).to_have_count(0)
    found.get_by_role("button", name="Chuẩn bị tệp").click()
    orders = page.locator("#orders")
    expect(orders).to_contain_text("Đang chờ")
    page.evaluate("window.stayed = true")
    stop = threading.Event()
    worker = run_worker(seeded, stop)
    try:
        expect(orders).to_contain_text("Sẵn sàng", timeout=30_000)
    finally:
        stop.set()
        worker.join()
    assert page.evaluate("window.stayed")
    with page.expect_download() as fetched:
        orders.get_by_role("link", name="Tải về").click()
    content = Path(fetched.value.path()).read_bytes()
    cookies = {each["name"]: each["value"] for each in page.context.cookies()}
    client = seeded.app.test_client()
    for name, value in cookies.items():
        client.set_cookie(name, value)
    wish = "labels=beside&bom=true&attachments=false&details=true"
    with closing(client.get(f"/v1{FORM}/submissions.csv.zip?{wish}")) as stream:
        assert stream.status_code == 200
        assert content == stream.get_data()
    orders.get_by_role("button", name="Huỷ hoặc xoá tệp").click()
    expect(page.locator("#orders")).to_contain_text("Chưa có tệp nào")
