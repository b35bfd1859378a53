"""What the wire says of an error: the code in both dialects, the sentence in the reader's language."""

import re
from pathlib import Path

import pytest

from server.domain import errors
from server.web.errors import CODES, SPECIAL, WORDS
from sync.decide import MESSAGES
from tests.kit.errors_page import PAGE, codes, page, raised, told
from tests.kit.lint_page import texts
from tests.kit.source import ROOT
from tests.kit.world import WATER_POINT, World, xlsx

CATALOGUES = ROOT / "server" / "translations" / "errors"
OWN_STATUSES = {"405.1", "408.1", "415.1", "422.1", "429.1", "503.1"}
"""Statuses that ODK Central never answers with: the first case of each is ours."""


def test_every_error_has_its_sentence_in_both_languages() -> None:
    wanted = (
        {message_id for _, message_id in raised()}
        | set(SPECIAL)
        | set(WORDS.values())
        | set(MESSAGES)
        | {"http.unknown", "form.row"}
    )
    assert len(wanted) > 80
    for language in ("vi", "en"):
        assert wanted - texts(language).keys() == set()


def test_both_languages_name_the_same_things() -> None:
    vietnamese, english = texts("vi"), texts("en")
    assert vietnamese.keys() == english.keys()
    for key, text in vietnamese.items():
        assert text
        named = set(re.findall(r"%\((\w+)\)s", english[key]))
        assert named <= set(re.findall(r"%\((\w+)\)s", text)) | {"found", "encoding"}, key


def test_every_class_of_error_has_a_code() -> None:
    ours = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.DomainError)}
    assert ours - {errors.DomainError} <= set(CODES)


def test_the_page_of_errors_is_as_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.kit.errors_page"


def test_each_code_is_explained_and_no_other() -> None:
    assert told()["codes"].keys() == {str(code) for code in codes()}
    for code, row in told()["codes"].items():
        assert row["when"], code
        assert row["next"], code
        # ours stand apart from what Central may still give a number
        status, _, case = code.partition(".")
        assert row.get("central") or int(case) > 100 or f"{status}.{case}" in OWN_STATUSES, code


def test_what_is_refused_at_intake_is_in_the_table() -> None:
    listed = {message_id for ids in codes().values() for message_id in ids}
    assert {message_id for message_id in MESSAGES if message_id.endswith("_refused")} <= listed


@pytest.mark.parametrize(
    ("path", "code"), [("nowhere", 404.1), ("projects/77", 404.1), ("projects/1/forms/none", 404.1)]
)
def test_scripts_get_json(world: World, path: str, code: float) -> None:
    answer = world.api.get(path)
    assert answer.status_code == int(code)
    assert answer.get_json().keys() == {"message", "code", "details"}
    assert answer.get_json()["code"] == code
    assert "ETag" not in answer.headers


def test_phones_get_openrosa_and_browsers_a_page(world: World) -> None:
    client = world.app.test_client()
    phone = client.get("/v1/key/short/projects/1/formList", headers={"X-OpenRosa-Version": "1.0"})
    assert (phone.status_code, phone.content_type) == (401, "text/xml; charset=utf-8")
    assert b'<message nature="error">' in phone.data
    page = client.get("/khong-co")
    assert (page.status_code, page.mimetype) == (404, "text/html")


def test_the_sentence_follows_the_reader(world: World) -> None:
    said = {
        language: world.nobody().get("projects/1", headers={"Accept-Language": language}).get_json()["message"]
        for language in ("vi", "en-GB,en;q=0.9", "fr")
    }
    assert list(said.values()) == ["Bạn chưa đăng nhập.", "You are not signed in.", "Bạn chưa đăng nhập."]


def test_a_body_past_the_limit(world: World) -> None:
    long = {"email": "a@example.vn", "password": "x" * 300_000}
    answer = world.nobody().post("sessions", json=long)
    assert (answer.status_code, answer.get_json()["code"]) == (400, 400.36)


def test_a_workbook_that_gives_no_form_says_where_and_what_to_do(world: World) -> None:
    broken = WATER_POINT.replace(". >= 0", ". >= ${khong_co}")
    answer = world.api.post(
        "projects/1/forms",
        data=xlsx(broken),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    body = answer.get_json()
    assert (answer.status_code, body["code"]) == (400, 400.15)
    problem = body["details"]["problems"][0]
    assert (problem["sheet"], problem["row"]) == ("survey", 3)
    assert problem["remedy"]
    assert "khong_co" in body["details"]["error"]


@pytest.mark.parametrize("content", [b"not a workbook", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_workbook(world: World, content: bytes) -> None:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer = world.api.post("projects/1/forms", data=content, content_type=kind)
    assert (answer.status_code, answer.get_json()["code"]) == (400, 400.15)
    assert ".xlsx" in answer.get_json()["message"] or "hỏng" in answer.get_json()["message"]


def test_a_full_disk_is_said_before_anything_is_taken_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    form_id = world.publishes()
    xml = world.filled(form_id, {"ten": "Giếng"})
    api = world.api
    monkeypatch.setattr(type(world.home), "is_full", property(lambda _home: True))
    answer = api.post(f"projects/1/forms/{form_id}/submissions", data=xml, content_type="application/xml")
    assert (answer.status_code, answer.get_json()["code"], answer.headers["Retry-After"]) == (503, 503.1, "60")


def test_no_text_stands_in_code_with_a_stray_per_cent() -> None:
    for language in ("vi", "en"):
        for key, text in texts(language).items():
            assert re.sub(r"%\(\w+\)s|%%", "", text).count("%") == 0, key
    assert Path(CATALOGUES).is_dir()


def test_a_form_by_the_name_of_a_phones_path_is_refused_in_json(world: World) -> None:
    for path in ("projects/1/forms/manifest", "user-preferences/site/formList"):
        answer = world.api.delete(path)
        assert (answer.status_code, answer.get_json()["code"]) == (404, 404.1)
