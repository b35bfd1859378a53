"""A form examined: everything that is wrong with it, or will be, each with its place and its remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from forms.convert import Kind, transcribe
from forms.definition import FormDefinition
from forms.errors import ConversionError, DefinitionError, Problem, Weight
from forms.lint.rules import RULES, Remark, Rule
from forms.lint.truth import Truth
from forms.parse import read_form
from forms.places import problem_at, problems_of
from forms.workbook import Sheets
from forms.worker import explain

SourceKind = Literal["xml"] | Kind
_ORDER: tuple[Weight, ...] = ("error", "warning", "advice")
_SHEETS = ("survey", "choices", "settings", "entities")


@dataclass(frozen=True)
class Examined:
    """What came out: the form as far as it could be read, and its problems, errors first.

    ``said``: pyxform's own warnings, as it says them; they are among the problems too.
    """

    problems: tuple[Problem, ...]
    definition: FormDefinition | None = None
    xml: bytes = b""
    itemsets: bytes | None = None
    said: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps the form from being published."""
        return tuple(each for each in self.problems if each.weight == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What somebody has to agree to before it is published."""
        return tuple(each for each in self.problems if each.weight == "warning")


def examine_source(content: bytes, kind: SourceKind, form_id_fallback: str | None = None) -> Examined:
    """Everything that can be said of a form before it is published.

    :param kind: "xml" for an XForm, else that of the workbook.
    :raises ConversionError: there is no form in the workbook (see :func:`forms.convert.convert`).
    :raises DefinitionError: the XML is no form at all.
    """
    if kind == "xml":
        definition, errors = read_form(content)
        return Examined(_ordered((*problems_of(errors, None), *examine(definition))), definition, content)
    made = transcribe(content, kind, form_id_fallback)
    try:
        definition, errors = read_form(made.xml)
    except DefinitionError as error:
        problems = problems_of(error.errors, made.sheets)
        raise ConversionError("conversion.invalid", {"count": len(problems)}, problems) from None
    said = [_told(each) for text in made.warnings for each in explain(text)]
    problems = _ordered((*problems_of(errors, made.sheets), *said, *examine(definition, made.sheets)))
    return Examined(problems, definition, made.xml, made.itemsets, made.warnings)


def examine(definition: FormDefinition, sheets: Sheets | None = None) -> tuple[Problem, ...]:
    """What every rule of lint says of a form. ``sheets``: None for an XForm that came as XML."""
    subject = Truth(definition)
    found = [_problem(rule, remark, sheets) for rule in RULES.values() for remark in rule.check(subject)]
    return _ordered(dict.fromkeys(found))


def _told(said: Problem) -> Problem:
    """A warning of pyxform; what it says of photos in a sentence of ours, for it is no fault."""
    if "max-pixels" in said.message:
        return replace(said, message="lint.large_photo", remedy="lint.large_photo.remedy", weight="advice")
    return replace(said, weight="warning")


def _problem(rule: Rule, remark: Remark, sheets: Sheets | None) -> Problem:
    params: dict[str, object] = {**remark.params, "field": remark.path, "property": remark.rule}
    if remark.language:
        params["language"] = remark.language
    if remark.choice is not None:
        params["name"] = remark.choice[1]
    made = problem_at(sheets, rule.code, params)
    if remark.choice is not None and sheets is not None:
        place = sheets.choice(*remark.choice, remark.rule or "name", remark.language)
        made = replace(made, sheet=place.sheet, row=place.row, column=place.column)
    return replace(made, weight=remark.weight or rule.weight)


def _ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    def place(problem: Problem) -> tuple[int, int, int]:
        sheet = _SHEETS.index(problem.sheet) if problem.sheet in _SHEETS else len(_SHEETS)
        return _ORDER.index(problem.weight), sheet, problem.row or 0

    return tuple(sorted(problems, key=place))
