"""Files of answers that are made in the background, on the wire."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from server.domain.wishes import LABELS
from server.storage.exports import EXPIRED, FAILED, READY, RUNNING, WAITING
from server.web.api.schemas.fields import Body, Moment


class OrderBody(Body):
    """A file of answers that shall be made in the background: the format, as its address ends, and the options that the
    address takes."""

    format = fields.String(required=True)
    rounds = fields.List(fields.String())
    areas = fields.List(fields.String())
    states = fields.List(fields.String())
    filter = fields.String(data_key="$filter")
    labels = fields.String(validate=OneOf(LABELS))
    language = fields.String()
    fieldpath = fields.String()
    attachments = fields.Boolean()
    groupPaths = fields.Boolean()  # noqa: N815 - the wire's own names
    deletedFields = fields.Boolean()  # noqa: N815
    splitSelectMultiples = fields.Boolean()  # noqa: N815
    details = fields.Boolean()
    personal = fields.Boolean()
    raw = fields.Boolean()
    bom = fields.Boolean()
    example: ClassVar[Any] = {"format": "csv.zip", "labels": "beside", "details": True}


class OrderedByBody(Schema):
    """Who ordered it."""

    id = fields.Integer()
    displayName = fields.String()  # noqa: N815


class ExportBody(Schema):
    """A file of answers that was ordered. `total`: submissions it will have, `done`: of them those that were read;
    `size` in bytes, so far while it is being made; `sha256` of the whole file, which is its ETag. `tag`: another one as
    soon as a new file would not be the same. `error`: why it could not be made."""

    uuid = fields.String()
    format = fields.String()
    fileName = fields.String()  # noqa: N815
    state = fields.String(validate=OneOf((WAITING, RUNNING, READY, FAILED, EXPIRED)))
    total = fields.Integer()
    done = fields.Integer()
    size = fields.Integer()
    sha256 = fields.String(allow_none=True)
    tag = fields.String()
    error = fields.String(allow_none=True)
    options = fields.Dict()
    createdBy = fields.Nested(OrderedByBody)  # noqa: N815
    createdAt = Moment()  # noqa: N815
    startedAt = Moment(allow_none=True)  # noqa: N815
    finishedAt = Moment(allow_none=True)  # noqa: N815
    expiresAt = Moment(allow_none=True)  # noqa: N815
