"""Two rounds beside each other, and another number tried, on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from server.criteria.compare import KINDS, REASONS
from server.domain.lineage import FOLLOWED, LOST
from server.services.compare import UNITS
from server.web.api.schemas.submissions import AreaBody


class RecognisedBody(Schema):
    """What a decision recognised an area to be, and that held on the cut-off date; `areaId`: the area or the
    one it lay in; `authority`: who decided; `source`: where that is written."""

    areaId = fields.String()  # noqa: N815 - the wire's own names
    name = fields.String()
    value = fields.Raw(allow_none=True)
    decisionNumber = fields.String(allow_none=True)  # noqa: N815
    decisionDate = fields.Date(allow_none=True)  # noqa: N815
    authority = fields.String(allow_none=True)
    source = fields.String()
    status = fields.String()
    synthetic = fields.Boolean()


class AppraisedBody(Schema):
    """Where the submission that the computed standing rests on stands in review, and which level decided."""

    state = fields.String()
    level = fields.String(allow_none=True)


class ComparedSideBody(Schema):
    """A village or commune in one round: what is computed, what people appraised, what decisions recognised; none of
    these is made of another. `basis`: whether `computed` rests on what was approved or on what is newest."""

    area = fields.Nested(AreaBody)
    computed = fields.String()
    basis = fields.String(allow_none=True, metadata={"enum": ["approved", "newest", None]})
    synthetic = fields.Boolean()
    appraised = fields.Nested(AppraisedBody, allow_none=True)
    recognised = fields.List(fields.Nested(RecognisedBody))


class ComparedFactBody(Schema):
    """A fact that is another in the later round; null where it is not known."""

    name = fields.String()
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)


class ComparedRowBody(Schema):
    """One village or commune. `kind`: what turned its standing; `between`: the facts of the earlier round under the
    law of the later; `byLaw` and `byFacts`: clauses of the later law that turned; `lineage`: how it came from one round
    to the other."""

    kind = fields.String(metadata={"enum": list(KINDS)})
    reason = fields.String(allow_none=True, metadata={"enum": [*REASONS, *LOST, None]})
    lineage = fields.String(metadata={"enum": [*FOLLOWED, *LOST]})
    before = fields.Nested(ComparedSideBody, allow_none=True)
    between = fields.String(allow_none=True)
    after = fields.Nested(ComparedSideBody, allow_none=True)
    facts = fields.List(fields.Nested(ComparedFactBody))
    byLaw = fields.List(fields.String())  # noqa: N815
    byFacts = fields.List(fields.String())  # noqa: N815


class ComparedPairBody(Schema):
    """The villages, or the communes (`unit`), by a rule set of the earlier round and one of the later: `totals` by kind
    of all in sight, `rows` those that were asked for."""

    before = fields.String()
    after = fields.String()
    purpose = fields.String()
    unit = fields.String(metadata={"enum": list(UNITS)})
    totals = fields.Dict(keys=fields.String(), values=fields.Integer())
    rows = fields.List(fields.Nested(ComparedRowBody))


class ComparisonBody(Schema):
    """Two rounds by their slugs, the one with the earlier cut-off date first."""

    before = fields.String()
    after = fields.String()
    pairs = fields.List(fields.Nested(ComparedPairBody))


class WouldTurnBody(Schema):
    """An area that would stand otherwise."""

    area = fields.Nested(AreaBody)
    before = fields.String()
    after = fields.String()
    synthetic = fields.Boolean()


class TriedTotalBody(Schema):
    """How many areas have a standing by the law as it is, and how many would."""

    standing = fields.String()
    before = fields.Integer()
    after = fields.Integer()


class WhatIfBody(Schema):
    """A trial: `official` is always false, and nothing was written. `lawNumber`: what the law asks in general;
    `regionsKept`: regions for which it writes a number of its own, which stays."""

    official = fields.Boolean()
    round = fields.String()
    ruleSet = fields.String()  # noqa: N815
    clause = fields.String()
    comparison = fields.String()
    lawNumber = fields.Integer()  # noqa: N815
    number = fields.Integer()
    regionsKept = fields.List(fields.String())  # noqa: N815
    areas = fields.Integer()
    totals = fields.List(fields.Nested(TriedTotalBody))
    turned = fields.List(fields.Nested(WouldTurnBody))
