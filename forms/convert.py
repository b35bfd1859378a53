"""XLSForm (xlsx, xls, csv, Markdown) → XForm, in a worker process: the one impure room of this package.

Converting holds the interpreter for up to a second and reads files that strangers made, so it happens in a process of
its own with a time limit and a memory limit. The worker is kept between conversions, is started again once when it
dies, and ends with its parent. pyxform checks no expression: :func:`convert` compiles every one of the result.
"""

from __future__ import annotations

import atexit
import importlib
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from forms.errors import ConversionError, DefinitionError, FormsError
from forms.parse import read_form
from forms.places import problems_of
from forms.workbook import Row, Sheets, check_container, find_places
from forms.worker import Converted, explain, run

Kind = Literal["xlsx", "xls", "csv", "md"]

TIME_LIMIT = 60.0
MEMORY_LIMIT = 1_500_000_000
MAX_SOURCE = 20_000_000


@dataclass(frozen=True)
class Conversion:
    """The XForm, pyxform's warnings in English, and ``itemsets.csv`` when the form has external choices of old.

    ``sheets``: where in the workbook what stands.
    """

    xml: bytes
    warnings: tuple[str, ...] = ()
    itemsets: bytes | None = None
    sheets: Sheets = field(default_factory=Sheets)


class Converter:
    """A worker process and the pipe to it. Any number of threads may call :meth:`convert`; they take turns."""

    def __init__(self, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT) -> None:
        self.time_limit = time_limit
        self.memory_limit = memory_limit
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def convert(self, content: bytes, kind: Kind, form_id_fallback: str | None = None) -> Conversion:
        """See :func:`convert`, but that the expressions are taken as they are."""
        if kind not in ("xlsx", "xls", "csv", "md"):
            raise ConversionError("conversion.unknown_kind", {"kind": kind})
        if len(content) > MAX_SOURCE:
            raise ConversionError("conversion.too_large", {"bytes": len(content), "limit": MAX_SOURCE})
        check_container(content, kind)
        request = pickle.dumps((content, kind, form_id_fallback))
        with self._lock:
            answer = self._ask(request)
            if answer is None:
                answer = self._ask(request)
        if answer is None:
            raise ConversionError("conversion.worker_died")
        made = pickle.loads(answer)  # noqa: S301 - written by our own worker
        if isinstance(made, FormsError):
            raise made
        return Conversion(made.xml, made.warnings, made.itemsets, made.sheets)

    def close(self) -> None:
        """End the worker; the next conversion starts another."""
        with self._lock:
            self._stop()

    def _ask(self, request: bytes) -> bytes | None:
        """The worker's answer, None when it died over it."""
        process = self._running()
        pipe, answers = process.stdin, process.stdout
        assert pipe is not None
        assert answers is not None
        deadline = time.monotonic() + self.time_limit
        try:
            pipe.write(struct.pack(">Q", len(request)) + request)
            pipe.flush()
            head = self._read(answers, 8, deadline)
            return self._read(answers, struct.unpack(">Q", head)[0], deadline)
        except TimeoutError:
            self._stop()
            raise ConversionError("conversion.too_slow", {"seconds": self.time_limit}) from None
        except (OSError, EOFError):
            self._stop()
            return None

    @staticmethod
    def _read(answers: IO[bytes], size: int, deadline: float) -> bytes:
        pieces = bytearray()
        descriptor = answers.fileno()
        while len(pieces) < size:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            piece = os.read(descriptor, size - len(pieces))
            if not piece:
                raise EOFError
            pieces += piece
        return bytes(pieces)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._owner != os.getpid():
            self._forget()
        if self._process is None or self._process.poll() is not None:
            self._stop()
            entry = f"from forms.convert import serve; serve({self.time_limit!r}, {self.memory_limit!r})"
            command = [sys.executable, "-c", entry]
            home = str(Path(__file__).resolve().parent.parent)
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=home,
                start_new_session=True,
            )
            self._owner = os.getpid()
        return self._process

    def _forget(self) -> None:
        """After a fork the worker belongs to the other process: let go of the pipes, leave it alone."""
        process, self._process = self._process, None
        if process is not None:
            process.returncode = 0
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if self._owner != os.getpid():
            self._process = process
            self._forget()
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue


