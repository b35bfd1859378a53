"""Brings messages to webhooks: one POST, signed, within ten seconds, to an address that was looked at just before.

The address is resolved here and the connection made to what was found, so that a name cannot lead elsewhere between the
look and the call. Certificates are checked, redirects are not followed, and of the answer only the status is read.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import orjson
import structlog
from sqlalchemy.orm import Session

from server.domain.errors import Invalid
from server.domain.roles import Place
from server.domain.webhooks import (
    DEAD,
    DELIVERY,
    EVENT,
    PING,
    SENT,
    SIGNATURE,
    Network,
    Target,
    absolute,
    is_given_up,
    may_call,
    pause_after,
    read_url,
    sign,
)
from server.services.home import Home, SecretChanged
from server.services.mail import Letter, post
from server.services.notify import HEARS, owner_of
from server.services.record import write_own
from server.storage.actors import find_user
from server.storage.database import writing
from server.storage.reach import find_above
from server.storage.webhooks import (
    DeliveryView,
    HookView,
    change_delivery,
    change_hook,
    find_due_delivery,
    find_hook,
    take_hook,
)

log = structlog.get_logger("thonban.webhooks")

CONNECT_SECONDS, TOTAL_SECONDS = 5.0, 10.0
AT_ONCE, RUN_SECONDS = 50, 15.0
"""How many messages one webhook gets, and how long it is served, before others have their turn."""
LEASE = timedelta(minutes=2)
LONGEST_DETAIL = 255
GONE = 410
"""The receiver says that nobody listens there any more."""
FINE = range(200, 300)


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. `error`: None when the receiver took the message; else status | timeout | unreachable | tls
    | inside | unreadable, with `detail` in the words of the network."""

    status: int | None
    error: str | None
    detail: str | None = None
    milliseconds: int = 0


def deliver(session: Session, home: Home, hook_id: int, clock: Callable[[], datetime]) -> int:
    """Sends what is due to one webhook, until something fails or others are to have their turn; returns how many
    messages were taken. Nothing is done while another worker is at it. Raises Unavailable."""
    with writing(session) as connection:
        if not take_hook(connection, hook_id, clock(), clock() + LEASE):
            return 0
        session.commit()
    sent, until = 0, time.monotonic() + RUN_SECONDS
    for _ in range(AT_ONCE):
        if time.monotonic() > until or not _deliver_next(session, home, hook_id, clock):
            break
        sent += 1
    # after a crash the lease has to end first, so that a fault of ours is not met again every second
    with writing(session) as connection:
        change_hook(connection, hook_id, leased_until=None)
        session.commit()
    return sent


def _deliver_next(session: Session, home: Home, hook_id: int, clock: Callable[[], datetime]) -> bool:
    """One message; whether it was taken."""
    now = clock()
    hook, due = find_hook(session, hook_id), find_due_delivery(session, hook_id, now)
    if hook is None or hook.paused_at is not None or due is None:
        session.rollback()
        return False
    why = _why_not(session, hook, due, now)
    try:
        secrets = _secrets(home, hook, now)
    except SecretChanged:
        why, secrets = "secret", []
    # nobody waits for us while we wait for them
    session.rollback()
    if why in ("owner", "secret"):
        _pause(session, home, hook, why, now)
        return False
    if why is not None:
        with writing(session) as connection:
            change_delivery(connection, due.id, state=DEAD, error=why, tried_at=now)
            session.commit()
        return True
    body = orjson.dumps(absolute(due.payload, home.config.base_url))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "thonban-webhook",
        EVENT: due.event,
        DELIVERY: str(due.id),
        SIGNATURE: sign(body, secrets, now),
    }
    outcome = call(hook.url, headers, body, home.config.webhook_networks)
    note(session, home, (hook, due), outcome, clock())
    return outcome.error is None


def note(session: Session, home: Home, what: tuple[HookView, DeliveryView], outcome: Outcome, now: datetime) -> None:
    """Writes down how an attempt ended, and when the next one is."""
    hook, due = what
    attempts = due.attempts + 1
    told: dict[str, Any] = {
        "attempts": attempts,
        "tried_at": now,
        "status": outcome.status,
        "error": outcome.error,
        "detail": outcome.detail,
        "milliseconds": outcome.milliseconds,
    }
    fine = outcome.error is None
    failing_since = hook.failing_since or now
    with writing(session) as connection:
        if fine:
            change_delivery(connection, due.id, state=SENT, **told)
            change_hook(connection, hook.id, failures=0, failing_since=None, resting_until=None)
        else:
            given_up = is_given_up(due.since, now)
            told |= {"state": DEAD} if given_up else {"next_at": now + pause_after(attempts)}
            change_delivery(connection, due.id, **told)
            rest = now + pause_after(hook.failures + 1)
            failing = {"failures": hook.failures + 1, "failing_since": failing_since, "resting_until": rest}
            change_hook(connection, hook.id, **failing)
        session.commit()
    if not fine:
        log.info("webhook.failed", hook=hook.id, delivery=due.id, attempt=attempts, error=outcome.error)
        if outcome.status == GONE:
            _pause(session, home, hook, "gone", now)
        elif is_given_up(failing_since, now):
            _pause(session, home, hook, "failing", now)


