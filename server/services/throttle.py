"""Holds back who guesses. Failures are counted in the database, so that all processes and machines know of them.

| counted                        | held back after |
|--------------------------------|-----------------|
| an account from one address    | n failures      |
| an account from anywhere       | 10 n            |
| an address, over all accounts  | 10 n            |

n is the setting THONBAN_SIGN_IN_ATTEMPTS; a count lasts fifteen minutes from its first failure. What is held back is
not counted: hammering one account from one address stops at n, and so touches neither its owner elsewhere nor the
neighbours behind the same address. E-mails that nobody has are counted alike: being held back tells nothing about who
is here. Those who are in already stay in: sessions and keys are not held back.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from server.domain.errors import TooMany
from server.services.home import Home
from server.storage.audits import AuditEntry, write_audit
from server.storage.database import writing
from server.storage.throttles import clear_counts, count_one, forget_counts, list_counts

WINDOW = timedelta(minutes=15)
WIDER = 10
"""How many times more is borne from an account's many addresses, or an address's many accounts."""
SIGN_IN, RESET = "sign-in", "reset"
_IPV6_SITE = 64


@dataclass(frozen=True)
class Knock:
    """Who tries what: an account by its e-mail, from a network address (None: from the command line)."""

    email: str
    address: str | None
    purpose: str = SIGN_IN

    @property
    def account_keys(self) -> tuple[str, ...]:
        """Behind which the account is counted: from here, and from anywhere."""
        email = self.email.strip().lower()
        return _key(self.purpose, "pair", email, site_of(self.address)), _key(self.purpose, "account", email)

    @property
    def keys(self) -> tuple[str, ...]:
        """Behind which this is counted; the first is the strict one."""
        return (*self.account_keys, _key(self.purpose, "address", site_of(self.address)))


def throttle(session: Session, home: Home, knock: Knock, now: datetime) -> bool:
    """Whether failures are counted against this knock. Raises TooMany while it is held back."""
    counts = {key: each for key, each in list_counts(session, knock.keys).items() if each.since > now - WINDOW}
    until = [
        counts[key].since + WINDOW
        for key in knock.keys
        if key in counts and counts[key].failures >= _most(home, knock, key)
    ]
    if until:
        raise _too_many(max(until), now)
    return bool(counts)


def count_failure(session: Session, home: Home, knock: Knock, now: datetime, entry: AuditEntry | None = None) -> None:
    """One failure more, and the line of the audit that tells of it; when it is the last that is borne, the audit says
    that too."""
    with writing(session) as connection:
        forget_counts(connection, now - WINDOW)
        if entry is not None:
            write_audit(connection, entry)
        # always in the same order: two who count at once do not wait for each other crosswise
        for key in sorted(knock.keys):
            counted = count_one(connection, key, now, now - WINDOW)
            if counted.failures == _most(home, knock, key):
                details = {"purpose": knock.purpose, "address": knock.address, "failures": counted.failures}
                held = AuditEntry(None, "user.session.hold", None, now, details, address=knock.address)
                write_audit(connection, held)
        session.commit()


def forgive(session: Session, knock: Knock) -> None:
    """The right password: the account's failures are forgotten. Those of the address are not, or whoever has one
    account could go on guessing others."""
    with writing(session) as connection:
        clear_counts(connection, knock.account_keys)
        session.commit()


def site_of(address: str | None) -> str:
    """An address as it is counted: IPv6 by its /64, which one household has to itself."""
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, _IPV6_SITE), strict=False))
    return str(known)


def _most(home: Home, knock: Knock, key: str) -> int:
    attempts = home.config.sign_in_attempts
    return attempts if key == knock.keys[0] else attempts * WIDER


def _too_many(until: datetime, now: datetime) -> TooMany:
    seconds = max(1, int((until - now).total_seconds()) + 1)
    return TooMany("auth.too_many", seconds=seconds, minutes=-(-seconds // 60))


def _key(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()
