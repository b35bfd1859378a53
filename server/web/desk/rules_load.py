"""A rule set is taken in: the text is looked at first, every complaint with its remedy, then loaded."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.criteria.ruleset import RuleSetError
from server.services.authenticate import Caller
from server.services.rule_reports import Preview, preview_rules
from server.services.rules import LONGEST_TEXT, decode_rules, load_rules
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller, show_page
from server.web.rule_problems import complaints_of

Answer = Response | str | tuple[str, int]
MOST_SHOWN = 200
"""Complaints that the page shows; what is more is counted."""
REFUSED = 400


@dataclass(frozen=True)
class Looked:
    """What came of a text: what loading it would do, or what is wrong with it. `text`: itself, to be mended or sent
    again."""

    text: str = ""
    preview: Preview | None = None
    problems: Sequence[dict[str, str]] = ()

    @property
    def packed(self) -> str:
        """The text, as it is, in a hidden field: a browser would change its line ends."""
        return base64.b64encode(self.text.encode()).decode()


@blueprint.get("/rules/load")
def rules_load() -> str:
    """Where a file is chosen, or its text pasted."""
    return _page(_allowed(), Looked())


@blueprint.post("/rules/load")
def load_rule_set() -> Answer:
    """Looks at a text, or takes it in when that was asked for."""
    caller = _allowed()
    text = ""
    try:
        text = decode_rules(_handed_in())
        if request.form.get("act") == "write":
            rule_set = load_rules(current_session(), caller, text, now())
            return redirect(url_for("desk.one_rule_set", rule_set_id=rule_set.id, done="loaded"))
        looked = Looked(text, preview_rules(current_session(), caller, text))
    except RuleSetError as error:
        return _page(caller, Looked(text, problems=complaints_of(error))), REFUSED
    return _page(caller, looked)


def _allowed() -> Caller:
    caller = desk_caller()
    caller.require_everywhere("rule_set.create")
    return caller


def _handed_in() -> bytes:
    """The bytes of the file, of the text that was looked at, or of what was pasted."""
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        content: bytes = upload.read(4 * LONGEST_TEXT + 1)
        return content
    packed = request.form.get("packed", "")
    if packed:
        try:
            return base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            return b""
    return request.form.get("text", "").replace("\r\n", "\n").encode("utf-8", "replace")


def _page(caller: Caller, looked: Looked) -> str:
    return show_page(
        "rules_load.html",
        caller=caller,
        looked=looked,
        problems=looked.problems[:MOST_SHOWN],
        more=len(looked.problems) - MOST_SHOWN,
        kept=looked.text if looked.problems and len(looked.text) <= LONGEST_TEXT else "",
    )
