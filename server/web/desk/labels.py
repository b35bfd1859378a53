"""Labels of what was chosen from a list that is a file of its own: areas and rounds by name, uploaded tables by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from forms.definition import FormDefinition
from forms.parse import table_from_csv
from server.domain.registers import GIVEN
from server.services.aggregate import find_field
from server.services.lists import LISTS
from server.storage.desk import SheetForm, name_areas
from server.storage.forms import list_form_attachments
from server.storage.rounds import list_rounds
from server.web.context import current_home, current_session
from server.web.desk.sheets import Lookup
from server.web.desk.words import own

AREAS = frozenset(("villages.csv", "communes.csv", "units.csv"))
"""The lists whose rows are areas."""


def labels_of_lists(form: SheetForm, definition: FormDefinition, answers: Mapping[str, Any]) -> Lookup:
    """The look-up for one submission: reads only the lists that its form chooses from."""
    names = {each.itemset.file_name for each in definition.fields.values() if each.itemset and each.itemset.file_name}
    known: dict[str, Mapping[str, str]] = {}
    if names & AREAS:
        areas = name_areas(current_session(), set(_chosen(definition, answers)))
        known |= dict.fromkeys(AREAS, areas)
    if "rounds.csv" in names:
        known["rounds.csv"] = _rounds(form.project_id)
    for name in names - (LISTS.keys() - GIVEN):
        known[name] = _uploaded(form.version_id, name)
    return lambda file_name, row: known.get(file_name, {}).get(row)


def _chosen(definition: FormDefinition, answers: Mapping[str, Any]) -> Iterator[str]:
    for each in definition.fields.values():
        if each.itemset is not None and each.itemset.file_name in LISTS:
            value = find_field(answers, each.name)
            if isinstance(value, str):
                yield value


def _rounds(project_id: int) -> dict[str, str]:
    rounds = list_rounds(current_session(), project_id)
    return {each.slug: own({"vi": each.name_vi, "en": each.name_en}) for each in rounds}


def _uploaded(form_version_id: int, name: str) -> dict[str, str]:
    files = list_form_attachments(current_session(), form_version_id)
    file = next((each for each in files if each.name == name), None)
    if file is None or file.sha256 is None or not name.endswith(".csv"):
        return {}
    with current_home().blobs.open(file.sha256) as stream:
        table = table_from_csv(stream.read())
    rows = ({child.name: child.text for child in item.children} for item in table.children)
    return {row["name"]: row.get("label", row["name"]) for row in rows if "name" in row}
