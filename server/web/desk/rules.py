"""The law as this office has it: the list of rule sets, one of them clause by clause, and two persons who confirm what
they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.criteria.judge import Setting
from server.criteria.report import list_clause_heads
from server.criteria.ruleset import Clause, in_force
from server.domain.errors import DomainError, Forbidden
from server.services.authenticate import Caller
from server.services.rule_book import PERSONS_NEEDED
from server.services.rule_reports import Confirmation, RuleSetReport, get_scan, read_law, report_rule_set
from server.services.rules import LONGEST_SCAN, Reading, Scan, confirm, withdraw
from server.web.answers import answer_file
from server.web.context import current_home, current_session, date_asked, now
from server.web.desk.blueprint import blueprint
from server.web.desk.clauses import asked_of, exceptions_of, source_of, unit_name
from server.web.desk.pages import desk_caller, show_page
from server.web.errors import refusal_of

Answer = Response | str | tuple[str, int]
DONE = ("loaded", "confirmed", "withdrawn")
DEEPEST = 5


@dataclass(frozen=True)
class ClauseLine:
    """A clause as a line of the table. `depth` 0 is the whole; `source` empty: that of the clause above;
    `confirmations`: all there were; `own`: the one of the reader that stands; `persons`: how many different persons
    have confirmed it as it is; `attached`: words or a scan are there."""

    clause: Clause
    depth: int
    role: str
    asked: str
    source: str
    confirmations: tuple[Confirmation, ...]
    own: Confirmation | None
    persons: int
    attached: bool


@blueprint.get("/rules")
def rules() -> str:
    """Every rule set, or those in force on a day; and where two answer the same question."""
    caller = desk_caller()
    on = date_asked("on")
    day = on or caller.on
    return show_page(
        "rules.html",
        caller=caller,
        law=read_law(current_session(), day, only_on=on is not None),
        on=on,
        today=day,
        is_in_force=lambda rule_set: bool(in_force([rule_set], rule_set.unit_kind, day)),
        may_load=caller.reach("rule_set.create").everywhere,
    )


@blueprint.get("/rules/<segment:rule_set_id>")
def one_rule_set(rule_set_id: str) -> str:
    """One rule set: what it reads, asks, leaves open, and how well each clause is known."""
    done = request.args.get("done")
    return _page(desk_caller(), rule_set_id, done=done if done in DONE else None)


@blueprint.post("/rules/<segment:rule_set_id>/confirm")
def confirm_clause(rule_set_id: str) -> Answer:
    """Notes that somebody read the text of a clause."""
    caller = desk_caller()
    typed = {name: request.form.get(name, "").replace("\0", "") for name in ("clause", "source", "quote")}
    typed["quote"] = typed["quote"].replace("\r\n", "\n")
    upload = request.files.get("scan")
    scan = None
    if upload is not None and upload.filename:
        scan = Scan(upload.filename.replace("\0", ""), upload.read(LONGEST_SCAN + 1))
    reading = Reading(rule_set_id, typed["clause"], typed["source"], typed["quote"] or None, scan)
    try:
        confirm(current_session(), current_home(), caller, reading, now())
    except Forbidden:
        raise
    except DomainError as error:
        return _page(caller, rule_set_id, error=error, typed=typed), refusal_of(error).status
    return redirect(url_for("desk.one_rule_set", rule_set_id=rule_set_id, done="confirmed"))


@blueprint.post("/rules/<segment:rule_set_id>/withdraw")
def withdraw_confirmation(rule_set_id: str) -> Answer:
    """Takes a confirmation back."""
    caller = desk_caller()
    written = request.form.get("confirmation", "")
    number = int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else 0
    withdraw(current_session(), caller, number, now())
    return redirect(url_for("desk.one_rule_set", rule_set_id=rule_set_id, done="withdrawn"))


@blueprint.get("/rules/scans/<int:confirmation_id>")
def clause_scan(confirmation_id: int) -> Response:
    """The picture of the text that somebody attached, always as a file to save."""
    desk_caller()
    view, sha256 = get_scan(current_session(), confirmation_id)
    name = view.file_name or f"scan-{view.id}"
    answer = answer_file(current_home().blobs.open(sha256), name, view.content_type, sha256)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _page(
    caller: Caller,
    rule_set_id: str,
    *,
    done: str | None = None,
    error: DomainError | None = None,
    typed: Mapping[str, str] | None = None,
) -> str:
    report = report_rule_set(current_session(), rule_set_id)
    rule_set = report.rule_set
    facts = [(name, fact, unit_name(fact.unit), source_of(fact)) for name, fact in rule_set.facts.items()]
    return show_page(
        "rule_set.html",
        caller=caller,
        report=report,
        rule_set=rule_set,
        lines=_lines(report, caller),
        facts=facts,
        exceptions=exceptions_of(rule_set),
        needed=PERSONS_NEEDED,
        done=done,
        error=refusal_of(error).message if error else None,
        typed=typed or {},
        may_confirm=caller.reach("rule_set.update").everywhere,
        may_withdraw_any=caller.reach("rule_set.create").everywhere,
    )


def _lines(report: RuleSetReport, caller: Caller) -> list[ClauseLine]:
    rule_set, setting = report.rule_set, Setting(report.rule_set)
    depth: dict[str | None, int] = {None: -1}
    found = []
    for head in list_clause_heads(rule_set):
        clause = rule_set.clauses[head["id"]]
        depth[clause.id] = depth[head["parent"]] + 1
        confirmations = tuple(each for each in report.confirmations if each.view.clause_id == clause.id)
        above = rule_set.clauses[head["parent"]].source if head["parent"] else ""
        standing = [each for each in confirmations if each.stands]
        line = ClauseLine(
            clause=clause,
            depth=min(depth[clause.id], DEEPEST),
            role=head["role"],
            asked=asked_of(setting, clause),
            source="" if clause.source == above else clause.source,
            confirmations=confirmations,
            own=next((each for each in standing if each.view.actor_id == caller.actor_id), None),
            persons=len({each.view.actor_id for each in standing}),
            attached=any(each.view.quote or each.view.sha256 for each in standing),
        )
        found.append(line)
    return found
