"""What a format of the answers is given: the tables of a form, a way to read what was sent, and what must be said
beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, NamedTuple

from forms.definition import Field
from server.exports.flat import FlatTable, Layout
from server.exports.sheets import About, Column, Translate


class Given(NamedTuple):
    """A submission as formats have it. Moments as ISO 8601 in UTC with milliseconds; `state` as clients of ODK Central
    see it, None: received; `context`: the cells of `Source.context`."""

    key: str
    answers: Mapping[str, Any]
    created: datetime
    submission_date: str
    updated_at: str | None
    submitter_id: str | None
    submitter: str | None
    files_present: int
    files_expected: int
    state: str | None
    device: str | None
    edits: int
    form_version: str
    context: Sequence[Any] = ()


class MediaFile(NamedTuple):
    """A file that an answer names: its name, the submission's key, and how it is read (raises FileNotFoundError)."""

    name: str
    key: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]


@dataclass(frozen=True)
class Source:
    """What is written into a file. `root`: the form; `tables`: the form itself first; `batches`: all that was sent,
    some hundred at a time, newest first, may be read again; `media`: the files that answers name, None where they are
    not wanted; `context`: columns that stand beside the answers; `raw`: texts stay as they are even where a spreadsheet
    would take them for formulas; `mark`: a byte order mark, by which Excel knows UTF-8; `geo_field`: the place that a
    map is made of, its path with slashes; None: the first."""

    form_id: str
    title: str
    root: Field
    tables: tuple[FlatTable, ...]
    layout: Layout
    batches: Callable[[], Iterator[list[Given]]]
    media: Callable[[], Iterable[MediaFile]] | None
    about: About
    translate: Translate
    made: datetime
    context: tuple[Column, ...] = ()
    raw: bool = False
    mark: bool = False
    geo_field: str | None = None


SYSTEM_COLUMNS = (
    "SubmitterID",
    "SubmitterName",
    "AttachmentsPresent",
    "AttachmentsExpected",
    "Status",
    "ReviewState",
    "DeviceID",
    "Edits",
    "FormVersion",
)
"""What stands behind the answers and their key in a table of the form, as in ODK Central."""


def system_cells(given: Given) -> list[Any]:
    """The cells of `SYSTEM_COLUMNS`."""
    return [
        given.submitter_id,
        given.submitter,
        given.files_present,
        given.files_expected,
        None,
        given.state,
        given.device,
        given.edits,
        given.form_version,
    ]