def _why_not(session: Session, hook: HookView, due: DeliveryView, now: datetime) -> str | None:
    """What keeps a message from being sent though it waits: its owner is gone, or no longer sees where it happened."""
    owner = owner_of(session, hook, now)
    if owner is None:
        return "owner"
    if due.event == PING:
        return None
    above = find_above(session, due.area_id, owner.on) if due.area_id else ()
    return None if owner.may_in(HEARS, Place(hook.project_id, due.form_id, above)) else "sight"


def _secrets(home: Home, hook: HookView, now: datetime) -> list[str]:
    """The secrets that hold, the newest first. Raises SecretChanged."""
    found = [home.unseal(hook.sealed or b"")]
    if hook.old_sealed is not None and hook.old_until is not None and now < hook.old_until:
        # the one before may have been sealed with another key of the server, and was changed for that
        with suppress(SecretChanged):
            found.append(home.unseal(hook.old_sealed))
    return found


def _pause(session: Session, home: Home, hook: HookView, why: str, now: datetime) -> None:
    """Pauses a webhook that cannot go on, and tells its owner."""
    owner = find_user(session, hook.created_by)
    with writing(session) as connection:
        change_hook(connection, hook.id, paused_at=now, paused_why=why)
        write_own(connection, "webhook.pause", now, hook=hook.id, projectId=hook.project_id, why=why)
        if owner is not None:
            post(connection, home, Letter("webhook_paused", owner.email, owner.id, {"hook": hook.name}), now)
        session.commit()
    log.warning("webhook.paused", hook=hook.id, why=why)


def call(url: str, headers: Mapping[str, str], body: bytes, inside: Sequence[Network]) -> Outcome:
    """Makes one POST, within TOTAL_SECONDS from the connection on."""
    began = time.monotonic()
    try:
        target = read_url(url, inside)
        status = _post(target, headers, body, inside)
        outcome = Outcome(status, None if status in FINE else "status")
    except Invalid as error:
        outcome = Outcome(None, "inside" if error.code == "webhook.url_inside" else "unreadable")
    except ssl.SSLError as error:
        outcome = Outcome(None, "tls", _said(error))
    except TimeoutError:
        outcome = Outcome(None, "timeout")
    except OSError as error:
        outcome = Outcome(None, "unreachable", error.strerror or str(error))
    except (http.client.HTTPException, UnicodeError) as error:
        outcome = Outcome(None, "unreadable", type(error).__name__)
    detail = outcome.detail and outcome.detail.replace("\0", "")[:LONGEST_DETAIL]
    return Outcome(outcome.status, outcome.error, detail, int((time.monotonic() - began) * 1000))


def _post(target: Target, headers: Mapping[str, str], body: bytes, inside: Sequence[Network]) -> int:
    wire = _connect(target, inside)
    over = threading.Event()

    def cut() -> None:
        over.set()
        with suppress(OSError):
            # past the TLS layer, which is not ours to speak from another thread
            socket.socket.shutdown(wire, socket.SHUT_RDWR)

    # a receiver that answers a byte at a time keeps within every timeout of a socket
    timer = threading.Timer(TOTAL_SECONDS, cut)
    timer.daemon = True
    if target.secure:
        wire = ssl.create_default_context().wrap_socket(
            wire, server_hostname=target.host, do_handshake_on_connect=False
        )
    timer.start()
    try:
        if isinstance(wire, ssl.SSLSocket):
            wire.do_handshake()
        line = http.client.HTTPConnection(target.host, target.port, timeout=TOTAL_SECONDS)
        line.sock = wire
        line.request("POST", target.path, body, {"Host": _host_of(target), "Connection": "close", **headers})
        status = line.getresponse().status
        if over.is_set():
            # what was cut off reads as an answer that ended early
            raise TimeoutError
        return status
    except (OSError, http.client.HTTPException) as error:
        if over.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
        wire.close()


def _connect(target: Target, inside: Sequence[Network]) -> socket.socket:
    """A connection to the first address of the target that may be called and answers. Raises Invalid when none may,
    OSError when none answers."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    places = [place for place in found if may_call(ip_address(str(place[4][0]).partition("%")[0]), inside)]
    if not places:
        raise Invalid("webhook.url_inside", value=target.host)
    until, failed = time.monotonic() + CONNECT_SECONDS, OSError()
    for family, kind, protocol, _, address in places:
        wire = socket.socket(family, kind, protocol)
        try:
            wire.settimeout(max(0.1, until - time.monotonic()))
            wire.connect(address)
            wire.settimeout(TOTAL_SECONDS)
        except OSError as error:
            wire.close()
            failed = error
        else:
            return wire
    raise failed


def _host_of(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == (443 if target.secure else 80) else f"{host}:{target.port}"


def _said(error: ssl.SSLError) -> str:
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.reason or str(error)
