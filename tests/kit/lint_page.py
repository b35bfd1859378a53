"""docs/lint.md: what `thonban forms check` may say, made from the rules by `python -m tests.kit.lint_page`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from babel.messages.pofile import read_po

from forms.lint import RULES, Rule
from tests.kit.source import ROOT

PAGE = ROOT / "docs" / "lint.md"
HEAD = """# What is said of a form before it is published

`thonban forms check FILE` examines a workbook (`.xlsx`, `.xls`, `.csv`, `.md`) or an XForm (`.xml`) and says what will
fail or differ on ODK Collect or in a browser, what nobody can reach, and what nobody can answer: each with sheet, row
and column (of an XForm: the path), a sentence in Vietnamese and in English, and a remedy. Exit code 0: it may be
published; 1: there are errors; 2: a file cannot be read. `--json` prints one line for each file.

| Severity | At publishing |
|---|---|
| error | refused, over the API with 400.15 and every error in `details.problems` |
| warning | a workbook is refused with 400.16, unless `ignoreWarnings=true`; an XForm is taken, as in ODK Central |
| advice | taken |

`GET /v1/projects/…/forms/…/problems` and `…/draft/problems` show the warnings and the advice of what was taken.

What pyxform says of a workbook in its own English words has the code `pyxform`, and is a warning.

A question that nobody can answer (`lint.never_valid`, `lint.required_readonly`) is an error where everybody who fills
in the form meets it: no such sheet could ever be finished. Behind a condition it may be a stop on purpose, and is a
warning.

This page is made from the rules: `python -m tests.kit.lint_page`.
"""
TITLES = {
    "phones": "Phones read it otherwise, or stop",
    "browsers": "Browsers cannot, or do otherwise",
    "answers": "Nobody reaches or answers it",
    "lists": "Choices",
    "texts": "Names and texts",
}


def texts(language: str) -> dict[str, str]:
    """The catalogue of errors in one language."""
    path = ROOT / "server" / "translations" / "errors" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file)}


def page() -> str:
    """The whole page."""
    vi, en = texts("vi"), texts("en")
    lines = [HEAD]
    for name, title in TITLES.items():
        rules = [each for each in RULES.values() if each.check.__module__ == f"forms.lint.{name}"]
        lines += _table(title, list(_rows(rules, vi, en)))
    large = ("lint.large_photo", "advice", _plain(en["lint.large_photo"]), *_remedies("lint.large_photo", vi, en))
    lines += _table("From pyxform, in our words", [large])
    lines += _table("Refused", list(_refused(vi, en)))
    return "\n".join(lines)


def _table(title: str, rows: list[tuple[str, ...]]) -> list[str]:
    head = [f"## {title}", "", "| Code | Severity | What | Cách sửa | Remedy |", "|---|---|---|---|---|"]
    return [*head, *(f"| `{code}` | {' | '.join(rest)} |" for code, *rest in rows), ""]


def _rows(rules: list[Rule], vi: dict[str, str], en: dict[str, str]) -> Iterator[tuple[str, ...]]:
    for each in sorted(rules, key=lambda each: each.code):
        said = " ".join((each.check.__doc__ or "").split()).replace("``", "`").replace("|", "\\|")
        yield each.code, each.weight, said, *_remedies(each.code, vi, en)


def _refused(vi: dict[str, str], en: dict[str, str]) -> Iterator[tuple[str, ...]]:
    for code in sorted(en):
        if code.startswith(("definition.", "expression.")) and f"{code}.remedy" in en:
            yield code, "error", _plain(en[code]), *_remedies(code, vi, en)


def _remedies(code: str, vi: dict[str, str], en: dict[str, str]) -> tuple[str, str]:
    return _plain(vi[f"{code}.remedy"]), _plain(en[f"{code}.remedy"])


def _plain(text: str) -> str:
    """A sentence of the catalogue with its parameters as an ellipsis; nothing in it is a link or HTML."""
    text = re.sub(r"%\(\w+\)s", "…", text).replace("%%", "%").replace("|", "\\|").replace("<", "\\<")
    return re.sub(r"(?<!`)(\[[^\]]*\])", r"`\1`", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
