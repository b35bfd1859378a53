"""docs/xpath.md: every function of expressions, where engines differ, and what bounds an expression.

``python -m tests.kit.xpath_page`` writes the page. Names, arguments and first sentences come from the functions
themselves; what was measured of other engines stands in docs/xpath.toml.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from forms.xpath import context, patterns
from forms.xpath.functions import REGISTRY, geo, strings
from forms.xpath.functions.registry import Entry
from forms.xpath.parser import DEEPEST, HIGHEST, LONGEST
from forms.xpath.stops import Reason

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "xpath.md"
SPECIFICATION = "https://getodk.github.io/xforms-spec/"
OUTSIDE = "Not in the specification"
COLUMNS = ("what", "phone", "browser", "ours")


def measured() -> dict[str, Any]:
    """What docs/xpath.toml says."""
    return tomllib.loads((DOCS / "xpath.toml").read_text(encoding="utf-8"))


def first_sentence(entry: Entry) -> str:
    """What a function does, as its documentation begins."""
    text = " ".join((entry.body.__doc__ or "").strip().split("\n\n")[0].split())
    return cell(text.replace("``", "`"))


def cell(text: str) -> str:
    """A text that may stand in a table."""
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def table(head: str, rows: Iterable[Iterable[str]]) -> list[str]:
    """A table with its head."""
    return [f"| {head} |", "|---" * (head.count("|") + 1) + "|", *(f"| {' | '.join(row)} |" for row in rows), ""]


def functions(section: str, names: str, differences: Mapping[str, str]) -> list[str]:
    """The table of one section."""
    rows = []
    for name in sorted(names.split()):
        entry = REGISTRY[name]
        link = "–" if section == OUTSIDE else f"[spec]({SPECIFICATION}#fn:{name})"
        rows.append((f"`{entry.signature}`", first_sentence(entry), cell(differences.get(name, "")), link))
    return [f"### {section}", "", *table("Function | What it gives | Where engines differ | Section", rows)]


def page() -> str:
    """The whole page."""
    known = measured()
    engines = "JavaRosa (phone) | Web Forms (browser) | Ours"
    lines = ["# Expressions", "", "<!-- generated: python -m tests.kit.xpath_page -->", "", known["head"]]
    lines += ["## Operators and paths", ""]
    lines += table(f"Expression | {engines}", ([cell(row[name]) for name in COLUMNS] for row in known["language"]))
    spec = f"[ODK XForms specification]({SPECIFICATION}#xpath-functions)"
    lines += ["## Functions", "", f"All {len(REGISTRY)}, by section of the {spec}.", ""]
    for section, names in known["sections"].items():
        lines += functions(section, names, known["differences"])
    lines += ["## Answers: where phone and browser differ", ""]
    lines += table(
        f"A submission with | {engines}", ([cell(row[name]) for name in COLUMNS] for row in known["answers"])
    )
    lines += ["## Why an expression stops", ""]
    lines += table("`reason` | Why", ((f"`{name}`", known["reasons"][name]) for name in get_args(Reason)))
    lines += ["## Bounds", "", *table("What | At most", bounds().items())]
    return "\n".join(lines)


def bounds() -> dict[str, str]:
    """What bounds one expression."""
    return {
        "characters of an expression": f"{LONGEST:,}",
        "brackets and operators that nest": f"{DEEPEST}",
        "expressions that stand in one another (sums and alternatives count once)": f"{HIGHEST}",
        "nodes that the predicates of one path ask about": f"{context.MOST_TESTED:,}",
        "characters of a text that `concat()` or `join()` makes": f"{strings.LONGEST:,}",
        "points of a shape for `intersects()`": f"{geo.LONGEST:,}",
        "characters of a pattern": f"{patterns.LONGEST:,}",
        "seconds one match may try (re2 needs none; lookaheads and back references do)": f"{patterns.SECONDS}",
    }


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
