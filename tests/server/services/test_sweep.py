"""The sweep takes what nothing needs, and nothing that somebody is about to need."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.services.sweep import SETTLED, list_orphans, sweep
from tests.kit.homes import House, house_at

LONG_AGO = timedelta(days=3)


@pytest.fixture(name="house")
def _house(empty_database_url: str, tmp_path: Path) -> Iterator[House]:
    with house_at(tmp_path / "home", empty_database_url) as made:
        yield made


def age(house: House, sha256: str) -> None:
    """Makes the file look three days old."""
    when = (datetime.now(UTC) - LONG_AGO).timestamp()
    os.utime(house.home.config.blobs_folder / sha256[:2] / sha256, (when, when))


def test_only_settled_files_without_a_name_go(house: House) -> None:
    now = datetime.now(UTC)
    needed = house.keeps(b"needed", now - LONG_AGO)
    unneeded = house.keeps(b"unneeded", now - LONG_AGO, needed=False)
    orphan, fresh = house.home.blobs.put(b"orphan"), house.home.blobs.put(b"fresh")
    for sha256 in (needed, unneeded, orphan):
        age(house, sha256)
    with house.sessions() as session:
        assert list_orphans(session, house.home, now) == [orphan]
        swept = sweep(session, house.home, now)
    assert (swept.rows, swept.files) == (1, 2)
    assert {sha256 for sha256, _ in house.home.blobs.list_hashes()} == {needed, fresh}


def test_a_file_kept_again_is_young_again(house: House) -> None:
    sha256 = house.home.blobs.put(b"orphan")
    age(house, sha256)
    house.home.blobs.put(b"orphan")
    with house.sessions() as session:
        assert sweep(session, house.home, datetime.now(UTC)).files == 0
    # between the look and the removal, too
    assert not house.home.blobs.remove_older(sha256, (datetime.now(UTC) - SETTLED).timestamp())
    assert house.home.blobs.has(sha256)


def test_unfinished_copies_of_a_process_that_was_killed_go(house: House) -> None:
    folder = house.home.config.backups_folder
    (folder / ".unfinished-x").mkdir(parents=True)
    (folder / ".unfinished-x" / "backup").write_bytes(b"half")
    when = (datetime.now(UTC) - LONG_AGO).timestamp()
    os.utime(folder / ".unfinished-x", (when, when))
    with house.sessions() as session:
        assert sweep(session, house.home, datetime.now(UTC)).unfinished == 1
    assert list(folder.iterdir()) == []
