"""A mail server on loopback that keeps what it is handed: enough of SMTP (RFC 5321) for one message after another."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mailbox:
    """What came in. `refuses`: answers 451 to every message, as a server that is out of order."""

    url: str = ""
    received: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False


class _Conversation(socketserver.StreamRequestHandler):
    mailbox: Mailbox

    def handle(self) -> None:
        self._say(b"220 mailbox")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"QUIT":
                self._say(b"221 bye")
                return
            if verb == b"DATA":
                self._say(b"354 go on")
                self._take()
            else:
                self._say(b"250 mailbox" if verb in (b"EHLO", b"HELO", b"MAIL", b"RCPT", b"RSET") else b"502 no")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()).rstrip(b"\r\n") != b".":
            lines.append(line.removeprefix(b"."))
        if self.mailbox.refuses:
            self._say(b"451 out of order")
            return
        read = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(read, EmailMessage)
        self.mailbox.received.append(read)
        self._say(b"250 kept")

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    """An empty mailbox; `url` is what THONBAN_SMTP_URL wants."""
    mailbox = Mailbox()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), type("Talk", (_Conversation,), {"mailbox": mailbox}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    mailbox.url = f"smtp://127.0.0.1:{server.server_address[1]}"
    try:
        yield mailbox
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
