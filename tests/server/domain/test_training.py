"""Turns, persons and person-days of classes, what is wrong with their sheets, and who is the same person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import Invalid
from server.domain.training import (
    ClassCount,
    Group,
    Sheet,
    Trainee,
    TrainingClass,
    count_class,
    participant_id,
    read_class,
    read_sheet,
    sum_tests,
)
from server.domain.training_people import (
    count_trained,
    find_likenesses,
    find_persons,
    merges_of,
    require_apart,
    sum_classes,
)

NOW = datetime(2019, 5, 20, tzinfo=UTC)
DAY = date(2019, 5, 13)
ORGANISER = "Ban Dân tộc"
ONE = TrainingClass(
    "a", 1, "Lớp A", "province", "tieu_chi", ORGANISER, DAY, DAY + timedelta(2), 3, "ct135", "qn", approved=True
)
TWO = replace(ONE, id="b", submission_id=2, name="Lớp B", first=date(2018, 9, 1), last=date(2018, 9, 1), days=1)


def person(number: int, **more: object) -> Trainee:
    made = Trainee(f"Học viên mẫu {number:03}", 1980, "nu", "dao", "truong_thon", "thon-1")
    return replace(made, **more)  # type: ignore[arg-type]


def people(count: int, start: int = 1) -> tuple[Trainee, ...]:
    return tuple(person(number) for number in range(start, start + count))


def sheet(sent: int, heads: int, names: tuple[Trainee, ...] = (), **more: object) -> Sheet:
    group = Group("truong_thon", heads, heads, heads, heads)
    made = Sheet(sent, "a", NOW + timedelta(minutes=sent), None, sent, (group,), names, ("to.jpg",), True)
    return replace(made, **more)  # type: ignore[arg-type]


def kinds(count: ClassCount) -> list[tuple[str, int]]:
    return [(flag.kind, flag.sheet_id) for flag in count.flags]


def test_a_class_known_by_totals_counts_turns_and_leaves_persons_unknown() -> None:
    count = count_class(ONE, [sheet(1, 110)])
    assert (count.turns, count.complete, count.person_days) == (110, False, 330)
    assert (count.by_audience, count.by_sex, count.by_ethnicity) == ({"truong_thon": 110}, {"nu": 110}, {"dtts": 110})
    sums = sum_classes([count], find_persons([count], []))
    assert (sums.turns, sums.persons, sums.named, sums.unnamed_classes) == (110, None, 0, 1)
    assert sums.by_audience["truong_thon"].persons is None


def test_what_totals_do_not_say_is_unknown_and_never_nobody() -> None:
    count = count_class(ONE, [sheet(1, 10, groups=(Group("ho_ngheo", 6, 2), Group("truong_thon", 4)))])
    assert count.by_sex == {"nu": 2, "nam": 4, "khong_ro": 4}
    assert count.by_ethnicity == {"khong_ro": 10}


def test_pages_of_a_long_list_add_up_and_names_added_later_make_the_persons_known() -> None:
    pages = [sheet(1, 30, people(30)), sheet(2, 30, people(30, 31)), sheet(3, 50)]
    count = count_class(ONE, pages)
    assert (count.turns, len(count.people), count.complete, count.heads) == (110, 60, False, 50)
    assert sum(count.by_audience.values()) == 110
    named = count_class(ONE, pages, people(50, 61))
    assert (named.turns, len(named.people), named.complete) == (110, 110, True)
    assert sum_classes([named], find_persons([named], [])).persons == 110


def test_days_are_turns_once_and_person_days_each() -> None:
    days = [sheet(1, 30, people(30), day=DAY), sheet(2, 28, people(28), day=DAY + timedelta(1), number=1)]
    count = count_class(ONE, days)
    assert (count.turns, count.person_days, count.complete) == (30, 58, True)
    whole = count_class(replace(ONE, days=None), [sheet(1, 30, people(30))])
    assert (whole.turns, whole.person_days) == (30, None)
    by_totals = count_class(ONE, [sheet(1, 40, day=DAY), sheet(2, 42, day=DAY + timedelta(1))])
    assert (by_totals.turns, by_totals.person_days) == (42, 82)


@pytest.mark.parametrize("names", [(), people(20)])
def test_a_sheet_sent_twice_counts_once_and_is_flagged(names: tuple[Trainee, ...]) -> None:
    once = count_class(ONE, [sheet(1, 20, names, number=None)])
    twice = count_class(ONE, [sheet(1, 20, names, number=None), sheet(2, 20, names[::-1], number=None)])
    assert (twice.turns, twice.person_days) == (once.turns, once.person_days)
    assert kinds(twice) == [("twice", 2)]
    assert twice.flags[0].params == {"other": 1}
    # the same totals on another page or day are other people, or another day
    assert count_class(ONE, [sheet(1, 20), sheet(2, 20)]).turns == 40


def test_of_two_sheets_with_one_number_the_newer_counts() -> None:
    count = count_class(ONE, [sheet(1, 20), sheet(2, 22, number=1)])
    assert (count.turns, kinds(count)) == (22, [("same_number", 1)])


def test_names_that_contradict_the_totals_are_flagged() -> None:
    men = tuple(replace(each, sex="nam") for each in people(10))
    assert kinds(count_class(ONE, [sheet(1, 10, men)])) == [("disagree", 1)]
    assert kinds(count_class(ONE, [sheet(1, 9, people(10))])) == [("too_many_names", 1)]
    other = (*people(9), person(10, audience="uy_tin"))
    flags = count_class(ONE, [sheet(1, 10, other)]).flags
    assert [flag.params for flag in flags] == [
        {"audience": "truong_thon", "what": "heads", "said": 10, "named": 9},
        {"audience": "uy_tin", "what": "heads", "said": 0, "named": 1},
    ]
    assert kinds(count_class(ONE, [sheet(1, 10, people(10))])) == []
    assert kinds(count_class(ONE, [sheet(1, 20, people(10))])) == []


def test_a_day_outside_the_class_a_name_twice_and_a_missing_photo_are_flagged() -> None:
    late = sheet(1, 2, (person(1), person(1)), day=DAY + timedelta(9))
    assert kinds(count_class(ONE, [late])) == [("named_twice", 1), ("outside", 1)]
    assert kinds(count_class(ONE, [sheet(1, 10, photos=())])) == [("no_photo", 1)]
    assert kinds(count_class(ONE, [sheet(1, 10, photos=())], people(10))) == []


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12), st.sampled_from([None, DAY])), max_size=6))
def test_shares_add_up_to_the_turns_whatever_was_sent(pages: list[tuple[int, int, date | None]]) -> None:
    sheets = [
        sheet(at, heads, people(min(names, heads), at), day=day) for at, (names, heads, day) in enumerate(pages, 1)
    ]
    count = count_class(ONE, sheets)
    assert count == count_class(ONE, reversed(sheets))
    for shares in (count.by_audience, count.by_sex, count.by_ethnicity):
        assert sum(shares.values()) == count.turns
        assert all(number > 0 for number in shares.values())
    assert count.turns >= len(count.people)


def test_a_person_in_two_classes_is_two_turns_and_one_person_once_merged_and_two_again_when_undone() -> None:
    first, second = count_class(ONE, [sheet(1, 2, people(2))]), count_class(TWO, [sheet(2, 1, people(1), class_id="b")])
    apart = find_persons([first, second], [])
    sums = sum_classes([first, second], apart)
    assert (sums.turns, sums.persons, sums.possible) == (3, 3, 1)
    (alike,) = find_likenesses(apart)
    assert alike.exact
    merged = find_persons([first, second], merges_of([alike]))
    assert sum_classes([first, second], merged).persons == 2
    assert sum_classes([first], merged).persons == 2
    assert find_likenesses(merged) == []
    both = next(each for each in merged if len(each.attended) == 2)
    assert both.class_ids == ("b", "a")
    with pytest.raises(Invalid, match="merged_into_self"):
        require_apart([each.id for each in both.attended], merged)
    with pytest.raises(Invalid, match="person_unknown"):
        require_apart([both.id, "nobody"], merged)
    with pytest.raises(Invalid, match="merge_two"):
        require_apart([both.id], merged)


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ({"name": "HỌC viên  mẫu 001"}, True),
        ({"name": "Học viên mâu 001"}, False),
        ({"birth_year": 1981}, True),
        ({"birth_year": 1983}, False),
        ({"birth_year": None}, True),
        ({"area_id": "thon-2"}, False),
        ({"area_id": None}, True),
        ({"sex": "nam"}, False),
    ],
)
def test_who_may_be_the_same_is_proposed(other: dict[str, object], alike: bool) -> None:
    first = count_class(ONE, [], [person(1)])
    second = count_class(TWO, [], [person(1, **other)])
    assert bool(find_likenesses(find_persons([first, second], []))) is alike


def test_the_place_of_a_tone_mark_makes_nobody_another_person() -> None:
    assert person(1, name="Hoà Thuý").key == person(1, name="Hòa Thúy").key
    assert person(1, name="Hoa").key != person(1, name="Hòa").key
    assert participant_id("a", person(1)) != participant_id("b", person(1))


def test_households_and_officials_of_a_commune_are_counted_once_and_in_their_years() -> None:
    couple = [person(at, audience="ho_ngheo", represents="ho_ngheo", household=7) for at in (1, 2)]
    alone = person(3, audience="nguoi_dan", represents="ho_can_ngheo")
    official, elsewhere = person(4, audience="tham_muu"), person(5, audience="tham_muu", area_id="thon-9")
    count = count_class(ONE, [], [*couple, alone, official, elsewhere])
    again = count_class(TWO, [], [official])
    old = count_class(replace(TWO, id="c", first=date(2015, 12, 31)), [], [person(6, audience="lanh_dao_xa")])
    persons = find_persons([count, again, old], [])
    trained = count_trained(persons, frozenset({"xa", "thon-1"}), (2016, 2020))
    # the official of two classes is one person or two as long as nobody has merged them
    assert (trained.households, trained.officials) == ((2, 2), (1, 2))
    merged = find_persons([count, again, old], merges_of(find_likenesses(persons)))
    assert count_trained(merged, frozenset({"thon-1"}), (2016, 2020)).officials == (1, 1)


def test_sheets_are_read_as_they_were_answered_and_names_without_consent_are_not() -> None:
    answers = {
        "lop": "a",
        "cach_ghi": "mot_ngay",
        "ngay": "2019-05-13",
        "to_so": 2,
        "doi_tuong": ["truong_thon"],
        "g_truong_thon": {"n_truong_thon": 5, "nu_truong_thon": 2},
        "ghi_ten": "co",
        "dong_y": "co",
        "hoc_vien": [{"ho_ten": " Học viên  mẫu 001 ", "nam_sinh": 1980, "gioi": "nu", "thon_o": "t", "xa_o": "x"}, {}],
        "anh_1": "a.jpg",
    }
    read = read_sheet(1, NOW, answers, True)
    assert (read.day, read.number, read.heads, read.photos) == (DAY, 2, 5, ("a.jpg",))
    assert read.groups == (Group("truong_thon", 5, 2, None, None),)
    assert [(each.name, each.area_id) for each in read.names] == [("Học viên mẫu 001", "t")]
    assert read_sheet(1, NOW, answers | {"dong_y": "khong"}, True).names == ()
    announced = {"cap": "huyen", "ten_lop": "Lớp", "tu_ngay": "2019-05-13", "den_ngay": "2019-05-13"}
    known = read_class(7, "uuid:abc", None, {**announced, "du_kien": {"dk_truong_thon": 40}})
    assert (known.id, known.level, known.days, known.planned) == ("abc", "district", 1, 40)
    assert read_class(7, "uuid:abc", None, {}).level is None


def test_tests_before_and_after_are_paired_by_the_number_on_the_sign_in_sheet() -> None:
    def test(when: str, number: int | None, points: object, said: str | None = None) -> dict[str, object]:
        return {"lan": when, "so_danh_sach": number, "diem": points, "hai_long": said}

    tested = sum_tests(
        [
            test("truoc", 1, "2"),
            test("truoc", 2, 3),
            test("truoc", None, 4.0),
            test("truoc", 1, "1"),
            test("sau", 1, "5", "hai_long"),
            test("sau", None, "6", "khong_hai_long"),
            test("sau", 9, "not a number"),
            test("sau", 9, "7"),
            test("giua", 2, "6"),
        ]
    )
    assert (tested.before, tested.after, tested.paired) == ((3, 8), (2, 11), (1, 4))
    assert (tested.satisfied, tested.asked, tested.any) == (1, 2, True)
    assert not sum_tests([]).any
