"""A home copied while it is written to, put back elsewhere, and refused where it cannot be trusted."""

import io
import json
import shutil
import tarfile
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from server.config import Config
from server.services.backup import backup
from server.services.home import open_home
from server.services.nightly import keep_copy, list_copies, to_keep
from server.services.restore import RestoreRefused, restore
from server.services.sweep import SETTLED, sweep
from server.storage.blobs import list_named
from server.storage.schema import find_damage, open_sessions
from server.storage.snapshots import SnapshotFailed
from tests.kit.bucket import running_bucket
from tests.kit.databases import Databases
from tests.kit.homes import NIGHT, House, environment_of, house_at
from tests.kit.services import Postgres


def restored(source: Path, folder: Path, database_url: str | None = None) -> House:
    """The home made from a backup."""
    config = Config.from_env(environment_of(folder, database_url))
    restore(source, config)
    return House(open_home(config), open_sessions(config.database_url))


@pytest.mark.parametrize("name", ["copy.tar", "copy.tar.gz", "copy.tgz"])
def test_a_copy_taken_under_load_is_whole(tmp_path: Path, name: str) -> None:
    with house_at(tmp_path / "home") as house:
        stop, written = threading.Event(), list[str]()

        def load() -> None:
            while not stop.is_set():
                written.append(house.keeps(f"sheet {len(written)}".encode()))

        writer = threading.Thread(target=load)
        writer.start()
        while len(written) < 5:
            stop.wait(0.01)
        before = list(written)
        manifest = backup(house.home, tmp_path / name, NIGHT)
        stop.set()
        writer.join()
        assert manifest.missing == []
        sealed = house.home.seal("key")

    again = restored(tmp_path / name, tmp_path / "new" / "home")
    with again.sessions() as session:
        named = list_named(session.connection())
        assert find_damage(session) is None
    assert set(before) <= named == set(manifest.blobs) <= set(written)
    assert {sha256 for sha256, _ in again.home.blobs.list_hashes()} == named
    assert again.home.unseal(sealed) == "key"
    assert (again.home.config.home / "secret.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["home", "new", name])


def test_postgresql_is_copied_and_put_back(tmp_path: Path, postgres: Postgres, databases: Databases) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not in PATH (Debian: apt-get install postgresql-client)")
    with (
        databases.postgresql(postgres, tables=False) as old,
        databases.postgresql(postgres, tables=False) as new,
        house_at(tmp_path / "home", old) as house,
    ):
        sha256 = house.keeps(b"a sheet")
        backup(house.home, tmp_path / "copy.tar", NIGHT)
        again = restored(tmp_path / "copy.tar", tmp_path / "new", new)
        with again.sessions() as session:
            assert list_named(session.connection()) == {sha256}
        again.sessions.kw["bind"].dispose()
        with pytest.raises(SnapshotFailed, match="database_not_empty"):
            restored(tmp_path / "copy.tar", tmp_path / "newer", new)
        assert not (tmp_path / "newer").exists()
        with pytest.raises(SnapshotFailed, match="other_database"):
            restored(tmp_path / "copy.tar", tmp_path / "sqlite", f"sqlite:///{tmp_path}/elsewhere.db")


def test_without_its_program_a_postgresql_copy_says_what_is_missing(
    tmp_path: Path, postgres: Postgres, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    with databases.postgresql(postgres, tables=False) as url, house_at(tmp_path / "home", url) as house:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(SnapshotFailed, match="program_missing") as refused:
            backup(house.home, tmp_path / "copy.tar", NIGHT)
        assert refused.value.params == {"program": "pg_dump"}
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def rewritten(source: Path, target: Path, name: str, content: bytes) -> Path:
    """The backup with one more or another file in it."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for entry in old:
            if entry.name != name:
                new.addfile(entry, old.extractfile(entry))
        made = tarfile.TarInfo(name)
        made.size = len(content)
        new.addfile(made, io.BytesIO(content))
    return target


def test_what_is_no_whole_backup_leaves_nothing_behind(tmp_path: Path) -> None:
    with house_at(tmp_path / "home") as house:
        sha256 = house.keeps(b"a sheet")
        good = tmp_path / "good.tar"
        backup(house.home, good, NIGHT)
    bad = {
        "changed": rewritten(good, tmp_path / "changed.tar", f"blobs/{sha256}", b"a sheep"),
        "climbing": rewritten(good, tmp_path / "climbing.tar", "../../escaped", b"x"),
        "database": rewritten(good, tmp_path / "database.tar", "thonban.db", b"SQLite format 3\0"),
    }
    (tmp_path / "cut.tar").write_bytes(good.read_bytes()[:-20480])
    (tmp_path / "text.tar").write_bytes(b"not a tar at all")
    bad |= {"cut": tmp_path / "cut.tar", "text": tmp_path / "text.tar"}
    for name, path in bad.items():
        with pytest.raises(RestoreRefused):
            restored(path, tmp_path / "new" / name)
    assert not (tmp_path / "new").exists() or list((tmp_path / "new").iterdir()) == []
    assert not (tmp_path / "escaped").exists()


def test_a_newer_format_and_a_home_in_use_are_refused(tmp_path: Path) -> None:
    with house_at(tmp_path / "home") as house:
        backup(house.home, tmp_path / "good.tar", NIGHT)
        with pytest.raises(RestoreRefused, match="home_not_empty"):
            restored(tmp_path / "good.tar", tmp_path / "home")
    with tarfile.open(tmp_path / "newer.tar", "w") as tar:
        content = json.dumps({"format": 99}).encode()
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    with pytest.raises(RestoreRefused, match="newer_format"):
        restored(tmp_path / "newer.tar", tmp_path / "new")


def test_nights_are_thinned_out_and_hold_each_file_once(tmp_path: Path) -> None:
    with house_at(tmp_path / "home") as house:
        sha256 = house.keeps(b"a photo")
        for night in range(40):
            keep_copy(house.home, NIGHT + timedelta(days=night))
        folder = house.home.config.backups_folder
        copies = list_copies(folder)
        assert len(copies) == 9  # seven days lie in two of the four weeks
        assert set(copies) == to_keep(copies)
        days = [copy.name[8:16] for copy in copies]
        assert days[:7] == [f"{NIGHT + timedelta(days=night):%Y%m%d}" for night in range(39, 32, -1)]
        linked = folder / "blobs" / sha256[:2] / sha256
        assert linked.stat().st_ino == (house.home.config.blobs_folder / sha256[:2] / sha256).stat().st_ino
    again = restored(copies[-1], tmp_path / "new")
    assert again.home.blobs.has(sha256)


def test_what_a_night_names_survives_the_sweep_and_goes_with_the_last_night(tmp_path: Path) -> None:
    with house_at(tmp_path / "home") as house:
        sha256 = house.keeps(b"a photo", NIGHT - SETTLED * 2, needed=False)
        later = NIGHT + SETTLED * 400
        keep_copy(house.home, NIGHT)
        with house.sessions() as session:
            swept = sweep(session, house.home, later)
        assert (swept.rows, swept.files) == (1, 1)
        assert not house.home.blobs.has(sha256)
        (copy,) = list_copies(house.home.config.backups_folder)
        assert restored(copy, tmp_path / "new").home.blobs.has(sha256)


def test_files_in_a_bucket_are_copied_and_put_back_into_a_bucket(tmp_path: Path) -> None:
    with running_bucket() as old, running_bucket() as new:
        names = ("THONBAN_BLOBS_ENDPOINT", "THONBAN_BLOBS_URL", "THONBAN_BLOBS_KEY_ID", "THONBAN_BLOBS_SECRET")
        there, elsewhere = (
            dict(zip(names, (address, "s3://thonban/a", "thonban", "secret"), strict=True)) for address in (old, new)
        )
        with house_at(tmp_path / "home", more=there) as house:
            sha256 = house.keeps(b"a photo")
            backup(house.home, tmp_path / "copy.tar", NIGHT)
            keep_copy(house.home, NIGHT)
            assert not (house.home.config.backups_folder / "blobs" / sha256[:2]).exists()
        config = Config.from_env(environment_of(tmp_path / "new") | elsewhere)
        restore(tmp_path / "copy.tar", config)
        assert open_home(config).blobs.has(sha256)
        assert not config.blobs_folder.exists()
