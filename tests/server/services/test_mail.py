"""How a letter is handed over: through TLS wherever there is a password to hide, to the server that was named."""

from __future__ import annotations

import smtplib
import ssl
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from server.config import Config
from server.services.mail import Message, NotSent, mail
from tests.kit.certificates import Certificate, make_certificate
from tests.kit.mailbox import PASSWORD, USER, Mailbox, running_mailbox

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
LETTER = Message("lan@example.vn", "Đặt lại mật khẩu / Reset your password", "Chào Lan,\n.\nxem liên kết dưới đây.\n")
ELSEWHERE = "127.0.0.2"
"""This machine too, but by an address that is none of those known as this machine: as a server elsewhere."""


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """A certificate that this machine trusts, as an office trusts one of its own making."""
    made = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.chain))
    return made


def hand_over(mailbox: Mailbox, home: Path, user: str = USER, password: str = PASSWORD) -> None:
    """Sends the letter by way of this mailbox with these credentials; none when the user is empty."""
    scheme, _, place = mailbox.url.partition("://")
    credentials = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    variables = {
        "THONBAN_HOME": str(home),
        "THONBAN_BASE_URL": "https://thonban.example.vn",
        "THONBAN_SMTP_URL": f"{scheme}://{credentials}{place}",
    }
    mail(Config.from_env(variables), LETTER, NOW)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_password_is_said_through_tls_only(scheme: str, certificate: Certificate, tmp_path: Path) -> None:
    with running_mailbox(scheme, certificate, locked=True) as mailbox:
        hand_over(mailbox, tmp_path)
    assert mailbox.said == [(PASSWORD, True)]
    received = mailbox.received[0]
    assert (received["From"], received["To"], received["Subject"]) == (USER, LETTER.to, LETTER.subject)
    assert received.get_content().splitlines() == LETTER.text.splitlines()


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_that_nobody_vouches_for_is_told_nothing(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = make_certificate(tmp_path)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with running_mailbox(scheme, strange) as mailbox, pytest.raises(ssl.SSLCertVerificationError):
        hand_over(mailbox, tmp_path)
    assert (mailbox.said, mailbox.received) == ([], [])


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_for_another_server_is_none(scheme: str, certificate: Certificate, tmp_path: Path) -> None:
    with (
        running_mailbox(scheme, certificate, address=ELSEWHERE) as mailbox,
        pytest.raises(ssl.SSLCertVerificationError, match="mismatch"),
    ):
        hand_over(mailbox, tmp_path)
    assert (mailbox.said, mailbox.received) == ([], [])


def test_a_server_elsewhere_without_tls_never_hears_the_password(tmp_path: Path) -> None:
    with running_mailbox(address=ELSEWHERE) as mailbox, pytest.raises(NotSent, match="no TLS"):
        hand_over(mailbox, tmp_path)
    assert (mailbox.said, mailbox.received) == ([], [])


def test_on_this_machine_and_without_a_password_the_clear_will_do(tmp_path: Path) -> None:
    with running_mailbox() as mailbox:
        hand_over(mailbox, tmp_path)
    assert (mailbox.said, len(mailbox.received)) == ([(PASSWORD, False)], 1)
    with running_mailbox(address=ELSEWHERE) as mailbox:
        hand_over(mailbox, tmp_path, user="")
    assert (mailbox.said, len(mailbox.received)) == ([], 1)


def test_a_wrong_password_of_the_mail_server_is_an_error(certificate: Certificate, tmp_path: Path) -> None:
    with running_mailbox("smtps", certificate, locked=True) as mailbox, pytest.raises(smtplib.SMTPAuthenticationError):
        hand_over(mailbox, tmp_path, password="another")
    assert mailbox.received == []


def test_a_password_that_cannot_be_said_is_told_apart_from_a_wrong_one(
    certificate: Certificate, tmp_path: Path
) -> None:
    with running_mailbox("smtps", certificate) as mailbox, pytest.raises(NotSent, match="beyond ASCII"):
        hand_over(mailbox, tmp_path, password="mật khẩu")
    assert (mailbox.said, mailbox.received) == ([], [])
