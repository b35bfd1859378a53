"""What the conversion worker does with a workbook: the loop, and what is wrong said by sheet and row.

Runs in the process that :mod:`forms.convert` starts; the converting function is given to it.
"""

from __future__ import annotations

import pickle
import re
import resource
import signal
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO

from forms.errors import ConversionError, FormsError, Problem
from forms.workbook import Row, Sheets

_ROW = re.compile(r"\[row\s*:\s*(\d+)\]\s*")
_QUOTED = re.compile(r"['\"‘’]([^'\"‘’]+)['\"‘’]")
_AFTER_COLON = re.compile(r":\s+(\S+?)[.,]?(?=\s|$)")
_SHEET = re.compile(r"(?:On the|in the) ['\"](\w+)['\"] sheet|['\"]?(survey|choices|settings|entities|osm)['\"]? sheet")
_COLUMN = re.compile(r"the '([a-z_]+(?:::[^']+)?)' (?:value|column) ")
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
    """What pyxform made of a workbook, and where in it what stands."""

    xml: bytes
    warnings: tuple[str, ...]
    itemsets: bytes | None
    sheets: Sheets


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


def _answer(convert: Callable[[bytes, str, str | None], Converted], request: bytes) -> Converted | FormsError:
    content, kind, fallback = pickle.loads(request)  # noqa: S301 - written by our own parent
    try:
        return convert(content, kind, fallback)
    except FormsError as error:
        return error
    except MemoryError:
        return ConversionError("conversion.out_of_memory")
    except RecursionError:
        return ConversionError("conversion.too_deep")


def explain(said: str, survey: Iterable[Row] = ()) -> tuple[Problem, ...]:
    """pyxform's sentences as problems.

    ``[row : 5] …`` gives the row, a named sheet the sheet, "the 'constraint' value" the column; without a row, the
    first row of ``survey`` whose type or name holds a word that the sentence quotes.
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
        column = _COLUMN.search(sentence) if at is not None else None
        place = (named or ("survey" if at else None), at)
        problems.append(Problem(*place, sentence, remedy, column=column[1] if column else None))
    return tuple(problems)


def _row_saying(sentence: str, rows: list[Row]) -> int | None:
    words = set(_QUOTED.findall(sentence)) | set(_AFTER_COLON.findall(sentence))
    for row, cells in enumerate(rows, 2):
        spoken = {*str(cells.get("type", "")).split(), str(cells.get("type", "")), str(cells.get("name", ""))}
        if words & spoken:
            return row
    return None
