"""Mail to people: written down in the outbox with its cause, sent later by the worker. Nothing secret lies in between:
a link to set a password is made when the letter goes out."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import Connection

from server.config import Config
from server.services.home import Home
from server.storage.jobs import Work, enqueue

KIND = "mail"
SECONDS = 30
PORTS = {"smtp": 587, "smtps": 465}
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotSent(Exception):
    """The mail could not be handed over; says why."""


@dataclass(frozen=True)
class Letter:
    """What is told to whom. `name`: a text of server/letters.py; `actor_id`: the person it is about."""

    name: str
    to: str
    actor_id: int
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """A letter as it goes out."""

    to: str
    subject: str
    text: str = field(repr=False)


def sends_mail(home: Home) -> bool:
    """Whether this home has somebody to hand mail to."""
    return home.config.smtp_url is not None


def post(connection: Connection, home: Home, letter: Letter, now: datetime) -> bool:
    """Writes a letter down in the transaction of its cause. False when this home sends no mail. The same letter to the
    same person is not written twice while one waits, unless it says something of its own."""
    if not sends_mail(home):
        return False
    payload = {"letter": letter.name, "to": letter.to, "actor_id": letter.actor_id, "params": dict(letter.params)}
    key = None if letter.params else f"{letter.name}:{letter.actor_id}"
    enqueue(connection, Work(KIND, payload, key=key), now)
    return True


def mail(config: Config, message: Message, now: datetime) -> None:
    """Hands one message to the mail server. Raises NotSent, OSError, smtplib.SMTPException."""
    url = urlsplit(config.smtp_url or "")
    if url.hostname is None:
        raise NotSent("THONBAN_SMTP_URL is not set")
    sender = sender_of(config)
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = sender, message.to, message.subject
    written["Date"], written["Message-ID"] = format_datetime(now), make_msgid(domain=sender.rpartition("@")[2] or None)
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(message.text)
    port = url.port or PORTS[url.scheme]
    if url.scheme == "smtps":
        with smtplib.SMTP_SSL(url.hostname, port, timeout=SECONDS, context=ssl.create_default_context()) as server:
            _hand_over(server, unquote(url.username or ""), unquote(url.password or ""), written)
        return
    with smtplib.SMTP(url.hostname, port, timeout=SECONDS) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        elif url.password and url.hostname not in LOOPBACK:
            raise NotSent(f"{url.hostname} offers no TLS, and its password is not sent in the clear")
        _hand_over(server, unquote(url.username or ""), unquote(url.password or ""), written)


def sender_of(config: Config) -> str:
    """Whom mails are from."""
    user = unquote(urlsplit(config.smtp_url or "").username or "")
    return config.mail_from or (user if "@" in user else config.admin_email)


def _hand_over(server: smtplib.SMTP, user: str, password: str, written: EmailMessage) -> None:
    if user:
        if not (user + password).isascii():
            # how others are written differs from server to server, and smtplib writes none of them
            raise NotSent("the user or the password in THONBAN_SMTP_URL has characters beyond ASCII")
        server.login(user, password)
    server.send_message(written)
