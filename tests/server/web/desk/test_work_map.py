"""The map of works: boundaries, marks in their places, names while they are few."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from server.domain.production import START, Model, Phase
from server.domain.works import Upkeep, Work, WorkState
from server.services.works import WorkLine
from server.web.desk.work_map import FEW, MARGIN, WIDE, draw_models, draw_works

ON = date(2019, 6, 30)
SQUARE = [[107.0, 21.0], [107.2, 21.0], [107.2, 21.2], [107.0, 21.2], [107.0, 21.0]]
BORDER = {"type": "Polygon", "coordinates": [SQUARE]}


def line(number: int, place: tuple[float, float] | None, condition: int | None = None) -> WorkLine:
    work = Work(f"w{number}", number, "a", f"Công trình {number}", "duong", provisional=False, place=place)
    looked = Upkeep(number, ON, provisional=False, reason=None, condition=condition)
    return WorkLine(WorkState(work, ON, (), (looked,) if condition else ()))


def test_without_a_position_there_is_no_map() -> None:
    assert draw_works([line(1, None)], {"a": BORDER}, {"a": "Xã A"}) is None


def test_marks_lie_within_the_picture_and_north_is_up() -> None:
    south, north = line(1, (107.05, 21.02), 2), line(2, (107.15, 21.18))
    drawn = draw_works([south, north, line(3, None)], {"a": BORDER}, {"a": "Xã A"})
    assert drawn is not None
    one, other = drawn.marks
    assert (one.condition, other.condition, drawn.unplaced, drawn.named) == (2, None, 1, True)
    assert one.x < other.x
    assert one.y > other.y
    assert all(MARGIN <= mark.x <= drawn.width - MARGIN for mark in drawn.marks)
    assert all(MARGIN <= mark.y <= drawn.height - MARGIN for mark in drawn.marks)
    ((name, path),) = drawn.borders
    assert (name, path[0], path[-1], path.count("L")) == ("Xã A", "M", "Z", 4)


def test_two_parts_of_a_commune_are_one_path() -> None:
    parts = {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[x + 1, y] for x, y in SQUARE]]]}
    drawn = draw_works([line(1, (107.1, 21.1))], {"a": parts}, {"a": "Xã A"})
    assert drawn is not None
    assert [path.count("M") for _, path in drawn.borders] == [2]


@pytest.mark.parametrize("place", [(107.1, 21.1), (0.0, 0.0), (180.0, 90.0)])
def test_one_work_alone_stands_in_the_middle(place: tuple[float, float]) -> None:
    drawn = draw_works([line(1, place)], {}, {})
    assert drawn is not None
    (mark,) = drawn.marks
    assert (mark.x, mark.y) == pytest.approx((drawn.width / 2, drawn.height / 2), abs=0.2)
    assert max(drawn.width, drawn.height) <= WIDE + 1


def test_many_works_are_not_named_on_it() -> None:
    every = [replace(line(number, (107 + number / 100, 21.0))) for number in range(FEW + 1)]
    drawn = draw_works(every, {}, {})
    assert drawn is not None
    assert not drawn.named


def test_models_stand_on_a_map_as_was_decided() -> None:
    start = Phase(7, START, ON, provisional=False)
    going = Model("m1", "a", "Nuôi ong", "chan_nuoi", start, place=(107.05, 21.02))
    drawn = draw_models([going, replace(going, id="m2", place=None)], {}, {})
    assert drawn is not None
    (mark,) = drawn.marks
    assert (mark.id, mark.name, mark.state, drawn.unplaced) == ("7", "Nuôi ong", "going_on", 1)
