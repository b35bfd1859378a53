"""Bodies of areas."""

from __future__ import annotations

from marshmallow import Schema, fields


class NamedAreaBody(Schema):
    """An area, named."""

    id = fields.String()
    code = fields.String(allow_none=True)
    name = fields.String()
    kind = fields.String()
    status = fields.String()


class AreaListBody(NamedAreaBody):
    """An area in a list; `children`: how many lie right below it, null in a search."""

    parent_id = fields.String(data_key="parentId", attribute="parentId", allow_none=True)
    children = fields.Integer(allow_none=True)


class AreaVersionBody(Schema):
    """What an area was for a time, up to, not including, `validTo`."""

    code = fields.String(allow_none=True)
    name = fields.String()
    kind = fields.String()
    parent_id = fields.String(data_key="parentId", attribute="parentId", allow_none=True)
    valid_from = fields.String(data_key="validFrom", attribute="validFrom", allow_none=True)
    valid_to = fields.String(data_key="validTo", attribute="validTo", allow_none=True)
    flags = fields.Dict()
    status = fields.String()
    source = fields.String()


class OtherBearerBody(AreaVersionBody):
    """Another area that bears or bore the same code."""

    id = fields.String()


class AreaStepBody(Schema):
    """A change: the other area as it was then (null: the area itself), how, how much, by which decree."""

    id = fields.String(allow_none=True)
    code = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    on = fields.String(allow_none=True)
    kind = fields.String()
    extent = fields.String()
    decree = fields.String(allow_none=True)
    status = fields.String()
    source = fields.String(allow_none=True)


class ClassificationBody(Schema):
    """A fact that a decision established."""

    name = fields.String()
    value = fields.Raw(allow_none=True)
    decision_number = fields.String(data_key="decisionNumber", attribute="decisionNumber", allow_none=True)
    decision_date = fields.String(data_key="decisionDate", attribute="decisionDate", allow_none=True)
    authority = fields.String(allow_none=True)
    valid_from = fields.String(data_key="validFrom", attribute="validFrom", allow_none=True)
    valid_to = fields.String(data_key="validTo", attribute="validTo", allow_none=True)
    status = fields.String()
    synthetic = fields.Boolean()
    source = fields.String()


class ShapeBody(Schema):
    """A point or a boundary: a GeoJSON geometry in WGS 84."""

    kind = fields.String()
    geometry = fields.Dict()
    status = fields.String()
    source = fields.String()


class AreaReportBody(AreaVersionBody):
    """An area as of a day and what is around it. `inBeing` false: it is not there that day, and is shown as it was
    nearest to it."""

    id = fields.String()
    on = fields.String()
    in_being = fields.Boolean(data_key="inBeing", attribute="inBeing")
    parents = fields.List(fields.Nested(NamedAreaBody))
    children = fields.List(fields.Nested(NamedAreaBody))
    versions = fields.List(fields.Nested(AreaVersionBody))
    came_from = fields.List(fields.Nested(AreaStepBody), data_key="cameFrom", attribute="cameFrom")
    went_into = fields.List(fields.Nested(AreaStepBody), data_key="wentInto", attribute="wentInto")
    changes = fields.List(fields.Nested(AreaStepBody))
    classifications = fields.List(fields.Nested(ClassificationBody))
    shapes = fields.List(fields.Nested(ShapeBody))
    other_bearers = fields.List(
        fields.Nested(OtherBearerBody), data_key="otherBearersOfCode", attribute="otherBearersOfCode"
    )
