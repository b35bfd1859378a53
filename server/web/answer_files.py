"""The answers to a form as a file: read from the query, told to the audit, sent while it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.domain.wishes import Wish, read_wish
from server.exports.answers import Source
from server.exports.answers_csv import file_stem, write_one
from server.exports.formats import list_formats
from server.services.authenticate import Caller
from server.services.data_tag import data_tag
from server.services.extract import Asked, look_up, source_of
from server.storage.audits import Where
from server.table_words import translator
from server.web.context import choose_locale, current_home, current_session, now, today
from server.web.exports import tell_export
from server.web.streams import own_session

CSV = "csv"
"""The form's own table alone, without its repeats."""
OURS = frozenset({"lang", "st"})
"""Names in a query that are read elsewhere."""


def wish_asked(ending: str, *, draft: bool = False, defaults: Mapping[str, str] | None = None) -> Wish:
    """What the query wishes for. Raises Invalid. `defaults`: what counts where it says nothing."""
    said = {name: values for name, values in request.args.lists() if name not in OURS}
    return read_wish(ending, {name: [value] for name, value in (defaults or {}).items()} | said, draft=draft)


def answer_answers(caller: Caller, asked: Asked, wish: Wish) -> Response:
    """The file, sent as it is made; the audit is told once it went out. Who has it as it would be now is told so (304).
    Raises what `look_up` and `source_of` raise, before anything is sent."""
    session, locale = current_session(), choose_locale()
    extract = look_up(session, caller, asked, wish, now())
    tag = None if wish.draft else data_tag(session, extract, locale)
    if tag is not None and request.method != "POST" and request.if_none_match.contains_weak(tag):
        return _tagged(Response(status=304), tag)
    # what is sent is read when the request is over, and its session gone
    own = own_session(session)
    try:
        source = source_of(own, current_home(), extract, translator(locale))
    finally:
        own.rollback()
    if not wish.draft:
        told = {"format": wish.ending, "query": request.query_string.decode(errors="replace")[:1000]}
        tell_export(caller, "form.submission.export", f"form:{asked.form.id}", Where(asked.project.id), **told)
    kind = "text/csv; charset=utf-8" if wish.ending == CSV else list_formats()[wish.ending].KIND
    answer = Response(_pieces(own, source, wish.ending), content_type=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=name_of_file(wish, asked))
    return answer if tag is None else _tagged(answer, tag)


def name_of_file(wish: Wish, asked: Asked) -> str:
    """`village_criteria-2026-11-27.csv.zip`; who takes it without what is personal can tell by its name."""
    less = "" if wish.personal else "-pseudonymous"
    return f"{file_stem(asked.form.xml_form_id)}-{today().isoformat()}{less}.{wish.ending}"


def _tagged(answer: Response, tag: str) -> Response:
    # weak: while one is sent, more may come
    answer.set_etag(tag, weak=True)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _pieces(own: Session, source: Source, ending: str) -> Iterator[bytes]:
    """Closes the session at the end, also when whoever asked went away."""
    with own:
        yield from write_one(source) if ending == CSV else list_formats()[ending].write(source)
