"""The paper sheet of a form as a page for who sees the place, and as a file that the command writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from server.cli import main
from tests.server.web.desk.seeding import PASSWORD, PROJECT, Seeded
from tests.server.web.desk.test_pages import read
from tests.server.web.desk.test_quality_page import person

Enter = Callable[..., FlaskClient]
PAGE = f"/projects/{PROJECT}/forms/village_criteria/paper"


def test_the_page_shows_the_sheet_of_a_village(seeded: Seeded, admin: FlaskClient) -> None:
    village = seeded.heads[0].village
    page = read(admin, f"{PAGE}?area={village.uuid}&round=2019")
    assert "Thôn có tất cả bao nhiêu hộ?" in page
    assert "<svg" in page
    assert f"<strong>{village.name}, " in page
    assert "DỮ LIỆU MẪU" in page
    assert "How many households are there" in read(admin, f"{PAGE}?area={village.uuid}&lang=en")
    assert "Thôn có tất cả bao nhiêu hộ?" in read(admin, f"{PAGE}?lang=vi")
    read(admin, f"{PAGE}?area=khong-co", 404)
    read(admin, f"/projects/{PROJECT}/forms/khong_co/paper", 404)
    assert f"{PAGE}" in read(admin, f"/projects/{PROJECT}/forms/village_criteria")


def test_who_does_not_see_a_place_gets_no_sheet_of_it(seeded: Seeded, sign_in: Enter) -> None:
    mine, other = (head.village for head in seeded.heads[:2])
    client = sign_in(person(seeded, "commune_supervisor", mine.uuid), PASSWORD)
    assert mine.name in read(client, f"{PAGE}?area={mine.uuid}&round=2019")
    read(client, f"{PAGE}?area={other.uuid}&round=2019", 404)
    assert other.uuid not in read(client, PAGE)


def test_the_command_writes_the_same_sheet(
    seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("THONBAN_HOME", str(seeded.home.config.home))
    village, file = seeded.heads[0].village, tmp_path / "phieu.html"
    asked = ["forms", "print", "village_criteria", "--area", village.uuid, "--round", "2019", "--output", str(file)]
    assert main(asked) == 0
    text = file.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "@page { size: A4" in text
    assert village.name in text
    assert "<script" not in text
    assert "phieu.html" in capsys.readouterr().out
    assert main([*asked, "--lang", "en"]) == 0
    assert "How many households are there in the village?" in file.read_text(encoding="utf-8")
    assert main(["forms", "print", "village_criteria", "--area", "khong-co"]) == 1
    assert main(["forms", "print", "khong_co", "--area", village.uuid]) == 1
