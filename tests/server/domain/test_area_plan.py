"""What a file changes of areas, and what is refused: a made-up province that loses its district and merges communes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.area_plan import Known, Plan
from server.domain.area_records import AreaRecord, Other
from server.domain.area_settle import plan_areas
from server.domain.area_times import LAST, Span, Times
from server.domain.areas import AreaChange

REFORM = date(2025, 7, 1)
TODAY = date(2026, 1, 1)


def row(
    line: int, code: str, name: str, parent: str | None = None, kind: str = "commune", **more: object
) -> AreaRecord:
    return replace(AreaRecord(line, name, kind, code or None, parent, source="made up"), **more)


BEFORE = (
    row(1, "22", "Tỉnh Đông", kind="province"),
    row(2, "200", "Huyện Núi", "22", "district", valid_to=REFORM),
    row(3, "00001", "Xã Thượng", "200", valid_to=REFORM),
    row(4, "00002", "Xã Hạ", "200", valid_to=REFORM),
    row(5, "00003", "Xã Trung", "200", valid_to=REFORM),
    row(6, "T-1", "Thôn Suối", "00001", "village"),
    row(7, "T-2", "Thôn Đèo", "00003", "village"),
)
AFTER = (
    row(8, "00002", "Xã Mới", "22", valid_from=REFORM, origins=(Other("00001"), Other("00003", "part"))),
    row(9, "00004", "Xã Hạ Mới", "22", valid_from=REFORM, origins=(Other("00002"), Other("00003", "part_main"))),
)


class World:
    """Areas that files were planned into, one after the other."""

    def __init__(self) -> None:
        self.times: list[Times] = []
        self.changes: list[AreaChange] = []
        self.ids: Iterator[int] = count(1)
        self.rows: Iterator[int] = count(1)

    def plans(self, *records: AreaRecord, on: date = date(2020, 1, 1), keep: bool = False) -> Plan:
        # a plan writes into what it was given
        times = [kept(area, self.rows) for area in self.times]
        known = Known(times, self.changes, lambda: f"id-{next(self.ids)}")
        return plan_areas(records, known, on, keep)

    def loads(self, *records: AreaRecord, on: date = date(2020, 1, 1), keep: bool = False) -> Plan:
        plan = self.plans(*records, on=on, keep=keep)
        assert not plan.refused, plan.problems
        self.times = [kept(area, self.rows) for area in plan.areas.values()]
        self.changes += plan.changes
        return plan

    def bearing(self, code: str, day: date) -> Times:
        found = [area for area in self.times if (span := area.on(day)) and span.code == code]
        assert len(found) == 1
        return found[0]

    def parent(self, code: str, day: date) -> str | None:
        span = self.bearing(code, day).on(day)
        assert span is not None
        return next((area.last.name for area in self.times if area.id == span.parent_id), None)


def kept(area: Times, rows: Iterator[int]) -> Times:
    spans = [
        Span(each.name, each.code, each.kind, each.parent_id, each.begin, each.end, each.flags) for each in area.spans
    ]
    for span in spans:
        span.id = next(rows)
    return Times(area.id, spans)


def reformed() -> World:
    world = World()
    world.loads(*BEFORE, *AFTER)
    return world


def refusals(plan: Plan) -> list[tuple[int, str]]:
    return [(problem.row, problem.code) for problem in plan.problems if problem.grave]


def test_a_code_means_another_area_after_the_reform() -> None:
    world = reformed()
    before, after = world.bearing("00002", date(2025, 6, 30)), world.bearing("00002", REFORM)
    assert before.id != after.id
    assert (before.last.name, after.last.name) == ("Xã Hạ", "Xã Mới")
    assert before.end == REFORM


def test_what_became_of_areas_says_how_much_went_where() -> None:
    world = reformed()
    names = {area.id: area.last.name for area in world.times}
    found = {(names[each.from_area], names[each.to_area]): (each.kind, each.extent) for each in world.changes}
    assert found == {
        ("Xã Thượng", "Xã Mới"): ("merged", "whole"),
        ("Xã Trung", "Xã Mới"): ("split", "part"),
        ("Xã Hạ", "Xã Hạ Mới"): ("merged", "whole"),
        ("Xã Trung", "Xã Hạ Mới"): ("split", "part_main"),
    }


def test_a_village_goes_with_a_commune_that_went_over_whole_and_says_that_it_is_concluded() -> None:
    world = World()
    plan = world.loads(*BEFORE, *AFTER)
    assert world.parent("T-1", date(2025, 6, 30)) == "Xã Thượng"
    assert world.parent("T-1", REFORM) == "Xã Mới"
    assert [span.status for span in plan.areas[world.bearing("T-1", REFORM).id].spans] == ["unverified", "derived"]


def test_a_village_of_a_split_commune_is_a_gap_that_names_where_it_may_be() -> None:
    world = World()
    plan = world.loads(*BEFORE, *AFTER)
    [gap] = plan.problems
    assert (gap.code, gap.grave, gap.params["name"]) == ("area.unassigned", False, "Thôn Đèo")
    assert gap.params["successors"] == "Xã Mới (00002), Xã Hạ Mới (00004)"
    assert not world.loads(row(1, "T-2", "Thôn Đèo", "00004", "village", valid_from=REFORM)).problems
    assert world.parent("T-2", REFORM) == "Xã Hạ Mới"
    assert world.parent("T-2", date(2025, 6, 30)) == "Xã Trung"


def test_loading_a_file_again_changes_nothing() -> None:
    world = reformed()
    plan = world.plans(*BEFORE, *AFTER)
    assert plan.count() == {"unchanged": 9}
    assert (plan.touched, plan.changes) == ([], [])


def test_a_renamed_and_a_moved_area_is_the_same_one() -> None:
    world = World()
    world.loads(*BEFORE[:2], row(3, "00009", "Thị trấn Nhỏ", "200", "town"))
    plan = world.loads(
        row(1, "00009", "Xã Nhỏ", "200", valid_from=date(2022, 1, 1), decree="NQ 1"),
        row(2, "00010", "Xã Nhỏ", "22", was="00009", valid_from=REFORM),
    )
    [area] = [area for area in world.times if area.last.name == "Xã Nhỏ"]
    assert [span.code for span in area.spans] == ["00009", "00009", "00010"]
    assert [(each.kind, each.decree) for each in plan.changes] == [("renamed", "NQ 1"), ("moved", None)]


def test_an_area_goes_into_one_that_stays() -> None:
    world = World()
    world.loads(row(1, "1", "Tỉnh", kind="province"), row(2, "11", "Xã A", "1"), row(3, "12", "Xã B", "1"))
    world.loads(row(4, "V", "Thôn", "12", "village"))
    world.loads(row(1, "12", "Xã B", "1", valid_to=date(2023, 1, 1), heirs=(Other("11"),)))
    assert world.parent("V", date(2023, 1, 1)) == "Xã A"
    assert world.bearing("11", TODAY).begin == world.bearing("11", date(2019, 1, 1)).begin


def test_undated_rows_are_read_as_of_the_day_that_is_asked_for() -> None:
    world = reformed()
    world.loads(row(1, "", "Thôn Cũ", "00002", "village"), on=date(2019, 6, 30))
    world.loads(row(1, "", "Thôn Mới", "00002", "village"), on=TODAY)
    [old] = [area for area in world.times if area.last.name == "Thôn Cũ"]
    [new] = [area for area in world.times if area.last.name == "Thôn Mới"]
    assert len(old.spans) == 2  # Xã Hạ, then what it went into
    assert new.begin == REFORM
    assert world.plans(row(1, "", "Thôn  mới", "00002", "village"), on=TODAY).count() == {"unchanged": 1}


def test_an_undated_row_speaks_of_the_time_before_the_next_row_of_its_area() -> None:
    world = reformed()
    rows = (row(1, "X", "Xã Cũ", "22"), row(2, "X", "Xã Mới Hơn", "22", valid_from=date(2021, 1, 1)))
    world.loads(*rows, on=TODAY)
    assert [span.name for span in world.bearing("X", TODAY).spans] == ["Xã Cũ", "Xã Mới Hơn"]
    assert world.plans(*rows, on=TODAY).count() == {"unchanged": 2}


def test_a_list_of_a_country_leaves_what_is_known_better() -> None:
    world = World()
    world.loads(row(1, "1", "Tỉnh", kind="province"), row(2, "11", "Xã A", "1"))
    plan = world.loads(row(0, "11", "Phường A", "1", "ward"), row(0, "13", "Xã C", "1"), keep=True)
    assert plan.count() == {"differs": 1, "new": 1}
    assert world.bearing("11", TODAY).last.name == "Xã A"


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        ((row(1, "X", "Xã", "Y"), row(2, "Y", "Huyện", "X")), [(1, "area.cycle"), (2, "area.cycle")]),
        ((row(1, "22", "Tỉnh Đông", "T-1", "province", valid_from=TODAY),), [(1, "area.cycle")]),
        ((row(1, "X", "Xã", "22"), row(2, "X", "Xã", "00004")), [(2, "area.two_at_once")]),
        (
            (row(1, "X", "Xã", "22", valid_to=TODAY), row(2, "X", "Xã Kia", "22", valid_from=REFORM)),
            [(2, "area.overlap")],
        ),
        (
            (row(1, "X", "Xã", "22", valid_to=REFORM), row(2, "X", "Xã", "22", valid_from=TODAY, id=None, key="k")),
            [],
        ),
        (
            (row(1, "X", "Xã", "22", valid_to=REFORM, key="k"), row(2, "X", "Xã", "22", valid_from=TODAY, key="k")),
            [(2, "area.gap")],
        ),
        ((row(1, "X", "Xã", "99999"),), [(1, "area.unknown_code")]),
        ((row(1, "X", "Xã", "22", valid_from=TODAY, valid_to=REFORM),), [(1, "area.period")]),
        ((row(1, "V", "Thôn", "00001", "village", valid_from=REFORM),), [(1, "area.parent_ended")]),
        ((row(1, "V", "Thôn", "00004", "village", valid_from=date(2019, 1, 1)),), [(1, "area.unknown_then")]),
        ((row(1, "X", "Xã", "22", valid_from=TODAY, origins=(Other("00001"),)),), [(1, "area.parent_ended")]),
        ((row(1, "X", "Xã", "22", origins=(Other("00004"),)),), [(1, "area.change_undated")]),
    ],
)
def test_what_cannot_be_is_refused_with_its_row(rows: tuple[AreaRecord, ...], refused: list[tuple[int, str]]) -> None:
    assert refusals(reformed().plans(*rows, on=TODAY)) == refused


def test_a_village_whose_commune_ended_is_told_where_that_went() -> None:
    plan = reformed().plans(row(1, "V", "Thôn", "00001", "village", valid_from=REFORM))
    [problem] = [each for each in plan.problems if each.grave]
    assert problem.params["successors"] == "Xã Mới (00002)"


FIELDS = st.tuples(
    st.sampled_from("ABCDE"),
    st.sampled_from([None, *"ABCDE"]),
    st.sampled_from([None, date(2010, 1, 1), date(2015, 1, 1)]),
    st.sampled_from([None, date(2015, 1, 1), date(2020, 1, 1)]),
)


@given(st.lists(st.lists(FIELDS, max_size=5), max_size=4))
def test_whatever_is_loaded_is_a_tree_without_gap_or_overlap(
    files: list[list[tuple[str, str | None, date, date]]],
) -> None:
    world = World()
    for fields in files:
        rows = [
            row(line, code, f"Xã {code}", parent, valid_from=since, valid_to=until)
            for line, (code, parent, since, until) in enumerate(fields, start=1)
        ]
        if world.plans(*rows).refused:
            continue
        world.loads(*rows)
        assert set(world.plans(*rows).count()) <= {"unchanged"}
        by_id = {area.id: area for area in world.times}
        for area in world.times:
            assert area.begin < area.end <= LAST
            assert all(one.end == other.begin for one, other in zip(area.spans, area.spans[1:], strict=False))
            for day in (span.begin for span in area.spans):
                above, seen = area.on(day), {area.id}
                while above is not None and above.parent_id is not None:
                    assert above.parent_id not in seen
                    seen.add(above.parent_id)
                    above = by_id[above.parent_id].on(day)
