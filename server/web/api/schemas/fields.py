"""Fields that several bodies share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, fields

from server.web.answers import moment


class Moment(fields.Field[datetime]):
    """`2026-01-01T00:00:00.000Z`."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return moment(value)


class Body(Schema):
    """Unknown keys of a request are ignored, as ODK Central does."""

    class Meta:
        """Settings of marshmallow."""

        unknown = EXCLUDE


class Success(Schema):
    """That it was done."""

    success = fields.Boolean(required=True)


SUCCESS = {"success": True}
