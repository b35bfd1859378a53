"""Data quality on the pages and over the API: found in the background, told as far as the reader sees, looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.services.authenticate import system_caller
from server.services.check_sheets import check_off
from server.services.people import NewUser, create_user, grant_role
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.blobs import name_blob
from server.storage.database import db, writing
from server.storage.intake import fill_slot
from server.storage.quality import QualityFindingRow
from server.storage.submissions import SubmissionVersion
from tests.server.web.desk.seeding import EMAIL, PASSWORD, PROJECT, Seeded
from tests.server.web.desk.test_pages import read

Enter = Callable[..., FlaskClient]
PAGE = f"/projects/{PROJECT}/quality"
API = f"/v1/projects/{PROJECT}/quality"


@dataclass(frozen=True)
class Twice:
    """Two sheets with one photo: their numbers, their villages, and the finding of the first."""

    first: int
    second: int
    villages: tuple[str, str]
    finding: int


SLOT = {"name": "dung-chung.jpg", "content_type": "image/jpeg"}


def share_a_photo(seeded: Seeded, numbers: tuple[int, int], sha256: str | None) -> None:
    """The same picture comes with both sheets; None: it is taken away again."""
    session, now = db.session(), datetime.now(UTC)
    with writing(session) as connection:
        for number in numbers:
            version = select(SubmissionVersion.id).where(SubmissionVersion.submission_id == number)
            version_id = connection.execute(version.where(SubmissionVersion.is_current)).scalar_one()
            if sha256 is not None:
                name_blob(connection, sha256, 9, now)
            fill_slot(connection, version_id, SLOT | {"sha256": sha256, "updated_at": now})
        session.commit()
    check_off(session, seeded.home, now)


@pytest.fixture(name="twice", scope="module")
def twice_fixture(seeded: Seeded) -> Iterator[Twice]:
    (one, first), (other, second) = list(seeded.sent.items())[:2]
    with seeded.app.app_context():
        share_a_photo(seeded, (first, second), seeded.home.blobs.put(b"\xff\xd8 \xff\xd9"))
    (finding,) = _findings(seeded, first)
    yield Twice(first, second, (one, other), finding)
    with seeded.app.app_context():
        share_a_photo(seeded, (first, second), None)


def person(seeded: Seeded, role: str, area_id: str) -> str:
    """Somebody with a role in an area alone; their address."""
    email = f"{role}.{area_id[:8]}@example.vn"
    with seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        caller = system_caller(session, now)
        made = create_user(session, caller, NewUser(email, PASSWORD, role), now)
        grant = GrantView(role, "project", PROJECT, None, area_id, None, None)
        grant_role(session, caller, made.id, grant, now)
    return email


def post(client: FlaskClient, path: str, **fields: str) -> int:
    token = client.get_cookie("__csrf")
    assert token is not None
    return client.post(path, data={"__csrf": token.value, **fields}).status_code


def test_the_list_is_narrowed_by_its_address(seeded: Seeded, twice: Twice, sign_in: Enter) -> None:
    client = sign_in()
    page = read(client, f"{PAGE}?round=2019&kind=photo&severity=warning")
    assert "giống hệt ảnh trong 1 phiếu khác" in page
    assert f"/submissions/{twice.first}#quality-{twice.finding}" in page
    assert "giống hệt" not in read(client, f"{PAGE}?round=2019&kind=speed")
    assert "giống hệt" not in read(client, f"{PAGE}?round=2019&severity=info")
    assert "không phải kết luận" in page
    assert "very same" in read(client, f"{PAGE}?round=2019&kind=photo&lang=en")


def test_the_round_says_how_many_nobody_has_looked_at(seeded: Seeded, twice: Twice, sign_in: Enter) -> None:
    client = sign_in()
    assert "Chất lượng dữ liệu:" in read(client, f"/projects/{PROJECT}/rounds/2019")
    assert "Chất lượng dữ liệu:" in read(client, f"/projects/{PROJECT}/rounds/2019/areas")


def test_a_reviewer_looks_at_it_with_a_reason_and_takes_it_back(seeded: Seeded, twice: Twice, sign_in: Enter) -> None:
    client = sign_in()
    sheet = f"/submissions/{twice.first}"
    page = read(client, sheet)
    assert "Đối chiếu (" in page
    assert f"Phiếu số {twice.second}" in page
    assert post(client, f"/quality/{twice.finding}/look", reason=" ") == 400
    assert post(client, f"/quality/{twice.finding}/look", reason="Đã hỏi: chụp chung một đoạn đường") == 302
    assert "Đã hỏi: chụp chung một đoạn đường" in read(client, sheet)
    with seeded.app.app_context():
        check_off(db.session(), seeded.home, datetime.now(UTC))
    assert "Đã hỏi: chụp chung một đoạn đường" in read(client, f"{PAGE}?looked=yes")
    assert post(client, f"/quality/{twice.finding}/undo") == 302
    assert "chụp chung" not in read(client, sheet)
    with seeded.app.app_context():
        lines = [entry.action for entry in list_audits(db.session(), f"submission:{twice.first}")]
    assert {"submission.finding.look", "submission.finding.undo"} <= set(lines)


def test_who_sees_one_village_learns_nothing_of_the_other(seeded: Seeded, twice: Twice, sign_in: Enter) -> None:
    mine, theirs = twice.villages
    client = sign_in(person(seeded, "village_head", mine), PASSWORD)
    for path in (f"/submissions/{twice.first}", PAGE):
        page = read(client, path)
        assert "giống hệt một ảnh ở nơi khác" in page
        assert f"Phiếu số {twice.second}" not in page
        assert theirs not in page
    read(client, f"/submissions/{twice.second}", 404)
    assert post(client, f"/quality/{twice.finding}/look", reason="Tôi thấy ổn") == 403
    body = client.get(API).get_json()
    (found,) = [each for each in body if each["kind"] == "photo"]
    assert found["hidden"] is True
    assert found["others"] == []
    assert set(found["values"]) == {"name"}
    assert theirs not in str(body)
    other = next(row for row in _findings(seeded, twice.second))
    assert post(client, f"/quality/{other}/look", reason="x") == 404
    assert post(client, f"/quality/{other}/undo") == 404


def _findings(seeded: Seeded, submission_id: int) -> list[int]:
    with seeded.app.app_context():
        query = select(QualityFindingRow.id).where(
            QualityFindingRow.submission_id == submission_id, QualityFindingRow.kind == "photo"
        )
        return list(db.session.execute(query).scalars())


def test_a_program_is_told_the_reason_in_both_languages(seeded: Seeded, twice: Twice, sign_in: Enter) -> None:
    client = sign_in(EMAIL, PASSWORD)
    body = client.get(f"{API}?round=2019&kind=photo&area={twice.villages[0]}").get_json()
    (found,) = [each for each in body if each["id"] == twice.finding]
    assert (found["kind"], found["severity"], found["round"]) == ("photo", "warning", "2019")
    assert found["area"]["id"] == twice.villages[0]
    assert "giống hệt" in found["reason"]["vi"]
    assert "very same" in found["reason"]["en"]
    assert len(found["others"]) == 1
    assert found["values"]["sheets"] == 1
    assert client.get(f"{API}?round=khong-co").get_json() == []
    assert client.get(f"{API}?area=khong-co").get_json() == []
    assert client.get(f"{API}?kind=khong-co").get_json() == []
