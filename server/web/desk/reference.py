"""The page of the API: what /v1/openapi.json says, for people. Public, as the document is."""

from __future__ import annotations

from flask import url_for

from server.domain.errors import DomainError
from server.services.authenticate import Caller
from server.web.context import find_caller
from server.web.desk.blueprint import blueprint
from server.web.desk.built import REFERENCE, find_built
from server.web.desk.pages import DESK_KINDS, show_page


@blueprint.get("/api")
def reference() -> str:
    """Every operation of the document, with what it takes and answers."""
    return show_page(
        "reference.html",
        caller=_reader(),
        reader=find_built(REFERENCE),
        document=url_for("document.show_document"),
    )


def _reader() -> Caller | None:
    # whose session has ended reads it all the same
    try:
        caller = find_caller()
    except DomainError:
        return None
    return caller if caller and caller.kind in DESK_KINDS else None
