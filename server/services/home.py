"""The home: the data folder of one installation, with its attachments, its secret and its free space."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.config import Config, ConfigError, with_secret_key
from server.domain.errors import Unavailable
from server.storage.blobs import BlobStore, Bucket, ExtraMissing, FolderStore, open_bucket

LAID_DOWN = ".bundle-"
"""How files and folders of the home begin that hold a bundle while it is read; a crash leaves them to the sweep."""
_SPACE_SECONDS = 2.0


class SecretChanged(Exception):
    """What was sealed here cannot be opened: the secret key is another one than when it was sealed."""


class _Space:
    """The free bytes of the home's file system, asked for at most every two seconds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._until = 0.0
        self._free = 0

    def free(self) -> int:
        """Free bytes for an ordinary user."""
        moment = time.monotonic()
        if moment >= self._until:
            found = os.statvfs(self._folder)
            self._free = found.f_bavail * found.f_frsize
            self._until = moment + _SPACE_SECONDS
        return self._free


@dataclass(frozen=True)
class Home:
    """One installation: its settings (with a secret key), where its blobs lie, and its secret as bytes."""

    config: Config
    blobs: BlobStore
    secret: bytes = field(repr=False)
    _space: _Space = field(repr=False, compare=False)
    _fernet: Fernet = field(repr=False, compare=False)

    def seal(self, text: str) -> bytes:
        """Encrypts what must be shown again, such as an app user's key."""
        return self._fernet.encrypt(text.encode())

    def unseal(self, sealed: bytes) -> str:
        """What `seal` was given. Raises SecretChanged when it was sealed with another secret."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SecretChanged("sealed with another secret key") from error

    @property
    def fingerprint(self) -> str:
        """Tells whether two secrets are the same without telling the secret: 16 hex digits."""
        return hashlib.sha256(b"thonban fingerprint\0" + self.secret).hexdigest()[:16]

    @property
    def free_bytes(self) -> int:
        """Free bytes where the data folder lies; at most two seconds old."""
        return self._space.free()

    @property
    def is_full(self) -> bool:
        """Whether so little is free that nothing more is taken in."""
        return self.free_bytes < self.config.min_free_bytes


def open_home(config: Config) -> Home:
    """Opens the data folder, which is made when it is not there (mode 0700), with its secret key (0600).

    Raises ConfigError when the folder or the key cannot be used.
    """
    if not config.home.exists():
        config.home.mkdir(parents=True, mode=0o700)
    config = with_secret_key(config)
    secret = (config.secret_key or "").encode()
    return Home(
        config=config,
        blobs=_blobs(config),
        secret=secret,
        _space=_Space(config.home),
        _fernet=Fernet(_derived(secret)),
    )


def require_space(home: Home) -> None:
    """Raises Unavailable when the disk is nearly full: a phone deletes what was acknowledged, so that nothing may be
    acknowledged which could not be kept."""
    if home.is_full:
        raise Unavailable("storage.disk_full")


def _blobs(config: Config) -> BlobStore:
    if config.blobs_url is None:
        return FolderStore(config.blobs_folder)
    try:
        return open_bucket(Bucket(config.blobs_url, config.blobs_endpoint, config.blobs_key_id, config.blobs_secret))
    except ExtraMissing as error:
        raise ConfigError("THONBAN_BLOBS_URL", str(error), "Or leave the variable out: files in the folder.") from error


def _derived(secret: bytes) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"thonban seal").derive(secret)
    return base64.urlsafe_b64encode(key)
