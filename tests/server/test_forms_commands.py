"""`thonban forms …`: the commands for those who write forms, and for scripts."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from forms.convert import convert
from server.cli import main
from server.judge_command import judge_jobs

NOW = datetime.fromisoformat("2026-03-10T12:00:00+07:00")
SHEET = b"""
| survey |
| | type | name | label | required | constraint | calculation | choice_filter |
| | integer | ho | Households | yes | . > 0 |
| | select_one_from_file thon.csv | thon | Village |
| | calculate | hom_nay | | | | string(today()) |
| settings |
| | form_title | form_id |
| | Ho | ho |
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("jobs")
    (made / "ho.xml").write_bytes(convert(SHEET, "md").xml)
    (made / "thon.csv").write_text("name,label\nna_san,Nà San\n", encoding="utf-8")
    (made / "sent.xml").write_text('<data id="ho"><ho>0</ho><thon>khe_va</thon></data>', encoding="utf-8")
    return made


def judged(*jobs: object) -> list[dict[str, object]]:
    lines = [job if isinstance(job, str) else json.dumps(job) for job in jobs]
    return list(judge_jobs(lines, NOW))


def rules(done: dict[str, object]) -> dict[str, object]:
    return {each["ref"]: each["rule"] for each in done["findings"]}


def test_a_job_names_files_or_holds_them(folder):
    named = {"id": 1, "form": str(folder / "ho.xml"), "instance": str(folder / "sent.xml")}
    held = {
        "id": 2,
        "formXml": (folder / "ho.xml").read_text(encoding="utf-8"),
        "instanceXml": (folder / "sent.xml").read_text(encoding="utf-8"),
        "media": str(folder),
    }
    one, other = judged(named, held)
    assert (one["id"], other["id"]) == (1, 2)
    assert one["nodes"] == other["nodes"]
    assert rules(one) == rules(other)
    assert rules(one).items() >= {"/data/ho[1]": "constraint", "/data/thon[1]": "choice"}.items()


def test_without_the_files_of_the_form_their_choices_are_not_judged(folder):
    form = (folder / "ho.xml").read_text(encoding="utf-8")
    (done,) = judged({"formXml": form, "instance": str(folder / "sent.xml")})
    assert rules(done)["/data/thon[1]"] == "not-evaluated"


def test_a_job_may_say_when_it_is_judged(folder):
    job = {"form": str(folder / "ho.xml"), "instance": str(folder / "sent.xml")}
    for now, day in ((None, "2026-03-10"), ("2024-02-29T01:00:00+07:00", "2024-02-29")):
        (done,) = judged(job if now is None else job | {"now": now})
        values = {node["ref"]: node.get("value") for node in done["nodes"]}
        assert values["/data/hom_nay[1]"] == day


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "not JSON"),
        ("[]", "an object"),
        ('{"id": 7}', "no form and no formXml"),
        ('{"id": 7, "form": "nowhere.xml"}', "nowhere.xml"),
        ('{"id": 7, "formXml": "<a/>", "instanceXml": "<a/>"}', "definition.no_model"),
        ('{"id": 7, "formXml": "<a/>", "ops": [{"op": "autofill"}]}', "ops"),
        ('{"id": 7, "formXml": "<a/>", "instanceXml": "<a/>", "now": "noon"}', "now"),
        ('{"id": 7, "formXml": "<a/>", "instanceXml": "<a/>", "media": "nowhere"}', "nowhere"),
        ("\udcff", "not JSON"),
    ],
)
def test_a_job_that_cannot_be_read_says_why_and_the_others_go_on(folder, line, why):
    good = {"id": 8, "form": str(folder / "ho.xml"), "instance": str(folder / "sent.xml"), "nodes": False}
    bad, after = judged(line, good)
    assert why in str(bad["error"])
    assert set(after) == {"id", "findings"}


def test_a_submission_that_no_phone_opens_is_judged_all_the_same(folder):
    job = {"id": 9, "form": str(folder / "ho.xml"), "instanceXml": "<other id='ho'><ho>3</ho></other>"}
    (done,) = judged(job)
    assert "instance.other_root" in str(done["error"])
    assert rules(done) == {"/other": "unreadable"}


def test_what_asks_for_more_than_nodes_is_passed_over_aloud(folder):
    job = {"form": str(folder / "ho.xml"), "instance": str(folder / "sent.xml"), "eval": [{"expr": "1"}]}
    (done,) = judged(job)
    assert done["passedOver"] == ["eval"]


def test_the_command_prints_one_line_a_job(folder, capsys, tmp_path):
    job = json.dumps({"id": "a", "form": str(folder / "ho.xml"), "instance": str(folder / "sent.xml")})
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text(f"{job}\n\n{job}\n", encoding="utf-8")
    assert main(["forms", "judge", "--jobs", str(jobs)]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["id"] for each in printed] == ["a", "a"]


def test_whoever_reads_may_stop_reading(folder, tmp_path):
    job = json.dumps({"id": "\ud83d", "form": str(folder / "ho.xml"), "instance": str(folder / "sent.xml")})
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text(f"{job}\n" * 200, encoding="utf-8")
    command = [sys.executable, "-m", "server.cli", "forms", "judge", "--jobs", str(jobs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert json.loads(running.stdout.readline())["id"] == "?"
        running.stdout.close()
        assert (running.wait(60), running.stderr.read()) == (0, b"")


def test_a_file_of_jobs_that_is_not_there_is_said(capsys, tmp_path):
    assert main(["forms", "judge", "--jobs", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl" in capsys.readouterr().out
