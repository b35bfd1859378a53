"""A few sheets in bad weather; `make phone-chaos` fills two hundred."""

from pathlib import Path

import pytest

from server.web.phone.pages import FOLDER
from tests.kit.phone_chaos import chaos


@pytest.mark.skipif(not (FOLDER / "index.html").exists(), reason="the phone app was not built (make assets)")
def test_nothing_is_lost_and_nothing_is_there_twice(chromium_path: Path, tmp_path: Path) -> None:
    with chaos(tmp_path, chromium_path, 3) as weather:
        outcome = weather.runs(8)
    assert (len(outcome.finished), outcome.lost, outcome.twice, outcome.wrong) == (8, set(), set(), [])
    assert outcome.seen["server killed"] + outcome.seen["server killed while sending"] > 0
    assert weather.line.refused > 0
