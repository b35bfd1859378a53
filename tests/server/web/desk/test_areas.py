"""The pages of the area tree, as somebody reads them."""

from __future__ import annotations

import pytest

from server.storage.area_views import ShapeView
from server.web.desk.areas import sketch_of
from tests.kit.world import COMMUNES, EMAIL, PASSWORD, VILLAGES, World


def page(world: World, path: str, status: int = 200) -> str:
    client = world.app.test_client()
    client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.get_data(as_text=True)


def test_the_tree_and_what_is_typed(world: World) -> None:
    top = page(world, "/areas")
    assert "Tỉnh Quảng Ninh" in top
    assert "Xã Kỳ Thượng" not in top
    found = page(world, "/areas?q=ky+thuong&lang=en")
    assert "Xã Kỳ Thượng" in found
    assert "No unit of that name" in page(world, "/areas?q=zzzz&lang=en")


def test_a_unit_with_what_it_came_from(world: World) -> None:
    shown = page(world, "/areas/06979?on=2025-07-01")
    for words in ("Xã Thanh Lâm", "Xã Đạp Thanh", "Nghị quyết 1679/NQ-UBTVQH15", "toàn bộ", "Thôn mẫu 01", "suy ra"):
        assert words in shown, words
    assert "không tồn tại ngày" in page(world, f"/areas/{COMMUNES['qn-ba-che-thanh-lam'].uuid}?on=2025-07-01")
    page(world, "/areas/06976?on=2025-07-01", 404)
    page(world, "/areas?on=2025-13-01", 400)


def test_a_village_that_nobody_assigned_says_what_to_do(world: World) -> None:
    shown = page(world, f"/areas/{VILLAGES['Thôn Ngàn Chi'].uuid}?lang=en&on=2025-07-01")
    assert "nobody said where it went" in shown


def test_a_boundary_is_drawn_to_fit_and_a_hole_stays_one() -> None:
    outer = [[107.0, 21.0], [108.0, 21.0], [108.0, 21.5], [107.0, 21.5], [107.0, 21.0]]
    inner = [[107.4, 21.2], [107.6, 21.2], [107.6, 21.3], [107.4, 21.2]]
    boundary = ShapeView("boundary", {"type": "Polygon", "coordinates": [outer, inner]}, None, None, "unverified", "x")
    point = ShapeView("point", {"type": "Point", "coordinates": [107.5, 21.25]}, None, None, "unverified", "x")
    sketch = sketch_of([boundary, point])
    assert sketch is not None
    assert sketch.path.count("M") == 2
    assert sketch.point == pytest.approx((sketch.width / 2, sketch.height / 2), abs=0.1)
    assert sketch.height < sketch.width <= 320
    alone = sketch_of([point])
    assert alone is not None
    assert alone.path == ""
    assert sketch_of([]) is None
