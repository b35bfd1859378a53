"""Recordings of a form's questions, on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from forms.spoken import LANGUAGES


class RecordingBody(Schema):
    """A recording; `name` is its file among the attachments of the form."""

    language = fields.String(metadata={"enum": list(LANGUAGES)})
    name = fields.String()


class SpeakableBody(Schema):
    """A question that can be spoken, by its path, and the recordings that it has."""

    path = fields.String()
    recordings = fields.List(fields.Nested(RecordingBody))
