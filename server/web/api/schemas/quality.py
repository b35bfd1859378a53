"""What was found of submissions beside others, on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from server.domain.quality import KINDS, SEVERITIES
from server.web.api.schemas.submissions import AreaBody


class QualityFindingBody(Schema):
    """A question for a reviewer. `reason`: by language; `values`: what was compared; `hidden`: it rests on submissions
    that the caller does not see, whose values are left out; `others`: instance ids of those that it rests on."""

    id = fields.Integer()
    kind = fields.String(metadata={"enum": list(KINDS)})
    severity = fields.String(metadata={"enum": list(SEVERITIES)})
    reason = fields.Dict()
    values = fields.Dict()
    hidden = fields.Boolean()
    formId = fields.String()  # noqa: N815 - the wire's own names
    instanceId = fields.String()  # noqa: N815
    others = fields.List(fields.String())
    round = fields.String(allow_none=True)
    area = fields.Nested(AreaBody, allow_none=True)
    foundAt = fields.String()  # noqa: N815
    lookedAt = fields.String(allow_none=True)  # noqa: N815
    lookedBy = fields.String(allow_none=True)  # noqa: N815
    lookReason = fields.String(allow_none=True)  # noqa: N815
