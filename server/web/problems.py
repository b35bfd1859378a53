"""What is wrong with a form, as scripts and pages are told it: code, place, and sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from forms.errors import Problem

Say = Callable[[str, Mapping[str, object]], str]
"""The sentence of a message id with its parameters filled in."""
OWN_FAMILIES = ("lint.", "definition.", "expression.", "conversion.", "heads.", "programme.")


def problem_body(problem: Problem, say: Say) -> dict[str, Any]:
    """A problem as JSON. ``code``: the message id, "pyxform" where that library speaks in its own words. ``text``:
    place, sentence and remedy in one line."""
    message, remedy = say(problem.message, problem.params), say(problem.remedy, problem.params)
    where = [f"[{problem.sheet}]"] if problem.sheet else []
    if problem.row:
        place = {"row": problem.row, "column": problem.column}
        where.append(say("form.cell" if problem.column else "form.row", place))
    elif problem.path:
        where.append(say("form.node", {"path": problem.path}))
    return {
        "code": problem.message if problem.message.startswith(OWN_FAMILIES) else "pyxform",
        "severity": problem.weight,
        "sheet": problem.sheet,
        "row": problem.row,
        "column": problem.column,
        "path": problem.path,
        "message": message,
        "remedy": remedy,
        "text": " ".join([*where, message, "→", remedy]),
    }
