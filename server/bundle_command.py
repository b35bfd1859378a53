"""`thonban bundle …`: says of a file of sheets whether it is whole, and takes it in for who could not send it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from server.catalogues import read_catalogue
from server.config import Config
from server.domain.errors import DomainError, Invalid
from server.paper_command import words_in
from server.rounds_parts import GOOD, USAGE, WRONG, Add, Command, Words, careful, opened, say
from server.sentences import Sentence
from server.services.authenticate import system_caller, tell_moment
from server.services.home import open_home
from server.services.unbundle import (
    DAMAGED,
    TAKEN,
    WHOLE,
    Carrying,
    Fate,
    count_fates,
    open_bundle,
    require_project,
    sender_of,
    unbundle,
)
from server.web.errors import fill
from sync.bundle import Bundle

WORDS: Words = {
    "about": Sentence(
        "Tệp của {person}, làm lúc {made}, {sheets} phiếu. Dự án {project}, {app}, máy {device}, người số {sender}.",
        "A file of {person}, made {made}, {sheets} sheets. Project {project}, {app}, phone {device}, sender {sender}.",
    ),
    "sha256": Sentence("SHA-256 của tệp: {sha256}", "SHA-256 of the file: {sha256}"),
    "sum": Sentence("Tổng cộng: {vi}.", "In all: {en}."),
    "empty": Sentence("Tệp không có phiếu nào.", "The file holds no sheets."),
    "kept": Sentence(
        "Mọi phiếu trong tệp đều đã có trên máy chủ. Có thể xoá tệp này.",
        "All sheets of the file are on the server. The file can be deleted.",
    ),
    "left": Sentence(
        "{count} phiếu chưa nhận được: giữ tệp, và giữ phiếu trên điện thoại.",
        "{count} sheets were not taken in: keep the file, and the sheets on the phone.",
    ),
    "unreadable": Sentence("Không mở được {file}: {error}", "{file} cannot be opened: {error}"),
}


def add_bundle_commands(add: Add) -> None:
    """Adds the commands; `add(name, command, text)` gives the parser for options."""
    made = add("check", _legible(check), "says which sheets of a file are whole; needs no database and writes nothing")
    made.add_argument("file", type=Path, metavar="FILE", help="what a phone wrote: thonban-….zip")
    made = add("import", careful(import_bundle), "takes a file in; what is here already is not stored twice")
    made.add_argument("file", type=Path, metavar="FILE", help="what a phone wrote: thonban-….zip")
    made.add_argument("--project", type=int, default=1, metavar="NUMBER", help="the project (1 when left out)")
    made.add_argument(
        "--as", dest="sender", type=int, metavar="ID", help="whose sheets: an app user by number (who the file names)"
    )


def check(config: Config, options: argparse.Namespace, console: Console) -> int:
    """Prints what the file holds; 1 when something in it is damaged."""
    del config
    with options.file.open("rb") as file:
        bundle = open_bundle(file)
        _print_about(console, bundle)
        fates = [
            Fate(sheet, DAMAGED if (faults := bundle.faults(sheet)) else WHOLE, faults)
            for sheet in bundle.manifest.sheets
        ]
    _print_fates(console, fates)
    return GOOD if all(fate.result == WHOLE for fate in fates) else WRONG


def import_bundle(config: Config, options: argparse.Namespace, console: Console) -> int:
    """Takes the file in; 1 when something was not."""
    home, moment = open_home(config), datetime.now(UTC)
    with options.file.open("rb") as file, opened(config) as session:
        bundle = open_bundle(file)
        _print_about(console, bundle)
        require_project(bundle, options.project)
        who = options.sender if options.sender is not None else bundle.manifest.about.sender
        if who is None:
            raise Invalid("bundle.no_sender")
        carrier = system_caller(session, moment)
        sender = sender_of(session, carrier, options.project, who, moment)
        fates = unbundle(session, home, Carrying(bundle, options.project, carrier, sender, moment))
    _print_fates(console, fates)
    left = sum(fate.result not in TAKEN for fate in fates)
    say(console, WORDS["left" if left else "kept"], count=left)
    return WRONG if left else GOOD


def _legible(command: Command) -> Command:
    """The command without a database, saying in a sentence what cannot be done."""

    def run(config: Config, options: argparse.Namespace, console: Console) -> int:
        try:
            return command(config, options, console)
        except DomainError as error:
            for language, style in (("vi", None), ("en", "dim")):
                console.print(_sentence(error, language), style=style, markup=False)
            return WRONG
        except OSError as error:
            say(console, WORDS["unreadable"], file=error.filename, error=error.strerror or error)
            return USAGE

    return run


def _print_about(console: Console, bundle: Bundle) -> None:
    about = bundle.manifest.about
    say(
        console,
        WORDS["about"],
        person=_plain(about.person),
        made=tell_moment(about.made_at),
        sheets=len(bundle.manifest.sheets),
        project=about.project,
        app=_plain(about.app),
        device=_plain(about.device_id or ""),
        sender=about.sender if about.sender is not None else "–",
    )
    say(console, WORDS["sha256"], sha256=bundle.sha256)


def _print_fates(console: Console, fates: list[Fate]) -> None:
    if not fates:
        say(console, WORDS["empty"])
        return
    spoken = [("vi", None, words_in("vi")), ("en", "dim", words_in("en"))]
    for fate in fates:
        sheet = fate.sheet
        number = fate.receipt.number if fate.receipt is not None else ""
        names = " · ".join(tell(f"bundlefate.{fate.result}") for _, _, tell in spoken)
        line = " ".join((f"{sheet.number}.", sheet.form_id, sheet.instance_id, names, number)).rstrip()
        console.print(_plain(line), markup=False)
        for language, style, tell in spoken:
            told = [
                tell(f"bundlefault.{fault.kind}", part=fault.part or tell("bundles.sheet_itself"))
                for fault in fate.faults
            ]
            told += [_sentence(fate.error, language)] if fate.error is not None else []
            for text in told:
                console.print(f"   {_plain(text)}", style=style, markup=False)
    counted = count_fates(fates)
    sums = {
        language: ", ".join(f"{tell(f'bundlefate.{result}')} {count}" for result, count in counted.items())
        for language, _, tell in spoken
    }
    say(console, WORDS["sum"], **sums)


def _plain(text: str) -> str:
    """What a file says, for a terminal: it steers nothing there."""
    return "".join(each if each.isprintable() else "?" for each in text) or "–"


def _sentence(error: DomainError, language: str) -> str:
    return fill(read_catalogue("errors", language).gettext(error.code), error.params, language)
