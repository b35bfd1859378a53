"""`thonban rounds list | show | lock | reopen | verify`, as somebody types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update

from server.cli import main
from server.storage.locks import LockedVerdict
from tests.kit.world import World, world_fixture

__all__ = ["world_fixture"]
Rounds = Callable[..., tuple[int, str]]


@pytest.fixture(name="run")
def run_fixture(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rounds:
    monkeypatch.setenv("THONBAN_HOME", str(world.home.config.home))
    monkeypatch.setenv("THONBAN_DATABASE_URL", world.home.config.database_url)
    monkeypatch.setenv("COLUMNS", "220")

    def run(*arguments: object) -> tuple[int, str]:
        code = main(["rounds", *map(str, arguments)])
        return code, capsys.readouterr().out

    return run


def told(answer: tuple[int, str]) -> Any:
    """What a program reads."""
    return json.loads(answer[1])


def test_a_round_is_locked_verified_reopened_and_locked_again(run: Rounds, world: World) -> None:
    world.session.rollback()
    assert [each["locked"] for each in told(run("list", "--json"))] == [False]
    assert run("verify", "2019")[0] == 1
    code, refused = run("lock", "2019")
    assert (code, "Hãy ghi lý do" in refused) == (1, True)
    first = told(run("lock", "2019", "--reason", "Tỉnh cần", "--json"))
    assert {each["code"] for each in first["provisional"]} >= {"not_reported", "no_evidence"}
    code, said = run("verify", "2019")
    assert (code, "còn nguyên" in said) == (0, True)
    assert "đã khóa" in run("list")[1]
    assert run("lock", "2019", "--reason", "Lần nữa")[0] == 1
    assert run("reopen", "2019", "--reason", "Bổ sung")[0] == 0
    shown = told(run("show", "2019", "--json"))
    assert [(each["number"], each["reopenReason"]) for each in shown["locks"]] == [(1, "Bổ sung")]
    assert run("verify", "2019", "--lock", 1)[0] == 0
    assert run("verify", "2019", "--lock", 9)[0] == 1
    assert run("show", "2077")[0] == 1


def test_a_figure_changed_past_the_program_is_found(run: Rounds, world: World) -> None:
    world.session.rollback()
    assert run("lock", "2019", "--reason", "Tỉnh cần")[0] == 0
    assert world.session.execute(select(func.count()).select_from(LockedVerdict)).scalar_one() > 0
    session = world.session
    session.execute(update(LockedVerdict).values(verdict="met"))
    session.commit()
    code, said = run("verify", "2019")
    assert (code, "KHÔNG còn như khi khóa" in said) == (1, True)
    assert {each["kind"] for each in told(run("verify", "2019", "--json"))["differences"]} == {"hash", "verdict"}
