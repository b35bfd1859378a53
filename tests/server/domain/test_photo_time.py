"""When and where a picture was taken, as cameras write it."""

import io

import pytest
from PIL import Image

from server.domain.photo_time import taken_at, taken_where


def picture(
    latitude: tuple[str, tuple[float, float, float]], longitude: tuple[str, tuple[float, float, float]], wide: int = 64
) -> bytes:
    """A JPEG that bears a time and a place."""
    exif = Image.Exif()
    exif[0x8769] = {0x9003: "2019:06:15 09:30:00"}
    exif[0x8825] = {1: latitude[0], 2: latitude[1], 3: longitude[0], 4: longitude[1]}
    made = io.BytesIO()
    Image.new("RGB", (wide, wide // 2), (90, 120, 60)).save(made, "JPEG", exif=exif)
    return made.getvalue()


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [
        (("N", (21.0, 18.0, 36.0)), ("E", (107.0, 21.0, 39.96)), (107.3611, 21.31)),
        (("S", (8.0, 30.0, 0.0)), ("W", (70.0, 0.0, 0.0)), (-70.0, -8.5)),
    ],
)
def test_where_a_picture_was_taken(
    latitude: tuple[str, tuple[float, float, float]],
    longitude: tuple[str, tuple[float, float, float]],
    place: tuple[float, float],
) -> None:
    found = taken_where(picture(latitude, longitude))
    assert found is not None
    assert found == pytest.approx(place, abs=1e-6)


def test_a_camera_without_a_fix_was_nowhere() -> None:
    nowhere = ("N", (0.0, 0.0, 0.0)), ("E", (0.0, 0.0, 0.0))
    assert taken_where(picture(*nowhere)) is None
    assert taken_at(picture(*nowhere)) is not None


def test_what_says_no_place_has_none() -> None:
    whole = picture(("N", (21.0, 18.0, 36.0)), ("E", (107.0, 21.0, 0.0)))
    assert taken_where(b"") is None
    assert taken_where(b"\xff\xd8\xff\xd9") is None
    for length in range(0, 200, 3):
        taken_where(whole[:length])
