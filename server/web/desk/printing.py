"""What a printed page says, in the language of whoever prints: verdicts and contradictions as plain words."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from server.services.contradictions import Disagreement
from server.services.home import Home
from server.services.thumbnails import make_thumbnail
from server.services.verdicts import VerdictView
from server.web.desk.disputes import tell
from server.web.desk.reasons import ClauseRow, explain
from sync.receipt_number import write_number

MOST_PHOTOS = 8
"""Photos on one statement; of more the first are shown."""


def tell_verdict(view: VerdictView) -> dict[str, Any]:
    """The reasons of a verdict as they are printed; `clauses` one after the other as the law has them."""
    reasons = explain(view)
    if reasons is None or view.rule_set is None:
        return {}
    return {
        "statement": reasons.statement,
        "because": reasons.because,
        "leading": reasons.leading,
        "ways": list(reasons.ways),
        "near": reasons.outcome.near,
        "clauses": [_clause(view, row) for row in reasons.rows],
    }


def _clause(view: VerdictView, row: ClauseRow) -> dict[str, Any]:
    assert view.rule_set is not None
    declared = [view.rule_set.facts[name] for name in row.clause.facts]
    return {
        "depth": row.depth,
        "condition": row.clause.role == "condition",
        "title": row.title,
        "note": row.note,
        "value": row.value,
        "threshold": row.threshold,
        "verdict": row.clause.verdict,
        "reason": row.clause.reason,
        "near": row.clause.near,
        "decisive": row.clause.decisive,
        "article": row.clause.article,
        "status": row.clause.status,
        "before": row.clause.status_before,
        "fields": sorted({each.field for each in declared if each.source == "form" and each.field}),
        "decided": row.from_area,
    }


def tell_disagreement(found: Disagreement, verdicts: Mapping[str, VerdictView]) -> dict[str, Any]:
    """A contradiction as it is printed."""
    dispute = tell(found, verdicts)
    return {
        "title": dispute.title,
        "effect": dispute.effect,
        "turns": dispute.turns,
        "values": [
            {
                "value": value,
                "sheets": [
                    {
                        "instance": sheet.instance_id,
                        "receipt": write_number(sheet.submission_id),
                        "sender": sheet.sender,
                        "sent": sheet.created_at.isoformat(),
                        "state": sheet.state,
                        "level": sheet.level,
                    }
                    for sheet in sheets
                ],
            }
            for value, sheets in dispute.values
        ],
    }


def number_photos(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The photos of all sheets with the clauses they support, numbered from 1."""
    found = []
    for source in content["sources"]:
        for photo in source["photos"]:
            supported = [
                clause["title"]
                for line in content["lines"]
                for clause in line["words"].get("clauses", ())
                if set(photo["fields"]) & set(clause["fields"])
            ]
            if supported:
                found.append({**photo, "receipt": source["receipt"], "titles": list(dict.fromkeys(supported))})
    return [{**photo, "number": number} for number, photo in enumerate(found[:MOST_PHOTOS], start=1)]


def draw_photos(home: Home, photos: list[dict[str, Any]]) -> dict[str, str]:
    """A small picture of each, by its SHA-256, as an address that holds it; what is not here any more is left out."""
    drawn = {}
    for photo in photos:
        try:
            with home.blobs.open(photo["sha256"]) as stream:
                small = make_thumbnail(stream)
        except FileNotFoundError:
            continue
        if small is not None:
            drawn[photo["sha256"]] = f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"
    return drawn
