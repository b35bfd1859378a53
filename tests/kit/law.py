"""The law for tests: a shipped rule set with clauses that nobody has read yet, one that an office loads, a scan."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

from server.services.rule_book import shipped_rules
from server.services.rules import Reading, Scan, confirm
from tests.kit.world import World

RULE_SET = "qd03_2019_thon"
OFFICE = "cua_xa"
RULES = """
id: cua_xa
law: Quyết định của xã
article: Điều 1
title: {vi: Thôn đông dân, en: A large village}
in_force: {from: 2019-01-01}
purpose: scope
unit_kind: village
outcomes: {met: {vi: Thôn đông, en: Large}, not_met: {vi: Thôn nhỏ, en: Small}, unknown: {vi: Chưa rõ, en: Not known}}
facts:
  tong_ho:
    {type: count, unit: household, source: form, form: village_criteria, field: tong_ho, labels: {vi: Số hộ, en: Homes}}
test: {id: dong, title: {vi: Đông, en: Large}, article: Điều 1, status: recalled, source: nghe nói,
       count: {of: [tong_ho], at_least: 100}}
examples: [{name: đông, facts: {tong_ho: 100}, verdict: met}]
"""
"""Its one clause was not read."""
OTHER_NUMBER = RULES.replace("100", "200")
PDF = b"%PDF-1.4 a page of the gazette"


def shipped_text(rule_set_id: str = RULE_SET) -> str:
    """The file of a rule set that comes with the product."""
    return files("server.criteria").joinpath("rulesets", f"{rule_set_id}.yaml").read_text(encoding="utf-8")


def unread_clauses(rule_set_id: str = RULE_SET) -> list[str]:
    """The clauses of a shipped rule set that nobody has read, in the order of the law."""
    return [clause.id for clause in shipped_rules()[rule_set_id].clauses.values() if clause.status != "verified"]


def confirm_with_scan(world: World) -> int:
    """Has the server itself confirm the first of them with a scan; the number of the confirmation."""
    reading = Reading(RULE_SET, unread_clauses()[0], "Công báo", None, Scan("trang.pdf", PDF))
    return confirm(world.session, world.home, world.server_itself, reading, datetime.now(UTC))
