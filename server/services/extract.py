"""What somebody wants of the answers to a form, as a source that every format can write: in sight, laid out as asked,
with what must be said beside it."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import IO
from uuid import UUID

from sqlalchemy.orm import Session

from forms.definition import Field, FormDefinition
from server.domain.errors import Invalid, NotFound, Unavailable
from server.domain.review import Standing, shown_state
from server.domain.table_filter import read_filter
from server.domain.table_terms import Condition
from server.domain.wishes import Wish
from server.exports.answers import Given, MediaFile, Source
from server.exports.flat import PLACES, Layout, flat_tables, is_personal
from server.exports.formats import find_lack
from server.exports.merge import merge_forms
from server.exports.odata import ROOT, filter_columns
from server.exports.sheets import Translate
from server.services.authenticate import Caller
from server.services.definitions import definition_of
from server.services.extract_beside import DETAILS, Beside, Extract, about_extract
from server.services.extract_lists import list_lookup
from server.services.home import Home
from server.storage.area_views import find_seen
from server.storage.exporting import Sent, iterate_batches, iterate_files, moment_text
from server.storage.forms import FormView, VersionView, list_versions
from server.storage.projects import ProjectView
from server.storage.rounds import list_rounds
from server.storage.tables import Wanted, count_rows

WIDEST = 16_300
"""Columns of answers that a sheet of a workbook holds, beside those that stand around them."""
Progress = Callable[[int], None]
"""Told how many submissions have been read so far."""


@dataclass(frozen=True)
class Asked:
    """The form of which something is wanted. `only`: the instance id of the only submission that is."""

    project: ProjectView
    form: FormView
    version: VersionView
    only: str | None = None


def look_up(session: Session, caller: Caller, asked: Asked, wish: Wish, now: datetime) -> Extract:
    """Raises NotFound for a round, an area or a submission that is not there or not in sight, Invalid for a filter that
    cannot be read, Forbidden for who may see nothing of the form."""
    scope = caller.scope("submission.list", asked.project.id, asked.form.id)
    if not scope:
        caller.require("submission.list", asked.project.id, asked.form.id)
    by_slug = {each.slug: each for each in list_rounds(session, asked.project.id)}
    unknown = [slug for slug in wish.rounds if slug not in by_slug]
    if unknown:
        raise NotFound("round.unknown", slug=unknown[0][:80])
    rounds = tuple(by_slug[slug] for slug in wish.rounds)
    # areas are those of the day of the round, where it is one
    on = rounds[0].cutoff if len(rounds) == 1 else caller.on
    areas = []
    for key in wish.areas:
        area_id = find_seen(session, scope, key, on)
        if area_id is None:
            raise NotFound("area.unknown", value=key[:80], on=on.isoformat())
        areas.append(area_id)
    wanted = Wanted(
        asked.form.id,
        scope,
        condition=_condition(session, asked, wish, now),
        draft=wish.draft,
        round_ids=tuple(each.id for each in rounds),
        states=wish.states,
        areas=(tuple(areas), on) if areas else None,
        instance_id=asked.only,
    )
    if asked.only is not None and not count_rows(session, wanted):
        raise NotFound("submission.unknown", instance=asked.only)
    return Extract(asked.project, asked.form, asked.version, wish, wanted, rounds, on, now)


def _condition(session: Session, asked: Asked, wish: Wish, now: datetime) -> Condition | None:
    if not wish.filter:
        return None
    root = definition_of(session, asked.version.sha256).root
    return read_filter(wish.filter, now, filter_columns(root, ROOT))


def count_extract(session: Session, extract: Extract) -> int:
    """How many submissions it will have."""
    return count_rows(session, extract.wanted)


def source_of(
    session: Session, home: Home, extract: Extract, translate: Translate, progress: Progress | None = None
) -> Source:
    """What formats are given. Raises Invalid: `export.no_place` when a map is wanted of no place,
    `export.media_personal` when photos are wanted without what is personal, `export.too_wide` when a workbook would not
    hold the columns; Unavailable: `export.extra_missing` when a package is not installed that the format needs."""
    wish, form = extract.wish, extract.form
    definition = definition_of(session, extract.version.sha256)
    root = _root(session, extract, definition)
    _check(wish, root)
    layout = Layout(
        wish.group_paths, wish.split, wish.labels, wish.language, definition.default_language, wish.personal
    )
    tables = flat_tables(root, layout, list_lookup(session, home, extract.version.id))
    if wish.ending == "xlsx" and any(len(table.columns) > WIDEST for table in tables):
        raise Invalid("export.too_wide", most=WIDEST)
    reader = _Reader(session, home, extract, root)
    with_media = (wish.attachments or wish.ending == "media.zip") and wish.personal and not wish.draft
    return Source(
        form_id=form.xml_form_id,
        title=extract.version.title,
        root=root,
        tables=tables,
        layout=layout,
        batches=partial(reader.batches, progress),
        media=reader.media if with_media else None,
        about=about_extract(session, extract, extract.rounds),
        translate=translate,
        made=datetime.combine(extract.at.date(), datetime.min.time()),
        context=DETAILS if wish.details else (),
        raw=wish.raw,
        mark=wish.bom,
        geo_field=wish.field,
    )


def list_places(root: Field, *, personal: bool = True) -> list[str]:
    """The places of a form, each by its path with slashes; those outside its repeats first."""
    found = [(field.path.split("/", 2)[2], inside) for field, inside in _places(root, personal)]
    return [path for path, inside in found if not inside] + [path for path, inside in found if inside]


def has_personal(root: Field) -> bool:
    """Whether the form marks anything as personal."""
    return any(field.bind.personal is not None for field in root.walk())


def _places(top: Field, personal: bool, inside: bool = False) -> Iterator[tuple[Field, bool]]:
    """Each with whether it lies in a repeat."""
    for field in top.children:
        if not personal and is_personal(field):
            continue
        if field.kind in ("group", "repeat"):
            yield from _places(field, personal, inside or field.kind == "repeat")
        elif field.type in PLACES:
            yield field, inside


def _check(wish: Wish, root: Field) -> None:
    lack = find_lack(wish.ending)
    if lack is not None:
        raise Unavailable("export.extra_missing", package=lack[0], extra=lack[1])
    if wish.ending == "geojson":
        places = list_places(root, personal=wish.personal)
        if not places or (wish.field is not None and wish.field.strip("/") not in places):
            raise Invalid("export.no_place", field=wish.field or "")
    if wish.ending == "media.zip" and not wish.personal:
        raise Invalid("export.media_personal")


def _root(session: Session, extract: Extract, definition: FormDefinition) -> Field:
    """The form as it is now; with what its earlier versions had where that is wanted."""
    if not extract.wish.deleted_fields or extract.wish.draft:
        return definition.root
    earlier = [each for each in list_versions(session, extract.form.id) if each.id != extract.version.id]
    texts = dict.fromkeys(each.sha256 for each in earlier)
    return merge_forms([definition.root, *(definition_of(session, sha256).root for sha256 in texts)])


class _Reader:
    """Reads what was sent as formats have it."""

    def __init__(self, session: Session, home: Home, extract: Extract, root: Field) -> None:
        self._session = session
        self._home = home
        self._extract = extract
        meta = next((each for each in root.children if each.name == "meta"), None)
        self._named = meta is not None and any(each.name == "instanceID" for each in meta.children)

    def batches(self, progress: Progress | None) -> Iterator[list[Given]]:
        """All of it, batch by batch."""
        wish = self._extract.wish
        beside = Beside(self._session, self._extract.project.id, self._extract.on) if wish.details else None
        read = 0
        for batch in iterate_batches(self._session, self._extract.wanted):
            told: Mapping[int, list[object]] = beside.rows(batch, personal=wish.personal) if beside else {}
            yield [self._given(sent, told) for sent in batch]
            read += len(batch)
            if progress is not None:
                progress(read)

    def media(self) -> Iterator[MediaFile]:
        """The files that the answers name, of all of it."""
        for key, name, digest in iterate_files(self._session, self._extract.wanted):
            yield MediaFile(name, key, partial(self._open, name, digest))

    def _open(self, name: str, digest: str | None) -> AbstractContextManager[IO[bytes]]:
        if digest is None:
            raise FileNotFoundError(name)
        return self._home.blobs.open(digest)

    def _given(self, sent: Sent, told: Mapping[int, list[object]]) -> Given:
        personal = self._extract.wish.personal
        answers = sent.answers
        if self._named and personal:
            meta = answers.get("meta")
            if type(meta) is not dict or "instanceID" not in meta:
                answers = answers | {"meta": {"instanceID": sent.current_id} | (meta or {})}
        return Given(
            sent.instance_id if personal else other_key(self._home, self._extract.form.id, sent.instance_id),
            answers,
            sent.created_at,
            moment_text(sent.created_at),
            moment_text(sent.updated_at) if sent.updated_at else None,
            str(sent.submitter_id) if personal else None,
            sent.submitter if personal else None,
            sent.files_present,
            sent.files_expected,
            shown_state(Standing(sent.review_state, sent.review_level)),
            sent.device_id if personal else None,
            sent.edits,
            sent.form_version,
            told.get(sent.id, ()),
        )


def other_key(home: Home, form_id: int, instance_id: str) -> str:
    """A key that is the same wherever this form is read without what is personal, and from which nobody without the
    home's secret comes back to what was sent."""
    said = f"pseudonym\0{form_id}\0{instance_id}".encode()
    return f"uuid:{UUID(bytes=hmac.digest(home.secret, said, sha256)[:16], version=4)}"
