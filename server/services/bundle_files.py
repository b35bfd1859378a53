"""Keeps a bundle that was handed in at the desk between the look at it and the taking in.

It lies in the store of blobs, which all machines of a server share, and no row names it: the sweep takes it after a
day. Who handed it in holds a sealed word for it; nobody opens what somebody else brought.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from server.domain.errors import Invalid
from server.services.authenticate import Caller
from server.services.home import LAID_DOWN, Home, SecretChanged, require_space
from server.services.unbundle import open_bundle
from sync.bundle import Bundle

CHUNK = 1 << 18


def keep_bundle(home: Home, caller: Caller, project_id: int, stream: IO[bytes]) -> str:
    """Keeps what a stream has; returns the word to open it with. Raises Unavailable."""
    require_space(home)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=home.config.home, prefix=LAID_DOWN) as file:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        home.blobs.put_file(Path(file.name), digest.hexdigest())
    return home.seal(json.dumps([digest.hexdigest(), project_id, caller.actor_id])).decode("ascii")


@contextmanager
def kept_bundle(home: Home, caller: Caller, project_id: int, word: str) -> Iterator[Bundle]:
    """The bundle of a word, open for reading. Raises Invalid for a word that was not given to this caller for this
    project or whose file is gone, and what `open_bundle` raises."""
    try:
        sha256, kept_for, kept_by = json.loads(home.unseal(word.encode()))
    except (SecretChanged, ValueError) as error:
        raise Invalid("bundle.gone") from error
    if (kept_for, kept_by) != (project_id, caller.actor_id):
        raise Invalid("bundle.gone")
    # an object store gives a stream, and a bundle is read here and there
    with tempfile.TemporaryFile(dir=home.config.home) as file:
        try:
            with home.blobs.open(sha256) as kept:
                while chunk := kept.read(CHUNK):
                    file.write(chunk)
        except FileNotFoundError as error:
            raise Invalid("bundle.gone") from error
        yield open_bundle(file)
