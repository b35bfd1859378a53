"""One area as of a day, as JSON: what `thonban areas show --json` prints and `GET /v1/areas/{id}` answers."""

from __future__ import annotations

from datetime import date
from typing import Any

from server.services.area_lookup import AreaReport, Step
from server.storage.area_views import VersionView
from server.storage.areas import AreaView


def report_body(report: AreaReport) -> dict[str, Any]:
    """The members; days as `2025-07-01`, `validTo` the day from which it does not hold any more."""
    return {
        "id": report.id,
        "on": _day(report.on),
        "inBeing": report.in_being,
        **_version(report.now),
        "parents": [area_body(area) for area in report.above],
        "children": [area_body(area) for area in report.below],
        "versions": [_version(version) for version in report.versions],
        "cameFrom": [_step(step) for step in report.steps if step.came and step.other],
        "wentInto": [_step(step) for step in report.steps if not step.came and step.other],
        "changes": [_step(step) for step in report.steps if step.other is None],
        "classifications": [
            {
                "name": fact.name,
                "value": fact.value,
                "decisionNumber": fact.decision_number,
                "decisionDate": _day(fact.decision_date),
                "authority": fact.authority,
                "validFrom": _day(fact.valid_from),
                "validTo": _day(fact.valid_to),
                "status": fact.status,
                "synthetic": fact.synthetic,
                "source": fact.source,
            }
            for fact in report.facts
        ],
        "shapes": [
            {"kind": each.kind, "geometry": each.geometry, "status": each.status, "source": each.source}
            for each in report.shapes
        ],
        "otherBearersOfCode": [{"id": each.area_id, **_version(each)} for each in report.elsewhere],
    }


def area_body(area: AreaView) -> dict[str, Any]:
    """An area in a list."""
    return {"id": area.id, "code": area.code, "name": area.name, "kind": area.kind, "status": area.status}


def _version(version: VersionView) -> dict[str, Any]:
    return {
        "code": version.code,
        "name": version.name,
        "kind": version.kind,
        "parentId": version.parent_id,
        "validFrom": _day(version.valid_from),
        "validTo": _day(version.valid_to),
        "flags": version.flags or {},
        "status": version.status,
        "source": version.source,
    }


def _step(step: Step) -> dict[str, Any]:
    other = step.other
    return {
        "id": other.area_id if other else None,
        "code": other.code if other else None,
        "name": other.name if other else None,
        "on": _day(step.view.on),
        "kind": step.view.kind,
        "extent": step.view.extent,
        "decree": step.view.decree,
        "status": step.view.status,
        "source": step.view.source,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
