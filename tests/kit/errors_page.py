"""docs/errors.md: every code that is answered, made from the table of server/web/errors.py, from what the code raises,
the catalogue and docs/errors.toml (what each code means and what to do) by `python -m tests.kit.errors_page`."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from forms import errors as forms_errors
from server.domain import errors as domain_errors
from server.web.errors import CODES, OWN_NUMBERS, SPECIAL, WORDS
from tests.kit.lint_page import texts
from tests.kit.source import PRODUCT, ROOT, modules

DOCS = ROOT / "docs"
PAGE, TOLD = DOCS / "errors.md", DOCS / "errors.toml"
MESSAGE_ID = re.compile(r"[a-z_]+(\.[a-z_]+)+")
ELSEWHERE = {
    "RuleSetError",
    "ProtocolError",
    "Unreachable",
    "Refused",
    "SyncError",
    "BundleError",
    "ConfigError",
    "SettingsError",
}
"""Rule sets and devices explain themselves at the command line, and on the device."""
NEVER_ANSWERED = {"EvaluationError"}
"""Caught where a submission is judged."""
CLASSES: Mapping[str, type[Exception]] = {
    **{name: each for name, each in vars(forms_errors).items() if isinstance(each, type)},
    **{name: each for name, each in vars(domain_errors).items() if isinstance(each, type)},
    "syntax_error": forms_errors.ExpressionError,
}
FAMILIES: Mapping[str, type[Exception]] = {
    "definition": forms_errors.DefinitionError,
    "expression": forms_errors.DefinitionError,
    "instance": forms_errors.InstanceError,
    "conversion": forms_errors.ConversionError,
}
"""Ids that are put together where they are raised, by how they begin."""
NOT_RAISED = (".remedy", "_remedy", "conversion.remedy.")
OF_FORMS = ("definition", "expression")
"""What is wrong with forms: in docs/lint.md, with remedies."""
PHONES_DIFFER = {403.1: "401, or 403", 400.36: "413"}


def told() -> dict[str, Any]:
    """docs/errors.toml."""
    return tomllib.loads(TOLD.read_text(encoding="utf-8"))


def raised() -> set[tuple[str, str]]:
    """The message ids that the code gives to an error it makes, each with the name of what makes it."""
    found = set()
    for module in modules(*PRODUCT):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            made = ast.unparse(node.func).rpartition(".")[2]
            first = node.args[0]
            known = made in CLASSES or made.endswith("Error")
            if known and made not in ELSEWHERE and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add((made, first.value))
    return {each for each in found if MESSAGE_ID.fullmatch(each[1]) and not each[1].startswith("desk.")}


def codes() -> dict[float, set[str]]:
    """Every code that can be answered, and the ids of the sentences it comes with."""
    found: dict[float, set[str]] = defaultdict(set)
    for code in CODES.values():
        found[code]  # also one that only has ids put together at run time
    for message_id, code in SPECIAL.items():
        found[code].add(message_id)
    for status, message_id in WORDS.items():
        found[OWN_NUMBERS.get(status, float(f"{status}.1"))].add(message_id)
    found[500.1].add("http.unknown")
    for made, message_id in raised():
        if made in NEVER_ANSWERED:
            continue
        found[_code(CLASSES.get(made), message_id)].add(message_id)
    for message_id in texts("en"):
        kind = FAMILIES.get(message_id.partition(".")[0])
        if kind is not None and not message_id.endswith(NOT_RAISED) and not message_id.startswith(NOT_RAISED):
            found[_code(kind, message_id)].add(message_id)
    for number, row in told()["codes"].items():
        found[float(number)].update(row.get("also", ()))
    return found


def _code(kind: type[Exception] | None, message_id: str) -> float:
    if message_id in SPECIAL:
        return SPECIAL[message_id]
    return next((CODES[each] for each in (kind or Exception).__mro__ if each in CODES), 500.1)


def page() -> str:
    """The whole page."""
    said, every = told(), codes()
    lines = [said["head"].strip(), "", "## Every code", "", said["table"].strip(), ""]
    lines += ["| Code | HTTP | Phones | Whose | When | What to do | Message ids |", "|---|---|---|---|---|---|---|"]
    lines += [_row(code, said["codes"].get(str(code), {}), every[code]) for code in sorted(every, key=_order)]
    lines += ["", "## Every sentence", "", said["sentences"].strip(), ""]
    lines += ["| Message id | Code | Tiếng Việt | English |", "|---|---|---|---|"]
    lines += _sentences(every)
    return "\n".join([*lines, "", said["tail"].strip(), ""])


def _order(code: float) -> list[int]:
    # 400.2 stands before 400.11
    return [int(part) for part in str(code).split(".")]


def _row(code: float, row: Mapping[str, Any], ids: set[str]) -> str:
    whose = "Central" if row.get("central") else "ours"
    phones = PHONES_DIFFER.get(code, str(int(code)))
    cells = (str(code), str(int(code)), phones, whose, row.get("when", ""), row.get("next", ""), _ids(ids))
    return f"| {' | '.join(' '.join(each.split()) for each in cells)} |"


def _ids(ids: set[str]) -> str:
    named = sorted(each for each in ids if each.partition(".")[0] not in OF_FORMS)
    families = sorted({each.partition(".")[0] for each in ids} & {*OF_FORMS})
    return ", ".join([f"`{each}`" for each in named] + [f"`{each}.…`" for each in families])


def _sentences(every: Mapping[float, set[str]]) -> Iterator[str]:
    vi, en = texts("vi"), texts("en")
    pairs = sorted((message_id, code) for code, ids in every.items() for message_id in ids)
    for message_id, code in pairs:
        if message_id.partition(".")[0] not in OF_FORMS or message_id in SPECIAL:
            yield f"| `{message_id}` | {code!s} | {_plain(vi[message_id])} | {_plain(en[message_id])} |"


def _plain(text: str) -> str:
    """A sentence of the catalogue with its parameters as an ellipsis; nothing in it is a link or HTML."""
    text = re.sub(r"%\(\w+\)s", "…", text).replace("%%", "%").replace("|", "\\|").replace("<", "\\<")
    return " ".join(re.sub(r"(?<!`)(\[[^\]]*\])", r"`\1`", text).split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
