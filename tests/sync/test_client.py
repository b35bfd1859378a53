"""A phone and a server talk over a real connection."""

import logging
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sync.client import Phone, collect_date
from sync.envelope import DEFAULT_LIMIT, part_of
from sync.errors import ProtocolError, Refused, Unreachable
from tests.sync.village_server import FORM, TOKEN, VILLAGES, VillageServer, village_server

XML = b"<data id='village_criteria'><tong_ho>120</tong_ho></data>"


@pytest.fixture
def server() -> Iterator[VillageServer]:
    with village_server() as running:
        yield running


@pytest.fixture
def phone(server: VillageServer) -> Iterator[Phone]:
    with Phone(server.url, "collect:may-01") as device:
        yield device


def photos(number: int, size: int = 10) -> list:
    return [part_of(f"ảnh {at}.jpg", bytes([at % 251]) * size, "image/jpeg") for at in range(number)]


def test_a_phone_sees_its_forms_and_names_itself(server: VillageServer, phone: Phone) -> None:
    (entry,) = phone.form_list()
    assert (entry.form_id, entry.name, entry.version) == ("village_criteria", "Tiêu chí thôn", "1")
    (request,) = server.requests
    assert request.query == {"deviceID": ["collect:may-01"]}
    assert request.headers["X-OpenRosa-Version"] == "1.0"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} (0[1-9]|1[0-2]):\d\d:\d\d GMT", request.headers["Date"])


def test_the_hour_of_the_date_header_never_passes_twelve() -> None:
    assert collect_date(datetime(2026, 3, 2, 0, 4, 5, tzinfo=UTC)) == "Mon, 02 Mar 2026 12:04:05 GMT"
    assert collect_date(datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)) == "Mon, 02 Mar 2026 03:04:05 GMT"


def test_a_form_comes_with_its_files_and_is_not_fetched_twice(server: VillageServer, phone: Phone) -> None:
    first = phone.download(phone.form_list()[0])
    assert (first.xml, dict(first.media)) == (FORM, {"villages.csv": VILLAGES})
    server.requests.clear()
    assert phone.download(phone.form_list()[0]) == first
    assert len(server.requests) == 4
    assert all("If-None-Match" in request.headers for request in server.requests)


def test_a_form_that_is_not_the_one_announced_is_not_taken(server: VillageServer, phone: Phone) -> None:
    server.form = FORM + b" "
    with pytest.raises(ProtocolError, match=r"download\.changed"):
        phone.download(phone.form_list()[0])


def test_a_file_that_is_listed_but_gone_is_named(server: VillageServer, phone: Phone) -> None:
    server.without = {"/villages.csv"}
    got = phone.download(phone.form_list()[0])
    assert (got.media, got.missing) == ({}, ("villages.csv",))


def test_a_form_list_as_application_xml_is_not_openrosa(server: VillageServer, phone: Phone) -> None:
    server.list_type = "application/xml"
    with pytest.raises(ProtocolError, match=r"server\.not_openrosa"):
        phone.form_list()


def test_one_request_carries_xml_and_files_under_their_own_names(server: VillageServer, phone: Phone) -> None:
    receipt = phone.send(XML, photos(2))
    assert (receipt.status, receipt.message, receipt.nature) == (201, "Đã nhận", "submit_success")
    assert [request.method for request in server.requests] == ["HEAD", "POST"]
    (post,) = server.posts
    assert [part[0] for part in post.parts] == ["xml_submission_file", "ảnh 0.jpg", "ảnh 1.jpg"]
    assert post.parts[0][1:] == ("submission.xml", XML)
    assert post.parts[1][1] == "ảnh 0.jpg"


def test_three_photos_past_the_limit_travel_in_three_requests(server: VillageServer, phone: Phone) -> None:
    server.limit = 1500
    phone.send(XML, photos(3, 1000))
    assert [post.names for post in server.posts] == [
        ["xml_submission_file", "ảnh 0.jpg", "*isIncomplete*"],
        ["xml_submission_file", "ảnh 1.jpg", "*isIncomplete*"],
        ["xml_submission_file", "ảnh 2.jpg"],
    ]
    assert server.posts[0].parts[-1] == ("*isIncomplete*", None, b"yes")
    assert {post.parts[0][2] for post in server.posts} == {XML}


def test_more_than_a_hundred_files_are_split(server: VillageServer, phone: Phone) -> None:
    phone.send(XML, photos(205, 1))
    assert [len([name for name in post.names if name.startswith("ảnh")]) for post in server.posts] == [100, 100, 5]


