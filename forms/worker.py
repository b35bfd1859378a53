"""What the conversion worker does with a workbook: the loop, and what is wrong said by sheet and row.

Runs in the process that :mod:`forms.convert` starts; the converting function is given to it.
"""

from __future__ import annotations

import pickle
import re
import resource
import signal
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO

from forms.errors import ConversionError, DefinitionError, FormsError, Problem
from forms.parse import parse_form

Row = Mapping[str, object]
Answer = tuple[bytes, tuple[str, ...], bytes | None]

_ROW = re.compile(r"\[row\s*:\s*(\d+)\]\s*")
_QUOTED = re.compile(r"['\"‘’]([^'\"‘’]+)['\"‘’]")
_AFTER_COLON = re.compile(r":\s+(\S+?)[.,]?(?=\s|$)")
_SHEET = re.compile(r"(?:On the|in the) ['\"](\w+)['\"] sheet|['\"]?(survey|choices|settings|entities|osm)['\"]? sheet")
_REMEDIES = tuple(
    (re.compile(pattern, re.IGNORECASE), f"conversion.remedy.{remedy}")
    for pattern, remedy in (
        (r"unmatched|no matching", "group"),
        (r"duplicate|more than one|already (?:been )?(?:used|assigned)", "duplicate"),
        (r"no survey element|trying to replace \$\{|reference variable|could not find the name", "reference"),
        (r"names must|'name' value|invalid .*name", "name"),
        (r"question type", "type"),
        (r"list[ _]name|choices? (?:sheet|list)|choice", "choices"),
        (r"column|header", "column"),
        (r"not recognized as a supported type|does not appear to be a valid", "file"),
    )
)


@dataclass
class Converted:
    """What pyxform made of a workbook, with the rows of its survey sheet (the header left out)."""

    xml: bytes
    warnings: tuple[str, ...]
    itemsets: bytes | None
    survey: list[Row]


def run(
    convert: Callable[[bytes, str, str | None], Converted],
    requests: IO[bytes],
    answers: IO[bytes],
    limits: tuple[float, int],
) -> None:
    """Answer requests until the pipe is closed.

    :param limits: seconds that one conversion may take, after which this process ends itself (the parent may be gone),
        and bytes of address space.
    """
    seconds, memory = limits
    _limit_memory(memory)
    while len(head := requests.read(8)) == 8:
        request = requests.read(struct.unpack(">Q", head)[0])
        signal.setitimer(signal.ITIMER_REAL, seconds + 5)
        answer = pickle.dumps(_answer(convert, request))
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(struct.pack(">Q", len(answer)) + answer)
        answers.flush()


def _limit_memory(memory: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    ceiling = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))


def _answer(convert: Callable[[bytes, str, str | None], Converted], request: bytes) -> Answer | FormsError:
    content, kind, fallback = pickle.loads(request)  # noqa: S301 - written by our own parent
    try:
        made = convert(content, kind, fallback)
        check_expressions(made)
    except FormsError as error:
        return error
    except MemoryError:
        return ConversionError("conversion.out_of_memory")
    except RecursionError:
        return ConversionError("conversion.too_deep")
    return made.xml, made.warnings, made.itemsets


def check_expressions(made: Converted) -> None:
    """Compile every expression of the form that came out.

    :raises ConversionError: ``conversion.invalid`` with one problem for each that fails.
    """
    try:
        parse_form(made.xml)
    except DefinitionError as error:
        rows = rows_by_path(made.survey)
        problems = tuple(dict.fromkeys(_problem(each, rows) for each in error.errors))
        raise ConversionError("conversion.invalid", {"count": len(problems)}, problems) from None


class _Params(dict[str, object]):
    """Params that may stand in a set, so that one mistake named twice is one problem."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted((key, str(value)) for key, value in self.items())))


def _problem(error: DefinitionError, rows: Mapping[str, int]) -> Problem:
    path = str(error.params.get("field", ""))
    steps = path.split("/")
    row = rows.get("/".join(steps[2:]))
    sheet = "survey"
    if row is None and "meta" in steps:
        sheet, row = ("entities", 2) if "entity" in path else ("settings", 2)
    params = _Params(error.params)
    params["name"] = steps[-1]
    return Problem(sheet, row, error.code, str(error.params.get("remedy", f"{error.code}.remedy")), params)


def rows_by_path(survey: Iterable[Row]) -> dict[str, int]:
    """The row (1 is the header) of each field, by its path below the root, "group/field"."""
    found: dict[str, int] = {}
    above: list[str] = []
    for row, cells in enumerate(survey, 2):
        kind = str(cells.get("type", "")).strip().lower().replace("_", " ")
        name = str(cells.get("name", "") or "").strip()
        if kind.startswith("end ") and kind.split()[1] in ("group", "repeat"):
            del above[-1:]
        elif name:
            found.setdefault("/".join([*above, name]), row)
        if kind.startswith("begin ") and kind.split()[1] in ("group", "repeat"):
            above.append(name)
    return found


def explain(said: str, survey: Iterable[Row] = ()) -> tuple[Problem, ...]:
    """pyxform's sentences as problems.

    ``[row : 5] …`` gives the row, a named sheet the sheet; without a row, the first row of ``survey`` whose type or
    name holds a word that the sentence quotes.
    """
    rows = list(survey)
    pieces = [piece for piece in re.split(r"\n(?=\[row\s*:)", said.strip()) if piece.strip()]
    problems = []
    for piece in pieces:
        row = _ROW.search(piece)
        sheet = _SHEET.search(piece)
        named = next((group for group in sheet.groups() if group), None) if sheet else None
        remedy = next((remedy for pattern, remedy in _REMEDIES if pattern.search(piece)), "conversion.remedy.other")
        sentence = _ROW.sub("", piece).strip()
        at = int(row[1]) if row else None
        if at is None and (found := _row_saying(sentence, rows)) is not None:
            at, named = found, "survey"
        problems.append(Problem(named or ("survey" if at else None), at, sentence, remedy))
    return tuple(problems)


def _row_saying(sentence: str, rows: list[Row]) -> int | None:
    words = set(_QUOTED.findall(sentence)) | set(_AFTER_COLON.findall(sentence))
    for row, cells in enumerate(rows, 2):
        spoken = {*str(cells.get("type", "")).split(), str(cells.get("type", "")), str(cells.get("name", ""))}
        if words & spoken:
            return row
    return None
