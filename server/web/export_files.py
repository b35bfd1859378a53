"""Files of answers made in the background, for the API and the desk: ordered, and sent in whole or from where a
download was cut off."""

from __future__ import annotations

import os
from pathlib import Path

from flask import request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response

from server.domain.errors import Invalid
from server.domain.wishes import Wish
from server.exports.formats import list_formats
from server.services.authenticate import Caller
from server.services.extract import Asked
from server.services.order_export import Order, file_of, find_order, order_export
from server.storage.audits import Where
from server.storage.exports import ExportView
from server.table_words import translator
from server.web.answer_files import CSV, name_of_file
from server.web.answers import answer_json
from server.web.context import choose_locale, current_home, current_session, now
from server.web.errors import say
from server.web.exports import tell_export

OUT_OF_RANGE = 416
CHUNK = 1 << 18


class Kept:
    """A file, a chunk at a time, from wherever it is set to. It is open from the beginning: that somebody takes it away
    meanwhile cuts nobody off."""

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._at = 0

    def seekable(self) -> bool:
        """Whether it can be set to a place."""
        return True

    def seek(self, place: int) -> None:
        """Goes on from there, in bytes."""
        self._at = place

    def tell(self) -> int:
        """Where it is."""
        return self._at

    def __iter__(self) -> Kept:
        return self

    def __next__(self) -> bytes:
        chunk = os.pread(self._descriptor, CHUNK, self._at) if self._descriptor is not None else b""
        self._at += len(chunk)
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Lets it go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __del__(self) -> None:
        self.close()


def order_file(caller: Caller, asked: Asked, wish: Wish) -> ExportView:
    """Orders a file in the language of this request. Raises Invalid for a format that there is none of."""
    if wish.ending not in (CSV, *list_formats()):
        known = ", ".join(sorted((CSV, *list_formats())))
        raise Invalid("export.format", value=wish.ending[:80], known=known)
    locale = choose_locale()
    order = Order(asked, wish, locale, name_of_file(wish, asked), translator(locale))
    return order_export(current_session(), current_home(), caller, order, now())


def answer_export_file(caller: Caller, asked: Asked, uuid: str) -> Response:
    """The file, or the part of it that is asked for. Its ETag is its SHA-256: with If-Range a download goes on where it
    was cut off. Each download is told to the audit, in parts too."""
    session, home = current_session(), current_home()
    order = find_order(session, caller, asked, uuid)
    path = file_of(session, home, caller, order, now())
    part = request.headers.get("Range")
    told = {"format": order.wish["ending"], "export": order.uuid} | ({"range": part[:100]} if part else {})
    tell_export(caller, "form.submission.export", f"form:{asked.form.id}", Where(asked.project.id), **told)
    kind = "text/csv; charset=utf-8" if order.wish["ending"] == CSV else list_formats()[order.wish["ending"]].KIND
    answer = Response(Kept(path), content_type=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=order.name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.content_length = order.size
    answer.set_etag(order.sha256 or "")
    try:
        answer.make_conditional(request, accept_ranges=True, complete_length=order.size)
    except RequestedRangeNotSatisfiable:
        answer = answer_json({"message": say("http.range", {}), "code": 416.1, "details": {}}, OUT_OF_RANGE)
        answer.headers["Content-Range"] = f"bytes */{order.size}"
    # whoever saw it yesterday may not see it any more: it is asked for each time
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