@pytest.mark.parametrize("failure", ["hang up", 500, 503])
def test_after_a_failure_on_the_second_request_it_begins_again_with_the_first(
    server: VillageServer, phone: Phone, failure: int | str
) -> None:
    server.limit = 1500
    server.fail_posts = {2: failure}
    assert phone.send(XML, photos(3, 1000), attempts=2).status == 201
    sent = [post.names[1] for post in server.posts]
    assert sent == ["ảnh 0.jpg", "ảnh 1.jpg", "ảnh 0.jpg", "ảnh 1.jpg", "ảnh 2.jpg"]


def test_one_attempt_stops_at_the_failure(server: VillageServer, phone: Phone) -> None:
    server.limit = 1500
    server.fail_posts = {2: "hang up"}
    with pytest.raises(Unreachable):
        phone.send(XML, photos(3, 1000))
    assert len(server.posts) == 2


def test_a_refusal_carries_the_sentence_of_the_server_and_is_not_repeated(server: VillageServer, phone: Phone) -> None:
    server.post_status = 404
    server.post_body = server.post_body.replace(b"submit_success", b"error")
    with pytest.raises(Refused) as refusal:
        phone.send(XML, attempts=3)
    assert (refusal.value.status, refusal.value.message, refusal.value.passing) == (404, "Đã nhận", False)
    assert len(server.posts) == 1


def test_kept_with_a_remark_is_taken(server: VillageServer, phone: Phone) -> None:
    server.post_status = 202
    assert phone.send(XML).status == 202


def test_a_sign_in_page_is_not_success(server: VillageServer, phone: Phone) -> None:
    server.post_status, server.post_body = 200, b"<html>Wi-Fi</html>"
    with pytest.raises(ProtocolError, match="not_openrosa"):
        phone.send(XML)


@pytest.mark.parametrize(("status", "limit"), [(204, 5_000), (404, DEFAULT_LIMIT), (500, DEFAULT_LIMIT)])
def test_only_a_204_tells_the_limit(server: VillageServer, phone: Phone, status: int, limit: int) -> None:
    server.head_status, server.limit = status, 5_000
    assert phone.head().limit == limit


def test_a_head_without_a_limit_leaves_ten_megabytes(server: VillageServer, phone: Phone) -> None:
    server.limit = None
    assert phone.head().limit == DEFAULT_LIMIT


def test_a_head_that_asks_for_a_password_is_a_refusal(server: VillageServer, phone: Phone) -> None:
    server.head_status = 401
    with pytest.raises(Refused):
        phone.head()


def test_a_location_on_the_same_host_is_followed_and_another_is_not(server: VillageServer, phone: Phone) -> None:
    server.head_location = "/elsewhere/submission?deviceID=x"
    phone.send(XML)
    assert server.posts[0].path == "/elsewhere/submission"
    assert server.posts[0].query == {"deviceID": ["collect:may-01"]}
    phone.close()
    server.head_location = "http://somebody.example/submission"
    with pytest.raises(ProtocolError, match="other_host"):
        phone.send(XML)


def test_a_batch_that_was_sent_elsewhere_goes_there_without_asking_again(server: VillageServer, phone: Phone) -> None:
    server.head_location = "/elsewhere/submission"
    photos = [part_of(f"{at}.jpg", b"x" * 4_000_000, "image/jpeg") for at in range(3)]
    phone.send(XML, photos)
    phone.send(XML, photos)
    # the limit that came with the first answer holds for the first record alone
    assert [request.method for request in server.requests] == ["HEAD", "POST", "POST", "POST"]
    assert {request.path for request in server.posts} == {"/elsewhere/submission"}
    phone.close()
    phone.send(XML)
    assert [request.method for request in server.requests][4:] == ["HEAD", "POST"]


def test_a_phone_keeps_no_cookies(server: VillageServer, phone: Phone) -> None:
    phone.download(phone.form_list()[0])
    phone.send(XML)
    assert len(server.requests) > 4
    assert not any("Cookie" in request.headers for request in server.requests)


def test_an_archive_alone_is_no_reason_for_an_update(server: VillageServer, phone: Phone) -> None:
    server.archive = b"PK old"
    held = phone.download(phone.form_list()[0])
    server.archive = b"PK new"
    again = phone.download(phone.form_list()[0], held)
    assert (again.media["maps.zip"], again == held) == (b"PK old", True)
    server.villages += "thon_02,Bản Mới\n".encode()
    assert phone.download(phone.form_list()[0], held).media["maps.zip"] == b"PK new"


def test_the_key_stays_out_of_logs_errors_and_names(
    server: VillageServer, phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        phone.form_list()
        phone.send(XML)
    assert "formList" in caplog.text
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(phone)


def test_nobody_there_is_unreachable_and_does_not_tell_the_key() -> None:
    with village_server() as gone:
        address = gone.url
    with Phone(address, "x") as phone, pytest.raises(Unreachable) as nobody:
        phone.form_list()
    assert TOKEN not in str(nobody.value)
    assert nobody.value.__suppress_context__
    assert TOKEN not in "".join(traceback.format_exception(nobody.value))
