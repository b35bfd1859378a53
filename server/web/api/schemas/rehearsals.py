"""Bodies of rehearsals: what a new version of a form would do to what was already sent."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from forms.changes import KINDS, WEIGHTS
from server.services.rehearse import Rehearsal, Tally


class ChangeBody(Schema):
    """One thing that the new version makes different. `old`, `new`: paths. `likeness`, from 0 to 1, says that a field
    was guessed to be another one."""

    kind = fields.String(metadata={"enum": list(KINDS)})
    old = fields.String(allow_none=True)
    new = fields.String(allow_none=True)
    weight = fields.String(metadata={"enum": list(WEIGHTS)})
    before = fields.String(allow_none=True)
    after = fields.String(allow_none=True)
    likeness = fields.Float(allow_none=True)
    params = fields.Dict()


class ExampleBody(Schema):
    """A submission that was counted, its value, and what a calculation now makes of it."""

    instanceId = fields.String()  # noqa: N815 - the wire's own names
    instanceName = fields.String(allow_none=True)  # noqa: N815
    value = fields.String(allow_none=True)
    calculated = fields.String(allow_none=True)


class TallyBody(Schema):
    """How often the new version says this of a question where the published one does not. `kind`: `lost`, or that of
    a finding."""

    kind = fields.String()
    severity = fields.String(metadata={"enum": ["error", "warning", "info"]})
    path = fields.String()
    labels = fields.Dict(keys=fields.String(), values=fields.String())
    count = fields.Integer()
    submissions = fields.Integer()
    examples = fields.List(fields.Nested(ExampleBody))


class RehearsalBody(Schema):
    """What the draft would do. `oldVersion` is null when no version is published. `looked`: how many of the `total`
    submissions were judged; `losing`, `withErrors`, `withFindings`: how many lose an answer, have an error, anything at
    all that is new."""

    xmlFormId = fields.String()  # noqa: N815
    oldVersion = fields.String(allow_none=True)  # noqa: N815
    newVersion = fields.String()  # noqa: N815
    keepsEverything = fields.Boolean()  # noqa: N815
    answersLost = fields.Integer()  # noqa: N815
    unreadable = fields.Integer()
    noChoice = fields.Integer()  # noqa: N815
    total = fields.Integer()
    looked = fields.Integer()
    unjudged = fields.Integer()
    losing = fields.Integer()
    withErrors = fields.Integer()  # noqa: N815
    withFindings = fields.Integer()  # noqa: N815
    changes = fields.List(fields.Nested(ChangeBody))
    lost = fields.List(fields.Nested(TallyBody))
    findings = fields.List(fields.Nested(TallyBody))


def rehearsal_body(rehearsal: Rehearsal) -> dict[str, Any]:
    """A rehearsal as the wire has it."""
    return {
        "xmlFormId": rehearsal.form_id,
        "oldVersion": rehearsal.old_version,
        "newVersion": rehearsal.new_version,
        "keepsEverything": rehearsal.keeps_everything,
        "answersLost": rehearsal.answers_lost,
        "unreadable": rehearsal.unreadable,
        "noChoice": rehearsal.no_choice,
        "total": rehearsal.total,
        "looked": rehearsal.looked,
        "unjudged": rehearsal.unjudged,
        "losing": rehearsal.losing,
        "withErrors": rehearsal.with_errors,
        "withFindings": rehearsal.with_findings,
        "changes": [each.as_json() for each in rehearsal.changes],
        "lost": [_tally(each) for each in rehearsal.lost],
        "findings": [_tally(each) for each in rehearsal.findings],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "kind": tally.kind,
        "severity": tally.severity,
        "path": tally.path,
        "labels": dict(tally.labels),
        "count": tally.count,
        "submissions": tally.submissions,
        "examples": [
            {
                "instanceId": each.instance_id,
                "instanceName": each.name,
                "value": each.value,
                "calculated": each.calculated,
            }
            for each in tally.examples
        ],
    }
