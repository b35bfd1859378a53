"""The page of one submission: what differs from the last round and from the version before, its places and photos, and
what its approval would do."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection

from server.domain.rounds import Round
from server.services.authenticate import system_caller
from server.services.publish import delete_form
from server.services.rounds import create_round
from server.storage.database import db, writing
from server.storage.forms import find_form
from server.storage.submissions import Submission
from server.storage.waiting import WaitingRow
from server.web.desk.built import FOLDER
from tests.kit.field import photo
from tests.server.domain.test_photo_time import picture
from tests.server.web.desk.seeding import EMAIL, PASSWORD, PROJECT, Seeded, seed, send_xml, sheet_of

Enter = Callable[..., FlaskClient]
LAST = Round("2018", "Rà soát năm 2018", "Review of 2018", date(2018, 6, 30), date(2018, 1, 1), date(2018, 12, 31))
POSITION = "21.3 107.3 0 5"


@dataclass
class Desk:
    """A demo home with three villages, the second of which reported in 2018 as well."""

    seeded: Seeded
    client: FlaskClient

    def read(self, submission_id: int, **query: object) -> str:
        answer = self.client.get(f"/submissions/{submission_id}", query_string=query)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    def post(self, path: str, **fields: object) -> int:
        token = self.client.get_cookie("__csrf")
        assert token is not None
        return self.client.post(path, data={"__csrf": token.value, **fields}).status_code

    def send(self, number: int, **answers: object) -> int:
        """Another sheet of a village with these answers; those of a group are not looked for."""
        found = send_xml(self.seeded, number, changed(sheet_of(self.seeded, number), answers))
        assert found is not None
        return found

    def edit(self, number: int, xml: bytes, **answers: object) -> None:
        """An edit of that text."""
        instance = re.search(rb"<instanceID>([^<]+)</instanceID>", xml)
        assert instance
        ids = b"<instanceID>uuid:%s</instanceID><deprecatedID>%s</deprecatedID>"
        made = xml.replace(instance[0], ids % (str(uuid4()).encode(), instance[1]))
        assert send_xml(self.seeded, number, changed(made, answers)) is not None


def changed(xml: bytes, answers: dict[str, object]) -> bytes:
    text = xml.decode()
    for name, value in answers.items():
        text, times = re.subn(rf"<{name}(?:\s*/>|>[^<]*</{name}>)", f"<{name}>{value}</{name}>", text)
        assert times == 1, name
    return text.encode()


def words(page: str) -> str:
    """What is read, without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def answer(page: str, name: str) -> str:
    """What stands at a question."""
    found = re.search(rf'<div class="answer[^"]*" id="q-{name}">(.*?)</div>', page, re.DOTALL)
    assert found, name
    return words(found[1])


@pytest.fixture(name="desk", scope="module")
def desk_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("one") / "home", 3)
    with made.app.app_context():
        now = datetime.now(UTC)
        create_round(db.session(), system_caller(db.session(), now), PROJECT, LAST, now)
    with made.app.test_client() as client:
        page = client.get("/sign-in").get_data(as_text=True)
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token
        form = {"form_token": token[1], "email": EMAIL, "password": PASSWORD}
        assert client.post("/sign-in", data=form).status_code == 302
        yield Desk(made, client)
    with made.app.app_context():
        db.engine.dispose()


def test_without_a_round_before_it_says_so(desk: Desk) -> None:
    page = desk.read(desk.seeded.sent[desk.seeded.heads[0].village.uuid])
    assert "Chưa có phiếu nào của kỳ trước" in page
    assert 'class="beside' not in page


def test_answers_stand_beside_those_of_the_last_round(desk: Desk) -> None:
    with desk.seeded.app.app_context():
        then = desk.send(1, ky="2018", ngay_chot_ky="2018-06-30", ngay_chot="2018-06-30", ho_ngheo=37, quyet_dinh_so="")
    page = desk.read(desk.seeded.sent[desk.seeded.heads[1].village.uuid])
    assert re.search(r"Đặt cạnh phiếu mới nhất, chưa duyệt, của Rà soát năm 2018: \d+ câu khác, \d+ câu như cũ", page)
    assert f'href="/submissions/{then}"' in page
    assert "≠ Đổi kỳ trước: 37" in answer(page, "ho_ngheo")
    assert "+ Mới kỳ trước chưa trả lời" in answer(page, "quyet_dinh_so")
    assert "≠" not in answer(page, "tong_ho")
    # what stayed the same can be folded away
    assert re.search(r'<div class="answer[^"]* is-same[^"]*" id="q-tong_ho">', page)
    assert desk.post(f"/submissions/{then}/review", state="approved") == 302
    assert "Đặt cạnh phiếu đã duyệt của Rà soát năm 2018" in desk.read(
        desk.seeded.sent[desk.seeded.heads[1].village.uuid]
    )


