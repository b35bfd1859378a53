"""Answers whose rows are read from the database while they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from flask import stream_with_context
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.web.context import current_session

Part = TypeVar("Part", bytes, str)


def streamed(parts: Iterable[Part], content_type: str) -> Response:
    """An answer made of parts that read from the session of this request. The request lets its session go before they
    are read, so that what they take must be given back here: at the end, or when whoever asked goes away."""
    session = current_session()
    answer = Response(stream_with_context(_read(session, parts)), content_type=content_type)
    answer.call_on_close(session.close)
    return answer


def own_session(session: Session) -> Session:
    """Another session on the same database, for what is read when the request is over."""
    return Session(session.get_bind())


def _read(session: Session, parts: Iterable[Part]) -> Iterator[Part]:
    with session:
        yield from parts
