"""Makes photos small enough to be printed beside the clause they support; the only module that names Pillow."""

from __future__ import annotations

import io
import warnings
from typing import BinaryIO

from PIL import Image, ImageOps

MOST = 320
"""Pixels along the longer side: 27 mm on paper at 300 to the inch."""
WIDE = 1600
"""Pixels along the longer side of a photo that is looked at: enough to read a minutes' page on it."""
QUALITY = 75
LARGEST = 60_000_000
"""Pixels of a picture that is opened at all."""


def is_picture(stream: BinaryIO) -> bool:
    """Whether a file is a picture that can be opened."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(stream) as picture:
                picture.verify()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True


def make_thumbnail(stream: BinaryIO, most: int = MOST) -> bytes | None:
    """A small JPEG of a picture, upright, without what the camera wrote beside it; None where it is no picture. `most`:
    pixels along the longer side."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(stream) as picture:
                if picture.width * picture.height > LARGEST:
                    return None
                picture.draft("RGB", (most * 2, most * 2))
                small = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    small.thumbnail((most, most))
    made = io.BytesIO()
    small.save(made, "JPEG", quality=QUALITY)
    return made.getvalue()