def test_an_edit_stands_beside_the_version_before(desk: Desk) -> None:
    with desk.seeded.app.app_context():
        xml = sheet_of(desk.seeded, 2, ho_ngheo=20)
        number = send_xml(desk.seeded, 2, xml)
        assert number is not None
        desk.edit(2, xml, ho_ngheo=11, ghi_chu="")
    page = desk.read(number)
    assert "trước khi sửa: 2 câu khác" in page
    assert "≠ Đổi bản trước: 20" in answer(page, "ho_ngheo")
    assert "− Bỏ bản trước:" in answer(page, "ghi_chu")


def test_what_an_approval_does_is_said_before(desk: Desk) -> None:
    number = desk.seeded.sent[desk.seeded.heads[0].village.uuid]
    page = desk.read(number)
    assert "thôn có kết quả chính thức đầu tiên" in words(page)
    assert desk.post(f"/submissions/{number}/review", state="approved") == 302
    assert "Phiếu này đã được duyệt rồi" not in page
    with desk.seeded.app.app_context():
        # fewer poor households than any law asks for
        worse = desk.send(0, ho_ngheo=120, ho_can_ngheo=10, ho_ngheo_dtts=100)
        alike = desk.send(0)
    assert re.search(r"thôn chuyển từ “[^”]+” sang “[^”]+”", words(desk.read(worse)))
    assert "Duyệt phiếu này: kết quả của thôn không đổi." in words(desk.read(alike))
    assert desk.post(f"/submissions/{alike}/review", state="approved") == 302
    told = words(desk.read(worse))
    assert "vì một phiếu mới hơn đã được duyệt" in told
    # and it comes true: what speaks is the newer one still
    before = words(
        desk.client.get(f"/projects/{PROJECT}/rounds/2019/villages/{desk.seeded.heads[0].village.uuid}").get_data(
            as_text=True
        )
    )
    assert desk.post(f"/submissions/{worse}/review", state="approved") == 302
    after = words(
        desk.client.get(f"/projects/{PROJECT}/rounds/2019/villages/{desk.seeded.heads[0].village.uuid}").get_data(
            as_text=True
        )
    )
    heading = re.compile(r"Thôn [^·]+·[^·]+")
    assert heading.findall(before)[:1] == heading.findall(after)[:1]


def test_the_place_with_its_distance_and_the_boundary(desk: Desk) -> None:
    with desk.seeded.app.app_context():
        number = desk.send(2, toa_do=POSITION)
    page = desk.read(number)
    assert "21.300000, 107.300000" in page
    assert "data-map" in page
    features = desk.client.get(f"/submissions/{number}/map.geojson")
    assert features.content_type == "application/geo+json"
    found = features.get_json()["features"]
    assert [each["geometry"]["coordinates"] for each in found if each["properties"]["symbol"] in ("good", "bad")] == [
        [107.3, 21.3]
    ]


def test_a_photo_is_shown_as_wide_as_the_page_with_its_time_and_place(desk: Desk) -> None:
    content = picture(("N", (21.0, 18.0, 0.0)), ("E", (107.0, 18.0, 0.0)), wide=3000)
    with desk.seeded.app.app_context():
        xml = changed(sheet_of(desk.seeded, 1), {"anh_duong": "duong.jpg"})
        number = send_xml(desk.seeded, 1, xml, photo("duong.jpg", content))
    assert number is not None
    shown = answer(desk.read(number), "anh_duong")
    assert "chụp lúc 15/06/2019 09:30" in shown
    assert "21.30000, 107.30000" in shown
    found = re.search(r'<a class="photo" href="([^"]+)"><img src="([^"]+)" [^>]*loading="lazy"', desk.read(number))
    assert found
    whole, wide = desk.client.get(found[1]), desk.client.get(found[2])
    assert whole.get_data() == content
    assert wide.content_type == "image/jpeg"
    assert "sandbox" in wide.headers["Content-Security-Policy"]
    with Image.open(io.BytesIO(wide.get_data())) as made:
        assert made.size == (1600, 800)
        assert not made.getexif()
    again = desk.client.get(found[2], headers={"If-None-Match": wide.headers["ETag"]})
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", wide.headers["ETag"])
    assert desk.client.get(found[2] + "x").status_code == 404


def test_reasons_stand_at_their_questions_and_a_second_decision_is_shown_the_first(desk: Desk) -> None:
    with desk.seeded.app.app_context():
        number = desk.send(1, ho_ngheo=30)
    seen = re.search(r'name="seen" value="([^"]+)"', desk.read(number))
    assert seen
    path = "/data/ho_ngheo"
    assert f'form="return" name="question" value="{path}"' in desk.read(number)
    asked = {"state": "rejected", "seen": seen[1], "question": path, f"why:{path}": "Đếm lại sổ của xã"}
    assert desk.post(f"/submissions/{number}/review", **asked) == 302
    page = desk.read(number)
    assert "trả lại câu này lúc" in answer(page, "ho_ngheo")
    assert "Đếm lại sổ của xã" in answer(page, "ho_ngheo")
    history = page[page.index('id="history"') :]
    assert "Số hộ nghèo" in words(history) or "hộ nghèo" in words(history)
    token = desk.client.get_cookie("__csrf")
    assert token is not None
    second = desk.client.post(
        f"/submissions/{number}/review", data={"__csrf": token.value, "state": "approved", "seen": seen[1]}
    )
    assert second.status_code == 409
    assert EMAIL.partition("@")[0] in second.get_data(as_text=True) or "trả lại" in words(second.get_data(as_text=True))
    # one's own decision can be taken back, and both stay in the history
    move = re.search(r'name="move" value="(\d+)"', page)
    assert move
    assert desk.post(f"/submissions/{number}/review/undo", move=move[1]) == 302
    again = desk.read(number)
    assert "đã được rút lại" in words(again)
    assert "trả lại câu này lúc" not in answer(again, "ho_ngheo")


