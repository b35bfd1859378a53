"""What watches the server: GET /healthz for people and orchestrators, GET /metrics for Prometheus. Both are public."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from server.services.health import check_health, count_everything
from server.web.context import current_home, current_session

blueprint = Blueprint("health", __name__)

_MEANINGS = {
    "submissions": "Submissions kept, drafts and deleted ones not counted",
    "jobs_waiting": "Background jobs that wait, run or pause",
    "jobs_dead": "Background jobs that were given up",
    "free_bytes": "Free bytes where the data folder lies",
}


@blueprint.get("/healthz")
def healthz() -> tuple[Response, int]:
    """200 {"status": "ok"}; 503 {"loading": "n of m"} until the demo is there; 503 {"reason"} when all is not well."""
    health = check_health(current_session(), current_home())
    if health.reason is None:
        return jsonify(status="ok"), 200
    if health.reason == "loading":
        return jsonify(status="loading", loading=f"{health.done} of {health.total}"), 503
    return jsonify(status="unavailable", reason=health.reason), 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """Counts read from the database when asked, so that they are the same whichever process answers."""
    registry = CollectorRegistry()
    for name, value in count_everything(current_session(), current_home()).items():
        Gauge(f"thonban_{name}", _MEANINGS[name], registry=registry).set(value)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
