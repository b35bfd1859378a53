"""Whole countries that come in a package: each is one module, and what it takes is named where it is not installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server.domain.area_records import AreaRecord
from server.domain.errors import Unavailable
from server.services import area_source_vietnam


class ExtraMissing(Unavailable):
    """An optional part is not installed. Params: `package`, and the `extra` of setup.cfg that brings it."""


@dataclass(frozen=True)
class Source:
    """Where a country's areas come from. `read` raises LookupError when the package is not installed."""

    extra: str
    package: str
    read: Callable[[], list[AreaRecord]]


SOURCES: Mapping[str, Source] = {
    "vietnam": Source("vietnam", area_source_vietnam.PACKAGE, area_source_vietnam.read_records),
}


def read_source(name: str) -> list[AreaRecord]:
    """All areas of a country. Raises ExtraMissing."""
    source = SOURCES[name]
    try:
        return source.read()
    except LookupError as error:
        raise ExtraMissing("area.extra_missing", package=source.package, extra=source.extra) from error
