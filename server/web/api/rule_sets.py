"""The law: rule sets, what an office loads, and who confirmed which clause."""

from __future__ import annotations

from typing import Any

from flask import request

from server.criteria.report import rule_set_json
from server.criteria.ruleset import UNIT_KINDS, RuleSetError
from server.domain.errors import Invalid, NotFound
from server.services.rule_reports import Confirmation, RuleSetReport, read_law, report_rule_set
from server.services.rules import Reading, confirm, decode_rules, load_rules, withdraw
from server.web.api.nouns import SIGNED_IN, Here, Nouns
from server.web.api.schemas.fields import SUCCESS, Success
from server.web.api.schemas.rule_sets import ConfirmationBody, ReadingBody, RuleSetBody, RuleSetListBody
from server.web.context import current_home, current_session, date_asked, now
from server.web.rule_problems import refuse
from server.web.wire import DATE, Content, Parameter, Wire, told

nouns = Nouns("rule_sets", "The law: rule sets, and who confirmed their clauses")

ON = Parameter("on", "Only those in force on this day.", DATE, "2019-06-30")
UNIT_KIND = Parameter("unitKind", "Only those for this kind of unit.", {"type": "string", "enum": list(UNIT_KINDS)})
YAML = Content("application/yaml", "The text of a rule set, in UTF-8, as `thonban rules check` reads it.", {})


@nouns.view("GET /rule-sets", SIGNED_IN, answer=RuleSetListBody(many=True))
@told(Wire(reads=(ON, UNIT_KIND)))
def list_all(here: Here) -> list[dict[str, Any]]:
    """Every rule set as it counts now: those that come with the product, and those loaded in their place or beside."""
    kind, on = request.args.get("unitKind") or None, date_asked("on")
    if kind is not None and kind not in UNIT_KINDS:
        raise Invalid("request.wrong_type", fields=["unitKind"])
    law = read_law(current_session(), on or here.caller.on, only_on=on is not None, unit_kind=kind)
    return [_head(each) for each in law.reports]


@nouns.view("GET /rule-sets/<segment:rule_set_id>", SIGNED_IN, answer=RuleSetBody())
def get_one(here: Here, rule_set_id: str) -> dict[str, Any]:
    """A rule set whole: facts with units, switches, regions, clauses with status and citation, notes, worked units, and
    every confirmation there was."""
    return _whole(rule_set_id)


@nouns.view("POST /rule-sets", "rule_set.create", answer=RuleSetBody())
@told(Wire(takes=(YAML,), refuses=(413,)))
def load_one(here: Here) -> dict[str, Any]:
    """Takes a rule set in, in place of the one of its id; what rests on it is judged again in the background. When the
    text cannot be used, `details.problems` names every place in it (`key`), what is wrong (`message`) and what may
    stand there (`remedy`). The same text again changes nothing."""
    try:
        rule_set = load_rules(current_session(), here.caller, decode_rules(request.get_data(cache=False)), now())
    except RuleSetError as error:
        raise refuse(error) from error
    return _whole(rule_set.id)


@nouns.view(
    "POST /rule-sets/<segment:rule_set_id>/clauses/<segment:clause_id>/confirmations",
    "rule_set.update",
    body=ReadingBody,
    answer=ConfirmationBody(),
)
def confirm_one(here: Here, body: dict[str, Any], rule_set_id: str, clause_id: str) -> dict[str, Any]:
    """Notes that the caller read the text of a clause and that the rule set says the same. Two different persons make
    it verified; one of them gives the words (a scan is attached at the desk)."""
    reading = Reading(rule_set_id, clause_id, body["source"], body["quote"])
    made = confirm(current_session(), current_home(), here.caller, reading, now())
    return next(_confirmation(each) for each in _report(rule_set_id).confirmations if each.view.id == made)


@nouns.view(
    "DELETE /rule-sets/<segment:rule_set_id>/confirmations/<int:confirmation_id>",
    "rule_set.update",
    answer=Success(),
)
def withdraw_one(here: Here, rule_set_id: str, confirmation_id: int) -> dict[str, bool]:
    """Takes a confirmation back: one's own, or anybody's for who may load rule sets. It stays to be seen, and counts no
    more."""
    if all(each.view.id != confirmation_id for each in _report(rule_set_id).confirmations):
        raise NotFound("rule_set.no_confirmation")
    withdraw(current_session(), here.caller, confirmation_id, now())
    return SUCCESS


def _report(rule_set_id: str) -> RuleSetReport:
    return report_rule_set(current_session(), rule_set_id)


def _whole(rule_set_id: str) -> dict[str, Any]:
    report = _report(rule_set_id)
    confirmations = [_confirmation(each) for each in report.confirmations]
    return rule_set_json(report.rule_set, whole=True) | _head(report) | {"confirmations": confirmations}


def _head(report: RuleSetReport) -> dict[str, Any]:
    return rule_set_json(report.rule_set) | {
        "origin": "office" if report.loaded else "shipped",
        "loadedBy": report.loaded.loaded_by if report.loaded else None,
        "loadedAt": report.loaded.loaded_at if report.loaded else None,
        "verified": report.verified,
        "unverified": report.unverified,
    }


def _confirmation(each: Confirmation) -> dict[str, Any]:
    view = each.view
    return {
        "id": view.id,
        "clauseId": view.clause_id,
        "actorId": view.actor_id,
        "name": view.name,
        "source": view.source,
        "quote": view.quote,
        "scan": view.file_name,
        "statusBefore": view.status_before,
        "confirmedAt": view.confirmed_at,
        "withdrawnAt": view.withdrawn_at,
        "stands": each.stands,
    }
