"""A table of the people of a class, as people paste it or keep it in a workbook."""

import pytest

from server.domain.trainee_rows import PlaceNames, header_problems, lines_of, place_key, read_trainees
from server.domain.training import Trainee

PLACES = PlaceNames(
    {place_key("Xã Hà Lâu"): "ha-lau", place_key("Thị trấn Ba Chẽ"): "ba-che"},
    {
        ("ha-lau", place_key("Thôn Nà Hắc")): "na-hac",
        ("ha-lau", place_key("Khe Lẹ")): "khe-le-1",
        ("ba-che", place_key("Khe Lẹ")): "khe-le-2",
    },
)


def read(text: str, audience: str | None = None) -> tuple[list[Trainee], list[tuple[int, str]]]:
    columns, rows = lines_of(text)
    wrong = header_problems(columns)
    if wrong:
        return [], [(each.row, each.code) for each in wrong]
    people, problems = read_trainees(rows, PLACES, audience)
    return people, [(each.row, each.code) for each in problems]


def test_a_table_with_vietnamese_headings_is_read() -> None:
    text = (
        "STT\tHọ và tên\tNăm sinh\tGiới tính\tDân tộc\tĐối tượng\tXã\tThôn\tĐại diện hộ\tHộ số\tSố ngày\tKý tên\n"
        "1\tHọc viên  mẫu 001\t1980\tNữ\tDao\tTrưởng thôn\txã Hà Lâu\tNà Hắc\t\t\t\t\n\n"
        "2\tHọc viên mẫu 002\t12/03/1975\tnam\tKinh\tHộ nghèo\tHà Lâu\tKhe Lẹ\tHộ cận nghèo\t12\t2\t\n"
    )
    people, problems = read(text)
    assert problems == []
    assert people == [
        Trainee("Học viên mẫu 001", 1980, "nu", "dao", "truong_thon", "na-hac"),
        Trainee("Học viên mẫu 002", 1975, "nam", "kinh", "ho_ngheo", "khe-le-1", "ho_can_ngheo", 12, 2),
    ]


def test_without_headings_the_columns_are_those_of_the_sign_in_sheet() -> None:
    people, problems = read("Học viên mẫu 001\t1980\tNam\tTày\n", "nguoi_dan")
    assert (people, problems) == ([Trainee("Học viên mẫu 001", 1980, "nam", "tay", "nguoi_dan", None)], [])
    names, problems = read("Học viên mẫu 001\nHọc viên mẫu 002\n")
    assert ([each.name for each in names], problems) == (["Học viên mẫu 001", "Học viên mẫu 002"], [])
    assert lines_of(" \n\n") == ((), [])


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (";1980;nam;;;;", "training.row_name"),
        ("A;80;nam;;;;", "training.row_birth_year"),
        ("A;1980;x;;;;", "training.row_sex"),
        ("A;1980;nam;Dao;bác sĩ;;", "training.row_audience"),
        ("A;1980;nam;Dao;;Hà Nội;", "training.row_place"),
        ("A;1980;nam;Dao;;;Khe Lẹ", "training.row_place"),
        ("A;1980;nam;Dao;;Hà Lâu;Bản Lạ", "training.row_place"),
        ("B;1980;nam;Dao;;;", "training.twice"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_line(row: str, code: str) -> None:
    text = f"Tên;Năm sinh;Giới tính;Dân tộc;Đối tượng;Xã;Thôn\nB;1980;nam;Dao;;;\n{row}\nC;;;;;;\n"
    people, problems = read(text)
    assert problems == [(3, code)]
    assert [each.name for each in people] == ["B", "C"]


def test_a_first_line_that_cannot_be_is_told() -> None:
    assert read("Năm sinh\tGiới\n1980\tnam\n")[1] == [(1, "training.no_name_column")]
    assert read("Họ tên\tHọ và tên\nA\tB\n")[1] == [(1, "training.column_twice")]
    assert read("Họ tên\tSố CCCD\nA\t1\n")[1] == [(1, "training.column_unknown")]


def test_another_ethnic_group_is_another_minority_and_none_is_not_known() -> None:
    people, _ = read("Họ tên,Dân tộc\nA,Nùng\nB,\nC,Sán Dìu\n")
    assert [(each.ethnicity, each.ethnic) for each in people] == [
        ("khac", "dtts"),
        ("khong_ro", "khong_ro"),
        ("san_diu", "dtts"),
    ]
