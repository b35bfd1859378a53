"""`thonban rounds …` as somebody meets it who loads the holidays of a year."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from server.cli import main
from server.domain.working_days import Holiday
from server.services.holidays import holidays_template
from server.storage.audits import list_audits
from server.storage.holidays import list_holidays
from tests.kit.world import World, world_fixture

__all__ = ["world_fixture"]
# the days of this table are invented
TET = "day,name,works,source\n2026-02-16,Tết,0,Thông báo mẫu\n28/02/2026,Làm bù,1,Thông báo mẫu\n"
Rounds = Callable[..., tuple[int, str]]


@pytest.fixture(name="run")
def run_fixture(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rounds:
    """The command as somebody types it."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> tuple[int, str]:
        code = main(["rounds", "holidays", *map(str, arguments)])
        return code, capsys.readouterr().out

    return run


@pytest.fixture(name="office")
def office_fixture(run: Rounds, world: World, monkeypatch: pytest.MonkeyPatch) -> Rounds:
    """The command at the home of a world."""
    monkeypatch.setenv("THONBAN_HOME", str(world.home.config.home))
    monkeypatch.setenv("THONBAN_DATABASE_URL", world.home.config.database_url)
    return run


@pytest.fixture(name="table")
def table_fixture(tmp_path: Path) -> Path:
    path = tmp_path / "2026.csv"
    path.write_text(TET, encoding="utf-8")
    return path


def days(world: World) -> list[Holiday]:
    world.session.rollback()
    return list_holidays(world.session)


def test_a_year_is_tried_loaded_and_listed(office: Rounds, world: World, table: Path) -> None:
    assert "Chưa nạp lịch nghỉ của năm nào" in office()[1]
    code, told = office(table, "--dry-run")
    assert code == 0
    assert "chưa ghi gì: 2 ngày mới" in told
    assert days(world) == []
    assert "2 ngày mới" in office(table)[1]
    assert "0 ngày mới, 0 ngày thay đổi, 2 ngày như cũ" in office(table)[1]
    assert [each.works for each in days(world)] == [False, True]
    told = office()[1]
    assert "2026: 2 ngày" in told
    assert "+ 2026-02-28  Làm bù  (Thông báo mẫu)" in told
    (line,) = list_audits(world.session, action="round.holiday.import")
    assert line.details == {"new": 2, "changed": 0, "years": [2026]}


def test_each_row_that_cannot_be_used_is_told_in_both_languages(office: Rounds, world: World, table: Path) -> None:
    table.write_text(TET + "2026-02-31,Tết,0,mẫu\n2026-03-01,Tết,có lẽ,mẫu\n", encoding="utf-8")
    code, told = office(table)
    assert code == 1
    assert "Dòng 4: “2026-02-31” không phải ngày" in told
    assert "Row 5: works says “có lẽ”" in told
    assert "Chưa nạp gì: 2 dòng phải sửa" in told
    assert days(world) == []


def test_the_template_is_written(office: Rounds, tmp_path: Path) -> None:
    assert office("--template", tmp_path / "mau.csv")[0] == 0
    assert (tmp_path / "mau.csv").read_bytes() == holidays_template()


def test_without_a_file_or_a_database_it_says_so(
    office: Rounds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, told = office(tmp_path / "none.csv")
    assert code == 2
    assert "Không mở được" in told
    monkeypatch.setenv("THONBAN_HOME", str(tmp_path / "nowhere"))
    monkeypatch.delenv("THONBAN_DATABASE_URL")
    code, told = office()
    assert code == 2
    assert "thonban migrate" in told
