"""Two rounds held against each other, and another number tried in a law; nothing official changes by either."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request

from server.criteria.compare import KINDS
from server.domain.errors import Missing
from server.services.compare import (
    Beside,
    Pair,
    Question,
    Row,
    compare_rounds,
    find_other_round,
    find_round_by_slug,
    list_beside,
    try_number,
)
from server.services.verdicts import VerdictView
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.comparisons import ComparisonBody, WhatIfBody
from server.web.context import current_session, whole
from server.web.wire import LIMIT, OFFSET, WHOLE, Parameter, Wire, told

nouns = Nouns("comparisons", "Rounds beside each other, and other numbers tried")
WITH = Parameter("with", "The other round by its slug; left out: the one before.", example="2019")
KIND = Parameter("what", f"Only units of this kind: {', '.join(KINDS)}.", example="facts")
RULE_SET = Parameter("ruleset", "A rule set of the round by its id.", example="qd50_2016_thon", required=True)
CLAUSE = Parameter("clause", "A clause that asks a number, by its id.", example="k1.tong", required=True)
NUMBER = Parameter(
    "number", "The number to try: percent (or parts) of a share, else a count.", WHOLE, 70, required=True
)
MOST = 1000


@nouns.view("GET /projects/<int:project_id>/rounds/<slug>/compare", "submission.list", answer=ComparisonBody())
@told(Wire(reads=(WITH, KIND, LIMIT, OFFSET)))
def compare(here: Here, slug: str) -> dict[str, Any]:
    """What became of each village and commune from the earlier of two rounds to the later: what another law did ("đổi
    chuẩn"), apart from what changed in it ("đổi thực tế"). A thousand rows at most for each pair of rule sets."""
    session, scope = current_session(), here.caller.scope("submission.list", here.project.id)
    other = request.args.get("with") or find_other_round(session, here.project.id, slug).slug
    found = compare_rounds(session, here.project.id, (slug, other), scope)
    shown = [(pair, _page(pair)) for pair in found.pairs]
    beside = tuple(
        list_beside(session, round_view, views, scope)
        for round_view, views in (
            (found.before, [row.earlier for _, rows in shown for row in rows]),
            (found.after, [row.later for _, rows in shown for row in rows]),
        )
    )
    return {
        "before": found.before.slug,
        "after": found.after.slug,
        "pairs": [
            {
                "before": pair.before.id,
                "after": pair.after.id,
                "purpose": pair.after.purpose,
                "unit": pair.unit,
                "totals": pair.count(),
                "rows": [_row(row, beside) for row in rows],
            }
            for pair, rows in shown
        ],
    }


@nouns.view("GET /projects/<int:project_id>/rounds/<slug>/what-if", "submission.list", answer=WhatIfBody())
@told(Wire(reads=(RULE_SET, CLAUSE, NUMBER)))
def try_another_number(here: Here, slug: str) -> dict[str, Any]:
    """What the areas of a round would be if one number of a law were another. A trial: nothing is written, and nothing
    official changes."""
    session = current_session()
    round_view = find_round_by_slug(session, here.project.id, slug)
    number = whole("number")
    if number is None:
        raise Missing("request.field_missing", field="number")
    question = Question(_asked("ruleset"), _asked("clause"), number)
    tried = try_number(session, round_view, question, here.caller.scope("submission.list", here.project.id))
    counted = tried.found.count()
    return {
        "official": False,
        "round": slug,
        "ruleSet": tried.law.id,
        "clause": question.clause,
        "comparison": tried.bound.comparison,
        "lawNumber": tried.bound.value,
        "number": question.number,
        "regionsKept": list(tried.regions),
        "areas": len(tried.views),
        "totals": [{"standing": each, "before": one, "after": other} for each, (one, other) in counted.items()],
        "turned": [
            {
                "area": tried.views[area_id].area,
                "before": tried.found.before[area_id],
                "after": tried.found.after[area_id],
                "synthetic": tried.views[area_id].synthetic,
            }
            for area_id in tried.found.turned
        ],
    }


def _asked(name: str) -> str:
    value = request.args.get(name)
    if not value:
        raise Missing("request.field_missing", field=name)
    return value


def _page(pair: Pair) -> list[Row]:
    kind, first, most = request.args.get("what"), whole("offset") or 0, min(whole("limit") or MOST, MOST)
    rows = [row for row in pair.rows if kind is None or row.kind == kind]
    return rows[first : first + most]


def _row(row: Row, beside: Iterable[Beside]) -> dict[str, Any]:
    before, after = beside
    told_of = row.told
    return {
        "kind": row.kind,
        "reason": row.reason,
        "lineage": row.how,
        "before": _side(row.earlier, before),
        "between": told_of.between if told_of else None,
        "after": _side(row.later, after),
        "facts": list(told_of.facts) if told_of else [],
        "byLaw": list(told_of.by_law) if told_of else [],
        "byFacts": list(told_of.by_facts) if told_of else [],
    }


def _side(view: VerdictView | None, beside: Beside) -> dict[str, Any] | None:
    if view is None:
        return None
    return {
        "area": view.area,
        "computed": view.standing,
        "basis": view.basis,
        "synthetic": view.synthetic,
        "appraised": beside.report(view),
        "recognised": [
            {
                "areaId": each.area_id,
                "name": each.name,
                "value": each.value,
                "decisionNumber": each.decision_number,
                "decisionDate": each.decision_date,
                "authority": each.authority,
                "source": each.source,
                "status": each.status,
                "synthetic": each.synthetic,
            }
            for each in beside.of(view)
        ],
    }
