"""`thonban forms print`: a form as a sheet of paper for a place, in a file that a browser prints on A4."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from server.catalogues import read_catalogue
from server.config import Config
from server.domain.errors import NotFound
from server.domain.roles import Scope
from server.exports.paper import Say, write_paper
from server.rounds_parts import GOOD, Add, Words, careful, opened, say
from server.sentences import Sentence
from server.services.authenticate import day_of
from server.services.paper import AskedPaper, gather_paper
from server.storage.forms import find_form
from server.storage.projects import find_project

WORDS: Words = {
    "written": Sentence(
        "Đã ghi {file}. Mở bằng trình duyệt rồi in trên giấy A4.",
        "{file} is written. Open it in a browser and print it.",
    ),
}


def add_print_command(add: Add) -> None:
    """Adds the command; `add(name, command, text)` gives the parser for its options."""
    made = add("print", careful(print_form), "writes a form as a sheet of A4 paper with a code and the last answers")
    made.add_argument("form", metavar="FORM", help="the form by its id, such as village_criteria")
    made.add_argument("--area", required=True, metavar="CODE", help="the village or commune, by its code or own id")
    made.add_argument("--round", default="", metavar="SLUG", help="the round (the newest when left out)")
    made.add_argument("--lang", choices=("vi", "en"), default="vi", help="the language of the sheet (vi)")
    made.add_argument("--project", type=int, default=1, metavar="NUMBER", help="the project (1 when left out)")
    made.add_argument("--output", type=Path, metavar="FILE", help="where to (FORM-CODE.html here when left out)")


def print_form(config: Config, options: argparse.Namespace, console: Console) -> int:
    """Writes the file."""
    with opened(config) as session:
        project, form = find_project(session, options.project), find_form(session, options.project, options.form)
        if project is None:
            raise NotFound("project.unknown", value=options.project)
        if form is None:
            raise NotFound("form.unknown", form=options.form)
        whole = Scope(True, frozenset(), day_of(datetime.now(UTC)))
        asked = AskedPaper(project, form, options.area, options.round, whole, whole, options.lang)
        paper = gather_paper(session, asked, day_in(options.lang))
        text = "".join(write_paper(paper, words_in(options.lang), options.lang))
    path = options.output or Path(f"{options.form}-{options.area}.html")
    path.write_text(text, encoding="utf-8")
    say(console, WORDS["written"], file=path)
    return GOOD


def words_in(locale: str) -> Say:
    """Our words in a language: (message id, parameters) → text."""
    catalogue = read_catalogue("desk", locale)

    def tell(message_id: str, **params: object) -> str:
        text: str = catalogue.gettext(f"desk.{message_id}")
        return text % params if params else text

    return tell


def day_in(locale: str) -> Callable[[date], str]:
    """Writes a day: 30/06/2019, or 30 Jun 2019."""
    shape = "%d/%m/%Y" if locale == "vi" else "%-d %b %Y"
    return lambda day: day.strftime(shape)
