"""What every `thonban rounds …` command is made of: its sentences, its errors, its session."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from sqlalchemy.orm import Session

from server.catalogues import read_catalogue
from server.config import Config
from server.domain.area_records import RowProblem
from server.domain.errors import DomainError
from server.sentences import Sentence
from server.storage.schema import is_ready, open_sessions
from server.web.errors import fill

Add = Callable[..., argparse.ArgumentParser]
Command = Callable[[Config, argparse.Namespace, Console], int]
Words = Mapping[str, Sentence]
GOOD, WRONG, USAGE = 0, 1, 2
SHOWN = 40
"""Lines of a list that are printed; the rest is counted."""
_NO_DATABASE = Sentence(
    "Chưa có cơ sở dữ liệu ở đây, hoặc chưa ở phiên bản này. Chạy: thonban migrate",
    "There is no database here, or it is not of this version. Run: thonban migrate",
)
_UNREADABLE = Sentence("Không mở được {file}: {error}", "{file} cannot be opened: {error}")
_MORE = Sentence("… và {count} dòng nữa.", "… and {count} more lines.")


def careful(command: Command) -> Command:
    """The command, saying in a sentence what cannot be done; without a database it is not begun."""

    def run(config: Config, options: argparse.Namespace, console: Console) -> int:
        try:
            if not is_ready(config.database_url):
                say(console, _NO_DATABASE)
                return USAGE
            return command(config, options, console)
        except DomainError as error:
            _say_code(console, error.code, error.params)
            return WRONG
        except OSError as error:
            say(console, _UNREADABLE, file=error.filename, error=error.strerror or error)
            return USAGE

    return run


@contextmanager
def opened(config: Config) -> Iterator[Session]:
    """A session of the home's database."""
    sessions = open_sessions(config.database_url)
    try:
        with sessions() as session:
            yield session
    finally:
        sessions.kw["bind"].dispose()


def say(console: Console, sentence: Sentence, **params: object) -> None:
    """Prints a sentence, Vietnamese first."""
    said = sentence.filled(params)
    console.print(said.vi, markup=False)
    console.print(said.en, style="dim", markup=False)


def complain(console: Console, problems: Sequence[RowProblem]) -> None:
    """Prints what is wrong with the rows of a table, each with its row."""
    for problem in problems[:SHOWN]:
        _say_code(console, problem.code, problem.params)
    if len(problems) > SHOWN:
        say(console, _MORE, count=len(problems) - SHOWN)


def _say_code(console: Console, code: str, params: Mapping[str, object]) -> None:
    for language, style in (("vi", None), ("en", "dim")):
        text = read_catalogue("errors", language).gettext(code)
        console.print(fill(text, params, language), style=style, markup=False)
