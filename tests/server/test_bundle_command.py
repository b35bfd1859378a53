"""`thonban bundle …` as somebody meets it to whom a phone's file was brought."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from server.cli import main
from server.storage.audits import list_audits
from server.storage.submissions import Submission
from sync.bundle import About, pack, write_bundle
from sync.envelope import Envelope, part_of
from tests.kit.world import World, world_fixture
from tests.sync.test_bundle import ABOUT, NOW, PHOTO, WHOLE

__all__ = ["world_fixture"]
Bundles = Callable[..., tuple[int, str]]


@pytest.fixture(name="bundles")
def bundles_fixture(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bundles:
    monkeypatch.setenv("THONBAN_HOME", str(world.home.config.home))
    monkeypatch.setenv("THONBAN_DATABASE_URL", world.home.config.database_url)
    monkeypatch.setenv("THONBAN_MIN_FREE_BYTES", "0")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> tuple[int, str]:
        code = main(["bundle", *map(str, arguments)])
        return code, capsys.readouterr().out

    return run


def wells(world: World, *names: str, photo: bytes | None = None, **about: object) -> bytes:
    """A file of one sheet for each well; with a photo of each, or none."""
    answers: dict[str, object] = {"so_ho": 3} | ({"anh": "anh.jpg"} if photo else {})
    sheets = [world.filled("water_point", answers | {"ten": name}, f"uuid:{name}") for name in names]
    files = (part_of("anh.jpg", photo, "image/jpeg"),) if photo else ()
    said = {"server": "", "project": 1, "person": "Ngàn Chi"} | about
    file = io.BytesIO()
    write_bundle(
        file,
        About(NOW, "thonban-phone/1.0", **said),  # type: ignore[arg-type]
        [pack(Envelope(xml, files), f"uuid:{name}", NOW) for xml, name in zip(sheets, names, strict=True)],
    )
    return file.getvalue()


def test_a_whole_file_is_told_to_be_so_without_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("THONBAN_HOME", str(tmp_path / "nowhere"))
    (tmp_path / "b.zip").write_bytes(WHOLE)
    assert main(["bundle", "check", str(tmp_path / "b.zip")]) == 0
    printed = capsys.readouterr().out
    for said in (ABOUT.person, "02/03/2026 15:15", "1. giếng uuid:1 Nguyên vẹn · Whole", "Whole 3"):
        assert said in printed
    assert not (tmp_path / "nowhere").exists()


def test_what_is_damaged_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoiled = bytearray(WHOLE)
    spoiled[WHOLE.index(PHOTO) + 9] ^= 1
    (tmp_path / "b.zip").write_bytes(spoiled)
    assert main(["bundle", "check", str(tmp_path / "b.zip")]) == 1
    printed = capsys.readouterr().out
    assert "1. giếng uuid:1 Hỏng · Damaged" in printed
    assert "Nội dung không còn như lúc ghi: ảnh 1.jpg." in printed
    assert "Not what was written: ảnh 1.jpg." in printed
    assert "Damaged 1" in printed


def test_what_is_no_file_of_sheets_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.zip").write_bytes(PHOTO)
    assert main(["bundle", "check", str(tmp_path / "b.zip")]) == 1
    assert "This is no bundle of sheets" in capsys.readouterr().out
    assert main(["bundle", "check", str(tmp_path / "none.zip")]) == 2
    assert "none.zip" in capsys.readouterr().out


def test_a_file_steers_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = io.BytesIO()
    write_bundle(file, About(NOW, "a\x1b[2J", "", 1, "b\x1b]0;x\x07"), [])
    (tmp_path / "b.zip").write_bytes(file.getvalue())
    assert main(["bundle", "check", str(tmp_path / "b.zip")]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "The file holds no sheets." in printed


def test_a_file_is_taken_in_once(world: World, bundles: Bundles, tmp_path: Path) -> None:
    world.publishes()
    phone = world.phone("Ngàn Chi")
    path = tmp_path / "b.zip"
    path.write_bytes(wells(world, "A", "B", sender=phone.id))
    code, printed = bundles("import", path)
    assert code == 0, printed
    assert "1. water_point uuid:A Phiếu mới · New" in printed
    assert "All sheets of the file are on the server." in printed
    assert set(world.session.execute(select(Submission.submitter_id)).scalars()) == {phone.id}
    line = list_audits(world.session, most=1)[0]
    assert (line.action, line.actor_kind, line.details["new"]) == ("bundle.import", "system", 2)
    code, printed = bundles("import", path)
    assert (code, printed.count("Đã có · Here already")) == (0, 2)
    assert len(world.session.execute(select(Submission.id)).all()) == 2


def test_whose_sheets_they_are_is_said_where_the_file_does_not(world: World, bundles: Bundles, tmp_path: Path) -> None:
    world.publishes()
    phone = world.phone("Ngàn Chi")
    path = tmp_path / "b.zip"
    path.write_bytes(wells(world, "A"))
    code, printed = bundles("import", path)
    assert (code, "Say whose sheets these are." in printed) == (1, True)
    assert bundles("import", path, "--as", 9999)[0] == 1
    assert bundles("import", path, "--project", 2, "--as", phone.id)[0] == 1
    assert world.session.execute(select(Submission.id)).all() == []
    assert bundles("import", path, "--as", phone.id)[0] == 0


def test_what_is_not_taken_in_is_told_and_counted(world: World, bundles: Bundles, tmp_path: Path) -> None:
    world.publishes()
    phone = world.phone("Ngàn Chi")
    content = bytearray(wells(world, "A", "B", sender=phone.id))
    path = tmp_path / "b.zip"
    path.write_bytes(content[: content.rindex(b"PK\x03\x04")])
    code, printed = bundles("import", path)
    assert code == 1
    assert "2. water_point uuid:B Hỏng · Damaged" in printed
    assert "1 sheets were not taken in" in printed
    assert len(world.session.execute(select(Submission.id)).all()) == 1
