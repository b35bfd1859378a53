"""`thonban export parquet …` as an analyst types it: into a folder, and into object storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from server.cli import main
from server.exports import answers_parquet
from server.storage.audits import list_audits
from server.storage.blobs import Bucket
from server.storage.buckets import BucketFolder
from tests.kit.bucket import running_bucket
from tests.kit.formats import read_folder
from tests.kit.world import World, world_fixture

__all__ = ["world_fixture"]
Analyst = Callable[..., tuple[int, str]]
WELLS = [{"ten": "Giếng làng", "so_ho": 12, "toa_do": (21.5, 107.1, 3.0, 4.0)}, {"ten": "06979"}]


@pytest.fixture(name="analyst")
def analyst_fixture(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Analyst:
    """The command at the home of a world where two wells were written down."""
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("THONBAN_HOME", str(world.home.config.home))
    monkeypatch.setenv("THONBAN_DATABASE_URL", world.home.config.database_url)
    world.publishes()
    for well in WELLS:
        assert world.phone("Nà San").sends(world.filled("water_point", well)).status_code == 201

    def run(*arguments: object) -> tuple[int, str]:
        code = main(["export", "parquet", "--project", "1", "--form", "water_point", *map(str, arguments)])
        return code, capsys.readouterr().out

    return run


def test_answers_lie_in_a_folder_by_form_and_month(analyst: Analyst, world: World, tmp_path: Path) -> None:
    code, said = analyst("--to", tmp_path)
    assert (code, "2 phiếu, 3 tệp" in said) == (0, True)
    home = tmp_path / "form=water_point"
    (month,) = (home / "table=Submissions").iterdir()
    assert {path.name for path in home.iterdir()} == {"_about.csv", "_codebook.csv", "table=Submissions"}
    rows = read_folder(home / "table=Submissions")
    assert [row["ten"] for row in rows] == ["06979", "Giếng làng"]
    assert [row["so_ho"] for row in rows] == [None, 12]
    assert f"month={rows[0]['month']}" == month.name
    (line,) = list_audits(world.session, action="form.submission.export")
    assert (line.details["format"], line.details["to"]) == ("parquet", str(tmp_path))


def test_what_is_there_is_replaced_only_when_that_is_said(analyst: Analyst, tmp_path: Path) -> None:
    assert analyst("--to", tmp_path)[0] == 0
    stale = tmp_path / "form=water_point" / "table=Submissions" / "month=2001-01" / "part-00000.parquet"
    stale.parent.mkdir()
    stale.write_bytes(b"old")
    other = tmp_path / "form=other" / "x"
    other.parent.mkdir()
    other.write_bytes(b"not ours")
    code, said = analyst("--to", tmp_path)
    assert (code, "--replace" in said, stale.exists()) == (1, True, True)
    code, said = analyst("--to", tmp_path, "--replace")
    assert (code, "1 tệp cũ" in said) == (0, True)
    assert not stale.parent.exists()
    assert other.exists()
    assert len(read_folder(tmp_path / "form=water_point" / "table=Submissions")) == 2


def test_answers_lie_in_object_storage(analyst: Analyst, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_bucket() as address:
        monkeypatch.setenv("THONBAN_BLOBS_ENDPOINT", address)
        monkeypatch.setenv("THONBAN_BLOBS_KEY_ID", "thonban")
        monkeypatch.setenv("THONBAN_BLOBS_SECRET", "secret")
        assert analyst("--to", "s3://lake/answers")[0] == 0
        folder = BucketFolder(Bucket("s3://lake/answers", address, "thonban", "secret"))
        names = folder.list_names("form=water_point")
        assert sum(name.endswith(".parquet") for name in names) == 1
        assert {name.rpartition("/")[2] for name in names} >= {"_about.csv", "_codebook.csv"}
        assert analyst("--to", "s3://lake/answers")[0] == 1
        assert analyst("--to", "s3://lake/answers", "--replace")[0] == 0
        for name in names:
            folder.remove(name)
        assert folder.list_names("form=water_point") == []
    # nobody answers there any more
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    code, said = analyst("--to", "s3://lake/answers")
    assert (code, "cannot be opened" in said) == (2, True)


def test_what_is_asked_narrows_it(analyst: Analyst, tmp_path: Path) -> None:
    assert analyst("--to", tmp_path / "a", "--states", "approved")[0] == 0
    assert not (tmp_path / "a" / "form=water_point" / "table=Submissions").exists()
    assert analyst("--to", tmp_path / "b", "--pseudonymous", "--details")[0] == 0
    rows = read_folder(tmp_path / "b" / "form=water_point" / "table=Submissions")
    assert {row["SubmitterName"] for row in rows} == {None}
    assert analyst("--to", tmp_path / "c", "--rounds", "no-such")[0] == 1
    assert analyst("--to", tmp_path / "c", "--states", "wrong")[0] == 1
    assert analyst("--to", tmp_path / "c", "--form", "no-such")[0] == 1
    assert not (tmp_path / "c").exists()


def test_without_the_extra_it_says_what_to_install(
    analyst: Analyst, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers_parquet, "LACKS", ("duckdb", "analysis"))
    code, said = analyst("--to", tmp_path)
    assert (code, "thonban[analysis]" in said) == (1, True)
    answer = world.api.get("projects/1/forms/water_point/submissions.parquet.zip")
    assert (answer.status_code, answer.get_json()["code"]) == (501, 501.102)
    assert "thonban[analysis]" in answer.get_json()["message"]
