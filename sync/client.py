"""A device without a screen: it speaks OpenRosa to a server as ODK Collect does, and so proves that a server works.

The only module with an HTTP client, and the only one of this package that reads a clock. The address of a server may
hold a key (``…/v1/key/<key>/projects/1``): no error, no repr and no log line of the HTTP library shows it.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from sync.envelope import DEFAULT_LIMIT, INCOMPLETE_PART, XML_PART, Envelope, Part, split
from sync.errors import ProtocolError, Refused, Unreachable
from sync.openrosa import (
    LENGTH_HEADER,
    VERSION,
    VERSION_HEADER,
    FormListEntry,
    MediaFile,
    Receipt,
    read_form_list,
    read_manifest,
    read_receipt,
)

TIMEOUT = (30.0, 60.0)
"""Seconds to connect and to wait for the next bytes, as ODK Collect."""
USER_AGENT = "thonban-device/1"

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OWN = frozenset({"127.0.0.1", "::1", "localhost"})
_KEY = re.compile(r"/(key|test)/[^/?\s]+")


@dataclass(frozen=True)
class Downloaded:
    """A form on the device: its XForm, and its files by name. ``missing``: files the server listed but has not got."""

    entry: FormListEntry
    xml: bytes
    media: Mapping[str, bytes] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Greeting:
    """What a server says before an upload: the address to send to and the bytes one request may have."""

    url: str
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True)
class _Kept:
    etag: str
    content: bytes


class Phone:
    """A device that fetches forms and sends instances.

    ``server_url`` ends with the project. ``session`` brings credentials where they are not part of the address; it is
    not used for addresses on other hosts. What carries an ETag is kept in memory and asked for again with it.
    """

    def __init__(self, server_url: str, device_id: str, session: requests.Session | None = None) -> None:
        self._server_url = server_url.rstrip("/")
        self._device_id = device_id
        self._session = session or requests.Session()
        # as ODK Collect: what a server would have it remember is forgotten at once
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        if session is None and urlsplit(server_url).hostname in _OWN:
            # this machine itself, whose certificate names the host that phones know and not this address
            self._session.verify = False
            # the environment names proxies and certificates for the world outside, and would win over the line above
            self._session.trust_env = False
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._stranger = requests.Session()
        self._stranger.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._elsewhere: str | None = None
        self._kept: dict[str, _Kept] = {}
        _keep_keys_out_of_logs()

    def __repr__(self) -> str:
        return f"Phone({_KEY.sub('/…/…', self._server_url)!r}, {self._device_id!r})"

    def __enter__(self) -> Phone:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends a batch: closes the connections, and forgets where the server had this batch sent to."""
        self._elsewhere = None
        self._session.close()
        self._stranger.close()

    def form_list(self) -> tuple[FormListEntry, ...]:
        """The forms this device may have.

        Raises Unreachable, Refused, and ProtocolError when the answer is no form list of an OpenRosa server.
        """
        return read_form_list(self._get(f"{self._server_url}/formList", openrosa=True))

    def download(self, entry: FormListEntry, held: Downloaded | None = None) -> Downloaded:
        """The form with its files; of ``held``, what the hashes say is the same still is not fetched again. An archive
        (``*.zip``) is no reason for an update by itself.

        Raises as ``form_list``, and ProtocolError ``download.changed`` when content and announced hash differ.
        """
        if held is not None and _hash(held.xml) == entry.hash:
            xml = held.xml
        else:
            xml = self._get(entry.download_url)
            _check(_hash(xml), entry.hash, entry.form_id)
        if entry.manifest_url is None:
            return Downloaded(entry, xml)
        media: dict[str, bytes] = {}
        missing: list[str] = []
        known = held.media if held is not None else {}
        files = read_manifest(self._get(entry.manifest_url, openrosa=True))
        if held is not None and xml is held.xml and _is_held(files, known):
            return replace(held, entry=entry)
        for file in files:
            here = known.get(file.filename)
            if here is not None and _hash(here) == file.hash:
                media[file.filename] = here
                continue
            try:
                media[file.filename] = self._media(file)
            except Refused as refusal:
                if refusal.status != 404:
                    raise
                missing.append(file.filename)
        return Downloaded(entry, xml, media, tuple(missing))

    def head(self) -> Greeting:
        """Asks where to send and how much at once. What is not a 204 leaves the defaults, as for ODK Collect. Once a
        server has named another place, the rest of the batch goes there without asking, and with the defaults.

        Raises Unreachable, Refused for 401, ProtocolError when something else than a submission address answers.
        """
        url = f"{self._server_url}/submission"
        if self._elsewhere is not None:
            return Greeting(self._elsewhere)
        with _reaching():
            answer = self._session.head(
                url, params=self._params, headers=self._headers(), timeout=TIMEOUT, allow_redirects=False
            )
        if answer.status_code == 401:
            raise _refusal(answer)
        if 200 <= answer.status_code < 300 and answer.status_code != 204:
            raise ProtocolError("submission.not_openrosa", {"status": answer.status_code})
        if answer.status_code != 204:
            return Greeting(url)
        named = answer.headers.get(LENGTH_HEADER, "")
        limit = int(named) if named.isascii() and named.isdigit() else DEFAULT_LIMIT
        location = answer.headers.get("Location")
        if location:
            self._elsewhere = _submission_url(url, location)
        return Greeting(self._elsewhere or url, limit)

    def send(self, xml: bytes, attachments: Sequence[Part] = (), *, attempts: int = 1) -> Receipt:
        """Sends one instance, in as many requests as the server's limit asks for, and gives its last receipt.

        After a failure nobody knows what has arrived, so each further attempt begins with the first file.
        Raises Unreachable, Refused (with the server's sentence), ProtocolError, and OSError for a lost file.
        """
        for left in range(attempts - 1, -1, -1):
            try:
                return self._send_once(xml, attachments)
            except (Unreachable, Refused) as error:
                if not left or (isinstance(error, Refused) and not error.passing):
                    raise
        raise ValueError(attempts)

    def send_envelope(self, envelope: Envelope) -> Receipt:
        """As ``send``, for an outbox."""
        return self.send(envelope.xml, envelope.attachments)

    def _send_once(self, xml: bytes, attachments: Sequence[Part]) -> Receipt:
        greeting = self.head()
        batches = split(len(xml), attachments, greeting.limit)
        receipts = [self._post(greeting.url, xml, batch, last=batch is batches[-1]) for batch in batches]
        return receipts[-1]

    def _post(self, url: str, xml: bytes, batch: Sequence[Part], *, last: bool) -> Receipt:
        files: list[tuple[str, tuple[str | None, bytes | str, str] | tuple[None, str]]]
        files = [(XML_PART, ("submission.xml", xml, "text/xml"))]
        files += [(part.name, (part.name, part.read(), part.content_type)) for part in batch]
        if not last:
            files.append((INCOMPLETE_PART, (None, "yes")))
        with _reaching():
            answer = self._session.post(
                url,
                params=self._params,
                headers=self._headers(),
                files=files,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        if answer.status_code in (201, 202):
            return _receipt(answer)
        if answer.status_code < 400:
            # 200 is what a hotel's sign-in page says: nothing was taken.
            raise ProtocolError("submission.not_openrosa", {"status": answer.status_code})
        raise _refusal(answer)

    def _media(self, file: MediaFile) -> bytes:
        content = self._get(file.download_url)
        if file.type is None:
            _check(_hash(content), file.hash, file.filename)
        return content

    def _get(self, url: str, *, openrosa: bool = False) -> bytes:
        kept = self._kept.get(url)
        headers = self._headers() | ({"If-None-Match": kept.etag} if kept else {})
        at_home = urlsplit(url).netloc == urlsplit(self._server_url).netloc
        session = self._session if at_home else self._stranger
        with _reaching():
            answer = session.get(url, params=self._params, headers=headers, timeout=TIMEOUT)
        if kept and answer.status_code == 304:
            return kept.content
        if answer.status_code != 200:
            raise _refusal(answer)
        spoken = "text/xml" in answer.headers.get("Content-Type", "") and VERSION_HEADER in answer.headers
        if openrosa and not spoken:
            raise ProtocolError("server.not_openrosa", {"content_type": answer.headers.get("Content-Type", "")})
        if etag := answer.headers.get("ETag"):
            self._kept[url] = _Kept(etag, answer.content)
        return answer.content

    @property
    def _params(self) -> dict[str, str]:
        return {"deviceID": self._device_id}

    def _headers(self) -> dict[str, str]:
        return {VERSION_HEADER: VERSION, "Date": collect_date(datetime.now(UTC)), "User-Agent": USER_AGENT}


def collect_date(moment: datetime) -> str:
    """The Date header as ODK Collect writes it: ``E, dd MMM yyyy hh:mm:ss zz`` in GMT, with hours from 01 to 12.

    It does not say morning or afternoon; a server must not read it.
    """
    gmt = moment.astimezone(UTC)
    return (
        f"{_DAYS[gmt.weekday()]}, {gmt.day:02} {_MONTHS[gmt.month - 1]} {gmt.year:04} "
        f"{gmt.hour % 12 or 12:02}:{gmt.minute:02}:{gmt.second:02} GMT"
    )


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except requests.RequestException as error:
        # The text of the cause holds the whole address, and with it the key: only its kind goes on.
        raise Unreachable("server.unreachable", {"reason": type(error).__name__}) from None


def _is_held(files: Sequence[MediaFile], known: Mapping[str, bytes]) -> bool:
    """Whether the files that are held are those of the list, archives not looked at."""
    wanted = {file.filename: file.hash for file in files}
    same = (name.lower().endswith(".zip") or _hash(known[name]) == wanted[name] for name in wanted if name in known)
    return wanted.keys() == known.keys() and all(same)


def _submission_url(url: str, location: str) -> str:
    """Where to send: the Location given, on the same host only (from http to https is allowed)."""
    asked, given = urlsplit(url), urlsplit(urljoin(url, location))
    same = given.hostname == asked.hostname and (given.scheme, asked.scheme) != ("http", "https")
    if not same or given.scheme not in ("http", "https"):
        raise ProtocolError("submission.other_host")
    # The device id is added to every address anyhow.
    return given._replace(query="", fragment="").geturl()


def _receipt(answer: requests.Response) -> Receipt:
    try:
        return read_receipt(answer.content, answer.status_code)
    except ProtocolError:
        # The status alone decides for a device; the sentence is for people.
        return Receipt("", "", answer.status_code)


def _refusal(answer: requests.Response) -> Refused:
    message = _receipt(answer).message if b"OpenRosaResponse" in answer.content else ""
    return Refused("server.refused", {"status": answer.status_code, "message": message or answer.reason or ""})


def _hash(content: bytes) -> str:
    return "md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest()


def _check(found: str, announced: str, name: str) -> None:
    if found != announced:
        raise ProtocolError("download.changed", {"name": name})


class _WithoutKeys(logging.Filter):
    """Takes keys out of the addresses that the HTTP library writes to its log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _KEY.sub(r"/\1/…", record.getMessage()), ()
        return True


_WITHOUT_KEYS = _WithoutKeys()


def _keep_keys_out_of_logs() -> None:
    # A filter that is there already is not added twice. It must sit on each logger that writes addresses.
    for name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.poolmanager"):
        logging.getLogger(name).addFilter(_WITHOUT_KEYS)
