"""A file of answers that was ordered and made, so that requests for it find one."""

from __future__ import annotations

from urllib.parse import quote

from sqlalchemy.orm import sessionmaker

from server.jobs.long_work import drain_long
from tests.kit.world import World


def settle_exports(world: World, form_id: str) -> dict[str, list[str | int]]:
    """Two orders of one file, so that it stays when one of them is taken away; gives what paths may name."""
    orders = f"projects/1/forms/{quote(form_id, safe='')}/exports"
    first = world.api.post(orders, json={"format": "csv.zip"}).get_json()
    assert drain_long(sessionmaker(world.session.get_bind()), world.home) == 1
    again = world.person("Người lấy dữ liệu", "admin").post(orders, json={"format": "csv.zip"})
    assert again.status_code == 200, again.get_data(as_text=True)
    return {"uuid": [first["uuid"], "khong-co"]}
