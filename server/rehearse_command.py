"""`thonban forms rehearse`: a new version of a form tried on what was already sent, before anybody gets it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from sqlalchemy.orm import Session

from forms.convert import convert
from forms.definition import FormDefinition
from forms.errors import ConversionError, DefinitionError, FormsError
from forms.parse import parse_form
from forms.tables import table_from_file
from forms.xpath.values import Node
from server.catalogues import read_catalogue
from server.config import Config
from server.rehearsal_print import print_both, show
from server.rehearsal_words import SAID
from server.sentences import Sentence
from server.services.home import open_home
from server.services.publish import KINDS
from server.services.rehearse import NewVersion, Rehearsal, rehearse
from server.storage.forms import FormView, find_form, list_forms
from server.storage.schema import head_revision, open_sessions, revision_of
from server.web.api.schemas.rehearsals import rehearsal_body
from server.web.errors import fill

Command = Callable[[Config, argparse.Namespace, Console], int]
LOSES, USAGE = 1, 2


class Refused(Exception):
    """The command was asked wrongly; `texts` say why and what to do."""

    def __init__(self, texts: Iterable[Sentence]) -> None:
        super().__init__()
        self.texts = tuple(texts)


def add_rehearse_command(add: Callable[[str, Command, str], argparse.ArgumentParser]) -> None:
    """Adds the command; `add(name, command, text)` gives the parser for its options."""
    text = (
        "tries a new version of a form on what was sent, and writes nothing. "
        "Ends with 0 when every answer keeps its place, 1 when some would lose it or could not be read, "
        "2 for a bad file"
    )
    made = add("rehearse", rehearse_file, text)
    made.add_argument("file", type=Path, metavar="FILE", help="the new version: xlsx, xls, csv, md or xml")
    made.add_argument("--form", metavar="FORM_ID", help="the form whose new version it is (the id in the file)")
    made.add_argument("--project", type=int, default=1, help="the project of the form (1)")
    made.add_argument("--json", action="store_true", help="print one JSON object instead")
    made.add_argument("--limit", type=int, metavar="N", help="look at the newest N submissions alone")


def rehearse_file(config: Config, options: argparse.Namespace, console: Console) -> int:
    """Runs the rehearsal and prints it: progress on the error output, the rest on the output."""
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        if options.limit is not None and options.limit < 1:
            raise Refused([SAID["limit"]])
        definition, tables = _read(options.file)
        if tables:
            print_both(errors, SAID["beside"].filled({"files": ", ".join(sorted(tables))}))
        rehearsal = _rehearse(config, options, (definition, tables), errors)
    except Refused as refused:
        for text in refused.texts:
            print_both(errors, text)
        return USAGE
    if options.json:
        sys.stdout.write(json.dumps(rehearsal_body(rehearsal), ensure_ascii=False, indent=1) + "\n")
    else:
        show(rehearsal, console)
    return 0 if rehearsal.keeps_everything else LOSES


def _refused(name: str, **params: object) -> Refused:
    return Refused([SAID[name].filled(params)])


# -- the new version ---------------------------------------------------------------------------------------------------


def _read(path: Path) -> tuple[FormDefinition, dict[str, Node]]:
    """The form in a file, and the files beside it that it names."""
    kind = path.suffix.lower().removeprefix(".")
    if kind != "xml" and kind not in KINDS:
        raise _refused("kind", file=path.name, allowed=", ".join((*KINDS, "xml")))
    try:
        content = path.read_bytes()
        xml, itemsets = content, None
        if kind != "xml":
            made = convert(content, KINDS[kind], path.stem)
            xml, itemsets = made.xml, made.itemsets
        definition = parse_form(xml)
    except OSError as error:
        raise _refused("file", file=path, error=error.strerror) from error
    except FormsError as error:
        raise Refused(_faults(error)) from error
    return definition, _beside(path.parent, definition, {"itemsets.csv": itemsets} if itemsets else {})


def _beside(folder: Path, definition: FormDefinition, made: Mapping[str, bytes]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for name in sorted(set(definition.external_instances.values()) | definition.plan.files):
        path = folder / Path(name).name
        content = made.get(name) or (path.read_bytes() if path.is_file() else None)
        if content is not None:
            try:
                table = table_from_file(name, content)
            except DefinitionError as error:
                raise Refused(_faults(error)) from error
            if table is not None:
                found[name] = table
    return found


def _faults(error: FormsError) -> Iterator[Sentence]:
    """What is wrong with a form, each with its place and remedy as far as known."""
    if isinstance(error, ConversionError) and error.problems:
        for problem in error.problems:
            where = f"[{problem.sheet}] " if problem.sheet else ""
            message = _text(problem.message, problem.params)
            remedy = _text(problem.remedy, problem.params)
            row = _text("form.row", {"row": problem.row}) if problem.row else Sentence("", "")
            yield Sentence(
                " ".join(f"{where}{row.vi} {message.vi} {remedy.vi}".split()),
                " ".join(f"{where}{row.en} {message.en} {remedy.en}".split()),
            )
        return
    for each in error.errors if isinstance(error, DefinitionError) else (error,):
        yield _text(each.code, each.params)


def _text(message_id: str, params: Mapping[str, object]) -> Sentence:
    texts = (read_catalogue("errors", locale).gettext(message_id) for locale in ("vi", "en"))
    return Sentence(*(text if text == message_id else fill(text, params) for text in texts))


# -- the home -------------------------------------------------------------------------------------------------------


def _rehearse(
    config: Config, options: argparse.Namespace, read: tuple[FormDefinition, dict[str, Node]], errors: Console
) -> Rehearsal:
    definition, tables = read
    file = Path(config.database_url.removeprefix("sqlite:///"))
    if not config.home.is_dir() or (config.is_sqlite and not file.is_file()):
        raise _refused("home", home=config.home)
    sessions = open_sessions(config.database_url)
    try:
        with sessions() as session:
            if revision_of(session.connection()) != head_revision():
                raise _refused("home", home=config.home)
            form = _form(session, options.project, options.form or definition.form_id)
            if form.xml_form_id != definition.form_id:
                raise _refused("other_id", wanted=form.xml_form_id, value=definition.form_id)
            new = NewVersion(form, definition, tables, limit=options.limit)
            return rehearse(session, open_home(config), new, datetime.now(UTC), _progress(errors))
    finally:
        sessions.kw["bind"].dispose()


def _form(session: Session, project_id: int, form_id: str) -> FormView:
    form = find_form(session, project_id, form_id)
    if form is None:
        known = ", ".join(each.xml_form_id for each in list_forms(session, project_id)) or "–"
        raise _refused("no_form", project=project_id, form=form_id, known=known)
    return form


def _progress(errors: Console) -> Callable[[int, int], None]:
    """Where it is read by a person, one line that changes; else a line each tenth part."""
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        said = SAID["progress"].filled({"done": done, "total": total})
        text = f"{said.vi} · {said.en}"
        if errors.is_terminal:
            errors.file.write(f"\r{text}" + ("\n" if done >= total else ""))
            errors.file.flush()
        elif done * 10 // total > told:
            told = done * 10 // total
            errors.print(text, markup=False)

    return tell
