"""`thonban programme …` as an office types it: the register taken in, and who remains."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from server.cli import main
from server.services.enlist import NewProgramme, create_programme, units_template
from tests.kit.world import World, world_fixture

__all__ = ["world_fixture"]
Office = Callable[..., tuple[int, str]]
TABLE = files("server.domain").joinpath("data", "programme_units_demo.csv").read_bytes()


@pytest.fixture(name="office")
def office_fixture(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Office:
    """The command at the home of a world that has a programme without units."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("THONBAN_HOME", str(world.home.config.home))
    monkeypatch.setenv("THONBAN_DATABASE_URL", world.home.config.database_url)
    begins = date(2016, 1, 1)
    asked = NewProgramme("ct135", "Chương trình 135", "Programme 135", "luật mẫu", begins, None, "recalled", "mẫu")
    create_programme(world.session, world.server_itself, 1, asked, datetime.now(UTC))

    def run(*arguments: object) -> tuple[int, str]:
        code = main(["programme", *map(str, arguments)])
        return code, capsys.readouterr().out

    return run


def test_the_register_is_tried_taken_in_and_read(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_bytes(TABLE)
    code, said = office("load", file, "--dry-run")
    assert (code, "33 đơn vị mới" in said) == (0, True)
    assert "0 xã, 0 thôn" in office("show", "--on", "2019-06-30")[1]
    assert office("load", file)[0] == 0
    code, said = office("show", "--on", "2019-06-30")
    assert code == 0
    assert "2019-06-30: còn 12 xã, 8 thôn." in said
    assert "22 entered − 10 left − 0 merged + 0 inherited = 12" in said
    assert "06865  Xã Hà Lâu  2019  not_enough_evidence" in said
    assert "0 đơn vị mới, 0 thay đổi, 33 như cũ" in office("load", file)[1]


def test_a_row_to_mend_is_named_and_nothing_written(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_text("area,basis,entered_on,status,source\n06865,kv_iii,ngày mai,recalled,mẫu\n", encoding="utf-8")
    code, said = office("load", file)
    assert (code, "ngày mai" in said, "1 dòng phải sửa" in said) == (1, True, True)
    assert "0 xã, 0 thôn" in office("show", "--on", "2019-06-30")[1]


def test_the_template_can_be_taken_in_as_it_is(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "mau.csv"
    assert office("load", "--template", file)[0] == 0
    assert file.read_bytes() == units_template()
    assert office("load", file, "--dry-run")[0] == 0


def test_what_is_not_there_is_said(office: Office, tmp_path: Path) -> None:
    assert office("load", tmp_path / "khong-co.csv")[0] == 2
    assert office("show", "--programme", "khong-co")[0] == 1
