"""Dossiers of communes on the wire."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from server.domain.dossiers import LACKS, LONGEST_NUMBER, LONGEST_REASON, NAMES, RESULTS, STATES
from server.domain.review import LEVELS
from server.domain.review import STATES as REVIEW_STATES
from server.web.api.schemas.fields import Body
from server.web.api.schemas.submissions import AreaBody

MOST_AREAS = 1000
_LEVELS = [level.name for level in LEVELS]


class DossierLineBody(Schema):
    """Where the dossier of a commune lies: its state, and the level that holds it; `number` and `letterOn` of the
    letter it went up with last. Counts are of villages: in all, with a sheet, with an approved one."""

    area = fields.Nested(AreaBody)
    state = fields.String(metadata={"enum": list(STATES)})
    level = fields.String(metadata={"enum": _LEVELS})
    number = fields.String(allow_none=True)
    letterOn = fields.Date(allow_none=True)  # noqa: N815 - the wire's own names
    villages = fields.Integer()
    sent = fields.Integer()
    approved = fields.Integer()
    synthetic = fields.Boolean()


class DossierLackBody(Schema):
    """Something that is missing: of which unit; of evidence `parts`, what of it."""

    code = fields.String(metadata={"enum": list(LACKS)})
    area = fields.String()
    areaId = fields.String(allow_none=True)  # noqa: N815
    parts = fields.List(fields.String())


class DossierAppraisalBody(Schema):
    """What the level that holds the dossier says of a unit."""

    result = fields.String(metadata={"enum": list(RESULTS)})
    level = fields.String()
    reason = fields.String(allow_none=True)
    by = fields.String()
    at = fields.AwareDateTime()


class DossierUnitBody(Schema):
    """A village of it, or the commune itself: the sheet that speaks (null: none), what each rule set says, the
    appraisal. `changed`: the sheet is another one than was sent up."""

    area = fields.Nested(AreaBody)
    instanceId = fields.String(allow_none=True)  # noqa: N815
    reviewState = fields.String(allow_none=True, metadata={"enum": [*REVIEW_STATES, None]})  # noqa: N815
    standings = fields.Dict(keys=fields.String(), values=fields.String())
    changed = fields.Boolean()
    appraisal = fields.Nested(DossierAppraisalBody, allow_none=True)


class DossierMoveBody(Schema):
    """A move that was made; `undone`: it was taken back. `areas`: villages that were given back, none: the whole."""

    move = fields.String(metadata={"enum": list(NAMES)})
    fromLevel = fields.String()  # noqa: N815
    toLevel = fields.String()  # noqa: N815
    number = fields.String(allow_none=True)
    letterOn = fields.Date(allow_none=True)  # noqa: N815
    reason = fields.String(allow_none=True)
    areas = fields.List(fields.String())
    lacks = fields.List(fields.Nested(DossierLackBody))
    on = fields.Date()
    at = fields.AwareDateTime()
    by = fields.String()
    undone = fields.Boolean()


class DossierBody(DossierLineBody):
    """A dossier with all it holds. `complete`: nothing is missing; `moves`: what was done; `possible`: the moves that
    the caller can make now."""

    complete = fields.Boolean()
    lacks = fields.List(fields.Nested(DossierLackBody))
    commune = fields.Nested(DossierUnitBody)
    units = fields.List(fields.Nested(DossierUnitBody))
    moves = fields.List(fields.Nested(DossierMoveBody))
    possible = fields.List(fields.String(metadata={"enum": list(NAMES)}))


class NewDossierMoveBody(Body):
    """A move. `number` and `letterOn`: of the letter, for a sending; `reason`: for giving back, and for the province to
    send what is incomplete; `areas`: own ids of the villages that are given back, none: the whole."""

    example: ClassVar[dict[str, Any]] = {
        "move": "send",
        "number": "12/UBND",
        "letterOn": "2026-01-05",
        "reason": "Một thôn mất liên lạc",
    }
    move = fields.String(required=True, validate=validate.OneOf(NAMES))
    number = fields.String(validate=validate.Length(max=LONGEST_NUMBER))
    letterOn = fields.Date()  # noqa: N815
    reason = fields.String(validate=validate.Length(max=LONGEST_REASON))
    areas = fields.List(fields.String(validate=validate.Length(max=36)), validate=validate.Length(max=MOST_AREAS))


class NewDossierAppraisalBody(Body):
    """What comes of units: own ids of villages, or of the commune itself. A reason is needed but for `passed`."""

    example: ClassVar[dict[str, Any]] = {
        "areas": ["00000000-0000-4000-8000-000000000001"],
        "result": "supplement",
        "reason": "Thiếu ảnh biên bản",
    }
    areas = fields.List(
        fields.String(validate=validate.Length(max=36)),
        required=True,
        validate=validate.Length(min=1, max=MOST_AREAS),
    )
    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    reason = fields.String(validate=validate.Length(max=LONGEST_REASON))
