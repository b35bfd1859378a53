"""The shipped form `village_criteria` with small lists of places, as the tests of several layers need it."""

import json
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from pathlib import Path

from forms.convert import convert
from forms.definition import FormDefinition
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext

VECTORS = Path(__file__).parents[1] / "vectors" / "village_criteria"
BEFORE = VECTORS / "before.json"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=timezone(timedelta(hours=7)))


@cache
def definition() -> FormDefinition:
    """The form as the library has it."""
    source = files("forms").joinpath("library", "village_criteria.md").read_bytes()
    return parse_form(convert(source, "md").xml)


@cache
def context(media: str = "media") -> JudgeContext:
    """A day in November 2026 in Việt Nam, with the lists that the vectors were filled with; `media_before`: those that
    bring answers of a round before."""
    tables = {path.name: table_from_csv(path.read_bytes()) for path in sorted((VECTORS / media).glob("*.csv"))}
    return JudgeContext(now=NOW, tables=tables)


def vectors() -> list[dict[str, object]]:
    """The cases of `cases.json`, each with `file`, `why`, `findings`, and `answers` and `preview` or `edits`."""
    cases: list[dict[str, object]] = json.loads((VECTORS / "cases.json").read_text(encoding="utf-8"))
    return cases
