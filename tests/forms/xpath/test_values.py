"""Nodes, typed answers and moments."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from forms.errors import EvaluationError
from forms.xpath.context import World
from forms.xpath.moments import find_moment, find_time
from forms.xpath.values import Node, scalar_to_number, scalar_to_string, to_boolean, to_number, to_string, value_of

HANOI = timezone(timedelta(hours=7))
NOW = datetime(2024, 5, 6, 10, 20, tzinfo=HANOI)


@pytest.mark.parametrize(
    ("data_type", "text", "value"),
    [
        ("string", "1.50", "1.50"),
        ("int", "7", 7.0),
        ("int", " -7 ", -7.0),
        ("int", "1.5", ""),
        ("int", "abc", ""),
        ("int", "99999999999", ""),
        ("int", "2147483647", 2147483647.0),
        ("decimal", "1.50", 1.5),
        ("decimal", "nan", ""),
        ("decimal", "1_0", ""),
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("date", "2024-05-06", datetime(2024, 5, 6, tzinfo=HANOI)),
        ("date", "2024-05-06T12:00:00.000+07:00", ""),
        ("date", "2024-13-06", ""),
        ("dateTime", "2024-05-06T10:00:00Z", datetime(2024, 5, 6, 17, tzinfo=HANOI)),
        ("time", "10:20:30.5+07:00", datetime(2024, 5, 6, 10, 20, 30, 500000, tzinfo=HANOI)),
        ("time", "25:00", ""),
        ("geopoint", "10.5 106.5 0 0", "10.5 106.5 0.0 0.0"),
        ("geopoint", "10.5 106.5", "10.5 106.5 0.0 0.0"),
        ("geopoint", "10.5", ""),
        ("select", "a b", "a b"),
        ("int", "", ""),
    ],
)
def test_an_answer_has_the_value_of_its_type(data_type: str, text: str, value: object):
    assert value_of(Node("a", text, data_type), NOW) == value


def test_paths_name_places_of_repeats_only():
    root = Node("data")
    for _ in range(2):
        member = root.add(Node("member"))
        member.is_repeat = True
        member.add(Node("age"))
    only = root.add(Node("visit"))
    only.is_repeat = True
    assert root.children[1].children[0].path() == "/data/member[2]/age"
    assert only.path() == "/data/visit[1]"
    assert root.path() == "/data"


def test_children_are_found_by_name_also_after_changes():
    root = Node("data")
    first = root.add(Node("a", "1"))
    assert root.child("a") is first
    assert root.child("b") is None
    second = root.add(Node("a", "2"))
    assert root.named("a") == [first, second]
    root.children.remove(first)
    assert root.child("a") is second
    assert second.position() == 1


def test_conversions_of_nodes_take_the_only_one():
    one = [Node("a", "5", "int")]
    assert to_string(one, NOW) == "5"
    assert to_number(one, NOW) == 5
    assert to_boolean(one, NOW) is True
    assert to_string([], NOW) == ""
    assert to_boolean([], NOW) is False
    with pytest.raises(EvaluationError) as stopped:
        to_string([*one, Node("a", "6", "int")], NOW)
    assert stopped.value.params == {"reason": "several-nodes"}


def test_moments_keep_the_instant_in_the_wanted_zone():
    moment = find_moment("2024-05-06T23:30:00Z", HANOI)
    assert moment == datetime(2024, 5, 6, 23, 30, tzinfo=UTC)
    assert scalar_to_string(moment) == "2024-05-07"
    assert scalar_to_number(moment) == 19850
    assert find_time("06:00", NOW) == datetime(2024, 5, 6, 6, tzinfo=HANOI)
    assert find_moment("2024-05-06T10:00:00.1234567+0730", HANOI) is not None
    for broken in ("", "2024", "2024-05", "06/05/2024", "2024-05-06T", "2024-05-06T99:00", "2024-05-06T10:00+"):
        assert find_moment(broken, HANOI) is None


def test_a_world_knows_its_zone():
    with pytest.raises(ValueError, match="time zone"):
        World(Node("a"), now=datetime(2024, 5, 6))