def test_from_the_inbox_it_goes_on_to_the_next(desk: Desk) -> None:
    def links(page: str, rel: str) -> list[str]:
        return re.findall(rf'rel="{rel}" href="/submissions/(\d+)\?inbox=([^"]*)"', page)

    inbox = desk.client.get(f"/projects/{PROJECT}/inbox?form=village_criteria").get_data(as_text=True)
    opened = list(dict.fromkeys(re.findall(r'href="/submissions/(\d+)\?inbox=form%3Dvillage_criteria"', inbox)))
    assert len(opened) >= 2
    first, second = (int(each) for each in opened[:2])
    page = desk.read(first, inbox="form=village_criteria")
    assert (links(page, "prev"), links(page, "next")) == ([], [(str(second), "form%3Dvillage_criteria")])
    assert links(desk.read(second, inbox="form=village_criteria"), "prev") == [(str(first), "form%3Dvillage_criteria")]
    # the decision leads back to it, and on
    token = desk.client.get_cookie("__csrf")
    assert token is not None
    fields = {"__csrf": token.value, "state": "approved", "inbox": "form=village_criteria"}
    answer = desk.client.post(f"/submissions/{first}/review", data=fields)
    assert answer.status_code == 302
    after = desk.read(first, inbox="form=village_criteria")
    assert f"/submissions/{first}?inbox=form" in answer.location
    assert [number for number, _ in links(after, "next")] in ([str(second)], [str(first)])
    # who did not come from there sees no such way
    assert links(desk.read(second), "next") == []
    assert desk.client.get(f"/submissions/{second}?inbox=round%3Dnowhere").status_code == 200


def test_the_one_before_is_found_however_far_down_it_lies(desk: Desk) -> None:
    number = desk.send(0)
    with desk.seeded.app.app_context():
        session = db.session()
        with writing(session) as connection:
            copies = [_copied(connection, number, minutes) for minutes in range(230, 0, -1)]
            session.commit()
    page = desk.read(number, inbox="form=village_criteria")
    # who began to wait a minute earlier, behind more than two hundred
    assert re.findall(r'rel="prev" href="/submissions/(\d+)\?inbox=', page) == [str(copies[-1])]
    with desk.seeded.app.app_context():
        session = db.session()
        with writing(session) as connection:
            connection.execute(delete(WaitingRow).where(WaitingRow.submission_id.in_(copies)))
            connection.execute(delete(Submission).where(Submission.id.in_(copies)))
            session.commit()


def _copied(connection: Connection, number: int, minutes: int) -> int:
    """Another submission like one, that began to wait so many minutes earlier; its number."""
    sheet, row = Submission.__table__, WaitingRow.__table__
    given = connection.execute(select(sheet).where(sheet.c.id == number)).mappings().one()
    waits = connection.execute(select(row).where(row.c.submission_id == number)).mappings().one()
    copy = {name: value for name, value in given.items() if name != "id"} | {"instance_id": f"uuid:{uuid4()}"}
    made: int = connection.execute(insert(Submission).values(copy).returning(Submission.id)).scalar_one()
    since = waits["since"] - timedelta(minutes=minutes)
    connection.execute(insert(WaitingRow).values({**waits, "submission_id": made, "since": since}))
    return made


def test_a_form_that_is_deleted_while_a_sheet_of_it_is_open(desk: Desk) -> None:
    number = desk.seeded.sent[desk.seeded.heads[2].village.uuid]
    desk.read(number)
    with desk.seeded.app.app_context():
        session, now = db.session(), datetime.now(UTC)
        form = find_form(session, PROJECT, "village_criteria")
        assert form is not None
        delete_form(session, system_caller(session, now), form, now)
    for answer in (
        desk.client.get(f"/submissions/{number}"),
        desk.client.post(
            f"/submissions/{number}/review",
            data={"__csrf": desk.client.get_cookie("__csrf").value, "state": "approved"},  # type: ignore[union-attr]
        ),
    ):
        assert answer.status_code == 404
        assert "đã bị xóa lúc" in words(answer.get_data(as_text=True))
    assert "Không có phiếu 99999" in desk.client.get("/submissions/99999").get_data(as_text=True)
