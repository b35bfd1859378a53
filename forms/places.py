"""What is wrong with a form, told where the person who wrote it will look: sheet, row and column, or the path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from forms.errors import DefinitionError, Problem
from forms.workbook import Sheets

NO_SHEETS = Sheets()
_PATH = re.compile(r"/[\w.\-]+/((?:[\w.\-]+/)*[\w.\-]+)")
_EXPONENT = re.compile(r"[eE][+-]?\d")


class Params(dict[str, object]):
    """Params that may stand in a set, so that one mistake named twice is one problem."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted((key, str(value)) for key, value in self.items())))


def problem_at(sheets: Sheets | None, message: str, params: Mapping[str, object], remedy: str | None = None) -> Problem:
    """A problem at the node that ``params`` name as ``field``, in the rule that they name as ``property``."""
    path, rule = str(params.get("field", "")), str(params.get("property", ""))
    place = (sheets or NO_SHEETS).place(path, rule, str(params.get("language", "")))
    said = Params(params)
    said.setdefault("name", path.rpartition("/")[2])
    if sheets is None:
        return Problem(None, None, message, remedy or f"{message}.remedy", said, None, path or None)
    _speak_as_written(said, sheets)
    return Problem(*place[:2], message, remedy or f"{message}.remedy", said, place.column, path or None)


def _speak_as_written(said: Params, sheets: Sheets) -> None:
    """pyxform writes paths for ${name}: a formula is told as it stands in the workbook, and the place in it too."""
    source, position = said.get("source"), said.get("position")
    if isinstance(source, str):
        said["source"] = _as_written(source, sheets)
        if isinstance(position, int):
            said["position"] = len(_as_written(source[:position], sheets))
    if "fields" in said:
        said["fields"] = _as_written(str(said["fields"]), sheets)


def _as_written(formula: str, sheets: Sheets) -> str:
    def name(found: re.Match[str]) -> str:
        return "${" + found[1].rpartition("/")[2] + "}" if found[1] in sheets.fields else found[0]

    return " ".join(_PATH.sub(name, formula).split())


def problems_of(errors: Iterable[DefinitionError], sheets: Sheets | None) -> tuple[Problem, ...]:
    """What the errors of a form say, each once. ``sheets``: None for an XForm that came as XML."""
    found = []
    for error in errors:
        code = _told_as(error)
        remedy = error.params.get("remedy") if code == error.code else None
        found.append(problem_at(sheets, code, error.params, str(remedy) if remedy else None))
    return tuple(dict.fromkeys(found))


def _told_as(error: DefinitionError) -> str:
    """The message id of an error: for some mistakes there is a better sentence than that nothing can be read."""
    source, position = str(error.params.get("source", "")), error.params.get("position")
    if error.code == "expression.syntax" and isinstance(position, int) and _EXPONENT.match(source[position:]):
        return "expression.exponent" if source[:position][-1:].isdigit() else error.code
    return error.code
