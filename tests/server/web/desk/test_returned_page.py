"""Returning a sheet on its page, and the page of what was returned: whom to tell, what to write, what became of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from server.domain.review import REJECTED, QuestionReason
from server.services.authenticate import system_caller
from server.services.people import NewUser, create_user, grant_role
from server.services.review import Decision, review
from server.storage.actors import GrantView
from server.storage.audits import list_audits
from server.storage.database import db
from server.storage.reviews import MoveView, list_moves
from server.web.desk.built import FOLDER
from tests.kit.passwords import give_password
from tests.server.web.desk.seeding import EMAIL, PASSWORD, PROJECT, Seeded, seed, send_xml, sheet_of

REASON = "Số hộ <script>alert(1)</script> khác biên bản"


@dataclass
class Desk:
    """A demo home with three villages, and the administrator's browser."""

    seeded: Seeded
    client: FlaskClient

    def sheet(self, number: int) -> int:
        return self.seeded.sent[self.seeded.heads[number].village.uuid]

    def village(self, number: int) -> str:
        return self.seeded.heads[number].village.name

    def enters(self, email: str) -> None:
        self.client = self.seeded.app.test_client()
        page = self.client.get("/sign-in").get_data(as_text=True)
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token
        form = {"form_token": token[1], "email": email, "password": PASSWORD}
        assert self.client.post("/sign-in", data=form).status_code == 302

    def read(self, path: str = f"/projects/{PROJECT}/returned", **query: object) -> str:
        answer = self.client.get(path, query_string=query)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    def post(self, path: str, **fields: object) -> int:
        return self.sends(path, **fields).status_code

    def sends(self, path: str, **fields: object) -> TestResponse:
        token = self.client.get_cookie("__csrf")
        assert token is not None
        return self.client.post(path, data={"__csrf": token.value, **fields})

    def returns(self, number: int, *questions: QuestionReason, reason: str | None = None) -> int:
        decision = Decision(self.sheet(number), REJECTED, reason, questions=questions)
        with self.inside() as (session, now):
            review(session, system_caller(session, now), decision, now)
        return self.moves(number)[0].id

    def moves(self, number: int) -> list[MoveView]:
        with self.inside() as (session, _):
            return list_moves(session, self.sheet(number))

    @contextmanager
    def inside(self) -> Iterator[tuple[Session, datetime]]:
        """The database, past the pages."""
        with self.seeded.app.app_context():
            yield db.session(), datetime.now(UTC)

    def person(self, email: str, area_id: str) -> None:
        with self.inside() as (session, now):
            made = create_user(session, system_caller(session, now), NewUser(email, None, "Cán bộ xã"), now)
            grant = GrantView("commune_supervisor", "project", PROJECT, None, area_id, None, None)
            grant_role(session, system_caller(session, now), made.id, grant, now)
            give_password(session, email, PASSWORD)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A home of its own: what is returned here is nobody else's business."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("returned") / "home", 5)
    yield made
    with made.app.app_context():
        db.engine.dispose()


@pytest.fixture(name="desk")
def desk_fixture(seeded: Seeded) -> Iterator[Desk]:
    with seeded.app.test_client() as client:
        made = Desk(seeded, client)
        made.enters(EMAIL)
        yield made


def test_the_form_of_the_page_returns_with_reasons_at_two_questions(desk: Desk) -> None:
    sheet = desk.sheet(0)
    desk.read(f"/submissions/{sheet}")
    fields = {"state": "rejected", "question": ["/data/tong_ho", "/data/ho_ngheo"], "why:/data/ho_ngheo": REASON}
    # one that is marked wants a reason, of its own or of the whole
    refused = desk.sends(f"/submissions/{sheet}/review", **fields)
    assert refused.status_code == 400
    # what was typed is not lost
    typed = r'name="question" value="/data/ho_ngheo" checked>.*?name="why:/data/ho_ngheo" value="Số hộ &lt;script&gt;'
    assert re.search(typed, refused.get_data(as_text=True), re.DOTALL)
    assert desk.post(f"/submissions/{sheet}/review", **fields, **{"why:/data/tong_ho": "Đếm lại"}) == 302
    (move,) = desk.moves(0)
    assert {each.path: each.text for each in move.questions} == {"/data/tong_ho": "Đếm lại", "/data/ho_ngheo": REASON}
    page = desk.read()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    # taken back, it waits for nobody any more
    assert desk.post(f"/submissions/{sheet}/review/undo", move=move.id) == 302
    assert f'id="return-{move.id}"' not in desk.read()
    assert desk.post(f"/submissions/{sheet}/review/undo", move="1; DROP") == 404


