"""`thonban export …`: answers laid down as files for programs that analyse."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console
from sqlalchemy.orm import Session

from server.config import Config
from server.domain.errors import NotFound, Unavailable
from server.domain.wishes import LABELS, Wish, read_wish
from server.exports.answers_parquet import ENDING, form_folder
from server.rounds_parts import GOOD, Add, Words, careful, opened, say
from server.sentences import Sentence
from server.services.authenticate import system_caller
from server.services.extract import Asked, look_up, source_of
from server.services.home import open_home
from server.services.record import record
from server.services.unload import unload
from server.storage.audits import Where
from server.storage.blobs import Bucket, ExtraMissing
from server.storage.forms import find_form
from server.storage.projects import list_projects
from server.storage.targets import open_target
from server.table_words import translator

WORDS: Words = {
    "file": Sentence("Đã ghi {name}", "Written: {name}"),
    "done": Sentence(
        "Xong: {count} phiếu, {files} tệp, {bytes} byte. Đã xóa {removed} tệp cũ.",
        "Done: {count} submissions, {files} files, {bytes} bytes. {removed} old files were removed.",
    ),
    "read": Sentence(
        "Đọc bằng DuckDB: SELECT * FROM read_parquet('{place}/**/*.parquet', hive_partitioning=true)",
        "Read it with DuckDB: SELECT * FROM read_parquet('{place}/**/*.parquet', hive_partitioning=true)",
    ),
}
_LISTS = (
    ("rounds", "only of these rounds, by slug, with commas"),
    ("areas", "only of these areas with all below them, by own id or code, with commas"),
    ("states", "only in these review states, with commas"),
)
_SWITCHES = (
    ("details", "details", "columns for area, commune, round, the last review and the findings"),
    ("deleted-fields", "deletedFields", "also what only earlier versions of the form asked"),
    ("split", "splitSelectMultiples", "a column of 1 and 0 for each choice"),
)


def add_export_commands(add: Add) -> None:
    """Adds the commands; `add(name, command, text)` gives the parser for its options."""
    made = add("parquet", careful(_parquet), "answers as Parquet, by form and month, in a folder or object storage")
    made.add_argument("--project", metavar="ID", required=True, help="a project by number or name")
    made.add_argument("--form", metavar="ID", required=True, help="a form of the project by its own id")
    made.add_argument("--to", metavar="PLACE", required=True, help="a folder, or s3://bucket/prefix")
    for name, text in _LISTS:
        made.add_argument(f"--{name}", metavar="LIST", help=text)
    made.add_argument("--filter", metavar="CONDITION", help="a condition, as $filter of OData has it")
    for name, wished, text in _SWITCHES:
        made.add_argument(f"--{name}", dest=wished, action="store_true", help=text)
    made.add_argument("--labels", choices=LABELS, default="none", help="labels of choices in place of names, or beside")
    made.add_argument("--language", default="vi", help="of labels (vi)")
    made.add_argument("--pseudonymous", action="store_true", help="without what the form marks as personal")
    made.add_argument("--replace", action="store_true", help="in place of what is there of this form")


def _parquet(config: Config, options: argparse.Namespace, console: Console) -> int:
    now, home = datetime.now(UTC), open_home(config)
    bucket = Bucket("", config.blobs_endpoint, config.blobs_key_id, config.blobs_secret)
    try:
        target = open_target(options.to, bucket)
    except ExtraMissing as error:
        raise Unavailable("export.extra_missing", package=error.package, extra=error.extra) from error
    read = [0]
    with opened(config) as session:
        caller = replace(system_caller(session, now), note="thonban export parquet")
        asked = _asked(session, options)
        extract = look_up(session, caller, asked, _wish(options), now)
        source = source_of(session, home, extract, translator("vi"), lambda count: read.__setitem__(0, count))
        made = unload(source, target, replace=options.replace, tell=lambda name: say(console, WORDS["file"], name=name))
        where, told = Where(asked.project.id), {"format": "parquet", "to": options.to, "files": made.files}
        record(session, caller.entry("form.submission.export", f"form:{asked.form.id}", now, where, **told))
    say(console, WORDS["done"], count=read[0], files=made.files, bytes=made.bytes, removed=made.removed)
    say(console, WORDS["read"], place=f"{options.to.rstrip('/')}/{form_folder(source.form_id)}/table=Submissions")
    return GOOD


def _asked(session: Session, options: argparse.Namespace) -> Asked:
    projects = [each for each in list_projects(session) if options.project in (str(each.id), each.name)]
    if not projects:
        raise NotFound("project.unknown", value=options.project)
    form = find_form(session, projects[0].id, options.form)
    if form is None or form.current is None:
        raise NotFound("form.unknown", form=options.form)
    return Asked(projects[0], form, form.current)


def _wish(options: argparse.Namespace) -> Wish:
    said: dict[str, list[str]] = {name: [getattr(options, name)] for name, _ in _LISTS if getattr(options, name)}
    said |= {wished: ["true"] for _, wished, _ in _SWITCHES if getattr(options, wished)}
    said |= {"labels": [options.labels], "language": [options.language], "attachments": ["false"]}
    said |= {"$filter": [options.filter]} if options.filter else {}
    said |= {"personal": ["false"]} if options.pseudonymous else {}
    return read_wish(ENDING, said)
