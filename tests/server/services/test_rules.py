"""The law is the office's own: two persons confirm a clause, an administrator loads a rule set, villages are judged
again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from server.criteria.ruleset import RuleSet, RuleSetError
from server.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from server.services import rules
from server.services.authenticate import Caller
from server.services.people import NewUser, create_user
from server.services.rule_book import PERSONS_NEEDED, rule_book, shipped_book
from server.services.rule_reports import get_scan, preview_rules, read_law, report_rule_set
from server.services.rules import Reading, Scan, confirm, decode_rules, load_rules, withdraw
from server.storage.audits import list_audits
from server.storage.rule_sets import ClauseConfirmation, LoadedRuleSet, list_confirmations
from server.storage.verdicts import VerdictRow
from tests.kit.field import VILLAGES, WELL_OFF, Field
from tests.kit.law import OFFICE, OTHER_NUMBER, PDF, RULE_SET, RULES, shipped_text, unread_clauses

VILLAGE = "Thôn Ngàn Chi"
CLAUSE = unread_clauses()[-1]
READ = Reading(RULE_SET, CLAUSE, "Công báo số 77, trang 12", "nguyên văn của khoản")


@pytest.fixture(name="people")
def people_fixture(field: Field) -> list[Caller]:
    """Three persons who may do all."""
    made = []
    for name in ("Lan", "Minh", "Hoa"):
        new = NewUser(f"{name}@example.vn".lower(), None, name, role="admin")
        user = create_user(field.session, field.administrator, new, field.now)
        made.append(replace(field.administrator, actor_id=user.id, name=name))
    return made


def confirms(field: Field, who: Caller, reading: Reading = READ) -> int:
    return confirm(field.session, field.home, who, reading, field.now)


def law(field: Field, rule_set_id: str = RULE_SET) -> RuleSet:
    field.session.rollback()
    return rule_book(field.session).rule_sets[rule_set_id]


def status(field: Field, clause: str = CLAUSE, rule_set_id: str = RULE_SET) -> tuple[str, str | None]:
    found = law(field, rule_set_id).clauses[clause]
    return found.status, found.status_before


def test_two_different_persons_make_a_clause_verified(field: Field, people: list[Caller]) -> None:
    lan, minh, hoa = people
    before = shipped_book().rule_sets[RULE_SET].clauses[CLAUSE].status
    confirms(field, lan)
    assert status(field) == (before, None)
    with pytest.raises(Conflict) as twice:
        confirms(field, lan)
    assert twice.value.code == "rule_set.confirmed_already"
    # the words are there: whoever comes second need not copy them
    number = confirms(field, minh, replace(READ, quote=None))
    assert status(field) == ("verified", before)
    assert len(law(field).clauses) == len(shipped_book().rule_sets[RULE_SET].clauses)
    # a third may say so too, and then one may go
    confirms(field, hoa)
    withdraw(field.session, minh, number, field.now)
    assert status(field) == ("verified", before)
    report = report_rule_set(field.session, RULE_SET)
    assert [(each.view.name, each.stands) for each in report.confirmations] == [
        ("Lan", True),
        ("Minh", False),
        ("Hoa", True),
    ]
    assert PERSONS_NEEDED == 2


def test_what_is_taken_back_counts_no_more_and_stays(field: Field, people: list[Caller]) -> None:
    lan, minh, hoa = people
    before = status(field)
    confirms(field, lan)
    number = confirms(field, minh)
    plain = replace(hoa, grants=tuple(replace_role(grant) for grant in hoa.grants))
    with pytest.raises(Forbidden):
        withdraw(field.session, plain, number, field.now)
    # an administrator takes anybody's back
    withdraw(field.session, hoa, number, field.now)
    withdraw(field.session, hoa, number, field.now)
    assert status(field) == before
    assert field.count(ClauseConfirmation) == 2
    with pytest.raises(NotFound):
        withdraw(field.session, lan, 999, field.now)
    confirms(field, minh)
    assert status(field)[0] == "verified"
    done = [line.action for line in list_audits(field.session, most=20)]
    assert [done.count(f"rule_set.{act}") for act in ("confirm", "withdraw", "create")] == [3, 1, 0]


def replace_role(grant: Any) -> Any:
    return grant._replace(role="viewer")


def test_whoever_may_not_confirm_does_not(field: Field, people: list[Caller]) -> None:
    nobody = replace(people[0], grants=())
    for act in (
        lambda: confirms(field, nobody),
        lambda: withdraw(field.session, nobody, 1, field.now),
        lambda: load_rules(field.session, nobody, RULES, field.now),
        lambda: preview_rules(field.session, nobody, RULES),
    ):
        with pytest.raises(Forbidden):
            act()
    assert field.count(ClauseConfirmation) == 0


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"quote": None}, Invalid, "rule_set.no_text"),
        ({"quote": "  "}, Invalid, "rule_set.no_text"),
        ({"source": " "}, Invalid, "rule_set.no_source"),
        ({"source": "x" * 501}, Invalid, "rule_set.too_long"),
        ({"quote": "x" * 20_001}, Invalid, "rule_set.too_long"),
        ({"scan": Scan("a.exe", b"MZ")}, Invalid, "rule_set.scan_unusable"),
        ({"scan": Scan("a.pdf", b"%PDF-" + b"x" * 100)}, Invalid, "rule_set.scan_unusable"),
        ({"clause_id": "khong.co"}, NotFound, "rule_set.unknown_clause"),
        ({"rule_set": "khong_co"}, NotFound, "rule_set.unknown"),
        ({"rule_set": "qd50_2016_thon", "clause_id": "tc1.ngheo"}, None, ""),
    ],
)
def test_what_cannot_be_a_confirmation(
    field: Field,
    people: list[Caller],
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    kind: type[DomainError] | None,
    code: str,
) -> None:
    monkeypatch.setattr(rules, "LONGEST_SCAN", 100)
    if kind is None:
        verified = next(c.id for c in law(field, change["rule_set"]).clauses.values() if c.status == "verified")
        change, kind, code = {**change, "clause_id": verified}, Conflict, "rule_set.verified_already"
    with pytest.raises(kind) as refused:
        confirms(field, people[0], replace(READ, **change))
    assert refused.value.code == code
    assert field.count(ClauseConfirmation) == 0


def test_a_scan_is_kept_with_its_name_and_kind(field: Field, people: list[Caller]) -> None:
    number = confirms(field, people[0], replace(READ, quote=None, scan=Scan("trang 12.pdf", PDF)))
    view, sha256 = get_scan(field.session, number)
    assert (view.file_name, view.content_type, view.quote) == ("trang 12.pdf", "application/pdf", None)
    with field.home.blobs.open(sha256) as stream:
        assert stream.read() == PDF
    confirms(field, people[1], replace(READ, quote=None))
    with pytest.raises(NotFound):
        get_scan(field.session, number + 1)


def test_a_confirmation_lapses_when_the_clause_asks_something_else(field: Field, people: list[Caller]) -> None:
    load_rules(field.session, people[0], RULES, field.now)
    assert status(field, "dong", OFFICE) == ("recalled", None)
    reading = Reading(OFFICE, "dong", "Công báo", "lời")
    for who in people[:2]:
        confirms(field, who, reading)
    assert status(field, "dong", OFFICE) == ("verified", "recalled")
    # another title is no other clause
    load_rules(field.session, people[0], RULES.replace("Đông,", "Rất đông,"), field.now)
    assert status(field, "dong", OFFICE) == ("verified", "recalled")
    preview = preview_rules(field.session, people[0], OTHER_NUMBER)
    assert [clause.id for clause in preview.changed] == ["dong"]
    assert ([each.name for each in preview.lapsing], preview.added, preview.removed) == (["Lan", "Minh"], (), ())
    load_rules(field.session, people[0], OTHER_NUMBER, field.now)
    assert status(field, "dong", OFFICE) == ("recalled", None)
    assert [each.stands for each in report_rule_set(field.session, OFFICE).confirmations] == [False, False]
    # they read the new number and say so again; the first number back, the first confirmations stand again
    confirms(field, people[0], reading)
    load_rules(field.session, people[0], RULES, field.now)
    assert status(field, "dong", OFFICE) == ("verified", "recalled")
    assert field.count(LoadedRuleSet) == 4
    assert field.count(LoadedRuleSet, LoadedRuleSet.replaced_at.is_(None)) == 1


def test_the_same_text_again_changes_nothing(field: Field, people: list[Caller]) -> None:
    load_rules(field.session, people[0], shipped_text(), field.now)
    assert field.count(LoadedRuleSet) == 0
    load_rules(field.session, people[0], RULES, field.now)
    lines = len(list_audits(field.session, most=500))
    load_rules(field.session, people[1], RULES, field.now)
    assert field.count(LoadedRuleSet) == 1
    assert len(list_audits(field.session, most=500)) == lines
    assert preview_rules(field.session, people[0], RULES).is_same
    line = list_audits(field.session, most=1)[0]
    assert (line.action, line.acted_on, line.actor_id) == ("rule_set.create", f"rule_set:{OFFICE}", people[0].actor_id)


def test_a_loaded_one_stands_in_place_of_a_shipped_one(field: Field, people: list[Caller]) -> None:
    shipped = law(field)
    load_rules(field.session, people[0], shipped_text() + "\n# cơ quan đã sửa\n", field.now)
    assert law(field).sha256 != shipped.sha256
    found = read_law(field.session, field.now.date())
    assert {each.rule_set.id: bool(each.loaded) for each in found.reports}[RULE_SET]
    assert found.unreadable == ()
    report = next(each for each in found.reports if each.loaded)
    assert report.loaded is not None
    assert (report.loaded.loaded_by, report.verified + report.unverified) == ("Lan", len(shipped.clauses))
    in_2019 = read_law(field.session, field.now.date().replace(year=2019), only_on=True, unit_kind="village")
    assert {"qd50_2016_thon", RULE_SET} <= {each.rule_set.id for each in in_2019.reports}
    assert {each.rule_set.unit_kind for each in in_2019.reports} == {"village"}


def test_rule_sets_that_answer_the_same_question_are_named(field: Field, people: list[Caller]) -> None:
    on = field.now.date().replace(year=2019)
    assert read_law(field.session, on).contested == ()
    load_rules(field.session, people[0], RULES, field.now)
    load_rules(field.session, people[0], RULES.replace(OFFICE, "cung_van_ban"), field.now)
    # what one law asks, it asks side by side
    assert read_law(field.session, on).contested == ()
    other = RULES.replace(OFFICE, "cua_huyen").replace("định của xã", "định của huyện")
    load_rules(field.session, people[0], other, field.now)
    (group,) = read_law(field.session, on).contested
    assert {each.id for each in group} == {OFFICE, "cung_van_ban", "cua_huyen"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("id: [", "ruleset.not_yaml"),
        ("a: 1", "ruleset.unknown_key"),
        (RULES.replace("id: cua_xa", "id: của xã"), "ruleset.bad_id"),
        (RULES.replace("id: cua_xa", f"id: {'a' * 51}"), "ruleset.bad_id"),
        (RULES.replace("id: dong", f"id: {'d' * 65}"), "ruleset.id_too_long"),
        (RULES.replace("vi: Đông", 'vi: "a\\0"'), "ruleset.not_readable"),
        (RULES.replace("vi: Đông", 'vi: "a\\ud800"'), "ruleset.not_readable"),
        (RULES.replace("{tong_ho: 100}", "{tong_ho: 99}"), "ruleset.example_differs"),
        ("# " + "x" * 1_000_000, "ruleset.too_long"),
    ],
)
def test_a_text_that_cannot_be_used_or_kept(field: Field, people: list[Caller], text: str, code: str) -> None:
    with pytest.raises(RuleSetError) as refused:
        load_rules(field.session, people[0], text, field.now)
    assert refused.value.code == code
    assert field.count(LoadedRuleSet) == 0


def test_what_is_no_text() -> None:
    assert decode_rules(b"\xef\xbb\xbfid: a") == "id: a"
    with pytest.raises(RuleSetError):
        decode_rules(b"\xff\xfe")


def kept_clause(field: Field, clause: str) -> dict[str, Any]:
    """A clause of the kept verdict of the village, as it was written when that was judged last."""
    field.session.rollback()
    here = VerdictRow.area_id == VILLAGES[VILLAGE].uuid, VerdictRow.rule_set == RULE_SET
    clauses = field.session.execute(select(VerdictRow.clauses).where(*here)).scalar_one()
    return next(each for each in clauses if each["id"] == clause)


def test_villages_are_judged_again(field: Field, people: list[Caller]) -> None:
    field.phone(VILLAGE).sends(WELL_OFF)
    field.works()
    before = kept_clause(field, CLAUSE)["status"]
    assert before != "verified"
    for who in people[:2]:
        confirms(field, who)
    # two asked for one and the same work
    assert field.works() == 1
    clause = kept_clause(field, CLAUSE)
    assert (clause["status"], clause["status_before"]) == ("verified", before)
    number = list_confirmations(field.session, RULE_SET)[0].id
    withdraw(field.session, people[0], number, field.now)
    field.works()
    assert kept_clause(field, CLAUSE)["status"] == before
    assert OFFICE not in field.verdicts(VILLAGE)
    load_rules(field.session, people[0], RULES, field.now)
    field.works()
    assert field.verdicts(VILLAGE)[OFFICE] == "met"
    load_rules(field.session, people[0], OTHER_NUMBER, field.now)
    field.works()
    assert field.verdicts(VILLAGE)[OFFICE] == "not_met"
