"""Which area is meant by what somebody writes."""

from datetime import date

import pytest

from server.domain.errors import Invalid, NotFound
from server.domain.roles import Scope
from server.services.locate import describe, locate
from server.storage.areas import find_area
from tests.kit.field import Field

BEFORE, TODAY = date(2025, 6, 30), date(2026, 9, 15)


def name_of(field: Field, text: str, on: date) -> str:
    found = find_area(field.session, locate(field.session, text, on), on)
    assert found is not None
    return found.name


@pytest.mark.parametrize(
    "text",
    [
        *("06979", "Xã Kỳ Thượng", "Kỳ Thượng", "ky thuong", "  xa  KY thuong "),
        *("Kỳ Thượng, Quảng Ninh", "ky thuong / tinh quang ninh", "Xã Kỳ Thượng, Tỉnh Quảng Ninh (06979)"),
    ],
)
def test_a_commune_is_meant_by_code_and_by_name_however_written(field: Field, text: str) -> None:
    assert name_of(field, text, TODAY) == "Xã Kỳ Thượng"


def test_what_is_offered_is_understood(field: Field) -> None:
    for code in ("06979", "22"):
        area = find_area(field.session, code, TODAY)
        assert area is not None
        assert locate(field.session, describe(field.session, area, TODAY), TODAY) == area.id
        assert locate(field.session, area.id, TODAY) == area.id


def test_a_code_is_that_of_its_day(field: Field) -> None:
    assert name_of(field, "06979", BEFORE) == "Xã Đạp Thanh"
    assert name_of(field, "06979", TODAY) == "Xã Kỳ Thượng"


def test_a_name_that_several_have_is_asked_for_with_what_each_lies_in(field: Field) -> None:
    with pytest.raises(Invalid) as refused:
        locate(field.session, "Quảng", TODAY)
    assert refused.value.code == "area.unlike"
    assert "Tỉnh Quảng Ninh (22)" in str(refused.value.params["found"])
    with pytest.raises(Invalid) as refused:
        locate(field.session, "Hạ Long", BEFORE)
    assert refused.value.code == "area.unclear"
    for said in ("Thành phố Hạ Long, Tỉnh Quảng Ninh", "Xã Hạ Long, Huyện Vân Đồn, Tỉnh Quảng Ninh"):
        assert said in str(refused.value.params["found"])
    assert name_of(field, "xã hạ long", BEFORE) == "Xã Hạ Long"
    assert name_of(field, "Hạ Long, Vân Đồn", BEFORE) == "Xã Hạ Long"


@pytest.mark.parametrize("text", ["không có nơi nào", "", ",", "\0", "99999", "Kỳ Thượng (99999"])
def test_what_is_like_none_is_not_there(field: Field, text: str) -> None:
    with pytest.raises((NotFound, Invalid)):
        locate(field.session, text, TODAY)


def test_what_lies_outside_is_not_there(field: Field) -> None:
    commune = locate(field.session, "06979", TODAY)
    inside = Scope(False, frozenset({commune}), TODAY)
    assert locate(field.session, "Kỳ Thượng", TODAY, inside) == commune
    for text in ("22", "Quảng Ninh"):
        with pytest.raises(NotFound):
            locate(field.session, text, TODAY, inside)
