"""A letter to a person, handed to the mail server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.letters import LETTERS
from server.services import mail as post_office
from server.services.home import Home
from server.services.reset import make_link
from server.storage.actors import find_user

KIND = post_office.KIND


def run(session: Session, home: Home, payload: Mapping[str, Any], now: datetime) -> None:
    """`letter`: a name in server/letters.py, `to`, `actor_id`, `params`. Who is gone by now is not written to."""
    text, user = LETTERS[payload["letter"]], find_user(session, int(payload["actor_id"]))
    if user is None:
        return
    params = {"name": user.name, "email": user.email, "address": home.config.base_url or "", **payload["params"]}
    if text.links:
        # made now, so that no secret lies in the outbox; another attempt makes another link
        params["link"] = make_link(session, home, user.id, now).url
    post_office.mail(home.config, post_office.Message(payload["to"], text.subject, text.filled(params)), now)
