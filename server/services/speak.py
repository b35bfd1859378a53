"""Recordings of questions: an administrator puts a spoken file to a question and a language, without the XLSForm.

Each change is one of the form's draft: the same questions with another text beside them. Phones get it when the draft
is published, as they get any version, and a new XLSForm takes the recordings over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from forms.definition import Field
from forms.spoken import LANGUAGES, MARK, Recording, list_recordings, list_speakable, with_recordings
from forms.version import with_version
from server.domain.errors import Invalid, Missing, NotFound
from server.services.authenticate import Caller
from server.services.definitions import definition_of
from server.services.home import Home, require_space
from server.services.publish import Redraft, redraft
from server.storage.forms import FormView, VersionView, find_form_xml, find_version
from sync.envelope import Part, part_of

MOST_BYTES = 5_000_000
"""Of one recording: a minute of speech is a tenth of that, and phones fetch all of them."""
_ENDINGS = (("m4a", 4, b"ftyp"), ("ogg", 0, b"OggS"), ("mp3", 0, b"ID3"), ("amr", 0, b"#!AMR"), ("wav", 8, b"WAVE"))
TYPES = {"m4a": "audio/mp4", "ogg": "audio/ogg", "mp3": "audio/mpeg", "amr": "audio/amr", "wav": "audio/wav"}


@dataclass(frozen=True)
class Spoken:
    """What somebody said of a question (`path`) of a form in a language (`tag`); without content: which one."""

    form: FormView
    path: str
    tag: str
    content: bytes = b""


@dataclass(frozen=True)
class Speakable:
    """A question that can be spoken, and the recordings that it has, by tag."""

    field: Field
    recordings: dict[str, Recording]


def list_speakables(session: Session, form: FormView) -> list[Speakable]:
    """The questions of the draft, else of what is published, in order. Raises NotFound where there is neither."""
    kept, xml = _kept(session, form)
    definition = definition_of(session, kept.sha256)
    by_path: dict[str, dict[str, Recording]] = {}
    for each in list_recordings(xml):
        by_path.setdefault(each.path, {})[each.tag] = each
    fields = ((path, definition.fields.get(path)) for path in list_speakable(xml))
    return [Speakable(field, by_path.get(path, {})) for path, field in fields if field is not None]


def speak(session: Session, home: Home, caller: Caller, said: Spoken, now: datetime) -> FormView:
    """Puts a recording to a question, in place of the one it has in that language. Raises NotFound (no such question
    or language, nothing to speak), Missing, Invalid (no sound, too large), Forbidden, Unavailable."""
    form = said.form
    caller.require("form.update", form.project_id, form.id)
    require_space(home)
    others = _others(session, form, said.path, said.tag)
    ending = _ending(said.content)
    digest = hashlib.sha256(said.content).hexdigest()
    part = part_of(f"{MARK}{said.tag}-{digest[:12]}.{ending}", said.content, TYPES[ending])
    home.blobs.put(said.content)
    return _change(session, home, caller, (form, [*others, Recording(said.path, said.tag, part.name)], part), now)


def unsay(session: Session, home: Home, caller: Caller, which: Spoken, now: datetime) -> FormView:
    """Takes a recording away. Raises NotFound, Forbidden."""
    form = which.form
    caller.require("form.update", form.project_id, form.id)
    others = _others(session, form, which.path, which.tag)
    if len(others) == len(list_recordings(_kept(session, form)[1])):
        raise NotFound("form.no_recording", path=which.path, language=which.tag)
    return _change(session, home, caller, (form, others, None), now)


def _kept(session: Session, form: FormView) -> tuple[VersionView, bytes]:
    kept = form.draft or form.current
    xml = find_form_xml(session, kept.id) if kept else None
    if kept is None or xml is None:
        raise NotFound("form.unknown", form=form.xml_form_id)
    return kept, xml


def _others(session: Session, form: FormView, path: str, tag: str) -> list[Recording]:
    """All recordings but that one. Raises NotFound for a question or language that cannot be spoken."""
    _, xml = _kept(session, form)
    if tag not in LANGUAGES or path not in list_speakable(xml):
        raise NotFound("form.not_speakable", path=path, language=tag, languages=", ".join(LANGUAGES))
    return [each for each in list_recordings(xml) if (each.path, each.tag) != (path, tag)]


def _change(
    session: Session,
    home: Home,
    caller: Caller,
    what: tuple[FormView, Sequence[Recording], Part | None],
    now: datetime,
) -> FormView:
    form, recordings, part = what
    kept, xml = _kept(session, form)
    made = with_recordings(xml, recordings)
    made = with_version(made, _next_version(session, form, kept.version))
    md5 = hashlib.md5(part.read(), usedforsecurity=False).hexdigest() if part else None
    told = {"name": part.name if part else None, "recordings": len(recordings)}
    return redraft(session, home, caller, Redraft(form, made, part, md5, told), now)


def _next_version(session: Session, form: FormView, version: str) -> str:
    """The version of the draft where nobody got it yet, else the next that is free: a number one up, else "…-1"."""
    number = 1
    wanted = version
    while find_version(session, form.id, wanted) is not None:
        wanted = str(int(version) + number) if version.isascii() and version.isdecimal() else f"{version}-{number}"
        number += 1
    return wanted


def _ending(content: bytes) -> str:
    if not content:
        raise Missing("desk.no_file")
    if len(content) > MOST_BYTES:
        raise Invalid("form.recording_too_large", most=MOST_BYTES // 1_000_000)
    for ending, at, sign in _ENDINGS:
        if content[at : at + len(sign)] == sign:
            return ending
    if content[0] == 0xFF and len(content) > 1 and content[1] & 0xE0 == 0xE0:
        return "mp3"
    raise Invalid("form.no_recording_file", allowed=", ".join(TYPES))
