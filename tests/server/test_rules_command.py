"""`thonban rules …` as somebody meets it who reads the law, judges by it, loads it and says that a clause was read."""

from __future__ import annotations

import ast
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from server.cli import main
from server.criteria.ruleset import STATUSES
from server.storage.audits import list_audits
from tests.kit.law import OFFICE, OTHER_NUMBER, PDF, RULE_SET, RULES, shipped_text, unread_clauses
from tests.kit.lint_page import texts
from tests.kit.passwords import give_password
from tests.kit.source import modules
from tests.kit.world import EMAIL, PASSWORD, World, world_fixture

__all__ = ["world_fixture"]
LAN = "lan@example.vn"
CLASSES = """
id: cua_xa
law: Quyết định của xã
article: Điều 1
title: {vi: Loại thôn, en: Class of villages}
in_force: {from: 2019-01-01}
purpose: entry
unit_kind: village
result: class
outcomes: {unknown: {vi: Chưa rõ, en: Not known}}
facts:
  tong_ho:
    {type: count, unit: household, source: form, form: village_criteria, field: tong_ho, labels: {vi: Số hộ, en: Homes}}
  co_duong: {type: yesno, source: form, form: village_criteria, field: duong, labels: {vi: Có đường, en: A road}}
classes:
  - id: lon
    title: {vi: Lớn, en: Large}
    test: {id: dong, title: {vi: Đông, en: Large}, article: Điều 1, status: verified, source: nghe nói,
           count: {of: [tong_ho], at_least: 100}}
  - {id: nho, title: {vi: Nhỏ, en: Small}, test: rest}
examples: [{name: đông, facts: {tong_ho: 100}, class: lon}]
"""
Rules = Callable[..., tuple[int, str]]


