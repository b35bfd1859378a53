"""Bodies of projects and forms."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from server.domain.devices import RULES
from server.storage.form_counts import FormCount, ProjectCount
from server.storage.forms import FormAttachmentView, FormView, VersionView
from server.storage.projects import ProjectView
from server.web.answers import moment
from server.web.api.schemas.fields import Body, Moment
from server.web.api.schemas.people import ActorBody

SECOND_DEVICE = "What happens when a key is used from another phone than its own: an alert, or that one is refused too."


class NewProjectBody(Body):
    """A project to be."""

    example: ClassVar[Any] = {"name": "Chương trình 135"}

    name = fields.String(required=True)
    description = fields.String(allow_none=True, load_default=None)


class ProjectChangeBody(Body):
    """What shall be different in a project."""

    example: ClassVar[Any] = {"name": "Chương trình 135, 2026", "archived": False}

    name = fields.String()
    description = fields.String(allow_none=True)
    archived = fields.Boolean(allow_none=True)
    second_device = fields.String(
        data_key="secondDevice",
        allow_none=True,
        validate=validate.OneOf(RULES),
        metadata={"description": SECOND_DEVICE},
    )


class AssignmentPlanBody(Body):
    """A role that somebody shall have on a form."""

    role_id = fields.Integer(data_key="roleId", allow_none=True, load_default=None)
    actor_id = fields.Integer(data_key="actorId", allow_none=True, load_default=None)


class FormPlanBody(Body):
    """What shall be so of one form; what is left out stays as it is."""

    xml_form_id = fields.String(data_key="xmlFormId", allow_none=True, load_default=None)
    state = fields.String(allow_none=True, load_default=None)
    assignments = fields.List(
        fields.Nested(AssignmentPlanBody),
        allow_none=True,
        load_default=None,
        metadata={"description": "Everybody who shall have a role on the form; roles 7 and 9 are kept besides."},
    )


class ProjectPlanBody(Body):
    """A whole project. What is left out of it is taken away, but `forms`, which then stay as they are."""

    example: ClassVar[Any] = {"name": "Chương trình 135, 2026", "description": "Rà soát hằng năm", "archived": False}

    name = fields.String(required=True)
    description = fields.String(allow_none=True, load_default=None)
    archived = fields.Boolean(allow_none=True, load_default=None)
    forms = fields.List(
        fields.Nested(FormPlanBody),
        allow_none=True,
        load_default=None,
        metadata={"description": "Every form of the project, none left out."},
    )


class ProjectBody(Schema):
    """A project. `synthetic`: its numbers are invented."""

    optional = frozenset({"verbs", "forms", "appUsers", "lastSubmission", "datasets", "lastEntity", "formList"}) | {
        "datasetList"
    }

    id = fields.Integer()
    name = fields.String()
    description = fields.String(allow_none=True)
    archived = fields.Boolean()
    synthetic = fields.Boolean()
    second_device = fields.String(data_key="secondDevice", metadata={"enum": list(RULES), "description": SECOND_DEVICE})
    key_id = fields.Constant(None, data_key="keyId")
    created_at = Moment(data_key="createdAt")
    updated_at = Moment(data_key="updatedAt", allow_none=True)
    deleted_at = fields.Constant(None, data_key="deletedAt")
    verbs = fields.List(fields.String(), metadata={"description": "With X-Extended-Metadata."})
    forms = fields.Integer(metadata={"description": "How many; with X-Extended-Metadata."})
    app_users = fields.Integer(data_key="appUsers")
    last_submission = Moment(data_key="lastSubmission", allow_none=True)
    datasets = fields.Integer()
    last_entity = Moment(data_key="lastEntity", allow_none=True)
    form_list = fields.List(fields.Nested(lambda: FormBody()), data_key="formList")
    dataset_list = fields.List(fields.Dict(), data_key="datasetList", metadata={"description": "Always empty here."})


class FormChangeBody(Body):
    """What shall be different in a form."""

    example: ClassVar[Any] = {"state": "closing"}

    state = fields.String()


class ReviewStatesBody(Schema):
    """How many submissions wait in which state."""

    received = fields.Integer()
    hasIssues = fields.Integer()  # noqa: N815
    edited = fields.Integer()


class FormBody(Schema):
    """A form in one of its versions."""

    optional = frozenset({"id", "deletedAt", "submissions", "reviewStates", "lastSubmission", "entityRelated"}) | {
        "publicLinks",
        "createdBy",
        "verbs",
        "publishNotes",
    }

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
    draftToken = fields.String(  # noqa: N815
        allow_none=True,
        metadata={"description": "Of a draft: its test link, for who may change the form; null for others."},
    )
    createdAt = fields.String()  # noqa: N815
    updatedAt = fields.String(allow_none=True)  # noqa: N815
    publishedAt = fields.String(allow_none=True)  # noqa: N815
    excelContentType = fields.String(allow_none=True)  # noqa: N815
    id = fields.Integer(metadata={"description": "Of a deleted form: what it is restored by."})
    deletedAt = fields.String()  # noqa: N815
    submissions = fields.Integer(metadata={"description": "How many; with X-Extended-Metadata."})
    reviewStates = fields.Nested(ReviewStatesBody)  # noqa: N815
    lastSubmission = fields.String(allow_none=True)  # noqa: N815
    entityRelated = fields.Boolean()  # noqa: N815
    publicLinks = fields.Integer()  # noqa: N815
    createdBy = fields.Nested(ActorBody, allow_none=True)  # noqa: N815
    verbs = fields.List(fields.String())
    publishNotes = fields.String(  # noqa: N815
        allow_none=True,
        metadata={"description": "With X-Extended-Metadata, for who may change the form: its X-Action-Notes then."},
    )


class ListPropertyBody(Schema):
    """A property of an entity list. `isNew` of a draft: whether publishing makes it, which this server does not."""

    optional = frozenset({"isNew"})

    name = fields.String()
    inForm = fields.Boolean()  # noqa: N815
    isNew = fields.Boolean(metadata={"enum": [False]})  # noqa: N815


class ListDiffBody(Schema):
    """An entity list that a form names, and the properties it gives. `isNew` of a draft: whether publishing makes the
    list, which this server does not: entity blocks of submissions are kept as they came, none is carried out."""

    optional = frozenset({"isNew"})

    name = fields.String()
    isNew = fields.Boolean(metadata={"enum": [False]})  # noqa: N815
    properties = fields.List(fields.Nested(ListPropertyBody))


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


class ListLinkBody(Body):
    """Whether a file of a draft is a list that the server makes."""

    example: ClassVar[Any] = {"dataset": False}

    dataset = fields.Boolean(required=True)


EXCEL = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
}


def form_body(form: FormView, version: VersionView | None = None, draft_token: str | None = None) -> dict[str, Any]:
    """A form as the wire has it, in the version it is shown in or another one."""
    shown = version or form.shown
    gone = {"id": form.id, "deletedAt": moment(form.deleted_at)} if form.deleted_at else {}
    return gone | {
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


def form_count_body(count: FormCount) -> dict[str, Any]:
    """What X-Extended-Metadata adds to a form. There are no public links, and no entity lists that forms write."""
    by = count.created_by
    names = ("id", "kind", "name", "created_at", "updated_at")
    return {
        "submissions": count.submissions,
        "reviewStates": {"received": count.received, "hasIssues": count.has_issues, "edited": count.edited},
        "lastSubmission": moment(count.last_submission),
        "entityRelated": False,
        "publicLinks": 0,
        "createdBy": dict(zip(names, by, strict=True)) | {"deleted_at": None} if by else None,
    }


def project_body(project: ProjectView, count: ProjectCount | None = None) -> dict[str, Any]:
    """A project as its schema takes it; with its numbers when they are given."""
    body = asdict(project)
    if count is not None:
        numbers = {"forms": count.forms, "app_users": count.app_users, "last_submission": count.last_submission}
        body |= numbers | {"datasets": 0, "last_entity": None}
    return body


def form_file_body(file: FormAttachmentView) -> dict[str, Any]:
    """A file that a form expects, as the wire has it."""
    return {
        "name": file.name,
        "type": file.kind,
        "hash": file.md5,
        "exists": file.exists,
        "blobExists": file.sha256 is not None,
        "datasetExists": file.list_name is not None,
        "serverMade": file.list_name is not None,
        "size": file.size,
        "updatedAt": moment(file.updated_at),
    }
