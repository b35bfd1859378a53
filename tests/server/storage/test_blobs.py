"""Files by their hash, in a folder and in a bucket: the same promises."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.config import Config
from server.services.home import open_home
from server.storage.blobs import BlobStore
from tests.kit.bucket import running_bucket
from tests.kit.homes import environment_of


@pytest.fixture(name="blobs", params=["folder", "bucket"])
def _blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    environment = environment_of(tmp_path / "home")
    if request.param == "folder":
        yield open_home(Config.from_env(environment)).blobs
        return
    with running_bucket() as address:
        environment |= {"THONBAN_BLOBS_URL": "s3://thonban/attachments", "THONBAN_BLOBS_ENDPOINT": address}
        environment |= {"THONBAN_BLOBS_KEY_ID": "thonban", "THONBAN_BLOBS_SECRET": "secret-of-the-key"}
        yield open_home(Config.from_env(environment)).blobs


def test_what_is_put_is_there_once_and_whole(blobs: BlobStore, tmp_path: Path) -> None:
    content = bytes(range(256)) * 3000
    sha256 = blobs.put(content)
    assert blobs.put(content) == sha256
    (tmp_path / "photo").write_bytes(b"a photo")
    photo = "c" * 64
    blobs.put_file(tmp_path / "photo", photo)
    assert {name for name, _ in blobs.list_hashes()} == {sha256, photo}
    with blobs.open(sha256) as file:
        assert file.read() == content
    with blobs.open(photo) as file:
        assert file.read(3) == b"a p"


def test_what_is_not_here_is_said(blobs: BlobStore) -> None:
    assert not blobs.has("d" * 64)
    with pytest.raises(FileNotFoundError):
        blobs.open("d" * 64)
    blobs.remove("d" * 64)
    assert not blobs.remove_older("d" * 64, time.time())


def test_only_the_old_are_removed(blobs: BlobStore) -> None:
    sha256 = blobs.put(b"x")
    assert not blobs.remove_older(sha256, time.time() - 3600)
    assert blobs.has(sha256)
    assert blobs.remove_older(sha256, time.time() + 3600)
    assert not blobs.has(sha256)
