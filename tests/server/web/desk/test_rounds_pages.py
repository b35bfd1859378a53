"""A round is opened, set up, locked, verified and opened again at the desk; sheets without a round are put into one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from server.storage.database import db
from server.storage.locks import LockedVerdict
from server.storage.submissions import FindingRow, Submission, SubmissionVersion
from server.web.desk.built import FOLDER
from tests.kit.field import work_through
from tests.server.web.desk.seeding import PROJECT, Seeded, seed, send_sheet
from tests.server.web.desk.test_pages import read

Enter = Callable[..., FlaskClient]
ROUND = f"/projects/{PROJECT}/rounds/2019"
LOCK, EDIT, NEW = f"{ROUND}/lock", f"{ROUND}/edit", f"/projects/{PROJECT}/new-round"
WITHOUT = f"/projects/{PROJECT}/without-round"
FIELDS = {
    "slug": "2026",
    "name_vi": "Rà soát năm 2026",
    "name_en": "Review of 2026",
    "cutoff": "2026-12-14",
    "starts_on": "2026-09-01",
    "ends_on": "2026-12-14",
    "purpose": "review",
}


@pytest.fixture(name="seeded", scope="module")
def seeded_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("rounds") / "home", 3)
    yield made
    with made.app.app_context():
        db.engine.dispose()


def post(client: FlaskClient, path: str, expected: int, **fields: object) -> str:
    """Sends a form as the page does."""
    cookie = client.get_cookie("__csrf")
    answer = client.post(path, data={"__csrf": cookie.value if cookie else "", **fields})
    assert answer.status_code == expected, answer.get_data(as_text=True)[-2000:]
    return answer.get_data(as_text=True)


def test_a_round_is_opened_and_what_is_wrong_is_said(admin: FlaskClient) -> None:
    assert "Mở đợt mới" in read(admin, "/")
    read(admin, NEW)
    said = post(admin, NEW, 400, **FIELDS | {"ends_on": "2026-01-01"})
    assert "Ngày kết thúc phải từ ngày bắt đầu trở đi" in said
    assert 'value="Review of 2026"' in said
    assert "Không có địa bàn 99999" in post(admin, NEW, 400, **FIELDS | {"areas": "99999 Xã không có"})
    post(admin, NEW, 302, **FIELDS)
    post(admin, NEW, 409, **FIELDS)
    assert "Review of 2026" in read(admin, f"/projects/{PROJECT}/rounds/2026/edit")


def test_a_reading_of_the_law_needs_its_decision(admin: FlaskClient) -> None:
    page = read(admin, EDIT)
    key = page.split('name="option/')[1].split('"')[0]
    option = page.split(f'name="option/{key}"')[1].split('<option value="')[2].split('"')[0]
    kept = {
        "name_vi": "Rà soát năm 2019",
        "name_en": "Review of 2019",
        "cutoff": "2019-06-30",
        "starts_on": "2019-01-01",
        "ends_on": "2019-12-31",
    }
    said = post(admin, EDIT, 400, **kept | {f"option/{key}": option})
    assert "Hãy ghi quyết định" in said
    post(admin, EDIT, 302, **kept | {f"option/{key}": option, f"decision/{key}": "Công văn mẫu 1"})
    assert "Công văn mẫu 1" in read(admin, EDIT)
    post(admin, EDIT, 302, **kept)
    assert "Công văn mẫu 1" not in read(admin, EDIT)


def test_a_round_is_locked_verified_and_opened_again(admin: FlaskClient, seeded: Seeded) -> None:
    with seeded.app.app_context():
        work_through(db.session(), seeded.home, datetime.now(UTC))
    assert "đang mở" in read(admin, LOCK)
    assert "Hãy ghi lý do" in post(admin, LOCK, 400, act="lock", reason=" ")
    post(admin, LOCK, 302, act="lock", reason="Tỉnh cần số liệu")
    page = read(admin, LOCK)
    for said in ("đã khóa (lần 1)", "Tạm tính", "Tỉnh cần số liệu", "điều khoản chưa đối chiếu"):
        assert said in page
    assert "Đợt đã khóa (lần 1)" in read(admin, ROUND)
    assert "Bản khóa số 1 còn nguyên" in read(admin, f"{LOCK}?verify=1")
    printed = read(admin, f"{ROUND}/villages/{seeded.heads[0].village.uuid}/print")
    sha256 = page.split("SHA-256 <code")[1].split(">")[1][:16]
    assert sha256 in printed
    post(admin, EDIT, 409, **FIELDS | {"cutoff": "2019-06-30"})
    with seeded.app.app_context():
        late = send_sheet(seeded, 4)
        db.session().execute(update(LockedVerdict).values(verdict="met"))
        db.session().commit()
    assert f"/submissions/{late}" in read(admin, LOCK)
    assert "không còn như khi khóa" in read(admin, f"{LOCK}?verify=1")
    assert "Hãy ghi lý do mở lại" in post(admin, LOCK, 400, act="reopen", reason="")
    post(admin, LOCK, 302, act="reopen", reason="Thôn gửi bổ sung")
    assert "Thôn gửi bổ sung" in read(admin, LOCK)


def test_a_sheet_without_a_round_is_put_into_one_and_taken_out(admin: FlaskClient, seeded: Seeded) -> None:
    with seeded.app.app_context():
        session, number = db.session(), seeded.sent[seeded.heads[0].village.uuid]
        version = session.execute(
            select(SubmissionVersion.id).where(SubmissionVersion.submission_id == number)
        ).scalar_one()
        # as if its date lay in two rounds
        params = {"problem": "several", "rounds": ["2019"], "day": "2019-06-30"}
        found = {"kind": "round", "path": "/", "severity": "warning", "message": {}, "params": params}
        session.add(FindingRow(version_id=version, **found))
        session.execute(update(Submission).where(Submission.id == number).values(round_id=None))
        session.commit()
    assert "nằm trong nhiều kỳ" in read(admin, WITHOUT)
    post(admin, f"/submissions/{number}/round", 302, project=PROJECT, slug="2019")
    assert "nằm trong nhiều kỳ" not in read(admin, WITHOUT)
    post(admin, f"/submissions/{number}/round", 302, project=PROJECT)
    assert "nằm trong nhiều kỳ" in read(admin, WITHOUT)
    post(admin, f"/submissions/{number}/round", 302, project=PROJECT, slug="2019")
