"""A form on paper: questions in order, boxes, skip notes in plain words, tables, what was approved the last time."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from server.domain.errors import NotFound
from server.domain.roles import ALL, Scope
from server.domain.rounds import Round
from server.exports.paper import Paper, code_text, write_body
from server.paper_command import day_in, words_in
from server.services.paper import AskedPaper, gather_paper
from server.services.publish import get_form
from server.services.review import Decision, review
from server.services.rounds import open_round
from server.storage.projects import find_project
from tests.kit.field import COMMUNES, VILLAGES, WELL_OFF, Field, library_form

MINE, OTHER = "Thôn Ngàn Chi", "Thôn Nà Hắc"
NEXT = Round("2020", "Rà soát năm 2020", "Review of 2020", date(2020, 6, 30), date(2020, 6, 1), date(2020, 7, 31))


def paper(field: Field, form: str, village: str | None = None, **changed: object) -> Paper:
    project = find_project(field.session, 1)
    assert project is not None
    area = VILLAGES[village].uuid if village else None
    asked = AskedPaper(project, get_form(field.session, field.forms[form]), area, "", ALL, ALL)
    return gather_paper(field.session, replace(asked, **changed), day_in("vi"))  # type: ignore[arg-type]


def text(made: Paper, language: str = "vi") -> str:
    """As it is read, without tags."""
    body = re.sub(r"<svg.*?</svg>", "", "".join(write_body(made, words_in(language))), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body.replace("&emsp;", " ")))


def test_a_sheet_names_its_place_and_bears_a_code_for_it(field: Field) -> None:
    made = paper(field, "village_criteria", MINE)
    version = made.definition.version
    own = code_text("village_criteria", version, VILLAGES[MINE].uuid, "2019-06")
    assert own == f"thonban-paper|village_criteria|{version}|{VILLAGES[MINE].uuid}|2019-06"
    assert "<svg" in made.code
    shown = text(made)
    assert "Thôn Ngàn Chi" in shown
    assert COMMUNES[VILLAGES[MINE].parent_key or ""].name in shown
    assert made.round is not None
    assert made.round in shown
    assert text(paper(field, "village_criteria", None, area=None)).count("...") > 20


def test_questions_stand_in_order_with_boxes_and_skip_notes_in_plain_words(field: Field) -> None:
    made = paper(field, "village_criteria", MINE)
    shown = text(made)
    numbers = [int(found) for found in re.findall(r"<strong>(\d+)\. ", "".join(write_body(made, words_in("vi"))))]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 25
    assert "☐ Có ☐ Không ☐ Không rõ" in shown
    ntm = re.search(r"(\d+)\. Thôn đã được công nhận đạt chuẩn nông thôn mới chưa\?", shown)
    assert ntm
    assert f"Chỉ trả lời nếu câu {ntm[1]} là: Có" in shown
    # what the phone computes or shows has no place on paper
    assert "Tính thử" not in shown
    assert "Xem trước kết quả" not in shown
    assert "Như kỳ trước" not in shown


def test_the_last_approved_answers_stand_beside_their_questions(field: Field) -> None:
    sent = field.phone(MINE).sends(WELL_OFF)
    assert sent.submission_id is not None
    open_round(field.session, 1, NEXT, field.now)
    assert "100" not in text(paper(field, "village_criteria", MINE)).partition("Thôn có tất cả bao nhiêu hộ?")[2][:200]
    review(field.session, field.administrator, Decision(sent.submission_id, "approved"), field.now)
    shown = text(paper(field, "village_criteria", MINE))
    assert re.search(r"Thôn có tất cả bao nhiêu hộ\?[^?]*: 100 ", shown)
    assert re.search(r"Sóng điện thoại ở thôn thế nào\?.*?: Chập chờn, phải tìm chỗ có sóng", shown)
    assert "☐ Như kỳ trước" in shown
    # the place and the round are printed by name, and nothing by an id
    assert VILLAGES[MINE].uuid not in shown
    assert ": 100 " not in text(paper(field, "village_criteria", OTHER))
    nobody = Scope(False, frozenset(), field.now.date())
    assert ": 100 " not in text(paper(field, "village_criteria", MINE, reads=nobody))


def test_rows_are_a_ruled_table_and_english_is_english(field: Field) -> None:
    field.publishes(library_form("household_review"))
    made = paper(field, "household_review", MINE)
    body = "".join(write_body(made, words_in("vi")))
    head = re.search(r"<thead>.*?</thead>", body, re.DOTALL)
    assert head
    assert "Sinh năm nào?" in head[0]
    assert "Kinh / Tày / Dao" in re.sub(r"<[^>]+>", " ", head[0])
    assert body.count("<tr>") == 9
    english = paper(field, "household_review", MINE, locale="en")
    assert "Born in which year?" in text(english, "en")
    assert "Only if question" in text(english, "en")


def test_paper_does_not_ask_which_returned_sheet_is_meant(field: Field) -> None:
    field.publishes(library_form("disaster_quick"))
    shown = text(paper(field, "disaster_quick", MINE))
    assert "Thôn nào?" in shown
    assert "3. Thiên tai gì?" in shown
    assert "bị trả lại" not in shown


def test_texts_of_a_form_cannot_become_elements(field: Field) -> None:
    made = paper(field, "village_criteria", MINE)
    wicked = replace(made, place="<script>alert(1)</script>", last={"tong_ho": "<b>"}, last_round="<i>")
    body = "".join(write_body(wicked, words_in("vi")))
    assert "<script" not in body
    assert "<b>" not in body
    assert "<i>" not in body


def test_an_unknown_place_or_round_is_told(field: Field) -> None:
    with pytest.raises(NotFound):
        paper(field, "village_criteria", None, area="99999")
    with pytest.raises(NotFound):
        paper(field, "village_criteria", MINE, round_slug="1999")
    with pytest.raises(NotFound):
        paper(field, "village_criteria", MINE, names=Scope(False, frozenset(), field.now.date()))
