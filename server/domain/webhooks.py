"""Webhooks: of what a receiver is told, which addresses may be called, how a message is signed, and when one that
failed is tried again."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from server.domain.errors import Invalid

CREATED, EDITED, REVIEWED = "submission.created", "submission.edited", "submission.reviewed"
VERDICT_CHANGED, PING = "verdict.changed", "ping"
EVENTS = (CREATED, EDITED, REVIEWED, VERDICT_CHANGED)
"""What can be asked for; PING is sent when somebody tries an address."""

WAITING, SENT, DEAD = "waiting", "sent", "dead"
"""Of a delivery: it is (still) to be sent; the receiver took it; it was given up."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
KEEP_TRYING = timedelta(days=3)
"""How long a delivery is tried, and how long an address may do nothing but fail before it is paused."""
KEPT = timedelta(days=30)
"""How long deliveries are shown."""
OLD_SECRET_HOLDS = timedelta(hours=24)

LONGEST_URL, LONGEST_NAME = 1000, 255
SIGNATURE, EVENT, DELIVERY = "X-Thonban-Signature", "X-Thonban-Event", "X-Thonban-Delivery"
_HOST = re.compile(r"[A-Za-z0-9._\-]{1,253}|\[[0-9A-Fa-f:.]+\]")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Target:
    """An address taken apart: `host` without brackets, `path` with its query."""

    secure: bool
    host: str
    port: int
    path: str


def read_url(text: str, inside: Collection[Network]) -> Target:
    """The parts of an address to call. Raises Invalid for what is no http(s) address, carries a user or a password, or
    names a machine inside (`inside`: the networks within that may be called nevertheless)."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise Invalid("webhook.url_unreadable", value=text[:200]) from error
    host = parts.hostname or ""
    odd = any(ord(each) <= ord(" ") or ord(each) > ord("~") for each in text)
    if parts.scheme not in ("http", "https") or odd or len(text) > LONGEST_URL or parts.username is not None:
        raise Invalid("webhook.url_unreadable", value=text[:200])
    if not _HOST.fullmatch(parts.netloc.removesuffix(f":{port}")) or port == 0:
        raise Invalid("webhook.url_unreadable", value=text[:200])
    if _names_inside(host) and not may_call(_literal(host) or ipaddress.ip_address("127.0.0.1"), inside):
        raise Invalid("webhook.url_inside", value=host)
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port or (443 if secure else 80), path)


def may_call(address: Address, inside: Collection[Network]) -> bool:
    """Whether a message may go to a machine: one on the public Internet, or one of a network that was allowed. An
    address that carries another within is judged by that."""
    return _is_public(address) or any(
        each.version in networks and each in networks[each.version]
        for each in _meant(address)
        for networks in ({network.version: network} for network in inside)
    )


def _is_public(address: Address) -> bool:
    return all(each.is_global and not each.is_multicast for each in _meant(address))


def _meant(address: Address) -> Sequence[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _NAT64:
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    carried = [address.sixtofour, *(address.teredo or ())]
    return (address, *(each for each in carried if each is not None))


def _names_inside(host: str) -> bool:
    literal = _literal(host)
    if literal is not None:
        return not _is_public(literal)
    return host == "localhost" or host.endswith((".localhost", ".localhost."))


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def sign(body: bytes, secrets: Iterable[str], at: datetime) -> str:
    """The header of a message: the second it was signed, and for each secret that holds the HMAC-SHA256 of
    "<second>.<body>" in hex."""
    second = int(at.timestamp())
    signed = f"{second}.".encode() + body
    values = (hmac.new(each.encode(), signed, hashlib.sha256).hexdigest() for each in secrets)
    return ",".join([f"t={second}", *(f"v1={value}" for value in values)])


def pause_after(failures: int) -> timedelta:
    """How long is waited after the n-th failure in a row: 5 s, 15 s, 45 s … at most an hour."""
    return LONGEST_PAUSE if failures > 8 else min(FIRST_PAUSE * int(3 ** (max(failures, 1) - 1)), LONGEST_PAUSE)


def is_given_up(since: datetime, now: datetime) -> bool:
    """Whether what has failed since then is tried no more."""
    return now - since >= KEEP_TRYING


@dataclass(frozen=True)
class Change:
    """What something was and is; None: there was nothing, or is nothing any more."""

    before: str | None
    after: str | None

    def told(self) -> dict[str, str | None]:
        """As it stands in a message."""
        return {"from": self.before, "to": self.after}


@dataclass(frozen=True)
class VerdictChange:
    """The verdict of an area under a rule set (`basis`: approved, or the newest that was sent) before and now, with the
    class where the rule set gives one."""

    rule_set: str
    basis: str
    verdict: Change
    klass: Change


Judged = Mapping[tuple[str, str], tuple[str, str | None]]
"""By (rule set, basis) the verdict and the class."""


def compare(before: Judged, after: Judged) -> list[VerdictChange]:
    """What has changed between two looks at an area. Where there is no verdict of the newest that was sent, what was
    approved is the newest."""
    told = []
    for rule_set in sorted({key[0] for key in (*before, *after)}):
        for basis in ("approved", "newest"):
            was, now = _of(before, rule_set, basis), _of(after, rule_set, basis)
            if was != now:
                told.append(VerdictChange(rule_set, basis, Change(was[0], now[0]), Change(was[1], now[1])))
    return told


def _of(judged: Judged, rule_set: str, basis: str) -> tuple[str | None, str | None]:
    found = judged.get((rule_set, basis)) or (judged.get((rule_set, "approved")) if basis == "newest" else None)
    return found or (None, None)


def told_at(moment: datetime) -> str:
    """A moment in a message: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def absolute(payload: Mapping[str, Any], server: str | None) -> dict[str, Any]:
    """A message as it goes out: its links begin with the address of the server, where that is known."""
    links = {name: f"{server or ''}{path}" for name, path in payload.get("links", {}).items()}
    return {**payload, "links": links}
