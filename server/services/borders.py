"""Whether a place lies within a boundary. What draws boundaries is loaded when somebody asks first: it takes twenty
megabytes of every process."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any


def metres_outside(geometry: Mapping[str, Any], point: tuple[float, float]) -> int:
    """How far a place (longitude, latitude) lies outside a boundary; 0 within it and on it."""
    shapes = importlib.import_module("server.services.area_shapes")
    return int(shapes.metres_outside(geometry, point))
