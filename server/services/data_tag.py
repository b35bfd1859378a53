"""What a file of answers would be made of now, as one word: the same while it would be the same file."""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import version

import orjson
from sqlalchemy.orm import Session

from server.services.authenticate import VIETNAM
from server.services.extract_beside import Extract, about_extract
from server.storage.forms import list_form_attachments, list_versions
from server.storage.settings import TREE_REVISION, find_revision
from server.storage.tallies import sum_changes

_NEVER_TWICE = ("now", "deletedat")


def data_tag(session: Session, extract: Extract, locale: str) -> str:
    """The word, 40 hex digits. It hangs on the wish and the language, on who asks (what they see), on this program, on
    the day that the file says it is of, on the form with its files, on rounds, locks, law and what areas are called,
    and on every change of a submission in sight, its files, findings and decisions, and the names of who sent or
    decided (ADR 0019). With a filter that speaks of the present moment, or of what was deleted, it is never the same
    twice."""
    wish, wanted = extract.wish, extract.wanted
    said = [
        version("thonban"),
        locale,
        orjson.dumps(wish.as_json(), option=orjson.OPT_SORT_KEYS).decode(),
        orjson.dumps([wanted.scope.everywhere, sorted(wanted.scope.areas), wanted.scope.on.isoformat()]).decode(),
        wanted.instance_id or "",
        extract.at.astimezone(VIETNAM).date().isoformat(),
        repr(about_extract(session, extract, extract.rounds)),
        find_revision(session, TREE_REVISION),
        f"{extract.version.id} {extract.version.sha256}",
        *(f"{each.name} {each.sha256}" for each in list_form_attachments(session, extract.version.id)),
    ]
    if wish.deleted_fields:
        said += [f"{each.id} {each.sha256}" for each in list_versions(session, extract.form.id)]
    if any(word in (wish.filter or "").lower() for word in _NEVER_TWICE):
        said.append(extract.at.isoformat())
    said.append(str(sum_changes(session, extract.form.id, wanted.scope)))
    return sha256("\n".join(said).encode()).hexdigest()[:40]
