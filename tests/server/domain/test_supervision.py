"""Where a finding of a board stands on a day, and how long its answer took."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from server.domain.supervision import FindingState, Word, read_visits, stand, sum_states
from server.domain.works import Sheet

THIN = {"noi_dung": "Bê tông mỏng", "kien_nghi": "Đổ lại", "han_tra_loi": "2019-03-10"}
BARE = {"noi_dung": "Thiếu rào", "kien_nghi": "Rào lại", "han_tra_loi": None}


def visit(number: int, on: str, *found: Mapping[str, Any], **said: Any) -> Sheet:
    answers = {"cong_trinh": "w", "ngay": on, "phat_hien": list(found), "nhan_cong": {"lao_dong": 12}} | said
    received = date.fromisoformat(on)
    return Sheet("community_supervision", number, number, f"uuid:v{number}", "a", "approved", received, 7, answers)


def word(said: str, on: str, number: int = 1, **more: Any) -> Word:
    day = date.fromisoformat(on)
    at = datetime(day.year, day.month, day.day, number, tzinfo=UTC)
    return Word(more.pop("finding", "v1-1"), said, day, at, "Đã làm", "Cán bộ xã", 3, number, **more)


def states(
    on: str, *words: Word, visits: tuple[Sheet, ...] = (visit(1, "2019-02-20", THIN, BARE),)
) -> list[FindingState]:
    day = date.fromisoformat(on)
    return stand(read_visits(visits, day), words, day)


def test_a_finding_is_open_from_the_day_it_was_told() -> None:
    assert states("2019-02-19") == []
    first, second = states("2019-03-01")
    assert (first.finding.id, second.finding.id) == ("v1-1", "v1-2")
    assert (first.status, first.days_open, first.days_to_answer, first.overdue) == ("open", 9, None, False)
    told_later = visit(1, "2019-02-20", THIN, ngay_gui="2019-02-25")
    assert [each.days_open for each in states("2019-03-01", visits=(told_later,))] == [4]


def test_it_is_overdue_after_the_day_asked_for_and_never_without_one() -> None:
    assert [each.overdue for each in states("2019-03-10")] == [False, False]
    assert [(each.overdue, each.overdue_days) for each in states("2019-03-12")] == [(True, 2), (False, 0)]


def test_an_answer_waits_for_the_board_and_its_days_are_counted_to_the_first() -> None:
    answered = states("2019-04-01", word("answer", "2019-03-05"), word("answer", "2019-03-20", 2))[0]
    assert (answered.status, answered.days_to_answer, answered.overdue) == ("answered", 13, False)
    late = states("2019-04-01", word("answer", "2019-03-15"))[0]
    assert (late.overdue, late.overdue_days) == (False, 5)


def test_what_is_settled_is_open_no_longer_and_what_is_not_is_open_again() -> None:
    said = (word("answer", "2019-03-05"), word("settled", "2019-03-15", 2))
    done = states("2019-06-30", *said)[0]
    assert (done.status, done.days_open) == ("settled", 23)
    again = states("2019-06-30", said[0], word("not_settled", "2019-03-15", 2))[0]
    assert (again.status, again.days_open, again.days_to_answer) == ("not_settled", 130, 13)


def test_a_row_that_was_taken_back_counts_no_more() -> None:
    back = word("undo", "2019-03-06", 2, undoes=1)
    assert states("2019-04-01", word("answer", "2019-03-05"), back)[0].status == "open"


def test_what_was_said_later_than_the_day_is_not_said_yet() -> None:
    assert states("2019-03-04", word("answer", "2019-03-05"))[0].status == "open"


def test_a_later_visit_says_what_became_of_it() -> None:
    first = visit(1, "2019-02-20", THIN, BARE)
    looked = {"kien_nghi_truoc": "v1-1", "ket_qua": "da_xong"}
    again = visit(2, "2019-05-20", xem_lai=[looked, {"kien_nghi_truoc": "v1-2", "ket_qua": "chua_xong"}])
    found = states("2019-06-30", word("answer", "2019-03-05"), visits=(first, again))
    assert [each.status for each in found] == ["settled", "not_settled"]
    assert [each.status for each in states("2019-05-19", visits=(first, again))] == ["open", "open"]


def test_the_sums_count_visits_findings_and_days() -> None:
    visits = read_visits(
        (visit(1, "2019-02-20", THIN, BARE, vat_lieu="khong"), visit(2, "2019-05-20")), date(2019, 6, 30)
    )
    found = stand(visits, [word("answer", "2019-03-05")], date(2019, 6, 30))
    sums = sum_states(visits, found)
    assert (sums.visits, sums.works, sums.findings, sums.open) == (2, 1, 2, 1)
    assert (sums.answered, sums.days, sums.longest, sums.overdue) == (1, 13, 13, 0)
    assert (sums.not_right["vat_lieu"], sums.workers["lao_dong"]) == (1, 24)
