"""Bodies of projects and forms."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from server.storage.forms import FormAttachmentView, FormView, VersionView
from server.web.answers import moment
from server.web.api.schemas.fields import Body, Moment


class NewProjectBody(Body):
    """A project to be."""

    name = fields.String(required=True)
    description = fields.String(allow_none=True, load_default=None)


class ProjectChangeBody(Body):
    """What shall be different in a project."""

    name = fields.String()
    description = fields.String(allow_none=True)
    archived = fields.Boolean(allow_none=True)


class ProjectBody(Schema):
    """A project. `synthetic`: its numbers are invented."""

    id = fields.Integer()
    name = fields.String()
    description = fields.String(allow_none=True)
    archived = fields.Boolean()
    synthetic = fields.Boolean()
    key_id = fields.Constant(None, data_key="keyId")
    created_at = Moment(data_key="createdAt")
    updated_at = Moment(data_key="updatedAt")
    deleted_at = fields.Constant(None, data_key="deletedAt")


class FormChangeBody(Body):
    """What shall be different in a form."""

    state = fields.String()


class FormBody(Schema):
    """A form in one of its versions."""

    projectId = fields.Integer()  # noqa: N815 - the wire's own names
    xmlFormId = fields.String()  # noqa: N815
    name = fields.String()
    version = fields.String()
    state = fields.String(metadata={"enum": ["open", "closing", "closed"]})
    hash = fields.String()
    sha = fields.String()
    sha256 = fields.String()
    keyId = fields.Constant(None)  # noqa: N815
    enketoId = fields.Constant(None)  # noqa: N815
    enketoOnceId = fields.Constant(None)  # noqa: N815
    webformsEnabled = fields.Constant(False)  # noqa: N815
    draftToken = fields.String(allow_none=True)  # noqa: N815
    createdAt = fields.String()  # noqa: N815
    updatedAt = fields.String(allow_none=True)  # noqa: N815
    publishedAt = fields.String(allow_none=True)  # noqa: N815
    excelContentType = fields.String(allow_none=True)  # noqa: N815


class ProblemBody(Schema):
    """What is wrong with a form at one place; see docs/lint.md for the codes."""

    code = fields.String()
    severity = fields.String(metadata={"enum": ["error", "warning", "advice"]})
    sheet = fields.String(allow_none=True)
    row = fields.Integer(allow_none=True)
    column = fields.String(allow_none=True)
    path = fields.String(allow_none=True)
    message = fields.String()
    remedy = fields.String()
    text = fields.String()


class FormFieldBody(Schema):
    """A field of a form as ODK Central lists it."""

    path = fields.String()
    name = fields.String()
    type = fields.String()
    binary = fields.Boolean(allow_none=True)
    selectMultiple = fields.Boolean(allow_none=True)  # noqa: N815


class FormFileBody(Schema):
    """A file that a form expects."""

    name = fields.String()
    type = fields.String()
    hash = fields.String(allow_none=True)
    exists = fields.Boolean()
    blobExists = fields.Boolean()  # noqa: N815
    datasetExists = fields.Boolean()  # noqa: N815
    serverMade = fields.Boolean()  # noqa: N815
    size = fields.Integer(allow_none=True)
    updatedAt = fields.String(allow_none=True)  # noqa: N815


EXCEL = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
}


def form_body(form: FormView, version: VersionView | None = None, draft_token: str | None = None) -> dict[str, Any]:
    """A form as the wire has it, in the version it is shown in or another one."""
    shown = version or form.shown
    return {
        "projectId": form.project_id,
        "xmlFormId": form.xml_form_id,
        "name": shown.title,
        "version": shown.version,
        "state": form.state,
        "hash": shown.md5,
        "sha": shown.sha1,
        "sha256": shown.sha256,
        "draftToken": draft_token,
        "createdAt": moment(form.created_at),
        "updatedAt": moment(form.updated_at),
        "publishedAt": moment(shown.published_at),
        "excelContentType": EXCEL.get(shown.source_type or ""),
    }


def form_file_body(file: FormAttachmentView) -> dict[str, Any]:
    """A file that a form expects, as the wire has it."""
    return {
        "name": file.name,
        "type": file.kind,
        "hash": file.md5,
        "exists": file.exists,
        "blobExists": file.sha256 is not None,
        "datasetExists": False,
        "serverMade": file.list_name is not None,
        "size": file.size,
        "updatedAt": moment(file.updated_at),
    }
