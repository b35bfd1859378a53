"""The room of those who set things up and look after them."""

from __future__ import annotations

from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page


@blueprint.get("/administration")
def administration() -> str:
    """What can be set up and looked after, as far as the reader may."""
    return show_page("administration.html", caller=desk_caller())
