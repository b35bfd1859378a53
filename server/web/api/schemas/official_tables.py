"""The official tables of a round on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields


class TableNameBody(Schema):
    """A table that there is. `titles`: by language; `files`: where it is as a file, by ending."""

    table = fields.String()
    titles = fields.Dict()
    files = fields.Dict()


class TableColumnBody(Schema):
    """A column. `kind`: text, count, decimal, day, moment or yesno; codes of areas are text."""

    name = fields.String()
    titles = fields.Dict()
    kind = fields.String()


class TableSheetBody(Schema):
    """One sheet of a table. `units`: how many villages, communes or other things its rows are made of in all; `limit`
    and `offset` count these. `rows`: cells in the order of `columns`; null where nothing is known."""

    name = fields.String()
    titles = fields.Dict()
    units = fields.Integer()
    columns = fields.List(fields.Nested(TableColumnBody))
    rows = fields.List(fields.List(fields.Raw(allow_none=True)))


class TableNoteBody(Schema):
    """What stands beside the figures: a label and what it says, by language."""

    labels = fields.Dict()
    says = fields.Dict()


class OfficialTableBody(Schema):
    """A table of a round. `locked`: the SHA-256 of the lock whose figures these are; `provisional`: they are not final;
    `synthetic`: they are invented."""

    table = fields.String()
    titles = fields.Dict()
    round = fields.String()
    asOf = fields.Date()  # noqa: N815 - the wire's own names
    locked = fields.String(allow_none=True)
    provisional = fields.Boolean()
    synthetic = fields.Boolean()
    about = fields.List(fields.Nested(TableNoteBody))
    sheets = fields.List(fields.Nested(TableSheetBody))
