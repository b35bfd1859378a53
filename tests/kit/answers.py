"""Answers as formats are given them, without a server: a form in Markdown and what was answered to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from forms.convert import convert
from forms.parse import parse_form
from server.exports.answers import Given, MediaFile, Source
from server.exports.flat import Layout, flat_tables
from server.exports.sheets import About, Word
from server.table_words import translator

MADE = datetime(2026, 11, 27)
FIRST = datetime(2026, 11, 3, 1, 30, tzinfo=UTC)
ABOUT = About(
    Word("answers", {"vi": "Câu trả lời", "en": "Answers"}),
    (
        (Word("as_of", {"vi": "Ngày chốt", "en": "As of"}), datetime(2019, 6, 30).date()),
        (Word("lock_of", {"vi": "Mã khoá", "en": "Lock"}), "0" * 64),
        (Word("synthetic", {"vi": "Dữ liệu mẫu", "en": "Synthetic"}), "dữ liệu mẫu / synthetic"),
    ),
    (Word("synthetic", {"vi": "SỐ LIỆU MẪU", "en": "SYNTHETIC DATA"}),),
)


def given_of(number: int, answers: Mapping[str, Any], created: datetime | None = None) -> Given:
    """A submission with these answers, as number so and so."""
    at = created or FIRST + timedelta(days=number)
    said = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Given(f"uuid:{number}", answers, at, said, None, "7", "Lý A", 0, 0, "approved", "collect:1", number % 3, "1")


def source_of(
    markdown: str, sent: Sequence[Mapping[str, Any]], files: Iterable[MediaFile] | None = None, **more: Any
) -> Source:
    """What a format is given of a form and the answers to it; `layout=`, `raw=` … as `Source` has them."""
    return source_of_given(markdown, [given_of(number, answers) for number, answers in enumerate(sent)], files, **more)


def source_of_given(
    markdown: str, given: Iterable[Given], files: Iterable[MediaFile] | None = None, **more: Any
) -> Source:
    """The same of whole submissions, which are read anew each time when they are a list."""
    definition = parse_form(convert(markdown.encode(), "md").xml)
    layout = more.pop("layout", Layout())

    def batches() -> Iterator[list[Given]]:
        batch: list[Given] = []
        for each in given:
            batch.append(each)
            if len(batch) == 500:
                yield batch
                batch = []
        if batch:
            yield batch

    made = Source(
        form_id=definition.form_id,
        title=definition.title,
        root=definition.root,
        tables=flat_tables(definition.root, layout, lambda file, name: None),
        layout=layout,
        batches=batches,
        media=None if files is None else lambda: files,
        about=ABOUT,
        translate=translator("vi"),
        made=MADE,
    )
    return replace(made, **more)
