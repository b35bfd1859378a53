"""A mail server on this machine that keeps what it is handed: in the clear, after STARTTLS, or all of it in TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.kit.certificates import Certificate
from tests.kit.services import free_port

USER, PASSWORD = "thonban@example.vn", "a password/of:the@mail server"
OUT_OF_ORDER, NOT_SIGNED_IN, KEPT = "451 out of order", "530 sign in first", "250 kept"


@dataclass
class Mailbox:
    """What came in. `refuses`: answers 451 to every message, as a server that is out of order. `said`: every password
    that was heard, and whether it came through TLS."""

    url: str = ""
    received: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False
    locked: bool = False
    said: list[tuple[str, bool]] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        """Takes a message in."""
        if self.locked and not session.authenticated:
            return NOT_SIGNED_IN
        if self.refuses:
            return OUT_OF_ORDER
        read = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(read, EmailMessage)
        self.received.append(read)
        return KEPT

    def authenticate(
        self, server: SMTP, session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        """Lets in whoever says the password."""
        assert isinstance(given, LoginPassword)
        password = given.password.decode()
        through_tls = server.transport is not None and server.transport.get_extra_info("ssl_object") is not None
        self.said.append((password, through_tls))
        return AuthResult(success=(given.login.decode(), password) == (USER, PASSWORD), handled=False)


@contextmanager
def running_mailbox(
    scheme: str = "smtp", certificate: Certificate | None = None, *, address: str = "127.0.0.1", locked: bool = False
) -> Iterator[Mailbox]:
    """An empty mailbox; `url` is what THONBAN_SMTP_URL wants, without user and password. With a certificate, `smtp`
    offers STARTTLS and `smtps` begins with TLS. `locked`: nothing is taken from who has not said the password."""
    mailbox = Mailbox(locked=locked)
    context = certificate.serving() if certificate else None
    controller = Controller(
        mailbox,
        hostname=address,
        port=free_port(),
        ssl_context=context if scheme == "smtps" else None,
        tls_context=context if scheme == "smtp" else None,
        authenticator=mailbox.authenticate,
        # what a careless client says in the clear is heard, so that a test can see it
        auth_require_tls=False,
    )
    controller.start()
    mailbox.url = f"{scheme}://{address}:{controller.port}"
    try:
        yield mailbox
    finally:
        controller.stop()