@pytest.fixture(name="run")
def run_fixture(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rules:
    """The command, with what somebody types."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object, typed: str = "") -> tuple[int, str]:
        keys = io.TextIOWrapper(io.BytesIO(typed.encode()), encoding="utf-8")
        monkeypatch.setattr("sys.stdin", keys)
        code = main(["rules", *map(str, arguments)])
        return code, capsys.readouterr().out

    return run


@pytest.fixture(name="bare")
def bare_fixture(run: Rules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rules:
    """The command where there is no home yet."""
    monkeypatch.setenv("THONBAN_HOME", str(tmp_path / "nowhere"))
    monkeypatch.delenv("THONBAN_DATABASE_URL", raising=False)
    return run


@pytest.fixture(name="rules")
def rules_fixture(run: Rules, world: World, monkeypatch: pytest.MonkeyPatch) -> Rules:
    """The command at a home."""
    monkeypatch.setenv("THONBAN_HOME", str(world.home.config.home))
    monkeypatch.setenv("THONBAN_DATABASE_URL", world.home.config.database_url)
    world.api.post("users", json={"email": LAN, "displayName": "Hoàng Thị Lan"})
    give_password(world.session, LAN, PASSWORD)
    lan = next(each["id"] for each in world.api.get("users").get_json() if each["email"] == LAN)
    assert world.api.post(f"assignments/admin/{lan}").status_code == 200
    return run


def written(tmp_path: Path, text: str, name: str = f"{OFFICE}.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def judged(run: Rules, rule_set: object, *lines: object, code: int = 0) -> list[dict[str, Any]]:
    typed = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    done, printed = run("judge", "--ruleset", rule_set, "--facts", "-", typed=typed)
    assert done == code
    return [json.loads(line) for line in printed.splitlines()]


def test_without_a_home_the_shipped_law_is_there(bare: Rules, tmp_path: Path) -> None:
    code, printed = bare("list")
    assert code == 0
    assert RULE_SET in printed
    assert "Chưa có cơ sở dữ liệu ở đây" in printed
    heads = json.loads(bare("list", "--json")[1])
    head = next(each for each in heads if each["id"] == RULE_SET)
    assert (head["unitKind"], head["purpose"], head["origin"]) == ("village", "completion", "shipped")
    assert (head["inForceFrom"], head["loaded"], len(head["sha256"])) == ("2019-03-01", True, 64)
    in_force = {each["id"] for each in json.loads(bare("list", "--json", "--on", "2017-06-30")[1])}
    assert "qd50_2016_thon" in in_force
    assert RULE_SET not in in_force
    assert judged(bare, RULE_SET, {"tong_ho": 100})[0]["verdict"] == "unknown"
    for command in (("load", written(tmp_path, RULES)), ("confirm", RULE_SET, "k3", "--as", LAN, "--source", "x")):
        code, printed = bare(*command)
        assert (code, "thonban migrate" in printed) == (2, True), command
    assert not (tmp_path / "nowhere").exists()


def test_one_rule_set_with_facts_and_clauses(bare: Rules, tmp_path: Path) -> None:
    whole = json.loads(bare("show", RULE_SET, "--json")[1])
    assert whole["facts"]["tong_ho"]["unit"] == "household"
    assert whole["facts"]["xa_dat_ntm"]["source"] == "area"
    clauses = {each["id"]: each for each in whole["clauses"]}
    assert clauses["k2.tu"]["asks"]["text"] == "≥ 55%"
    assert {each["status"] for each in clauses.values()} <= set(STATUSES)
    assert all(each["article"] and each["source"] for each in clauses.values())
    assert clauses["k2.tu"]["parent"] == "k2"
    assert whole["switches"]["khong_co_lop_mau_giao"]["default"]
    code, printed = bare("show", RULE_SET, "--lang", "en")
    assert (code, "k2.tu" in printed, "households" in printed.lower()) == (0, True, True)
    assert bare("show", written(tmp_path, CLASSES))[0] == 0
    code, printed = bare("show", "khong_co")
    assert (code, "khong_co" in printed) == (1, True)


def test_check_names_file_key_and_remedy_of_every_complaint(bare: Rules, tmp_path: Path) -> None:
    good = written(tmp_path, RULES)
    assert bare("check", good)[0] == 0
    bad = RULES.replace("unit_kind: village", "unit_kind: ap").replace("purpose: scope", "purpose: pham_vi")
    wrong = written(tmp_path, bad, "sai.yaml")
    code, printed = bare("check", wrong, good)
    assert code == 1
    assert "%(" not in printed
    for said in ("sai.yaml: purpose", "Chọn: entry | completion", "Not one of those allowed: entry", "dùng được"):
        assert said in printed, said
    assert "2 chỗ phải sửa" in printed
    code, printed = bare("check", written(tmp_path, RULES, "khac.yaml"))
    assert (code, f"{OFFICE}.yaml" in printed) == (1, True)
    for path, content in (("nhi_phan.yaml", b"\xff\xfe\x00"), ("trong.yaml", b"")):
        (tmp_path / path).write_bytes(content)
        assert bare("check", tmp_path / path)[0] == 1
    assert bare("check", tmp_path / "khong_co.yaml")[0] == 1


def test_every_complaint_has_its_sentence_in_both_languages() -> None:
    raised = set()
    for module in modules("server/criteria", "server/services"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called, said = ast.unparse(node.func), str(node.args[0].value)
                if called.endswith(".error") and re.fullmatch(r"[a-z_]+", said):
                    raised.add(f"ruleset.{said}")
                if called == "RuleSetError":
                    raised.add(said)
    assert len(raised) > 15
    for language in ("vi", "en"):
        assert raised - texts(language).keys() == set()


def test_facts_are_judged_line_by_line(bare: Rules, tmp_path: Path) -> None:
    path = written(tmp_path, RULES)
    told = judged(
        bare,
        path,
        {"tong_ho": 100, "id": "một"},
        "",
        {"tong_ho": 99.0, "khac": 1},
        {"tong_ho": "nhiều"},
        {"tong_ho": -1},
        {},
    )
    assert [each["verdict"] for each in told] == ["met", "not_met", "unknown", "unknown", "unknown"]
    first = told[0]
    assert (first["id"], first["class"], first["verified"], first["possible"]) == ("một", None, False, [])
    clause = first["clauses"][0]
    assert (clause["id"], clause["value"], clause["threshold"], clause["status"]) == ("dong", 100, "≥ 100", "recalled")
    assert first["changes"][0]["goals"] == ["not_met"]
    assert told[1]["ignored"] == ["khac"]
    assert [each.get("unusable") for each in told[2:4]] == [["tong_ho"], ["tong_ho"]]
    assert told[4]["changes"][0]["changes"][0] == {"kind": "find_out", "facts": ["tong_ho"]}
    facts = written(tmp_path, '{"tong_ho": 100}\n', "facts.jsonl")
    code, printed = bare("judge", "--ruleset", path, "--facts", facts)
    assert (code, json.loads(printed)["verdict"]) == (0, "met")
    assert bare("judge", "--ruleset", path, "--facts", tmp_path / "khong_co")[0] == 2
    assert bare("judge", "--ruleset", "khong_co", "--facts", "-")[0] == 1


def test_a_line_that_cannot_be_read_says_so_and_the_others_go_on(bare: Rules, tmp_path: Path) -> None:
    lines = ("{", "[1]", '{"region": 3}', '{"switches": ["a"]}', '{"switches": {"a": 1}}', '{"tong_ho": 100}')
    told = judged(bare, written(tmp_path, RULES), *lines, code=1)
    assert [each.get("line") for each in told] == [1, 2, 3, 4, 5, None]
    assert all(each["error"] for each in told[:5])
    assert told[5]["verdict"] == "met"


def test_a_rule_set_of_classes(bare: Rules, tmp_path: Path) -> None:
    told = judged(bare, written(tmp_path, CLASSES), {"tong_ho": 100}, {"tong_ho": 1}, {"co_duong": "có"})
    assert [(each["verdict"], each["class"], each["possible"]) for each in told] == [
        ("classified", "lon", ["lon"]),
        ("classified", "nho", ["nho"]),
        ("unknown", None, ["lon", "nho"]),
    ]
    assert told[0]["verified"] is True
    assert told[2]["unusable"] == ["co_duong"]


def test_regions_switches_and_standards_of_a_line(bare: Rules) -> None:
    few = {"tong_ho": 100, "ho_ngheo": 40, "ho_can_ngheo": 0}
    told = judged(
        bare,
        RULE_SET,
        few,
        few | {"region": "dong_nam_bo"},
        few | {"standard": "qd59_2015"},
        few | {"standard": "khac"},
        few | {"phong_mau_giao": 0, "switches": {"khong_co_lop_mau_giao": "khong_thieu"}},
    )
    share = [next(c["verdict"] for c in each["clauses"] if c["id"] == "k2.tu") for each in told]
    assert share[:4] == ["not_met", "met", "not_met", "unknown"]


def test_loading_takes_the_place_of_what_was(world: World, rules: Rules, tmp_path: Path) -> None:
    code, printed = rules("load", written(tmp_path, RULES))
    assert code == 0
    assert f"Đã nạp {OFFICE}" in printed
    heads = {each["id"]: each for each in json.loads(rules("list", "--json")[1])}
    assert (heads[OFFICE]["origin"], heads[RULE_SET]["origin"]) == ("office", "shipped")
    assert "Chưa có cơ sở dữ liệu" not in rules("list")[1]
    assert judged(rules, OFFICE, {"tong_ho": 150})[0]["verdict"] == "met"
    assert rules("load", written(tmp_path, OTHER_NUMBER))[0] == 0
    assert judged(rules, OFFICE, {"tong_ho": 150})[0]["verdict"] == "not_met"
    line = list_audits(world.session, most=1)[0]
    assert (line.action, line.note) == ("rule_set.create", "thonban rules")
    (tmp_path / "sai.yaml").write_bytes(b"\xff\xfe")
    for path in (written(tmp_path, "id: ["), tmp_path / "sai.yaml"):
        code, printed = rules("load", path)
        assert code == 1
        assert "%(" not in printed
    assert rules("load", tmp_path / "khong_co.yaml")[0] == 2


def test_two_persons_confirm_with_their_passwords(world: World, rules: Rules, tmp_path: Path) -> None:
    clause = unread_clauses()[-1]
    scan = tmp_path / "trang.pdf"
    scan.write_bytes(PDF)
    said = ("confirm", RULE_SET, clause, "--source", "Công báo số 77")
    assert rules(*said, "--as", EMAIL, typed="sai mật khẩu\n")[0] == 1
    assert rules(*said, "--as", EMAIL, typed=f"{PASSWORD}\n")[0] == 1  # neither words nor a scan
    code, printed = rules(*said, "--as", EMAIL, "--scan", scan, typed=f"{PASSWORD}\n")
    assert (code, "(1/2 người)" in printed) == (0, True), printed
    assert rules(*said, "--as", EMAIL, "--quote", "lời", typed=f"{PASSWORD}\n")[0] == 1
    code, printed = rules(*said, "--as", LAN, typed=f"{PASSWORD}\n")
    assert code == 0, printed
    for words in ("Hoàng Thị Lan", "(2/2 người)", "nay là đã đối chiếu", "of 2 persons"):
        assert words in printed, words
    shown = {each["id"]: each for each in json.loads(rules("show", RULE_SET, "--json")[1])["clauses"]}
    assert (shown[clause]["status"], shown[clause]["statusBefore"]) == ("verified", "partly_read")
    assert rules(*said, "--as", LAN, typed=f"{PASSWORD}\n")[0] == 1
    code, printed = rules("confirm", RULE_SET, "khong.co", "--as", LAN, "--source", "x", typed=f"{PASSWORD}\n")
    assert (code, "khong.co" in printed, "%(" in printed) == (1, True, False)
    line = list_audits(world.session, most=1)[0]
    assert (line.action, line.details["clause"], line.details["statusBefore"]) == (
        "rule_set.confirm",
        clause,
        "partly_read",
    )
    told = judged(rules, RULE_SET, {"tong_ho": 100})[0]
    assert next(c for c in told["clauses"] if c["id"] == clause)["status_before"] == "partly_read"


def test_a_password_is_typed_where_nobody_sees_it(
    rules: Rules, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("getpass.getpass", lambda prompt: PASSWORD)
    said = ["confirm", RULE_SET, unread_clauses()[0], "--as", EMAIL, "--source", "Công báo", "--quote", "lời"]
    assert main(["rules", *said]) == 0
    assert EMAIL in capsys.readouterr().out


def test_the_shipped_text_is_what_the_kit_says() -> None:
    assert f"id: {RULE_SET}" in shipped_text()
    assert len(unread_clauses()) > 1