def test_whoever_decides_on_what_changed_meanwhile_is_told(desk: Desk) -> None:
    sheet = desk.sheet(1)
    seen = re.search(r'name="seen" value="([^"]+)"', desk.read(f"/submissions/{sheet}"))
    assert seen
    desk.returns(1, reason="sai")
    answer = desk.sends(f"/submissions/{sheet}/review", state="approved", seen=seen[1])
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "đã quyết định phiếu này: Trả lại" in page
    # what the first decided stands there, and a new sight of it
    assert 'id="track"' in page
    assert f'name="seen" value="{seen[1]}"' not in page
    assert [each.to_state for each in desk.moves(1)] == [REJECTED]


def test_what_is_returned_is_told_seen_and_corrected(desk: Desk) -> None:
    move = desk.returns(2, QuestionReason("/data/tong_ho", "Đếm lại"), reason="Xem biên bản")
    page = desk.read()
    text = re.search(rf'<textarea id="text-{move}"[^>]*>([^<]*)</textarea>', page)
    assert text
    assert (
        f"của {desk.village(2)} bị trả lại: câu “Thôn có tất cả bao nhiêu hộ?”, vì Đếm lại; vì Xem biên bản" in text[1]
    )
    path = f"/projects/{PROJECT}/returned/{move}/told"
    assert desk.post(path) == 302
    assert f'id="return-{move}"' in desk.read(stage="told")
    with desk.inside() as (session, _):
        told = list_audits(session, f"submission:{desk.sheet(2)}")[0]
    assert told.action == "submission.return.told"
    assert desk.post(path, undo="1") == 302
    assert f'id="return-{move}"' in desk.read(stage="open")
    paper = desk.read(f"/projects/{PROJECT}/returned/print", move=move)
    assert "Đếm lại" in paper
    assert desk.village(2) in paper
    # an older phone sends a new sheet
    with desk.inside():
        new = send_xml(desk.seeded, 2, sheet_of(desk.seeded, 2, tong_ho=88))
    corrected = desk.read(stage="corrected")
    assert f'href="/submissions/{new}"' in corrected
    assert f'href="/submissions/{new}"' in desk.read(f"/submissions/{desk.sheet(2)}")
    assert f'href="/submissions/{desk.sheet(2)}"' in desk.read(f"/submissions/{new}")
    assert f'id="return-{move}"' not in desk.read()
    assert desk.post(path) == 409


def test_an_officer_of_another_commune_neither_sees_nor_tells(desk: Desk) -> None:
    heads = desk.seeded.heads
    other = next(n for n, head in enumerate(heads) if head.commune.uuid != heads[3].commune.uuid)
    move = desk.returns(3, reason="Bí mật của xã kia")
    desk.person("xa.khac@example.vn", heads[other].village.uuid)
    desk.person("xa.nay@example.vn", heads[3].village.uuid)
    desk.enters("xa.nay@example.vn")
    assert "Bí mật của xã kia" in desk.read()
    desk.enters("xa.khac@example.vn")
    for path in (f"/projects/{PROJECT}/returned", f"/projects/{PROJECT}/returned/print"):
        assert "Bí mật" not in desk.read(path)
    assert desk.client.get(f"/projects/{PROJECT}/returned/print?move={move}").status_code == 404
    assert desk.post(f"/projects/{PROJECT}/returned/{move}/told") == 404