_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
_CONVERTER = Converter()
atexit.register(_CONVERTER.close)


def transcribe(content: bytes, kind: Kind, form_id_fallback: str | None = None) -> Conversion:
    """Convert a workbook and take its expressions as they are. Raises as :func:`convert`."""
    return _CONVERTER.convert(content, kind, form_id_fallback)


def convert(content: bytes, kind: Kind, form_id_fallback: str | None = None) -> Conversion:
    """Convert a workbook and compile every expression of the form that comes out.

    :param kind: "xlsx", "xls", "csv" or "md".
    :param form_id_fallback: the form id when the workbook names none.
    :raises ConversionError: ``problems`` name sheet, row and remedy. Codes: ``conversion.invalid`` (what pyxform or the
        expressions say), ``.not_xlsx``, ``.not_xls``, ``.corrupt``, ``.zip_bomb``, ``.too_large``, ``.too_slow``,
        ``.out_of_memory``, ``.worker_died``, ``.unknown_kind``, ``.not_utf8``.
    """
    made = transcribe(content, kind, form_id_fallback)
    try:
        _, errors = read_form(made.xml)
    except DefinitionError as error:
        errors = error.errors
    if errors:
        problems = problems_of(errors, made.sheets)
        raise ConversionError("conversion.invalid", {"count": len(problems)}, problems)
    return made


def close() -> None:
    """End the worker process of :func:`convert`."""
    _CONVERTER.close()


def serve(seconds: float, memory: int) -> None:
    """The worker's main function: answers requests on its standard input until that is closed."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not reach the pipe
    run(_PyxformConverter().convert, sys.stdin.buffer, answers, (seconds, memory))


class _PyxformConverter:
    """pyxform, loaded in the worker alone: every server process would pay its 40 MB for nothing."""

    def __init__(self) -> None:
        self.errors = importlib.import_module("pyxform.errors")
        self.backends = importlib.import_module("pyxform.xls2json_backends")
        self.xls2xform = importlib.import_module("pyxform.xls2xform")
        self.broken = (*_BROKEN, importlib.import_module("xlrd.compdoc").CompDocError)
        _title_screens(importlib.import_module("pyxform.section"))

    def convert(self, content: bytes, kind: str, fallback: str | None) -> Converted:
        """The XForm of a workbook; raises ConversionError with what pyxform says."""
        survey: list[Row] = []
        try:
            book = self.backends.get_xlsform(content, file_type=f".{kind}")
            if fallback:
                book.fallback_form_name = fallback
            sheets = {name: getattr(book, name) for name in book.__slots__}
            survey, places = list(book.survey or ()), find_places(sheets)
            made = self.xls2xform.convert(sheets, validate=False, pretty_print=False)
        except self.errors.PyXFormError as error:
            problems = explain(str(error), survey)
            raise ConversionError("conversion.invalid", {"count": len(problems)}, problems) from None
        except self.broken as error:
            # pyxform and the readers below it say of a broken workbook whatever happened to break
            raise ConversionError("conversion.corrupt", {"detail": f"{type(error).__name__}: {error}"[:300]}) from None
        itemsets = made.itemsets.encode("utf-8") if made.itemsets else None
        return Converted(made.xform.encode("utf-8"), tuple(made.warnings), itemsets, places)


def _title_screens(section: Any) -> None:
    """Lets each group that is no part of the answers (`flat`) have a title of its own. pyxform names the text of a
    label by the path of its node, which such a group has not: all took the path of what is around them, and every
    screen of a phone bore the title of the last."""
    plain = section.Section._translation_path

    def named(self: Any, kind: str) -> str:
        said: str = plain(self, kind)
        return said.replace(":", f"/{self.name}:", 1) if getattr(self, "flat", None) else said

    section.Section._translation_path = named
