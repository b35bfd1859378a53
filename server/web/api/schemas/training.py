"""Training on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from server.domain.training import FLAGS, LEVELS


class ShareBody(Schema):
    """A part of what was counted. `persons`: null where some of its people are not named."""

    turns = fields.Integer()
    persons = fields.Integer(allow_none=True)


class TrainingSumBody(Schema):
    """What classes come to. `turns` (lượt): distinct (class, person), or heads that were counted where nobody is named;
    `persons` (người): distinct persons, null while a class is known by totals alone; `personsNamed`: those who are
    named; `possibleDuplicates`: how many fewer they would be if all exact duplicates were merged; `personDays`: null
    where it is not known of each class; `provisional`: classes of which something is not approved yet."""

    classes = fields.Integer()
    turns = fields.Integer()
    persons = fields.Integer(allow_none=True)
    personsNamed = fields.Integer()  # noqa: N815 - the wire's own names
    personDays = fields.Integer(allow_none=True)  # noqa: N815
    classesWithoutNames = fields.Integer()  # noqa: N815
    possibleDuplicates = fields.Integer()  # noqa: N815
    provisional = fields.Integer()
    byAudience = fields.Dict(keys=fields.String(), values=fields.Nested(ShareBody))  # noqa: N815
    bySex = fields.Dict(keys=fields.String(), values=fields.Nested(ShareBody))  # noqa: N815
    byEthnicity = fields.Dict(keys=fields.String(), values=fields.Nested(ShareBody))  # noqa: N815


class TrainingBody(TrainingSumBody):
    """The same over all levels and by level. `definitions`: what turns and persons are, by language; `synthetic`: all
    in this project is made up. `level`, `from`, `to`: what was asked for."""

    level = fields.String(allow_none=True, metadata={"enum": [*LEVELS.values(), None]})
    since = fields.Date(data_key="from", allow_none=True)
    until = fields.Date(data_key="to", allow_none=True)
    byLevel = fields.Dict(keys=fields.String(), values=fields.Nested(TrainingSumBody))  # noqa: N815
    definitions = fields.Dict()
    synthetic = fields.Boolean()


class TrainingFlagBody(Schema):
    """What is wrong with a sheet of attendance."""

    kind = fields.String(metadata={"enum": list(FLAGS)})
    submissionId = fields.Integer()  # noqa: N815
    text = fields.Dict()


class TrainingClassBody(Schema):
    """A class as counted; names are on the pages alone."""

    id = fields.String()
    name = fields.String()
    level = fields.String(allow_none=True)
    topic = fields.String(allow_none=True)
    organiser = fields.String(allow_none=True)
    programme = fields.String(allow_none=True)
    areaId = fields.String(allow_none=True)  # noqa: N815
    since = fields.Date(data_key="from", allow_none=True)
    until = fields.Date(data_key="to", allow_none=True)
    days = fields.Integer(allow_none=True)
    planned = fields.Integer()
    turns = fields.Integer()
    persons = fields.Integer(allow_none=True)
    personDays = fields.Integer(allow_none=True)  # noqa: N815
    provisional = fields.Boolean()
    flags = fields.List(fields.Nested(TrainingFlagBody))
    synthetic = fields.Boolean()
