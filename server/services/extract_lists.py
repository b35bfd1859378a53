"""What the rows of lists are called, one by one as they come: areas, rounds, and lists that were put up with a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from server.exports.flat import Lookup
from server.services.home import Home
from server.services.lists import LISTS
from server.services.results import AREAS, labels_of_file
from server.storage.desk import name_areas


def list_lookup(session: Session, home: Home, version_id: int) -> Lookup:
    """Looks up a row of a list by its name and remembers it; None when it is not known."""
    files: dict[str, Mapping[str, str]] = {}
    areas: dict[str, str | None] = {}

    def area(name: str) -> str | None:
        if name not in areas:
            areas[name] = name_areas(session, [name]).get(name)
        return areas[name]

    def own(file_name: str) -> Callable[[str], str | None]:
        if file_name not in files:
            files[file_name] = labels_of_file(session, home, version_id, file_name)
        return files[file_name].get

    def look_up(file_name: str, name: str) -> str | None:
        if file_name in AREAS:
            return area(name)
        return None if file_name in LISTS else own(file_name)(name)

    return look_up
