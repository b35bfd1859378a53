"""What is long and made of text goes out gzipped to whoever takes gzip."""

import gzip

from tests.kit.world import WATER_POINT, World

GZIP = {"Accept-Encoding": "gzip"}


def test_a_form_list_is_gzipped_and_its_304_needs_no_list(world: World) -> None:
    world.publishes()
    for form_id in ("a", "b", "c"):
        world.publishes(WATER_POINT.replace("water_point", form_id))
    phone = world.phone("Khe Mực", "water_point", "a", "b", "c")
    plain = phone.get("formList")
    packed = phone.get("formList", **GZIP)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data)
    assert "Accept-Encoding" in packed.headers["Vary"]
    for tag in (plain.headers["ETag"], packed.headers["ETag"]):
        unchanged = phone.get("formList", **GZIP | {"If-None-Match": tag})
        assert (unchanged.status_code, unchanged.data) == (304, b"")
    world.api.patch("projects/1/forms/a", json={"state": "closing"})
    assert phone.get("formList", **{"If-None-Match": plain.headers["ETag"]}).status_code == 200


def test_what_is_short_or_refused_stays_as_it_is(world: World) -> None:
    short = world.api.get("projects/1", headers=GZIP)
    assert "Content-Encoding" not in short.headers
    unwilling = world.api.get("openapi.json", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in unwilling.headers
    willing = world.api.get("openapi.json", headers=GZIP)
    assert gzip.decompress(willing.data) == unwilling.data
